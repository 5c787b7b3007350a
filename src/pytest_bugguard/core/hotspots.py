"""Where fixes cluster: files and folders by the number of their fixes, recent ones weighing more. Pure; no clock.

The ranking is the count of past fixes, which Rahman et al. found to be about as good for choosing what to inspect as
the far more elaborate BugCache/FixCache ("BugCache for Inspections: Hit or Miss?", ESEC/FSE 2011), with the fixes
damped by age. Lewis et al. did the same at Google with a logistic weight, because a list that old, long mended trouble
keeps on top is a list nobody reads ("Does Bug Prediction Support Human Developers?", ICSE 2013). Ours is the
exponential damping of Graves et al. ("Predicting Fault Incidence Using Software Change History", IEEE TSE 2000): its
order does not depend on the day from which one looks back.

It ranks places, never people.
"""

from __future__ import annotations

from collections import defaultdict
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct, field

from pytest_bugguard.core import dates
from pytest_bugguard.core.model import Verdict
from pytest_bugguard.core.trend import Share, share_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pytest_bugguard.core.model import Record

HALF_LIFE_DAYS = 180
_DAY_S = 86_400
_NO_RENAMES: Mapping[str, Mapping[str, str | None]] = MappingProxyType({})


class Hotspot(Struct, frozen=True):
    """A file or folder that was repaired."""

    path: str
    """Relative to the top level; a folder ends with ``/``, and ``./`` is the top level itself."""
    weight: float
    """A fix on the day of the newest fix weighs 1, one of 180 days before half of that."""
    share: Share
    """Of the fixes that touched it."""
    fixed_by: tuple[str, ...]
    """Commit ids of these fixes, the newest first."""

    @property
    def fixes(self) -> int:
        """How many fixes touched it."""
        return len(self.fixed_by)

    @property
    def newest(self) -> str:
        """Commit id of its newest fix."""
        return self.fixed_by[0]


class Hotspots(Struct, frozen=True):
    """Places by weight, heaviest first."""

    files: tuple[Hotspot, ...] = ()
    folders: tuple[Hotspot, ...] = ()


class _Tally(Struct, dict=True):
    weight: float = 0.0
    records: list[Record] = field(default_factory=list)

    def add(self, record: Record, weight: float) -> None:
        self.weight += weight
        self.records.append(record)


def hotspots_of(
    records: Sequence[Record],
    *,
    today: Mapping[str, Mapping[str, str | None]] = _NO_RENAMES,
    top: int = 10,
) -> Hotspots:
    """Rank the source files, and the folders they lie in, by the fixes that touched them.

    Args:
        records: Newest first. Fixes that are ``not-applicable`` are left out.
        today: By commit id, the paths that have another name now, or None where the file is gone
            (``Lineage.today``): a renamed file keeps its fixes, a deleted one is left out.
        top: How many of each to keep.
    """
    files: defaultdict[str, _Tally] = defaultdict(_Tally)
    folders: defaultdict[str, _Tally] = defaultdict(_Tally)
    for record, weight in _weighted(records):
        paths = _paths_today(record, today.get(record.sha, {}))
        for path in paths:
            files[path].add(record, weight)
        for folder in dict.fromkeys(_folder(path) for path in paths):
            folders[folder].add(record, weight)
    return Hotspots(_ranked(files, top), _ranked(folders, top))


def _weighted(records: Sequence[Record]) -> list[tuple[Record, float]]:
    fixes = [record for record in records if record.is_fix and record.verdict is not Verdict.NOT_APPLICABLE]
    times = dates.plausible([record.committed_s for record in fixes])
    newest_s = max(times, default=0)
    return [
        (record, 0.5 ** ((newest_s - time_s) / _DAY_S / HALF_LIFE_DAYS))
        for record, time_s in zip(fixes, times, strict=True)
    ]


def _paths_today(record: Record, renamed: Mapping[str, str | None]) -> tuple[str, ...]:
    names = (renamed.get(path, path) for path in record.files.source)
    return tuple(dict.fromkeys(name for name in names if name is not None))


def _folder(path: str) -> str:
    return f"{path.rpartition('/')[0] or '.'}/"


def _ranked(tallies: Mapping[str, _Tally], top: int) -> tuple[Hotspot, ...]:
    places: Iterable[Hotspot] = (
        Hotspot(path, tally.weight, share_of(tally.records), tuple(record.sha for record in tally.records))
        for path, tally in tallies.items()
    )
    return tuple(sorted(places, key=lambda place: (-place.weight, place.path))[:top])
