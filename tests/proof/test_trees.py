"""What goes back with the fix and what stays; where the source is taken from. Real repositories, real runs."""

from __future__ import annotations

import os
import socket
from typing import TYPE_CHECKING

import pytest

from tests.fixes import CONFIGURED, GUARD, LAST, NEW, OLD, PAGER, REPAIRED, TEST, Said, commit, opened, prove, repaired
from tests.shell import Shell
from tests.story import story

if TYPE_CHECKING:
    from pathlib import Path


SIDES: dict[str, tuple[str | None, str]] = {
    PAGER: (OLD, NEW),
    # 19
    "tests/test_report.py": (
        _REPORT := """
            from pathlib import Path
            from shop.pager import pages

            def test_report():
                assert str(pages(11)) == Path(__file__).with_name("report.txt").read_text().strip()
        """,
        _REPORT,
    ),
    "tests/report.txt": ("1\n", "2\n"),
    # 20
    "src/shop/rates.py": (
        _RATES := """
            import json
            from pathlib import Path

            def rate():
                return json.loads(Path("data/rates.json").read_text())["rate"]
        """,
        _RATES.replace('["rate"]', '.get("rate", 0)'),
    ),
    "data/rates.json": ('{"rate": 1}\n', '{"rate": 2}\n'),
    "tests/test_rates.py": (None, "from shop.rates import rate\n\ndef test_rate():\n    assert rate() == 2\n"),
    # 21
    "src/shop/page.py": (
        _PAGE := """
            from pathlib import Path

            def page():
                return Path(__file__).with_name("page.html").read_text()
        """,
        _PAGE,
    ),
    "src/shop/page.html": ("<b>10 & more</b>\n", "<b>10 &amp; more</b>\n"),
    "tests/test_page.py": (None, "from shop.page import page\n\ndef test_page():\n    assert '&amp;' in page()\n"),
}
"""One fix of several things, each with a test of its own: every file without the fix and with it."""


@pytest.fixture(scope="session")
def many(tmp_path_factory: pytest.TempPathFactory) -> Said:
    """What is said of the one fix; of each test as if the fix had brought no other."""
    base = {path: text for path, (text, _) in SIDES.items() if text is not None}
    return repaired(tmp_path_factory.mktemp("many"), {path: text for path, (_, text) in SIDES.items()}, base=base)


def test_19_a_golden_file_travels_with_its_test(many: Said) -> None:
    """The new expectation meets the old source."""
    said = many.alone("tests/test_report.py::test_report")
    assert (said.verdict, [case.counts for case in said.tests]) == ("proven", [True])


def test_20_data_outside_of_the_source_stays(many: Said) -> None:
    """Only the source goes back: a test of the data alone does not need the fix."""
    said = many.alone("tests/test_rates.py")
    assert said.verdict == "unproven", said.reason


def test_21_the_data_of_a_package_is_source(many: Said) -> None:
    """A template goes back, and to open it is to use it."""
    said = many.alone("tests/test_page.py::test_page")
    assert (said.verdict, [case.counts for case in said.tests]) == ("proven", [True]), said.reason


def test_22_conftest_and_configuration_stay_and_are_told(tmp_path: Path) -> None:
    """The test needs them; that they changed too is worth a look, since they could make anything red."""
    fix = {
        PAGER: NEW,
        "conftest.py": "import pytest\n\n@pytest.fixture\ndef items():\n    return 11\n",
        "pyproject.toml": CONFIGURED + "    markers = ['big']\n",
        "tests/test_last.py": GUARD.replace("last()", "last(items)").replace("pages(11)", "pages(items)"),
    }
    said = repaired(tmp_path, fix)
    assert said.proving == [LAST]
    assert said.reason.endswith("; conftest.py and pyproject.toml changed with it")


def test_27_a_doctest_in_the_fixed_file_is_undecided(tmp_path: Path) -> None:
    """Without the fix its text is not there either: a test file can tell."""
    doctest = 'def pages(items):\n    """Count.\n\n    >>> pages(11)\n    2\n    """\n    return -(-items // 10)\n'
    said = repaired(
        tmp_path, {PAGER: doctest}, base={"pyproject.toml": CONFIGURED.replace("-p", "--doctest-modules -p", 1)}
    )
    assert said.verdict == "undecided", said.reason


def test_40_what_a_renamed_file_holds_is_new(tmp_path: Path) -> None:
    """The old file is back under its old name: a test that imports the new one shows no bug."""
    fix = {PAGER: None, "src/shop/paging.py": NEW, "tests/test_last.py": GUARD.replace("pager", "paging"), TEST: None}
    said = repaired(tmp_path, fix)
    assert said.verdict == "weak", said.reason


def test_41_compiled_source_is_undecided(tmp_path: Path) -> None:
    """The old one would have to be built."""
    said = repaired(tmp_path, {"src/shop/fast.pyx": "x = 2\n", **REPAIRED}, base={"src/shop/fast.pyx": "x = 1\n"})
    assert (said.verdict, said.done.code) == ("undecided", 1)
    assert "src/shop/fast.pyx is compiled source" in said.reason
    assert said.record["next"].endswith("what it repairs in Python can be proven if it is a commit of its own")


def test_42_a_path_into_the_checkout_is_led_into_the_tree(tmp_path: Path) -> None:
    """As an editable install has it: without that every test would see the fix."""
    source = tmp_path / "shop" / "src"
    bare = {"pyproject.toml": CONFIGURED.replace('pythonpath = ["src"]', "")}
    assert repaired(tmp_path, base=bare, PYTHONPATH=str(source)).verdict == "proven"


def test_42_a_leak_is_no_verdict(tmp_path: Path) -> None:
    """What was loaded from the checkout by its path is neither side of anything."""
    test = """
        import importlib.util, os

        def test_last():
            spec = importlib.util.spec_from_file_location("pager", os.environ["SHOP_PAGER"])
            pager = importlib.util.module_from_spec(spec)
            spec.loader.exec_module(pager)
            assert pager.pages(11) == 2
    """
    place = tmp_path / "shop" / PAGER
    said = repaired(tmp_path, {PAGER: NEW, "tests/test_last.py": test}, SHOP_PAGER=str(place))
    assert said.verdict == "undecided"
    assert said.reason.startswith(f"{PAGER} was loaded from ")


def test_47_a_dependency_that_the_old_source_cannot_use_is_the_environment(tmp_path: Path) -> None:
    """Both sides run with what is installed, and that fits the fix alone."""
    said = repaired(tmp_path, base={PAGER: f"from json import gone_with_version_2\n{OLD}"})
    assert said.verdict == "undecided"
    assert "gone_with_version_2" in said.reason


def test_48_a_test_that_the_project_leaves_out_is_undecided(tmp_path: Path) -> None:
    """What its own suite does not run guards nothing here."""
    fix = {
        **REPAIRED,
        "tests/test_last.py": "import pytest\n" + GUARD.replace("def", "@pytest.mark.slow\ndef"),
        "pyproject.toml": CONFIGURED.replace('"-p', "\"-m 'not slow' -p") + "    markers = ['slow']\n",
    }
    said = repaired(tmp_path, fix)
    assert said.verdict == "undecided"
    assert "left out by the project's own options (-m, -k or --deselect)" in said.reason


def test_a_generated_file_that_git_ignores_is_there(tmp_path: Path) -> None:
    """A package cannot be imported without its version file, which no commit holds."""
    base = {".gitignore": "_version.py\n__pycache__/\n", "src/shop/__init__.py": "from shop._version import version\n"}
    repo = opened(tmp_path, base)
    commit(repo, REPAIRED)
    repo.write("src/shop/_version.py", "version = '1'\n")
    assert prove(repo).verdict == "proven"


def test_a_project_below_the_top_is_run_where_it_lives(tmp_path: Path) -> None:
    """Node ids begin at the top, though pytest's own lack the folder."""
    files = {"pyproject.toml": CONFIGURED, "src/shop/__init__.py": "", PAGER: OLD}
    repo = story(tmp_path / "shop", "")
    commit(repo, {f"pager/{path}": text for path, text in files.items()}, "feat: sell things")
    commit(repo, {f"pager/{path}": text for path, text in REPAIRED.items()})
    assert prove(repo).proving == [f"pager/{LAST}"]


def test_a_part_of_a_namespace_hides_no_standard_module(tmp_path: Path) -> None:
    """``acme`` has no ``__init__.py``: were its folder one to import from, ``logging`` would be ours for all."""
    levels, test = "src/acme/logging/levels.py", "from acme.logging.levels import level\n\n"
    base = {"src/acme/logging/__init__.py": "", levels: "def level():\n    return 1\n"}
    fix = {
        levels: "def level():\n    return 2\n",
        "tests/test_levels.py": f"{test}def test_level():\n    assert level() == 2\n",
    }
    said = repaired(tmp_path, fix, base=base)
    assert said.verdict == "proven", said.reason


def test_a_conftest_that_imports_what_the_fix_adds_is_weak(tmp_path: Path) -> None:
    """No test starts without the fix, old ones neither: it only shows that the API is new."""
    fix = {
        PAGER: NEW + "\ndef first_page():\n    return 1\n",
        "conftest.py": "from shop.pager import first_page\n",
        "tests/test_last.py": GUARD,
    }
    said = repaired(tmp_path, fix)
    assert said.verdict == "weak", said.reason


DEADLY = "import os\n\ndef pages(items):\n    return items // 10 if items < 11 else os.abort()\n"


@pytest.mark.skipif(os.name != "posix", reason="no signal ends a process there")
def test_a_test_that_kills_the_run_is_undecided(tmp_path: Path) -> None:
    """What comes after it did not run: missing is not green, nor red."""
    said = repaired(tmp_path, base={PAGER: DEADLY})
    assert said.verdict == "undecided"
    assert f"{LAST} kills the run without the fix" in said.reason


@pytest.mark.skipif(os.name != "posix", reason="no signal ends a process there")
def test_a_test_that_kills_the_run_takes_no_other_with_it(tmp_path: Path) -> None:
    """The tests that it left without a turn are run by themselves, and one of them proves the fix."""
    guard = GUARD + "\ndef test_next():\n    assert pages(9) == 1\n"
    said = repaired(tmp_path, {PAGER: NEW, "tests/test_last.py": guard}, base={PAGER: DEADLY})
    assert said.proving == ["tests/test_last.py::test_next"]
    assert said.test(LAST)["red"]["kind"] == "crash"


def test_a_symlink_in_the_source_cannot_be_put_back(tmp_path: Path) -> None:
    """Where both trees would be the same, nothing was proven and nothing refuted: it says so."""
    repo = story(
        tmp_path / "shop",
        """
        commit: feat: sell things
          file: src/shop/__init__.py
          file: src/shop/old.py
            RATE = 1
          file: src/shop/new.py
            RATE = 2
        """,
    )
    link = repo.path / "src/shop/rates.py"
    link.symlink_to("old.py")
    repo.commit("feat: rates")
    link.unlink()
    link.symlink_to("new.py")
    repo.write("tests/test_rates.py", "from shop.rates import RATE\n\ndef test_rate():\n    assert RATE == 2\n")
    sha = repo.commit("fix: the rate of last year")
    done = Shell(repo.path).call("prove", sha)
    assert done.code == 1
    assert "UNDECIDED" in done.out
    assert "symlink" in done.out


@pytest.mark.parametrize(
    "takes",
    [
        pytest.param("SERVER = socket.create_server(('127.0.0.1', {port}))\n", id="as-it-is-imported"),
        pytest.param("def setup_function():\n    socket.create_server(('127.0.0.1', {port}))\n", id="as-it-runs"),
    ],
)
def test_a_port_that_every_run_wants_is_no_bug(tmp_path: Path, takes: str) -> None:
    """No run makes another one red, though the next is started before one has ended."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    test = f"import socket\n{takes.format(port=port)}{GUARD}"
    said = repaired(tmp_path, {PAGER: NEW, "tests/test_last.py": test})
    assert (said.verdict, said.proving) == ("proven", [LAST]), said.reason
