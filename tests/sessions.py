"""What a page shows of a terminal: finds the sessions in README and docs, plays them, compares.

A fence marked ``console`` is a session: ``$`` opens a command, ``>`` continues it, the rest is what it prints.
``...`` stands for any text in a line, and for any lines where it stands alone. Three comments direct the play;
they stand above a fence and a reader of the rendered page does not see them::

    <!-- story: shop -->         a fresh repository from tests/docs_stories/shop.story; what follows plays in it
    <!-- file: conftest.py -->   the text of the next fence is written to that file
    <!-- not run: REASON -->     the next fence is only read

Where what a command prints has changed on purpose, ``python -m tests.sessions PAGE...`` writes it into the pages.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import textwrap
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.story import story

if TYPE_CHECKING:
    from collections.abc import Iterator

TOP = Path(__file__).parent.parent
_STORIES = TOP / "tests" / "docs_stories"

_FENCE = re.compile(r"^(?P<indent> *)```(?P<language>[\w-]*)")
_DIRECTION = re.compile(r"^ *<!-- (?P<verb>story|file|not run): (?P<argument>.+) -->$")
_PROMPT, _CONTINUED, _ANYTHING = "$ ", "> ", "..."
_END_OF_COMMAND = "\x1e"
_VARIES = (
    (re.compile(r"\bin \d+\.\d+s"), "in 0.00s"),
    (re.compile(r"={3,}"), "==="),  # pytest fills up what a longer time takes away
)


@dataclass(frozen=True, slots=True)
class Command:
    """One command of a session, and what the page says that it prints."""

    text: str
    shown: tuple[str, ...]
    first: int
    """Index of the page's line on which the output starts."""
    indent: str = ""

    def agrees(self, seen: tuple[str, ...]) -> bool:
        """Whether these lines are what the page shows, up to ``...`` and to what no two runs share."""
        pattern = "".join(_line_pattern(line) for line in _settled(self.shown))
        return re.fullmatch(pattern, "".join(f"{line}\n" for line in _settled(seen))) is not None


@dataclass(frozen=True, slots=True)
class Session:
    """Commands that run in one shell."""

    commands: tuple[Command, ...]


@dataclass(frozen=True, slots=True)
class File:
    """A file that the reader is asked to write."""

    path: str
    text: str


@dataclass(frozen=True, slots=True)
class Scene:
    """A repository, and all that a page does in it."""

    story: str | None
    """None: an empty folder."""
    steps: tuple[Session | File, ...]
    line: int


@dataclass(frozen=True, slots=True)
class Fence:
    """A fenced block of a page, with the directions above it."""

    language: str
    lines: tuple[str, ...]
    first: int
    """Index of its first line, after the opening one."""
    indent: str
    directions: tuple[tuple[str, str], ...]


def fences(page: str) -> Iterator[Fence]:
    """Every fenced block, in the order of the page."""
    lines = page.splitlines()
    directions: list[tuple[str, str]] = []
    index = 0
    while index < len(lines):
        if found := _DIRECTION.match(lines[index]):
            directions.append((found["verb"], found["argument"]))
        elif opened := _FENCE.match(lines[index]):
            close = lines.index(f"{opened['indent']}```", index + 1)
            body = textwrap.dedent("\n".join(lines[index + 1 : close])).split("\n") if close > index + 1 else []
            yield Fence(opened["language"], tuple(body), index + 1, opened["indent"], tuple(directions))
            directions, index = [], close
        elif lines[index].strip():
            directions = [direction for direction in directions if direction[0] == "story"]
        index += 1


def scenes(page: str) -> tuple[Scene, ...]:
    """The scenes of a page; those in which nothing is played are left out."""
    found: list[tuple[str | None, list[Session | File], int]] = [(None, [], 1)]
    for fence in fences(page):
        directions = dict(fence.directions)
        if "story" in directions:
            found.append((directions["story"], [], fence.first))
        if "file" in directions:
            found[-1][1].append(File(directions["file"], "".join(f"{line}\n" for line in fence.lines)))
        elif fence.language == "console" and "not run" not in directions:
            found[-1][1].append(_session(fence))
    return tuple(
        Scene(name, tuple(steps), line)
        for name, steps, line in found
        if any(isinstance(step, Session) for step in steps)
    )


def play(scene: Scene, folder: Path) -> Iterator[tuple[Command, tuple[str, ...]]]:
    """Each command of a scene with the lines that it printed, on either stream."""
    home = folder / "home"
    place = folder / (scene.story or "empty")
    home.mkdir(parents=True)
    (home / ".gitconfig").write_text("[user]\nname = Ann\nemail = ann@example.com\n", encoding="utf-8")
    if scene.story is None:
        place.mkdir()
    else:
        story(place, (_STORIES / f"{scene.story}.story").read_text(encoding="utf-8"))
    for step in scene.steps:
        match step:
            case File(path, text):
                (place / path).parent.mkdir(parents=True, exist_ok=True)
                (place / path).write_text(text, encoding="utf-8")
            case Session(commands):
                yield from zip(commands, _run(commands, place, home), strict=True)


def _session(fence: Fence) -> Session:
    commands: list[tuple[str, list[str], int]] = []
    for number, line in enumerate(fence.lines, start=fence.first):
        if line.startswith(_PROMPT):
            commands.append((line.removeprefix(_PROMPT), [], number + 1))
        elif line.startswith(_CONTINUED) and commands and not commands[-1][1]:
            text, shown, first = commands.pop()
            commands.append((f"{text}\n{line.removeprefix(_CONTINUED)}", shown, first + 1))
        elif commands:
            commands[-1][1].append(line)
        else:
            raise AssertionError(f"line {number + 1}: a session opens with a command ({_PROMPT.strip()})")
    return Session(tuple(Command(text, tuple(shown), first, fence.indent) for text, shown, first in commands))


def _run(commands: tuple[Command, ...], place: Path, home: Path) -> list[tuple[str, ...]]:
    script = home / "session.sh"
    mark = 'mark() { local status=$?; printf "\\n\\036\\n"; return $status; }'
    script.write_text("\n".join([mark, *(f"{command.text}\nmark" for command in commands)]), encoding="utf-8")
    done = subprocess.run(
        [shutil.which("bash") or "bash", script],
        cwd=place,
        env=_environment(home),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=60,
        check=False,
    )
    outputs = done.stdout.decode("utf-8", "backslashreplace").split(f"\n{_END_OF_COMMAND}\n")[:-1]
    return [tuple(output.rstrip("\n").split("\n")) if output.strip() else () for output in outputs]


def _environment(home: Path) -> dict[str, str]:
    """A developer's own machine: no CI, nothing of the run that we are part of, this Python first on PATH."""
    kept = {name: os.environ[name] for name in ("SYSTEMROOT", "TMPDIR", "TEMP", "TMP") if name in os.environ}
    return kept | {
        "PATH": os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]),
        "HOME": str(home),
        "GIT_CONFIG_GLOBAL": str(home / ".gitconfig"),
        "GIT_CONFIG_NOSYSTEM": "1",
        "GIT_AUTHOR_DATE": "2024-03-01T12:00:00Z",
        "GIT_COMMITTER_DATE": "2024-03-01T12:00:00Z",
        "LC_ALL": "C.UTF-8",
        "TZ": "UTC",
        "COLUMNS": "100",
    }


def _settled(lines: tuple[str, ...]) -> list[str]:
    settled = [line.rstrip() for line in lines]
    while settled and not settled[-1]:
        settled.pop()
    for pattern, instead in _VARIES:
        settled = [pattern.sub(instead, line) for line in settled]
    return settled


def _line_pattern(line: str) -> str:
    if line == _ANYTHING:
        return r"(?:.*\n)*?"
    return ".*?".join(re.escape(part) for part in line.split(_ANYTHING)) + r"\n"


def _rewritten(page: str) -> str:
    """The page with what its commands print today where that is not what it shows."""
    lines = page.splitlines()
    results: list[tuple[Command, tuple[str, ...]]] = []
    for scene in scenes(page):
        with tempfile.TemporaryDirectory() as folder:
            results += play(scene, Path(folder))
    for command, seen in reversed(results):
        if not command.agrees(seen):
            shown = [f"{command.indent}{line}".rstrip() for line in seen]
            lines[command.first : command.first + len(command.shown)] = shown
    return "".join(f"{line}\n" for line in lines)


if __name__ == "__main__":
    for name in sys.argv[1:]:
        text = Path(name).read_text(encoding="utf-8")
        Path(name).write_text(_rewritten(text), encoding="utf-8")
