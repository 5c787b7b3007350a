"""What does the project ask for? Raw tables to one frozen ``Settings``, every fault told at once. Pure; no I/O."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, NamedTuple

import tomli

from pytest_bugguard.core import settings_fields
from pytest_bugguard.core.coverage_rules import CoverageSettings, Gate, Limits, Places
from pytest_bugguard.core.errors import SettingsError
from pytest_bugguard.core.model import Waiver
from pytest_bugguard.core.settings_checks import WrongError, shown, suggestion
from pytest_bugguard.core.settings_fields import REQUIRED, Field

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

KeyPath = tuple[str | int, ...]
"""``("fixes", "without", 0)``: keys of tables and indexes of lists, from bugguard's own table down."""


@dataclass(frozen=True, slots=True)
class FixSettings:
    """``[tool.bugguard.fixes]``."""

    require: Literal["test", "proof", "off"] = "test"
    scope: Literal["change", "unit"] = "change"
    rules: str | tuple[str, ...] = "default"
    """``strict``, ``default``, ``wide``, or the names of the rules."""
    without: tuple[str, ...] = ()
    patterns: tuple[str, ...] = ()
    """Safe to compile and to search with: see ``core.patterns``."""
    exclude: tuple[str, ...] = ()
    issues: tuple[str, ...] = ()
    on_weak: Literal["warn", "fail"] = "warn"
    receipts: str | None = None
    """A folder below the repository's top; None: in the user's cache."""


@dataclass(frozen=True, slots=True)
class Settings:
    """``[tool.bugguard]``, checked."""

    enabled: bool | Literal["ci"] = False
    base: str = "auto"
    source: tuple[str, ...] | None = None
    """None: found by looking; so for ``tests``."""
    tests: tuple[str, ...] | None = None
    undecided: Literal["fail", "warn"] = "fail"
    json: str | None = None
    plugins: tuple[str, ...] = ()
    fixes: FixSettings = field(default_factory=FixSettings)
    waivers: tuple[Waiver, ...] = ()
    coverage: CoverageSettings = field(default_factory=CoverageSettings)

    def digest(self) -> str:
        """The same text for the same settings on every machine; for the keys of caches."""
        return hashlib.sha256(repr(self).encode(errors="backslashreplace")).hexdigest()


@dataclass(frozen=True, slots=True)
class Layer:
    """One source of settings: a file, or an option of the command line."""

    table: Mapping[str, Any]
    place: Callable[[KeyPath], str]
    """Where a key stands, for messages: ``pyproject.toml:12``."""


class Fault(NamedTuple):
    """One thing that is wrong."""

    place: str
    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.key}: {self.text}" if self.key else f"{self.place}: {self.text}"


def load(layers: Sequence[Layer], known_rules: Collection[str]) -> Settings:
    """Lay the layers over each other, the strongest last, and check them all.

    Args:
        layers: Later ones win, key by key; a list replaces a list.
        known_rules: The names that ``fixes.rules`` and ``fixes.without`` may hold, in the order to show.

    Raises:
        SettingsError: with one line for every fault in every layer.
    """
    faults: list[Fault] = []
    top: dict[str, Any] = {}
    fixes: dict[str, Any] = {}
    coverage: dict[str, Any] = {}
    places: dict[str, str] = {}
    for layer in layers:
        reading = _Reading(layer, faults)
        top |= reading.top()
        fixes |= reading.fixes(known_rules)
        found = reading.coverage()
        places |= found.pop("places")
        coverage |= found
    if faults:
        raise SettingsError("\n".join(map(str, faults)), hint="each setting is described in docs/reference/settings.md")
    return Settings(**top, fixes=FixSettings(**fixes), coverage=CoverageSettings(**coverage, places=Places(**places)))


def assignment(text: str) -> Layer:
    """The layer that ``--set KEY=VALUE`` makes: a TOML value, or a plain word taken as a text.

    Raises:
        SettingsError: it is no such thing.
    """
    key, equals, value = text.partition("=")
    if not equals or not key.strip():
        raise SettingsError(f"--set: found {shown(text)}, needs KEY=VALUE", hint="for example: --set fixes.scope=unit")
    table = _parsed(key, "0") and (_parsed(key, value) or _parsed(key, _as_text(value)))
    if table is None:
        raise SettingsError(
            f"--set: found {shown(text)}, needs a key and a TOML value",
            hint="""quote a text twice, for the shell and for TOML: --set base='"release/1.x"'""",
        )
    return Layer(table, lambda _: "--set")


def _parsed(key: str, value: str) -> dict[str, Any] | None:
    line = f"{key}={value}"
    if "\n" in line or "\r" in line:
        return None
    try:
        return tomli.loads(line)
    except (ValueError, RecursionError):
        return None


def _as_text(value: str) -> str:
    """A plain word as a TOML text; nothing where it is none, since that is no value either."""
    word = value.strip()
    return f'"{word}"' if re.fullmatch(r"[\w./:@~^+-]+", word) else ""


class _Reading:
    """Reads one layer; what is wrong goes to the list of faults."""

    def __init__(self, layer: Layer, faults: list[Fault]) -> None:
        self._layer = layer
        self._faults = faults

    def top(self) -> dict[str, Any]:
        found = self._fields(
            self._layer.table, settings_fields.top_fields(), (), tables=("fixes", "waivers", "coverage")
        )
        if "waivers" in self._layer.table:
            found["waivers"] = self._waivers(self._layer.table["waivers"])
        return found

    def fixes(self, known_rules: Collection[str]) -> dict[str, Any]:
        return self._fields(self._table("fixes"), settings_fields.fix_fields(known_rules), ("fixes",))

    def coverage(self) -> dict[str, Any]:
        table = self._table("coverage")
        found = self._fields(table, settings_fields.coverage_fields(), ("coverage",), tables=("gate",))
        found = {key.replace("-", "_"): value for key, value in found.items()}
        found["places"] = {key: self._layer.place(("coverage", key.replace("_", "-"))) for key in found}
        if "gate" in table:
            found["gates"] = self._gates(table["gate"])
        return found

    def _table(self, key: str) -> Mapping[str, Any]:
        table = self._layer.table.get(key, {})
        if isinstance(table, dict):
            return table
        self._fault((key,), f"found {shown(table)}, needs a table")
        return {}

    def _gates(self, raw: object) -> tuple[Gate, ...]:
        if not isinstance(raw, list) or not all(isinstance(item, dict) for item in raw):
            self._fault(("coverage", "gate"), f"found {shown(raw)}, needs tables: [[tool.bugguard.coverage.gate]]")
            return ()
        fields = settings_fields.gate_fields()
        gates = [
            self._gate(self._fields(item, fields, ("coverage", "gate", index)), ("coverage", "gate", index))
            for index, item in enumerate(raw)
        ]
        self._find_rivals(gates)
        return tuple(gates)

    def _gate(self, values: dict[str, Any], where: KeyPath) -> Gate:
        limits = Limits(**{metric: values.pop(metric) for metric in ("line", "branch", "missing") if metric in values})
        gate = Gate(limits, **values, place=self._layer.place(where))
        if not gate.claims():
            self._fault(where, 'names no file; needs paths = ["src/shop/**"] or modules = ["shop.pay"]')
        if not any(limits.thresholds()):
            self._fault(where, "asks for nothing, so it can never fail; needs line, branch or missing")
        return gate

    def _find_rivals(self, gates: Sequence[Gate]) -> None:
        """Two gates that name the same files and ask for the same: order never decides between them."""
        for index, gate in enumerate(gates):
            for other in gates[:index]:
                shared = {*gate.claims()} & {*other.claims()} if gate.scope == other.scope else set()
                metrics = {one.metric for one in gate.limits.thresholds()} & {
                    one.metric for one in other.limits.thresholds()
                }
                if shared and metrics:
                    named, metric = min(claim.text for claim in shared), min(metrics)
                    said = f"{named!r} has a gate on {metric} already at {other.place}; keep one of them"
                    self._fault(("coverage", "gate", index), said)
                    break

    def _waivers(self, raw: object) -> tuple[Waiver, ...]:
        if not isinstance(raw, list) or not all(isinstance(item, dict) for item in raw):
            self._fault(("waivers",), f"found {shown(raw)}, needs tables: [[tool.bugguard.waivers]]")
            return ()
        fields = settings_fields.waiver_fields()
        read = [self._fields(item, fields, ("waivers", index)) for index, item in enumerate(raw)]
        self._find_repeats([(index, values["fix"]) for index, values in enumerate(read) if "fix" in values])
        return tuple(Waiver(**values) for values in read if len(values) == len(fields))

    def _find_repeats(self, fixes: list[tuple[int, str]]) -> None:
        """A short id and a longer one may name the same commit."""
        for position, (index, fix) in enumerate(fixes):
            for earlier, other in fixes[:position]:
                if fix.startswith(other) or other.startswith(fix):
                    first = self._layer.place(("waivers", earlier, "fix"))
                    self._fault(("waivers", index, "fix"), f"{fix!r} is waived already at {first}; keep one of them")
                    break

    def _fields(
        self, table: Mapping[str, Any], fields: tuple[Field, ...], where: KeyPath, tables: tuple[str, ...] = ()
    ) -> dict[str, Any]:
        known = {one.key: one for one in fields}
        self._find_unknown(table, (*known, *tables), where)
        found = {}
        for key, one in known.items():
            if key not in table:
                if one.default is REQUIRED:
                    self._fault(where, f"{key} is missing; needs {one.accepts}")
                continue
            try:
                found[key.replace("-", "_")] = one.check(table[key])
            except WrongError as error:
                for complaint in error.complaints:
                    self._fault((*where, key, *complaint.inside), complaint.text)
        return found

    def _find_unknown(self, table: Mapping[str, Any], known: tuple[str, ...], where: KeyPath) -> None:
        for key in table:
            if key not in known:
                close = suggestion(key, known) or f"; known here: {', '.join(known)}"
                self._fault((*where, key), f"unknown key{close}")

    def _fault(self, path: KeyPath, text: str) -> None:
        self._faults.append(Fault(self._layer.place(path), dotted(path), text))


def dotted(path: KeyPath) -> str:
    """``fixes.without[0]``; odd keys quoted, so that none moves a terminal."""
    shown_path = ""
    for part in path:
        if isinstance(part, int):
            shown_path += f"[{part}]"
        else:
            word = part if re.fullmatch(r"[A-Za-z0-9_-]{1,60}", part) else shown(part)
            shown_path += f".{word}" if shown_path else word
    return shown_path
