"""Is the coverage that was asked for there? Files, groups and the total, floors, and what the change touched."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pytest_bugguard.core import coverage_lint, coverage_verdict, floor_verdict, touched
from pytest_bugguard.core.coverage_verdict import Coverage, Judged, Standing
from pytest_bugguard.core.measured import Doubt, and_more, doubt_of
from pytest_bugguard.core.model import RuleVerdict
from pytest_bugguard.core.statements import described, source_of
from pytest_bugguard.core.thresholds import Count, Metric

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_bugguard.core.coverage_rules import CoverageSettings
    from pytest_bugguard.core.coverage_verdict import Missing
    from pytest_bugguard.core.floors import Floors
    from pytest_bugguard.core.measured import FileCoverage, Measured
    from pytest_bugguard.core.patches import Patch
    from pytest_bugguard.core.statements import Source
    from pytest_bugguard.core.touched import Touched
    from pytest_bugguard.journeys.ports import Sources


class Asked(Struct, frozen=True):
    """What is asked, and what it is held against."""

    settings: CoverageSettings
    floors: Floors | None = None
    """Under the names that files have now; None: there are none."""
    moved: tuple[tuple[str, str], ...] = ()
    """The files that the floors name by an old name still: old and new."""
    unfollowed: Doubt | None = None
    """Why files that the floors name may have other names that are not known."""
    patches: tuple[Patch, ...] | Doubt = ()
    """What the change did to Python files; or why that cannot be told."""


def judge(asked: Asked, measured: Measured, standing: Standing, sources: Sources) -> Coverage:
    """Hold all that is asked against what was measured.

    Raises:
        SettingsError: Two gates fit a file equally well, or one can never fail.
    """
    standing = replace(standing, doubt=standing.doubt or doubt_of(measured, standing.partial))
    is_whole = standing.doubt is None and standing.partial is None
    notes: list[str] = []
    rows = [
        *coverage_verdict.judge(asked.settings, measured, sources.paths, is_whole=is_whole),
        *_floors(asked, measured, sources, notes),
    ]
    if is_whole:
        if measured.unseen:
            notes.append(f"not in the count, since it was not measured: {and_more(measured.unseen)}; {_COUNT_ALL}")
        notes += (f"can never fail: {said}" for said in coverage_lint.idle(asked.settings, measured, sources.paths))
    known = _Known(sources)
    changed = _changed(asked, measured, known, notes, standing.doubt)
    weighed = list(coverage_verdict.weighed([*rows, *changed], standing))
    if standing.doubt is not None and not weighed:
        weighed = [_of_nothing(standing.doubt)]
    return Coverage(
        tuple(_explained(one, known, measured) for one in weighed), len(measured.files), measured.origin, tuple(notes)
    )


_COUNT_ALL = (
    "to count such files: [tool.coverage.run] source; for those in folders without __init__.py also "
    "[tool.coverage.report] include_namespace_packages = true"
)


def _of_nothing(doubt: Doubt) -> Judged:
    """What stands for rules that found no file to speak of: else a gate would pass because it saw nothing."""
    return Judged("coverage", None, Count(0, 0), None, RuleVerdict.UNDECIDED, reason=doubt.reason, next=doubt.cure)


class _Known:
    """Texts of files, read when they are asked for."""

    def __init__(self, sources: Sources) -> None:
        self.sources = sources
        self._now: dict[str, Source | None] = {}

    def now(self, path: str) -> Source | None:
        """A file as it stands; None where there is none."""
        if path not in self._now:
            content = self.sources.text(path)
            self._now[path] = None if content is None else source_of(content)
        return self._now[path]

    def before(self, path: str | None) -> Source | None:
        """A file as the change found it."""
        content = None if path is None else self.sources.before(path)
        return None if content is None else source_of(content)


def _floors(asked: Asked, measured: Measured, sources: Sources, notes: list[str]) -> Iterator[Judged]:
    if asked.floors is None:
        return
    place = asked.settings.places.floors
    yield from floor_verdict.judge(
        asked.floors, measured, asked.settings, sources.paths, place, unfollowed=asked.unfollowed
    )
    for old, new in asked.moved:
        notes.append(f"floors name {new} as {old} still: bugguard coverage floors update")
    lower = floor_verdict.payable(asked.floors, measured)
    if lower:
        more = f" and {len(lower) - 1} more" if len(lower) > 1 else ""
        notes.append(f"floors can be lowered for {lower[0]}{more}: bugguard coverage floors update")


def _changed(
    asked: Asked, measured: Measured, known: _Known, notes: list[str], doubt: Doubt | None
) -> Iterator[Judged]:
    """What the change touched; not looked into where there is a doubt: all of it may be unmeasured then."""
    limits, places = asked.settings.changed, asked.settings.places
    if limits is None:
        return
    patches = doubt or asked.patches
    if isinstance(patches, Doubt):
        for threshold in limits.thresholds():
            yield Judged(
                touched.CHANGED, None, Count(0, 0), threshold, RuleVerdict.UNDECIDED, place=places.changed,
                reason=patches.reason, next=patches.cure, metric=threshold.metric,
            )  # fmt: skip
        return
    seen = list(_touched(patches, measured, known))
    yield from touched.judge(limits, seen, places.changed)
    for one in seen:
        if one.pragmas:
            lines = ", ".join(map(str, one.pragmas))
            notes.append(f"the change takes code out of the count: {one.path}, line {lines}")


def _touched(patches: Sequence[Patch], measured: Measured, known: _Known) -> Iterator[Touched]:
    files = {file.path: file for file in measured.files}
    for patch in patches:
        is_ours = patch.path in files or known.sources.is_source(patch.path)
        source = known.now(patch.path) if is_ours and patch.path.endswith(".py") else None
        if source is not None and (patch.added or patch.cuts):
            file = files.get(patch.path)
            yield touched.in_file(
                patch,
                file,
                source,
                known.before(patch.old_path) if patch.cuts or patch.replaced else None,
                unmeasured=file or known.sources.unmeasured(patch.path),
            )


def _explained(one: Judged, known: _Known, measured: Measured) -> Judged:
    """What fails, with the functions that hold its lines and the next thing to do."""
    if one.verdict is not RuleVerdict.UNMET:
        return one
    worst = one.path or (one.missing[0].path if one.missing else "")
    hint = "" if measured.follows_processes or not _is_idle(measured.file(worst), known.now(worst)) else _NEVER_RAN
    return replace(_placed(one, known, measured), next=one.next or _next(one, worst, hint))


def located(judged: Iterable[Judged], measured: Measured, sources: Sources) -> tuple[Judged, ...]:
    """Rows with the functions that hold their lines, also where nothing fails: of one file, or it takes long."""
    known = _Known(sources)
    return tuple(
        one if one.verdict is RuleVerdict.UNMET else _placed(one, known, measured)  # those have them
        for one in judged
    )


def _placed(one: Judged, known: _Known, measured: Measured) -> Judged:
    return replace(one, missing=tuple(_described(place, known, measured, one.metric) for place in one.missing))


def _is_idle(file: FileCoverage | None, source: Source | None) -> bool:
    """Whether tests at most import a file: of its functions, where it has any to run, none was called."""
    if file is None or not file.ran:
        return file is not None
    return source is not None and source.in_functions(file.missing) and not source.in_functions(file.ran)


def _described(place: Missing, known: _Known, measured: Measured, metric: Metric) -> Missing:
    if not place.lines:
        return place
    file = measured.file(place.path)
    statements = file.statements if file and metric is not Metric.BRANCH else ()
    lines = described(place.lines, known.now(place.path), statements)
    return replace(place, note=f"{lines}, {place.note}" if place.note else lines)


_NEVER_RAN = '; where only processes that tests start run it: [tool.coverage.run] patch = ["subprocess"]'
"""pytest-cov 7 and coverage.py measure no such process unless they are told to, and say nothing of it."""


def _next(one: Judged, worst: str, hint: str) -> str:
    if one.rule == floor_verdict.FLOORS:
        return f'add a test, or accept it: bugguard coverage floors raise {shlex.quote(worst)} --reason "..."{hint}'
    deed = "takes" if one.metric is Metric.BRANCH else "runs"
    return f"add a test that {deed} them{hint}; for more: bugguard coverage explain {shlex.quote(worst)}"
