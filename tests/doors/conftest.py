"""The shop, fresh for each test, and an environment that no CI and no hook of git has touched."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import psutil  # noqa: F401 - pytester takes away what a run inside this process imports first, and psutil looks for itself
import psycopg  # noqa: F401 - its compiled half goes on to raise what the half that was taken away calls an error
import pytest

from pytest_bugguard.assembly import burn_in, changes, reruns  # noqa: F401 - the first and last for the same reason
from pytest_bugguard.assembly.workshop import open_workshop
from tests.doors import shop as shops

if TYPE_CHECKING:
    from tests.doors.shop import Shop
    from tests.story import Repo

_FOREIGN = ("CI", "GIT", "GITHUB", "GITLAB", "TF", "BUILD", "JENKINS", "CIRCLE", "BUGGUARD", "PYTEST_ADDOPTS", "RUNNER")


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Repo:
    """The shop that is copied. It is judged once, so that all which is imported late is there before any run."""
    repo = shops.built(tmp_path_factory.mktemp("template") / "shop")
    with open_workshop(repo.path) as workshop:
        changes.check(workshop, "HEAD..HEAD", base_option=None)
    return repo


@pytest.fixture
def shop(template: Repo, pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> Shop:
    """The shop, in the current directory."""
    for name in os.environ:
        if name.startswith(_FOREIGN):
            monkeypatch.delenv(name)
    return shops.copied(template, pytester)
