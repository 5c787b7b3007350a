"""Receipts: the same key for the same question, and nothing believed that is not whole."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from pytest_bugguard.core import receipts
from pytest_bugguard.core.experiment import Experiment
from pytest_bugguard.core.model import How, MappedTest, Outcome, Red, RedKind, Verdict
from pytest_bugguard.core.proof import Proof
from pytest_bugguard.core.receipts import Environment, Receipt, Recorded
from pytest_bugguard.core.runs import Put, RunRequest

if TYPE_CHECKING:
    from collections.abc import Callable

CODE, ENVIRONMENT = "c" * 64, "e" * 64
GREEN = MappedTest("tests/test_a.py::test_a[1]", How.ADDED, counts=True, after=Outcome.PASSED, before=Outcome.PASSED)
RED = replace(GREEN, before=Outcome.FAILED, red=Red(RedKind.ASSERTION, "assert 0 == 10", "src/a.py:3"))
API = replace(RED, red=Red(RedKind.NEW_API, "no name"))
BROKEN = replace(GREEN, counts=False, after=Outcome.FAILED)


def receipt(
    verdict: Verdict, *tests: MappedTest, words: str = "CPython 3.11.7", environment: str = ENVIRONMENT
) -> Receipt:
    """One that says so."""
    return Receipt(CODE, environment, words, "1c0ffee", "fix: é \udcff", Proof(verdict, "why", "then", tests))


PROVEN = receipt(Verdict.PROVEN, RED, GREEN)

SOUND = [
    PROVEN,
    receipt(Verdict.WEAK, API),
    receipt(Verdict.UNPROVEN, GREEN, replace(GREEN, nodeid="x::y", after=None, before=None)),
    receipt(Verdict.BROKEN, BROKEN),
]


@pytest.mark.parametrize("kept", [pytest.param(one, id=one.proof.verdict) for one in SOUND])
def test_a_receipt_is_read_as_it_was_written(kept: Receipt) -> None:
    """To the last value; and written again it has the same bytes."""
    text = receipts.to_bytes(kept)
    assert text is not None
    assert receipts.from_bytes(text, CODE, ENVIRONMENT) == kept
    assert receipts.to_bytes(kept) == text


@pytest.mark.parametrize("verdict", sorted(set(Verdict) - receipts.KEPT))
def test_what_is_not_sure_of_itself_is_not_kept(verdict: Verdict) -> None:
    """It is tried anew each time."""
    assert receipts.to_bytes(receipt(verdict, RED)) is None


def test_what_is_too_large_is_not_kept() -> None:
    """Nor read."""
    many = receipt(Verdict.PROVEN, *(replace(RED, nodeid=f"t.py::t[{number}]" + "x" * 999) for number in range(999)))
    assert receipts.to_bytes(many) is None
    assert receipts.from_bytes(b" " * receipts.SIZE_CAP + b"{}", CODE, ENVIRONMENT) is None
    room = receipts.SIZE_CAP - len(receipts.to_bytes(PROVEN) or b"")
    full = replace(PROVEN, subject=PROVEN.subject + "x" * room)
    assert receipts.from_bytes(receipts.to_bytes(full) or b"", CODE, ENVIRONMENT) == full
    assert receipts.to_bytes(replace(full, subject=full.subject + "x")) is None


def changed(change: Callable[[Any], object]) -> bytes:
    """The stored receipt of a proof after somebody was at it."""
    raw = json.loads(receipts.to_bytes(PROVEN) or b"")
    change(raw)
    return json.dumps(raw).encode()


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda raw: raw.update(schema=2), id="newer"),
        pytest.param(lambda raw: raw.pop("schema"), id="no-schema"),
        pytest.param(lambda raw: raw.update(more=""), id="foreign-field"),
        pytest.param(lambda raw: raw.pop("words"), id="missing-field"),
        pytest.param(lambda raw: raw.update(code="d" * 64), id="another-code"),
        pytest.param(lambda raw: raw.update(environment="d" * 64), id="another-environment"),
        pytest.param(lambda raw: raw.update(verdict="certain"), id="no-verdict"),
        pytest.param(lambda raw: raw.update(verdict="waived"), id="never-kept"),
        pytest.param(lambda raw: raw.update(reason=1), id="no-text"),
        pytest.param(lambda raw: raw.update(tests={}), id="no-list"),
        pytest.param(lambda raw: raw.update(tests=[]), id="proven-by-nothing"),
        pytest.param(lambda raw: raw["tests"].pop(0), id="proven-by-green"),
        pytest.param(lambda raw: raw["tests"][0].update(counts=False), id="does-not-count"),
        pytest.param(lambda raw: raw["tests"][0].update(counts=1), id="no-bool"),
        pytest.param(lambda raw: raw["tests"][0].update(change="guessed"), id="unknown-change"),
        pytest.param(lambda raw: raw["tests"][0].update(after="skipped"), id="skipped-after"),
        pytest.param(lambda raw: raw["tests"][0].update(before=None), id="not-run-before"),
        pytest.param(lambda raw: raw["tests"][0].update(red=None), id="red-without-reason"),
        pytest.param(lambda raw: raw["tests"][0]["red"].update(kind="fixture"), id="red-for-another-reason"),
        pytest.param(lambda raw: raw["tests"][0]["red"].update(more="x"), id="foreign-field-of-a-red"),
        pytest.param(lambda raw: raw.update(verdict="unproven"), id="unproven-with-a-proof"),
        pytest.param(
            lambda raw: raw.update(verdict="unproven", tests=[{**raw["tests"][1], "after": None}]),
            id="unproven-by-what-was-not-run",
        ),
        pytest.param(lambda raw: raw.update(verdict="weak"), id="weak-with-a-proof"),
        pytest.param(lambda raw: raw.update(verdict="broken"), id="broken-but-green"),
    ],
)
def test_a_receipt_that_is_at_odds_with_itself_is_none(change: Callable[[Any], object]) -> None:
    """Damaged, newer, foreign, or saying more than its tests do."""
    assert receipts.from_bytes(changed(change), CODE, ENVIRONMENT) is None


@given(st.data())
def test_a_torn_receipt_is_none(data: st.DataObject) -> None:
    """Wherever it breaks off, and whichever byte is another."""
    text = receipts.to_bytes(PROVEN) or b""
    at = data.draw(st.integers(0, len(text) - 2))
    assert receipts.from_bytes(text[:at], CODE, ENVIRONMENT) is None
    other = text[:at] + data.draw(st.binary(min_size=1, max_size=1)) + text[at + 1 :]
    found = receipts.from_bytes(other, CODE, ENVIRONMENT)
    assert found is None or any(map(receipts.proves, found.proof.tests))


@pytest.mark.parametrize("text", [b"", b"[]", b"1", b"null", b"\xff", b'{"schema": 1}', b"[" * 99_999, b"9" * 9_999])
def test_anything_else_is_no_receipt(text: bytes) -> None:
    """And no error."""
    assert receipts.from_bytes(text, CODE, ENVIRONMENT) is None


REQUEST = RunRequest(("t.py",), ("a.py",))
EXPERIMENT = Experiment(
    commit="1c0ffee",
    tests=(MappedTest("t.py::t", How.ADDED, counts=True),),
    shared=(),
    back=(Put("a.py", b"1"),),
    now=(Put("a.py", b"2"),),
    with_fix=REQUEST,
    without_fix=REQUEST,
    versions=(),
    changed=("a.py",),
    changed_now=("a.py",),
)


def key(
    experiment: Experiment = EXPERIMENT, *, tree: str = "t", carried: str = "", tool: str = "1", burn_in: int = 0
) -> str:
    """The key of a proof."""
    return receipts.code_key(experiment, tree=tree, carried=carried, tool=tool, burn_in=burn_in)


def test_the_same_question_has_the_same_key() -> None:
    """However much time it may take, and whichever commit has these files."""
    patient = replace(EXPERIMENT, commit="2c0ffee", with_fix=replace(REQUEST, limit_s=7.0))
    assert key(patient) == key()
    assert len(key()) == 64


@pytest.mark.parametrize(
    "other",
    [
        pytest.param({"back": ()}, id="before"),
        pytest.param({"shared": (Put("b.py", b"1"),)}, id="shared"),
        pytest.param({"now": (Put("a.py", b"3"),)}, id="now"),
        pytest.param({"back": (Put("a.py", b"0"),)}, id="content"),
        pytest.param({"back": (Put("a.py", None),)}, id="removal"),
        pytest.param({"back": (Put("b.py", b"1"),)}, id="path"),
        pytest.param({"back": (Put("a.py", b"1", 0o100755),)}, id="mode"),
        pytest.param({"back": (Put("\udcff", b"1"),)}, id="odd-path"),
        pytest.param({"tests": ()}, id="tests"),
        pytest.param({"tests": (replace(EXPERIMENT.tests[0], counts=False),)}, id="counts"),
        pytest.param({"with_fix": replace(REQUEST, options=("-x",))}, id="options"),
        pytest.param({"without_fix": replace(REQUEST, roots=("src",))}, id="roots"),
        pytest.param({"without_fix": replace(REQUEST, folder="x")}, id="folder"),
        pytest.param({"changed": ()}, id="changed"),
    ],
)
def test_another_question_has_another_key(other: dict[str, Any]) -> None:
    """Each thing that a proof depends on makes a difference."""
    assert key(replace(EXPERIMENT, **other)) != key()


def test_other_files_or_another_tool_have_another_key() -> None:
    """The tree, what was carried into it, our own code, and how often its tests were tried."""
    assert len({key(), key(tree="u"), key(carried="some"), key(tool="2"), key(burn_in=20)}) == 5


def test_an_environment_has_a_key_and_words() -> None:
    """Every version counts for the key; the words only tell how many there are."""
    one = Environment("CPython 3.11.7", "linux x86_64", (("attrs", "26.1.0"), ("six", "1.16")))
    other = replace(one, distributions=(("attrs", "26.1.0"), ("six", "1.17")))
    assert one.key != other.key
    assert one.words == other.words == "CPython 3.11.7 on linux x86_64 with 2 distributions"


@pytest.mark.parametrize(
    ("other", "is_alike"),
    [
        ("CPython 3.11.9 on linux x86_64 with 7 distributions", True),
        ("CPython 3.11.0rc1 on linux x86_64 with 2 distributions", True),
        ("CPython 3.12.7 on linux x86_64 with 2 distributions", False),
        ("PyPy 3.11.7 on linux x86_64 with 2 distributions", False),
        ("CPython 3.11.7 on darwin arm64 with 2 distributions", False),
    ],
)
def test_environments_are_alike_where_a_test_that_runs_in_one_runs_in_the_other(other: str, is_alike: bool) -> None:
    """A patch release or one more package skips no test; another Python or platform may."""
    assert receipts.are_alike("CPython 3.11.7 on linux x86_64 with 2 distributions", other) is is_alike


def test_the_tests_on_record_are_those_that_proved_their_fix() -> None:
    """Not those that passed without it, and none of a fix that was not proved."""
    again = replace(PROVEN, environment="f" * 64)
    weak = receipt(Verdict.WEAK, replace(API, nodeid="x::weak"))
    assert receipts.recorded([again, weak, PROVEN]) == (
        Recorded("tests/test_a.py::test_a[1]", "1c0ffee", "fix: é \udcff"),
    )


@pytest.mark.parametrize(
    ("own", "others", "settling"),
    [
        pytest.param(Verdict.UNPROVEN, "pq", "p", id="proven-on-another-platform"),
        pytest.param(Verdict.UNDECIDED, "qp", "p", id="the-first-by-its-words"),
        pytest.param(Verdict.UNPROVEN, "u", None, id="unproven-there-too"),
        pytest.param(Verdict.UNPROVEN, "", None, id="nobody-else"),
        pytest.param(Verdict.BROKEN, "p", None, id="broken-here"),
        pytest.param(Verdict.WEAK, "p", None, id="weak-here"),
    ],
)
def test_one_environment_may_prove_what_another_cannot(own: Verdict, others: str, settling: str | None) -> None:
    """What was judged here to the contrary stands; what could not show itself here is settled there."""
    legs = {
        "p": receipt(Verdict.PROVEN, RED, words="CPython 3.12"),
        "q": receipt(Verdict.PROVEN, RED, words="CPython 3.13"),
        "u": receipt(Verdict.UNPROVEN, GREEN),
    }
    found = receipts.settled(Proof(own, "", "", ()), [legs[name] for name in others])
    assert found == (legs[settling] if settling else None)


@pytest.mark.parametrize(
    ("found", "strongest"),
    [
        pytest.param("bup", "p", id="one-proof-is-enough"),
        pytest.param("buw", "w", id="then-what-is-weak"),
        pytest.param("bu", "u", id="then-what-is-unproven"),
        pytest.param("qp", "p", id="of-two-proofs-always-the-same"),
        pytest.param("rp", "p", id="whichever-code-comes-first"),
        pytest.param("", None, id="nothing-found"),
    ],
)
def test_of_each_fix_the_receipt_that_says_most_is_told(found: str, strongest: str | None) -> None:
    """In whatever order they are found, and beside those of other fixes."""
    legs = {
        "p": PROVEN,
        "q": replace(PROVEN, environment="f" * 64),
        "r": replace(PROVEN, code="d" * 64, environment="a" * 64),
        "w": receipt(Verdict.WEAK, API),
        "u": receipt(Verdict.UNPROVEN, GREEN),
        "b": receipt(Verdict.BROKEN, BROKEN),
    }
    other = replace(legs["b"], fix="2c0ffee")
    expected = {"2c0ffee": other} | ({"1c0ffee": legs[strongest]} if strongest else {})
    assert receipts.strongest([*(legs[name] for name in found), other]) == expected
    assert receipts.strongest([other, *(legs[name] for name in reversed(found))]) == expected
