"""A long history is audited in stretches, side by side: what is said of it is what one look at the whole would say."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.adapters import crew
from pytest_bugguard.assembly import auditing
from pytest_bugguard.assembly.workshop import open_workshop
from pytest_bugguard.core import stretches
from pytest_bugguard.report.shape import dump_result
from tests.shell import Shell
from tests.story import story

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pytest_bugguard.core.results import Result


def history(folder: Path, seed: int, commits: int) -> Path:
    """A repository with fixes, tests that came before or after them, renames and merged branches."""
    repo = story(folder / "shop", "")
    dice = random.Random(seed)
    repo.git("fast-import", "--quiet", text="".join(_commits(dice, commits)))
    repo.git("reset", "--hard", "main")
    return repo.path


def _commits(dice: random.Random, number_of_commits: int) -> Iterator[str]:
    """A stream for git fast-import: a main line, a side line that leaves it and comes back, names that change."""
    names = ["pager", "cart"]
    tips = {"main": 0, "side": 0}
    for mark in range(1, number_of_commits + 1):
        branch = dice.choice(["main", "main", "main", "side"]) if mark > 5 else "main"
        is_merge = branch == "main" and mark % 9 == 0 and bool(tips["side"])
        kind = dice.choice(["fix: wrong sum", "fix: wrong page", "feat: more", "test: more cases"])
        message = "Merge branch 'stable'" if is_merge else f"{kind} (#{mark // dice.choice([2, 3, 5]) + 1})"
        begin = tips[branch] if tips[branch] and mark % 13 else tips["main"]
        yield f"commit refs/heads/{branch}\nmark :{mark}\ncommitter A <a@b.c> {1_600_000_000 + mark * 9_000} +0000\n"
        yield f"data {len(message)}\n{message}\n"
        yield f"from :{begin}\n" if begin else ""
        yield f"merge :{tips['side']}\n" if is_merge else ""
        name, is_only_tests = dice.choice(names), "test" in kind
        if branch == "main" and not is_only_tests and dice.random() < 0.1:
            yield f"D src/shop/{name}.py\n"
            names[names.index(name)] = name = f"page{mark}"
        source = f"def total(n):\n    '''The sum of all.'''\n    return n + {mark}\n"
        files = {} if is_only_tests else {f"src/shop/{name}.py": source}
        if is_only_tests or dice.random() < 0.2:
            files[f"tests/test_{name}.py"] = f"def test_{mark}():\n    assert total({mark})\n"
        for path, text in files.items():
            yield f"M 100644 inline {path}\ndata {len(text)}\n{text}\n"
        tips[branch] = mark


def audited(path: Path, revisions: str = "HEAD", *overrides: str) -> Result:
    with open_workshop(path, overrides) as workshop:
        return auditing.audit(workshop, revisions, uses_cache=False, progress=lambda _: None)


@pytest.mark.parametrize("seed", range(3))
def test_stretches_say_what_the_whole_says(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, seed: int) -> None:
    """Links over a seam, names of today, units that a merge brought: nothing depends on where it was cut."""
    path = history(tmp_path, seed, 90)
    whole, cut_off = audited(path), audited(path, "HEAD~45..HEAD~5")
    monkeypatch.setattr(stretches, "_LENGTH", 7)
    assert audited(path).records == whole.records
    assert audited(path).summary == whole.summary
    assert audited(path).hotspots == whole.hotspots
    assert audited(path, "HEAD~45..HEAD~5").records == cut_off.records
    assert any(test.change == "linked" for record in whole.records for test in record.tests)


def test_an_audit_on_several_processors_is_an_audit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Copies of the process look at the stretches, and every commit is looked at once.

    Whose faults the fixes of late mended is found out meanwhile.
    """
    path = history(tmp_path, 1, 700)
    days = "delivery.days=20"
    found = Shell(path).bugguard("audit", "--no-cache", "--format", "json", "--set", days).document
    monkeypatch.setattr(crew, "hands", lambda: 1)
    alone = audited(path, "HEAD", days)
    assert found["summary"]["units"] == alone.summary.units
    assert [fix["sha"] for fix in found["fixes"]] == [record.sha for record in alone.records]
    assert found["delivery"] == dump_result(alone)["delivery"]
    assert found["delivery"]["faults"]
