"""Red without the fix and green with it: for which reason, and which of the tests. Real repositories, real runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.core import experiment
from tests.fixes import CONFIGURED, GUARD, LAST, NEW, OLD, PAGER, TEST, Said, commit, opened, prove, repaired

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_bugguard.core.model import MappedTest, Red

BASE: dict[str, str] = {}
FIX: dict[str, str] = {PAGER: NEW}
"""One fix of many things at once, each with a test file of its own: what stands below adds to it.

No two things add the same name, so that none is excused by another's.
"""


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> Said:
    """What is said of the one fix; of each test as if the fix had brought no other."""
    return repaired(tmp_path_factory.mktemp("many"), FIX, base=BASE)


def red(case: MappedTest) -> Red:
    """How it was red without the fix."""
    assert case.red is not None
    return case.red


def test_01_an_assertion_that_fails_without_the_fix_proves_it(tmp_path: Path) -> None:
    """The plainest proof: kind, message and place of the red are told."""
    said = repaired(tmp_path)
    assert (said.verdict, said.done.code) == ("proven", 0)
    assert said.test(LAST)["red"] == {"kind": "assertion", "message": "assert 1 == 2", "where": "tests/test_last.py:4"}
    assert said.record["next"] == ""


BASE["src/shop/none.py"] = OLD
FIX["src/shop/none.py"] = "def pages(items):\n    return items // 10 if items else 0\n"
FIX["tests/test_none.py"] = "from shop.none import pages\n\ndef test_none():\n    pages(None)\n"


def test_02_an_exception_of_the_source_proves_it(many: Said) -> None:
    """A crash is told with the line of the source that crashed, also where the test asserts nothing."""
    said = many.alone("tests/test_none.py")
    (case,) = said.tests
    assert said.verdict == "proven"
    assert (red(case).kind, red(case).where) == ("raised", "src/shop/none.py:2")


def test_03_a_test_that_passes_without_the_fix_proves_nothing(tmp_path: Path) -> None:
    """It is named, the command fails, and what to do says how to get at the tree."""
    said = repaired(tmp_path, {PAGER: NEW, "tests/test_last.py": GUARD.replace("11) == 2", "20) == 2")})
    assert (said.verdict, said.done.code) == ("unproven", 1)
    assert said.reason == f"{LAST} passes without the fix too"
    assert "--keep" in said.record["next"]


FIX["tests/test_two.py"] = GUARD + "\ndef test_two():\n    assert pages(20) == 2\n"


def test_04_of_several_tests_those_without_need_of_the_fix_are_named(many: Said) -> None:
    """One is enough; the others do not count."""
    said = many.alone("tests/test_two.py")
    assert said.verdict == "proven"
    assert [case.nodeid for case in said.tests if case.counts] == ["tests/test_two.py::test_last"]
    assert said.reason.startswith("1 of 2 cases red")
    assert said.reason.endswith("tests/test_two.py::test_two")


NEW_NAME = NEW + "\ndef first_page():\n    return 1\n"
IMPORTS_IT = "from shop.pager import first_page\n\ndef test_first():\n    assert first_page() == 1\n"


def test_05_an_import_of_a_new_name_is_weak(tmp_path: Path) -> None:
    """It only shows that the API is new; whether that is enough is a setting."""
    repo = opened(tmp_path)
    commit(repo, {PAGER: NEW_NAME, "tests/test_first.py": IMPORTS_IT})
    for on_weak, code in (("warn", 0), ("fail", 1)):
        said = prove(repo, "HEAD", "--set", f'fixes.on-weak="{on_weak}"')
        assert (said.verdict, said.done.code) == ("weak", code)
        assert "only because the API is new" in said.reason


def test_06_a_third_party_that_only_the_old_source_needs_is_the_environment(tmp_path: Path) -> None:
    """The test could not even be collected: nothing is known of the bug."""
    said = repaired(tmp_path, base={PAGER: f"import no_such_library\n{OLD}"})
    assert (said.verdict, said.done.code) == ("undecided", 1)
    assert "lacks what the fix does not add" in said.reason
    assert "no_such_library" in said.reason


_SIZED = NEW.replace("items)", "items, {0}=10)")
_NAMED = NEW + "\ndef {0}():\n    return 1\n"
_WANTS = {
    "name": (_NAMED, "from shop import {1}\ndef test_it():\n    assert {1}.{0}()\n"),
    "parameter": (_SIZED, "from shop.{1} import pages\ndef test_it():\n    assert pages(5, {0}=5) == 1\n"),
    "arity": (_SIZED, "from shop.{1} import pages\ndef test_it():\n    assert pages(5, 10) == 1\n"),
    "name-asked-for-by-an-assertion": (
        _NAMED,
        (
            "from shop import {1}\nimport inspect\nimport pytest\n"
            "def has(name):\n    {1}.pages(1)\n    assert name in dir({1})\n"
            "@pytest.mark.parametrize('name', ['pages', '{0}'])\n"
            "def test_it(name):\n    has(name)\n    assert hasattr({1}, name)\n"
            "def test_found():\n    found = getattr({1}, '{0}', None)\n"
            "    assert {1}.pages(10) == 1\n    assert found is not None\n"
        ),
    ),
    "parameter-asked-for-by-an-assertion": (
        _SIZED,
        (
            "from shop.{1} import pages\nfrom inspect import signature\nimport unittest\n"
            "class TestIt(unittest.TestCase):\n    def test_it(self):\n        assert pages(10) == 1\n"
            "        self.assertIn('{0}', signature(pages).parameters)\n"
        ),
    ),
    "name-imported-in-another-process": (
        _NAMED,
        (
            "import subprocess, sys\nfrom shop import {1}\ndef test_it():\n    assert {1}.pages(10) == 1\n"
            "    subprocess.run([sys.executable, '-c', 'from shop.{1} import {0}'], check=True)\n"
        ),
    ),
    "name-asked-for-by-a-helper": (
        _NAMED,
        (
            "from shop import {1}\nimport pytest\ndef there(name):\n    return hasattr({1}, name)\nclass TestIt:\n"
            "    def has(self, name):\n        return there(name)\n"
            "    def test_method(self):\n        {1}.pages(10)\n        assert self.has('{0}')\n"
            "def test_function():\n    {1}.pages(10)\n    assert all(there(name) for name in ['{0}'])\n"
        ),
    ),
}
"""The source with the fix and its test; ``{0}`` is the name that the fix adds, ``{1}`` its module."""
for _number, (_source, _test) in enumerate(_WANTS.values()):
    BASE[f"src/shop/wants_{_number}.py"] = OLD + "class Pager:\n    pass\n"
    FIX[f"src/shop/wants_{_number}.py"] = _source.format(f"added_{_number}")
    FIX[f"tests/test_wants_{_number}.py"] = _test.format(f"added_{_number}", f"wants_{_number}")


@pytest.mark.parametrize("number", [pytest.param(number, id=name) for number, name in enumerate(_WANTS)])
def test_07_a_want_of_what_the_fix_adds_is_weak(many: Said, number: int) -> None:
    """New functions, methods and parameters are missing without the fix whatever they do."""
    said = many.alone(f"tests/test_wants_{number}.py")
    assert said.verdict == "weak", said.reason


def test_07_a_want_that_keeps_a_file_from_being_collected_is_weak(tmp_path: Path) -> None:
    """A method that a list of parameters asks for; no other file is looked at then."""
    source = "class Pager:\n    def first(self):\n        return 1\n"
    test = (
        "from shop.pager import Pager\nimport pytest\n"
        "@pytest.mark.parametrize('n', [Pager().first()])\ndef test_it(n):\n    assert n\n"
    )
    said = repaired(tmp_path, {PAGER: source, "tests/test_it.py": test}, base={PAGER: OLD + "class Pager:\n    pass\n"})
    assert said.verdict == "weak", said.reason


INDIRECT = """
    import functools

    def logged(function):
        @functools.wraps(function)
        def inner(*given, **options):
            return function(*given, **options)
        return inner

    class Pager:
        def pages(self, items):
            return items // 10

        def __getattr__(self, name):
            raise AttributeError(f"no {name}")

    @logged
    def pages(items):
        return items // 10
"""
WANTING = """
    import pickle
    from unittest import mock

    from shop import pager

    class Mine(pager.Pager):
        def first(self):
            return super().first()

    def test_decorator():
        assert pager.pages(20) == 2
        assert pager.pages(20, size=20) == 1

    def test_getattr():
        assert pager.Pager().pages(20) == 2
        assert pager.Pager().first() == 1

    def test_super():
        assert Mine().pages(20) == 2
        assert Mine().first() == 1

    def test_patch():
        assert pager.pages(20) == 2
        with mock.patch("shop.pager.first_page"):
            assert pager.pages(20) == 2

    def test_monkeypatch(monkeypatch):
        assert pager.pages(20) == 2
        monkeypatch.setattr(pager, "first_page", None)
        assert pager.pages(20) == 2

    def test_double():
        assert pager.pages(20) == 2
        assert mock.create_autospec(pager.pages, return_value=1)(20, size=20) == 1

    def test_pickle():
        assert pager.pages(20) == 2
        assert pickle.loads(b"cshop.pager\\nfirst_page\\n.")

    def test_errors():
        assert pager.pages(20) == 2
        errors = []
        try:
            pager.first_page()
        except Exception as error:
            errors.append(error)
        assert errors == []
"""


def test_07_a_want_that_comes_by_way_of_others_is_weak(tmp_path: Path) -> None:
    """Whoever looks for what is not there: a decorator, ``__getattr__``, a patch, a double, a text of documentation."""
    fixed = INDIRECT.replace("items)", "items, size=10)").replace("items // 10", "-(-items // size)")
    methods = "Pager:\n        def first(self):\n            return 1\n"
    said = repaired(
        tmp_path,
        {
            PAGER: fixed.replace("Pager:\n", methods) + "\n    def first_page():\n        return 1\n",
            "tests/test_it.py": WANTING,
            "docs/use.txt": ">>> from shop.pager import pages, first_page\n>>> first_page(), pages(20)\n(1, 2)\n",
        },
        base={PAGER: INDIRECT, "pyproject.toml": CONFIGURED.replace('= "-p', '= "--doctest-glob=*.txt -p')},
    )
    assert said.verdict == "weak", said.reason
    kinds = {test["nodeid"].rpartition("::")[2]: test["red"]["kind"] for test in said.record["tests"]}
    assert kinds == dict.fromkeys(kinds, "new-api")
    assert {"test_pickle", "use.txt"} < kinds.keys()


BASE["src/shop/page.py"] = "class Page:\n    def __init__(self):\n        self.draw = lambda: 1\n"
FIX["src/shop/page.py"] = f"{BASE['src/shop/page.py']}    def __reduce__(self):\n        return Page, ()\n"
FIX["tests/test_page.py"] = "import pickle\nfrom shop.page import Page\ndef test_page():\n    pickle.dumps(Page())\n"


def test_07_an_exception_out_of_c_proves(many: Said) -> None:
    """The last line of the traceback is the test's; no name is missing: it is the source's behaviour."""
    said = many.alone("tests/test_page.py")
    assert said.verdict == "proven"
    assert red(said.tests[0]).kind == "error"


BASE["src/shop/draw.py"] = "def draw(page):\n    return page.text(1, 2)\n"
FIX["src/shop/draw.py"] = "def draw(page):\n    return page.text(1)\n"
FIX["tests/test_draw.py"] = """
    from shop.draw import draw

    class Double:
        def text(self, size):
            return size

    def test_draw():
        assert draw(Double()) == 1
"""


def test_07_a_test_double_that_the_source_calls_wrongly_proves(many: Said) -> None:
    """The last line is the test's, but the source's are on the way there."""
    said = many.alone("tests/test_draw.py")
    assert said.verdict == "proven"
    assert (red(said.tests[0]).kind, red(said.tests[0]).where) == ("raised", "src/shop/draw.py:2")


FIXTURE = "import pytest\n@pytest.fixture\ndef shop():\n    return {}\n"


def test_08_a_fixture_that_the_fix_adds_to_the_source_is_weak(tmp_path: Path) -> None:
    """It is a name of the source like others."""
    base = {"conftest.py": "pytest_plugins = ['shop.testing']\n", "src/shop/testing.py": ""}
    fix = {PAGER: NEW, "src/shop/testing.py": FIXTURE, "tests/test_last.py": GUARD.replace("last()", "last(shop)")}
    assert repaired(tmp_path, fix, base=base).verdict == "weak"


def test_08_a_set_up_that_fails_tells_nothing(tmp_path: Path) -> None:
    """The test did not come to judge."""
    conftest = "import pytest\nfrom shop import pager\n@pytest.fixture\ndef server():\n    open(pager.ADDRESS)\n"
    fix = {
        PAGER: "ADDRESS = __file__\n" + NEW,
        "tests/conftest.py": conftest,
        "tests/test_last.py": GUARD.replace("last()", "last(server)"),
    }
    said = repaired(tmp_path, fix, base={PAGER: "ADDRESS = 'no such file'\n" + OLD})
    assert said.verdict == "undecided"
    assert "does not come past its set-up without the fix: FileNotFoundError" in said.reason


def test_09_a_file_that_is_red_all_over_is_a_broken_tree(tmp_path: Path) -> None:
    """The settings stay as the fix has them, and the old source cannot read them: that is not the bug."""
    old = """
        import json
        from pathlib import Path

        def pages(items):
            return items // json.loads(Path("settings.json").read_text())["size"]
    """
    test = "from shop.pager import pages\ndef test_full():\n    assert pages(10) == 1\n"
    fix = {
        PAGER: old.replace('["size"]', '["page"]["size"]').replace("items //", "-(-items) //"),
        "settings.json": '{"page": {"size": 10}}\n',
        TEST: test + "def test_more():\n    assert pages(20) == 2\n",
    }
    said = repaired(tmp_path, fix, base={PAGER: old, TEST: test, "settings.json": '{"size": 10}\n'})
    assert said.verdict == "undecided", said.reason
    assert f"every test of {TEST} fails without the fix in the same way (KeyError: 'size')" in said.reason


def test_10_a_red_that_does_not_come_again_is_unstable(tmp_path: Path) -> None:
    """Both runs are told."""
    old = """
        import os

        def pages(items):
            with open(os.environ["SHOP_LOG"], "a+") as log:
                log.write("x")
                return items // 10 + (log.tell() > 1)
    """
    said = repaired(tmp_path, base={PAGER: old}, SHOP_LOG=str(tmp_path / "log"))
    assert (said.verdict, said.done.code) == ("unstable", 1)
    assert f"{LAST} is red without the fix once (assert 1 == 2) and passed the next time" in said.reason


def test_11_a_test_that_fails_with_the_fix_too_is_broken(tmp_path: Path) -> None:
    """There is nothing to run without the fix."""
    said = repaired(tmp_path, {PAGER: NEW, "tests/test_last.py": GUARD.replace("== 2", "== 3")})
    assert (said.verdict, said.done.code) == ("broken", 1)
    assert said.test(LAST)["before"] is None


def test_12_a_hang_is_ended_and_is_no_proof(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Fast with the fix, endless without it: probably the bug, but a slow machine looks the same."""
    monkeypatch.setattr(experiment, "_LEAST_LIMIT_S", 3.0)  # what a user's run waits is too long to wait here
    said = repaired(
        tmp_path,
        base={PAGER: "import time\n\ndef pages(items):\n    while items > 10:\n        time.sleep(1)\n    return 1\n"},
    )
    assert said.verdict == "undecided"
    assert f"{LAST} hangs without the fix" in said.reason
    assert said.test(LAST)["red"]["kind"] == "timeout"


FIX["tests/test_skipped.py"] = "import pytest\n" + GUARD.replace(
    "def", "@pytest.mark.skipif('1', reason='not here')\ndef"
)


def test_13_a_test_that_is_skipped_here_is_undecided(many: Said) -> None:
    """Another Python or platform may be able to tell."""
    said = many.alone("tests/test_skipped.py")
    assert said.verdict == "undecided"
    assert "was skipped with the fix: not here" in said.reason


def test_13_a_bug_of_another_python_is_unproven_here(tmp_path: Path) -> None:
    """And it is said that a receipt from there settles it."""
    old = "import sys\n\ndef pages(items):\n    return items // 10 if sys.version_info < (3, 1) else -(-items // 10)\n"
    said = repaired(tmp_path, base={PAGER: old})
    assert said.verdict == "unproven"
    assert "another Python or platform" in said.record["next"]


BASE["tests/test_known.py"] = "import pytest\n" + GUARD.replace("def", "@pytest.mark.xfail(strict=True)\ndef")
FIX["tests/test_known.py"] = GUARD


def test_14_the_test_of_a_known_bug_proves_once_it_counts(many: Said) -> None:
    """Its xfail mark went with the bug, and the row says so."""
    said = many.alone("tests/test_known.py")
    assert said.verdict == "proven"
    assert said.tests[0].reason == "the test of a known bug, no longer expected to fail"


ROWS = """
    import pytest
    from shop.pager import pages

    @pytest.mark.parametrize("n", [10, 20])
    def test_n(n):
        assert pages(n) == (n + 9) // 10
"""
BASE["tests/test_rows.py"] = ROWS
FIX["tests/test_rows.py"] = ROWS.replace("10, 20", "10, 20, 21")


def test_15_a_row_that_was_added_proves_alone(many: Said) -> None:
    """The rows beside it passed before, and do not count."""
    said = many.alone("tests/test_rows.py")
    assert said.verdict == "proven"
    counts = {case.nodeid.removeprefix("tests/test_rows.py::"): case.counts for case in said.tests}
    assert counts == {"test_n[10]": False, "test_n[20]": False, "test_n[21]": True}


FIX["tests/test_clock.py"] = ROWS.replace("pytest", "pytest, time", 1).replace(
    "[10, 20]", "[10, 11], ids=lambda n: f'{n}@{time.time_ns()}'"
)


def test_16_ids_that_change_from_run_to_run_are_matched(many: Said) -> None:
    """A clock in the parameters' ids is no reason to be blind."""
    said = many.alone("tests/test_clock.py")
    assert said.verdict == "proven", said.reason
    (proving,) = [case.nodeid for case in said.tests if case.counts]
    assert "test_n[11@" in proving


FIX["tests/test_unit.py"] = """
    import unittest
    from shop.pager import pages

    class LastPage(unittest.TestCase):
        def test_last(self):
            self.assertEqual(pages(11), 2)

        def test_many(self):
            for items in (10, 11, 12):
                with self.subTest(items=items):
                    self.assertEqual(pages(items), (items + 9) // 10)
"""


def test_17_a_unittest_and_its_subtests_prove(many: Said) -> None:
    """A method is a test, and a failed subtest makes it red."""
    cases = many.alone("tests/test_unit.py").tests
    told = [(case.nodeid.rpartition("::")[2], case.counts, red(case).kind) for case in cases]
    assert told == [("test_last", True, "assertion"), ("test_many", True, "assertion")]


BASE["tests/test_drawn.py"] = """
    from hypothesis import example, given, strategies as st
    from shop.pager import pages

    @given(st.just(10))
    def test_n(n):
        assert pages(n) == (n + 9) // 10
"""
FIX["tests/test_drawn.py"] = BASE["tests/test_drawn.py"].replace("@given", "@example(11)\n    @given")


def test_18_an_example_for_hypothesis_proves(many: Said) -> None:
    """Red is what the test raised, not Hypothesis; the same examples are drawn each time."""
    said = many.alone("tests/test_drawn.py")
    assert (said.verdict, red(said.tests[0]).kind) == ("proven", "assertion")


FIX["tests/test_broad.py"] = ROWS.replace("[10, 20]", "range(100)")


def test_49_a_broad_change_is_called_so(many: Said) -> None:
    """More than fifty flips are not about one bug."""
    said = many.alone("tests/test_broad.py")
    assert said.verdict == "proven"
    assert "a broad change, not one bug" in said.reason
    assert "a broad change" not in many.alone("tests/test_two.py").reason


BASE["tests/test_constant.py"] = """
    from shop.pager import pages

    ROWS = [(10, 1)]

    def test_rows():
        for items, expected in ROWS:
            assert pages(items) == expected
"""
FIX["tests/test_constant.py"] = BASE["tests/test_constant.py"].replace("(10, 1)", "(10, 1), (11, 2)")


def test_a_constant_beside_it_turns_a_test(many: Said) -> None:
    """What flips though its own text is the same proves too."""
    said = many.alone("tests/test_constant.py")
    assert [(case.nodeid, case.counts) for case in said.tests] == [("tests/test_constant.py::test_rows", True)]


@pytest.mark.parametrize(("row", "verdict"), [("11 2", "proven"), ("20 2", "undecided")])
def test_tests_that_are_made_as_their_file_is_imported_are_run(tmp_path: Path, row: str, verdict: str) -> None:
    """Their names are in no text: what fails without the fix is one of them; where nothing does, it stays open."""
    makes = """
        import unittest
        from pathlib import Path
        from shop.pager import pages


        def load(name):
            class Made(unittest.TestCase):
                def test_pages(self):
                    for row in Path(__file__).with_name("cases").joinpath(f"{name}.txt").read_text().splitlines():
                        items, expected = map(int, row.split())
                        self.assertEqual(pages(items), expected)
            globals()[f"Test{name.title()}"] = Made


        load("last")
    """
    base = {"tests/test_made.py": makes, "tests/cases/last.txt": "10 1\n"}
    said = repaired(tmp_path, {PAGER: NEW, "tests/cases/last.txt": f"10 1\n{row}\n"}, base=base)
    assert said.verdict == verdict
    assert said.proving == (["tests/test_made.py::TestLast::test_pages"] if verdict == "proven" else [])
    assert verdict == "proven" or "makes its tests while it is imported" in said.reason
