"""Imports come out of the tree, however the project was installed; and where one does not, it is told.

Each kind of installation is made as its build backend makes it, in an environment of its own: a wheel for development
unpacked. Where a backend needs a compiler, its finder is rebuilt here, down to the place where it is put.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.adapters.testrun import PytestRunner
from pytest_bugguard.adapters.workspace import Workspace
from pytest_bugguard.core.runs import End, Loaded, RunRequest
from tests.runs import Folder, outcomes, write

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

ORIGINAL = {
    "__init__.py": '"""Shop."""\n',
    "pager.py": "PLACE = 'original'\n\ndef place():\n    return PLACE\n",
    "__main__.py": "from shop.pager import place\n\nprint(place())\n",
    "gone.py": "",
}
TESTS = """
    import os, subprocess, sys
    import pytest

    def say(*words, **options):
        done = subprocess.run([sys.executable, *words], capture_output=True, text=True, **options)
        return done.stdout.strip() or done.stderr

    def test_import():
        from shop.pager import place
        assert place() == "tree"

    def test_command(tmp_path):
        assert say("-c", "import shop.pager; print(shop.pager.place())", cwd=tmp_path) == "tree"

    def test_module(tmp_path):
        assert say("-m", "shop", cwd=tmp_path) == "tree"

    def test_bare_environment(tmp_path):
        assert say("-m", "shop", cwd=tmp_path, env={"PATH": os.environ["PATH"]}) == "tree"

    def test_removed_module():
        with pytest.raises(ModuleNotFoundError):
            import shop.gone
        assert "No module named 'shop.gone'" in say("-c", "import shop.gone")
"""
FINDER = """
import sys
from importlib.util import spec_from_file_location

class Finder:
    def __init__(self, files):
        self.files = files

    def find_spec(self, name, path=None, target=None):
        if name in self.files:
            file = self.files[name]
            is_package = file.endswith("__init__.py")
            return spec_from_file_location(name, file, submodule_search_locations=[] if is_package else None)
        return None

sys.meta_path.insert(0, Finder({files!r}))
"""
"""As scikit-build-core and meson-python do it: before all others, file by file, without folders to look in."""
BACKENDS = {
    "setuptools, src": ("src", "setuptools.build_meta", ""),
    "setuptools, flat": ("", "setuptools.build_meta", "[tool.setuptools]\npackages = ['shop']\n"),
    "setuptools, mapped": (
        "lib",
        "setuptools.build_meta",
        "[tool.setuptools]\npackages = ['shop']\npackage-dir = {shop = 'lib/shop'}\n",
    ),
    "hatchling": ("src", "hatchling.build", "[tool.hatch.build.targets.wheel]\npackages = ['src/shop']\n"),
    "hatchling, exact": (
        "src",
        "hatchling.build",
        "[tool.hatch.build.targets.wheel]\npackages = ['src/shop']\n[tool.hatch.build]\ndev-mode-exact = true\n",
    ),
    "flit": ("src", "flit_core.buildapi", ""),
    "poetry": ("src", "poetry.core.masonry.api", "[tool.poetry]\npackages = [{include = 'shop', from = 'src'}]\n"),
    "uv": ("src", "uv_build", ""),
}


@pytest.fixture(scope="session")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment that has what ours has, except for ourselves."""
    folder = tmp_path_factory.mktemp("environment") / "venv"
    venv.create(folder, symlinks=os.name != "nt")
    parent = f"import site; site.addsitedir({sysconfig.get_path('purelib')!r})\n"
    # Read before the others in the folder, which may need what it brings.
    _site(folder).joinpath("00-parent.pth").write_text(parent, encoding="utf-8")
    return folder


@pytest.fixture
def install(environment: Path) -> Iterator[Path]:
    """The folder that things are installed to; afterwards it is as it was."""
    before = set(_site(environment).iterdir())
    yield _site(environment)
    for entry in set(_site(environment).iterdir()) - before:
        shutil.rmtree(entry) if entry.is_dir() else entry.unlink()


def _site(environment: Path) -> Path:
    return next(environment.rglob("site-packages"))


def _python(environment: Path) -> str:
    return str(environment / ("Scripts/python.exe" if os.name == "nt" else "bin/python"))


def _checkout(tmp_path: Path, root: str) -> Path:
    top = tmp_path / "checkout"
    write(top / root / "shop", ORIGINAL)
    return top


def _build_for_development(checkout: Path, site: Path, backend: str, tool: str) -> None:
    """Install as pip does with ``--editable``: the backend builds a wheel, in a process of its own."""
    about = "[project]\nname = 'shop'\nversion = '1.0'\ndescription = 'A shop.'\n"
    write(checkout, {"pyproject.toml": f"[build-system]\nbuild-backend = {backend!r}\nrequires = []\n{about}{tool}"})
    wheels = checkout.parent / "wheels"
    wheels.mkdir()
    script = f"import sys, {backend} as backend; backend.build_editable(sys.argv[1])"
    programs = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"]])
    subprocess.run(
        [sys.executable, "-c", script, str(wheels)],
        cwd=checkout,
        env={**os.environ, "PATH": programs},
        capture_output=True,
        check=True,
    )
    (name,) = wheels.glob("*.whl")
    with zipfile.ZipFile(name) as wheel:
        wheel.extractall(site)


def _seen(tmp_path: Path, environment: Path, checkout: Path, root: str, roots: tuple[str, ...]) -> object:
    """How the tests end in a tree that differs from the checkout, and where the watched file was loaded from."""
    # What is installed leads to the checkout, where nobody leads it elsewhere.
    plain = subprocess.run(
        [_python(environment), "-m", "shop"],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"]},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (plain.stdout.strip(), plain.stderr) == ("original", "")
    tree = tmp_path / "tree"
    package = f"{root}/shop" if root else "shop"
    write(tree / package, {**ORIGINAL, "pager.py": ORIGINAL["pager.py"].replace("original", "tree")})
    (tree / package / "gone.py").unlink()
    write(tree, {"tests/test_place.py": TESTS, "pytest.ini": "[pytest]\n"})
    request = RunRequest(("tests/test_place.py",), (f"{package}/pager.py",), roots)
    with Workspace(tmp_path) as space, PytestRunner(space, original=checkout, python=_python(environment)) as runner:
        run = runner.run(Folder(tree), request)
    assert run.end is End.FINISHED, run
    return outcomes(run), run.loaded


GOOD = dict.fromkeys(
    ["test_import", "test_command", "test_module", "test_bare_environment", "test_removed_module"], "passed"
)


@pytest.mark.parametrize("name", BACKENDS)
def test_an_installation_for_development_does_not_lead_out(
    name: str, tmp_path: Path, environment: Path, install: Path
) -> None:
    """Whatever the backend puts in place: import, subprocess and ``python -m`` load the tree's file."""
    root, backend, tool = BACKENDS[name]
    checkout = _checkout(tmp_path, root)
    _build_for_development(checkout, install, backend, tool)
    # Where folders are mapped to other names no root says where the package is.
    roots = ("",) if "mapped" in name else (root,)
    package = f"{root}/shop" if root else "shop"
    assert _seen(tmp_path, environment, checkout, root, roots) == (GOOD, (Loaded(f"{package}/pager.py"),))


def test_a_finder_before_all_others_does_not_lead_out(tmp_path: Path, environment: Path, install: Path) -> None:
    """scikit-build-core and meson-python answer before the import path is asked, file by file."""
    checkout = _checkout(tmp_path, "src")
    files = {f"shop.{name[:-3]}".removesuffix(".__init__"): str(checkout / "src/shop" / name) for name in ORIGINAL}
    write(
        install, {"_shop_editable.py": FINDER.replace("{files!r}", repr(files)), "shop.pth": "import _shop_editable\n"}
    )
    assert _seen(tmp_path, environment, checkout, "src", ("src",)) == (GOOD, (Loaded("src/shop/pager.py"),))


def test_a_plain_installation_does_not_lead_out(tmp_path: Path, environment: Path, install: Path) -> None:
    """A copy in site-packages stays behind the tree."""
    checkout = _checkout(tmp_path, "src")
    shutil.copytree(checkout / "src" / "shop", install / "shop")
    assert _seen(tmp_path, environment, checkout, "src", ("src",)) == (GOOD, (Loaded("src/shop/pager.py"),))


def test_a_leak_is_told(tmp_path: Path, environment: Path, install: Path) -> None:
    """A test that loads the checkout's or an installed file by its path gets what it asks for, and is seen."""
    checkout = _checkout(tmp_path, "src")
    shutil.copytree(checkout / "src" / "shop", install / "shop")
    tree = tmp_path / "tree"
    write(tree / "src" / "shop", ORIGINAL)
    text = f"""
        import runpy

        def test_checkout():
            runpy.run_path({str(checkout / "src/shop/pager.py")!r})

        def test_installed():
            runpy.run_path({str(install / "shop/pager.py")!r})
    """
    write(tree, {"test_leak.py": text})
    with Workspace(tmp_path) as space, PytestRunner(space, original=checkout, python=_python(environment)) as runner:
        run = runner.run(Folder(tree), RunRequest(("test_leak.py",), ("src/shop/pager.py",), ("src",)))
    assert set(run.loaded) == {
        Loaded("src/shop/pager.py", str((checkout / "src/shop/pager.py").resolve())),
        Loaded("src/shop/pager.py", str((install / "shop/pager.py").resolve())),
    }
    assert [case.executed for case in run.cases] == [(), ()]
