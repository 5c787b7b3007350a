"""What a run of the project's tests inherits."""

from __future__ import annotations

import pytest

from pytest_bugguard.core import child_environment


@pytest.mark.parametrize(
    ("name", "is_inherited"),
    [
        ("PATH", True),
        ("HOME", True),
        ("LANG", True),
        ("VIRTUAL_ENV", True),
        ("CI", True),
        ("PYTHONWARNINGS", True),
        ("MONKEY", True),
        ("GIT_EXEC_PATH", True),
        ("GIT_AUTHOR_NAME", True),
        ("GIT_DIR", False),
        ("GIT_INDEX_FILE", False),
        ("GIT_CONFIG_COUNT", False),
        ("COVERAGE_PROCESS_CONFIG", False),
        ("COV_CORE_SOURCE", False),
        ("PYTEST_ADDOPTS", False),
        ("PYTEST_CURRENT_TEST", False),
        ("BUGGUARD_HISTORY", False),
        ("PYTHONDONTWRITEBYTECODE", False),
        ("PYTHONPATH", False),
        ("GITHUB_TOKEN", False),
        ("npm_config_token", False),
        ("DB_PASSWORD", False),
        ("CLIENT_SECRET_ID", False),
        ("AWS_PROFILE", False),
        ("ACTIONS_RUNTIME_URL", False),
    ],
)
def test_what_is_inherited(name: str, is_inherited: bool) -> None:
    """Nothing that steers git, pytest or a measurement, and no secret; the rest as the user has it."""
    assert (name in child_environment.inherited({name: "x"})) is is_inherited


@pytest.mark.parametrize(
    ("name", "is_kept"),
    [
        ("GITHUB_TOKEN", True),
        ("GIT_DIR", True),
        ("PYTHONPATH", True),
        ("PYTEST_PLUGINS", True),
        ("PYTEST_ADDOPTS", False),
        ("PYTEST_CURRENT_TEST", False),
        ("PYTEST_XDIST_WORKER", False),
        ("COVERAGE_PROCESS_START", False),
        ("bugguard_history", False),
    ],
)
def test_a_hunt_in_the_checkout_leaves_the_user_all_of_his_own(name: str, *, is_kept: bool) -> None:
    """His tests may need it; only what a run of pytest around it has set is taken away."""
    assert child_environment.own({name: "x"}) == ({name: "x"} if is_kept else {})


@pytest.mark.parametrize(("chosen", "seed"), [("", "0"), ("random", "0"), ("7", "7"), ("-1", "0")])
def test_the_hash_seed_is_a_number(chosen: str, seed: str) -> None:
    """The same on both sides of a proof, and the user's own where there is one."""
    assert child_environment.hash_seed({"PYTHONHASHSEED": chosen} if chosen else {}) == seed


def test_the_import_path_leads_into_the_tree() -> None:
    """Not by a prefix alone: a neighbour of the checkout stays what it is."""
    entries = ["/u/repo", "/u/repo/src", "/u/repository", "lib", "", "/opt"]
    turned = child_environment.turned(entries, original="/u/repo", top="/tree", separator="/")
    assert turned == ("/tree", "/tree/src", "/u/repository", "lib", "/opt")
    assert child_environment.turned(entries, original=None, top="/tree", separator="/") == tuple(filter(None, entries))
