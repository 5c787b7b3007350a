"""Settings: what is accepted, and that every fault is told at once, in its place, with the way out."""

from __future__ import annotations

import datetime as dt
import math
import os
import subprocess
import sys
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_bugguard.core import settings
from pytest_bugguard.core.coverage_rules import CoverageSettings, Gate, Limits, Places
from pytest_bugguard.core.errors import SettingsError
from pytest_bugguard.core.model import Quarantine, Waiver
from pytest_bugguard.core.settings import FixSettings, FlakySettings, Layer, Settings

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pytest_bugguard.core.settings import KeyPath

RULES = ("fragment", "conventional", "subject")
WAIVER = {"fix": "1C0FFEE", "owner": "payments", "reason": "simulator", "expires": dt.date(2027, 1, 31)}


def _place(path: KeyPath) -> str:
    return "pyproject.toml:" + ".".join(str(part) for part in path if str(part).isprintable())


def _load(*tables: dict[str, Any]) -> Settings:
    return settings.load([Layer(table, _place) for table in tables], RULES)


def _faults(*tables: dict[str, Any]) -> Sequence[str]:
    with pytest.raises(SettingsError) as caught:
        _load(*tables)
    assert caught.value.exit_code == 4
    assert caught.value.hint
    return str(caught.value).splitlines()


def test_nothing_set_gives_the_defaults() -> None:
    """Without settings the gate is idle, and would ask for a test of every fix."""
    found = _load()
    assert found == Settings()
    assert (found.enabled, found.base, found.undecided, found.fixes.require) == (False, "auto", "fail", "test")


def test_everything_set_arrives() -> None:
    """Each setting lands in its attribute, in our own types."""
    found = _load(
        {
            "enabled": "ci",
            "base": "origin/main",
            "source": ["./src/", "lib\\shop", "src"],
            "tests": ["tests"],
            "undecided": "warn",
            "json": "reports/bugguard.json",
            "html": "reports/bugguard.html",
            "web": "https://github.com/acme/shop.git",
            "plugins": ["shop_rules.bugguard"],
            "fixes": {
                "require": "off",
                "scope": "unit",
                "rules": ["subject"],
                "without": ["fragment"],
                "patterns": [r"^\[BUG\]"],
                "exclude": ["^Bump "],
                "issues": [r"SHOP-\d+"],
            },
            "waivers": [WAIVER],
        }
    )
    assert found == Settings(
        enabled="ci",
        base="origin/main",
        source=("src", "lib/shop"),
        tests=("tests",),
        undecided="warn",
        json="reports/bugguard.json",
        html="reports/bugguard.html",
        web="https://github.com/acme/shop",
        plugins=("shop_rules.bugguard",),
        fixes=FixSettings("off", "unit", ("subject",), ("fragment",), (r"^\[BUG\]",), ("^Bump ",), (r"SHOP-\d+",)),
        waivers=(Waiver("1c0ffee", "payments", "simulator", dt.date(2027, 1, 31)),),
    )


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        pytest.param({"enabeld": True}, "enabeld: unknown key; did you mean 'enabled'?", id="misspelt"),
        pytest.param({"colour": {}}, "colour: unknown key; known here: enabled, base, source, tests, undecided, json, "
                     "html, web, plugins, fixes, waivers, coverage, flaky, quarantine, delivery", id="unknown"),
        pytest.param({"\x1b[31m": 1}, r"'\x1b[31m': unknown key; known here: enabled, base, source, tests, undecided, "
                     "json, html, web, plugins, fixes, waivers, coverage, flaky, quarantine, delivery",
                     id="a-key-that-moves-terminals"),
        pytest.param({"enabled": "CI"}, "enabled: found 'CI', needs true, false or \"ci\"; did you mean 'ci'?",
                     id="flag"),
        pytest.param({"enabled": 1}, 'enabled: found the number 1, needs true, false or "ci"', id="number-for-flag"),
        pytest.param({"base": "--upload-pack=x"}, "base: found '--upload-pack=x', needs \"auto\", or a branch, tag or "
                     "commit", id="option-as-revision"),
        pytest.param({"base": ""}, "base: found '', needs \"auto\", or a branch, tag or commit", id="empty"),
        pytest.param({"web": "http://github.com/a/b"}, "web: found 'http://github.com/a/b', needs https://HOST/PATH, "
                     "for example https://github.com/acme/shop", id="address-without-tls"),
        pytest.param({"web": "https://git.acme.com/a"}, "web: found 'https://git.acme.com/a', does not tell the kind "
                     "of its server: begin it with one of github+https://, gitlab+https://, bitbucket+https://, "
                     "gitea+https://", id="unknown-server"),
        pytest.param({"web": 1}, "web: found the number 1, needs an address as a text", id="number-for-address"),
        pytest.param({"source": "src"}, "source: found 'src', needs a list; write ['src']", id="text-for-list"),
        pytest.param({"source": {}}, "source: found a table, needs a list", id="table-for-list"),
        pytest.param({"tests": ["a/../.."]}, "tests[0]: found 'a/../..', needs a path below the repository's top",
                     id="path-up"),
        pytest.param({"tests": ["/abs"]}, "tests[0]: found '/abs', needs a path below the repository's top", id="abs"),
        pytest.param({"tests": ["C:\\x"]}, r"tests[0]: found 'C:\\x', needs a path below the repository's top",
                     id="drive"),
        pytest.param({"tests": ["."]}, "tests[0]: found '.', which is the whole repository: name its folders",
                     id="top"),
        pytest.param({"undecided": "warm"}, "undecided: found 'warm', needs \"fail\" or \"warn\"; did you mean 'warn'?",
                     id="word"),
        pytest.param({"undecided": ["warn"]}, 'undecided: found a list, needs "fail" or "warn"', id="list-for-word"),
        pytest.param({"plugins": ["a b"]}, "plugins[0]: found 'a b', needs an importable name like shop_rules.bugguard",
                     id="module"),
        pytest.param({"fixes": []}, "fixes: found a list, needs a table", id="list-for-table"),
        pytest.param({"fixes": {"on-weak": "proof"}}, "fixes.on-weak: found 'proof', needs \"warn\" or \"fail\"",
                     id="on-weak"),
        pytest.param({"fixes": {"rules": "wild"}}, 'fixes.rules: found \'wild\', needs "strict", "default" or "wide", '
                     "or a list of rule names; did you mean 'wide'?", id="mode"),
        pytest.param({"fixes": {"rules": []}}, "fixes.rules: found an empty list, needs at least one rule; "
                     'fixes.require = "off" asks for none', id="no-rule"),
        pytest.param({"fixes": {"without": ["fragmet"]}}, "fixes.without[0]: found 'fragmet', needs one of the rules "
                     "fragment, conventional, subject; did you mean 'fragment'?", id="rule"),
        pytest.param({"fixes": {"issues": ["a", "("]}}, "fixes.issues[1]: '(' does not compile: missing ), "
                     "unterminated subpattern at position 0", id="regex"),
        pytest.param({"waivers": {}}, "waivers: found a table, needs tables: [[tool.bugguard.waivers]]", id="waivers"),
        pytest.param({"waivers": [WAIVER | {"fix": "1c0ffe"}]}, "waivers[0].fix: found '1c0ffe', needs at least seven "
                     "hexadecimal digits of a commit id, as a text", id="short-id"),
        pytest.param({"waivers": [WAIVER | {"owner": " "}]}, "waivers[0].owner: found ' ', needs a text that is not "
                     "empty", id="nobody"),
        pytest.param({"waivers": [WAIVER | {"expires": "2027-01-31"}]}, "waivers[0].expires: found '2027-01-31', needs "
                     "a date like 2027-01-31; write it without quotes", id="date-as-text"),
        pytest.param({"waivers": [WAIVER | {"expires": dt.datetime(2027, 1, 31, tzinfo=dt.UTC)}]},
                     "waivers[0].expires: found the date 2027-01-31 00:00:00+00:00, needs a date like 2027-01-31",
                     id="date-with-time"),
        pytest.param({"waivers": [{key: value for key, value in WAIVER.items() if key != "reason"}]},
                     "waivers[0]: reason is missing; needs a text", id="missing"),
        pytest.param({"waivers": [WAIVER, WAIVER | {"fix": "1c0ffee2"}]}, "waivers[1].fix: '1c0ffee2' is waived "
                     "already at pyproject.toml:waivers.0.fix; keep one of them", id="twice"),
    ],
)  # fmt: skip
def test_a_fault_names_place_finding_and_what_is_accepted(table: dict[str, Any], fault: str) -> None:
    """One line: where, which key, what was found, what is accepted, and the likely intention."""
    (line,) = _faults(table)
    place, _, rest = line.partition(": ")
    assert place.startswith("pyproject.toml:")
    assert rest == fault


def test_every_fault_is_told_at_once() -> None:
    """One run shows all that is to mend, in every layer."""
    lines = _faults({"enabeld": 1, "source": [1, "src", ".."], "fixes": {"scope": 3}}, {"undecided": 4})
    assert [line.split(": ")[1] for line in lines] == ["enabeld", "source[0]", "source[2]", "fixes.scope", "undecided"]


def test_a_later_layer_wins_key_by_key() -> None:
    """A command line option changes one key and leaves its neighbours alone."""
    found = _load({"base": "a", "fixes": {"scope": "unit", "without": ["subject"]}}, {"fixes": {"without": []}})
    assert (found.base, found.fixes.scope, found.fixes.without) == ("a", "unit", ())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        pytest.param("fixes.without=['subject']", {"fixes": {"without": ["subject"]}}, id="toml-list"),
        pytest.param('base="a b"', {"base": "a b"}, id="toml-text"),
        pytest.param("enabled=true", {"enabled": True}, id="toml-bool"),
        pytest.param("fixes.scope=unit", {"fixes": {"scope": "unit"}}, id="plain-word"),
        pytest.param(" base = origin/main ", {"base": "origin/main"}, id="spaces"),
        pytest.param("base=v1.x~2", {"base": "v1.x~2"}, id="revision"),
    ],
)
def test_an_assignment_takes_toml_or_a_plain_word(text: str, expected: dict[str, Any]) -> None:
    """``--set KEY=VALUE`` reads a TOML value, and spares quoting for a single word."""
    assert settings.assignment(text).table == expected


@pytest.mark.parametrize(
    "text", ["", "base", "=x", "base=", "base=a b", "base=[", "[fixes]=1", "base=1\nenabled=true", "a..b=1", "a=\x1b"]
)
def test_a_broken_assignment_says_what_it_needs(text: str) -> None:
    """The message names ``--set`` and has an example as hint."""
    with pytest.raises(SettingsError, match=r"^--set: found ") as caught:
        settings.assignment(text)
    assert "--set " in caught.value.hint
    assert "\n" not in str(caught.value)


def test_faults_of_an_assignment_come_from_the_option() -> None:
    """Not from a file that does not hold it."""
    with pytest.raises(SettingsError, match=r"^--set: fixes\.scope: found 'units', .*did you mean 'unit'\?$"):
        settings.load([settings.assignment("fixes.scope=units")], RULES)


def test_a_digest_tells_settings_apart() -> None:
    """Equal settings have equal digests and hashes, and any difference shows."""
    assert _load({"base": "auto"}).digest() == Settings().digest() != _load({"base": "main"}).digest()
    assert _load({"waivers": [WAIVER]}).digest() != Settings().digest()
    assert hash(_load({"waivers": [WAIVER]})) == hash(_load({"waivers": [WAIVER]}))


def test_a_digest_is_the_same_in_every_process() -> None:
    """A cache that one run filled serves the next, whatever the hash seed."""
    code = "from pytest_bugguard.core.settings import Settings; print(Settings().digest())"
    run = subprocess.run(
        [sys.executable, "-c", code], env=os.environ | {"PYTHONHASHSEED": "7"}, capture_output=True, check=True
    )
    assert run.stdout.decode().strip() == Settings().digest()


_KEYS = st.sampled_from(
    ["enabled", "base", "source", "tests", "undecided", "plugins", "fixes", "waivers", "rules", "without", "patterns",
     "fix", "expires", "owner", "coverage", "gate", "paths", "line", "each-file", "total",
     "flaky", "history", "keep-days", "quarantine", "test", "expires", "\x00", ""]
)  # fmt: skip
_VALUES = st.recursive(
    st.one_of(
        st.booleans(),
        st.integers(),
        st.floats(),
        st.text("a-.[/\x1b\u2028(*", max_size=8),
        st.dates(),
        st.datetimes(),
        st.times(),
    ),
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(_KEYS, inner, max_size=4)),
    max_leaves=12,
)


@given(st.dictionaries(_KEYS, _VALUES, max_size=5))
def test_any_table_is_settled_or_refused(table: dict[str, Any]) -> None:
    """Whatever TOML can say gives settings or a fault of one printable line each; never anything else."""
    try:
        assert _load(table).digest()
    except SettingsError as error:
        lines = str(error).split("\n")
        assert all(line.isprintable() for line in lines)
        assert all(": " in line for line in lines)


def test_not_a_number_is_shown() -> None:
    """TOML's own odd values are told like any other."""
    assert _faults({"base": math.nan}) == [
        'pyproject.toml:base: base: found the number nan, needs "auto", or a branch, tag or commit'
    ]


GATE = {"paths": ["src/shop/pay/**"], "line": 100, "reason": "money"}


def test_everything_set_of_coverage_arrives() -> None:
    """Shares as they were written, and each rule with the place where it stands."""
    table = {
        "each-file": {"line": 80, "missing": 0},
        "total": {"line": 89.95, "branch": 85},
        "floors": "bugguard-floors.txt",
        "changed": {"line": 100},
        "fixes": 50.5,
        "gate": [GATE, {"modules": ["shop.old"], "scope": "group", "missing": 12}],
    }
    found = _load({"coverage": table}).coverage
    place = "pyproject.toml:coverage"
    assert found == CoverageSettings(
        Limits(line=Decimal(80), missing=Decimal(0)),
        Limits(Decimal("89.95"), Decimal(85)),
        "bugguard-floors.txt",
        Limits(Decimal(100)),
        Decimal("50.5"),
        (
            Gate(Limits(Decimal(100)), ("src/shop/pay/**",), (), "each", "money", f"{place}.gate.0"),
            Gate(Limits(missing=Decimal(12)), (), ("shop.old",), "group", "", f"{place}.gate.1"),
        ),
        Places(*(f"{place}.{key}" for key in ("each-file", "total", "floors", "changed", "fixes"))),
    )


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        pytest.param({"each_file": {}}, "coverage.each_file: unknown key; did you mean 'each-file'?", id="misspelt"),
        pytest.param({"total": {"lines": 90}}, "coverage.total.lines: unknown key; did you mean 'line'?", id="metric"),
        pytest.param({"total": 90}, "coverage.total: found the number 90, needs a table: { line = 90 }", id="number"),
        pytest.param({"total": {}}, "coverage.total: found an empty table, which asks for nothing; write { line = 90 }",
                     id="empty"),
        pytest.param({"total": {"line": 0}}, "coverage.total.line: found 0, which no file can miss: leave the key out, "
                     "or ask for more", id="zero"),
        pytest.param({"total": {"line": 100.5}}, "coverage.total.line: found the number 100.5, needs a number over 0 "
                     "and up to 100", id="too-much"),
        pytest.param({"total": {"line": math.nan}}, "coverage.total.line: found the number nan, needs a number over 0 "
                     "and up to 100", id="nan"),
        pytest.param({"total": {"missing": 1.5}}, "coverage.total.missing: found the number 1.5, needs a whole number "
                     "from 0 on", id="half-a-statement"),
        pytest.param({"total": {"line": True}}, "coverage.total.line: found true, needs a number over 0 and up to 100",
                     id="flag"),
        pytest.param({"fixes": "every"}, 'coverage.fixes: found \'every\', needs "any", "all" or "off", or a number '
                     "over 0 and up to 100", id="word"),
        pytest.param({"changed": {"branch": 90}}, "coverage.changed.branch: unknown key; known here: line, missing",
                     id="branches-of-a-change"),
        pytest.param({"gate": {}}, "coverage.gate: found a table, needs tables: [[tool.bugguard.coverage.gate]]",
                     id="one-bracket"),
        pytest.param({"gate": [{"line": 90}]}, 'coverage.gate[0]: names no file; needs paths = ["src/shop/**"] or '
                     'modules = ["shop.pay"]', id="no-file"),
        pytest.param({"gate": [{"paths": ["src"]}]}, "coverage.gate[0]: asks for nothing, so it can never fail; needs "
                     "line, branch or missing", id="nothing-asked"),
        pytest.param({"gate": [GATE | {"scope": "all"}]}, 'coverage.gate[0].scope: found \'all\', needs "each" or '
                     '"group"', id="scope"),
        pytest.param({"gate": [GATE, {"paths": ["lib", "src/shop/pay"], "line": 90}]}, "coverage.gate[1]: "
                     "'src/shop/pay' has a gate on line already at pyproject.toml:coverage.gate.0; keep one of them",
                     id="twice"),
        pytest.param([], "coverage: found a list, needs a table", id="list"),
    ],
)  # fmt: skip
def test_a_fault_of_coverage_names_place_finding_and_what_is_accepted(table: object, fault: str) -> None:
    """As every other: and gates that could never fail are faults."""
    (line,) = _faults({"coverage": table})
    assert line.partition(": ")[2] == fault


def test_two_gates_may_share_a_file_where_they_ask_for_different_things() -> None:
    """One on lines, one on branches; one on each file, one on the group."""
    gates = [GATE, {"paths": ["src/shop/pay"], "branch": 90}, {"paths": ["src/shop/pay"], "line": 9, "scope": "group"}]
    assert len(_load({"coverage": {"gate": gates}}).coverage.gates) == 3


QUARANTINE = {
    "test": "tests/test_net.py::test_retry",
    "owner": "platform",
    "reason": "real clock",
    "expires": dt.date(2027, 1, 31),
}


def test_everything_set_of_flaky_tests_arrives() -> None:
    """Numbers, the places of the history, and each quarantine."""
    table: dict[str, Any] = {
        "history": "postgresql://ci@db.example.org:5432/bugguard?sslmode=require",
        "keep-days": 90,
        "run-files": "reports/runs",
        "reruns": 5,
        "reruns-seconds": 600,
        "max-failures": 50,
        "on-flaky": "warn",
        "burn-in": 20,
        "burn-in-seconds": 60,
    }
    found = _load({"flaky": table, "quarantine": [QUARANTINE]})
    assert found.flaky == FlakySettings(5, 600, 50, "warn", 20, 60, table["history"], 90, "reports/runs")
    assert found.quarantine == (
        Quarantine(
            "tests/test_net.py::test_retry",
            "platform",
            "real clock",
            dt.date(2027, 1, 31),
            "pyproject.toml:quarantine.0",
        ),
    )
    assert _load({"flaky": {"history": "off"}}).flaky.history == "off"


@pytest.mark.parametrize(
    ("table", "fault"),
    [
        pytest.param({"flaky": []}, "flaky: found a list, needs a table", id="list"),
        pytest.param({"flaky": {"keep-day": 1}}, "flaky.keep-day: unknown key; did you mean 'keep-days'?",
                     id="misspelt"),
        pytest.param({"flaky": {"keep-days": 0}}, "flaky.keep-days: found the number 0, needs a whole "
                     "number from 1 to 3660",
                     id="negative"),
        pytest.param({"flaky": {"keep-days": True}}, "flaky.keep-days: found true, needs a whole number from 1 to 3660",
                     id="flag"),
        pytest.param({"flaky": {"history": "/var/h.db"}}, "flaky.history: found '/var/h.db', needs a path below the "
                     "repository's top", id="absolute"),
        pytest.param({"flaky": {"history": "mysql://db/x"}}, "flaky.history: found an address of 'mysql', needs a "
                     "file, or postgresql://USER@HOST/DATABASE", id="other-database"),
        pytest.param({"flaky": {"history": "postgresql://ci:secret@db/x"}}, "flaky.history: holds a password: put the "
                     "whole address into the variable BUGGUARD_HISTORY", id="password"),
        pytest.param({"flaky": {"history": "postgresql://db/x?password=y"}}, "flaky.history: holds a password: put the "
                     "whole address into the variable BUGGUARD_HISTORY", id="password-behind"),
        pytest.param({"quarantine": {}}, "quarantine: found a table, needs tables: [[tool.bugguard.quarantine]]",
                     id="one-bracket"),
        pytest.param({"quarantine": [QUARANTINE | {"test": "test_retry"}]}, "quarantine[0].test: found 'test_retry', "
                     "needs a node id like tests/test_net.py::test_retry", id="no-file"),
        pytest.param({"quarantine": [{key: QUARANTINE[key] for key in ("test", "reason", "expires")}]},
                     "quarantine[0]: owner is missing; needs a text", id="nobody"),
        pytest.param({"quarantine": [QUARANTINE, QUARANTINE]}, "quarantine[1].test: 'tests/test_net.py::test_retry' is "
                     "in it already at pyproject.toml:quarantine.0; keep one of them", id="twice"),
    ],
)  # fmt: skip
def test_a_fault_of_flaky_tests_names_place_finding_and_what_is_accepted(table: dict[str, Any], fault: str) -> None:
    """As every other; and no password is repeated in a message."""
    (line,) = _faults(table)
    assert line.partition(": ")[2] == fault
