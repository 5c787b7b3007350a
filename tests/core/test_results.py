"""The counts of a result."""

from __future__ import annotations

from msgspec.structs import replace

from pytest_bugguard.core.model import Verdict
from pytest_bugguard.core.results import WORST_FIRST, Summary, summarise
from tests.samples import feature, fix


def test_every_verdict_has_its_count() -> None:
    """One count a verdict, zero included, in the order of the vocabulary."""
    summary = summarise([fix(Verdict.GUARDED), fix(Verdict.GUARDED), fix(Verdict.UNGUARDED)], units=9)
    assert (summary.units, summary.fixes) == (9, 3)
    assert [verdict for verdict, _ in summary.counts] == list(Verdict)
    assert {verdict: count for verdict, count in summary.counts if count} == {Verdict.GUARDED: 2, Verdict.UNGUARDED: 1}


def test_what_is_no_fix_counts_nowhere() -> None:
    """``not-applicable`` counts fixes that need no test, not the rest of the history."""
    assert summarise([feature()], units=1) == Summary(units=1)


def test_a_unit_of_which_nothing_could_be_told_does_not_go_unseen() -> None:
    """A shallow boundary counts as undecided even where its message shows no sign of a fix."""
    boundary = replace(feature(), verdict=Verdict.UNDECIDED)
    assert summarise([boundary], units=1).count(Verdict.UNDECIDED) == 1


def test_no_verdict_is_left_out_of_the_order_of_urgency() -> None:
    """Reports that sort worst first show every verdict."""
    assert sorted(WORST_FIRST) == sorted(Verdict)
