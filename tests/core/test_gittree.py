"""What a folder of a commit holds."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_bugguard.core import gittree
from pytest_bugguard.core.errors import UnreadableHistoryError
from pytest_bugguard.core.gittree import Entry

names = st.binary(min_size=1, max_size=12).map(lambda raw: raw.replace(b"\0", b"!").replace(b"/", b"!"))
trees = st.dictionaries(
    names, st.tuples(st.sampled_from([0o40000, 0o100644, 0o120000, 0o160000]), st.binary(min_size=32, max_size=32))
)


@given(trees, st.sampled_from([20, 32]))
def test_every_name_and_id_survives(tree: dict[bytes, tuple[int, bytes]], size: int) -> None:
    """Names are any bytes but NUL and slash, ids any bytes at all."""
    raw = b"".join(b"%o %b\0%b" % (mode, name, object_id[:size]) for name, (mode, object_id) in tree.items())
    assert gittree.entries(raw, size) == {
        name.decode("utf-8", "surrogateescape"): Entry(mode, object_id[:size].hex())
        for name, (mode, object_id) in tree.items()
    }


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b"100644 a\0" + b"x" * 19, id="short-id"),
        pytest.param(b"100644 a", id="no-id"),
        pytest.param(b"100644", id="no-name"),
        pytest.param(b"10064x a\0" + b"x" * 20, id="no-mode"),
    ],
)
def test_a_torn_tree_is_an_error(raw: bytes) -> None:
    """A folder never seems emptier than it is."""
    with pytest.raises(UnreadableHistoryError):
        gittree.entries(raw, 20)
