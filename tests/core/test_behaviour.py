"""Whether a source file changed what it does."""

from __future__ import annotations

import textwrap

import pytest

from pytest_bugguard.core.behaviour import SourceFacts, describe, same_behaviour

SOURCE = '''
import os
import sys


class Pager:
    """Pages."""

    size = 10

    def first(self, rows):
        # the first
        return rows[: self.size]


def pages(rows, size=10):
    count = len(rows)
    return count // size
'''


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("# the first", "# the very first", id="comment"),
        pytest.param('"""Pages."""', '"""Pages of rows."""', id="docstring"),
        pytest.param('    """Pages."""\n', "", id="docstring-gone"),
        pytest.param(
            "def pages(rows, size=10):", "def pages(rows: list[int], size: int = 10) -> int:", id="annotations"
        ),
        pytest.param("    count = len", "    count: int = len", id="annotated-assignment"),
        pytest.param("    count = len", "    count: int\n    count = len", id="annotation-alone"),
        pytest.param("import os\n", "from __future__ import annotations\nimport os\n", id="future-annotations"),
        pytest.param("import sys\n", "import sys\nfrom typing import Any\n", id="typing-import"),
        pytest.param("import sys\n", "import sys\nif TYPE_CHECKING:\n    from a import b\n", id="type-checking"),
        pytest.param("import sys\n", "import sys\nif typing.TYPE_CHECKING:\n    x = 1\n", id="typing.type-checking"),
        pytest.param("import os\nimport sys", "import sys\nimport os", id="imports-sorted"),
        pytest.param("size = 10", '__version__ = "1.1"\n    size = 10', id="version"),
        pytest.param("def pages", "@overload\ndef pages(rows: int) -> int: ...\n\n\ndef pages", id="overload"),
        pytest.param("class Pager:", 'T = TypeVar("T")\n\n\nclass Pager:', id="type-variable"),
        pytest.param("rows[: self.size]", "(rows[:self.size])", id="brackets"),
    ],
)
def test_looks_and_annotations_are_no_behaviour(old: str, new: str) -> None:
    """Comments, docstrings, annotations and what serves them alone do nothing."""
    after = SOURCE.replace(old, new)
    assert after != SOURCE
    assert same_behaviour(SOURCE.encode(), after.encode())
    assert describe(SOURCE.encode(), after.encode()) == SourceFacts(behaviour_changed=False)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("size = 10", "size = 20", id="value"),
        pytest.param("size=10", "size=20", id="default"),
        pytest.param("count // size", "-(-count // size)", id="body"),
        pytest.param("count", "number", id="local-name"),
        pytest.param("import os\n", "", id="import"),
        pytest.param("import os\n", "from __future__ import division\nimport os\n", id="future-division"),
        pytest.param("class Pager:", "class Pager(Base):", id="base"),
        pytest.param("class Pager:", "@dataclass\nclass Pager:", id="decorator"),
        pytest.param("def pages", "async def pages", id="async"),
        pytest.param("import sys\n", "import sys\nif DEBUG:\n    x = 1\n", id="condition"),
    ],
)
def test_whatever_runs_is_behaviour(old: str, new: str) -> None:
    """Anything that can make a difference to who runs it counts."""
    assert not same_behaviour(SOURCE.encode(), SOURCE.replace(old, new).encode())


TYPED = (
    "import sys\nfrom shop.rows import Rows, Row as One\n\n\ndef pages(rows: Rows) -> 'list[One]':\n    return rows\n"
)


@pytest.mark.parametrize(
    "use",
    [
        pytest.param("", id="annotations"),
        pytest.param("def other(rows):\n    count: Rows = rows\n    return count\n", id="variable"),
        pytest.param("class Shelf:\n    rows: Rows\n", id="attribute"),
    ],
)
def test_an_import_that_only_annotations_use_is_no_behaviour(use: str) -> None:
    """It may come, go or move behind TYPE_CHECKING, and nothing runs otherwise."""
    old = TYPED + use
    new = old.replace("from shop", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from shop")
    bare = "import sys\n\n\ndef pages(rows):\n    return rows\n" + use
    for one, other in ((old, new), (new, old), (bare, old)):
        assert same_behaviour(one.encode(), other.encode())
        assert describe(one.encode(), other.encode()) == SourceFacts(behaviour_changed=False)


CHOICE = "if sys.version_info >= (3, 10):\n    from typing import TypeGuard\n"
FALLBACK = "try:\n    from typing import TypeGuard\nexcept ImportError:\n    from typing_extensions import TypeGuard\n"


@pytest.mark.parametrize(
    "choice",
    [
        pytest.param(
            f"{CHOICE}elif TYPE_CHECKING:\n    from typing_extensions import TypeGuard\n", id="version-or-check"
        ),
        pytest.param(f"{CHOICE}else:\n    from typing_extensions import TypeGuard\n", id="version"),
        pytest.param(FALLBACK, id="fallback"),
    ],
)
def test_where_annotations_take_their_names_from_is_no_behaviour(choice: str) -> None:
    """From another module in an older Python, and all of it may move behind TYPE_CHECKING, with the import of sys."""
    rest = "\n\ndef is_row(value) -> TypeGuard[Row]:\n    return bool(value)\n"
    old = f"import sys\n{choice}{rest}".encode()
    new = f"if TYPE_CHECKING:\n    import sys\n    from typing import TypeGuard\n{rest}".encode()
    if "sys" in choice:
        assert same_behaviour(old, new)
    assert same_behaviour(old, f"import sys\n{rest}".encode())


@pytest.mark.parametrize(
    "choice",
    [
        pytest.param("if sys.version_info >= (3, 11):\n    import tomllib\n", id="import"),
        pytest.param("if is_new():\n    from typing import TypeGuard\n", id="call"),
        pytest.param("try:\n    from typing import TypeGuard\nexcept ImportError:\n    TypeGuard = None\n", id="value"),
    ],
)
def test_a_choice_that_does_something_is_behaviour(choice: str) -> None:
    """An import that may fail, a call, a name that is bound to something else."""
    assert not same_behaviour(b"import sys\n", f"import sys\n{choice}".encode())


@pytest.mark.parametrize(
    "use",
    [
        pytest.param("A = Rows()\n", id="call"),
        pytest.param("__all__ = ['Rows']\n", id="offered"),
        pytest.param("@dataclass\nclass Shelf:\n    rows: Rows\n", id="field"),
        pytest.param("(", id="does-not-parse"),
    ],
)
def test_an_import_that_runs_is_behaviour(use: str) -> None:
    """Also where annotations use it too, and where nobody uses it: then it may be there for what it does."""
    old = TYPED + use
    assert not same_behaviour(old.encode(), old.replace("from shop.rows import Rows, Row as One\n", "").encode())


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ('__version__ = "1.0"\n', '__version__ = "1.1"\n', True),
        ("__version_info__ = (1, 0)\n", "__version_info__ = (1, 1)\n", True),
        ('__version__ = "1.0"\n', "__version__ = read()\n", False),
        ('VERSION = "1.0"\n', 'VERSION = "1.1"\n', False),
    ],
)
def test_a_version_is_no_behaviour(old: str, new: str, same: bool) -> None:
    """A release changes nothing but its number, where that is called so."""
    assert same_behaviour(old.encode(), new.encode()) is same


def test_a_field_of_a_dataclass_is_behaviour() -> None:
    """A bare annotation makes a field where a decorator or a base class reads it."""
    old = "@dataclass\nclass Row:\n    a: int\n"
    assert not same_behaviour(old.encode(), (old + "    b: int\n").encode())
    assert same_behaviour(old.encode(), old.replace("int", "str").encode())


@pytest.mark.parametrize(("old", "new"), [(b"x = 1\n", b"x = (\n"), (b"print 'a'\n", b"print 'b'\n"), (b"a\0", b"b\0")])
def test_what_does_not_parse_is_taken_for_changed(old: bytes, new: bytes) -> None:
    """Doubt never makes a fix disappear."""
    assert not same_behaviour(old, new)
    assert describe(old, new) == SourceFacts(behaviour_changed=True)


def test_says_which_names_came_changed_and_went() -> None:
    """Functions are compared by their dotted names; private ones are no news."""
    old = (
        "A = 1\ndef same(): return 1\ndef other(): return 1\ndef gone(): return 1\n"
        "class K:\n    def m(self): return 1\n"
    )
    new = textwrap.dedent('''
        A = 1
        B = 2
        def same():
            """Say it."""
            return 1
        def other(): return 2
        def fresh(): return 1
        def _private(): return 1
        class K:
            def m(self): return 2
            def n(self): return 2
    ''')
    assert describe(old.encode(), new.encode()) == SourceFacts(
        behaviour_changed=True,
        new_public_names=("fresh", "K.n", "B"),
        changed_functions=("other", "K.m"),
        removed_names=("gone",),
    )


ALIASED = """
import os
from shop import Row


def pages(rows{}):
    return len(rows){}
"""


@pytest.mark.parametrize(
    ("alias", "use"),
    [
        pytest.param("_Rows = list[Row] | tuple[Row, ...] | None", "", id="alias"),
        pytest.param('_Rows = "list[Row]"', "", id="quoted"),
        pytest.param("_Rows: TypeAlias = list[Row]", "", id="said-to-be-one"),
    ],
)
def test_an_alias_that_only_annotations_use_is_no_behaviour(alias: str, use: str) -> None:
    """It may come, go or change together with what it stands for."""
    old = ALIASED.format("", "").replace("from shop import Row\n", "")
    new = ALIASED.format(": _Rows", use).replace("import Row\n", f"import Row\n{alias}\n")
    assert same_behaviour(old.encode(), new.encode())
    assert same_behaviour(new.encode(), new.replace("list[", "dict[").encode())


@pytest.mark.parametrize(
    ("alias", "use"),
    [
        pytest.param("_Rows = list[Row]", " + isinstance(rows, _Rows)", id="used-by-code"),
        pytest.param("_Rows = register(Row)", "", id="a-call-does-something"),
        pytest.param("Rows = list[Row]", "", id="public"),
    ],
)
def test_what_more_than_annotations_may_use_is_behaviour(alias: str, use: str) -> None:
    """Also where nothing in this file uses it: another one may import a public name."""
    name = alias.partition(" ")[0]
    old = ALIASED.format(f": {name}", use).replace("import Row\n", "import Row\n_Rows = Rows = None\n")
    new = old.replace("_Rows = Rows = None", alias)
    assert not same_behaviour(old.encode(), new.encode())
