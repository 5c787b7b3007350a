"""Which tests before it another one needs: few, in order, found with few questions, whatever cleans up in between."""

from __future__ import annotations

import math
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_bugguard.core.search import needed

TESTS = tuple(f"t.py::test_{n}" for n in range(2000))


class Asked:
    """A test that shows it after some others, in order, unless a cleaner follows; counts how often it is asked."""

    def __init__(self, wanted: tuple[str, ...], cleaners: frozenset[str] = frozenset()) -> None:
        self._wanted = wanted
        self._cleaners = cleaners
        self.count = 0

    def __call__(self, before: tuple[str, ...]) -> bool:
        self.count += 1
        missing = list(self._wanted)
        for one in before:
            if one in self._cleaners:
                missing = list(self._wanted)
            elif missing and one == missing[0]:
                missing.pop(0)
        return not missing


@pytest.mark.parametrize(
    ("places", "questions"),
    [
        pytest.param((0,), 2 * math.log2(2000) + 8, id="first"),
        pytest.param((1999,), 2 * math.log2(2000) + 8, id="last"),
        pytest.param((700, 1400), 3 * math.log2(2000) + 8, id="ordered-pair"),
        pytest.param((5, 6, 7), 4 * math.log2(2000) + 8, id="neighbours"),
        pytest.param((), 1, id="none"),
    ],
)
def test_what_is_needed_is_found_with_few_questions(places: tuple[int, ...], questions: float) -> None:
    """Among 2,000 tests: a single one, a pair in order, three in a row."""
    wanted = tuple(TESTS[place] for place in places)
    asked = Asked(wanted)
    assert needed(TESTS, asked) == wanted
    assert asked.count <= questions


@given(
    st.lists(st.integers(0, 59), min_size=1, max_size=3, unique=True).map(sorted),
    st.sets(st.integers(0, 59), max_size=20),
)
def test_cleaners_in_between_hide_nothing(places: list[int], cleaners: set[int]) -> None:
    """Where the whole order shows it, what is found shows it too, and none of it can be left out."""
    order = TESTS[:60]
    asked = Asked(tuple(order[place] for place in places), frozenset(order[place] for place in cleaners - {*places}))
    if not asked(order):
        return
    assert needed(order, asked) == tuple(order[place] for place in places)


@given(st.integers(7, 12))
def test_many_that_are_all_needed_are_found_too(count: int) -> None:
    """Not by one cut each, but they are."""
    wanted = TESTS[10 : 10 + count]
    assert needed(TESTS[:64], Asked(wanted)) == wanted


@given(st.integers(0, 1000))
def test_any_rule_at_all_comes_to_an_end(rule: int) -> None:
    """A test that shows it after sets without rhyme or reason: the answer is one of those sets."""

    def shows(before: tuple[str, ...]) -> bool:
        return len(before) == 16 or zlib.crc32(" ".join(before).encode(), rule) % 3 == 0

    assert shows(needed(TESTS[:16], shows))
