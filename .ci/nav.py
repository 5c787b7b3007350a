"""Which pages does the docs site have, on which shelves? Those that ``docs/index.md`` links, under its headings."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mkdocs.config.defaults import MkDocsConfig

_PAGE = re.compile(r"\]\((?P<page>[\w/-]+\.md)\)")


def shelves(index: str) -> list[object]:
    """The index itself, and a list of pages for each of its headings."""
    parts = re.split(r"^## ", index, flags=re.MULTILINE)[1:]
    return ["index.md", *({part.partition("\n")[0]: _PAGE.findall(part)} for part in parts)]


def on_config(config: MkDocsConfig) -> MkDocsConfig:
    """Asked by MkDocs before it builds."""
    config.nav = shelves((Path(config.docs_dir) / "index.md").read_text(encoding="utf-8"))
    return config
