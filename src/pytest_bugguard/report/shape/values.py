"""The single values of a document: texts, numbers, moments, paths, and lists of parts."""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from pytest_bugguard.core.paths import unquoted
from pytest_bugguard.report.escape import safe_text

if TYPE_CHECKING:
    from collections.abc import Callable

Part: TypeAlias = Mapping[str, Any]
"""A piece of a document, as it was read from JSON: nothing of it is known yet."""

Loaded = TypeVar("Loaded")


def dump_text(text: str) -> str:
    """Text for reading: JSON escapes what is odd, but a byte that was no UTF-8 has to become visible before."""
    return text if text.isascii() else "".join(safe_text(char) if _is_surrogate(char) else char for char in text)


def _is_surrogate(char: str) -> bool:
    return "\ud800" <= char <= "\udfff"


def load_text(value: object) -> str:
    """A text; another kind of value is none."""
    if not isinstance(value, str):
        raise TypeError(value)
    return value


def load_path(value: object) -> str:
    """A path or a node id, as it is, from how it was spelt."""
    return unquoted(load_text(value))


def load_moment(moment: str) -> int:
    """Seconds since the epoch."""
    return int(dt.datetime.fromisoformat(moment).timestamp())


def dump_rounded(value: float | None) -> float | None:
    """A measured number, to six places."""
    return None if value is None else round(value, 6)


def load_number(value: object) -> int | float:
    """A number; true and false are none."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(value)
    return value


def load_if_any(load: Callable[[Any], Loaded], value: object) -> Loaded | None:
    """What is loaded from a value that may be ``null``."""
    return None if value is None else load(value)


def load_all(load: Callable[[Any], Loaded], values: object) -> tuple[Loaded, ...]:
    """What is loaded from each value of a list; another kind of container is none."""
    if not isinstance(values, list):
        raise TypeError(values)
    return tuple(map(load, values))


def load_texts(values: object) -> tuple[str, ...]:
    """A list of texts."""
    return load_all(load_text, values)
