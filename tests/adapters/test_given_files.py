"""Files of a work tree that anybody may have made."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from coverage import CoverageData

from pytest_bugguard.adapters import given_files
from pytest_bugguard.plugin.switch import may_be_switched_on
from tests.shell import Shell
from tests.story import story

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.skipif(os.name != "posix", reason="devices and pipes have names there")


def test_a_file_is_read_through_links(tmp_path: Path) -> None:
    """However it is reached."""
    (tmp_path / "file").write_bytes(b"text")
    (tmp_path / "link").symlink_to("file")
    assert given_files.read(tmp_path / "file") == given_files.read(tmp_path / "link") == b"text"


@pytest.mark.parametrize(
    ("target", "why"),
    [
        ("/dev/zero", "device or a pipe"),
        ("pipe", "device or a pipe"),
        ("folder", "directory"),
        ("large", "larger than 32 MB"),
        ("nowhere", "No such file"),
    ],
)
def test_what_is_no_file_is_an_error_at_once(tmp_path: Path, target: str, why: str) -> None:
    """A device that never ends, a pipe that nobody writes to, gigabytes."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    with (tmp_path / "large").open("wb") as stream:
        stream.truncate(given_files.LIMIT + 1)
    (tmp_path / "link").symlink_to(target)
    with pytest.raises(OSError, match=why):
        given_files.read(tmp_path / "link")


@pytest.mark.parametrize("target", ["/dev/zero", "pipe"])
@pytest.mark.parametrize("name", ["bugguard.toml", "floors.txt"])
def test_settings_that_lead_to_what_is_no_file_are_told(tmp_path: Path, name: str, target: str) -> None:
    """In a line; a change that commits such a link costs neither memory nor time."""
    repo = story(tmp_path / "shop", "commit: feat: sell things\n  file: src/shop.py\n    x = 1\n")
    os.mkfifo(repo.path / "pipe")
    if name == "floors.txt":
        repo.write("bugguard.toml", '[coverage]\nfloors = "floors.txt"\n')
        data = CoverageData(str(repo.path / ".coverage"))
        data.add_lines({str(repo.path / "src/shop.py"): [1]})
        data.write()
        data.close()
    (repo.path / name).symlink_to(target)
    done = Shell(repo.path).bugguard(*(["check"] if name == "bugguard.toml" else ["coverage", "check"]))
    assert done.code == 4
    assert done.complaint[0] == f"{name}: cannot be read: it is no file, but a device or a pipe"


def test_a_start_of_pytest_waits_for_no_pipe(tmp_path: Path) -> None:
    """Where the gate is off nothing can be said of it, and nothing is."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / ".git").mkdir()
    (tmp_path / "bugguard.toml").symlink_to("pipe")
    assert not may_be_switched_on(tmp_path)
