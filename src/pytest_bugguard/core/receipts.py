"""What is kept of a proof, under which key, and what may be believed of it when it is read again? Pure; no I/O.

A receipt is evidence, kept under the digests of all that it depends on: one for the code of both sides, one for the
environment. It is read strictly: what is damaged, foreign, newer or at odds with itself is no receipt. So whoever
asks with the same key gets the answer that a run would give, or none.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from msgspec import Struct

from pytest_bugguard.core.model import How, MappedTest, Outcome, Red, RedKind, Verdict
from pytest_bugguard.core.proof import Proof
from pytest_bugguard.core.reds import BEHAVIOUR

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pytest_bugguard.core.experiment import Experiment
    from pytest_bugguard.core.runs import Put

SCHEMA = 1
SIZE_CAP = 1_000_000
"""Bytes of the largest receipt: a fix whose proof needs more is proved again."""
KEPT = frozenset({Verdict.PROVEN, Verdict.WEAK, Verdict.UNPROVEN, Verdict.BROKEN})
"""Verdicts that the same code gives again. What was not sure of itself is tried anew."""

_STRENGTH = (Verdict.PROVEN, Verdict.WEAK, Verdict.UNPROVEN, Verdict.BROKEN)
"""Of what is kept, what says most for a fix comes first."""


class Environment(Struct, frozen=True):
    """What a proof depends on besides the code."""

    python: str
    """``CPython 3.11.7``."""
    platform: str
    """``linux x86_64``."""
    distributions: tuple[tuple[str, str], ...]
    """Name and version of each that is installed, sorted."""

    @property
    def key(self) -> str:
        """Its digest."""
        return _digest([self.python, self.platform, self.distributions])

    @property
    def words(self) -> str:
        """For people; two environments may share them."""
        return f"{self.python} on {self.platform} with {len(self.distributions)} distributions"


def are_alike(words: str, others: str) -> bool:
    """Whether two environments are of one platform and one Python, be it another patch release, by their words."""
    return _DETAIL.sub("", words) == _DETAIL.sub("", others)


_DETAIL = re.compile(r"\.\w+(?= on )| with \d+ distributions$")


class Receipt(Struct, frozen=True):
    """The stored evidence of one proof."""

    code: str
    """See ``code_key``."""
    environment: str
    """The key of an ``Environment``."""
    words: str
    """The environment in words."""
    fix: str
    """The commit id that the fix had."""
    subject: str
    proof: Proof


class Recorded(Struct, frozen=True):
    """A test that is on record as the proof of a fix."""

    nodeid: str
    """With the parameter id that it had."""
    fix: str
    subject: str


def code_key(experiment: Experiment, *, tree: str, carried: str, tool: str, burn_in: int) -> str:
    """The digest of all the code that a proof depends on. The time that a run may take is no part of it.

    Args:
        experiment: What is run, and in what.
        tree: Id of the tree that its commit has: another commit with the same files asks the same question.
        carried: Digest of the generated files that go along.
        tool: Digest of our own code.
        burn_in: How often its tests were run before they might guard.
    """
    laid = (experiment.shared, experiment.back, experiment.now)
    requests = (experiment.with_fix, experiment.without_fix)
    return _digest(
        [
            tree,
            [[_put(put) for put in puts] for puts in laid],
            [[test.nodeid, test.change, test.counts, test.reason] for test in experiment.tests],
            [[one.targets, one.watched, one.roots, one.folder, one.options] for one in requests],
            [experiment.changed, experiment.changed_now],
            carried,
            tool,
            burn_in,
        ]
    )


def recorded(receipts: Iterable[Receipt]) -> tuple[Recorded, ...]:
    """The tests that receipts have as proofs, each fix's once, in the order of their node ids."""
    found = {
        (test.nodeid, receipt.fix): Recorded(test.nodeid, receipt.fix, receipt.subject)
        for receipt in receipts
        if receipt.proof.verdict is Verdict.PROVEN
        for test in receipt.proof.tests
        if proves(test)
    }
    return tuple(found[key] for key in sorted(found))


def proves(test: MappedTest) -> bool:
    """Whether a row is that of a test which proved its fix."""
    return (
        test.counts
        and test.after is Outcome.PASSED
        and test.before is Outcome.FAILED
        and test.red is not None
        and test.red.kind in BEHAVIOUR
    )


def settled(own: Proof, others: Iterable[Receipt]) -> Receipt | None:
    """The receipt of another environment that proves what could not be proved in this one; None where none does.

    A bug may show on another Python or platform only, and one proof is enough.
    """
    if own.verdict not in {Verdict.UNPROVEN, Verdict.UNDECIDED}:
        return None
    proofs = (receipt for receipt in others if receipt.proof.verdict is Verdict.PROVEN)
    return min(proofs, key=lambda receipt: (receipt.words, receipt.environment), default=None)


def strongest(found: Iterable[Receipt]) -> dict[str, Receipt]:
    """By fix, the receipt that says most for it: one proof is enough, wherever it was made."""
    best: dict[str, Receipt] = {}
    for receipt in sorted(found, key=lambda one: (_STRENGTH.index(one.proof.verdict), one.code, one.environment)):
        best.setdefault(receipt.fix, receipt)
    return best


def to_bytes(receipt: Receipt) -> bytes | None:
    """A receipt as it is stored: the same bytes for the same receipt. None where it is not worth keeping."""
    proof = receipt.proof
    if proof.verdict not in KEPT:
        return None
    raw = {
        "schema": SCHEMA,
        "code": receipt.code,
        "environment": receipt.environment,
        "words": receipt.words,
        "fix": receipt.fix,
        "subject": receipt.subject,
        "verdict": proof.verdict,
        "reason": proof.reason,
        "next": proof.next,
        "tests": [_plain(test) for test in proof.tests],
    }
    text = json.dumps(raw, indent=1).encode("ascii") + b"\n"
    return text if len(text) <= SIZE_CAP else None


def from_bytes(text: bytes, code: str, environment: str) -> Receipt | None:
    """The receipt that is stored under two keys; None where this is none."""
    if len(text) > SIZE_CAP:
        return None
    try:
        receipt = _receipt(json.loads(text))
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    is_its_own = (receipt.code, receipt.environment) == (code, environment)
    return receipt if is_its_own and _agrees(receipt.proof) else None


def _agrees(proof: Proof) -> bool:
    """Whether a verdict follows from its tests, as far as they can tell."""
    match proof.verdict:
        case Verdict.PROVEN:
            return any(map(proves, proof.tests))
        case Verdict.WEAK:
            return any(test.red is not None and test.red.kind is RedKind.NEW_API for test in proof.tests)
        case Verdict.UNPROVEN:
            return any(test.after is Outcome.PASSED for test in proof.tests) and not any(map(proves, proof.tests))
        case Verdict.BROKEN:
            return any(test.after is Outcome.FAILED for test in proof.tests)
        case _:
            return False


def _digest(parts: object) -> str:
    return hashlib.sha256(json.dumps(parts, separators=(",", ":")).encode("ascii")).hexdigest()


def _put(put: Put) -> list[object]:
    return [put.path, put.mode, None if put.content is None else hashlib.sha256(put.content).hexdigest()]


def _plain(test: MappedTest) -> dict[str, object]:
    red = test.red and {"kind": test.red.kind, "message": test.red.message, "where": test.red.where}
    return {
        "nodeid": test.nodeid,
        "change": test.change,
        "counts": test.counts,
        "reason": test.reason,
        "after": test.after,
        "before": test.before,
        "red": red,
    }


def _receipt(raw: Mapping[str, Any]) -> Receipt:
    """Every field as it has to be, and no other.

    Raises:
        KeyError, TypeError, ValueError: It is not.
    """
    found = dict(raw)
    if found.pop("schema") != SCHEMA:
        raise ValueError("another schema")
    tests = found.pop("tests")
    if not isinstance(tests, list):
        raise TypeError("tests")
    proof = Proof(
        Verdict(found.pop("verdict")), _text(found.pop("reason")), _text(found.pop("next")), tuple(map(_test, tests))
    )
    return Receipt(**{name: _text(value) for name, value in found.items()}, proof=proof)


def _test(raw: Mapping[str, Any]) -> MappedTest:
    found = dict(raw)
    counts, red = found.pop("counts"), found.pop("red")
    before, after = found.pop("before"), found.pop("after")
    if not isinstance(counts, bool):
        raise TypeError("counts")
    return MappedTest(
        change=How(found.pop("change")),
        counts=counts,
        after=None if after is None else Outcome(after),
        before=None if before is None else Outcome(before),
        red=None if red is None else _red(red),
        **{name: _text(value) for name, value in found.items()},
    )


def _red(raw: Mapping[str, Any]) -> Red:
    found = dict(raw)
    return Red(RedKind(found.pop("kind")), **{name: _text(value) for name, value in found.items()})


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(value)
    return value
