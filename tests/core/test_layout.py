"""What ``bugguard init`` sees in a repository, and what it proposes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.core import layout, messages, settings
from pytest_bugguard.core.layout import Habits, Layout

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def _look(files: Sequence[str] | Mapping[str, bytes], subjects: Sequence[str] = ()) -> Layout:
    contents = files if isinstance(files, dict) else dict.fromkeys(files, b"")

    def folder_at(folder: str) -> tuple[str, ...] | None:
        prefix = f"{folder}/" if folder else ""
        below = [path[len(prefix) :].partition("/") for path in contents if path.startswith(prefix)]
        return tuple(sorted({name + slash for name, slash, _ in below})) or None

    return layout.look(folder_at, contents.get, [messages.parse(subject) for subject in subjects])


@pytest.mark.parametrize(
    ("files", "source", "tests"),
    [
        pytest.param(["src/shop/__init__.py", "tests/test_x.py", "setup.py"], ("src",), ("tests",), id="src"),
        pytest.param(["src/shop/part.py", "docs/conf.py"], ("src",), (), id="namespace-package"),
        pytest.param(["shop/pay/rates.py"], ("shop",), (), id="namespace-package-at-the-top"),
        pytest.param(["shop/__init__.py", "till/__init__.py", "examples/__init__.py", "tests/__init__.py"],
                     ("shop", "till"), ("tests",), id="several-packages"),
        pytest.param(["shop/__init__.py", "shop/tests/test_x.py", "shop/pay/tests/data.json"], ("shop",),
                     ("shop/pay/tests", "shop/tests"), id="tests-inside"),
        pytest.param(["six.py", "test_six.py", "setup.py", "conftest.py"], ("six.py",), (), id="single-module"),
        pytest.param(["packages/a/pyproject.toml", "packages/a/src/a/__init__.py", "packages/a/tests/x.py",
                      "packages/b/setup.py", "packages/b/b/__init__.py"],
                     ("packages/a/src", "packages/b/b"), ("packages/a/tests",), id="several-projects"),
        pytest.param(["shop/__init__.py", "shop/pay.py", "properties/__init__.py", "properties/test_pay.py",
                      "properties/conftest.py"], ("shop",), ("properties",), id="package-of-tests"),
        pytest.param({"pay/__init__.py": b"def pay(): ...", "pay/test_pay.py": b""}, ("pay",), (), id="single-file"),
        pytest.param(["pay/__init__.py", "pay/rates.py", "pay/test_pay.py"], ("pay",), (), id="tests-beside-source"),
        pytest.param({"pytest.ini": b"[pytest]\ntestpaths = pay\n", "pay/__init__.py": b"", "pay/rates.py": b"",
                      "pay/test_pay.py": b""}, ("pay",), (), id="package-among-testpaths"),
        pytest.param(["README.md", "src/main.c"], (), (), id="nothing-of-python"),
        pytest.param([], (), (), id="empty"),
    ],
)  # fmt: skip
def test_source_and_tests_are_found(
    files: Sequence[str] | Mapping[str, bytes], source: tuple[str, ...], tests: tuple[str, ...]
) -> None:
    """Usual layouts, and what there is none of is said."""
    found = _look(files)
    assert (found.source, found.tests) == (source, tests)
    assert len(found.lines) == 2
    assert [("none found" in found.lines[0]), ("no folder" in found.lines[1])] == [not source, not tests]


def test_many_folders_of_tests_take_one_line() -> None:
    """As where each of sixty packages has tests of its own."""
    inside = [f"shop/part{number}/tests/test_x.py" for number in range(6)]
    found = _look(["shop/__init__.py", *inside, "qa/tests/test_x.py", "t/test_x.py"])
    assert found.lines[1] == "tests: qa/tests, shop/**/tests (6 folders)"
    assert len(found.tests) == 7
    assert _look(inside[1:]).lines[1] == f"tests: {', '.join(_look(inside[1:]).tests)}"


def test_testpaths_are_found_and_broken_configuration_is_told() -> None:
    """The settings of pytest say where the tests are."""
    found = _look({"pytest.ini": b"[pytest]\ntestpaths = qa src missing\n", "qa/x.py": b"", "src/a/__init__.py": b""})
    assert found.tests == ("qa",)
    of_kinds = _look({"pytest.ini": b"[pytest]\ntestpaths = t/unit\n", "t/unit/x.py": b"", "t/e2e/x.py": b""})
    assert (of_kinds.source, of_kinds.tests) == ((), ("t/e2e", "t/unit"))
    assert any(line.startswith("pytest.ini: ") for line in _look({"pytest.ini": b"x"}).lines)


@pytest.mark.parametrize(
    ("files", "news"),
    [
        (["newsfragments/README.rst"], "newsfragments"),
        (["changelog/12.bugfix.rst"], "changelog"),
        (["docs/changelog/12.bugfix.rst"], "docs/changelog"),
        (["src/shop/newsfragments/README.rst"], "src/shop/newsfragments"),
        (["changelog/index.rst"], ""),
    ],
)
def test_fragments_are_found(files: list[str], news: str) -> None:
    """By an unmistakable name, or by what lies there."""
    assert _look(files).news == news


def test_habits_are_counted() -> None:
    """Conventional types, closing words, and keys of a tracker that occur often; UTF-8 is no tracker."""
    subjects = ["fix: a", "feat(x): b", "Fixes #3", "SHOP-1 d", "[SHOP-2] UTF-8", "e (SHOP-3) UTF-8", "UTF-8 ONCE-1"]
    found = _look([], subjects)
    assert found.habits == Habits(messages=7, conventional=2, closing=1, trackers=("SHOP",))
    assert found.table == {"enabled": "ci", "fixes": {"issues": [r"\bSHOP-\d+"]}}
    assert "issue keys: SHOP-1" in found.lines


def test_the_busiest_tracker_comes_first() -> None:
    """Of those that are used as often the first by name."""
    often = {"ZOO": 3, "TILL": 4, "API": 3}
    subjects = [f"{prefix}-{number} x" for prefix, times in often.items() for number in range(times)]
    assert _look([], subjects).habits.trackers == ("TILL", "API", "ZOO")


@pytest.mark.parametrize(("others", "trackers"), [(0, ("SHOP",)), (57, ("SHOP",)), (58, ())])
def test_what_looks_like_a_key_now_and_then_is_no_tracker(others: int, trackers: tuple[str, ...]) -> None:
    """It stands in one of twenty messages at least."""
    assert _look([], [*("SHOP-1", "SHOP-2", "SHOP-3"), *["x"] * others]).habits.trackers == trackers


def test_what_is_proposed_is_accepted() -> None:
    """The table passes our own check, and nothing that looking finds by itself is pinned for all of history."""
    found = _look(["src/shop/__init__.py", "tests/x.py"], ["ABC-1 x", "ABC-2 y", "ABC-3 z"])
    checked = settings.load([settings.Layer(found.table, lambda _: "proposal")], ())
    assert (checked.enabled, checked.fixes.issues, checked.source, checked.tests) == ("ci", (r"\bABC-\d+",), None, None)
