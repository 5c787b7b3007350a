"""How much of the tests did a run of pytest come to? By its command line and its end. Pure; no I/O."""

from __future__ import annotations

import re
import shlex
from typing import TYPE_CHECKING, NamedTuple

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Sequence

_SHORT = re.compile(r"-[hlqsvVx]*(?P<name>[km])(?P<value>.*)", re.DOTALL)
"""``-k`` and ``-m``, also behind pytest's flags of one letter that take no value: ``-xqk charge``."""
_OVERRIDE = re.compile(
    r"(?:-[hlqsvVx]*o[= ]?|--override-ini[= ])(?P<key>addopts|testpaths|python_\w+|norecursedirs)=(?P<value>.*)",
    re.DOTALL,
)
_COLLECTING = frozenset({"testpaths", "python_files", "python_classes", "python_functions", "norecursedirs"})
"""Settings of pytest that decide what is collected: one that the command line gives holds for this run alone."""
_SELECTING = frozenset("""
    --lf --last-failed --sw --stepwise --sw-skip --stepwise-skip --deselect --ignore --ignore-glob
    --splits --group --shard-id --num-shards --test-group --test-group-count --testmon --picked
""".split())  # noqa: SIM905 - a list that people read  # fmt: skip
"""Options of pytest, and of the plugins that shard or select, that leave tests out."""
_WITHOUT_MEANING = frozenset({"", "."})


class Selection(NamedTuple):
    """What the command line of a run says, without the project's own ``addopts``."""

    words: Sequence[str]
    """Those of ``PYTEST_ADDOPTS``, and behind them those that were typed, as pytest puts them."""
    paths: Sequence[str] = ()
    """The files and folders that were named on it, or in which it was typed, relative to the root, with ``/``."""
    testpaths: Sequence[str] = ()
    """The project's own ``testpaths``."""
    own: Sequence[str] = ()
    """The project's own ``addopts``."""
    deselected: int = 0
    """How many tests were collected and then left out, by whoever."""


class SessionFacts(Struct, frozen=True):
    """How a run of pytest went, as far as it limits what its coverage proves."""

    asked: Selection
    stopped: str = ""
    """Why it ended before its last test, in pytest's words; empty where it did not."""
    failed: int = 0
    """Tests that failed."""
    lost_workers: int = 0
    """xdist workers that died."""


def left_out(selection: Selection) -> str:
    """What of the command line leaves tests out: ``-k charge``; empty where all of them were asked for.

    The project's own options do not count: what they leave out, every run leaves out.
    """
    said = _selecting(selection.words) or _narrow(selection)
    if not said and selection.deselected and not _selecting(selection.own):
        return f"{selection.deselected} deselected by a plugin"
    return said


def _selecting(words: Sequence[str]) -> str:
    """The first option that leaves tests out; of ``-k`` and ``-m`` the last one holds, and ``-m ""`` takes it back."""
    said: dict[str, str] = {}
    for place, word in enumerate(words):
        name, equals, _ = word.partition("=")
        following = [one for one in words[place + 1 : place + 2] if not one.startswith("-")]
        over = _OVERRIDE.fullmatch(word) or _OVERRIDE.fullmatch(" ".join([word, *following]))
        if over and (over["key"] in _COLLECTING or _selecting(_split(over["value"]))):
            said.setdefault(over["key"], over[0])
        elif short := _SHORT.fullmatch(word):
            value = short["value"].removeprefix("=") if short["value"] else "".join(following)
            said[short["name"]] = value and " ".join([word, *(() if short["value"] else following)])
        elif name in _SELECTING:
            said.setdefault(name, " ".join([word, *(() if equals else following)]))
    return next(filter(None, said.values()), "")


def _split(value: str) -> list[str]:
    try:
        return shlex.split(value)
    except ValueError:  # pytest itself refuses it
        return []


def _narrow(selection: Selection) -> str:
    """The first of the paths that were named, where they are not all that there is."""
    named = {path.rstrip("/") for path in selection.paths}
    if not named or named & _WITHOUT_MEANING:
        return ""
    named = {path for path in named if not any(path.startswith((f"{one}/", f"{one}::")) for one in named)}
    whole = {path.rstrip("/").removeprefix("./") for path in selection.testpaths} - _WITHOUT_MEANING
    if whole:
        is_all = all(any(path == one or path.startswith(f"{one}/") for one in named) for path in whole)
        return "" if is_all else min(named)
    # a folder at the top is what many projects name for all of their tests
    inner = ("/", "::", *(["."] if "--pyargs" in {*selection.words, *selection.own} else []))
    return min((path for path in named if path.endswith(".py") or any(mark in path for mark in inner)), default="")
