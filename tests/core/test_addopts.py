"""Which of the project's own options hold in a run of ours."""

from __future__ import annotations

import shlex

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_bugguard.core import addopts


@pytest.mark.parametrize(
    ("given_words", "kept"),
    [
        pytest.param("-ra --strict-markers --strict-config", "-r a --strict-markers --strict-config", id="harmless"),
        pytest.param("-m 'not slow' -k fast --deselect t.py::a --ignore=x", None, id="what leaves tests out"),
        pytest.param("-p pytester -W error --import-mode=importlib --doctest-modules", None, id="what they need"),
        pytest.param("-x --maxfail=2 --maxfail 3 --exitfirst --sw -v", "-v", id="what stops"),
        pytest.param("--lf --ff --nf --last-failed-no-failures none", "", id="what selects by the last run"),
        pytest.param("--splits 3 --group 1 --shard-id=2 --num-shards 4", "", id="shards"),
        pytest.param("-n auto -n4 -nauto --dist loadscope --tx popen -d", "", id="xdist"),
        pytest.param("--cov --cov=src --cov src --cov-report term --cov-branch --no-cov-on-fail", "", id="coverage"),
        pytest.param(
            "-p no:randomly --randomly-seed=1 --random-order --random-order-seed 3", "-p no:randomly", id="order"
        ),
        pytest.param("--reruns 3 --reruns-delay 1 --force-flaky --max-runs=2 --retries 2", "", id="repeats"),
        pytest.param("--junitxml=a.xml --html r.html --report-log l --basetemp t --cache-clear", "", id="files"),
        pytest.param("--bugguard --bugguard-base main --no-bugguard -p bugguard -p no:bugguard", "", id="our own"),
        pytest.param("-p no:terminal -pno:terminal -q", "-q", id="without a terminal our own options are unknown"),
        pytest.param(
            "-p vscode_pytest --teamcity -p teamcity.pytest_plugin --no-teamcity t.py::a", "", id="what an editor adds"
        ),
        pytest.param("tests src/pkg -q other", "-q", id="paths"),
        pytest.param("-v -- -x --foo", "-v", id="all behind two dashes are paths"),
        pytest.param("-vvx -xvs -rfE", "-v -v -v -s -r fE", id="groups of short options"),
        pytest.param("-qkfoo -m=slow -p=x", "-q -k foo -m slow -p x", id="values tied to short options"),
        pytest.param("--ds=conf.test --reuse-db --timeout 5", "--ds=conf.test --reuse-db --timeout 5", id="plugins'"),
        pytest.param("--strict-markers tests", "--strict-markers", id="a flag of pytest has no value"),
        pytest.param("-o", "-o ''", id="a value that is missing"),
    ],
)
def test_options_are_kept_or_dropped(given_words: str, kept: str | None) -> None:
    """What would keep a mapped test from running, or its outcome from being its own, is not handed on."""
    expected = given_words if kept is None else kept
    assert addopts.kept(shlex.split(given_words)) == tuple(shlex.split(expected))


@pytest.mark.parametrize(
    ("words", "left"),
    [
        ("-v -r fE --tb=short --tb short -q -l --color=no --durations 5 --no-header", ""),
        ("-o addopts= -p no:randomly -v --strict-markers", "-o addopts= -p no:randomly --strict-markers"),
        ("-k -v -m -q --doctest-modules -s --ds=conf.test -W error", None),
        ("--tb", ""),
    ],
)
def test_a_short_command_leaves_out_what_only_shows(words: str, left: str | None) -> None:
    """And nothing that may decide how a test ends."""
    assert addopts.deciding(shlex.split(words)) == tuple(shlex.split(words if left is None else left))


@given(
    st.lists(
        st.sampled_from(["-v", "--x", "--maxfail", "-n", "3", "-k", "a", "--", "-", "", "tests", "-xvn2", "--cov"])
    )
)
def test_nothing_is_invented(words: list[str]) -> None:
    """Whatever stands there: each long option kept is one that was given, and all of them would be kept again."""
    kept = addopts.kept(words)
    assert {word for word in kept if word.startswith("--")} <= set(words)
    assert addopts.kept(kept) == kept
