"""What a run depends on besides the code: every distribution, but not the code itself."""

from __future__ import annotations

import json
import platform
import sys
from importlib.metadata import distributions
from typing import TYPE_CHECKING

from pytest_bugguard.adapters.environment import environment

if TYPE_CHECKING:
    from pathlib import Path


def install(site: Path, name: str, url: str = "") -> None:
    """The trace that a distribution leaves."""
    folder = site / f"{name}.dist-info"
    folder.mkdir(parents=True)
    if url:
        (folder / "direct_url.json").write_text(json.dumps({"url": url, "dir_info": {"editable": True}}))


def test_it_names_the_python_and_the_platform() -> None:
    """In words and in its key."""
    found = environment(None)
    assert found.python == f"CPython {platform.python_version()}" or platform.python_implementation() != "CPython"
    assert found.platform.startswith(sys.platform)


def test_every_distribution_is_found() -> None:
    """By the name and version that its metadata has."""
    known = {(one.name.lower().replace("_", "-").replace(".", "-"), one.version) for one in distributions()}
    assert known <= set(environment(None).distributions)


def test_what_is_installed_from_the_repository_is_the_code_itself(tmp_path: Path) -> None:
    """Its version may change with every commit; a virtual environment inside the repository is none of it."""
    top = tmp_path / "re po"
    site = top / ".venv" / "lib" / "site-packages"
    install(site, "six-1.16")
    install(site, "shop-0.1.dev7", top.as_uri())
    install(site, "tool-2.0", (tmp_path / "tool").as_uri())
    (top / "src" / "shop.egg-info").mkdir(parents=True)
    found = environment(top, [str(site), str(top / "src"), str(tmp_path / "nowhere"), ""])
    assert found.distributions == (("six", "1.16"), ("tool", "2.0"))
    assert ("shop", "0.1.dev7") in environment(tmp_path / "elsewhere", [str(site)]).distributions
