"""Faults that break a promise, planted one by one in a copy of the source: its tests have to see each.

    python -m tests.torture.planted [WORD...]

Each is a piece of our source and what takes its place. The copy is tested by the module of its promise, until the
first failure; what nobody notices is named, and the exit status is 1. With words only faults whose name holds one.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
import tempfile
from dataclasses import dataclass
from pathlib import Path

TOP = Path(__file__).parents[2]
SOURCE = Path("src") / "pytest_bugguard"


@dataclass(frozen=True)
class Fault:
    """One thing that could go wrong."""

    name: str
    module: str
    """Of ``tests/torture``, without ``test_``."""
    file: str
    old: str
    new: str
    chosen: str = ""
    """Which of the module's tests are asked, as for ``pytest -k``: they are the ones that promise it."""


FAULTS = (
    Fault("a file-system monitor runs", "git_traps", "adapters/gitrunner.py",
          '"core.fsmonitor": "false"', '"core.quotePath": "false"', "reading_runs_nothing"),
    Fault("a command imports the project", "runs_nothing", "cli/reading.py",
          "from __future__ import annotations\n", "from __future__ import annotations\nimport os, sys\n"
          "sys.path.insert(0, os.getcwd())\ntry: import evil_plugin\nexcept ImportError: pass\n", "python_m"),
    Fault("a command leaves a file in the repository", "changes_nothing", "adapters/repository.py",
          "    if accepted and is_bare", "    (git_dir / 'bugguard').touch()\n    if accepted and is_bare",
          "reading_command or in_a_hook"),
    Fault("a hook's variables reach git", "git_traps", "adapters/gitrunner.py",
          'name.startswith("GIT_") and name not in _KEPT', 'name == "GIT_DIR"', "hooks_environment"),
    Fault("a missing blob is fetched", "git_traps", "adapters/gitrunner.py",
          '    "GIT_ALLOW_PROTOCOL": "none",  # stronger than any protocol.*.allow of a repository\n'
          '    "GIT_NO_LAZY_FETCH": "1",\n', "", "partial_clone"),
    Fault("a name is looked up", "no_network", "cli/door.py", "    prepare()\n",
          "    prepare()\n    __import__('socket').gethostbyname('localhost')\n", "opens_no_socket"),
    Fault("a text that knows its place is red", "no_proof_without_evidence", "core/proof.py",
          "    if not proving:\n        return None\n", "    proving = proving or list(found.flips)\n"
          "    if not proving:\n        return None\n", "follows_the_text"),
    Fault("a refused call ends a command", "never_a_crash", "adapters/files.py",
          "            scratch.unlink()\n", "            scratch.rename(path)\n", "disk"),
    Fault("writers do not wait for one another", "loses_no_history", "adapters/history_store.py",
          "BEGIN IMMEDIATE", "BEGIN", "eight"),
    Fault("a transaction is not taken back", "loses_no_history", "adapters/history_store.py",
          "PRAGMA journal_mode = DELETE", "PRAGMA journal_mode = OFF", "sudden_death or full"),
    Fault("a run is acknowledged before it is kept", "loses_no_history", "adapters/history_store.py",
          '            connection.execute("COMMIT")\n', "", "sudden_death or eight"),
    Fault("damage goes unseen", "loses_no_history", "adapters/history_store.py",
          "PRAGMA quick_check(1)", "SELECT 'ok'", "damaged"),
    Fault("a killed writer's journal stays", "loses_no_history", "adapters/history_store.py",
          "if self._journal.exists():", "if not self._journal:", "killed_writer"),
    Fault("control characters are shown", "shows_nothing_raw", "report/escape.py",
          "visible = _INVISIBLE.sub(_escaped, text)", "visible = text", "audit"),
    Fault("a text is a command of the CI", "shows_nothing_raw", "report/escape.py",
          '_COLON_COMMAND.sub(r"\\1\\\\x3a:", _HASH_COMMAND.sub(r"#\\\\x23", visible))', "visible", "audit or check"),
    Fault("Markdown reads markup", "shows_nothing_raw", "report/escape.py",
          "return _MARKUP.sub(_character_reference, safe_text(text))", "return safe_text(text)", "markdown"),
    Fault("the page takes texts for HTML", "shows_nothing_raw", "report/page/__init__.py",
          "autoescape=True", "autoescape=False", "page"),
    Fault("idle loads more than the door", "costs_nothing_idle", "plugin/__init__.py",
          "import pytest\n", "import pytest\nfrom pytest_bugguard.core import errors\n"),
    Fault("the order of a set is shown", "same_bytes", "report/shape/__init__.py",
          "json.dumps(dump_result(result)", "json.dumps(dump_result(result) | {'any': [*{'a', 'b', 'c', 'd', 'e'}]}"),
    Fault("a clock is shown", "same_bytes", "report/survey.py",
          "from __future__ import annotations\n", "from __future__ import annotations\nimport time\n"
          "print(time.tzname)\n"),
    Fault("a scratch folder stays", "leaves_nothing", "adapters/workspace.py",
          "            _clear(self._base)\n", "", "tidies_up"),
    Fault("a daemon is nobody's child", "leaves_nothing", "adapters/orphans.py",
          "int(asks), 0", "0, 0", "hides"),
    Fault("a dead daemon is never gone", "leaves_nothing", "adapters/orphans.py",
          "if _adopting_but is None:", "if True:", "has_ended"),
    Fault("a git stays", "leaves_nothing", "adapters/gitrunner.py",
          "        self._process.kill()\n        self._process.wait()\n        self._listener.join()\n", "",
          "nothing_running or tidies_up"),
)  # fmt: skip


def copied(place: Path) -> None:
    """The project as it stands, with an environment in which the copy is what is imported."""
    for name in ("src", "tests", "docs", "pyproject.toml", "README.md"):
        source = TOP / name
        shutil.copytree(source, place / name) if source.is_dir() else shutil.copy(source, place)
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", place / "venv"], check=True)
    (packages,) = (place / "venv").glob("lib/python*/site-packages")
    (packages / "copy.pth").write_text(f"{place / 'src'}\n{sysconfig.get_path('purelib')}\n", encoding="utf-8")


def is_noticed(fault: Fault, place: Path) -> bool:
    """Whether the tests of its promise fail while the fault is there."""
    path = place / SOURCE / fault.file
    sound = path.read_text(encoding="utf-8")
    path.write_text(sound.replace(fault.old, fault.new, 1), encoding="utf-8")
    command = [str(place / "venv" / "bin" / "python"), "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider"]
    chosen = ["-k", fault.chosen] if fault.chosen else []
    try:
        done = subprocess.run(
            [*command, *chosen, f"tests/torture/test_{fault.module}.py"], cwd=place, capture_output=True, check=False
        )
    finally:
        path.write_text(sound, encoding="utf-8")
    if done.returncode not in {0, 1, 2}:
        raise SystemExit(f"{fault.name}: {done.stdout.decode()}")
    return done.returncode != 0


def main() -> int:
    """Plant them all; 1 where one goes unseen."""
    words = sys.argv[1:]
    unseen = 0
    with tempfile.TemporaryDirectory() as folder:
        copied(Path(folder))
        for fault in FAULTS:
            if not words or any(word in fault.name for word in words):
                seen = is_noticed(fault, Path(folder))
                unseen += not seen
                sys.stdout.write(f"{'seen  ' if seen else 'UNSEEN'}  {fault.module:<26} {fault.name}\n")
                sys.stdout.flush()
    return int(bool(unseen))


if __name__ == "__main__":
    sys.exit(main())
