"""How pytest's own options for doctests are read, and which files they have it search."""

from __future__ import annotations

import pytest

from pytest_bugguard.core.doctest_options import DoctestOptions, from_words, ignored


@pytest.mark.parametrize(
    ("words", "read"),
    [
        pytest.param([], DoctestOptions(), id="nothing"),
        pytest.param(["-q", "--doctest-modules"], DoctestOptions(in_modules=True), id="modules"),
        pytest.param(["-p", "no:doctest"], DoctestOptions(is_on=False), id="switched-off"),
        pytest.param(["-pno:doctest", "-v"], DoctestOptions(is_on=False), id="switched-off-in-one-word"),
        pytest.param(["-pno:doctest", "--doctest-modules"], DoctestOptions(is_on=False, in_modules=True),
                     id="the-word-behind-one-that-is-whole"),
        pytest.param(["-p", "pytester"], DoctestOptions(), id="another-plugin"),
        pytest.param(["--doctest-glob=*.md", "--doctest-glob", "docs/*.rst"],
                     DoctestOptions(globs=("*.md", "docs/*.rst")), id="globs-in-both-ways"),
        pytest.param(["--doctest-glob"], DoctestOptions(globs=("",)), id="a-glob-that-is-missing"),
        pytest.param(["--import-mode=importlib"], DoctestOptions(names_from="sub"), id="importlib"),
        pytest.param(["--import-mode", "importlib"], DoctestOptions(names_from="sub"), id="importlib-in-two-words"),
        pytest.param(["--import-mode=append"], DoctestOptions(), id="another-mode"),
        pytest.param(["--import-mode=append", "--import-mode=importlib"], DoctestOptions(names_from="sub"),
                     id="the-last-mode-holds"),
        pytest.param(["--import-mode=importlib", "--import-mode=prepend"], DoctestOptions(), id="taken-back"),
    ],
)  # fmt: skip
def test_options_are_read_as_pytest_reads_them(words: list[str], read: DoctestOptions) -> None:
    """A value may stand behind ``=``, in the next word, or at the letter of its option."""
    assert from_words(words, "sub") == read


def test_a_configuration_at_the_top_names_modules_from_there() -> None:
    """Its folder has no name of its own."""
    assert from_words(["--import-mode=importlib"]).names_from == ""


@pytest.mark.parametrize(
    ("words", "places"),
    [
        pytest.param(["--ignore=docs/", "-q"], ("docs",), id="folder"),
        pytest.param(["--ignore", "./docs/old"], ("docs/old",), id="from-here"),
        pytest.param(["--ignore-glob=*_old.py", "--ignore=a.py"], ("a.py", "*_old.py"), id="patterns-come-last"),
        pytest.param(["--ignored=docs"], (), id="another-option"),
    ],
)
def test_what_is_ignored_is_a_place_below_the_top(words: list[str], places: tuple[str, ...]) -> None:
    """Spelt as the tree spells it."""
    assert ignored(words) == places


@pytest.mark.parametrize(
    ("options", "path", "is_searched"),
    [
        pytest.param(DoctestOptions(), "test_a.txt", True, id="pytests-own-pattern"),
        pytest.param(DoctestOptions(), "docs/test_a.txt", True, id="in-any-folder"),
        pytest.param(DoctestOptions(), "docs/a.txt", False, id="no-pattern"),
        pytest.param(DoctestOptions(is_on=False), "test_a.txt", False, id="off"),
        pytest.param(DoctestOptions(globs=("*.rst",)), "docs/a.rst", True, id="by-name"),
        pytest.param(DoctestOptions(globs=("*.rst",)), "test_a.txt", False, id="in-place-of-pytests-own"),
        pytest.param(DoctestOptions(globs=("docs/*.rst",)), "docs/a.rst", True, id="by-path"),
        pytest.param(DoctestOptions(globs=("docs/*.rst",)), "sub/docs/a.rst", True, id="by-the-end-of-its-path"),
        pytest.param(DoctestOptions(globs=("docs/*.rst",)), "mydocs/a.rst", False, id="a-folder-with-such-an-end"),
        pytest.param(DoctestOptions(globs=("docs/*.rst",)), "a.rst", False, id="another-folder"),
        pytest.param(DoctestOptions(in_modules=True), "src/a.py", True, id="module"),
        pytest.param(DoctestOptions(globs=("*.py",)), "src/a.py", False, id="a-module-is-no-text"),
        pytest.param(DoctestOptions(in_modules=True), "setup.py", False, id="setup"),
        pytest.param(DoctestOptions(), "setup.py", False, id="setup-and-no-modules"),
        pytest.param(DoctestOptions(in_modules=True), "src/a/__main__.py", False, id="a-program"),
    ],
)
def test_a_file_is_searched_as_pytest_searches_it(options: DoctestOptions, path: str, is_searched: bool) -> None:
    """Where it comes to it by a folder."""
    assert options.may_hold(path, is_named=False) is is_searched


@pytest.mark.parametrize(
    ("path", "is_searched"), [("docs/a.txt", True), ("docs/a.rst", True), ("docs/a.md", False), ("src/a.py", False)]
)
def test_a_text_that_is_named_needs_no_pattern(path: str, is_searched: bool) -> None:
    """As pytest has it for the arguments that it is given."""
    assert DoctestOptions().may_hold(path, is_named=True) is is_searched


@pytest.mark.parametrize(
    ("names_from", "path", "name"),
    [
        pytest.param(None, "src/shop/net/http.py", "shop.net.http", id="in-packages"),
        pytest.param(None, "src/shop/__init__.py", "shop", id="a-package"),
        pytest.param(None, "src/tools/clean.py", "clean", id="in-no-package"),
        pytest.param("", "src/shop/net/http.py", "shop.net.http", id="importlib-in-packages"),
        pytest.param("", "src/tools/clean.py", "src.tools.clean", id="importlib-from-the-top"),
        pytest.param("", "clean.py", "clean", id="importlib-at-the-top"),
        pytest.param("src", "src/tools/clean.py", "tools.clean", id="importlib-from-a-folder"),
        pytest.param("a/src", "a/src/tools/clean.py", "tools.clean", id="importlib-from-further-down"),
    ],
)
def test_a_module_has_the_name_under_which_pytest_imports_it(names_from: str | None, path: str, name: str) -> None:
    """Which is that of its doctests."""
    packages = {"src/shop", "src/shop/net"}
    assert DoctestOptions(names_from=names_from).module_name(path, packages.__contains__) == name
