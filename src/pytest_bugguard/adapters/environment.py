"""What a run of tests depends on besides the code: the Python, the platform, what is installed."""

from __future__ import annotations

import platform
import re
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from pytest_bugguard.core.receipts import Environment

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

_METADATA = re.compile(r"(?P<name>[^-]+)(?:-(?P<version>[^-]+))?(?:-py[\d.]+)?(?:-.*)?\.(?:dist|egg)-info")
_SITES = frozenset({"site-packages", "dist-packages"})
_URL = re.compile(rb'"url"\s*:\s*"(file:[^"]*)"')


def environment(top: Path | None, search_path: Sequence[str] = ()) -> Environment:
    """The environment of this process.

    Args:
        top: The repository's top level. What is installed from it is the code itself, and no part of this.
        search_path: Where distributions are looked for, in the place of ``sys.path``.
    """
    found = {
        (match["name"].lower().replace("_", "-").replace(".", "-"), match["version"] or "")
        for folder in map(Path, search_path or sys.path)
        if not _is_source(folder, top)
        for match in _distributions(folder, top)
    }
    return Environment(
        python=f"{platform.python_implementation()} {platform.python_version()}",
        platform=f"{sys.platform} {platform.machine()}",
        distributions=tuple(sorted(found)),
    )


def _is_source(folder: Path, top: Path | None) -> bool:
    """Whether a folder of the search path is the project's own; a virtual environment may lie in it too."""
    return top is not None and folder.is_relative_to(top) and not _SITES.intersection(folder.parts)


def _distributions(folder: Path, top: Path | None) -> Iterator[re.Match[str]]:
    """By the names of their metadata folders: to read the metadata takes twenty times as long."""
    entries: Iterable[Path] = ()
    with suppress(OSError):
        entries = list(folder.iterdir())
    for entry in entries:
        match = _METADATA.fullmatch(entry.name)
        if match and not (top is not None and _is_installed_from(entry, top)):
            yield match


def _is_installed_from(metadata: Path, top: Path) -> bool:
    """Whether a distribution was installed from a folder of the repository (PEP 610)."""
    with suppress(OSError, ValueError):
        if match := _URL.search((metadata / "direct_url.json").read_bytes()):
            place = Path(unquote(urlsplit(match[1].decode()).path))
            return place.is_relative_to(top)
    return False
