r"""How is a path spelt that is no plain text? In quotation marks, as git does (``core.quotePath``). Pure; no I/O."""

from __future__ import annotations

import re

_PRINTABLE = range(0x20, 0x7F)
_C_ESCAPES = {ord("\\"): r"\\", ord('"'): r"\"", ord("\t"): r"\t", ord("\n"): r"\n", ord("\r"): r"\r"}
_PLAIN_ESCAPES = {"a": 7, "b": 8, "t": 9, "n": 10, "v": 11, "f": 12, "r": 13, '"': 34, "\\": 92}
_ESCAPE = re.compile(rb"\\([0-7]{3}|[abtnvfr\"\\])")


def spelt(path: str) -> str:
    r"""A path or node id as JSON spells it, without loss.

    As it is, where it is valid UTF-8. One that is not, or that begins with a quotation mark, is spelt as git spells
    it: in quotation marks, each byte over 0x7F as ``\ooo``. JSON itself has no bytes, and lone surrogates, Python's
    way out, stop strict readers.
    """
    try:
        path.encode()
    except UnicodeEncodeError:
        return quoted(path)
    return quoted(path) if path.startswith('"') else path


def quoted(path: str) -> str:
    """A path as git quotes it."""
    return '"' + "".join(_C_ESCAPES.get(byte) or _c_byte(byte) for byte in raw(path)) + '"'


def unquoted(text: str) -> str:
    """What ``quoted`` or git put into quotation marks; any other text is a path as it stands."""
    if not (len(text) > 1 and text.startswith('"') and text.endswith('"')):
        return text
    return _ESCAPE.sub(_byte, raw(text[1:-1])).decode("utf-8", "surrogateescape")


def raw(path: str) -> bytes:
    """A path's bytes as git has them."""
    try:
        return path.encode(errors="surrogateescape")
    except UnicodeEncodeError:  # a surrogate that stands for no byte: no path of git's, perhaps a test's parameter
        return path.encode(errors="surrogatepass")


def _byte(match: re.Match[bytes]) -> bytes:
    said = match[1].decode("ascii")
    return bytes([_PLAIN_ESCAPES[said] if said in _PLAIN_ESCAPES else int(said, 8) & 0xFF])


def _c_byte(byte: int) -> str:
    return chr(byte) if byte in _PRINTABLE else f"\\{byte:03o}"
