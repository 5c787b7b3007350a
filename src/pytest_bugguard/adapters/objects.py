"""What is in the object store, asked of one long-lived ``git cat-file``."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, NamedTuple

from pytest_bugguard.core.errors import UnreadableHistoryError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pytest_bugguard.adapters.gitrunner import Git, Stream

SIZE_CAP = 5_000_000
"""Bytes of the largest object that is read; what is larger is data, not the source of a test."""

_HEADER = re.compile(rb"([0-9a-f]{40}|[0-9a-f]{64}) (blob|tree|commit|tag) ([0-9]+)\n")
_AT_ONCE = 100  # questions written before the first answer is read: both fit into a pipe
_SKIP_BYTES = 1 << 20


class Found(NamedTuple):
    """An object that is there."""

    object_id: str
    kind: str
    size: int
    content: bytes | None
    """None where it was not asked for, or is over ``SIZE_CAP``."""


class Objects:
    """Answers by name or id; the names travel through a pipe, so none of them is ever taken for an option.

    A name is anything that git understands. Questions end with NUL and each answer repeats a name that it does
    not know, so that a name with a line feed cannot pass for an answer.
    """

    def __init__(self, git: Git) -> None:
        self._git = git
        self._running: Stream | None = None

    def find(self, names: Sequence[str]) -> Iterator[Found | None]:
        """Which objects these names stand for, in that order; None where there is none."""
        asked = [name.encode("utf-8", "surrogateescape") for name in names]
        for at in range(0, len(asked), _AT_ONCE):
            some = asked[at : at + _AT_ONCE]
            stream = self._send(b"".join(b"info %b\0" % name for name in some))
            for name in some:
                yield self._found(stream, name)

    def read(self, name: str) -> Found | None:
        """An object with its content; None where there is none."""
        asked = name.encode("utf-8", "surrogateescape")
        stream = self._send(b"contents %b\0" % asked)
        found = self._found(stream, asked)
        if found is None:
            return None
        content = None
        if found.size <= SIZE_CAP:
            content = stream.output.read(found.size)
        else:
            _skip(stream, found.size)
        if stream.output.read(1) != b"\n":
            raise self._broken_off()
        return found._replace(content=content)

    def close(self) -> None:
        """End the process; the next question would start another."""
        if self._running is not None:
            self._running.close()
            self._running = None

    def _send(self, questions: bytes) -> Stream:
        if self._running is None:
            self._running = self._git.stream("cat-file", "-z", "--batch-command")
        try:
            self._running.input.write(questions)
            self._running.input.flush()
        except BrokenPipeError:
            raise self._broken_off() from None
        return self._running

    def _found(self, stream: Stream, name: bytes) -> Found | None:
        header = stream.output.readline()
        if match := _HEADER.fullmatch(header):
            object_id, kind, size = match.groups()
            return Found(object_id.decode(), kind.decode(), int(size), None)
        for _ in range(name.count(b"\n")):
            header += stream.output.readline()
        if not header.endswith(b"\n") or not header.startswith(name + b" "):
            raise self._broken_off()
        return None  # missing, ambiguous or, to newer gits, a submodule

    def _broken_off(self) -> UnreadableHistoryError:
        """What to raise where git ended in the middle of an answer; the next question starts afresh."""
        stream, self._running = self._running, None
        assert stream is not None
        with stream:
            try:
                stream.feed(b"")
                stream.finish()
            except UnreadableHistoryError as error:
                return error
        return UnreadableHistoryError("git cat-file: its answer breaks off", hint="git fsck --full")


def _skip(stream: Stream, size: int) -> None:
    while size > 0 and (skipped := stream.output.read(min(size, _SKIP_BYTES))):
        size -= len(skipped)
