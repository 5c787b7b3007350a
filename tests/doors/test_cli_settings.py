"""The commands that write: ``bugguard waive`` and ``bugguard init``, and what holds afterwards."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
import tomli

from tests.sessions import TOP
from tests.shell import Shell
from tests.story import Repo, story

if TYPE_CHECKING:
    from pathlib import Path

SHOP = (TOP / "tests" / "docs_stories" / "shop.story").read_text(encoding="utf-8")
WAIVER = ("--owner", "payments", "--reason", "needs the vendor's simulator", "--expires", "2999-01-31")


@pytest.fixture
def repo(tmp_path: Path) -> Repo:
    """The shop of the docs, on its branch of two fixes, one of them guarded."""
    return story(tmp_path / "shop", SHOP)


def changed_files(repo: Repo) -> str:
    return repo.git("status", "--porcelain")


def test_a_waived_fix_passes_until_its_day(repo: Repo) -> None:
    """The waiver is written, nothing else is touched, and from then on the gate passes and says whose it is."""
    shell = Shell(repo.path)
    assert shell.call("check", "main..").code == 1
    pyproject = repo.path / "pyproject.toml"
    before = "# our build\n" + pyproject.read_text(encoding="utf-8") + "# the end\n"
    pyproject.write_text(before, encoding="utf-8")
    sha = repo.git("rev-parse", "HEAD")
    done = shell.call("waive", "HEAD", *WAIVER)
    assert (done.code, done.out) == (0, f"pyproject.toml: {sha[:12]} is waived until 2999-01-31, owner payments\n")
    after = pyproject.read_text(encoding="utf-8")
    assert after.startswith(before)
    assert tomli.loads(after)["tool"]["bugguard"]["waivers"][0]["fix"] == sha[:12]
    assert changed_files(repo) == "M pyproject.toml"
    judged = shell.call("check", "main..")
    assert judged.code == 0
    assert "WAIVED" in judged.out
    assert "waived by payments until 2999-01-31: needs the vendor's simulator" in judged.out


def test_a_fix_is_waived_once(repo: Repo) -> None:
    """The second time it says who did, and leaves the file alone."""
    shell = Shell(repo.path)
    shell.call("waive", "HEAD", *WAIVER)
    before = (repo.path / "pyproject.toml").read_bytes()
    done = shell.call("waive", "pages", *WAIVER)
    assert done.code == 4
    assert "payments has waived" in done.complaint[0]
    assert (repo.path / "pyproject.toml").read_bytes() == before


def test_an_overdue_waiver_fails_and_names_its_owner(repo: Repo) -> None:
    """A debt with a date is paid or renewed, not forgotten."""
    sha = repo.git("rev-parse", "HEAD")
    repo.write(
        "bugguard.toml", f'[[waivers]]\nfix = "{sha[:7]}"\nowner = "payments"\nreason = "x"\nexpires = 2020-01-31\n'
    )
    done = Shell(repo.path).call("check", "main..")
    assert done.code == 1
    assert "the waiver of payments ended on 2020-01-31" in done.out
    assert "payments: bring the test" in done.out


def test_an_overdue_waiver_is_not_forgotten_once_its_fix_is_merged(repo: Repo) -> None:
    """It fails the run of whoever comes next, by name; a commit hook is no place to collect debts."""
    sha = repo.git("rev-parse", "HEAD")
    repo.write(
        "bugguard.toml", f'[[waivers]]\nfix = "{sha[:9]}"\nowner = "payments"\nreason = "x"\nexpires = 2020-01-31\n'
    )
    repo.write("message", "docs: nothing")
    shell = Shell(repo.path)
    done = shell.call("check", "HEAD..HEAD", "--format", "json")
    (finding,) = done.document["findings"]
    assert (done.code, finding["gate"], finding["subject"]) == (1, "waivers", sha[:7])
    assert "the waiver of payments ended on 2020-01-31: x" in shell.call("check", "HEAD..HEAD").out
    assert shell.call("check", "--staged", "--message-file", "message").code == 0


def test_a_waiver_for_no_commit_is_named(repo: Repo) -> None:
    """A fix that was rebased has another id, and its waiver speaks for nothing."""
    repo.write(
        "bugguard.toml", '[[waivers]]\nfix = "1c0ffee1c0ffee"\nowner = "pay"\nreason = "x"\nexpires = 2999-01-31\n'
    )
    done = Shell(repo.path).call("check", "HEAD..HEAD")
    assert done.code == 0
    assert "note: the waiver of pay for 1c0ffee1c0ffee speaks for no commit" in done.out


@pytest.mark.parametrize("key", ["source", "tests"])
def test_settings_that_name_nothing_meet_no_gate(repo: Repo, key: str) -> None:
    """With a misspelt folder no file would be on that side, and a gate that looks at nothing would pass."""
    shell = Shell(repo.path)
    repo.write("bugguard.toml", f'{key} = ["scr"]\n')
    repo.write("message", "fix: it")
    for command in (["check", "main.."], ["check"], ["check", "--staged", "--message-file", "message"]):
        done = shell.call(*command)
        assert (done.code, f"{key}: the settings name scr" in done.out) == (1, True), done.out
    assert f"{key}: the settings name scr" in shell.call("audit").out
    repo.write("bugguard.toml", f'{key} = ["scr", "{"src" if key == "source" else "tests"}"]\n')
    assert "the settings name" not in shell.call("check", "main..").out


def test_a_waiver_goes_where_the_settings_are(repo: Repo) -> None:
    """Into bugguard.toml where there is one, also from a folder below."""
    repo.write("bugguard.toml", "# ours\nenabled = true\n")
    assert Shell(repo.path / "src").call("waive", "HEAD", *WAIVER).code == 0
    text = (repo.path / "bugguard.toml").read_text(encoding="utf-8")
    assert text.startswith("# ours\nenabled = true\n\n[[waivers]]\n")


def test_hostile_words_stay_in_the_file_and_off_the_terminal(repo: Repo) -> None:
    """An owner may hold anything; what is shown is harmless."""
    shell = Shell(repo.path)
    done = shell.call("waive", "HEAD", "--owner", 'a\x1b[31m"\nb', "--reason", "::error::x", "--expires", "2999-01-31")
    assert done.code == 0
    assert "\x1b" not in done.out + shell.call("check", "main..").out


def test_init_shows_what_it_found_and_writes_a_table(repo: Repo) -> None:
    """Layout, habits, base, today's share; then the settings, behind all that stood in the file."""
    shell = Shell(repo.path)
    before = (repo.path / "pyproject.toml").read_text(encoding="utf-8")
    done = shell.call("init")
    assert (done.code, done.err) == (0, "")
    assert done.out.splitlines()[:6] == [
        "source: src",
        "tests: tests",
        "commits: of the newest 4, 4 have a type (fix: ...) and 1 close an issue (Fixes #1)",
        "base: main, the local default branch",
        "fixes: 2, recognised by type 2",
        "guarded: 1 of 2  50 %",
    ]
    assert "pyproject.toml: written" in done.out
    after = (repo.path / "pyproject.toml").read_text(encoding="utf-8")
    assert after == before + '\n[tool.bugguard]\nenabled = "ci"\n'
    assert changed_files(repo) == "M pyproject.toml"


def test_init_writes_nothing_where_it_is_only_asked(repo: Repo) -> None:
    """``--dry-run`` shows the same table."""
    shell = Shell(repo.path)
    shown = shell.call("init", "--dry-run")
    assert (shown.code, changed_files(repo)) == (0, "")
    written = shell.call("init")
    assert shown.out.replace("this is what would be written", "written") == written.out


@pytest.mark.parametrize(
    ("file", "text"),
    [
        ("pyproject.toml", "[tool.bugguard]\n"),
        ("pyproject.toml", "[tool]\nbugguard = { enabled = true }\n"),
        ("pyproject.toml", '[tool.bugguard.fixes]\nrules = "wide"\n'),
        ("bugguard.toml", ""),
        ("bugguard.toml", "enabled = true\n"),
    ],
)
@pytest.mark.parametrize("options", [[], ["--dry-run"]])
def test_init_leaves_settings_alone(repo: Repo, file: str, text: str, options: list[str]) -> None:
    """Where there are some, however they are written, it says so."""
    repo.write(file, text)
    done = Shell(repo.path).call("init", *options)
    assert (done.code, done.out) == (4, "")
    assert "there are settings already" in done.complaint[0]
    assert (repo.path / file).read_text(encoding="utf-8") == text


def test_init_proposes_what_the_habits_ask_for(repo: Repo) -> None:
    """Keys of a tracker that no default knows become a setting, and the fix that bears one is tied to its test."""
    for number in range(4):
        repo.write("README.md", f"{number}\n")
        repo.commit(f"SHOP-{number}: words")
    done = Shell(repo.path).call("init")
    assert "issue keys: SHOP-1" in done.out
    settings = tomli.loads((repo.path / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["bugguard"]
    assert settings == {"enabled": "ci", "fixes": {"issues": [r"\bSHOP-\d+"]}}
    explained = Shell(repo.path).call("explain", "HEAD", "--format", "json")
    assert explained.document["fixes"][0]["issues"] == ["SHOP-3"]


def test_init_where_there_is_nothing(tmp_path: Path) -> None:
    """Before the first commit it writes the gate's switch into a file of our own."""
    repo = story(tmp_path / "new", "")
    done = Shell(repo.path).call("init")
    assert done.code == 0
    assert "there are no commits yet" in done.out
    assert (repo.path / "bugguard.toml").read_text(encoding="utf-8") == 'enabled = "ci"\n'


GUEST = """
from pytest_bugguard.core.model import Sign
from pytest_bugguard.hookspecs import hookimpl

@hookimpl
def {hook}(unit):
    return Sign(rule="ours", matched=unit.commit.subject, where="subject")

@hookimpl
def bugguard_formats():
    return {{"line": lambda result: result.command}}
"""


@pytest.fixture
def guests(tmp_path: Path) -> Shell:
    """A folder of guests beside the repository, on the path of a process."""
    folder = tmp_path / "guests"
    folder.mkdir()
    (folder / "good_guest.py").write_text(GUEST.format(hook="bugguard_recognise"), encoding="utf-8")
    (folder / "misspelt_guest.py").write_text(GUEST.format(hook="bugguard_recognize"), encoding="utf-8")
    (folder / "broken_guest.py").write_text("1 / 0\n", encoding="utf-8")
    return Shell(story(tmp_path / "shop", SHOP).path, {"PYTHONPATH": str(folder)})


def test_a_guest_recognises_fixes_and_adds_a_format(guests: Shell) -> None:
    """Named in the settings, it is asked before our own rules."""
    done = guests.bugguard("audit", "--set", 'plugins=["good_guest"]', "--format", "json")
    assert {fix["rule"] for fix in done.document["fixes"]} == {"ours"}
    assert guests.bugguard("audit", "--set", 'plugins=["good_guest"]', "--format", "line").out == "audit\n"
    assert "line" in guests.bugguard("audit", "--set", 'plugins=["good_guest"]', "--format", "lien").complaint[1]


@pytest.mark.parametrize(
    ("hook", "answer", "said"),
    [
        pytest.param("bugguard_recognise(unit)", "1 / 0", "bugguard_recognise fails: ZeroDivisionError", id="fails"),
        pytest.param(
            "bugguard_recognise(unit)", "True", "bugguard_recognise answers with a value of type bool", id="bool"
        ),
        pytest.param("bugguard_tests(unit)", "'tests'", "bugguard_tests answers with a value of type str", id="text"),
        pytest.param(
            "bugguard_tests(unit)", "['a.py::b']", "bugguard_tests answers with a value of type str", id="texts"
        ),
        pytest.param("bugguard_formats()", "[]", "bugguard_formats answers with a value of type list", id="list"),
    ],
)
def test_what_a_guest_does_wrong_is_told_by_its_name(guests: Shell, hook: str, answer: str, said: str) -> None:
    """It is no fault of ours, and not worth a traceback."""
    _write_guest(guests, hook, answer)
    done = guests.bugguard("audit", "--set", 'plugins=["good_guest", "odd_guest"]', "--format", "line")
    assert (done.code, said in done.complaint[0]) == (4, True), done.err
    assert done.complaint[0].startswith("plugins: odd_guest: ")


@pytest.mark.parametrize(
    ("written", "said"),
    [
        pytest.param("1 / 0", "fails: ZeroDivisionError: division by zero", id="fails"),
        pytest.param("3", "answers with a value of type int", id="no-text"),
    ],
)
def test_a_format_that_cannot_be_written_is_told_by_its_name(guests: Shell, written: str, said: str) -> None:
    """What a guest does with a result is its own affair too."""
    _write_guest(guests, "bugguard_formats()", f"{{'odd': lambda result: {written}}}")
    done = guests.bugguard("audit", "--set", 'plugins=["odd_guest"]', "--format", "odd")
    assert (done.code, done.complaint[0]) == (4, f"plugins: odd_guest: bugguard_formats: 'odd' {said}")


def _write_guest(guests: Shell, hook: str, answer: str) -> None:
    text = f"from pytest_bugguard.hookspecs import hookimpl\n@hookimpl\ndef {hook}:\n    return {answer}\n"
    (guests.folder.parent / "guests" / "odd_guest.py").write_text(text, encoding="utf-8")


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        pytest.param("misspelt_guest", "bugguard_recognize", id="misspelt-hook"),
        pytest.param("broken_guest", "broken_guest", id="cannot-be-imported"),
        pytest.param("no_such_guest", "no_such_guest", id="not-there"),
        pytest.param("shop", "shop", id="in-the-repository"),
    ],
)
def test_a_guest_that_cannot_be_asked_is_an_error(guests: Shell, name: str, problem: str) -> None:
    """One line and what to do; code of the repository that is read is not run."""
    (guests.folder / "src" / "shop" / "__init__.py").write_text("open('../../marker', 'w')\n", encoding="utf-8")
    path = f"{guests.environment['PYTHONPATH']}:{guests.folder}/src"
    done = Shell(guests.folder, {"PYTHONPATH": path}).bugguard("audit", "--set", f'plugins=["{name}"]')
    assert (done.code, done.out) == (4, "")
    assert problem in done.complaint[0]
    assert not list(guests.folder.parent.glob("**/marker"))
