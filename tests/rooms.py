"""Which rooms the house has: the table in `docs/explanation/architecture.md`, read off the first line of every module.

``python -m tests.rooms`` writes it into the page.
"""

from __future__ import annotations

import ast
import re
from pathlib import Path

TOP = Path(__file__).parent.parent
PACKAGE = TOP / "src" / "pytest_bugguard"
PAGE = TOP / "docs" / "explanation" / "architecture.md"
_TABLE = re.compile(r"(?<=<!-- rooms -->\n).*(?=<!-- end of rooms -->)", re.DOTALL)


def modules() -> list[Path]:
    """Every module of the package: the doors first, then floor by floor."""
    return sorted(PACKAGE.rglob("*.py"), key=lambda path: (len(path.parts), path))


def name(module: Path) -> str:
    """The module as the page calls it: ``core/model.py``."""
    return module.relative_to(PACKAGE).as_posix()


def question(module: Path) -> str:
    """The first line of its docstring; empty where it has none."""
    docstring = ast.get_docstring(ast.parse(module.read_text(encoding="utf-8"))) or ""
    return docstring.partition("\n")[0].replace("``", "`").replace("|", "\\|").removesuffix(" Pure; no I/O.")


def redrawn(page: str) -> str:
    """The page with the table as the code has it."""
    rows = [f"| `{name(module)}` | {question(module)} |\n" for module in modules() if module.name != "__init__.py"]
    return _TABLE.sub(lambda _: "".join(["\n| room | what it answers |\n|---|---|\n", *rows, "\n"]), page)


if __name__ == "__main__":
    PAGE.write_text(redrawn(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
