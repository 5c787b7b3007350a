"""The JSON document: valid by its schema, the same bytes every time, nothing lost."""

from __future__ import annotations

import json
import re
from typing import Any

import jsonschema
import pytest
from hypothesis import given
from hypothesis import strategies as st

from pytest_bugguard.core.model import Files, Verdict
from pytest_bugguard.core.paths import spelt as spelt_path
from pytest_bugguard.core.results import RepositoryFacts, Result, Summary
from pytest_bugguard.report.shape import to_json
from tests import json_reference
from tests.samples import HOSTILE, everything, fix, result_of

SCHEMA = json_reference.schema()
EMPTY = Result("pytest", RepositoryFacts(head=None), Summary())


def validate(text: str) -> dict[str, Any]:
    document: dict[str, Any] = json.loads(text)
    jsonschema.Draft202012Validator(SCHEMA).validate(document)
    return document


@pytest.mark.parametrize(
    "result",
    [
        pytest.param(EMPTY, id="before-the-first-commit"),
        pytest.param(result_of(fix(), command="check"), id="one-fix"),
        pytest.param(result_of(fix(sha="", committed_s=0), command="check"), id="a-commit-that-is-being-made"),
        pytest.param(everything(), id="every-field"),
        *(pytest.param(everything(text), id=f"hostile-{number}") for number, text in enumerate(HOSTILE)),
    ],
)
def test_what_is_written_is_what_the_schema_says(result: Result) -> None:
    """Every document validates, hostile texts or none, and is plain ASCII that ends its last line."""
    text = to_json(result)
    validate(text)
    assert text.isascii()
    assert text.endswith("}\n")


def test_the_schema_is_strict_and_explains_itself() -> None:
    """Every object is closed and requires all it has; every field is described, in place or where it refers to."""
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    for node in objects(SCHEMA):
        assert node["additionalProperties"] is False
        assert node["required"] == list(node["properties"])
        for name, field in node["properties"].items():
            assert "description" in field or "$ref" in field, name


def test_the_schema_knows_no_field_that_is_never_written() -> None:
    """A result with everything filled in has every field of the schema, in the schema's order."""
    document = validate(to_json(everything()))
    declared = [list(node["properties"]) for node in objects(SCHEMA)]
    written = {tuple(value) for value in dicts(document)}
    assert [names for names in declared if tuple(names) not in written] == []


def objects(node: object) -> list[dict[str, Any]]:
    return [found for found in dicts(node) if found.get("type") == "object"]


def dicts(node: object) -> list[dict[str, Any]]:
    children = node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()
    below = [found for child in children for found in dicts(child)]
    return [node, *below] if isinstance(node, dict) else below


def test_the_same_result_gives_the_same_bytes() -> None:
    """No clock, no order by hash, no path of a machine."""
    assert to_json(everything()) == to_json(everything())


def test_a_schema_that_says_otherwise_is_noticed() -> None:
    """The check has teeth: an unknown field and a missing one are both refused."""
    document = json.loads(to_json(everything()))
    for broken in ({**document, "more": 1}, {key: value for key, value in document.items() if key != "notes"}):
        with pytest.raises(jsonschema.ValidationError):
            validate(json.dumps(broken))


def test_counts_come_one_a_verdict() -> None:
    """A reader needs no list of verdicts of its own."""
    summary = validate(to_json(result_of(fix(Verdict.GUARDED), fix())))["summary"]
    assert summary["fixes"] == 2
    assert summary["guarded"] == summary["unguarded"] == 1
    assert set(summary) == {"units", "fixes", *(verdict.value for verdict in Verdict)}


@pytest.mark.parametrize(
    ("path", "spelt"),
    [
        pytest.param("src/a.py", "src/a.py", id="plain"),
        pytest.param("src/数.py", "src/数.py", id="utf-8"),
        pytest.param("a\nb\\c.py", "a\nb\\c.py", id="json-escapes-these-itself"),
        pytest.param("caf\udce9.py", r'"caf\351.py"', id="no-utf-8"),
        pytest.param("数\udce9\\\n.py", r'"\346\225\260\351\\\n.py"', id="no-utf-8-with-all-else"),
        pytest.param('"a".py', r'"\"a\".py"', id="begins-with-a-quotation-mark"),
    ],
)
def test_a_path_is_spelt_as_git_spells_it(path: str, spelt: str) -> None:
    """Only where JSON has no way to say it."""
    assert spelt_path(path) == spelt
    document = validate(to_json(result_of(fix(files=Files(source=(path,))))))
    assert document["fixes"][0]["files"]["source"] == [spelt]


@given(st.binary().map(lambda raw: raw.decode(errors="surrogateescape")))
def test_no_byte_of_a_path_is_lost(path: str) -> None:
    """The documented spelling can be read back to the exact bytes."""
    assert unspelt(json.loads(json.dumps(spelt_path(path)))) == path.encode(errors="surrogateescape")


def unspelt(spelt: str) -> bytes:
    """What a reader does, by docs/reference/json.md."""
    if not spelt.startswith('"'):
        return spelt.encode()
    names = {"\\": b"\\", '"': b'"', "t": b"\t", "n": b"\n", "r": b"\r"}
    pieces = re.findall(r"\\([0-7]{3})|\\(.)|([^\\])", spelt[1:-1])
    return b"".join(
        bytes([int(octal, 8)]) if octal else names[name] if name else char.encode() for octal, name, char in pieces
    )


def test_a_surrogate_in_a_text_becomes_visible() -> None:
    """Strict readers of JSON refuse lone surrogates, so none is written."""
    text = to_json(everything("caf\udce9 \ud800"))
    assert not re.search(r"\\ud[89a-f]", text.replace(r"\\ud800", ""))
    assert validate(text)["fixes"][0]["subject"] == r"caf\xe9 \ud800"


def test_the_reference_page_says_what_the_schema_says() -> None:
    """Mended by ``python -m tests.json_reference``."""
    page = json_reference.PAGE.read_text(encoding="utf-8")
    assert json_reference.redrawn(page) == page


def test_the_example_on_the_reference_page_is_true() -> None:
    """A name in Latin-1 is spelt as the page shows it."""
    spelt = json.dumps(spelt_path(b"caf\xe9.py".decode(errors="surrogateescape")))
    assert f"is the JSON string `{spelt}`" in json_reference.PAGE.read_text(encoding="utf-8")
