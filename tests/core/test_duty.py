"""What befalls a test on record: gone, held back, emptied, loosened, or nothing of that."""

from __future__ import annotations

import textwrap

import pytest

from pytest_bugguard.core import duty, naming, testmap
from pytest_bugguard.core.duty import Breach, Harm, Run
from pytest_bugguard.core.model import FileChange
from pytest_bugguard.core.modules import NoTree
from pytest_bugguard.core.outcomes import Outcomes, PhaseReport
from pytest_bugguard.core.receipts import Recorded
from pytest_bugguard.core.testmap import TestFile

NAMING = naming.Naming()
PAGER = """
    import pytest

    def test_page(x=1):
        assert pages(0) == 1
        assert pages(1) == 2

    class TestMore:
        @pytest.mark.parametrize("n", [1, 2, 3])
        def test_deep(self, n):
            assert pages(n)
"""


def text(source: str | None) -> bytes | None:
    """A file's content."""
    return None if source is None else textwrap.dedent(source).encode()


def file(old: str | None, new: str | None, *, path: str = "tests/test_pager.py", to: str | None = None) -> TestFile:
    """One changed file; ``to`` is its new name."""
    new_path = None if new is None else to or path
    old_path = None if old is None else path
    status = "A" if old is None else "D" if new is None else "R" if to else "M"
    change = FileChange(status, old_path, new_path, 0o100644, 0o100644, "a", "b")
    return TestFile(change, text(old), text(new), NAMING, NAMING)


def told(*files: TestFile, nodeid: str = "tests/test_pager.py::test_page") -> tuple[Harm, str] | None:
    """What is said of one test on record."""
    moves = testmap.map_tests(files, tree=NoTree()).moves
    recorded = [Recorded(nodeid, "1c0ffee", "fix: x")]
    found = duty.breaches(recorded, files, moves=moves, tree=NoTree())
    assert all(breach.test == recorded[0] for breach in found)
    return (found[0].harm, found[0].reason) if found else None


def edited(old: str, new: str) -> TestFile:
    """The file with a piece of its text changed."""
    assert old in PAGER
    return file(PAGER, PAGER.replace(old, new))


def test_an_exemption_that_is_gone_is_no_loss() -> None:
    """With it goes an assertion, and all that stands below is demanded of more than before."""
    exempt = "        if WINDOWS:\n            assert pages(0) == 2\n            return\n"
    assertion = "        assert pages(0) == 1\n"
    assert assertion in PAGER
    assert told(file(PAGER.replace(assertion, exempt + assertion), PAGER)) is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param("import pytest", "import pytest, os", None, id="elsewhere"),
        pytest.param("pages(0)", "pages(5)", None, id="another-argument"),
        pytest.param("== 1", "== 7", None, id="another-value"),
        pytest.param("def test_page(x=1):", 'def test_page(x=1):\n        "Says why."', None, id="docstring"),
        pytest.param(
            "        assert pages(0) == 1\n", "", (Harm.LOOSENED, "lost 1 of its 2 assertions"), id="assertion-removed"
        ),
        pytest.param(
            "pages(0) == 1",
            "pages(0) in (1, 2)",
            (Harm.LOOSENED, "demands less: assert pages(0) == 1 became assert pages(0) in (1, 2)"),
            id="loosened",
        ),
        pytest.param(
            "    def test_page", "    @pytest.mark.skip\n    def test_page", (Harm.SKIPPED, "is skipped"), id="skip"
        ),
        pytest.param(
            "    def test_page", "    @pytest.mark.skipif(WINDOWS)\n    def test_page", None, id="skipped-somewhere"
        ),
        pytest.param(
            "    def test_page",
            "    @pytest.mark.xfail(reason='later')\n    def test_page",
            (Harm.XFAILED, "is expected to fail"),
            id="xfail",
        ),
        pytest.param(
            "import pytest",
            "import pytest\n    pytestmark = pytest.mark.skip",
            (Harm.SKIPPED, "is skipped (with the whole module)"),
            id="module-skipped",
        ),
        pytest.param(
            "        assert pages(0) == 1\n        assert pages(1) == 2\n",
            "        pages(0)\n        pages(1)\n",
            (Harm.EMPTIED, "has no assertion"),
            id="no-assertion",
        ),
        pytest.param(
            "        assert pages(0) == 1\n        assert pages(1) == 2\n",
            "        pass\n",
            (Harm.EMPTIED, "is empty"),
            id="empty",
        ),
        pytest.param("def test_page", "def check_page", (Harm.DELETED, "is deleted"), id="no-test-any-more"),
        pytest.param("def test_page", "def test_page_of_a_list", None, id="another-name"),
        pytest.param(
            "    def test_page(x=1):\n        assert pages(0) == 1",
            "    def test_pages(y=2):\n        more()\n        assert pages(0) == 1",
            None,
            id="another-name-and-more",
        ),
        pytest.param(
            "    def test_page(x=1):\n        assert pages(0) == 1",
            "    def test_pages(y=2):\n        assert pages(0)",
            (Harm.DELETED, "is deleted"),
            id="replaced-by-less",
        ),
        pytest.param(
            "    def test_page(x=1):",
            "    test_page = None\n    def test_page(x=1) oops",
            (Harm.UNREADABLE, "cannot be found: its file does not parse: expected ':' (line 5)"),
            id="does-not-parse",
        ),
    ],
)
def test_a_test_on_record_is_watched(old: str, new: str, said: tuple[Harm, str] | None) -> None:
    """What weakens it is told; what only changes it is not."""
    assert told(edited(old, new)) == said


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        pytest.param("[1, 2, 3]", "[1, 3]", (Harm.LOOSENED, "lost some of its cases"), id="case-removed"),
        pytest.param("[1, 2, 3]", "[1, 2, 3, 4]", None, id="case-added"),
        pytest.param("[1, 2, 3]", "[1, 2, 4]", None, id="case-changed"),
        pytest.param("class TestMore", "class More", (Harm.DELETED, "is deleted"), id="class-not-collected"),
        pytest.param(
            "class TestMore:",
            "class TestMore:\n        __test__ = False\n",
            (Harm.DELETED, "is no longer collected"),
            id="switched-off",
        ),
        pytest.param(
            "class TestMore:",
            "@unittest.skip('x')\n    class TestMore:",
            (Harm.SKIPPED, "is skipped (with all of TestMore)"),
            id="class-skipped",
        ),
        pytest.param("class TestMore", "class TestMuchMore", None, id="class-renamed"),
    ],
)
def test_a_case_of_a_method_is_watched(old: str, new: str, said: tuple[Harm, str] | None) -> None:
    """On record with its parameter id, which may hold anything."""
    for case in ("[2]", "[a::b[c]]", ""):
        assert told(edited(old, new), nodeid=f"tests/test_pager.py::TestMore::test_deep{case}") == said


def test_a_file_may_get_another_name() -> None:
    """And its tests may change at the same time; but it has to stay one that pytest reads."""
    assert told(file(PAGER, PAGER, to="tests/unit/test_pages.py")) is None
    assert told(file(PAGER, PAGER.replace("pages(0)", "pages(9)"), to="tests/test_pages.py")) is None
    weaker = file(PAGER, PAGER.replace("== 1", "in (1, 2)"), to="tests/test_pages.py")
    assert told(weaker) == (
        Harm.LOOSENED,
        "demands less: assert pages(0) == 1 became assert pages(0) in (1, 2)",
    )
    assert told(file(PAGER, PAGER, to="tests/pages_helpers.py")) == (Harm.DELETED, "is no longer collected")


def test_a_test_may_move_to_another_file() -> None:
    """As long as it comes out there as it went in, or with all that it asserts."""
    without = PAGER[: PAGER.index("    def test_page")] + PAGER[PAGER.index("    class") :]
    page = PAGER[PAGER.index("    def test_page") : PAGER.index("    class")]
    other = "tests/test_other.py"
    assert told(file(PAGER, without), file(None, page, path=other)) is None
    assert told(file(PAGER, without), file(None, page.replace("x=1", "tmp_path"), path=other)) is None
    assert told(file(PAGER, None), file(None, page, path=other)) is None
    held = "    @pytest.mark.skip\n" + page
    assert told(file(PAGER, without), file(None, held, path=other)) == (Harm.SKIPPED, "is skipped")
    assert told(file(PAGER, None)) == (Harm.DELETED, "is deleted")


def test_a_test_may_move_into_a_base_class() -> None:
    """It is inherited then, and still collected under its name."""
    old = "class TestA:\n    def test_one(self):\n        assert a == 1\n"
    new = "class Base:\n    def test_one(self):\n        assert a == 1\n\nclass TestA(Base):\n    pass\n"
    nodeid = "tests/test_pager.py::TestA::test_one"
    assert told(file(old, new), nodeid=nodeid) is None
    assert told(file(old, new.replace("a == 1", "a")), nodeid=nodeid) == (
        Harm.LOOSENED,
        "demands less: assert a == 1 became assert a",
    )


@pytest.mark.parametrize(
    "nodeid",
    ["tests/test_other.py::test_page", "tests/test_pager.py::test_none", "docs/x.rst::x.rst", "tests/test_pager.py"],
)
def test_what_the_change_does_not_touch_is_left_alone(nodeid: str) -> None:
    """Another file, a test that was not there before the change either, and what is no function."""
    assert told(file(PAGER, ""), nodeid=nodeid) is None


def test_a_test_that_was_held_back_before_is_no_news() -> None:
    """This change did not do it."""
    held = PAGER.replace("    def test_page", "    @pytest.mark.skip\n    def test_page")
    assert told(file(held, held.replace("pages(0)", "pages(3)"))) is None


def test_a_copy_is_not_what_it_was_copied_from() -> None:
    """The original still stands where it stood."""
    one = file(PAGER, "x = 1", to="tests/test_copy.py")
    copied = TestFile(one.change._replace(status="C"), one.old, one.new, NAMING, NAMING)
    assert told(copied) is None


def test_the_file_that_says_so_is_named() -> None:
    """Where the test stands now, or stood last."""
    recorded = [Recorded("tests/test_pager.py::test_page[1]", "1c0ffee", "fix: x")]
    moved = file(PAGER, PAGER.replace("== 1", "in (1, 2)"), to="tests/test_pages.py")
    for changed, path in ((moved, "tests/test_pages.py"), (file(PAGER, None), "tests/test_pager.py")):
        (breach,) = duty.breaches(recorded, [changed], moves=(), tree=NoTree())
        assert breach.path == path


SKIPPED = (Harm.SKIPPED, "was skipped in this run")
XFAILED = (Harm.XFAILED, "failed in this run as it was expected to")
LEFT_OUT = (Harm.LEFT_OUT, "was not collected in this run")


@pytest.mark.parametrize(
    ("ended", "is_whole", "said"),
    [
        pytest.param({"": "passed"}, True, None, id="passed"),
        pytest.param({"": "failed"}, True, None, id="failed"),
        pytest.param({"": "skipped"}, True, SKIPPED, id="skipped"),
        pytest.param({"": "skipped"}, False, SKIPPED, id="skipped-in-a-run-of-some"),
        pytest.param({"[1]": "skipped", "[a::b]": "skipped"}, True, SKIPPED, id="all-cases-skipped"),
        pytest.param({"[1]": "skipped", "[a::b]": "passed"}, True, None, id="some-cases-skipped"),
        pytest.param({"": "xfailed"}, True, XFAILED, id="failed-as-expected"),
        pytest.param({"": "xfailed"}, False, XFAILED, id="failed-as-expected-in-a-run-of-some"),
        pytest.param({"": "xpassed"}, True, None, id="passed-though-one-failure-was-expected"),
        pytest.param({"[1]": "xfailed", "[2]": "skipped"}, True, XFAILED, id="failed-as-expected-or-skipped"),
        pytest.param({"[1]": "xfailed", "[2]": "passed"}, True, None, id="some-cases-failed-as-expected"),
        pytest.param({"_more": "passed"}, True, LEFT_OUT, id="not-collected"),
        pytest.param({"_more": "passed"}, False, None, id="not-asked-for"),
    ],
)
def test_a_test_on_record_has_to_run(ended: dict[str, str], is_whole: bool, said: tuple[Harm, str] | None) -> None:
    """In any of its cases, under whichever ids; a run of some of the tests need not come to it."""
    outcomes, test = Outcomes(), "tests/test_pager.py::TestMore::test_deep"
    for case, outcome in ended.items():
        word = {"xfailed": "skipped", "xpassed": "passed"}.get(outcome, outcome)
        outcomes.add(PhaseReport(test + case, "call", word, is_xfail=word != outcome))
    recorded = [Recorded(test + case, "1c0ffee", "fix: x") for case in ("", "[a::c]")]
    assert list(duty.idle(recorded, Run(outcomes, is_whole=is_whole))) == (
        [Breach(one, *said, path="tests/test_pager.py") for one in recorded] if said else []
    )
