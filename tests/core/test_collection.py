"""A test that pytest never collects guards nothing, and is told why; one that a run may collect still counts."""

from __future__ import annotations

import pytest

from pytest_bugguard.core import naming
from pytest_bugguard.core.model import FileChange
from pytest_bugguard.core.testmap import TestFile, map_tests
from tests.maps import FakeTree

TEST = "from shop import pages\n\n\ndef test_pages():\n    assert pages(1) == 1\n"


def reason(path: str, ini: str = "", **others: str) -> str:
    """Why the one test in a new file does not count; empty where it does.

    ``others`` are more files: ``__`` in their names for ``/`` and no ``.py``.
    """
    names = naming.from_files({"pytest.ini": f"[pytest]\n{ini}".encode()})
    change = FileChange("A", None, path, 0, 0o100644, None, "1")
    files = {path: TEST, **{f"{name.replace('__', '/')}.py": text for name, text in others.items()}}
    mapped = map_tests([TestFile(change, None, TEST.encode(), names, names)], tree=FakeTree(files))
    (test,) = mapped.tests
    assert test.counts is not bool(test.reason)
    return test.reason.partition(": ")[2]


@pytest.mark.parametrize(
    ("path", "ini", "expected"),
    [
        pytest.param("tests/test_a.py", "", "", id="nothing-said"),
        pytest.param("tests/build/test_a.py", "", "norecursedirs keeps pytest out of tests/build", id="default"),
        pytest.param("tests/build/test_a.py", "norecursedirs = legacy", "", id="default-replaced"),
        pytest.param(
            "tests/old/test_a.py", "norecursedirs = o*", "norecursedirs keeps pytest out of tests/old", id="own"
        ),
        pytest.param(
            "a/tests/old/test_a.py",
            "norecursedirs = tests/old",
            "norecursedirs keeps pytest out of a/tests/old",
            id="end-of-a-path",
        ),
        pytest.param("tests/build/test_a.py", "testpaths = tests/build", "", id="testpaths-begins-below"),
        pytest.param("tests/old/test_a.py", "addopts = --ignore=./tests/old", "addopts ignores it", id="ignore"),
        pytest.param("tests/test_a.py", "addopts = -q --ignore-glob '*_a.py'", "addopts ignores it", id="ignore-glob"),
        pytest.param("checks/test_a.py", "testpaths = tests", "it is outside of testpaths (tests)", id="beside"),
        pytest.param("tests/unit/test_a.py", "testpaths = tests/[u-z]* doc", "", id="testpaths-glob"),
        pytest.param("checks/test_a.py", "testpaths = . tests", "", id="testpaths-top"),
        pytest.param("checks/test_a.py", "testpaths = gone", "", id="testpaths-that-is-not-there"),
        pytest.param("checks/test_a.py", "testpaths = tests/gone", "", id="testpaths-of-which-the-end-is-not-there"),
        pytest.param(
            "checks/test_a.py",
            "testpaths = tests/conftest.py",
            "it is outside of testpaths (tests/conftest.py)",
            id="beside-a-file-further-down",
        ),
    ],
)
def test_where_pytest_looks(path: str, ini: str, expected: str) -> None:
    """By its options, as its own code reads them; where no test path exists it looks everywhere."""
    assert reason(path, ini, tests__conftest="") == expected


@pytest.mark.parametrize(
    ("conftest", "is_left_out"),
    [
        ("collect_ignore = ['old']", True),
        ("collect_ignore: list[str] = ['old/test_a.py']", True),
        ("collect_ignore = []\ncollect_ignore += ['old']", True),
        ("collect_ignore = []\ncollect_ignore.append('old')", True),
        ("collect_ignore = ['new']\ncollect_ignore.insert(0, './old/')", True),
        ("collect_ignore = ('old',)", True),
        ("collect_ignore = {'new', 'old/test_a.py'}", True),
        ("collect_ignore = []\ncollect_ignore.extend(['new', 'old'])", True),
        ("collect_ignore = [OTHER, 'old']", True),
        ("collect_ignore_glob = ['*_a.py']", True),
        ("collect_ignore = ['new']\ncollect_ignore_glob = ['*_a.py']", True),
        ("collect_ignore = ['old']\ncollect_ignore = ['new']", False),
        ("collect_ignore = ['old']\ncollect_ignore.remove('old')", False),
        ("collect_ignore = ['old']\ncollect_ignore.clear()", False),
        ("collect_ignore = ['old']\ncollect_ignore.sort()", True),
        ("collect_ignore = ['old']\ncollect_ignore.index('old')", True),
        ("collect_ignore = ['old']\ncollect_ignore[:] = ['new']", True),
        ("collect_ignore = {'old'}\ncollect_ignore -= {'old'}", False),
        ("collect_ignore = {'new'}\ncollect_ignore |= {'old'}", True),
        ("collect_ignore = []\nprint('old')", False),
        ("collect_ignore = ['new']", False),
        ("import sys\ncollect_ignore = []\nif sys.platform == 'win32':\n    collect_ignore.append('old')", False),
        ("import sys\ncollect_ignore = ['old'] if sys.platform == 'win32' else []", False),
        ("collect_ignore = ['old'", False),
    ],
)
def test_what_a_conftest_leaves_out(conftest: str, is_left_out: bool) -> None:
    """Only what it leaves out on every machine; a condition may be met where the tests run."""
    said = "collect_ignore in a conftest.py leaves it out" if is_left_out else ""
    assert reason("tests/old/test_a.py", tests__conftest=conftest) == said


def test_a_module_that_is_passed_over_may_be_data() -> None:
    """An example that a test runs lies where pytest does not go by itself: the test that names it is the guard."""
    names = naming.from_files({"pytest.ini": b"[pytest]\nnorecursedirs = examples\n"})
    path = "tests/examples/test_warns.py"
    user = "def test_example(pytester):\n    assert pytester.run('examples/test_warns.py')\n"
    user += "\n\ndef test_of_its_own(pytester):\n    assert pytester.makepyfile(**{'test_warns.py': ''})\n"
    file = TestFile(FileChange("M", path, path, 0, 0o100644, "1", "2"), b"", TEST.encode(), names, names)
    mapped = map_tests([file], tree=FakeTree({path: TEST, "tests/test_examples.py": user}))
    assert [test.nodeid for test in mapped.tests if test.counts] == ["tests/test_examples.py::test_example"]
