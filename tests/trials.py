"""Runs of tests in a line, and what is said of a fix after them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from msgspec.structs import replace

from pytest_bugguard.core import proof
from pytest_bugguard.core.model import How, MappedTest, Outcome
from pytest_bugguard.core.novelty import Novelty
from pytest_bugguard.core.runs import Case, End, Frame, Loaded, Raised, TestRun
from pytest_bugguard.core.trial import Trial

if TYPE_CHECKING:
    from pytest_bugguard.core.proof import Proof

SOURCE = "src/shop/pager.py"
FILE = "tests/test_pager.py"
TEST = f"{FILE}::test_last"
LOADED = (Loaded(SOURCE),)

IN_TEST = Frame(FILE, 5, "test_last", is_inside=True)
IN_SOURCE = Frame(SOURCE, 41, "last_page", is_inside=True)
IN_LIBRARY = Frame("/usr/lib/python3/json/decoder.py", 3, "decode", is_inside=False)

_BASES = {
    "Failed": ("_pytest.outcomes.OutcomeException",),
    "ModuleNotFoundError": ("builtins.ImportError", "builtins.Exception"),
    "KeyError": ("builtins.LookupError", "builtins.Exception"),
}


def is_source(path: str) -> bool:
    """The source side of all these runs."""
    return path.startswith("src/")


def raised(name: str = "AssertionError", message: str = "", *frames: Frame, **fields: Any) -> Raised:  # noqa: ANN401
    """An exception, by the name of its class; of the builtins where the name has no dot."""
    full = name if "." in name else f"builtins.{name}"
    bases = (full, *_BASES.get(name, ("builtins.Exception",)))
    return Raised(full, bases, message, frames or (IN_TEST,), **fields)


WRONG = raised("AssertionError", "assert 0 == 10")


def passed(nodeid: str = TEST, **fields: Any) -> Case:  # noqa: ANN401
    """A case that passed and ran what the fix changed."""
    return replace(Case(nodeid, Outcome.PASSED, executed=(SOURCE,)), **fields)


def failed(nodeid: str = TEST, how: Raised | None = WRONG, **fields: Any) -> Case:  # noqa: ANN401
    """A case that ran what the fix changed and failed."""
    return replace(Case(nodeid, Outcome.FAILED, raised=how, executed=(SOURCE,)), **fields)


def run(*cases: Case, end: End = End.FINISHED, loaded: tuple[Loaded, ...] = LOADED, **fields: Any) -> TestRun:  # noqa: ANN401
    """A run that ended well and loaded the changed source from its own tree."""
    return TestRun(end, cases, loaded=loaded, **fields)


def mapped(nodeid: str = TEST, how: How = How.ADDED, **fields: Any) -> MappedTest:  # noqa: ANN401
    """A test that the fix brought."""
    return replace(MappedTest(nodeid, how, counts=True), **fields)


def trial(after: TestRun, before: TestRun, *tests: MappedTest, **fields: Any) -> Trial:  # noqa: ANN401
    """Both runs of a fix, with a repeat that is as the run before unless another one is given."""
    tried = Trial(
        fix="88d0e12",
        tests=tests or (mapped(),),
        after=after,
        before=before,
        again=before,
        novelty=Novelty(names=frozenset({"first_page"})),
        changed=(SOURCE,),
        changed_now=(SOURCE,),
        is_source=is_source,
    )
    return replace(tried, **fields)


def judged(after: TestRun, before: TestRun, *tests: MappedTest, **fields: Any) -> Proof:  # noqa: ANN401
    """What is said of a fix after these runs."""
    return proof.judge(trial(after, before, *tests, **fields))
