"""Who types a test's name need not type its path, and never gets another test's story for it."""

from __future__ import annotations

import pytest

from pytest_bugguard.core.called import called, named

NET, TEXT, CLI = "tests/test_net.py", "tests/test_text.py", "tests/cli/test_text.py"
KNOWN = (
    f"{CLI}::test_wrap",
    f"{NET}::TestRetry::test_twice",
    f"{NET}::TestRetry::test_wrap[a::test_once]",
    f"{NET}::test_retry[a/b]",
    f"{NET}::test_retry[c]",
    f"{NET}::test_retry_late",
    f"{TEXT}::test_wrap",
    f"{TEXT}::test_wrap[x]",
)


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        pytest.param("test_retry", {f"{NET}::test_retry": KNOWN[3:5]}, id="its-cases-and-no-longer-name"),
        pytest.param("test_retry[c]", {KNOWN[4]: KNOWN[4:5]}, id="a-case"),
        pytest.param("test_retry[a/b]", {KNOWN[3]: KNOWN[3:4]}, id="a-case-with-a-slash"),
        pytest.param("TestRetry", {f"{NET}::TestRetry": KNOWN[1:3]}, id="a-class"),
        pytest.param("test_net.py::TestRetry::test_twice", {KNOWN[1]: KNOWN[1:2]}, id="without-folder"),
        pytest.param("test_net.py", {NET: KNOWN[1:6]}, id="a-file"),
        pytest.param("test_text.py", {CLI: KNOWN[:1], TEXT: KNOWN[6:]}, id="two-files"),
        pytest.param(
            "test_wrap",
            {KNOWN[0]: KNOWN[:1], f"{NET}::TestRetry::test_wrap": KNOWN[2:3], f"{TEXT}::test_wrap": KNOWN[6:]},
            id="three-tests",
        ),
        pytest.param("retry", {}, id="not-within-a-word"),
        pytest.param("test_once", {}, id="not-within-a-case"),
        pytest.param("test_.etry", {}, id="no-pattern"),
    ],
)
def test_what_ends_so_is_meant(name: str, meant: dict[str, tuple[str, ...]]) -> None:
    """Whole words from the end; each meaning with the tests that it names."""
    assert called(name, KNOWN) == meant


@pytest.mark.parametrize(
    ("name", "tests"),
    [
        pytest.param(KNOWN[0], KNOWN[:1], id="itself"),
        pytest.param(KNOWN[6], KNOWN[6:7], id="itself-rather-than-its-cases"),
        pytest.param(f"{NET}::test_retry", KNOWN[3:5], id="its-cases"),
        pytest.param(f"{NET}::TestRetry", KNOWN[1:3], id="a-class"),
        pytest.param(TEXT, KNOWN[6:], id="a-file"),
        pytest.param("test_retry", (), id="no-end-of-it"),
        pytest.param("a\0b", (), id="what-no-store-holds"),
    ],
)
def test_a_node_id_names_itself(name: str, tests: tuple[str, ...]) -> None:
    """Else its cases, or what stands in it."""
    assert named(name, KNOWN) == tests
