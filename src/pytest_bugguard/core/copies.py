"""Did the body of an added test stand in its file before, under another name? From texts first; no I/O.

A copy passes where the original passes, so it shows nothing that was not shown before. Only the same place is searched:
in another class, or in another file, the same words may mean another fixture or another import.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_bugguard.core import likeness, mentions, segments, syntax

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_bugguard.core.collect import Collector, Test
    from pytest_bugguard.core.modules import Module


def original(test: Test, old: Module, collector: Collector) -> Test | None:
    """The test that did the same in the same place of the file before.

    Args:
        test: An added one.
        old: Its file as it was.
        collector: Knows tests by the names that the project gave them then.
    """
    words = [word.encode() for word in _own_words(test)]
    if not all(word in old.source for word in words):
        return None
    twins = _candidates(test, old, collector, words)
    return next((twin for twin in twins if likeness.same_body(twin.function, test.function)), None)


def _own_words(test: Test) -> list[str]:
    """What has to stand in the text of any copy, the rarest (which means the longest) first."""
    function = test.function
    said: set[str] = set()
    for statement in syntax.code(function.body):
        said |= mentions.words(statement)
        said |= mentions.beginnings(statement)
    return sorted(said - syntax.variables(function), key=len, reverse=True)


def _candidates(test: Test, old: Module, collector: Collector, words: list[bytes]) -> Iterator[Test]:
    owners = [owner.name for owner in test.chain]
    if not owners:
        for piece in old.pieces:
            if segments.own_name(piece) and all(word in piece for word in words):
                yield from (twin for twin in collector.tests(old, old.scope(piece)) if not twin.chain)
    elif chain := old.classes_along(owners):
        yield from (twin for twin in collector.tests(old, chain[-1].scope, chain) if len(twin.chain) == len(owners))
