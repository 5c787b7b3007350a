"""What a job summary shows, within its budget."""

from __future__ import annotations

import re

import pytest
from markdown_it import MarkdownIt
from msgspec.structs import replace

from pytest_bugguard.core.model import How, MappedTest, Verdict
from pytest_bugguard.core.results import Finding
from pytest_bugguard.report.markdown import BUDGET, to_markdown
from tests.samples import HOSTILE, everything, feature, fix, ranked_tests, result_of

PARSER = MarkdownIt("commonmark").enable("table")
WRITTEN = {"text", "code_inline", "html_inline", "link_open", "link_close", "strong_open", "strong_close", "softbreak",
           "text_special"}  # fmt: skip


def test_the_worst_comes_first() -> None:
    """Who reads only the top reads what matters; what is no fix is left out."""
    text = to_markdown(result_of(fix(Verdict.GUARDED, 1), fix(Verdict.UNGUARDED, 2), feature(3), command="check"))
    assert text.startswith(
        "<!-- bugguard: check -->\n## bugguard check: 1 guarded, 1 unguarded\n\nBase: `origin/main`, "
    )
    assert re.findall(r"\*\*(\w+)\*\* \| `(\w+)`", text) == [("unguarded", "0000002"), ("guarded", "0000001")]


def test_an_audit_opens_with_its_sentence_and_closes_with_trend_and_hotspots() -> None:
    """The same facts as on a terminal."""
    text = to_markdown(everything())
    assert text.startswith(
        "<!-- bugguard: audit -->\n## bugguard audit: 2 of 8 fixes &#40;25 %&#41; brought a regression test\n"
    )
    assert "| 2024-Q2 | 2 of 8  25 %, 1 undecided |" in text
    assert f"| [`src/text`](https://git.example/acme/shop/-/blob/{'9' * 40}/src/text) | 8.8" in text
    assert "Recognised by: reference 10." in text


def test_a_report_names_the_tests_that_cannot_be_trusted_and_what_is_excused() -> None:
    """As its page does; a report of 5,000 fixes as well, within the same budget. A steady test is not listed."""
    whole = replace(everything(), command="report", ranking=ranked_tests())
    text = to_markdown(whole)
    trusted = text[text.index("### Tests that cannot be trusted") :]
    assert re.findall(r"^\| \*\*([\w-]+)\*\*", trusted, re.MULTILINE) == ["flaky"]
    assert "| 2027-01-31 | 1c0ffee | text | text |" in trusted
    many = replace(whole, records=tuple(fix(number=number) for number in range(1, 9_000)))
    assert "### Tests that cannot be trusted" in to_markdown(many, budget=50_000)
    assert len(to_markdown(many, budget=50_000).encode()) <= 50_000
    assert "### Tests" not in to_markdown(replace(whole, command="check"))


@pytest.mark.parametrize("budget", [pytest.param(BUDGET, id="github's"), pytest.param(5_000, id="small")])
def test_a_long_list_stays_within_the_budget_and_says_so(budget: int) -> None:
    """What is left out is counted, and the most urgent is kept."""
    records = [fix(Verdict.GUARDED, number) for number in range(1, 20_000)]
    text = to_markdown(result_of(*records, fix(Verdict.UNGUARDED, 30_000)), budget=budget)
    assert len(text.encode()) <= budget
    rows = len(re.findall(r"^\| \*\*", text, re.MULTILINE))
    assert f"{20_000 - rows} more do not fit in here: `--format json` has them all." in text
    assert text.index("unguarded** |") < text.index("**guarded** |")


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_breaks_the_page(text: str) -> None:
    """The same number of lines and of cells, no HTML but our own, no link but to the settings' server, no mention."""
    page, harmless = to_markdown(everything(text)), to_markdown(everything("harmless"))
    assert [line.count("|") for line in page.splitlines()] == [line.count("|") for line in harmless.splitlines()]
    unlinked = re.sub(r"\]\(https://git\.example/acme/shop/-/[\w%./-]+(#L\d+)?\)", "]", page)
    outside_code = re.sub(r"`[^`\n]*`", "", unlinked)
    assert set(re.findall(r"</?\w+", outside_code)) <= {"<br", "<code", "</code"}
    assert not re.search(r"!\[|\]\(|https?://|(?<!&)#\d|@\w", outside_code)


@pytest.mark.parametrize("text", HOSTILE)
def test_a_parser_of_markdown_finds_what_we_wrote_and_no_more(text: str) -> None:
    """CommonMark with tables: no picture, no heading, list or code block of a stranger's, links to one server alone."""
    for command in ("audit", "check", "flaky list"):
        page, harmless = (replace(everything(said), command=command) for said in (text, "harmless"))
        found, expected = (PARSER.parse(to_markdown(result)) for result in (page, harmless))
        assert [token.type for token in found] == [token.type for token in expected]
        inner = [child for token in found for child in token.children or ()]
        addresses = [str(child.attrs["href"]) for child in inner if child.type == "link_open"]
        assert all(address.startswith("https://git.example/acme/shop/-/") for address in addresses)
        assert {child.content for child in inner if child.type == "html_inline"} <= {"<br>", "<code>", "</code>"}
        assert {child.type for child in inner} <= WRITTEN


def test_commits_and_files_are_linked_where_the_settings_say() -> None:
    """A fix and its test as they were in that commit, a finding's line as it is now; without an address, no link."""
    test = MappedTest("tests/test_a b.py::test", How.ADDED, counts=True)
    found = Finding("x", "coverage", Verdict.UNGUARDED, "src/shop/pager.py", "m", "n", "src/shop/pager.py", 3)
    one = fix(Verdict.GUARDED, tests=(test,))
    text = to_markdown(result_of(one, findings=(found,), command="check", web="https://github.com/acme/shop"))
    assert f"[`0000001`](https://github.com/acme/shop/commit/{one.sha}) fix" in text
    assert f"[`{test.nodeid}`](https://github.com/acme/shop/blob/{one.sha}/tests/test_a%20b.py) added" in text
    assert f"[`src/shop/pager.py:3`](https://github.com/acme/shop/blob/{'9' * 40}/src/shop/pager.py#L3)" in text
    assert "](" not in to_markdown(result_of(one, findings=(found,), command="check"))
