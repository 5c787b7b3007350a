"""The tables of ``docs/reference/json.md``, drawn from the schema.

``python -m tests.json_reference`` writes them into the page.
"""

from __future__ import annotations

import json
import re
from importlib import resources
from pathlib import Path
from typing import Any

PAGE = Path(__file__).parent.parent / "docs" / "reference" / "json.md"
_TABLES = re.compile(r"(?<=<!-- fields -->\n).*(?=<!-- end of fields -->)", re.DOTALL)
Schema = dict[str, Any]


def schema() -> Schema:
    """The schema that is shipped."""
    file = resources.files("pytest_bugguard").joinpath("schema/bugguard-1.schema.json")
    found: Schema = json.loads(file.read_text(encoding="utf-8"))
    return found


def redrawn(page: str) -> str:
    """The page with the tables as the schema has them."""
    whole = schema()
    parts = [_table("The document", whole, whole)]
    parts += [_table(f"`{name}`", part, whole) for name, part in whole["$defs"].items() if "properties" in part]
    return _TABLES.sub(lambda _: "\n" + "\n".join(parts) + "\n", page)


def _table(title: str, part: Schema, whole: Schema) -> str:
    rows = "".join(_rows(part, whole, ""))
    return f"### {title}\n\n{part['description']}\n\n| field | type | what it says |\n|---|---|---|\n{rows}"


def _rows(part: Schema, whole: Schema, prefix: str) -> list[str]:
    rows = []
    for name, field in part["properties"].items():
        said = field.get("description") or whole["$defs"][field["$ref"].rpartition("/")[2]]["description"]
        rows.append(f"| `{prefix}{name}` | {_type(field)} | {said.replace('|', '&#124;')} |\n")
        nested = next((form for form in _forms(field) if "properties" in form), None)
        if nested:
            rows += _rows(nested, whole, f"{prefix}{name}.")
    return rows


def _forms(field: Schema) -> list[Schema]:
    forms: list[Schema] = [field, *field.get("anyOf", [])]
    return [*forms, *(form["items"] for form in forms if "items" in form)]


def _type(field: Schema) -> str:
    if "anyOf" in field:
        return " or ".join(map(_type, field["anyOf"]))
    if "$ref" in field:
        return str(field["$ref"].rpartition("/")[2])
    if "enum" in field or "const" in field:
        values = field.get("enum", [field.get("const")])
        return ", ".join(f"`{json.dumps(value)}`" for value in values)
    if field["type"] == "array" and "items" in field:
        return f"list of {_type(field['items'])}"
    kinds: list[str] = field["type"] if isinstance(field["type"], list) else [field["type"]]
    return " or ".join("list" if kind == "array" else kind for kind in kinds)


if __name__ == "__main__":
    PAGE.write_text(redrawn(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
