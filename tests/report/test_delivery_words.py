"""What is said of the delivery figures, in a terminal, in Markdown and on the page."""

from __future__ import annotations

from pytest_bugguard.report import delivery as words
from tests.samples import delivered


def test_every_figure_has_its_band_or_says_that_there_is_none() -> None:
    """A blank would leave open whether somebody forgot; what is not known has its reason instead."""
    bands = [words.band(figure) for figure in delivered().figures]
    assert bands == ["high to low", "elite", "too few", "", "no band"]
    assert words.value(delivered().figures[3]) == "not known: text"
