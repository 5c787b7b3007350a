"""Where does a server show a commit or a file? The address that the settings give, to links. Pure; no I/O."""

from __future__ import annotations

import re
from typing import NamedTuple

from msgspec import Struct

from pytest_bugguard.core.paths import raw


class Shape(NamedTuple):
    """What a kind of server appends to the address of a repository."""

    commit: str
    """A commit id follows."""
    file: str
    """A commit id follows, ``/`` and the path."""
    line: str
    """After the path, before the number of a line."""


SHAPES = {
    "github": Shape("/commit/", "/blob/", "#L"),
    "gitlab": Shape("/-/commit/", "/-/blob/", "#L"),
    "bitbucket": Shape("/commits/", "/src/", "#lines-"),
    "gitea": Shape("/commit/", "/src/commit/", "#L"),
}
"""By the kind of server; ``bitbucket`` is the one in the cloud, ``gitea`` serves for Forgejo too."""
_KINDS = {**{name: name for name in SHAPES}, "forgejo": "gitea", "codeberg": "gitea"}
"""The kind of server by a word in its name."""
_ADDRESS = re.compile(
    r"(?:(?P<kind>[a-z]+)\+)?(?P<page>https://(?P<host>[a-z0-9.-]+(?::[0-9]{1,5})?)(?:/[\w.~-]+?)+?)(?:\.git)?/?",
    re.ASCII | re.IGNORECASE,
)


_UNRESERVED = frozenset(b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/")


class NoAddressError(ValueError):
    """A text is no address that links can be made of; the message tells what it needs."""


class Web(Struct, frozen=True):
    """A repository on a server."""

    address: str
    """``https://github.com/acme/shop``, without a slash at its end."""
    kind: str
    """A key of ``SHAPES``."""

    def __str__(self) -> str:
        """As the setting and the JSON have it."""
        return f"{self.kind}+{self.address}" if _kind_of(self.address) != self.kind else self.address

    @property
    def shape(self) -> Shape:
        """What its kind appends."""
        return SHAPES[self.kind]

    def commit(self, sha: str) -> str:
        """The page of a commit."""
        return f"{self.address}{self.shape.commit}{sha}"

    def file(self, path: str, at: str, line: int | None = None) -> str:
        """The page of a file as it is in a commit. ``path``: as git has it, with ``surrogateescape``."""
        place = f"{self.address}{self.shape.file}{at}/{_encoded(raw(path))}"
        return f"{place}{self.shape.line}{line}" if line else place


def web_of(text: str) -> Web:
    """Read an address: ``https://HOST/PATH``, with ``KIND+`` before it where the host's name does not tell the kind.

    Raises:
        NoAddressError: It is none: another scheme, a user or a query in it, a server of which nothing is known.
    """
    found = _ADDRESS.fullmatch(text)
    if found is None:
        raise NoAddressError("needs https://HOST/PATH, for example https://github.com/acme/shop")
    kind = _kind_of(found["page"]) if found["kind"] is None else found["kind"]
    if kind not in SHAPES:
        named = ", ".join(f"{name}+https://" for name in SHAPES)
        raise NoAddressError(f"does not tell the kind of its server: begin it with one of {named}")
    return Web(found["page"], kind)


def _encoded(path: bytes) -> str:
    """Percent-encoded but for what RFC 3986 reserves for nothing, and the slashes."""
    return "".join(chr(byte) if byte in _UNRESERVED else f"%{byte:02X}" for byte in path)


def _kind_of(address: str) -> str:
    host = address.removeprefix("https://").partition("/")[0].lower()
    return next((kind for word, kind in _KINDS.items() if word in host), "")
