"""Whether a stranger can pick the package up: what is built is whole, installs, and opens its two doors."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import sysconfig
import tarfile
import venv
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest
import tomli

TOP = Path(__file__).parent.parent
PACKAGE = TOP / "src" / "pytest_bugguard"
PROJECT = tomli.loads((TOP / "pyproject.toml").read_text(encoding="utf-8"))["project"]
VERSION = PROJECT["version"]

# What a checkout has and an sdist does not: it is of use only where there is a git repository.
OF_THE_CHECKOUT = (".devcontainer/", ".github/")


@dataclass(frozen=True)
class Built:
    """The two files of a release."""

    wheel: Path
    sdist: Path


def _build(source: Path, target: Path) -> Path:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "--directory", target],
        cwd=source,
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    return target


@pytest.fixture(scope="session")
def built(tmp_path_factory: pytest.TempPathFactory) -> Built:
    folder = _build(TOP, tmp_path_factory.mktemp("dist"))
    (wheel,), (sdist,) = folder.glob("*.whl"), folder.glob("*.tar.gz")
    return Built(wheel, sdist)


def _unpacked(sdist: Path, folder: Path) -> Path:
    with tarfile.open(sdist) as archive:
        archive.extractall(folder, filter="data")
    (top,) = folder.iterdir()
    return top


def test_the_wheel_holds_the_package_and_nothing_else(built: Built) -> None:
    """Every file under src is in, the type marker and data files too; no tests, no docs."""
    names = set(zipfile.ZipFile(built.wheel).namelist())
    ours = {f"pytest_bugguard/{path.relative_to(PACKAGE).as_posix()}" for path in PACKAGE.rglob("*") if path.is_file()}
    info = f"pytest_bugguard-{VERSION}.dist-info"
    assert {name for name in names if not name.startswith(info)} == {name for name in ours if "__pycache__" not in name}
    assert "pytest_bugguard/py.typed" in names
    assert f"{info}/licenses/LICENSE" in names


def test_the_sdist_is_enough_to_build_the_same_wheel(built: Built, tmp_path: Path) -> None:
    """Whoever has only the sdist gets our wheel, byte for byte."""
    source = _unpacked(built.sdist, tmp_path / "sdist")
    (again,) = _build(source, tmp_path / "dist").glob("*.whl")
    assert again.name == built.wheel.name
    assert again.read_bytes() == built.wheel.read_bytes()


def test_the_sdist_holds_all_that_is_tracked(built: Built, tmp_path: Path) -> None:
    """Tests, docs and the workshop come along; what is not tracked stays at home."""
    if not (TOP / ".git").exists():
        pytest.skip("this is no checkout: there is nothing to compare the sdist with")
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=TOP, capture_output=True, text=True, check=True).stdout
    tracked = {name for name in listed.split("\0") if name and (TOP / name).exists()}
    top = _unpacked(built.sdist, tmp_path)
    packed = {path.relative_to(top).as_posix() for path in top.rglob("*") if path.is_file()}
    assert tracked - packed == {name for name in tracked if name.startswith(OF_THE_CHECKOUT)}


@pytest.fixture(scope="session")
def stranger(built: Built, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The scripts of a fresh environment with the wheel in it; what it depends on is lent by ours, so no network."""
    if importlib.util.find_spec("pip") is None:
        pytest.skip("this environment has no pip to install the wheel with")
    home = tmp_path_factory.mktemp("stranger")
    venv.create(home, with_pip=False)
    scripts = home / ("Scripts" if sys.platform == "win32" else "bin")
    (site,) = home.rglob("site-packages")
    (site / "lent.pth").write_text(
        f"{sysconfig.get_path('purelib')}\n{sysconfig.get_path('platlib')}\n", encoding="utf-8"
    )
    subprocess.run(
        [
            sys.executable,
            "-m",
            "pip",
            "--python",
            scripts / "python",
            "install",
            "-q",
            "--no-index",
            "--no-deps",
            built.wheel,
        ],
        stdin=subprocess.DEVNULL,
        capture_output=True,
        check=True,
    )
    return scripts


def _said(*command: str | Path, cwd: Path) -> str:
    done = subprocess.run(command, cwd=cwd, stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("bugguard", "--version"), id="command"),
        pytest.param(("python", "-m", "pytest_bugguard", "--version"), id="module"),
    ],
)
def test_the_shells_door_opens(stranger: Path, tmp_path: Path, command: tuple[str, ...]) -> None:
    """The command and ``python -m`` are the same, and both know their version."""
    name, *arguments = command
    assert _said(stranger / name, *arguments, cwd=tmp_path) == f"bugguard {VERSION}\n"


def test_pytests_door_opens(stranger: Path, tmp_path: Path) -> None:
    """Pytest finds the plugin without being told, and it is the one from the wheel."""
    (tmp_path / ".git").mkdir()  # here the plugin stops looking for settings: those above may be anybody's
    seen = _said(stranger / "python", "-m", "pytest", "--help", cwd=tmp_path)
    assert "--bugguard" in seen
    where = _said(stranger / "python", "-c", "import pytest_bugguard; print(pytest_bugguard.__file__)", cwd=tmp_path)
    assert Path(where.strip()).is_relative_to(stranger.parent)
