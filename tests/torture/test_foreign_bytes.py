"""Whatever bytes strangers hand over, a parser answers or refuses in words: it never falls over."""

from __future__ import annotations

import os

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.torture.parsers import PARSERS, seeds

_EXAMPLES = int(os.environ.get("BUGGUARD_EXAMPLES", "60"))
"""How many spoiled inputs each parser gets; more by hand."""
_WORDS = r"""\ " ' { [ ] } < & 0 -1 1e999 NaN null true : , # %s"""
_ODD = (b"\0", b"\n", b"\r", b" ", b"", b"9" * 5000, b"[" * 300, b"\xed\xa0\x80", b"\xef\xbb\xbf")
_BITS = (*_ODD, *(word.encode() for word in _WORDS.split()))


@st.composite
def _spoiled(draw: st.DrawFn, good: tuple[bytes, ...]) -> bytes:
    """A good input in which something is cut out, doubled or put in, a few times."""
    content = draw(st.sampled_from(good))
    for _ in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(content)))
        end = draw(st.integers(start, min(len(content), start + 40)))
        bit = draw(st.one_of(st.sampled_from(_BITS), st.just(content[start:end] * 2), st.binary(max_size=6)))
        content = content[:start] + bit + content[end:]
    return content


@pytest.mark.parametrize("name", PARSERS)
def test_a_parser_survives_what_is_spoiled(name: str) -> None:
    """It gives an answer, or one of the errors that it promises."""
    parser = PARSERS[name]

    @settings(max_examples=_EXAMPLES, deadline=None, suppress_health_check=list(HealthCheck), print_blob=True)
    @given(_spoiled(seeds(name)))
    def survive(content: bytes) -> None:
        parser.survives(content)

    survive()


@pytest.mark.parametrize("name", PARSERS)
def test_the_examples_are_read(name: str) -> None:
    """The first is a good one: else what is made of it would be refused at the first byte, and try nothing."""
    for seed in seeds(name):
        PARSERS[name].survives(seed)
    assert PARSERS[name].read(seeds(name)[0]) is not None
