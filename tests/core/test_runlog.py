"""What the lines of a recorder and the notes of witnesses say: never more than stands there."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_bugguard.core import run_notes, runlog
from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.run_notes import Note
from pytest_bugguard.core.runlog import Ended
from pytest_bugguard.core.runs import Began, Claim, End, Frame, Helper, Loaded, Misfit, Undressed, Want

Event = dict[str, object]
RAISED = {
    "type": "builtins.ValueError",
    "bases": ["builtins.ValueError"],
    "message": "no",
    "frames": [["a.py", 3, "f", True]],
    "missing": "",
    "owner": "",
    "cause": None,
    "inner": [],
    "claim": None,
}
DONE = Ended(0)


def record(*events: Event) -> bytes:
    """Lines as the recorder numbers them."""
    return b"".join(json.dumps({"n": n, **event}).encode() + b"\n" for n, event in enumerate(events, start=1))


def phase(nodeid: str, when: str, outcome: str = "passed", **facts: object) -> Event:
    return {"event": "report", "id": nodeid, "when": when, "outcome": outcome, "duration": 0.5, **facts}


def ran(nodeid: str) -> list[Event]:
    return [
        {"event": "test", "id": nodeid, "node": nodeid, "limit": False},
        *(phase(nodeid, w) for w in ("setup", "call", "teardown")),
    ]


GOOD: list[Event] = [
    {"event": "begin"},
    {"event": "collected", "ids": ["t.py::a", "t.py::b"], "left_out": ["t.py::c"]},
    *ran("t.py::a"),
    *ran("t.py::b"),
    {"event": "finished", "status": 0, "stop": ""},
]


def test_a_whole_record_is_a_finished_run() -> None:
    """Tests in their order, with the sum of their phases."""
    run = runlog.fold(record(*GOOD), (), Ended(0, duration_s=2.5, output="2 passed", survivors=1))
    assert (run.end, run.deselected, run.detail, run.running) == (End.FINISHED, ("t.py::c",), "", "")
    assert (run.collected, run.duration_s, run.output, run.survivors) == (("t.py::a", "t.py::b"), 2.5, "2 passed", 1)
    assert [(case.nodeid, case.outcome, case.duration_s) for case in run.cases] == [
        ("t.py::a", Outcome.PASSED, 1.5),
        ("t.py::b", Outcome.PASSED, 1.5),
    ]


@given(st.integers(0, len(record(*GOOD)) - 1))
def test_what_is_cut_off_is_missing(length: int) -> None:
    """Wherever the record ends: no proper end, and only what has all its phases is green."""
    run = runlog.fold(record(*GOOD)[:length], (), DONE)
    told = record(*GOOD)[:length].count(b"\n")
    assert run.end is (End.CRASHED if told >= 2 else End.NOT_STARTED)
    passed = [case.nodeid for case in run.cases if case.outcome is Outcome.PASSED]
    assert passed == ["t.py::a", "t.py::b"][: (told >= 6) + (told >= 10)]


@given(st.integers(0, len(GOOD) - 2))
def test_a_line_that_is_missing_is_noticed(gap: int) -> None:
    """What could not be written leaves a gap in the numbers, and what follows is not believed."""
    lines = record(*GOOD).splitlines(keepends=True)
    run = runlog.fold(b"".join([*lines[:gap], *lines[gap + 1 :]]), (), DONE)
    assert run.end is not End.FINISHED


@pytest.mark.parametrize(
    ("phases", "outcome", "deciding"),
    [
        pytest.param(
            [("setup", "failed", {"raised": RAISED}), ("teardown", "passed", {})], "failed", "setup", id="set-up"
        ),
        pytest.param(
            [("setup", "passed", {}), ("call", "passed", {}), ("teardown", "failed", {"raised": RAISED})],
            "failed",
            "teardown",
            id="teardown",
        ),
        pytest.param(
            [("setup", "skipped", {"reason": "no"}), ("teardown", "passed", {})], "skipped", "setup", id="skip"
        ),
        pytest.param(
            [
                ("setup", "passed", {}),
                ("call", "skipped", {"xfail": True, "raised": RAISED}),
                ("teardown", "passed", {}),
            ],
            "xfailed",
            "call",
            id="expected failure",
        ),
        pytest.param(
            [("setup", "passed", {}), ("call", "passed", {"xfail": True}), ("teardown", "passed", {})],
            "xpassed",
            "call",
            id="unexpected pass",
        ),
        pytest.param(
            [("setup", "passed", {}), ("call", "passed", {"raised": RAISED}), ("teardown", "passed", {})],
            "failed",
            "call",
            id="painted green",
        ),
        pytest.param([("setup", "passed", {}), ("teardown", "passed", {})], "failed", "call", id="no call"),
        pytest.param([("setup", "passed", {}), ("call", "passed", {})], "failed", "teardown", id="no teardown"),
        pytest.param([], "failed", "setup", id="nothing at all"),
        pytest.param(
            [
                *[("setup", "passed", {}), ("call", "failed", {"raised": RAISED}), ("teardown", "passed", {})],
                *[("setup", "passed", {}), ("call", "passed", {}), ("teardown", "passed", {})],
            ],
            "failed",
            "call",
            id="passed when repeated",
        ),
    ],
)
def test_the_worst_phase_decides(phases: list[tuple[str, str, Event]], outcome: str, deciding: str) -> None:
    """A test is green by its own reports, all of them, and by nothing else."""
    events = [phase("t.py::a", when, ended, **facts) for when, ended, facts in phases]
    run = runlog.fold(
        record(
            {"event": "collected", "ids": ["t.py::a"], "left_out": []},
            {"event": "test", "id": "t.py::a", "node": "t.py::a", "limit": False},
            *events,
            {"event": "finished", "status": 0, "stop": ""},
        ),
        (),
        DONE,
    )
    (case,) = run.cases
    assert (str(case.outcome), case.phase) == (outcome, deciding)
    assert (case.raised is not None) is (outcome == "failed" and any("raised" in facts for *_, facts in phases))
    assert case.subtests == ()


@pytest.mark.parametrize(
    ("phases", "reason"),
    [
        pytest.param([phase("t.py::a", "setup", "skipped", reason="no net")], "no net", id="skipped"),
        pytest.param([phase("t.py::a", "setup")], "it did not come to its end", id="broken-off"),
        pytest.param([], "it did not come to its end", id="hardly-begun"),
        pytest.param([phase("t.py::a", when) for when in ("setup", "call", "teardown")], "", id="passed"),
    ],
)
def test_why_a_test_did_not_pass_or_fail_is_told(phases: list[Event], reason: str) -> None:
    """In the words of whoever skipped it; and whether it has a limit of its own."""
    begun: Event = {"event": "test", "id": "t.py::a", "node": "t.py::a", "limit": True}
    (case,) = runlog.fold(record(*GOOD[:2], begun, *phases), (), DONE).cases
    assert (case.reason, case.has_limit) == (reason, True)


@pytest.mark.parametrize(
    ("events", "ended", "end", "detail"),
    [
        pytest.param(
            GOOD[:4], Ended(-9, is_timeout=True), End.TIMEOUT, "it was still running when its time was up", id="time"
        ),
        pytest.param(
            GOOD[:4], Ended(-11, signal="SIGSEGV"), End.CRASHED, "its process was ended by SIGSEGV", id="signal"
        ),
        pytest.param(
            [], Ended(-9, signal="SIGKILL"), End.CRASHED, "its process was ended by SIGKILL", id="early signal"
        ),
        pytest.param(
            [*GOOD[:6], {"event": "finished", "status": 2, "stop": "enough"}],
            DONE,
            End.CRASHED,
            "pytest stopped before 1 of its tests: enough",
            id="stopped",
        ),
        pytest.param(
            [*GOOD[:-1], {"event": "internal-error", "raised": RAISED}, {"event": "finished", "status": 3, "stop": ""}],
            Ended(3),
            End.CRASHED,
            "ValueError: no",
            id="internal error",
        ),
        pytest.param(
            [{"event": "begin"}, {"event": "no-start", "raised": RAISED}],
            Ended(4),
            End.NOT_STARTED,
            "ValueError: no",
            id="conftest",
        ),
        pytest.param([], Ended(1, output="warn\nERROR: what?\n\nbye"), End.NOT_STARTED, "what?", id="complaint"),
        pytest.param(
            [],
            Ended(4, output="usage: pytest\npytest: error: unrecognized arguments: --x\n  rootdir: /a\n"),
            End.NOT_STARTED,
            "pytest: error: unrecognized arguments: --x",
            id="unknown option",
        ),
        pytest.param(
            [*GOOD[:6], {"event": "finished", "status": 2, "stop": ""}],
            DONE,
            End.CRASHED,
            "pytest stopped before 1 of its tests",
            id="stopped without a word",
        ),
        pytest.param(
            [*GOOD[:4], {"event": "internal-error", "raised": {**RAISED, "type": "shop.errors.Gone"}}],
            Ended(3),
            End.CRASHED,
            "Gone: no",
            id="exception of the project",
        ),
        pytest.param([*GOOD[:4], {**GOOD[-1], "n": 9}], DONE, End.CRASHED, "lines of its record are missing", id="gap"),
        pytest.param([], Ended(1, output="x\n  last words \n"), End.NOT_STARTED, "last words", id="last words"),
        pytest.param([], Ended(1), End.NOT_STARTED, "pytest left with exit status 1", id="silence"),
        pytest.param(GOOD, Ended(-9, is_timeout=True), End.FINISHED, "", id="finished, and did not leave"),
    ],
)
def test_how_a_run_ended(events: list[Event], ended: Ended, end: End, detail: str) -> None:
    """The strongest sign is told, in a line."""
    run = runlog.fold(record(*events), (), ended)
    assert (run.end, run.detail) == (end, detail)


def test_a_line_that_is_torn_ends_the_record() -> None:
    """As where two processes wrote into it at once: what came before is told, and that something is missing."""
    run = runlog.fold(record(*GOOD[:4]) + b'{"n": 5, "ev{"n": 6}\n' + record(*GOOD)[-40:], (), DONE)
    assert (run.end, run.detail) == (End.CRASHED, "lines of its record are missing")
    assert ([case.nodeid for case in run.cases], run.running) == (["t.py::a"], "t.py::a")


@pytest.mark.parametrize(
    "written",
    [
        pytest.param([*GOOD[:2], {"event": "test"}], id="without-its-fields"),
        pytest.param([*GOOD[:2], {"event": "report", "id": [], "when": "call"}], id="of-other-types"),
        pytest.param([*GOOD[:2], {"event": "collected", "ids": 7, "left_out": None}], id="no-list"),
    ],
)
def test_a_record_that_makes_no_sense_is_none(written: list[Event]) -> None:
    """A test of the project may have written it; what was seen from outside stands."""
    run = runlog.fold(record(*written), [Note("executed", "a.py", "", "t.py::a")], Ended(1, output="bye"))
    assert (run.end, run.cases, run.collected, run.detail) == (End.NOT_STARTED, (), (), "bye")
    assert runlog.refused(record({"event": "refused", "path": "t.json"}, *written[2:])) == frozenset()


def test_notes_belong_to_their_tests() -> None:
    """What was used is told by test, and what was loaded for the run as a whole, each fact once."""
    seen = [
        Note("executed", "a.py", "", "t.py::b"),
        Note("executed", "a.py", "", "t.py::b"),
        Note("read", "a.py", "", "t.py::a"),
        Note("process", "", "", "t.py::a"),
        Note("wanted", "first", "shop\nt.py", "t.py::a"),
        Note("misfit", "f() takes 1", "t.py", "t.py::b"),
        Note("misfit", "has no len()", "t.py\n__len__\n__iter__", "t.py::b"),
        Note("taken", "a.py", "tools/asking.py", "t.py::b"),
        Note("bared", "a.py", "", "t.py::b"),
        Note("bared", "b.py", "", ""),
        Note("undressed", "b.py", "KeyError: 'x'", ""),
        Note("loaded", "a.py", "/site/a.py", ""),
        Note("loaded", "a.py", "", ""),
        Note("began", "a.py", "Pager.first", ""),
    ]
    run = runlog.fold(record(*GOOD), seen, DONE)
    assert [(case.executed, case.read, case.started_process) for case in run.cases] == [
        ((), ("a.py",), True),
        (("a.py",), (), False),
    ]
    assert [(case.wanted, case.misfits) for case in run.cases] == [
        ((Want("first", "shop", "t.py"),), ()),
        ((), (Misfit("f() takes 1", "t.py"), Misfit("has no len()", "t.py", ("__len__", "__iter__")))),
    ]
    assert run.loaded == (Loaded("a.py"), Loaded("a.py", "/site/a.py"))
    assert run.began == (Began("a.py", "Pager.first"),)
    assert [case.takers for case in run.cases] == [(), ("tools/asking.py",)]
    assert run.undressed == (Undressed("b.py", "KeyError: 'x'"),)
    assert (run.bared, [case.bared for case in run.cases]) == (("b.py",), [(), ("a.py",)])


@pytest.mark.parametrize(
    ("asker", "told"),
    [
        pytest.param("t.py", True, id="its-own-file"),
        pytest.param("tools/asking.py", True, id="a-helper"),
        pytest.param("u.py", False, id="another-file-of-tests"),
    ],
)
def test_what_was_asked_for_before_the_tests_is_told_of_those_who_may_use_the_answer(asker: str, told: bool) -> None:
    """As a file was loaded, or a fixture made for several."""
    seen = [Note("wanted", "first", f"shop\n{asker}", ""), Note("misfit", "f() takes 1", asker, "")]
    other: list[Event] = [{**event, "id": str(event["id"]).replace("t.py", "u.py")} for event in GOOD if "id" in event]
    events = [
        {**event, "id": str(event["id"]).replace("::", "::TestA::")} if "id" in event else event
        for event in (*GOOD[:-1], *other, GOOD[-1])
    ]
    run = runlog.fold(record(*events), seen, DONE)
    of_t = [case for case in run.cases if case.nodeid.startswith("t.py")]
    assert {bool(case.wanted) for case in of_t} == {bool(case.misfits) for case in of_t} == {told}


def test_a_thread_that_died_belongs_to_the_test_that_ran() -> None:
    """As the recorder tells it after the test's own code, and before its report."""
    dead: Event = {"event": "thread", "raised": RAISED}
    run = runlog.fold(record(*GOOD[:3], dead, *GOOD[3:]), (), DONE)
    assert [[raised.type for raised in case.threads] for case in run.cases] == [["builtins.ValueError"], []]


FIELD = st.text(st.characters(exclude_characters="\0", codec="utf-8"))


@given(st.lists(st.builds(Note, FIELD, FIELD, FIELD, FIELD)), st.integers(0, 50))
def test_notes_survive_being_written(seen: list[Note], cut: int) -> None:
    """Whatever their texts hold; one that is cut off is none."""
    content = b"".join(field.encode() + b"\0" for note in seen for field in note)
    assert run_notes.read(content) == tuple(seen)
    left = run_notes.read(content[: max(0, len(content) - cut)])
    assert left == tuple(seen[: len(left)])


def test_what_pytest_refuses_is_told() -> None:
    """Only where it then ran nothing: a second try leaves it out."""
    refused: list[Event] = [{"event": "refused", "path": "t.json"}, {"event": "collected", "ids": [], "left_out": []}]
    usage = record(*refused, {"event": "finished", "status": 4, "stop": ""})
    assert runlog.refused(usage) == {"t.json"}
    assert [(file.path, file.raised) for file in runlog.fold(usage, (), Ended(4)).uncollected] == [("t.json", None)]
    assert runlog.refused(record(*refused, {"event": "finished", "status": 0, "stop": ""})) == frozenset()


CLAIM: Event = {
    "source": "def test(): ...",
    "line": 1,
    "strings": [["name", ["a", "b"]]],
    "helpers": [["check", "h.py", "def check(): ..."]],
    "kinds": [["page", "Page"]],
}


def test_all_that_was_seen_of_an_exception_is_told() -> None:
    """Its cause, those within it, and what its assertion had claimed."""
    inner = {**RAISED, "type": "builtins.KeyError"}
    seen = {**RAISED, "missing": "x", "owner": "shop", "cause": inner, "inner": [inner, None], "claim": CLAIM}
    events = [*GOOD[:2], phase("t.py::a", "setup"), phase("t.py::a", "call", "failed", raised=seen)]
    (case,) = runlog.fold(record(*events), (), DONE).cases
    raised = case.raised
    assert raised is not None
    assert (raised.type, raised.bases, raised.message) == ("builtins.ValueError", ("builtins.ValueError",), "no")
    assert (raised.missing, raised.owner, raised.frames) == ("x", "shop", (Frame("a.py", 3, "f", is_inside=True),))
    assert raised.cause is not None
    assert (raised.cause.type, [one.type for one in raised.inner]) == ("builtins.KeyError", ["builtins.KeyError"])
    helper = Helper("check", "h.py", "def check(): ...")
    assert raised.claim == Claim("def test(): ...", 1, (("name", ("a", "b")),), (helper,), (("page", "Page"),))


def test_a_file_that_cannot_be_imported_is_told_with_its_exception() -> None:
    """And what broke the run off, as far as the run told that before it was gone."""
    events: list[Event] = [{"event": "begin"}, {"event": "uncollected", "path": "t.py", "raised": RAISED}]
    run = runlog.fold(record(*events, {"event": "interrupted", "raised": RAISED}), (), Ended(1))
    (file,) = run.uncollected
    assert (file.path, file.raised == run.raised, file.raised is not None) == ("t.py", True, True)
    whole = runlog.fold(record(*GOOD[:-1], {"event": "interrupted", "raised": RAISED}, GOOD[-1]), (), DONE)
    assert (whole.end, whole.raised) == (End.FINISHED, None)


def test_a_subtest_that_failed_fails_its_test() -> None:
    """Its report comes first, and says what it was called; a test that begins anew has the next number."""
    begun: Event = {"event": "test", "id": "t.py::a", "node": "t.py::a", "limit": False}
    subtest: list[Event] = [
        phase("t.py::a", "setup"),
        phase("t.py::a", "call", "failed", raised=RAISED),
        {"event": "subtest", "of": 5, "description": "(i=1)"},
        phase("t.py::a", "call"),
        phase("t.py::a", "teardown"),
    ]
    run = runlog.fold(record(*GOOD[:2], begun, *subtest, *ran("t.py::a"), *ran("t.py::a"), GOOD[-1]), (), DONE)
    assert [(case.number, case.outcome) for case in run.cases] == [
        (1, Outcome.FAILED),
        (2, Outcome.PASSED),
        (3, Outcome.PASSED),
    ]
    assert [name for name, _ in run.cases[0].subtests] == ["(i=1)"]


@pytest.mark.parametrize(
    "rest",
    [
        pytest.param([], id="broken-off"),
        pytest.param([phase("t.py::a", "call")], id="broken-off-at-its-end"),
        pytest.param([phase("t.py::a", "call", "skipped", reason="no more"), phase("t.py::a", "teardown")], id="skips"),
        pytest.param([phase("t.py::a", "call", "failed"), phase("t.py::a", "teardown")], id="counts-them"),
    ],
)
def test_a_subtest_says_why_its_test_failed(rest: list[Event]) -> None:
    """Where the test's own report has no exception: it was called, and this is what it raised."""
    begun: Event = {"event": "test", "id": "t.py::a", "node": "t.py::a", "limit": False}
    failed = phase("t.py::a", "call", "failed", raised=RAISED)
    named: Event = {"event": "subtest", "of": 5, "description": "(i=1)"}
    events = [*GOOD[:2], begun, phase("t.py::a", "setup"), failed, named, *rest]
    (case,) = runlog.fold(record(*events), (), DONE).cases
    assert (case.outcome, case.phase, case.reason) == (Outcome.FAILED, "call", "")
    assert case.raised is not None
    assert case.raised == case.subtests[0][1]


def test_a_run_that_left_its_tree_says_so() -> None:
    """Whoever of its processes wrote elsewhere or connected to something: a later run may find what it left."""
    assert not runlog.fold(record(*GOOD), [Note("loaded", "src/a.py", "", "")], DONE).reached_out
    assert runlog.fold(record(*GOOD), [Note("outside", "", "", "")], DONE).reached_out


def test_names_that_are_no_text_survive() -> None:
    """A file may be called by any bytes."""
    (note,) = run_notes.read(b"executed\0src/\xff.py\0\0\0")
    assert note.path == "src/\udcff.py"
