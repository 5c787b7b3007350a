"""News sent to a receiver on this machine: what arrives, what never does, and what happens where nobody answers."""

from __future__ import annotations

import importlib
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Any, NamedTuple

import pytest

from pytest_bugguard.adapters import webhook
from pytest_bugguard.adapters.webhook import TOKEN, WebhookError
from pytest_bugguard.assembly.webhook import send
from pytest_bugguard.assembly.workshop import open_workshop
from pytest_bugguard.core.errors import BugguardError
from pytest_bugguard.core.model import Verdict
from tests.samples import HOSTILE, fix, result_of
from tests.shell import Shell
from tests.story import story

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pytest_bugguard.core.results import Result


STORY = """\
commit: feat: it begins
  file: shop.py
    x = 1
commit: fix: one too few
  file: shop.py
    x = 2
"""


class Received(NamedTuple):
    """One request."""

    path: str
    token: str | None
    body: dict[str, Any]


class Receiver(NamedTuple):
    """A server, and what it was sent."""

    address: str
    received: list[Received]


@contextmanager
def receiver(status: int = 204) -> Iterator[Receiver]:
    """A server on the loopback interface that answers everything with a status."""
    received: list[Received] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            received.append(Received(self.path, self.headers["Authorization"], body))
            self.send_response(status)
            if status == 302:
                self.send_header("Location", "/elsewhere")
            self.end_headers()
            if status == 200:
                self.wfile.write(b"ok")  # as Slack does

        def log_message(self, *_: object) -> None:
            """Keep the test's output clean."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
        thread.start()
        yield Receiver(f"http://127.0.0.1:{server.server_port}", received)
        server.shutdown()
        thread.join()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("no_proxy", "*")


@pytest.fixture
def sent(tmp_path: Path) -> Callable[[Result, str], str]:
    """Sends the news of a result, out of a repository and with a list of what was told."""
    repo = story(tmp_path / "shop", "commit: feat: it begins\n  file: a.py\n    x = 1\n")

    def send_it(result: Result, address: str) -> str:
        with open_workshop(repo.path) as workshop:
            return send(workshop, result, address, state=tmp_path / "told.json")

    return send_it


def test_a_report_sends_its_news_and_prints_as_ever(tmp_path: Path) -> None:
    """By the command line: the result on standard output, what was sent on standard error."""
    repo = story(tmp_path / "shop", STORY)
    with receiver() as server:
        arguments = (
            "report",
            "--format",
            "json",
            "--webhook",
            server.address,
            "--webhook-state",
            tmp_path / "told.json",
        )
        done = [Shell(repo.path).call(*map(str, arguments)) for _ in range(2)]
    assert [(one.code, one.err) for one in done] == [
        (0, "1 new sent to the webhook\n"),
        (0, "nothing new for the webhook (1 told before)\n"),
    ]
    assert done[0].document["command"] == "report"
    (body,) = [one.body for one in server.received]
    assert body["text"].splitlines()[2].startswith("- ")
    assert "fix: one too few: brings no test; next: " in body["text"]


def many(*numbers: int, verdict: Verdict = Verdict.UNGUARDED) -> Result:
    return result_of(*(fix(verdict, number) for number in numbers))


def test_only_what_is_new_is_sent(sent: Callable[[Result, str], str]) -> None:
    """First all of it, grouped and in short; then nothing; then the one that came, with how many went."""
    with receiver() as server:
        said = [sent(many(*numbers), server.address) for numbers in [range(1, 9), range(1, 9), range(2, 10)]]
    assert said == [
        "8 new sent to the webhook",
        "nothing new for the webhook (8 told before)",
        "1 new sent to the webhook",
    ]
    first, second = (one.body for one in server.received)
    assert (first["new"], first["gone"], len(first["groups"][0]["findings"])) == (8, 0, 8)
    assert first["text"].splitlines()[:2] == ["bugguard: 8 new", "fixes/unguarded: 8"]
    assert first["text"].splitlines()[-1] == "- and 3 more"
    assert (second["new"], second["gone"], second["head"]) == (1, 1, "9" * 40)


def test_what_cannot_be_remembered_is_told_again(tmp_path: Path) -> None:
    """A file where a folder should be: the news arrive, and the reader is told why they will come once more."""
    repo = story(tmp_path / "shop", STORY)
    (tmp_path / "file").write_text("")
    with receiver() as server, open_workshop(repo.path) as workshop:
        said = send(workshop, many(1), server.address, state=tmp_path / "file" / "told.json")
    assert said.startswith("1 new sent to the webhook; it will be told again, since ")
    assert len(server.received) == 1


def test_a_list_of_what_was_told_has_to_be_one(tmp_path: Path) -> None:
    """A file that the user names is not overwritten because it cannot be read."""
    repo = story(tmp_path / "shop", STORY)
    (tmp_path / "told.json").write_text("[]")
    with receiver() as server, open_workshop(repo.path) as workshop, pytest.raises(BugguardError, match="is no list"):
        send(workshop, many(1), server.address, state=tmp_path / "told.json")
    assert server.received == []


@pytest.mark.parametrize("status", [302, 403, 500])
def test_what_did_not_arrive_is_told_next_time(sent: Callable[[Result, str], str], status: int) -> None:
    """An error of the receiver, a redirect among them, leaves everything untold, and shows no address."""
    with receiver(status) as server, pytest.raises(WebhookError, match=f"127.0.0.1 answers {status}") as failure:
        sent(many(1), f"{server.address}/hook-with-a-secret")
    assert "secret" not in str(failure.value)
    assert [one.path for one in server.received] == ["/hook-with-a-secret"]
    with receiver() as server:
        assert sent(many(1), server.address) == "1 new sent to the webhook"


def test_nobody_there_is_told_in_one_line(sent: Callable[[Result, str], str]) -> None:
    """A port that was just given back."""
    with receiver() as server:
        address = server.address
    with pytest.raises(WebhookError, match=r"127\.0\.0\.1 cannot be reached: "):
        sent(many(1), address)


def test_secrets_come_from_the_environment(
    sent: Callable[[Result, str], str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Variables in the address, and the token; neither is written down."""
    monkeypatch.setenv("HOOK", "s3cret")
    monkeypatch.setenv(TOKEN, "t0ken")
    with receiver() as server:
        sent(many(1), f"{server.address}/${{HOOK}}/$HOOK")
    assert [(one.path, one.token) for one in server.received] == [("/s3cret/s3cret", "Bearer t0ken")]
    assert "s3cret" not in (tmp_path / "told.json").read_text()


@pytest.mark.parametrize(
    ("address", "message"),
    [
        ("https://hooks.example.org/$NOT_SET_ANYWHERE", "the variable NOT_SET_ANYWHERE is not set"),
        ("https://me:word@hooks.example.org/$HOME", "a password stands in the address"),
        ("http://hooks.example.org/", "http:// sends in the clear"),
    ],
)
def test_an_address_that_would_leak_is_refused(sent: Callable[[Result, str], str], address: str, message: str) -> None:
    """Before anything is sent."""
    with pytest.raises(WebhookError, match=message):
        sent(many(1), address)


def test_hostile_texts_mention_nobody(sent: Callable[[Result, str], str]) -> None:
    """No mention, link or control character of a commit message reaches the chat."""
    hostile = result_of(*(fix(number=number, subject=text) for number, text in enumerate(HOSTILE, start=1)))
    with receiver() as server:
        sent(hostile, server.address)
    (body,) = [one.body for one in server.received]
    assert "@everyone" not in body["text"]
    assert "<script" not in body["text"]
    assert not set(body["text"]) & {"\x1b", "\u202e", "\r", "\u2028"}


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # Apprise's own import
def test_a_chat_is_told_through_apprise(sent: Callable[[Result, str], str]) -> None:
    """``json://`` is Apprise's own scheme for a receiver of this kind."""
    pytest.importorskip("apprise", reason="the extra [chat] is not installed")
    with receiver(200) as server:
        sent(many(1), server.address.replace("http://", "json://"))
    (body,) = [one.body for one in server.received]
    assert body["title"] == "bugguard: 1 new"
    assert body["message"].startswith("fixes/unguarded: 1")


TOKEN_OF_24, TOKEN_OF_64 = "a" * 24, "a" * 64
CHATS = [
    pytest.param("slack://TAAAAAAAA/BAAAAAAAA/" + TOKEN_OF_24, "slack", "webhook_url", id="slack"),
    pytest.param("discord://123456789/" + TOKEN_OF_64, "discord", "notify_url", id="discord"),
    pytest.param("gchat://workspace/key/token", "google_chat", "notify_url", id="google-chat"),
    pytest.param("mmost://HERE/" + TOKEN_OF_24, "", "", id="mattermost"),
    pytest.param("rocket://" + TOKEN_OF_24 + "/" + TOKEN_OF_64 + "@HERE/general", "", "", id="rocket-chat"),
    pytest.param("matrix://" + TOKEN_OF_64 + "@HERE?mode=slack", "", "", id="matrix"),
]


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # Apprise's own import
@pytest.mark.parametrize(("address", "module", "url"), CHATS)
def test_each_chat_gets_the_news_in_its_own_format(
    sent: Callable[[Result, str], str], monkeypatch: pytest.MonkeyPatch, address: str, module: str, url: str
) -> None:
    """By its library; the servers of some are nowhere else, so that their address is changed in it."""
    pytest.importorskip("apprise", reason="the extra [chat] is not installed")
    with receiver(200) as server:
        if module:
            kind = next(
                one for name, one in vars(importlib.import_module(f"apprise.plugins.{module}")).items()
                if name.lower() == f"notify{module.replace('_', '')}"
            )  # fmt: skip
            monkeypatch.setattr(kind, url, server.address)
        sent(many(1), address.replace("HERE", server.address.removeprefix("http://")))
    body = json.dumps([one.body for one in server.received])
    assert "bugguard: 1 new" in body
    assert "fixes/unguarded: 1" in body


@pytest.mark.filterwarnings("ignore:'imghdr' is deprecated:DeprecationWarning")  # Apprise's own import
def test_an_address_that_nobody_knows_says_what_there_is(sent: Callable[[Result, str], str]) -> None:
    """A scheme that Apprise has not."""
    pytest.importorskip("apprise", reason="the extra [chat] is not installed")
    with pytest.raises(WebhookError, match="carrier-pigeon is no address"):
        sent(many(1), "carrier-pigeon://coop")


def test_variables_are_put_in_whole() -> None:
    """With and without braces, and only where a name follows the sign."""
    assert webhook.expanded("https://h/$A/${A}b/$", {"A": "1"}) == "https://h/1/1b/$"
