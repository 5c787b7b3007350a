"""Which of the project's own pytest options hold in a run of ours? Pure; no I/O.

Dropped is what stops early, selects by the last run or shares the tests out, what measures, shuffles or repeats them,
what writes a file, asks a network or tells an editor, what only lists, our own options, and paths. All else stays, also
what leaves tests out (``-m``, ``-k``, ``--deselect``, ``--ignore``): what the project's own suite does not run guards
nothing.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


def _set(names: str) -> frozenset[str]:
    return frozenset(names.split())


_DROPPED_FLAGS = _set(
    """
    --exitfirst --lf --last-failed --ff --failed-first --nf --new-first --sw --stepwise --sw-skip --stepwise-skip
    --sw-reset --stepwise-reset --collect-only --collectonly --co --setup-only --setuponly --setup-plan --setupplan
    --fixtures --funcargs --fixtures-per-test --markers --help --version --pdb --trace --pyargs --cache-clear
    --looponfail --no-loadscope-reorder --loadscope-reorder --forked --boxed --store-durations --clean-durations
    --force-reruns --fail-on-flaky --force-flaky --no-flaky-report --no-success-flaky-report --cumulative-timing
    --random-order --flake-finder --picked --testmon --self-contained-html --json-report --snapshot-update
    --force-regen --regen-all --profile --profile-svg --memray --no-bugguard --bugguard
    --teamcity --no-teamcity --jb-swapdiff --jb-show-summary
    """,
)
_DROPPED_WITH_VALUE = _set(
    """
    --maxfail --lfnf --last-failed-no-failures --cache-show --debug --basetemp --junitxml --junit-xml --junitprefix
    --junit-prefix --pastebin --log-file --html --css --report-log --alluredir --md --csv --excelreport
    --numprocesses --maxprocesses --max-worker-restart --dist --tx --px --rsyncdir --rsyncignore --testrunuid
    --workers --tests-per-worker --splits --group --splitting-algorithm --durations-path --shard-id --num-shards
    --test-group-count --test-group --test-group-random-seed --reruns --reruns-delay --only-rerun --rerun-except
    --max-runs --min-passes --retries --retry-delay --retry-outcome --count --repeat-scope --session-timeout
    --random-order-bucket --random-order-seed --flake-runs --flake-minutes --mode --inline-snapshot
    """,
)
_DROPPED_FAMILIES = (
    "--cov",
    "--no-cov",
    "--bugguard-",
    "--randomly-",
    "--json-report-",
    "--testmon-",
    "--benchmark-json",
)
"""What begins so is dropped whatever follows."""
_FAMILY_FLAGS = _set(
    """
    --no-cov --no-cov-on-fail --cov-append --cov-branch --cov-reset --json-report-summary --testmon-noselect
    --testmon-nocollect --testmon-forceselect --randomly-dont-reset-seed --randomly-dont-reorganize
    --json-report-verbosity-none
    """,
)
_MAY_STAND_ALONE = frozenset({"--cov", "--debug", "--cache-show"})
"""Options whose value may be left out: only ``=`` ties one to them here."""
_KEPT_FLAGS = _set(
    """
    --verbose --quiet --showlocals --no-showlocals --no-header --no-summary --no-fold-skipped --disable-warnings
    --disable-pytest-warnings --full-trace --force-short-summary --xfail-tb --runxfail --setup-show --setupshow
    --strict --strict-config --strict-markers --noconftest --keep-duplicates --keepduplicates
    --collect-in-virtualenv --continue-on-collection-errors --doctest-modules --doctest-ignore-import-errors
    --doctest-continue-on-failure --trace-config --traceconfig
    """,
)
_SHORT_WITH_VALUE = frozenset("kmpcoWrn")
_DROPPED_SHORT = frozenset("xnhVdf")
"""Stop at the first failure, xdist, help, version."""
_DROPPED_PLUGINS = frozenset(
    {
        *("bugguard", "no:bugguard", "pytest_bugguard.plugin", "no:pytest_bugguard.plugin"),
        *("vscode_pytest", "teamcity.pytest_plugin", "pytest_teamcity"),  # tell an editor of each test that ran
        *("no:terminal", "no:terminalreporter"),  # options that we give are the terminal's: without it they are unknown
    }
)


_SHOWING = _set(
    """
    -v -q -l --verbose --quiet --showlocals --no-showlocals --no-header --no-summary --no-fold-skipped
    --disable-warnings --disable-pytest-warnings --full-trace --force-short-summary
    """
)
_SHOWING_WITH_VALUE = _set("-r --tb --color --code-highlight --durations --durations-min --show-capture --verbosity")
"""These decide what is shown, and nothing of how a test ends."""


def kept(words: Sequence[str]) -> tuple[str, ...]:
    """The options out of ``addopts`` (split into words) that a run of ours is given too, in their order."""
    return tuple(_walk(list(words)))


def deciding(words: Sequence[str]) -> tuple[str, ...]:
    """Of options that ``kept`` has kept those that may decide how a test ends: a short command names no others."""
    return tuple(_deciding(iter(words)))


def _deciding(words: Iterator[str]) -> Iterator[str]:
    for word in words:
        name, has_value, _ = word.partition("=")
        if name in _SHOWING_WITH_VALUE:
            if not has_value:
                next(words, "")
        elif name not in _SHOWING:
            yield word
            if name.removeprefix("-") in _SHORT_WITH_VALUE:  # its value, whatever it looks like
                yield next(words, "")


def _walk(words: list[str]) -> Iterator[str]:
    while words:
        word = words.pop(0)
        if word == "--":
            return
        if word.startswith("--"):
            yield from _long(word, words)
        elif word.startswith("-") and len(word) > 1:
            yield from _short(word, words)


def _long(word: str, rest: list[str]) -> Iterator[str]:
    name, has_value, _ = word.partition("=")
    is_dropped = name in _DROPPED_FLAGS or name in _DROPPED_WITH_VALUE or name.startswith(_DROPPED_FAMILIES)
    is_flag = name in _DROPPED_FLAGS or name in _FAMILY_FLAGS or name in _KEPT_FLAGS or name in _MAY_STAND_ALONE
    # An option that nobody knows is taken to have a value where a bare word follows: a path too many only costs time.
    value = [] if has_value or is_flag or not rest or rest[0].startswith("-") else [rest.pop(0)]
    if not is_dropped:
        yield from (word, *value)


def _short(word: str, rest: list[str]) -> Iterator[str]:
    """A group of short options, as ``-vvx`` or ``-n4``: each flag on its own, the last one with its value."""
    letters = word[1:]
    for index, letter in enumerate(letters):
        if letter not in _SHORT_WITH_VALUE:
            if letter not in _DROPPED_SHORT:
                yield f"-{letter}"
            continue
        value = letters[index + 1 :].removeprefix("=") or (rest.pop(0) if rest else "")
        if letter not in _DROPPED_SHORT and not (letter == "p" and value in _DROPPED_PLUGINS):
            yield from (f"-{letter}", value)
        return
