"""What does the project ask for? Raw tables to one frozen ``Settings``, every fault told at once. Pure; no I/O."""

from __future__ import annotations

import hashlib
import re
from typing import TYPE_CHECKING, Any, Literal

import tomli
from msgspec import Struct, field

from pytest_bugguard.core.coverage_rules import CoverageSettings, Places
from pytest_bugguard.core.errors import SettingsError
from pytest_bugguard.core.settings_checks import shown
from pytest_bugguard.core.settings_reading import Fault, Reading

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Mapping, Sequence

    from pytest_bugguard.core.model import Quarantine, Waiver

KeyPath = tuple[str | int, ...]
"""``("fixes", "without", 0)``: keys of tables and indexes of lists, from bugguard's own table down."""


class FixSettings(Struct, frozen=True):
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


class FlakySettings(Struct, frozen=True):
    """``[tool.bugguard.flaky]``: what is made of failures, and kept of runs of pytest, with the gate on."""

    reruns: int = 3
    """How often a test that failed is run again, alone and after what ran before it; 0: never."""
    reruns_seconds: int = 300
    """After so long no further rerun begins, and none that takes longer than what is left."""
    max_failures: int = 20
    """Where more tests failed, none is run again."""
    on_flaky: Literal["fail", "warn"] = "fail"
    burn_in: int | None = None
    """How often a test is run before it may guard a fix; 0: it is not. None: as often as a run of pytest does it anyway
    (``burning_in.IN_A_RUN``), and in a proof not at all."""
    burn_in_seconds: int = 30
    """After so long no further process of a burn-in begins."""
    history: str = ".bugguard/history.db"
    """A file below the repository's top, the address of a PostgreSQL database, or ``off``."""
    keep_days: int = 365
    run_files: str | None = None
    """A folder below the repository's top; None: no run file is written."""


class DeliverySettings(Struct, frozen=True):
    """``[tool.bugguard.delivery]``."""

    releases: tuple[str, ...] = ()
    """Patterns of tags; none: what looks like a version."""
    days: int = 365
    """How far back from the newest commit the figures look."""
    failure_days: int = 30
    """For how long after a release a fix of what it changed makes it a failed one."""


class Settings(Struct, frozen=True):
    """``[tool.bugguard]``, checked."""

    enabled: bool | Literal["ci"] = False
    base: str = "auto"
    source: tuple[str, ...] | None = None
    """None: found by looking; so for ``tests``."""
    tests: tuple[str, ...] | None = None
    undecided: Literal["fail", "warn"] = "fail"
    json: str | None = None
    html: str | None = None
    web: str | None = None
    """As ``core.web.web_of`` reads it; None: nothing is linked."""
    plugins: tuple[str, ...] = ()
    fixes: FixSettings = field(default_factory=FixSettings)
    waivers: tuple[Waiver, ...] = ()
    coverage: CoverageSettings = field(default_factory=CoverageSettings)
    flaky: FlakySettings = field(default_factory=FlakySettings)
    quarantine: tuple[Quarantine, ...] = ()
    delivery: DeliverySettings = field(default_factory=DeliverySettings)

    def digest(self) -> str:
        """The same text for the same settings on every machine; for the keys of caches."""
        return hashlib.sha256(repr(self).encode(errors="backslashreplace")).hexdigest()


class Layer(Struct, frozen=True):
    """One source of settings: a file, or an option of the command line."""

    table: Mapping[str, Any]
    place: Callable[[KeyPath], str]
    """Where a key stands, for messages: ``pyproject.toml:12``."""


_MEND = "correct them where they stand, then run the same command again: nothing is judged until then"


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
    flaky: dict[str, Any] = {}
    delivery: dict[str, Any] = {}
    places: dict[str, str] = {}
    for layer in layers:
        reading = Reading(layer, faults)
        top |= reading.top()
        fixes |= reading.fixes(known_rules)
        flaky |= reading.flaky()
        delivery |= reading.delivery()
        found = reading.coverage()
        places |= found.pop("places")
        coverage |= found
    if faults:
        raise SettingsError("\n".join(map(str, faults)), hint=_MEND)
    return Settings(
        **top,
        fixes=FixSettings(**fixes),
        coverage=CoverageSettings(**coverage, places=Places(**places)),
        flaky=FlakySettings(**flaky),
        delivery=DeliverySettings(**delivery),
    )


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
