"""What git keeps of the file that a commit message is written in."""

from __future__ import annotations

import pytest

from pytest_bugguard.core import commit_file

TEXT = "# one\n;two\nthree\n# ------------------------ >8 ------------------------\ndiff"
CUT = "# one\n;two\nthree"
BARE = ";two\nthree"


@pytest.mark.parametrize(
    ("mark", "cleanup", "was_edited", "kept"),
    [
        pytest.param("#", "", True, BARE, id="edited"),
        pytest.param("#", "", False, TEXT, id="given"),
        pytest.param("#", "strip", True, BARE, id="strip"),
        pytest.param("#", "default", True, BARE, id="default"),
        pytest.param("#", "whitespace", True, CUT, id="whitespace"),
        pytest.param("#", "scissors", True, CUT, id="scissors"),
        pytest.param("#", "verbatim", True, CUT, id="verbatim"),
        pytest.param("auto", "", True, BARE, id="auto"),
        pytest.param("#", "strip", False, ";two\nthree\ndiff", id="given-and-strip"),
        pytest.param("auto", "strip", False, ";two\nthree\ndiff", id="given-and-auto"),
        pytest.param(";", "", True, TEXT.replace(";two\n", ""), id="another-mark"),
    ],
)
def test_a_message_is_cleaned_as_git_cleans_it(mark: str, cleanup: str, was_edited: bool, kept: str) -> None:
    """Comments go where an editor was opened, unless the settings say otherwise."""
    assert commit_file.kept(TEXT, mark=mark, cleanup=cleanup, was_edited=was_edited) == kept


def test_the_mark_is_found_at_the_end() -> None:
    """``core.commentChar = auto`` lets git choose one that the message does not begin a line with."""
    text = "#12 fix: sizes\n\n; Please enter the message\n;\n"
    assert commit_file.kept(text, mark="auto", cleanup="", was_edited=True) == "#12 fix: sizes\n"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        pytest.param("", "", id="empty"),
        pytest.param("\n \n", "\n ", id="blank"),
        pytest.param("#one\ntwo\ntoo", "two\ntoo", id="no-comment-at-the-end"),
        pytest.param("#one\n; Please enter\n\n", "#one\n", id="blank-lines-at-the-end"),
    ],
)
def test_a_message_without_comments_has_the_usual_mark(text: str, kept: str) -> None:
    """Its last line may begin with anything."""
    assert commit_file.kept(text, mark="auto", cleanup="", was_edited=True) == kept
