"""When a test may leave its quarantine."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_bugguard.core.estimates import LUCK, luck_of
from pytest_bugguard.core.recovery import recovery_of
from tests.core.test_excuses import sightings


@pytest.mark.parametrize(
    ("failures", "runs", "passes"),
    [(6, 20, 11), (3, 20, 26), (1, 20, 126), (5, 100, 71), (1, 100, 636)],
)
def test_so_many_passes_are_no_luck(failures: int, runs: int, passes: int) -> None:
    """More than the observed rate would need (9, 19, 59, 59, 299), since that is only an estimate."""
    assert luck_of(passes, failures, runs) <= LUCK < luck_of(passes - 1, failures, runs)


@given(st.integers(1, 50), st.integers(0, 50), st.integers(0, 200))
def test_each_further_pass_is_less_luck(failures: int, passed: int, passes: int) -> None:
    """A probability that falls, whatever came before."""
    runs = failures + passed
    assert 0 < luck_of(passes + 1, failures, runs) < luck_of(passes, failures, runs) <= 1


@pytest.mark.parametrize(
    ("strip", "said"),
    [
        pytest.param("", "", id="no-history"),
        pytest.param("." * 40, "", id="too-few"),
        pytest.param("." * 60, "never failed in 60 runs: its rate is below 4.1 %", id="never-failed"),
        pytest.param("." * 55, "never failed in 55 runs: its rate is below 4.5 %", id="rounded-up"),
        pytest.param("..F" * 6 + "..F" + "." * 8, "", id="soon"),
        pytest.param("...FFF" + "." * 7,
                     "passed 7 times in a row, after it had failed 3 of 6: by luck in 3.9 % of cases", id="half"),
        pytest.param(
            "..F" * 6 + "..F" + "." * 9,
            "passed 9 times in a row, after it had failed 7 of 21: by luck in 4.5 % of cases",
            id="now",
        ),
        pytest.param("..F" * 6 + "..F" + "s." * 9, "passed 9 times in a row, after it had failed 7 of 21: by luck in "
                     "4.5 % of cases", id="skipped-between"),
        pytest.param("..F" * 6 + "..F" + "." * 40 + "F", "", id="failed-again"),
        pytest.param("..F" * 7 + "." * 60, "passed 60 times in a row, after it had failed 7 of 21: by luck in "
                     "less than 0.1 % of cases", id="hardly-by-luck"),
        pytest.param("." * 6000, "never failed in 6000 runs: its rate is below 0.1 %", id="bound-that-holds"),
    ],
)  # fmt: skip
def test_what_speaks_for_letting_it_out(strip: str, said: str) -> None:
    """The passes since it last failed, against all that was before."""
    assert recovery_of(reversed(sightings(strip))) == said
