"""Whose story is told: that of the test which was meant, or none."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from msgspec.structs import replace

from pytest_bugguard.adapters.history_store import HistoryStore
from pytest_bugguard.journeys.flaky import UnknownTestError, story
from tests.histories import run_of

if TYPE_CHECKING:
    from pathlib import Path


def test_a_bare_name_is_enough_where_one_test_bears_it(tmp_path: Path) -> None:
    """Of several that bear it the history does not choose one: it says which there are."""
    run = run_of("aF", "b.")
    names = [f"tests/{folder}/test_text.py::{name}" for folder in "abcdef" for name in ("test_wrap", f"test_{folder}")]
    history = HistoryStore(tmp_path / "h.db", keep_days=9)
    history.add([replace(run, attempts=tuple(replace(run.attempts[0], nodeid=name) for name in names))])
    assert [one.nodeid for one in story(history, "test_c").flakes] == ["tests/c/test_text.py::test_c"]
    assert [one.nodeid for one in story(history, "b/test_text.py").flakes] == sorted(names[2:4])
    with pytest.raises(UnknownTestError, match="6 are called 'test_wrap'") as several:
        story(history, "test_wrap")
    offered = ", ".join(names[:10:2])
    assert several.value.hint == f"name one of them in full: {offered}, ..."
    with pytest.raises(UnknownTestError, match="has no test 'wrap'"):
        story(history, "wrap")
