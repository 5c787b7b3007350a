"""How far do we agree with proofs made by hand? Runs `bugguard prove` on known commits, each in its own environment.

python benchmarks/score_proof.py DATA.json REPOSITORIES ENVIRONMENTS [CASE...]

REPOSITORIES/<owner>+<name>/repo is a clone, bare or not; ENVIRONMENTS/<env>/bin has a Python with what the tests
of that project need, and `bugguard`. DATA holds ``envs`` (``pythonpath``, ``generated_files``) and ``cases``: ``id``,
``env``, ``repo``, ``sha``, ``tags`` and ``expected`` (``verdict``, and for each test its outcome with the fix, ``fix``,
and without it, ``before``).

A proven verdict where the hand did not prove comes first: there must be none. Exit status 1 where there is one.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

ACCEPTED = {
    "proven": {"proven"},
    "proven_weak": {"weak", "undecided"},
    "unproven": {"unproven"},
    "inconclusive": {"undecided", "broken"},
    "no_test": {"unguarded"},
    "test_only": {"not-applicable"},
    "docs_only": {"not-applicable"},
    "words_only": {"not-applicable", "unguarded", "unproven"},
}
"""Which of our verdicts agree with one of the data's."""
WORDS_ONLY = "not_behaviour"
"""Tag of commits that mend words: the data runs their tests and calls them unproven; we find no test, or no cause."""


@dataclass(frozen=True)
class Said:
    """What one case came to."""

    case: dict[str, Any]
    record: dict[str, Any]

    @property
    def expected(self) -> str:
        """The verdict of the data."""
        verdict: str = self.case["expected"]["verdict"]
        return "words_only" if WORDS_ONLY in self.case["tags"] else verdict

    @property
    def verdict(self) -> str:
        """Our verdict."""
        verdict: str = self.record["verdict"]
        return verdict

    @property
    def agrees(self) -> bool:
        """Whether it may stand for the data's."""
        return self.verdict in ACCEPTED[self.expected]

    @property
    def is_false_proof(self) -> bool:
        """The one mistake that must not happen."""
        return self.verdict == "proven" and not self.agrees

    def other_tests(self) -> Iterator[str]:
        """The tests that we saw end otherwise, as far as both sides ran them."""
        ours = {test["nodeid"]: test for test in self.record["tests"]}
        for nodeid, test in self.case["expected"].get("tests", {}).items():
            seen = ours.get(nodeid)
            if seen is None or seen["after"] is None:
                if self.agrees:
                    yield f"{nodeid}: not among those that we ran; {test['before']}, then {test['fix']} by hand"
            elif _differs(seen["after"], test["fix"]) or (seen["before"] and _differs(seen["before"], test["before"])):
                yield f"{nodeid}: {seen['before']}, then {seen['after']}; {test['before']}, then {test['fix']} by hand"


def _differs(ours: str, by_hand: str) -> bool:
    return (ours == "passed") != (by_hand == "passed") if by_hand == "missing" else ours != by_hand


def main() -> int:
    """Print the disagreements, the worst first, and the counts."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("data", type=Path)
    parser.add_argument("repositories", type=Path)
    parser.add_argument("environments", type=Path)
    parser.add_argument("cases", metavar="CASE", nargs="*", help="ids of the cases to run (default: all)")
    asked = parser.parse_args()
    data = json.loads(asked.data.read_text(encoding="utf-8"))
    chosen = [case for case in data["cases"] if not asked.cases or case["id"] in asked.cases]
    said = []
    for case in chosen:
        said.append(Said(case, _proved(case, data["envs"][case["env"]], asked.repositories, asked.environments)))
        print(f"{len(said)} of {len(chosen)}: {case['id']} {said[-1].verdict}", file=sys.stderr)
    return _report(said)


def _proved(case: dict[str, Any], env: dict[str, Any], repositories: Path, environments: Path) -> dict[str, Any]:
    """The record of the commit, from a fresh clone of its own with a cache of its own."""
    with tempfile.TemporaryDirectory() as folder:
        clone = Path(folder) / "clone"
        origin = repositories / case["repo"].replace("/", "+") / "repo"
        subprocess.run(["git", "clone", "--quiet", "--shared", "--no-checkout", origin, clone], check=True)
        subprocess.run(["git", "-C", clone, "checkout", "--quiet", "--detach", case["sha"]], check=True)
        for path, text in env["generated_files"].items():
            (clone / path).write_text(text, encoding="utf-8")
        command = [environments.absolute() / case["env"] / "bin" / "bugguard", "prove", case["sha"], "--format", "json"]
        environment = {
            **os.environ,
            "PYTHONPATH": str(clone / env["pythonpath"]),
            "XDG_CACHE_HOME": str(Path(folder) / "cache"),
        }
        done = subprocess.run(command, cwd=clone, env=environment, capture_output=True, check=False)
        try:
            record: dict[str, Any] = json.loads(done.stdout)["fixes"][0]
        except (ValueError, IndexError):
            last = (done.stderr.decode(errors="replace").strip().splitlines() or ["said nothing"])[-1]
            record = {"verdict": f"exit {done.returncode}", "reason": last, "tests": []}
        return record


def _report(said: Sequence[Said]) -> int:
    false_proofs = [one for one in said if one.is_false_proof]
    _list("FALSE PROVEN", false_proofs)
    _list("other verdicts", [one for one in said if not one.agrees and not one.is_false_proof])
    print("\ntests that ended otherwise")
    for one in said:
        for line in one.other_tests():
            print(f"  {one.case['id']:18} {line}")
    print("\nby hand        ours            cases")
    for (expected, verdict), count in sorted(Counter((one.expected, one.verdict) for one in said).items()):
        print(f"{expected:14} {verdict:15} {count:5}")
    print(f"\n{len(said)} cases: {sum(one.agrees for one in said)} agree, {len(false_proofs)} falsely proven")
    return 1 if false_proofs else 0


def _list(title: str, cases: Sequence[Said]) -> None:
    print(f"\n{title}: {len(cases)}")
    for one in cases:
        print(f"  {one.case['id']:18} {one.case['sha'][:10]} by hand {one.expected}, ours {one.verdict}")
        print(f"  {'':18} {one.record['reason']}")


if __name__ == "__main__":
    raise SystemExit(main())
