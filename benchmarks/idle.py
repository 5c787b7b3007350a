"""What a start of pytest pays for the plugin where it is off: CPU of a one-test run, with and without it.

Runs of all kinds take turns, so that a busy machine disturbs them alike; what is compared are medians.

    python benchmarks/idle.py [--rounds 21]
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path

from ratios import Ratio, tell
from turns import in_turn

PROMISED_MS = 15
_KINDS = {
    "-p no:bugguard": ("", ["-p", "no:bugguard"]),
    "no settings": ("", []),
    'enabled = "ci", elsewhere': ('[tool.bugguard]\nenabled = "ci"\n\n[tool.bugguard.fixes]\nscope = "unit"\n', []),
}


def main() -> int:
    """Print the medians; 1 where the promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--rounds", type=int, default=21)
    rounds = parser.parse_args().rounds
    with tempfile.TemporaryDirectory() as folder:
        projects = {kind: _project(Path(folder) / str(number), kind) for number, kind in enumerate(_KINDS)}
        jobs = {kind: partial(_pytest, projects[kind], _KINDS[kind][1]) for kind in _KINDS}
        in_turn(jobs, 1)  # the first one writes bytecode
        spent = in_turn(jobs, rounds)
    return _report({kind: [1000 * lap.cpu_s for lap in laps] for kind, laps in spent.items()})


def _project(folder: Path, kind: str) -> Path:
    (folder / ".git").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(f"[tool.pytest.ini_options]\n{_KINDS[kind][0]}", encoding="utf-8")
    (folder / "test_one.py").write_text("def test_one():\n    pass\n", encoding="utf-8")
    return folder


def _pytest(project: Path, options: list[str]) -> None:
    environment = {name: value for name, value in os.environ.items() if name not in {"CI", "PYTHONDONTWRITEBYTECODE"}}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *options]
    subprocess.run(command, cwd=project, env=environment, check=True, stdout=subprocess.DEVNULL)


def _report(spent: dict[str, list[float]]) -> int:
    without, *idle = spent
    base = statistics.median(spent[without])
    print(f"{without:<28} {base:7.1f} ms")
    ratios = []
    for kind in idle:
        more = statistics.median(spent[kind]) - base
        # Each lap by itself: what the machine did to one of a pair it did to the other.
        paired = statistics.median(one - other for one, other in zip(spent[kind], spent[without], strict=True))
        ratios.append(Ratio(f"idle, {kind}", paired, PROMISED_MS, "ms of CPU more"))
        print(f"{kind:<28} {base + more:7.1f} ms   {more:+.1f} ms, lap by lap {paired:+.1f} ms")
    return tell(*ratios)


if __name__ == "__main__":
    raise SystemExit(main())
