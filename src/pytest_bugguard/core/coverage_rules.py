"""Which coverage is asked of which files? Rules as values, and which of them decides for a file. Pure; no I/O."""

from __future__ import annotations

import fnmatch
import re
from functools import lru_cache
from typing import TYPE_CHECKING, Literal, NamedTuple

from msgspec import Struct, field

from pytest_bugguard.core.thresholds import Metric, Threshold

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from decimal import Decimal

    from pytest_bugguard.core.coverage_modules import Namespace

_WILD = re.compile(r"[*?\[]")


class Limits(Struct, frozen=True):
    """What is asked, metric by metric; None: nothing."""

    line: Decimal | None = None
    branch: Decimal | None = None
    missing: Decimal | None = None

    def thresholds(self) -> Iterator[Threshold]:
        """What is asked, as thresholds."""
        for metric, value in zip(Metric, (self.line, self.branch, self.missing), strict=True):
            if value is not None:
                yield Threshold(metric, value)

    def of(self, metric: Metric) -> Threshold | None:
        """What is asked of one metric."""
        return next((one for one in self.thresholds() if one.metric is metric), None)


class Gate(Struct, frozen=True):
    """One ``[[tool.bugguard.coverage.gate]]``."""

    limits: Limits
    paths: tuple[str, ...] = ()
    modules: tuple[str, ...] = ()
    scope: Literal["each", "group"] = "each"
    """Asked of each file, or of all of them added up."""
    reason: str = ""
    place: str = ""
    """Where it stands: ``pyproject.toml:31``."""

    @property
    def name(self) -> str:
        """As messages call it: by its reason, else by what it is for."""
        return f'gate "{self.reason}"' if self.reason else f"gate {', '.join((*self.paths, *self.modules))}"

    def claims(self) -> tuple[Claim, ...]:
        """Its paths and modules, each for itself."""
        return (
            *(Claim(path, is_module=False) for path in self.paths),
            *(Claim(name, is_module=True) for name in self.modules),
        )


class Places(Struct, frozen=True):
    """Where the rules stand that are no gates: ``pyproject.toml:12``."""

    each_file: str = ""
    total: str = ""
    floors: str = ""
    changed: str = ""
    fixes: str = ""


class CoverageSettings(Struct, frozen=True):
    """``[tool.bugguard.coverage]``."""

    each_file: Limits | None = None
    total: Limits | None = None
    floors: str | None = None
    changed: Limits | None = None
    fixes: Literal["any", "all", "off"] | Decimal = "off"
    gates: tuple[Gate, ...] = ()
    places: Places = field(default_factory=Places)

    @property
    def needs_data(self) -> bool:
        """Whether anything is asked of what a run of all tests measured."""
        return any((self.each_file, self.total, self.floors, self.changed, self.gates))


class Rank(NamedTuple):
    """How closely something that a gate names fits a file; the greater one decides."""

    kind: int
    """3: the file itself; 2: a module or package; 1: a folder or pattern."""
    depth: int
    """Parts of a dotted name, or characters before the first wildcard."""


class Claim(NamedTuple):
    """A path or module that a gate names."""

    text: str
    is_module: bool

    @property
    def meant(self) -> Claim:
        """The same in its shortest words: a folder is all that lies below it, with ``/**`` or without."""
        folder = self.text.removesuffix("/**")
        return self if _WILD.search(folder) else Claim(folder, self.is_module)

    def rank(self, path: str, names: Namespace) -> Rank | None:
        """How closely it fits a file; None where it does not.

        Args:
            path: A file's path from the repository's top.
            names: Under which files are imported.
        """
        if self.is_module:
            return Rank(2, self.text.count(".") + 1) if names.holds(self.text, path) else None
        if path == self.text:
            return Rank(3, len(self.text))
        folder = self.meant.text
        wild = _WILD.search(folder)
        if wild is None:  # a pattern for some of its files has its slash before the wildcard too: it is closer
            return Rank(1, len(folder)) if path.startswith(f"{folder}/") else None
        return Rank(1, wild.start()) if _glob(self.text).fullmatch(path) else None


@lru_cache(maxsize=256)
def _glob(pattern: str) -> re.Pattern[str]:
    """``*`` and ``?`` stay within one folder; ``**`` stands for any number of folders."""
    parts = pattern.split("/")
    text = ""
    for index, part in enumerate(parts):
        is_last = index == len(parts) - 1
        if part == "**":
            text += ".*" if is_last else "(?:[^/]+/)*"
        else:
            text += _segment(part) + ("" if is_last else "/")
    return re.compile(text, re.DOTALL)


def _segment(part: str) -> str:
    """Fnmatch's pattern for one part of a path, with its dots kept from matching a slash."""
    pieces = re.split(r"(\*+|\?)", part)
    wild = {"?": "[^/]"}
    return "".join(
        wild.get(piece, "[^/]*") if index % 2 else _classes(piece) for index, piece in enumerate(pieces) if piece
    )


def _classes(piece: str) -> str:
    """``[abc]`` and ``[!abc]`` as fnmatch has them; everything else is what it is."""
    return fnmatch.translate(piece).removeprefix("(?s:").removesuffix(")\\Z").removesuffix(")\\z")


class Choice(NamedTuple):
    """The rule that decides for a file and metric."""

    threshold: Threshold
    gate: Gate | None
    """None: ``each-file``."""


class Tie(NamedTuple):
    """Two gates that fit a file equally well and ask for the same metric."""

    path: str
    metric: Metric
    one: Gate
    other: Gate


def decide(settings: CoverageSettings, path: str, metric: Metric, names: Namespace) -> Choice | Tie | None:
    """The rule that decides for a file: the most specific one that says something of the metric.

    An exact path is more specific than a module, a module more than a folder or pattern, and of two patterns the one
    with the longer text before its first wildcard; a folder as a whole gives way to patterns for some of its files.
    Order never decides: tables have none.
    """
    fitting = [
        (rank, gate, threshold)
        for gate in settings.gates
        if gate.scope == "each"
        and (threshold := gate.limits.of(metric)) is not None
        and (rank := rank_of(gate, path, names)) is not None
    ]
    if fitting:
        best = max(rank for rank, _, _ in fitting)
        winners = [(gate, threshold) for rank, gate, threshold in fitting if rank == best]
        if len(winners) > 1:
            return Tie(path, metric, winners[0][0], winners[1][0])
        return Choice(winners[0][1], winners[0][0])
    threshold = settings.each_file.of(metric) if settings.each_file else None
    return Choice(threshold, None) if threshold else None


def rank_of(gate: Gate, path: str, names: Namespace) -> Rank | None:
    """How closely a gate fits a file, by the closest of what it names."""
    ranks = [rank for claim in gate.claims() if (rank := claim.rank(path, names)) is not None]
    return max(ranks, default=None)


_CLOSE = 5
"""So many names are looked at; those that fit no file either are passed over."""


def nearest(claim: Claim, names: Namespace) -> str:
    """What a claim for nothing may have meant, which fits a file; empty where nothing is close."""
    import difflib  # noqa: PLC0415 - only where something is wrong

    known = names.names() if claim.is_module else _paths_like(claim.text, names.paths)
    near = (Claim(name, claim.is_module) for name in difflib.get_close_matches(claim.text, sorted(known), n=_CLOSE))
    return next((one.text for one in near if any(one.rank(path, names) for path in names.paths)), "")


def _paths_like(text: str, paths: Sequence[str]) -> set[str]:
    """Files and folders; for a pattern the same one in every folder."""
    if wild := _WILD.search(text):
        tail = text[text.rfind("/", 0, wild.start()) + 1 :]
        return {f"{folder}/{tail}" for path in paths for folder in _folders(path)}
    return {*paths, *(path.rpartition("/")[0] for path in paths)} - {""}


def _folders(path: str) -> Iterator[str]:
    parts = path.split("/")[:-1]
    for end in range(1, len(parts) + 1):
        yield "/".join(parts[:end])
