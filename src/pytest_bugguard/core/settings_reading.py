"""What does one source of settings say, and what is wrong in it? Read table by table into our types. Pure; no I/O."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, NamedTuple

from pytest_bugguard.core import settings_fields
from pytest_bugguard.core.coverage_rules import Gate, Limits
from pytest_bugguard.core.model import Quarantine, Waiver
from pytest_bugguard.core.settings_checks import WrongError, shown, suggestion
from pytest_bugguard.core.settings_fields import REQUIRED, Field

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from pytest_bugguard.core.coverage_rules import Claim
    from pytest_bugguard.core.settings import KeyPath, Layer

_TABLES = ("fixes", "waivers", "coverage", "flaky", "quarantine", "delivery")
"""What the top table holds besides keys."""


class Fault(NamedTuple):
    """One thing that is wrong."""

    place: str
    key: str
    text: str

    def __str__(self) -> str:
        return f"{self.place}: {self.key}: {self.text}" if self.key else f"{self.place}: {self.text}"


class Reading:
    """Reads one layer; what is wrong goes to the list of faults."""

    def __init__(self, layer: Layer, faults: list[Fault]) -> None:
        self._layer = layer
        self._faults = faults

    def top(self) -> dict[str, Any]:
        table = self._layer.table
        found = self._fields(table, settings_fields.top_fields(), (), tables=_TABLES)
        if "waivers" in table:
            found["waivers"] = self._waivers(table["waivers"])
        if "quarantine" in table:
            found["quarantine"] = self._quarantine(table["quarantine"])
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

    def flaky(self) -> dict[str, Any]:
        return self._fields(self._table("flaky"), settings_fields.flaky_fields(), ("flaky",))

    def delivery(self) -> dict[str, Any]:
        return self._fields(self._table("delivery"), settings_fields.delivery_fields(), ("delivery",))

    def _table(self, key: str) -> Mapping[str, Any]:
        table = self._layer.table.get(key, {})
        if isinstance(table, dict):
            return table
        self._fault((key,), f"found {shown(table)}, needs a table")
        return {}

    def _tables(self, raw: object, where: KeyPath) -> Sequence[Mapping[str, Any]]:
        if isinstance(raw, list) and all(isinstance(item, dict) for item in raw):
            return raw
        self._fault(where, f"found {shown(raw)}, needs tables: [[tool.bugguard.{dotted(where)}]]")
        return ()

    def _gates(self, raw: object) -> tuple[Gate, ...]:
        fields = settings_fields.gate_fields()
        where = ("coverage", "gate")
        gates = [
            self._gate(self._fields(item, fields, (*where, index)), (*where, index))
            for index, item in enumerate(self._tables(raw, where))
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
                shared = _meant(gate) & _meant(other) if gate.scope == other.scope else set()
                metrics = {one.metric for one in gate.limits.thresholds()} & {
                    one.metric for one in other.limits.thresholds()
                }
                if shared and metrics:
                    named, metric = min(claim.text for claim in shared), min(metrics)
                    said = f"{named!r} has a gate on {metric} already at {other.place}; keep one of them"
                    self._fault(("coverage", "gate", index), said)
                    break

    def _waivers(self, raw: object) -> tuple[Waiver, ...]:
        fields = settings_fields.waiver_fields()
        tables = self._tables(raw, ("waivers",))
        read = [self._fields(item, fields, ("waivers", index)) for index, item in enumerate(tables)]
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

    def _quarantine(self, raw: object) -> tuple[Quarantine, ...]:
        fields = settings_fields.quarantine_fields()
        needed = {one.key for one in fields if one.default is REQUIRED}
        entries: dict[str, Quarantine] = {}
        for index, item in enumerate(self._tables(raw, ("quarantine",))):
            where = ("quarantine", index)
            values = self._fields(item, fields, where)
            if not needed <= values.keys():
                continue
            entry = Quarantine(**values, place=self._layer.place(where))
            if entry.test in entries:
                first = entries[entry.test].place
                self._fault((*where, "test"), f"{shown(entry.test)} is in it already at {first}; keep one of them")
            entries[entry.test] = entry
        return tuple(entries.values())

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


def _meant(gate: Gate) -> set[Claim]:
    return {claim.meant for claim in gate.claims()}


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
