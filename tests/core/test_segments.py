"""Cutting a file into pieces never changes what is seen in it."""

from __future__ import annotations

import ast
from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_bugguard.core import segments

BLOCKS = (
    b"import os\n",
    b"X = 1\n",
    b'# def test_comment(): it\'s """ odd\n',
    b"ROWS = [\n1,\n2,\n]\n",
    b"def test_a():\n    assert 1\n",
    b"def test_a():\n    assert 2\n\n\n",
    b"async def test_b():\n    await x\n",
    b"@mark(\n'x',\n)\n@other\ndef test_c():\n    pass\n",
    b"@mark\nclass TestD:\n    x = 1\n\n    def test_a(self): pass\n\n    @mark\n    def test_b(self):\n        pass\n",
    b"class TestD:\n    x = 1\n\n    def test_a(self): pass\n\n    y = 2\n\n    def test_c(self):\n        pass\n",
    b"class TestE(Base):\n    pass\n",
    b"class TestD:\n\tdef test_a(self):\n\t\treturn 3\n",
    b'S = """\ndef test_quoted():\n    pass\n"""\n',
    b"S = r'''\nclass TestQuoted:\n    x = \"\"\"\n'''\n",
    b'S = "it\'s \\"\\"\\" not"\n',
    b'S = \'"""\'\n',
    b'def test_text():\n    f("""\n@mark\ndef x(): pass\n\\"""\n""", \'"""\')\n',
    b"if X:\n    def test_if():\n        pass\nelse:\n    def test_else():\n        pass\n",
    b"try:\n    import a\nexcept ImportError:\n    a = None\n",
    b"\n\n",
)


def definitions(pieces: tuple[bytes, ...]) -> Counter[tuple[str, str]]:
    """Every function, and every other statement of a module or class, with where it stands."""
    found: Counter[tuple[str, str]] = Counter()

    def visit(body: list[ast.stmt], place: str) -> None:
        for node in body:
            if isinstance(node, ast.ClassDef):
                visit(node.body, f"{place}.{node.name}")
            elif not isinstance(node, ast.Pass):
                found[place, ast.dump(node)] += 1

    for piece in pieces:
        visit(ast.parse(piece).body, "")
    return found


sources = st.lists(st.sampled_from(BLOCKS), max_size=7).map(b"".join)


@given(sources)
def test_the_pieces_are_the_whole(source: bytes) -> None:
    """Pieces joined give the source back, each is Python by itself, and together they define what the whole does."""
    pieces = segments.split(source)
    assert b"".join(pieces) == source
    assert definitions(pieces) == definitions((source,))


@given(sources, sources, sources, sources)
def test_the_difference_of_pieces_is_the_difference_of_files(head: bytes, old: bytes, new: bytes, tail: bytes) -> None:
    """What differs between the pieces that differ is exactly what differs between the whole files."""
    old, new = head + old + tail, head + new + tail
    parts = segments.difference(old, new)
    whole_old, whole_new = definitions((old,)), definitions((new,))
    part_old, part_new = definitions(parts.old), definitions(parts.new)
    assert part_old - part_new == whole_old - whole_new
    assert part_new - part_old == whole_new - whole_old


@given(sources, sources, sources, sources)
def test_a_definition_that_differs_tells_of_the_file(head: bytes, old: bytes, new: bytes, tail: bytes) -> None:
    """Each pair of versions is Python by itself, and where its two mean something else so do the whole files."""
    old, new = head + old + tail, head + new + tail
    for was, now in segments.versions(segments.difference(old, new)):
        if definitions((was,)) != definitions((now,)):
            assert definitions((old,)) != definitions((new,))


@given(st.binary(max_size=200), st.binary(max_size=200))
def test_any_bytes_can_be_cut(old: bytes, new: bytes) -> None:
    """No text makes it fail, and equal texts have no difference."""
    assert b"".join(segments.split(segments.clean(old))) == segments.clean(old)
    segments.difference(segments.clean(old), segments.clean(new))
    assert segments.difference(old, old) == segments.Difference()


def test_only_what_differs_is_left() -> None:
    """Of a class with a changed method neither the other methods nor its neighbours are parsed."""
    old = (
        b"def f():\n    pass\n\n\n"
        b"class A:\n    x = 1\n\n    def g(self):\n        return 1\n\n    def h(self):\n        return 2\n\n\n"
        b"def z():\n    pass\n"
    )
    parts = segments.difference(old, old.replace(b"return 2", b"return 3"))
    assert b"def h" in parts.new[0]
    assert b"x = 1" in parts.new[0]
    assert not any(word in parts.new[0] for word in (b"def g", b"def f", b"def z"))


def test_a_method_that_differs_is_given_alone() -> None:
    """Neither the head of its class nor a method that somebody added has to be parsed with it."""
    old = b"class A:\n    x = 1\n\n    def g(self):\n        return 1\n"
    new = b"class A:\n    x = 1\n\n    def f(self):\n        return 0\n\n    def g(self):\n        return 2\n"
    method = b"class _:\n    def g(self):\n        return 1\n"
    assert segments.versions(segments.difference(old, new)) == [(method, method.replace(b"1", b"2"))]


@pytest.mark.parametrize(
    "beside",
    [
        pytest.param(b"def f():\n    return 3\n", id="twice"),
        pytest.param(b"if X:\n    y = 1\n", id="with-statements"),
    ],
)
def test_what_may_mean_several_things_is_not_given_alone(beside: bytes) -> None:
    """Which of two definitions of a name holds, and what stands below one, is for the whole file to say."""
    old, new = b"def f():\n    return 1\n", b"def f():\n    return 2\n"
    assert segments.versions(segments.difference(old, new))
    assert not segments.versions(segments.difference(old, new + beside))


def test_a_block_after_a_class_is_no_part_of_it() -> None:
    """A function in an ``if`` below a class is not taken for a method of the class."""
    old = b"class A:\n    def a(self):\n        return 0\n\n\nif X:\n    def f():\n        return 1\n"
    parts = segments.difference(old, old.replace(b"return 1", b"return 2"))
    assert {place for place, _ in definitions(parts.new) - definitions(parts.old)} == {""}


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        pytest.param(b"a\r\nb\r", b"a\nb\n", id="line-ends"),
        pytest.param(b"\xef\xbb\xbfa\n", b"a\n", id="byte-order-mark"),
        pytest.param(b"# coding: latin-1\n'\xe9'", b"# coding: utf-8\n'\xc3\xa9'", id="encoding"),
        pytest.param(
            b"#!x\n# -*- coding: cp1252 -*-\n'\xe9'", b"#!x\n# -*- coding: utf-8 -*-\n'\xc3\xa9'", id="second-line"
        ),
        pytest.param(b"#\n#\n# coding: latin-1\n'\xe9'", b"#\n#\n# coding: latin-1\n'\xe9'", id="third-line"),
        pytest.param(b"x\n# coding: latin-1\n'\xe9'", b"x\n# coding: latin-1\n'\xe9'", id="after-code"),
        pytest.param(b"# coding: nosuch\n'\xe9'", b"# coding: nosuch\n'\xe9'", id="unknown-encoding"),
        pytest.param(b"# coding: rot13\n'\xe9'", b"# coding: rot13\n'\xe9'", id="no-encoding-of-text"),
        pytest.param(b"# coding: ascii\n'\xe9'", b"# coding: ascii\n'\xe9'", id="not-in-it"),
    ],
)
def test_what_makes_no_difference_to_python_is_levelled(text: bytes, wanted: bytes) -> None:
    """Windows and old Mac line ends, a byte order mark, the encoding: each piece is parsed by itself."""
    assert segments.clean(text) == wanted


@pytest.mark.parametrize(
    ("body", "wanted"),
    [
        pytest.param(b"    def __init__(self):\n        pass\n", True, id="constructor"),
        pytest.param(b"    def test(self):\n        pass\n", False, id="none"),
        pytest.param(b'    def test(self):\n        run("""\n    def __init__(self): pass\n""")\n', False, id="quoted"),
        pytest.param(
            b'    TEXT = """\ndef f(): pass\n"""\n\n    def __new__(cls):\n        pass\n', True, id="below-quotes"
        ),
        pytest.param(
            b"    def test(self):\n        class B:\n            def __init__(self): pass\n", False, id="inner"
        ),
        pytest.param(b"    x = 1\n    if x:\n        def __init__(self): pass\n", True, id="in-a-block"),
        pytest.param(
            b"    if X:\n        def a(self): pass\n\n    def __init__(self): pass\n", True, id="below-a-block"
        ),
        pytest.param(b"    pass\n\n\nclass B:\n    def __init__(self):\n        pass\n", False, id="of-the-next-class"),
    ],
)
def test_a_constructor_is_seen_in_the_text(body: bytes, wanted: bool) -> None:
    """Only where it stands in the class itself and in no string, as in a test of a tool that reads Python."""
    assert segments.may_construct(b"import os\n\n\nclass A:\n" + body, "A") is wanted
    assert not segments.may_construct(b"class A:\n    pass\n", "A")
