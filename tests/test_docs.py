"""What README and the docs show is what happens: their sessions are played, their links and settings are tried."""

from __future__ import annotations

import re
import shlex
import shutil
from typing import TYPE_CHECKING

import pytest
import tomli

from pytest_bugguard.cli.door import command_line
from pytest_bugguard.core import rules, settings
from pytest_bugguard.core.errors import BugguardError
from pytest_bugguard.core.settings import Layer
from tests import generated, messages, sessions
from tests.sessions import TOP, Command, Scene
from tests.torture import commands

if TYPE_CHECKING:
    from pathlib import Path

PAGES = sorted([TOP / "README.md", TOP / "SECURITY.md", *(TOP / "docs").rglob("*.md"), TOP / "changelog" / "README.md"])
_LINK = re.compile(r"\]\((?!https?://|#)([^)#\s]+)")


def _name(page: Path) -> str:
    return page.relative_to(TOP).as_posix()


def _scenes() -> list[object]:
    return [
        pytest.param(scene, id=f"{_name(page)}:{scene.line}")
        for page in PAGES
        for scene in sessions.scenes(page.read_text(encoding="utf-8"))
    ]


@pytest.mark.skipif(shutil.which("bash") is None, reason="the sessions are for a POSIX shell")
@pytest.mark.parametrize("scene", _scenes())
def test_a_shown_session_is_what_happens(scene: Scene, tmp_path: Path) -> None:
    """Whoever types what a page shows sees what the page shows."""
    for command, seen in sessions.play(scene, tmp_path):
        printed = "\n".join(seen)
        assert command.agrees(seen), f"line {command.first}: $ {command.text}\nprints:\n{printed}"


def test_the_tests_that_show_a_defence_are_there() -> None:
    """The page of threats names folders and modules of tests, those of ``tests/torture`` by their names alone."""
    page = (TOP / "docs" / "explanation" / "threat-model.md").read_text(encoding="utf-8")
    named = re.findall(r"`(tests/[\w/.]+|test_\w+\.py)`", page)
    assert len(named) > 20
    assert [one for one in named if not ((TOP / one).exists() or (TOP / "tests" / "torture" / one).exists())] == []


def test_the_page_of_threats_knows_every_command() -> None:
    """Whoever adds one says there what a hostile change can do with it."""
    page = (TOP / "docs" / "explanation" / "threat-model.md").read_text(encoding="utf-8")
    table = page.partition("## Command by command")[2].partition("## ")[0]
    named = set(re.findall(r"`([\w -]+)`", "".join(line.split(" | ")[0] for line in table.splitlines())))
    assert [command for command in commands.known() if command not in named] == []


@pytest.mark.parametrize("page", [pytest.param(page, id=_name(page)) for page in PAGES])
def test_a_link_leads_somewhere(page: Path) -> None:
    """A relative link names a file that is there."""
    targets = _LINK.findall(page.read_text(encoding="utf-8"))
    assert [target for target in targets if not (page.parent / target).exists()] == []


@pytest.mark.parametrize(
    "page", [pytest.param(page, id=_name(page)) for page in PAGES if page.is_relative_to(TOP / "docs")]
)
def test_a_page_can_be_reached(page: Path) -> None:
    """Every page of the docs is linked from the index."""
    index = TOP / "docs" / "index.md"
    linked = {(index.parent / target).resolve() for target in _LINK.findall(index.read_text(encoding="utf-8"))}
    assert page in {index, *linked}


@pytest.mark.parametrize("page", [pytest.param(page, id=_name(page)) for page in PAGES])
def test_shown_settings_are_accepted(page: Path) -> None:
    """A block of settings can be pasted as it is: it is TOML, and where it is ours it has no fault."""
    for fence in sessions.fences(page.read_text(encoding="utf-8")):
        if fence.language == "toml":
            table = tomli.loads("\n".join(fence.lines)).get("tool", {}).get("bugguard", {})
            settings.load([Layer(table, str)], rules.NAMES)


def _typed() -> list[tuple[str, list[str]]]:
    """Every command of ours that a page shows without its output, in a shell or in YAML; with its page."""
    return [
        (_name(page), words[words.index("bugguard") + 1 :])
        for page in PAGES
        for fence in sessions.fences(page.read_text(encoding="utf-8"))
        if fence.language in {"sh", "yaml"}
        for line in fence.lines
        if " bugguard " in f" {line}" and "bugguard" in (words := shlex.split(line, comments=True))
    ]


@pytest.mark.parametrize("words", [pytest.param(words, id=f"{page}:{' '.join(words)}") for page, words in _typed()])
def test_a_shown_command_is_one_that_there_is(words: list[str]) -> None:
    """Our own parser takes it, up to where the shell goes on; to an entry of a hook pre-commit adds a file."""
    if words[-1] == "--message-file":
        words = [*words, "COMMIT_EDITMSG"]
    ends = [words.index(sign) for sign in ("|", "||", "&&", ">") if sign in words]
    command_line().parse_args(words[: min(ends, default=len(words))])


def test_commands_are_shown() -> None:
    """Else they would all be taken."""
    assert len(_typed()) > 30


@pytest.mark.parametrize("page", [pytest.param(page, id=_name(page)) for page in generated.PAGES])
def test_what_is_read_off_the_code_is_up_to_date(page: Path) -> None:
    """The rooms of the house, the settings and the rules stand in the docs as they stand in the code."""
    text = page.read_text(encoding="utf-8")
    assert text == generated.redrawn(text), "python -m tests.generated writes it"


def test_the_exit_codes_are_those_of_pytest() -> None:
    """Five of them, no others; what a user can mend is the fifth."""
    page = (TOP / "docs" / "reference" / "exit-codes.md").read_text(encoding="utf-8")
    shown = [int(code) for code in re.findall(r"^\| (\d+) \|", page, re.MULTILINE)]
    assert shown == [int(code) for code in pytest.ExitCode][:5]
    assert BugguardError.exit_code == int(pytest.ExitCode.USAGE_ERROR) == shown[-1]


SHOWN = ("one", "...", "two in 0.12s", "=== end ... ===")


@pytest.mark.parametrize(
    ("seen", "agrees"),
    [
        pytest.param(("one", "two in 3.40s", "===== end of it ====="), True, id="no-lines-for-the-wildcard"),
        pytest.param(("one", "x", "y", "two in 0.12s", "=== end  ==="), True, id="lines-for-the-wildcard"),
        pytest.param(("one", "two in 0.12s", "=== end of it ===", ""), True, id="blank-end"),
        pytest.param(("two in 0.12s", "=== end of it ==="), False, id="line-missing"),
        pytest.param(("one", "two in 0.12s", "=== end of it ===", "more"), False, id="line-too-many"),
        pytest.param(("one", "two.in 0.12s", "=== end of it ==="), False, id="other-text"),
        pytest.param((), False, id="silent"),
    ],
)
def test_wildcards_forgive_no_more_than_they_say(seen: tuple[str, ...], agrees: bool) -> None:
    """``...`` stands for any text or lines, times and rulers may differ, all else is to the letter."""
    assert Command("any", SHOWN, first=1).agrees(seen) is agrees


PAGE = """\
<!-- file: greeting.txt -->
```text
hello
```
In between.
```console
$ cat greeting.txt; false
hello
$ echo $?
1
$ echo one \\
> two; echo three >&2
one two
three
```
<!-- not run: it has no end -->
```console
$ yes
y
```
```sh
exit 1
```
<!-- story: shop -->
```console
$ git log --format=%s -1
fix: page 1 is the first page, not the second
```
"""


@pytest.mark.skipif(shutil.which("bash") is None, reason="the sessions are for a POSIX shell")
def test_a_page_is_played_as_its_directions_say(tmp_path: Path) -> None:
    """Files are written, a status is kept, both streams are seen, a story begins afresh, what is not run is not run."""
    played = [
        (command.text, seen, command.agrees(seen))
        for number, scene in enumerate(sessions.scenes(PAGE))
        for command, seen in sessions.play(scene, tmp_path / str(number))
    ]
    assert played == [
        ("cat greeting.txt; false", ("hello",), True),
        ("echo $?", ("1",), True),
        ("echo one \\\ntwo; echo three >&2", ("one two", "three"), True),
        ("git log --format=%s -1", ("fix: page 1 is the first page, not the second",), True),
    ]


def test_every_kind_of_fault_has_a_paragraph() -> None:
    """Under its slug: words of our own first, then the messages."""
    page = (TOP / "docs" / "reference" / "messages.md").read_text(encoding="utf-8")
    kinds = messages.kinds(generated.PACKAGE)
    assert len({kind.slug for kind in kinds.values()}) == len(kinds)
    missing = [
        name
        for name, kind in kinds.items()
        if not re.search(rf"^## `{kind.slug}`\n\n\w[^#]*<!-- generated: {name} -->", page, re.MULTILINE)
    ]
    assert missing == []


def test_every_reason_that_is_explained_is_one_that_is_given() -> None:
    """Why a test does not count: the words of the page stand in the code."""
    page = (TOP / "docs" / "reference" / "messages.md").read_text(encoding="utf-8")
    _, _, table = page.partition("## Why a test does not count")
    reasons = re.findall(r"^\| `([^`]+)` \|", table, re.MULTILINE)
    code = "".join(path.read_text(encoding="utf-8") for path in generated.modules())
    assert len(reasons) > 10
    assert [reason for reason in reasons if reason not in code] == []
