"""Lines that the processes of a run go through: what they note, and what is read of it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

import pytest_bugguard
from pytest_bugguard.adapters import measured_lines
from pytest_bugguard.core.runs import Ran

if TYPE_CHECKING:
    from tests.runs import Run

PROBE = Path(pytest_bugguard.__file__).parent / "adapters" / "probe"
MODULE = "X = [\n    1,\n]\n\n\ndef one():\n    return 1\n\n\ndef two():\n    return 2\n"
PROCESS = """
import os, sys
sys.path[:0] = [{probe!r}, {top!r}]
from bugguard_probe.guide import Guide
from bugguard_probe.measure import Measure
from bugguard_probe.places import Places
places = Places({top!r}, "", [""], ["mod.py", "never.py"], "")
measure = Measure(places, ["mod.py"], {lines!r}, is_main={is_main})
measure.begin()
sys.meta_path.insert(0, Guide(places, measure.on_found))
import other
import mod
{between}
if {is_main}:
    measure.enter("test_one", is_own=True)
mod.one()
if {is_main}:
    measure.enter("test_two", is_own=False)
mod.two()
if {is_main}:
    measure.enter("", is_own=True)
mod.one()
{more}
"""


def _measured(
    tmp_path: Path, *, is_main: bool = True, between: str = "", more: str = "", other: str = "Y = 1\n"
) -> tuple[Ran, ...] | None:
    (tmp_path / "mod.py").write_text(MODULE, encoding="utf-8")
    (tmp_path / "other.py").write_text(other, encoding="utf-8")
    (tmp_path / "late.py").write_text(
        "import sys\nassert sys.gettrace() or sys.version_info >= (3, 12)\n", encoding="utf-8"
    )
    lines = tmp_path / "lines"
    lines.mkdir()
    code = PROCESS.format(
        probe=str(PROBE), top=str(tmp_path), lines=str(lines), is_main=is_main, between=between, more=more
    )
    subprocess.run([sys.executable, "-I", "-c", code], check=True, capture_output=True, cwd=tmp_path)
    return measured_lines.read(lines)


def test_a_line_is_told_with_what_ran_it(tmp_path: Path) -> None:
    """A test, an import, or another test, which says nothing of the first; of watched files alone."""
    (ran,) = _measured(tmp_path) or ()
    assert ran.path == "mod.py"
    assert ran.in_tests == {7}
    assert not ran.in_subprocesses
    assert ran.at_import - {2} == {1, 6, 10}  # line 2 is the first one's, whoever counts it


def test_what_a_file_runs_while_it_is_loaded_is_told_as_an_imports(tmp_path: Path) -> None:
    """A file of tests may call the product for the cases of its tests: so it can still not be told."""
    (ran,) = _measured(tmp_path, other="import mod\nCASES = [mod.two()]\n") or ()
    assert ran.at_import - {2} == {1, 6, 10, 11}


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="there nothing else is slowed down")
def test_between_what_is_loaded_and_the_tests_nothing_is_traced(tmp_path: Path) -> None:
    """What pytest does there takes longer than many a test."""
    assert _measured(tmp_path, between="assert sys.gettrace() is None; import late; assert sys.gettrace() is None")


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="there no trace function is needed")
@pytest.mark.parametrize("tracing", ["sys.settrace(None)", "sys.settrace(lambda *_: None)"])
def test_what_somebody_else_traces_is_not_known(tmp_path: Path, tracing: str) -> None:
    """A test with a trace function of its own takes the place of ours: nothing is told, rather than half of it."""
    assert _measured(tmp_path, more=f"measure.enter('test_one', is_own=True); {tracing}") is None


ASIDE = """
import sys
sys.path[:0] = [{probe!r}, {top!r}]
import mod
from bugguard_probe.tracer import Tracer
tracer = Tracer(lambda name: "mod.py" if name.endswith("mod.py") else "", "test")
one = tracer.aside(mod.one)
tracer.start()
with tracer.looking():
    assert (one(), mod.two()) == (1, 2)
tracer.switch("test")
one()
print({{context: dict(files) for context, files in tracer.lines().items()}})
"""


def test_what_pytest_does_with_a_file_of_tests_is_not_traced(tmp_path: Path) -> None:
    """To rewrite it takes long under a trace function, and runs nothing of the project's; a test may do it too."""
    (tmp_path / "mod.py").write_text(MODULE, encoding="utf-8")
    code = ASIDE.format(probe=str(PROBE), top=str(tmp_path))
    done = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True)
    assert done.stdout.strip() == "{'': {'mod.py': {11}}, 'test': {'mod.py': {7}}}"


BETWEEN = """
import pytest
from shop import pager

def pytest_configure():
    pager.configure()

@pytest.hookimpl(wrapper=True)
def pytest_collection_modifyitems():
    pager.before()
    yield
    pager.after()

@pytest.hookimpl(hookwrapper=True)
def pytest_collection_finish():
    outcome = yield
    pager.finish(outcome)

class Sheet(pytest.File):
    def collect(self):
        pager.collect()
        return []

def pytest_collect_file(file_path, parent):
    return Sheet.from_parent(parent, path=file_path) if file_path.suffix == ".sheet" else None
"""
CASES = """
from shop import pager

def pytest_generate_tests(metafunc):
    metafunc.parametrize("case", [pager.generate()])

def test_case(case):
    assert pager.test() is None
"""
NAMES = ("configure", "before", "after", "finish", "collect", "generate", "test", "nobody")


def test_what_hooks_of_the_project_run_is_told_as_an_imports(run: Run) -> None:
    """A conftest may call the product before the first test: no test ran it, and it is no line that never ran."""
    source = "".join(f"def {name}(*_):\n    return\n" for name in NAMES)
    files = {"src/shop/pager.py": source, "tests/conftest.py": BETWEEN, "tests/a.sheet": ""}
    (ran,) = run(CASES, files, targets=("tests/test_it.py", "tests/a.sheet"), measures=True).ran or ()
    body = {name: 2 * place for place, name in enumerate(NAMES, start=1)}
    assert {name for name, line in body.items() if line in ran.in_tests} == {"test"}
    assert {name for name, line in body.items() if line in ran.at_import} == set(NAMES) - {"test", "nobody"}


def test_what_another_process_runs_is_run_by_a_test(tmp_path: Path) -> None:
    """Beside the process of pytest, without which nothing is known."""
    assert _measured(tmp_path, is_main=False) is None
    (tmp_path / "lines" / "main.1").write_text("{}", encoding="utf-8")
    (ran,) = measured_lines.read(tmp_path / "lines") or ()
    assert not ran.in_tests | ran.at_import
    assert ran.in_subprocesses >= {1, 6, 7, 10, 11}


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_a_fork_leaves_nothing_of_its_own(tmp_path: Path) -> None:
    """What it had inherited would be written twice."""
    _measured(tmp_path, more="os.fork() or sys.exit()")
    assert len(list((tmp_path / "lines").iterdir())) == 1


@pytest.mark.skipif(not hasattr(os, "fork"), reason="this system has no fork")
def test_what_a_fork_runs_is_told_too(tmp_path: Path) -> None:
    """It leaves as those of multiprocessing do, without a farewell."""
    forked = "measure.enter('test_one', is_own=True); pid = os.fork(); pid or (mod.two(), os._exit(0))"
    (ran,) = _measured(tmp_path, more=f"{forked}; os.waitpid(pid, 0)") or ()
    assert ran.in_tests == {7}
    assert ran.in_subprocesses == {11}


@pytest.mark.parametrize("content", ["", '{"test": {"mod.py": [1', "[]", '{"test": 1}', '{"test": {"a": ["x"]}}', "\0"])
def test_a_note_that_was_cut_off_is_none(tmp_path: Path, content: str) -> None:
    """The process of pytest was killed: nothing is told. Of another one the rest stands."""
    (tmp_path / "main.1").write_text(content, encoding="utf-8")
    assert measured_lines.read(tmp_path) is None
    (tmp_path / "main.1").write_text('{"test": {"a.py": [3]}}', encoding="utf-8")
    (tmp_path / "other.2").write_text(content, encoding="utf-8")
    assert measured_lines.read(tmp_path) == (Ran("a.py", frozenset({3}), frozenset(), frozenset()),)
