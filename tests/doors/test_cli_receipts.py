"""Receipts as a user meets them: a second proof runs nothing, and what another CI leg proved counts."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.shell import Shell
from tests.story import Repo, story

if TYPE_CHECKING:
    from pathlib import Path

SHOP = """
    commit: feat: sell things
      file: pyproject.toml
        [tool.pytest.ini_options]
        addopts = "-p no:hypothesispytest -p no:platformdirs"
      file: src/shop/__init__.py
        NAME = "shop"
      file: src/shop/pager.py
        def pages(items):
            return items // 10
      file: tests/test_pager.py
        from shop.pager import pages

        def test_full_page():
            assert pages(10) == 1
    branch: topic
    commit: fix: last page is missing
      file: src/shop/pager.py
        def pages(items):
            return -(-items // 10)
      file: tests/test_last.py
        import os

        from shop.pager import pages

        def test_last_page():
            with open(os.environ["TALLY"], "a") as tally:
                tally.write("ran ")
            assert pages(11) == (2 if "LEG" in os.environ else pages(11))
"""
"""The bug shows only where the variable LEG is set: as on another Python, or another platform."""


@pytest.fixture
def shop(tmp_path: Path) -> Repo:
    """A fix whose test counts how often it runs."""
    return story(tmp_path / "shop", SHOP)


def leg(shop: Repo, tmp_path: Path, **environment: str) -> Shell:
    """A shell in which the test of the fix can write its tally."""
    return Shell(shop.path, {"TALLY": str(tmp_path / "tally"), **environment})


RUNS = 4
"""Those of one proof: both sides, the repeat, and the control, since the tally lies outside of every tree."""


def ran(tmp_path: Path) -> int:
    """How often the test has run."""
    tally = tmp_path / "tally"
    return tally.read_text(encoding="utf-8").count("ran") if tally.exists() else 0


def _without_run(document: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in document.items() if key != "run"}


def test_a_second_proof_runs_nothing_and_says_the_same(shop: Repo, tmp_path: Path) -> None:
    """The stored evidence answers, with the same tests, reds and words; ``--fresh`` runs it again.

    ``fixes.receipts`` keeps it in a folder of the repository, where a CI can cache it. What cannot be read is made
    again, without a word of complaint; and a receipt speaks for just the code that was run.
    """
    shop.write("bugguard.toml", '[fixes]\nreceipts = ".bugguard/receipts"\n')
    shell = leg(shop, tmp_path, LEG="1")
    first = shell.call("prove", "--format", "json")
    runs = ran(tmp_path)
    second = shell.call("prove", "--format", "json")
    assert (first.verdicts, runs, ran(tmp_path)) == ([("proven", "fix: last page is missing")], RUNS, RUNS)
    assert _without_run(first.document) == _without_run(second.document)
    shell.call("prove", "--fresh")
    assert ran(tmp_path) == 2 * RUNS
    stored = list((shop.path / ".bugguard/receipts").glob("*/*.json"))
    assert stored
    for path in stored:
        path.write_text('{"schema": 1', encoding="utf-8")
    done = shell.call("prove")
    assert (done.code, done.err, ran(tmp_path)) == (0, "", 3 * RUNS)
    text = (shop.path / "tests/test_last.py").read_text(encoding="utf-8")
    shop.write("tests/test_last.py", text.replace("pages(11) == (2", "pages(21) == (3"))
    shop.git("commit", "-q", "--amend", "--no-edit", "tests/test_last.py")
    assert shell.call("prove").code == 0
    assert ran(tmp_path) == 4 * RUNS


def test_what_another_environment_proved_counts_here(shop: Repo, tmp_path: Path) -> None:
    """The folders of two CI legs are read together: one proof is enough, and it is said whose it was."""
    one, other = tmp_path / "receipts-1", tmp_path / "receipts-2"
    assert leg(shop, tmp_path, LEG="1").call("prove", "--receipts", str(other)).code == 0
    (stored,) = [path for path in other.glob("*/*.json") if path.parent.parent == other]
    moved = json.loads(stored.read_bytes()) | {"environment": "0" * 64, "words": "CPython 3.99 on amiga"}
    stored.unlink()
    (stored.parent / f"{'0' * 64}.json").write_text(json.dumps(moved), encoding="utf-8")
    here = leg(shop, tmp_path)
    assert here.call("prove", "--receipts", str(one)).code == 1
    for again in ((), ("--fresh",)):  # with what is on record here, and with what is seen here now
        done = here.call("prove", *again, "--receipts", str(one), "--receipts", str(other), "--format", "json")
        (fix,) = done.document["fixes"]
        assert (done.code, fix["verdict"]) == (0, "proven")
        assert fix["reason"].startswith("proven by CPython 3.99 on amiga: ")


def test_a_proof_that_was_burned_in_answers_for_both(shop: Repo, tmp_path: Path) -> None:
    """The test runs so often more, once; who asks for no burn-in has the same proof, and one without is tried anew."""
    shell = leg(shop, tmp_path, LEG="1")
    asked = ("prove", "--set", "flaky.burn-in=3", "--receipts", str(tmp_path / "store"), "--format", "json")
    done = shell.call(*asked)
    assert (done.verdicts, ran(tmp_path)) == ([("proven", "fix: last page is missing")], RUNS + 3)
    assert done.document["notes"] == [
        "burn-in: 1 test that guards passed 3 times: a failure rate above 64 % is excluded (95 %), a lower one is not"
    ]
    shell.call(*asked)
    shell.call(asked[0], *asked[3:])
    assert ran(tmp_path) == RUNS + 3


def test_a_test_that_fails_when_it_is_burned_in_proves_nothing(shop: Repo, tmp_path: Path) -> None:
    """It was red without the fix and green with it; one red with it is enough, and no receipt is kept of that."""
    shop.write(
        "tests/test_last.py",
        "import os\n\nfrom shop.pager import pages\n\n"
        "def test_last_page():\n    with open(os.environ['TALLY'], 'a+') as tally:\n        tally.write('ran ')\n"
        f"        tally.seek(0)\n        assert pages(11) == 2 and tally.read().count('ran') != {RUNS + 2}\n",
    )
    shop.git("commit", "-q", "--amend", "-a", "--no-edit")
    shell = leg(shop, tmp_path)
    for _ in range(2):
        (tmp_path / "tally").unlink(missing_ok=True)
        done = shell.call("prove", "--set", "flaky.burn-in=3", "--format", "json")
        (fix,) = done.document["fixes"]
        assert (done.code, fix["verdict"]) == (1, "unstable")
        assert (
            "test_last_page failed in run 2 of its burn-in with AssertionError at tests/test_last.py:9" in fix["reason"]
        )
