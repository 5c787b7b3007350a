"""What the page on CI shows was run: each server's lines in a shell, in a clone as that server makes it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.sessions import TOP
from tests.test_recipes import bash, environment, shop

if TYPE_CHECKING:
    from pathlib import Path

    from tests.story import Repo

__all__ = ["shop"]  # a fixture
PAGE = (TOP / "docs" / "how-to" / "gate-in-ci.md").read_text(encoding="utf-8")
_LINE = re.compile(r"""^ *(?:- )?(?:run: |script: |command: |sh '|- )?((?:pip|pytest)\b[^'\n]*)""", re.MULTILINE)
SERVERS = {
    "GitHub Actions": {"GITHUB_ACTIONS": "true", "GITHUB_BASE_REF": "target"},
    "GitLab CI": {"GITLAB_CI": "true", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "target"},
    "Jenkins": {"JENKINS_URL": "https://ci.acme.com/", "CHANGE_TARGET": "target"},
    "Azure Pipelines": {"TF_BUILD": "True", "SYSTEM_PULLREQUEST_TARGETBRANCH": "refs/heads/target"},
    "CircleCI": {"CIRCLECI": "true"},
    "Buildkite": {"BUILDKITE": "true", "BUILDKITE_PULL_REQUEST_BASE_BRANCH": "target"},
}
PIP = '#!/bin/sh\necho "$*" >>"$HOME/installed"\n'


def test_every_server_of_the_page_is_here() -> None:
    """A snippet that is added to the page is run, too."""
    fetching = PAGE.partition("## Fetch the history")[2].partition("\n## ")[0]
    assert re.findall(r"^### (.+)$", fetching, re.MULTILINE) == list(SERVERS)


@pytest.mark.parametrize("server", SERVERS)
def test_the_lines_of_a_server_fail_its_job(shop: Repo, tmp_path: Path, server: str) -> None:
    """The gate is on by its setting, and finds the base that the page names; only what pip fetches is left out."""
    (block,) = re.findall(rf"^### {server}\n.*?^```\w+\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)
    lines = _LINE.findall(block)
    assert [line.split()[0] for line in " && ".join(lines).split(" && ")] == ["pip", "pytest"]
    shop.git("branch", "-f", "main", "target")
    shop.git("clone", "-q", "--branch", "topic", str(shop.path), str(tmp_path / "checkout"))
    (tmp_path / "checkout" / "bugguard.toml").write_text('enabled = "ci"\n')
    variables = environment(tmp_path, CI="true", **SERVERS[server])
    (tmp_path / "bin" / "pip").write_text(PIP)
    (tmp_path / "bin" / "pip").chmod(0o755)
    done = bash("\n".join(lines), tmp_path / "checkout", variables)
    assert done.returncode == 1, done.stdout + done.stderr
    assert "pages are too short" in done.stdout
    assert re.search(r"^base: origin/(?:target|main)\b", done.stdout, re.MULTILINE), done.stdout
    assert (tmp_path / "installed").read_text() == "install -e . pytest-bugguard\n"
