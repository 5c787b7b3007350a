"""Doctests as pytest itself collects them, beside what we say of them without running anything."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.core import naming
from pytest_bugguard.core.doctests import map_doctests
from pytest_bugguard.core.model import FileChange
from pytest_bugguard.core.testmap import TestFile
from tests.doors.shop import shown
from tests.maps import FakeTree

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.doors.shop import Shop

_MODULE = '"""\n>>> 1\n1\n"""\n\n\ndef f():\n    """\n    >>> 2\n    2\n    """\n'
_TEXT = ">>> 3\n3\n"
_FILES = {
    "src/shop/__init__.py": _MODULE,
    "src/shop/pager.py": _MODULE,
    "src/shop/__main__.py": _MODULE,
    "src/shop/usage.txt": _TEXT,
    "tests/test_pager.py": _MODULE,
    "tests/test_usage.txt": _TEXT,
    "tests/conftest.py": "",
    "docs/use.rst": _TEXT,
    "docs/use.md": _TEXT,
    "docs/conf.py": _MODULE,
    "docs/conftest.py": "import sys\n\ncollect_ignore = ['old']\ncollect_ignore_glob = ['*.tmp.rst']\n"
    "collect_ignore += ['late.rst']\nif sys.platform == 'other':\n    collect_ignore.append('use.rst')\n",
    "docs/old/use.rst": _TEXT,
    "docs/use.tmp.rst": _TEXT,
    "docs/late.rst": _TEXT,
    "docs/silent.rst": "Nothing here.\n",
    "build/lib/use.rst": _TEXT,
    "README.rst": _TEXT,
    "setup.py": f"import setuptools\n{_MODULE}",
}


@pytest.mark.parametrize(
    "ini",
    [
        "",
        "addopts = --doctest-modules",
        "addopts = --doctest-modules -p no:doctest\n",
        "addopts = --doctest-modules -pno:doctest\n",
        "addopts = --doctest-glob=*.rst --doctest-glob '*.md'",
        "addopts = --doctest-glob=docs/*.rst",
        "addopts = --doctest-modules --ignore=docs --ignore ./src/shop/pager.py",
        "addopts = --doctest-modules --doctest-glob=*.rst --ignore-glob=docs/*.rst",
        "addopts = --doctest-modules --doctest-glob=*.rst\nnorecursedirs = tests",
        "addopts = --doctest-modules\ntestpaths = src tests",
        "testpaths = README.rst tests",
        "addopts = --doctest-modules --import-mode=importlib",
    ],
)
def test_knows_the_doctests_that_pytest_collects(pytester: pytest.Pytester, ini: str) -> None:
    """By whatever options: the same doctests, by the same names."""
    files = {**_FILES, "pytest.ini": f"[pytest]\n{ini}\n"}
    for name, text in files.items():
        place = pytester.path / name
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, "utf-8")
    run = pytester.runpytest_inprocess("--collect-only", "-q", "-p", "no:cacheprovider")
    assert sorted(_said(files)) == sorted(line for line in run.outlines if "::" in line)


def _said(files: dict[str, str]) -> Iterator[str]:
    rules = naming.from_files({"pytest.ini": files["pytest.ini"].encode()})
    for path, text in files.items():
        as_new = TestFile(FileChange("A", None, path, 0, 0o100644, None, None), None, text.encode(), rules, rules)
        found = map_doctests(
            [as_new] if rules.holds_doctests(path) else [],
            tree=FakeTree(files),
            is_fixed=lambda _: False,
        )
        yield from (row.nodeid for row in found.tests)


_EXAMPLE = '\n    """How many.\n\n    >>> pages(11)\n    2\n    """\n'
_REPAIRED = f"def pages(items):{_EXAMPLE}    return -(-items // 10)\n"


def _with_doctests(shop: Shop) -> None:
    shop.repo.write(
        "pyproject.toml",
        '[tool.pytest.ini_options]\npythonpath = ["src"]\naddopts = "--doctest-modules --doctest-glob=*.rst"\n',
    )
    shop.repo.commit("build: run the doctests")


def test_a_doctest_in_the_repaired_file_leaves_the_verdict_open(shop: Shop) -> None:
    """It was run and it passed; whether it fails without the fix cannot be told, and the section says what to do."""
    _with_doctests(shop)
    shop.repo.write("src/shop/pager.py", _REPAIRED)
    shop.repo.commit("fix: the last page is missing")
    result = shop.run("--bugguard")
    assert result.ret == 1
    assert "src/shop/pager.py::shop.pager.pages shares its file with the fix" in shown(result)
    assert "put the example into a test file" in shown(result)


@pytest.mark.parametrize("is_collected", [True, False], ids=["collected", "not-collected"])
def test_a_doctest_in_a_text_guards_where_pytest_runs_it(shop: Shop, is_collected: bool) -> None:
    """An example in the documentation is a test like any other, if the project has pytest run it."""
    if is_collected:
        _with_doctests(shop)
    shop.repo.write("docs/use.rst", ">>> from shop.pager import pages\n>>> pages(11)\n2\n")
    shop.fix()
    result = shop.run("--bugguard")
    assert result.ret == (0 if is_collected else 1)
    assert ("docs/use.rst::use.rst   added   passed" in shown(result)) == is_collected
