"""What does a test that failed depend on? Alone, twice, after what ran before it, and after ever less of that."""

from __future__ import annotations

import itertools
import math
from functools import cache
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pytest_bugguard.core.hunted import Context, Way
from pytest_bugguard.core.kinds import RAREST, SURE, Kind
from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.replays import Conditions
from pytest_bugguard.core.search import needed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_bugguard.core.kinds import Count
    from pytest_bugguard.core.replays import Replay
    from pytest_bugguard.journeys.lab import Lab

_ALONE, _MORE_ALONE = 5, 15
_REPEATS, _MORE_REPEATS, _NOISY_REPEATS = 3, 5, 10
_UNDER_LOAD = 8
_CONTEXTS = 3
"""So many of the surveys in which it failed are tried again."""
_ALPHA = 0.05
_QUESTIONS = 30
"""About so many are asked in a search."""
_SEVERAL = 5
"""So many polluters or setters are looked for by search."""
_FEW = 64
"""After each of so many tests another one may be run in between."""
_CHEAP_S = 5.0
"""To run it in between may take so long, or as long as the others do."""
_OTHER = {Outcome.FAILED: Outcome.PASSED, Outcome.PASSED: Outcome.FAILED}


def diagnose(nodeid: str, lab: Lab, *, busy: int) -> None:
    """Make the experiments that tell in which way a test is flaky; the notebook says what came of them.

    Args:
        nodeid: A test that failed.
        lab: Where they are made.
        busy: How many processes make the machine busy.

    Raises:
        OutOfTimeError: There is no time for all of them.
    """
    contexts = lab.notebook.contexts(nodeid, Outcome.PASSED)
    alone = _alone(nodeid, lab, _ALONE if contexts else _REPEATS)
    if alone.failed and not alone.passed and not contexts:  # it has never passed, so there is nothing to explain
        return
    alone = _alone(nodeid, lab, _ALONE)
    if alone.passed and alone.failed:
        _pin_seed(nodeid, lab)
    elif alone.total:
        usual = Outcome.PASSED if alone.passed else Outcome.FAILED
        if not _explain(nodeid, usual, lab, busy=busy) and usual is Outcome.PASSED:
            _alone(nodeid, lab, _MORE_ALONE)
    show_more_under_load(nodeid, lab, busy)


def _alone(nodeid: str, lab: Lab, times: int) -> Count:
    """Run it by itself, each time twice in its process, until both outcomes are seen or it was so often."""
    known = lab.notebook.alone(nodeid)
    asked = [lab.replay((nodeid, nodeid)) for _ in range(times - known.total)]
    for _ in lab.run_all(Way.EXPERIMENT, asked):
        known = lab.notebook.alone(nodeid)
        if known.passed and known.failed:
            break
    return lab.notebook.alone(nodeid)


def _pin_seed(nodeid: str, lab: Lab) -> None:
    """Run it with a hash seed with which it failed, and with one with which it passed: is it the seed?

    By turns, for what the machine does meanwhile comes and goes too.
    """
    seeds = {
        one.outcomes[0]: one.conditions.hash_seed
        for one in reversed(lab.notebook.showings(nodeid))
        if not one.before and one.conditions.is_plain and one.conditions.hash_seed is not None
    }
    if len(seeds) == len(_OTHER):
        asked = [lab.replay((nodeid,), Conditions(hash_seed=seed)) for _ in range(SURE - 1) for seed in seeds.values()]
        for done, outcome in zip(lab.run_all(Way.EXPERIMENT, asked), itertools.cycle(seeds), strict=False):
            if done.outcomes(nodeid) != (outcome,):
                return


def _explain(nodeid: str, usual: Outcome, lab: Lab, *, busy: int) -> bool:
    """Find what makes it end otherwise than alone; whether that was found."""
    wanted = _OTHER[usual]
    contexts = lab.notebook.contexts(nodeid, wanted)
    if not contexts:  # alone and among others it ends alike; if it was red, then after itself, or beside others
        return not lab.notebook.failed_beside(nodeid) or fails_under_load(nodeid, lab, busy)
    by_import = cache(lambda: usual is Outcome.PASSED and fails_by_import(nodeid, lab))
    under_load = cache(lambda: usual is Outcome.PASSED and fails_under_load(nodeid, lab, busy))
    for context in contexts[:_CONTEXTS]:
        is_dear = lab.notebook.duration_s(context.before) * _REPEATS > lab.left_s
        if is_dear and under_load():  # first what there is time for
            return True
        if _glanced(nodeid, context, wanted, lab):
            return True
        is_clear = _share(nodeid, context, wanted, lab, 1) == 1
        if not is_clear and (by_import() or under_load()):  # sooner than the others once more, who may take long
            return True
        if not (is_clear or _again(nodeid, context, wanted, lab)):
            continue
        if _search(nodeid, context, wanted, lab, is_clear=is_clear):
            return True
    return under_load()


def _glanced(nodeid: str, context: Context, wanted: Outcome, lab: Lab) -> bool:
    """Find a test that makes it end so by itself, at a fraction of a search's price; whether one was found.

    No more than a hint comes of running it in between, so what is found there is confirmed like all else.
    """
    found = _turning(nodeid, context.before, context.conditions, wanted, lab)
    if not found:
        return False
    return confirm(nodeid, found, context.conditions, lab, is_clear=True, is_first=True)


def _turning(
    nodeid: str, before: tuple[str, ...], conditions: Conditions, wanted: Outcome, lab: Lab
) -> tuple[str, ...] | None:
    """The test after which it ends so for the first time, where it runs first and after every few of them; or none.

    None where that is not to be seen: it ends otherwise the second time, or takes too long to be run so often.
    """
    if lab.notebook.ends_otherwise_again(nodeid):
        return None
    while len(before) > 1:
        size = math.isqrt(len(before)) if len(before) > _FEW else 1
        parts = [before[start : start + size] for start in range(0, len(before), size)]
        if len(parts) * lab.notebook.duration_s([nodeid]) > max(lab.notebook.duration_s(before), _CHEAP_S):
            return None
        asked = lab.replay([nodeid, *(one for part in parts for one in (*part, nodeid))], conditions)
        ends = lab.run(Way.GLANCE, asked).outcomes(nodeid)
        if wanted not in ends[1:] or ends[0] is wanted:
            return ()
        before = parts[ends.index(wanted) - 1]
    return before


def fails_by_import(nodeid: str, lab: Lab) -> bool:
    """Load all files with it, but run no test of theirs; whether some of them are why it fails.

    Raises:
        OutOfTimeError: There is no time for that.
    """
    others = lab.notebook.files_beside(nodeid)

    def asked(beside: tuple[str, ...]) -> Replay:
        return lab.replay((nodeid,), Conditions(beside=beside))

    def shows(beside: tuple[str, ...]) -> bool:
        return lab.run(Way.EXPERIMENT, asked(beside)).outcomes(nodeid)[:1] == (Outcome.FAILED,)

    if others and shows(others):
        found = needed(others, shows)
        for _ in lab.run_all(Way.EXPERIMENT, [asked(found) for _ in range(_REPEATS)]):
            pass
        _alone(nodeid, lab, _ALONE)
    return Kind.IMPORT in lab.notebook.diagnosis(nodeid).kinds


def _again(nodeid: str, context: Context, wanted: Outcome, lab: Lab) -> bool:
    """Run it a few times more after the same tests as in a survey; whether it ended so once more."""
    return any(_share(nodeid, context, wanted, lab, 1) for _ in range(_REPEATS - 1))


def _share(nodeid: str, context: Context, wanted: Outcome, lab: Lab, times: int) -> float:
    """In which share of so many runs after the same tests it ends so."""
    asked = [lab.replay((*context.before, nodeid), context.conditions) for _ in range(times)]
    return sum(wanted in done.outcomes(nodeid)[:1] for done in lab.run_all(Way.EXPERIMENT, asked)) / times


def fails_under_load(nodeid: str, lab: Lab, busy: int) -> bool:
    """Run it alone on a busy machine; whether that is why it fails.

    Args:
        nodeid: The test.
        lab: Where that is tried.
        busy: How many processes make the machine busy.

    Raises:
        OutOfTimeError: There is no time for that.
    """
    asked = [lab.replay((nodeid,), Conditions(busy=busy)) for _ in range(_UNDER_LOAD)]
    ends: list[Outcome] = []
    for done in lab.run_all(Way.EXPERIMENT, asked):
        ends += done.outcomes(nodeid)
        if ends == [Outcome.FAILED] * _REPEATS:
            break
    if Kind.LOAD in lab.notebook.diagnosis(nodeid).kinds:  # or was it only lucky alone?
        _alone(nodeid, lab, _MORE_ALONE)
    return Kind.LOAD in lab.notebook.diagnosis(nodeid).kinds


def show_more_under_load(nodeid: str, lab: Lab, busy: int) -> None:
    """Of one that fails alone too, as on a machine that others keep busy: does it fail each time on a busier one?

    Raises:
        OutOfTimeError: There is no time for that.
    """
    kinds = lab.notebook.diagnosis(nodeid).kinds
    if Kind.RANDOM not in kinds or Kind.LOAD in kinds:
        return
    asked = [lab.replay((nodeid,), Conditions(busy=busy)) for _ in range(_UNDER_LOAD)]
    if all(done.outcomes(nodeid)[:1] == (Outcome.FAILED,) for done in lab.run_all(Way.EXPERIMENT, asked)):
        more = _MORE_ALONE - lab.notebook.alone(nodeid).total
        for _ in lab.run_all(Way.EXPERIMENT, [lab.replay((nodeid,)) for _ in range(more)]):
            pass


def _search(nodeid: str, context: Context, wanted: Outcome, lab: Lab, *, is_clear: bool) -> bool:
    """Find the tests that make it end so, at first as if they did so each time; whether one was found."""
    if is_clear and _found(nodeid, _Oracle(nodeid, context, wanted, 1, lab), context, lab):
        return True
    share = _share(nodeid, context, wanted, lab, _NOISY_REPEATS)
    if share < RAREST or (share == 1 and is_clear):
        return False
    tries = 1 if share == 1 else math.ceil(math.log(_ALPHA / _QUESTIONS) / math.log(1 - share))
    return _found(nodeid, _Oracle(nodeid, context, wanted, tries, lab), context, lab)


def _found(nodeid: str, oracle: _Oracle, context: Context, lab: Lab) -> bool:
    """Find a set of tests; whether one was found."""
    found = oracle.guilty(context.before)
    if not found and context.conditions.is_plain:
        _pin_seed(nodeid, lab)
        return bool(lab.notebook.diagnosis(nodeid).kinds)
    return confirm(nodeid, found, context.conditions, lab, is_clear=oracle.is_clear, is_first=True)


def find_more(nodeid: str, lab: Lab) -> None:
    """Find more polluters or setters of a test, among those that ran before it where it ended as after them.

    Raises:
        OutOfTimeError: There is no time for all of them.
    """
    diagnosis = lab.notebook.diagnosis(nodeid)
    wanted = Outcome.FAILED if Kind.VICTIM in diagnosis.kinds else Outcome.PASSED
    for context in lab.notebook.contexts(nodeid, wanted)[:1]:
        known = {one for found in (*diagnosis.polluters, *diagnosis.setters) for one in found}
        oracle = _Oracle(nodeid, context, wanted, 1, lab)
        for _ in range(_SEVERAL - 1):
            before = tuple(one for one in context.before if one not in known)
            found = _turning(nodeid, before, context.conditions, wanted, lab)
            if found is None and oracle.shows(before):
                found = oracle.guilty(before)
            if not found or not confirm(nodeid, found, context.conditions, lab, is_clear=True):
                return
            known.update(found)


def confirm(  # noqa: PLR0913 - a claim, and how it came to be made
    nodeid: str,
    before: Sequence[str],
    conditions: Conditions,
    lab: Lab,
    *,
    is_clear: bool = False,
    is_first: bool = False,
) -> bool:
    """Run it after these, and without them, until the notebook knows its kind or knows that it is none.

    Where it is clear that it ends alike each time, it has to. What is first said of a test is held against it alone by
    turns: a machine that was busy when it ran alone, and is quiet now, looks like a setter.
    """
    around = replace(conditions, hash_seed=conditions.hash_seed if before else None)
    *asked, last = [lab.replay((*before, nodeid), around) for _ in range(_REPEATS)]
    alone = [lab.replay((nodeid,))] if is_first and before else []
    ends = set()
    turns = [turn for one in asked for turn in (one, *alone)]
    for done in lab.run_all(Way.EXPERIMENT, [*turns, replace(last, is_typed=True)]):
        if not done.outcomes(nodeid):
            return False
        if len(done.asked.tests) > len(before):
            ends.add(done.outcomes(nodeid)[0])
    if len(ends) > 1 and is_clear:
        return False
    if len(ends) > 1:  # or does it come and go in any case?
        for _ in lab.run_all(Way.EXPERIMENT, [lab.replay((*before, nodeid), around) for _ in range(_MORE_REPEATS)]):
            pass
        _alone(nodeid, lab, _MORE_ALONE)
    diagnosis = lab.notebook.diagnosis(nodeid)
    return tuple(before) in {*diagnosis.polluters, *diagnosis.setters} or (not before and bool(diagnosis.kinds))


class _Oracle:
    """Does a test end so after these tests? A no is asked again where its outcome is noisy; nothing is asked twice."""

    def __init__(self, nodeid: str, context: Context, wanted: Outcome, tries: int, lab: Lab) -> None:
        self._nodeid = nodeid
        self._conditions = context.conditions
        self._wanted = wanted
        self._tries = tries
        self._lab = lab
        self._known = {context.before: True}

    @property
    def is_clear(self) -> bool:
        """Whether it is taken to end alike each time."""
        return self._tries == 1

    def guilty(self, before: tuple[str, ...]) -> tuple[str, ...]:
        """As few of these tests as make it end so, which it does after all of them."""
        return self._without_needless(needed(self._narrowed(before), self.shows))

    def _narrowed(self, before: tuple[str, ...]) -> tuple[str, ...]:
        """Only those of its own file, where they are enough: that is often so, and soon asked."""
        path = self._nodeid.partition("::")[0]
        nearest = tuple(one for one in before if one.partition("::")[0] == path)
        return nearest if nearest and nearest != before and self.shows(nearest) else before

    def _without_needless(self, found: tuple[str, ...]) -> tuple[str, ...]:
        """What is left where each of several is left out often enough to see that it is needed, noise or not."""
        for one in found if len(found) > 1 else ():
            without = tuple(other for other in found if other != one)
            if without and any(self._ask(without) for _ in range(_REPEATS)):
                found = without
        return found

    def shows(self, before: tuple[str, ...]) -> bool:
        """Whether it does."""
        if before not in self._known:
            self._known[before] = self._ask(before)
        return self._known[before]

    def _ask(self, before: tuple[str, ...]) -> bool:
        asked = [self._lab.replay((*before, self._nodeid), self._conditions) for _ in range(self._tries)]
        done = self._lab.run_all(Way.EXPERIMENT, asked)
        return any(self._wanted in one.outcomes(self._nodeid)[:1] for one in done)
