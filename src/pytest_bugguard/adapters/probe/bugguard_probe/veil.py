"""Which code stands for a file of the tree, whatever can be read there? PYTEST_DONT_REWRITE.

Old code behind new text, in the dress of the new one: a test that is red over what the source does is still red, one
that looks at how it is written, or at what is there, is not, whoever looks: a helper, another program, a thread.
"""

from __future__ import annotations

import os
import sys
from importlib.machinery import SourceFileLoader
from typing import TYPE_CHECKING

from . import start

if TYPE_CHECKING:
    from collections.abc import Mapping
    from types import CodeType

    from .places import Places

_SEP = os.sep
_getframe = sys._getframe  # noqa: SLF001 - there is no other way to see who asks
_realpath = os.path.realpath


class Veil:
    """The texts that are compiled instead of those in the tree."""

    def __init__(self, places: Places, texts: Mapping[str, bytes]) -> None:
        self._places = places
        self._texts = {path.replace("/", _SEP): text for path, text in texts.items()}
        self._own: set[CodeType] = set()

    def draw(self) -> None:
        """Let whoever loads one of these files as a module, by its name or by its path, get the other text's code."""
        if not self._texts:
            return
        plain = SourceFileLoader.get_code

        def get_code(loader: SourceFileLoader, fullname: str) -> CodeType | None:
            path = self._places.in_tree(_realpath(loader.path)) or ""
            text = self._texts.get(path)
            if text is None:
                return plain(loader, fullname)
            start.witness.hand_out(path.replace(_SEP, "/"), _getframe(1))
            code = _compiled(text, loader, path.replace(_SEP, "/"))
            self._own.add(code)
            return code

        SourceFileLoader.get_code = get_code  # type: ignore[method-assign,assignment]

    def is_bared(self, path: str, code: CodeType | None) -> bool:
        """Whether a file's own text is run, though another one stands for it."""
        return path.replace("/", _SEP) in self._texts and (code is None or code not in self._own)


def _compiled(text: bytes, loader: SourceFileLoader, path: str) -> CodeType:
    """The text in the dress of the file, neither read from the cache of bytecode nor written there.

    A dress that cannot be made is told, whoever's fault it is: without it nothing is seen.
    """
    code: CodeType
    try:
        from .dress import dressed  # noqa: PLC0415 - for one run of several

        code = compile(dressed(text, loader.get_data(loader.path)), loader.path, "exec", dont_inherit=True)
    except Exception as error:  # noqa: BLE001 - whatever it is
        code = compile(text, loader.path, "exec", dont_inherit=True)  # what is no Python fails as it always did
        start.witness.undressed(path, error)
    return code
