"""What did the processes of a run write down about watched files, and on whose behalf? Pure; no I/O."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct, field

from pytest_bugguard.core.runs import Began, Loaded, Misfit, Undressed, Want

if TYPE_CHECKING:
    from collections.abc import Iterable


class Note(NamedTuple):
    """One fact that a process of the run wrote down about a watched file."""

    kind: str
    """``loaded``, ``began``, ``executed``, ``read``, ``taken``, ``bared``, ``process``, ``wanted``, ``misfit``,
    ``undressed``."""
    path: str
    """Where it is ``wanted``: the last part of a name, not a path. Where it is a ``misfit``: what was said."""
    place: str
    """Where it is ``loaded``: from where, if not from the tree. Where it ``began``: the function. Where it is a
    ``misfit``: who called, and on a second line the methods that were lacking. Where it is ``wanted``: where it was
    looked for and by whom, on two lines. Where it is ``undressed``: why. Where it is ``taken``: by which file, empty
    for a test."""
    node: str
    """The test on whose behalf, as pytest names it; empty outside of tests, and where it is ``loaded``."""


def read(content: bytes) -> tuple[Note, ...]:
    """The notes of one process; one that is cut off is no note."""
    fields = [part.decode("utf-8", "surrogateescape") for part in content.split(b"\0")[:-1]]
    return tuple(Note(*fields[start : start + 4]) for start in range(0, len(fields) - 3, 4))


class Facts(Struct):
    """What the notes on one behalf say."""

    loaded: list[Loaded] = field(default_factory=list)
    began: list[Began] = field(default_factory=list)
    executed: set[str] = field(default_factory=set)
    read: set[str] = field(default_factory=set)
    taken: set[str] = field(default_factory=set)
    bared: set[str] = field(default_factory=set)
    undressed: list[Undressed] = field(default_factory=list)
    reached_out: bool = False
    started_process: bool = False
    wanted: list[Want] = field(default_factory=list)
    misfits: list[Misfit] = field(default_factory=list)


NOTHING = Facts()


def by_node(seen: Iterable[Note]) -> dict[str, Facts]:
    """What there is for each test, as pytest names it; under the empty name what is nobody's."""
    facts: dict[str, Facts] = {}
    for note in sorted(set(seen)):
        of = facts.setdefault(note.node, Facts())
        match note.kind:
            case "loaded":
                of.loaded.append(Loaded(note.path, note.place))
            case "began":
                of.began.append(Began(note.path, note.place))
            case "taken":
                of.taken.add(note.place)
            case "bared" | "executed" | "read":
                getattr(of, note.kind).add(note.path)
            case "undressed":
                of.undressed.append(Undressed(note.path, note.place))
            case "outside":
                of.reached_out = True
            case "wanted":
                owner, _, asker = note.place.partition("\n")
                of.wanted.append(Want(note.path, owner, asker))
            case "misfit":
                asker, _, lacking = note.place.partition("\n")
                of.misfits.append(Misfit(note.path, asker, tuple(lacking.split())))
            case _:
                of.started_process = True
    return facts
