"""What a hunt has tried so far, in a file: a hunt that was broken off goes on where it was."""

from __future__ import annotations

import json
import threading
from collections import defaultdict, deque
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Protocol

from pytest_bugguard.adapters import files
from pytest_bugguard.core.errors import BugguardError
from pytest_bugguard.core.hunt_log import FORMAT, Reading, Writing, key_of
from pytest_bugguard.core.replays import Replayed
from pytest_bugguard.core.runs import End

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pytest_bugguard.core.replays import Replay
    from pytest_bugguard.core.runs import TestRun

_PLACE = ".bugguard/hunt.jsonl"


class Replayer(Protocol):
    """What runs that which is not in the log."""

    def replay(self, asked: Replay) -> Replayed:
        """Run the tests in their order, in one process."""

    def stop(self) -> None:
        """End every replay that is going on, from another thread."""


class HuntLogError(BugguardError):
    """There is no hunt to go on with."""

    slug = "hunt-log"
    hint = "begin anew: bugguard hunt"


class HuntLog:
    """The file of the last hunt in a checkout that did not come to its end."""

    def __init__(self, top: Path) -> None:
        self._top = top
        self._path = top / _PLACE
        self._is_whole = True
        """Whether its last line has come to its end."""

    def begin(self, facts: Mapping[str, Any]) -> None:
        """A new hunt; what an older one has left is forgotten.

        Raises:
            OSError: It cannot be written.
        """
        files.stay_below(self._top, self._path.parent)
        files.own_folder(self._path.parent)
        files.write(self._path, f"{json.dumps({'bugguard-hunt': FORMAT, **facts})}\n".encode())

    def facts(self) -> dict[str, Any]:
        """What was said of the hunt when it began.

        Raises:
            HuntLogError: There is none.
        """
        with suppress(OSError, ValueError), self._path.open("rb") as stream:
            facts: Any = json.loads(stream.readline())
            if isinstance(facts, dict) and facts.pop("bugguard-hunt", None) == FORMAT:
                return facts
        raise HuntLogError("no hunt was broken off here")

    def lines(self) -> list[str]:
        """What was tried, whole lines only."""
        text = self._path.read_text(encoding="utf-8", errors="replace")
        self._is_whole = text.endswith("\n")
        return text[: text.rfind("\n") + 1].splitlines()[1:]

    def add(self, line: str) -> bool:
        """One more process; whether it is written. What cannot be written is only lost for going on later."""
        start = "" if self._is_whole else "\n"
        self._is_whole = False
        with suppress(OSError):
            with self._path.open("a", encoding="utf-8") as stream:
                stream.write(f"{start}{line}\n")
            self._is_whole = True
        return self._is_whole

    def drop(self) -> None:
        """The hunt has come to its end."""
        with suppress(OSError):
            self._path.unlink()


class LoggedReplayer:
    """Answers from the log what was tried before, and writes down what is new."""

    def __init__(self, replayer: Replayer, log: HuntLog, lines: list[str]) -> None:
        """Go on from these lines of the log; none in a new hunt."""
        self._replayer = replayer
        self._log = log
        self._turn = threading.Lock()
        self._is_stopped = False
        self._writing = Writing()
        self._known: dict[str, deque[TestRun]] = defaultdict(deque)
        reading = Reading()
        for line in lines:
            with suppress(ValueError, KeyError, TypeError, IndexError):
                key, run = reading.run(line)
                self._known[key].append(run)
        self._writing.learn(reading)

    def replay(self, asked: Replay) -> Replayed:
        """Run the tests in their order, unless that was done before."""
        with self._turn:
            known = self._known.get(key_of(asked))
            if known:
                return Replayed(asked, known.popleft())
        done = self._replayer.replay(asked)
        with self._turn:
            # One that was ended by us, or may have been since the hunt's time was up, is tried again.
            if not self._is_stopped and done.run.end is not End.TIMEOUT:
                self._note(self._writing.row(asked, done.run))
        return done

    def _note(self, row: str) -> None:
        if not self._log.add(row):
            self._writing.spell_again()

    def stop(self) -> None:
        """End every replay that is going on, from another thread."""
        self._is_stopped = True
        self._replayer.stop()
