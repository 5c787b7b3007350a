"""Which function of a text is which of the text that came after it? By name; of several, the likest. Pure; no I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from pytest_bugguard.core.statements import Source, Span

_Looks = tuple[tuple[str, ...], tuple[str, ...]]
"""How a function opens, and its decorators."""


def heir(span: Span, before: Source, now: Source, lost: Collection[int]) -> Span | None:
    """The function or class that stands for one of before; None where none is left for it.

    Several have one name where a property has a setter, where a function is overloaded, and in the branches of a
    condition. Then the one that opens alike stands for it, else one with its decorators, else any: in their order,
    where those of which something is left come before those that went as a whole.

    Args:
        span: The function or class before.
        before: The text that it stands in.
        now: The text that came of it.
        lost: Lines of the text before that are gone.
    """
    gone = {*lost}
    ancestors = sorted(before.all_named(span.name), key=lambda one: gone.issuperset(range(one.first, one.last + 1)))
    return dict(_pairs(_looks(ancestors, before), _looks(now.all_named(span.name), now))).get(span)


def _looks(spans: Iterable[Span], source: Source) -> dict[Span, _Looks]:
    return {span: (source.opening(span), source.decorators(span)) for span in spans}


def _pairs(ancestors: dict[Span, _Looks], heirs: dict[Span, _Looks]) -> Iterator[tuple[Span, Span]]:
    """Each with the one that stands for it, the likest pairs first."""
    for said in (slice(0, 2), slice(1, 2), slice(0, 0)):
        for one, looks in tuple(ancestors.items()):
            found = next((other for other, its in heirs.items() if its[said] == looks[said]), None)
            if found is not None:
                del ancestors[one], heirs[found]
                yield one, found
