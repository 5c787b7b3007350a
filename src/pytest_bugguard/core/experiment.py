"""What is run to prove a fix: two trees that differ in the fix alone, and the same tests in both. Pure; no I/O."""

from __future__ import annotations

import posixpath
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from pytest_bugguard.core import novelty, pytest_config
from pytest_bugguard.core.collection import folders_above
from pytest_bugguard.core.runs import Put

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Sequence

    from pytest_bugguard.core.model import FileChange, Files, MappedTest
    from pytest_bugguard.core.naming import IsPackage
    from pytest_bugguard.core.novelty import Novelty, SourceVersions
    from pytest_bugguard.core.runs import RunRequest

_PACKAGE_ROOTS = ("src", "lib", "python")
"""Folders that commonly hold packages without being one."""
_PROJECT_FILES = ("pyproject.toml", "setup.py", "setup.cfg")
_AT_THE_START = """
    argparse ast base64 bdb binascii bisect cmd codeop collections contextlib copy copyreg csv dataclasses datetime
    decimal dis email encodings enum fnmatch functools gettext glob hashlib heapq importlib inspect json keyword locale
    logging math numbers opcode operator pathlib pdb platform pprint pyexpat queue quopri random re reprlib select
    selectors shutil string struct subprocess tempfile textwrap threading token traceback types typing unicodedata
    unittest urllib warnings weakref xml zlib
"""
"""Standard modules without which no pytest begins, as was seen with an empty package of each name before it."""


class Experiment(Struct, frozen=True):
    """Two trees that differ in the fix alone, and the tests that are run in both."""

    commit: str
    """Both trees begin with the files of this commit."""
    tests: tuple[MappedTest, ...]
    """The tests of the fix, under the names that they have there."""
    shared: tuple[Put, ...]
    """Laid over it in both: tests from elsewhere, uncommitted work."""
    back: tuple[Put, ...]
    """Laid over that where the fix is taken out: each changed source file as it was before."""
    now: tuple[Put, ...]
    """The same files as they are with the fix."""
    with_fix: RunRequest
    without_fix: RunRequest
    versions: tuple[SourceVersions, ...]
    """The texts of the changed source files, as they were before the fix and as it left them."""
    changed: tuple[str, ...] = ()
    """The changed source files, as the tree without the fix names them; none where it only adds files."""
    changed_now: tuple[str, ...] = ()
    """The same, as the tree with it names them."""
    packages: tuple[str, ...] = ()
    """Folders of packages, in which generated files are looked for."""
    tests_are_later: bool = False
    """Whether its tests are those of a later state, laid over its own commit."""

    @property
    def novelty(self) -> Novelty:
        """What the fix adds: wanting it is no bug. Read off when it is asked for: beside a receipt it is not."""
        return novelty.of(self.versions)

    @property
    def veiled(self) -> tuple[Put, ...]:
        """Those of ``back`` that can stand for a file of another text: Python files that both sides have."""
        return tuple(old for old, _ in self.dressable)

    @property
    def dressable(self) -> tuple[tuple[Put, Put], ...]:
        """The same, each with what is there with the fix; what moved is there under its new name."""
        at_home = (
            (old, new)
            for old, new in zip(self.back, self.now, strict=True)
            if _is_python(old) and None not in {old.content, new.content}
        )
        return (*at_home, *self.moved)

    @property
    def moved(self) -> tuple[tuple[Put, Put], ...]:
        """Each Python file that the fix moves, under the name that it had, and with the text that it has now."""
        texts = {one.old_path: one.new for one in self.versions if one.new_path not in {None, one.old_path}}
        return tuple(
            (old, Put(old.path, new, old.mode))
            for old in self.back
            if old.content is not None and _is_python(old) and (new := texts.get(old.path)) is not None
        )

    @property
    def beside_veil(self) -> tuple[Put, ...]:
        """Those of ``back`` that are laid over a tree whose other files have the old code behind them.

        A Python file that the fix adds stays where it is: no old code knows of it.
        """
        veiled = self.veiled
        return tuple(
            old for old in self.back if old not in veiled and (old.content is not None or old.path[-3:] != ".py")
        )

    @property
    def measured(self) -> Experiment:
        """The same, the lines that its own tests run told of the runs with the fix."""
        own = tuple(test.nodeid for test in self.tests if test.counts)
        return replace(self, with_fix=replace(self.with_fix, measures=True, own=own))


def allowed_s(green_s: float) -> float:
    """How long a run without the fix may take, in seconds: what takes far longer than with it is ended."""
    return max(_LEAST_LIMIT_S, _PATIENCE * green_s)


def _is_python(put: Put) -> bool:
    return put.path.endswith(".py") and put.mode != _SYMLINK


_SYMLINK = 0o120000
_LEAST_LIMIT_S = 30.0
_PATIENCE = 10
"""Old code may be slower, and a machine busier; what takes ten times as long hangs."""


def roots(source: Iterable[str], is_package: IsPackage) -> tuple[str, ...]:
    """The folders that the changed source is imported from, ``""`` for the top; those of packages first."""
    found = [_root(path, is_package) for path in source]
    return tuple(dict.fromkeys([*found, ""]))


def _root(path: str, is_package: IsPackage) -> str:
    folder = posixpath.dirname(path)
    if folder and not is_package(folder):  # a module at the top of a root, or one of a namespace package
        above = next((name for name in folders_above(path) if name in _PACKAGE_ROOTS), None)
        if above is not None:
            return above
    while folder and (is_package(folder) or _lets_nothing_begin(folder, is_package)):
        folder = posixpath.dirname(folder)
    return folder


def _lets_nothing_begin(folder: str, is_package: IsPackage) -> bool:
    """Whether a package in a folder would hide a standard module that pytest itself needs, were it imported from.

    So would ``google/cloud``, a namespace (PEP 420), with its ``logging``.
    """
    if posixpath.basename(folder) in _PACKAGE_ROOTS:
        return False
    return any(is_package(f"{folder}/{name}") for name in _AT_THE_START.split())


def packages(source: Iterable[str], is_package: IsPackage) -> tuple[str, ...]:
    """The outermost packages that the changed source lies in."""
    found = []
    for path in source:
        folders = [folder for folder in folders_above(path) if is_package(folder)]
        found += folders[:1]
    return tuple(dict.fromkeys(found))


def around(source: Collection[str], is_package: IsPackage) -> tuple[str, ...]:
    """The files of the packages that changed source lies in, as far as they are not changed themselves.

    They are loaded wherever a file of the package is, so they show which copy is run where the fix adds or removes one.
    """
    return tuple(dict.fromkeys(path for path in _inits(source, is_package) if path not in source))


def _inits(source: Iterable[str], is_package: IsPackage) -> Iterator[str]:
    for path in source:
        for folder in folders_above(path):
            if is_package(folder):
                yield f"{folder}/__init__.py"


class Place(Struct, frozen=True):
    """Where pytest is started for some test files, and what the project tells it."""

    folder: str
    config: pytest_config.PytestConfig


def place_of(targets: Sequence[str], file: Callable[[str], bytes | None]) -> Place:
    """Where a developer would start pytest for these files.

    pytest takes the nearest configuration above its arguments. Where that lies below the top, it is started there only
    if a project of its own lives there: else relative paths in tests mean the top.
    """
    for folder in _upwards(posixpath.commonpath([posixpath.dirname(target) for target in targets])):
        found = {name: file(posixpath.join(folder, name)) for name in pytest_config.FILES}
        config = pytest_config.read({name: content for name, content in found.items() if content is not None})
        if config.file:
            is_project = any(file(posixpath.join(folder, name)) is not None for name in _PROJECT_FILES)
            return Place(folder if is_project else "", config)
    return Place("", pytest_config.PytestConfig())


def _upwards(folder: str) -> Iterator[str]:
    while folder:
        yield folder
        folder = posixpath.dirname(folder)
    yield ""


def settings_among(files: Files) -> tuple[str, ...]:
    """The conftests and files of pytest's settings among what a fix changed besides its source."""
    names = {"conftest.py", *pytest_config.FILES}
    return tuple(path for path in (*files.test, *files.neutral) if posixpath.basename(path) in names)


def is_lfs_pointer(content: bytes | None) -> bool:
    """Whether a blob only names a file that Git LFS keeps elsewhere (the pointer's first line is fixed by its spec)."""
    return content is not None and content.startswith(b"version https://git-lfs.github.com/spec/")


_SUBMODULE = 0o160000
COMPILED = (
    ".pyx", ".pxd", ".pxi", ".c", ".cc", ".cpp", ".cxx", ".h", ".hh", ".hpp", ".hxx", ".inl", ".cu", ".cuh", ".rs",
    ".go", ".zig", ".asm", ".s", ".f", ".for", ".f77", ".f90", ".f95", ".f03", ".f08", ".pyf",
)  # fmt: skip
"""How files end that a compiler makes something of, in small letters."""


_IN_PYTHON_TOO = "; what it repairs in Python can be proven if it is a commit of its own"


def obstacle(changes: Iterable[FileChange]) -> tuple[str, str] | None:
    """Why a tree without these source changes could not be run as it is: the reason and the cure; None if it can."""
    changes = tuple(changes)
    for change in changes:
        if _SUBMODULE in (change.old_mode, change.new_mode):
            return (
                f"{change.path} is a submodule: what it changed is in another repository",
                "prove it there, or name a test in a trailer: Regression-Test: NODEID",
            )
        if change.path.lower().endswith(COMPILED):
            return (
                f"{change.path} is compiled source: without the fix it would have to be built again",
                "show by hand that the test fails without it, then waive the fix: bugguard waive"
                + (_IN_PYTHON_TOO if any(one.path.endswith(".py") for one in changes) else ""),
            )
    return None
