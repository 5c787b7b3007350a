"""Sends news to an address that the user names, and nowhere else: the one place that speaks HTTP.

An address may hold ``$NAME`` or ``${NAME}``, which is read from the environment: so a secret stands in no shell
history, no process list and no file. Redirects are not followed: they would carry the token to somebody else.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError, URLError
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from pytest_bugguard.core.errors import BugguardError

if TYPE_CHECKING:
    from collections.abc import Mapping

TOKEN = "BUGGUARD_WEBHOOK_TOKEN"  # noqa: S105 - the name of a variable
_LIMIT_S = 20
_VARIABLE = re.compile(r"\$(?:\{(?P<braced>\w+)\}|(?P<plain>\w+))")
_HERE = frozenset({"localhost", "127.0.0.1", "::1"})


class WebhookError(BugguardError):
    """News could not be sent; they count as not told, and go with the next ones."""

    slug = "webhook"
    hint = "nothing was marked as told: run it again once the receiver answers"


class _NoRedirect(HTTPRedirectHandler):
    def redirect_request(self, *_: Any, **__: Any) -> None:  # noqa: ANN401 - urllib's own signature is longer
        return None


def expanded(address: str, environment: Mapping[str, str]) -> str:
    """The address with its variables put in.

    Raises:
        WebhookError: A variable is not set, or a password stands in the address itself.
    """
    if "$" not in (urlsplit(address).password or "$"):
        hint = "put it into a variable, and write $NAME in its place"
        raise WebhookError("--webhook: a password stands in the address, where others can read it", hint=hint)

    def value(match: re.Match[str]) -> str:
        name = match["braced"] or match["plain"]
        if not environment.get(name):
            raise WebhookError(f"--webhook: the variable {name} is not set", hint=f"export {name}=...")
        return environment[name]

    return _VARIABLE.sub(value, address)


def is_web(address: str) -> bool:
    """Whether it takes plain JSON by HTTP; every other scheme is that of a chat."""
    return urlsplit(address).scheme in {"http", "https"}


def post(address: str, body: bytes, environment: Mapping[str, str]) -> None:
    """Send a JSON document by POST, with the token of the environment if there is one.

    Raises:
        WebhookError: It did not arrive; the address is not shown, since it may be a secret.
    """
    where = urlsplit(address)
    if where.scheme == "http" and where.hostname not in _HERE:
        raise WebhookError("--webhook: http:// sends in the clear", hint="use https://, or a receiver on this machine")
    headers = {"Content-Type": "application/json", "User-Agent": "pytest-bugguard"}
    if token := environment.get(TOKEN):
        headers["Authorization"] = f"Bearer {token}"
    request = Request(address, data=body, headers=headers, method="POST")  # noqa: S310 - only http and https come here
    try:
        with build_opener(_NoRedirect).open(request, timeout=_LIMIT_S):
            pass
    except HTTPError as error:
        error.close()
        raise WebhookError(f"--webhook: {where.hostname} answers {error.code}") from None
    except (URLError, OSError, ValueError) as error:
        reason = getattr(error, "reason", error)
        raise WebhookError(f"--webhook: {where.hostname} cannot be reached: {reason}") from None


def notify(address: str, title: str, text: str) -> None:
    """Send a text to a chat, by the address that Apprise has for it (https://github.com/caronc/apprise).

    Raises:
        WebhookError: Apprise is not installed, does not know the address, or could not send it.
    """
    try:
        import apprise  # noqa: PLC0415 - an extra, needed for chats alone
    except ImportError:
        hint = "pip install 'pytest-bugguard[chat]'"
        raise WebhookError("--webhook: chats need Apprise, which is not installed", hint=hint) from None
    sender = apprise.Apprise()
    if not sender.add(address):
        hint = "https://..., or an address of https://github.com/caronc/apprise/wiki"
        raise WebhookError(
            f"--webhook: {urlsplit(address).scheme or 'this'} is no address that Apprise knows", hint=hint
        )
    if not sender.notify(title=title, body=text, body_format=apprise.NotifyFormat.TEXT):
        raise WebhookError(f"--webhook: {urlsplit(address).scheme} did not take it")
