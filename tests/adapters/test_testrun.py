"""Test files run in a child process: what is said of each test, of the end, and of what was used."""

from __future__ import annotations

import socket
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.core.runs import End, Loaded, RunRequest, TestRun
from tests.runs import PROJECT, WATCHED, Folder, cases, outcomes, write

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_bugguard.adapters.testrun import PytestRunner
    from tests.runs import Run


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    top = tmp_path_factory.mktemp("project")
    write(top, PROJECT)
    return top


MANY = """
import os, subprocess, sys, unittest
from pathlib import Path
import pytest
from shop import pager

@pytest.mark.parametrize("n", [10, 11], ids=["even", "a::b[c] \\u2603"])
def test_pages(n):
    assert pager.pages(n) == (n + 9) // 10

@pytest.mark.timeout(5)
def test_nothing():
    pass

def test_child():
    subprocess.run([sys.executable, "-c", "from shop import pager; pager.pages(11)"], check=True)

def test_import_only():
    sys.modules.pop("shop.pager")
    from shop import pager

def test_grep():
    assert "total" in Path(pager.__file__).read_text()

def test_raises_not():
    with pytest.raises(ZeroDivisionError):
        pager.pages(1)

def test_in_source():
    try:
        pager.pages("a")
    except TypeError as error:
        raise LookupError("no page") from error

def test_missing():
    pager.count

def test_skipped():
    pytest.skip("not here")

@pytest.mark.xfail(reason="known")
def test_xfailed():
    assert not pager

@pytest.mark.xfail(strict=True, reason="known")
def test_strict():
    pass

@pytest.fixture
def broken():
    raise OSError("no server")

def test_setup(broken):
    pass

@pytest.fixture
def leaving():
    yield
    pager.pages(1, 0)

def test_teardown(leaving):
    pass

class TestCase(unittest.TestCase):
    def test_unit(self):
        self.assertEqual(pager.pages(11), 2)

    def test_subs(self):
        for n in (0, 11, 12):
            with self.subTest(n=n):
                self.assertEqual(pager.pages(n), n // 5)
"""


@pytest.fixture(scope="module")
def many(runner: PytestRunner, project: Path) -> TestRun:
    """One run of a test file that holds a test of each kind."""
    write(project, {"tests/test_many.py": MANY})
    return runner.run(Folder(project), RunRequest(("tests/test_many.py",), WATCHED, ("src",)))


def test_every_kind_of_end_is_told(many: TestRun) -> None:
    """Each case has its own outcome, with its parameter id as pytest writes it."""
    assert many.end is End.FINISHED, many
    assert {case.nodeid.partition("::")[0] for case in many.cases} == {"tests/test_many.py"}
    assert outcomes(many) == {
        "test_pages[even]": "passed",
        r"test_pages[a::b[c] \u2603]": "failed",
        "test_nothing": "passed",
        "test_child": "passed",
        "test_import_only": "passed",
        "test_grep": "passed",
        "test_raises_not": "failed",
        "test_in_source": "failed",
        "test_missing": "failed",
        "test_skipped": "skipped",
        "test_xfailed": "xfailed",
        "test_strict": "failed",
        "test_setup": "failed",
        "test_teardown": "failed",
        "TestCase::test_unit": "failed",
        "TestCase::test_subs": "failed",
    }


def test_the_phase_that_decided_is_told(many: TestRun) -> None:
    """A fixture that fails is no test that fails."""
    assert {name: case.phase for name, case in cases(many).items() if case.phase != "call"} == {
        "test_setup": "setup",
        "test_teardown": "teardown",
    }


def test_an_exception_is_told_from_its_object(many: TestRun) -> None:
    """Type, bases, message, the lines that it passed through with those of pytest left out, and its cause."""
    raised = cases(many)["test_in_source"].raised
    assert raised is not None
    assert (raised.type, raised.bases[1], raised.message) == ("builtins.LookupError", "builtins.Exception", "no page")
    assert [(frame.path, frame.function, frame.is_inside) for frame in raised.frames] == [
        ("tests/test_many.py", "test_in_source", True)
    ]
    assert raised.cause is not None
    assert [(frame.path, frame.line) for frame in raised.cause.frames][1:] == [("src/shop/pager.py", 2)]


def test_what_did_not_raise_is_told_apart(many: TestRun) -> None:
    """Exceptions of pytest itself look like builtins; here they have their real names."""
    raised = cases(many)["test_raises_not"].raised
    assert raised is not None
    assert (raised.type, raised.message[:14]) == ("_pytest.outcomes.Failed", "DID NOT RAISE ")


def test_a_missing_name_is_told_with_its_owner(many: TestRun) -> None:
    """From the exception's own attributes, not from its text."""
    raised = cases(many)["test_missing"].raised
    assert raised is not None
    assert (raised.missing, raised.owner) == ("count", "shop.pager")


def test_a_strict_pass_has_no_exception(many: TestRun) -> None:
    """It fails, and says why in words."""
    case = cases(many)["test_strict"]
    assert (case.raised, case.reason) == (None, "[XPASS(strict)] known")


def test_reasons_are_told(many: TestRun) -> None:
    """Why a test was skipped or may fail."""
    found = cases(many)
    assert (found["test_skipped"].reason, found["test_xfailed"].reason) == ("not here", "known")


def test_unittest_has_its_exception(many: TestRun) -> None:
    """It is there only after pytest's own hook has run."""
    raised = cases(many)["TestCase::test_unit"].raised
    assert raised is not None
    assert (raised.type, raised.message) == ("builtins.AssertionError", "1 != 2")


@pytest.mark.skipif(pytest.version_tuple < (9,), reason="older pytest stops at the first subtest that fails")
def test_failed_subtests_are_told(many: TestRun) -> None:
    """The test is red, though the report of its call is not, and each red subtest is named."""
    case = cases(many)["TestCase::test_subs"]
    assert [(name, raised.message) for name, raised in case.subtests] == [("(n=11)", "1 != 2"), ("(n=12)", "1 != 2")]
    assert case.raised == case.subtests[0][1]


def test_a_package_around_tells_its_place_and_nothing_of_use(run: Run) -> None:
    """That a package was loaded shows which copy it is, not that a test used what the fix changed in it."""
    text = """
    def test_first():
        import shop
    """
    seen = run(text, around=("src/shop/__init__.py",))
    assert seen.loaded == (Loaded("src/shop/__init__.py"),)
    assert cases(seen)["test_first"].executed == ()


def test_watching_ends_with_the_first_use(run: Run) -> None:
    """A test that used one of the changed files runs on at full speed, also where it uses no other."""
    text = """
    import sys
    from shop import other, pager

    def test_pages():
        assert pager.pages(10) == 1
        assert sys.getprofile() is None
    """
    files = {"src/shop/other.py": "def unused():\n    pass\n"}
    seen = run(text, files=files, watched=(*WATCHED, "src/shop/other.py"))
    assert outcomes(seen) == {"test_pages": "passed"}
    assert cases(seen)["test_pages"].executed == WATCHED


def test_finalizers_do_not_kill_what_is_watched(run: Run) -> None:
    """Objects that call the source as they are collected, in the middle of whatever runs, do a run no harm."""
    text = """
    import gc
    import pytest
    from shop import pager

    kept = []

    class Node:
        def __init__(self):
            self.me = self

        def __del__(self):
            pager.pages(1)
            kept.append(str.upper.__get__(str(len(kept))))

    @pytest.mark.parametrize("n", range(40))
    def test_collected(n):
        gc.collect()
        gc.set_threshold(1)
        try:
            for _ in range(n):
                Node()
            (lambda: 1)()
            list(map(lambda x: x, range(20)))
        finally:
            gc.set_threshold(700)
    """
    seen = run(text)
    assert seen.end is End.FINISHED, seen
    assert set(outcomes(seen).values()) == {"passed"}


def test_what_a_test_executed_is_told(many: TestRun) -> None:
    """In its own process and in those that it starts; to import a file is not to run it."""
    found = cases(many)
    assert {name for name, case in found.items() if case.executed == WATCHED} == {
        "test_pages[even]",
        r"test_pages[a::b[c] \u2603]",
        "test_child",
        "test_raises_not",
        "test_in_source",
        "test_teardown",
        "TestCase::test_unit",
        "TestCase::test_subs",
    }
    assert [name for name, case in found.items() if case.started_process] == ["test_child"]


def test_a_test_that_reads_the_source_is_told(many: TestRun) -> None:
    """To find words in the source is not to test what it does; imports and tracebacks read it too, and do not count."""
    assert [name for name, case in cases(many).items() if case.read] == ["test_grep"]


def test_a_limit_of_its_own_is_told(many: TestRun) -> None:
    """Whoever marks a test so has said what is too long."""
    assert [name for name, case in cases(many).items() if case.has_limit] == ["test_nothing"]


def test_the_source_came_out_of_the_tree(many: TestRun) -> None:
    """Positive evidence: not that nothing was wrong, but that it was seen."""
    assert many.loaded == (Loaded("src/shop/pager.py"),)


def test_nothing_of_ours_stays(place: Path, many: TestRun) -> None:
    """The private folder of a run is gone; what is copied once for all runs is left to the workspace."""
    assert many.cases
    (base,) = place.iterdir()
    assert [[entry.name for entry in folder.iterdir()] for folder in base.iterdir()] == [["site"]]


@pytest.mark.parametrize(("port", "is_seen"), [("0", False), ("Path('port').read_text()", True)], ids=["any", "fixed"])
def test_a_port_of_its_own_choice_is_outside(run: Run, port: str, is_seen: bool) -> None:
    """The next run may want the same one; one that the system chooses is nobody else's."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        number = str(free.getsockname()[1])
    text = f"""
        import socket
        from pathlib import Path
        def test_serve():
            socket.create_server(("127.0.0.1", int({port}))).close()
    """
    assert run(text, {"port": number}).reached_out is is_seen


@pytest.mark.parametrize(
    ("act", "is_seen"),
    [
        pytest.param("(here / 'a').touch(), os.rename(here / 'a', here / 'b'), os.remove(here / 'b')", False, id="own"),
        pytest.param("shutil.rmtree(tempfile.mkdtemp()), os.chmod(here, 0o700), os.utime('src')", False, id="tree"),
        pytest.param("os.remove(there / 'a')", True, id="removed"),
        pytest.param("os.rename(there / 'a', here / 'a')", True, id="taken"),
        pytest.param("os.utime(there / 'a')", True, id="touched"),
        pytest.param("os.chmod(there / 'a', 0o600)", True, id="mode"),
        pytest.param("shutil.rmtree(there)", True, id="folder"),
        pytest.param("socket.socket(type=socket.SOCK_DGRAM).sendto(b'', ('127.0.0.1', 9))", True, id="sent"),
        pytest.param("__import__('multiprocessing.shared_memory')", True, id="shared-memory"),
    ],
)
def test_what_is_turned_elsewhere_is_outside(
    run: Run, tmp_path_factory: pytest.TempPathFactory, act: str, is_seen: bool
) -> None:
    """The next run may find it so; what lies in the tree, or in the folders of the run, it has not got."""
    there = tmp_path_factory.mktemp("there")
    (there / "a").touch()
    text = f"""
        import os, shutil, socket, tempfile
        from pathlib import Path
        def test_turn(tmp_path):
            here, there = tmp_path, Path({str(there)!r})
            {act}
    """
    assert run(text).reached_out is is_seen
