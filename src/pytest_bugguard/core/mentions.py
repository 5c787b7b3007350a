"""What does a syntax tree refer to by name? Pure; no I/O."""

from __future__ import annotations

import ast
import re

from msgspec import Struct, field

from pytest_bugguard.core.syntax import walk

_BEGINNING = 6
_PLAIN = re.compile(r"[\w .:,*+-]+", re.ASCII)


class Mentions(Struct):
    """What a tree refers to by name."""

    names: set[str] = field(default_factory=set)
    """Plain names that it reads, and dotted ones: ``utils.run``."""
    stored: set[str] = field(default_factory=set)
    """Names that it assigns to."""
    attributes: set[str] = field(default_factory=set)
    """The last names of its attributes: ``run``."""
    parameters: set[str] = field(default_factory=set)
    texts: set[str] = field(default_factory=set)
    """Strings handed to calls: ``usefixtures("name")``."""


def of(tree: ast.AST) -> Mentions:
    """Everything that a tree refers to by name, in one walk."""
    found = Mentions()
    for node in walk(tree):
        match node:
            case ast.Name(ctx=ast.Load()):
                found.names.add(node.id)
            case ast.Name():
                found.stored.add(node.id)
            case ast.Attribute():
                found.attributes.add(node.attr)
                if isinstance(node.value, ast.Name):
                    found.names.add(f"{node.value.id}.{node.attr}")
            case ast.arg():
                found.parameters.add(node.arg)
            case ast.Call():
                found.texts.update(
                    word.value for word in node.args if isinstance(word, ast.Constant) and isinstance(word.value, str)
                )
    return found


def words(tree: ast.AST) -> frozenset[str]:
    """Every name, attribute and parameter in a tree, and every string in it that could be a name."""
    found: set[str] = set()
    for node in walk(tree):
        match node:
            case ast.Name():
                found.add(node.id)
            case ast.Attribute():
                found.add(node.attr)
            case ast.arg():
                found.add(node.arg)
            case ast.Constant(value=str() as text) if text.isidentifier():
                found.add(text)
    return frozenset(found)


def beginnings(tree: ast.AST) -> frozenset[str]:
    """How the plain texts in a tree begin, as they stand in its source too: without quotes, escapes and line ends."""
    texts = (
        node.value[:_BEGINNING]
        for node in walk(tree)
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and len(node.value) >= _BEGINNING
    )
    return frozenset(text for text in texts if _PLAIN.fullmatch(text))
