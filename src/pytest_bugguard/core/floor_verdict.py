"""Does a file owe more statements than its floor allows? Pure; no I/O."""

from __future__ import annotations

from decimal import Decimal
from typing import TYPE_CHECKING

from pytest_bugguard.core import coverage_rules
from pytest_bugguard.core.coverage_modules import Namespace
from pytest_bugguard.core.coverage_verdict import Judged, Missing, undecided, verdict_on
from pytest_bugguard.core.floors import Floor
from pytest_bugguard.core.measured import Doubt
from pytest_bugguard.core.model import RuleVerdict
from pytest_bugguard.core.thresholds import Count, Metric, Threshold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_bugguard.core.coverage_rules import CoverageSettings
    from pytest_bugguard.core.floors import Floors
    from pytest_bugguard.core.measured import FileCoverage, Measured

FLOORS = "floors"


def judge(  # noqa: PLR0913 - what a file is held against, and what is known of it
    floors: Floors,
    measured: Measured,
    settings: CoverageSettings,
    paths: Sequence[str],
    place: str,
    *,
    unfollowed: Doubt | None = None,
) -> Iterator[Judged]:
    """Hold each file against its floor; one without may owe nothing, unless it is a test or another rule decides.

    Args:
        floors: What each may owe, under the names that files have now as far as they are known.
        measured: What ran.
        settings: What else is asked.
        paths: Every Python file of the repository.
        place: Where floors are asked for.
        unfollowed: Why files that have floors may have other names now: one that is not in the list may be such a file.
    """
    names = Namespace(paths, measured)
    known = {file.path for file in measured.files}
    there = set(paths)
    owed_by_gone = max((floor.missing for path, floor in floors.items() if path not in there), default=0)
    for file in measured.files:
        is_listed = file.path in floors
        if is_listed or (file.path not in measured.tests and not _is_decided(settings, file.path, names)):
            held = _against(file, floors.get(file.path, Floor(0)), place, is_listed=is_listed)
            may_be_gone = not is_listed and held.verdict is RuleVerdict.UNMET and len(file.missing) <= owed_by_gone
            yield undecided(held, unfollowed) if unfollowed and may_be_gone else held
    for path, floor in sorted(floors.items()):
        if path in there and path not in known and floor.missing:
            yield _unmeasured(path, floor, place)


def _is_decided(settings: CoverageSettings, path: str, names: Namespace) -> bool:
    """Whether a rule on lines speaks for a file."""
    metrics = (Metric.LINE, Metric.MISSING)
    return any(coverage_rules.decide(settings, path, metric, names) is not None for metric in metrics)


def _against(file: FileCoverage, floor: Floor, place: str, *, is_listed: bool) -> Judged:
    count = Count(len(file.ran), len(file.statements))
    threshold = Threshold(Metric.MISSING, Decimal(floor.missing))
    verdict = verdict_on(count, threshold)
    missing = (Missing(file.path, lines),) if (lines := file.not_run(Metric.MISSING)) else ()
    reason = floor.reason or ("" if is_listed else "not in the list")
    return Judged(FLOORS, file.path, count, threshold, verdict, missing, place, reason, metric=Metric.MISSING)


def _unmeasured(path: str, floor: Floor, place: str) -> Judged:
    """A file that owes something and is no longer measured: leaving it out is no way to pay."""
    doubt = Doubt(f"{path} has a floor and was not measured", "measure it, or take it out of the list by hand")
    threshold = Threshold(Metric.MISSING, Decimal(floor.missing))
    return Judged(
        FLOORS, path, Count(0, 0), threshold, RuleVerdict.UNDECIDED, place=place, reason=doubt.reason, next=doubt.cure,
        metric=Metric.MISSING,
    )  # fmt: skip


def payable(floors: Floors, measured: Measured) -> tuple[str, ...]:
    """The files that owe less than they may: floors that can be lowered."""
    return tuple(
        file.path for file in measured.files if file.path in floors and len(file.missing) < floors[file.path].missing
    )
