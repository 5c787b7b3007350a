"""Running tests that fail now once more on the base of the change, each in a fresh process of one scratch tree."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from pytest_bugguard.core import addopts, base_ends, experiment
from pytest_bugguard.core.runs import RunRequest

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_bugguard.core.base_ends import BaseEnd
    from pytest_bugguard.core.reruns import Failed
    from pytest_bugguard.journeys.ports import Scratch, TestRunner
    from pytest_bugguard.journeys.reruns import Limits
    from pytest_bugguard.journeys.snapshot import Snapshot

_LEAST_S = 5.0


class Base(Struct, frozen=True):
    """The base, and what is known of it."""

    tree: Snapshot
    changed: tuple[str, ...]
    """The Python files that the change touched, as the base names them."""
    words: tuple[str, ...] = ()
    """Options for pytest, besides those of the project as it was."""


def on_base(
    failed: Sequence[Failed], base: Base, scratch: Scratch, runner: TestRunner, limits: Limits
) -> Iterator[tuple[str, BaseEnd]]:
    """How each test ends there, in their order.

    Args:
        failed: The tests.
        base: Where they are run.
        scratch: Makes the tree.
        runner: Runs them in it.
        limits: When no further one begins.

    Raises:
        ScratchError: The tree cannot be made.
    """
    assert base.tree.commit is not None, "a change begins at a commit"
    there = [one for one in failed if base.tree.file(one.nodeid.partition("::")[0]) is not None]
    yield from ((one.nodeid, base_ends.ABSENT) for one in failed if one not in there)
    if not there:
        return
    with scratch.plant(base.tree.commit, ()) as tree:
        for one in there:
            left_s = limits.until - limits.now()
            if left_s <= 0:
                yield one.nodeid, base_ends.untold("the time for it is over (flaky.reruns-seconds)")
                continue
            run = runner.run(tree, _request(one, base, min(limits.patience_s(one), max(left_s, _LEAST_S))))
            yield one.nodeid, base_ends.judge(run, one.nodeid, one.failure)


def _request(one: Failed, base: Base, limit_s: float) -> RunRequest:
    path = one.nodeid.partition("::")[0]
    place = experiment.place_of([path], base.tree.file)
    try:
        own = place.config.words("addopts") or ()
    except ValueError:  # pytest itself says so there
        own = ()
    return RunRequest(
        targets=(path,),
        watched=base.changed,
        around=experiment.around(base.changed, base.tree.is_package),
        roots=experiment.roots(base.changed, base.tree.is_package),
        folder=place.folder,
        options=addopts.kept((*own, *base.words)),
        limit_s=limit_s,
        order=(one.nodeid,),
    )
