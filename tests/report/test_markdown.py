"""What a job summary shows, within its budget."""

from __future__ import annotations

import re

import pytest

from pytest_bugguard.core.model import Verdict
from pytest_bugguard.report.markdown import BUDGET, to_markdown
from tests.samples import HOSTILE, everything, feature, fix, result_of


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
    assert "| `src/text` | 8.8" in text
    assert "Recognised by: reference 10." in text


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
    """The same number of lines and of cells, no HTML but our own, no link, no mention."""
    page, harmless = to_markdown(everything(text)), to_markdown(everything("harmless"))
    assert [line.count("|") for line in page.splitlines()] == [line.count("|") for line in harmless.splitlines()]
    outside_code = re.sub(r"`[^`\n]*`", "", page)
    assert set(re.findall(r"</?\w+", outside_code)) <= {"<br", "<code", "</code"}
    assert not re.search(r"!\[|\]\(|https?://|(?<!&)#\d|@\w", outside_code)
