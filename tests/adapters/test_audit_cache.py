"""What was found once is found again, to the last value; what is broken or cannot be kept is simply not there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.adapters import audit_cache
from pytest_bugguard.assembly import auditing
from pytest_bugguard.assembly.workshop import open_workshop
from pytest_bugguard.core.lineage import Lineage
from pytest_bugguard.core.model import (
    Files,
    How,
    MappedTest,
    NotAFix,
    Record,
    Sign,
    Unreadable,
    Verdict,
    Waiver,
)
from pytest_bugguard.core.results import Audited
from pytest_bugguard.journeys.audit import Part
from tests.story import story

if TYPE_CHECKING:
    from pathlib import Path

FOUND = Audited(
    records=(
        Record(
            sha="1c0ffee",
            parents=("9d01c2e",),
            subject="fix: \udcff odd bytes",
            committed_s=-7,
            recognition=Sign("type", "fix", "subject"),
            issues=("#1",),
            files=Files(("src/a.py",), ("tests/test_a.py",), ("README",)),
            tests=(MappedTest("tests/test_a.py::test_a", How.CASES_ADDED, counts=False, reason="is skipped"),),
            unreadable=(Unreadable("tests/b.py", "does not parse"),),
            verdict=Verdict.UNDECIDED,
            reason="could not look",
            next="look again",
            waiver=Waiver("1c0ffee", "", "hardware", None),
        ),
        Record("2c0ffee", (), "x", 0, NotAFix("none")),
    ),
    units=12,
    renamed={"1c0ffee": {"src/a.py": None, "src/b.py": "src/c.py"}},
)


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of this test's own."""
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_, **__: tmp_path / "cache")
    return tmp_path / "cache"


@pytest.mark.usefixtures("cache")
def test_what_is_kept_comes_back_whole() -> None:
    """Every field survives, odd bytes included."""
    audit_cache.save("k", FOUND)
    assert audit_cache.load("k") == FOUND


@pytest.mark.parametrize("broken", [b"", b"{", b"[]", b"\xff", b'{"records": [{}], "units": 1, "renamed": {}}'])
def test_a_broken_file_is_no_answer(cache: Path, broken: bytes) -> None:
    """Whatever stands there: the audit is made again."""
    cache.mkdir()
    (cache / "audit-k.json").write_bytes(broken)
    assert audit_cache.load("k") is None


def test_a_folder_that_cannot_be_made_is_no_error(cache: Path) -> None:
    """The cache is a help, never a condition."""
    cache.write_text("a file stands in the way")
    audit_cache.save("k", FOUND)
    assert audit_cache.load("k") is None


def test_old_answers_make_room(cache: Path) -> None:
    """The folder does not grow for ever."""
    for number in range(40):
        audit_cache.save(str(number), FOUND)
    assert len(list(cache.iterdir())) == 30


@pytest.mark.usefixtures("cache")
def test_another_commit_or_setting_is_another_question(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A second look at the same history makes no audit; a new commit or other rules make one."""
    repo = story(tmp_path / "r", "commit: start\n  file: a.py\n    x = 1\n")
    looked: list[str] = []

    def counting(*_: object, **__: object) -> Part:
        looked.append("again")
        return Part(FOUND.records, FOUND.units, FOUND.renamed, Lineage())

    monkeypatch.setattr("pytest_bugguard.journeys.audit.audit", counting)

    def look(*overrides: str, uses_cache: bool = True) -> int:
        with open_workshop(repo.path, overrides) as workshop:
            auditing.audit(workshop, "HEAD", uses_cache=uses_cache, progress=lambda _: None)
        return len(looked)

    assert look() == 1
    assert look() == 1
    assert look(uses_cache=False) == 2
    assert look("fixes.rules=wide") == 3
    repo.write("a.py", "x = 2\n")
    repo.commit("fix: x")
    assert look() == 4
