"""The commands that put a test into quarantine and let it out again: the settings file is all that they write."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pytest_bugguard.adapters import settings_writer
from pytest_bugguard.assembly import records
from pytest_bugguard.assembly.writing import future_day, need_words, settings_path
from pytest_bugguard.core import settings_checks
from pytest_bugguard.core.called import named
from pytest_bugguard.core.errors import BugguardError
from pytest_bugguard.core.failures import signature_of
from pytest_bugguard.core.model import Quarantine

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pytest_bugguard.assembly.workshop import Workshop
    from pytest_bugguard.core.flakes import Sighting


def put_in(  # noqa: PLR0913 - an entry has as many parts
    workshop: Workshop, test: str, *, owner: str, reason: str, expires: str, failures: Sequence[str] = ()
) -> tuple[str, ...]:
    """Write an entry; what was done, a line each.

    Args:
        workshop: The repository.
        test: A node id from its top.
        owner: Who mends it.
        reason: Why it is not mended yet.
        expires: ``YYYY-MM-DD``.
        failures: How it is known to fail; none: as the history has seen it fail.

    Raises:
        BugguardError: There is no such test, nothing is known of how it fails, or the file cannot be written.
    """
    need_words(owner=owner, reason=reason)
    path = settings_path(workshop)
    _need_test(workshop, test)
    until = future_day(expires)
    held = next((one for one in workshop.settings.quarantine if one.test == test), None)
    if held is not None:
        raise BugguardError(
            f"quarantine: {test!a} is in it already, owner {held.owner}, until {held.expires.isoformat()}",
            hint=f"change it there, by hand: {held.place}",
        )
    known = tuple(map(_checked, failures)) or _known(workshop, test)
    settings_writer.add_quarantine(path, Quarantine(test, owner, reason, until, failures=known))
    said = f"{path.name}: {test} is in quarantine until {until.isoformat()}, owner {owner}"
    return (said, *(f"excused: {one}" for one in known))


def let_out(workshop: Workshop, test: str) -> str:
    """Take an entry away; what was done, in one sentence.

    Raises:
        BugguardError: There is no such entry, or the file cannot be written.
    """
    tests = [one.test for one in workshop.settings.quarantine]
    if test not in tests:
        inside = f"in it: {', '.join(tests)}" if tests else "nothing is in it"
        raise BugguardError(f"release: {test!a} is not in quarantine", hint=inside)
    path = settings_path(workshop)
    settings_writer.drop_quarantine(path, test)
    return f"{path.name}: {test} is out of quarantine: its failures fail the run again"


def _need_test(workshop: Workshop, test: str) -> None:
    top = workshop.repository.top
    assert top is not None  # else there were no settings to write to
    try:
        settings_checks.nodeid(test)
    except settings_checks.WrongError as error:
        raise BugguardError(f"quarantine: {error.complaints[0].text}", hint="bugguard flaky list shows some") from None
    file = test.partition("::")[0]
    if not (top / file).is_file():
        raise BugguardError(f"quarantine: there is no file {file!a}", hint="name the test from the repository's top")


def _checked(failure: str) -> str:
    try:
        return settings_checks.signature(failure)
    except settings_checks.WrongError as error:
        hint = "copy it from the section of a run in which it failed"
        raise BugguardError(f"--failure: {error.complaints[0].text}", hint=hint) from None


def _known(workshop: Workshop, test: str) -> tuple[str, ...]:
    """How the history has seen a test fail, each way once."""
    hint = 'let it fail in a run with the gate on, or say how: --failure "TimeoutError at src/net.py::wait"'
    try:
        history = records.history_of(workshop)
        cases = named(test, history.mentioning(test)) if history is not None else ()
        seen = history.sightings(cases) if history is not None else {}
    except BugguardError as error:
        raise BugguardError(f"quarantine: how {test!a} fails is not known: {error}", hint=hint) from None
    found = dict.fromkeys(said for case in cases for said in _signatures(workshop, seen[case]))
    if not found:
        said = f"quarantine: how {test!a} fails is not known: the history has not seen it fail"
        raise BugguardError(said, hint=hint)
    return tuple(found)


def _signatures(workshop: Workshop, sightings: Sequence[Sighting]) -> Iterator[str]:
    for one in sorted(sightings, key=lambda one: one.started_s):
        if one.failure is not None and (said := signature_of(one.failure, _text_at(workshop, one.commit))):
            yield said


def _text_at(workshop: Workshop, commit: str) -> Callable[[str], bytes | None]:
    """Files as a run had them, or as they are where its commit is not known here."""
    sha = workshop.history.resolve(commit) if commit else None

    def text_of(path: str) -> bytes | None:
        then = workshop.history.file_at(sha, path) if sha is not None else None
        return then if then is not None else workshop.need_worktree().text(path)

    return text_of
