"""The delivery figures: which tags are releases, what each carried first, which failed, how long a cure took."""

from __future__ import annotations

import statistics

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from pytest_bugguard.core import faults, hunks, releases
from pytest_bugguard.core.bands import Band
from pytest_bugguard.core.delivery import (
    DAY_S,
    LEADS_CAP,
    Baseline,
    Delivered,
    Figure,
    Period,
    Repair,
    Unit,
    baseline_of,
    period_of,
)
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


def test_copies_are_known_by_what_their_messages_name() -> None:
    """As git and Django write it, one or several in a message; a commit id is the same in capitals."""
    one, other = "AbCdEf01" * 5, "3" * 64
    said = f"mend\n\n(cherry picked from commit {one})\n(Cherry-picked from commit {other})"
    messages = [("x", said), ("y", f"Backport of {one} from main."), ("z", f"see commit {one}")]
    assert releases.copies_of(messages) == {one.lower(): ["x", "y"], other: ["x"]}


def test_a_tip_reaches_all_that_lies_below_it() -> None:
    """Through each parent of a merge, and no further than the history goes."""
    graph = {**line(1, 2, 3), "side": Node(("d1", "cut-off"), 0, 0), "merge": Node(("d2", "side"), 0, 0)}
    assert releases.reached("merge", graph) == {"d1", "d2", "side", "merge"}
    assert releases.reached("unknown", graph) == frozenset()


EPOCH_S, YEAR_2200_S = 0, 7_258_118_400


@pytest.mark.parametrize(
    ("times", "released", "first", "last"),
    [
        pytest.param((day(0), day(40)), (), day(0), day(40), id="younger-than-asked"),
        pytest.param((day(0), day(200), day(400)), (), day(310), day(400), id="as-long-as-asked"),
        pytest.param((day(310), day(400)), (), day(310), day(400), id="exactly-as-old-as-asked"),
        pytest.param((day(0), day(400)), (day(410), day(90)), day(320), day(410), id="released-later"),
        pytest.param((day(0), day(40)), (day(20),), day(0), day(40), id="released-before"),
        pytest.param((day(0), day(40)), (YEAR_2200_S, EPOCH_S), day(0), day(40), id="absurd-release"),
        pytest.param((day(0), day(60), day(40)), (), day(0), day(40), id="newer-on-another-branch"),
        pytest.param((EPOCH_S, day(30), day(40)), (), day(30), day(40), id="absurd-beginning"),
        pytest.param((day(0), day(50), YEAR_2200_S), (), day(0), day(50), id="absurd-tip"),
        pytest.param((day(0), day(50), EPOCH_S), (day(60),), day(0), day(60), id="absurd-tip-that-was-released"),
        pytest.param((EPOCH_S, YEAR_2200_S), (day(60),), day(60), day(60), id="only-the-release-makes-sense"),
        pytest.param((EPOCH_S, YEAR_2200_S), (), 0, 0, id="nothing-makes-sense"),
    ],
)
def test_the_figures_look_back_from_the_newest_commit(
    times: tuple[int, ...], released: tuple[int, ...], first: int, last: int
) -> None:
    """Never from a clock: so many days, or as many as the history has; times that cannot be are passed over."""
    graph = {f"c{number}": Node((), time_s, time_s) for number, time_s in enumerate(times)}
    tags = [Tag(f"1.{number}", "c0", made_s) for number, made_s in enumerate(released)]
    period = period_of(f"c{len(times) - 1}", tags, graph, days=90, failure_days=30)
    assert period == Period(first, last, 30)


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


NO_RELEASE = "no release in this time: delivery.days looks further back, delivery.releases names other tags"


@pytest.mark.parametrize(
    "figure",
    [
        Figure(
            "deployment-frequency", Unit.PER_DAY, None, None, 0, "releases",
            "releases in the period, by their tags",
            ("whether a release was deployed, and how often the same one was", "deployments that nobody tagged"),
            reason=NO_RELEASE,
        ),
        Figure(
            "lead-time", Unit.SECONDS, None, None, 0, "commits",
            "from a commit (its author time; no merges) to the first release of the period that has it, the median",
            ("work before the commit, and before a squash: that has the time of the squash",
             "how long the release took to reach its users"),
            reason=NO_RELEASE,
        ),
        Figure(
            "change-failure-rate", Unit.RATIO, None, None, 0, "releases",
            "releases of which a fix, made within 30 days, mended lines that they were the first to carry; "
            "releases younger than 30 days are not judged",
            ("failures that were rolled back or mended outside of this repository",
             "faults of fixes that only add lines: they are traced to nothing",
             "how much a fault hurt: every fix counts the same"),
            reason="no release of the period is 30 days old",
        ),
        Figure(
            "restore-from-release", Unit.SECONDS, None, None, 0, "fixes",
            "from the first release with the fault to the first one with its fix, the median of what was traced",
            ("when somebody noticed: a fault may sleep for years, so this is an upper limit",
             "service that was restored by going back to an older release"),
            reason="no fix that was released in the period mends what a release before it brought",
        ),
        Figure(
            "restore-from-commit", Unit.SECONDS, None, None, 0, "fixes",
            "from the commit that wrote the fault to the first release with its fix, the median of what was traced; "
            "DORA, who count from the release, draw no bands for it",
            ("whether the lines were wrong when they were written: blame names the commit that touched them last",),
            reason="no fix that was released in the period could be traced",
        ),
    ],
    ids=lambda figure: figure.name,
)  # fmt: skip
def test_without_releases_nothing_is_claimed(figure: Figure) -> None:
    """Every figure says what it is, what it leaves out and why it is not known, and none has a band."""
    assert figures(delivered([], line(0, 2), repair(2, 0)))[figure.name] == figure


def test_a_figure_is_shown_with_its_sample_and_its_spread() -> None:
    """The interval of a rate, the quartiles of times; a time that was seen once is its own spread."""
    tags = [Tag("1.0", "d2", day(10)), Tag("1.1", "d20", day(30))]
    baseline = delivered(tags, line(0, 2, 20, 40), repair(20, 2), repair(40, 20))
    assert [
        (one.value, one.band, one.sample, one.low, one.high, one.bands, one.reason) for one in baseline.figures
    ] == [
        (0.02, Band.LOW, 2, pytest.approx(0.0042, abs=1e-4), pytest.approx(0.0642, abs=1e-4),
         (Band.MEDIUM, Band.LOW), ""),
        (10 * DAY_S, Band.MEDIUM, 3, 9 * DAY_S, 10 * DAY_S, (), ""),
        (1.0, Band.LOW, 2, pytest.approx(0.333, abs=1e-3), 1.0, (Band.LOW,), ""),
        (20 * DAY_S, Band.LOW, 1, 20 * DAY_S, 20 * DAY_S, (), ""),
        (28 * DAY_S, None, 1, 28 * DAY_S, 28 * DAY_S, (), ""),
    ]  # fmt: skip


def test_a_release_that_brings_nothing_new_is_one_all_the_same() -> None:
    """It was deployed, and no commit waited for it: the reason does not send people to look for other tags."""
    again = figures(delivered([Tag("1.0", "d2", day(-50)), Tag("1.0-again", "d0", day(60))], line(0, 2)))
    assert again["deployment-frequency"].sample == 1
    assert (again["lead-time"].value, again["lead-time"].reason) == (
        None, "no release in this time is the first one with a commit of which it is known when it was made"
    )  # fmt: skip


def test_a_fault_of_absurd_times_tells_nothing() -> None:
    """Histories that were converted begin in 1970, and so do some of their tags."""
    graph = line(2, 20) | {"d2": Node((), 0, 0)}
    told = figures(delivered([Tag("1.0", "d2", 0), Tag("1.1", "d20", day(30))], graph, repair(20, 2)))
    assert (told["restore-from-release"].value, told["restore-from-commit"].value) == (None, None)


def test_reasons_why_nothing_was_traced_are_counted() -> None:
    """The commonest first; of fixes that were traced there is none."""
    reasons = ("only adds", "a merge", "only adds", "binary")
    repairs = [repair(2, 0), *(Repair(f"x{at}", day(2), Traced("x", None, why)) for at, why in enumerate(reasons))]
    baseline = delivered([], line(0, 2), *repairs)
    assert (baseline.traced, baseline.untraced) == (1, (("only adds", 2), ("a merge", 1), ("binary", 1)))


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
