"""How much of what real fixes changed do their own tests run? Replays the newest fixes of a repository.

    python benchmarks/replay_fix_coverage.py REPOSITORY [COUNT]

Run it with an interpreter that has what the project's tests need.
"""

from __future__ import annotations

import sys
import time
from collections import Counter
from itertools import islice
from pathlib import Path

from pytest_bugguard.assembly.prover import ProofOptions, open_prover
from pytest_bugguard.assembly.workshop import open_workshop
from pytest_bugguard.core.model import RuleVerdict
from pytest_bugguard.journeys.decay import guarded
from pytest_bugguard.journeys.snapshot import Snapshot


def main(repository: Path, count: int) -> None:
    """Print a line a fix, then the shares."""
    with open_workshop(repository, ["coverage.fixes=any"]) as workshop:
        tip = Snapshot(workshop.history, workshop.resolve("HEAD"))
        fixes = guarded(workshop.survey.stream(workshop.units_back(None)), workshop.linker(tip), wanted=None)
        found = list(islice(fixes, count))
        began = time.monotonic()
        with open_prover(workshop, ProofOptions(owns_process=True)) as prover:
            rows = prover.coverage_of(found, tip, progress=lambda *_: None)
        took = time.monotonic() - began
    statements: Counter[str] = Counter()
    for row in rows:
        print(f"{row.verdict:<9} {row.fix[:9]} {row.reason}")
        for said in row.reason.split(", ") if row.verdict is not RuleVerdict.UNDECIDED else ():
            number, _, reach = said.partition(" ")
            statements[reach] += int(number) if number.isdigit() else 0
    judged = [row for row in rows if row.verdict is not RuleVerdict.UNDECIDED and row.count.total]
    print(f"{len(found)} fixes, {len(judged)} with changed statements that could be judged, {took:.0f} s")
    print("every statement run or import only:", sum(row.count.missing == 0 for row in judged))
    print("every statement run:", sum("never" not in row.reason and "import" not in row.reason for row in judged))
    print("at least one run:", sum(" run" in row.reason or "subprocess" in row.reason for row in judged))
    print("not met:", sum(row.verdict is RuleVerdict.UNMET for row in judged))
    print("statements:", dict(statements))


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 40)  # noqa: PLR2004 - the name and one argument
