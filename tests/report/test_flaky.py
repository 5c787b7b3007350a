"""What is said of tests by their history, to people: rates that promise nothing, and commands that work as printed."""

from __future__ import annotations

import datetime as dt

import pytest
from msgspec.structs import replace

from pytest_bugguard import report
from pytest_bugguard.core.alike import with_alike
from pytest_bugguard.core.estimates import rate_of
from pytest_bugguard.core.flakes import Ranking
from pytest_bugguard.core.kinds import Diagnosis
from pytest_bugguard.core.model import Quarantine
from pytest_bugguard.core.results import Exceptions, Held
from pytest_bugguard.report import flaky
from pytest_bugguard.report.markdown import to_markdown
from tests.samples import HOSTILE, ranked_tests, result_of


@pytest.mark.parametrize(
    ("failures", "runs", "said"),
    [
        pytest.param(7, 212, "7 of 212 (95 %: 1.5-6.4 %)", id="usual"),
        pytest.param(0, 0, "", id="nothing-known"),
        pytest.param(1, 9000, "1 of 9000 (95 %: <0.1-<0.1 %)", id="never-0-for-what-failed"),
        pytest.param(8999, 9000, "8999 of 9000 (95 %: >99.9->99.9 %)", id="never-100-for-what-passed"),
        pytest.param(3, 3, "3 of 3 (95 %: 46.4-100 %)", id="all"),
    ],
)
def test_a_rate_is_never_rounded_to_certainty(failures: int, runs: int, said: str) -> None:
    """0 and 100 are said of none and of all alone."""
    assert flaky.rate(rate_of(failures, runs)) == said


@pytest.mark.parametrize(("seconds", "said"), [(0.2, "0 s"), (17, "17 s"), (245, "4 min 5 s"), (11_520, "3 h 12 min")])
def test_what_is_lost_is_said_in_people_s_units(seconds: float, said: str) -> None:
    """Two units at the most."""
    assert flaky.duration(seconds) == said


def test_a_ranking_says_what_to_type_next() -> None:
    """With the id quoted for a shell; and how many were left out."""
    result = result_of(command="flaky list", ranking=ranked_tests("a b"))
    text = report.plain(report.lines(result, width=80))
    assert text.startswith("1 flaky test, 60 that failed at least once, in 212 runs of 1000 tests\n")
    assert "next: bugguard flaky show 'tests/a b.py::test'\n" in text
    assert "57 tests more failed, and cost less: bugguard flaky list --all" in text
    assert "began in 1111111..2222222   fails more often lately" in text
    assert "began in 2222222 or before" in text


def test_a_ranking_tells_what_is_in_quarantine_already() -> None:
    """Who mends it until when, so that nobody has to look it up; of a test of all its cases too."""
    entry = Quarantine("tests/a.py::test", "platform", "real clock", dt.date(2027, 1, 31))
    found = replace(ranked_tests("a b"), flakes=(replace(ranked_tests("a").flakes[0], nodeid="tests/a.py::test[1]"),))
    result = result_of(command="flaky list", ranking=found)
    said = "in quarantine until 2027-01-31, owner platform: real clock\n"
    held = replace(result, exceptions=Exceptions(quarantine=(Held(entry),)))
    assert [said in report.plain(report.lines(one, width=80)) for one in (held, result)] == [True, False]
    overdue = replace(held, exceptions=Exceptions(quarantine=(Held(entry, is_overdue=True),)))
    said = "its quarantine ended on 2027-01-31, owner platform: real clock"
    for one in (overdue, replace(overdue, command="flaky show")):
        assert f"{said}\n" in report.plain(report.lines(one, width=80))
        assert said.replace(":", "&#58;") in to_markdown(one)


def test_tests_that_fail_alike_are_shown_as_one() -> None:
    """In the ranking under the dearest of them, with what they cost together; in the section with what to do once."""
    found = ranked_tests("x at y.py:3")
    first = found.flakes[0]
    names = [f"tests/test_{letter}.py::test" for letter in "abcdefghij"]
    alike = with_alike([first, *(replace(first, nodeid=name) for name in names)])
    listed = result_of(command="flaky list", ranking=replace(found, flakes=alike, failed=len(alike)))
    text = report.plain(report.lines(listed, width=80))
    assert "   10 tests more with the same failure, 18 min 14 s in all:\n" in text
    assert "  tests/test_h.py::test   7 of 212 (95 %: 1.5-6.4 %)\n" in text
    assert ("  and 2 more\n" in text, text.count("FLAKY "), "test_i.py" in text) == (True, 1, False)
    page = to_markdown(listed)
    assert "<br>10 tests more with the same failure, 18 min 14 s in all&#58;<br>" in page
    assert page.count("| **flaky** |") == 1
    # Of sixty that failed some may be more of them; not where no other one is flaky, for these stand first.
    whole, cut = (replace(listed, ranking=replace(found, flakes=alike, flaky=flaky)) for flaky in (11, 12))
    assert "   10 tests more with" in report.plain(report.lines(whole, width=80))
    for said in (report.plain(report.lines(cut, width=80)), to_markdown(cut)):
        assert "at least 10 tests more with the same failure" in said
    assert to_markdown(replace(listed, command="hunt")).count("| **flaky** |") == 11
    of_run = result_of(command="pytest", ranking=replace(found, flakes=alike[:3]))
    section = report.plain(report.lines(of_run, width=80))
    assert "the same failure in all 3: x at y.py:3\n" in section
    assert (section.count("FLAKY "), section.count("next: x at y")) == (3, 1)
    shown = result_of(command="flaky show", ranking=replace(found, flakes=alike[:1]))
    assert "alike      tests/test_a.py::test\n" in report.plain(report.lines(shown, width=80))


def test_after_a_hunt_alone_there_is_no_talk_of_rates() -> None:
    """Experiments are no natural runs: of nothing nothing is said to be the rate."""
    found = ranked_tests()
    only = replace(found.flakes[0], rate=rate_of(0, 0))
    result = result_of(command="flaky list", ranking=Ranking((only,), 1, 0, 1, 1))
    first, *rest = report.plain(report.lines(result, width=80)).splitlines()
    assert first == ("1 flaky test known from experiments; no run of all tests is recorded yet, so there are no rates")
    assert not [row for row in rest if "0 of 0" in row]


def test_a_story_tells_all_that_is_known() -> None:
    """Rate, strip, cost, range, failures, branches."""
    text = report.plain(report.lines(result_of(command="flaky show", ranking=ranked_tests()), width=80))
    for said in ("7 of 212", "..F.   . passed, F failed", "1 min 40 s", "5 x text", "branches   text   7 of 212"):
        assert said in text


def test_of_many_setters_one_is_enough_and_none_gets_lost() -> None:
    """Whoever reads several lines of what a test needs would set up all of it; a story says how many more there are."""
    setters = tuple((f"tests/test_a.py::test_{letter}",) for letter in "abcdefghijkl")
    brittle = replace(ranked_tests("a").flakes[0], diagnosis=Diagnosis(polluters=(("p", "q"), ("r",)), setters=setters))
    said = list(flaky.guilty(brittle))
    assert said[:4] == [
        "polluted by p and then q",
        "or by r",
        "needs tests/test_a.py::test_a",
        "or tests/test_a.py::test_b",
    ]
    assert said[-1] == "or any of 4 more"
    own = replace(brittle, diagnosis=Diagnosis(setters=((brittle.nodeid,), ("s",))))
    assert list(flaky.guilty(own)) == ["needs a first run of its own", "or s"]
    told = result_of(command="flaky show", ranking=replace(ranked_tests("a"), flakes=(brittle,)))
    assert all(one in report.plain(report.lines(told, width=80)) for one in said)


@pytest.mark.parametrize("command", ["flaky list", "flaky show"])
@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_of_a_test_does_anything(text: str, command: str) -> None:
    """Node ids and messages are made by whoever writes tests."""
    hostile = result_of(command=command, ranking=ranked_tests(text))
    harmless = result_of(command=command, ranking=ranked_tests("harmless"))
    plain = report.plain(report.lines(hostile, width=80))
    assert all(char.isprintable() for char in plain.replace("\n", ""))
    assert plain.count("\n") == report.plain(report.lines(harmless, width=80)).count("\n")
    assert to_markdown(hostile).count("\n") == to_markdown(harmless).count("\n")
