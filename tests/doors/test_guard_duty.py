"""A test that is on record as the proof of an older fix is on guard: a change that weakens it fails the gate."""

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

SHOP = """
    commit: feat: sell things
      file: bugguard.toml
        base = "main"
        [fixes]
        receipts = ".bugguard/receipts"
      file: .gitignore
        .bugguard/
      file: src/shop/__init__.py
        NAME = "shop"
      file: src/shop/pager.py
        def pages(items):
            return items // 10
      file: tests/test_other.py
        def test_other():
            assert 1 + 1 == 2
    commit: fix: last page is missing
      file: src/shop/pager.py
        def pages(items):
            return -(-items // 10)
      file: tests/test_last.py
        from shop.pager import pages

        def test_last_page():
            assert pages(11) == 2
    branch: topic
"""
PROOF = "tests/test_last.py::test_last_page"
HEAD = "from shop.pager import pages\n\n"


@pytest.fixture(scope="session")
def proven(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A shop whose one fix has been proven: the receipt is in the repository's folder."""
    repo = story(tmp_path_factory.mktemp("duty") / "shop", SHOP)
    assert Shell(repo.path).call("prove", repo.sha("last page")).code == 0
    return repo.path


@pytest.fixture
def shop(proven: Path, tmp_path: Path) -> Repo:
    """A copy of it, on a branch."""
    shutil.copytree(proven, tmp_path / "shop", symlinks=True)
    return Repo(tmp_path / "shop", commits=9)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        pytest.param(None, "is deleted", id="deleted"),
        pytest.param(f"import pytest\n{HEAD}@pytest.mark.skip\ndef test_last_page():\n    assert pages(11) == 2\n",
                     "is skipped", id="skipped"),
        pytest.param(f"{HEAD}def test_last_page():\n    pages(11)\n", "assert", id="emptied"),
        pytest.param(f"{HEAD}def test_last_page():\n    assert pages(11)\n", "", id="loosened"),
    ],
)  # fmt: skip
def test_a_change_that_weakens_a_proof_fails(shop: Repo, text: str | None, why: str) -> None:
    """The finding names the test, the fix that it proves, what befell it, and the way out."""
    if text is None:
        shop.git("rm", "-q", "tests/test_last.py")
    else:
        shop.write("tests/test_last.py", text)
    shop.commit("test: tidy up")
    done = Shell(shop.path).call("check", "--format", "json")
    (finding,) = done.document["findings"]
    assert (done.code, finding["gate"], finding["subject"]) == (1, "proofs", PROOF)
    assert "fix: last page is missing" in finding["message"]
    assert why in finding["message"]
    assert "bugguard waive" in finding["next"]


@pytest.mark.parametrize(
    ("path", "text", "why"),
    [
        ("tests/conftest.py", "collect_ignore = ['test_last.py']\n", "collect_ignore in a conftest.py leaves it out"),
        ("pytest.ini", "[pytest]\naddopts = --ignore=tests/test_last.py\n", "addopts ignores it"),
        ("pytest.ini", "[pytest]\npython_files = check_*.py\n", "its name is none of those that pytest looks for"),
    ],
)
def test_a_proof_that_pytest_comes_to_no_more_is_none(shop: Repo, path: str, text: str, why: str) -> None:
    """Its own file is left alone, and all that is done to it stands elsewhere."""
    shop.write(path, text)
    shop.commit("test: be quicker")
    done = Shell(shop.path).call("check", "--format", "json")
    (finding,) = done.document["findings"]
    assert (done.code, finding["subject"]) == (1, PROOF)
    assert f"is never collected: {why}" in finding["message"]
    shop.write("README.md", "A shop.\n")
    shop.commit("docs: say what it is")
    assert Shell(shop.path).call("check", "HEAD^..HEAD").code == 0


def test_uncommitted_work_is_seen_too(shop: Repo) -> None:
    """A proof that is deleted in the work tree alone is told before it is committed."""
    (shop.path / "tests/test_last.py").unlink()
    done = Shell(shop.path).call("check")
    assert done.code == 1
    assert f"UNGUARDED  {PROOF}" in done.out


@pytest.mark.parametrize(
    "change",
    [
        pytest.param(lambda shop: shop.git("mv", "tests/test_last.py", "tests/test_pages.py"), id="moved"),
        pytest.param(
            lambda shop: shop.write(
                "tests/test_last.py", f"{HEAD}def test_last_page():\n    # odd\n    assert pages(11) == 2\n"
            ),
            id="commented",
        ),
        pytest.param(lambda shop: shop.write("tests/test_other.py", ""), id="another-test"),
    ],
)
def test_a_proof_that_still_demands_the_same_is_left_in_peace(shop: Repo, change: object) -> None:
    """Moves, comments and other tests are nobody's harm."""
    assert callable(change)
    change(shop)
    shop.commit("test: tidy up")
    done = Shell(shop.path).call("check")
    assert done.code == 0, done.out


def test_a_waiver_for_the_fix_excuses_it(shop: Repo) -> None:
    """A team may give a proof up, with an owner and a date."""
    shop.git("rm", "-q", "tests/test_last.py")
    waiver = (
        f'[[waivers]]\nfix = "{shop.sha("last page")}"\nowner = "pay"\nreason = "moved out"\nexpires = 2999-01-01\n'
    )
    settings = (shop.path / "bugguard.toml").read_text(encoding="utf-8")
    shop.write("bugguard.toml", f"{settings}{waiver}")
    shop.commit("test: tidy up")
    done = Shell(shop.path).call("check")
    assert done.code == 0, done.out


@pytest.mark.parametrize(
    ("path", "text", "said"),
    [
        pytest.param("tests/test_last.py", f"import os\n\nimport pytest\n\n{HEAD}\n"
                     "@pytest.mark.skipif(os.sep in '/\\\\', reason='slow')\ndef test_last_page():\n"
                     "    assert pages(11) == 2\n", "was skipped in this run", id="skipped"),
        pytest.param("tests/conftest.py", "def pytest_collection_modifyitems(items):\n"
                     "    items[:] = [item for item in items if 'last' not in item.name]\n",
                     "was not collected in this run", id="taken-out"),
        pytest.param("tests/conftest.py", "def pytest_ignore_collect(collection_path):\n"
                     "    return collection_path.name == 'test_last.py' or None\n",
                     "was not collected in this run", id="ignored"),
        pytest.param("tests/conftest.py", "", "", id="run"),
    ],
)  # fmt: skip
def test_a_proof_that_a_run_does_not_come_to_is_told(shop: Repo, path: str, text: str, said: str) -> None:
    """What no text shows, a run does; where it is asked for a part of the tests, it says nothing of the rest."""
    shop.write(path, text)
    shop.commit("test: be quicker")
    code, out = run_pytest(shop)
    assert (code, f"UNGUARDED  {PROOF}" in out, said in out) == (int(bool(said)), bool(said), True)
    assert run_pytest(shop, "tests/test_other.py")[0] == 0


def run_pytest(shop: Repo, *arguments: str) -> tuple[int, str]:
    """How a run of pytest ends with the gate in it, and what it prints."""
    words = ("-p", "no:cacheprovider", "-p", "no:xdist", "--bugguard", "-o", "pythonpath=src", *arguments)
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words],
        cwd=shop.path,
        env=Shell(shop.path).variables,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    return done.returncode, done.stdout
