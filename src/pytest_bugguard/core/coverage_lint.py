"""Which coverage rules can never fail, although they look as if they could? Pure; no I/O."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING

from pytest_bugguard.core import coverage_rules as rules
from pytest_bugguard.core.coverage_modules import Namespace
from pytest_bugguard.core.coverage_rules import Gate
from pytest_bugguard.core.measured import FileCoverage
from pytest_bugguard.core.thresholds import Metric

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_bugguard.core.coverage_rules import CoverageSettings
    from pytest_bugguard.core.measured import Measured


def idle(settings: CoverageSettings, measured: Measured, paths: Sequence[str]) -> Iterator[str]:
    """A sentence for each rule that nothing measured can break, with its place.

    What can be told from the settings alone (a threshold of 0, a gate that asks for nothing or fits no file) is a
    fault in them; this is what the files decide. A floor is no such rule, also where a file owes all that it has:
    what comes to the file has to run.

    Args:
        settings: What is asked.
        measured: All that a run of all tests measured.
        paths: Every Python file of the repository.
    """
    if settings.gates:
        yield from _idle_gates(settings, measured, Namespace(paths, measured))
    yield from _emptied(measured)


_Deciding = dict[tuple[Gate | None, Metric], list[FileCoverage]]
"""The files that each rule decides for; the rule is None for ``each-file``."""


def _idle_gates(settings: CoverageSettings, measured: Measured, names: Namespace) -> Iterator[str]:
    deciding: _Deciding = defaultdict(list)
    for file in measured.files:
        for metric in Metric:
            choice = rules.decide(settings, file.path, metric, names)
            if isinstance(choice, rules.Choice) and (choice.gate or file.path not in measured.tests):
                deciding[choice.gate, metric].append(file)
    for gate in settings.gates:
        if gate.scope == "each":
            yield from _shadowed(gate, deciding)
        yield from _generous(gate, measured, deciding[gate, Metric.MISSING], names)
    if settings.each_file is not None and measured.files and not any(deciding[None, metric] for metric in Metric):
        yield f"each-file, {settings.places.each_file}: decides for no file: gates speak for all of them"


def _shadowed(gate: Gate, deciding: _Deciding) -> Iterator[str]:
    for threshold in gate.limits.thresholds():
        if not deciding[gate, threshold.metric]:
            why = "closer gates speak for all of them"
            yield f"{gate.name}, {gate.place}: {threshold.metric} decides for no file: {why}"


def _generous(gate: Gate, measured: Measured, decided: Sequence[FileCoverage], names: Namespace) -> Iterator[str]:
    """A count that is no smaller than all that there is."""
    allowed = gate.limits.missing
    if allowed is None:
        return
    if gate.scope == "group":
        most = sum(len(file.statements) for file in measured.files if rules.rank_of(gate, file.path, names))
    else:
        most = max((len(file.statements) for file in decided), default=0)
    if most and allowed >= most:
        what = "they have" if gate.scope == "group" else "the largest of its files has"
        yield f"{gate.name}, {gate.place}: missing = {allowed} can never be exceeded: {what} {most} statements"


def _emptied(measured: Measured) -> Iterator[str]:
    """Files that meet every share because all of them is left out of the count."""
    empty = [file.path for file in measured.files if file.excluded and not file.statements]
    if empty:
        more = f" and {len(empty) - 1} more" if len(empty) > 1 else ""
        yield f"{empty[0]}{more}: all code is excluded (# pragma: no cover, exclude_also): it meets whatever is asked"
