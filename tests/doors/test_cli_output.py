"""What the command line prints: formats, colours, progress, and nothing that a repository could smuggle in."""

from __future__ import annotations

import os
import re
import select
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pytest_bugguard.cli import showing
from tests.sessions import TOP
from tests.shell import Shell
from tests.story import Repo, story

if TYPE_CHECKING:
    from collections.abc import Callable

SHOP = (TOP / "tests" / "docs_stories" / "shop.story").read_text(encoding="utf-8")
COMMANDS = [
    pytest.param(["audit"], id="audit"),
    pytest.param(["audit", "--all", "main.."], id="audit-of-a-range"),
    pytest.param(["explain", "HEAD", "HEAD^", "main"], id="explain"),
    pytest.param(["check", "main.."], id="check"),
    pytest.param(["check"], id="check-of-the-work-tree"),
]


@pytest.fixture(scope="session")
def repo(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """The shop of the docs, on its branch of two fixes, one of them guarded. For reading only."""
    return story(tmp_path_factory.mktemp("output") / "shop", SHOP)


@pytest.mark.parametrize("command", COMMANDS)
def test_json_is_valid_and_says_what_the_text_says(repo: Repo, command: list[str]) -> None:
    """Each command's document passes the schema, and every fix in it stands in the text too."""
    shell = Shell(repo.path)
    document = shell.call(*command, "--format", "json").document
    assert document["command"] == command[0]
    text = shell.call(*command).out
    shown = [fix for fix in document["fixes"] if fix["verdict"] != "guarded" or command[0] != "audit"]
    assert shown
    assert [fix for fix in shown if fix["sha"][:7] not in text] == []


@pytest.mark.parametrize("command", COMMANDS)
def test_markdown_has_a_heading_and_the_same_fixes(repo: Repo, command: list[str]) -> None:
    """For a job's summary."""
    shell = Shell(repo.path)
    page = shell.call(*command, "--format", "markdown").out
    assert page.startswith(f"<!-- bugguard: {command[0]} -->\n## bugguard {command[0]}: ")
    fixes = shell.call(*command, "--format", "json").document["fixes"]
    assert [fix for fix in fixes if f"`{fix['sha'][:7]}`" not in page] == []


def test_an_audit_names_the_guarded_ones_where_asked(repo: Repo) -> None:
    """``--all``: every fix, not only the newest unguarded ones."""
    shell = Shell(repo.path)
    assert "even-sized" not in shell.call("audit").out
    assert "even-sized" in shell.call("audit", "--all").out


@pytest.mark.parametrize(
    ("asked", "seen"),
    [
        ("main..pages", [("unguarded", "fix: page 1"), ("guarded", "fix: an even")]),
        ("main...pages", [("unguarded", "fix: page 1"), ("guarded", "fix: an even")]),
        ("main..", [("unguarded", "fix: page 1"), ("guarded", "fix: an even")]),
        ("pages^", [("guarded", "fix: an even")]),
        ("pages^..pages", [("unguarded", "fix: page 1")]),
        ("pages..main", []),
    ],
)
def test_a_range_is_what_git_means_by_it(repo: Repo, asked: str, seen: list[tuple[str, str]]) -> None:
    """``BASE..REV``, an end left out, or all that leads to ``REV``."""
    found = Shell(repo.path).call("audit", asked, "--format", "json").verdicts
    assert [
        (verdict, subject[: len(start)]) for (verdict, subject), (_, start) in zip(found, seen, strict=True)
    ] == seen


def on_a_terminal(shell: Shell, *arguments: str) -> str:
    """What a command prints where both streams are one terminal."""
    pty = pytest.importorskip("pty", reason="there are no pseudo-terminals here")
    mine, its = pty.openpty()
    pytest.importorskip("termios").tcsetwinsize(its, (40, 100))
    process = subprocess.Popen(
        [sys.executable, "-m", "pytest_bugguard", *arguments],
        cwd=shell.folder, env=shell.variables, stdin=its, stdout=its, stderr=its,
    )  # fmt: skip
    os.close(its)
    seen = b""
    while process.poll() is None or select.select([mine], [], [], 0)[0]:
        if select.select([mine], [], [], 0.05)[0]:
            try:
                seen += os.read(mine, 65_536)
            except OSError:  # Linux's way to say that the other end is closed
                break
    os.close(mine)
    assert process.wait(timeout=30) in {0, 1}
    return seen.decode()


@pytest.mark.parametrize(
    ("environment", "options", "is_coloured"),
    [
        pytest.param({"TERM": "xterm"}, [], True, id="terminal"),
        pytest.param({"TERM": "xterm", "NO_COLOR": "1"}, [], False, id="NO_COLOR"),
        pytest.param({"TERM": "xterm", "NO_COLOR": ""}, [], True, id="empty-NO_COLOR"),
        pytest.param({"TERM": "dumb"}, [], False, id="dumb-terminal"),
        pytest.param({"TERM": "xterm"}, ["--no-color"], False, id="option"),
    ],
)
def test_colours_are_for_terminals(
    repo: Repo, environment: dict[str, str], options: list[str], is_coloured: bool
) -> None:
    """https://no-color.org, ``--no-color`` and dumb terminals are honoured; what is said stays the same."""
    shell = Shell(repo.path, environment)
    seen = on_a_terminal(shell, "check", "main..", *options)
    assert ("\x1b[" in seen) is is_coloured
    plain = re.sub(r"\x1b\[[0-9;]*m", "", seen).replace("\r\n", "\n")
    assert plain.splitlines()[1:-1] == shell.call("check", "main..").out.splitlines()[1:-1]


def test_a_log_gets_no_colours(repo: Repo) -> None:
    """Standard output has the result alone, standard error nothing at all."""
    done = Shell(repo.path, {"TERM": "xterm"}).bugguard("audit", "--no-cache")
    assert "\x1b" not in done.out
    assert done.err == ""


@pytest.mark.parametrize("progress", [showing.count_progress, showing.fixes_progress])
def test_a_log_gets_no_progress_however_long_it_takes(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, progress: Callable[[], Any]
) -> None:
    """What would draw it is not even loaded."""
    monkeypatch.setitem(sys.modules, "tqdm", None)
    with progress() as show:
        show(*(1, 2, "1c0ffee")[: 1 if progress is showing.count_progress else 3])
    assert capsys.readouterr().err == ""


def long_history(folder: Path, commits: int) -> Repo:
    """A repository of many commits, made in one go."""
    repo = story(folder, "")
    stream = "".join(
        f"commit refs/heads/main\ncommitter A <a@b.c> {1_700_000_000 + number} +0000\ndata 6\nfix: x\n"
        f"M 100644 inline src/a.py\ndata {len(str(number)) + 7}\nvalue={number}\n\n"
        for number in range(commits)
    )
    repo.git("fast-import", "--quiet", text=stream)
    repo.git("checkout", "-q", "-f", "main")
    return repo


def test_progress_is_shown_on_a_terminal(tmp_path: Path) -> None:
    """What takes longer than half a second counts its commits there, and wipes the counter at the end."""
    repo = long_history(tmp_path / "long", 150)
    slow = tmp_path / "bin/git"
    slow.parent.mkdir()
    slow.write_text(f'#!/bin/sh\ncase "$*" in *--raw*) sleep 0.8;; esac\nexec {shutil.which("git")} "$@"\n')
    slow.chmod(0o755)
    path = os.pathsep.join((str(slow.parent), os.environ["PATH"]))
    seen = on_a_terminal(Shell(repo.path, {"TERM": "xterm", "PATH": path}), "audit", "--no-cache")
    assert re.search(r"\d+ commits", seen.partition("fixes (")[0])
    assert "149 fixes" in seen


def test_annotations_are_for_the_ci_that_reads_them(repo: Repo) -> None:
    """A line a finding for GitHub and Azure, after the text; none elsewhere and none in a document."""
    github = Shell(repo.path, {"GITHUB_ACTIONS": "true"})
    (annotation,) = [line for line in github.call("check", "main..").out.splitlines() if line.startswith("::error ")]
    assert "title=bugguard%3A fixes unguarded::" in annotation
    azure = Shell(repo.path, {"TF_BUILD": "True"}).call("check", "main..").out
    assert "##vso[task.logissue type=error;" in azure
    assert "::error" not in Shell(repo.path).call("check", "main..").out
    assert "::error" not in github.call("check", "main..", "--format", "json").out


@pytest.mark.skipif(not Path("/dev/full").is_char_device(), reason="there is no full disk to try it on")
@pytest.mark.parametrize("command", [["audit"], ["check", "--format", "json"], ["--help"]], ids=" ".join)
def test_a_full_disk_is_no_fault_of_ours(repo: Repo, command: list[str]) -> None:
    """A redirected output that cannot be written ends with one line and no traceback."""
    shell = Shell(repo.path)
    with Path("/dev/full").open("wb") as full:
        done = subprocess.run(
            [sys.executable, "-m", "pytest_bugguard", *command],
            cwd=shell.folder, env=shell.variables, stdout=full, stderr=subprocess.PIPE, text=True, check=False,
        )  # fmt: skip
    said, hint = done.stderr.splitlines()
    assert (done.returncode, said[:51]) == (4, "bugguard: standard output cannot be written: No spa"), done.stderr
    assert hint.startswith("next: ")


@pytest.mark.skipif(os.name != "posix", reason="closes a stream as a POSIX shell does")
@pytest.mark.parametrize(("closed", "code"), [(">&-", 1), ("2>&-", 1), (">&- 2>&-", 1)])
def test_a_stream_that_is_closed_changes_no_verdict(repo: Repo, closed: str, code: int) -> None:
    """As some services start their commands."""
    shell = Shell(repo.path)
    done = subprocess.run(
        ["sh", "-c", f'"$0" -m pytest_bugguard check main.. {closed}', sys.executable],
        cwd=shell.folder, env=shell.variables, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (done.returncode, "Traceback" in done.stdout + done.stderr) == (code, False), done
