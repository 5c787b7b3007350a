"""Which code stands for a file of the tree, whatever can be read there? PYTEST_DONT_REWRITE.

Old code behind new text, in the dress of the new one: a test that is red over what the source does is still red, one
that looks at how it is written, or at what is there, is not, whoever looks: a helper, another program, a thread.
"""

from __future__ import annotations

import os
from importlib.machinery import SourceFileLoader
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping
    from importlib.machinery import ModuleSpec
    from types import CodeType

    from .places import Places

_SEP = os.sep


class Veil:
    """The texts that are compiled instead of those in the tree."""

    def __init__(self, places: Places, texts: Mapping[str, bytes]) -> None:
        self._places = places
        self._texts = {path.replace("/", _SEP): text for path, text in texts.items()}
        self._own: set[CodeType] = set()

    def drawn(self, spec: ModuleSpec | None) -> ModuleSpec | None:
        """The same spec; where another text stands for its file, with a loader that compiles that."""
        if spec is not None and self._texts and type(spec.loader) is SourceFileLoader:
            text = self._texts.get(self._places.in_tree(os.path.realpath(spec.loader.path)) or "")
            if text is not None:
                spec.loader = _Loader(spec.name, spec.loader.path, text, self._own)
        return spec

    def is_bared(self, path: str, code: CodeType | None) -> bool:
        """Whether a file's own text is run, though another one stands for it."""
        return path.replace("/", _SEP) in self._texts and (code is None or code not in self._own)


class _Loader(SourceFileLoader):
    """Loads a module from a text; all else that it is asked for is the file's."""

    def __init__(self, name: str, path: str, text: bytes, own: set[CodeType]) -> None:
        super().__init__(name, path)
        self._text = text
        self._own = own

    def get_code(self, fullname: str) -> CodeType:  # noqa: ARG002 - as the import system calls it
        """Neither read from the cache of bytecode nor written there."""
        code = self._compiled()
        self._own.add(code)
        return code

    def _compiled(self) -> CodeType:
        from .dress import dressed  # noqa: PLC0415 - for one run of several

        try:
            return compile(dressed(self._text, self.get_data(self.path)), self.path, "exec", dont_inherit=True)
        except (SyntaxError, ValueError, RecursionError):  # in other dress it is no Python
            return compile(self._text, self.path, "exec", dont_inherit=True)
