"""How text from a repository is made harmless for each place where it is shown.

Names, subjects and messages are written by whoever can open a pull request. They may hold terminal sequences, text
that runs backwards, or a line that a CI server takes for a command. ``safe_text`` is for every sink; the functions
below it add what one format needs besides.
"""

from __future__ import annotations

import re

_INVISIBLE = re.compile(
    "["
    "\x00-\x1f\x7f-\x9f"  # C0, DEL, C1: they steer terminals, CR and LF among them
    "\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180e"  # soft hyphen, joiners and fillers without a shape
    "\u200b-\u200f\u2060-\u206f\ufeff\u3164\uffa0"  # zero width, marks of direction, isolates
    "\u2028-\u202e"  # line and paragraph separators, embeddings and overrides
    "\ud800-\udfff"  # lone surrogates: bytes that were no UTF-8
    "\ufff9-\ufffb\ufffe\uffff"  # interlinear annotation, noncharacters
    "\U00013430-\U0001345f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"  # controls of hieroglyphs, shorthand, music
    "\U000e0000-\U000e0fff"  # tags and more selectors: text in text that nobody sees
    "]"
)
# GitHub's runner takes `##[` anywhere in a line for a command, and `::` after blanks at its start
# (actions/runner, src/Runner.Common/ActionCommand.cs); Azure's agent takes `##vso[` anywhere, TeamCity `##teamcity[`.
_HASH_COMMAND = re.compile(r"##(?=\w*\[)")
_COLON_COMMAND = re.compile(r"\A(\s*)::")
_BYTES = range(0xDC80, 0xDD00)  # what `surrogateescape` makes of bytes over 0x7F


def safe_text(text: str) -> str:
    r"""Text that may be printed anywhere: one line, nothing invisible, no CI command.

    Control characters, marks of direction, zero-width characters, separators and lone surrogates become visible
    escapes such as ``\x1b`` and ``\u202e``; a byte that was no UTF-8 becomes ``\xff``. It is for reading: a
    backslash stays what it is, so the text cannot be turned back.
    """
    visible = _INVISIBLE.sub(_escaped, text)
    return _COLON_COMMAND.sub(r"\1\\x3a:", _HASH_COMMAND.sub(r"#\\x23", visible))


def _escaped(match: re.Match[str]) -> str:
    char = match[0]
    byte = ord(char) - _BYTES.start
    return f"\\x{byte + 0x80:02x}" if ord(char) in _BYTES else char.encode("unicode_escape").decode()


_MARKUP = re.compile(
    r"[\\`*_{}\[\]<>()+!|~&$:^=@#]"
    r"|(?<=\w)\.(?=\w)"  # bare addresses
    r"|(?<!\w)[-.]|(?<=\d)\."  # lists, rules
    r"|(?<=\bGH)-",
    re.IGNORECASE,
)
_REFERENCES = frozenset("@#-")


def markdown(text: str) -> str:
    """Text for a Markdown table or list: no code, link, image, HTML, bare address, mention or issue reference.

    What Markdown could read is written as a character reference. For ``@user``, ``#1`` and ``GH-1`` that is not
    enough: GitHub looks for them in the finished page. A zero-width space, which it does not look through, parts them.
    """
    return _MARKUP.sub(_character_reference, safe_text(text))


def _character_reference(match: re.Match[str]) -> str:
    return f"&#{ord(match[0])};" + ("&#8203;" if match[0] in _REFERENCES else "")


def markdown_code(text: str) -> str:
    """Text as Markdown code, in a table too."""
    safe = safe_text(text)
    if "`" in safe or "|" in safe or safe != safe.strip():
        return f"<code>{markdown(text)}</code>"
    return f"`{safe}`" if safe else ""


def chat(text: str) -> str:
    """Text for a chat: nobody is mentioned and nothing is linked by it. A zero-width space parts the signs for that."""
    return re.sub(r"([@<#])", "\\1\u200b", safe_text(text))


def github_data(text: str) -> str:
    """The message of a GitHub workflow command."""
    return safe_text(text).replace("%", "%25")


def github_property(text: str) -> str:
    """The value of a property of a GitHub workflow command."""
    return github_data(text).replace(":", "%3A").replace(",", "%2C")


def azure_data(text: str) -> str:
    """The message of an Azure Pipelines logging command."""
    return safe_text(text).replace("%", "%AZP25")


def azure_property(text: str) -> str:
    """The value of a property of an Azure Pipelines logging command."""
    return azure_data(text).replace(";", "%3B").replace("]", "%5D")
