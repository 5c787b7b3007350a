"""Which tests a unit brought: every way to bring one, every edit that brings none, and what does not count."""

from __future__ import annotations

import textwrap
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.core.model import How
from tests.maps import changed, mapped, name_of

if TYPE_CHECKING:
    from pytest_bugguard.core.testmap import TestFile

HEAD = "import pytest\nimport unittest\nfrom shop import pages\n\n\n"


def rows(old: str | None, new: str | None) -> dict[str, How]:
    """Node ids (without the path) of one module, with how it brought them; those that count."""
    head = textwrap.dedent(HEAD)
    sides = [None if text is None else head + textwrap.dedent(text) for text in (old, new)]
    found = mapped(changed("tests/test_a.py", *sides))
    assert found.unreadable == ()
    return {name_of(test): test.change for test in found.tests if test.counts}


def reasons(old: str | None, new: str) -> dict[str, str]:
    """Node ids of what does not count, with the reasons."""
    sides = [None if text is None else HEAD + textwrap.dedent(text) for text in (old, new)]
    return {name_of(test): test.reason for test in mapped(changed("tests/test_a.py", *sides)).tests if not test.counts}


ONE = """
    def test_one():
        assert pages(1) == 1
    """
LIST = """
    ROWS = [1, 2]

    def build():
        return pages(ROWS)

    @pytest.fixture
    def built():
        return build()

    def test_of_fixture(built):
        assert built

    def test_alone():
        assert pages(0) == 0
    """
TABLE = """
    ROWS = [1, 2]

    @pytest.mark.parametrize("row", ROWS)
    def test_row(row):
        assert pages(row)
    """
CASE = """
    class PagerCase(unittest.TestCase):
        size = 10

        def setUp(self):
            self.pager = pages(self.size)

        def helper(self):
            return self.pager.first()

        def test_helped(self):
            self.assertTrue(self.helper())

        def test_plain(self):
            self.assertTrue(self.pager)
    """
MIXIN = """
    class Checks:
        def test_mixed(self):
            assert pages(self.size)
    """

HEIRS = """
    class TestB(Checks):
        size = 1

    class TestC(TestB):
        size = 2
    """


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        pytest.param(None, ONE, {"test_one": How.ADDED}, id="new-file"),
        pytest.param(
            ONE, ONE + "\n    async def test_two():\n        assert pages(2)\n", {"test_two": How.ADDED}, id="async"
        ),
        pytest.param(
            ONE,
            ONE + "\n    class TestB:\n        class TestC:\n            def test_in(self): assert pages(3)\n",
            {"TestB::TestC::test_in": How.ADDED},
            id="nested-class",
        ),
        pytest.param(
            ONE,
            ONE + "\n    if True:\n        def test_if():\n            assert pages(3)\n",
            {"test_if": How.ADDED},
            id="in-an-if",
        ),
        pytest.param(
            ONE,
            ONE + "\n    class Odd(unittest.TestCase):\n        def test_x(self):\n            self.fail(pages)\n",
            {"Odd::test_x": How.ADDED},
            id="unittest-of-any-name",
        ),
        pytest.param(
            f"    from case import Case as _Case\n{ONE}",
            f"    from case import Case as _Case\n{ONE}"
            "\n    class test_x(_Case):\n        def test_y(self):\n            self.assertTrue(pages(2))\n",
            {"test_x::test_y": How.ADDED},
            id="a-case-of-somebody-else",
        ),
        pytest.param(
            ONE,
            ONE + "\n    class TestB:\n        def __init__(self): pass\n        def test_x(self): assert pages\n",
            {},
            id="a-class-with-a-constructor-is-not-collected",
        ),
        pytest.param(
            ONE,
            ONE + "\n    class Helper:\n        def test_x(self):\n            assert pages\n",
            {},
            id="class-of-another-name",
        ),
        pytest.param(ONE, ONE.replace("== 1", "== 2"), {"test_one": How.CHANGED}, id="body"),
        pytest.param(
            ONE,
            ONE.replace("def", "@pytest.mark.usefixtures('db')\n    def"),
            {"test_one": How.CHANGED},
            id="decorator",
        ),
        pytest.param(
            "\n    @pytest.mark.skip\n" + ONE.lstrip("\n"), ONE, {"test_one": How.CHANGED}, id="lost-its-skip-mark"
        ),
        pytest.param(
            "\n    @pytest.mark.xfail(strict=True)\n" + ONE.lstrip("\n"),
            ONE,
            {"test_one": How.CHANGED},
            id="lost-its-xfail-mark",
        ),
        pytest.param(
            TABLE.replace(", ROWS)", ", [1])"),
            TABLE.replace(", ROWS)", ", [1, 2])"),
            {"test_row": How.CASES_ADDED},
            id="row",
        ),
        pytest.param(
            TABLE.replace(", ROWS)", ", [1])"),
            TABLE.replace(", ROWS)", ", [2])"),
            {"test_row": How.CHANGED},
            id="row-changed",
        ),
        pytest.param(
            TABLE.replace(", ROWS)", ", [1, 2])"), TABLE.replace(", ROWS)", ", [2, 1])"), {}, id="rows-in-another-order"
        ),
        pytest.param(TABLE, TABLE.replace("[1, 2]", "[1, 2, 3]"), {"test_row": How.CASES_ADDED}, id="row-in-a-name"),
        pytest.param(
            TABLE, TABLE.replace("[1, 2]", "[1, 3]"), {"test_row": How.HELPER_CHANGED}, id="row-in-a-name-changed"
        ),
        pytest.param(
            TABLE.replace(", ROWS)", ", ALL)").replace("@pytest", "ALL = ROWS + [9]\n\n    @pytest"),
            TABLE.replace(", ROWS)", ", ALL)")
            .replace("@pytest", "ALL = ROWS + [9]\n\n    @pytest")
            .replace("[1, 2]", "[1, 2, 3]"),
            {"test_row": How.CASES_ADDED},
            id="row-two-names-away",
        ),
        pytest.param(
            "\n    @given(x())\n    def test_p(x):\n        assert pages(x)\n",
            "\n    @given(x())\n    @example(0)\n    def test_p(x):\n        assert pages(x)\n",
            {"test_p": How.CASES_ADDED},
            id="hypothesis-example",
        ),
        pytest.param(
            LIST,
            LIST.replace("pages(ROWS)", "pages(ROWS, 1)"),
            {"test_of_fixture": How.HELPER_CHANGED},
            id="helper-of-a-fixture",
        ),
        pytest.param(
            LIST, LIST.replace("[1, 2]", "[1, 3]"), {"test_of_fixture": How.HELPER_CHANGED}, id="constant-of-a-helper"
        ),
        pytest.param(
            LIST,
            LIST.replace("pytest.fixture\n", "pytest.fixture(autouse=True)\n"),
            {"test_of_fixture": How.HELPER_CHANGED, "test_alone": How.HELPER_CHANGED},
            id="fixture-becomes-autouse",
        ),
        pytest.param(
            CASE,
            CASE.replace("pages(self.size)", "pages(1)"),
            {"PagerCase::test_helped": How.HELPER_CHANGED, "PagerCase::test_plain": How.HELPER_CHANGED},
            id="set-up",
        ),
        pytest.param(
            CASE,
            CASE.replace("size = 10", "size = 11"),
            {"PagerCase::test_helped": How.HELPER_CHANGED, "PagerCase::test_plain": How.HELPER_CHANGED},
            id="attribute-read-by-set-up",
        ),
        pytest.param(
            CASE, CASE.replace("first()", "last()"), {"PagerCase::test_helped": How.HELPER_CHANGED}, id="method"
        ),
        pytest.param(
            MIXIN,
            MIXIN + "\n    class TestB(Checks):\n        size = 1\n",
            {"TestB::test_mixed": How.ADDED},
            id="inherited",
        ),
        pytest.param(
            MIXIN + "\n    class TestB(Checks):\n        size = 1\n",
            MIXIN.replace("self.size)", "self.size) == 3") + "\n    class TestB(Checks):\n        size = 1\n",
            {"TestB::test_mixed": How.CHANGED},
            id="mixin-changed",
        ),
        pytest.param(
            MIXIN + HEIRS,
            MIXIN + "\n        def test_more(self):\n            assert pages(2)\n" + HEIRS,
            {"TestB::test_more": How.ADDED, "TestC::test_more": How.ADDED},
            id="mixin-got-a-test",
        ),
        pytest.param(
            MIXIN + HEIRS,
            MIXIN + HEIRS.replace("size = 2", "def test_mixed(self):\n            assert pages(2)"),
            {"TestC::test_mixed": How.ADDED},
            id="own-instead-of-inherited",
        ),
        pytest.param(
            MIXIN.replace("Checks", "TestA") + HEIRS.replace("Checks", "TestA"),
            MIXIN.replace("Checks", "TestA").replace("self.size)", "self.size) == 3")
            + HEIRS.replace("Checks", "TestA"),
            {"TestA::test_mixed": How.CHANGED, "TestB::test_mixed": How.CHANGED, "TestC::test_mixed": How.CHANGED},
            id="inherited-from-a-class-that-is-collected-itself",
        ),
        pytest.param(
            MIXIN.replace("        def", "        @pytest.mark.parametrize('n', [1])\n        def") + HEIRS,
            MIXIN.replace("        def", "        @pytest.mark.parametrize('n', [1, 2])\n        def") + HEIRS,
            {"TestB::test_mixed": How.CASES_ADDED, "TestC::test_mixed": How.CASES_ADDED},
            id="mixin-got-a-row",
        ),
        pytest.param(
            TABLE.replace(", ROWS)", ", [(n, -n) for n in (1, 2)])"),
            TABLE.replace(", ROWS)", ", [(n, -n) for n in (1, 2, 3)])"),
            {"test_row": How.CASES_ADDED},
            id="row-in-a-comprehension",
        ),
        pytest.param(
            TABLE.replace(", ROWS)", ", ((n, m) for n in (1, 2) for m in [3] if n))"),
            TABLE.replace(", ROWS)", ", ((n, m) for n in (1, 2) for m in [3, 4] if n))"),
            {"test_row": How.CASES_ADDED},
            id="row-in-the-inner-loop-of-a-generator",
        ),
        pytest.param(
            TABLE.replace(", ROWS)", ", [(n, -n) for n in (1, 2)])"),
            TABLE.replace(", ROWS)", ", [(n, +n) for n in (1, 2)])"),
            {"test_row": How.CHANGED},
            id="comprehension-makes-something-else",
        ),
        pytest.param(
            TABLE.replace(", ROWS)", ", [(n, -n) for n in ROWS])"),
            TABLE.replace(", ROWS)", ", [(n, -n) for n in ROWS])").replace("[1, 2]", "[1, 2, 3]"),
            {"test_row": How.CASES_ADDED},
            id="row-in-a-name-that-a-comprehension-goes-through",
        ),
        pytest.param(
            TABLE.replace("ROWS = [1, 2]", "ROWS = [str(n) for n in (1, 2)]"),
            TABLE.replace("ROWS = [1, 2]", "ROWS = [str(n) for n in (1, 2, 3)]"),
            {"test_row": How.CASES_ADDED},
            id="row-in-a-comprehension-with-a-name",
        ),
        pytest.param(
            TABLE.replace("ROWS = [1, 2]", "NUMBERS = [1, 2]\n    ROWS = sorted(-n for n in NUMBERS)"),
            TABLE.replace("ROWS = [1, 2]", "NUMBERS = [1, 2, 3]\n    ROWS = sorted(-n for n in NUMBERS)"),
            {"test_row": How.CASES_ADDED},
            id="row-in-a-name-behind-a-comprehension-with-a-name",
        ),
        pytest.param(
            TABLE.replace(", ROWS)", ", [1])"),
            TABLE.replace(", ROWS)", ", [1, 2])").replace("test_row", "test_line"),
            {"test_line": How.CASES_ADDED},
            id="renamed-and-a-row-more",
        ),
        pytest.param(
            TABLE.replace(", ROWS)", ", [1])"),
            TABLE.replace(", ROWS)", ", [2])").replace("test_row", "test_line"),
            {"test_line": How.CHANGED},
            id="renamed-and-another-row",
        ),
        pytest.param(
            TABLE.replace(", ROWS)", ", [1, 2])"),
            TABLE.replace(", ROWS)", ", [1])").replace("test_row", "test_line"),
            {},
            id="renamed-and-a-row-less",
        ),
        pytest.param(
            "\n    pytestmark = pytest.mark.skip\n" + ONE,
            ONE,
            {"test_one": How.HELPER_CHANGED},
            id="module-no-longer-skipped",
        ),
        pytest.param(
            ONE + ONE,
            ONE + ONE.replace("== 1", "== 2"),
            {"test_one": How.CHANGED},
            id="of-two-with-one-name-the-last-counts",
        ),
    ],
)
def test_says_how_each_test_was_brought(old: str | None, new: str, expected: dict[str, How]) -> None:
    """Each way in which a fix brings a test has its word."""
    assert rows(old, new) == expected


def test_a_rebased_class_brings_only_what_it_does_not_override() -> None:
    """Of a class with a new base, the tests that it inherits are new, its own unchanged ones are affected."""
    mixin = MIXIN + "\n        def test_more(self):\n            assert pages(2)\n"
    own = "\n    class TestB{}:\n        def test_mixed(self):\n            assert pages(5)\n"
    assert rows(mixin + own.format(""), mixin + own.format("(Checks)")) == {
        "TestB::test_mixed": How.HELPER_CHANGED,
        "TestB::test_more": How.ADDED,
    }


@pytest.mark.parametrize(
    "new",
    [
        pytest.param("def test_one( ):\n\n    assert pages( 1 )==1\n", id="white-space"),
        pytest.param("# why\ndef test_one():\n    # because\n    assert pages(1) == 1  # so\n", id="comments"),
        pytest.param('def test_one():\n    """Say it."""\n    assert pages(1) == 1\n', id="docstring"),
        pytest.param("def test_one() -> None:\n    assert pages(1) == 1\n", id="annotation"),
        pytest.param("import zlib\n\n\ndef test_one():\n    assert pages(1) == 1\n", id="import"),
        pytest.param("def test_one():\r\n    assert pages(1) == 1\r\n", id="line-ends"),
    ],
)
def test_names_no_test_where_only_the_looks_changed(new: str) -> None:
    """White space, comments, docstrings, annotations, imports and line ends bring no test."""
    assert mapped(changed("tests/test_a.py", "def test_one():\n    assert pages(1) == 1\n", new)).tests == ()


@pytest.mark.parametrize("new", ["argnames='n', argvalues=[1]", "'n', argvalues=[1]", "argvalues=[1], argnames=['n']"])
def test_cases_that_are_handed_over_by_name_are_the_same(new: str) -> None:
    """It is another spelling of the same table."""
    text = "@pytest.mark.parametrize({})\ndef test_one(n):\n    assert pages(n) == 1\n"
    assert rows(text.format("'n', [1]"), text.format(new)) == {}


@pytest.mark.parametrize(
    ("old", "new", "is_same"),
    [
        pytest.param("x = pages(1)\nassert x", "y = pages(1)\nassert y", True, id="renamed"),
        pytest.param("x = 1\ny = 2\nassert pages(x, y)", "y = 1\nx = 2\nassert pages(y, x)", True, id="swapped"),
        pytest.param("x = 1\ny = 2\nassert pages(x, y)", "x = 1\ny = 2\nassert pages(y, x)", False, id="confused"),
        pytest.param("x = 1\ny = 2\nassert pages(x, y)", "x = 1\nx = 2\nassert pages(x, x)", False, id="merged"),
        pytest.param("x = 1\nassert pages(x)", "x = 1\nassert other(x)", False, id="global-name"),
        pytest.param("assert pages('a')", 'assert pages("a")', True, id="quotes"),
        pytest.param("assert pages(1)", "assert pages(1), 'told'", True, id="message-of-an-assertion"),
    ],
)
def test_knows_renamed_locals(old: str, new: str, *, is_same: bool) -> None:
    """The names of local variables do not matter, as long as each stands for the same."""
    sides = [f"def test_one():\n{textwrap.indent(body, '    ')}\n" for body in (old, new)]
    assert (mapped(changed("tests/test_a.py", *sides)).tests == ()) is is_same


@pytest.mark.parametrize(
    ("old", "new", "reason"),
    [
        pytest.param(None, "def test_one():\n    pages(1)\n", "has no assertion", id="no-assertion"),
        pytest.param(None, "def test_one():\n    pass\n", "is empty", id="empty"),
        pytest.param(None, 'def test_one():\n    """Later."""\n', "is empty", id="docstring-only"),
        pytest.param(None, "def test_one():\n    pages(1)\n    assert True\n", "has no assertion", id="assert-true"),
        pytest.param(None, "def test_one():\n    assert (pages(1), 'told')\n", "has no assertion", id="assert-a-tuple"),
        pytest.param(None, "def test_one():\n    assert 1 + 1 == 2\n", "looks at nothing but itself", id="arithmetic"),
        pytest.param(None, "@pytest.mark.skip\ndef test_one():\n    assert pages\n", "is skipped", id="skip-mark"),
        pytest.param(
            None, "@unittest.skip('x')\ndef test_one():\n    assert pages\n", "is skipped", id="unittest-skip"
        ),
        pytest.param(
            None,
            "@pytest.mark.skipif(True, reason='x')\ndef test_one():\n    assert pages\n",
            "is skipped",
            id="skipif-true",
        ),
        pytest.param(
            None, "@pytest.mark.xfail\ndef test_one():\n    assert pages\n", "is expected to fail", id="xfail"
        ),
        pytest.param(
            None, "def test_one():\n    pytest.skip('x')\n    assert pages\n", "is skipped", id="skips-itself"
        ),
        pytest.param(
            None,
            "pytestmark = [pytest.mark.skip]\n\ndef test_one():\n    assert pages\n",
            "is skipped (with the whole module)",
            id="pytestmark",
        ),
        pytest.param(
            None,
            "later = pytest.mark.skip(reason='x')\n\n@later\ndef test_one():\n    assert pages\n",
            "is skipped",
            id="mark-with-a-name",
        ),
        pytest.param(
            None,
            "pytest.skip('x', allow_module_level=True)\n\ndef test_one():\n    assert pages\n",
            "is skipped (with the whole module)",
            id="module-that-skips-itself",
        ),
        pytest.param(
            None,
            "__test__ = False\n\ndef test_one():\n    assert pages\n",
            "is skipped (with the whole module)",
            id="module-of-no-tests",
        ),
        pytest.param(
            None,
            "@pytest.mark.parametrize('n', [])\ndef test_one(n):\n    assert pages(n)\n",
            "has no cases",
            id="no-cases",
        ),
        pytest.param(
            None,
            "@pytest.mark.parametrize('n', argvalues=())\ndef test_one(n):\n    assert pages(n)\n",
            "has no cases",
            id="no-cases-by-name",
        ),
        pytest.param(
            "def test_one():\n    assert pages(1)\n    assert pages(2)\n",
            "def test_one():\n    assert pages(1)\n",
            "its assertions were only removed or loosened",
            id="assertion-removed",
        ),
        pytest.param(
            "def test_one():\n    assert pages(1) == 2\n",
            "def test_one():\n    assert pages(1)\n",
            "its assertions were only removed or loosened",
            id="assertion-loosened",
        ),
        pytest.param(
            "def test_one():\n    with pytest.raises(KeyError, match='a'):\n        pages(1)\n",
            "def test_one():\n    with pytest.raises(Exception):\n        pages(1)\n",
            "its assertions were only removed or loosened",
            id="raises-loosened",
        ),
        pytest.param(
            "def test_one():\n    assert pages\n",
            "@pytest.mark.slow\ndef test_one():\n    assert pages\n",
            "only its marks changed",
            id="marked",
        ),
        pytest.param(
            "@pytest.mark.parametrize('x', [1, 2])\ndef test_one(x):\n    assert pages\n",
            "@pytest.mark.parametrize('x', [1])\ndef test_one(x):\n    assert pages\n",
            "its cases were only removed",
            id="row-removed",
        ),
    ],
)
def test_says_why_a_test_does_not_count(old: str | None, new: str, reason: str) -> None:
    """What cannot guard a fix is named, with the reason in plain words."""
    assert reasons(old, new) == {"test_one": reason}


@pytest.mark.parametrize(
    "new",
    [
        "if is_pypy:\n    pytestmark = pytest.mark.skip()\n\ndef test_one():\n    assert pages\n",
        "class TestIt:\n    if is_pypy:\n        pytestmark = pytest.mark.skip()\n    def test(self): assert pages\n",
    ],
)
def test_what_is_skipped_somewhere_counts(new: str) -> None:
    """A mark in an ``if`` says nothing of the platform on which it does not hold."""
    assert reasons(None, new) == {}


@pytest.mark.parametrize("leaves", ["return", "pytest.skip('slow')", "raise unittest.SkipTest"])
def test_a_test_that_exempts_less_demands_more(leaves: str) -> None:
    """Though all that its text lost is an assertion: what stands below is now asked of the exempted too."""
    new = "@pytest.mark.parametrize('n', CASES)\ndef test_one(n):\n    assert pages(n) == 1\n"
    exempt = f"    if n == 2:\n        assert pages(n)\n        {leaves}\n"
    old = new.replace("    assert", f"{exempt}    assert", 1)
    (test,) = mapped(changed("tests/test_a.py", old, new)).tests
    assert (test.counts, test.reason) == (True, "")


@pytest.mark.parametrize(
    "body",
    [
        "assert pages(1) == 1",
        "with pytest.raises(ValueError):\n    pages(1)",
        "with pytest.warns(UserWarning):\n    pages(1)",
        "if pages(1):\n    pytest.fail('no')",
        "pages.assert_called_once_with(1)",
        "numpy.testing.assert_allclose(pages(1), 1)",
        "result.stdout.fnmatch_lines(['*1 passed*'])",
        "check_page(pages(1))",
        "_verify(pages(1))",
        "helper(pages(1))",
        "if pages(1):\n    raise AssertionError('no')",
        "def call():\n    assert pages\n\npages(call)",
        "pages(1).addCallback(self.assertEqual, 1)",
    ],
)
def test_knows_an_assertion(body: str) -> None:
    """Every usual way to assert is seen, also in a helper of the same file."""
    helper = "\n\ndef helper(page):\n    deeper(page)\n\n\ndef deeper(page):\n    assert page\n"
    assert rows(None, f"def test_one():\n{textwrap.indent(body, '    ')}\n{helper}") == {"test_one": How.ADDED}


@pytest.mark.parametrize("quote", ['"""', "'''"])
def test_text_in_a_string_is_no_test(quote: str) -> None:
    """A test that stands in a triple-quoted string at column 0 is text, whatever else the file holds."""
    old = (
        f"def test_a():\n    assert f({quote}\ndef x(): pass\n{quote})\n\n\n"
        f"SOURCE = {quote}\ndef test_q():\n    assert 1\n{quote}\n"
    )
    new = old.replace("assert 1", "assert 2\n\ndef test_r():\n    assert 3")
    assert mapped(changed("test_a.py", old, new)).tests == ()


def test_a_deep_expression_is_no_trouble() -> None:
    """An expression that is nested too deeply to be compared is taken for changed."""
    old, new = (f"def test_a():\n    assert {' + '.join(['x'] * count)}\n" for count in (900, 901))
    assert [test.change for test in mapped(changed("test_a.py", old, new)).tests] == [How.CHANGED]
    rows = "@pytest.mark.parametrize('x', {})\ndef test_a(x):\n    assert x\n"
    tables = (" + ".join(["[1]"] * count) for count in (900, 901))
    assert [test.nodeid for test in mapped(changed("test_a.py", *(rows.format(table) for table in tables))).tests] == [
        "test_a.py::test_a"
    ]


def test_a_condition_does_not_hold_a_test_back() -> None:
    """A test that is skipped or expected to fail only somewhere may guard elsewhere."""
    marks = "@pytest.mark.skipif(WINDOWS, reason='x')\n@pytest.mark.xfail(MAC, reason='y')\n"
    new = f"{marks}def test_one():\n    assert pages\n"
    assert rows(None, new) == {"test_one": How.ADDED}


BIG = "def test_one():\n    x = pages(1)\n    assert x == 1\n"


@pytest.mark.parametrize(
    "files",
    [
        pytest.param(
            (changed("tests/test_a.py", BIG, BIG.replace("test_one", "test_two").replace("x", "value")),),
            id="renamed-test",
        ),
        pytest.param(
            (changed("tests/test_b.py", None, BIG), changed("tests/test_a.py", BIG, None)), id="moved-to-another-file"
        ),
        pytest.param((changed("tests/test_b.py", BIG, BIG, old_path="tests/test_a.py"),), id="renamed-file"),
        pytest.param(
            (
                changed(
                    "tests/test_a.py",
                    BIG,
                    "class TestA:\n    def test_one(self):\n        x = pages(1)\n        assert x == 1\n",
                ),
            ),
            id="moved-into-a-class",
        ),
    ],
)
def test_what_only_moved_is_not_new(files: tuple[TestFile, ...]) -> None:
    """A test at another path or under another name that does what it did guards nothing new."""
    (test,) = mapped(*files).tests
    assert (test.change, test.counts) == (How.MOVED, False)
    assert test.reason.startswith("is not new: it was tests/test_a.py::test_one")


def test_a_broken_file_is_named_and_the_rest_of_it_mapped() -> None:
    """Text that is no Python 3 is told with its place; what parses beside it is still mapped."""
    old = "print 'python 2'\n\n\ndef test_a():\n    assert f(1)\n"
    assert [name_of(test) for test in mapped(changed("test_a.py", old, old.replace("f(1)", "f(2)"))).tests] == [
        "test_a"
    ]
    new = old.replace("f(1)", "f(2)") + "\n\ndef test_b():\n    print 'no'\n"
    found = mapped(changed("test_a.py", old, new))
    assert [name_of(test) for test in found.tests] == ["test_a"]
    assert found.unreadable[0].path == "test_a.py"
    assert "does not parse" in found.unreadable[0].reason
    assert "test_b" in found.unreadable[0].reason


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("def test_a(:\n", id="syntax"),
        pytest.param("x = 1\0\n", id="null-byte"),
        pytest.param("def test_a():\n    assert " + "(" * 400 + ")" * 400 + "\n", id="nested"),
        pytest.param("x = " + "-" * 60_000 + "1\n", id="deep"),
        pytest.param("# coding: klingon\ndef test_a(): pass\n", id="unknown-encoding"),
    ],
)
def test_hostile_text_is_named_not_fatal(text: str) -> None:
    """Whatever a file holds, the answer is a value."""
    found = mapped(changed("test_a.py", None, text))
    assert found.tests == ()
    assert [bad.path for bad in found.unreadable] == ["test_a.py"]


@pytest.mark.parametrize("mark", ["@pytest.mark.xfail(strict=True)", "@unittest.expectedFailure"])
def test_a_test_of_a_known_bug_is_told_apart_once_it_counts(mark: str) -> None:
    """Its mark went with the bug: the test guards the fix, and the row says since when."""
    (test,) = mapped(
        changed("tests/test_a.py", f"{mark}\ndef test_a():\n    assert f()\n", "def test_a():\n    assert f()\n")
    ).tests
    assert (test.counts, test.reason) == (True, "the test of a known bug, no longer expected to fail")


@pytest.mark.parametrize(
    "head",
    [
        "needs_net = pytest.mark.skipif(not ONLINE, reason='x')\n\n@needs_net\n",
        "if sys.platform == 'win32':\n    pytest.skip('x', allow_module_level=True)\n\n",
        "@pytest.mark.parametrize('n', [1])\n",
    ],
)
def test_what_depends_is_left_to_the_run(head: str) -> None:
    """A test that runs on some machines guards, as far as text can tell."""
    source = f"{head}def test_one(n):\n    assert pages(n)\n"
    (test,) = mapped(changed("tests/test_a.py", None, source)).tests
    assert test.counts


@pytest.mark.parametrize(
    "new",
    [
        pytest.param("def test_two():\n    assert pages(1) == 1\n", id="as-it-was"),
        pytest.param("def test_two():\n    '''Two.'''\n    # more\n    assert pages(1)==1\n", id="laid-out-anew"),
        pytest.param("@pytest.mark.slow\ndef test_two():\n    assert pages(1) == 1\n", id="marked"),
    ],
)
def test_a_copy_under_a_new_name_is_not_new(new: str) -> None:
    """What a test of the same file did before, it does again: it passes where that passes."""
    old = textwrap.dedent(ONE)
    assert rows(old, f"{old}\n\n{new}") == {}
    assert reasons(old, f"{old}\n\n{new}") == {"test_two": "is not new: it does what tests/test_a.py::test_one did"}


def test_a_copy_with_renamed_variables_in_the_same_class_is_not_new() -> None:
    """Methods are compared with those of their own class."""
    method = "    def test_{}(self):\n        {} = pages(1)\n        assert {} == 1\n"
    old = f"class TestPages:\n{method.format('one', 'got', 'got')}"
    assert rows(old, f"{old}\n{method.format('two', 'found', 'found')}") == {}


@pytest.mark.parametrize(
    ("old", "more"),
    [
        pytest.param(ONE, "def test_two():\n    assert pages(2) == 1\n", id="another-value"),
        pytest.param(
            ONE, "@pytest.mark.parametrize('n', [1])\ndef test_two(n):\n    assert pages(1) == 1\n", id="other-cases"
        ),
        pytest.param(
            "class TestOld:\n    n = 1\n\n    def test_one(self):\n        assert pages(self.n) == 1\n",
            "class TestNew:\n    n = 2\n\n    def test_two(self):\n        assert pages(self.n) == 1\n",
            id="in-another-class",
        ),
    ],
)
def test_what_only_looks_like_a_copy_is_new(old: str, more: str) -> None:
    """The same words with other values, other cases or other attributes around them test something else."""
    old = textwrap.dedent(old)
    assert [name.rpartition("::")[2] for name in rows(old, f"{old}\n\n{more}")] == ["test_two"]


def test_what_moved_is_told_with_its_place_before() -> None:
    """Both node ids, for whoever follows a test through the history; of two twins the one with the same cases."""
    old = (
        HEAD
        + """
@pytest.mark.parametrize("row", [1])
def test_cases(row):
    assert pages(row)


def test_plain(row):
    assert pages(row)
"""
    )
    new = (
        HEAD
        + """
def test_other(row):
    assert pages(row)
"""
    )
    found = mapped(changed("tests/test_a.py", old, HEAD), changed("tests/test_b.py", None, new))
    assert found.moves == (("tests/test_a.py::test_plain", "tests/test_b.py::test_other"),)
    (row,) = found.tests
    assert (row.nodeid, row.change, row.counts) == ("tests/test_b.py::test_other", How.MOVED, False)


def test_what_moved_and_got_more_cases_is_told_with_its_place_too() -> None:
    """It guards by its new cases, and is still followed by its old name."""
    text = "import pytest\n\n@pytest.mark.parametrize('n', [1])\ndef test_one(n):\n    assert pages(n) == n\n"
    found = mapped(
        changed("tests/test_a.py", text, ""), changed("tests/test_b.py", None, text.replace("[1]", "[1, 2]"))
    )
    assert found.moves == (("tests/test_a.py::test_one", "tests/test_b.py::test_one"),)
    assert [(row.change, row.counts) for row in found.tests] == [(How.CASES_ADDED, True)]


def test_a_change_of_a_class_in_a_class_reaches_its_own_tests_alone() -> None:
    """A fixture of the inner class is no business of the outer one's tests."""
    text = """
    class TestOuter:
        def test_outer(self):
            assert pages(1) == 1

        class TestInner:
            @pytest.fixture(autouse=True)
            def _set(self):
                self.items = {}

            def test_inner(self):
                assert pages(self.items) == 1
    """
    assert set(rows(text.replace("{}", "10"), text.replace("{}", "11"))) == {"TestOuter::TestInner::test_inner"}


@pytest.mark.parametrize("base", ["unittest.TestCase", "Plain"])
def test_a_base_that_is_hidden_in_a_class_hands_its_tests_on(base: str) -> None:
    """Who wants unittest not to run a base puts it into a class; what derives from it runs all its tests."""
    text = """
        class Plain({plain}):
            pass

        class Base:
            class PagerTests({base}):
                def test_one(self):
                    self.assertEqual(pages(1), 1)
        {more}
        class TenTests(Base.PagerTests):
            size = 10
        """
    plain = "object" if base != "Plain" else "unittest.TestCase"
    more = "        def test_two(self):\n                    self.assertEqual(pages(2), 2)\n"
    old, new = (text.format(base=base, plain=plain, more=one) for one in ("", more))
    assert rows(old, new) == {"TenTests::test_two": How.ADDED}


def test_what_a_base_in_another_file_sets_up_with_reaches_every_test() -> None:
    """A framework's ``setUp`` asks for what the class makes; a helper that only tests use reaches those alone."""
    text = """
        from shop.testing import ServerCase

        class Handler:
            def get(self):
                return {answer}

        class TestServer(ServerCase):
            def get_app(self):
                return [Handler]

            def test_one(self):
                self.assertEqual(self.fetch("/"), 1)
        """
    framework = """
        import unittest

        class ServerCase(unittest.TestCase):
            def setUp(self):
                self.app = self.{hook}()

            def get_app(self):
                raise NotImplementedError
        """
    old, new = (text.format(answer=one) for one in ("'a'", "{'a': 1}"))
    for hook, named in (("get_app", ["TestServer::test_one"]), ("get_port", [])):
        found = mapped(changed("tests/test_a.py", old, new), shop__testing=framework.format(hook=hook))
        assert [name_of(test) for test in found.tests] == named
    more = new + "\n            def test_two(self):\n                self.assertEqual(self.fetch('/a'), 1)\n"
    found = mapped(changed("tests/test_a.py", old, more), shop__testing=framework.format(hook="get_app"))
    assert [name_of(test) for test in found.tests] == ["TestServer::test_two"], "the test that came is the one"
