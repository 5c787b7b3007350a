"""What do coverage.json, coverage.xml (Cobertura) and lcov files say? Read from bytes that anybody may have written."""

from __future__ import annotations

import json
from collections import defaultdict
from typing import TYPE_CHECKING, Any, NamedTuple
from xml.parsers import expat

from msgspec import Struct, field

from pytest_bugguard.core.errors import BugguardError
from pytest_bugguard.core.measured import Exits, FileCoverage

if TYPE_CHECKING:
    from collections.abc import Iterator

_MADE_BY = "make it again: by pytest --cov or coverage run, a report by coverage json, coverage xml or coverage lcov"


class CoverageDataError(BugguardError):
    """Coverage data that cannot be used."""

    slug = "coverage-data"


class Found(NamedTuple):
    """One file of a report, under the names that it may have."""

    names: tuple[str, ...]
    """The likeliest first."""
    coverage: FileCoverage


def kind_of(content: bytes, name: str) -> bytes:
    """Which kind of report it is, by its first byte.

    Raises:
        CoverageDataError: None of the three.
    """
    head = content.lstrip(b"\xef\xbb\xbf \t\r\n")[:1]
    if not head or head not in b"{<TS":
        raise CoverageDataError(f"{name}: is no coverage data", hint=_MADE_BY)
    return head


def read(content: bytes, name: str) -> Iterator[Found]:
    """The files of a report.

    Args:
        content: The report.
        name: Its name, for messages.

    Raises:
        CoverageDataError: It is damaged, or none of the three.
    """
    head = kind_of(content, name)
    try:
        if head == b"{":
            return iter(_from_json(json.loads(content)))
        if head == b"<":
            return iter(_from_xml(content))
        return iter(_from_lcov(content.decode("utf-8", "surrogateescape")))
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError, expat.ExpatError) as error:
        raise CoverageDataError(f"{name}: cannot be read: {_said(error)}", hint=_MADE_BY) from None


def _said(error: Exception) -> str:
    return f"{error} is missing" if isinstance(error, KeyError) else str(error).partition("\n")[0]


def _from_json(document: dict[str, Any]) -> list[Found]:
    """coverage.py's own: ``{"files": {name: {"executed_lines", "missing_lines", "excluded_lines", "summary"}}}``."""
    return [Found((name,), _json_file(name, one)) for name, one in document["files"].items()]


def _json_file(name: str, one: dict[str, Any]) -> FileCoverage:
    summary = one["summary"]
    exits = None
    if "num_branches" in summary:
        partial = {abs(line) for line, _ in one.get("missing_branches", ())}
        exits = Exits(int(summary["covered_branches"]), int(summary["num_branches"]), tuple(sorted(partial)))
    executed, missing, excluded = (
        frozenset(map(int, one[f"{kind}_lines"])) for kind in ("executed", "missing", "excluded")
    )
    # Older versions list what they leave out of the count among the executed lines too.
    return FileCoverage(name, executed - excluded, missing, excluded, exits)


class _Lines(Struct, dict=True):
    """One file while its report is read."""

    ran: set[int] = field(default_factory=set)
    missing: set[int] = field(default_factory=set)
    taken: int = 0
    exits: int = 0
    partial: set[int] = field(default_factory=set)

    def line(self, number: int, hits: int) -> None:
        (self.ran if hits else self.missing).add(number)

    def branches(self, number: int, taken: int, exits: int) -> None:
        self.taken += taken
        self.exits += exits
        if taken < exits:
            self.partial.add(number)

    def coverage(self, name: str, *, has_branches: bool) -> FileCoverage:
        exits = Exits(self.taken, self.exits, tuple(sorted(self.partial))) if has_branches else None
        return FileCoverage(name, frozenset(self.ran), frozenset(self.missing - self.ran), exits=exits)


class _Cobertura:
    """Follows the elements of a Cobertura document; definitions of entities are refused, others are never fetched."""

    def __init__(self) -> None:
        self.sources: list[str] = []
        self.files: dict[str, _Lines] = defaultdict(_Lines)
        self.has_branches = False
        self._text: list[str] | None = None
        self._file: _Lines | None = None
        self._is_cobertura = False

    def parse(self, content: bytes) -> list[Found]:
        parser = expat.ParserCreate()
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        parser.EntityDeclHandler = _refuse
        parser.Parse(content, True)  # noqa: FBT003 - expat takes no keyword
        if not self._is_cobertura:
            raise ValueError("is no Cobertura report")
        return [
            Found(self._names(name), lines.coverage(name, has_branches=self.has_branches))
            for name, lines in self.files.items()
        ]

    def _names(self, name: str) -> tuple[str, ...]:
        """Names are relative to one of the sources; which one is not told."""
        joined = (f"{source.rstrip('/')}/{name}" for source in self.sources if source)
        return (*joined, name)

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        if tag == "coverage":
            self._is_cobertura = True
            self.has_branches = int(attributes.get("branches-valid", "0")) > 0
        elif tag == "source":
            self._text = []
        elif tag == "class":
            self._file = self.files[attributes["filename"]]
        elif tag == "line" and self._file is not None:
            number = int(attributes["number"])
            self._file.line(number, int(attributes["hits"]))
            taken, slash, exits = attributes.get("condition-coverage", "").partition("(")[2].rstrip(")").partition("/")
            if slash:
                self._file.branches(number, int(taken), int(exits))

    def _end(self, tag: str) -> None:
        if tag == "source" and self._text is not None:
            self.sources.append("".join(self._text).strip())
            self._text = None

    def _characters(self, text: str) -> None:
        if self._text is not None:
            self._text.append(text)


def _refuse(*_: object) -> None:
    raise ValueError("defines entities, which no coverage tool does")


def _from_xml(content: bytes) -> list[Found]:
    return _Cobertura().parse(content)


def _from_lcov(text: str) -> list[Found]:
    """``SF:name``, ``DA:line,hits``, ``BRDA:line,block,branch,taken``, ``end_of_record``."""
    files: dict[str, _Lines] = defaultdict(_Lines)
    taken: dict[str, dict[int, list[bool]]] = defaultdict(lambda: defaultdict(list))
    name = ""
    for line in text.splitlines():
        key, _, value = line.partition(":")
        if key == "SF":
            name = value
            files[name]
        elif key == "DA":
            number, hits = value.split(",")[:2]
            files[name].line(int(number), int(hits))
        elif key == "BRDA":
            number, _, rest = value.partition(",")
            taken[name][int(number)].append(rest.rpartition(",")[2] not in {"-", "0"})
    for name, by_line in taken.items():
        for at, exits in by_line.items():
            files[name].branches(at, sum(exits), len(exits))
    return [Found((name,), lines.coverage(name, has_branches=bool(taken))) for name, lines in files.items()]
