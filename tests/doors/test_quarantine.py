"""A test in quarantine: it runs, guards no fix, and its day comes."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import pytest

from pytest_bugguard.adapters.history_store import HistoryStore
from pytest_bugguard.assembly import records
from pytest_bugguard.core.model import Outcome
from pytest_bugguard.core.recorded_runs import Attempt, Circumstances, RecordedRun, Why
from tests.doors.shop import GUARD, GUARDING, REPAIRED, Shop
from tests.doors.test_plugin_history import kept
from tests.shell import Shell

if TYPE_CHECKING:
    from pathlib import Path

ENTRY = """
[[quarantine]]
test = "{test}"
owner = "platform"
reason = "real clock"
expires = {expires}
"""


def test_a_test_in_quarantine_guards_no_fix(shop: Shop) -> None:
    """Though it passed: the run fails, and says whose it is and what to do; so does the check without a run."""
    shop.settings(ENTRY.format(test=GUARD, expires="9999-12-31"))
    shop.fix(GUARDING)
    result = shop.run("--bugguard", "--bugguard-base", "main")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "UNGUARDED *fix: last page is missing*",
            f"*{GUARD} is in quarantine (platform: real clock)",
            "*next: mend it and take it out of quarantine, or add another test",
        ]
    )
    assert Shell(shop.repo.path).call("check", "--base", "main").code == 1


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("prove", "main..HEAD"), id="prove"),
        pytest.param(("prove", "HEAD"), id="prove-one"),
        pytest.param(("prove", "--decay"), id="decay"),
        pytest.param(("audit", "main..HEAD"), id="audit"),
        pytest.param(("explain", "HEAD"), id="explain"),
    ],
)
def test_no_command_leans_on_a_test_in_quarantine(shop: Shop, command: tuple[str, ...]) -> None:
    """A proof does not make it trustworthy: it is red and green as the clock has it."""
    shop.settings(ENTRY.format(test=GUARD, expires="9999-12-31"))
    shop.fix(GUARDING)
    said = Shell(shop.repo.path).call(*command, "--format", "json")
    (fix,) = [fix for fix in json.loads(said.out)["fixes"] if fix["subject"] == "fix: last page is missing"]
    assert (fix["verdict"], fix["tests"][0]["counts"]) == ("unguarded", False)
    assert fix["reason"].endswith(f"{GUARD} is in quarantine (platform: real clock)")


def test_a_commit_about_to_be_made_leans_on_none_either(shop: Shop) -> None:
    """The hook says so before the commit is there."""
    shop.settings(ENTRY.format(test=GUARD, expires="9999-12-31"))
    shop.repo.write("src/shop/pager.py", REPAIRED)
    shop.repo.write("tests/test_last.py", GUARDING)
    shop.repo.git("add", "src", "tests")
    message = shop.repo.path / ".git/COMMIT_EDITMSG"
    message.write_text("fix: last page is missing\n", encoding="utf-8")
    said = Shell(shop.repo.path).call("check", "--staged", "--message-file", str(message))
    assert said.code == 1
    assert "is in quarantine (platform: real clock)" in said.out


@pytest.mark.parametrize(
    ("more", "options"),
    [
        pytest.param("", ("--bugguard-prove",), id="option"),
        pytest.param('[fixes]\nrequire = "proof"\n', (), id="setting"),
    ],
)
def test_the_proof_of_a_run_leans_on_none_either(shop: Shop, more: str, options: tuple[str, ...]) -> None:
    """Whichever way the run is asked for a proof."""
    shop.settings(more + ENTRY.format(test=GUARD, expires="9999-12-31"))
    shop.fix(GUARDING)
    result = shop.run("--bugguard", "--bugguard-base", "main", *options)
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["UNGUARDED *fix: last page is missing*", f"*{GUARD} is in quarantine*"])


def test_an_overdue_quarantine_fails_the_check(shop: Shop) -> None:
    """Without any run, too."""
    shop.settings(ENTRY.format(test="tests/test_pager.py::test_full_page", expires="2020-01-31"))
    shop.fix(GUARDING)
    said = Shell(shop.repo.path).call("check", "--base", "main")
    assert said.code == 1
    assert "the quarantine of platform ended on 2020-01-31: real clock" in said.out


def test_an_overdue_quarantine_fails_the_run(shop: Shop) -> None:
    """Whatever the change: test, owner, date and place are named."""
    shop.settings(ENTRY.format(test="tests/test_pager.py::test_full_page", expires="2020-01-31"))
    shop.fix(GUARDING)
    result = shop.run("--bugguard", "--bugguard-base", "main")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "OVERDUE*::test_full_page   the quarantine of platform ended on 2020-01-31: real clock",
            "*next: platform: mend the test and take it out (bugguard.toml:2), or agree on a new date there*",
        ]
    )


UNSURE = """
import pytest
from shop.pager import pages

def wait(kind):
    raise kind("gone")

@pytest.mark.parametrize("kind", [TimeoutError, OSError], ids=["a[::b]", "known"])
def test_wait(kind):
    wait(kind)

def test_parts(subtests):
    with subtests.test("one"):
        wait(TimeoutError)

@pytest.fixture
def server():
    raise ConnectionError("refused")

def test_setup(server):
    pass

def test_after():
    pass
"""
KNOWN = """
[[quarantine]]
test = "tests/test_net.py::test_wait[a[::b]]"
owner = "platform"
reason = "real clock"
expires = 9999-12-31
failures = ["TimeoutError at tests/test_net.py::wait"]

[[quarantine]]
test = "tests/test_net.py::test_parts"
owner = "platform"
reason = "real clock"
expires = 9999-12-31
failures = ["TimeoutError at tests/test_net.py::wait"]

[[quarantine]]
test = "tests/test_net.py::test_setup"
owner = "network"
reason = "no server in CI"
expires = 9999-12-31
failures = ["ConnectionError at tests/test_net.py::server"]
"""


@pytest.fixture
def unsure(shop: Shop) -> Shop:
    """Tests that fail as they are known to, and did before the change."""
    shop.settings(KNOWN)
    shop.repo.write("tests/test_net.py", UNSURE)
    shop.repo.commit("test: the net")
    shop.repo.git("branch", "-f", "main", "HEAD")
    shop.fix(GUARDING)
    return shop


@pytest.mark.parametrize(
    "options",
    [
        pytest.param((), id="plain"),
        pytest.param(("-x",), id="first-failure"),
        pytest.param(("-n1", "-x"), id="xdist"),
    ],
)
def test_a_known_failure_is_shown_and_fails_nothing(unsure: Shop, options: tuple[str, ...]) -> None:
    """Under an outcome of its own: call, set-up and subtest, odd parameters, and nothing stops for it."""
    run = unsure.run_apart if "-n1" in options else unsure.run
    result = run("--bugguard", "--bugguard-base", "main", "--junitxml=j.xml", "--bugguard-json=b.json",
                 "--deselect", "tests/test_net.py::test_wait[known]", *options)  # fmt: skip
    assert result.ret == 0
    result.stdout.fnmatch_lines(
        [
            "*= FAILURES IN QUARANTINE =*",
            "*TimeoutError: gone",
            "QUARANTINED tests/test_net.py::test_wait[[]a*   TimeoutError at *::wait   platform, until 9999-12-31: *",
            "*= bugguard: 1 guarded, 3 quarantined =*",
            "*3 passed*3 quarantined*",
        ]
    )
    cases = {case.get("name"): case for case in ET.parse(unsure.repo.path / "j.xml").iter("testcase")}
    (skipped,) = cases["test_setup"].iter("skipped")
    assert skipped.get("message", "").startswith("in quarantine (network, until 9999-12-31: no server in CI)")
    assert [one.get("name") for one in cases["test_setup"].iter("property")] == ["quarantined"]
    assert not list(cases["test_after"])
    told = json.loads((unsure.repo.path / "b.json").read_text(encoding="utf-8"))["quarantine"]
    assert [one["failed"] for one in told] == 2 * ["TimeoutError at tests/test_net.py::wait"] + [
        "ConnectionError at tests/test_net.py::server"
    ]
    (recorded,) = kept(unsure)
    failed = {one.nodeid.partition("::")[2] for one in recorded.attempts if one.outcome == "failed"}
    assert failed == {"test_wait[a[::b]]", "test_parts", "test_setup"}, "a rate knows nothing of excuses"


def test_another_failure_of_a_test_in_quarantine_fails_the_run(unsure: Shop) -> None:
    """It is the failure that is excused, not the test; what to write where it is the old one after all is said."""
    unsure.settings(KNOWN.replace("test_wait[a[::b]]", "test_wait"))
    result = unsure.run("--bugguard", "--bugguard-base", "main", "-k", "wait or last")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        [
            "FAILING    *::test_wait[[]known[]]   failed with OSError at *, which its quarantine does not excuse*",
            '*next: *where it is the old one, name it in failures (bugguard.toml:2): "OSError at *::wait"',
            "QUARANTINED tests/test_net.py::test_wait   Timeout*",
            "*1 failed, 1 passed*1 quarantined*",
        ]
    )


def test_a_known_failure_in_changed_code_fails_the_run(unsure: Shop) -> None:
    """The function that it comes from is not the one that it was known in, whatever else the file holds."""
    changed = UNSURE.replace('raise kind("gone")', 'raise kind("away")')
    unsure.repo.write("tests/test_net.py", changed)
    result = unsure.run("--bugguard", "--bugguard-base", "main", "-k", "a[ or setup or last")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(
        ["FAILING*::test_wait[[]a*, as it is known to, but in what the change touched: tests/test_net.py::wait"]
    )
    result.stdout.no_fnmatch_line("FAILING*test_setup*")
    result.stdout.fnmatch_lines(["QUARANTINED *test_setup*"])
    result.stdout.no_fnmatch_line("QUARANTINED *test_wait*")  # it is no more excused than told as failing


def test_a_known_failure_time_after_time_is_no_bad_luck(unsure: Shop) -> None:
    """By the rate that it had before: the test is broken now."""
    quiet = ("--bugguard", "--bugguard-base", "main", "-k", "setup or last")
    unsure.repo.write("tests/test_net.py", UNSURE.replace("raise ConnectionError", "return str"))
    for _ in range(4):
        unsure.run(*quiet)
    unsure.repo.write("tests/test_net.py", UNSURE)
    codes = [int(unsure.run(*quiet).ret) for _ in range(7)]
    assert codes == [*[0] * codes.index(1), *[1] * (7 - codes.index(1))]
    (unsure.repo.path / ".bugguard/history.db").write_bytes(b"nonsense" * 99)
    unread = unsure.run(*quiet)
    unread.stdout.fnmatch_lines(["UNDECIDED  quarantine*too often in a row cannot be looked up: the history .bug*"])
    assert unread.ret == pytest.ExitCode.TESTS_FAILED


def test_an_entry_that_names_no_failure_excuses_none(unsure: Shop) -> None:
    """So a quarantine is never wider than somebody wrote it."""
    unsure.settings(ENTRY.format(test="tests/test_net.py::test_setup", expires="9999-12-31"))
    result = unsure.run("--bugguard", "--bugguard-base", "main", "-k", "setup or last")
    assert result.ret == pytest.ExitCode.TESTS_FAILED
    result.stdout.fnmatch_lines(["FAILING*::test_setup   failed with Conn*(known there: none)", "*1 passed*1 error*"])


PUT = ("flaky", "quarantine", "tests/test_net.py::test_setup",
       "--owner", "net", "--reason", "see #8", "--expires", "9999-12-31")  # fmt: skip


def test_a_test_is_put_into_quarantine_and_let_out_again(unsure: Shop) -> None:
    """As the history knows its failure; the file is as it was afterwards, comments and all."""
    before = "enabled = true # in every run\n\n[flaky]\nkeep-days = 90\n"
    unsure.settings(before)
    shell = Shell(unsure.repo.path)
    assert (
        shell.call(*PUT).complaint[0].startswith("quarantine: how 'tests/test_net.py::test_setup' fails is not known")
    )
    assert unsure.run("-k", "setup or last").ret == 1
    unsure.repo.write("tests/test_net.py", "# moved\n" + UNSURE)
    said = shell.call(*PUT)
    assert (said.code, said.out.splitlines()[1]) == (0, "excused: ConnectionError at tests/test_net.py::server")
    assert unsure.run("-k", "setup or last").ret == 0
    assert shell.call(*PUT).complaint[0].startswith("quarantine: 'tests/test_net.py::test_setup' is in it already")
    assert shell.call("flaky", "release", "tests/test_net.py::test_setup").code == 0
    assert (unsure.repo.path / "bugguard.toml").read_text(encoding="utf-8") == before
    assert unsure.run("-k", "setup or last").ret == 1
    said = shell.call("flaky", "release", "tests/test_net.py::test_setup")
    assert said.complaint == ("release: 'tests/test_net.py::test_setup' is not in quarantine", "nothing is in it")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        pytest.param({PUT[2]: "tests/gone.py::t"}, "there is no file 'tests/gone.py'", id="file"),
        pytest.param({PUT[2]: "test_setup"}, "needs a node id", id="name"),
        pytest.param({"9999-12-31": "2020-01-31"}, "--expires: 2020-01-31 is over", id="day"),
        pytest.param({"net": " "}, "--owner: is empty", id="owner"),
        pytest.param({}, "fails is not known: there is no history", id="nothing-known"),
    ],
)
def test_what_cannot_be_put_in_says_why(unsure: Shop, change: dict[str, str], said: str) -> None:
    """And nothing is written."""
    unsure.settings(before := KNOWN.replace("test_setup", "test_other"))
    assert said in Shell(unsure.repo.path).call(*(change.get(word, word) for word in PUT)).complaint[0]
    assert (unsure.repo.path / "bugguard.toml").read_text(encoding="utf-8") == before


def test_a_test_that_has_been_steady_may_leave(unsure: Shop) -> None:
    """The run, the list and the document say so, with the figures and the command."""
    nodeid = "tests/test_net.py::test_after"
    unsure.settings(KNOWN + ENTRY.format(test=nodeid, expires="9999-12-31"))
    ended = [Outcome.FAILED, Outcome.PASSED, Outcome.FAILED, *[Outcome.PASSED] * 9]
    HistoryStore(unsure.repo.path / ".bugguard/history.db", keep_days=99).add(
        RecordedRun(f"r{place}", Why.FIRST, int(time.time()) - 99 + place, 1.0, Circumstances(),
                    (Attempt(nodeid, 1, outcome, "call", 0.1),))
        for place, outcome in enumerate(ended)
    )  # fmt: skip
    said = "passed 9 times in a row, after it had failed 2 of 3: by luck in * % of cases"
    unsure.run("--bugguard", "--bugguard-base", "main", "-k", "after or last").stdout.fnmatch_lines(
        [f"RECOVERED  {nodeid}   {said}", f"*next: bugguard flaky release {nodeid}"]
    )
    shell = Shell(unsure.repo.path)
    assert f"next: bugguard flaky release {nodeid}" in shell.call("flaky", "list").out
    told = shell.call("flaky", "list", "--format", "json").document["quarantine"]
    assert [bool(one["recovery"]) for one in told] == [False, False, False, True]


@pytest.fixture
def wavering(shop: Shop) -> Shop:
    """A shop whose fix has a guard that has passed and failed with the fix in place, as a history tells."""
    wavers = "@pytest.mark.parametrize('items', [11])\ndef test_last_page(items):\n    assert pages(items) == 2\n"
    sha = shop.fix(f"import pytest\nfrom shop.pager import pages\n\n{wavers}")
    where = Circumstances(sha, shop.repo.git("rev-parse", "HEAD^{tree}"))
    HistoryStore(shop.repo.path / ".bugguard/history.db", keep_days=99).add(
        RecordedRun(f"r{place}", Why.FIRST, place, 1.0, where, (Attempt(f"{GUARD}[11]", 1, outcome, "call", 0.1),))
        for place, outcome in enumerate([Outcome.FAILED, Outcome.PASSED])
    )
    return shop


@pytest.mark.parametrize(
    "command",
    [
        pytest.param(("check", "--base", "main"), id="check"),
        pytest.param(("prove", "main..HEAD"), id="prove"),
        pytest.param(("prove", "HEAD"), id="prove-one"),
        pytest.param(("audit", "main..HEAD"), id="audit"),
        pytest.param(("explain", "HEAD"), id="explain"),
    ],
)
def test_no_command_leans_on_a_flaky_test(wavering: Shop, command: tuple[str, ...]) -> None:
    """Whether or not it runs it, and however it ends now."""
    said = Shell(wavering.repo.path).call(*command, "--format", "json")
    (fix,) = json.loads(said.out)["fixes"]
    assert fix["verdict"] == "unstable"
    assert fix["reason"].startswith(f"{GUARD}[11] is flaky: on the same code, commit {fix['sha'][:12]}, with the fix")
    assert f"bugguard hunt '{GUARD}[11]'" in fix["next"]
    assert said.code == (1 if command[0] in {"check", "prove"} else 0)


@pytest.mark.parametrize(
    ("path", "text", "verdict"),
    [
        pytest.param("tests/test_more.py", "def test_more():\n    assert pages", "unstable", id="something-else"),
        pytest.param("tests/test_last.py", GUARDING, "guarded", id="the-test"),
    ],
)
def test_a_flaky_test_guards_again_once_it_is_another(wavering: Shop, path: str, text: str, verdict: str) -> None:
    """To commit something else does not mend it; where it was changed, nothing is known of it any more."""
    wavering.repo.write(path, text)
    wavering.repo.commit("test: more")
    (fix,) = Shell(wavering.repo.path).call("check", "--base", "main", "--format", "json").document["fixes"]
    assert fix["verdict"] == verdict


def test_what_a_test_did_before_the_fix_may_have_been_the_bug(wavering: Shop) -> None:
    """Then it is the fix that mended it."""
    wavering.repo.write("src/shop/pager.py", "def pages(items):\n    return (items + 9) // 10\n")
    test = (wavering.repo.path / "tests/test_last.py").read_text()
    wavering.repo.write("tests/test_last.py", test.replace("[11]", "[11, 12]"))
    wavering.repo.commit("fix: pages come and go")
    newest, older = Shell(wavering.repo.path).call("check", "--base", "main", "--format", "json").document["fixes"]
    assert (newest["verdict"], older["verdict"]) == ("guarded", "guarded")


@pytest.mark.parametrize(
    ("conditions", "verdict"), [pytest.param("", "unstable", id="alone"), pytest.param(" busy=4", "guarded", id="busy")]
)
def test_a_hunt_tells_of_a_guard_too(shop: Shop, conditions: str, verdict: str) -> None:
    """Where it found it to fail as it is, not where it made it fail."""
    sha = shop.fix(GUARDING)
    where = Circumstances(sha, shop.repo.git("rev-parse", "HEAD^{tree}"))
    attempts = (
        *(Attempt(GUARD, place, Outcome.PASSED, "call", 0.1, str(place), place=1) for place in (1, 2, 3)),
        Attempt(GUARD, 4, Outcome.FAILED, "call", 0.1, f"4{conditions}", place=1),
    )
    run = RecordedRun("hunt", Why.EXPERIMENT, 1, 1.0, where, attempts)
    HistoryStore(shop.repo.path / ".bugguard/history.db", keep_days=99).add([run])
    (fix,) = Shell(shop.repo.path).call("check", "--base", "main", "--format", "json").document["fixes"]
    assert fix["verdict"] == verdict


def test_what_waits_to_get_into_the_history_counts_too(shop: Shop) -> None:
    """A failure that the history could not take is a failure."""
    sha = shop.fix(GUARDING)
    where = Circumstances(sha, shop.repo.git("rev-parse", "HEAD^{tree}"))
    red, green = (
        RecordedRun(str(ended), Why.FIRST, 1, 1.0, where, (Attempt(GUARD, 1, ended, "call", 0.1),))
        for ended in (Outcome.FAILED, Outcome.PASSED)
    )
    HistoryStore(shop.repo.path / ".bugguard/history.db", keep_days=99).add([green])
    records.hand_on(red, shop.repo.path / ".bugguard/spool")
    (fix,) = Shell(shop.repo.path).call("check", "--base", "main", "--format", "json").document["fixes"]
    assert fix["verdict"] == "unstable"


def test_a_history_that_cannot_be_read_is_told(wavering: Shop) -> None:
    """Once, and no gate passes for that; a survey goes on without it, and so does whoever says so."""
    told = "whether a test that a fix leans on is known to be flaky cannot be looked up: the history"
    (wavering.repo.path / ".bugguard/history.db").write_bytes(b"nonsense" * 99)
    shell = Shell(wavering.repo.path)
    commands = {
        ("check", "--base", "main"): 1,
        ("check", "--base", "main", "--set", "undecided=warn"): 0,
        ("prove", "main..HEAD"): 1,
        ("audit",): 0,
        ("audit", "--fail-under", "0.1"): 1,
        ("explain", "HEAD"): 0,
    }
    said = {command: shell.call(*command) for command in commands}
    assert {command: (one.code, one.out.count(told)) for command, one in said.items()} == {
        command: (code, 1) for command, code in commands.items()
    }
    assert "to go without a history: BUGGUARD_HISTORY=off" in said["check", "--base", "main"].out
    assert Shell(wavering.repo.path, {"BUGGUARD_HISTORY": "off"}).call("check", "--base", "main").code == 0
    (wavering.repo.path / ".bugguard/history.db").write_bytes(b"")
    assert told not in Shell(wavering.repo.path).call("check", "--base", "main").out, "an empty one knows nothing"
    (wavering.repo.path / ".bugguard/history.db").write_bytes(b"nonsense" * 99)
    (wavering.repo.path / ".gitignore").write_text("*.pyc\n.*\n")
    wavering.repo.commit("chore: ignore what is left behind")
    result = wavering.run("--bugguard", "--bugguard-base", "main")
    assert (result.ret, result.stdout.str().count(told)) == (1, 1)


def test_a_job_that_is_run_again_until_it_is_green_guards_nothing(
    shop: Shop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same code, red and then green: nobody can lean on that, until the test is another."""
    monkeypatch.setenv("BUGGUARD_HISTORY", str(tmp_path / "history.db"))
    shop.fix("import os\n" + GUARDING.replace("assert pages", "assert 'LUCK' in os.environ\n    assert pages"))
    run = ("--bugguard", "--bugguard-base", "main", "--bugguard-reruns=0")
    assert shop.run(*run).ret == pytest.ExitCode.TESTS_FAILED
    monkeypatch.setenv("LUCK", "1")
    again = shop.run(*run)
    assert again.ret == pytest.ExitCode.TESTS_FAILED
    again.stdout.fnmatch_lines(["UNSTABLE *fix: last page*", "*with the fix in place, it passed 1 and failed 1 times"])
    shop.repo.write("tests/test_more.py", "def test_more():\n    assert 'LUCK'\n")
    shop.repo.commit("test: more")
    assert shop.run(*run).ret == pytest.ExitCode.TESTS_FAILED
    shop.repo.write("tests/test_last.py", GUARDING)
    shop.repo.commit("test: no luck")
    assert shop.run(*run).ret == pytest.ExitCode.OK
