"""What is run to prove a fix: where its source is imported from, where pytest is started, and what is laid where."""

from __future__ import annotations

import pytest

from pytest_bugguard.core import experiment
from pytest_bugguard.core.experiment import Experiment
from pytest_bugguard.core.model import FileChange, Files
from pytest_bugguard.core.novelty import SourceVersions
from pytest_bugguard.core.runs import Put, RunRequest
from tests.trials import FILE, SOURCE, mapped

PACKAGES = frozenset(
    {"shop", "shop/net", "src/shop", "lib/shop", "lib/shop/net", "api/src/shop", "python", "src/acme/logging"}
    | {"src/acme/shop", "google/cloud/logging", "src/json", "web/app", "web/test"}
    | {"back/shop", "back/profile", "back/calendar"}
)
FILE_MODE, SYMLINK, SUBMODULE = 0o100644, 0o120000, 0o160000


@pytest.mark.parametrize(
    ("source", "roots"),
    [
        pytest.param(["pager.py"], [""], id="module-at-the-top"),
        pytest.param(["shop/pager.py"], [""], id="package-at-the-top"),
        pytest.param(["src/pager.py"], ["src", ""], id="module-below-src"),
        pytest.param(["src/shop/pager.py"], ["src", ""], id="package-below-src"),
        pytest.param(["lib/shop/net/http.py"], ["lib", ""], id="package-in-a-package"),
        pytest.param(["api/src/shop/pager.py"], ["api/src", ""], id="project-below-the-top"),
        pytest.param(["src/acme/pager.py"], ["src", ""], id="namespace-package"),
        pytest.param(["tools/pager.py"], ["tools", ""], id="folder-of-modules"),
        pytest.param(["python/pager.py"], [""], id="a-package-is-called-python"),
        pytest.param(["tools/a.py", "src/shop/b.py", "tools/c.py", "shop/d.py"], ["tools", "src", ""], id="each-once"),
        pytest.param(["src/acme/logging/levels.py"], ["src", ""], id="part-of-a-namespace-that-would-hide-logging"),
        pytest.param(["src/acme/shop/pager.py"], ["src", ""], id="part-of-a-namespace-beside-it"),
        pytest.param(["google/cloud/logging/a.py"], ["google", ""], id="part-of-a-namespace-at-the-top"),
        pytest.param(["src/json/a.py", "web/app/a.py"], ["src", "web", ""], id="no-namespace"),
        pytest.param(["back/shop/a.py"], ["back", ""], id="beside-a-package-that-pytest-does-not-need"),
        pytest.param(["lib/models/a.py"], ["lib", ""], id="module-in-a-folder-of-lib"),
        pytest.param(["python/models/a.py"], ["python", ""], id="module-in-a-folder-of-a-package"),
        pytest.param([], [""], id="nothing-changed"),
    ],
)
def test_source_is_imported_from_above_its_package(source: list[str], roots: list[str]) -> None:
    """By the names under which tests import it; the top is always there, and comes last."""
    assert list(experiment.roots(source, PACKAGES.__contains__)) == roots


SHOP = ["lib/shop/net/http.py", "lib/shop/__init__.py", "tools/pager.py", "shop/pager.py", "lib/shop/net/smtp.py"]


def test_what_lies_around_changed_source_is_told_by_its_packages() -> None:
    """The outermost ones are searched for generated files; of all of them the file that Python loads shows the copy."""
    assert experiment.packages(SHOP, PACKAGES.__contains__) == ("lib/shop", "shop")
    assert experiment.around(SHOP, PACKAGES.__contains__) == ("lib/shop/net/__init__.py", "shop/__init__.py")
    assert experiment.packages(["tools/pager.py"], PACKAGES.__contains__) == ()
    assert experiment.around(["tools/pager.py"], PACKAGES.__contains__) == ()


INI = "[pytest]\naddopts = -q\n"


@pytest.mark.parametrize(
    ("files", "targets", "folder", "config"),
    [
        pytest.param({}, ["tests/test_a.py"], "", "", id="no-configuration"),
        pytest.param({"pytest.ini": INI}, ["api/tests/test_a.py"], "", "pytest.ini", id="at-the-top"),
        pytest.param(
            {"pyproject.toml": "[tool.pytest.ini_options]\naddopts = '-q'\n"}, ["test_a.py"], "", "pyproject.toml",
            id="test-at-the-top",
        ),
        pytest.param(
            {"tox.ini": INI, "api/tox.ini": INI, "api/setup.py": ""}, ["api/tests/test_a.py"], "api", "tox.ini",
            id="project-of-its-own",
        ),
        pytest.param(
            {"api/setup.cfg": "[tool:pytest]\naddopts = -q\n"}, ["api/tests/unit/test_a.py"], "api", "setup.cfg",
            id="configured-by-its-project-file",
        ),
        pytest.param(
            {"tests/pytest.ini": INI, "setup.py": ""}, ["tests/test_a.py"], "", "pytest.ini", id="tests-are-no-project"
        ),
        pytest.param(
            {"api/pyproject.toml": "[project]\n", "pytest.ini": INI}, ["api/test_a.py"], "", "pytest.ini",
            id="project-that-configures-nothing",
        ),
        pytest.param(
            {"api/pytest.ini": "", "api/setup.py": "", "web/pytest.ini": "", "pytest.ini": INI},
            ["api/tests/test_a.py", "web/tests/test_b.py"], "", "pytest.ini", id="files-of-two-projects",
        ),
        pytest.param(
            {"api/pytest.ini": INI, "api/setup.py": "", "api/x/pytest.ini": ""},
            ["api/x/test_a.py", "api/y/test_b.py"], "api", "pytest.ini", id="files-of-two-folders",
        ),
    ],
)  # fmt: skip
def test_pytest_is_started_where_a_developer_would(
    files: dict[str, str], targets: list[str], folder: str, config: str
) -> None:
    """With the nearest settings above all of its files; below the top only where a project lives."""
    place = experiment.place_of(targets, {path: text.encode() for path, text in files.items()}.get)
    assert (place.folder, place.config.file) == (folder, config)
    assert place.config.words("addopts") == (("-q",) if config else None)


def test_settings_that_changed_beside_the_source_are_named() -> None:
    """They are the same on both sides of a proof, so that what they did is told by nothing else."""
    files = Files(
        source=("src/conftest.py", "src/shop/pager.py"),
        test=("tests/conftest.py", "tests/test_conftest.py"),
        neutral=("README.md", "pyproject.toml", "api/.pytest.ini", "setup.py"),
    )
    assert experiment.settings_among(files) == ("tests/conftest.py", "pyproject.toml", "api/.pytest.ini")


@pytest.mark.parametrize(
    ("content", "is_pointer"),
    [
        pytest.param(b"version https://git-lfs.github.com/spec/v1\noid sha256:4d\nsize 12\n", True, id="pointer"),
        pytest.param(b"# version https://git-lfs.github.com/spec/v1\n", False, id="told-of-in-a-text"),
        pytest.param(b"", False, id="empty"),
        pytest.param(None, False, id="no-file"),
    ],
)
def test_a_pointer_of_git_lfs_is_known_by_its_first_line(content: bytes | None, *, is_pointer: bool) -> None:
    """The file that it stands for is not in the repository."""
    assert experiment.is_lfs_pointer(content) is is_pointer


def change(path: str, old_mode: int = FILE_MODE, new_mode: int = FILE_MODE) -> FileChange:
    return FileChange("M", path, path, old_mode, new_mode, "1", "2")


BY_HAND = "show by hand that the test fails without it, then waive the fix: bugguard waive"
IN_ANOTHER = (
    "vendor is a submodule: what it changed is in another repository",
    "prove it there, or name a test in a trailer: Regression-Test: NODEID",
)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        pytest.param([change("src/pager.py"), change("src/page.html")], None, id="nothing-in-the-way"),
        pytest.param([], None, id="nothing-changed"),
        pytest.param([change("src/pager.py"), change("vendor", SUBMODULE, SUBMODULE)], IN_ANOTHER, id="submodule"),
        pytest.param([change("vendor", 0, SUBMODULE)], IN_ANOTHER, id="submodule-that-came"),
        pytest.param([change("vendor", SUBMODULE, 0)], IN_ANOTHER, id="submodule-that-went"),
        pytest.param(
            [change("src/_fast.PYX"), change("src/_fast.h")],
            ("src/_fast.PYX is compiled source: without the fix it would have to be built again", BY_HAND),
            id="compiled",
        ),
        pytest.param(
            [change("src/fast.rs"), change("src/pager.py")],
            (
                "src/fast.rs is compiled source: without the fix it would have to be built again",
                f"{BY_HAND}; what it repairs in Python can be proven if it is a commit of its own",
            ),
            id="compiled-and-python",
        ),
    ],
)
def test_what_cannot_be_taken_out_is_told_with_a_way_out(
    changes: list[FileChange], said: tuple[str, str] | None
) -> None:
    """By the first of the files that stand in the way."""
    assert experiment.obstacle(iter(changes)) == said


@pytest.mark.parametrize(("green_s", "limit_s"), [(0.0, 30.0), (3.0, 30.0), (3.5, 35.0), (60.0, 600.0)])
def test_old_code_may_take_ten_times_as_long(green_s: float, limit_s: float) -> None:
    """And half a minute in any case."""
    assert experiment.allowed_s(green_s) == limit_s


OLD, NEW = b"old", b"new"
KEPT = (Put(SOURCE, OLD), Put(SOURCE, NEW))
DATA = (Put("src/page.html", OLD), Put("src/page.html", NEW))
LINK = (Put("src/link.py", OLD, SYMLINK), Put("src/link.py", NEW, SYMLINK))
ADDED = (Put("src/added.py", None), Put("src/added.py", NEW))
ADDED_DATA = (Put("src/added.html", None), Put("src/added.html", NEW))
REMOVED = (Put("src/removed.py", OLD), Put("src/removed.py", None))
MOVED_FROM = (Put("src/was.py", OLD), Put("src/was.py", None))
MOVED_TO = (Put("src/is.py", None), Put("src/is.py", NEW))
MOVED_DATA = (Put("src/was.html", OLD), Put("src/was.html", None))


def test_only_python_of_both_sides_stands_behind_other_text() -> None:
    """What moved does so under its old name; all else lies beside it, but for Python that only the fix has."""
    files = [KEPT, DATA, LINK, ADDED, ADDED_DATA, REMOVED, MOVED_FROM, MOVED_TO, MOVED_DATA]
    request = RunRequest((FILE,), (SOURCE,))
    tried = Experiment(
        commit="1c0ffee",
        tests=(mapped(), mapped("t.py::helper", counts=False)),
        shared=(),
        back=tuple(old for old, _ in files),
        now=tuple(new for _, new in files),
        with_fix=request,
        without_fix=request,
        versions=(
            SourceVersions(SOURCE, SOURCE, OLD, NEW),
            SourceVersions(None, "src/added.py", None, NEW),
            SourceVersions("src/removed.py", None, OLD, None),
            SourceVersions("src/was.py", "src/is.py", OLD, NEW),
            SourceVersions("src/was.html", "src/is.html", OLD, NEW),
        ),
    )
    moved = (MOVED_FROM[0], Put("src/was.py", NEW))
    assert tried.moved == (moved,)
    assert tried.dressable == (KEPT, moved)
    assert tried.veiled == (KEPT[0], moved[0])
    assert tried.beside_veil == (DATA[0], LINK[0], ADDED_DATA[0], REMOVED[0], MOVED_DATA[0])
    assert (tried.measured.with_fix.measures, tried.measured.with_fix.own) == (True, (mapped().nodeid,))
    assert not tried.measured.without_fix.measures
