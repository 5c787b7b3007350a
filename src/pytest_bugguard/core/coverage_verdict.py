"""Is the coverage that was asked for there? Rules against what was measured, each with its verdict. Pure; no I/O."""

from __future__ import annotations

from collections import defaultdict
from functools import reduce
from itertools import chain
from operator import add
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pytest_bugguard.core import coverage_rules as rules
from pytest_bugguard.core.coverage_modules import Namespace
from pytest_bugguard.core.errors import SettingsError
from pytest_bugguard.core.measured import Doubt, and_more
from pytest_bugguard.core.model import RuleVerdict
from pytest_bugguard.core.thresholds import Count, Metric, numbered

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_bugguard.core.coverage_rules import CoverageSettings, Gate, Limits
    from pytest_bugguard.core.measured import FileCoverage, Measured
    from pytest_bugguard.core.thresholds import Threshold

EACH_FILE = "each-file"
TOTAL = "total"
_SEE_ALL = "run all tests, or let coverage.py count what nothing imports: [tool.coverage.run] source"
_MEASURE_BRANCHES = "measure branches too: [tool.coverage.run] branch = true, or pytest --cov-branch"


class Missing(Struct, frozen=True):
    """Where something was not run."""

    path: str
    lines: tuple[int, ...] = ()
    """Empty where the file as a whole is meant."""
    note: str = ""
    """The lines with the functions that hold them, or what else there is to say of the file."""


class Judged(Struct, frozen=True):
    """One rule, held against one file or against several together."""

    rule: str
    """As messages call it: ``each-file``, ``total``, ``gate "money"``, ``floors``, ``changed``, ``fixes``."""
    path: str | None
    """None: it speaks of several files together."""
    count: Count
    threshold: Threshold | None
    """None: it is no matter of counting."""
    verdict: RuleVerdict
    missing: tuple[Missing, ...] = ()
    place: str = ""
    """Where the rule stands: ``pyproject.toml:31``."""
    reason: str = ""
    """Why it could not be told; or what else is to be said of it."""
    next: str = ""
    metric: Metric = Metric.LINE
    fix: str = ""
    """The commit id of the fix that it speaks of."""


class Standing(Struct, frozen=True):
    """What the run that was measured can prove."""

    partial: Doubt | None = None
    """Why less was run, or less of it seen, than there is. More tests can only cover more: what is reached then is
    reached, and what is not may still be."""
    doubt: Doubt | None = None
    """Why the numbers say nothing at all."""


class Coverage(Struct, frozen=True):
    """All that was found out about coverage."""

    judged: tuple[Judged, ...] = ()
    files: int = 0
    """How many were measured."""
    origin: str = ""
    """What it was measured by: ``pytest-cov``, ``.coverage``."""
    notes: tuple[str, ...] = ()

    def and_also(self, other: Coverage) -> Coverage:
        """Both together."""
        origin = self.origin or other.origin
        notes = (*self.notes, *other.notes)
        return Coverage((*self.judged, *other.judged), self.files + other.files, origin, notes)

    def count(self, verdict: RuleVerdict) -> int:
        """How many have this verdict."""
        return sum(one.verdict is verdict for one in self.judged)


def judge(
    settings: CoverageSettings, measured: Measured, paths: Sequence[str], *, is_whole: bool = True
) -> tuple[Judged, ...]:
    """Hold each rule against what was measured: file by file, then groups, then the total.

    Args:
        settings: What is asked.
        measured: What ran.
        paths: Every Python file of the repository: what a gate may name.
        is_whole: Whether all tests ran. Part of them may not have come to a file: a gate for nothing is no fault then,
            and what several files reach together may be less once all of them are there.

    Raises:
        SettingsError: Two gates fit a file equally well, or one fits no file that was measured.
    """
    names = Namespace(paths, measured)
    if is_whole:
        _refuse_idle_gates(settings, measured, names)
    unseen = () if is_whole else measured.unseen
    groups = (_group(gate, measured, names, unseen) for gate in settings.gates if gate.scope == "group")
    total = _total(settings, measured, unseen)
    return (*_each(settings, measured, names), *chain.from_iterable(groups), *total)


def _refuse_idle_gates(settings: CoverageSettings, measured: Measured, names: Namespace) -> None:
    """A gate that fits nothing can never fail, and nobody would notice."""
    known = {file.path for file in measured.files}
    faults = [
        f"{gate.place}: {_idle(claim, names)}"
        for gate in settings.gates
        for claim in gate.claims()
        if not any(claim.rank(path, names) for path in known)
    ]
    if faults:
        hint = "name what is there, or let coverage.py measure it: [tool.coverage.run] source, omit and include"
        raise SettingsError("\n".join(faults), hint=hint)


def _idle(claim: rules.Claim, names: Namespace) -> str:
    key = "modules" if claim.is_module else "paths"
    there = [path for path in names.paths if claim.rank(path, names)]
    if there:
        more = f" and {len(there) - 1} more" if len(there) > 1 else ""
        return f"coverage.gate.{key}: {claim.text!r} asks for {there[0]}{more}, which coverage.py left out"
    near = rules.nearest(claim, names)
    return f"coverage.gate.{key}: {claim.text!r} fits no file" + (f"; did you mean {near!r}?" if near else "")


def _each(settings: CoverageSettings, measured: Measured, names: Namespace) -> Iterator[Judged]:
    ties: dict[tuple[str, str], str] = {}
    for file in measured.files:
        for metric in Metric:
            match rules.decide(settings, file.path, metric, names):
                case rules.Choice(_, None) if file.path in measured.tests:
                    pass  # who wants a test measured names it
                case rules.Choice(threshold, gate):
                    name, place = (gate.name, gate.place) if gate else (EACH_FILE, settings.places.each_file)
                    yield held_against_file(file, threshold, name, place)
                case rules.Tie() as tie:
                    ties.setdefault((tie.one.place, tie.other.place), _told(tie))
    if ties:
        raise SettingsError(
            "\n".join(ties.values()), hint="name the file itself in one of them, or make one pattern longer"
        )


def _told(tie: rules.Tie) -> str:
    return (
        f"{tie.other.place}: coverage.gate: fits {tie.path} as closely as the gate at {tie.one.place}, and both ask "
        f"for {tie.metric}"
    )


def held_against_file(file: FileCoverage, threshold: Threshold, rule: str, place: str) -> Judged:
    """A rule that is asked of each file by itself."""
    metric = threshold.metric
    count = file.count(metric)
    if count is None:
        return _without_branches(rule, file.path, threshold, place)
    missing = (Missing(file.path, lines),) if (lines := file.not_run(metric)) else ()
    return Judged(rule, file.path, count, threshold, verdict_on(count, threshold), missing, place, metric=metric)


def _without_branches(rule: str, path: str | None, threshold: Threshold, place: str) -> Judged:
    return Judged(
        rule, path, Count(0, 0), threshold, RuleVerdict.UNDECIDED, place=place, metric=threshold.metric,
        reason="branches were not measured", next=_MEASURE_BRANCHES,
    )  # fmt: skip


def verdict_on(count: Count, threshold: Threshold) -> RuleVerdict:
    """Whether a count meets what is asked."""
    return RuleVerdict.MET if threshold.is_met(count) else RuleVerdict.UNMET


def _group(gate: Gate, measured: Measured, names: Namespace, unseen: Sequence[str]) -> Iterator[Judged]:
    files = [file for file in measured.files if rules.rank_of(gate, file.path, names)]
    lacking = [path for path in unseen if rules.rank_of(gate, path, names)]
    within = replace(measured, files=tuple(files), unseen=tuple(lacking))
    yield from _together(gate.limits, within, gate.name, gate.place)


def _total(settings: CoverageSettings, measured: Measured, unseen: Sequence[str]) -> Iterator[Judged]:
    """All files, always: no gate takes any away."""
    if settings.total is not None:
        yield from _together(settings.total, replace(measured, unseen=tuple(unseen)), TOTAL, settings.places.total)


def _together(limits: Limits, within: Measured, rule: str, place: str) -> Iterator[Judged]:
    for threshold in limits.thresholds():
        counts = [file.count(threshold.metric) for file in within.files]
        if None in counts:
            yield _without_branches(rule, None, threshold, place)
        elif within.unseen:
            doubt = Doubt(
                f"{and_more(within.unseen)} may belong in the count: the tests that ran import no such file", _SEE_ALL
            )
            yield Judged(
                rule, None, Count(0, 0), threshold, RuleVerdict.UNDECIDED, place=place, metric=threshold.metric,
                reason=doubt.reason, next=doubt.cure,
            )  # fmt: skip
        else:
            worst = tuple(_worst(within, threshold.metric))
            whole: Count = reduce(add, filter(None, counts), Count(0, 0))
            verdict = verdict_on(whole, threshold)
            yield Judged(rule, None, whole, threshold, verdict, worst, place, metric=threshold.metric)


def _worst(within: Measured, metric: Metric) -> Iterator[Missing]:
    """The files that lack something, tests behind the product and most first: where to begin."""
    lacking = [(count.missing, file.path) for file in within.files if (count := file.count(metric)) and count.missing]
    for number, path in sorted(lacking, key=lambda item: (item[1] in within.tests, -item[0], item[1])):
        yield Missing(path, note=numbered(number, metric))


def of_file(
    judged: Iterable[Judged], path: str, measured: Measured, settings: CoverageSettings, paths: Sequence[str]
) -> tuple[Judged, ...]:
    """What speaks of one file: by itself, or together with others, whether it lacks anything or not."""
    names = Namespace(paths, measured)
    groups = (gate for gate in settings.gates if gate.scope == "group" and rules.rank_of(gate, path, names))
    sums = {(TOTAL, settings.places.total), *((gate.name, gate.place) for gate in groups)}
    counted = sums if measured.file(path) is not None else ()

    def speaks(one: Judged) -> bool:
        if one.path is not None:
            return one.path == path
        return (one.rule, one.place) in counted or any(path == at.path for at in one.missing)

    return tuple(filter(speaks, judged))


def weighed(judged: Iterable[Judged], standing: Standing) -> tuple[Judged, ...]:
    """The verdicts that the run can carry: of part of the tests only what is reached stands."""
    return tuple(_weighed(one, standing) for one in judged)


def _weighed(one: Judged, standing: Standing) -> Judged:
    if standing.doubt is not None:
        return undecided(one, standing.doubt)
    if standing.partial is not None and one.verdict is RuleVerdict.UNMET:
        return undecided(one, standing.partial)
    return one


def undecided(one: Judged, doubt: Doubt) -> Judged:
    """The same, left open."""
    return replace(one, verdict=RuleVerdict.UNDECIDED, reason=doubt.reason, next=doubt.cure)


def by_doubt(judged: Iterable[Judged]) -> dict[Doubt, list[Judged]]:
    """What could not be told, with those together that have the same reason and cure."""
    found: dict[Doubt, list[Judged]] = defaultdict(list)
    for one in judged:
        if one.verdict is RuleVerdict.UNDECIDED:
            found[Doubt(one.reason, one.next)].append(one)
    return dict(found)
