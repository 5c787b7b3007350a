"""Receipts for the proofs of one run: looked up before anything is run, filed after, and asked what others proved."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pytest_bugguard.adapters import audit_cache
from pytest_bugguard.adapters.environment import environment
from pytest_bugguard.core import receipts
from pytest_bugguard.core.receipts import Environment, Receipt

if TYPE_CHECKING:
    from pytest_bugguard.adapters.receipts import Receipts
    from pytest_bugguard.assembly.workshop import Workshop
    from pytest_bugguard.core.experiment import Experiment
    from pytest_bugguard.core.model import Record
    from pytest_bugguard.core.proof import Proof


class Filing(Struct, frozen=True, dict=True):
    """The receipts of one repository, with what every key of this run has in common."""

    workshop: Workshop
    store: Receipts
    carried: str
    """Digest of the generated files that go along."""
    burn_in: int = 0
    """How often the tests of what is proven are run before they may guard."""

    def find(self, plan: Experiment) -> Proof | None:
        """What was found out about just this code in just this environment, with just this burn-in; settled."""
        code = self._code(plan, self.burn_in)
        found = self.store.get(code, self._environment.key)
        return None if found is None else self._settled(code, found.proof)

    def settle(self, plan: Experiment, record: Record, proof: Proof) -> Proof:
        """Keep a proof, and settle it."""
        here = self._environment
        codes = [self._code(plan, runs) for runs in sorted({0, self.burn_in})]  # who asks for none may have it too
        for code in codes:
            self.store.put(Receipt(code, here.key, here.words, record.sha, record.subject, proof))
        return self._settled(codes[-1], proof)

    def _settled(self, code: str, proof: Proof) -> Proof:
        """Where a proof failed here and another environment has it, that one's word holds."""
        other = receipts.settled(proof, self.store.elsewhere(code, self._environment.key))
        if other is None:
            return proof
        return replace(other.proof, reason=f"proven by {other.words}: {other.proof.reason}")

    def _code(self, plan: Experiment, burn_in: int) -> str:
        tree = self.workshop.history.tree_of(plan.commit)
        return receipts.code_key(plan, tree=tree, carried=self.carried, tool=self._tool, burn_in=burn_in)

    @cached_property
    def _environment(self) -> Environment:
        return environment(self.workshop.repository.top)

    @cached_property
    def _tool(self) -> str:
        return audit_cache.own_code()
