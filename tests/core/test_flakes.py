"""What a test is called by its history: flaky only where the same code did both, and never on luck."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pytest_bugguard.core.flakes import Sighting, Trend, flake_of, ranked
from pytest_bugguard.core.kinds import Diagnosis, Kind
from pytest_bugguard.core.model import FlakeVerdict, Outcome
from pytest_bugguard.core.recorded_runs import Why
from tests.histories import ENDS, FAILURE, START_S

if TYPE_CHECKING:
    from collections.abc import Sequence


def seen(number: int, sign: str, code: str = "", why: Why = Why.FIRST, environment: str = "e") -> Sighting:
    """One attempt in the run of this number; each run has a code of its own unless one is named."""
    outcome = ENDS[sign]
    failed = outcome is Outcome.FAILED
    return Sighting(
        f"run-{number:04}", START_S + number, why, why is Why.FIRST, f"{number:040x}", code or f"tree-{number}",
        environment, "CPython 3.11", "main", 1, outcome, FAILURE if failed else None, 5000 if failed else 0,
    )  # fmt: skip


def line(signs: str, code: str = "") -> list[Sighting]:
    """Runs one after the other."""
    return [seen(number, sign, code) for number, sign in enumerate(signs, start=1)]


@pytest.mark.parametrize(
    ("sightings", "verdict", "reason"),
    [
        pytest.param(line("." * 60), "steady", "never failed in 60 runs", id="never-failed"),
        pytest.param(line("." * 10), "undecided", "too few runs: its rate may be up to 21.7 %", id="too-few"),
        pytest.param(line(".F", "t"), "flaky", "passed 1 and failed 1 times on the same code", id="both"),
        pytest.param(line(".FF."), "undecided", "passed 1 times since it last failed", id="a-bug-and-its-fix"),
        pytest.param([*line("..."), *[seen(9, "F", "t"), seen(10, "F", "t")]], "failing", "2 of 2", id="broken-now"),
        pytest.param(line("...F"), "undecided", "newest code, which was run once", id="failed-once"),
        pytest.param([seen(1, "F", "t"), seen(1, ".", "t", Why.RERUN)], "flaky", "same code", id="rerun-tells"),
        pytest.param([seen(1, "F", "t", Why.EXPERIMENT), *line("." * 60, "t")], "steady", "60", id="experiment"),
        pytest.param([seen(1, "F", "t"), seen(2, ".", "t", environment="f")], "undecided", "", id="environment"),
        pytest.param([seen(1, ".", "t", Why.RERUN)], "undecided", "no first run", id="reruns-alone"),
        pytest.param([], "undecided", "no first run", id="nothing"),
        pytest.param(line("ssxs"), "undecided", "no first run", id="skipped"),
    ],
)
def test_verdicts(sightings: Sequence[Sighting], verdict: str, reason: str) -> None:
    """Each verdict, and the reason that it comes with."""
    flake = flake_of("a::b", sightings)
    assert flake.verdict == verdict
    assert reason in flake.reason
    assert bool(flake.next) == (verdict != "steady")


@given(st.lists(st.booleans(), max_size=80), st.randoms())
def test_a_test_that_does_the_same_on_the_same_code_is_never_flaky(is_red: list[bool], order: object) -> None:
    """Whatever the codes do: one that is red is red each time."""
    sightings = [
        seen(n, "F" if is_red[n % 7 % len(is_red)] else ".", f"t{n % 7 % len(is_red)}") for n in range(len(is_red))
    ]
    assert flake_of("a", sightings).verdict is not FlakeVerdict.FLAKY


@settings(max_examples=25)
@given(st.permutations(line(".F..F.ssF...", "t")))
def test_the_order_of_the_sightings_does_not_matter(shuffled: list[Sighting]) -> None:
    """A store may give them as it likes."""
    assert flake_of("a", shuffled) == flake_of("a", line(".F..F.ssF...", "t"))


def test_rates_come_from_first_runs() -> None:
    """Reruns follow failures, so they would make a test look worse, or better."""
    reruns = [seen(n, "F", why=Why.RERUN) for n in range(50, 90)]
    rate = flake_of("a", [*line("...F"), *reruns]).rate
    assert (rate.failures, rate.runs) == (1, 4)


def test_the_story_of_a_test() -> None:
    """What failed most, since when, on which branch, at which cost."""
    flake = flake_of("a", line("." * 40 + "F..F.F"))
    assert flake.signature == "TimeoutError at src/shop/net.py:41"
    assert flake.strip == "." * 40 + "F..F.F"
    assert (flake.first_failed_s, flake.last_failed_s) == (START_S + 41, START_S + 46)
    assert flake.lost_s == 15
    assert [(group.name, group.rate.failures) for group in flake.branches] == [("main", 3)]
    assert flake.onset is not None
    assert int(flake.onset.until, 16) == 41
    assert int(flake.onset.after, 16) == 36, "five green runs in a row are a 3 % accident at a rate of a half"


def test_the_range_in_which_it_began_holds_the_truth() -> None:
    """In simulated histories the culprit is in the range in 95 % of cases, give or take what luck does to 400."""
    draw = random.Random(812)
    held = 0
    for _ in range(400):
        rate = draw.uniform(0.1, 0.9)
        onset = flake_of("a", line("." * 60 + "".join(draw.choices("F.", (rate, 1 - rate), k=60)))).onset
        assert onset is not None
        held += (int(onset.after, 16) if onset.after else 0) < 61 <= int(onset.until, 16)
    assert held >= 0.92 * 400


@pytest.mark.parametrize(
    ("signs", "trend"),
    [
        pytest.param("." * 40 + "F." * 20, Trend.RISING, id="rising"),
        pytest.param("F." * 20 + "." * 40, Trend.FALLING, id="falling"),
        pytest.param("..F." * 10, Trend.LEVEL, id="level"),
        pytest.param("F....F.F..F...." + "." * 30 + "." * 20, Trend.FALLING, id="mended-long-ago"),
        pytest.param("F....F.F..F....", Trend.LEVEL, id="not-yet-known-as-mended"),
        pytest.param("F", None, id="too-few"),
    ],
)
def test_the_trend_is_said_where_it_shows(signs: str, trend: Trend | None) -> None:
    """Halves whose intervals overlap show no difference; so many passes since that luck hardly explains them do."""
    assert flake_of("a", line(signs)).trend is trend


def test_nobody_is_sent_to_mend_what_has_long_been_steady() -> None:
    """Unless a hunt knows in which way it is flaky: what it made of it may be there still."""
    mixed = [*line("F"), *(one._replace(code=line("F")[0].code) for one in line("." * 60))]
    told = flake_of("a", mixed)
    assert told.verdict is FlakeVerdict.FLAKY
    assert told.next == "nothing, unless it fails again: it has passed 60 times since, which is hardly luck"
    for other in (flake_of("a", mixed[:3]), flake_of("a", mixed, Diagnosis((Kind.RANDOM,), ("often",)))):
        assert other.next.startswith("mend it")


def test_the_dearest_comes_first() -> None:
    """Then the most surely frequent, then the alphabet: the same order every time."""
    flakes = [
        flake_of("b", line("F" * 2)),
        flake_of("c", line("F..F")),
        flake_of("a", line("F" * 2)),
        flake_of("d", line("F" * 3)),
    ]
    assert [flake.nodeid for flake in ranked(flakes)] == ["d", "a", "b", "c"]
