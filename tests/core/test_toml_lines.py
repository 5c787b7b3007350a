"""Lines of keys in TOML, in every way that TOML has to write a key."""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, Any

import pytest
import tomli
import tomlkit
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_bugguard.core import toml_lines

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_bugguard.core.toml_lines import KeyPath

TEXT = r'''# [tool.bugguard] is not here
title = """
[tool.bugguard]
enabled = "in a text \""" still"""
[tool]
[tool . "bugguard"]
enabled = 'ci' # enabled = 1
"b\u0061se" = "[x]"
tests = [ # two
  "a,]", [1,
  2],
]
fixes.scope = "unit"
fixes . 'rules' = "wide"
other = { a = 1, b.c = "}", d = [{ e = 2 }] }
[[tool.bugguard.waivers]]
fix = "1"

[[tool.bugguard.waivers]]
fix = "2"
[tool.bugguard.waivers.deep]
x = 2027-01-31 10:00:00
[[a]]
[[a.b]]
[a.b.c]
k = 1
'''


@pytest.mark.parametrize(
    ("path", "line"),
    [
        pytest.param("title", 2, id="multi-line-text"),
        pytest.param("tool", 5, id="table"),
        pytest.param("tool bugguard", 6, id="quoted-and-spaced-header"),
        pytest.param("tool bugguard enabled", 7, id="not-the-one-in-the-text"),
        pytest.param("tool bugguard base", 8, id="escaped-key"),
        pytest.param("tool bugguard tests 0", 10, id="list-item"),
        pytest.param("tool bugguard tests 1 1", 11, id="nested-list"),
        pytest.param("tool bugguard fixes", 13, id="table-by-dotted-key"),
        pytest.param("tool bugguard fixes scope", 13, id="dotted-key"),
        pytest.param("tool bugguard fixes rules", 14, id="spaced-dotted-key"),
        pytest.param("tool bugguard other b c", 15, id="inline-table"),
        pytest.param("tool bugguard other d 0 e", 15, id="inline-table-in-a-list"),
        pytest.param("tool bugguard waivers", 16, id="array-of-tables"),
        pytest.param("tool bugguard waivers 0 fix", 17, id="first-of-an-array"),
        pytest.param("tool bugguard waivers 1", 19, id="second-of-an-array"),
        pytest.param("tool bugguard waivers 1 fix", 20, id="key-in-the-second"),
        pytest.param("tool bugguard waivers 1 deep x", 22, id="table-below-an-array"),
        pytest.param("a 0 b 0 c k", 26, id="array-in-an-array"),
        pytest.param("tool bugguard enabled 3", 7, id="nearest"),
        pytest.param("nowhere", None, id="nowhere"),
    ],
)
def test_a_key_is_found_on_its_line(path: str, line: int | None) -> None:
    """The line that an editor shows, also for dotted, quoted, inline and repeated keys."""
    parts = tuple(int(part) if part.isdigit() else part for part in path.split())
    assert toml_lines.line_of(toml_lines.find(TEXT), parts) == line


_KEYS = st.text(string.ascii_letters + "-_ .\"'#[]=\\", min_size=1, max_size=6)
_DOCUMENTS = st.dictionaries(
    _KEYS,
    st.recursive(
        st.one_of(st.integers(), st.booleans(), st.dates(), st.text("ab\n\"'#[]{}=,\\", max_size=8)),
        lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=3)),
        max_leaves=10,
    ),
    max_size=4,
)


def _paths(value: Any, path: KeyPath = ()) -> Iterator[KeyPath]:  # noqa: ANN401 - whatever TOML holds
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, below in items:
        yield from _paths(below, (*path, key))


@given(_DOCUMENTS)
def test_every_key_of_a_document_is_found(data: dict[str, Any]) -> None:
    """Whatever a writer makes of a document, each of its keys has a line inside the text."""
    text = tomlkit.dumps(data)
    lines = toml_lines.find(text)
    assert set(_paths(tomli.loads(text))) - {()} <= set(lines)
    assert all(1 <= line <= text.count("\n") + 1 for line in lines.values())


@example("a = [}")
@example('"\\a" = 1')
@given(st.text("ab.=[]{}\"'#\n ,\\", max_size=40))
def test_nonsense_costs_lines_never_an_error(text: str) -> None:
    """The scanner ends on any text."""
    toml_lines.find(text)


def test_a_deep_nest_costs_lines_never_an_error() -> None:
    """What stands before the nest is still found."""
    lines = toml_lines.find("a = 1\nb = " + "[" * 5000)
    assert lines["a",] == 1
    assert lines["b",] == 2
