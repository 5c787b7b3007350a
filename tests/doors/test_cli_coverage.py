"""``bugguard coverage``: the gates on data that lies on disk, and the commands that write floors and settings."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest
import tomli

from tests.doors import covered
from tests.shell import Shell
from tests.story import Repo

if TYPE_CHECKING:
    from pathlib import Path

GATES = 'total = { line = 50 }\n[[coverage.gate]]\npaths = ["src/shop/util.py"]\nline = 100\nreason = "spare"\n'


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """The shop, measured by ``coverage run``."""
    repo = covered.built(tmp_path_factory.mktemp("measured") / "shop")
    run = [
        sys.executable,
        "-m",
        "coverage",
        "run",
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        "-p",
        "no:pytest_cov",
    ]
    subprocess.run(run, cwd=repo.path, check=True, capture_output=True)
    return repo


@pytest.fixture
def repo(template: Repo, tmp_path: Path) -> Repo:
    return Repo(shutil.copytree(template.path, tmp_path / "shop"), template.commits)


@pytest.fixture
def shell(repo: Repo) -> Shell:
    return Shell(repo.path)


def _measure(repo: Repo) -> None:
    run = [sys.executable, "-m", "coverage", "run", "-m", "pytest", "-q", "-p", "no:cacheprovider"]
    subprocess.run(run, cwd=repo.path, check=True, capture_output=True)


def _settings(repo: Repo, text: str) -> None:
    repo.write("bugguard.toml", f"[coverage]\n{text}")


def _changed(repo: Repo) -> list[str]:
    return repo.git("status", "--porcelain").splitlines()


def test_the_gates_are_judged_by_what_the_last_run_left(repo: Repo, shell: Shell) -> None:
    """What fails, why and where; all of it in JSON; and the data file is as it was."""
    _settings(repo, GATES)
    before = (repo.path / ".coverage").read_bytes()
    done = shell.bugguard("coverage", "check")
    assert (done.code, done.err) == (1, "")
    assert "COVERAGE   src/shop/util.py   line 0 % (0 of 3), needs 100; 3 more to run" in done.out
    assert 'gate "spare", bugguard.toml:3' in done.out
    document = shell.call("coverage", "check", "--format", "json").document
    assert [(row["rule"], row["path"], row["verdict"]) for row in document["coverage"]] == [
        ('gate "spare"', "src/shop/util.py", "unmet"),
        ("total", None, "met"),
    ]
    assert document["coverage"][0]["missing"] == [
        {"path": "src/shop/util.py", "lines": [1, 4, 5], "note": "1, 4-5 (spare)"}
    ]
    (finding,) = document["findings"]
    assert (finding["gate"], finding["verdict"], finding["path"], finding["line"]) == (
        "coverage", "unmet", "src/shop/util.py", 1,
    )  # fmt: skip
    assert "**unmet** | src/shop/util&#46;py" in shell.call("coverage", "check", "--format", "markdown").out
    assert (repo.path / ".coverage").read_bytes() == before
    assert _changed(repo) == ["?? bugguard.toml"]


def test_numbers_are_those_of_coverage_py(repo: Repo, shell: Shell) -> None:
    """File by file, as ``coverage json`` counts them."""
    _settings(repo, "each-file = { missing = 0 }\n")
    theirs = [sys.executable, "-m", "coverage", "json", "-q", "-o", "-"]
    said = subprocess.run(theirs, cwd=repo.path, check=True, capture_output=True, text=True).stdout
    files = json.loads(said)["files"]
    ours = shell.call("coverage", "check", "--format", "json").document["coverage"]
    assert {row["path"]: (row["covered"], row["total"]) for row in ours} == {
        path: (file["summary"]["covered_lines"], file["summary"]["num_statements"]) for path, file in files.items()
    }


def test_a_finding_is_an_annotation_where_a_ci_reads_them(repo: Repo) -> None:
    """At the file, on the first line that was not run."""
    _settings(repo, GATES)
    shell = Shell(repo.path, {"GITHUB_ACTIONS": "true", "CI": "true"})
    assert (
        "::error file=src/shop/util.py,line=1,title=bugguard%3A coverage unmet::" in shell.call("coverage", "check").out
    )


def test_from_a_folder_below_the_same_is_said(repo: Repo, shell: Shell) -> None:
    """The data and coverage.py's configuration are found above, as the settings are; a file is named from there."""
    _settings(repo, GATES)
    project = (repo.path / "pyproject.toml").read_text(encoding="utf-8")
    repo.write("pyproject.toml", f'{project}[tool.coverage.report]\nomit = ["src/shop/pay.py"]\n')
    below = Shell(repo.path / "src" / "shop")
    data = str(repo.path / ".coverage")
    said = [one.call("coverage", "check", *given).out for one in (shell, below) for given in ((), ("--data", data))]
    assert said == said[:1] * 4
    assert "0 of 2 rules met in 2 files" in said[0]
    assert below.call("coverage", "explain", "util.py").code == 0


def test_explain_tells_every_rule_of_a_file(repo: Repo, shell: Shell) -> None:
    """Met or not, with its place; a file that no rule speaks for is told as such."""
    _settings(repo, GATES)
    done = shell.call("coverage", "explain", "src/shop/util.py")
    assert done.code == 0
    assert done.out.splitlines()[0] == (
        'UNMET      src/shop/util.py   line 0 % (0 of 3), needs 100; 3 more to run   gate "spare", bugguard.toml:3'
    )
    assert "total, bugguard.toml:2" in done.out
    loose = shell.call("coverage", "explain", "src/shop/util.py", "--set", "coverage.each-file={branch=1, missing=3}")
    assert "\n".join(line.rstrip() for line in loose.out.splitlines()[2:6]) == (
        "UNDECIDED  src/shop/util.py   branches were not measured   each-file, --set\n"
        "             next: measure branches too: [tool.coverage.run] branch = true, or pytest --cov-branch\n"
        "MET        src/shop/util.py   3 of 3 statements missing, at most 3 may be   each-file, --set\n"
        "             not run: 1, 4-5 (spare)"
    )
    assert "total   line 70 % (7 of 10), needs 50" in shell.call("coverage", "explain", "src/shop/pay.py").out
    _settings(repo, '[[coverage.gate]]\npaths = ["src/shop/util.py"]\nline = 1\n')
    assert shell.call("coverage", "explain", "src/shop/pay.py").complaint[0] == "src/shop/pay.py: no rule speaks for it"
    assert "is no file of this repository" in shell.call("coverage", "explain", "src/nowhere.py").complaint[0]
    assert "does not hold it" in shell.call("coverage", "explain", "tests/test_pay.py").complaint[0]


@pytest.mark.parametrize(
    ("settings", "arguments", "said", "hint"),
    [
        pytest.param("", (), "coverage: the settings ask for none", "bugguard coverage init", id="no-gates"),
        pytest.param(GATES, ("--data", "nothing"), "nothing: cannot be read", "pytest --cov", id="no-file"),
        pytest.param('[[coverage.gate]]\nmodules = ["shop.pai"]\nline = 9\n', (), "did you mean 'shop.pay'?",
                     "name what is there", id="idle-gate"),
        pytest.param('floors = "pyproject.toml"\n', (), "needs a number and a path", "conflict markers",
                     id="no-floors"),
    ],
)  # fmt: skip
def test_what_cannot_be_judged_is_a_line_and_a_cure(
    repo: Repo, settings: str, arguments: tuple[str, ...], said: str, hint: str
) -> None:
    """Wrong usage or settings: 4, never a traceback."""
    _settings(repo, settings)
    done = Shell(repo.path).call("coverage", "check", *arguments)
    assert done.code == 4
    first = next(line for line in done.err.splitlines() if said in line)
    assert first.startswith("bugguard: ")
    assert hint in done.err


def test_data_that_is_older_than_the_source_proves_nothing(repo: Repo, shell: Shell) -> None:
    """Undecided, and a failure; a note where the settings soften it."""
    _settings(repo, GATES)
    os.utime(repo.path / "src/shop/pay.py")
    done = shell.call("coverage", "check")
    assert done.code == 1
    assert ".coverage is older than src/shop/pay.py" in done.out
    assert "COVERAGE" not in done.out
    assert shell.call("coverage", "check", "--set", "undecided=warn").code == 0


def test_init_writes_todays_level_which_then_holds(repo: Repo, shell: Shell) -> None:
    """Settings and floors; the next check passes, and a second init changes nothing."""
    dry = shell.call("coverage", "init", "--dry-run")
    assert _changed(repo) == []
    done = shell.call("coverage", "init")
    assert done.out == dry.out.replace("would get", "got")
    assert tomli.loads((repo.path / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["bugguard"] == {
        "coverage": {"total": {"line": 70}, "floors": "bugguard-floors.txt"}
    }
    assert (repo.path / "bugguard-floors.txt").read_text(encoding="utf-8").splitlines()[3:] == ["3 src/shop/util.py"]
    checked = shell.call("coverage", "check")
    assert (checked.code, "coverage met" in checked.out) == (0, True)
    assert "already" in shell.call("coverage", "init").complaint[0]
    assert _changed(repo) == ["M pyproject.toml", "?? bugguard-floors.txt"]


def test_init_keeps_no_floor_for_tests(repo: Repo, shell: Shell) -> None:
    """Where tests are measured too, that is said: nobody asked for gates on them."""
    repo.write(
        "tests/test_over.py",
        "def test_over():\n    assert True\n\ndef helper():\n    return 1\n",
    )
    repo.write(
        "pyproject.toml",
        (repo.path / "pyproject.toml")
        .read_text(encoding="utf-8")
        .replace('["src"]\n    rel', '["."]\nrel')
        .replace('source = ["src"]', 'source = ["."]'),
    )
    _measure(repo)
    done = shell.call("coverage", "init")
    assert "2 of the measured files are tests: the total counts them" in done.out
    assert "tests" not in (repo.path / "bugguard-floors.txt").read_text(encoding="utf-8")
    assert shell.call("coverage", "check").code == 0


def test_floors_fall_and_rise_only_on_purpose(repo: Repo, shell: Shell) -> None:
    """More than listed fails; fewer says how to tighten; a raise keeps its reason; a rename keeps its floor."""
    _settings(repo, 'floors = "floors.txt"\n')
    repo.write("floors.txt", "2 src/shop/util.py\n1 src/shop/pay.py\n0 src/shop/__init__.py\n7 src/gone.py\n")
    done = shell.call("coverage", "check")
    assert done.code == 1
    assert "src/shop/util.py   3 of 3 statements missing, at most 2 may be" in done.out
    assert 'bugguard coverage floors raise src/shop/util.py --reason "..."' in done.out
    assert 'where only processes that tests start run it: [tool.coverage.run] patch = ["subprocess"]' in done.out
    assert "note: floors can be lowered for src/shop/pay.py: bugguard coverage floors update" in done.out
    assert shell.call("coverage", "floors", "raise", "src/shop/util.py", "--reason", " ").code == 4
    assert shell.call("coverage", "floors", "raise", "src/shop/util.py", "--reason", "later").code == 0
    done = shell.call("coverage", "floors", "update")
    assert done.out == "lowered src/shop/pay.py: 1 to 0\n"
    assert shell.call("coverage", "floors", "tidy").out == "floors.txt: 3 taken out, 1 left\n"
    assert (repo.path / "floors.txt").read_text(encoding="utf-8").splitlines()[3:] == [
        "3 src/shop/util.py  # raised from 2: later"
    ]
    assert shell.call("coverage", "check").code == 0
    assert "owes no more" in shell.call("coverage", "floors", "raise", "src/shop/util.py", "--reason", "x").complaint[0]


def test_rules_that_can_never_fail_are_named(repo: Repo, shell: Shell) -> None:
    """In a note: the gate itself is looked at, too."""
    _settings(repo, '[[coverage.gate]]\npaths = ["src/shop/util.py"]\nmissing = 3\n')
    done = shell.call("coverage", "check")
    assert done.code == 0
    assert "note: can never fail: gate src/shop/util.py, bugguard.toml:2: missing = 3 can never be exceeded" in done.out


def test_a_renamed_file_keeps_its_floor(repo: Repo, shell: Shell) -> None:
    """Git's own renames are followed, committed or not, and also those of an earlier change."""
    _settings(repo, 'floors = "floors.txt"\n')
    repo.write("floors.txt", "3 src/shop/util.py\n")
    repo.git("mv", "src/shop/util.py", "src/shop/spare.py")
    _measure(repo)
    assert shell.call("coverage", "check").code == 0
    repo.git("mv", "src/shop/spare.py", "src/shop/util.py")
    repo.commit("chore: floors")
    repo.git("mv", "src/shop/util.py", "src/shop/spare.py")
    repo.commit("refactor: what is spare")
    repo.write("src/shop/more.py", "")
    repo.commit("feat: more")
    said = shell.call("coverage", "check", "--base", "HEAD~1")
    assert said.code == 0
    assert "floors name src/shop/spare.py as src/shop/util.py still: bugguard coverage floors update" in said.out
    said = shell.call("coverage", "floors", "update")
    assert said.out.splitlines() == ["renamed src/shop/util.py to src/shop/spare.py", "nothing can be lowered"]
    assert (repo.path / "floors.txt").read_text(encoding="utf-8").splitlines()[3:] == ["3 src/shop/spare.py"]


@pytest.mark.parametrize(
    ("options", "cure"),
    [(["--depth=1"], "git fetch --unshallow"), (["--filter=blob:none"], "git fetch --refetch --no-filter")],
    ids=["shallow", "partial"],
)
def test_a_rename_that_a_clone_cannot_tell_is_left_open(
    repo: Repo, tmp_path: Path, options: list[str], cure: str
) -> None:
    """The renamed file is not held to owe nothing, its floor is not taken out, and the cure cures it."""
    _settings(repo, 'floors = "floors.txt"\n')
    repo.write("floors.txt", "3 src/shop/util.py\n")
    repo.commit("chore: floors")
    repo.git("mv", "src/shop/util.py", "src/shop/spare.py")
    repo.write("src/shop/spare.py", covered.UTIL + "# spare\n")
    repo.commit("refactor: what is spare")
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("clone", "-q", *options, f"file://{repo.path}", str(tmp_path / "clone"))
    clone, there = Repo(tmp_path / "clone"), Shell(tmp_path / "clone")
    _measure(clone)
    done = there.call("coverage", "check")
    assert "COVERAGE" not in done.out
    assert "not judged: floors name src/shop/util.py, which is not here" in done.out
    assert cure in done.out
    assert cure in there.call("coverage", "floors", "update").out
    assert there.call("coverage", "floors", "tidy").code == 4
    clone.git(*cure.split()[1:])
    assert there.call("coverage", "check").code == 0


def test_floors_are_written_into_no_folder_outside(repo: Repo, shell: Shell, tmp_path: Path) -> None:
    """A change can commit a link to a folder of the machine, and settings that name a file in it."""
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (repo.path / "linked").symlink_to(elsewhere)
    repo.write("bugguard.toml", '[coverage]\neach-file = { line = 100 }\nfloors = "linked/floors.txt"\n')
    for words in (["update"], ["raise", "--reason", "x", "src/shop/util.py"]):
        done = shell.call("coverage", "floors", *words)
        assert (done.code, list(elsewhere.iterdir())) == (4, []), done.out
        assert done.complaint[0] == "linked/floors.txt: a link leads it out of the repository"


def test_floors_need_a_file_that_is_set(repo: Repo, shell: Shell) -> None:
    """With the way to set it."""
    _settings(repo, GATES)
    done = shell.call("coverage", "floors", "tidy")
    assert done.complaint[0] == "coverage.floors: is not set"


def test_before_the_first_commit_nothing_is_a_change(repo: Repo, shell: Shell) -> None:
    """Undecided, in words: there is nothing to compare with."""
    repo.git("checkout", "-q", "--orphan", "fresh")
    _settings(repo, "changed = { line = 100 }\n")
    done = shell.call("coverage", "check")
    assert done.code == 1, done.err
    assert "base: there are no commits yet" in done.out
    assert "next: commit something first" in done.out
