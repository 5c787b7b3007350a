"""How did each test end? A pytest plugin that writes down what it sees, line by line. PYTEST_DONT_REWRITE.

Nothing that a test replaces, closes or deletes may bend or end the record: functions are held on to, the file is opened
anew for each line, and a process that a test forked writes nothing here.
"""

from __future__ import annotations

import json
import marshal
import os
import sys
import threading
from copy import copy
from time import sleep
from typing import TYPE_CHECKING, Any

import pytest

from . import start
from .appending import Appending
from .closing import cut_short
from .exceptions import describe
from .windows import Windows

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

_encode = json.JSONEncoder().encode
_getpid = os.getpid
_open = open
_GLANCE_S = 0.005
"""How often the word is looked for that lets the tests begin."""
_SEP = os.sep
_RERUNNERS = ("rerunfailures", "pytest_rerunfailures", "flaky", "pytest_retry", "pytest-retry")
"""Plugins that repeat a failing test on a mark alone: one outcome is asked for, not the best of several."""


class Record:
    """The file of results, as numbered lines of JSON."""

    def __init__(self, path: str) -> None:
        self._file = Appending(path)
        self._owner = _getpid()
        self._number = 0
        self._waiting: list[str] = []
        self.is_finished = False

    def add(self, event: str, *, can_wait: bool = False, **facts: Any) -> int:
        """Write one line and return its number; a line that cannot be written leaves a gap, and that is seen.

        One that can wait is written with the next that cannot: lost with a process that dies, it is not made up for.
        """
        if _getpid() != self._owner:
            return 0
        self._number += 1
        self._waiting.append(_encode({"n": self._number, "event": event, **facts}))
        if not can_wait:
            self._waiting.append("")
            self._file.add("\n".join(self._waiting).encode("ascii"))
            self._waiting = []
        return self._number


class Recorder:
    """The plugin."""

    def __init__(self, record: Record) -> None:
        self._record = record
        self._places = start.places
        self._targets = start.plan["targets"]
        self._own = start.plan["own"]
        self._order = start.plan["order"]
        self._asked = frozenset(self._order)
        self._files = {target.partition("::")[0] for target in self._targets}
        self._ids: dict[str, str] = {}
        self._seen: dict[str, None] = {}
        self._reported = 0

    # What is collected

    @pytest.hookimpl(tryfirst=True)
    def pytest_sessionstart(self, session: pytest.Session) -> None:
        for name in _RERUNNERS:
            plugin = session.config.pluginmanager.get_plugin(name)
            if plugin is not None:
                session.config.pluginmanager.unregister(plugin)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collect_file(self, file_path: Any) -> Generator[None, Any, Any]:
        collectors = yield
        inside = self._places.in_tree(str(file_path))
        if not collectors and inside is not None and inside.replace(_SEP, "/") in self._files:
            self._record.add("refused", path=inside.replace(_SEP, "/"))
        return collectors

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(self, collector: Any) -> Generator[None, Any, Any]:
        report = yield
        call = getattr(report, "call", None)
        if call is not None and call.excinfo is not None:
            raised = describe(call.excinfo.value, self._places)
            self._record.add("uncollected", path=self._id(collector), raised=raised)
        return report

    def pytest_itemcollected(self, item: pytest.Item) -> None:
        if self._is_asked(self._id(item)):
            self._seen[self._id(item)] = None

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_collection_modifyitems(
        self, session: pytest.Session, items: list[pytest.Item]
    ) -> Generator[None, Any, Any]:
        """Leave what was not asked for, and what the project ignores: pytest collects it where it is named.

        After all others: an order that is asked for stands against whoever sorts, shuffles or groups tests.
        """
        result = yield
        if start.plan["word"]:
            self._targets = _word(start.plan["word"])
        ignored = {path for path in {item.path for item in items} if self._is_ignored(path, session)}
        items[:] = [item for item in items if self._is_asked(self._id(item)) and item.path not in ignored]
        if self._order:
            items[:] = self._in_order(items)
        return result

    def _in_order(self, items: Sequence[pytest.Item]) -> Generator[pytest.Item]:
        by_id = {self._id(item): item for item in items}
        taken: set[str] = set()
        for nodeid in self._order:
            if nodeid in by_id:
                yield _again(by_id[nodeid]) if nodeid in taken else by_id[nodeid]
                taken.add(nodeid)

    def _is_ignored(self, path: Path, session: pytest.Session) -> bool:
        """Whether a run without arguments would pass a file by, or a folder on the way to it."""
        inside = self._places.in_tree(str(path))
        if inside is None:
            return False
        on_the_way = [path, *path.parents[: inside.count(_SEP)]]
        return any(
            session.gethookproxy(each.parent).pytest_ignore_collect(collection_path=each, config=session.config)
            for each in reversed(on_the_way)
        )

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        collected = [self._id(item) for item in session.items]
        staying = set(collected)
        self._record.add(
            "collected",
            ids=collected,
            left_out=[nodeid for nodeid in self._seen if nodeid not in staying and self._is_asked(nodeid)],
        )

    def _is_asked(self, nodeid: str) -> bool:
        if self._order:
            return nodeid in self._asked
        return not self._targets or _is_below(nodeid, self._targets)

    def _id(self, node: Any) -> str:
        """The node id from the tree's top: pytest's own starts at its rootdir, which may lie below."""
        known = self._ids.get(node.nodeid)
        if known is None:
            known = self._ids[node.nodeid] = self._from_top(node)
        return known

    def _from_top(self, node: Any) -> str:
        inside = self._places.in_tree(str(node.path))
        if inside is None:
            return str(node.nodeid)
        _, colons, names = node.nodeid.partition("::")
        return f"{inside.replace(_SEP, '/')}{colons}{names}"

    # What is run

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self, item: pytest.Item) -> Generator[None, Any, Any]:
        if not start.plan["is_at_home"]:
            _derandomise()
        nodeid = self._id(item)
        start.enter(item.nodeid, is_own=not self._own or _is_below(nodeid, self._own))
        self._record.add(
            "test",
            id=nodeid,
            node=item.nodeid.replace("\0", "(null)"),
            limit=item.get_closest_marker("timeout") is not None,
        )
        try:
            return (yield)
        finally:
            start.enter("")

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self) -> Generator[None, Any, Any]:
        """Tell of threads that die: whoever waits for them learns of it only by what they have not done."""
        hook = threading.excepthook
        died: list[dict[str, Any]] = []

        def note(dying: Any) -> None:
            if dying.exc_value is not None:
                died.append(describe(dying.exc_value, self._places))
            hook(dying)

        threading.excepthook = note
        try:
            return (yield)
        finally:
            if threading.excepthook is note:
                threading.excepthook = hook
            for raised in died:
                self._record.add("thread", can_wait=True, raised=raised)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_makereport(self, item: pytest.Item, call: Any) -> Generator[None, Any, Any]:
        report = yield
        # After pytest's own hooks: until then a unittest has no exception.
        error = None if call.excinfo is None else call.excinfo.value
        self._reported = self._record.add(
            "report",
            can_wait=error is None and report.outcome == "passed",
            id=self._id(item),
            when=report.when,
            outcome=report.outcome,
            duration=report.duration,
            **({"xfail": True} if hasattr(report, "wasxfail") else {}),
            **({"reason": _reason(report)} if report.longrepr or hasattr(report, "wasxfail") else {}),
            **({"raised": describe(error, self._places)} if error is not None else {}),
        )
        return report

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        context = getattr(report, "context", None)  # a subtest's report follows the one that it was made from
        if context is not None:
            parts = [f"[{context.msg}]"] if context.msg is not None else []
            parts += (
                [f"({', '.join(f'{name}={value}' for name, value in context.kwargs.items())})"]
                if context.kwargs
                else []
            )
            self._record.add("subtest", of=self._reported, description=" ".join(parts))

    # How it ends

    def pytest_internalerror(self, excinfo: Any) -> None:
        self._record.add("internal-error", raised=describe(excinfo.value, self._places))

    def pytest_keyboard_interrupt(self, excinfo: Any) -> None:
        self._record.add("interrupted", raised=describe(excinfo.value, self._places))

    @pytest.hookimpl(trylast=True)
    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        self._record.is_finished = True
        self._record.add(
            "finished", status=int(session.exitstatus), stop=str(session.shouldstop or session.shouldfail or "")
        )
        cut_short(session.config)


def _word(place: str) -> Sequence[str]:
    """Which tests to run: the one who has started us says so when their time has come, and ends us if it never does."""
    while True:
        try:
            with _open(place, "rb") as stream:
                return marshal.load(stream)  # type: ignore[no-any-return] # noqa: S302 - our own file
        except FileNotFoundError:
            sleep(_GLANCE_S)


def _is_below(nodeid: str, targets: Sequence[str]) -> bool:
    """Whether a test is one of those, a case of one, or stands in one of those folders, files or classes."""
    return any(
        target in {"", nodeid} or nodeid.startswith((f"{target}/", f"{target}::", f"{target}[")) for target in targets
    )


def _again(item: pytest.Item) -> pytest.Item:
    """The same test once more: an item of its own, since pytest tears none down whose successor it is itself."""
    twin = copy(item)
    twin.stash = pytest.Stash()
    if getattr(twin, "_instance", None) is not None:  # pytest makes another one, and takes the method from it
        del twin._instance, twin._obj  # type: ignore[attr-defined]  # noqa: SLF001
    if hasattr(twin, "dtest"):  # doctest empties the names of one when it has run
        twin.dtest = copy(twin.dtest)
        twin.dtest.globs = twin.dtest.globs.copy()
    twin._report_sections = []  # noqa: SLF001 - what pytest sets up for each item
    if hasattr(twin, "_initrequest"):  # functions and doctests: fixture values are an item's own
        twin._initrequest()  # noqa: SLF001 - as pytest-rerunfailures does
    return twin


def _reason(report: Any) -> str:
    """Why it was skipped, expected to fail, or failed without an exception."""
    if hasattr(report, "wasxfail") and report.wasxfail:
        return str(report.wasxfail)
    match report.longrepr:
        case (_, _, str(reason)) if report.outcome == "skipped":
            return reason.removeprefix("Skipped: ")
        case str(text):
            return text
    return ""


def _derandomise() -> None:
    """Let Hypothesis, where a test has loaded it, draw the same examples each time, and keep none.

    A forced seed does both and leaves the project's own profiles alone.
    """
    core = sys.modules.get("hypothesis.core")
    if core is not None and getattr(core, "global_force_seed", 0) is None:
        core.global_force_seed = 0  # type: ignore[attr-defined]


def _watch_for_the_end(record: Record) -> None:
    """Where pytest never comes to its end, tell of the exception that took it down."""
    import atexit  # noqa: PLC0415 - only here

    def tell() -> None:
        error = getattr(sys, "last_value", None)
        if not record.is_finished and isinstance(error, BaseException):
            record.add("no-start", raised=describe(error, start.places))

    atexit.register(tell)


del sys.argv[1:]  # pytest has read it: a test that reads it is not to meet our words, but those of a plain `pytest`
_record = Record(start.record)
_record.add("begin")
_watch_for_the_end(_record)


def pytest_addoption(pluginmanager: pytest.PytestPluginManager) -> None:
    """The first thing that pytest asks, before it loads any conftest file."""
    if start.measure is not None and start.measure.is_dear:
        from .between import Between  # noqa: PLC0415 - few runs need it

        pluginmanager.register(Between(start.measure), "bugguard-between")


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_load_initial_conftests() -> Generator[None, None, None]:
    """Tell of a conftest that cannot be loaded: pytest then gives up before anything else is asked."""
    try:
        yield
    except BaseException as error:
        _record.add("no-start", raised=describe(error, start.places))
        raise


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Take part, and keep our own door shut where pytest has loaded it."""
    if "bugguard" in config.option:
        config.option.bugguard = False
    config.pluginmanager.register(Recorder(_record), "bugguard-recorder")
    if start.witness.execution.needs_windows and not start.plan["is_at_home"]:
        config.pluginmanager.register(Windows(), "bugguard-windows")
