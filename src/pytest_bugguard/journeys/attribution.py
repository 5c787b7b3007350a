"""Which parts of a fix its tests hold: each hunk is taken out alone, and the tests that prove the fix are run."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, NamedTuple

from msgspec.structs import replace

from pytest_bugguard.core import hunks
from pytest_bugguard.core.model import HeldHunk, Outcome
from pytest_bugguard.core.runs import End, Put

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_bugguard.core.experiment import Experiment
    from pytest_bugguard.core.runs import TestRun
    from pytest_bugguard.journeys.prove import Bench


class _Part(NamedTuple):
    """What is taken out alone."""

    path: str
    first: int
    last: int
    back: tuple[Put, ...]


def attribute(experiment: Experiment, reds: Sequence[str], bench: Bench) -> tuple[HeldHunk, ...]:
    """Each hunk of a proven fix, with the tests that fail without it alone.

    Args:
        experiment: The fix.
        reds: Node ids of the cases that prove it.
        bench: Makes the trees, runs the tests.

    Raises:
        ScratchError: A tree could not be made.
    """
    parts = tuple(_parts(experiment))
    if len(parts) == 1:
        (only,) = parts
        return (HeldHunk(only.path, only.first, only.last, tuple(reds), is_told=True),)
    return tuple(_held(part, _run(experiment, part, reds, bench), reds) for part in parts)


def _parts(experiment: Experiment) -> Iterator[_Part]:
    """The hunks of each file that was changed; what came, went or got another name is one part of its own."""
    whole: list[Put] = []
    for old, new in zip(experiment.back, experiment.now, strict=True):
        if old.content is None or new.content is None:
            whole.append(old)
            continue
        is_sound = _parses if old.path.endswith(".py") else None
        for hunk in hunks.between(old.content, new.content, is_sound=is_sound):
            text = hunks.put_back(new.content, [hunk])
            yield _Part(
                old.path, hunk.after.start, max(hunk.after.start, hunk.after.stop - 1), (replace(old, content=text),)
            )
    if whole:
        yield _Part(whole[0].path, 1, 1, tuple(whole))


def _parses(text: bytes) -> bool:
    try:
        ast.parse(text)
    except (SyntaxError, ValueError, RecursionError):
        return False
    return True


def _run(experiment: Experiment, part: _Part, reds: Sequence[str], bench: Bench) -> TestRun:
    with bench.scratch.plant(experiment.commit, (*experiment.shared, *part.back)) as tree:
        return bench.runner.run(tree, replace(experiment.without_fix, targets=tuple(reds)))


def _held(part: _Part, run: TestRun, reds: Sequence[str]) -> HeldHunk:
    ended = {case.nodeid: case.outcome for case in run.cases}
    failed = tuple(nodeid for nodeid in reds if ended.get(nodeid) is Outcome.FAILED)
    is_told = bool(failed) or (run.end is End.FINISHED and all(nodeid in ended for nodeid in reds))
    return HeldHunk(part.path, part.first, part.last, failed, is_told=is_told)
