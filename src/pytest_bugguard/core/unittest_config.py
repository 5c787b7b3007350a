"""Where does the project have unittest look for tests? Out of setup.py, setup.cfg and tox.ini. Pure; no I/O.

Old projects run ``python setup.py test``: it loads what ``test_suite`` names, modules of any name below that package.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from msgspec import Struct

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

FILES = ("setup.py", "setup.cfg", "tox.ini")
"""The files that are read."""

_NAME = rb"([A-Za-z_][\w.]{0,200})"
_SUITE = {
    "setup.py": re.compile(rb"^[^#\n]{0,500}?\btest_suite\s{0,20}=\s{0,20}[\"']" + _NAME + rb"[\"']", re.MULTILINE),
    "setup.cfg": re.compile(rb"^test_suite[ \t]{0,20}=[ \t]{0,20}" + _NAME + rb"[ \t\r]{0,20}$", re.MULTILINE),
}
_PATTERN = re.compile(
    rb"^[^#\n]{0,200}?\bunittest\b[^#\n]{0,200}?\s(?:-p|--pattern)[ =]?[\"']?([\w.*?\[\]-]{1,100}\.py)\b", re.MULTILINE
)


class UnittestConfig(Struct, frozen=True):
    """What unittest is told."""

    suites: tuple[str, ...] = ()
    """Packages as folders: ``shop/testsuite``, also for ``shop.testsuite.suite``, which is a function in it."""
    patterns: tuple[str, ...] = ()
    """Names of test modules, as ``unittest discover -p`` has them."""


def may_matter(path: str, content: bytes) -> bool:
    """Whether a file can say anything of tests: most versions of a setup.py do not, and each is another one."""
    return path != "setup.py" or b"test_suite" in content


def read(files: Mapping[str, bytes]) -> UnittestConfig:
    """Read what is there; never raises."""
    patterns = (found.decode() for found in _PATTERN.findall(files.get("tox.ini", b"")))
    return UnittestConfig(tuple(dict.fromkeys(_suites(files))), tuple(dict.fromkeys(patterns)))


def _suites(files: Mapping[str, bytes]) -> Iterator[str]:
    for name, pattern in _SUITE.items():
        for found in pattern.findall(files.get(name, b"")):
            package, _, last = found.decode().rpartition(".")
            yield (package if package and last.endswith("suite") else f"{package}.{last}").strip(".").replace(".", "/")
