"""Which doctests a unit brought, in modules and in texts."""

from __future__ import annotations

import doctest
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from pytest_bugguard.core import naming
from pytest_bugguard.core.doctests import Example, examples, map_doctests
from pytest_bugguard.core.model import How
from tests.maps import FakeTree, changed

if TYPE_CHECKING:
    from pytest_bugguard.core.model import TestMap
    from pytest_bugguard.core.testmap import TestFile

MODULES = naming.from_files({"pytest.ini": b"[pytest]\naddopts = --doctest-modules --doctest-glob=*.rst\n"})
FUNCTION = '''
    def pages(n):
        """How many.

        >>> pages(3)
        1
        """
        return 1
'''
TEXT = "Pages\n=====\n\n>>> pages(3)\n1\n"


def told(*files: TestFile, fixed: tuple[str, ...] = ()) -> TestMap:
    """What these changes bring where every docstring and every .rst is searched."""
    collected = [replace(file, naming_old=MODULES, naming_new=MODULES) for file in files]
    return map_doctests(collected, tree=FakeTree({"src/shop/__init__.py": ""}), is_fixed=fixed.__contains__)


def rows(*files: TestFile) -> list[tuple[str, How, str]]:
    """Node id, way and reason of each."""
    return [(row.nodeid, row.change, row.reason) for row in told(*files).tests]


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param("", FUNCTION, (How.ADDED, ""), id="new"),
        pytest.param(FUNCTION.replace(">>>", "$"), FUNCTION, (How.ADDED, ""), id="docstring-got-examples"),
        pytest.param(FUNCTION, FUNCTION.replace("   1\n", "   2\n"), (How.CHANGED, ""), id="output"),
        pytest.param(FUNCTION, FUNCTION.replace("pages(3)", "pages(4)"), (How.CHANGED, ""), id="code"),
        pytest.param(
            FUNCTION,
            FUNCTION.replace("   1\n", "   1\n\n        >>> pages(0)\n        0\n"),
            (How.CASES_ADDED, ""),
            id="one-more",
        ),
        pytest.param(
            FUNCTION.replace("   1\n", "   1\n\n        >>> pages(0)\n        0\n"),
            FUNCTION,
            (How.CHANGED, "its examples were only removed"),
            id="one-less",
        ),
        pytest.param(
            "", FUNCTION.replace("pages(3)", "pages(3)  # doctest: +SKIP"), (How.ADDED, "is skipped"), id="skipped"
        ),
        pytest.param("", FUNCTION.replace("        1\n", ""), (How.ADDED, "has no assertion"), id="expects-nothing"),
        pytest.param(
            "",
            FUNCTION.replace("        1\n", "").replace("pages(3)", "assert pages(3) == 1"),
            (How.ADDED, ""),
            id="asserts",
        ),
    ],
)
def test_says_how_a_doctest_was_brought(old: str, new: str, expected: tuple[How, str]) -> None:
    """Each way in which a docstring brings a test has its word; what cannot fail does not count."""
    assert rows(changed("src/shop/pager.py", old, new)) == [("src/shop/pager.py::shop.pager.pages", *expected)]


@pytest.mark.parametrize(
    "new",
    [
        FUNCTION.replace("return 1", "return 2"),
        FUNCTION.replace("How many.", "How many pages there are."),
        FUNCTION.replace("        >>>", "        So:\n\n        >>>"),
        f"{FUNCTION}\n\nB = 2\n",
        f"def other():\n    return 1\n\n\n{FUNCTION}",
    ],
)
def test_an_edit_that_leaves_the_examples_alone_brings_no_doctest(new: str) -> None:
    """Prose, code and neighbours of a doctest are no part of it."""
    assert rows(changed("src/shop/pager.py", FUNCTION, new)) == []


def test_calls_each_doctest_as_pytest_does() -> None:
    """Modules, classes, methods, properties; in packages, beside them, and in texts."""
    new = '''
        """A module.

        >>> 1
        1
        """
        class Pager:
            """A class.

            >>> 2
            2
            """
            @property
            def size(self):
                """A property.

                >>> 3
                3
                """
            @size.setter
            def size(self, to):
                """No doctest."""
            class Inner:
                def first(self):
                    """
                    >>> 4
                    4
                    """
        if Pager:
            async def late():
                """
                >>> 5
                5
                """
                def hidden():
                    """
                    >>> 6
                    6
                    """
    '''
    names = [row[0] for row in rows(changed("src/shop/__init__.py", None, new))]
    assert names == [
        "src/shop/__init__.py::shop",
        "src/shop/__init__.py::shop.Pager",
        "src/shop/__init__.py::shop.Pager.Inner.first",
        "src/shop/__init__.py::shop.Pager.size",
        "src/shop/__init__.py::shop.late",
    ]
    assert rows(changed("tools/lint.py", None, FUNCTION))[0][0] == "tools/lint.py::lint.pages"
    assert rows(changed("docs/use.rst", None, TEXT)) == [("docs/use.rst::use.rst", How.ADDED, "")]
    assert rows(changed("docs/use.rst", None, "Pages\n")) == []


def test_a_doctest_that_moved_is_not_new() -> None:
    """Under another name, in another file, or in a file with another name: it does what it did."""
    moved = FUNCTION.replace("def pages", "def count")
    found = told(changed("src/shop/a.py", FUNCTION, "A = 1\n"), changed("src/shop/b.py", None, moved))
    assert [(row.nodeid, row.change, row.counts) for row in found.tests] == [
        ("src/shop/b.py::shop.b.count", How.MOVED, False)
    ]
    assert found.moves == (("src/shop/a.py::shop.a.pages", "src/shop/b.py::shop.b.count"),)
    renamed = told(changed("docs/new.rst", TEXT, TEXT, old_path="docs/old.rst"))
    assert [(row.nodeid, row.reason) for row in renamed.tests] == [
        ("docs/new.rst::new.rst", "is not new: it was docs/old.rst::old.rst")
    ]
    edited = told(changed("docs/new.rst", TEXT, TEXT + ">>> pages(0)\n0\n", old_path="docs/old.rst"))
    assert [(row.nodeid, row.change) for row in edited.tests] == [("docs/new.rst::new.rst", How.CASES_ADDED)]


def test_a_doctest_in_the_repaired_file_does_not_count() -> None:
    """Without the fix its file is the old one, and the example is gone with it."""
    files = changed("src/shop/pager.py", None, FUNCTION), changed("src/shop/usage.py", None, FUNCTION)
    found = told(*files, fixed=("src/shop/pager.py",))
    assert [(row.counts, row.reason) for row in found.tests] == [
        (False, "shares its file with the fix"),
        (True, ""),
    ]


def test_names_a_module_that_cannot_be_read() -> None:
    """What does not parse may hold a doctest: it is named."""
    found = told(changed("src/shop/pager.py", FUNCTION, FUNCTION + "print 'no'\n"))
    assert found.tests == ()
    assert [bad.path for bad in found.unreadable] == ["src/shop/pager.py"]
    assert "its doctests were not looked into" in found.unreadable[0].reason
    assert told(changed("src/shop/pager.py", "print 'a'", "print 'b'")).unreadable == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", ()),
        ("a >>> b", ()),
        (">>> f(\n...   1)\n2\n\nprose", (Example("f(\n  1)", "2"),)),
        (">>> for x in y:\n...     x\n...\n1\n2\n", (Example("for x in y:\n    x\n", "1\n2"),)),
        ("    >>> a\n    ...\n", (Example("a\n", ""),)),
        (">>> a\n1\n>>> b\n", (Example("a", "1"), Example("b", ""))),
        (">>> a\nTraceback:\n...\nError\n", (Example("a", "Traceback:\n...\nError"),)),
        (">>> \n>>> a\n", (Example("a", ""),)),
        (">>> # why\n>>> a # so\n", (Example("a # so", ""),)),
    ],
)
def test_reads_examples(text: str, expected: tuple[Example, ...]) -> None:
    """Code with its continuation lines, and what it prints up to a blank line or the next prompt."""
    assert examples(text) == expected
    official = doctest.DocTestParser().get_examples(text)
    assert [(one.code.rstrip(), one.expected) for one in expected] == [
        (one.source.rstrip(), one.want.rstrip()) for one in official
    ]
