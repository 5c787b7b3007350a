"""Which commits make up a unit, in any history that git can hold."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_bugguard.core import mainline
from pytest_bugguard.core.errors import UnreadableHistoryError
from pytest_bugguard.core.gitlog import Logged
from pytest_bugguard.core.model import Commit

Graph = dict[str, tuple[str, ...]]


def logged(sha: str, parents: tuple[str, ...]) -> Logged:
    return Logged(Commit(sha, parents, 0, "A <a>", f"commit {sha}"), [])


def reach(graph: Graph, start: str | None) -> set[str]:
    """A commit and all its ancestors."""
    seen: set[str] = set()
    todo = [start] if start is not None else []
    while todo:
        sha = todo.pop()
        if sha not in seen:
            seen.add(sha)
            todo.extend(graph[sha])
    return seen


@st.composite
def graphs(draw: st.DrawFn) -> Graph:
    """Histories of up to thirty commits, with merges of any number of parents and several roots; newest first."""
    graph: Graph = {}
    for number in range(draw(st.integers(1, 30))):
        older = st.sampled_from([f"c{other}" for other in range(number)]) if number else st.nothing()
        parents = draw(st.lists(older, unique=True, max_size=3)) if number else []
        graph[f"c{number}"] = tuple(parents)
    return dict(reversed(graph.items()))


@st.composite
def topological(draw: st.DrawFn) -> tuple[Graph, list[str]]:
    """A history, and one of the orders in which every commit comes before its parents."""
    whole = draw(graphs())
    tip = next(iter(whole))
    graph = {sha: whole[sha] for sha in whole if sha in reach(whole, tip)}
    children = {sha: sum(sha in parents for parents in graph.values()) for sha in graph}
    ready, order = [tip], []
    while ready:
        sha = ready.pop(draw(st.integers(0, len(ready) - 1)))
        order.append(sha)
        for parent in graph[sha]:
            children[parent] -= 1
            if not children[parent]:
                ready.append(parent)
    return graph, order


@given(topological())
def test_a_merge_brings_what_its_first_parent_did_not_have(history: tuple[Graph, list[str]]) -> None:
    """Units follow the first parents; a merge's inner commits are those of ``merge^1..merge``, in the log's order."""
    graph, order = history
    line, sha = [], order[0] if order else None
    while sha is not None:
        first = next(iter(graph[sha]), None)
        brought = reach(graph, sha) - reach(graph, first) - {sha}
        line.append((sha, [one for one in order if one in brought]))
        sha = first
    log = [logged(one, graph[one]) for one in order]
    found = mainline.units(log, order[0], boundary=(), is_cut=False)
    assert [(unit.commit.sha, [one.sha for one in unit.inner]) for unit in found] == line


def test_a_merge_inside_a_merge_may_come_after_the_first_parent() -> None:
    """``q`` comes after ``p``, the merge's first parent; it still belongs to the merge."""
    graph = {"m": ("p", "n"), "n": ("q", "r"), "r": ("p",), "p": ("x",), "q": ("x",), "x": ()}
    log = [logged(sha, graph[sha]) for sha in ("m", "n", "r", "p", "q", "x")]
    units = {
        unit.commit.sha: [one.sha for one in unit.inner] for unit in mainline.units(log, "m", boundary=(), is_cut=False)
    }
    assert units == {"m": ["n", "r", "q"], "p": [], "x": []}


def test_units_are_handed_out_while_the_log_is_read() -> None:
    """A long history is never held as a whole."""
    log = (logged(f"c{number}", (f"c{number + 1}",)) for number in range(100))
    next(mainline.units(log, "c0", boundary=(), is_cut=True))
    assert len(list(log)) == 98


def test_a_unit_waits_for_so_long_and_no_longer(monkeypatch: pytest.MonkeyPatch) -> None:
    """A side branch as old as the project cannot make us hold the project."""
    monkeypatch.setattr(mainline, "HELD_CAP", 10)
    line = [logged("m", ("c0", "old")), *(logged(f"c{number}", (f"c{number + 1}",)) for number in range(50))]
    log = iter(line)
    units = mainline.units(log, "m", boundary=(), is_cut=True)
    assert next(units).commit.sha == "m"
    assert len(list(log)) == 51 - 11


def test_only_so_many_inner_commits_are_kept() -> None:
    """A merge of years of work does not fill the memory."""
    side = [logged(f"s{number}", (f"s{number + 1}",)) for number in range(300)]
    log = [logged("m", ("p", "s0")), *side, logged("s300", ()), logged("p", ())]
    merge, _ = mainline.units(log, "m", boundary=(), is_cut=False)
    assert [one.sha for one in merge.inner] == [f"s{number}" for number in range(mainline.INNER_CAP)]


def test_nothing_is_said_of_a_commit_where_the_history_was_cut() -> None:
    """Its diff would show every file as added."""
    entry = f":000000 100644 {'0' * 40} {'1' * 40} A"
    log = [Logged(Commit("c", (), 0, "", "m"), [entry, "a.py"])]
    (cut,) = mainline.units(log, "c", boundary={"c"}, is_cut=False)
    (root,) = mainline.units(log, "c", boundary=(), is_cut=False)
    assert (cut.is_boundary, cut.changes) == (True, ())
    assert (root.is_boundary, [change.path for change in root.changes]) == (False, ["a.py"])


def test_a_merge_knows_that_some_of_what_it_brought_is_cut_off() -> None:
    """A clone of depth two has the last commit of each side: nobody can say what came before it."""
    log = [logged("m", ("p", "s1")), logged("s1", ("s0",)), logged("s0", ()), logged("p", ())]
    for boundary, is_cut_short in ((("s0", "p"), True), (("p",), False)):
        merge, _ = mainline.units(log, "m", boundary=boundary, is_cut=False)
        assert (merge.is_boundary, merge.is_cut_short) == (False, is_cut_short)


@pytest.mark.parametrize(
    "log",
    [
        pytest.param([("a", ("b",))], id="ends-before-a-parent"),
        pytest.param([("a", ("b", "c")), ("b", ())], id="ends-before-a-side-branch"),
        pytest.param([("a", ()), ("x", ())], id="shows-what-nobody-has-for-a-parent"),
        pytest.param([("x", ())], id="begins-elsewhere"),
        pytest.param([], id="shows-nothing"),
    ],
)
def test_a_log_that_contradicts_itself_is_an_error(log: list[tuple[str, tuple[str, ...]]]) -> None:
    """A short or disordered log never passes for the history."""
    with pytest.raises(UnreadableHistoryError):
        list(mainline.units([logged(*one) for one in log], "a", boundary=(), is_cut=False))


def test_a_long_lived_branch_is_judged_unit_by_unit() -> None:
    """What a merge of one brought comes right after it, as a line of its own with its own merges."""
    graph = {
        "m": ("a2", "s2"),  # the merge of the long-lived branch
        "s2": ("s1", "t1"),  # a merge on that branch
        "t1": ("s1",),
        "s1": ("a1",),
        "a2": ("a1",),
        "a1": (),
    }
    log = [Logged(Commit(sha, parents, 0, "", sha), ()) for sha, parents in graph.items()]
    found = list(mainline.units(log, "m", boundary=(), is_cut=False, opens=lambda commit: commit.sha == "m"))
    assert [(one.commit.sha, one.is_side) for one in found] == [
        ("m", False),
        ("s2", True),
        ("s1", True),
        ("a2", False),
        ("a1", False),
    ]
    assert [commit.sha for commit in found[1].inner] == ["t1"]
