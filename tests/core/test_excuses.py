"""Which failure of a test in quarantine is excused, and until when."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.core import excuses
from pytest_bugguard.core.failures import signature_of
from pytest_bugguard.core.flakes import Sighting
from pytest_bugguard.core.model import FlakeVerdict, Outcome, Quarantine
from pytest_bugguard.core.recorded_runs import Failure, Why
from pytest_bugguard.core.results import Finding

if TYPE_CHECKING:
    from collections.abc import Sequence

NET = b"class Client:\n    @once\n    def fetch(self):\n        return 1\n\nOPEN = 1\n"


@pytest.mark.parametrize(
    ("place", "said"),
    [
        pytest.param("src/net.py:4", "Gone at src/net.py::Client.fetch", id="method"),
        pytest.param("src/net.py:6", "Gone at src/net.py", id="module"),
        pytest.param("src/lost.py:4", "Gone at src/lost.py", id="no-such-file"),
        pytest.param("docs/net.rst:4", "Gone at docs/net.rst", id="doctest"),
        pytest.param("", "Gone", id="nothing-of-the-project"),
    ],
)
def test_a_failure_is_known_by_its_function(place: str, said: str) -> None:
    """Lines move with every edit above them."""
    assert signature_of(Failure("Gone", place, ""), {"src/net.py": NET}.get) == said


def test_a_failure_without_a_type_has_no_signature() -> None:
    """A process that died says nothing of why."""
    assert signature_of(Failure("", "src/net.py:4", ""), {"src/net.py": NET}.get) == ""


def entry(test: str, expires: dt.date = dt.date(2027, 1, 31), failures: tuple[str, ...] = ("Gone",)) -> Quarantine:
    return Quarantine(test, "platform", "real clock", expires, failures=failures)


def test_the_last_day_still_excuses() -> None:
    """And an entry without failures never does."""
    entries = [entry("a::t"), entry("b::t", dt.date(2027, 1, 30)), entry("c::t", failures=())]
    assert [one.test for one in excuses.in_date(entries, dt.date(2027, 1, 31))] == ["a::t"]


def test_the_entry_of_a_case_comes_before_that_of_its_test() -> None:
    """And a test whose name only begins alike is another one."""
    entries = [entry("a::t"), entry("a::t[1[::]]")]
    found = [excuses.entry_of(nodeid, entries) for nodeid in ("a::t[1[::]]", "a::t[2]", "a::t", "a::t_more")]
    assert [one and one.test for one in found] == ["a::t[1[::]]", "a::t", "a::t", None]


@pytest.mark.parametrize(
    ("place", "new", "is_touched"),
    [
        pytest.param("net.py::Client.fetch", NET.replace(b"1\n\n", b"2\n\n"), True, id="body"),
        pytest.param("net.py::Client.fetch", NET.replace(b"@once", b"@twice"), True, id="decorator"),
        pytest.param("net.py::Client.fetch", b"import os\n" + NET, False, id="only-moved"),
        pytest.param("net.py::Client.fetch", NET.replace(b"OPEN", b"SHUT"), False, id="elsewhere"),
        pytest.param("net.py::Client.fetch", NET.replace(b"Client:", b"Client(Base):"), False, id="line-above"),
        pytest.param("net.py::Client.fetch", NET.replace(b"return 1", b"return 1\n"), False, id="line-below"),
        pytest.param("net.py::Client.fetch", None, True, id="gone-with-its-file"),
        pytest.param("net.py::Client.fetch", NET.replace(b"fetch", b"send"), True, id="renamed"),
        pytest.param("net.py", NET.replace(b"OPEN", b"SHUT"), True, id="module"),
        pytest.param("net.py", NET, False, id="same"),
        pytest.param("net.py", None, True, id="gone"),
    ],
)
def test_a_change_touches_the_function_that_failed(place: str, new: bytes | None, *, is_touched: bool) -> None:
    """Not the file that it is in."""
    assert excuses.is_touched(place, NET, new) is is_touched


def test_a_file_that_came_with_the_change_is_touched_as_a_whole() -> None:
    """One that was there neither before nor after is none that could be."""
    assert excuses.is_touched("net.py::Client.fetch", None, NET)
    assert not excuses.is_touched("net.py::Client.fetch", None, None)


def sightings(strip: str, branch: str = "main", first: int = 0) -> Sequence[Sighting]:
    """Natural runs, oldest first: ``.`` passed, ``F`` failed, ``r`` failed in a rerun, ``s`` skipped."""
    ended = {".": Outcome.PASSED, "s": Outcome.SKIPPED}
    return [
        Sighting(f"run{first + place}", first + place, Why.RERUN if sign == "r" else Why.FIRST, sign != "r", "c", "c",
                 "e", "", branch, 1, ended.get(sign, Outcome.FAILED), None, 0)
        for place, sign in enumerate(strip)
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("seen", "row"),
    [
        pytest.param(sightings(""), 0, id="no-history"),
        pytest.param(sightings("F" * 30), 0, id="never-passed-so-no-rate"),
        pytest.param(sightings("." * 50), 0, id="first-failure"),
        pytest.param(sightings("." * 50 + "F"), 2, id="twice-after-fifty"),
        pytest.param(sightings("." * 50 + "Fss"), 2, id="skips-say-nothing"),
        pytest.param(sightings("." * 50 + "r"), 0, id="reruns-do-not-count"),
        pytest.param(sightings("FFFFFF...." * 4 + "FFF"), 0, id="often"),
        pytest.param(sightings("FFFFFF...." * 4 + "F" * 20), 21, id="too-often-even-so"),
        pytest.param([*sightings("." * 50), *sightings("F", "topic", 60), *sightings(".", first=70)], 2, id="branch"),
        pytest.param([*sightings("." * 50), *sightings("F", first=60), *sightings(".", "topic", 70)], 0, id="mended"),
    ],
)
def test_a_row_of_failures_is_told_from_bad_luck(seen: Sequence[Sighting], row: int) -> None:
    """By the rate that the test had before, on the branch that failed."""
    assert (
        excuses.row_of_failures(reversed(seen), "topic" if any(one.branch == "topic" for one in seen) else "main")
        == row
    )


def test_an_excuse_that_does_not_hold_says_why() -> None:
    """The failure is the known one; what is wrong with that today is told, and whose entry it is."""
    excused = excuses.Excused("a::t[1]", "Gone at src/net.py::Client.fetch", entry("a::t"))
    assert excuses.revoked(excused, "in what the change touched: src/net.py::Client.fetch") == Finding(
        "quarantine:a::t[1]",
        "quarantine",
        FlakeVerdict.FAILING,
        "a::t[1]",
        "failed with Gone at src/net.py::Client.fetch, as it is known to, but in what the change touched: "
        "src/net.py::Client.fetch",
        "look at it as at any failure: its quarantine (platform) does not cover this",
    )


@pytest.mark.parametrize(
    ("signatures", "known", "message", "cure"),
    [
        pytest.param(
            ("Late at src/net.py::get", "Gone"),
            ("Gone at src/db.py", "Slow"),
            "failed with Late at src/net.py::get and Gone, which its quarantine does not excuse "
            "(known there: Gone at src/db.py, Slow)",
            "look at it as at any failure; where it is the old one, name it in failures (pyproject.toml:7): "
            '"Late at src/net.py::get", "Gone"',
            id="others",
        ),
        pytest.param(
            ("Gone",),
            (),
            "failed with Gone, which its quarantine does not excuse (known there: none)",
            'look at it as at any failure; where it is the old one, name it in failures (pyproject.toml:7): "Gone"',
            id="none-known",
        ),
        pytest.param(
            (),
            ("Slow",),
            "failed with no exception that could be read, which its quarantine does not excuse (known there: Slow)",
            "platform: look at it as at any failure",
            id="nothing-to-name",
        ),
    ],
)
def test_another_failure_than_the_known_one_is_told(
    signatures: tuple[str, ...], known: tuple[str, ...], message: str, cure: str
) -> None:
    """With what to write into the entry where it is the known one after all."""
    held = Quarantine("a::t", "platform", "real clock", dt.date(2027, 1, 31), "pyproject.toml:7", known)
    assert excuses.unknown("a::t[1]", signatures, held) == Finding(
        "quarantine:a::t[1]", "quarantine", FlakeVerdict.FAILING, "a::t[1]", message, cure
    )
