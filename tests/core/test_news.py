"""What is new since it was told last."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from pytest_bugguard.core.news import Item, since

ITEMS = st.lists(
    st.builds(Item, st.sampled_from("abcdef"), st.sampled_from("xy"), st.just("")), unique_by=lambda i: i.id
)


def test_only_what_is_new_is_told_by_kind() -> None:
    """Kinds and items in the order in which they come; what is no longer there is counted."""
    now = [Item("a", "x", "1"), Item("b", "y", "2"), Item("c", "x", "3")]
    news = since({"b", "gone"}, now)
    assert [(group.name, [item.id for item in group.items]) for group in news.groups] == [("x", ["a", "c"])]
    assert (news.count, news.gone) == (2, 1)


@given(ITEMS, ITEMS)
def test_nothing_is_told_twice_and_nothing_is_lost(before: list[Item], now: list[Item]) -> None:
    """Old and new together are all that there is; told once, nothing is new."""
    told = {item.id for item in before}
    fresh = {item.id for group in since(told, now).groups for item in group.items}
    assert fresh == {item.id for item in now} - told
    assert since({item.id for item in now}, now).count == 0
