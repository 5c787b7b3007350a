"""The coverage gates of a run of pytest: judged by what others measured, and by how much of the tests ran."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.doors import covered
from tests.doors.covered import Covered
from tests.doors.shop import shown
from tests.story import Repo

if TYPE_CHECKING:
    from pathlib import Path

_FOREIGN = ("CI", "GIT", "GITHUB", "GITLAB", "BUGGUARD", "PYTEST_ADDOPTS", "COV")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    return covered.built(tmp_path_factory.mktemp("covered") / "shop")


@pytest.fixture
def shop(template: Repo, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Covered:
    """The shop, in the current directory."""
    for name in os.environ:
        if name.startswith(_FOREIGN):
            monkeypatch.delenv(name)
    shutil.copytree(template.path, pytester.path, dirs_exist_ok=True)
    return Covered(Repo(pytester.path, template.commits), pytester)


@pytest.mark.parametrize(
    ("options", "core"),
    [(("--cov",), "ctrace"), (("--cov", "--cov-branch", "-n2"), "ctrace"), (("--cov", "--cov-report="), "pytrace")],
)
def test_a_file_under_its_gate_fails_a_run_whose_tests_pass(
    shop: Covered, monkeypatch: pytest.MonkeyPatch, options: tuple[str, ...], core: str
) -> None:
    """With its numbers, its lines and their function, the rule and where it stands, and the next command.

    A trace function of ours beside that of coverage.py would cost it its data, where that one is written in Python.
    """
    monkeypatch.setenv("COVERAGE_CORE", core)
    shop.settings(
        'each-file = { line = 100 }\n[[coverage.gate]]\npaths = ["src/shop/pay.py"]\nline = 100\nreason = "money"'
    )
    result = shop.run(*options)
    assert result.ret == 1
    result.assert_outcomes(passed=2)
    said = shown(result)
    assert "COVERAGE   src/shop/util.py   line 0 % (0 of 3), needs 100; 3 more to run" in said
    assert "not run: 1, 4-5 (spare)" in said
    assert "each-file, bugguard.toml:2" in said
    assert "bugguard coverage explain src/shop/util.py" in said
    assert "src/shop/pay.py" not in said
    assert "coverage: 2 of 3 rules met in 3 files (pytest-cov)" in said
    assert "bugguard: 1 coverage ==" in said


def test_what_is_reached_passes(shop: Covered) -> None:
    """All rules met: one line says so."""
    shop.settings('total = { line = 70 }\n[[coverage.gate]]\nmodules = ["shop.pay"]\nline = 100')
    result = shop.run("--cov")
    assert result.ret == 0
    assert "coverage: 2 of 2 rules met in 3 files (pytest-cov)" in shown(result)
    assert "bugguard: coverage met" in shown(result)


@pytest.mark.parametrize(
    ("options", "why"),
    [
        pytest.param(("-k", "charge"), "only some of the tests ran (-k charge)", id="keyword"),
        pytest.param(("@part.txt",), "only some of the tests ran (-k charge)", id="words-in-a-file"),
        pytest.param(("tests/test_pay.py",), "only some of the tests ran (tests/test_pay.py)", id="file"),
        pytest.param(
            ("--deselect", "tests/test_over.py::test_over"), "only some of the tests ran (--deselect", id="deselected"
        ),
    ],
)
def test_part_of_the_tests_can_confirm_and_not_refute(shop: Covered, options: tuple[str, ...], why: str) -> None:
    """What is reached is met; what is not could be reached by the others."""
    shop.settings('total = { line = 10 }\n[[coverage.gate]]\npaths = ["src/shop/pay.py"]\nline = 100')
    shop.repo.write("part.txt", "-k\ncharge\n")
    result = shop.run(*options, "--cov")  # in the other order --cov would take the path
    assert result.ret == 1
    assert f"1 of 2 rules not judged: {why}" in shown(result)
    assert "coverage: 1 of 2 rules met" in shown(result)
    assert "COVERAGE" not in shown(result)


def test_what_is_typed_comes_behind_what_the_environment_adds(shop: Covered, monkeypatch: pytest.MonkeyPatch) -> None:
    """As pytest has it: the last ``-k`` holds."""
    shop.settings('[[coverage.gate]]\npaths = ["src/shop/pay.py"]\nline = 100')
    monkeypatch.setenv("PYTEST_ADDOPTS", '-k ""')
    said = shown(shop.run("--cov", "-k", "charge"))
    assert "1 of 1 rule not judged: only some of the tests ran (-k charge)" in said


def test_what_a_plugin_leaves_out_in_workers_is_seen(shop: Covered) -> None:
    """A shard by a conftest's own means: the controller of xdist collects nothing."""
    shop.settings('[[coverage.gate]]\npaths = ["src/shop/pay.py"]\nline = 100')
    shop.repo.write(
        "tests/conftest.py",
        "def pytest_collection_modifyitems(config, items):\n"
        "    config.hook.pytest_deselected(items=items[:1])\n"
        "    del items[:1]\n",
    )
    said = shown(shop.run("--cov", "-n2"))
    assert "1 of 1 rule not judged: only some of the tests ran (1 deselected by a plugin)" in said


def test_part_of_the_tests_confirms_no_total_that_may_lack_files(shop: Covered) -> None:
    """Without ``source`` coverage.py counts what was imported: the other tests may import more, and miss more."""
    shop.settings("total = { line = 10 }\neach-file = { line = 10 }")
    shop.repo.write(
        ".coveragerc", "[run]\nbranch = false\nomit = */pytest_bugguard/*\n"
    )  # in place of the one in pyproject.toml
    said = shown(shop.run("tests/test_pay.py", "--cov"))
    assert "1 of 3 rules not judged: src/shop/util.py may belong in the count" in said
    said = shown(shop.run("--cov"))
    assert "note: not in the count, since it was not measured: src/shop/util.py" in said
    assert "coverage: 3 of 3 rules met in 4 files" in said


def test_the_whole_of_a_named_testpath_is_no_part(shop: Covered, monkeypatch: pytest.MonkeyPatch) -> None:
    """``pytest tests`` runs all there is, and so does ``pytest`` in there; in a folder further down it does not."""
    shop.settings('[[coverage.gate]]\npaths = ["src/shop/util.py"]\nline = 100')
    assert "COVERAGE   src/shop/util.py" in shown(shop.run("tests", "--cov"))
    shop.repo.write("tests/unit/test_more.py", "from shop import util\n\ndef test_more():\n    assert util\n")
    monkeypatch.chdir(shop.repo.path / "tests")
    assert "COVERAGE   src/shop/util.py" in shown(shop.run("--cov=shop"))
    monkeypatch.chdir(shop.repo.path / "tests" / "unit")
    said = shown(shop.run("--cov=shop"))
    assert "1 of 1 rule not judged: only some of the tests ran (tests/unit)" in said


def test_a_failed_test_leaves_open_what_is_not_reached(shop: Covered) -> None:
    """Its rest may have covered it; the exit status is the tests'."""
    shop.settings('[[coverage.gate]]\npaths = ["src/shop/util.py"]\nline = 100')
    shop.repo.write("tests/test_bad.py", "def test_bad():\n    assert 0\n")
    result = shop.run("--cov")
    assert result.ret == 1
    assert "1 of 1 rule not judged: 1 test failed" in shown(result)


def test_a_lost_worker_takes_its_coverage_along(shop: Covered) -> None:
    """Nothing is refuted by what is left."""
    shop.settings('[[coverage.gate]]\npaths = ["src/shop/util.py"]\nline = 100')
    shop.repo.write("tests/test_bad.py", "import os\n\ndef test_bad():\n    os._exit(3)\n")
    result = shop.run("--cov", "-n2")
    assert "1 of 1 rule not judged: 1 xdist worker was lost, with what it had measured" in shown(result)


def test_an_installed_copy_that_is_imported_leaves_all_at_nothing(shop: Covered, tmp_path: Path) -> None:
    """Green tests and 0 % everywhere: the tests ran another copy, and no number means anything."""
    shop.settings("total = { line = 50 }")
    shutil.copytree(shop.repo.path / "src" / "shop", tmp_path / "elsewhere" / "shop")
    result = shop.run("--cov", "-o", f"pythonpath={tmp_path / 'elsewhere'}")
    assert result.ret == 1
    assert "every file is at 0 %: another copy of the source was imported" in shown(result)
    assert "pip install -e ." in shown(result)


def test_packages_at_the_top_are_judged_as_those_below_src(shop: Covered) -> None:
    """A package, a module, a namespace package with a file that nothing imports; ``exclude_also`` leaves code out."""
    shop.settings("each-file = { missing = 0 }")
    shop.repo.write(
        ".coveragerc",
        "[run]\nsource = .\nomit = tests/*\nrelative_files = true\n"
        "[report]\ninclude_namespace_packages = true\nexclude_also = def later\n",
    )
    shop.repo.write("flat/__init__.py", "")
    shop.repo.write("flat/core.py", "X = 1\n\n\ndef later():\n    return 2\n")
    shop.repo.write("lone.py", "def lone():\n    return 1\n")
    shop.repo.write("ns/part/warm.py", "Y = 1\n")
    shop.repo.write("ns/part/cold.py", "Z = 1\n")
    shop.repo.write("tests/test_flat.py", "import flat.core, lone, ns.part.warm\n\ndef test_it():\n    assert lone\n")
    said = shown(shop.run("--cov", "-o", "pythonpath=src ."))
    assert "COVERAGE   lone.py   1 of 2 statements missing" in said
    assert "COVERAGE   ns/part/cold.py" in said
    assert "ns/part/warm.py" not in said
    assert "flat/core.py" not in said


def test_an_installed_package_is_judged_as_its_source(shop: Covered, tmp_path: Path) -> None:
    """Without ``pip install -e`` what was measured lies in site-packages; the gates name the repository's files."""
    shop.settings('each-file = { line = 100 }\n[[coverage.gate]]\nmodules = ["shop.pay"]\nline = 100')
    installed = tmp_path / "lib" / "site-packages"
    shutil.copytree(shop.repo.path / "src" / "shop", installed / "shop")
    shop.repo.write(".coveragerc", "[run]\nbranch = false\n")
    said = shown(shop.run("--cov=shop", "-o", f"pythonpath={installed}"))
    assert "COVERAGE   src/shop/util.py   line 0 % (0 of 3), needs 100" in said
    assert "coverage: 2 of 3 rules met in 3 files (pytest-cov)" in said


def test_gates_that_nothing_measures_are_one_line(shop: Covered) -> None:
    """No number is invented, and no gate passes because it could not look."""
    shop.settings("total = { line = 50 }")
    result = shop.run()
    assert result.ret == 1
    assert "UNDECIDED  coverage   there are coverage gates, and nothing measures this run" in shown(result)
    assert "next: pytest --cov" in shown(result)
    soft = shop.run("--no-cov")
    assert soft.ret == 0
    assert "note: coverage is not judged: --no-cov" in shown(soft)


def test_coverage_run_is_left_alone_and_judged_afterwards(shop: Covered) -> None:
    """No second tracer steals its lines: its numbers are those of a run without us, and the command judges them."""
    shop.settings("total = { line = 100 }")

    def measured(*options: str) -> str:
        subprocess.run(
            [sys.executable, "-m", "coverage", "run", "-m", "pytest", "-p", "no:cacheprovider", *options],
            cwd=shop.repo.path, check=False, capture_output=True,
        )  # fmt: skip
        report = [sys.executable, "-m", "coverage", "report"]
        return subprocess.run(report, cwd=shop.repo.path, check=True, capture_output=True, text=True).stdout

    assert measured("--bugguard") == measured("--no-bugguard")
    outside = [sys.executable, "-m", "coverage", "run", "-m", "pytest", "-p", "no:cacheprovider", "--bugguard"]
    done = subprocess.run(outside, cwd=shop.repo.path, check=False, capture_output=True, text=True)
    assert done.returncode == 0
    assert (
        "note: coverage.py measures this run from outside: bugguard coverage check judges it afterwards" in done.stdout
    )


def test_a_pytest_within_a_test_leaves_the_gates_as_they_are(shop: Covered) -> None:
    """What it runs counts, and it judges nothing: what measures is not its own."""
    shop.settings('[[coverage.gate]]\npaths = ["src/shop/util.py"]\nline = 100')
    inner = "from shop.util import spare\n\ndef test_spare():\n    assert spare() == 1\n"
    shop.repo.write("inner/test_inner.py", inner)
    within = "import pytest\n\ndef test_it():\n    assert pytest.main(['inner', '-p', 'bugguard', '--bugguard']) == 0\n"
    shop.repo.write("tests/test_within.py", within)
    result = shop.run("--cov", "-s")
    assert result.ret == 0
    said = shown(result)
    assert said.count("coverage.py measures this run from outside") == 1
    assert said.count("coverage: 1 of 1 rule met in 3 files (pytest-cov)") == 1


def test_pytest_cov_reports_what_it_reports_without_us(shop: Covered) -> None:
    """Neither its table nor its own threshold changes."""
    shop.settings("total = { line = 10 }")
    table = [line for line in shop.run("--cov", "--cov-branch").outlines if "%" in line]
    without = shop.pytester.runpytest_subprocess("--no-bugguard", *covered.PLAIN, "--cov", "--cov-branch")
    assert [line for line in table if not line.startswith("coverage:")] == [
        line for line in without.outlines if "%" in line
    ]
    assert shop.run("--cov", "--cov-fail-under=99").ret == 1


def test_what_a_change_touches_is_judged(shop: Covered) -> None:
    """Uncommitted and untracked work too, statement by statement.

    A continuation line counts for its statement, a new file that nobody imports as missing, and code that the change
    takes out of the count is named. What is committed and what is not are one change: its lines are those of the files
    as they stand.
    """
    shop.settings("changed = { line = 100 }")
    shop.repo.write("src/shop/pay.py", covered.PAY.replace("- 1", "- 2 + 1"))
    assert shop.run("--cov").ret == 0
    shop.repo.write("src/shop/util.py", covered.UTIL.replace("return 1", "return 2"))
    shop.repo.write("src/shop/fresh.py", "def fresh():  # pragma: no cover\n    return 1\n\n\nX = [\n    1,\n]\n")
    shop.repo.git("commit", "--quiet", "-m", "feat: spare more", "src/shop/util.py")
    shop.repo.write("src/shop/util.py", "#\n" * 6 + covered.UTIL.replace("return 1", "return 2"))
    result = shop.run("--cov")
    assert result.ret == 1
    said = shown(result)
    assert "COVERAGE   changed   line 33.3 % (1 of 3), needs 100; 2 more to run" in said
    assert "src/shop/util.py 11 (spare)" in said
    assert "src/shop/fresh.py 5" in said
    assert "note: the change takes code out of the count: src/shop/fresh.py, line 1" in said


def test_faults_of_gates_are_no_crash(shop: Covered) -> None:
    """A gate for nothing is told when it is seen; the tests' own result stays."""
    shop.settings('[[coverage.gate]]\npaths = ["src/shop/pya.py"]\nline = 100')
    result = shop.run("--cov")
    assert result.ret == 1
    assert "'src/shop/pya.py' fits no file; did you mean 'src/shop/pay.py'?" in shown(result)


def test_without_gates_coverage_is_no_matter(shop: Covered) -> None:
    """Nothing is said of it, and coverage.py is not even loaded."""
    shop.repo.write("tests/test_loaded.py", "import sys\n\ndef test_it():\n    assert 'coverage' not in sys.modules\n")
    result = shop.run("-p", "no:pytest_cov")
    assert result.ret == 0
    assert "coverage" not in shown(result)
