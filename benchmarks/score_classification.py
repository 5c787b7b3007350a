"""How well do the rules tell bug fixes? Scores them on labelled commits, the rule on news fragments switched off.

python benchmarks/score_classification.py DATA REPOSITORIES     # REPOSITORIES/<owner>+<name>/repo, bare or not

DATA holds one JSON list a project: ``repo``, ``sha``, ``is_fix``, ``audit`` (``real_fix`` corrects the label) and
``in_window`` (whether the unit belongs to the sample in natural proportion; the others are not scored).

Each line is scored twice: over all labelled fixes, and over those that change what the product's source does, because
no rule may call the others fixes that need a test.
"""

from __future__ import annotations

import json
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pytest_bugguard.adapters import guests
from pytest_bugguard.assembly.workshop import open_workshop
from pytest_bugguard.core import fixes
from pytest_bugguard.core.model import Sign
from pytest_bugguard.journeys.survey import Lens, Survey

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pytest_bugguard.journeys.survey import Seen

OFF = ("fragment",)
LINES = (*(f"mode {mode}" for mode in fixes.Mode), *dict.fromkeys(rule.name for rule in fixes.RULES if rule.says_fix))


@dataclass(frozen=True)
class Case:
    """One labelled unit and what each line of the table says of it."""

    project: str
    is_fix: bool
    changes_product: bool
    taken: frozenset[str]
    """The modes, and the rules that take it for a fix when they are the only ones."""


def main(data: Path, repositories: Path) -> None:
    """Print one table a project and one over all."""
    cases = [case for path in sorted(data.glob("*.json")) for case in _cases(path, repositories)]
    for project in dict.fromkeys(case.project for case in cases):
        _print(project, [case for case in cases if case.project == project])
    _print("all", cases)


def _cases(path: Path, repositories: Path) -> Iterator[Case]:
    labels: dict[str, dict[str, Any]] = {
        row["sha"]: row for row in json.loads(path.read_text(encoding="utf-8")) if row["in_window"]
    }
    project = next(iter(labels.values()))["repo"]
    with open_workshop(repositories / project.replace("/", "+") / "repo") as workshop:
        rules = fixes.RuleSet.of(fixes.Mode.WIDE, without=OFF)
        survey = Survey(workshop.history, Lens(rules, None, None, guests.load((), top=None)))
        for unit in workshop.history.units_of(list(labels)):
            label = labels[unit.commit.sha]
            is_fix = label["is_fix"] or label["audit"] == "real_fix"
            seen = survey.single(unit)
            yield Case(project, is_fix, seen.diff.behaviour_changed, frozenset(_taken(seen)))


def _taken(seen: Seen) -> Iterator[str]:
    for line in LINES:
        chosen = line.removeprefix("mode ") if line.startswith("mode ") else [line]
        rules = fixes.RuleSet.of(chosen, without=OFF)
        if isinstance(fixes.recognise(seen.unit, rules=rules, diff=seen.diff), Sign):
            yield line


def _print(title: str, cases: Iterable[Case]) -> None:
    cases = list(cases)
    fixes_all = sum(case.is_fix for case in cases)
    fixes_product = sum(case.is_fix and case.changes_product for case in cases)
    print(f"\n{title}: {len(cases)} units, {fixes_all} fixes, {fixes_product} of them change the product")
    print(f"{'':20}{'right':>7}{'wrong':>7}{'precision':>11}{'recall':>8}{'recall, product':>17}")
    for line in LINES:
        right = sum(case.is_fix for case in cases if line in case.taken)
        wrong = sum(not case.is_fix for case in cases if line in case.taken)
        of_product = sum(case.is_fix and case.changes_product for case in cases if line in case.taken)
        if right + wrong:
            shares = f"{right / (right + wrong):11.2f}{right / fixes_all:8.2f}{of_product / fixes_product:17.2f}"
            print(f"{line:20}{right:7}{wrong:7}{shares}")


if __name__ == "__main__":
    main(Path(sys.argv[1]), Path(sys.argv[2]))
