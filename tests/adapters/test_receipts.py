"""The folder of receipts: found again, merged, never the cause of an error, never growing for ever."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from pytest_bugguard.adapters import receipts as store
from pytest_bugguard.adapters.receipts import Receipts, Shelf
from pytest_bugguard.core.model import How, MappedTest, Outcome, Red, RedKind, Verdict
from pytest_bugguard.core.proof import Proof
from pytest_bugguard.core.receipts import Receipt, Recorded
from tests.torture import traps

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

CODE, HERE, THERE = "c" * 64, "a" * 64, "b" * 64
RED = MappedTest(
    "tests/test_a.py::test_a", How.ADDED, counts=True, after=Outcome.PASSED, before=Outcome.FAILED,
    red=Red(RedKind.ASSERTION, "assert 0"),
)  # fmt: skip
PROVEN = Receipt(CODE, HERE, "CPython 3.11", "1c0ffee", "fix: x", Proof(Verdict.PROVEN, "why", "", (RED,)))
ELSEWHERE = replace(PROVEN, environment=THERE, words="CPython 3.12")
ON_RECORD = (Recorded("tests/test_a.py::test_a", "1c0ffee", "fix: x"),)


def test_a_receipt_is_found_again(tmp_path: Path) -> None:
    """Under both its keys, in this folder or in another one that is only read."""
    Receipts(Shelf(tmp_path / "one")).put(PROVEN)
    for receipts in (Receipts(Shelf(tmp_path / "one")), Receipts(Shelf(tmp_path / "new"), (Shelf(tmp_path / "one"),))):
        assert receipts.get(CODE, HERE) == PROVEN
        assert receipts.get(CODE, THERE) is None
        assert receipts.get(HERE, HERE) is None
        assert receipts.recorded(["tests/test_a.py"]) == ON_RECORD
    assert not (tmp_path / "new").exists()


def test_what_other_environments_say_is_found(tmp_path: Path) -> None:
    """Of the same code, without what this one says."""
    receipts = Receipts(Shelf(tmp_path))
    receipts.put(PROVEN)
    receipts.put(ELSEWHERE)
    assert receipts.elsewhere(CODE, HERE) == (ELSEWHERE,)
    assert receipts.elsewhere(CODE, "f" * 64) == (PROVEN, ELSEWHERE)


def test_what_several_ci_legs_wrote_is_merged_by_copying(tmp_path: Path) -> None:
    """One folder laid over the other, in any order, has all that both had."""
    for name, receipt in (("one", PROVEN), ("two", ELSEWHERE)):
        Receipts(Shelf(tmp_path / name)).put(receipt)
    contents = []
    for first, second in (("one", "two"), ("two", "one")):
        merged = tmp_path / f"{first}{second}"
        shutil.copytree(tmp_path / first, merged)
        shutil.copytree(tmp_path / second, merged, dirs_exist_ok=True)
        receipts = Receipts(Shelf(merged))
        assert receipts.get(CODE, HERE) == PROVEN
        assert receipts.get(CODE, THERE) == ELSEWHERE
        assert receipts.recorded(["tests/test_a.py"]) == ON_RECORD
        contents.append({path.relative_to(merged): path.read_bytes() for path in merged.rglob("*") if path.is_file()})
    assert contents[0] == contents[1]


def test_only_proofs_of_the_files_that_were_asked_for_are_on_record(tmp_path: Path) -> None:
    """Not what was unproven; nothing of another file, though one proof has tests in both."""
    receipts = Receipts(Shelf(tmp_path))
    more = replace(RED, nodeid="tests/test_b.py::test_b")
    receipts.put(replace(PROVEN, proof=replace(PROVEN.proof, tests=(RED, more))))
    green = replace(RED, nodeid="tests/test_c.py::test_c", before=Outcome.PASSED, red=None)
    receipts.put(replace(PROVEN, code="d" * 64, proof=Proof(Verdict.UNPROVEN, "why", "", (green,))))
    assert receipts.recorded(["tests/test_a.py"]) == ON_RECORD
    assert [test.nodeid for test in receipts.recorded(["tests/test_b.py", "tests/test_c.py"])] == [more.nodeid]
    assert receipts.recorded(["elsewhere.py"]) == ()


def test_repositories_that_share_a_folder_keep_their_records_apart(tmp_path: Path) -> None:
    """Both have a ``tests/test_a.py``."""
    Receipts(Shelf(tmp_path, "mine")).put(PROVEN)
    assert Receipts(Shelf(tmp_path, "mine")).recorded(["tests/test_a.py"]) == ON_RECORD
    assert Receipts(Shelf(tmp_path, "yours")).recorded(["tests/test_a.py"]) == ()


def test_the_default_folder_is_the_users_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """One for all repositories, never in one."""
    monkeypatch.setattr("platformdirs.user_cache_path", lambda *_, **__: tmp_path / "cache")
    one, other = (store.default_shelf(tmp_path / name) for name in ("one", "other"))
    assert one.folder == other.folder == tmp_path / "cache" / "receipts"
    assert one.scope != other.scope


def in_its_place(make: Callable[[Path], None]) -> Callable[[Path], None]:
    """Something else where a file was."""

    def replaced(path: Path) -> None:
        path.unlink()
        make(path)

    return replaced


@pytest.mark.parametrize(
    "harm",
    [
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:-9]), id="torn"),
        pytest.param(lambda path: path.write_bytes(b""), id="empty"),
        pytest.param(in_its_place(os.mkdir), id="folder"),
        pytest.param(lambda path: path.rename(path.with_stem("f" * 64)), id="at-another-place"),
        pytest.param(lambda path: path.write_bytes(b" " * 2_000_000), id="huge"),
        pytest.param(in_its_place(os.mkfifo), id="pipe"),
    ],
)
@pytest.mark.skipif(os.name != "posix", reason="pipes that have a name")
def test_what_is_no_receipt_is_passed_over(tmp_path: Path, harm: Callable[[Path], None]) -> None:
    """No error, and no waiting."""
    receipts = Receipts(Shelf(tmp_path))
    receipts.put(PROVEN)
    harm(tmp_path / CODE / f"{HERE}.json")
    assert receipts.get(CODE, HERE) is None
    assert receipts.elsewhere(CODE, THERE) == ()
    assert receipts.recorded(["tests/test_a.py"]) == ()
    receipts.put(PROVEN)


def test_a_folder_that_cannot_be_written_is_no_error(tmp_path: Path) -> None:
    """There is no receipt then."""
    (tmp_path / "file").write_text("")
    receipts = Receipts(Shelf(tmp_path / "file"))
    receipts.put(PROVEN)
    assert receipts.get(CODE, HERE) is None


def test_what_was_not_used_for_longest_goes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With its mark and its empty folders; what is no receipt of ours stays, even where a user names a wrong folder."""
    monkeypatch.setattr(store, "RECEIPTS_CAP", 2)
    receipts = Receipts(Shelf(tmp_path))
    others = [tmp_path / "precious.json", tmp_path / "tests" / "precious" / ("e" * 64), tmp_path / CODE / "x.json"]
    for age, code in enumerate(["c" * 64, "d" * 64, "e" * 64]):
        receipts.put(replace(PROVEN, code=code))
        for path in (tmp_path / code / f"{HERE}.json", Shelf(tmp_path).marks("tests/test_a.py") / code):
            os.utime(path, (age * 1000, age * 1000))
    for path in others:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("precious")
        os.utime(path, (1, 1))
    assert receipts.get("c" * 64, HERE) is not None  # used just now
    store.prune(tmp_path)
    assert [code[0] for code in ("c" * 64, "d" * 64, "e" * 64) if receipts.get(code, HERE)] == ["c", "e"]
    assert not (tmp_path / ("d" * 64)).exists()
    assert all(path.exists() for path in others)
    monkeypatch.setattr(store, "BYTES_CAP", 10)
    receipts.put(replace(PROVEN, code="00" + "c" * 62))  # one in 256 has the folder tidied up
    assert not list(tmp_path.glob(f"*/{HERE}.json"))


def test_reading_changes_nothing_but_a_time(tmp_path: Path) -> None:
    """Not in a folder that a repository holds."""
    receipts = Receipts(Shelf(tmp_path))
    receipts.put(PROVEN)
    before = traps.digest(tmp_path)
    receipts.elsewhere(CODE, THERE)
    receipts.recorded(["tests/test_a.py"])
    receipts.get(CODE, THERE)
    assert traps.digest(tmp_path) == before
