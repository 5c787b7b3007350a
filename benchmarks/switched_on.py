"""What a long run of pytest pays for the gate where nothing fails: 10,000 trivial tests, with and without it.

    python benchmarks/switched_on.py [--tests 10000] [--rounds 7]
    python benchmarks/switched_on.py --suite PATH/TO/CLONE [--rounds 3]

``the gate`` judges a change without a fix and records every outcome, each time into the same history; ``recorded
alone`` has no gate on fixes and none on their coverage. CPU, children included; medians of runs that take turns.
Plain pytest is pytest without plugins; once more both have all that are installed here. With ``--suite`` it is the
gate and plain pytest on a project's own tests, all of which have to pass in this Python, run from the top of a copy.
"""

from __future__ import annotations

import argparse
import os
import subprocess
import sys
import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ratios import Ratio, tell
from turns import in_turn, median

if TYPE_CHECKING:
    from collections.abc import Mapping

PROMISED, PROMISED_OF_A_SUITE = 3.0, 1.0

_IN_A_FILE = 100
_OFF = '[tool.bugguard.fixes]\nrequire = "off"\n[tool.bugguard.coverage]\nfixes = "off"\n'
_ON = ["--bugguard", "--bugguard-base", "HEAD"]
_OURS = ["-p", "pytest_bugguard.plugin"]
_PLAIN, _CROWDED = "plain pytest", "pytest with plugins"
_KINDS = {
    _PLAIN: ([], "", False),
    "the gate": ([*_OURS, *_ON], "", False),
    "recorded alone": ([*_OURS, *_ON], _OFF, False),
    _CROWDED: (["-p", "no:bugguard"], "", True),
    "the gate beside the plugins here": (_ON, "", True),
}


def main() -> int:
    """Print the medians and their ratios."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--tests", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--suite", metavar="CLONE", type=Path)
    options = parser.parse_args()
    return of_suite(options.suite, options.rounds) if options.suite else of_trivial(options.tests, options.rounds)


def of_suite(clone: Path, rounds: int) -> int:
    """A project's own tests."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / clone.name
        subprocess.run(["git", "clone", "-q", "--shared", clone, place], check=True)
        jobs = {
            kind: partial(pytest, place, flags, loads_plugins=False)
            for kind, flags in ((_PLAIN, []), ("the gate", [*_OURS, *_ON]))
        }
        pytest(place, [*_OURS, *_ON], loads_plugins=False)  # writes bytecode, and the history's tables
        spent = {kind: median(laps).cpu_s for kind, laps in in_turn(jobs, rounds).items()}
    for kind, cpu_s in spent.items():
        print(f"{kind:<32} {cpu_s:6.2f} s CPU")
    more = 100 * (spent["the gate"] / spent[_PLAIN] - 1)
    return tell(Ratio(f"the gate, the tests of {clone.name}", more, PROMISED_OF_A_SUITE, "% more CPU"))


def of_trivial(tests: int, rounds: int) -> int:
    """Tests that do nothing."""
    with tempfile.TemporaryDirectory() as folder:
        jobs = {}
        for kind, (flags, settings, loads_plugins) in _KINDS.items():
            place = project(Path(folder) / kind.replace(" ", "-"), tests, settings)
            jobs[kind] = partial(pytest, place, flags, loads_plugins=loads_plugins)
        in_turn(jobs, 1)  # the first one writes bytecode, and the history's tables
        spent = {kind: median(laps).cpu_s for kind, laps in in_turn(jobs, rounds).items()}
    for kind, cpu_s in spent.items():
        print(f"{kind:<32} {cpu_s:6.2f} s CPU")
    ratios = [
        Ratio(f"{kind}, {tests:,} trivial tests", 100 * (spent[kind] / spent[base] - 1), PROMISED, "% more CPU")
        for kind, (_, _, loads_plugins) in _KINDS.items()
        if kind != (base := _CROWDED if loads_plugins else _PLAIN)
    ]
    return tell(*ratios)


def project(folder: Path, tests: int, settings: str, files: Mapping[str, str] | None = None) -> Path:
    """A repository with so many tests that pass, and some files besides."""
    (folder / "tests").mkdir(parents=True)
    for number in range(0, tests, _IN_A_FILE):
        text = "".join(f"def test_{one}():\n    assert True\n\n\n" for one in range(_IN_A_FILE))
        (folder / f"tests/test_{number}.py").write_text(text, encoding="utf-8")
    for name, text in (files or {}).items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "pyproject.toml").write_text(f"[tool.pytest.ini_options]\n{settings}", encoding="utf-8")
    (folder / ".gitignore").write_text("__pycache__/\n", encoding="utf-8")
    for command in (["init", "-q"], ["add", "."], ["commit", "-q", "-m", "feat: begin"]):
        subprocess.run(["git", "-c", "user.name=a", "-c", "user.email=a@example.org", *command], cwd=folder, check=True)
    return folder


def pytest(place: Path, flags: list[str], *, fails: bool = False, loads_plugins: bool = True) -> None:
    """Run it there; a run that ends otherwise than it should is no measurement."""
    environment = {name: value for name, value in os.environ.items() if name not in {"CI", "PYTHONDONTWRITEBYTECODE"}}
    if not loads_plugins:
        environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", *flags]
    done = subprocess.run(command, cwd=place, env=environment, check=False, stdout=subprocess.DEVNULL)
    if done.returncode != int(fails):
        raise SystemExit(f"{' '.join(command)} ended with {done.returncode}")


if __name__ == "__main__":
    raise SystemExit(main())
