"""What other coverage gates let pass, through the shell's door: the rows that the core holds, as a user meets them."""

from __future__ import annotations

import shutil
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from tests.shell import Shell
from tests.story import Repo, story

if TYPE_CHECKING:
    from pathlib import Path

PAY = """\
def charge(amount):
    if amount > 100:
        return over(amount)
    return amount


def over(amount):
    rate = 1
    return (
        amount
        - rate
    )


def spare(amount):
    amount += 1
    return amount
"""
BIG = "x = 1\n" * 1797 + "def late():\n" + "    y = 1\n" * 201 + "z = 1\n"
"""1,799 of 2,000 statements run: 89.95 %, which others round to 90."""
OPENING = f"""
commit: feat: sell things
  file: .coveragerc
    [run]
    source = src
    branch = true
    relative_files = true
  file: .gitignore
    .coverage*
    __pycache__/
  file: src/shop/__init__.py
    NAME = "shop"
  file: src/shop/pay.py
    {PAY.replace(chr(10), chr(10) + "    ")}
  file: src/shop/emptied.py
    def all_of_it():  # pragma: no cover
        return 1
  file: src/old/__init__.py
    AGE = 1
  file: src/old/util.py
    def used():
        return 1


    def unused():
        return 1
  file: src/apart/cold.py
    X = 1
  file: run.py
    import sys
    sys.path.insert(0, "src")
    import old.util, shop.big, shop.emptied, shop.pay
    old.util.used()
    shop.pay.charge(10)
  file: idle.py
    pass
"""


def _measure(repo: Repo, script: str = "run.py") -> None:
    subprocess.run([sys.executable, "-m", "coverage", "run", script], cwd=repo.path, check=True, capture_output=True)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    repo = story(tmp_path_factory.mktemp("peers") / "shop", OPENING)
    repo.write("src/shop/big.py", BIG)
    repo.commit("feat: more than anybody reads")
    _measure(repo)
    return repo


@pytest.fixture
def repo(template: Repo, tmp_path: Path) -> Repo:
    return Repo(shutil.copytree(template.path, tmp_path / "shop"), template.commits)


GATES = """
[coverage]
each-file = { line = 60, branch = 60 }
total = { line = 85 }
[[coverage.gate]]
paths = ["src/shop/big.py"]
line = 90
[[coverage.gate]]
modules = ["old.util"]
missing = 0
[[coverage.gate]]
paths = ["src/old/**"]
scope = "group"
line = 80
missing = 1
"""


def test_each_rule_has_its_verdict_and_takes_no_file_from_another(repo: Repo) -> None:
    """Per file, path, module, group and total, lines and branches apart, counts, and nothing rounded up."""
    repo.write("bugguard.toml", GATES)
    rows = Shell(repo.path).call("coverage", "check", "--format", "json").document["coverage"]
    found = {(row["rule"], row["path"], row["metric"]): row["verdict"] for row in rows}
    assert {key: verdict for key, verdict in found.items() if "__init__" not in (key[1] or "")} == {
        ("each-file", "src/old/util.py", "line"): "met",
        ("each-file", "src/old/util.py", "branch"): "met",
        ("gate old.util", "src/old/util.py", "missing"): "unmet",
        ("gate src/shop/big.py", "src/shop/big.py", "line"): "unmet",
        ("each-file", "src/shop/big.py", "branch"): "met",
        ("each-file", "src/shop/emptied.py", "line"): "met",
        ("each-file", "src/shop/emptied.py", "branch"): "met",
        ("each-file", "src/shop/pay.py", "line"): "unmet",
        ("each-file", "src/shop/pay.py", "branch"): "unmet",
        ("gate src/old/**", None, "line"): "met",
        ("gate src/old/**", None, "missing"): "met",
        ("total", None, "line"): "met",
    }  # fmt: skip
    said = Shell(repo.path).call("coverage", "check").out
    assert "src/shop/big.py   line 89.9 % (1799 of 2000), needs 90; 1 more to run" in said
    assert "branch 50 % (1 of 2), needs 60; 1 more to take branch not taken: 2 (charge)" in " ".join(said.split())
    assert "next: add a test that takes them; for more: bugguard coverage explain src/shop/pay.py" in said
    assert "can never fail: src/shop/emptied.py: all code is excluded" in said
    assert "not in the count, since it was not measured: src/apart/cold.py" in said


@pytest.mark.parametrize(
    ("gates", "said"),
    [
        pytest.param(["src/*/util.py", "src/**/*.py"], "fits src/old/util.py as closely as the gate at bugguard.toml:2",
                     id="tie"),
        pytest.param(["src/old/u"], "'src/old/u' fits no file; did you mean 'src/old'?", id="prefix-of-a-name"),
        pytest.param(["src/apart/cold.py"], "asks for src/apart/cold.py, which coverage.py left out", id="left-out"),
    ],
)  # fmt: skip
def test_a_gate_that_nobody_would_miss_is_a_fault(repo: Repo, gates: list[str], said: str) -> None:
    """Wrong settings, not a gate that passes: with the place of both, or the name that was meant."""
    tables = (f'[[coverage.gate]]\npaths = ["{path}"]\nline = {len(path)}\n' for path in gates)
    repo.write("bugguard.toml", "[coverage]\n" + "".join(tables))
    done = Shell(repo.path).call("coverage", "check")
    assert (done.code, said in done.complaint[0]) == (4, True), done.err


def test_workers_that_nobody_measured_prove_nothing(repo: Repo) -> None:
    """``coverage run -m pytest -n2`` leaves every file at 0 %, as an imported copy does: neither met nor unmet."""
    repo.write("bugguard.toml", GATES)
    _measure(repo, "idle.py")
    done = Shell(repo.path).call("coverage", "check")
    assert done.code == 1
    assert "COVERAGE" not in done.out
    assert "not judged: every file is at 0 %" in done.out
    assert "with pytest-xdist measure by pytest --cov" in done.out


def test_what_diff_tools_do_not_see_of_a_change_is_seen(repo: Repo) -> None:
    """A continuation line, a deleted line, a signature, and a file that the data does not hold."""
    repo.write("bugguard.toml", "[coverage]\nchanged = { line = 100 }\n")
    repo.write("src/apart/cold.py", "X = 2\n")
    changed = PAY.replace("        - rate\n", "        - rate * 2\n").replace("    amount += 1\n", "")
    repo.write("src/shop/pay.py", changed)
    repo.write("src/old/util.py", "def used():\n    return 1\n\n\ndef unused(amount=1):\n    return 1\n")
    _measure(repo)
    done = Shell(repo.path).call("coverage", "check", "--base", "HEAD")
    assert "COVERAGE   changed   line 20 % (1 of 5), needs 100; 4 more to run" in done.out
    assert (
        "not run: src/apart/cold.py 1, never imported, src/old/util.py 6 (unused), src/shop/pay.py 9 (over), 16 (spare)"
        in done.out
    )
