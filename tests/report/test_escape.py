"""Text from a repository is harmless wherever it is shown."""

from __future__ import annotations

import re
import unicodedata

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_bugguard.report import escape
from tests.samples import HOSTILE

ANY_TEXT = st.text(st.characters()) | st.sampled_from(HOSTILE)
ALARMING = frozenset({"Cc", "Cs", "Zl", "Zp"})
SIGNS_OVER_NUMBERS = re.compile("[\u0600-\u0605\u06dd\u070f\u0890\u0891\u08e2\U000110bd\U000110cd]")  # seen, though Cf


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        pytest.param("fix: caf\xe9 … 数字 🎉", "fix: caf\xe9 … 数字 🎉", id="people's-languages"),
        pytest.param("\x1b[31mred\x07", r"\x1b[31mred\x07", id="terminal-sequence"),
        pytest.param("a\r\nb\tc", r"a\r\nb\tc", id="line-ends"),
        pytest.param("\u202eevil\u2066\u200b", r"\u202eevil\u2066\u200b", id="bidi-and-zero-width"),
        pytest.param("\u2028\u2029\x85", r"\u2028\u2029\x85", id="separators"),
        pytest.param("caf\udce9", r"caf\xe9", id="byte-that-was-no-utf-8"),
        pytest.param("\ud800", r"\ud800", id="lone-surrogate"),
        pytest.param("\U000e0061", r"\U000e0061", id="tag"),
        pytest.param("\ufffe\uffff", r"\ufffe\uffff", id="no-character"),
        pytest.param("::error::x", r"\x3a:error::x", id="github-command"),
        pytest.param("  ::error::x", r"  \x3a:error::x", id="github-command-after-blanks"),
        pytest.param("tests/a.py::test_b", "tests/a.py::test_b", id="node-id"),
        pytest.param("x ##[error]y", r"x #\x23[error]y", id="legacy-command-anywhere"),
        pytest.param("###vso[task.x]", r"##\x23vso[task.x]", id="azure-command"),
        pytest.param("## heading", "## heading", id="no-command"),
    ],
)
def test_what_is_odd_becomes_visible(text: str, shown: str) -> None:
    """Escapes name the character; whatever people write in their languages stays as it is."""
    assert escape.safe_text(text) == shown


@given(ANY_TEXT)
@example("".join(HOSTILE))
def test_no_text_steers_hides_or_breaks_a_line(text: str) -> None:
    """Nothing comes out that moves a cursor, runs backwards, takes no room, ends a line or is no character."""
    safe = SIGNS_OVER_NUMBERS.sub("", escape.safe_text(text))
    odd = {char for char in safe if unicodedata.category(char) in {*ALARMING, "Cf"}}
    assert odd == set()
    assert len(safe.splitlines()) <= 1


@given(ANY_TEXT, st.text(" ", max_size=3))
def test_no_text_is_a_command_to_a_ci_server(text: str, indent: str) -> None:
    """Neither as GitHub's runner parses a line, old way and new, nor as Azure's agent does."""
    line = indent + escape.safe_text(text)
    assert not line.lstrip().startswith("::")
    assert re.search(r"##(vso|teamcity)?\[", line) is None


@given(ANY_TEXT)
def test_escaping_twice_changes_nothing(text: str) -> None:
    """A text that went through two hands looks the same."""
    once = escape.safe_text(text)
    assert escape.safe_text(once) == once


@pytest.mark.parametrize("text", ["@user", "#1", "GH-1", "a#1", "gh-12", "org/name#3"])
def test_a_mention_is_parted_in_markdown(text: str) -> None:
    """GitHub links them in the finished page, where a character reference is a character again."""
    assert re.search(r"(&#64;|&#35;|&#45;)&#8203;", escape.markdown(text))


@given(ANY_TEXT)
def test_markdown_reads_no_markup_in_text(text: str) -> None:
    """No character that starts code, links, images, HTML, tables, emphasis or bare addresses is left."""
    left = re.sub(r"&#\d+;", "", escape.markdown(text))
    assert re.search(r"[\\`*_\[\]<>|~&@#!$:^]", left) is None


@given(ANY_TEXT)
def test_markdown_code_cannot_be_left(text: str) -> None:
    """One pair of backticks and none within, no cell border; or HTML whose text is inert."""
    code = escape.markdown_code(text)
    inner = code.removeprefix("`").removesuffix("`").removeprefix("<code>").removesuffix("</code>")
    assert "`" not in inner
    assert "|" not in code
    assert code.startswith("`") or "<" not in inner


@given(ANY_TEXT)
def test_github_reads_back_what_was_written(text: str) -> None:
    """A property holds no separator of its own and decodes to the safe text."""
    value = escape.github_property(text)
    assert not set(value) & set(":,\r\n")
    assert value.replace("%3A", ":").replace("%2C", ",").replace("%25", "%") == escape.safe_text(text)
    assert escape.github_data(text).replace("%25", "%") == escape.safe_text(text)


@given(ANY_TEXT)
def test_azure_reads_back_what_was_written(text: str) -> None:
    """A property does not end early."""
    value = escape.azure_property(text)
    assert not set(value) & set(";]\r\n")
    assert value.replace("%3B", ";").replace("%5D", "]").replace("%AZP25", "%") == escape.safe_text(text)
