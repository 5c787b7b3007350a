"""What the docs show besides sessions, settings, commands and recipes is tried as well: each example, here.

Left out are the pages that explain: what they show was printed elsewhere, of other projects.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from typing import TYPE_CHECKING

from msgspec.structs import replace

from pytest_bugguard.adapters import junit_reports
from pytest_bugguard.core import messages, reruns
from pytest_bugguard.core.estimates import rate_of
from pytest_bugguard.core.model import FlakeVerdict
from pytest_bugguard.core.news import Group, Item, News
from pytest_bugguard.report import news, spans, text
from pytest_bugguard.report.version import version
from tests import sessions
from tests.samples import ranked_tests, result_of
from tests.sessions import TOP
from tests.shell import Shell
from tests.story import story

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

TRIED = {
    ("how-to/name-a-test.md", "text"),
    ("how-to/name-a-test.md", "python"),
    ("how-to/waivers.md", "text"),
    ("how-to/webhook.md", "json"),
    ("how-to/flaky-history.md", "python"),
    ("how-to/reruns.md", "text"),
    ("reference/hooks.md", "python"),  # the hooks' docstrings
    ("how-to/coverage-gates.md", "text"),  # a merge of floors: tests/core/test_floors.py
}
ELSEWHERE = frozenset({"console", "sh", "toml", "yaml", "groovy"})
"""What other tests take from the pages."""


def example(page: str, language: str) -> str:
    """What a page shows in a language."""
    found = [fence for fence in fences(TOP / "docs" / page) if fence.language == language]
    return "".join(f"{line}\n" for fence in found for line in fence.lines)


def fences(page: Path) -> list[sessions.Fence]:
    """What a page shows that no session writes to a file."""
    found = sessions.fences(page.read_text(encoding="utf-8"))
    return [fence for fence in found if "file" not in dict(fence.directions)]


def test_every_example_is_tried() -> None:
    """Whoever shows something else comes by here."""
    shown = {
        (page.relative_to(TOP / "docs").as_posix(), fence.language)
        for page in (TOP / "docs").rglob("*.md")
        if page.parent.name != "explanation"
        for fence in fences(page)
        if fence.language not in ELSEWHERE
    }
    assert shown == TRIED


HEAD = """\
from pytest_bugguard.core.model import How, MappedTest, Sign
from pytest_bugguard.hookspecs import hookimpl
"""


def test_the_hooks_examples_answer(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All three as one guest: a fix by its sign, a test that guards it, and a format."""
    (tmp_path / "guests").mkdir()
    guest = tmp_path / "guests" / "guest_of_the_page.py"
    guest.write_text(HEAD + example("reference/hooks.md", "python"), encoding="utf-8")
    monkeypatch.syspath_prepend(guest.parent)
    opening = (
        "commit: feat: it begins\n  file: shop.py\n    x = 1\n  file: tests/test_plan.py\n    def test_replay(): ...\n"
    )
    repo = story(tmp_path / "shop", f"{opening}commit: INC-7 the pager stops\n  file: shop.py\n    x = 2\n")
    shell = Shell(repo.path)
    asked = ("--set", f'plugins=["{guest.stem}"]', "--format")
    (fix,) = shell.call("explain", "HEAD", *asked, "json").document["fixes"]
    assert (fix["rule"], fix["evidence"]) == ("incident", "INC-7")
    assert [(test["nodeid"], test["reason"]) for test in fix["tests"]] == [
        ("tests/test_plan.py::test_replay", "in the test plan")
    ]
    assert shell.call("audit", *asked, "count").out == "1 fixes\n"


def test_the_trailers_are_read() -> None:
    """The messages that name a test and that waive one, as somebody copies them."""
    named = messages.parse(example("how-to/name-a-test.md", "text")).trailer("Regression-Test")
    assert named == ("tests/test_pager.py::test_first_page",)
    waived = messages.parse(example("how-to/waivers.md", "text")).trailer("Bugguard")
    assert waived == ("waive needs the vendor's simulator",)


def test_the_mark_is_known_and_a_report_tells_its_commit(tmp_path: Path) -> None:
    """Both in one run of pytest: the property is what an import takes the commit from."""
    (tmp_path / "conftest.py").write_text(example("how-to/flaky-history.md", "python"), encoding="utf-8")
    (tmp_path / "test_pager.py").write_text(example("how-to/name-a-test.md", "python"), encoding="utf-8")
    command = [sys.executable, "-m", "pytest", "-q", "--strict-markers", "--junitxml=r.xml", "-p", "no:cacheprovider"]
    done = subprocess.run(command, cwd=tmp_path, env={**os.environ, "GITHUB_SHA": "1c0ffee"}, capture_output=True,
                          text=True, check=False)  # fmt: skip
    assert done.returncode == 0, done.stdout
    report = junit_reports.read((tmp_path / "r.xml").read_bytes(), "r.xml")
    assert report.properties["commit"] == "1c0ffee"


def test_a_receiver_gets_what_the_page_says() -> None:
    """The whole document, text included, from what it lists."""
    shown = json.loads(example("how-to/webhook.md", "json"))
    groups = tuple(
        Group(one["name"], tuple(Item(item["id"], one["name"], item["message"]) for item in one["findings"]))
        for one in shown["groups"]
    )
    shown["tool"]["version"] = version()
    assert json.loads(news.document(News(groups, shown["gone"]), shown["head"])) == shown


def test_a_flaky_failure_looks_as_the_page_says() -> None:
    """The two lines of a test that was run again."""
    test = "tests/test_net.py::test_retry"
    flake = replace(
        ranked_tests().flakes[0], nodeid=test, verdict=FlakeVerdict.FLAKY, rate=rate_of(7, 212), on_base=None,
        met_change=None, reason="failed 1 of 3 times on the same code", next=reruns.next_of(test, FlakeVerdict.FLAKY),
    )  # fmt: skip
    ranking = replace(ranked_tests(), flakes=(flake,))
    seen = spans.plain(text.gate(result_of(command="pytest", ranking=ranking))).splitlines()
    first, second = example("how-to/reruns.md", "text").splitlines()
    assert first in seen
    assert any(line.startswith(second.removesuffix("...")) for line in seen)
