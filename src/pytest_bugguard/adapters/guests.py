"""Plugins of ours written by others: found, loaded, asked."""

from __future__ import annotations

import importlib
import importlib.util
import itertools
import sys
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import pluggy

from pytest_bugguard import hookspecs
from pytest_bugguard.core.errors import BugguardError
from pytest_bugguard.core.model import MappedTest, NotAFix, Sign

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import UnionType

    from pytest_bugguard.core.model import Recognition, Unit
    from pytest_bugguard.core.results import Result

Wanted = TypeVar("Wanted")

ENTRY_POINT_GROUP = "bugguard"
_FAULTS = (Exception, SystemExit)
"""A guest is somebody else's code: whatever it raises, the fault is there."""
_MEND = "mend the guest, or take it out of the setting"


_PREFIX = "bugguard_"
_KNOWN = frozenset(name for name in vars(hookspecs) if name.startswith(_PREFIX))
_HOOKS = f"the hooks are {', '.join(sorted(_KNOWN))}"


class GuestError(BugguardError):
    """A guest cannot be loaded or asks for a hook that is not there."""

    slug = "guest"


class LoadedGuests:
    """All guests behind one face. What one of them does wrong is told by its name, and is no fault of ours."""

    def __init__(self, manager: pluggy.PluginManager) -> None:
        self._hook = manager.hook
        self.names: tuple[str, ...] = tuple(name or "" for name, _ in manager.list_name_plugin())
        """Of the guests that are there."""

    def recognise(self, unit: Unit) -> Recognition | None:
        """The first opinion on whether a unit is a fix."""
        answers = _asked(self._hook.bugguard_recognise, unit=unit)
        return next((_sound(who, answer, Sign | NotAFix) for who, answer in answers), None)

    def tests(self, unit: Unit) -> tuple[MappedTest, ...]:
        """The tests that any guest names."""
        return tuple(
            _sound(who, test, MappedTest)
            for who, answer in _asked(self._hook.bugguard_tests, unit=unit)
            for test in _sound(who, answer, list | tuple)
        )

    def formats(self) -> dict[str, Callable[[Result], str]]:
        """The output formats that guests add, by name."""
        return {
            name: partial(_written, f"{who}: {name!r}", write)
            for who, answer in _asked(self._hook.bugguard_formats)
            for name, write in _sound(who, answer, dict).items()
        }


def _asked(hook: pluggy.HookCaller, **question: object) -> Iterator[tuple[str, object]]:
    """Who answers, and what, one by one, in pluggy's order; who has nothing to say is left out.

    pluggy would ask them all at once, and of an exception it does not say whose it is.
    """
    for guest in reversed(hook.get_hookimpls()):
        who = f"plugins: {guest.plugin_name}: {hook.name}"
        answer = _called(who, guest.function, *(question[name] for name in guest.argnames))
        if answer is not None:
            yield who, answer


def _written(who: str, write: Callable[[Result], object], result: Result) -> str:
    """A result in a format of a guest."""
    return _sound(who, _called(who, write, result), str)


def _called(who: str, function: Callable[..., object], *arguments: object) -> object:
    try:
        return function(*arguments)
    except _FAULTS as error:
        raise GuestError(f"{who} fails: {type(error).__name__}: {error}", hint=_MEND) from error


def _sound(who: str, answer: object, wanted: type[Wanted] | UnionType) -> Wanted:
    """An answer that is of the kind that was asked for."""
    if not isinstance(answer, wanted):
        said = f"{who} answers with a value of type {type(answer).__name__}"
        raise GuestError(said, hint="pytest_bugguard.hookspecs says what each hook answers")
    return answer


def load(names: Sequence[str], *, top: Path | None) -> LoadedGuests:
    """Load the guests of the entry-point group and those that the settings name.

    Args:
        names: Importable modules, from the setting ``plugins``.
        top: The repository's folder. A module inside it is refused: commands that only read a repository must not
            run code out of it. None inside pytest, where the user has chosen to run that code.

    Raises:
        GuestError: One cannot be imported, stands in the repository, has a hook that we do not know, or is named and
            has none.
    """
    manager = pluggy.PluginManager("bugguard")
    manager.add_hookspecs(hookspecs)
    try:
        manager.load_setuptools_entrypoints(ENTRY_POINT_GROUP)
    except _FAULTS as error:
        said = f"plugins: an installed guest cannot be loaded: {type(error).__name__}: {_in_one_line(error)}"
        raise GuestError(said, hint="mend or uninstall the distribution with that entry point") from error
    for name in dict.fromkeys(names):
        _register(manager, name, _import(name, top))
    _check_names(manager, names)
    return LoadedGuests(manager)


def _register(manager: pluggy.PluginManager, name: str, guest: object) -> None:
    if manager.is_registered(guest):
        return  # by an entry point, too
    try:
        manager.register(guest, name)
    except pluggy.PluginValidationError as error:
        raise GuestError(f"plugins: {_in_one_line(error)}", hint=_MEND) from error


def _unspoken(name: str) -> GuestError:
    return GuestError(
        f"plugins: {name} names no hook of ours in its own text: it is not even imported",
        hint=f"name the module in which its hooks are written, not one that imports them; {_HOOKS}",
    )


def _text_of(name: str) -> str:
    """The source of a module, found without running anything: not the packages around it either.

    Raises:
        ImportError: There is no such module.
    """
    parts = name.split(".")
    path: Sequence[str] | None = None
    loader: object = None
    for below in itertools.accumulate(parts, "{}.{}".format):
        spec = next(filter(None, (finder.find_spec(below, path) for finder in sys.meta_path)), None)
        if spec is None:
            raise ModuleNotFoundError(f"No module named {below!r}")
        path, loader = spec.submodule_search_locations or [], spec.loader
    source: str | None = getattr(loader, "get_source", lambda _: None)(name)
    return source or ""


def _in_one_line(error: BaseException) -> str:
    return " ".join(str(error).split())


def _import(name: str, top: Path | None) -> object:
    if top is not None and _stands_in(name, top):
        raise GuestError(
            f"plugins: {name!r} would be loaded from the repository that is being read",
            hint="install it into the environment, or name it in the run of pytest only",
        )
    try:
        # Settings come from the repository that is read, and there are installed modules that do things when they are
        # imported: antigravity starts a browser. So only what speaks of our hooks is.
        if name not in sys.modules and _PREFIX not in _text_of(name):
            raise _unspoken(name)
        return importlib.import_module(name)
    except GuestError:
        raise
    except ImportError as error:
        raise GuestError(
            f"plugins: {name!r} cannot be imported: {error}", hint="install it, or take it out of the setting"
        ) from error
    except _FAULTS as error:
        said = f"{type(error).__name__}: {error}"
        raise GuestError(f"plugins: {name!r} fails when it is imported: {said}", hint=_MEND) from error


def _stands_in(name: str, top: Path) -> bool:
    """Whether the top-level module, found without running anything, is a file of the repository."""
    package = name.partition(".")[0]
    if package in sys.modules:
        return False
    try:
        spec = importlib.util.find_spec(package)
    except (ImportError, ValueError):
        return False
    places = [*(spec.submodule_search_locations or ()), spec.origin or ""] if spec else []
    inside = [Path(place).resolve() for place in places if place]
    return any(place.is_relative_to(top.resolve()) and "site-packages" not in place.parts for place in inside)


def _check_names(manager: pluggy.PluginManager, names: Sequence[str]) -> None:
    for plugin in manager.get_plugins():
        who = f"plugins: {manager.get_name(plugin)}"
        for name in dir(plugin):
            if name.startswith(_PREFIX) and name not in _KNOWN:
                raise GuestError(f"{who} has a hook {name!r}, which does not exist", hint=_HOOKS)
        if manager.get_name(plugin) in names and not manager.get_hookcallers(plugin):
            raise GuestError(f"{who} has no hook of ours: nothing would ever ask it", hint=_HOOKS)
    try:
        manager.check_pending()
    except pluggy.PluginValidationError as error:
        raise GuestError(f"plugins: {_in_one_line(error)}") from error
