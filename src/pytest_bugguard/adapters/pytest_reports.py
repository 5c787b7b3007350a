"""What did pytest say of its tests? Its reports as values, once the run is over."""

from __future__ import annotations

import os
from functools import cache, partial
from typing import TYPE_CHECKING

from pytest_bugguard.adapters.pytest_failures import failure_of
from pytest_bugguard.adapters.report_ids import own_id
from pytest_bugguard.core.outcomes import PhaseReport

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    import pytest


def phase_reports(reports: Iterable[pytest.TestReport], config: pytest.Config, top: Path) -> tuple[PhaseReport, ...]:
    """Each report in its place, by its test's own node id; ``top`` is the repository's top level."""
    named = cache(partial(own_id, cache(lambda path: os.path.lexists(config.rootpath / path))))
    fails = partial(failure_of, top=top, cwd=config.invocation_params.dir)
    return tuple(
        PhaseReport(
            named(report.nodeid, report.location),
            report.when or "",
            "failed" if excuse else report.outcome,
            hasattr(report, "wasxfail") and not excuse,
            report.duration,
            getattr(report, "worker_id", "") or _worker_of(report),
            fails(report.longrepr) if excuse or report.outcome not in {"passed", "skipped"} else None,
            excuse,
        )
        for report in reports
        for excuse in (getattr(report, "bugguard_excuse", ""),)
    )


def _worker_of(report: pytest.TestReport) -> str:
    """The xdist worker of a report; that of one who died in a test is named by its controller, and otherwise."""
    node = getattr(report, "node", None)
    return "" if node is None else str(node.gateway.id)


def counted_failures(reports: Iterable[pytest.TestReport]) -> int:
    """How many reports pytest counts as failures of tests, in a number that has those of others in it too."""
    return sum(one.outcome == "failed" and not str(one.longrepr).startswith("contains ") for one in reports)
