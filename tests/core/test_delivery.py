"""The delivery figures: which tags are releases, what each carried first, which failed, how long a cure took."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_bugguard.core import faults, hunks, releases
from pytest_bugguard.core.bands import Band
from pytest_bugguard.core.delivery import DAY_S, LEADS_CAP, Baseline, Delivered, Figure, Period, Repair, baseline_of
from pytest_bugguard.core.faults import Traced
from pytest_bugguard.core.releases import Graph, Node, Tag
from tests.samples import MAY_2024_S


def day(number: int) -> int:
    return MAY_2024_S + number * DAY_S


def line(*days: int) -> Graph:
    """Commits in a line, oldest first, named by their day: ``d3``."""
    return {
        f"d{number}": Node((f"d{days[at - 1]}",) if at else (), day(number), day(number))
        for at, number in enumerate(days)
    }


@pytest.mark.parametrize(
    ("name", "is_one"),
    [
        *(pytest.param(name, True, id=name) for name in ("1.2", "v1.2.3", "rel_2_0_30", "shop-1.4.0", "2024.10.1",
                                                         "release/1.2", "1.2.post1", "django@4.2")),
        *(pytest.param(name, False, id=name) for name in ("v2", "1.2rc1", "1.0.dev3", "nightly", "v1.2-beta", "1.2\n",
                                                          "before-1.2-merge")),
    ],
)  # fmt: skip
def test_what_looks_like_a_release(name: str, is_one: bool) -> None:
    """Versions with a dot are; pre-releases, moving tags and words are not."""
    assert bool(releases.of_tags([Tag(name, "d1", 1)], ())) is is_one


def test_settings_say_which_tags_are_releases() -> None:
    """Of two tags on one commit the first is the release; the order is that of time, whatever git's was."""
    tags = [Tag("deploy-2", "b", 5), Tag("again", "a", 4), Tag("deploy-1", "a", 3), Tag("1.0", "c", 1)]
    assert releases.of_tags(tags, ("^deploy-", "^again$")) == (tags[2], tags[0])


def test_the_first_release_with_a_commit_or_a_copy_of_it_carried_it() -> None:
    """A commit belongs to the oldest release that has it; one that was picked onto a branch to that branch's."""
    graph = {**line(1, 2, 3, 4), "picked": Node(("d1",), day(3), day(3))}
    tags = [Tag("1.0", "d1", day(1)), Tag("1.0.1", "picked", day(3)), Tag("1.1", "d3", day(9))]
    message = "mend it\n\n(cherry picked from commit " + "3" * 40 + ")"
    assert releases.copies_of([("picked", message)]) == {"3" * 40: ["picked"]}
    found = releases.carriers(tags, graph, {"d3": ["picked"]})
    assert {commit: tag.name for commit, tag in found.items()} == {
        "d1": "1.0", "d2": "1.1", "d3": "1.0.1", "picked": "1.0.1",
    }  # fmt: skip


def figures(baseline: Baseline) -> dict[str, Figure]:
    return {figure.name: figure for figure in baseline.figures}


def delivered(tags: list[Tag], graph: Graph, *repairs: Repair, last: int = 100) -> Baseline:
    period = Period(day(0), day(last), failure_days=30)
    return baseline_of(Delivered(period, tags, graph, releases.carriers(tags, graph, {}), repairs))


def repair(fix: int, origin: int | None) -> Repair:
    return Repair(f"d{fix}", day(fix), Traced(f"d{fix}", None if origin is None else f"d{origin}", ""))


def test_each_figure_is_what_its_rule_says() -> None:
    """Two releases, the first mended by the second: counted by hand."""
    tags = [Tag("1.0", "d2", day(10)), Tag("1.1", "d20", day(30))]
    baseline = delivered(tags, line(0, 2, 20, 40), repair(20, 2), repair(40, 20))
    by_name = figures(baseline)
    assert by_name["deployment-frequency"].value == pytest.approx(2 / 100)
    assert by_name["lead-time"].value == 10 * DAY_S  # 10 and 8 days in 1.0, 10 in 1.1
    assert by_name["lead-time"].sample == 3
    failures = by_name["change-failure-rate"]
    assert (failures.value, failures.sample, failures.band) == (1.0, 2, Band.LOW)
    assert [release.failed_by for release in baseline.releases] == [("d20",), ("d40",)]
    assert by_name["restore-from-release"].value == 20 * DAY_S  # the second fix is not released yet
    assert by_name["restore-from-commit"].value == 28 * DAY_S
    assert baseline.traced == 2


def test_each_figure_can_be_worked_out_from_what_is_listed() -> None:
    """Medians of the listed times are the figures: newest release first, in it the longest on their way."""
    tags = [Tag("1.0", "d2", day(10)), Tag("1.1", "d20", day(30))]
    baseline = delivered(tags, line(0, 2, 20, 40), repair(20, 2), repair(2, None), repair(40, 20))
    assert [(lead.commit, lead.release, lead.lead_s // DAY_S) for lead in baseline.leads] == [
        ("d20", "d20", 10), ("d0", "d2", 10), ("d2", "d2", 8),
    ]  # fmt: skip
    assert baseline.restored == (("d20", 20 * DAY_S, 28 * DAY_S),)
    by_name = figures(baseline)
    assert by_name["lead-time"].value == statistics.median(lead.lead_s for lead in baseline.leads)
    assert by_name["restore-from-release"].value == baseline.restored[0].from_release_s
    assert by_name["restore-from-commit"].value == baseline.restored[0].from_commit_s


def test_more_commits_than_anybody_reads_are_counted_and_not_listed() -> None:
    """The newest release keeps its commits; the figure rests on all."""
    graph = line(*range(LEADS_CAP + 10))
    tags = [Tag("1.0", "d99", day(10_000)), Tag("2.0", f"d{LEADS_CAP + 9}", day(10_001))]
    baseline = delivered(tags, graph, last=20_000)
    assert len(baseline.leads) == LEADS_CAP
    assert figures(baseline)["lead-time"].sample == LEADS_CAP + 10
    assert sum(lead.release == "d99" for lead in baseline.leads) == 90


@pytest.mark.parametrize(
    ("fix", "origin", "failed"),
    [
        pytest.param(20, 2, True, id="soon-after"),
        pytest.param(41, 2, False, id="too-late"),
        pytest.param(20, None, False, id="not-traced"),
        pytest.param(2, 1, False, id="mended-in-the-same-release"),
        pytest.param(20, 15, False, id="never-released-before"),
    ],
)
def test_a_release_failed_where_a_fix_soon_mended_what_it_brought(fix: int, origin: int | None, failed: bool) -> None:
    """Neither a late fix, nor one of which nothing is known, nor a fault that no user met."""
    tags = [Tag("1.0", "d2", day(10)), Tag("1.1", "d41", day(50))]
    baseline = delivered(tags, line(0, 1, 2, 15, 20, 41), repair(fix, origin))
    assert bool(baseline.releases[0].failed_by) is failed


def test_a_young_release_is_not_held_sound() -> None:
    """A release of yesterday has had no time to fail: it is out of the rate, which is unknown with nothing in it."""
    baseline = delivered([Tag("1.0", "d2", day(95))], line(0, 2))
    failures = figures(baseline)["change-failure-rate"]
    assert (failures.value, failures.band, failures.sample) == (None, None, 0)
    assert failures.reason == "no release of the period is 30 days old"


def test_a_small_sample_has_a_range_of_bands_or_none() -> None:
    """Two releases with a fix each may be chance; a year of weekly ones is not."""
    few = figures(delivered([Tag("1.0", "d2", day(10)), Tag("1.1", "d20", day(30))], line(0, 2, 20), repair(20, 2)))
    assert (few["change-failure-rate"].value, few["change-failure-rate"].bands) == (
        0.5,
        (Band.HIGH, Band.MEDIUM, Band.LOW),
    )
    assert (few["lead-time"].band, few["lead-time"].bands) == (Band.MEDIUM, ())
    assert few["deployment-frequency"].bands == (Band.MEDIUM, Band.LOW)
    days = range(7, 2100, 7)
    many = figures(delivered([Tag(f"1.{one}", f"d{one}", day(one)) for one in days], line(*days), last=2100))
    assert many["change-failure-rate"].bands == (Band.ELITE,)
    assert many["lead-time"].bands == (Band.ELITE,)
    assert many["deployment-frequency"].bands == (Band.HIGH, Band.MEDIUM)


def test_without_releases_nothing_is_claimed() -> None:
    """Every figure says why it is not known, and none has a band."""
    baseline = delivered([], line(0, 2), repair(2, 0))
    assert all(figure.value is None and figure.band is None and figure.reason for figure in baseline.figures)


@pytest.mark.parametrize(
    ("every_days", "band"),
    [(1, Band.ELITE), (7, Band.HIGH), (30, Band.MEDIUM), (50, Band.LOW)],
)
def test_the_bands_of_the_frequency(every_days: int, band: Band) -> None:
    """At least once a day, a week, a month, or less."""
    days = range(every_days, 2100 + 1, every_days)
    tags = [Tag(f"1.{number}", f"d{number}", day(number)) for number in days]
    assert figures(delivered(tags, line(*days), last=2100))["deployment-frequency"].band is band


@given(
    st.lists(st.integers(0, 400), unique=True, max_size=8),
    st.lists(st.tuples(st.integers(0, 400), st.integers(0, 400))),
)
def test_any_history_has_figures_within_their_bounds(days: list[int], pairs: list[tuple[int, int]]) -> None:
    """Whatever the order of tags and fixes: shares lie from 0 to 1 inside their interval, and no time is negative."""
    graph = line(*range(0, 401, 20))
    tags = [Tag(f"1.{number}", f"d{number // 20 * 20}", day(number)) for number in sorted(days)]
    repairs = [repair(fix // 20 * 20, origin // 20 * 20) for fix, origin in pairs]
    for figure in delivered(tags, graph, *repairs, last=400).figures:
        assert (figure.value is None) == bool(figure.reason)
        if figure.value is not None and figure.low is not None and figure.high is not None:
            assert 0 <= figure.low <= figure.value <= figure.high


def test_what_a_fix_mended_is_asked_line_by_line() -> None:
    """Changed and taken lines are; added ones, blank ones and comments are not."""
    old = b"a\n# why\n\nb\nc\nd\n"
    assert faults.mended(old, b"a\n# because\nb\nC\nd\ne\n") == (5,)
    assert faults.mended(old, b"x\n") == (1, 4, 5, 6)
    assert faults.mended(old, old + b"e\n") == ()


TEXTS = st.lists(st.sampled_from(["a", " a", "b", "", "c", "d", "e"])).map("\n".join).map(str.encode)


@given(TEXTS, TEXTS, st.booleans())
@example(old=b" a\nb", new=b"a\nb\n a", ends=False)
@example(old=b"b\na\n a", new=b"a\n a\nb\na", ends=False)
def test_a_line_is_carried_to_one_with_the_same_words(old: bytes, new: bytes, ends: bool) -> None:
    """No two of them to the same, and all of them where nothing changed but white space."""
    old, new = (text + b"\n" * ends for text in (old, new))
    before, after = old.split(b"\n"), new.split(b"\n")
    numbers = range(1, hunks.count(new) + 1)
    places = faults.carried(numbers, old, new)
    assert len(set(places.values())) == len(places)
    assert all(after[number - 1].split() == before[place - 1].split() for number, place in places.items())
    indented = b"\n".join(b"  " + line for line in before)
    whole = {number: number for number in range(1, hunks.count(old) + 1)}
    assert faults.carried(tuple(whole), old, indented) == whole
    assert set(faults.carried(numbers, old, new, looks_through=True)) >= set(places)
