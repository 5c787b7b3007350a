"""What does a JUnit XML file say? Read from bytes that anybody may have written: no entity is defined, none fetched."""

from __future__ import annotations

import datetime as dt
from contextlib import suppress
from xml.parsers import expat

from pytest_bugguard.core.errors import BugguardError
from pytest_bugguard.core.junit import Case, Ended, Report

_TEXT_KEPT = 20_000
"""Characters of a traceback: its end says where."""
_YEAR_S = 3.2e7
_ENDS = frozenset({"failure", "error", "skipped", "flakyFailure", "flakyError", "rerunFailure", "rerunError"})


class JunitError(BugguardError):
    """A file that is no JUnit report; nothing of it is taken in."""

    slug = "junit-file"
    hint = "take it out, or have the tests write it again: pytest --junitxml FILE"


def read(content: bytes, name: str) -> Report:
    """The report out of a file's content.

    Raises:
        JunitError: It is damaged, cut off, or none.
    """
    try:
        return _Reading().parse(content)
    except (ValueError, expat.ExpatError, RecursionError) as error:
        raise JunitError(f"{name} cannot be read: {str(error).partition(chr(10))[0]}") from None


class _Reading:
    """Follows the elements of one document."""

    def __init__(self) -> None:
        self._cases: list[Case] = []
        self._properties: dict[str, str] = {}
        self._started: list[int] = []
        self._depth = 0
        self._suite_depth: list[int] = []
        self._duration_s = 0.0
        self._is_junit = False
        self._case: Case | None = None
        self._end: tuple[str, dict[str, str]] | None = None
        self._text: list[str] = []

    def parse(self, content: bytes) -> Report:
        parser = expat.ParserCreate()
        parser.buffer_text = True
        parser.StartElementHandler = self._begins
        parser.EndElementHandler = self._ends
        parser.CharacterDataHandler = self._characters
        parser.EntityDeclHandler = _refuse
        parser.Parse(content, True)  # noqa: FBT003 - expat takes no keyword
        if not self._is_junit:
            raise ValueError("it has no test suite")
        duration_s = self._duration_s or sum(case.duration_s for case in self._cases)
        return Report(min(self._started, default=None), round(duration_s, 3), self._properties, self._cases)

    def _begins(self, tag: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        match tag:
            case "testsuite":
                self._suite(attributes)
            case "property" if self._case is None:
                self._properties.setdefault(attributes.get("name", "").lower(), attributes.get("value", ""))
            case "testcase":
                self._case = Case(
                    attributes.get("classname", ""), attributes.get("name", ""),
                    attributes.get("file", "").replace("\\", "/"), _seconds(attributes.get("time", "")),
                )  # fmt: skip
                if attributes.get("status", "") in {"notrun", "disabled"}:
                    self._case.ended.append(Ended("skipped", "", "", ""))
            case _ if tag in _ENDS and self._case is not None:
                self._end, self._text = (tag, attributes), []

    def _suite(self, attributes: dict[str, str]) -> None:
        self._is_junit = True
        started = _moment(attributes.get("timestamp", ""))
        if started is not None:
            self._started.append(started)
        if not self._suite_depth:  # one inside of another is counted in it
            self._duration_s += _seconds(attributes.get("time", ""))
        self._suite_depth.append(self._depth)

    def _ends(self, tag: str) -> None:
        self._depth -= 1
        if tag == "testsuite":
            self._suite_depth.pop()
        elif tag == "testcase" and self._case is not None:
            self._cases.append(self._case)
            self._case = None
        elif self._end is not None and tag == self._end[0] and self._case is not None:
            attributes = self._end[1]
            text = "".join(self._text)[-_TEXT_KEPT:]
            self._case.ended.append(Ended(tag, attributes.get("type", ""), attributes.get("message", ""), text))
            self._end = None

    def _characters(self, text: str) -> None:
        if self._end is not None:
            self._text.append(text)


def _refuse(*_: object) -> None:
    raise ValueError("it defines entities, which no test runner does")


def _seconds(text: str) -> float:
    with suppress(ValueError):
        value = float(text.replace(",", ""))
        if 0 <= value < _YEAR_S:
            return value
    return 0.0


def _moment(text: str) -> int | None:
    """Seconds since the epoch; a time without a zone is taken for UTC."""
    with suppress(ValueError, OverflowError):
        moment = dt.datetime.fromisoformat(text.strip())
        seconds = int((moment if moment.tzinfo else moment.replace(tzinfo=dt.UTC)).timestamp())
        return seconds if seconds >= 0 else None
    return None
