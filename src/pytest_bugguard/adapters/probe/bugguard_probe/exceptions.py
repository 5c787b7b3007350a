"""What is there to say of an exception: from the object itself and its frames. PYTEST_DONT_REWRITE."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from _pytest import outcomes
from _pytest.doctest import MultipleDoctestFailures
from _pytest.fixtures import FixtureLookupError

from .claiming import claim
from .wanting import hands_on, keyword, missing, name_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import TracebackType

    from .places import Places

_MESSAGE_CHARACTERS = 2000
_FIRST_FRAMES, _LAST_FRAMES = 40, 160
"""Of a deep recursion both ends are kept."""
_CAUSES = 8
_INNER = 20
"""So many members of a group are told."""
_CLAIMS = (AssertionError, outcomes.Failed, KeyError)
"""What is raised where something is asked for that is not so, or not there."""
_MACHINERY = ("_pytest", "pluggy", "unittest", "importlib", "bugguard_probe")
_OWN = {
    getattr(outcomes, name): f"_pytest.outcomes.{name}"
    for name in ("OutcomeException", "Failed", "Skipped", "Exit", "XFailed")
    if hasattr(outcomes, name)
}
"""pytest lets these look like builtins."""


def describe(error: BaseException, places: Places, depth: int = _CAUSES) -> dict[str, Any]:
    """The facts of ``core.runs.Raised``, as JSON knows them."""
    error = _in_doctest(error)
    kind = type(error)
    name, owner = _missing(error)
    cause = _cause(error) if depth else None
    inner = _members(error)[:_INNER] if depth else ()
    return {
        "type": _name(kind),
        "bases": [_name(base) for base in kind.__mro__ if base is not object],
        "message": _message(error, places),
        "frames": _ends(list(_frames(error.__traceback__, places, name or keyword(error)))),
        "missing": name,
        "owner": owner,
        "cause": None if cause is None else describe(cause, places, depth - 1),
        "claim": claim(error.__traceback__, places) if isinstance(error, _CLAIMS) else None,
        "inner": [describe(each, places, depth - 1) for each in inner],
    }


def _name(kind: type) -> str:
    return _OWN.get(kind) or name_of(kind)


def _message(error: BaseException, places: Places) -> str:
    """What it says, with paths as the project knows them."""
    try:
        text = str(error)
    except Exception as unprintable:  # noqa: BLE001 - whatever a test's own class does here
        text = f"<no message: {type(unprintable).__name__} in its __str__>"
    return places.told(text[: 2 * _MESSAGE_CHARACTERS])[:_MESSAGE_CHARACTERS]


def _cause(error: BaseException) -> BaseException | None:
    """What it was raised from or while handling."""
    if error.__cause__ is not None:
        return error.__cause__
    return None if error.__suppress_context__ else error.__context__


def _in_doctest(error: BaseException) -> BaseException:
    """What an example of a doctest raised; anything else as it is."""
    wrapper = getattr(sys.modules.get("doctest"), "UnexpectedException", None)
    raised = error.exc_info[1] if wrapper is not None and isinstance(error, wrapper) else None
    return raised if isinstance(raised, BaseException) else error


def _members(error: BaseException) -> Sequence[BaseException]:
    """Those that it holds: a group, or a doctest that went on after a failure."""
    if isinstance(error, BaseExceptionGroup):
        return error.exceptions
    return error.failures if isinstance(error, MultipleDoctestFailures) else ()


_Frame = tuple[str, int, str, bool, bool]


def _frames(traceback: TracebackType | None, places: Places, wanted: str) -> Iterator[_Frame]:
    """Outermost first, without what pytest and the import system do around a test."""
    is_at_start = True
    while traceback is not None:
        code = traceback.tb_frame.f_code
        inside = places.in_tree(code.co_filename)
        package = str(traceback.tb_frame.f_globals.get("__name__")).partition(".")[0]
        is_machinery = package in _MACHINERY or code.co_filename.startswith("<frozen importlib")
        is_at_start = is_at_start and is_machinery
        # Where pytest itself is the project, what a test has called counts, and what called the test does not.
        if not (is_at_start or (is_machinery and inside is None)):
            path = code.co_filename if inside is None else inside.replace("\\", "/")
            is_handed_on = bool(wanted) and hands_on(traceback.tb_frame, wanted)
            yield path, traceback.tb_lineno or 0, code.co_name, inside is not None, is_handed_on
        traceback = traceback.tb_next


def _ends(frames: list[_Frame]) -> list[_Frame]:
    if len(frames) <= _FIRST_FRAMES + _LAST_FRAMES:
        return frames
    return [*frames[:_FIRST_FRAMES], *frames[-_LAST_FRAMES:]]


def _missing(error: BaseException) -> tuple[str, str]:
    """For a name or a fixture that was not there: its last part, and where it was looked for."""
    return (str(error.argname), "") if isinstance(error, FixtureLookupError) else missing(error)
