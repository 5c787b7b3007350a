"""A function whose parameters the fix changes is called as ever, and a call that does not fit it is told of."""

from __future__ import annotations

import asyncio
import inspect
import sys
from types import FrameType, FunctionType, SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_bugguard.adapters.probe.bugguard_probe import fitting, start
from pytest_bugguard.adapters.probe.bugguard_probe.dress import dressed

if TYPE_CHECKING:
    from collections.abc import Callable

OLD = """
import collections, contextlib, dataclasses, typing

Line = collections.namedtuple("Line", "start")
made = dict(start=1)
WAYS = {"on": lambda number: number + 1, "off": lambda: 0}
doubled = lambda number: number * 2

def maker():
    return lambda number: number + 1

def plain(items):
    '''How many.'''
    return len(items)

def lazy(items):
    got = yield items
    return got

async def later(items):
    return items

async def stream(items):
    yield items

@contextlib.contextmanager
def held(items):
    yield items

def same(items, size=1):
    return items, size

def raises(items):
    raise TypeError("raises() takes nothing")

class Page:
    turned = staticmethod(lambda number: number + 1)

    def turn(self, by):
        return by

    def stay(self):
        return 5

    @classmethod
    def of(cls, number):
        return cls

    @staticmethod
    def half(number):
        return number // 2

class Leaf(Page):
    '''One.'''

class Bare:
    pass

class Made:
    def __new__(cls, number):
        return object.__new__(cls)

class Sent(Bare):
    pass

@dataclasses.dataclass
class Row:
    number: int

class Pair(typing.NamedTuple):
    first: int
"""
NEW = (
    OLD.replace("(items):", "(items, *, size=10):")
    .replace("lambda number:", "lambda number, by=1:")
    .replace("self, by)", "self, by, to=None)")
    .replace("(cls, number)", "(cls, number, size=LIMIT)")
    .replace("half(number)", "half(number, by=2)")
    .replace("'''One.'''", "def stay(self, at=1):\n        return 5")
    .replace("    pass", "    def __init__(self, size=1):\n        self.size = size")
    .replace("number: int", "number: int\n    size: int = 1")
    .replace("first: int", "first: int\n    second: int = 1")
    .replace('"start"', '"start, end"')
    .replace("dict(start=1)", "dict(start=2)")
    .replace("size=1):\n    return items, size", "size=2):\n    return items, size")
)


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """What was told: Python's words, and the function that made the call."""
    found: list[tuple[str, str]] = []

    def misfit(error: TypeError, calling: FrameType) -> None:
        while calling.f_code.co_filename == fitting.__file__ and calling.f_back:  # as the witness passes it by
            calling = calling.f_back
        found.append((str(error), calling.f_code.co_name))

    witness = SimpleNamespace(misfit=misfit, miss=lambda *_: None)
    monkeypatch.setattr(start, "witness", witness, raising=False)
    monkeypatch.setitem(sys.modules, "bugguard_probe.fitting", fitting)
    return found


@pytest.fixture
def shop(told: list[tuple[str, str]]) -> Any:  # noqa: ANN401 - a module
    """The old module in the dress of the new one."""
    assert told == []
    space: dict[str, Any] = {"__name__": "shop"}
    sys.modules["shop"] = SimpleNamespace(__dict__=space)  # type: ignore[assignment] # dataclasses look there
    try:
        exec(compile(dressed(OLD.encode(), NEW.encode()), "shop.py", "exec", dont_inherit=True), space)
    finally:
        del sys.modules["shop"]
    return SimpleNamespace(**space)


def test_it_does_what_it_did(shop: Any, told: list[tuple[str, str]]) -> None:  # noqa: ANN401
    """Whatever kind of function it is, also of a class and by a decorator."""
    lazy = shop.lazy(3)
    assert next(lazy) == 3
    with pytest.raises(StopIteration, match=r"^7$"):
        lazy.send(7)
    with shop.held(4) as held:
        assert held == 4
    assert shop.plain([1]) == 1
    assert asyncio.run(shop.later(2)) == 2
    assert (shop.Page().turn(5), shop.Page.of(1), shop.Page.half(5)) == (5, shop.Page, 2)
    assert shop.Leaf().stay() == 5
    lambdas = shop.WAYS["on"](1), shop.WAYS["off"](), shop.doubled(2), shop.maker()(1), shop.Page.turned(1)
    assert lambdas == (2, 0, 4, 2, 2)
    assert (shop.Line(1), shop.made) == ((1,), {"start": 1})
    assert (shop.Row(1), shop.Pair(1), type(shop.Bare()), type(shop.Made(1)), type(shop.Sent())) == (
        shop.Row(number=1),
        (1,),
        shop.Bare,
        shop.Made,
        shop.Sent,
    )
    assert told == []


@pytest.mark.parametrize(
    "call",
    [
        pytest.param(lambda shop: shop.plain([1], size=2), id="a-keyword"),
        pytest.param(lambda shop: shop.doubled(1, 2), id="one-too-many"),
        pytest.param(lambda shop: shop.WAYS["on"](1, by=2), id="a-lambda"),
        pytest.param(lambda shop: shop.maker()(1, by=2), id="a-lambda-that-is-made"),
        pytest.param(lambda shop: shop.Page.turned(1, by=2), id="a-lambda-of-a-class"),
        pytest.param(lambda shop: next(shop.lazy(1, size=2)), id="a-generator"),
        pytest.param(lambda shop: shop.later(1, size=2).send(None), id="a-coroutine"),
        pytest.param(lambda shop: shop.Page().turn(1, to=2), id="a-method"),
        pytest.param(lambda shop: shop.Leaf().stay(at=2), id="a-method-of-a-base"),
        pytest.param(lambda shop: shop.Page.of(1, size=2), id="a-class-method"),
        pytest.param(lambda shop: shop.Page.half(1, by=2), id="a-static-method"),
        pytest.param(lambda shop: shop.Made(1, size=2), id="a-maker"),
        pytest.param(lambda shop: shop.Bare(size=2), id="no-maker"),
        pytest.param(lambda shop: shop.Sent(size=2), id="the-maker-of-a-base"),
        pytest.param(lambda shop: shop.Row(1, size=2), id="a-field"),
        pytest.param(lambda shop: shop.Pair(1, second=2), id="a-field-of-a-tuple"),
        pytest.param(lambda shop: shop.Line(1, end=2), id="a-field-of-a-tuple-that-is-made"),
    ],
)
def test_a_call_that_does_not_fit_is_told(
    shop: Any,  # noqa: ANN401
    told: list[tuple[str, str]],
    call: Callable[[Any], object],
) -> None:
    """It fails as it would, and it is told by whom it was made."""
    with pytest.raises(TypeError) as raised:
        call(shop)
    assert set(told) == {(str(raised.value), "<lambda>")}


def test_a_call_that_fits_neither_is_none_of_ours(shop: Any, told: list[tuple[str, str]]) -> None:  # noqa: ANN401
    """With the fix it would fail too."""
    for args in ([1], 2), ():
        with pytest.raises(TypeError):
            shop.plain(*args)
    assert told == []


def test_an_error_from_inside_is_none_of_ours(shop: Any, told: list[tuple[str, str]]) -> None:  # noqa: ANN401
    """Whatever its words."""
    with pytest.raises(TypeError, match="takes nothing"):
        shop.raises(1)
    assert told == []


def test_it_shows_the_parameters_of_the_fix(shop: Any) -> None:  # noqa: ANN401
    """With its other words; a default that would have to be worked out is left open."""
    assert str(inspect.signature(shop.plain)) == "(items, *, size=10)"
    assert str(inspect.signature(shop.Page.of)) == "(number, size=Ellipsis)"
    assert (shop.plain.__name__, shop.plain.__doc__) == ("plain", "How many.")


def test_it_is_still_of_its_kind(shop: Any) -> None:  # noqa: ANN401
    """Old code asks; and what is called as before is left alone."""
    kinds = (inspect.isgeneratorfunction, inspect.iscoroutinefunction, inspect.isasyncgenfunction)
    found = [shop.lazy, shop.later, shop.stream]
    assert [kind(one) for kind, one in zip(kinds, found, strict=True)] == [True] * 3
    assert type(shop.plain) is FunctionType
    assert shop.same.__code__.co_filename == "shop.py"


def test_what_is_no_class_is_left_alone() -> None:
    """A decorator may have made anything of it."""
    fitting.watch_making(test_what_is_no_class_is_left_alone)
    assert type(test_what_is_no_class_is_left_alone) is FunctionType
