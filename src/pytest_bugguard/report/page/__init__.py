"""A result as one page that opens from disk: it loads nothing, and runs one script, its own.

The page is a function of the JSON document, so one that was stored renders as one that was just found out. It carries
its data as JSON in an element that no browser runs; the worst rows of each table stand there as plain HTML besides,
for whoever reads without scripts. The script draws the same rows from the data, and both ways of drawing follow one
list of columns (``tables.py``).
"""

from __future__ import annotations

import base64
import hashlib
import json
from importlib import resources
from typing import TYPE_CHECKING, Any

import jinja2

from pytest_bugguard.report.escape import safe_text
from pytest_bugguard.report.page import cells, chart, evidence, refs, sections
from pytest_bugguard.report.page.opening import opening
from pytest_bugguard.report.page.tables import packed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pytest_bugguard.report.page.refs import Links
    from pytest_bugguard.report.page.tables import Table

STATIC_ROWS = 20
"""Of each table, that stand there without a script."""


def to_html(document: Mapping[str, Any]) -> str:
    """The page of a document in the shape of ``schema/bugguard-1.schema.json``: same document, same bytes."""
    style, script = _read("page.css"), _read("page.js")
    document = _safe(document)
    links = refs.links_of(document["repository"])
    tables = sections.tables_of(document)
    counted = evidence.of_fixes(tables[0])
    return (
        _environment(links)
        .get_template("page.html")
        .render(
            opening=opening(document, tables, counted),
            chart=chart.of_trend(document["trend"], counted),
            quarters=chart.table_of(document["trend"], counted),
            tables=tables,
            static=STATIC_ROWS,
            web=links.web,
            policy=_policy(style, script),
            style=style,
            script=script,
            data=_data(tables, links),
        )
    )


def _safe(value: Any) -> Any:  # noqa: ANN401 - whatever JSON holds
    """Nothing invisible, nothing that runs backwards, no line feed and no tab: those are ours, to part a cell with."""
    if isinstance(value, str):
        is_plain = value.isascii() and value.isprintable() and "##" not in value and value.lstrip()[:2] != "::"
        return value if is_plain else safe_text(value.replace("\n", " "))
    if isinstance(value, list):
        return [_safe(one) for one in value] if value else value
    return {key: _safe(one) for key, one in value.items()} if isinstance(value, dict) else value


def _environment(links: Links) -> jinja2.Environment:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pytest_bugguard.report", "page"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters |= {**cells.FILTERS, "pieces": links.pieces, "plain": evidence.plain}
    return environment


def _read(name: str) -> str:
    return resources.files(__name__).joinpath(name).read_text(encoding="utf-8")


def _policy(style: str, script: str) -> str:
    """Nothing is loaded, sent or framed, and only what stands here styles or runs: even if an escape were missing."""
    return (
        f"default-src 'none'; style-src '{_digest(style)}'; script-src '{_digest(script)}'; "
        "base-uri 'none'; form-action 'none'"
    )


def _digest(text: str) -> str:
    return f"sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}"


def _data(tables: tuple[Table, ...], links: Links) -> str:
    """The tables as JSON that cannot end the element it stands in."""
    text = json.dumps(
        {"tones": cells.TONES, "web": links.packed(), "tables": {table.id: packed(table) for table in tables}},
        separators=(",", ":"),
        allow_nan=False,
    )
    return text.replace("&", r"\u0026").replace("<", r"\u003c").replace(">", r"\u003e")
