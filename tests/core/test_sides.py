"""Which side a file is on, by names and, where they do not settle it, by what is importable."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_bugguard.core.model import FileChange, Files, Side
from pytest_bugguard.core.naming import IsPackage, Naming
from pytest_bugguard.core.sides import Sides, sorted_by

BY_LOOKING = Sides(Naming())
WITH_TESTPATHS = Sides(Naming(testpaths=("tests",)))


def _packages(*folders: str) -> IsPackage:
    return frozenset(folders).__contains__


NOTHING = _packages()
PY = ("py", "py/test", "py/test/testing")


@pytest.mark.parametrize(
    ("path", "packages", "expected"),
    [
        pytest.param("src/shop/pager.py", (), Side.SOURCE, id="src-layout"),
        pytest.param("src/_pytest/latest.py", (), Side.SOURCE, id="never-by-substring"),
        pytest.param("shop/pager.py", ("shop",), Side.SOURCE, id="flat-layout"),
        pytest.param("app/main.py", (), Side.SOURCE, id="no-package-but-python"),
        pytest.param("six.py", (), Side.SOURCE, id="single-module"),
        pytest.param("shop/_speed.pyx", ("shop",), Side.SOURCE, id="cython"),
        pytest.param("vendor/llhttp/api.C", (), Side.SOURCE, id="compiled"),
        pytest.param("src/shop/types.pyi", (), Side.SOURCE, id="stub"),
        pytest.param("shop/templates/mail.html", ("shop",), Side.SOURCE, id="package-data"),
        pytest.param("src/shop/data/rates.json", (), Side.SOURCE, id="package-data-below-src"),
        pytest.param("templates/mail.html", (), Side.NEUTRAL, id="data-outside-packages"),
        pytest.param("shop/docs/render.py", ("shop",), Side.SOURCE, id="docs-package-of-the-product"),
        pytest.param("shop/doc/future.txt", ("shop",), Side.NEUTRAL, id="prose-of-a-folder-of-docs-in-a-package"),
        pytest.param("shop/help/start.txt", ("shop",), Side.SOURCE, id="prose-that-the-product-shows"),
        pytest.param("src/tools/cut.py", (), Side.SOURCE, id="tools-below-src"),
        pytest.param("requirements/sync-deps.py", (), Side.NEUTRAL, id="a-script-beside-pinned-requirements"),
        pytest.param(
            "shop/requirements/parse.py", ("shop", "shop/requirements"), Side.SOURCE, id="requirements-package"
        ),
        pytest.param("blog/tasks.py", ("blog",), Side.SOURCE, id="tasks-in-a-package"),
        pytest.param("src/jinja2/tests.py", (), Side.SOURCE, id="product-module-named-tests"),
        pytest.param("numpy/testing/utils.py", ("numpy", "numpy/testing"), Side.SOURCE, id="testing-package"),
        pytest.param("shop/ab_tests/run.py", ("shop", "shop/ab_tests"), Side.SOURCE, id="ab-tests-of-the-product"),
        pytest.param("tests/test_pager.py", (), Side.TEST, id="test"),
        pytest.param("tests/helpers.py", (), Side.TEST, id="helper"),
        pytest.param("tests/data/case.json", (), Side.TEST, id="test-data"),
        pytest.param("tests/fixtures/.netrc", (), Side.TEST, id="hidden-test-data"),
        pytest.param("src/shop/tests/data.json", (), Side.TEST, id="tests-inside-a-package"),
        pytest.param("shop/test-data/run.test", ("shop",), Side.TEST, id="data-of-tests-inside-a-package"),
        pytest.param("testdata/unit/a.txt", (), Side.TEST, id="data-of-tests"),
        pytest.param("tornado/test/util.py", ("tornado", "tornado/test"), Side.TEST, id="test-inside-a-package"),
        pytest.param("py/test/session.py", PY, Side.SOURCE, id="product-package-named-test-that-is-tested-itself"),
        pytest.param("py/test/testing/setup.txt", PY, Side.TEST, id="tests-of-a-product-named-test"),
        pytest.param("test/testing.py", (), Side.TEST, id="test-folder-at-the-top"),
        pytest.param("integration-tests/run.py", (), Side.TEST, id="words-of-a-folder"),
        pytest.param("conftest.py", (), Side.TEST, id="root-conftest"),
        pytest.param("src/shop/conftest.py", (), Side.TEST, id="conftest-beside-the-product"),
        pytest.param("shop/test_pager.py", ("shop",), Side.TEST, id="test-beside-the-product"),
        pytest.param("testing/helper.txt", (), Side.NEUTRAL, id="testing-folder-nobody-named"),
        pytest.param("docs/index.rst", (), Side.NEUTRAL, id="docs"),
        pytest.param("docs/conf.py", (), Side.NEUTRAL, id="docs-conf"),
        pytest.param("examples/demo/__init__.py", ("examples/demo",), Side.NEUTRAL, id="examples"),
        pytest.param("performance/benchmark.py", (), Side.NEUTRAL, id="performance"),
        pytest.param("src/shop/performance/clock.py", ("src/shop",), Side.SOURCE, id="performance-in-a-package"),
        pytest.param("setup.py", (), Side.NEUTRAL, id="setup"),
        pytest.param("packages/a/setup.py", (), Side.NEUTRAL, id="setup-of-a-part"),
        pytest.param("noxfile.py", (), Side.NEUTRAL, id="noxfile"),
        pytest.param("pyproject.toml", (), Side.NEUTRAL, id="pyproject"),
        pytest.param("uv.lock", (), Side.NEUTRAL, id="lock-file"),
        pytest.param("CHANGES.rst", (), Side.NEUTRAL, id="changelog"),
        pytest.param("src/shop/README.md", (), Side.NEUTRAL, id="readme-in-a-package"),
        pytest.param("src/shop/newsfragments/12.bugfix", (), Side.NEUTRAL, id="fragment-in-a-package"),
        pytest.param(".github/scripts/release.py", (), Side.NEUTRAL, id="hidden-folder"),
        pytest.param("shop/.gitignore", ("shop",), Side.NEUTRAL, id="hidden-file"),
        pytest.param(":x.py", (), Side.SOURCE, id="odd-name"),
        pytest.param("a\nb.py", (), Side.SOURCE, id="newline-in-a-name"),
    ],
)
def test_a_side_is_found_by_looking(path: str, packages: tuple[str, ...], expected: Side) -> None:
    """Without settings, names and importable packages settle the side."""
    assert BY_LOOKING.side(path, _packages(*packages)) is expected


@pytest.mark.parametrize(
    ("path", "packages", "expected"),
    [
        pytest.param("aiohttp/test_utils.py", ("aiohttp",), Side.SOURCE, id="product-module-with-a-test-name"),
        pytest.param("django/test/client.py", ("django", "django/test"), Side.SOURCE, id="product-package-named-test"),
        pytest.param("benchmarks/test_speed.py", (), Side.NEUTRAL, id="benchmark-with-a-test-name"),
        pytest.param("shop/tests/test_x.py", ("shop", "shop/tests"), Side.TEST, id="tests-inside-a-package"),
        pytest.param("qa/test_x.py", (), Side.TEST, id="test-name-outside-packages"),
        pytest.param("tests/test_x.py", (), Side.TEST, id="where-they-live"),
    ],
)
def test_testpaths_say_where_tests_live(path: str, packages: tuple[str, ...], expected: Side) -> None:
    """With ``testpaths`` a test-like name elsewhere in a package is only a name."""
    assert WITH_TESTPATHS.side(path, _packages(*packages)) is expected


def test_testpaths_of_one_kind_of_tests_tell_of_the_other_kinds() -> None:
    """What pytest passes over there by itself is no product: celery's ``t/integration`` beside ``t/unit``."""
    sides = Sides(Naming(testpaths=("t/unit",)))
    packages = _packages("t", "t/integration", "celery", "celery/unit")
    assert sides.side("t/integration/test_canvas.py", packages) is Side.TEST
    assert sides.side("celery/unit/of_work.py", packages) is Side.SOURCE


def test_testpaths_that_hold_the_product_leave_its_inline_tests() -> None:
    """A product package in ``testpaths`` keeps both its source and the tests beside it."""
    sides = Sides(Naming(testpaths=("shop",)))
    packages = _packages("shop")
    assert sides.side("shop/pager.py", packages) is Side.SOURCE
    assert sides.side("shop/test_pager.py", packages) is Side.TEST


@pytest.mark.parametrize(
    ("tests", "source", "path", "expected"),
    [
        pytest.param(None, ("lib",), "lib/shop/rates.json", Side.SOURCE, id="all-in-source"),
        pytest.param(None, ("lib",), "other/pager.py", Side.NEUTRAL, id="nothing-else-is-source"),
        pytest.param(None, ("lib",), "library/pager.py", Side.NEUTRAL, id="whole-names"),
        pytest.param(None, ("lib",), "lib/shop/tests/x.py", Side.TEST, id="tests-inside-source"),
        pytest.param(None, ("django", "django/test"), "django/test/client.py", Side.SOURCE, id="a-longer-root"),
        pytest.param(None, ("lib/test_tool.py",), "lib/test_tool.py", Side.SOURCE, id="a-file-as-root"),
        pytest.param(None, ("tools",), "tools/cut.py", Side.SOURCE, id="source-beats-neutral-names"),
        pytest.param(("qa",), None, "qa/deep/data.bin", Side.TEST, id="all-in-tests"),
        pytest.param(("qa",), None, "shop/tests/x.py", Side.SOURCE, id="folder-names-no-longer-count"),
        pytest.param(("lib/qa",), ("lib",), "lib/qa/x.py", Side.TEST, id="longest-wins-tests"),
        pytest.param(("lib",), ("lib/shop",), "lib/shop/x.py", Side.SOURCE, id="longest-wins-source"),
        pytest.param(("lib",), ("lib",), "lib/x.py", Side.TEST, id="tests-win-a-draw"),
        pytest.param((), None, "tests/helpers.py", Side.SOURCE, id="no-test-folders-at-all"),
    ],
)
def test_settings_come_first(
    tests: tuple[str, ...] | None, source: tuple[str, ...] | None, path: str, expected: Side
) -> None:
    """``tests`` and ``source`` decide before any custom; the longest entry wins."""
    sides = Sides(Naming(), tests, source)
    assert sides.side(path, _packages("shop", "shop/tests", "django", "django/test")) is expected


def test_the_tree_of_each_commit_is_asked_anew() -> None:
    """What depends on a commit's tree is not remembered for the next; what names settle is never asked."""
    sides = Sides(Naming())
    assert sides.side("shop/mail.html", NOTHING) is Side.NEUTRAL
    assert sides.side("shop/mail.html", _packages("shop")) is Side.SOURCE

    def refuse(folder: str) -> bool:
        raise AssertionError(folder)

    assert sides.side("shop/pager.py", refuse) is Side.SOURCE
    assert sides.side("tests/data/mail.html", refuse) is Side.TEST


def test_changes_are_sorted_by_side() -> None:
    """Paths keep the diff's order; a deleted file counts where it was, a renamed one where it went."""

    def change(old: str | None, new: str | None) -> FileChange:
        return FileChange("M", old, new, 0o100644, 0o100644, "1", "2")

    changes = [
        change("b.py", "b.py"),
        change("gone.py", None),
        change("a.py", "tests/a.py"),
        change(None, "README.md"),
        change("a.py", "a.py"),
    ]
    files = sorted_by(lambda path: BY_LOOKING.side(path, NOTHING), changes)
    assert files == Files(source=("b.py", "gone.py", "a.py"), test=("tests/a.py",), neutral=("README.md",))


_PARTS = st.sampled_from(
    ["src", "test", "tests", "docs", ".git", "shop", "x.py", "test_x.py", "a.json", "", "tests.py"]
)


@given(st.lists(_PARTS, min_size=1, max_size=5).map("/".join), st.frozensets(st.sampled_from(["shop", "src/shop"])))
def test_asking_again_gives_the_same_answer(path: str, packages: frozenset[str]) -> None:
    """What is remembered never changes an answer, in whatever order trees are seen."""
    sides = Sides(Naming())
    sides.side(path, NOTHING)
    assert sides.side(path, packages.__contains__) is Sides(Naming()).side(path, packages.__contains__)
