"""What of the project runs between its imports and its tests, where looking has its price? PYTEST_DONT_REWRITE.

The hooks of its conftest files and plugins, its own collectors, and what makes its cases. All else there is pytest's.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

import pytest
from _pytest.assertion import rewrite

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from .measure import Measure


class Between:
    """The plugin; registered before any conftest file is."""

    def __init__(self, measure: Measure) -> None:
        self._measure = measure
        # Looked at, it takes as long as the tests.
        rewrite._rewrite_test = measure.aside(rewrite._rewrite_test)  # noqa: SLF001

    def pytest_plugin_registered(self, plugin: object, manager: Any) -> None:
        for caller in manager.get_hookcallers(plugin) or ():
            for hook in caller.get_hookimpls():
                if hook.plugin is plugin and self._is_projects(hook.function):
                    is_wrapper = hook.wrapper or hook.hookwrapper
                    look_at = self._steps_looked_at if is_wrapper else self._measure.looked_at
                    hook.function = look_at(hook.function)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_make_collect_report(self, collector: pytest.Collector) -> Generator[None, Any, Any]:
        if not self._is_projects(type(collector).collect):
            return (yield)
        with self._measure.looking():
            return (yield)

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_generate_tests(self, metafunc: pytest.Metafunc) -> Generator[None, Any, Any]:
        if not any(hasattr(where, "pytest_generate_tests") for where in (metafunc.module, metafunc.cls)):
            return (yield)
        with self._measure.looking():
            return (yield)

    def _is_projects(self, function: Callable[..., Any]) -> bool:
        """Whether the tree holds it; where that is pytest's own, its hooks are most of what a run does."""
        is_pytests = str(getattr(function, "__module__", "")).startswith("_pytest.")
        return not is_pytests and self._measure.is_of_tree(function)

    def _steps_looked_at(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The same of one that yields; what others run meanwhile is none of it."""

        def call(*args: Any) -> Generator[Any, Any, Any]:
            steps = function(*args)
            step = partial(next, steps)
            while True:
                try:
                    told = self._measure.looked_at(step)()
                except StopIteration as end:
                    return end.value
                try:
                    step = partial(steps.send, (yield told))
                except BaseException as error:  # noqa: BLE001 - it is handed on
                    step = partial(steps.throw, error)

        return call
