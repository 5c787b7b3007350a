"""The delivery figures of real repositories: tags, blame and cherry-picks as git has them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.assembly import auditing
from pytest_bugguard.assembly.workshop import open_workshop
from tests.story import Repo, story

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_bugguard.core.delivery import Baseline

STORY = """\
commit: feat: pages
  file: src/shop/pager.py
    def pages(n):
        return n
tag: v1.0
commit: feat: sizes
  file: src/shop/pager.py
    def pages(n):
        return n

    def size(n):
        return n + 1
tag: v1.1
commit: fix: sizes are one too large
  file: src/shop/pager.py
    def pages(n):
        return n

    def size(n):
        return n
tag: v1.2
commit: fix: no pages at all
  file: src/shop/pager.py
    def pages(n):
        assert n
        return n

    def size(n):
        return n
"""


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    (tmp_path / "gitconfig").write_text("[blame]\n\tignoreRevsFile = nowhere\n")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(tmp_path / "gitconfig"))
    return story(tmp_path / "shop", STORY)


def measured(repo: Repo, *overrides: str) -> Baseline:
    with open_workshop(repo.path, overrides) as workshop:
        found = auditing.audit(workshop, "HEAD", uses_cache=False, progress=lambda _: None).delivery
    assert found is not None
    return found


def test_a_fault_is_traced_to_the_release_that_brought_it(shop: Repo) -> None:
    """By blame of the lines that the fix changed, whatever the user's configuration says of blame."""
    found = measured(shop, "delivery.failure-days=1")
    assert [(release.tag, release.failed_by) for release in found.releases] == [
        ("v1.0", ()), ("v1.1", (shop.sha("sizes are one"),)), ("v1.2", ()),
    ]  # fmt: skip
    assert [(one.origin, one.reason) for one in found.faults] == [
        (None, "it only adds lines"),
        (shop.sha("feat: sizes"), ""),
    ]
    assert {figure.name: figure.sample for figure in found.figures} == {
        "deployment-frequency": 3,
        "lead-time": 3,
        "change-failure-rate": 3,
        "restore-from-release": 1,
        "restore-from-commit": 1,
    }


def test_settings_name_the_releases_and_the_period(shop: Repo) -> None:
    """Only what matches counts, and only as far back as was asked."""
    assert [release.tag for release in measured(shop, "delivery.releases=['2$']").releases] == ["v1.2"]
    assert [release.tag for release in measured(shop, "delivery.days=1").releases] == ["v1.2"]


def test_a_shallow_clone_claims_nothing_of_what_it_lacks(shop: Repo, tmp_path: Path) -> None:
    """The line may be older than the clone: the fault is not traced, and says so."""
    shop.git("clone", "-q", "--depth=2", f"file://{shop.path}", str(tmp_path / "shallow"))
    found = measured(Repo(tmp_path / "shallow"))
    assert {one.origin for one in found.faults} == {None}


def test_a_fix_counts_from_the_release_of_the_branch_that_it_was_picked_onto(shop: Repo) -> None:
    """The copy says where it comes from (``-x``); users of that branch had the cure before the next big release."""
    shop.git("tag", "-d", "v1.2")
    shop.git("checkout", "-q", "-b", "1.1.x", "v1.1")
    shop.git("cherry-pick", "-x", shop.sha("sizes are one"), GIT_COMMITTER_DATE="2024-01-03T12:00:00Z")
    shop.git("tag", "v1.1.1")
    shop.git("checkout", "-q", "main")
    found = measured(shop)
    (restored,) = [figure for figure in found.figures if figure.name == "restore-from-release"]
    assert [release.tag for release in found.releases] == ["v1.0", "v1.1", "v1.1.1"]
    assert (restored.sample, restored.value) == (1, 36 * 3600)


def test_odd_tags_end_nothing(shop: Repo) -> None:
    """A tag of a file, a tag of a tag, one with an odd name and one of a far future."""
    late = {"GIT_COMMITTER_DATE": "2024-01-04T00:00:00Z"}
    shop.git("tag", "v7.0", shop.git("rev-parse", "HEAD:src/shop/pager.py"))
    shop.git("tag", "-a", "-m", "outer", "v8.0", "HEAD", **late)
    shop.git("tag", "-a", "-m", "of a tag", "v8.1", "v8.0", **late)
    shop.git("tag", "v1.0;caf\u00e9$(id)")
    shop.git("tag", "-a", "-m", "far", "v9.0", "HEAD~1", GIT_COMMITTER_DATE="@32503680000 +0000")
    names = [release.tag for release in measured(shop).releases]
    assert names == ["v1.0", "v1.1", "v1.2", "v8.0"]
