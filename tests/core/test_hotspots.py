"""Where fixes cluster, and what a file of long ago is called today."""

from __future__ import annotations

import pytest

from pytest_bugguard.core.hotspots import Hotspot, hotspots_of
from pytest_bugguard.core.lineage import Lineage
from pytest_bugguard.core.model import FileChange, Files, Record, Verdict
from pytest_bugguard.core.trend import Share
from tests.samples import feature, fix


def touching(*paths: str, number: int = 1, verdict: Verdict = Verdict.UNGUARDED) -> Record:
    return fix(verdict, number, files=Files(source=paths, test=("tests/test_a.py",)))


def test_recent_fixes_weigh_more() -> None:
    """Two fixes of half a year ago weigh as much as one of the newest day; a third tips the scale."""
    spots = hotspots_of([touching("new.py", number=1), *[touching("old.py", number=181)] * 3])
    assert [(place.path, place.fixes) for place in spots.files] == [("old.py", 3), ("new.py", 1)]
    assert [place.weight for place in spots.files] == pytest.approx([1.5, 1.0])


def test_a_place_carries_its_guarded_share_and_newest_fix() -> None:
    """What a reader needs to choose: how many fixes, how many guarded, where to begin."""
    newest, oldest = touching("a/b.py", number=1, verdict=Verdict.GUARDED), touching("a/b.py", number=2)
    assert hotspots_of([newest, oldest]).files == (
        Hotspot("a/b.py", 1 + 0.5 ** (1 / 180), Share(1, 2), (newest.sha, oldest.sha)),
    )


def test_a_folder_counts_a_fix_once() -> None:
    """A fix that touches three files of a folder is one fix there; the top level is a folder too."""
    spots = hotspots_of([touching("src/a.py", "src/b.py", "src/c.py", "setup_helper.py")])
    assert [(place.path, place.fixes) for place in spots.folders] == [("./", 1), ("src/", 1)]


def test_only_fixes_that_need_a_test_make_a_hotspot() -> None:
    """Features and fixes of comments alone point at nothing; nor do test files."""
    assert hotspots_of([feature(), touching("a.py", verdict=Verdict.NOT_APPLICABLE)]).files == ()


def test_the_list_is_cut_and_ties_go_by_name() -> None:
    """The same history gives the same list."""
    spots = hotspots_of([touching("c.py", "a.py", "b.py")], top=2)
    assert [place.path for place in spots.files] == ["a.py", "b.py"]


def test_one_absurd_date_does_not_make_all_else_ancient() -> None:
    """The newest day is one that the calendar knows."""
    spots = hotspots_of([fix(committed_s=10**14, files=Files(source=("x.py",))), touching("a.py", number=3)])
    assert {place.path: place.weight for place in spots.files} == {"x.py": 1.0, "a.py": 1.0}


def test_a_renamed_file_keeps_its_fixes_and_a_deleted_one_is_left_out() -> None:
    """Hotspots are places that one can still go to."""
    old = touching("old.py", "gone.py", number=9)
    spots = hotspots_of([touching("new.py"), old], today={old.sha: {"old.py": "new.py", "gone.py": None}})
    assert [(place.path, place.fixes) for place in spots.files] == [("new.py", 2)]


def renamed(old: str, new: str) -> FileChange:
    return FileChange("R", old, new, 0o100644, 0o100644, "1", "2")


def deleted(path: str) -> FileChange:
    return FileChange("D", path, None, 0o100644, 0, "1", None)


def test_renames_are_followed_from_the_newest_back() -> None:
    """A name leads over every later rename to today's, or to nothing where the file was deleted."""
    lineage = Lineage()
    lineage.step_back([deleted("c.py")])
    lineage.step_back([renamed("b.py", "c.py"), renamed("m.py", "n.py")])
    lineage.step_back([renamed("a.py", "b.py")])
    assert lineage.today(["a.py", "b.py", "m.py", "n.py", "z.py"]) == {"a.py": None, "b.py": None, "m.py": "n.py"}


def test_two_files_that_swap_names_are_kept_apart() -> None:
    """The renames of one unit happen at once."""
    lineage = Lineage()
    lineage.step_back([renamed("a.py", "b.py"), renamed("b.py", "a.py")])
    assert lineage.today(["a.py", "b.py"]) == {"a.py": "b.py", "b.py": "a.py"}


def test_a_file_that_came_back_under_its_old_name_is_at_home() -> None:
    """There and back again is no rename."""
    lineage = Lineage()
    lineage.step_back([renamed("b.py", "a.py")])
    lineage.step_back([renamed("a.py", "b.py")])
    assert lineage.today(["a.py"]) == {}


def test_two_ways_back_are_one_where_the_second_begins_as_the_first_ends() -> None:
    """A history may be walked in stretches: what the older one knows by then leads on to today's names."""
    steps = ([deleted("d.py")], [renamed("c.py", "d.py"), renamed("m.py", "n.py")], [renamed("b.py", "c.py")])
    whole = Lineage()
    for step in (*steps, [renamed("a.py", "b.py"), renamed("l.py", "m.py")]):
        whole.step_back(step)
    newer, older = Lineage(), Lineage()
    newer.step_back(steps[0])
    newer.step_back(steps[1])
    older.step_back(steps[2])
    older.step_back([renamed("a.py", "b.py"), renamed("l.py", "m.py")])
    newer.go_beyond(older)
    names = ["a.py", "b.py", "c.py", "d.py", "l.py", "m.py", "z.py"]
    assert newer.today(names) == whole.today(names) != {}
