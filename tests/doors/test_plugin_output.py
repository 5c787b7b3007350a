"""What a run of pytest writes: the JSON file, annotations for a CI, and nothing that a commit message smuggles in."""

from __future__ import annotations

import json
import re
from importlib import resources
from typing import TYPE_CHECKING, Any

import jsonschema
import pytest

from tests.doors.shop import GUARD, GUARDING
from tests.samples import HOSTILE

if TYPE_CHECKING:
    from pathlib import Path

    from tests.doors.shop import Shop

_SCHEMA = json.loads(
    resources.files("pytest_bugguard").joinpath("schema/bugguard-1.schema.json").read_text(encoding="utf-8")
)
_COMMAND = re.compile(r"^\s*::|##\w*\[")


def _document(path: Path) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    jsonschema.validate(document, _SCHEMA)
    return document


def test_the_result_is_written_as_json(shop: Shop) -> None:
    """The file follows the schema of every command, and holds what the run showed."""
    sha = shop.fix(GUARDING)
    assert shop.run("--bugguard", "--bugguard-json=out.json").ret == 0
    document = _document(shop.repo.path / "out.json")
    (fix,) = document["fixes"]
    assert document["command"] == "pytest"
    assert (fix["sha"], fix["verdict"]) == (sha, "guarded")
    assert [(test["nodeid"], test["after"]) for test in fix["tests"]] == [(GUARD, "passed")]


def test_the_result_is_written_as_a_page(shop: Shop) -> None:
    """The page of the run stands beside the JSON; one that cannot be written costs a line, and no run."""
    shop.settings('enabled = true\nhtml = "from-settings.html"\n')
    shop.fix(GUARDING)
    assert shop.run().ret == 0
    assert "100 % of 1 fix is guarded" in (shop.repo.path / "from-settings.html").read_text(encoding="utf-8")
    done = shop.run("--bugguard-html=src")
    assert done.ret == 0
    done.stdout.fnmatch_lines(["bugguard: *src cannot be written: *"])


def test_the_setting_names_the_file_from_the_top(shop: Shop) -> None:
    """``json`` in the settings does what the option does, wherever pytest is started."""
    shop.settings('enabled = true\njson = "out.json"\n')
    shop.fix(GUARDING)
    assert shop.run("--rootdir=tests", "tests").ret == 0
    assert _document(shop.repo.path / "out.json")["command"] == "pytest"


def test_a_waived_fix_keeps_its_waiver_in_the_file(shop: Shop) -> None:
    """Who excused it can be read from the result of a run too."""
    shop.fix(subject="fix: last page is missing\n\nBugguard: waive only on hardware")
    shop.run("--bugguard", "--bugguard-json=out.json")
    (fix,) = _document(shop.repo.path / "out.json")["fixes"]
    assert (fix["verdict"], fix["waiver"]["reason"]) == ("waived", "only on hardware")


def test_trouble_is_written_too(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever reads the file is not left with the one of yesterday."""
    monkeypatch.setenv("PATH", "/nowhere")
    (shop.repo.path / "out.json").write_text("of yesterday")
    assert shop.run("--bugguard", "--bugguard-json=out.json").ret == 1
    (finding,) = _document(shop.repo.path / "out.json")["findings"]
    assert finding["verdict"] == "undecided"
    assert finding["next"]


def test_a_file_is_replaced_whole_and_never_followed(shop: Shop, tmp_path: Path) -> None:
    """A symlink at the file's place is no way to write elsewhere, and no half-written file is left."""
    precious = tmp_path / "precious"
    precious.write_text("precious")
    (shop.repo.path / "out.json").symlink_to(precious)
    shop.fix(GUARDING)
    shop.run("--bugguard", "--bugguard-json=out.json")
    assert precious.read_text() == "precious"
    assert _document(shop.repo.path / "out.json")
    assert list(shop.repo.path.glob("*out.json*")) == [shop.repo.path / "out.json"]


@pytest.mark.parametrize(
    "place", [pytest.param("missing/out.json", id="no-folder"), pytest.param("tests", id="a-folder")]
)
@pytest.mark.parametrize("options", [(), ("-p", "no:terminal")], ids=["terminal", "no-terminal"])
def test_a_file_that_cannot_be_written_is_a_warning(shop: Shop, place: str, options: tuple[str, ...]) -> None:
    """The run ends as it would have, and says which file it could not write."""
    shop.fix(GUARDING)
    result = shop.run("--bugguard", f"--bugguard-json={place}", *options)
    assert result.ret == 0
    said = result.stdout.str() + result.stderr.str()
    assert f"{place} cannot be written: " in said
    assert "Traceback" not in said


def test_github_shows_a_finding_at_its_file(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """In its own language, at the start of a line, once."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    shop.fix()
    result = shop.run("--bugguard")
    (annotation,) = [line for line in result.outlines if line.startswith("::")]
    assert annotation.startswith("::error file=src/shop/pager.py,title=bugguard%3A fixes unguarded::")
    assert "next: add a test" in annotation


def test_elsewhere_no_annotations_are_printed(shop: Shop) -> None:
    """On a terminal they would be noise."""
    shop.fix()
    assert "::error" not in shop.run("--bugguard").stdout.str()


@pytest.mark.parametrize("text", [pytest.param(text, id=f"hostile-{place}") for place, text in enumerate(HOSTILE)])
def test_a_hostile_subject_is_shown_and_does_nothing(shop: Shop, monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    """Terminal sequences, text that runs backwards and commands for a CI become visible text."""
    monkeypatch.setenv("GITHUB_ACTIONS", "true")
    subject = text.encode("utf-8", "replace").decode().replace("\r", " ").replace("\n", " ")
    shop.fix(subject=f"fix: {subject}\n\n::error::body\n")
    result = shop.run("--bugguard")
    assert result.ret == 1
    printed = result.stdout.str()
    assert all(character.isprintable() for character in printed.replace("\n", ""))
    (annotation,) = [line for line in result.outlines if _COMMAND.search(line)]
    assert annotation.startswith("::error file=src/shop/pager.py,title=bugguard%3A fixes unguarded::")
