"""Ignored files that packages need go along into scratch trees: the right ones, within limits, never over others."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.adapters import carryover
from pytest_bugguard.adapters.repository import open_repository
from pytest_bugguard.adapters.scratch import GitScratch
from pytest_bugguard.adapters.workspace import Workspace
from pytest_bugguard.core.runs import Put
from tests.story import Repo, story

if TYPE_CHECKING:
    from pytest_bugguard.adapters.carryover import Carryover

IGNORED = """
    commit: one
      file: .gitignore
        *.so
        *.pyd
        *.mo
        *.pyc
        *.json
        _[!_]*.py
        _version.*
        .venv/
        node_modules/
        src/shop/build/
      file: src/shop/__init__.py
        x
      file: src/build/__init__.py
        a package of that name
"""


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """A package in a work tree that ignores what is generated."""
    return story(tmp_path / "repo", IGNORED)


def found(repo: Repo, *packages: str) -> Carryover:
    """What goes along."""
    with open_repository(repo.path) as repository:
        return carryover.find(repository, packages)


def test_packages_that_have_moved_carry_nothing(repo: Repo) -> None:
    """The packages of an old fix may stand elsewhere today: what today's hold is not theirs."""
    (repo.path / "src/shop/_version.py").write_text("version = 1\n", encoding="utf-8")
    assert found(repo, "shop") == carryover.NOTHING
    assert found(repo) == carryover.NOTHING


@pytest.mark.parametrize(
    ("path", "goes"),
    [
        ("src/shop/_version.py", True),
        ("src/shop/_version.txt", True),
        ("src/shop/fast.cpython-311-x86_64-linux-gnu.so", True),
        ("src/shop/fast.pyd", True),
        ("src/shop/deep/er/_made.py", True),
        ("src/shop/locale/de/LC_MESSAGES/shop.mo", True),
        ("src/build/_made.py", True),
        ("src/shop/__pycache__/a.pyc", False),
        ("src/shop/a.pyc", False),
        ("src/shop/cache.json", False),
        ("src/shop/.venv/lib/_x.py", False),
        ("src/shop/node_modules/_x.py", False),
        ("src/shop/build/_x.py", False),
        ("elsewhere/_x.py", False),
        ("src/shop/untracked.py", False),
    ],
)
def test_what_a_package_needs_goes_along(repo: Repo, path: str, goes: bool) -> None:
    """What can be imported and what that loads: no caches, nothing from outside, nothing that is not ignored."""
    repo.write(path, "made")
    assert [file.path for file in found(repo, "src/shop", "src/build").files] == ([path] if goes else [])


def test_the_top_may_be_a_package(repo: Repo) -> None:
    """As in a project of one module."""
    repo.write("_version.py", "made")
    repo.write(".venv/lib/_x.py", "made")
    assert [file.path for file in found(repo, "").files] == ["_version.py"]


def test_folders_that_are_not_there_have_nothing(repo: Repo) -> None:
    """Nor has a repository without packages."""
    assert found(repo, "src/nowhere") == carryover.NOTHING
    assert found(repo) == carryover.NOTHING


def test_too_much_is_left_and_told(repo: Repo, monkeypatch: pytest.MonkeyPatch) -> None:
    """Version files come first; the rest is counted, not passed over in silence."""
    monkeypatch.setattr(carryover, "FILES_CAP", 2)
    for name in ("_a.py", "_b.py", "_version.py"):
        repo.write(f"src/shop/{name}", "made")
    some = found(repo, "src/shop")
    assert [file.path for file in some.files] == ["src/shop/_a.py", "src/shop/_version.py"]
    assert some.note == (
        "1 generated files, such as 'src/shop/_b.py', were not taken along: over the limit of 2 files or 50 MB"
    )
    monkeypatch.setattr(carryover, "BYTES_CAP", 3)
    assert found(repo, "src/shop").files == ()


def test_the_digest_is_that_of_the_contents(repo: Repo) -> None:
    """The same for the same files, whenever they were written; another for another content or name."""
    digests = []
    for path, text in (("_a.py", "x"), ("_a.py", "x"), ("_a.py", "y"), ("_b.py", "y")):
        (repo.path / "src/shop/_a.py").unlink(missing_ok=True)
        repo.write(f"src/shop/{path}", text)
        digests.append(found(repo, "src/shop").digest)
    assert digests[0] == digests[1]
    assert len({*digests, carryover.NOTHING.digest}) == 4


def planted(repo: Repo, space: Path, puts: list[Put], pattern: str = "*.py") -> dict[str, str]:
    """The files of a tree with all that goes along, as far as their names fit."""
    with open_repository(repo.path) as repository:
        carry = carryover.find(repository, ["src/shop"])
        maker = GitScratch(repository, carry=carry, space=Workspace(space))
        with maker, maker.plant(repo.git("rev-parse", "HEAD"), puts) as tree:
            top = Path(tree.top)
            return {path.relative_to(top).as_posix(): path.read_text() for path in top.rglob(pattern)}


def test_they_stand_in_every_tree(repo: Repo, tmp_path: Path) -> None:
    """In new folders too, where the package itself is there."""
    repo.write("src/shop/_version.py", "made")
    repo.write("src/shop/deep/_made.py", "made")
    files = planted(repo, tmp_path, [])
    assert files["src/shop/_version.py"] == files["src/shop/deep/_made.py"] == "made"
    gone = planted(repo, tmp_path, [Put("src/shop/__init__.py", None)])
    assert sorted(gone) == ["src/build/__init__.py"]


@pytest.mark.parametrize(
    ("committed", "beside", "goes"),
    [
        pytest.param({"fast.c": "now"}, {"fast.c": "now"}, True, id="the-same-source"),
        pytest.param({"fast.c": "then"}, {"fast.c": "now"}, False, id="another-source"),
        pytest.param({"fast.pyx": "now"}, {"fast.pyx": "now", "fast.c": "made"}, True, id="a-source-that-was-made"),
        pytest.param({"fast.pyx": "then"}, {"fast.c": "now"}, False, id="in-another-language"),
        pytest.param({"faster.c": "then"}, {"fast.c": "now"}, True, id="a-name-that-is-longer"),
    ],
)
def test_what_was_built_from_another_source_stays_behind(
    repo: Repo, tmp_path: Path, committed: dict[str, str], beside: dict[str, str], goes: bool
) -> None:
    """Beside the Python of another time it is a program that never was; without it the twin in Python runs."""
    for name, text in committed.items():
        repo.write(f"src/shop/{name}", text)
    repo.commit("two")
    for name in committed:
        (repo.path / "src/shop" / name).unlink()
    for name, text in (beside | {"fast.cpython-311-x86_64-linux-gnu.so": "built"}).items():
        repo.write(f"src/shop/{name}", text)
    assert bool(planted(repo, tmp_path, [], "*.so")) is goes


def test_nothing_is_laid_over_what_a_tree_has_or_lost(repo: Repo, tmp_path: Path) -> None:
    """Neither over a committed file of that name, nor where one was taken out."""
    repo.write("src/shop/_version.py", "committed")
    repo.write("src/shop/_other.py", "committed")
    repo.git("add", "-f", "src/shop")
    repo.git("commit", "-q", "-m", "two")
    repo.git("rm", "-q", "--cached", "src/shop/_version.py", "src/shop/_other.py")
    repo.write("src/shop/_version.py", "made")
    repo.write("src/shop/_other.py", "made")
    files = planted(repo, tmp_path, [Put("src/shop/_other.py", None)])
    assert files["src/shop/_version.py"] == "committed"
    assert "src/shop/_other.py" not in files


@pytest.mark.skipif(os.name != "posix", reason="symlinks")
def test_nothing_is_written_through_a_symlink(repo: Repo, tmp_path: Path) -> None:
    """A tree may hold one where the work tree has a folder by now."""
    precious = tmp_path / "precious"
    precious.mkdir()
    (repo.path / "src/shop/deep").symlink_to(precious)
    repo.commit("two")
    (repo.path / "src/shop/deep").unlink()
    repo.write("src/shop/deep/_made.py", "made")
    repo.write("src/shop/_version.py", "made")
    (tmp_path / "space").mkdir()
    assert "src/shop/_version.py" in planted(repo, tmp_path / "space", [])
    assert list(precious.iterdir()) == []
