"""Where the test of a fix may come from, and what excuses one that has none, in a run of pytest."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from tests.doors.shop import GUARD, GUARDING, shown

if TYPE_CHECKING:
    from tests.doors.shop import Shop

_TODAY = dt.datetime.now(tz=dt.UTC).date()
_WAIVER = """
[[waivers]]
fix = "{fix}"
owner = "payments"
reason = "needs the simulator"
expires = {expires}
"""
_MOVED = {"tests/test_last.py": None, "tests/test_pages.py": GUARDING}
_RENAMED = {"tests/test_last.py": GUARDING.replace("test_last_page", "test_rest")}


def _marked(issue: str) -> str:
    return GUARDING.replace("def test", f"import pytest\n\n@pytest.mark.regression('{issue}')\ndef test")


@pytest.mark.parametrize(
    ("scope", "status"), [pytest.param("change", 0, id="change"), pytest.param("unit", 1, id="unit")]
)
@pytest.mark.parametrize("is_test_first", [True, False], ids=["test-first", "fix-first"])
def test_fix_and_test_may_be_two_commits(shop: Shop, scope: str, status: int, is_test_first: bool) -> None:
    """A change is one thing, in whatever order it was committed; unless each unit has to stand for itself."""
    shop.repo.write("bugguard.toml", f'enabled = true\n[fixes]\nscope = "{scope}"\n')
    if is_test_first:
        shop.repo.write("tests/test_last.py", GUARDING)
        place = shop.repo.commit("test: the last page")
        shop.fix()
    else:
        shop.fix()
        shop.repo.write("tests/test_last.py", GUARDING)
        place = shop.repo.commit("test: the last page")
    result = shop.run()
    assert result.ret == status
    assert (f"in commit {place[:7]}   passed" in shown(result)) == (not status)


def test_a_test_in_the_work_tree_counts_and_is_told(shop: Shop) -> None:
    """What is not committed yet guards here, but would not guard elsewhere: the section says so."""
    shop.fix()
    shop.repo.write("tests/test_last.py", GUARDING)
    result = shop.run("--bugguard")
    assert result.ret == 0
    assert f"{GUARD}   linked: " in shown(result)
    assert "only by a test in the work tree that is not committed yet" in shown(result)


@pytest.mark.parametrize(
    ("nodeid", "status", "said"),
    [
        pytest.param("tests/test_pager.py::test_full_page", 0, "named by a trailer   passed", id="a-test"),
        pytest.param("./tests/test_pager.py::test_full_page", 0, "named by a trailer   passed", id="with-a-dot"),
        pytest.param("tests/test_pager.py::test_gone", 1, "but there is no such test", id="nothing"),
        pytest.param("tests/test_pager.py", 1, "but there is no such test", id="a-file"),
        pytest.param("../../etc/passwd::x", 1, "but there is no such test", id="outside"),
    ],
)
def test_a_trailer_names_the_test(shop: Shop, nodeid: str, status: int, said: str) -> None:
    """``Regression-Test: NODEID`` in the fix's message points at a test that was there before."""
    shop.fix(subject=f"fix: last page is missing\n\nRegression-Test: {nodeid}")
    result = shop.run("--bugguard")
    assert result.ret == status
    assert said in shown(result)


COLLECTS = """\
import pytest
from shop import pager

class Case(pytest.Item):
    def runtest(self):
        assert pager.pages(13) == int(self.path.read_text())

class File(pytest.File):
    def collect(self):
        yield Case.from_parent(self, name="case")

def pytest_collect_file(parent, file_path):
    return File.from_parent(parent, path=file_path) if file_path.suffix == ".case" else None
"""


@pytest.mark.parametrize(
    ("trailer", "status", "said"),
    [
        pytest.param("", 1, "a hook of the project's own may collect tests from it", id="none"),
        pytest.param("tests/three.case::case", 0, "named by a trailer   passed", id="it"),
        pytest.param("tests/three.case::other", 1, "tests/three.case::other was not run", id="no-such"),
    ],
)
def test_a_test_that_a_hook_collects_is_named_by_a_trailer(shop: Shop, trailer: str, status: int, said: str) -> None:
    """Which tests a hook of the project's own makes of a file nobody can tell; the run knows them by name."""
    shop.repo.write("conftest.py", COLLECTS)
    shop.repo.commit("test: cases")
    shop.repo.git("branch", "-f", "main")
    shop.repo.write("tests/three.case", "2")
    shop.fix(subject=f"fix: last page is missing\n\nRegression-Test: {trailer}" if trailer else "fix: the last page")
    result = shop.run("--bugguard")
    assert result.ret == status
    assert said in shown(result)


def test_a_mark_ties_a_test_to_an_issue(shop: Shop) -> None:
    """``regression("#12")`` guards the fix of issue 12, and the mark is known under ``--strict-markers``."""
    shop.repo.write("tests/test_last.py", _marked("#12"))
    shop.repo.commit("test: the last page")
    shop.repo.git("branch", "-f", "main")
    shop.fix(subject="fix: last page is missing (#12)")
    result = shop.run("--bugguard", "--strict-markers")
    assert result.ret == 0
    assert f"{GUARD}   linked: marked regression(12)   passed" in shown(result)


@pytest.mark.parametrize(
    ("days", "status", "said"),
    [
        pytest.param(0, 0, "waived by payments until {day}: needs the simulator", id="last-day"),
        pytest.param(-1, 1, "brings no test; the waiver of payments ended on {day}\n", id="overdue"),
    ],
)
def test_a_waiver_holds_through_its_day(shop: Shop, days: int, status: int, said: str) -> None:
    """In date it is shown with owner and reason; after that it fails the run and says, once, whose it was."""
    day = (_TODAY + dt.timedelta(days=days)).isoformat()
    shop.settings("enabled = true\n" + _WAIVER.format(fix=shop.fix()[:9], expires=day))
    result = shop.run()
    assert result.ret == status
    assert said.format(day=day) in shown(result)


def test_a_trailer_waives_its_own_commit(shop: Shop) -> None:
    """``Bugguard: waive REASON`` is shown with its reason and fails nothing."""
    shop.fix(subject="fix: last page is missing\n\nBugguard: waive only on hardware")
    result = shop.run("--bugguard")
    assert result.ret == 0
    assert "waived in its own message: only on hardware" in shown(result)


def test_a_trailer_still_waives_where_the_run_takes_the_guard_away(shop: Shop) -> None:
    """A test that was skipped here guards nothing here; the waiver is what remains."""
    test = GUARDING.replace("    assert", "    import pytest\n    pytest.skip('no hardware')\n    assert")
    shop.fix(test, subject="fix: last page is missing\n\nBugguard: waive only on hardware")
    result = shop.run("--bugguard")
    assert result.ret == 0
    assert "WAIVED" in shown(result)


@pytest.mark.parametrize(
    ("later", "expected"),
    [
        pytest.param(_MOVED, "tests/test_pages.py::test_last_page", id="moved"),
        pytest.param(_RENAMED, "tests/test_last.py::test_rest", id="renamed"),
    ],
)
def test_a_test_is_followed_through_the_change(shop: Shop, later: dict[str, str | None], expected: str) -> None:
    """A later commit of the change may move or rename the test of a fix: it guards under its new name."""
    shop.fix(GUARDING)
    for path, text in later.items():
        if text is None:
            (shop.repo.path / path).unlink()
        else:
            shop.repo.write(path, text)
    shop.repo.commit("refactor: sort the tests")
    result = shop.run("--bugguard")
    assert result.ret == 0
    assert expected in shown(result)


def test_a_test_that_a_later_commit_took_away_guards_nothing(shop: Shop) -> None:
    """The section does not ask to run what is not there any more."""
    shop.fix(GUARDING)
    (shop.repo.path / "tests/test_last.py").unlink()
    shop.repo.commit("refactor: fewer tests")
    result = shop.run("--bugguard")
    assert result.ret == 1
    assert f"{GUARD} is gone" in shown(result)
