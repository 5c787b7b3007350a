"""Where a new method would stand it is as if nothing were there, and whoever asks for it is told of."""

from __future__ import annotations

import builtins
import sys
from abc import ABCMeta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from pytest_bugguard.adapters.probe.bugguard_probe import absence, start
from pytest_bugguard.adapters.probe.bugguard_probe.dress import dressed

if TYPE_CHECKING:
    from collections.abc import Callable


class Mixin:
    def new(self) -> str:
        return "mixed in"


class Shelf:
    def old(self) -> str:
        return "old"


class Answers:
    def __getattr__(self, name: str) -> str:
        return f"answers {name}"


class Below(Shelf):
    pass


class Row(tuple[int]):
    __slots__ = ()


class Looks:
    def __getattribute__(self, name: str) -> object:
        return "looks" if name == "new" else object.__getattribute__(self, name)


class Fails:
    def __getattr__(self, name: str) -> object:
        raise AttributeError(f"no {name}")


class Mixed(Shelf, Mixin):
    pass


class Has(Shelf):
    def new(self) -> str:
        return "has it"


class Kind(type):
    pass


@pytest.fixture
def missed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Who was asked for what, while something stands in the classes' place for it."""
    found: list[tuple[str, str]] = []
    witness = SimpleNamespace(miss=lambda name, owner, _: found.append((name, owner.rpartition(".")[2])))
    monkeypatch.setattr(start, "witness", witness, raising=False)
    monkeypatch.setattr(builtins, "dir", dir)
    for kind in (Shelf, Answers, Row, Looks, Fails):
        monkeypatch.setattr(kind, "new", None, raising=False)
        monkeypatch.delattr(kind, "new")
        absence.put(kind, "new", "old")
    return found


def test_the_dress_lets_it_stand_in_classes_of_classes_too(
    missed: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Wherever a class of the old module has new methods."""
    monkeypatch.setitem(sys.modules, "bugguard_probe.absence", absence)
    old = b"class Shop:\n    class Shelf:\n        def old(self): ...\n"
    names: dict[str, Any] = {"__name__": "shop"}
    exec(compile(dressed(old, old + b"        def fresh(self): ...\n"), "shop.py", "exec"), names)
    with pytest.raises(AttributeError, match="'Shelf' object has no attribute 'fresh'"):
        names["Shop"].Shelf().fresh()
    assert missed == [("fresh", "Shelf")]


@pytest.mark.parametrize(
    ("ask", "said", "told"),
    [
        pytest.param(lambda: Shelf().new(), "'Shelf' object has no attribute 'new'", "Shelf", id="an-object"),  # type: ignore[attr-defined]
        pytest.param(lambda: Shelf.new, "type object 'Shelf' has no attribute 'new'", "Shelf", id="a-class"),  # type: ignore[attr-defined]
        pytest.param(lambda: Below().new(), "'Below' object has no attribute 'new'", "Below", id="a-subclass"),  # type: ignore[attr-defined]
        pytest.param(lambda: Row().new(), "'Row' object has no attribute 'new'", "Row", id="of-python-below"),  # type: ignore[attr-defined]
    ],
)
def test_it_fails_as_it_would(missed: list[tuple[str, str]], ask: Callable[[], object], said: str, told: str) -> None:
    """In Python's own words, with the name and the thing in the exception."""
    with pytest.raises(AttributeError, match=f"^{said}$") as raised:
        ask()
    assert (raised.value.name, raised.value.obj is not None, missed) == ("new", True, [("new", told)])


@pytest.mark.parametrize(
    ("ask", "answer"),
    [
        pytest.param(lambda: Mixed().new(), "mixed in", id="a-class-behind"),
        pytest.param(lambda: Has().new(), "has it", id="a-class-before"),
        pytest.param(lambda: Answers().new, "answers new", id="somebody-answers"),
        pytest.param(lambda: Shelf().old(), "old", id="something-is-there"),
        pytest.param(lambda: Looks().new, "looks", id="somebody-looks-himself"),
    ],
)
def test_who_gets_an_answer_misses_nothing(missed: list[tuple[str, str]], ask: Callable[[], Any], answer: str) -> None:
    """As without it."""
    assert (ask(), missed) == (answer, [])


def test_what_is_not_there_is_not_listed(missed: list[tuple[str, str]]) -> None:
    """Who goes through the names of an object, to do what each says, meets none that fails."""
    for thing in (Shelf(), Below(), Row()):
        assert "old" in dir(Shelf())
        assert all(hasattr(thing, name) for name in dir(thing))
    given = Shelf()
    given.new = 1  # type: ignore[attr-defined]
    assert [("new" in dir(thing)) for thing in (given, Has(), Mixed())] == [True] * 3
    assert missed == []


@pytest.mark.parametrize("kind", [type, ABCMeta, Kind])
def test_a_class_lists_what_it_has(missed: list[tuple[str, str]], kind: type) -> None:
    """Who makes rules or parameters of all that ``dir`` names, as Cerberus and Luigi do, meets none that fails."""
    rules = kind("Rules", (), {"old": 1})
    below = kind("Below", (rules,), {})
    for one in (Kind, rules):
        absence.put(one, "new")
    assert {"old", "__doc__"} <= set(dir(rules)) == set(dir(below))
    assert all(hasattr(rules, name) for name in dir(rules) if name != "__abstractmethods__")
    assert missed == []
    assert {"below", "kind", "missed", "rules"} <= set(dir())


@pytest.mark.parametrize(("added", "absent"), [("old", None), ("fresh", "_Shop__fresh")])
def test_a_private_name_is_that_of_its_class(
    missed: list[tuple[str, str]], monkeypatch: pytest.MonkeyPatch, added: str, absent: str | None
) -> None:
    """Python calls it by both names; a private method that was there already is not new."""
    monkeypatch.setitem(sys.modules, "bugguard_probe.absence", absence)
    old = "class _Shop:\n    def __old(self): ...\n    def kept(self): ...\n"
    new = f"{old}    def __{added}(self): ...\n    def more(self): ...\n"
    names: dict[str, Any] = {"__name__": "shop"}
    exec(compile(dressed(old.encode(), new.encode()), "shop.py", "exec"), names)
    own = {name for name, value in vars(names["_Shop"]).items() if type(value) is type(vars(Shelf)["new"])}
    assert own == {"more", absent} - {None}
    assert missed == []


def test_who_answers_for_what_is_not_there_may_fail_too(missed: list[tuple[str, str]]) -> None:
    """In its own words; that is told."""
    with pytest.raises(AttributeError, match=r"^no new$"):
        Fails().new  # noqa: B018 - to ask is enough
    assert set(missed) == {("new", "Fails")}


def test_what_is_no_class_has_no_methods() -> None:
    """A decorator may have made anything of it."""
    absence.put(test_what_is_no_class_has_no_methods, "new")
    assert not hasattr(test_what_is_no_class_has_no_methods, "new")
