"""When the plugin takes part in a run of pytest, what its settings may say, and what a run costs where it does not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.doors.shop import Shop

_PYPROJECT = '[tool.pytest.ini_options]\npythonpath = ["src"]\n{}'


@pytest.mark.parametrize(
    ("settings", "options", "ci", "is_on"),
    [
        pytest.param("", (), "", False, id="no-settings"),
        pytest.param("enabled = true", (), "", True, id="enabled"),
        pytest.param("enabled = false", (), "", False, id="disabled"),
        pytest.param('enabled = "ci"', (), "", False, id="ci-elsewhere"),
        pytest.param('enabled = "ci"', (), "true", True, id="ci-in-ci"),
        pytest.param("enabled = false", (), "true", False, id="disabled-in-ci"),
        pytest.param('undecided = "warn"', (), "true", False, id="settings-without-a-switch"),
        pytest.param("", ("--bugguard",), "", True, id="asked-for"),
        pytest.param("enabled = false", ("--bugguard",), "", True, id="asked-for-though-disabled"),
        pytest.param("enabled = true", ("--no-bugguard",), "", False, id="declined"),
        pytest.param("enabled = true", ("--bugguard", "--no-bugguard"), "", False, id="the-last-word"),
    ],
)
@pytest.mark.parametrize("file", ["bugguard.toml", "pyproject.toml"])
def test_it_takes_part_where_it_is_switched_on(
    shop: Shop,
    monkeypatch: pytest.MonkeyPatch,
    file: str,
    *,
    settings: str,
    options: tuple[str, ...],
    ci: str,
    is_on: bool,
) -> None:
    """An option speaks louder than the settings, and the settings may mean a CI only."""
    if ci:
        monkeypatch.setenv("CI", ci)
    table = f"[tool.bugguard]\n{settings}\n" if file == "pyproject.toml" else settings
    shop.repo.write(file, _PYPROJECT.format(table) if file == "pyproject.toml" else table)
    shop.fix()
    result = shop.run(*options)
    assert result.ret == int(is_on)
    assert ("UNGUARDED" in result.stdout.str()) == is_on


def test_the_nearest_settings_count(shop: Shop) -> None:
    """A part of a larger repository may have its own word."""
    shop.settings("enabled = true\n")
    shop.repo.write("part/pyproject.toml", "[tool.pytest.ini_options]\n[tool.bugguard]\nenabled = false\n")
    shop.repo.write("part/test_part.py", "def test_part():\n    pass\n")
    shop.fix()
    assert shop.run("--rootdir=part", "part").ret == 0
    assert shop.run().ret == 1


def test_all_faults_of_the_settings_are_told_at_once(shop: Shop) -> None:
    """Wrong settings are wrong usage: no test is run, each fault has its place."""
    shop.settings('enabled = "always"\nundecided = "maybe"\n\n[fixes]\nscope = "all"\nrulez = "wide"\n')
    result = shop.run()
    assert result.ret == 4
    said = result.stdout.str() + result.stderr.str()
    for fault in (
        "bugguard.toml:1: enabled",
        "bugguard.toml:2: undecided",
        "toml:5: fixes.scope",
        "toml:6: fixes.rulez",
    ):
        assert fault in said
    assert "did you mean 'rules'?" in said
    assert "Traceback" not in said


def test_a_misspelt_switch_is_told_also_where_it_would_be_off(shop: Shop) -> None:
    """Else the gate would be off everywhere and for good, and nobody would hear of it."""
    shop.settings('enabeld = "ci"\n')
    result = shop.run()
    assert result.ret == 4
    assert "bugguard.toml:1: enabeld: unknown key; did you mean 'enabled'?" in result.stderr.str()


@pytest.mark.parametrize(
    "text", [pytest.param("enabled = tru", id="no-toml"), pytest.param("enabled = true\n\xff", id="odd-letter")]
)
def test_settings_that_cannot_be_read_are_wrong_usage(shop: Shop, text: str) -> None:
    """The file and the line are named."""
    shop.settings(text)
    result = shop.run()
    assert result.ret == 4
    assert "bugguard: bugguard.toml:" in result.stdout.str() + result.stderr.str()


@pytest.mark.parametrize("options", [(), ("-p", "no:bugguard")], ids=["idle", "disabled"])
def test_a_project_does_not_depend_on_the_plugin(shop: Shop, options: tuple[str, ...]) -> None:
    """Settings and a mark of ours break nothing under pytest's strictest options, with or without the plugin."""
    shop.repo.write(
        "pyproject.toml",
        _PYPROJECT.format('markers = ["regression: guards a fix"]\n[tool.bugguard]\nenabled = "ci"\n'),
    )
    shop.repo.write(
        "tests/test_last.py", "import pytest\n\n@pytest.mark.regression('#1')\ndef test_last():\n    pass\n"
    )
    result = shop.run_apart("--strict-config", "--strict-markers", "-W", "error", *options)
    assert result.ret == 0
    result.assert_outcomes(passed=2)


def test_it_may_be_loaded_by_name(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """Somebody who has autoload off writes ``-p pytest_bugguard.plugin``; no warning of ours, no child left behind."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    shop.fix()
    result = shop.pytester.runpytest_subprocess("-p", "pytest_bugguard.plugin", "--bugguard", "-W", "error")
    assert result.ret == 1
    assert "UNGUARDED" in result.stdout.str()
    assert "Warning" not in result.stdout.str() + result.stderr.str()


def test_its_own_modules_are_imported_as_they_are(shop: Shop) -> None:
    """Pytest rewrites the asserts of all that a plugin brings, which every run would wait for."""
    shop.repo.write(
        "conftest.py",
        """
import sys
def pytest_unconfigure():
    print("loaded by", type(sys.modules["pytest_bugguard.core.model"].__loader__).__name__)
""",
    )
    shop.fix()
    assert "loaded by SourceFileLoader" in shop.run_apart("--bugguard").stdout.str()


def test_help_names_every_option(shop: Shop) -> None:
    """All of them begin ``--bugguard``, and ``--no-bugguard`` takes it back; our mark is known, idle or not."""
    assert "@pytest.mark.regression(*issues)" in shop.run("--markers").stdout.str()
    said = shop.run("--help").stdout.str()
    for option in ("--bugguard ", "--no-bugguard", "--bugguard-base=REV", "--bugguard-json=FILE"):
        assert option in said
