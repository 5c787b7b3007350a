"""The page of a report in a real browser: it renders, filters and sorts, and nothing of it leaves or runs."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from axe_playwright_python.sync_playwright import Axe
from msgspec.structs import replace

from pytest_bugguard.core.estimates import rate_of
from pytest_bugguard.core.kinds import Diagnosis, Kind
from pytest_bugguard.core.model import Files, Verdict
from pytest_bugguard.core.results import Finding
from pytest_bugguard.report.page import STATIC_ROWS, to_html
from pytest_bugguard.report.page.sections import tables_of
from pytest_bugguard.report.shape import dump_result
from tests.busy import busy
from tests.samples import HOSTILE, delivered, everything, fix, ranked_tests, result_of

if TYPE_CHECKING:
    from tests.page.conftest import Reader

SCRIPTS = (
    "<script>alert(1)</script>",
    "</script><script>alert(2)</script>",
    "<img src=x onerror=alert(3)>",
    '"><svg onload=alert(4)>',
    "javascript:alert(5)",
    "<!--<script>",
    "</script and what follows",
    "{{ 7 * 7 }}",
    *HOSTILE,
)


def _busy() -> dict[str, Any]:
    return dump_result(busy(400, 300, 60))


def test_it_is_whole_and_alone(reader: Reader) -> None:
    """Every part stands there with what it is about; nothing is loaded and nothing complains."""
    opened = reader.open(dump_result(replace(everything(), command="report")))
    titles = opened.page.locator("h2").all_inner_texts()
    assert titles[:8] == [
        "Guarded share over time", "Fixes without a guard", "Proofs, and what was not provable",
        "Tests that cannot be trusted", "Quarantine and waivers", "Coverage by module", "Where to invest",
        "How it is delivered",
    ]  # fmt: skip
    assert opened.page.locator("h1").inner_text() == "25 % of 8 fixes are guarded by a test."
    assert opened.rows("fixes")[0][2] in {"broken", "unguarded", "unproven", "unstable", "undecided", "weak", "waived"}
    assert (opened.said, opened.asked) == ([], [])


@pytest.mark.parametrize(("width", "scheme"), [(375, "light"), (375, "dark"), (820, "dark"), (1360, "light")])
def test_everybody_can_use_it(reader: Reader, scheme: str, width: int) -> None:
    """Axe finds nothing to complain of, drawn or searched; no width makes a reader scroll to the side."""
    opened = reader.open(_busy(), color_scheme=scheme, viewport={"width": width, "height": 900}, bypass_csp=True)
    opened.page.fill("#flaky input", "basket")
    found = Axe().run(opened.page)
    assert found.response["violations"] == [], found.generate_report()
    wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
    assert not opened.page.evaluate(wide)


@pytest.mark.parametrize("width", [375, 600, 820])
def test_the_chart_can_be_read(reader: Reader, width: int) -> None:
    """It shrinks with the screen, its labels do not: in CSS pixels, none below 9, and none cut off."""
    opened = reader.open(_busy(), viewport={"width": width, "height": 900})
    labels = opened.page.locator(".chart text")
    sizes = labels.evaluate_all(
        "all => all.map(one => parseFloat(getComputedStyle(one).fontSize) * one.getScreenCTM().a)"
    )
    edges = labels.evaluate_all(
        "all => all.flatMap(one => (box => [box.left, box.right])(one.getBoundingClientRect()))"
    )
    assert min(sizes) >= 9
    assert min(edges) >= 0
    assert max(edges) <= width


def test_no_number_and_no_heading_is_broken(reader: Reader) -> None:
    """Where a table is as narrow as one gets, texts make room for them; on a phone numbers stand with their names."""
    broken = """() => [...document.querySelectorAll("th, td.number, td.rate .detail")].filter(cell => {
        const range = document.createRange();
        range.selectNodeContents(cell.querySelector("button, a") ?? cell);
        return new Set([...range.getClientRects()].map(one => Math.round(one.bottom))).size > 1;
    }).map(cell => cell.innerText)"""
    assert reader.open(_busy(), viewport={"width": 920, "height": 900}).page.evaluate(broken) == []
    phone = reader.open(_busy(), viewport={"width": 375, "height": 900}).page
    assert phone.locator("td.number").first.evaluate("cell => getComputedStyle(cell).textAlign") == "left"


def test_what_a_figure_cannot_know_is_not_read_as_what_it_knows(reader: Reader) -> None:
    """On a phone, where columns have no heading above them, the limits of a figure say what they are."""
    opened = reader.open(dump_result(everything()), viewport={"width": 375, "height": 900})
    before = "cell => getComputedStyle(cell, '::before').content"
    assert "cannot know" in opened.page.locator("#delivery td:last-child").first.evaluate(before)


def test_a_table_is_searched_narrowed_and_sorted(reader: Reader) -> None:
    """Words have to be there in any order; a list narrows to one verdict; a heading sorts, and again backwards."""
    opened = reader.open(_busy())
    page = opened.page
    page.fill("#fixes input", "PAGER fix(cache)")
    shown = opened.rows("fixes")
    assert shown
    assert all("fix(cache)" in row[1] and "pager" in "".join(row) for row in shown)
    page.fill("#fixes input", "")
    page.select_option("#fixes select", "proven")
    assert {row[2] for row in opened.rows("fixes")} == {"proven"}
    page.click("#coverage th >> text=Not run")
    missing = [int(row[4]) for row in opened.rows("coverage")]
    assert missing == sorted(missing, reverse=True)
    page.keyboard.press("Enter")
    assert [int(row[4]) for row in opened.rows("coverage")] == sorted(missing)
    assert page.get_attribute("#coverage th[aria-sort]", "aria-sort") == "ascending"
    assert (opened.said, opened.asked) == ([], [])


@pytest.mark.parametrize("width", [375, 820])
def test_a_table_is_sorted_where_it_has_no_columns(reader: Reader, width: int) -> None:
    """On a phone the headings stand above the rows, to be touched, and the tab key stops at nothing unseen."""
    opened = reader.open(_busy(), viewport={"width": width, "height": 900})
    heads = opened.page.locator("#coverage thead button")
    assert all(head.bounding_box()["height"] >= 24 for head in heads.all())  # type: ignore[index]  # each has a box
    opened.page.click("#coverage th >> text=Not run")
    missing = [int(row[4]) for row in opened.rows("coverage")]
    assert missing == sorted(missing, reverse=True)
    assert "Sort by" in heads.first.evaluate("one => getComputedStyle(one.closest('tr'), '::before').content")


def test_the_page_says_whose_it_is_and_leads_to_each_part(reader: Reader) -> None:
    """Of which repository, when, and how it stood then: a tab among many, or a sheet of paper."""
    opened = reader.open(dump_result(busy(30, 3, 3, web="https://github.com/acme/shop")))
    assert (
        opened.page.locator(".name").inner_text()
        == "bugguard report of github.com/acme/shop, commit 9999999, 2024-05-01"
    )
    titles = opened.page.locator("h2").all_inner_texts()
    links = opened.page.locator("nav .parts a").all()
    assert [link.inner_text() for link in links] == [title for title in titles if title != "Notes"]
    for link in links:
        assert opened.page.locator(link.get_attribute("href") or "").count() == 1


def test_it_can_be_printed(reader: Reader) -> None:
    """Every row is on paper, what is there to be clicked is not, and nothing leaves the sheet."""
    opened = reader.open(dump_result(replace(everything(), command="report")), viewport={"width": 720, "height": 1000})
    rows = opened.page.locator("#fixes tbody tr").count()
    opened.page.emulate_media(media="print")
    assert opened.page.locator("#fixes tbody tr:visible").count() == rows > 0
    assert opened.page.locator(".controls:visible, .rest button:visible, .skip:visible").count() == 0
    assert not opened.page.evaluate("document.documentElement.scrollWidth > document.documentElement.clientWidth")
    assert opened.page.pdf(format="A4").startswith(b"%PDF-")


def test_a_sheet_tells_what_is_not_on_it(reader: Reader) -> None:
    """The button that would show more is of no use there: how many it is speaks for it."""
    page = reader.open(_busy()).page
    more = "rest => getComputedStyle(rest, '::after').content"
    page.emulate_media(media="print")
    left = int(page.locator("#fixes .rest").get_attribute("data-left") or 0)
    assert page.locator("#fixes .rest").evaluate(more) == f'"{left} more stand in the file."'
    page.emulate_media(media="screen")
    page.select_option("#fixes select", "")
    page.emulate_media(media="print")
    assert page.locator("#fixes .rest").evaluate(more) == '"300 more stand in the file."'


def test_each_number_leads_to_its_evidence(reader: Reader) -> None:
    """Every count at the top opens just the rows that it counts, whatever was searched for before."""
    opened = reader.open(dump_result(replace(everything(), command="report")))
    facts = opened.page.locator(".facts a").all()
    assert [fact.inner_text().replace("\n", " ") for fact in facts][5:7] == [
        "1 test not to be trusted",
        "3 coverage rules not met",
    ]
    assert len(facts) == 8
    for fact in facts:
        section, count = fact.get_attribute("data-table"), fact.locator("strong").inner_text()
        opened.page.fill(f"#{section} input", "nothing of the kind")
        fact.click()
        assert opened.page.locator(f"#{section} output").inner_text().startswith(f"{count} of ")


def test_a_figure_of_the_delivery_leads_to_what_it_counts(reader: Reader) -> None:
    """Releases with the fixes that mended them, and fixes with the commit that brought their fault."""
    traced = fix(Verdict.GUARDED, 50)
    whole = replace(everything(), command="report", delivery=delivered(fix=traced.sha))
    opened = reader.open(dump_result(replace(whole, records=(*whole.records, traced))))
    opened.page.click("#delivery a[href='#releases'] >> nth=0")
    assert opened.page.url.endswith("#releases")
    assert opened.rows("releases") == [["2024-05-01", "text 1111111", "failed", traced.sha[:7]]]
    opened.page.click("#releases td:last-child a")
    (row,) = opened.rows("fixes")
    assert "fault came with 1111111" in row[3]
    opened.page.click("#delivery a[href='#fixes']")
    assert opened.rows("fixes") == [row]
    assert "cured after commit: 1.0 days" in row[3]
    opened.page.click("#delivery a[href='#leads']")
    assert opened.rows("leads") == [["2024-05-01", "text", "4444444", "1.0"]]


def test_a_finding_on_a_fix_leads_to_it(reader: Reader) -> None:
    """By its short id, as everywhere; a waiver whose fix is not on the page leads nowhere."""
    owed, waived = fix(number=1), Finding("waivers:1c0ffee", "waivers", Verdict.UNGUARDED, "1c0ffee", "ended", "")
    found = Finding(
        f"fixes:{owed.sha}", "fixes", Verdict.UNGUARDED, owed.sha, "brings no test", "", "src/shop/pager.py"
    )
    opened = reader.open(dump_result(result_of(owed, fix(number=2), findings=(found, waived), command="check")))
    assert [row[0].splitlines()[0] for row in opened.rows("findings")] == [owed.sha[:7], "1c0ffee"]
    opened.page.click("#findings td a[href='#fixes']")
    assert [owed.sha[:7] in row[1] for row in opened.rows("fixes")] == [True]
    assert opened.page.locator("#findings td a[href='#fixes']").count() == 1


def test_a_place_leads_to_its_newest_fix(reader: Reader) -> None:
    """The id in one table opens the row of the other, guarded or not."""
    opened = reader.open(_busy())
    link = opened.page.locator("#hotspots td:last-child a").first
    link.click()
    assert [link.inner_text() in row[1] for row in opened.rows("fixes")] == [True]


def test_a_count_of_fixes_leads_to_them(reader: Reader) -> None:
    """The fixes of a place are those that changed it, whatever it was called; those of a quarter were made in it."""
    whole = _busy()
    for place in whole["hotspots"]["files"]:
        place["path"] = place["path"].replace("src/shop/", "src/New Shop/")
    opened = reader.open(whole)
    counts = opened.page.locator("#hotspots td.number a")
    assert counts.count() == len(whole["hotspots"]["files"]) + len(whole["hotspots"]["folders"])
    counts.nth(1).click()
    assert opened.page.locator("#fixes output").inner_text() == f"{counts.nth(1).inner_text()} of 400"
    of_guarded = opened.page.locator("#hotspots tbody tr").nth(1).locator("td.bar a").first
    of_guarded.click()
    assert opened.page.locator("#fixes output").inner_text() == f"{of_guarded.inner_text().split()[0]} of 400"
    assert {row[2] for row in opened.rows("fixes")} == {"guarded", "proven"}
    opened.page.click("#hotspots td[data-title=Covered] a")
    assert {row[0].startswith("src/shop/") for row in opened.rows("coverage")} == {True}
    opened.page.click("summary")
    quarter = opened.page.locator("details tbody tr").first
    name, guarded, judged, undecided = quarter.locator("td").all_inner_texts()
    assert name == "2024-Q2"
    for text, shown in zip(
        (name, guarded, judged, undecided), (int(judged) + int(undecided), guarded, judged, undecided), strict=True
    ):
        quarter.get_by_text(text, exact=True).first.click()
        assert opened.page.locator("#fixes output").inner_text() == f"{shown} of 400"


def test_the_sentence_at_the_top_leads_to_what_it_counts(reader: Reader) -> None:
    """Its share to the guarded fixes, its count to the judged ones, each year's share to those of its quarters."""
    whole = _busy()
    opened = reader.open(whole)
    shown = opened.page.locator("#fixes output")
    counts = whole["trend"]["whole"]
    share, judged = opened.page.locator("h1 a").all()
    share.press("Enter")
    assert shown.inner_text() == f"{counts['guarded']} of 400"
    assert {row[2] for row in opened.rows("fixes")} == {"guarded", "proven"}
    judged.press("Enter")
    assert shown.inner_text() == f"{counts['judged']} of 400"
    newest = whole["trend"]["quarters"][-4:]
    opened.page.locator(".recent a").first.press("Enter")
    assert shown.inner_text() == f"{sum(one['judged'] for one in newest)} of 400"


def test_a_quarter_of_the_chart_leads_to_its_fixes(reader: Reader) -> None:
    """By mouse anywhere in it; by keyboard the chart is one stop, and arrows go from one quarter to the next."""
    whole = _busy()
    opened = reader.open(whole)
    page, shown = opened.page, opened.page.locator("#fixes output")
    quarters = [f"{one['judged'] + one['undecided']} of 400" for one in whole["trend"]["quarters"]]
    page.locator(".chart .reach").first.click()
    assert shown.inner_text() == quarters[0]
    assert page.locator(".chart a[tabindex='0']").count() == 1
    page.locator(".chart a[tabindex='0']").focus()
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    assert shown.inner_text() == quarters[-2]
    page.locator(".chart a[tabindex='0']").focus()
    page.keyboard.press("ArrowLeft")
    assert page.evaluate("document.activeElement.getAttribute('aria-label')").startswith(
        whole["trend"]["quarters"][-3]["quarter"]
    )
    assert (opened.said, opened.asked) == ([], [])


def test_a_quarter_that_the_table_does_not_bear_out_leads_nowhere(reader: Reader) -> None:
    """The trend reads an absurd date as its neighbours', the table shows what git says."""
    whole = _busy()
    whole["fixes"][0]["date"] = "1970-01-01T00:00:00Z"
    opened = reader.open(whole)
    assert opened.page.locator(".chart a").count() == len(whole["trend"]["quarters"]) - 1


def test_a_count_that_the_table_does_not_bear_out_leads_nowhere() -> None:
    """Of several documents the fixes may come from one and the places from another."""
    whole = dump_result(busy(30, 3, 3))
    for place in whole["hotspots"]["files"]:
        place["fixes"] += 1
    (table,) = (table for table in tables_of(whole) if table.id == "hotspots")
    assert all("\t" not in row[2] for row in table.rows if not row[0].endswith("/\t"))
    assert any("\t" in row[2] for row in table.rows)


def test_a_test_says_why_it_is_not_trusted(reader: Reader) -> None:
    """What an experiment has shown, the guilty test, and how to see it; no rate of runs that were not made."""
    found = ranked_tests()
    told = Diagnosis((Kind.VICTIM,), ("seen",), (("tests/test_a.py::test_clear",),))
    victim = replace(found.flakes[0], diagnosis=told, rate=rate_of(0, 0), command="pytest -x", strip="")
    opened = reader.open(dump_result(result_of(ranking=replace(found, flakes=(victim,)))))
    (row,) = opened.rows("flaky")
    name, why, guilty, failure, command, more = row[0].splitlines()
    assert (name, row[3]) == (victim.nodeid, "")
    assert why == "victim: passed 3 and failed 1 times on the same code"
    assert (guilty, failure, command) == ("after tests/test_a.py::test_clear", "text", "fails: pytest -x")
    assert more == "and 2 more"
    opened.page.click("#flaky summary")
    assert opened.rows("flaky")[0][0].splitlines()[-2:] == ["began between 1111111 and 2222222", "cost 1 min 40 s"]


def test_commits_and_files_lead_to_their_server(reader: Reader) -> None:
    """Where the settings name one: a fix's files as they were in it, others as they are at the head."""
    opened = reader.open(dump_result(busy(30, 3, 3, web="https://github.com/acme/shop")))
    module = opened.page.locator("#coverage td a").first
    at_head = f"https://github.com/acme/shop/blob/{'9' * 40}/"
    assert module.get_attribute("href") == at_head + module.inner_text()
    links = opened.page.locator("#fixes tbody tr").first.locator("a").all()
    commit, *files = [link.get_attribute("href") or "" for link in links]
    sha = commit.removeprefix("https://github.com/acme/shop/commit/")
    assert len(sha) == 40
    assert files
    assert all(file.startswith(f"https://github.com/acme/shop/blob/{sha}/") for file in files)
    assert opened.asked == []


def test_a_stored_address_that_is_none_links_nothing(reader: Reader) -> None:
    """A document may come from anywhere: what is no address of a known server is no link."""
    whole = dump_result(everything())
    whole["repository"]["web"] = "javascript:alert(1)//https://github.com/a/b"
    opened = reader.open(whole)
    assert opened.page.locator("td a:not([data-table])").count() == 0


def test_what_nobody_looked_at_is_not_called_empty(reader: Reader) -> None:
    """The page of a pytest run has no history of tests to speak of, and says nothing of one."""
    opened = reader.open(dump_result(result_of(fix(), command="pytest")))
    assert opened.page.locator("h2").all_inner_texts() == ["Fixes without a guard"]
    assert (opened.said, opened.asked) == ([], [])


def test_the_script_draws_what_stands_there(reader: Reader) -> None:
    """Both ways of drawing a row give the same words in the same marks."""
    opened = reader.open(dump_result(everything()))
    drawn = "rows => rows.map(row => row.outerHTML.replace(/\\s+/g, ' ').replace(/> | </g, m => m.trim()))"
    for section in ("fixes", "proofs", "flaky", "exceptions", "coverage", "hotspots", "delivery", "releases",
                    "leads", "findings"):  # fmt: skip
        rows = opened.page.locator(f"#{section} > table > tbody > tr")
        before = rows.evaluate_all(drawn)
        assert before
        opened.page.fill(f"#{section} input", " ")
        assert rows.evaluate_all(drawn) == before


def test_more_is_shown_when_somebody_asks(reader: Reader) -> None:
    """Rows come in chunks, and none is out of reach."""
    opened = reader.open(_busy())
    assert len(opened.rows("flaky")) == 16
    opened.page.select_option("#flaky select", "")
    assert len(opened.rows("flaky")) == 100
    opened.page.click("#flaky .rest button")
    opened.page.click("#flaky .rest button")
    assert len(opened.rows("flaky")) == 300
    assert opened.page.locator("#flaky .rest button").count() == 0


def test_nothing_is_offered_where_all_is_shown(reader: Reader) -> None:
    """The others can be chosen from the list; there is no more of what the list shows."""
    opened = reader.open(dump_result(result_of(fix(verdict=Verdict.GUARDED))))
    assert opened.rows("fixes") == []
    assert opened.page.locator("#fixes .rest").inner_text() == ""
    opened.page.select_option("#fixes select", "")
    assert len(opened.rows("fixes")) == 1


def test_without_scripts_the_worst_can_be_read(reader: Reader) -> None:
    """The first rows of each table are plain HTML, and it says how many there are."""
    opened = reader.open(_busy(), java_script_enabled=False)
    assert opened.page.locator("#fixes tbody tr").count() == STATIC_ROWS
    assert opened.page.locator("#fixes .rest").inner_text().startswith(f"{STATIC_ROWS} of 400 stand here")
    assert not opened.page.locator("#fixes form").is_visible()


def test_what_strangers_wrote_runs_nothing(reader: Reader) -> None:
    """Names and messages are text, whether they stand there or are drawn; so is what looks like a template."""
    whole = dump_result(everything(SCRIPTS[0]))
    for hostile in SCRIPTS[1:]:
        more = dump_result(everything(hostile))
        whole |= {key: [*value, *more[key]] for key, value in whole.items() if isinstance(value, list)}
    opened = reader.open(whole)
    for section in ("fixes", "flaky", "coverage"):
        opened.page.fill(f"#{section} input", "alert")
        assert any(SCRIPTS[0] in cell for row in opened.rows(section) for cell in row)
    assert (opened.said, opened.asked) == ([], [])
    assert opened.page.locator("script").count() == 2
    assert opened.page.locator("img, a[href^=javascript]").count() == 0


def test_the_same_document_gives_the_same_bytes() -> None:
    """No clock, no chance, no order by hash; and the policy allows nothing but what stands in the page."""
    text = to_html(dump_result(everything()))
    assert text == to_html(json.loads(json.dumps(dump_result(everything()))))
    assert "unsafe" not in text
    assert "default-src &#39;none&#39;" in text


def test_an_empty_history_is_a_page_too(reader: Reader) -> None:
    """Nothing to report is said, part by part."""
    opened = reader.open(dump_result(result_of(command="report")))
    assert opened.page.locator(".empty").all_inner_texts()[0] == "There is no fix to judge."
    assert (opened.said, opened.asked) == ([], [])


def test_a_path_that_no_encoding_fits_is_shown() -> None:
    """Bytes that are no UTF-8 reach the page as escapes, and never end it."""
    record = fix(Verdict.UNGUARDED, subject="caf\udce9", files=Files(source=("caf\udce9.py",)))
    assert r"caf\xe9" in to_html(dump_result(result_of(record)))


def test_a_file_is_named_once_and_nothing_is_no_share() -> None:
    """The row of a file does not repeat its path before its lines; a file without branches has no share of them."""
    whole = dump_result(busy(3, 3, 12))
    for module in whole["modules"]:
        module["branch"] = {"covered": 0, "total": 0}
    (table,) = (table for table in tables_of(whole) if table.id == "coverage")
    rows = [row for row in table.rows if row[1] != "no gate"]
    assert rows
    assert all(row[0].count(whole_path(row)) == 1 for row in rows)
    assert {row[3] for row in rows} == {""}
    assert any("not run: 13, 15-16 in charge" in row[0] for row in rows)


def whole_path(row: tuple[str, ...]) -> str:
    return row[0].split("\t")[1]
