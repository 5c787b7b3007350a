"""A result as Markdown: for a job summary, a comment or a page; the worst first, and never over the budget."""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from pytest_bugguard.core.alike import gathered
from pytest_bugguard.core.results import WORST_FIRST
from pytest_bugguard.report import delivery, flaky, hunt, words
from pytest_bugguard.report.escape import markdown, markdown_code
from pytest_bugguard.report.linked import Linked, linked

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from pytest_bugguard.core.flakes import Flake, Ranking
    from pytest_bugguard.core.hotspots import Hotspots
    from pytest_bugguard.core.model import Record
    from pytest_bugguard.core.results import Finding, Held, Result
    from pytest_bugguard.core.trend import Trend

BUDGET = 900_000
"""Bytes. GitHub refuses a job summary over 1 MiB, all steps together, and shows nothing of it then."""
_TESTS_SHOWN = 10


def to_markdown(result: Result, *, budget: int = BUDGET) -> str:
    """The result as Markdown, with what does not fit into the budget left out and counted."""
    if result.ranking is not None and result.command == "hunt":
        return _of_tests(result, hunt.headline(result.ranking), result.ranking, "", budget)
    if result.ranking is not None and result.command.startswith("flaky"):
        return _of_tests(result, flaky.headline(result.ranking), result.ranking, flaky.CAPTION, budget)
    before = "".join(f"{text}\n" for text in _opening(result))
    after = _of_survey(result, budget // 4) + "".join(f"{text}\n" for text in _closing(result))
    room = budget - len(before.encode()) - len(after.encode())
    return before + _fitting(_table(result), room) + after


def _of_survey(result: Result, budget: int) -> str:
    """The tests that cannot be trusted, and what is excused; the longest list of fixes leaves room for them."""
    links, quarantine = linked(result.repository), words.quarantine(result)
    doubted = [_flake(one, (), quarantine, links) for one in words.doubted(result)]
    parts = (
        ("Tests that cannot be trusted", _FLAKY_HEAD, doubted),
        ("Excused for a time", _EXCUSED_HEAD, [_row(*map(markdown, excuse)) for excuse in words.excuses(result)]),
    )
    return "".join(f"### {title}\n\n{_fitting(rows, budget // 2, head)}" for title, head, rows in parts if rows)


def _opening(result: Result) -> Iterator[str]:
    yield marker(result.command)
    yield f"## bugguard {result.command}: {markdown(_headline(result))}"
    yield ""
    facts = result.repository
    if facts.base is not None:
        reason = f", {markdown(facts.base_reason)}" if facts.base_reason else ""
        yield f"Base: {markdown_code(words.revision(facts.base))}{reason}."
        yield ""
    yield from (f"> {markdown(note)}\n" for note in result.notes)


def marker(command: str) -> str:
    """The first line, by which a bot finds the comment that it wrote before: it is not shown."""
    return f"<!-- bugguard: {markdown(command)} -->"


def _headline(result: Result) -> str:
    if result.command in words.SURVEYS:
        return words.headline(result)
    said = ", ".join([*words.counts(result.summary), *words.loose_words(result)])
    return said or f"no fixes in {words.counted(result.summary.units, 'commit')}"


_TABLE_HEAD = "| verdict | what | why | next |\n|---|---|---|---|\n"


def _table(result: Result) -> Sequence[str]:
    """The rows, worst first; of the same verdict in git's order."""
    shown = filter(words.is_shown, result.records) if result.command != "explain" else result.records
    ranked = sorted(shown, key=lambda record: WORST_FIRST.index(record.verdict))
    links = linked(result.repository)
    return [
        *(_finding(finding, links) for finding in words.loose_findings(result)),
        *(_record(record, links) for record in ranked),
    ]


def _of_tests(result: Result, headline: str, found: Ranking, caption: str, budget: int) -> str:
    before = f"{marker(result.command)}\n## bugguard {result.command}: {markdown(headline)}\n\n"
    links = linked(result.repository)
    after = f"{markdown(caption)}\n" if caption else ""
    room = budget - len(before.encode()) - len(after.encode())
    quarantine = words.quarantine(result)
    groups = gathered(found.flakes) if result.command == "flaky list" else zip(found.flakes)
    rows = [_flake(first, others, quarantine, links, is_cut=flaky.goes_on(found, first)) for first, *others in groups]
    return before + _fitting(rows, room, _FLAKY_HEAD) + after


_EXCUSED_HEAD = "| until | what | owner | reason |\n|---|---|---|---|\n"
_FLAKY_HEAD = "| verdict | test | failed | cost | what | next |\n|---|---|---|---|---|---|\n"


def _flake(
    flake: Flake, others: Sequence[Flake], quarantine: Sequence[Held], links: Linked, *, is_cut: bool = False
) -> str:
    """A test, and those that fail alike: one thing to mend."""
    known = [flaky.why(flake), *flaky.guilty(flake), flake.signature, flaky.began(flake)]
    what = filter(None, [*known, flaky.held(flake, quarantine), *flaky.alike(flake, others, is_cut=is_cut)])
    return _row(
        f"**{flake.verdict}**",
        links.place(flake.nodeid),
        markdown(flaky.rate(flake.rate)),
        flaky.duration(flake.lost_s),
        _lines([*map(markdown, what), markdown_code(flake.strip)]),
        markdown_code(flake.command) if flake.command else markdown(flake.next),
    )


def _fitting(rows: Sequence[str], room: int, head: str = _TABLE_HEAD) -> str:
    if not rows:
        return ""
    kept: list[str] = []
    left = room - len(head) - len(_more(len(rows)))
    for row in rows:
        left -= len(row.encode())
        if left < 0:
            break
        kept.append(row)
    more = len(rows) - len(kept)
    return head + "".join(kept) + "\n" + (_more(more) if more else "")


def _more(count: int) -> str:
    return f"{count} more do not fit in here: `--format json` has them all.\n\n"


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |\n"


def _record(record: Record, links: Linked) -> str:
    tests = [test for test in record.tests if test.counts]
    more = len(tests) - _TESTS_SHOWN
    why = chain(
        [markdown(words.why(record))],
        (f"{links.place(test.nodeid, at=record.sha)} {test.change}" for test in tests[:_TESTS_SHOWN]),
        [f"and {more} more"] if more > 0 else [],
        (links.place(path, at=record.sha) for path in (record.files.source[:1] if not tests else ())),
    )
    name = f"{links.commit(record.sha)} {markdown(record.subject)}"
    return _row(f"**{record.verdict}**", name, _lines(why), markdown(record.next))


def _lines(texts: Iterable[str]) -> str:
    return "<br>".join(filter(None, texts))


def _finding(finding: Finding, links: Linked) -> str:
    place = links.place(finding.path, line=finding.line) if finding.path else ""
    what = _lines([markdown(finding.subject), place if finding.path != finding.subject or finding.line else ""])
    return _row(f"**{finding.verdict}**", what, markdown(finding.message), markdown(finding.next))


def _closing(result: Result) -> Iterator[str]:
    if result.trend and result.trend.quarters:
        yield from _trend(result.trend)
    if result.hotspots and result.hotspots.files:
        yield from _hotspots(result.hotspots, linked(result.repository))
    if result.delivery:
        yield from delivery.paragraphs(result.delivery)
    rules = words.rules(result.records) if result.command in words.SURVEYS else ()
    if rules:
        yield f"Recognised by: {', '.join(f'{markdown(rule)} {count}' for rule, count in rules)}."


def _trend(trend: Trend) -> Iterator[str]:
    yield "### Guarded share by quarter\n\n| quarter | guarded |\n|---|---|"
    for quarter in trend.quarters:
        yield f"| {quarter.name} | {words.share(quarter.share)} |"
    yield ""


def _hotspots(hotspots: Hotspots, links: Linked) -> Iterator[str]:
    yield "### Where fixes cluster\n\n| place | weight | fixes | guarded |\n|---|---:|---:|---|"
    for place in (*hotspots.files, *hotspots.folders):
        yield f"| {links.place(place.path)} | {place.weight:.2f} | {place.fixes} | {words.share(place.share)} |"
    yield ""
