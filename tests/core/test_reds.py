"""A red is told by its exception and the lines that it passed through."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from pytest_bugguard.core import novelty
from pytest_bugguard.core.model import Outcome, RedKind
from pytest_bugguard.core.novelty import SourceVersions
from pytest_bugguard.core.reds import Grounds
from pytest_bugguard.core.runs import Case, Claim, Misfit, Raised, Want
from tests.trials import FILE, IN_LIBRARY, IN_SOURCE, IN_TEST, SOURCE, failed, is_source, passed, raised

OLD = b"def pages(n): ...\nclass Pager:\n    def __init__(self, n): ...\n"
NEW = b"def pages(n, strict): ...\nclass Pager:\n    def __init__(self, n, size): ...\n    def first(self): ...\n"
NEW += b"setattr(Pager, 'put', 1)\n"
GROUNDS = Grounds(novelty.of([SourceVersions(SOURCE, SOURCE, OLD, NEW)]), is_source, frozenset({"src/test/changed.py"}))

FIRST = {"missing": "first", "owner": "shop.pager.Pager"}
HANDING_ON = IN_SOURCE._replace(hands_on=True)
PUT = {"missing": "put", "owner": "shop.pager.Pager"}
NONE = {"missing": "first", "owner": "builtins.NoneType"}
MISFIT = "pages() got an unexpected keyword argument 'strict'"


@pytest.mark.parametrize(
    ("exception", "kind"),
    [
        pytest.param(raised("AssertionError", "assert 0 == 10"), RedKind.ASSERTION, id="assert"),
        pytest.param(raised("Failed", "DID NOT RAISE ValueError"), RedKind.ASSERTION, id="did-not-raise"),
        pytest.param(raised("AssertionError", "", IN_TEST, IN_SOURCE), RedKind.ASSERTION, id="assert-in-source"),
        pytest.param(raised("AssertionError", "assert hasattr(p, 'first')"), RedKind.ASSERTION, id="hasattr"),
        pytest.param(raised("KeyError", "'a'", IN_TEST, IN_SOURCE), RedKind.RAISED, id="source-raised"),
        pytest.param(raised("KeyError", "", IN_TEST, IN_SOURCE, IN_LIBRARY), RedKind.RAISED, id="through-source"),
        pytest.param(raised("TypeError", "", IN_TEST, IN_SOURCE, IN_TEST), RedKind.RAISED, id="test-double-raised"),
        pytest.param(raised("TypeError", "cannot pickle 'x' object"), RedKind.ERROR, id="out-of-c"),
        pytest.param(
            replace(raised("KeyError", "'first'"), claim=Claim("def test():\n    vars(Pager)['first']\n", 2)),
            RedKind.NEW_API,
            id="new-key-of-a-namespace",
        ),
        pytest.param(raised("AttributeError", "", **NONE), RedKind.ERROR, id="attribute-of-none"),
        pytest.param(raised("AttributeError", "", **FIRST), RedKind.NEW_API, id="new-method"),
        pytest.param(raised("AttributeError", "", IN_TEST, IN_SOURCE, **FIRST), RedKind.RAISED, id="missed-by-source"),
        pytest.param(raised("AttributeError", "", **PUT), RedKind.NEW_API, id="put-there-in-some-way"),
        pytest.param(raised("AttributeError", "", IN_TEST, HANDING_ON, **PUT), RedKind.RAISED, id="refused-by-source"),
        pytest.param(raised("NameError", "", missing="Pager"), RedKind.ERROR, id="name-that-was-there"),
        pytest.param(raised("ImportError", "", missing="first", owner="shop.pager"), RedKind.NEW_API, id="new-import"),
        pytest.param(raised("TypeError", MISFIT), RedKind.NEW_API, id="new-parameter"),
        pytest.param(raised("TypeError", MISFIT, IN_TEST, IN_SOURCE), RedKind.RAISED, id="source-passes-it-on"),
        pytest.param(raised("TypeError", MISFIT, IN_TEST, HANDING_ON), RedKind.NEW_API, id="handed-on-by-a-decorator"),
        pytest.param(
            raised("TypeError", MISFIT, IN_TEST, IN_SOURCE, HANDING_ON), RedKind.RAISED, id="source-asks-a-decorator"
        ),
        pytest.param(
            raised("AttributeError", "no such page", IN_TEST, HANDING_ON, HANDING_ON, **FIRST),
            RedKind.NEW_API,
            id="looked-for-by-getattr",
        ),
        pytest.param(
            raised("AttributeError", "", IN_TEST, HANDING_ON, missing="other"),
            RedKind.RAISED,
            id="getattr-of-an-old-one",
        ),
        pytest.param(
            raised("TypeError", "got an unexpected keyword argument 'strict'"), RedKind.NEW_API, id="of-a-signature"
        ),
        pytest.param(
            raised("TypeError", "got an unexpected keyword argument 'n'"), RedKind.ERROR, id="of-an-old-signature"
        ),
        pytest.param(raised("TypeError", MISFIT.replace("pages", "len")), RedKind.ERROR, id="parameter-of-another"),
        pytest.param(
            raised("TypeError", "Pager.__init__() takes 2 positional arguments but 3 were given"),
            RedKind.NEW_API,
            id="arity-of-a-constructor",
        ),
        pytest.param(
            raised("ModuleNotFoundError", "No module named 'yaml'", missing="yaml"), RedKind.IMPORT, id="third-party"
        ),
        pytest.param(
            raised("ModuleNotFoundError", "No module named 'yaml'", IN_TEST, IN_SOURCE, missing="yaml"),
            RedKind.IMPORT,
            id="third-party-in-source",
        ),
        pytest.param(
            raised(
                "ModuleNotFoundError",
                "No module named 'yaml'; import of yaml halted; None in sys.modules",
                IN_TEST,
                IN_SOURCE,
                missing="yaml",
            ),
            RedKind.RAISED,
            id="third-party-that-the-test-took-away",
        ),
        pytest.param(
            raised("Failed", "no first page", cause=raised("AttributeError", "", **FIRST)),
            RedKind.NEW_API,
            id="failed-over-a-new-name",
        ),
        pytest.param(
            raised("ValueError", "", cause=raised("KeyError", "", IN_SOURCE)), RedKind.ERROR, id="cause-in-source"
        ),
        pytest.param(
            raised("AttributeError", "", cause=raised("KeyError", "", IN_SOURCE), **FIRST),
            RedKind.NEW_API,
            id="new-attribute-of-what-the-source-raised",
        ),
        pytest.param(raised("Failed", "Timeout (>1.0s) from pytest-timeout."), RedKind.TIMEOUT, id="pytest-timeout"),
        pytest.param(raised("hypothesis.errors.FailedHealthCheck", "slow"), RedKind.NOT_RUN, id="health-check"),
        pytest.param(raised("hypothesis.errors.DeadlineExceeded", "300 ms"), RedKind.TIMEOUT, id="deadline"),
        pytest.param(
            raised("hypothesis.errors.FlakyFailure", "", inner=(raised("AssertionError"),)), RedKind.NOT_RUN, id="flaky"
        ),
        pytest.param(
            raised("ExceptionGroup", "", inner=(raised("AttributeError", "", **FIRST), raised("AssertionError"))),
            RedKind.ASSERTION,
            id="best-of-a-group",
        ),
        pytest.param(
            raised("ExceptionGroup", "", inner=(raised("AttributeError", "", **FIRST),)), RedKind.NEW_API, id="group"
        ),
        pytest.param(
            raised("ExceptionGroup", "", IN_TEST, IN_SOURCE, inner=(raised("AttributeError", "", **FIRST),)),
            RedKind.RAISED,
            id="group-out-of-the-source",
        ),
    ],
)
def test_the_exception_tells_the_kind(exception: Raised, kind: RedKind) -> None:
    """Each exception of a test has one kind, whatever its message looks like."""
    red = GROUNDS.of_case(failed(how=exception))
    assert red is not None
    assert red.kind is kind


@pytest.mark.parametrize(
    ("exception", "kind"),
    [
        pytest.param(raised("FixtureLookupError", "", missing="shop"), RedKind.FIXTURE, id="unknown-fixture"),
        pytest.param(raised("FixtureLookupError", "", missing="first"), RedKind.NEW_API, id="fixture-of-the-source"),
        pytest.param(raised("OSError", "no such file"), RedKind.FIXTURE, id="fixture-failed"),
        pytest.param(raised("KeyError", "", IN_TEST, IN_SOURCE), RedKind.RAISED, id="source-raised"),
        pytest.param(raised("AttributeError", "", **FIRST), RedKind.NEW_API, id="new-name"),
    ],
)
def test_set_up_that_fails_tells_nothing_unless_the_source_raised(exception: Raised, kind: RedKind) -> None:
    """A test that did not come past its set-up judged nothing."""
    red = GROUNDS.of_case(failed(how=exception, phase="setup"))
    assert red is not None
    assert red.kind is kind


@pytest.mark.parametrize(
    ("exception", "kind"),
    [
        pytest.param(raised("ImportError", "", missing="first", owner="shop.pager"), RedKind.NEW_API, id="new-name"),
        pytest.param(raised("AttributeError", "", **FIRST), RedKind.NEW_API, id="new-name-in-a-parameter-list"),
        pytest.param(raised("TypeError", MISFIT), RedKind.NEW_API, id="new-parameter-in-a-parameter-list"),
        pytest.param(raised("ModuleNotFoundError", "", missing="yaml"), RedKind.IMPORT, id="third-party"),
        pytest.param(
            raised(
                "_pytest.nodes.Collector.CollectError",
                "/usr/lib/python3/site-packages/_pytest/python.py:528",
                cause=raised("ModuleNotFoundError", "No module named 'yaml'", missing="yaml"),
            ),
            RedKind.IMPORT,
            id="third-party-as-pytest-tells-it",
        ),
        pytest.param(raised("SyntaxError", "invalid syntax"), RedKind.COLLECTION, id="syntax"),
        pytest.param(raised("KeyError", "", IN_TEST, IN_SOURCE), RedKind.COLLECTION, id="source-raised"),
        pytest.param(raised("Skipped", "needs yaml"), RedKind.SKIPPED, id="module-skip"),
        pytest.param(None, RedKind.COLLECTION, id="unknown"),
    ],
)
def test_a_file_that_cannot_be_collected_never_proves(exception: Raised | None, kind: RedKind) -> None:
    """All its tests are red in the same way, old ones too: at best the API is new."""
    assert GROUNDS.of_uncollected(exception).kind is kind


@pytest.mark.parametrize(
    ("case", "kind"),
    [
        (passed(), None),
        (Case("t", Outcome.XPASSED), None),
        (Case("t", Outcome.SKIPPED, reason="old tree"), RedKind.SKIPPED),
        (Case("t", Outcome.XFAILED, reason="known"), RedKind.SKIPPED),
        (Case("t", Outcome.FAILED), RedKind.NOT_RUN),
        (failed(how=None, subtests=(("n=1", raised("AttributeError", "", **FIRST)),)), RedKind.NEW_API),
        (failed(how=raised("Failed", "Timeout (>1.0s) from pytest-timeout."), has_limit=True), RedKind.ASSERTION),
        (
            failed(how=None, subtests=(("a", raised("AttributeError", "", **FIRST)), ("b", raised("AssertionError")))),
            RedKind.ASSERTION,
        ),
    ],
)
def test_only_a_failure_is_a_red_that_can_prove(case: Case, kind: RedKind | None) -> None:
    """A skip is told but proves nothing; a failed subtest is a failure; one without an exception tells nothing."""
    red = GROUNDS.of_case(case)
    assert (red.kind if red is not None else None) is kind


@pytest.mark.parametrize(
    ("exception", "message", "where"),
    [
        (raised("AssertionError", "\n  assert 0\n + where"), "assert 0", f"{FILE}:5"),
        (raised("KeyError", "'a'", IN_TEST, IN_SOURCE, IN_LIBRARY), "KeyError: 'a'", f"{SOURCE}:41"),
        (raised("TypeError", "", IN_TEST, IN_SOURCE, IN_TEST), "TypeError", f"{SOURCE}:41"),
        (raised("AssertionError", "", IN_TEST, IN_SOURCE), "AssertionError", f"{SOURCE}:41"),
        (
            raised("AssertionError", "Traceback (most recent call last):\n  File\nBytesWarning: no"),
            "BytesWarning: no",
            f"{FILE}:5",
        ),
        (
            raised(
                "AssertionError",
                "Traceback (most recent call last):\n    File\n  KeyError: 'a'\nassert 1 == 0\n +  where 1 = f()",
            ),
            "KeyError: 'a'",
            f"{FILE}:5",
        ),
        (raised("OSError", "x" * 500, IN_LIBRARY), f"OSError: {'x' * 288}...", ""),
    ],
)
def test_a_red_is_told_in_one_line_with_its_place(exception: Raised, message: str, where: str) -> None:
    """The message is cut; the place is the source's where it raised, else the innermost line of the tree."""
    red = GROUNDS.of_case(failed(how=exception))
    assert red is not None
    assert (red.message, red.where) == (message, where)


@pytest.mark.parametrize(
    ("died", "kind"),
    [
        (raised("AttributeError", "", **FIRST), RedKind.NEW_API),
        (raised("TypeError", MISFIT), RedKind.NEW_API),
        (raised("AttributeError", "", IN_TEST, IN_SOURCE, **FIRST), RedKind.ASSERTION),
        (raised("KeyError", "'first'"), RedKind.ASSERTION),
    ],
)
def test_what_a_thread_died_for_want_of_is_missing(died: Raised, kind: RedKind) -> None:
    """Who waits for it sees only what it has not done."""
    red = GROUNDS.of_case(failed(how=raised("AssertionError", "", IN_TEST), threads=(died,)))
    assert red is not None
    assert red.kind is kind


@pytest.mark.parametrize(
    ("name", "asker", "kind"),
    [
        pytest.param("first", FILE, RedKind.NEW_API, id="by-a-test"),
        pytest.param("first", "tools/asking.py", RedKind.NEW_API, id="by-a-helper"),
        pytest.param("first", "", RedKind.NEW_API, id="by-a-program"),
        pytest.param("first", SOURCE, RedKind.ASSERTION, id="by-the-source"),
        pytest.param("last", FILE, RedKind.ASSERTION, id="what-no-fix-adds"),
        pytest.param("first", "src/shop/testing.py", RedKind.NEW_API, id="by-what-the-source-has-for-tests"),
        pytest.param("first", "src/testlib/pages.py", RedKind.NEW_API, id="by-a-package-for-tests"),
        pytest.param("first", "src/test/changed.py", RedKind.ASSERTION, id="by-one-that-is-repaired"),
    ],
)
def test_what_it_goes_on_without_is_missing(name: str, asker: str, kind: RedKind) -> None:
    """As if it had failed over that; but for the source it is behaviour to look for a thing and go on without it."""
    wanted = Want(name, "shop.pager", asker)
    red = GROUNDS.of_case(failed(how=raised("AssertionError", "", IN_TEST), wanted=(wanted,)))
    assert red is not None
    assert red.kind is kind


@pytest.mark.parametrize(
    ("said", "asker", "kind"),
    [
        pytest.param(MISFIT, FILE, RedKind.NEW_API, id="by-a-test"),
        pytest.param(MISFIT, "", RedKind.NEW_API, id="by-a-program"),
        pytest.param(MISFIT, SOURCE, RedKind.ASSERTION, id="by-the-source"),
        pytest.param(MISFIT.replace("strict", "loud"), FILE, RedKind.NEW_API, id="it-is-called-otherwise-now"),
        pytest.param("log() got an unexpected keyword argument 'by'", FILE, RedKind.NEW_API, id="of-a-wrapper"),
        pytest.param("cannot convert dictionary update sequence", FILE, RedKind.ASSERTION, id="no-call"),
    ],
)
def test_a_call_that_does_not_fit_is_missing_too(said: str, asker: str, kind: RedKind) -> None:
    """Where it is one of something that takes other parameters with the fix."""
    red = GROUNDS.of_case(failed(how=raised("AssertionError", "", IN_TEST), misfits=(Misfit(said, asker),)))
    assert red is not None
    assert red.kind is kind


@pytest.mark.parametrize(
    ("said", "kind"),
    [
        pytest.param("object of type 'Pager' has no len()", RedKind.NEW_API, id="with-the-fix"),
        pytest.param("'Pager' object is not callable", RedKind.ASSERTION, id="never"),
    ],
)
def test_an_object_that_cannot_do_what_it_can_with_the_fix_is_missing_it(said: str, kind: RedKind) -> None:
    """Who catches what Python says of that, and goes on, is red over new API."""
    misfit = Misfit(said, FILE, ("__len__", "__iter__"))
    red = GROUNDS.of_case(failed(how=raised("AssertionError", "", IN_TEST), misfits=(misfit,)))
    assert red is not None
    assert red.kind is kind


def test_what_fails_over_a_call_of_what_is_no_api_has_not_gone_on() -> None:
    """A wrapper inside of a decorator loses what it is given: who fails over that shows a bug."""
    said = "log() got an unexpected keyword argument 'by'"
    red = GROUNDS.of_case(failed(how=raised("TypeError", said, IN_TEST), misfits=(Misfit(said, FILE),)))
    assert red is not None
    assert red.kind is RedKind.ERROR
