"""What an operation wants is known before Python says so, and after."""

from __future__ import annotations

import ast
import math
import os
from typing import TYPE_CHECKING, Any

import pytest

from pytest_bugguard.core import protocols

if TYPE_CHECKING:
    from collections.abc import Callable


class Page:
    """Can nothing."""


def _in_place(page: Any) -> None:  # noqa: ANN401
    page += 1


def _unpacked(page: Any) -> None:  # noqa: ANN401
    _, _ = page


def _set(page: Any) -> None:  # noqa: ANN401
    page[0] = 1


def _entered(page: Any) -> None:  # noqa: ANN401
    with page:
        pass


async def _async_entered(page: Any) -> None:  # noqa: ANN401
    async with page:
        pass


async def _async_iterated(page: Any) -> None:  # noqa: ANN401
    async for _ in page:
        pass


async def _awaited(page: Any) -> None:  # noqa: ANN401
    await page


@pytest.mark.parametrize(
    ("operation", "method"),
    [
        pytest.param(lambda page: page + 1, "__add__", id="plus"),
        pytest.param(lambda page: 1 - page, "__rsub__", id="from-the-other-side"),
        pytest.param(_in_place, "__iadd__", id="in-place"),
        pytest.param(lambda page: page**2, "__pow__", id="power"),
        pytest.param(lambda page: divmod(page, 2), "__divmod__", id="divmod"),
        pytest.param(lambda page: -page, "__neg__", id="minus"),
        pytest.param(abs, "__abs__", id="abs"),
        pytest.param(lambda page: page < 1, "__lt__", id="less"),
        pytest.param(len, "__len__", id="len"),
        pytest.param(iter, "__iter__", id="iter"),
        pytest.param(_unpacked, "__iter__", id="unpacked"),
        pytest.param(lambda page: 1 in page, "__contains__", id="in"),
        pytest.param(next, "__next__", id="next"),
        pytest.param(lambda page: page[0], "__getitem__", id="taken"),
        pytest.param(_set, "__setitem__", id="set"),
        pytest.param(lambda page: type(page)[0], "__class_getitem__", id="taken-from-the-class"),
        pytest.param(lambda page: page(), "__call__", id="called"),
        pytest.param(reversed, "__reversed__", id="reversed"),
        pytest.param(round, "__round__", id="round"),
        pytest.param(range, "__index__", id="an-index"),
        pytest.param(os.fspath, "__fspath__", id="a-path"),
        pytest.param(int, "__int__", id="int"),
        pytest.param(math.sqrt, "__float__", id="a-number"),
        pytest.param(_entered, "__enter__", id="with"),
        pytest.param(lambda page: _async_entered(page).send(None), "__aenter__", id="async-with"),
        pytest.param(lambda page: _async_iterated(page).send(None), "__aiter__", id="async-for"),
        pytest.param(lambda page: _awaited(page).send(None), "__await__", id="await"),
    ],
)
def test_python_says_what_it_wants(operation: Callable[[Any], object], method: str) -> None:
    """In words that this Python has: they are tried, not remembered."""
    with pytest.raises(TypeError) as raised:
        operation(Page())
    assert method in protocols.wanted(str(raised.value))


@pytest.mark.parametrize(
    "said",
    [
        "unsupported operand type(s) for +: 'NoneType' and 'int'",
        "'function' object is not subscriptable",
        "count() takes 1 positional argument but 2 were given",
        "",
    ],
)
def test_nothing_is_wanted_of_pythons_own(said: str) -> None:
    """No fix gives ``None`` a sum."""
    assert protocols.wanted(said) == ()


@pytest.mark.parametrize(
    ("text", "method"),
    [
        ("a + b", "__radd__"),
        ("a += b", "__iadd__"),
        ("~a", "__invert__"),
        ("a <= b", "__ge__"),
        ("1 not in a", "__contains__"),
        ("a[0]", "__getitem__"),
        ("a()()", "__call__"),
        ("len(a)", "__len__"),
        ("os.fspath(a)", "__fspath__"),
        ("with a: pass", "__exit__"),
        ("for _ in a: pass", "__iter__"),
        ("[b for b in a]", "__iter__"),
        ("del a[0]", "__delitem__"),
    ],
)
def test_so_says_the_syntax(text: str, method: str) -> None:
    """Whatever of it stands where."""
    assert method in {name for node in ast.walk(ast.parse(text)) for name in protocols.used(node)}


def test_what_is_no_operation_wants_nothing() -> None:
    """A comparison for sameness works for all that there is."""
    for text in ("a is b == c", "a(b)", "a.b(c)"):  # what is called by its name is more often a function
        assert [*protocols.used(ast.parse(text, mode="eval").body)] == []
    assert (protocols.of_class("Sized"), protocols.of_class("Page")) == (("__len__",), ())
