"""What may be behind a flaky test? Hints from what its source mentions and how it fails, never more. Pure; no I/O."""

from __future__ import annotations

import ast
import re
from typing import TYPE_CHECKING

from pytest_bugguard.core.kinds import Kind

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from pytest_bugguard.core.flakes import Flake

_COMMAND_LINE = "the command line that pytest was started with"
_OF_ITSELF = {
    "the clock": r"time\.(?:time|time_ns|monotonic|perf_counter|sleep)|datetime\.(?:now|utcnow)|date(?:time)?\.today"
    r"|sleep\(|\bcurrent_time\w*\(|\bnow\(",
    "chance": r"\brandom\.\w+|SystemRandom|randint\(|\bshuffle\(|uuid[14]\(|secrets\.\w+|[Ff]aker\b",
    "the network": r"socket\.\w+|requests\.\w+|httpx\.\w+|urllib\.\w+|aiohttp\.\w+|localhost|127\.0\.0\.1|https?://",
    "threads, processes or an event loop": r"\basync def|\bawait\b|asyncio\.\w+|threading\.\w+|Thread\(|multiprocessing"
    r"|concurrent\.futures|subprocess\.\w+",
    "the order of a set": r"\b(?:frozen)?set\(|\bhash\(",
    "addresses of objects": r"\bid\(",
    "limits of the system": r"\bresource\.\w+|RLIMIT_\w+",
}
"""What makes a test fail by itself."""
_LEFT_BEHIND = {
    "environment variables": r"os\.environ|os\.putenv|\bgetenv\(",
    "the current folder": r"os\.chdir|\bchdir\(",
    "modules that are loaded": r"sys\.modules|importlib\.reload|\breload\(",
    "what can be imported": r"sys\.path\b",
    _COMMAND_LINE: r"sys\.argv\b",
    "files": r"\bopen\(|write_text\(|write_bytes\(|\bmkdir\(|tempfile\.\w+|/tmp/",
    "the locale": r"locale\.setlocale",
    "loggers": r"logging\.\w+|getLogger\(",
    "a database": r"sqlite3\.\w+|\bsession\.\w+|\bcommit\(",
    "names of a module": r"\bglobal\b|\bsetattr\(|\b[A-Z][A-Z_]+\s*(?:\[[^\]]*\])?\s*=(?!=)|\b[A-Z][A-Z_]+\.\w+\(",
}
"""What one test leaves to another."""
_BY_FAILURE = {
    "the network": re.compile(r"^(?:Connect\w*|\w*Timeout\w*|gaierror|BrokenPipe\w*|RemoteDisconnected|SSL\w*)"),
    "files": re.compile(r"^(?:FileNotFound|FileExists|IsADirectory|NotADirectory|Permission)Error"),
    "limits of the system": re.compile(r"^(?:MemoryError|RecursionError|BlockingIOError)"),
    _COMMAND_LINE: re.compile(r"^(?:SystemExit|ArgumentError|UsageError)"),
    "a database": re.compile(r"^(?:OperationalError|IntegrityError|DatabaseError|ProgrammingError)"),
}
_OF_ORDER = frozenset({Kind.VICTIM, Kind.BRITTLE, Kind.NON_IDEMPOTENT})


def hints_of(flake: Flake, source_of: Callable[[str], str]) -> tuple[str, ...]:
    """What may be behind it, one sentence each.

    Args:
        flake: A test that failed.
        source_of: The source of a test by its node id, with that of its fixtures; empty where it is not found.
    """
    return tuple(dict.fromkeys(_hints(flake, source_of)))


def may_read_command_line(hints: Iterable[str]) -> bool:
    """Whether one of these hints says so."""
    return any(hint.startswith(_COMMAND_LINE) for hint in hints)


def _hints(flake: Flake, source_of: Callable[[str], str]) -> Iterator[str]:
    kinds = set(flake.diagnosis.kinds)
    if kinds & _OF_ORDER:
        sets = (*flake.diagnosis.polluters[:1], *flake.diagnosis.setters[:1])
        for nodeid in [one for tests in sets for one in tests] or [flake.nodeid]:
            for cause, found in _mentioned(source_of(nodeid), _LEFT_BEHIND):
                yield f"{cause}, by {found!r} in {nodeid.partition('::')[2]}"
    if not kinds or kinds - _OF_ORDER:
        for cause, found in _mentioned(source_of(flake.nodeid), _OF_ITSELF):
            yield f"{cause}, by {found!r} in its source"
    kind = flake.signature.partition(" at ")[0]
    yield from (f"{cause}, by {kind}" for cause, sign in _BY_FAILURE.items() if sign.match(kind))


def _mentioned(source: str, signs: dict[str, str]) -> Iterator[tuple[str, str]]:
    for cause, sign in signs.items():
        found = re.search(sign, source)
        if found:
            yield cause, found[0].strip()


def source_in(module: str, nodeid: str) -> str:
    """The source of a test and of the fixtures of its module that it asks for; empty where it is not there."""
    try:
        tree = ast.parse(module)
    except (SyntaxError, ValueError, RecursionError):
        return ""
    names = nodeid.partition("[")[0].split("::")[1:]
    test = _found(tree.body, names)
    if test is None:
        return ""
    asked = {argument.arg for argument in test.args.args}
    fixtures = [one for one in tree.body if isinstance(one, _FUNCTIONS) and one.name in asked]
    return "\n".join(ast.unparse(one) for one in [test, *fixtures])


_FUNCTIONS = (ast.FunctionDef, ast.AsyncFunctionDef)


def _found(body: Sequence[ast.stmt], names: Sequence[str]) -> ast.FunctionDef | ast.AsyncFunctionDef | None:
    for statement in body:
        if names and isinstance(statement, ast.ClassDef) and statement.name == names[0]:
            return _found(statement.body, names[1:])
        if len(names) == 1 and isinstance(statement, _FUNCTIONS) and statement.name == names[0]:
            return statement
    return None
