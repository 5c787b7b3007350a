"""What a fix adds is found from the texts of its source files, whatever they look like."""

from __future__ import annotations

import pytest

from pytest_bugguard.core import novelty
from pytest_bugguard.core.novelty import SourceVersions

PATH = "src/shop/pager.py"
OLD = """\
class Pager:
    size: int = 10

    def __init__(self, n):
        self.n = n

    def last(self):
        return 0


def pages(n, size=10):
    return n
"""


def added(new: str, old: str | None = OLD, *, path: str = PATH, old_path: str | None = PATH) -> novelty.Novelty:
    """What turning the old text into the new one adds."""
    before = None if old is None else old.encode()
    return novelty.of([SourceVersions(old_path if old is not None else None, path, before, new.encode())])


@pytest.mark.parametrize(
    ("new", "missing", "owner"),
    [
        pytest.param(OLD + "def first_page(): ...\n", "first_page", "shop.pager", id="function"),
        pytest.param(OLD + "LIMIT = 3\n", "LIMIT", "shop.pager", id="value"),
        pytest.param(OLD + "from shop.other import first\n", "first", "shop.pager", id="re-export"),
        pytest.param(OLD + "class Error(Exception): ...\n", "Error", "", id="class"),
        pytest.param(OLD.replace("def last", "def first"), "first", "shop.pager.Pager", id="renamed-method"),
        pytest.param(OLD.replace("self.n = n", "self.count = n"), "count", "shop.pager.Pager", id="attribute"),
        pytest.param(OLD.replace("size: int = 10", "page: int"), "page", "shop.pager.Pager", id="field"),
        pytest.param("class Pager:\n    __slots__ = ('page',)\n", "page", "shop.pager.Pager", id="slot"),
        pytest.param("Pager = namedtuple('Pager', 'n, page')\n", "page", "shop.pager.Pager", id="of-a-named-tuple"),
        pytest.param(
            "if True:\n    try:\n        def first(): ...\n    except E: ...\n", "first", "", id="inside-a-block"
        ),
    ],
)
def test_a_name_that_was_not_there_is_added(new: str, missing: str, owner: str) -> None:
    """Whatever a module or class offers now and did not offer is new; what was there is not."""
    found = added(new)
    assert found.adds(missing, owner)
    assert not found.adds("pages", "shop.pager")
    assert not found.adds(missing, "builtins.NoneType"), "what the source returned had no such attribute: no new API"


def test_a_new_module_is_added_and_so_is_all_that_it_holds() -> None:
    """An import of it, of what is in it and of the package that it makes are new without the fix."""
    found = added("def run(): ...\n", None, path="src/shop/tools/run.py")
    assert [found.adds("run", "shop.tools"), found.adds("tools", "shop"), found.adds("run", "shop.tools.run")] == [
        True
    ] * 3
    assert not found.adds("requests")
    assert added("", None, path="src/shop/tools/__init__.py").adds("tools", "shop")


def test_what_a_renamed_file_holds_counts_as_added() -> None:
    """Without the fix nothing of it is there under the new name of the module."""
    found = added(OLD, OLD, path="src/shop/paging.py")
    assert found.adds("paging", "shop")
    assert found.adds("pages", "shop.paging")


@pytest.mark.parametrize(
    ("new", "function", "parameter"),
    [
        pytest.param(OLD.replace("size=10)", "size=10, strict=False)"), "pages", "strict", id="parameter"),
        pytest.param(OLD.replace("size=10)", "size=10, *, strict)"), "pages", "strict", id="keyword-only"),
        pytest.param(OLD.replace("(self, n)", "(self, n, strict)"), "Pager.__init__", "strict", id="constructor"),
        pytest.param("class Pager:\n    n = attr.ib()\n    page = ib()\n", "Pager.__init__", "page", id="attrs"),
        pytest.param("Pager = namedtuple('Pager', ['n', 'page'])\n", "Pager.__new__", "page", id="named-tuple"),
        pytest.param(OLD.replace("def last(self", "def last(self, strict"), "Other.last", "strict", id="override"),
        pytest.param("class Line:\n    n: int\n    strict: bool\n", "Line.__init__", "strict", id="field"),
        pytest.param("first = lambda n, strict: n\n", "<lambda>", "strict", id="lambda"),
    ],
)
def test_a_parameter_that_was_not_there_is_added(new: str, function: str, parameter: str) -> None:
    """The callable takes it now, and is called otherwise than before."""
    found = added(new)
    assert found.takes(function, parameter)
    assert found.reshapes(function)
    assert not found.takes("pages", "n")


@pytest.mark.parametrize(
    ("new", "function", "is_reshaped"),
    [
        (OLD.replace("pages(n, size=10)", "pages(n)"), "pages", True),
        (OLD.replace("pages(n, size=10)", "pages(n, size)"), "pages", True),
        (OLD.replace("pages(n, size=10)", "pages(n: int, size: int = 20)"), "pages", False),
        (OLD.replace("(self, n)", "(self)"), "Pager", True),
        (OLD.replace("return 0", "return 1"), "Pager.last", False),
    ],
)
def test_a_callable_that_is_called_otherwise_is_reshaped(new: str, function: str, is_reshaped: bool) -> None:
    """Parameters make the shape; annotations and the values of defaults do not."""
    assert added(new).reshapes(function) is is_reshaped


@pytest.mark.parametrize(
    ("new", "is_data"),
    [
        (OLD + "LIMIT = 3\n", True),
        (OLD.replace("size: int = 10", "size: int = 20"), True),
        (OLD.replace("return 0", "return 1"), False),
        (OLD.replace("return 0", "return 1") + "LIMIT = 3\n", False),
        (OLD + "def first(): ...\n", False),
        (OLD + "# only a comment\n", False),
        (OLD.replace("return 0", "return 1").replace("class Pager:", "class Pager(list):"), True),
        (OLD.replace("return 0", "return 1").replace("size: int = 10", "size: int = 20"), True),
        (OLD.replace("return 0", "return 1").replace("def pages", "@counted\ndef pages"), True),
        (OLD.replace("return 0", "return 1") + "if True:\n    pages(1)\n", True),
        (OLD.replace("return 0", "return 1") + "import re\n", False),
        (OLD.replace("return 0", "return 1") + "__version__ = '2'\n", False),
        ("def (", False),
    ],
)
def test_what_stands_outside_of_functions_takes_effect_as_a_file_is_loaded(new: str, is_data: bool) -> None:
    """Constants and class attributes are data: a test uses them without running a line of the file."""
    assert (PATH in added(new).at_load) is is_data


@pytest.mark.parametrize(
    ("path", "function", "is_changed"),
    [
        (PATH, "Pager.last", True),
        (PATH, "Pager.last.<locals>.up", True),
        (PATH, "last", False),
        (PATH, "pages", False),
        ("src/shop/other.py", "Pager.last", False),
    ],
)
def test_a_function_that_changed_is_known_as_python_names_it(path: str, function: str, is_changed: bool) -> None:
    """What is defined inside of it is a part of it."""
    assert added(OLD.replace("return 0", "return 1")).changes(path, function) is is_changed


@pytest.mark.parametrize(
    ("new", "name", "owner", "is_told"),
    [
        pytest.param(
            "for name in ('first',):\n    setattr(Pager, name, 1)\n", "first", "shop.Pager", True, id="quoted"
        ),
        pytest.param("'first'\n", "first", "builtins.NoneType", False, id="of-python"),
        pytest.param("# the first one\n", "first", "shop.Pager", False, id="in-prose"),
        pytest.param("'last'\n", "last", "shop.Pager", False, id="as-before"),
    ],
)
def test_a_name_that_only_the_fix_mentions_may_be_added_in_some_way(
    new: str, name: str, owner: str, is_told: bool
) -> None:
    """Which way that is, is not read."""
    found = added(OLD + new)
    assert found.mentions_alone(name, owner) is is_told
    assert not found.adds(name, owner)


@pytest.mark.parametrize("text", ["def (", "\x00", "(" * 1000])
def test_what_does_not_parse_adds_nothing_and_hides_nothing(text: str) -> None:
    """Of a broken file nothing is known; a file that was broken before adds all that it holds."""
    assert added(text) == novelty.Novelty()
    assert added(OLD, text).adds("pages", "shop.pager")


def test_a_file_without_python_or_without_text_is_let_be() -> None:
    """Templates, removed files and files that could not be read add no names."""
    files = [
        SourceVersions("a.html", "a.html", b"1", b"2"),
        SourceVersions("a.py", None, b"x = 1", None),
        SourceVersions("b.py", "b.py", None, None),
    ]
    assert novelty.of(files) == novelty.Novelty()
