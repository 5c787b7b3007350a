"""When is execution watched, where that has its price? A pytest plugin for such a Python. PYTEST_DONT_REWRITE.

While a test's own code runs: around its call always. Around a fixture there is much of pytest and mostly nothing to
see: where some have shown nothing, the next of the same kind are believed to be like them.
"""

from __future__ import annotations

from collections import Counter
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest

from . import start

if TYPE_CHECKING:
    from collections.abc import Generator


class Windows:
    """The plugin."""

    _PATIENCE = 3

    def __init__(self) -> None:
        self._in_vain: Counter[object] = Counter()
        self._has_own_fixture = False

    def pytest_runtest_logstart(self) -> None:
        self._has_own_fixture = False

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_fixture_setup(self, fixturedef: Any) -> Generator[None, Any, Any]:
        if not _is_own(fixturedef):
            return (yield)
        self._has_own_fixture = True
        with self._patiently(fixturedef):
            return (yield)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_pyfunc_call(self) -> Generator[None, Any, Any]:
        with _watching():
            return (yield)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Generator[None, Any, Any]:
        if type(item).runtest is pytest.Function.runtest:  # its function is all that is called
            return (yield)
        with _watching():
            return (yield)

    @pytest.hookimpl(wrapper=True, trylast=True)
    def pytest_runtest_teardown(self, item: pytest.Item) -> Generator[None, Any, Any]:
        if not self._has_own_fixture:
            return (yield)
        with self._patiently(item.parent):
            return (yield)

    @contextmanager
    def _patiently(self, kind: object) -> Generator[None]:
        execution = start.witness.execution
        if self._in_vain[kind] >= self._PATIENCE:
            yield
            return
        before = execution.seen
        with _watching():
            yield
        self._in_vain[kind] = self._in_vain[kind] + 1 if execution.seen == before else 0


@contextmanager
def _watching() -> Generator[None]:
    start.witness.execution.watch()
    try:
        yield
    finally:
        start.witness.execution.rest()


def _is_own(fixturedef: Any) -> bool:
    """Whether a fixture runs code of the project: its own, or a set-up method through pytest."""
    code = getattr(fixturedef.func, "__code__", None)
    is_in_tree = code is None or start.places.in_tree(code.co_filename) is not None
    return is_in_tree or fixturedef.argname.startswith(("_xunit_", "_unittest_"))
