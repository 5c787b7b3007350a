"""In which way a test is flaky, by what processes showed of it: both sides are needed, and often enough."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_bugguard.core.kinds import Kind, Showing, diagnosis_of
from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.replays import Conditions, conditions_of

TEST = "t.py::test"
BUSY = Conditions(busy=4)


def seen(words: str, before: str = "", conditions: Conditions = Conditions()) -> list[Showing]:  # noqa: B008 - frozen
    """A process for each word: ``PF`` passed and then failed in one process."""
    letters = {"P": Outcome.PASSED, "F": Outcome.FAILED}
    return [Showing(conditions, tuple(before.split()), tuple(letters[one] for one in word)) for word in words.split()]


def seeded(outcomes: dict[int, str]) -> list[Showing]:
    return [one for seed, words in outcomes.items() for one in seen(words, conditions=Conditions(hash_seed=seed))]


@pytest.mark.parametrize(
    ("showings", "kinds"),
    [
        pytest.param([], (), id="nothing"),
        pytest.param(seen("P P P P P"), (), id="sound"),
        pytest.param(seen("F F F F F"), (), id="broken"),
        pytest.param(seen("P F"), (Kind.RANDOM,), id="once-each-way-is-proof"),
        pytest.param(seen("P P P F F", "a"), (), id="after-another-alone-is-unknown"),
        pytest.param([*seen("P P P"), *seen("F F", "a")], (Kind.VICTIM,), id="victim"),
        pytest.param([*seen("P P"), *seen("F F F", "a")], (), id="too-seldom-alone"),
        pytest.param([*seen("P P P"), *seen("F", "a")], (), id="once-after-another-is-chance"),
        pytest.param([*seen("P P P P P"), *seen("F F F P", "a")], (Kind.VICTIM,), id="noisy-polluter"),
        pytest.param([*seen("P P P"), *seen("F F P P P P", "a")], (), id="noisier-than-was-looked-alone"),
        pytest.param(
            [*seen("P P P P F P P P P"), *seen("F F F F", "a")],
            (Kind.RANDOM, Kind.VICTIM), id="victim-that-fails-alone-now-and-then",
        ),
        pytest.param([*seen("P P P P F P P P P"), *seen("F F F", "a")], (Kind.RANDOM,), id="or-by-chance"),
        pytest.param([*seen("F F F"), *seen("P P", "a")], (Kind.BRITTLE,), id="brittle"),
        pytest.param(seen("FP FP FP"), (Kind.BRITTLE,), id="its-own-setter"),
        pytest.param(seen("FP FP FF"), (), id="not-each-time-its-own-setter"),
        pytest.param(seen("PF PF PF"), (Kind.NON_IDEMPOTENT,), id="non-idempotent"),
        pytest.param(seen("PF PP PF"), (), id="not-each-second-time"),
        pytest.param(seen("PF F PF F"), (Kind.RANDOM,), id="no-more-often-the-second-time"),
        pytest.param([*seen("PF PF PF"), *seen("F F", "a")], (Kind.NON_IDEMPOTENT, Kind.VICTIM), id="both"),
        pytest.param([*seen("P P P"), *seen("F F F", conditions=BUSY)], (Kind.LOAD,), id="load"),
        pytest.param([*seen("P F P"), *seen("F F F", conditions=BUSY)], (Kind.RANDOM,), id="random-under-load-too"),
        pytest.param(
            [*seen("P P P F P P"), *seen("F F F F F F F F", conditions=BUSY)],
            (Kind.RANDOM, Kind.LOAD), id="load-on-a-machine-that-is-busy-anyway",
        ),
        pytest.param(
            [*seen("P P P F P P"), *seen("F F F F F P F F", conditions=BUSY)],
            (Kind.RANDOM,), id="not-each-time-under-load",
        ),
        pytest.param(seeded({1: "F F F F F F F F", 2: "P P P P P P P P"}), (Kind.HASH_SEED,), id="hash-seed"),
        pytest.param(seeded({1: "F F F F F F F F", 2: "P P P P P P P F"}), (Kind.RANDOM,), id="a-seed-that-does-both"),
        pytest.param(
            seeded({1: "F F F F F F F", 2: "P P P P P P P P"}), (Kind.RANDOM,), id="a-seed-not-seen-often-enough"
        ),
    ],
)  # fmt: skip
def test_a_kind_is_named_where_both_sides_are_seen(showings: list[Showing], kinds: tuple[Kind, ...]) -> None:
    """And only there."""
    diagnosis = diagnosis_of(TEST, showings)
    assert diagnosis.kinds == kinds
    assert len(diagnosis.reasons) == len(kinds)


@pytest.mark.parametrize(("ends", "tries"), [("F P", 7), ("F F F P", 4), ("P " * 19 + "F", 90), ("P P", 0)])
def test_what_fails_by_chance_is_tried_until_it_has_failed_almost_surely(ends: str, tries: int) -> None:
    """In 99 of 100 cases, at the rate that was seen."""
    assert diagnosis_of(TEST, seen(ends)).tries == tries


def test_what_a_busy_machine_showed_is_told_of_what_fails_by_chance() -> None:
    """On a machine that is busy anyway, load looks like chance: somebody has to see what it would be."""
    showings = [*seen("P F F F"), *seen("F F F F F F F F", conditions=BUSY)]
    said = "alone, in fresh processes, it failed 3 of 4 times, and 8 of 8 times on a busy machine"
    assert (diagnosis_of(TEST, showings).kinds, diagnosis_of(TEST, showings).reasons) == ((Kind.RANDOM,), (said,))
    passes = diagnosis_of(TEST, [*showings, *seen("P", conditions=BUSY)])
    assert passes.reasons == (said.partition(", and")[0],), "then it says nothing"


def test_only_the_smallest_sets_are_named() -> None:
    """What contains a polluter pollutes too; that says nothing new."""
    after = [*seen("F F", "a b c"), *seen("F F", "b"), *seen("F F", "c d"), *seen("F F", "d c")]
    assert diagnosis_of(TEST, [*seen("P P P"), *after]).polluters == (("b",), ("c", "d"), ("d", "c"))


@given(st.lists(st.tuples(st.sampled_from(["", "a", "a b"]), st.sampled_from(["P", "PP"]))))
def test_what_never_failed_has_no_kind(rows: list[tuple[str, str]]) -> None:
    """Whatever ran before it."""
    assert diagnosis_of(TEST, [one for before, word in rows for one in seen(word, before)]).kinds == ()


@given(
    st.builds(
        Conditions,
        st.none() | st.integers(0, 2**32 - 1),
        st.sampled_from(["", "Pacific/Apia"]),
        st.sampled_from(["", "de_DE.UTF-8"]),
        st.integers(0, 64),
        st.lists(st.text(min_size=1)).map(tuple),
    )
)
def test_conditions_are_read_as_they_are_said(conditions: Conditions) -> None:
    """They are kept as words in a history."""
    assert conditions_of(conditions.words) == conditions
