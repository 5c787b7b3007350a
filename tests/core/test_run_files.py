"""Run files: what is written is read again to the letter, and what was cut off or forged is refused whole."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_bugguard.core import run_files
from pytest_bugguard.core.recorded_runs import Circumstances, RecordedRun, Why
from pytest_bugguard.core.run_files import RunFileError
from tests.histories import run_of

RUN = run_of("aF.", "b.", "cs", shard="linux 2/4")


def test_what_is_handed_on_comes_through() -> None:
    """The run that is read is the run that was written."""
    assert run_files.from_bytes(run_files.to_text(RUN).encode(), "a.jsonl") == RUN


@given(st.text(st.characters(codec=None), min_size=1), st.text(st.characters(codec=None)))
def test_every_text_can_be_handed_on_and_stored(nodeid: str, branch: str) -> None:
    """Surrogates and NUL become visible; what was read once is not changed by the next reading."""
    run = run_of("a.", branch=branch)
    named = RecordedRun(nodeid, Why.FIRST, 1, 1.0, Circumstances(branch=branch), run.attempts)
    text = run_files.to_text(named)
    read = run_files.from_bytes(text.encode("ascii"), "a.jsonl")
    assert run_files.to_text(read) == text
    assert run_files.digest_of(read) == run_files.digest_of(named)
    assert "\0" not in read.id + read.circumstances.branch
    (read.id + read.circumstances.branch).encode()


def test_a_file_that_was_cut_off_is_refused_at_every_byte() -> None:
    """Half a run would look like a run of fewer tests."""
    whole = run_files.to_text(RUN).encode()
    for length in range(len(whole)):
        with pytest.raises(RunFileError):
            run_files.from_bytes(whole[:length], "a.jsonl")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param('"why": "first"', '"why": "because"', id="unknown-reason"),
        pytest.param('"bugguard-run": 1', '"bugguard-run": 2', id="another-format"),
        pytest.param('"bugguard-run": 1', '"bugguard-run": 1, "more": 1', id="unknown-key"),
        pytest.param('"started_s": 1', '"started_s": -1', id="before-all-time"),
        pytest.param('"started_s": 1', '"started_s": 1e400, "x": 1', id="infinite"),
        pytest.param('"number": 2', '"number": 1', id="the-same-attempt-twice"),
        pytest.param('"outcome": "failed"', '"outcome": 7', id="no-outcome"),
        pytest.param('"duration_s": 0.25', '"duration_s": NaN', id="no-number"),
        pytest.param('"phase": "call"', '"phase": "dance"', id="no-phase"),
        pytest.param('"kind": "TimeoutError"', '"kind": null', id="no-text"),
        pytest.param('{"end": 4}', '{"end": 3}', id="another-count"),
        pytest.param('{"end": 4}', "[" * 100_000, id="endless-nesting"),
    ],
)
def test_what_no_run_can_say_is_refused(old: str, new: str) -> None:
    """Run files come from artefacts that anybody may have made."""
    text = run_files.to_text(RUN)
    assert old in text
    with pytest.raises(RunFileError, match=r"a\.jsonl"):
        run_files.from_bytes(text.replace(old, new, 1).encode(), "a.jsonl")


def test_names_of_files_differ_with_the_content() -> None:
    """Jobs that hand on their files to one folder do not meet."""
    names = {run_files.name_of(run) for run in (RUN, run_of("a."), run_of("aF"), run_of("a.", number=2))}
    assert len(names) == 4
    assert all(name.endswith(".jsonl") for name in names)
    assert run_files.name_of(run_of("a.", id="../../etc/passwd\0")).startswith("______etc_passwd_-")


def test_a_file_has_a_line_for_each_attempt() -> None:
    """Other tools can read it line by line."""
    head, *rows, end = map(json.loads, run_files.to_text(RUN).splitlines())
    assert (head["bugguard-run"], len(rows), end) == (1, 4, {"end": 4})
