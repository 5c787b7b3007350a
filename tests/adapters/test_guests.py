"""Guests as they are found: whatever is wrong with one is told by its name, in one line."""

from __future__ import annotations

import importlib.metadata
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.adapters import guests
from pytest_bugguard.adapters.guests import GuestError

if TYPE_CHECKING:
    from pathlib import Path

SOUND = """
from pytest_bugguard.hookspecs import hookimpl

@hookimpl
def bugguard_recognise(unit):
    return None
"""


@pytest.fixture
def guest(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """A module with the text that the test gives, under a name that no other test has imported."""
    name = f"guest_{abs(hash(request.node.nodeid))}"
    (tmp_path / f"{name}.py").write_text(request.param, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    return name


@pytest.mark.parametrize(
    ("guest", "said"),
    [
        pytest.param(f"import sys\nsys.exit(5)\n{SOUND}", "fails when it is imported: SystemExit: 5", id="leaves"),
        pytest.param(SOUND.replace("unit", "unit, nonsense"), "can not be found in the hookspec", id="asks-for-more"),
        pytest.param(SOUND.replace("@hookimpl", ""), "has no hook of ours", id="no-mark"),
        pytest.param("# bugguard_recognise: to come\n", "has no hook of ours", id="speaks-of-none"),
        pytest.param(SOUND.replace("recognise", "recognize"), "'bugguard_recognize', which does not", id="misspelt"),
    ],
    indirect=["guest"],
)
def test_what_is_wrong_with_a_guest_is_told_in_a_line(guest: str, said: str) -> None:
    """A guest that would never be asked is as wrong as one that cannot be."""
    with pytest.raises(GuestError) as caught:
        guests.load([guest], top=None)
    message = str(caught.value)
    assert (guest in message, said in message, "\n" in message, bool(caught.value.hint)) == (True, True, False, True)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        pytest.param("{0}", "names no hook of ours in its own text", id="a-module"),
        pytest.param("{0}.below", "cannot be imported: No module named", id="below-a-module"),
        pytest.param("{0}_package.guest", "names no hook of ours in its own text", id="in-a-package"),
        pytest.param("{0}_package.none", "cannot be imported: No module named", id="not-in-a-package"),
    ],
)
@pytest.mark.parametrize(
    "guest", [pytest.param("import pathlib\npathlib.Path('ran').touch()\n", id="acts")], indirect=True
)
def test_what_is_no_guest_is_not_even_imported(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, guest: str, name: str, said: str
) -> None:
    """A change under review may name any installed module; some do things when they are imported."""
    monkeypatch.chdir(tmp_path)
    package = tmp_path / f"{guest}_package"
    package.mkdir()
    (package / "__init__.py").write_text((tmp_path / f"{guest}.py").read_text())
    (package / "guest.py").write_text("import os\n")
    with pytest.raises(GuestError, match=said) as caught:
        guests.load([name.format(guest)], top=None)
    assert ("the module in which its hooks are written" in caught.value.hint) is ("own text" in said)
    assert not (tmp_path / "ran").exists()


@pytest.mark.parametrize("guest", [pytest.param(SOUND, id="sound")], indirect=True)
def test_a_guest_that_is_named_twice_is_one(guest: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Twice in the settings, or there and by an entry point."""
    assert guests.load([guest, guest], top=None).names == (guest,)
    _install(monkeypatch, guest)
    assert guests.load([guest], top=None).names == ("installed",)


@pytest.mark.parametrize("guest", [pytest.param("1 / 0", id="broken")], indirect=True)
def test_an_installed_guest_that_cannot_be_loaded_is_told(guest: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """No setting names it, so the error says where it came from."""
    _install(monkeypatch, guest)
    with pytest.raises(GuestError, match="an installed guest cannot be loaded: ZeroDivisionError: division by zero"):
        guests.load([], top=None)


def _install(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    """Let it look as if a distribution had an entry point for the module."""
    entry = importlib.metadata.EntryPoint("installed", module, guests.ENTRY_POINT_GROUP)

    class Installed(importlib.metadata.Distribution):
        entry_points = importlib.metadata.EntryPoints([entry])

        def read_text(self, filename: str) -> str | None:
            return "Name: installed\nVersion: 1\n" if filename == "METADATA" else None

        def locate_file(self, path: object) -> Path:
            raise NotImplementedError(path)

    monkeypatch.setattr(importlib.metadata, "distributions", lambda **_: [Installed()])
