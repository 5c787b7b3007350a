"""An assertion that a new name be there is no more than the use of that name."""

from __future__ import annotations

import textwrap

import pytest

from pytest_bugguard.core import novelty
from pytest_bugguard.core.claims import asks_for_novelty, takes_novelty
from pytest_bugguard.core.novelty import SourceVersions
from pytest_bugguard.core.runs import Claim, Helper

OLD = b"def pages(n): ...\nclass Pager:\n    def __init__(self, n): ...\n"
NEW = (
    b"def pages(n, strict): ...\nclass Pager:\n    def __init__(self, n): ...\n    def first(self): ...\n"
    b"    def __add__(self, other): ...\n    def __call__(self): ...\n    def __len__(self): ...\nMANY = 9\n"
    b"setattr(Pager, 'late', 1)\ndef made(page):\n    page.loud = True\n"
)
NOVELTY = novelty.of(
    [
        SourceVersions("src/shop/pager.py", "src/shop/pager.py", OLD, NEW),
        SourceVersions(None, "src/shop/clock.py", None, b"def now(): ...\n"),
        SourceVersions(None, "src/shop.v2/tax/__init__.py", None, b""),
        SourceVersions(None, "src/shop/taxes.json", None, b"{}"),
    ]
)


FILLED = novelty.of(
    [SourceVersions("src/shop/pager.py", "src/shop/pager.py", OLD, OLD.replace(b"n): ...", b"n):\n        self.n = n"))]
)


@pytest.mark.parametrize(
    ("body", "kinds", "asks"),
    [
        ("assert len(vars(Pager(3))) == 1", {}, True),
        ("pager = shop.Pager(3)\nassert len(pager.__dict__) == 1", {"pager": "Pager"}, True),
        ("assert len(vars(PAGER)) == 1", {"PAGER": "Pager"}, True),
        ("assert len(vars(PAGER)) == 1", {"PAGER": "Clock"}, False),
        ("assert len(vars(pages(3))) == 1", {}, False),
        ("assert len(PAGER) == 1", {"PAGER": "Pager"}, False),
    ],
)
def test_who_counts_what_an_object_holds_asks_for_what_is_new_in_it(
    body: str, kinds: dict[str, str], asks: bool
) -> None:
    """An attribute that each object of a class has now is new API, named or counted."""
    said = claim(body)._replace(kinds=tuple(kinds.items()))
    assert asks_for_novelty(said, FILLED) is asks


def test_a_constructor_is_asked_for_by_its_class() -> None:
    """Every class has one of the same name, and that of another one is as it was."""
    reshaped = novelty.of(
        [SourceVersions("src/shop/pager.py", "src/shop/pager.py", OLD, OLD.replace(b"self, n", b"self, n, strict"))]
    )
    body = "assert len(inspect.signature({}.__init__).parameters) == 3"
    assert asks_for_novelty(claim(body.format("Pager")), reshaped)
    assert not asks_for_novelty(claim(body.format("Made")), reshaped)


def claim(body: str, **strings: str) -> Claim:
    """The last line of a test's body, with what its names held as it failed."""
    source = f"    def test_it(self):\n{textwrap.indent(body, ' ' * 8)}\n"
    return Claim(source, source.count("\n"), tuple((name, (text,)) for name, text in strings.items()))


@pytest.mark.parametrize(
    "body",
    [
        "assert hasattr(shop.pager, 'MANY')",
        "assert hasattr(Pager(3), 'first'), 'there is no such method'",
        "assert not not hasattr(Pager, 'first')",
        "assert hasattr(Pager, 'first') and pages(11) == 2",
        "assert all(hasattr(Pager, name) for name in ('__init__', 'first'))",
        "assert callable(getattr(Pager, 'first', None))",
        "assert getattr(Pager, 'first', None) is not None",
        "assert getattr(shop.pager, 'MANY', 0) == 9",
        "assert getattr(Pager(3), 'first', lambda: 0)() == 1",
        "found = getattr(Pager, 'first', None)\nassert found",
        "assert 'MANY' in dir(shop.pager)",
        "assert 'MANY' in vars(shop.pager)",
        "assert 'first' in Pager.__dict__.keys()",
        "assert 'MANY' in shop.__all__",
        "names = [name for name in dir(Pager) if not name.startswith('_')]\nassert 'first' in names",
        "assert [name for name, _ in inspect.getmembers(Pager)] == ['first']",
        "assert [field.name for field in dataclasses.fields(Pager)] == ['n', 'first']",
        "assert Pager.__match_args__ == ('n', 'first')",
        "assert 'strict' in inspect.signature(pages).parameters",
        "parameters = inspect.signature(pages).parameters\nassert len(parameters) == 2",
        "assert str(inspect.signature(shop.pages)) == '(n, strict)'",
        "assert 'strict' in pages.__code__.co_varnames",
        "assert Path('src/shop/clock.py').exists()",
        "file = Path(shop.__file__).parent / 'clock.py'\nassert file.is_file()",
        "assert os.path.isfile(os.path.join(HERE, 'shop', 'clock.py'))",
        "assert importlib.util.find_spec('shop.clock') is not None",
        "assert importlib.util.find_spec('v2.tax') is not None",
        "assert Path('./shop/clock.py').exists()",
        "assert 'clock.py' in os.listdir(HERE)",
        "assert (files('shop') / 'taxes.json').is_file()",
        "assert os.path.exists('src/shop/taxes.json')",
        "self.assertTrue(hasattr(Pager, 'first'))",
        "self.assertIn('first', dir(Pager))",
        "self.assertIsNotNone(getattr(Pager, 'first', None), 'no first page')",
        "names = ['first']\nmissing = [name for name in names if not hasattr(Pager, name)]\nassert missing == []",
        "missing = {'__init__', 'first'} - set(dir(Pager))\nassert not missing",
        "try:\n    from shop.pager import MANY\n    ok = True\nexcept ImportError:\n    ok = False\nassert ok",
        "try:\n    got = Pager(3).first()\nexcept AttributeError:\n    got = None\nassert got == 1",
        "bad = []\ntry:\n    Pager(3).first()\nexcept Exception as error:\n    bad.append(error)\nassert bad == []",
        "if not hasattr(Pager, 'first'):\n    pytest.fail('there is no first page')",
        "assert getattr(Pager(3), 'late', 0) == 1",
        "assert hasattr(made(Pager(3)), 'loud')",
        "try:\n    got = Pager(3).late\nexcept AttributeError:\n    got = None\nassert got == 1",
        "got = None\nwith contextlib.suppress(AttributeError):\n    got = Pager(3).late\nassert got == 1",
        "try:\n    got = Pager(1) + Pager(2)\nexcept TypeError:\n    got = None\nassert got == 3",
        "with suppress(TypeError, ValueError):\n    got = len(Pager(3))\nassert got == 3",
        "try:\n    got = Pager['first']\nexcept KeyError:\n    got = None\nassert got",
        "try:\n    got = Pager['first']\nexcept LookupError:\n    got = None\nassert got",
        "try:\n    got = Pager(3).first()\nexcept BaseException:\n    got = None\nassert got == 1",
        "try:\n    got = Pager(3).first()\nexcept:\n    got = None\nassert got == 1",
        "try:\n    got = Pager(3).first()\nexcept* AttributeError:\n    got = None\nassert got == 1",
        "got = None\nwith suppress(OSError, BaseException):\n    got = Pager(3).first()\nassert got == 1",
        "assert callable(Pager(3))",
        "assert pages.__module__ == 'shop.clock'",
        "assert len(dataclasses.fields(Pager)) == 2",
        "fields = dataclasses.fields(shop.Pager)\ncount = len(fields)\nself.assertEqual(count, 2)",
        "assert len(Pager.__match_args__) == 2",
        "assert len(Pager._fields) == 2",
        "assert len(dir(Pager)) > 30",
        "assert len(vars(pager)) == 12",
        "assert len(Pager) == 2",
        "assert len([one.name for one in Pager]) == 2",
        "assert len(list(Pager)) == 2",
        "assert len(set(dir(Pager))) > 30",
        "assert [one.name for one in Pager] == ['first', 'n']",
        "assert isinstance(Pager(3), collections.abc.Sized)",
    ],
)
def test_it_asks_for_what_the_fix_adds(body: str) -> None:
    """However it is asked, the answer only says that the API is new."""
    assert asks_for_novelty(claim(body), NOVELTY)


@pytest.mark.parametrize(
    "body",
    [
        "assert pages(11) == 2",
        "assert pages(11) == 2 and hasattr(Pager, 'first')",
        "assert [hasattr(Pager, 'first'), pages(11)] == [True, 2]",
        "assert hasattr(Pager, '__init__')",
        "assert not hasattr(pages(11), 'second')",
        "assert 'first' in pages(11)",
        "assert 'first' in vars(parse())['names']",
        "assert vars(parse()) == {'first': 1}",
        "assert parse().get('strict') == 1",
        "assert 'MANY' in os.environ",
        "assert Path(tmp_path / 'out.txt').exists()",
        "assert Path(tmp_path / 'more-taxes.json').exists()",
        "assert shop.exists('first')",
        "assert 'n' in inspect.signature(wrapped).parameters",
        "assert str(inspect.signature(Made.__init__)) == '(self, n)'",
        "assert dir(proxy) == dir(target)",
        "assert pages.__module__ == 'shop.pager'",
        "assert pages(11).__module__ == which(11)",
        "assert len(dir(proxy)) == 3",
        "assert len(vars(Pager(3))) == 1",
        "assert len(pager) == 3",
        "assert len(Pager(3)) == 3",
        "assert len(fields(Pager)) == pages(11)",
        "pager = Pager(3)\nassert len(pager) == 3",
        "assert len(dataclasses.fields(Made)) == 2",
        "self.assertEqual(pages(11), 2)",
        "if pages(11) != 2:\n    pytest.fail(f'{hasattr(Pager, \"first\")}')",
        "pytest.fail('first')",
        "got = pager.first()\nassert got == 1",
        "try:\n    got = Pager(3).first()\nexcept ValueError:\n    got = None\nassert got == 1",
        "bad = []\ntry:\n    pages(11)\nexcept Exception as error:\n    bad.append(error)\nassert bad == []",
        "try:\n    got = 1 - pages(11)[0]\nexcept ValueError:\n    got = None\nassert got == 2",
        "try:\n    got = KINDS['first']\nexcept KeyError:\n    got = None\nassert got",
        "with open('late') as file:\n    got = file.read()\nassert got == 'late'",
        "with suppress(TypeError):\n    got = 3\nassert got == 2",
        "assert pages(11) == 'late'",
        "assert isinstance(pages(11), Pager)",
        "assert",
    ],
)
def test_it_asks_for_something_else(body: str) -> None:
    """A claim on what the source does is never taken for one on what is there."""
    assert not asks_for_novelty(claim(body), NOVELTY)


@pytest.mark.parametrize(
    "body",
    [
        "assert 'clock.py' in os.listdir(tmp_path)",
        "assert 'clock.py' in [entry.name for entry in os.scandir(str(tmp_path))]",
        "assert (tmp_path / 'clock.py').exists()",
        "assert (tmp_path / 'shop' / 'clock.py').is_file()",
        "assert os.path.exists(os.path.join(self.tmp_path, 'shop', 'taxes.json'))",
        "assert tmpdir.join('clock.py').exists()",
        "assert 'clock.py' in os.listdir(tmp_path_factory.mktemp('out'))",
        "out = tmp_path / 'out'\nassert 'clock.py' in os.listdir(out)",
        "out = tmp_path / 'out'\nfile = out / 'clock.py'\nassert file.exists()",
        "names = sorted(os.listdir(tmp_path))\nassert names == ['clock.py']",
        "out = tmp_path / 'out'\nout = out / 'in'\nassert 'clock.py' in os.listdir(path=out)",
        "assert os.path.exists(f'{tmp_path}/clock.py')",
        "out: Path = tmp_path\nassert 'clock.py' in os.listdir(out)",
        "self.assertIn('clock.py', os.listdir(tmpdir))",
        "self.assertTrue((tmp_path / 'clock.py').exists())",
        "if not (tmp_path / 'clock.py').exists():\n    pytest.fail('nothing was written')",
    ],
)
def test_what_the_product_writes_is_no_new_api(body: str) -> None:
    """Below pytest's temporary folder lies what the test had written, also under the name of a new file."""
    assert not asks_for_novelty(claim(body), NOVELTY)


@pytest.mark.parametrize(
    "body",
    [
        "assert 'clock.py' in os.listdir(HERE / 'shop')",
        "assert (HERE / 'clock.py').exists()",
        "out = tmp_path / 'out'\nassert 'clock.py' in os.listdir(HERE)",
        "place = place / 'shop'\nassert 'clock.py' in os.listdir(place)",
        "place = HERE\nif here:\n    place = tmp_path\nassert 'clock.py' in os.listdir(place)",
        "place = HERE\nassert 'clock.py' in os.listdir(place)",
        "assert hasattr(made_in(tmp_path, Pager), 'first')",
        "assert 'first' in dir(Pager(tmp_path))",
    ],
)
def test_what_is_asked_of_the_source_tree_is(body: str) -> None:
    """A temporary folder elsewhere in the test does not speak for it."""
    assert asks_for_novelty(claim(body), NOVELTY)


def test_a_helper_may_look_into_a_temporary_folder() -> None:
    """It does where it is given one."""
    helper = Helper("has", "tests/helpers.py", "def has(folder, name):\n    return name in os.listdir(folder)")
    for folder, asks in (("tmp_path / 'out'", False), ("HERE", True)):
        said = claim(f"assert has({folder}, 'clock.py')")._replace(helpers=(helper,))
        assert asks_for_novelty(said, NOVELTY) is asks


@pytest.mark.parametrize(
    ("helper", "body"),
    [
        pytest.param("def has(name):\n    return hasattr(Pager, name)", "assert has('first')", id="returns-it"),
        pytest.param(
            "def has(owner, name):\n    return name in dir(owner)", "assert has(Pager, name='first')", id="in"
        ),
        pytest.param("has = lambda name: hasattr(Pager, name)", "assert all(has(n) for n in ['first'])", id="lambda"),
        pytest.param("def has(self, name):\n    return hasattr(Pager, name)", "assert self.has('first')", id="method"),
        pytest.param(
            "def has():\n    try:\n        Pager.first\n    except AttributeError:\n        return\n    return True",
            "assert has()",
            id="tries-it",
        ),
        pytest.param(
            "@cache\ndef has(name):\n    found = getattr(Pager, name, None)\n    if not found:\n        return False\n"
            "    return callable(found)",
            "known = has('first')\nassert known",
            id="step-by-step",
        ),
        pytest.param(
            "def has(cls, *, name):\n    return hasattr(Pager, name)", "assert self.has(name='first')", id="by-keyword"
        ),
        pytest.param("def has(name):\n    return hasattr(Pager, name)", "assert tools.has('first')", id="in-a-module"),
        pytest.param(
            "def has(cls, name):\n    return hasattr(Pager, name)", "assert self.has('first')", id="of-a-class"
        ),
        pytest.param(
            "def has(name):\n    with quiet():\n        return hasattr(Pager, name)",
            "assert has('first')",
            id="with-something",
        ),
        pytest.param(
            "def has(n):\n    try:\n        return hasattr(Pager, n)\n    except ValueError:\n        return False",
            "assert has('first')",
            id="tries-something-else",
        ),
    ],
)
def test_a_helper_that_answers_is_read(helper: str, body: str) -> None:
    """It asks for what is there as the assertion itself would."""
    asked = claim(body)._replace(helpers=(Helper("has", "tests/helpers.py", helper),))
    assert asks_for_novelty(asked, NOVELTY)


@pytest.mark.parametrize(
    ("helper", "body"),
    [
        pytest.param("def has(name):\n    return name in pages(11)", "assert has('first')", id="what-the-source-says"),
        pytest.param(
            "def has(name):\n    return hasattr(Pager, name)", "assert has('first') == pages(1)", id="besides"
        ),
        pytest.param("def has(name):\n    return hasattr(Pager, name)", "assert has('second')", id="another-name"),
        pytest.param("def has(n):\n    return hasattr(Pager, 'first')", "assert has(pages(1))", id="of-a-result"),
        pytest.param(
            "def has(name):\n    if pages(11) != 2:\n        return False\n    return hasattr(Pager, name)",
            "assert has('first')",
            id="after-a-look-at-the-source",
        ),
        pytest.param(
            "def has(n):\n    try:\n        return pages(n)\n    except AttributeError:\n        return False",
            "assert has('first')",
            id="tries-what-was-there",
        ),
        pytest.param(
            "def has(n):\n    try:\n        Pager.first\n        return pages(n)\n"
            "    except ValueError:\n        return False",
            "assert has(1)",
            id="catches-something-else",
        ),
        pytest.param("def has(name):\n    return has(name)", "assert has('first')", id="without-end"),
        pytest.param("def has(name:", "assert has('first')", id="no-python"),
    ],
)
def test_a_helper_that_asks_for_something_else_too_is_none(helper: str, body: str) -> None:
    """It may have answered over that."""
    asked = claim(body)._replace(helpers=(Helper("has", "tests/helpers.py", helper),))
    assert not asks_for_novelty(asked, NOVELTY)


def test_a_helper_may_ask_another() -> None:
    """Each of them is read."""
    both = (
        Helper("has", "tests/helpers.py", "def has(name):\n    return look(name)"),
        Helper("look", "tests/helpers.py", "def look(name):\n    return hasattr(Pager, name)"),
    )
    assert asks_for_novelty(claim("assert has('first')")._replace(helpers=both), NOVELTY)


def test_a_helper_may_be_a_line_of_a_table() -> None:
    """It is known by the table and the key under which it stands there."""
    helper = Helper("CHECKS[it]", "tests/test_it.py", '    "it": lambda: hasattr(Pager, "first"),\n')
    for call, key in (("CHECKS['it']", ""), ("CHECKS[check]", "it"), ("self.CHECKS[check]", "it")):
        assert asks_for_novelty(claim(f"assert {call}()", check=key)._replace(helpers=(helper,)), NOVELTY)
    assert not asks_for_novelty(claim("assert CHECKS['other']()")._replace(helpers=(helper,)), NOVELTY)


def test_names_that_are_not_written_there_are_known_from_the_failure() -> None:
    """The name may come from a parameter of the test, or from whoever calls a helper."""
    assert asks_for_novelty(claim("assert hasattr(thing, name)", name="first"), NOVELTY)
    assert asks_for_novelty(claim("assert name in dir(thing)", name="first"), NOVELTY)
    assert not asks_for_novelty(claim("assert name in dir(thing)", name="last"), NOVELTY)
    assert not asks_for_novelty(claim("assert hasattr(thing, name)", name="last"), NOVELTY)


@pytest.mark.parametrize(
    ("body", "is_novel"),
    [
        ("assert vars(shop.pager)['MANY'] == 9", True),
        ("assert Pager.__dict__['first'](3)", True),
        ("name = 'MANY'\nglobals()[name]", True),
        ("vars(shop.pager)[unknown]", False),
        ("assert vars(shop.pager)[\n    'MANY']", True),
        ("Pager(3).as_dict()['first']", False),
        ("vars(shop.pager)['pages']", False),
        ("assert Pager['first'] == 1", True),
        ("assert Pager['second'] == 1", False),
        ("assert pager['first'] == 1", False),
        ("assert vars(shop.pager)", False),
        ("assert (", False),
    ],
)
def test_it_takes_what_the_fix_adds_out_of_a_namespace(body: str, is_novel: bool) -> None:
    """There a key is a name; in any other dictionary one of the same text is something else."""
    assert takes_novelty(claim(body, name="MANY"), NOVELTY) is is_novel
