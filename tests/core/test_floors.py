"""Floors: a file that merges, numbers that only fall."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_bugguard.core import floors
from pytest_bugguard.core.errors import SettingsError
from pytest_bugguard.core.floors import Floor
from tests.story import story

if TYPE_CHECKING:
    from pathlib import Path

_PATHS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), min_size=1, max_size=20)
_REASONS = st.sampled_from(["", "raised from 2: vendor's code", "raised from 0: a # in it"])
_FLOORS = st.dictionaries(_PATHS, st.builds(Floor, st.integers(0, 99_999), _REASONS), max_size=5)


@given(_FLOORS)
def test_what_is_written_is_read_again(some: dict[str, Floor]) -> None:
    """Whatever a path holds: blanks, quotes, line feeds, number signs."""
    assert floors.parse(floors.rendered(some), "floors") == some


@given(st.dictionaries(st.binary(min_size=1).map(lambda raw: raw.decode(errors="surrogateescape")), st.integers(0, 9)))
def test_no_byte_of_a_path_is_lost(owed: dict[str, int]) -> None:
    """Names that are no UTF-8 too."""
    some = {path: Floor(missing) for path, missing in owed.items()}
    assert floors.parse(floors.rendered(some), "floors") == some


def test_of_two_lines_for_one_file_the_smaller_number_holds() -> None:
    """So a union of two branches never loosens anything."""
    assert floors.parse("4 a.py\n2 a.py\n3 a.py\n", "floors") == {"a.py": Floor(2)}


def test_a_line_that_is_none_is_named() -> None:
    """All of them at once, with the way out."""
    with pytest.raises(SettingsError) as caught:
        floors.parse("# fine\n4 a.py\n<<<<<<< ours\nx a.py\n-1 b.py\n7\n", "floors.txt")
    assert [line.partition(", needs")[0] for line in str(caught.value).splitlines()] == [
        "floors.txt:3: found '<<<<<<< ours'",
        "floors.txt:4: found 'x a.py'",
        "floors.txt:5: found '-1 b.py'",
        "floors.txt:6: found '7'",
    ]
    assert "conflict markers" in caught.value.hint


def test_an_update_only_lowers() -> None:
    """What owes more stays and is named; what is new and owes is named too; what owes nothing keeps a 0."""
    some = {"a.py": Floor(4, "why"), "b.py": Floor(2), "c.py": Floor(1), "gone.py": Floor(9)}
    done = floors.lowered(some, {"a.py": 1, "b.py": 3, "c.py": 0, "new.py": 5, "fine.py": 0})
    assert done.floors == {"a.py": Floor(1), "b.py": Floor(2), "c.py": Floor(0), "gone.py": Floor(9)}
    assert done.lowered == ("a.py: 4 to 1", "c.py: 1 to 0")
    assert done.refused == ("b.py", "new.py")


@given(_FLOORS, st.dictionaries(_PATHS, st.integers(0, 99_999), max_size=5))
def test_no_update_ever_raises(some: dict[str, Floor], owed: dict[str, int]) -> None:
    """Whatever was measured."""
    after = floors.lowered(some, owed).floors
    assert set(after) == set(some)
    assert all(after[path].missing <= some[path].missing for path in some)


def test_raising_is_kept_with_its_reason() -> None:
    """Who reads the file reads why."""
    some = floors.raised({"a.py": Floor(2)}, "a.py", 4, "vendor's\ncode")
    assert floors.rendered(some).endswith("\n4 a.py  # raised from 2: vendor's code\n")


def test_tidying_takes_away_what_says_nothing() -> None:
    """Files that owe nothing, and files that are gone."""
    some = {"a.py": Floor(0), "b.py": Floor(2, "why"), "gone.py": Floor(3)}
    assert floors.tidied(some, ["a.py", "b.py"]) == {"b.py": Floor(2, "why")}


def test_a_renamed_file_keeps_its_floor() -> None:
    """Under its new name; swapped names too."""
    some = {"a.py": Floor(1), "b.py": Floor(2), "c.py": Floor(3)}
    assert floors.renamed(some, {"a.py": "b.py", "b.py": "a.py", "x.py": "y.py"}) == {
        "b.py": Floor(1), "a.py": Floor(2), "c.py": Floor(3),
    }  # fmt: skip


def test_of_two_files_that_became_one_the_smaller_number_holds() -> None:
    """Whichever of them had it: the stricter side wins, as in a merge."""
    for old, new in ((3, 1), (1, 3)):
        assert floors.renamed({"a.py": Floor(old), "b.py": Floor(new)}, {"a.py": "b.py"}) == {"b.py": Floor(1)}


def test_a_file_without_a_floor_is_raised_from_nothing() -> None:
    """It was allowed to owe none."""
    assert floors.raised({}, "a.py", 4, "new") == {"a.py": Floor(4, "raised from 0: new")}


def test_floors_begin_with_what_is_owed_today() -> None:
    """A file that owes nothing needs no line."""
    assert floors.begun({"a.py": 3, "b.py": 0, "c.py": 1}) == {"a.py": Floor(3), "c.py": Floor(1)}


def test_two_branches_merge_without_a_conflict(tmp_path: Path) -> None:
    """With ``merge=union``: neighbouring and even the same lines; the stricter side wins."""
    before = {"src/a.py": Floor(4), "src/b.py": Floor(4), "src/c.py": Floor(4)}
    repo = story(tmp_path, "commit: base\n  file: .gitattributes\n    floors.txt merge=union\n")
    repo.write("floors.txt", floors.rendered(before))
    repo.commit("floors")
    for branch, owed in (("one", {"src/a.py": 1, "src/b.py": 2}), ("two", {"src/b.py": 0, "src/c.py": 3})):
        repo.git("checkout", "-q", "-b", branch, "main")
        repo.write("floors.txt", floors.rendered(floors.lowered(before, owed).floors))
        repo.commit(branch)
    repo.git("merge", "-q", "--no-edit", "one")
    merged = floors.parse((tmp_path / "floors.txt").read_text(encoding="utf-8"), "floors.txt")
    assert merged == {"src/a.py": Floor(1), "src/b.py": Floor(0), "src/c.py": Floor(3)}
