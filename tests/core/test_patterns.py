"""Which regular expressions of a user may run over texts of strangers."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_bugguard.core.patterns import LINE_CAP, UnsafePatternError, compile_safely


@pytest.mark.parametrize(
    "text",
    [
        r"^\[BUG\]",
        r"SHOP-\d+",
        r"[A-Z][A-Z0-9]+-\d+",
        r"(?i)\b(?:fix|bug)(?:es|ed)?\b.*crash",
        r"^.*crash.*start",
        r"\s+$",
        r"(?<!re)fix(?=es)",
        r"(\d{3}-)+x",
        r"[ab]*?c",
        r"(?:a|b)*c",
    ],
)
def test_a_usual_pattern_is_accepted(text: str) -> None:
    """What people write for subjects, issue keys and prefixes compiles, as ``re`` itself would compile it."""
    assert compile_safely(text) == re.compile(text)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param("(", "does not compile: missing )", id="syntax"),
        pytest.param("(" * 2000 + ")" * 2000, "does not compile", id="too-deep"),
        pytest.param("[[a]b]", "does not compile: Possible nested set", id="a-warning-is-an-error"),
        pytest.param("(?\x1b)", r"does not compile: unknown extension ?\x1b", id="nothing-that-moves-a-terminal"),
        pytest.param("a{99999999999999999999}", "does not compile", id="overflow"),
        pytest.param("(a+)+$", "repeats or varies", id="nested"),
        pytest.param("(?:a|ab)*c", "repeats or varies", id="ambiguous-branches"),
        pytest.param("(a?){30}b", "repeats or varies", id="repeated-option"),
        pytest.param("((a?){9}){9}b", "repeats or varies", id="bounded-nest"),
        pytest.param(r"(?:\b)*", "repeats or varies", id="empty-repeat"),
        pytest.param("a?" * 30 + "a" * 30, "may stop anywhere", id="many-options"),
        pytest.param(".*a.*b.*c", "may stop anywhere", id="cubic"),
        pytest.param(".*a+b", "may stop anywhere", id="cubic-though-settled"),
        pytest.param("(?i)x*X*y", "may stop anywhere", id="cases-overlap"),
        pytest.param(r"(\w+)\s\1", "back to a group", id="back-reference"),
        pytest.param("(?m)^a", "flags", id="multiline"),
    ],
)
def test_a_dangerous_pattern_is_refused_with_its_reason(text: str, why: str) -> None:
    """The message says what is wrong with it in one line."""
    with pytest.raises(UnsafePatternError, match=re.escape(why)) as caught:
        compile_safely(text)
    assert str(caught.value).isprintable()


_PARTS = st.recursive(
    st.sampled_from(["a", "b", ".", "[ab]", r"\w", "^", "$", r"\b"]),
    lambda inner: st.one_of(
        st.tuples(inner, st.sampled_from(["*", "+", "?", "{2}", "{0,3}", "*?"])).map(lambda p: f"(?:{p[0]}){p[1]}"),
        st.tuples(inner, inner).map("".join),
        st.tuples(inner, inner).map(lambda p: f"(?:{p[0]}|{p[1]})"),
    ),
    max_leaves=6,
)


@given(_PARTS)
def test_what_is_accepted_ends_soon(text: str) -> None:
    """No accepted pattern needs more than the bound allows, on lines that are made to hurt.

    Lines of a tenth of the cap: the bound is quadratic, so they may take a hundredth of its second or two.
    """
    try:
        compiled = compile_safely(text)
    except UnsafePatternError:
        return
    line = "a" * (LINE_CAP // 10)
    start = time.process_time()
    compiled.search(f"{line}!")
    compiled.search(f"{line}b!")
    assert time.process_time() - start < 1
