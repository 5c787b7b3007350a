"""JUnit reports of many makers: each case under our own node id, each attempt once, each failure known again."""

from __future__ import annotations

import pytest

from pytest_bugguard.core.failures import digest_of
from pytest_bugguard.core.junit import Case, Ended, Known, Report, run_of
from pytest_bugguard.core.recorded_runs import Why

FILES = (
    "tests/test_net.py",
    "tests/unit/test_pager.py",
    "src/shop/net.py",
    "src/shop/tests/test_own.py",
    "old/src/shop/net.py",
    "tests/v1.2/test_x.py",
    "src/shop/tests/test_net.py",
    "polls/tests.py",
    "decoder.py",
    "conftest.py",
)
ASSERTION = "def test_a():\n>       assert 3 == 4\nE       assert 3 == 4\n\ntests/test_net.py:5: AssertionError"
SHORT = "tests/test_net.py:5: in test_a\n    assert 3 == 4\nE   assert 3 == 4"
DECODED = (
    "    json.loads(3)\n{test}:6: \n_ _ _\n    return decode(s)\n/usr/lib/python3/json/decoder.py:337: \n_ _ _\n"
    "{installed}:9: \n_ _ _\n>   raise\nE   json.decoder.JSONDecodeError: x\n\n"
    "../lib/json/decoder.py:355: JSONDecodeError"
)
NATIVE = """Traceback (most recent call last):
  File "/ci/shop/.venv/lib/python3.11/site-packages/_pytest/runner.py", line 361, in from_call
    result = func()
  File "/ci/shop/tests/test_net.py", line 6, in test_a
    json.loads("{")
  File "/usr/lib/python3.11/json/decoder.py", line 355, in raw_decode
    raise JSONDecodeError("no", s, 1)
  File "<string>", line 1, in <module>
json.decoder.JSONDecodeError: no
src/shop/net.py:3: error: a message of several lines
"""
GROUP = """  + Exception Group Traceback (most recent call last):
  |   File "/ci/shop/tests/test_net.py", line 25, in test_a
  | ExceptionGroup: g (2 sub-exceptions)
  +-+---------------- 1 ----------------
    | Traceback (most recent call last):
    |   File "/ci/shop/src/shop/net.py", line 9, in fetch
    | ValueError: 1
"""
TIMEOUT = (
    "    fetch()\ntests/test_net.py:9: \n_ _ _\n\n>   raise TimeoutError\nE   T\n\nsrc/shop/net.py:41: TimeoutError"
)


def known(path: str = "junit.xml", **fields: str) -> Known:
    """Where no commit is named, git would take HEAD's tree."""
    trees = {"1c0ffee".ljust(40, "0"): "7" * 40, "": "9" * 40}
    return Known("junit-1", 99, path, FILES, lambda commit: trees.get(commit, ""), **fields)


def case(classname: str, name: str, *ended: Ended, file: str = "") -> Case:
    return Case(classname, name, file, 0.5, list(ended))


def decoded(test: str, installed: str) -> str:
    """A traceback that ends in the standard library, with these two files above."""
    return DECODED.format(test=test, installed=installed)


def red(tag: str, message: str = "", text: str = "", kind: str = "") -> Ended:
    return Ended(tag, kind, message, text)


def run(*cases: Case, properties: dict[str, str] | None = None, **fields: str) -> list[str]:
    found = run_of(Report(1, 60.0, properties or {}, cases), known(**fields))
    return [f"{one.nodeid} {one.number} {one.outcome} {one.phase}" for one in found.attempts]


@pytest.mark.parametrize(
    ("given", "nodeid"),
    [
        pytest.param(case("tests.test_net", "test_a"), "tests/test_net.py::test_a", id="function"),
        pytest.param(case("tests.test_net.TestA.TestB", "t[x::y]"), "tests/test_net.py::TestA::TestB::t[x::y]",
                     id="classes"),
        pytest.param(case("unit.test_pager", "t"), "tests/unit/test_pager.py::t", id="run-further-down"),
        pytest.param(case("test_own.TestX", "t"), "src/shop/tests/test_own.py::TestX::t", id="unique-end"),
        pytest.param(case("tests.test_gone.TestX", "t"), "tests/test_gone.py::TestX::t", id="file-that-is-gone"),
        pytest.param(case("x.y", "t", file="tests/test_net.py"), "tests/test_net.py::t", id="xunit1"),
        pytest.param(case("tests.test_net.TestA", "t", file="tests/test_net.py"), "tests/test_net.py::TestA::t",
                     id="xunit1-class"),
        pytest.param(case("src.shop.net", "shop.net.fetch"), "src/shop/net.py::shop.net.fetch", id="end-of-another"),
        pytest.param(case("com.shop.PagerTest", "last"), "com.shop.PagerTest::last", id="surefire"),
        pytest.param(case("", "last"), "last", id="no-class"),
        pytest.param(case("tests.test_net.TestX", "t", file="tests/base.py"), "tests/test_net.py::TestX::t",
                     id="inherited"),
        pytest.param(case("test_pager.TestX", "t", file="base.py"), "tests/unit/test_pager.py::TestX::t",
                     id="inherited-run-further-down"),
        pytest.param(case("tests.test_gone.TestX", "t", file="tests/test_net.py"), "tests/test_gone.py::TestX::t",
                     id="inherited-file-that-is-gone"),
        pytest.param(case("unit.test_pager", "t", file="unit/test_pager.py"), "tests/unit/test_pager.py::t",
                     id="xunit1-run-further-down"),
        pytest.param(case("unit.test_pager", "t", file="../tests/unit/test_pager.py"), "tests/unit/test_pager.py::t",
                     id="xunit1-run-beside"),
        pytest.param(case("odd.checks.TestX", "t", file="odd/checks.py"), "odd/checks.py::TestX::t",
                     id="xunit1-file-that-is-gone"),
        pytest.param(case("tests.v1.2.test_x.TestA", "t"), "tests/v1.2/test_x.py::TestA::t", id="dots-in-a-folder"),
        pytest.param(case("tests.v1.2.test_x.TestA", "t", file="tests/v1.2/test_x.py"),
                     "tests/v1.2/test_x.py::TestA::t", id="xunit1-dots-in-a-folder"),
        pytest.param(case("tests.v1.2.test_gone", "t", file="tests/v1.2/test_gone.py"), "tests/v1.2/test_gone.py::t",
                     id="xunit1-dots-in-a-folder-that-is-gone"),
        pytest.param(case("tests.TestX", "t"), "polls/tests.py::TestX::t", id="unique-end-of-one-name"),
        pytest.param(case("tests.test_gone.TestX", "t"), "tests/test_gone.py::TestX::t", id="folder-like-a-file"),
        pytest.param(case("polls.tests.test_gone.TestX", "t"), "polls/tests/test_gone.py::TestX::t",
                     id="folder-where-a-file-is-now"),
        pytest.param(case("tests.test_net.test_Client", "t"), "tests/test_net.py::test_Client::t",
                     id="class-called-like-a-file"),
        pytest.param(case("Log in", "t", file="unit/test_pager.py"), "tests/unit/test_pager.py::t",
                     id="class-name-of-the-tests-own"),
        pytest.param(case("Log in", "t", file="../lib/site-packages/x.py"), "../lib/site-packages/x.py::t",
                     id="class-name-of-an-installed-tests-own"),
        pytest.param(case("Log in", "t", file="spec/login.rb"), "Log in::t", id="another-language"),
    ],
)  # fmt: skip
def test_a_case_is_known_by_our_own_node_id(given: Case, nodeid: str) -> None:
    """So that what pytest recorded here and what a CI left elsewhere are one test."""
    assert run(given) == [f"{nodeid} 1 passed call"]


@pytest.mark.parametrize(
    ("cases", "nodeids"),
    [
        pytest.param([case("py311.tests.test_net.TestA", "t")], ["tests/test_net.py::TestA::t"], id="xunit2"),
        pytest.param([case("py311.tests.test_net", "t", file="tests/test_net.py")], ["tests/test_net.py::t"],
                     id="xunit1"),
        pytest.param([case("py311.unit.test_pager", "t", file="unit/test_pager.py")], ["tests/unit/test_pager.py::t"],
                     id="xunit1-run-further-down"),
        pytest.param([case("py311.tests.test_net.TestA", "t", file="tests/base.py")], ["tests/test_net.py::TestA::t"],
                     id="inherited"),
        pytest.param([case("py3.11.tests.test_net", "t"), case("py3.11.tests.test_gone", "t"), case("py3.11", "x")],
                     ["tests/test_net.py::t", "tests/test_gone.py::t", "x"], id="one-for-all"),
        pytest.param([case("py311.tests.test_net", "t"), case("py312.tests.test_net", "t")],
                     ["py311/tests/test_net.py::t", "py312/tests/test_net.py::t"], id="two-runs-in-one-report"),
        pytest.param([case("py311.tests.test_net", "t", file="tests/test_net.py"),
                      case("py312.tests.test_net", "t", file="tests/test_net.py")],
                     ["py311/tests/test_net.py::t", "py312/tests/test_net.py::t"], id="two-runs-in-one-xunit1-report"),
        pytest.param([case("tests.test_net", "t"), case("new.tests.test_net", "t")],
                     ["tests/test_net.py::t", "new/tests/test_net.py::t"], id="folder-that-is-gone"),
        pytest.param([case("old.tests.test_net", "t")], ["old/tests/test_net.py::t"], id="folder-that-is-there"),
        pytest.param([case("old.tests.test_net", "t", file="tests/test_net.py")], ["tests/test_net.py::t"],
                     id="xunit1-called-like-a-folder"),
        pytest.param([case("new.tests.test_net", "t", file="new/tests/test_net.py")], ["new/tests/test_net.py::t"],
                     id="xunit1-folder-that-is-gone"),
        pytest.param([case("shop.tests.test_net", "t")], ["src/shop/tests/test_net.py::t"], id="unique-end"),
    ],
)  # fmt: skip
def test_a_prefix_is_what_every_test_of_a_report_has_before_its_file(cases: list[Case], nodeids: list[str]) -> None:
    """As ``--junitprefix`` puts it there. A folder is none, and two of them tell two runs apart."""
    assert run(*cases) == [f"{nodeid} 1 passed call" for nodeid in nodeids]


@pytest.mark.parametrize(
    ("cases", "expected"),
    [
        pytest.param([case("", "t", red("failure"))], ["1 failed call"], id="failure"),
        pytest.param([case("", "t", red("error", 'failed on setup with "E: x"'))], ["1 failed setup"], id="set-up"),
        pytest.param([case("", "t", red("failure")), case("", "t", red("error", 'failed on teardown with "E"'))],
                     ["1 failed call", "2 failed teardown"], id="pytest-writes-tear-down-apart"),
        pytest.param([case("", "t", red("skipped"))], ["1 skipped call"], id="skipped"),
        pytest.param([case("", "t", red("skipped", kind="pytest.xfail"))], ["1 xfailed call"], id="xfail"),
        pytest.param([case("", "t", red("flakyFailure"), red("flakyError"))],
                     ["1 failed call", "2 failed call", "3 passed call"], id="surefire-passed-at-last"),
        pytest.param([case("", "t", red("failure"), red("rerunFailure"), red("rerunError"))],
                     ["1 failed call", "2 failed call", "3 failed call"], id="surefire-failed-again"),
        pytest.param([case("", "t", red("failure")), case("", "t")], ["1 failed call", "2 passed call"], id="twice"),
        pytest.param([case("", "")], [], id="no-name"),
    ],
)  # fmt: skip
def test_attempts_are_told_apart(cases: list[Case], expected: list[str]) -> None:
    """A repeat is a repeat in every dialect, and no second first run."""
    assert [line.partition(" ")[2] for line in run(*cases)] == expected


@pytest.mark.parametrize(
    ("ended", "kind", "place"),
    [
        pytest.param(red("failure", "assert 3 == 4", ASSERTION), "AssertionError", "tests/test_net.py:5", id="assert"),
        pytest.param(red("failure", "TimeoutError: after 3 s", TIMEOUT), "TimeoutError", "src/shop/net.py:41",
                     id="deepest"),
        pytest.param(red("error", "failed on setup with \"KeyError: 'x'\""), "KeyError", "", id="set-up"),
        pytest.param(red("failure", "expected 1", kind="java.lang.AssertionError"), "AssertionError", "", id="java"),
        pytest.param(red("failure", "assert 3 == 4"), "AssertionError", "", id="assert-without-traceback"),
        pytest.param(red("failure", "expected 1", kind="pytest.failure"), "AssertionError", "", id="pytest-of-old"),
        pytest.param(red("failure"), "", "", id="nothing-said"),
        pytest.param(red("failure", "assert 3 == 4", SHORT), "AssertionError", "tests/test_net.py:5",
                     id="short-assert"),
        pytest.param(red("failure", "ValueError: in x", SHORT), "ValueError", "tests/test_net.py:5", id="short"),
        pytest.param(red("failure", "ValueError: bad", "E   ValueError: bad"), "ValueError", "", id="line-or-no"),
        pytest.param(red("failure", "tests.test_net.test_a.<locals>.GoneError", SHORT), "GoneError",
                     "tests/test_net.py:5", id="short-class-of-a-function"),
        pytest.param(red("failure", "shop.net.GoneError\nread it again", SHORT), "GoneError", "tests/test_net.py:5",
                     id="short-with-a-note"),
        pytest.param(red("error", 'failed on setup with "shop.net.GoneError"', SHORT), "GoneError",
                     "tests/test_net.py:5", id="short-set-up"),
        pytest.param(red("error", 'failed on teardown with "assert 3 == 4"', SHORT), "AssertionError",
                     "tests/test_net.py:5", id="short-tear-down-assert"),
        pytest.param(red("failure", "001 >>> fetch()\nExpected:", "001\n\n/ci/src/shop/net.py:3: DocTestFailure"),
                     "DocTestFailure", "src/shop/net.py:3", id="doctest"),
        pytest.param(red("failure", "expected 1", ASSERTION, "pytest.failure"), "AssertionError",
                     "tests/test_net.py:5", id="type-that-is-none"),
        pytest.param(red("failure", "json.decoder.JSONDecodeError: x",
                         decoded("tests/test_net.py", ".tox/py/lib/x.py")),
                     "JSONDecodeError", "tests/test_net.py:6", id="in-a-library"),
        pytest.param(red("failure", "E: x", decoded("../unit/test_pager.py", "/ci/.venv/decoder.py")),
                     "E", "tests/unit/test_pager.py:6", id="in-a-library-run-beside"),
        pytest.param(red("failure", "E: x", decoded("unit/test_pager.py", "/v/site-packages/tests/test_net.py")),
                     "E", "tests/unit/test_pager.py:6", id="in-a-library-run-further-down"),
        pytest.param(red("failure", "E: x", decoded("../conftest.py", "/usr/lib/decoder.py")),
                     "E", "conftest.py:6", id="at-the-top-run-further-down"),
        pytest.param(red("failure", "E: x", decoded("tests/test_gone.py", "/x/y.py")),
                     "E", "tests/test_gone.py:6", id="in-a-file-that-is-gone"),
        pytest.param(red("failure", "E: x", decoded("/ci/t.py", "/x/y.py")), "E", "",
                     id="in-libraries-alone"),
        pytest.param(red("failure", "json.decoder.JSONDecodeError: no\nsrc/shop/net.py:3: error: ...", NATIVE),
                     "JSONDecodeError", "tests/test_net.py:6", id="native"),
        pytest.param(red("failure", "E: x", NATIVE.replace("/ci/shop/tests/", "C:\\ci\\shop\\tests\\")), "E",
                     "tests/test_net.py:6", id="native-on-windows"),
        pytest.param(red("failure", "E: x", "tests\\unit\\test_gone.py:5: E"), "E", "tests/unit/test_gone.py:5",
                     id="on-windows"),
        pytest.param(red("failure", "ExceptionGroup: g (2 sub-exceptions)", GROUP), "ExceptionGroup",
                     "tests/test_net.py:25", id="group"),
    ],
)  # fmt: skip
def test_a_failure_is_known_by_type_and_place(ended: Ended, kind: str, place: str) -> None:
    """As those that we record ourselves."""
    (attempt,) = run_of(Report(1, 1.0, {}, [case("", "t", ended)]), known()).attempts
    assert attempt.failure is not None
    assert (attempt.failure.kind, attempt.failure.place) == (kind, place)


def test_a_failure_is_the_same_wherever_its_message_stands() -> None:
    """Some makers have an attribute for it, others begin the text with it."""
    said = "TimeoutError: after 3 s"
    ends = [red("failure", said, "one\ntwo"), red("failure", text=f"\n{said}\n  at fetch\n  at main\n")]
    found = run_of(Report(1, 1.0, {}, [case("", "t", one) for one in ends]), known()).attempts
    assert [one.failure and one.failure.message for one in found] == [digest_of(said)] * 2


def test_a_failure_of_a_fixture_is_the_same_as_we_record_it() -> None:
    """Without what pytest writes around it."""
    ended = red("error", "failed on setup with \"OSError: 'x'\"")
    (attempt,) = run_of(Report(1, 1.0, {}, [case("", "t", ended)]), known()).attempts
    assert attempt.failure is not None
    assert attempt.failure.message == digest_of("OSError: 'x'")


def test_tests_are_in_the_order_of_the_report() -> None:
    """A repeat has the place of its test; each attempt has its own time."""
    cases = [case("", "a", red("failure")), case("", "b"), Case("", "a", "", 2.0)]
    found = run_of(Report(1, 1.0, {}, cases), known())
    assert [(one.nodeid, one.place, one.duration_s) for one in found.attempts] == [
        ("a", 1, 0.5),
        ("a", 1, 2.0),
        ("b", 2, 0.5),
    ]


@pytest.mark.parametrize(
    ("properties", "path", "told", "expected"),
    [
        pytest.param({}, "j.xml", "", ("", ""), id="nowhere"),
        pytest.param({"git.commit": "a" * 40}, "j.xml", "", ("a" * 40, "a" * 40), id="property"),
        pytest.param({}, f"ci/{'b' * 40}/j.xml", "", ("b" * 40, "b" * 40), id="path"),
        pytest.param({"commit": "a" * 40}, "j.xml", "1c0ffee".ljust(40, "0"), ("1c0ffee".ljust(40, "0"), "7" * 40),
                     id="told-and-known-here"),
        pytest.param({"revision": "1.2.3-SNAPSHOT"}, "j.xml", "", ("", ""), id="version"),
        pytest.param({"commit": "main", "revision": "a" * 7}, "j.xml", "", ("a" * 7, "a" * 7), id="version-and-commit"),
        pytest.param({"revision": "42"}, f"ci/{'b' * 40}/j.xml", "", ("b" * 40, "b" * 40), id="version-and-path"),
        pytest.param({"revision": "a" * 64}, "j.xml", "", ("a" * 64, "a" * 64), id="sha256"),
        pytest.param({"revision": "a" * 65}, "j.xml", "", ("", ""), id="too-long"),
        pytest.param({"revision": "abcdef"}, "j.xml", "", ("", ""), id="too-short"),
    ],
)  # fmt: skip
def test_the_code_is_known_by_what_is_said(
    properties: dict[str, str], path: str, told: str, expected: tuple[str, str]
) -> None:
    """What was told wins over the file, the file over its path; a commit that is not here stands for its own tree."""
    where = run_of(Report(1, 1.0, properties, []), known(path, commit=told)).circumstances
    assert (where.commit, where.tree) == expected


def test_a_job_that_ran_again_is_no_first_run() -> None:
    """It was run again because of a failure; and a file that says no time has that of the file."""
    found = run_of(Report(None, 1.0, {"github_run_attempt": "2", "branch": "main"}, []), known())
    assert (found.why, found.number, found.is_natural, found.started_s) == (Why.IMPORT, 2, False, 99)
    assert found.circumstances.branch == "main"


@pytest.mark.parametrize(
    ("said", "number"),
    [("2", 2), ("9999", 9999), ("12345", 1), ("20261128", 1), ("0", 1), ("-1", 1), ("second", 1)],
)
def test_the_number_of_an_attempt_is_a_small_one(said: str, number: int) -> None:
    """A day or an id that a CI has under such a name is none."""
    assert run_of(Report(1, 1.0, {"attempt": said}, []), known()).number == number


@pytest.mark.parametrize(
    ("properties", "told", "expected"),
    [
        pytest.param({}, "", "", id="nowhere"),
        pytest.param({"environment": "mac"}, "", "mac", id="property"),
        pytest.param({"environment": "mac"}, "windows", "windows", id="told"),
    ],
)
def test_the_environment_is_what_somebody_calls_it(properties: dict[str, str], told: str, expected: str) -> None:
    """What was told wins over the file."""
    where = run_of(Report(1, 1.0, properties, []), known(environment=told)).circumstances
    assert (where.environment, where.environment_words) == (expected, expected)


def test_a_report_says_when_and_how_long() -> None:
    """Rather than the file that holds it; the run is known by the name that it is given."""
    found = run_of(Report(7, 60.5, {}, []), known())
    assert (found.id, found.started_s, found.duration_s, found.number) == ("junit-1", 7, 60.5, 1)
