"""``bugguard report``: all that is known of a repository, with nothing run."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.adapters.receipts import Receipts, Shelf
from pytest_bugguard.core.model import How, MappedTest, Outcome, Red, RedKind, Verdict
from pytest_bugguard.core.proof import Proof
from pytest_bugguard.core.receipts import Receipt
from tests.doors import covered
from tests.shell import Shell

if TYPE_CHECKING:
    from pathlib import Path

    from tests.story import Repo

LIMIT = "from shop.pay import charge\n\ndef test_limit():\n    assert charge(100) == 99\n"
HOLES = '{"schema": 1, "fixes": []}'
SETTINGS = """
[fixes]
receipts = "receipts"
[coverage]
floors = "floors.txt"
each-file = { line = 80 }
[[quarantine]]
test = "tests/test_pay.py::test_charge"
owner = "payments"
reason = "real clock"
expires = 2020-01-31
[[waivers]]
fix = "%s"
owner = "platform"
reason = "needs the simulator"
expires = 2030-01-31
"""


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """A shop with a fix that has a stored proof, one that is waived, and coverage data from its last run."""
    repo = covered.built(tmp_path / "shop")
    repo.write("src/shop/util.py", 'NAME = "shop.util"\n\n\ndef spare():\n    return 1\n')
    waived = repo.commit("fix: name of util")
    repo.write("src/shop/pay.py", covered.PAY.replace("> 100", "> 99"))
    repo.write("tests/test_limit.py", LIMIT)
    proven = repo.commit("fix: limit is one too high")
    repo.write("bugguard.toml", SETTINGS % waived)
    repo.write("lcov.info", "SF:src/shop/pay.py\nDA:1,1\nDA:2,1\nDA:3,0\nDA:4,1\nDA:7,1\nDA:8,0\nend_of_record\n")
    Receipts(Shelf(repo.path / "receipts")).put(_receipt(proven))
    return repo


def _receipt(fix: str) -> Receipt:
    red = Red(RedKind.ASSERTION, "assert 100 == 99", "tests/test_limit.py:4")
    row = MappedTest("tests/test_limit.py::test_limit", How.ADDED, counts=True, after=Outcome.PASSED,
                     before=Outcome.FAILED, red=red)  # fmt: skip
    proof = Proof(Verdict.PROVEN, "red without the fix, green with it", "", (row,))
    return Receipt("c" * 64, "e" * 64, "CPython 3.11", fix, "fix: limit is one too high", proof)


def test_what_is_known_comes_together(repo: Repo) -> None:
    """The history with stored proofs, coverage with floors, waivers and quarantine: one document, and exit 0."""
    found = Shell(repo.path).call("report", "--data", "lcov.info", "--format", "json").document
    assert found["command"] == "report"
    assert [fix["verdict"] for fix in found["fixes"]] == ["proven", "waived"]
    assert found["fixes"][0]["tests"][0]["red"]["message"] == "assert 100 == 99"
    assert found["modules"] == [
        {"path": "src/shop/pay.py", "line": {"covered": 4, "total": 6}, "branch": None, "floor": 0}
    ]
    assert [one["owner"] for one in (*found["waivers"], *found["quarantine"])] == ["platform", "payments"]
    assert found["trend"]["whole"] == {"guarded": 1, "judged": 2, "undecided": 0, "ratio": 0.5}


def test_what_was_excused_for_too_long_fails_a_gate(repo: Repo) -> None:
    """As in every run until its owner acts, so nobody learns of it by a red run alone: of a merged fix, too."""
    settings = (repo.path / "bugguard.toml").read_text(encoding="utf-8").replace("2030-01-31", "2020-02-29")
    (repo.path / "bugguard.toml").write_text(settings, encoding="utf-8")
    shell = Shell(repo.path)
    ended = [one for one in shell.call("report", "--format", "json").document["findings"] if one["gate"] != "coverage"]
    assert [(one["gate"], one["message"]) for one in ended] == [
        ("waivers", "the waiver of platform ended on 2020-02-29: needs the simulator"),
        ("quarantine", "the quarantine of payments ended on 2020-01-31: real clock"),
    ]
    checked = shell.call("check", "HEAD..HEAD", "--format", "json").document["findings"]
    assert [one for one in checked if one["gate"] != "base"] == ended


def test_without_data_it_says_so(repo: Repo) -> None:
    """Nothing was measured: a note with the reason, never a report that looks whole."""
    (repo.path / "lcov.info").unlink()
    shell = Shell(repo.path)
    text = shell.call("report").out
    assert "no coverage to report: " in text
    assert "no coverage to report: " in shell.call("report", "--format", "markdown").out.replace("&#58;", ":")


def test_the_page_is_a_file(repo: Repo) -> None:
    """``--html`` writes it and says where; a stored result gives the same page again, without a repository."""
    shell = Shell(repo.path)
    assert shell.call("report", "--data", "lcov.info", "--html", "a.html").out == "the report is in a.html\n"
    page = (repo.path / "a.html").read_text(encoding="utf-8")
    assert "50 % of 2 fixes are guarded by a test." in page
    stored = shell.call("report", "--data", "lcov.info", "--format", "json", "--html", "b.html")
    assert stored.code == 0
    (repo.path / "b.json").write_text(stored.out)
    assert shell.call("report", "--from", "b.json", "--html", "c.html").code == 0
    assert (repo.path / "c.html").read_bytes() == (repo.path / "b.html").read_bytes()


@pytest.mark.parametrize("form", ["text", "json", "markdown", "sarif", "gitlab", "junit", "junit-gitlab"])
def test_what_is_stored_can_be_had_in_every_format(repo: Repo, tmp_path: Path, form: str) -> None:
    """The same bytes as when it was found out, without the repository."""
    shell = Shell(repo.path)
    stored = shell.call("report", "HEAD", "--data", "lcov.info", "--format", "json").out
    (tmp_path / "a.json").write_text(stored)
    (tmp_path / "away").mkdir()
    found = Shell(tmp_path / "away").call("report", "--from", "../a.json", "--format", form)
    assert found.code == 0
    fresh = stored if form == "json" else shell.call("report", "--data", "lcov.info", "--format", form).out
    assert found.out == fresh


@pytest.mark.parametrize(
    ("content", "options", "complaint"),
    [
        pytest.param("{}", ("--html", "x.html"), "stored.json is no result of bugguard", id="another-document"),
        pytest.param(HOLES, ("--html", "x.html"), "stored.json: a field is missing, or is no such thing", id="holes"),
        pytest.param(HOLES, ("--format", "sarif"), "stored.json: a field is missing, or is no such thing", id="sarif"),
        pytest.param(HOLES, ("--format", "pdf"), "--format: there is no 'pdf'", id="no-such-format"),
    ],
)  # fmt: skip
def test_what_cannot_be_a_page_is_told(tmp_path: Path, content: str, options: tuple[str, ...], complaint: str) -> None:
    """Wrong usage, with the next thing to do, and no traceback."""
    (tmp_path / "stored.json").write_text(content)
    done = Shell(tmp_path).call("report", "--from", "stored.json", *options)
    assert done.code == 4
    assert done.complaint[0] == complaint


@pytest.mark.parametrize(
    ("option", "more"),
    [
        pytest.param("--webhook", ("--webhook", "http://127.0.0.1:9/"), id="webhook"),
        pytest.param("--data", ("--data", "lcov.info"), id="data"),
        pytest.param("RANGE", ("HEAD~1..HEAD",), id="range"),
    ],
)
def test_what_a_stored_result_cannot_do_is_refused(tmp_path: Path, option: str, more: tuple[str, ...]) -> None:
    """Never passed over in silence: nobody waits for news that were not sent."""
    (tmp_path / "stored.json").write_text("{}")
    done = Shell(tmp_path).call("report", "--from", "stored.json", "--html", "x.html", *more)
    assert done.code == 4
    assert done.complaint[0] == f"--from renders what is stored, without {option}"
    assert not (tmp_path / "x.html").exists()


def test_a_page_that_cannot_be_written_is_told(repo: Repo) -> None:
    """The folder is not there, or it is a folder: the file is named."""
    done = Shell(repo.path).call("report", "--html", "src")
    assert done.code == 4
    assert done.complaint[0].startswith("src cannot be written: ")
