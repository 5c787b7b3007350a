"""What a terminal shows: the gate's section, the explanation, the survey."""

from __future__ import annotations

import datetime as dt
import re
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pytest_bugguard.core.hotspots import hotspots_of
from pytest_bugguard.core.model import (
    Files,
    FlakeVerdict,
    How,
    MappedTest,
    NotAFix,
    Outcome,
    Red,
    RedKind,
    RuleVerdict,
    Sign,
    Term,
    Unreadable,
    Verdict,
    Waiver,
)
from pytest_bugguard.core.results import Finding, RepositoryFacts, Result
from pytest_bugguard.core.trend import trend_of
from pytest_bugguard.report import spans, words
from pytest_bugguard.report.explanation import explain
from pytest_bugguard.report.survey import audit
from pytest_bugguard.report.text import gate
from tests.samples import HOSTILE, everything, feature, fix, result_of

if TYPE_CHECKING:
    from collections.abc import Callable

GUARD = MappedTest("tests/test_pager.py::test_last_page", How.ADDED, counts=True, after=Outcome.PASSED)


def shown(lines: tuple[spans.Line, ...]) -> list[str]:
    return spans.plain(lines).splitlines()


_PLAIN = "1 of 1 case red without the fix and green with it"


@pytest.mark.parametrize(
    ("reason", "is_told"),
    [
        pytest.param(_PLAIN, False, id="what-the-row-says-already"),
        pytest.param(f"{_PLAIN}; conftest.py changed with it", True, id="what-changed-besides"),
        pytest.param(f"proven by CPython 3.12 on linux: {_PLAIN}", True, id="elsewhere"),
    ],
)
def test_a_proof_by_one_test_says_what_else_is_to_know(reason: str, is_told: bool) -> None:
    """Whose proof it is above all: here the test may pass without the fix."""
    row = replace(GUARD, before=Outcome.FAILED, red=Red(RedKind.ASSERTION, "assert 1 == 2"))
    lines = shown(gate(result_of(replace(fix(Verdict.PROVEN, tests=(row,), next=""), reason=reason), command="prove")))
    assert (f"             {reason}" in lines) is is_told


def test_the_section_of_the_gate() -> None:
    """A heading with count and base, a block a fix with what to do, and a last line with the counts."""
    result = result_of(
        fix(Verdict.GUARDED, 1, tests=(GUARD,), next=""),
        fix(Verdict.UNGUARDED, 2),
        feature(3),
        command="check",
        notes=("uncommitted work counts too",),
    )
    assert shown(gate(result, width=80)) == [
        "=========== bugguard: 2 fixes since origin/main (merge base 9d01c2e) ===========",
        "base: origin/main, the pull request's target (GITHUB_BASE_REF)",
        "GUARDED    0000001 fix: bug 1",
        "             tests/test_pager.py::test_last_page   added   passed",
        "UNGUARDED  0000002 fix: bug 2   changed src/shop/pager.py",
        "             brings no test",
        "             next: add a test",
        "note: uncommitted work counts too",
        "======================= bugguard: 1 guarded, 1 unguarded =======================",
    ]


def test_the_last_line_is_always_there() -> None:
    """A gate that had nothing to judge says so."""
    assert shown(gate(result_of(command="pytest"), width=40))[-1].strip("=") == " bugguard: no commits to judge "


def test_a_finding_that_no_fix_tells_of_is_shown() -> None:
    """A base that is not there is no fix, and fails the run all the same."""
    finding = Finding("base", "base", Verdict.UNDECIDED, "base", "origin/main is not in this clone", "git fetch origin")
    result = Result("check", RepositoryFacts("9" * 40), result_of().summary, findings=(finding,))
    assert shown(gate(result)) == [
        "=================================== bugguard ===================================",
        "UNDECIDED  base   origin/main is not in this clone",
        "             next: git fetch origin",
        "=========================== bugguard: base undecided ===========================",
    ]


def test_what_could_not_be_told_for_several_reasons_is_counted() -> None:
    """Each is shown with its own; the last line does not say the same word twice."""
    reasons = ("branches were not measured", "only some of the tests ran")
    found = [Finding(said, "coverage", Verdict.UNDECIDED, "coverage", said, "cure") for said in reasons]
    lines = shown(gate(Result("check", RepositoryFacts("9" * 40), result_of().summary, findings=tuple(found))))
    assert lines[-1].strip("= ") == "bugguard: 2 coverage undecided"
    assert sum(line.startswith("UNDECIDED") for line in lines) == len(reasons)


def test_ids_and_paths_are_never_cropped() -> None:
    """On a narrow terminal a line gets longer, or another line."""
    path, nodeid = "src/" + "x" * 90 + ".py", "tests/" + "y" * 90 + ".py::test"
    result = result_of(
        fix(files=Files(source=(path,))),
        fix(Verdict.GUARDED, 2, tests=(replace(GUARD, nodeid=nodeid),)),
        command="check",
    )
    text = spans.plain(gate(result, width=20))
    assert path in text
    assert nodeid in text


def test_a_subject_of_a_megabyte_is_cut() -> None:
    """Whatever the width of the terminal."""
    long = replace(fix(Verdict.UNGUARDED), subject="a" * 1_000_000)
    assert max(map(len, shown(gate(result_of(long, command="check"))))) < 300


def test_many_tests_are_counted() -> None:
    """A section stays readable; the rest is one command away."""
    tests = tuple(replace(GUARD, nodeid=f"tests/a.py::test_{number}") for number in range(40))
    lines = shown(gate(result_of(fix(Verdict.GUARDED, tests=tests), command="check")))
    assert "             and 30 more: bugguard explain 0000001" in lines


@pytest.mark.parametrize(
    ("command", "asked"), [("pytest", "prove"), ("prove", "prove"), ("prove --decay", "prove --decay")]
)
def test_the_rest_of_a_proof_is_in_the_same_proof(command: str, asked: str) -> None:
    """A fix that is taken out of today's HEAD has other tests, and other ends, than at its own commit."""
    row = replace(GUARD, before=Outcome.FAILED, red=Red(RedKind.ASSERTION, "assert 1 == 2"))
    tests = tuple(replace(row, nodeid=f"tests/a.py::test_{number}") for number in range(4))
    lines = shown(gate(result_of(fix(Verdict.PROVEN, tests=tests, next=""), command=command)))
    assert f"             and 1 more: bugguard {asked} --format json 0000001" in lines


def test_the_tests_that_prove_a_fix_come_first() -> None:
    """Those that only want its new API are red as well, and prove nothing: they do not push the others out of sight."""
    kinds = (RedKind.NEW_API, RedKind.NEW_API, RedKind.NEW_API, RedKind.ASSERTION)
    tests = tuple(
        replace(GUARD, nodeid=f"tests/a.py::test_{number}", before=Outcome.FAILED, red=Red(kind, "it was red"))
        for number, kind in enumerate(kinds)
    )
    lines = shown(gate(result_of(fix(Verdict.PROVEN, tests=tests, next=""), command="prove")))
    assert [line.split()[0] for line in lines if "red: it was red" in line] == [
        "tests/a.py::test_3",
        "tests/a.py::test_0",
        "tests/a.py::test_1",
    ]


@pytest.mark.parametrize(
    ("waiver", "said"),
    [
        pytest.param(
            Waiver("1", "payments", "needs the simulator", dt.date(2027, 1, 31)),
            "waived by payments until 2027-01-31: needs the simulator",
            id="settings",
        ),
        pytest.param(
            Waiver("1", "", "cannot be tested", None), "waived in its own message: cannot be tested", id="trailer"
        ),
    ],
)
def test_a_waiver_says_whose_it_is(waiver: Waiver, said: str) -> None:
    """And why, and until when."""
    lines = shown(gate(result_of(fix(Verdict.WAIVED, waiver=waiver, next=""), command="check")))
    assert f"             {said}" in lines


def test_an_explanation_has_everything() -> None:
    """Sign with rule and place, all other signs, files by side, each test, what could not be read, the verdict."""
    record = fix(
        Verdict.UNGUARDED,
        recognition=Sign("reference", "Fixes #12", "message"),
        other_signs=(Sign("subject", "fix", "subject"), NotAFix("bot", "dependabot")),
        issues=("#12",),
        parents=("a" * 40, "b" * 40),
        files=Files(("src/a.py", "src/b.py"), ("tests/test_a.py",), ("README.md",)),
        tests=(replace(GUARD, counts=False, reason="skipped in this run", after=Outcome.SKIPPED), GUARD),
        unreadable=(Unreadable("tests/test_old.py", "does not parse: invalid syntax (line 3)"),),
    )
    assert shown(explain(result_of(record, command="explain"))) == [
        f"{record.sha} fix: bug 1",
        "  verdict     UNGUARDED   brings no test",
        "  next        add a test",
        "  committed   2024-04-30   a merge, compared with its first parent aaaaaaa",
        "  a fix?      yes, by reference: Fixes #12 (message)",
        "              for it too: subject: fix (subject)",
        "              against it too: bot: dependabot",
        "  issues      #12",
        "  source      src/a.py",
        "              src/b.py",
        "  test files  tests/test_a.py",
        "  neutral     README.md",
        "  tests       tests/test_pager.py::test_last_page   added   skipped   does not count: skipped in this run",
        "              tests/test_pager.py::test_last_page   added   passed",
        "  unread      tests/test_old.py   does not parse: invalid syntax (line 3)",
    ]


def test_what_is_no_fix_is_explained_too() -> None:
    """``explain`` answers for any revision."""
    assert "  a fix?      no: no rule spoke" in shown(explain(result_of(feature(), command="explain")))


def history() -> Result:
    records = (
        fix(Verdict.UNGUARDED, 1),
        fix(Verdict.GUARDED, 2),
        fix(Verdict.UNGUARDED, 3, subject="fix: " + "long " * 40),
        fix(Verdict.UNDECIDED, 4, reason="the clone ends here", next="git fetch --unshallow"),
        fix(Verdict.GUARDED, 200),
        fix(Verdict.NOT_APPLICABLE, 201),
    )
    return result_of(
        *records,
        repository=RepositoryFacts("9" * 40),
        trend=trend_of(records),
        hotspots=hotspots_of(records),
        notes=("the clone is shallow",),
    )


def test_an_audit_is_worth_reading() -> None:
    """The sentence, the trend, the unguarded fixes with what to do, what could not be told, hotspots, signs."""
    assert shown(audit(history(), width=60, limit=1)) == [
        "2 of 4 fixes (50 %) brought a regression test",
        "6 commits and merges: 2 guarded, 2 unguarded, 1 undecided, 1 not-applicable",
        "",
        "Guarded share by quarter",
        "  2023-Q4  ####################  1 of 1  100 %",
        "  2024-Q1                        no fixes",
        "  2024-Q2  ######..............  1 of 3  33 %, 1 undecided",
        "",
        "Unguarded, newest first (2)",
        "  0000001  2024-04-30  fix: bug 1",
        "    changed src/shop/pager.py; brings no test",
        "    next: add a test",
        "  1 more: bugguard audit --all",
        "",
        "What could not be told, and what cures it",
        "  next: git fetch --unshallow",
        "    0000004  fix: bug 4",
        "        the clone ends here",
        "",
        "Where fixes cluster (a fix of 180 days before the newest one weighs half)",
        "  weight  fixes  guarded  newest   place",
        "    4.44      5     50 %  0000001  src/shop/pager.py",
        "    4.44      5     50 %  0000001  src/shop/",
        "",
        "How the fixes were recognised",
        "  conventional 6",
        "",
        "note: the clone is shallow",
    ]


def test_a_report_shows_what_its_page_shows() -> None:
    """The tests that cannot be trusted, what is excused until when, what is not covered: in a terminal, too."""
    lines = shown(audit(replace(everything(), command="report"), width=80))
    parts = [line for line in lines if line and not line.startswith(" ")]
    assert "Tests that cannot be trusted (1)" in parts
    assert [line.split() for line in lines if line.startswith("  2027-01-31")] == [
        ["2027-01-31", "1c0ffee", "text:", "text"],
        ["2027-01-31", "tests/text.py::test", "text:", "text"],
    ]
    assert any(line.startswith("COVERAGE ") for line in parts)


def test_one_commit_is_told_as_one() -> None:
    """Nobody has to choose what it was."""
    assert shown(audit(result_of(fix()), width=60))[1] == "1 commit since origin/main: 1 unguarded"


def test_an_audit_names_the_newest_first_wherever_they_stand() -> None:
    """The fixes of a release branch come behind the merge that brought it, and are as old as they are."""
    lines = shown(audit(result_of(fix(number=3), fix(number=90), fix(number=4)), width=60))
    shas = [line.split()[0] for line in lines if line.startswith("  00000")]
    assert shas == ["0000003", "0000004", "000005a"]


def test_an_audit_names_all_where_asked() -> None:
    """Subjects are cut to the terminal; nothing is left out; guarded ones are named only on demand."""
    lines = shown(audit(history(), width=60, limit=None, is_verbose=True))
    long = next(line for line in lines if line.startswith("  0000003"))
    assert len(long) == 60
    assert long.endswith("...")
    assert "Guarded, newest first (2)" in lines
    assert not any("more: " in line for line in lines)


def test_what_is_to_be_done_for_many_is_said_once() -> None:
    """Above the fixes that share it; a fix with an action of its own keeps it."""
    records = [fix(Verdict.UNGUARDED, number, next="mend it" if number == 2 else "add a test") for number in (1, 2, 3)]
    lines = shown(audit(result_of(*records)))
    start = lines.index("Unguarded, newest first (3)")
    assert [line for line in lines[start + 1 : start + 9] if "brings no test" not in line] == [
        "  next: add a test",
        "  0000001  2024-04-30  fix: bug 1",
        "  0000002  2024-04-29  fix: bug 2",
        "    next: mend it",
        "  0000003  2024-04-28  fix: bug 3",
    ]


def test_older_quarters_are_folded_and_none_is_lost() -> None:
    """The line of those before and the quarters shown add up to the whole."""
    records = [fix(Verdict.GUARDED if number % 3 else Verdict.UNGUARDED, number * 40) for number in range(60)]
    lines = shown(audit(result_of(*records, trend=trend_of(records))))
    rows = [line for line in lines if re.match(r"  (before|\d{4}-Q\d) ", line)]
    counts = [(int(found[1]), int(found[2])) for row in rows if (found := re.search(r"(\d+) of (\d+)", row))]
    assert len(rows) == 13
    assert tuple(map(sum, zip(*counts, strict=True))) == (40, 60)


def test_a_history_without_a_fix_has_a_sentence_too() -> None:
    """0 of 0 is no percentage."""
    assert shown(audit(result_of()))[0] == "no fixes to judge in no commits"


@given(st.integers(0, 10**6), st.integers(0, 10**6))
def test_per_cent_never_rounds_to_all_or_none(part: int, rest: int) -> None:
    """100 % is said of all, 0 % of none, and everything else is within a half of the truth or next to the end."""
    whole = part + rest
    said = words.percent(part, whole)
    assert (said == 100) == (part == whole)
    if part not in {0, whole}:
        assert 0 < said < 100
        assert abs(said - 100 * part / whole) <= 1


RENDERERS = [
    pytest.param(lambda result: gate(result, width=1_000), id="gate"),
    pytest.param(explain, id="explain"),
    pytest.param(lambda result: audit(result, limit=None, is_verbose=True), id="audit"),
]


@pytest.mark.parametrize("render", RENDERERS)
@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_from_a_repository_is_shown_raw(render: Callable[[Result], tuple[spans.Line, ...]], text: str) -> None:
    """No line more than for a harmless text, no terminal sequence, no CI command, wherever a text may stand."""
    printed = spans.plain(render(everything(text)))
    assert len(printed.splitlines()) == len(spans.plain(render(everything("harmless"))).splitlines())
    assert not re.search(r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ud800-\udfff]", printed)
    assert not re.search(r"^\s*::|##(vso)?\[", printed, re.MULTILINE)


def test_colours_add_nothing_but_colours() -> None:
    """Without its SGR sequences the coloured text is the plain one."""
    lines = gate(everything())
    coloured = spans.coloured(lines)
    assert "\x1b[1;31mUNGUARDED\x1b[0m" in coloured
    stripped = re.sub(r"\x1b\[[\d;]*m", "", coloured)
    assert [line.rstrip() for line in stripped.splitlines()] == spans.plain(lines).splitlines()


def test_every_style_has_a_word_of_pytest_s_writer() -> None:
    """The door of pytest colours by pytest's own markup."""
    from _pytest._io import TerminalWriter  # noqa: PLC0415 - only here

    assert set(spans.MARKUP) == set(spans.Style)
    for markup in spans.MARKUP.values():
        TerminalWriter().markup("text", **markup)
    assert set(spans.OF_VERDICT) == {*Verdict, *RuleVerdict, *FlakeVerdict, *Term}


@pytest.mark.parametrize(
    ("revision", "said"),
    [("a" * 40, "a" * 7), ("b" * 64, "b" * 7), (f"{'a' * 40}^1", "aaaaaaa^1"), ("origin/main", "origin/main")],
)
def test_a_heading_has_room_for_its_base(revision: str, said: str) -> None:
    """Whole ids are for programs; the parent of a merge that a CI made is named by one, too."""
    assert words.revision(revision) == said
