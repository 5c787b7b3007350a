"""Promise 8: idle, it costs next to nothing. ``benchmarks/idle.py`` measures how much: at most 15 ms of CPU."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.doors import conftest as doors

if TYPE_CHECKING:
    from tests.doors.shop import Shop

template, shop = doors.template, doors.shop
_PROBE = """
import json, sys
from pathlib import Path

started = []
sys.addaudithook(lambda event, details: event in {"subprocess.Popen", "os.posix_spawn", "os.exec"} and started.append(event))

def pytest_unconfigure():
    sys.stderr.write("PROBE " + json.dumps([sorted(sys.modules), started]) + "\\n")
"""  # noqa: E501 - one statement of the probe


@pytest.mark.parametrize("settings", ["", 'enabled = "ci"\n[fixes]\nscope = "unit"\n'], ids=["no-settings", "ci-only"])
def test_idle_costs_nothing(shop: Shop, settings: str) -> None:
    """Where it is off, no part of ours but the door is loaded, no process started, no file written."""
    if settings:
        shop.settings(settings)
    shop.repo.write("probe.py", _PROBE)
    before = _files(shop)
    result = shop.run_apart("-p", "probe", "-p", "no:cacheprovider")
    assert result.ret == 0
    probed = next(line for line in result.errlines if line.startswith("PROBE "))
    modules, started = json.loads(probed.removeprefix("PROBE "))
    assert [name for name in modules if name.startswith("pytest_bugguard")] == [
        "pytest_bugguard",
        "pytest_bugguard.plugin",
        "pytest_bugguard.plugin.switch",
    ]
    assert not {"git", "tqdm", "tomli", "tomlkit"} & set(modules)
    assert started == []
    assert _files(shop) == before


def _files(shop: Shop) -> set[str]:
    """The names of all files but pytester's own and bytecode."""
    names = {path.relative_to(shop.repo.path).as_posix() for path in shop.repo.path.rglob("*")}
    return {name for name in names if "__pycache__" not in name and not name.startswith(("runpytest", "std"))}


def test_the_probe_sees_what_costs(shop: Shop) -> None:
    """Else the test above would show nothing: switched on, there are modules, processes and files."""
    shop.repo.write("probe.py", _PROBE)
    before = _files(shop)
    result = shop.run_apart("-p", "probe", "-p", "no:cacheprovider", "--bugguard")
    probed = next(line for line in result.errlines if line.startswith("PROBE "))
    modules, started = json.loads(probed.removeprefix("PROBE "))
    assert "pytest_bugguard.assembly.gate" in modules
    assert started
    assert _files(shop) - before == {".bugguard", ".bugguard/.gitignore", ".bugguard/history.db"}
