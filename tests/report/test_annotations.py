"""Findings in the languages of CI servers."""

from __future__ import annotations

import re

import pytest

from pytest_bugguard.core.base import Ci
from pytest_bugguard.core.model import Verdict
from pytest_bugguard.core.results import Finding
from pytest_bugguard.report.annotations import annotate
from tests.samples import HOSTILE

AT_A_LINE = Finding("fixes:1", "fixes", Verdict.UNGUARDED, "1", "brings no test", "add a test", "a,b.py", 3)
SAID = "brings no test; next: add a test"
NOWHERE = Finding("base", "base", Verdict.UNDECIDED, "base", "100 % unknown", "")


@pytest.mark.parametrize(
    ("ci", "lines"),
    [
        pytest.param(
            Ci.GITHUB,
            (
                "::error file=a%2Cb.py,line=3,title=bugguard%3A fixes unguarded::" + SAID,
                "::error title=bugguard%3A base undecided::100 %25 unknown",
            ),
            id="github",
        ),
        pytest.param(
            Ci.AZURE,
            (
                "##vso[task.logissue type=error;sourcepath=a,b.py;linenumber=3;code=bugguard: fixes unguarded;]" + SAID,
                "##vso[task.logissue type=error;code=bugguard: base undecided;]100 %AZP25 unknown",
            ),
            id="azure",
        ),
        pytest.param(Ci.GITLAB, (), id="gitlab-has-none"),
        pytest.param(None, (), id="no-ci"),
    ],
)
def test_a_finding_is_shown_where_it_belongs(ci: Ci | None, lines: tuple[str, ...]) -> None:
    """At its file and line where it has them; silence where nobody would understand."""
    assert annotate([AT_A_LINE, NOWHERE], ci) == lines


@pytest.mark.parametrize("ci", [Ci.GITHUB, Ci.AZURE])
@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_cannot_say_a_command_of_its_own(ci: Ci, text: str) -> None:
    """One line, one command, and its properties end where we end them."""
    (said,) = annotate([Finding("id", "fixes", Verdict.UNGUARDED, text, text, text, f"src/{text}")], ci)
    assert len(said.splitlines()) == 1
    if ci is Ci.GITHUB:
        assert re.fullmatch(r"::error file=[^,:]*,title=[^,:]*::.*", said)
    else:
        assert said.count("##vso[") == 1
        assert re.fullmatch(r"##vso\[task\.logissue type=error;sourcepath=[^;\]]*;code=[^;\]]*;\].*", said)
