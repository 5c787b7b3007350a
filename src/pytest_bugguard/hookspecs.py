"""The questions that guests may answer, and nothing else.

A guest is a module or an object with functions marked ``@hookimpl``; ``docs/how-to/write-a-guest.md`` has a
whole one that the test-suite runs.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pluggy

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pytest_bugguard.core.model import MappedTest, Recognition, Unit
    from pytest_bugguard.core.results import Result

hookspec = pluggy.HookspecMarker("bugguard")
hookimpl = pluggy.HookimplMarker("bugguard")


@hookspec(firstresult=True)
def bugguard_recognise(unit: Unit) -> Recognition | None:
    """Is this unit a bug fix?

    Asked once for each unit, before our own rules. ``Sign`` says yes and by which sign, ``NotAFix`` says no and
    why; both end the question. ``None`` leaves it to the next guest and then to the rules.

    Example::

        @hookimpl
        def bugguard_recognise(unit):
            if unit.commit.subject.startswith("INC-"):
                return Sign(rule="incident", matched=unit.commit.subject.split()[0], where="subject")
    """


@hookspec
def bugguard_tests(unit: Unit) -> Sequence[MappedTest]:  # type: ignore[empty-body]  # pluggy never calls a spec
    """Which tests guard this unit, besides those that its own diff shows?

    Asked for each unit whose tests are looked for. What every guest names is added up; a test with
    ``counts=False`` is listed and guards nothing.

    Example::

        @hookimpl
        def bugguard_tests(unit):
            return [MappedTest("tests/test_plan.py::test_replay", How.LINKED, counts=True, reason="in the test plan")]
    """


@hookspec
def bugguard_formats() -> dict[str, Callable[[Result], str]]:  # type: ignore[empty-body]
    """Which further output formats are there?

    Asked once, when a command is told ``--format``. The keys become words of that option; each function gets the
    whole result and returns the text for standard output.

    Example::

        @hookimpl
        def bugguard_formats():
            return {"count": lambda result: f"{result.summary.fixes} fixes"}
    """
