"""Which coverage rules fail the run, and in which words. Pure; no I/O."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pytest_bugguard.core.coverage_verdict import by_doubt
from pytest_bugguard.core.model import RuleVerdict, Verdict, short
from pytest_bugguard.core.results import Finding
from pytest_bugguard.core.thresholds import Metric

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_bugguard.core.coverage_verdict import Coverage, Judged

GATE = "coverage"
_PLACES_SHOWN = 3


def of_coverage(found: Coverage) -> Iterator[Finding]:
    """A finding for each rule that is not met, and one for each reason why others could not be judged."""
    times: Counter[str] = Counter()
    for one in found.judged:
        name = ":".join([GATE, one.rule, one.path or one.fix, one.metric])
        times[name] += 1  # gates of several tables may give the same reason, which is their name
        if one.verdict is RuleVerdict.UNMET:
            yield _unmet(one, name if times[name] == 1 else f"{name}:{times[name]}")
    for doubt, rows in by_doubt(found.judged).items():
        rules = "rule" if len(found.judged) == 1 else "rules"
        said = f"{len(rows)} of {len(found.judged)} {rules} not judged: {doubt.reason}"
        yield Finding(f"{GATE}:{doubt.reason}", GATE, Verdict.UNDECIDED, GATE, said, doubt.cure)


def _unmet(one: Judged, name: str) -> Finding:
    place = one.missing[0] if one.missing else None
    return Finding(
        id=name,
        gate=GATE,
        verdict=RuleVerdict.UNMET,
        subject=subject(one),
        message="; ".join([counted(one), *where(one), rule(one)]),
        next=one.next,
        path=one.path or (place.path if place else None),
        line=place.lines[0] if place and place.lines else None,
    )


def subject(one: Judged) -> str:
    """What a rule speaks of: a file, a fix, or itself."""
    return one.path or short(one.fix) or one.rule


def counted(one: Judged) -> str:
    """``line 88.8 % (8 of 9), needs 100; 1 more to run``; of a fix how far its tests came with what it changed."""
    if one.fix:
        return f"its own tests: {one.reason}"
    assert one.threshold is not None
    return one.threshold.shown(one.count)


def where(one: Judged) -> Iterator[str]:
    """``not run: 13 (over)``; of several files the first ones."""
    places = [f"{place.path} {place.note}".rstrip() if one.path is None else place.note for place in one.missing]
    if places:
        others = len(places) - _PLACES_SHOWN
        more = f" and {others} more file{'s' * (others > 1)}" if others > 0 else ""
        label = "missing" if one.path is None and not one.missing[0].lines else passed_over(one.metric)
        yield f"{label}: {', '.join(places[:_PLACES_SHOWN])}{more}"


def passed_over(metric: str) -> str:
    """What is said of lines that are named: one with a branch that no test takes was run all the same."""
    return "branch not taken" if metric == Metric.BRANCH else "not run"


def rule(one: Judged) -> str:
    """``gate "money", pyproject.toml:31``, with what else is to be said of it."""
    is_told_elsewhere = one.fix or one.verdict is RuleVerdict.UNDECIDED
    said = f" ({one.reason})" if one.reason and not is_told_elsewhere else ""
    return f"{one.rule}{said}, {one.place}" if one.place else f"{one.rule}{said}"
