"""Promise 4: never ``proven`` without positive evidence. Real repositories and runs, and what looks like a proof.

What the evidence has to be is held for every trial in ``tests/core/test_proof.py``; here somebody tries to forge it.
"""

from __future__ import annotations

import shutil
import types
from pathlib import Path

import pytest

from pytest_bugguard.adapters import testrun
from tests.fixes import CONFIGURED, GUARD, LAST, NEW, OLD, PAGER, REPAIRED, TEST, commit, opened, prove, repaired
from tests.story import story

IDLE = "from shop.pager import pages\n\ndef test_last():\n    assert pages(10) == 1\n"
IS_OLD = "'-(' not in Path('src/shop/pager.py').read_text()"


@pytest.mark.parametrize(
    "tests",
    [
        pytest.param(
            {
                "greps": "from pathlib import Path\nfrom shop import pager\n"
                "def test_last():\n    assert '-(-' in Path(pager.__file__).read_text()\n",
                "inspects": "import inspect\nfrom shop.pager import pages\n"
                "def test_last():\n    assert '-(-' in inspect.getsource(pages)\n",
                "runs_it_and_greps": f"from pathlib import Path\n{IDLE}    assert not ({IS_OLD})\n",
            },
            id="what-was-imported",
        ),
        pytest.param(
            {
                "greps_elsewhere": "import subprocess\ndef test_last():\n"
                "    subprocess.run(['grep', '-q', '--', '-(-', 'src/shop/pager.py'], check=True)\n",
                "measures_the_source": "import os\n"
                "def test_last():\n    assert os.path.getsize('src/shop/pager.py') > 42\n",
            },
            id="what-was-not",
        ),
        pytest.param(
            {
                "imports_and_greps": "from pathlib import Path\n"
                "def test_last():\n    from shop import pager\n    assert '-(-' in Path(pager.__file__).read_text()\n",
            },
            id="what-is-imported-then",
        ),
    ],
)
def test_to_look_at_the_source_is_not_to_test_it(tmp_path: Path, tests: dict[str, str]) -> None:
    """How the fix is written is no behaviour."""
    files = {f"tests/test_{name}.py": text for name, text in tests.items()}
    said = repaired(tmp_path, {PAGER: NEW, **files})
    assert said.verdict == "undecided", said.reason
    assert [said.alone(f"{file}::test_last").verdict for file in files] == ["undecided"] * len(files)


def test_to_look_at_its_stub_or_its_version_is_not_to_test_it(tmp_path: Path) -> None:
    """What types are promised, and which version it calls itself, in a file that a build writes."""
    test = """
from pathlib import Path
import shop
from shop._version import version, version_tuple
from shop.pager import pages

def test_stub():
    assert pages(20) == 2
    assert "-> int" in Path(shop.__file__).with_name("pager.pyi").read_text()

def test_version():
    assert pages(20) == 2
    assert (version, version_tuple) == ("1.1", (1, 1))
"""
    stub, made = "src/shop/pager.pyi", "src/shop/_version.py"
    old = {stub: "def pages(items): ...\n", made: "__version__ = version = '1.0'\nversion_tuple = (1, 0)\n"}
    new = {stub: "def pages(items) -> int: ...\n", made: "__version__ = version = '1.1'\nversion_tuple = (1, 1)\n"}
    said = repaired(tmp_path, {PAGER: NEW, "tests/test_last.py": test, **new}, base=old)
    rows = said.record["tests"]
    assert [(row["before"], row["after"], row["counts"]) for row in rows] == [("failed", "passed", False)] * 2
    assert said.verdict == "undecided"


def test_to_look_at_its_bytecode_is_not_to_test_it(tmp_path: Path) -> None:
    """What a file was compiled to is in no tree that was laid out with other data: nobody can tell by a second look."""
    test = (
        "from importlib.util import cache_from_source\nfrom pathlib import Path\nfrom shop import pager\n"
        f"{IDLE}    found = Path(cache_from_source(pager.__file__))\n"
        "    assert found.exists() and b'rest' in found.read_bytes()\n"
    )
    long = "def pages(items):\n    rest = items % 10\n    return items // 10 + (1 if rest else 0)\n"
    fix = {PAGER: long, "src/shop/page.html": "new", "tests/test_last.py": test}
    said = repaired(tmp_path, fix, base={"src/shop/page.html": "old"})
    assert said.verdict == "undecided", said.reason
    assert "reads the source as text" in said.reason


def test_to_follow_its_lines_is_not_to_test_it(tmp_path: Path) -> None:
    """Which lines run, and how many, is how it is written; by whatever way they are counted."""
    test = """
        import sys
        import trace
        import coverage
        import pytest
        from shop import pager
        from shop.pager import pages

        def traced():
            lines = []
            def look_on(frame, event, _):
                if event == "line" and frame.f_globals.get("__name__") == "shop.pager":
                    lines.append(frame.f_lineno)
                return look_on
            sys.settrace(look_on)
            pages(20)
            sys.settrace(None)
            return lines

        def counted():
            counter = trace.Trace(trace=0)
            counter.runfunc(pages, 20)
            return [line for path, line in counter.results().counts if path == pager.__file__]

        def measured():
            measure = coverage.Coverage(data_file=None)
            measure.start()
            pages(20)
            measure.stop()
            return measure.get_data().lines(pager.__file__)

        @pytest.mark.parametrize("follow", [traced, counted, measured])
        def test_last(follow):
            assert pages(20) == 2
            assert len(follow()) == 2
    """
    long = "def pages(items):\n    rest = items % 10\n    return items // 10 + (1 if rest else 0)\n"
    said = repaired(tmp_path, {PAGER: long, "tests/test_last.py": test})
    rows = said.record["tests"]
    assert [(row["before"], row["after"], row["counts"]) for row in rows] == [("failed", "passed", False)] * 3
    assert said.verdict == "undecided"
    assert "line by line as it runs" in said.reason


_FOLLOWING = {
    "another_program": "    import subprocess\n"
    "    assert not subprocess.run(['grep', '-q', '--', '-(-', 'src/shop/pager.py']).returncode\n",
    "a_helper": "    from tools import text\n    assert '-(-' in text()\n",
    "before_the_test": "    assert '-(-' in SEEN\n",
    "the_size": "    import os\n    assert os.path.getsize('src/shop/pager.py') > 42\n",
    "and_has_it_raise": "    from pathlib import Path\n"
    "    assert pages(10 if '-(-' in Path('src/shop/pager.py').read_text() else None)\n",
}


def test_a_red_that_follows_the_text_is_none(tmp_path: Path) -> None:
    """The source is run too, so that it looks used; but with its old code behind the new text the test is green."""
    helper = "def text():\n    return open('src/shop/pager.py').read()\n"
    tests = (IDLE.replace("test_last", f"test_{name}") + check for name, check in _FOLLOWING.items())
    fix = {PAGER: NEW, "tests/test_last.py": "import tools\nSEEN = tools.text()\n" + "\n".join(tests)}
    configured = CONFIGURED.replace('["src"]', '["src", "."]')
    said = repaired(tmp_path, fix, base={"tools.py": helper, "pyproject.toml": configured})
    assert said.verdict == "undecided", said.reason
    for name in _FOLLOWING:
        alone = said.alone(f"tests/test_last.py::test_{name}")
        assert alone.verdict == "undecided", alone.reason
        assert "is red over the text of src/shop/pager.py" in alone.reason


_SAYS = {
    "said": 'def pages(items):\n    """How many."""\n    return items // 10\n',
    "then": 'def pages(items):\n    """How many, rounded up."""\n    return -(-items // 10)\n',
    "look": "from shop.pager import pages\n\ndef test_last():\n    assert pages(20) == 2\n"
    "    assert 'rounded' in pages.__doc__\n",
}


@pytest.mark.parametrize(
    ("test", "conftest"),
    [
        pytest.param(_SAYS["look"], "import runpy\nrunpy.run_path('src/shop/pager.py')\n", id="by-a-conftest"),
        pytest.param(_SAYS["look"], "import pytest\npytest.register_assert_rewrite('shop')\n", id="by-pytest-itself"),
        pytest.param(
            "import runpy\n\ndef test_last():\n    pages = runpy.run_path('src/shop/pager.py')['pages']\n"
            "    assert pages(20) == 2\n    assert 'rounded' in pages.__doc__\n",
            "",
            id="by-the-test",
        ),
    ],
)
def test_who_runs_the_text_itself_sees_the_old_code_in_new_dress(tmp_path: Path, test: str, conftest: str) -> None:
    """Nothing stands for a file there: so its text is the dress, and the words are as they are with the fix."""
    fix = {PAGER: _SAYS["then"], "tests/test_last.py": test, "tests/conftest.py": conftest}
    said = repaired(tmp_path, fix, base={PAGER: _SAYS["said"]})
    assert said.verdict == "undecided", said.reason
    assert "is red over the text of src/shop/pager.py" in said.reason


def test_words_of_a_file_that_moved_are_no_behaviour(tmp_path: Path) -> None:
    """It is there under the name that it had, with the old code behind its new text."""
    module = 'def pages(items):\n    """{}"""\n    return items // 10{}\n\n' + "def more():\n    return [1, 2, 3]\n" * 9
    inside = "src/shop/__init__.py"
    base = {PAGER: module.format("How many.", ""), inside: "from .pager import pages\n", TEST: "def test_no(): pass\n"}
    test = "import shop\n\ndef test_last():\n    assert shop.pages(20) == 2\n    assert {}\n"
    moved = {PAGER: None, "src/shop/paging.py": module.format("How many pages.", " + 0")}
    fix = {
        **moved,
        inside: "from .paging import pages\n",
        "tests/test_last.py": test.format("'pages' in shop.pages.__doc__"),
    }
    said = repaired(tmp_path, fix, base=base)
    assert said.verdict == "undecided", said.reason


def test_who_reads_the_text_and_runs_it_has_not_shown_a_bug(tmp_path: Path) -> None:
    """The source raises because the test has read that it is the old one, and a conftest has lifted the veil."""
    reads = "'rest' in Path('src/shop/pager.py').read_text()"
    test = f"from pathlib import Path\n{IDLE}    assert pages(20 if {reads} else None) == 2\n"
    long = "def pages(items):\n    rest = items % 10\n    return items // 10 + (1 if rest else 0)\n"
    conftest = "import runpy\nrunpy.run_path('src/shop/pager.py')\n"
    said = repaired(tmp_path, {PAGER: long, "tests/test_last.py": test, "tests/conftest.py": conftest})
    assert said.verdict == "undecided", said.reason


@pytest.mark.parametrize(
    ("room", "fault", "words"),
    [
        pytest.param("dress", "raise KeyError('planted')", "failed to run the old code", id="no-dress"),
        pytest.param("dress", "dressed = lambda *_: 9", "failed to run the old code", id="no-code"),
        pytest.param(
            "dress",
            "_was = dressed\ndef dressed(old, new):\n    return _was(old + b'\\nraise OSError\\n', new)",
            "not run to its end",
            id="code-that-fails",
        ),
        pytest.param(
            "dress",
            "_was = dressed\ndef dressed(old, new):\n    return _was(old.replace(b'items //', b'None //'), new)",
            "red over something else (TypeError",
            id="code-that-does-something-else",
        ),
        pytest.param("dress", "import os\nos._exit(9)", "not run to its end", id="a-dead-process"),
        pytest.param(
            "absence", "def _holders(*_):\n    raise OSError", "failed to run the old code", id="nobody-looks"
        ),
    ],
)
def test_where_we_fail_ourselves_nothing_is_proven(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, room: str, fault: str, words: str
) -> None:
    """A dress with a fault of ours in it shows nothing: the test, red over a docstring, is no proof without it."""
    probe = tmp_path / "probe"
    shutil.copytree(testrun._PROBE, probe)
    with (probe / "bugguard_probe" / f"{room}.py").open("a") as stream:
        stream.write(f"\n\n{fault}\n")
    monkeypatch.setattr(testrun, "_PROBE", probe)
    kept = "\nclass Pager:\n    size = 10\n"
    fix = {PAGER: f"{_SAYS['then']}{kept}    def first(self):\n        return 1\n", "tests/test_last.py": _SAYS["look"]}
    said = repaired(tmp_path, fix, base={PAGER: f"{_SAYS['said']}{kept}"})
    assert said.verdict == "undecided", said.reason
    assert words in said.reason
    assert "report it as a fault of bugguard" in said.record["next"]


_PLAIN = """
    \"\"\"Pages.\"\"\"

    __version__ = "1.0"
    __all__ = ["pages", "Pager", "Shelf"]

    def pages(items: int) -> int:
        \"\"\"How many.\"\"\"
        return items // 10

    class Pager:
        \"\"\"One.\"\"\"
        size: int = 10

    class Shelf:
        def __getattr__(self, name):
            return lambda: 0

    class Jam(Exception):
        pass
"""
_DRESSED = """
    \"\"\"Pages, rounded up.\"\"\"
    import colorsys

    __version__ = "1.1"
    __all__ = ["pages", "first_page", "Pager", "Shelf"]
    LIMIT = int("10")

    def first_page():
        return 1

    def pages(items: float) -> int:
        \"\"\"How many, rounded up.\"\"\"
        return -(-items // 10)

    class Pager:
        \"\"\"One that rounds up.\"\"\"
        size: float = 10

        def first(self):
            return 1

    class Shelf:
        def __getattr__(self, name):
            return lambda: 0

        def first(self):
            return 1

    class Jam(Exception):
        pass

    class Torn(Jam):
        pass
"""
_LOOKING = """
    import concurrent.futures, contextlib, dis, gc, importlib, inspect, logging, os, pydoc, runpy, subprocess, sys
    import threading, traceback, weakref
    from pathlib import Path
    import pytest
    from shop import pager
    from shop.pager import Pager, Shelf, pages
    from tools.asking import code_of

    DONE, SEEN = [], []

    def done_by_a_thread(work):
        done = []
        thread = threading.Thread(target=lambda: done.append(work()))
        thread.start()
        thread.join()
        return done

    def told_by_a_process(words):
        return subprocess.check_output([sys.executable, "-c", "from shop import pager as p\\n" + words])

    class Asking:
        def has(self, name):
            return name in pager.__dict__

    class Going:
        def __del__(self):
            SEEN.append(Pager().first() + 1)

    class Shown:
        def __repr__(self):
            try:
                return str(Pager().first())
            except Exception:
                return "nothing"

    def after(work):
        with contextlib.suppress(AttributeError):
            SEEN.append(work())
        return SEEN[-1:] == [2]

    def finalized():
        weakref.finalize(Asking(), lambda: SEEN.append(Pager().first() + 1))
        return SEEN[-1:] == [2]

    def logged(caplog):
        try:
            Pager().first()
        except AttributeError:
            logging.exception("no page")
        return not caplog.records

    def told_by_a_child():
        child = os.fork()
        if not child:
            os._exit(0 if hasattr(Pager, "first") else 1)
        return os.waitpid(child, 0)[1] == 0

    def line_of_error():
        with pytest.raises(TypeError) as raised:
            pages(None)
        return raised.tb.tb_next.tb_lineno

    def frame_of_error():
        with pytest.raises(TypeError) as raised:
            pages(None)
        return raised.tb.tb_next.tb_frame

    def negates(code):
        if isinstance(code, tuple):
            return any(negates(one) for one in code if inspect.iscode(one))
        return dis.opmap["UNARY_NEGATIVE"] in code.co_code[::2]

    def key_of_the_class():
        return Pager.__dict__["first"](0) == 1

    def alone():
        left = Path(".pytest_cache")
        was_there = left.exists()
        left.mkdir(exist_ok=True)
        return not was_there and "rounded" in pages.__doc__

    def sets_done():
        pager.first_page()
        DONE.append(1)

    CHECKS = {
        "its docstring": lambda: "rounded" in pages.__doc__,
        "the module's": lambda: "rounded" in pager.__doc__,
        "the class's": lambda: "rounds" in inspect.getdoc(Pager),
        "its documentation": lambda: "rounded" in pydoc.render_doc(pages),
        "its docstring, elsewhere": lambda: b"rounded" in told_by_a_process("print(p.pages.__doc__)"),
        "its annotations": lambda: pages.__annotations__["items"] is float,
        "the class's annotations": lambda: Pager.__annotations__["size"] is float,
        "its signature": lambda: "float" in str(inspect.signature(pages)),
        "its line": lambda: pages.__code__.co_firstlineno > 7,
        "the line of an error": lambda: line_of_error() > 9,
        "its version": lambda: pager.__version__ == "1.1",
        "its constants": lambda: "rounded" in str(pages.__code__.co_consts),
        "its operations": lambda: any(each.opname == "UNARY_NEGATIVE" for each in dis.get_instructions(pages)),
        "its operations, by what it holds": lambda: negates(
            next(held for held in gc.get_referents(pages) if inspect.iscode(held))),
        "its operations, as it runs": lambda: negates(frame_of_error().f_code),
        "its operations, by a helper": lambda: negates(code_of(pages)),
        "what it shows": lambda: "first_page" in pager.__all__,
        "its operations, by a loader": lambda: negates(pager.__loader__.get_code("shop.pager").co_consts),
        "its operations, by a process": lambda: told_by_a_process(
            "import dis\\nprint(dis.opmap['UNARY_NEGATIVE'] in p.pages.__code__.co_code[::2])") == b"True\\n",
        "its members": lambda: "rounded" in str(dict(inspect.getmembers(pages))["__code__"].co_consts),
        "it, loaded once more": lambda: "rounded" in importlib.reload(pager).pages.__doc__,
        "it, run as a module": lambda: "first_page" in runpy.run_module("shop.pager"),
        "its text, by a fixture": lambda: "-(-" in TEXT,
        "the environment, by a conftest": lambda: os.environ["SHOP_IS"] == "repaired",
        "a key of the module": lambda: vars(pager)["first_page"]() == 1,
        "a key of the class": key_of_the_class,
        "a key of the module, or none": lambda: vars(pager).get("first_page"),
        "a value that is made by a call": lambda: getattr(pager, "LIMIT", None) == 10,
        "a thread": lambda: done_by_a_thread(lambda: pager.first_page()) == [1],
        "a thread, by a method": lambda: done_by_a_thread(lambda: Pager().first()) == [1],
        "a method, or nothing": lambda: after(lambda: Pager().first() + 1),
        "a method, by an object that goes": lambda: after(lambda: Going() and None) or SEEN[-2:] == [2, None],
        "a method, by a finalizer": finalized,
        "a method, by a child": told_by_a_child,
        "a method, by what is shown": lambda: repr(Shown()) == "1",
        "a method, by a process that catches": lambda: told_by_a_process(
            "try: print(p.Pager().first())\\nexcept Exception: print(0)") == b"1\\n",
        "a future": lambda: concurrent.futures.ThreadPoolExecutor().submit(
            lambda: pager.first_page()).exception() is None,
        "a process that catches": lambda: told_by_a_process(
            "try: print(p.first_page())\\nexcept Exception: print(0)") == b"1\\n",
        "an object that answers": lambda: Asking().has("first_page"),
        "how many names": lambda: len(dir(pager)) > {names},
        "what is imported": lambda: "colorsys" in sys.modules,
        "the test before it": lambda: DONE == [1],
        "what it left in the tree": alone,
        "how many files": lambda: len(list(Path("src/shop").glob("*.py"))) == 3,
        "what git says": lambda: not subprocess.check_output(["git", "status", "--porcelain"]),
    }

    @pytest.fixture
    def text():
        global TEXT
        TEXT = inspect.getsource(pages)

    def test_before():
        sets_done()

    def test_log(caplog):
        assert pages(20) == 2
        assert logged(caplog)

    def test_what_answered_before():
        assert pages(20) == 2
        assert Shelf().first() == 1

    def test_script():
        assert runpy.run_path("src/shop/pager.py")["pages"](11) == 2

    @pytest.mark.parametrize("check", CHECKS)
    def test_it(check, text):
        assert pages(20) == 2
        assert Pager.size == 10
        assert CHECKS[check]()
"""
_TRYING = """
    from shop.pager import pages

    try:
        from shop.pager import Torn
    except ImportError:
        Torn = None

    def kind():
        return Torn

    def test_kind():
        assert pages(20) == 2
        assert kind() is not None
"""


def test_what_is_said_of_the_code_and_what_is_new_are_no_behaviour(tmp_path: Path) -> None:
    """Each check calls the function, and is red without the fix: over words, places or names, in a roundabout way.

    Two beside them are red over behaviour: one runs the file's own text, one gets another answer than before.
    """
    old = {
        *dir(types.ModuleType("shop")),
        "__file__",
        "__cached__",
        "__builtins__",
        "__version__",
        "__all__",
        "Jam",
        "pages",
        "Pager",
        "Shelf",
    }
    test = _LOOKING.replace("{names}", str(len(old)))
    conftest = (
        "import os\nfrom shop import pager\n"
        "os.environ['SHOP_IS'] = 'repaired' if 'rounded' in pager.pages.__doc__ else 'old'\n"
    )
    tests = {"tests/test_last.py": test, "tests/test_kind.py": _TRYING, "tests/conftest.py": conftest}
    fix = {PAGER: _DRESSED, "src/shop/fresh.py": "", **tests}
    helper = {"tools/asking.py": "def code_of(thing):\n    return thing.__code__\n"}
    configured = CONFIGURED.replace('["src"]', '["src", "."]')
    said = repaired(tmp_path, fix, base={PAGER: _PLAIN, "pyproject.toml": configured, **helper})
    rows = {test["nodeid"].partition("[")[2][:-1]: test for test in said.record["tests"] if "[" in test["nodeid"]}
    assert [name for name, row in rows.items() if (row["before"], row["after"]) != ("failed", "passed")] == []
    assert [name for name, row in rows.items() if row["counts"] and row["red"]["kind"] != "new-api"] == []
    asking = [said.test(f"tests/test_{file}::test_{name}") for file, name in (("last.py", "log"), ("kind.py", "kind"))]
    assert [one["red"]["kind"] for one in asking] == ["new-api"] * 2
    proving = [said.test(f"tests/test_last.py::test_{name}") for name in ("script", "what_answered_before")]
    assert [(one["counts"], one["red"]["kind"]) for one in proving] == [(True, "assertion")] * 2
    assert said.verdict == "proven"
    assert len(rows) > 25


_FITTING = """
    import collections, dataclasses

    def pages(items):
        return items // 10

    def counted(items, **options):
        return pages(items, **options)

    def rows(items):
        yield from range(items)

    async def turn(items):
        return items

    def least(items):
        return items // 10

    half = lambda items: items // 2

    WAYS = {"on": lambda items: items + 1}

    def turner():
        def turned(items):
            return items
        return turned

    def logged(function):
        def log(*given):
            return function(*given)
        return log

    @logged
    def shown(items):
        return items

    class Cell:
        def count(self):
            return 1

    @dataclasses.dataclass
    class Row:
        number: int

    class Pager:
        def __init__(self, items):
            self.items = items

        def turn(self):
            return 1

    class Stack(Pager):
        def __getattr__(self, name):
            raise AttributeError(name)

    Line = collections.namedtuple("Line", "start")

    class Slim:
        __slots__ = ("items",)

        def __init__(self):
            self.items = 1

    for name in ["first", "second"]:
        setattr(Slim, name, 1)

    LATER = {"soon": 1}

    def __getattr__(name):
        if name in LATER:
            return LATER[name]
        raise AttributeError(name)

    def given(cell):
        cell.colour = 1
        return cell

    class Bin:
        def __init__(self, number=1):
            self.number = number
"""
_FITTED = """
    import collections, dataclasses

    def pages(items, size=10):
        return items // size

    def counted(items, **options):
        return pages(items, **options)

    def rows(items, step=1):
        yield from range(0, items, step)

    async def turn(items, by=0):
        return items + by

    def least(items, of=10):
        return -(-items // of)

    half = lambda items, more=0: items // 2 + more

    WAYS = {"on": lambda items, by=1: items + by}

    def turner():
        def turned(items, by=0):
            return items + by
        return turned

    def logged(function):
        def log(*given, **options):
            return function(*given, **options)
        return log

    @logged
    def shown(items, size=1):
        return items * size

    class Cell:
        def __init__(self, width=1):
            self.width = width

        def count(self):
            return 1

    @dataclasses.dataclass
    class Row:
        number: int
        height: int = 9

    class Pager:
        LEAST = 1

        def __init__(self, items, *, loud=False):
            self.items = items
            self.loud = loud

        def turn(self):
            return 1

    class Stack(Pager):
        def __init__(self, items):
            self.items = items
            self.top = items

        def turn(self, by=1):
            return by

        def __getattr__(self, name):
            raise AttributeError(name)

    Line = collections.namedtuple("Line", "start, end", defaults=(5,))

    class Slim:
        __slots__ = ("items", "note")

        def last(self):
            return 1

        def __init__(self):
            self.items = self.note = 1

        def __add__(self, other):
            return self.items + other.items

    for name in ["first", "second", "third"]:
        setattr(Slim, name, 3)

    LATER = {"soon": 1, "late": 9}

    def __getattr__(name):
        if name in LATER:
            return LATER[name]
        raise AttributeError(name)

    def given(cell):
        cell.colour = cell.shade = 1
        return cell

    class Bin:
        def __init__(self, number=1):
            self.number = number

        def __call__(self):
            return 1

        def __len__(self):
            return 1

        def __enter__(self):
            return 1

        def __exit__(self, *_):
            return None

        def __await__(self):
            yield from ()
            return 1

        def __lt__(self, other):
            return self.number < other.number
"""
_ASKING = """
    import asyncio, concurrent.futures, contextlib, dataclasses, functools, importlib.util, inspect, operator
    import subprocess, sys, typing
    from unittest import mock
    import pytest
    from shop import asked
    from shop.asked import Cell, Line, Pager, Row, Slim, Stack, pages, rows, turn
    from shop.testing import seen_by
    from tools.asking import ask

    @typing.runtime_checkable
    class Loud(typing.Protocol):
        loud: bool

    class Mine(Pager):
        def __init__(self, **given):
            try:
                super().__init__(1, **given)
            except TypeError:
                super().__init__(0)

    def tried(work):
        try:
            return work()
        except Exception:
            return None

    async def awaited(thing):
        return await thing

    def told_by_a_process(words):
        return subprocess.check_output([sys.executable, "-c", "from shop import asked as a\\n" + words])

    def after(text):
        space = {"Pager": Pager, "found": None}
        exec(text, space)
        return space["found"]

    def patched():
        with mock.patch.object(Pager, "LEAST", 2):
            return Pager.LEAST

    def is_sized(page):
        match page:
            case Pager(loud=False):
                return True
        return False

    def by_a_file(folder):
        (folder / "made.py").write_text("def ask(page):\\n    return getattr(page, 'loud', None)\\n")
        spec = importlib.util.spec_from_file_location("made", folder / "made.py")
        made = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(made)
        return made.ask(Pager(1))

    CHECKS = {
        "a parameter": lambda: tried(lambda: pages(20, size=20)) == 1,
        "one more argument": lambda: tried(lambda: pages(*[20, 20])) == 1,
        "handed on by the source": lambda: tried(lambda: asked.counted(20, size=20)) == 1,
        "by a pool": lambda: concurrent.futures.ThreadPoolExecutor().submit(pages, 20, size=9).exception() is None,
        "by a partial": lambda: tried(functools.partial(pages, 20, size=20)) == 1,
        "by a process": lambda: told_by_a_process(
            "try: print(a.pages(20, size=20))\\nexcept Exception: print(0)") == b"1\\n",
        "of a generator": lambda: tried(lambda: list(rows(3, step=2))) == [0, 2],
        "of a coroutine": lambda: tried(lambda: asyncio.run(turn(1, by=1))) == 2,
        "of a lambda": lambda: tried(lambda: asked.half(4, more=1)) == 3,
        "of a lambda that is held": lambda: tried(lambda: asked.WAYS["on"](4, 4)) == 8,
        "of what a function has made": lambda: tried(lambda: asked.turner()(4, by=1)) == 5,
        "of a wrapper": lambda: tried(lambda: asked.shown(4, size=2)) == 8,
        "of a class without any": lambda: tried(lambda: Cell(width=2)) is not None,
        "a field": lambda: tried(lambda: Row(1, height=2)) is not None,
        "a field of a tuple": lambda: tried(lambda: Line(1, end=2)) is not None,
        "a field of a tuple, to be had": lambda: getattr(Line(1), "end", 0) == 5,
        "a method, as it lies there": lambda: callable(vars(Slim).get("last")),
        "a method, seen as it lies there": lambda: callable(inspect.getattr_static(Slim, "last", None)),
        "by a subclass": lambda: Mine(loud=True).items == 1,
        "of a method of a base": lambda: tried(lambda: Stack(1).turn(by=2)) == 2,
        "by a double": lambda: tried(lambda: mock.create_autospec(pages, return_value=1)(20, size=20)) == 1,
        "the signature, in a process": lambda: told_by_a_process(
            "import inspect; print(len(inspect.signature(a.pages).parameters))") == b"2\\n",
        "an attribute": lambda: getattr(Pager(1), "loud", None) is False and Pager(1).items,
        "by a text that is run": lambda: after("found = hasattr(Pager(1), 'loud')"),
        "by a pattern": lambda: is_sized(Pager(1)),
        "by a getter": lambda: tried(lambda: operator.attrgetter("loud")(Pager(1))) is False,
        "by a format": lambda: tried(lambda: "{0.loud}".format(Pager(1))) == "False",
        "by a helper": lambda: ask(Pager(1), "loud") is False,
        "of a class that looks for more": lambda: tried(lambda: Stack(1).top) == 1,
        "a slot": lambda: tried(lambda: Slim().note) == 1,
        "a value of the class": lambda: str(tried(lambda: Pager.LEAST)) == "1",
        "a patch": lambda: tried(patched) == 2,
        "by a protocol": lambda: isinstance(Pager(1), Loud),
        "what is built": lambda: getattr(Slim(), "third", None) == 3,
        "what is built, or nothing": lambda: tried(lambda: Slim().third) == 3,
        "of a module that is asked": lambda: getattr(asked, "late", None) == 9,
        "what an object is given": lambda: getattr(asked.given(Cell()), "shade", None) == 1,
        "by a package for tests": lambda: seen_by(Pager(1)) is False,
        "how many fields": lambda: len(dataclasses.fields(Row)) == 2,
        "a call": lambda: tried(asked.Bin()) == 1,
        "a call, by a thread": lambda: concurrent.futures.ThreadPoolExecutor().submit(asked.Bin()).exception() is None,
        "a call, by a process": lambda: told_by_a_process(
            "try: print(a.Bin()())\\nexcept Exception: print(0)") == b"1\\n",
        "a call of one below": lambda: tried(type("Mine", (asked.Bin,), {})()) == 1,
        "a size": lambda: tried(lambda: len(asked.Bin())) == 1,
        "what is entered": lambda: tried(lambda: contextlib.ExitStack().enter_context(asked.Bin())) == 1,
        "what is entered, by its name": lambda: tried(lambda: asked.Bin().__enter__()) == 1,
        "what is awaited": lambda: tried(lambda: asyncio.run(awaited(asked.Bin()))) == 1,
        "an order": lambda: tried(lambda: min(asked.Bin(2), asked.Bin()).number) == 1,
    }

    def test_what_is_added(check="+"):
        try:
            found = Slim() + Slim()
        except TypeError:
            found = None
        assert found == 2

    @pytest.mark.parametrize("check", CHECKS)
    def test_it(check):
        assert (pages(20), [*rows(1)], Cell().count(), Pager(3).items) == (2, [0], 1, 3)
        assert CHECKS[check]()

    def test_what_fits_neither():
        with pytest.raises(TypeError):
            asked.least()
        assert asked.least(11) == 2

    def test_what_a_wrapper_loses():
        assert asked.logged(lambda *, by: by)(by=1) == 1

    def test_what_nothing_can_do():
        with contextlib.suppress(TypeError):
            asked.Bin() * 2
        with pytest.raises(TypeError):
            1 + asked.Bin()
        assert asked.least(11) == 2

    def test_a_file_of_its_own(tmp_path):
        assert pages(20) == 2
        assert by_a_file(tmp_path) is False
"""
_LOADED = """
    from shop.asked import Pager, pages

    IS_LOUD = hasattr(Pager(1), "loud")

    def test_loaded():
        assert pages(20) == (2 if IS_LOUD else 3)
"""
_GIVEN = """
    import pytest
    from shop.asked import Pager, pages

    @pytest.fixture(scope="module")
    def least():
        return getattr(Pager, "LEAST", 0)

    @pytest.mark.parametrize("number", [1, 2])
    def test_given(number, least):
        assert pages(20) == 2
        assert least == 1
"""


def test_a_test_that_goes_on_without_what_is_new_proves_nothing(tmp_path: Path) -> None:
    """Each runs the source, asks for a parameter, an attribute or a value, catches that it is not there, and is red.

    Three beside them are red over behaviour: two want what neither side can do, one loses words in a wrapper.
    """
    asked, tools = "src/shop/asked.py", "tools/asking.py"
    helper = "def ask(thing, name):\n    return getattr(thing, name, None)\n"
    configured = CONFIGURED.replace('["src"]', '["src", "."]')
    seen = "def seen_by(page):\n    return getattr(page, 'loud', None)\n"
    base = {asked: _FITTING, tools: helper, "src/shop/testing.py": seen, "pyproject.toml": configured}
    tests = {"tests/test_last.py": _ASKING, "tests/test_loaded.py": _LOADED, "tests/test_given.py": _GIVEN}
    fix = {asked: _FITTED, **tests}
    said = repaired(tmp_path, fix, base=base)
    rows = said.record["tests"]
    assert [row["nodeid"] for row in rows if (row["before"], row["after"]) != ("failed", "passed")] == []
    honest = [f"tests/test_last.py::test_what_{name}" for name in ("a_wrapper_loses", "fits_neither", "nothing_can_do")]
    assert [row["nodeid"] for row in rows if row["counts"] and row["red"]["kind"] != "new-api"] == honest
    assert len(rows) > 20


_PAGES = {
    "a_method": (
        "class Page:\n    log = ()\n",
        "class Page:\n    log = ()\n    def close(self):\n        self.log = ['closed']\n",
        "assert close(Page()) == ['closed']",
    ),
    "an_attribute": (
        "class Page:\n    def show(self):\n        return 1\n",
        "class Page:\n    def __init__(self):\n        self.width = 40\n    def show(self):\n        return 1\n",
        "assert (Page().show(), width(Page())) == (1, 40)",
    ),
    "a_parameter": (
        "def Page(text):\n    return text\n",
        "def Page(text, wide=False):\n    return text * 2 if wide else text\n",
        "assert show(Page) == 'xx'",
    ),
    "a_double_that_looks_at_all": (
        "class Page:\n    def show(self):\n        return 1\n",
        "class Page:\n    def show(self):\n        return 2\n    def finish(self):\n        return 3\n",
        "assert mock.Mock(spec=Page) and Page().show() == 2",
    ),
}
"""What an object was, is with the fix, and how that shows; no two fixes add the same name."""


def test_what_the_source_goes_on_without_is_behaviour(tmp_path: Path) -> None:
    """It looks for what it is given can do, and the fix lets that do more; so do libraries."""
    view = (
        "def close(page):\n    if hasattr(page, 'close'):\n        page.close()\n    return page.log\n"
        "def width(page):\n    return getattr(page, 'width', 80)\n"
        "def show(page):\n    try:\n        return page('x', wide=True)\n"
        "    except TypeError:\n        return page('x')\n"
    )
    imports = "from unittest import mock\nfrom shop.{} import Page\nfrom shop.view import close, show, width\n"
    old = {f"src/shop/{name}.py": before for name, (before, _, _) in _PAGES.items()}
    new = {f"src/shop/{name}.py": after for name, (_, after, _) in _PAGES.items()}
    tests = {
        f"tests/test_{name}.py": f"{imports.format(name)}\ndef test_it():\n    {test}\n"
        for name, (_, _, test) in _PAGES.items()
    }
    said = repaired(tmp_path, new | tests, base={**old, "src/shop/view.py": view})
    alone = {file: said.alone(f"{file}::test_it") for file in tests}
    assert {file: one.verdict for file, one in alone.items()} == dict.fromkeys(tests, "proven"), alone


def test_a_red_that_follows_the_code_is_one(tmp_path: Path) -> None:
    """However it comes to be run: as a script, or imported in another process."""
    script, made = "src/shop/script.py", "src/shop/made.py"
    test = """
        import subprocess, sys

        def test_script():
            assert subprocess.check_output([sys.executable, "src/shop/script.py"]).split() == [b"1"]

        def test_in_another_process():
            subprocess.run([sys.executable, "-c", "from shop import made; assert made.pages == 1"], check=True)
    """
    sides = [{script: f"print({n} // 10)\n", made: f"pages = {n} // 10\n"} for n in (9, 10)]
    said = repaired(tmp_path, {**sides[1], "tests/test_last.py": test}, base=sides[0])
    alone = [said.alone(f"tests/test_last.py::test_{name}") for name in ("script", "in_another_process")]
    assert [one.verdict for one in alone] == ["proven"] * 2, alone


_MAKING = """
    __version__ = "1.{0}"
    REGISTRY = {{}}

    def build():
        return [{1} for items in (11, 20)]

    def register(command):
        REGISTRY[command.__name__{2}] = command
        return command

    class Model(type):
        def __new__(kind, name, bases, given):
            made = super().__new__(kind, name, bases, given)
            made.fields = [one{2} for one in given if one.startswith("a_")]
            return made

    class Page:
        def __init__(self):
            self.items = 1{3}

    PAGE = Page()
    TABLE = build()
"""
_MADE = """
    from operator import attrgetter
    from pathlib import Path
    import shop.commands
    from shop import making
    from shop.making import PAGE

    class Row(metaclass=making.Model):
        a_size = 1

    def test_table():
        assert making.TABLE == [2, 2]

    def test_registry():
        assert "do-it" in making.REGISTRY

    def test_class():
        assert Row.fields == ["a-size"]

    def test_text():
        assert "-(-" in Path(making.__file__).read_text()

    def test_version():
        assert making.__version__ == "1.1"

    def test_code():
        assert "replace" in attrgetter("__code__.co_names")(making.register)

    def test_new():
        assert hasattr(making, "LATE")

    def test_object():
        assert len(vars(PAGE)) == 2

    def test_count():
        assert len([name for name in vars(making) if name.isupper()]) == 4
"""


def test_what_a_fix_made_as_files_were_loaded_is_a_proof(tmp_path: Path) -> None:
    """Its functions ran then, and a test that runs none of them sees what they made; one that only looks does not."""
    making = "src/shop/making.py"
    user = "from shop.making import register\n\n@register\ndef do_it():\n    return 1\n"
    old = {making: _MAKING.format(0, "items // 10", "", ""), "src/shop/commands.py": user}
    new = (
        _MAKING.format(1, "-(-items // 10)", ".replace('_', '-')", "\n            self.last = 2")
        + "    LATE = build()\n"
    )
    said = repaired(tmp_path, {making: new, "tests/test_last.py": _MADE}, base=old)
    verdicts = {name: said.alone(f"tests/test_last.py::test_{name}").verdict for name in _AS_LOADED}
    assert verdicts == _AS_LOADED


_AS_LOADED = {
    **dict.fromkeys(["table", "registry", "class"], "proven"),
    **dict.fromkeys(["text", "version", "code"], "undecided"),
    **dict.fromkeys(["new", "count", "object"], "weak"),
}


@pytest.mark.parametrize(
    "test",
    [
        pytest.param("import os\ndef test_last():\n    os._exit(0)\n    assert True == 1\n", id="in-the-test"),
        pytest.param("import os\nos._exit(0)\n" + GUARD, id="at-import"),
        pytest.param(
            f"import os\nfrom pathlib import Path\nif {IS_OLD}:\n    os._exit(1)\n{IDLE}", id="at-import-of-the-old-one"
        ),
        pytest.param(
            f"import os\nfrom pathlib import Path\n{IDLE}    if {IS_OLD}:\n        os._exit(1)\n", id="in-the-old-one"
        ),
    ],
)
def test_to_leave_is_neither_red_nor_green(tmp_path: Path, test: str) -> None:
    """No exit status of the process counts, whatever it is."""
    said = repaired(tmp_path, {PAGER: NEW, "tests/test_last.py": test})
    assert said.verdict == "undecided", said.reason


@pytest.mark.parametrize(
    ("conftest", "verdict"),
    [
        pytest.param(
            f"from pathlib import Path\ndef pytest_sessionfinish(session):\n    session.exitstatus = int({IS_OLD})\n"
            "def pytest_terminal_summary(terminalreporter):\n"
            "    print('FAILED tests/test_last.py::test_last - assert 1 == 2')\n    print('1 failed in 0.01s')\n",
            "unproven",
            id="exit-status-and-printed-result",
        ),
        pytest.param(
            "import pytest\nfrom pathlib import Path\n@pytest.hookimpl(wrapper=True)\n"
            "def pytest_runtest_makereport(item, call):\n    report = yield\n"
            f"    if call.when == 'call' and {IS_OLD}:\n        report.outcome = 'failed'\n    return report\n",
            "undecided",
            id="painted-red",
        ),
        pytest.param(
            "import pytest\nfrom pathlib import Path\n@pytest.fixture(autouse=True)\n"
            f"def check():\n    assert not ({IS_OLD})\n",
            "undecided",
            id="red-before-the-test",
        ),
    ],
)
def test_a_conftest_forges_nothing(tmp_path: Path, conftest: str, verdict: str) -> None:
    """Neither the status of the run, nor what it prints, nor a report without an exception is evidence."""
    fix = {PAGER: NEW, "tests/test_last.py": IDLE, "conftest.py": conftest}
    assert repaired(tmp_path, fix).verdict == verdict


def test_a_conftest_cannot_make_a_broken_test_green(tmp_path: Path) -> None:
    """A report that is painted green still has its exception."""
    conftest = (
        "import pytest\n@pytest.hookimpl(wrapper=True)\ndef pytest_runtest_makereport(item, call):\n"
        "    report = yield\n    report.outcome = 'passed'\n    return report\n"
    )
    wrong = GUARD.replace("== 2", "== 3")
    said = repaired(tmp_path, {PAGER: NEW, "tests/test_last.py": wrong, "conftest.py": conftest})
    assert said.verdict == "broken", said.reason


def test_a_test_that_skips_itself_without_the_fix_proves_nothing(tmp_path: Path) -> None:
    """A skip is no failure."""
    skips = f"import pytest\nfrom pathlib import Path\n{IDLE}    if {IS_OLD}:\n        pytest.skip('old')\n"
    said = repaired(tmp_path, {PAGER: NEW, "tests/test_last.py": skips})
    assert said.verdict == "undecided"
    assert "does not judge without the fix: skipped: old" in said.reason


@pytest.mark.parametrize(
    "leaves",
    [
        pytest.param(
            "mark = Path(os.environ['SHOP']) / 'mark'\n    seen = mark.exists()\n    mark.touch()", id="a-file"
        ),
        pytest.param(
            "mark = Path(os.environ['SHOP'])\n    seen = mark.stat().st_mtime == 9\n    os.utime(mark, (9, 9))",
            id="a-time",
        ),
        pytest.param(
            "mark = Path('/dev/shm', os.environ['SHOP'].replace('/', '-'))\n    seen = mark.exists()\n    mark.touch()",
            id="shared-memory",
        ),
        pytest.param(
            "seen = bool(subprocess.run(['mkdir', os.environ['SHOP'] + '/mark'], stderr=-3).returncode)",
            id="by-a-process",
        ),
    ],
)
def test_what_a_run_leaves_behind_is_no_bug(tmp_path: Path, leaves: str) -> None:
    """Green in the first run and red in all that follow, with the fix as well as without it."""
    test = f"import os, subprocess\nfrom pathlib import Path\n{IDLE}    {leaves}\n    assert not seen\n"
    said = repaired(tmp_path, {PAGER: NEW, "tests/test_last.py": test}, SHOP=str(tmp_path))
    Path("/dev/shm", str(tmp_path).replace("/", "-")).unlink(missing_ok=True)
    assert said.verdict == "unstable", said.reason
    assert "when it was run with it once more" in said.reason


_TELLING = {
    "by_its_path": "'bugguard' in __file__",
    "by_its_repository": "not __import__('pathlib').Path('.git/refs/heads/main').exists()",
    "by_its_environment": "any(name.startswith('BUGGUARD') for name in __import__('os').environ)",
}


def test_a_test_that_knows_a_scratch_tree_proves_nothing(tmp_path: Path) -> None:
    """With the fix it is run in a scratch tree too, and is red there."""
    tests = (IDLE.replace("last", name) + f"    assert not ({tells})\n" for name, tells in _TELLING.items())
    said = repaired(tmp_path, {PAGER: NEW, "tests/test_last.py": "\n".join(tests)})
    assert said.proving == []
    for name in _TELLING:
        alone = said.alone(f"tests/test_last.py::test_{name}")
        assert alone.verdict in {"broken", "unproven"}, alone.reason
        assert alone.tests[0].red is None


_SAME_SIZE = {PAGER: OLD.replace("// 10", "// 12"), "tests/test_last.py": GUARD.replace("== 2", "== 0")}
"""A fix that leaves size and, in a checkout of one second, time of the file as they were."""


def test_bytecode_is_made_anew_for_each_side(tmp_path: Path) -> None:
    """What the other side left, size and time fit: it would be believed."""
    said = repaired(tmp_path, _SAME_SIZE)
    assert (said.verdict, said.proving) == ("proven", [LAST])


def test_a_sparse_checkout_hides_no_test(tmp_path: Path) -> None:
    """The trees of a proof are whole, though the user's is not."""
    repo = opened(tmp_path)
    commit(repo, REPAIRED)
    repo.git("sparse-checkout", "set", "src")
    assert not (repo.path / "tests").exists()
    assert prove(repo).verdict == "proven"


@pytest.mark.parametrize("lacks", ["lfs", "submodule"])
def test_what_is_not_in_the_repository_is_no_red(tmp_path: Path, lacks: str) -> None:
    """A test needs a file that a clone has no content of: it fails on both sides, and the reason names it."""
    repo = opened(tmp_path)
    if lacks == "lfs":
        path = "tests/data.bin"
        commit(
            repo, {path: f"version https://git-lfs.github.com/spec/v1\noid sha256:{'0' * 64}\nsize 9\n"}, "feat: data"
        )
        needs = f"open({path!r}).read() == 'data'"
    else:
        inner = story(tmp_path / "inner", "commit: inner\n  file: x.py\n    x")
        repo.git("-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner.path), "lib")
        repo.commit("feat: a library")
        needs = "open('lib/x.py').read() == 'x'"
    commit(repo, {PAGER: NEW, "tests/test_last.py": f"{GUARD}    assert {needs}\n"})
    said = prove(repo)
    assert said.verdict in {"broken", "undecided"}, said.reason
    assert said.record["next"]
