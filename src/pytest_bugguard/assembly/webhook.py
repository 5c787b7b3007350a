"""News of a result, sent to a webhook: only what was not told there before, and told once it has arrived."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING

import platformdirs

from pytest_bugguard.adapters import audit_cache, files, webhook
from pytest_bugguard.core import news
from pytest_bugguard.core.errors import BugguardError
from pytest_bugguard.report import news as written

if TYPE_CHECKING:
    from pathlib import Path

    from pytest_bugguard.assembly.workshop import Workshop
    from pytest_bugguard.core.results import Result


def send(workshop: Workshop, result: Result, address: str, *, state: Path | None) -> str:
    """Tell what is new, and say how it went.

    Args:
        workshop: The repository that the result is of.
        result: What may be told.
        address: Where to, as the user wrote it: with the names of variables in it.
        state: The file with what was told; None: one in the user's cache, for this repository and address.

    Raises:
        WebhookError: It could not be sent; nothing counts as told then.
    """
    target = webhook.expanded(address, os.environ)
    place = state or _place(str(workshop.repository.common_dir), address)
    items = written.items(result)
    found = news.since(_told(place, is_ours=state is None), items)
    if not found.count:
        return f"nothing new for the webhook ({len(items)} told before){_keep(place, items)}"
    if webhook.is_web(target):
        webhook.post(target, written.document(found, result.repository.head), os.environ)
    else:
        webhook.notify(target, written.title(found), written.text(found))
    return f"{found.count} new sent to the webhook{_keep(place, items)}"


def _place(repository: str, address: str) -> Path:
    name = audit_cache.key(repository, address)
    return platformdirs.user_cache_path("bugguard", appauthor=False) / f"told-{name}.json"


def _told(place: Path, *, is_ours: bool) -> frozenset[str]:
    """The ids that were told; none where the file is not there yet."""
    try:
        told = json.loads(place.read_text(encoding="ascii"))
        return frozenset(told["told"])
    except (FileNotFoundError, NotADirectoryError):
        return frozenset()
    except (OSError, ValueError, KeyError, TypeError):
        if is_ours:
            return frozenset()
        hint = "name another file, or take this one away: everything is then told once more"
        raise BugguardError(f"--webhook-state: {place} is no list of what was told", hint=hint) from None


def _keep(place: Path, items: tuple[news.Item, ...]) -> str:
    """Remember what was told; what is to be said where that fails."""
    told = {"told": sorted({item.id for item in items})}
    try:
        place.parent.mkdir(parents=True, exist_ok=True)
        files.write(place, (json.dumps(told, indent=0) + "\n").encode("ascii"))
    except OSError as error:
        return f"; it will be told again, since {place} cannot be written: {error.strerror}"
    return ""
