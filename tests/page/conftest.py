"""One Chromium for all tests of the page: the system's own, which no test may let reach the network."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import pytest
from playwright.sync_api import sync_playwright

from pytest_bugguard.report.page import to_html

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from playwright.sync_api import Browser, Dialog, Page

_NAMES = ("chromium", "chromium-browser", "google-chrome", "chrome")


@pytest.fixture(scope="module")  # not longer: while it runs, its event loop is that of the process
def browser() -> Iterator[Browser]:
    """A running browser. Where there is none the tests are skipped, and never in a CI."""
    path = next(filter(None, map(shutil.which, _NAMES)), None)
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("no Chromium here: .ci/run installs Debian's package chromium")
        pytest.skip("no Chromium here: install your system's package chromium")
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield running
        running.close()


@dataclass
class Opened:
    """A page in the browser, and what it did."""

    page: Page
    said: list[str] = field(default_factory=list)
    """What stands in the console, and what went wrong."""
    asked: list[str] = field(default_factory=list)
    """What it loaded besides itself."""

    def dismiss(self, dialog: Dialog) -> None:
        """Close what a script has opened: none of ours does."""
        self.said.append(f"dialog {dialog.message}")
        dialog.dismiss()

    def rows(self, section: str) -> list[list[str]]:
        """The texts of a table's cells, as a reader sees them."""
        script = "rows => rows.map(row => [...row.cells].map(cell => cell.innerText))"
        found: list[list[str]] = self.page.locator(f"#{section} > table > tbody > tr").evaluate_all(script)
        return found


class Reader:
    """Opens documents as pages."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self._browser = browser
        self._file = folder / "report.html"

    def open(self, document: Mapping[str, Any], **context: Any) -> Opened:  # noqa: ANN401 - playwright's own options
        """The page of a document, from disk."""
        self._file.write_text(to_html(document), encoding="utf-8")
        page = self._browser.new_context(reduced_motion="reduce", **context).new_page()  # no jump is waited for
        opened = Opened(page)
        page.on("console", lambda message: opened.said.append(message.text))
        page.on("pageerror", lambda error: opened.said.append(str(error)))
        page.on("dialog", opened.dismiss)
        page.on("request", lambda request: opened.asked.append(request.url))
        page.goto(self._file.as_uri())
        opened.asked.remove(self._file.as_uri())
        return opened


@pytest.fixture
def reader(browser: Browser, tmp_path: Path) -> Iterator[Reader]:
    """Opens documents, and closes them after the test."""
    yield Reader(browser, tmp_path)
    for context in browser.contexts:
        context.close()
