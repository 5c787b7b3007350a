"""News for a webhook: one JSON document for any receiver, and the same as a text for a chat."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pytest_bugguard.core.news import Item
from pytest_bugguard.report import words
from pytest_bugguard.report.escape import chat, safe_text
from pytest_bugguard.report.issues import issues
from pytest_bugguard.report.version import version

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pytest_bugguard.core.news import Group, News
    from pytest_bugguard.core.results import Result

SHOWN = 5
"""Items of a group that are told in full; a chat is no report."""
LISTED = 100
"""Findings of a group in the document: receivers refuse what is long, and the report has them all."""
_LONG = 300


def items(result: Result) -> tuple[Item, ...]:
    """What there is to tell of a result, worst first."""
    return tuple(Item(issue.id, issue.rule, issue.message) for issue in issues(result))


def title(news: News) -> str:
    """``bugguard: 3 new, 1 no longer there``."""
    gone = f", {news.gone} no longer there" if news.gone else ""
    return f"bugguard: {news.count or 'nothing'} new{gone}"


def text(news: News) -> str:
    """The news in a few lines: how many of each kind, and the first ones of it."""
    return "\n".join(line for group in news.groups for line in _group(group))


def _group(group: Group) -> Iterator[str]:
    yield f"{group.name}: {len(group.items)}"
    yield from (f"- {chat(words.cut(item.text, _LONG))}" for item in group.items[:SHOWN])
    if len(group.items) > SHOWN:
        yield f"- and {len(group.items) - SHOWN} more"


def document(news: News, head: str | None) -> bytes:
    """The news as JSON, ASCII throughout: new findings by kind, and a text that chats with plain webhooks show."""
    whole = {
        "schema": 1,
        "tool": {"name": "pytest-bugguard", "version": version()},
        "head": head,
        "new": news.count,
        "gone": news.gone,
        "groups": [
            {
                "name": group.name,
                "count": len(group.items),
                "findings": [
                    {"id": safe_text(item.id), "message": safe_text(item.text)} for item in group.items[:LISTED]
                ],
            }
            for group in news.groups
        ],
        "text": f"{title(news)}\n{text(news)}".rstrip(),
    }
    return (json.dumps(whole, ensure_ascii=True) + "\n").encode()
