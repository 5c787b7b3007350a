"""Which runs of pytest ask for part of the tests only."""

from __future__ import annotations

import pytest

from pytest_bugguard.core.selection import Selection, left_out


@pytest.mark.parametrize(
    ("selection", "said"),
    [
        pytest.param(Selection([]), "", id="nothing"),
        pytest.param(Selection(["-q", "--cov", "-n", "2", "-x"]), "", id="nothing-that-selects"),
        pytest.param(Selection(["-k", "charge"]), "-k charge", id="keyword"),
        pytest.param(Selection(["-kcharge"]), "-kcharge", id="keyword-attached"),
        pytest.param(Selection(["-kcharge", "tests"], ["tests"]), "-kcharge", id="keyword-attached-before-a-folder"),
        pytest.param(Selection(["-k", "charge", "tests"], ["tests"]), "-k charge", id="keyword-before-a-folder"),
        pytest.param(
            Selection(["--deselect=a.py::b", "tests"], ["tests"]), "--deselect=a.py::b", id="value-before-a-folder"
        ),
        pytest.param(Selection(["-xqk", "charge"]), "-xqk charge", id="keyword-behind-flags"),
        pytest.param(Selection(["-qkcharge"], own=["-m", "fast"], deselected=9), "-qkcharge", id="all-in-one-word"),
        pytest.param(Selection(["-vsm", "not slow"]), "-vsm not slow", id="marker-behind-flags"),
        pytest.param(Selection(["-x", "-rfEk", "-pkeys", "-nmax", "--maxfail=1"]), "", id="values-with-these-letters"),
        pytest.param(Selection(["-m", "not slow", "-q"]), "-m not slow", id="marker"),
        pytest.param(Selection(["-m", ""], own=["-m", "not slow"]), "", id="a-marker-that-is-taken-back"),
        pytest.param(Selection(["-q", "-k", "", "-x"]), "", id="no-keyword"),
        pytest.param(Selection(["-m="]), "", id="no-marker-in-one-word"),
        pytest.param(Selection(["-m=slow"]), "-m=slow", id="marker-behind-an-equals-sign"),
        pytest.param(Selection(["-m", "slow", "-m", ""]), "", id="the-last-marker-holds"),
        pytest.param(Selection(["-m", "", "-m", "slow"]), "-m slow", id="the-last-marker-selects"),
        pytest.param(Selection(["-m", "slow", "-k", ""]), "-m slow", id="a-keyword-takes-no-marker-back"),
        pytest.param(Selection(["-m", "", "--lf"]), "--lf", id="no-marker-but-more"),
        pytest.param(Selection(["-o=testpaths=tests/unit"]), "-o=testpaths=tests/unit", id="setting-behind-equals"),
        pytest.param(Selection(["tests", "tests/a.py"], ["tests", "tests/a.py"]), "", id="all-and-a-part-of-it"),
        pytest.param(
            Selection(["tests", "tests_x/a.py"], ["tests", "tests_x/a.py"]), "tests_x/a.py", id="all-and-a-part-of-more"
        ),
        pytest.param(Selection(["--pyargs", "shop.test_a"], ["shop.test_a"]), "shop.test_a", id="module-by-its-name"),
        pytest.param(Selection(["--pyargs", "shop"], ["shop"]), "", id="package-by-its-name"),
        pytest.param(Selection(["v1.2"], ["v1.2"]), "", id="folder-with-a-dot"),
        pytest.param(Selection(["--lf", "-q"]), "--lf", id="last-failed"),
        pytest.param(Selection(["--deselect=tests/a.py::b"]), "--deselect=tests/a.py::b", id="deselect"),
        pytest.param(Selection(["--splits", "4", "--group", "1"]), "--splits 4", id="shard"),
        pytest.param(Selection(["tests"], ["tests"]), "", id="folder-at-the-top"),
        pytest.param(Selection(["tests/"], ["tests"], ["tests"]), "", id="testpaths"),
        pytest.param(Selection(["./tests"], ["tests"], ["./tests/"]), "", id="testpaths-from-here"),
        pytest.param(Selection(["test_x"], ["test_x"], ["tests_of_x", "test_x"]), "test_x", id="half-of-testpaths"),
        pytest.param(Selection(["::a"], ["test_a::b"]), "test_a::b", id="node-id-of-a-folder"),
        pytest.param(Selection(["tests/"], ["tests/"]), "", id="folder-at-the-top-with-a-slash"),
        pytest.param(Selection(["."], [""], ["tests"]), "", id="root"),
        pytest.param(Selection(["tests/a.py", "."], ["tests/a.py", "."]), "", id="root-and-a-part-of-it"),
        pytest.param(Selection(["tests/unit"], ["tests/unit"]), "tests/unit", id="sub-folder"),
        pytest.param(Selection(["tests"], ["tests"], ["tests/unit"]), "", id="above-testpaths"),
        pytest.param(Selection(["a"], ["a"], ["a", "b"]), "a", id="one-of-two-testpaths"),
        pytest.param(Selection(["test_a.py"], ["test_a.py"]), "test_a.py", id="file"),
        pytest.param(Selection(["x"], ["tests/test_a.py::test_b"]), "tests/test_a.py::test_b", id="node-id"),
        pytest.param(Selection([], own=["-m", "not stress"], deselected=31_000), "", id="by-the-project-itself"),
        pytest.param(Selection(["-o", "addopts=-k charge"]), "-o addopts=-k charge", id="addopts-of-this-run"),
        pytest.param(Selection(["-qoaddopts=-kfast", "-v"]), "-qoaddopts=-kfast", id="addopts-in-one-word"),
        pytest.param(Selection(["-o", "addopts=-kfast", "-v"]), "-o addopts=-kfast", id="addopts-before-others"),
        pytest.param(Selection(["-oaddopts=-v", "-q"]), "", id="addopts-that-leave-nothing-out"),
        pytest.param(
            Selection(["--override-ini=testpaths=tests/unit"]),
            "--override-ini=testpaths=tests/unit",
            id="testpaths-of-this-run",
        ),
        pytest.param(Selection(["-o", "log_cli=true", "-o", "addopts='"]), "", id="settings-that-select-nothing"),
        pytest.param(Selection([], deselected=7), "7 deselected by a plugin", id="by-a-plugin"),
        pytest.param(Selection(["--maxfail=1", "-model"]), "-model", id="attached-marker"),
    ],
)
def test_what_leaves_tests_out_is_named(selection: Selection, said: str) -> None:
    """As it was typed, so that whoever reads it knows what to leave out."""
    assert left_out(selection) == said
