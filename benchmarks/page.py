"""How quick is the page of a report with 50,000 tests and 5,000 fixes? Rendered, painted and searched in Chromium.

Medians of five; the limits are those that the page was built for. Run it from the project's top, with the group `test`
installed and a Chromium on the path.

    PYTHONPATH=. python benchmarks/page.py [--fixes 5000] [--tests 50000] [--modules 2000] [--browser chromium]
"""

from __future__ import annotations

import argparse
import shutil
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from playwright.sync_api import sync_playwright
from ratios import Ratio, tell

from pytest_bugguard.report.page import to_html
from pytest_bugguard.report.shape import dump_result
from tests.busy import busy

if TYPE_CHECKING:
    from playwright.sync_api import Browser

ROUNDS = 5
RENDER_S, SIZE_MB, PAINT_MS, KEY_MS = 5, 8, 200, 200
_PAINT = """() => new Promise(done => {
    const first = list => list.getEntriesByName("first-contentful-paint").forEach(one => done(one.startTime));
    new PerformanceObserver(first).observe({ type: "paint", buffered: true });
})"""
_KEY = """async text => {
    const input = document.querySelector("#flaky input");
    const before = performance.now();
    input.value = text;
    input.dispatchEvent(new Event("input"));
    await new Promise(done => requestAnimationFrame(() => setTimeout(done)));
    return performance.now() - before;
}"""


def main() -> int:
    """Print the medians; 1 where one is over its limit."""
    parser = argparse.ArgumentParser()
    for name, number in (("fixes", 5000), ("tests", 50_000), ("modules", 2000)):
        parser.add_argument(f"--{name}", type=int, default=number)
    parser.add_argument("--browser", default="chromium")
    asked = parser.parse_args()
    found = dump_result(busy(asked.fixes, asked.tests, asked.modules))
    rendered = []
    for _ in range(ROUNDS):
        start = time.perf_counter()
        text = to_html(found)
        rendered.append(time.perf_counter() - start)
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as driver:
        page = Path(folder) / "report.html"
        page.write_text(text, encoding="utf-8")
        browser = driver.chromium.launch(executable_path=shutil.which(asked.browser), args=["--no-sandbox"])
        painted, keys = zip(*(_look(browser, page) for _ in range(ROUNDS)), strict=True)
        browser.close()
    size = f"page of {asked.tests:,} tests and {asked.fixes:,} fixes"
    return tell(
        Ratio(f"{size}: rendered", statistics.median(rendered), RENDER_S, "s"),
        Ratio(f"{size}: size", len(text.encode()) / 1e6, SIZE_MB, "MB"),
        Ratio(f"{size}: first paint", statistics.median(painted), PAINT_MS, "ms"),
        Ratio(f"{size}: filter keystroke", statistics.median(keys), KEY_MS, "ms"),
    )


def _look(browser: Browser, page: Path) -> tuple[float, float]:
    """Milliseconds to the first paint, and from a keystroke to what it shows: the median of five keys."""
    tab = browser.new_page()
    tab.goto(page.as_uri())
    painted = float(tab.evaluate(_PAINT))
    tab.select_option("#flaky select", "")
    keys = [float(tab.evaluate(_KEY, "basket"[:length])) for length in range(1, ROUNDS + 1)]
    tab.close()
    return painted, statistics.median(keys)


if __name__ == "__main__":
    sys.exit(main())
