"""What fails a run besides its records: overdue waivers, and a share that is not met."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from pytest_bugguard.core import findings
from pytest_bugguard.core.duty import Breach, Harm
from pytest_bugguard.core.estimates import rate_of
from pytest_bugguard.core.flakes import Flake
from pytest_bugguard.core.model import Files, FlakeVerdict, Quarantine, Verdict, Waiver
from pytest_bugguard.core.receipts import Recorded
from pytest_bugguard.core.results import Finding
from pytest_bugguard.core.trend import Share
from tests import samples

if TYPE_CHECKING:
    from pytest_bugguard.core.model import Record

DAY = dt.date(2027, 1, 31)
AFTER = dt.date(2027, 2, 1)
UNSHALLOW = "git fetch --unshallow (in CI: fetch-depth: 0)"


@pytest.mark.parametrize(
    ("record", "said"),
    [
        pytest.param(
            samples.fix(sha="1c0ffee".ljust(40, "0"), files=Files(source=("src/a.py", "src/b.py"))),
            ("fixes:1c0ffee000", "fixes", "1c0ffee fix: bug 1: brings no test", "src/a.py"),
            id="commit",
        ),
        pytest.param(
            samples.fix(sha="", files=Files()),
            ("fixes:staged", "fixes", "the staged commit fix: bug 1: brings no test", None),
            id="staged-without-source",
        ),
        pytest.param(
            samples.fix(sha="1c0ffee".ljust(40, "0"), waiver=Waiver("1c0ffee", "me", "x", DAY)),
            ("waivers:1c0ffee000", "waivers", "1c0ffee fix: bug 1: brings no test", "src/shop/pager.py"),
            id="waiver-that-does-not-hold",
        ),
    ],
)
def test_a_fix_that_lacks_a_test_is_told(record: Record, said: tuple[str, str, str, str | None]) -> None:
    """By its commit, with its first source file; a gate of its own tells what was waived once."""
    (found,) = findings.of_records([record], undecided_fails=False)
    assert found.id.startswith(said[0])
    assert (found.gate, found.message, found.path) == said[1:]
    assert (found.verdict, found.subject, found.next) == (Verdict.UNGUARDED, record.sha, "add a test")


@pytest.mark.parametrize("undecided_fails", [False, True])
@pytest.mark.parametrize("weak_fails", [False, True])
def test_what_fails_the_run_is_as_strict_as_asked(undecided_fails: bool, weak_fails: bool) -> None:
    """In the order of the records; a doubt and a weak test fail only where that is asked for."""
    records = [samples.fix(verdict, number) for number, verdict in enumerate(reversed(Verdict))]
    found = findings.of_records(records, undecided_fails=undecided_fails, weak_fails=weak_fails)
    assert [one.verdict for one in found] == [
        *[Verdict.UNDECIDED] * undecided_fails,
        Verdict.BROKEN,
        Verdict.UNSTABLE,
        Verdict.UNGUARDED,
        Verdict.UNPROVEN,
        *[Verdict.WEAK] * weak_fails,
    ]


def test_what_is_judged_otherwise_is_told_otherwise() -> None:
    """Record, count and finding change together; all the rest stays as it was, and where it was."""
    one, other = samples.fix(Verdict.BROKEN, 1), samples.fix(Verdict.UNGUARDED, 2)
    base = findings.undecided("base", "no base", "name one")
    told = (base, *findings.of_records([one, other], undecided_fails=False))
    before = samples.result_of(one, other, findings=told)
    unstable = replace(one, verdict=Verdict.UNSTABLE, reason="by chance")
    after = findings.rejudged(before, [unstable, other])
    assert after.records == (unstable, other)
    assert after.summary == samples.result_of(unstable, other).summary
    assert [(found.id, found.verdict) for found in after.findings] == [
        ("base", Verdict.UNDECIDED), (told[1].id, Verdict.UNSTABLE), (told[2].id, Verdict.UNGUARDED),
    ]  # fmt: skip
    assert after.findings[1].message.endswith("fix: bug 1: by chance")


@pytest.mark.parametrize(
    ("share", "is_whole", "said"),
    [
        pytest.param(Share(8, 10), True, None, id="met"),
        pytest.param(Share(8, 10, 0), False, (
            Verdict.UNDECIDED,
            "the clone is shallow: the guarded share of the whole history is not known",
            UNSHALLOW,
        ), id="older-fixes-are-out-of-sight"),
        pytest.param(Share(7, 10, 4), True, (
            Verdict.UNGUARDED, "the guarded share is 0.700, under 0.8", "guard the fixes listed above",
        ), id="not-met"),
        pytest.param(Share(8, 10, 1), True, (
            Verdict.UNDECIDED,
            "the guarded share may be as low as 0.727, under 0.8: 1 undecided",
            "cure what could not be told, as listed above",
        ), id="met-unless-the-undecided-one-is-unguarded"),
        pytest.param(Share(3999, 5000), True, (
            Verdict.UNGUARDED, "the guarded share is 0.799, under 0.8", "guard the fixes listed above",
        ), id="just-not-met"),
        pytest.param(Share(4000, 4999, 2), True, (
            Verdict.UNDECIDED,
            "the guarded share may be as low as 0.799, under 0.8: 2 undecided",
            "cure what could not be told, as listed above",
        ), id="perhaps-just-not-met"),
        pytest.param(Share(9, 10, 1), True, None, id="met-whatever-the-undecided-one-is"),
        pytest.param(Share(8, 9, 1), True, None, id="met-exactly-whatever-the-undecided-one-is"),
        pytest.param(Share(), True, (
            Verdict.UNDECIDED,
            "the guarded share is not known: there was no fix to judge",
            "leave --fail-under out until there is a fix to judge",
        ), id="nothing-to-judge"),
    ],
)  # fmt: skip
def test_a_share_is_met_only_where_nothing_could_take_it_under(
    share: Share, is_whole: bool, said: tuple[Verdict, str, str] | None
) -> None:
    """A gate never passes because it could not look."""
    found = findings.of_share(share, 0.8, is_whole=is_whole)
    assert [(one.verdict, one.message, one.next) for one in found] == ([said] if said else [])
    assert all((one.id, one.gate, one.subject) == ("share", "share", "share") for one in found)


def test_the_day_of_a_waiver_is_its_last() -> None:
    """It holds on that day and is owed the day after; the one who owes is named."""
    waiver = Waiver("1C0FFEE5", "payments", "vendor", DAY)
    assert not list(findings.of_waivers([waiver], (), today=DAY))
    assert list(findings.of_waivers([waiver], (), today=AFTER)) == [
        Finding(
            "waivers:1C0FFEE5",
            "waivers",
            Verdict.UNGUARDED,
            "1C0FFEE",
            "the waiver of payments ended on 2027-01-31: vendor",
            "payments: bring the test and take the waiver out, or agree on a new date in it",
        )
    ]


def test_a_waiver_without_an_end_is_never_overdue() -> None:
    """It stands in the commit itself, which no day changes."""
    assert not list(findings.of_waivers([Waiver("1c0ffee", "payments", "vendor", None)], (), today=dt.date.max))


def test_an_overdue_waiver_is_told_once() -> None:
    """By the record of its fix where there is one, however its id is written; the others are told all the same."""
    waivers = [Waiver(short, "payments", "vendor", DAY) for short in ("1C0FFEE", "ABCDEF0")]
    records = [samples.fix(), samples.fix(sha="1c0ffee".ljust(40, "0")), samples.fix(sha="")]
    found = findings.of_waivers(waivers, records, today=AFTER)
    assert [one.id for one in found] == ["waivers:ABCDEF0"]


def test_the_day_of_a_quarantine_is_its_last() -> None:
    """It holds on that day and is owed the day after; test and owner are named, and where it stands."""
    entry = Quarantine("tests/t.py::test_a", "platform", "real clock", DAY, "pyproject.toml:7")
    assert not list(findings.of_quarantine([entry], today=DAY))
    (found,) = findings.of_quarantine([entry], today=AFTER)
    assert found.id == "quarantine:tests/t.py::test_a"
    assert (found.gate, found.verdict, found.subject) == ("quarantine", "overdue", "tests/t.py::test_a")
    assert found.message == "the quarantine of platform ended on 2027-01-31: real clock"
    assert found.next == ("platform: mend the test and take it out (pyproject.toml:7), or agree on a new date there")


def test_a_flaky_test_fails_the_run_and_no_other() -> None:
    """In whichever way it is flaky; shown at its file, whatever its parameters hold."""
    nodeid = "tests/test_net.py::TestNet::test_get[a::b]"
    flakes = [Flake(nodeid, verdict, f"why {verdict}", "look", rate_of(1, 2)) for verdict in FlakeVerdict]
    assert list(findings.of_flakes(flakes)) == [
        Finding(f"flaky:{nodeid}", "flaky", verdict, nodeid, f"why {verdict}", "look", "tests/test_net.py")
        for verdict in (FlakeVerdict.FLAKY, FlakeVerdict.ORDER_DEPENDENT)
    ]


FIX = "abcdef0".ljust(40, "1")


def breach(harm: Harm = Harm.DELETED, name: str = "test_last", fix: str = FIX) -> Breach:
    """A test on record that a change weakens; it stood in one file and was moved to another."""
    return Breach(
        Recorded(f"tests/test_pager.py::{name}[1]", fix, "fix: off by one"), harm, "is deleted", "tests/new.py"
    )


@pytest.mark.parametrize("harm", list(Harm))
def test_a_proof_that_a_change_weakens_is_told(harm: Harm) -> None:
    """With the fix that it proves, and what to type; where its file cannot be read, it is not known to be lost."""
    assert list(findings.of_breaches([breach(harm)], (), today=DAY)) == [
        Finding(
            f"proofs:tests/test_pager.py::test_last[1]:{FIX}",
            "proofs",
            Verdict.UNDECIDED if harm is Harm.UNREADABLE else Verdict.UNGUARDED,
            "tests/test_pager.py::test_last[1]",
            "it proves abcdef0 fix: off by one, and is deleted",
            "keep what it demands, or let another test guard that fix and waive it: "
            "bugguard waive abcdef0 --owner ... --reason ... --expires ...",
            "tests/new.py",
        )
    ]


def test_a_test_that_guarded_two_fixes_is_told_twice() -> None:
    """By ids of their own: reports of others keep one finding for each."""
    found = findings.of_breaches([breach(), breach(fix="2" * 40)], (), today=DAY)
    assert len({one.id for one in found}) == 2


@pytest.mark.parametrize(
    ("waiver", "is_excused"),
    [
        pytest.param(Waiver(FIX, "me", "x", AFTER), True, id="in-date"),
        pytest.param(Waiver("ABCDEF0", "me", "x", DAY), True, id="last-day-and-other-case"),
        pytest.param(Waiver("abcdef0", "me", "x", None), True, id="without-an-end"),
        pytest.param(Waiver("abcdef0", "me", "x", dt.date(2027, 1, 30)), False, id="overdue"),
        pytest.param(Waiver("bcdef01", "me", "x", AFTER), False, id="of-another-fix"),
    ],
)
def test_a_waiver_in_date_speaks_for_the_proofs_of_its_fix(waiver: Waiver, is_excused: bool) -> None:
    """And for no other: what comes after an excused test is still told."""
    others = [Waiver("2222222", "me", "x", dt.date(2026, 1, 1)), Waiver("3333333", "me", "x", None)]
    broken = [breach(), breach(name="test_other", fix="2" * 40)]
    found = findings.of_breaches(broken, [others[0], waiver, others[1]], today=DAY)
    names = ["test_other"] if is_excused else ["test_last", "test_other"]
    assert [one.subject for one in found] == [f"tests/test_pager.py::{name}[1]" for name in names]


@pytest.mark.parametrize(
    ("roots", "missing", "is_told"),
    [
        pytest.param((), (), False, id="nothing-set"),
        pytest.param(("src", "lib"), (), False, id="all-there"),
        pytest.param(("src", "lib"), ("lib",), False, id="one-there"),
        pytest.param(("src", "lib"), ("lib", "src"), True, id="none-there"),
    ],
)
def test_a_side_of_which_nothing_is_there_is_left_open(
    roots: tuple[str, ...], missing: tuple[str, ...], is_told: bool
) -> None:
    """Each change would be of the other side, and no gate would ever fail; one name that fits is enough."""
    said = "source: the settings name src, lib, and nothing in the repository is called so"
    cure = "mend source in the settings, or leave it out: it is found by looking"
    assert findings.of_roots("source", roots, missing=missing) == (
        (Finding("settings:source", "settings", Verdict.UNDECIDED, "settings", said, cure),) if is_told else ()
    )


def test_fixes_out_of_sight_are_not_taken_for_sound() -> None:
    """A shallow clone may hide them: undecided, with the way to see them."""
    said = "the clone is shallow: it may hide some of the newest 20 fixes that brought a test"
    assert findings.out_of_sight(20) == Finding("decay", "decay", Verdict.UNDECIDED, "decay", said, UNSHALLOW)
