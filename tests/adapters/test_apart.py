"""What we do in a process in which tests have run leaves it as it was."""

from __future__ import annotations

import gc
import os

import pytest

from pytest_bugguard.adapters.apart import apart


@pytest.mark.parametrize("is_set_aside", [False, True])
def test_what_somebody_has_set_aside_stays_aside(is_set_aside: bool) -> None:
    """A conftest file may freeze what is there once its tests are collected: Python ends some seconds sooner by it."""
    if is_set_aside:
        gc.freeze()
    try:
        before = gc.get_freeze_count()
        with apart(os.environ):
            assert gc.get_freeze_count() > 0
        assert (gc.get_freeze_count() > 0, before > 0) == (is_set_aside, is_set_aside)
    finally:
        gc.unfreeze()
