"""Where a server shows a commit or a file, by the address that the settings give."""

from __future__ import annotations

from urllib.parse import unquote_to_bytes, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_bugguard.core.web import NoAddressError, web_of

SHA = "4f2a91c".ljust(40, "0")


@pytest.mark.parametrize(
    ("address", "commit", "file"),
    [
        pytest.param("https://github.com/acme/shop", "/commit/", "/blob/{}/src/a%20b.py#L4", id="github"),
        pytest.param("https://gitlab.com/acme/sub/shop", "/-/commit/", "/-/blob/{}/src/a%20b.py#L4", id="gitlab"),
        pytest.param("https://bitbucket.org/acme/shop", "/commits/", "/src/{}/src/a%20b.py#lines-4", id="bitbucket"),
        pytest.param("https://codeberg.org/acme/shop", "/commit/", "/src/commit/{}/src/a%20b.py#L4", id="forgejo"),
    ],
)
def test_each_server_has_its_own_addresses(address: str, commit: str, file: str) -> None:
    """Of commits and of lines in files; ``.git`` and a slash at the end are not part of them."""
    for spelling in (address, f"{address}.git", f"{address}/"):
        web = web_of(spelling)
        assert web.commit(SHA) == f"{address}{commit}{SHA}"
        assert web.file("src/a b.py", SHA, 4) == address + file.format(SHA)
        assert web.file("src/a b.py", SHA) == (address + file.format(SHA)).partition("#")[0]


def test_a_host_that_does_not_tell_its_kind_is_told_it() -> None:
    """The kind stands before the address, is kept where it is needed, and overrules the name."""
    assert web_of("gitlab+https://git.acme.com/shop").commit(SHA) == f"https://git.acme.com/shop/-/commit/{SHA}"
    for text in ("gitlab+https://git.acme.com/shop", "gitea+https://github.acme.com/shop"):
        assert str(web_of(text)) == text
    assert str(web_of("github+https://github.com/acme/shop")) == "https://github.com/acme/shop"


@pytest.mark.parametrize(
    "address",
    [
        "", "github.com/acme/shop", "http://github.com/acme/shop", "javascript:alert(1)//https://github.com/a/b",
        "https://user:secret@github.com/acme/shop", "https://github.com/acme/shop?token=1", "https://github.com",
        "https://github.com/a/shop#x", 'https://github.com/a"b/shop', "https://github.com/a b", "git@github.com:a/b",
        "https://git.acme.com/shop", "svn+https://git.acme.com/shop", "https://github.com/a/b\nhttps://x",
    ],
)  # fmt: skip
def test_what_is_no_address_links_nothing(address: str) -> None:
    """Neither another scheme, nor what holds a secret or more than a path, nor a server that nobody knows."""
    with pytest.raises(NoAddressError, match=r"needs https://HOST/PATH|does not tell the kind of its server"):
        web_of(address)


@given(st.binary(min_size=1).filter(lambda path: b"\0" not in path))
def test_any_path_stays_below_the_address(raw: bytes) -> None:
    """It is percent-encoded: nothing of it ends a link, an attribute or a table's cell, and it turns back."""
    link = web_of("https://github.com/acme/shop").file(raw.decode("utf-8", "surrogateescape"), SHA)
    assert link.isascii()
    assert not set(link) & set("\"'<>()|`[] \n?#&")
    assert unquote_to_bytes(urlsplit(link).path) == b"/acme/shop/blob/" + SHA.encode() + b"/" + raw
