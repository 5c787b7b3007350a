"""What does a proof cost, beside the bare runs of pytest that it takes the place of?

    python benchmarks/prove.py PATH/TO/CLONE [FIX...] [--pythonpath src] [--rounds 5] [--fixes 20] [--python PYTHON]

PYTHON (default: this one) has what the tests of the clone's project need, and pytest-bugguard. The ways of doing one
job take turns, and medians of wall time are put in relation; each ratio has its promise.

- one fix: ``bugguard prove FIX`` against two runs of pytest on the same test files in fresh checkouts that stand ready,
  one with the fix and one without: no bytecode is there yet, for the one as for the other. Of the FIXes given, each by
  itself; else of the newest that has a test.
- receipt: the same command again, with its receipt in the cache.
- plugin: ``pytest FILES --bugguard --bugguard-prove`` at the fix, against ``pytest FILES`` and the run without the fix.
- twenty fixes: ``bugguard prove BASE..HEAD --jobs 2`` over the newest units that hold that many fixes with tests,
  against what a script would do for each of them: clone, check out, run pytest; put the source back, run it again. It
  does not know which tests belong to a fix, so it runs them all; what it would take if it knew is shown besides.
"""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ratios import Ratio, tell
from turns import in_turn, median, run

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

PROMISED_OF_BARE = 1.3
PROMISED_FASTER = 3.0
PROMISED_HIT_S = 0.3


@dataclass(frozen=True)
class Fix:
    """A fix with tests: what a script would have to know to run its tests on both sides."""

    sha: str
    subject: str
    parent: str
    tests: tuple[str, ...]
    """Its test files."""
    source: tuple[str, ...]


@dataclass(frozen=True)
class Bench:
    """The clone, the environment, and a scratch folder."""

    clone: Path
    python: str
    pythonpath: str
    folder: Path

    def env(self, tree: Path) -> dict[str, str]:
        """The environment in which a tree's tests are run."""
        own = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        return {**own, "PYTHONPATH": str(tree / self.pythonpath), "XDG_CACHE_HOME": str(self.folder / "cache")}

    def forget_bytecode(self, tree: Path) -> None:
        """Let a tree be as fresh as those that a proof is made in."""
        self._git("-C", str(tree), "clean", "-fdxq")

    def bugguard(self, *arguments: str, tree: Path | None = None) -> bytes:
        """Run one of our commands."""
        where = tree or self.clone
        return run([self.python, "-m", "pytest_bugguard", *arguments], cwd=where, env=self.env(where)).stdout

    def pytest(self, tree: Path, files: Sequence[str], *options: str) -> bytes:
        """Run some test files as a user would."""
        command = [self.python, "-m", "pytest", "-q", *files, *options]
        return run(command, cwd=tree, env=self.env(tree)).stdout

    def tree(self, name: str, fix: Fix, *, has_fix: bool) -> Path:
        """A clone of its own at the fix, its source put back where it is to be without."""
        place = self.folder / name
        self._git("clone", "--quiet", str(self.clone), str(place))
        self._git("-C", str(place), "checkout", "--quiet", "--detach", fix.sha)
        if not has_fix:
            self._put_back(place, fix)
        return place

    def _put_back(self, place: Path, fix: Fix) -> None:
        for path in fix.source:
            (place / path).unlink(missing_ok=True)
            subprocess.run(
                ["git", "-C", place, "checkout", "-q", fix.parent, "--", path], capture_output=True, check=False
            )

    def naive(self, fixes: Sequence[Fix], *, knows_tests: bool) -> None:
        """What a script does: a clone for each fix, its tests (or all there are) run with it and then without."""
        for fix in fixes:
            tests = fix.tests if knows_tests else ()
            place = self.tree("naive", fix, has_fix=True)
            self.pytest(place, tests)
            self._put_back(place, fix)
            self.pytest(place, tests)
            shutil.rmtree(place)

    def forget(self) -> None:
        """Drop all receipts."""
        shutil.rmtree(self.folder / "cache", ignore_errors=True)

    def _git(self, *arguments: str) -> None:
        subprocess.run(["git", *arguments], check=True)


def main() -> int:
    """Print the table; 1 where a promise is broken."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("clone", type=Path)
    parser.add_argument("shas", metavar="FIX", nargs="*")
    parser.add_argument("--pythonpath", default="src", help="the folder that the project is imported from")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--fixes", type=int, default=20, help="how many in one run; 0: none")
    parser.add_argument("--python", default=sys.executable)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        bench = Bench(asked.clone.absolute(), asked.python, asked.pythonpath, Path(folder))
        guarded = list(_guarded(bench))
        chosen = [next(fix for fix in guarded if fix.sha.startswith(sha)) for sha in asked.shas] or guarded[:1]
        kept = [_one(bench, fix, asked.rounds) for fix in chosen]
        if asked.fixes:
            kept.append(_many(bench, guarded[: asked.fixes], max(asked.rounds // 2, 1)))
    return 0 if all(kept) else 1


def _guarded(bench: Bench) -> Iterator[Fix]:
    """The fixes that brought tests, the newest first."""
    for record in json.loads(bench.bugguard("audit", "--format", "json"))["fixes"]:
        if record["verdict"] == "guarded":
            files = {test["nodeid"].partition("::")[0] for test in record["tests"] if test["counts"]}
            source = record["files"]["source"]
            yield Fix(record["sha"], record["subject"], record["parents"][0], tuple(sorted(files)), tuple(source))


def _one(bench: Bench, fix: Fix, rounds: int) -> bool:
    """The ratios of a single fix."""
    green, red = bench.tree("green", fix, has_fix=True), bench.tree("red", fix, has_fix=False)
    gate = ("--bugguard", "--bugguard-prove", "--bugguard-base", fix.parent, "--bugguard-burn-in=0")
    prove = partial(bench.bugguard, "prove", fix.sha, "--format", "json")

    def afresh(job: Callable[[], bytes]) -> bytes:
        bench.forget()
        for tree in (green, red):
            bench.forget_bytecode(tree)
        return job()

    said = json.loads(afresh(prove))["fixes"][0]
    _show(f"{fix.sha[:10]} {fix.subject}", f"{said['verdict']}: {' '.join(fix.tests)}")
    spent = in_turn(
        {
            "pytest with the fix": partial(afresh, partial(bench.pytest, green, fix.tests)),
            "pytest without it": partial(afresh, partial(bench.pytest, red, fix.tests)),
            "bugguard prove": partial(afresh, prove),
            "pytest --bugguard-prove": partial(afresh, partial(bench.pytest, green, fix.tests, *gate)),
        },
        rounds,
    )
    prove()
    spent |= in_turn({"with a receipt": prove}, rounds)
    for tree in (green, red):
        shutil.rmtree(tree)
    middle = {name: median(laps) for name, laps in spent.items()}
    for name, took in middle.items():
        _show(f"  {name}", f"{took.wall_s:.2f} s, CPU {took.cpu_s:.2f} s")
    bare_s = middle["pytest with the fix"].wall_s + middle["pytest without it"].wall_s
    hit_s = middle["with a receipt"].wall_s
    of_bare = {name: middle[name].wall_s / bare_s for name in ("bugguard prove", "pytest --bugguard-prove")}
    return not tell(
        *(Ratio(f"{name} of one fix", ratio, PROMISED_OF_BARE, "of two bare runs") for name, ratio in of_bare.items()),
        Ratio("a proof with a receipt", hit_s, PROMISED_HIT_S, "s"),
    )


def _many(bench: Bench, fixes: Sequence[Fix], rounds: int) -> bool:
    """Many fixes at once, against a script that does one after the other."""
    range_ = f"{fixes[-1].parent}..HEAD"

    def ours() -> bytes:
        bench.forget()
        return bench.bugguard("prove", range_, "--jobs", "2", "--format", "json")

    said = Counter(record["verdict"] for record in json.loads(ours())["fixes"])
    _show(f"{len(fixes)} fixes in {range_}", ", ".join(f"{count} {verdict}" for verdict, count in said.items()))
    jobs: dict[str, Callable[[], object]] = {
        "script, all tests twice": partial(bench.naive, fixes, knows_tests=False),
        "script, the test files twice": partial(bench.naive, fixes, knows_tests=True),
        "bugguard prove --jobs 2": ours,
    }
    middle = {name: median(laps) for name, laps in in_turn(jobs, rounds).items()}
    for name, took in middle.items():
        _show(f"  {name}", f"{took.wall_s:.1f} s, CPU {took.cpu_s:.1f} s")
    naive, knowing, own = (took.wall_s for took in middle.values())
    _show("  of the script that knows the tests", f"{own / knowing:.2f}")
    name = f"{len(fixes)} fixes at --jobs 2, against clone-and-run-twice"
    return not tell(Ratio(name, naive / own, PROMISED_FASTER, "times as fast", is_least=True))


def _show(name: str, value: str) -> None:
    print(f"{name:<40} {value}", flush=True)


if __name__ == "__main__":
    raise SystemExit(main())
