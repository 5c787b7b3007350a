"""Tests that fail with the same exception at the same place are one thing to mend."""

from __future__ import annotations

from msgspec.structs import replace

from pytest_bugguard.core.alike import gathered, with_alike
from pytest_bugguard.core.flakes import Flake, flake_of
from pytest_bugguard.core.model import FlakeVerdict


def failing(nodeid: str, signature: str, verdict: FlakeVerdict = FlakeVerdict.FLAKY) -> Flake:
    signatures = ((signature, 2), ("KeyError at a.py:1", 1)) if signature else ()
    return replace(flake_of(nodeid, ()), verdict=verdict, signatures=signatures)


def test_tests_that_fail_alike_are_one_group() -> None:
    """By verdict and commonest failure, where the first of them stood; a type without a place says too little."""
    down = "OSError at tests/conftest.py:4"
    flakes = with_alike(
        [
            failing("a", down),
            failing("b", "OSError"),
            failing("c", "OSError"),
            failing("d", ""),
            failing("e", "KeyError at a.py:1"),
            failing("f", down),
            failing("g", down, FlakeVerdict.FAILING),
        ]
    )
    assert {one.nodeid: one.alike for one in flakes if one.alike} == {
        "a": ("f", "g"),
        "f": ("a", "g"),
        "g": ("a", "f"),
    }
    names = [[one.nodeid for one in group] for group in gathered(flakes)]
    assert names == [["a", "f"], ["b"], ["c"], ["d"], ["e"], ["g"]]
