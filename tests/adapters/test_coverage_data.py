"""Coverage data as it lies on disk: every kind says the same, none is touched, and what is damaged is told."""

from __future__ import annotations

import argparse
import dataclasses
import io
import json
import os
import shutil
import sqlite3
import subprocess
import sys
import typing
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import coverage
import pytest
from coverage import CoverageData
from msgspec.structs import replace

from pytest_bugguard.adapters import coverage_data, coverage_home, coverage_objects, workspace
from pytest_bugguard.adapters.coverage_reports import CoverageDataError
from pytest_bugguard.adapters.measured_paths import MeasuredPaths
from pytest_bugguard.core.measured import Exits, FileCoverage, Measured, Wanted
from pytest_bugguard.core.statements import source_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from types import ModuleType

FILES = {
    "src/shop/__init__.py": "",
    "src/shop/pay.py": (
        "def pay(n):\n    if n > 1:\n        return n\n    return 0\n\n\ndef over():  # pragma: no cover\n    pass\n"
    ),
    "src/shop/never.py": "X = 1\n\n\ndef f():\n    return (\n        X\n    )\n",
    "src/ns/mod.py": "Y = [\n    1,\n]\n",
    "run_one.py": "import sys; sys.path.insert(0, 'src')\nimport shop.pay\nshop.pay.pay(2)\n",
    "run_two.py": "import sys; sys.path.insert(0, 'src')\nimport shop.pay, ns.mod\nshop.pay.pay(0)\n",
    ".coveragerc": "[run]\nbranch = true\nsource = src\n",
}
SOURCES = tuple(path for path in FILES if path.startswith("src"))


@dataclass
class Project:
    """A project that was measured."""

    top: Path

    def coverage(self, *arguments: str) -> None:
        """Run coverage.py there."""
        subprocess.run([sys.executable, "-m", "coverage", *arguments], cwd=self.top, check=True, capture_output=True)

    def read(self, *names: str) -> Measured:
        """What the files say."""
        known = MeasuredPaths(self.top, SOURCES)
        paths = [self.top / name for name in names] or coverage_home.find(self.top)
        return coverage_data.read(paths, self.top, known)


@pytest.fixture(scope="session")
def template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    project = Project(tmp_path_factory.mktemp("measured") / "project")
    for path, text in FILES.items():
        (project.top / path).parent.mkdir(parents=True, exist_ok=True)
        (project.top / path).write_text(text, encoding="utf-8")
    project.coverage("run", "--data-file=.coverage.one", "run_one.py")
    project.coverage("run", "--data-file=.coverage.two", "run_two.py")
    project.coverage("combine", "--keep")
    shards = {name: (project.top / name).read_bytes() for name in (".coverage.one", ".coverage.two")}
    for kind in ("json", "xml", "lcov"):
        project.coverage(kind)
    for name, content in shards.items():  # since 7.14 each report of coverage.py combines shards, and takes them away
        (project.top / name).write_bytes(content)
    for name in (".coverage", "coverage.json", "coverage.xml", "coverage.lcov"):
        os.utime(project.top / name)
    return project.top


@pytest.fixture
def project(template: Path, tmp_path: Path) -> Project:
    """The project, measured by two runs: shards, combined, and every report of it."""
    return Project(shutil.copytree(template, tmp_path / "project"))


@pytest.fixture(autouse=True)
def connections(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[sqlite3.Connection]]:
    """None is left open, whatever went wrong: Python 3.13 warns of each one, in the middle of the user's tests."""
    opened: list[sqlite3.Connection] = []
    connect = sqlite3.connect

    def remembered(*args: object, **options: object) -> sqlite3.Connection:
        opened.append(connect(*args, **options))  # type: ignore[call-overload]  # passes on what it is given
        return opened[-1]

    monkeypatch.setattr(sqlite3, "connect", remembered)
    yield opened
    for one in opened:
        with pytest.raises(sqlite3.ProgrammingError):
            _ = one.total_changes


def _state(top: Path) -> dict[str, tuple[bytes, int]]:
    return {path.name: (path.read_bytes(), path.stat().st_mtime_ns) for path in top.iterdir() if path.is_file()}


def _by_path(measured: Measured) -> dict[str, FileCoverage]:
    return {file.path: file for file in measured.files}


def test_all_kinds_of_data_say_the_same(project: Project) -> None:
    """Lines and branches of each file; shards that are combined in memory too. Nothing of the user's is touched."""
    before = _state(project.top)
    combined = _by_path(project.read(".coverage"))
    assert combined["src/shop/pay.py"].ran == {1, 2, 3, 4}
    assert combined["src/shop/pay.py"].excluded == {7, 8}
    assert combined["src/shop/never.py"].missing == {1, 4, 5}
    assert combined["src/shop/pay.py"].exits == Exits(2, 2)
    assert _by_path(project.read(".coverage.one", ".coverage.two")) == combined
    assert _by_path(project.read("coverage.json")) == combined
    without = {path: replace(file, excluded=frozenset()) for path, file in combined.items()}
    assert _by_path(project.read("coverage.xml")) == without
    assert _by_path(project.read("coverage.lcov")) == without
    assert _state(project.top) == before


@pytest.mark.parametrize(
    ("configuration", "unseen"),
    [
        pytest.param("[run]\nbranch = true\nsource = src\n", ("src/ns/mod.py",), id="below-source"),
        pytest.param("[run]\nbranch = true\n", ("src/ns/mod.py",), id="no-source"),
        pytest.param("[run]\nsource = shop\n", (), id="a-package"),
        pytest.param("[run]\nsource_pkgs = ns.mod\n", ("src/ns/mod.py",), id="a-module"),
        pytest.param("[run]\nomit = src/ns/*\n", (), id="omitted"),
        pytest.param("[report]\nomit = */mod.py\n", (), id="omitted-from-reports"),
        pytest.param("[run]\ninclude = src/shop/*\n", (), id="not-included"),
    ],
)
def test_a_file_that_nothing_imports_is_told_apart_from_one_that_is_left_out(
    project: Project, configuration: str, unseen: tuple[str, ...]
) -> None:
    """coverage.py passes over a folder without ``__init__.py``, and over all that is not imported without a source."""
    (project.top / ".coveragerc").write_text(configuration, encoding="utf-8")
    (project.top / "coverage.json").write_text('{"meta": {}, "files": {}}', encoding="utf-8")
    assert project.read(".coverage.one").unseen == unseen
    assert set(project.read("coverage.json").unseen) >= {*unseen}
    assert not project.read(".coverage.one").follows_processes


def test_whether_processes_are_followed_is_read_off_the_configuration(project: Project) -> None:
    """Who has set that up needs no hint at it."""
    (project.top / ".coveragerc").write_text("[run]\npatch = subprocess\n", encoding="utf-8")
    assert project.read(".coverage").follows_processes


def test_a_shard_alone_knows_less(project: Project) -> None:
    """One of two runs, with the branch that it did not take."""
    file = _by_path(project.read(".coverage.one"))["src/shop/pay.py"]
    assert file.missing == {4}
    assert file.exits == Exits(1, 2, (2,))


def test_the_newest_data_is_found(project: Project) -> None:
    """The combined file, unless shards are newer; then those; and a report where there is nothing else."""
    assert [path.name for path in coverage_home.find(project.top)] == [".coverage"]
    os.utime(project.top / ".coverage.two")
    assert [path.name for path in coverage_home.find(project.top)] == [".coverage.one", ".coverage.two"]
    for name in (".coverage", ".coverage.one", ".coverage.two"):
        (project.top / name).unlink()
    assert [path.name for path in coverage_home.find(project.top)] == ["coverage.json"]
    for name in ("coverage.json", "coverage.xml", "coverage.lcov"):
        (project.top / name).unlink()
    with pytest.raises(CoverageDataError, match="no coverage data") as caught:
        coverage_home.find(project.top)
    assert "pytest --cov" in caught.value.hint


def test_the_configured_data_file_is_found(project: Project) -> None:
    """Where coverage.py keeps it in this project."""
    (project.top / ".coveragerc").write_text("[run]\ndata_file = build/data\n", encoding="utf-8")
    (project.top / "build").mkdir()
    (project.top / ".coverage").rename(project.top / "build" / "data")
    assert coverage_home.find(project.top) == (project.top / "build" / "data",)


@pytest.mark.parametrize("variable", ["", ".coverage"], ids=["data", "configuration"])
def test_where_coverage_py_was_at_work_is_found(
    project: Project, monkeypatch: pytest.MonkeyPatch, variable: str
) -> None:
    """By its data; by its configuration where a variable names one place for the data of all folders."""
    if variable:
        monkeypatch.setenv("COVERAGE_FILE", str(project.top / variable))
    folders = [project.top / "src" / "shop", project.top / "src", project.top]
    assert coverage_home.home(folders) == project.top
    assert coverage_home.home(folders[:2]) == folders[0]


def _other_version(path: Path) -> None:
    with closing(sqlite3.connect(path)) as db, db:
        db.execute("update coverage_schema set version = 99")


def _another_database(path: Path) -> None:
    path.unlink()
    with closing(sqlite3.connect(path)) as db:
        db.execute("create table mine (id)")


def _flipped(path: Path) -> None:
    """Where even the words of the complaint are no text any more."""
    path.write_bytes(path.read_bytes().replace(b"CREATE TABLE coverage_schema", b"CREATE TABL\xda coverage_schema"))


@pytest.mark.parametrize(
    ("spoil", "said"),
    [
        pytest.param(lambda path: path.write_bytes(path.read_bytes()[:300]), ".coverage", id="truncated"),
        pytest.param(lambda path: path.write_bytes(b"SQLite format 3\0" + bytes(5000)), ".coverage", id="damaged"),
        pytest.param(lambda path: path.write_bytes(b""), ".coverage: is no coverage data", id="empty"),
        pytest.param(
            lambda path: path.write_bytes(b"!coverage.py: old"), ".coverage: is no coverage data", id="ancient"
        ),
        pytest.param(_other_version, "schema: 99", id="other-version"),
        pytest.param(_flipped, "is no coverage data, or is damaged", id="flipped-bytes"),
        pytest.param(_another_database, "no such table: coverage_schema", id="another-database"),
        pytest.param(lambda path: path.unlink(), ".coverage: cannot be read: No such file", id="missing"),
    ],
)
@pytest.mark.parametrize("others", [(), (".coverage.one",)], ids=["alone", "among-others"])
def test_data_that_cannot_be_used_is_one_line(
    project: Project, spoil: object, said: str, others: tuple[str, ...]
) -> None:
    """With its cure; and never half of the data for all of it."""
    assert callable(spoil)
    spoil(project.top / ".coverage")
    before = _state(project.top)
    with pytest.raises(CoverageDataError) as caught:
        project.read(*others, ".coverage")
    assert _state(project.top) == before
    assert caught.value.hint
    assert "\n" not in str(caught.value)
    assert str(project.top) not in str(caught.value)
    assert said in str(caught.value)


def test_lines_and_branches_are_not_added_up(project: Project) -> None:
    """Both files are named, of however many; and no folder of this machine."""
    project.coverage("run", "--rcfile=", "--source=src", "--data-file=.coverage.lines", "run_one.py")
    with pytest.raises(CoverageDataError) as caught:
        project.read(".coverage.one", ".coverage.two", ".coverage.lines")
    said = ".coverage.one was measured with branches, .coverage.lines without: they cannot be added up"
    assert (str(caught.value), "branch = true" in caught.value.hint) == (said, True)


def test_data_without_branches_says_so(project: Project) -> None:
    """None, not none of none."""
    project.coverage("run", "--rcfile=", "--source=src", "--data-file=.coverage.lines", "run_one.py")
    project.coverage("xml", "--rcfile=", "--data-file=.coverage.lines")
    for name in (".coverage.lines", "coverage.xml"):
        assert {file.exits for file in project.read(name).files} == {None}


@pytest.mark.parametrize(
    ("name", "is_relative"),
    [
        pytest.param(r"D:\a\work\src\shop\never.py", False, id="windows"),
        pytest.param(r"D:\a\work\src\shop\never.py", True, id="windows-relative-here"),
        pytest.param("/home/ci/work/src/shop/never.py", True, id="linux-relative-here"),
        pytest.param(r"src\shop\never.py", True, id="windows-relative"),
    ],
)
def test_data_of_another_machine_means_our_files(project: Project, name: str, is_relative: bool) -> None:
    """A shard that another machine wrote is added to ours, without any [paths], whatever kind of names is asked for."""
    shard = CoverageData(basename=str(project.top / ".coverage.elsewhere"))
    shard.add_arcs({name: [(-1, 1), (1, 4), (4, -1), (-4, 5), (5, -4)]})
    shard.write()
    shard.close()
    if is_relative:
        rc = project.top / ".coveragerc"
        rc.write_text(rc.read_text(encoding="utf-8") + "relative_files = true\n", encoding="utf-8")
    measured = project.read(".coverage", ".coverage.elsewhere")
    assert _by_path(measured)["src/shop/never.py"].ran == {1, 4, 5}
    assert _by_path(measured)["src/shop/pay.py"].ran == {1, 2, 3, 4}
    assert (measured.stale, measured.foreign) == ((), ())


@pytest.mark.parametrize("place", [".", "src", "src/shop"])
def test_relative_names_are_relative_to_where_it_was_measured(project: Project, place: str) -> None:
    """Wherever the command stands, the configuration that held there included."""
    rc = project.top / ".coveragerc"
    rc.write_text(
        rc.read_text(encoding="utf-8") + "relative_files = true\nomit = src/shop/never.py\n", encoding="utf-8"
    )
    project.coverage("run", "run_two.py")
    known = MeasuredPaths(project.top, SOURCES)
    measured = coverage_data.read([project.top / ".coverage"], project.top / place, known)
    assert _by_path(measured)["src/shop/pay.py"].ran == {1, 2, 4}
    assert (measured.gone, measured.unseen) == ((), ())


def test_an_installed_copy_means_our_files(project: Project) -> None:
    """As long as it is the same text; another text's lines mean nothing here."""
    place = project.top.parent / "lib" / "site-packages" / "shop"
    shutil.copytree(project.top / "src" / "shop", place)
    shard = CoverageData(basename=str(project.top / ".coverage.installed"))
    shard.add_arcs({str(place / "never.py"): [(-1, 1), (1, 4), (4, -1)]})
    shard.write()
    shard.close()
    measured = project.read(".coverage.installed")
    assert _by_path(measured)["src/shop/never.py"].ran == {1, 4}
    assert measured.stale == ()
    (place / "never.py").write_text("\n" + FILES["src/shop/never.py"], encoding="utf-8")
    assert project.read(".coverage.installed").stale == ("src/shop/never.py",)


def test_what_was_changed_or_moved_since_is_stale(project: Project) -> None:
    """Its lines may be other lines by now."""
    (project.top / "src/shop/pay.py").write_text("\n" + FILES["src/shop/pay.py"], encoding="utf-8")
    for name in (".coverage", "coverage.json", "coverage.xml", "coverage.lcov"):
        assert project.read(name).stale == ("src/shop/pay.py",)
    project.coverage("run", "--data-file=.coverage.here", "run_one.py")
    (project.top / "src/shop/pay.py").rename(project.top / "src/shop/paid.py")
    for name in (".coverage", ".coverage.here"):
        assert project.read(name).gone == ("src/shop/pay.py",)


def test_a_file_outside_of_the_repository_is_told_apart(project: Project) -> None:
    """It is no file of ours, whatever its name."""
    (project.top.parent / "pay.py").write_text("x = 1\n", encoding="utf-8")
    shard = CoverageData(basename=str(project.top / ".coverage.other"))
    shard.add_lines({str(project.top.parent / "pay.py"): [1]})
    shard.write()
    shard.close()
    measured = project.read(".coverage.other")
    assert measured.files == ()
    assert measured.foreign == (str(project.top.parent / "pay.py"),)


def test_plugins_of_the_configuration_are_not_loaded(project: Project) -> None:
    """They are code of the repository, and reading data runs none of it."""
    (project.top / "evil.py").write_text("raise SystemExit('it ran')\n", encoding="utf-8")
    (project.top / ".coveragerc").write_text("[run]\nplugins = evil\n", encoding="utf-8")
    measured = project.read(".coverage")
    assert (len(measured.files), measured.unloaded) == (len(SOURCES), ("evil",))
    assert project.read("coverage.json").unloaded == ()


def test_a_file_that_nothing_measured_has_its_statements(project: Project) -> None:
    """Counted by the project's own configuration; one that does not parse has none that could be told."""
    found = coverage_data.unmeasured("src/shop/pay.py", project.top, project.top)
    assert found == FileCoverage("src/shop/pay.py", missing=frozenset({1, 2, 3, 4}), excluded=frozenset({7, 8}))
    (project.top / "broken.py").write_text("def f(:\n", encoding="utf-8")
    assert coverage_data.unmeasured("broken.py", project.top, project.top) == FileCoverage("broken.py")


@pytest.mark.parametrize("module", [argparse, dataclasses, typing], ids=lambda one: one.__name__)
def test_statements_around_a_line_are_those_of_the_whole_file(module: ModuleType) -> None:
    """To look at one definition alone is quicker, and says the same of it."""
    assert module.__file__
    content = Path(module.__file__).read_bytes()
    whole = _counted(content, range(1, content.count(b"\n") + 1))
    for line in (1, *sorted(whole.statements)[:: len(whole.statements) // 4]):
        near = _counted(content, [line])
        kept = source_of(content).excerpt([line]).kept
        assert line in kept
        assert (near.statements, near.excluded & kept) == (whole.statements & kept, whole.excluded & kept)


def test_what_is_left_out_from_here_to_there_is_left_out_in_between() -> None:
    """coverage.py's own documents tell how: the pattern spans functions, so none can be looked at alone."""
    rc = b"[report]\nexclude_also = no cover: start(?s:.)*?no cover: stop\n"
    text = (
        b"def a():\n    return 1\n# no cover: start\n\ndef b():\n    return 2\n\ndef c():\n    pass\n# no cover: stop\n"
    )
    assert _counted(text, [6], rc).excluded >= {5, 6, 8, 9}
    assert 6 in _counted(text, [6]).statements


def test_a_definition_that_cannot_be_read_alone_is_read_with_the_others() -> None:
    """Here what looks like one stands in a text."""
    text = b'X = "a\\\ndef no(: b"\n\ndef a():\n    return 1\n'
    assert _counted(text, [5]).statements == {1, 4, 5}


def _counted(content: bytes, lines: Iterable[int], rc: bytes = b"") -> FileCoverage:
    return coverage_data.counted({".coveragerc": rc}, {"a.py": Wanted(content, frozenset(lines))})["a.py"]


@pytest.mark.parametrize(
    ("name", "content", "said"),
    [
        pytest.param("x.xml", b'<!DOCTYPE a [<!ENTITY b "c">]><coverage>&b;</coverage>', "defines entities",
                     id="entity"),
        pytest.param("x.xml", b'<!DOCTYPE a [<!ENTITY % b SYSTEM "file:///etc/passwd"> %b;]><coverage/>',
                     "defines entities", id="external"),
        pytest.param("x.xml", b"<testsuites/>", "is no Cobertura report", id="junit"),
        pytest.param("x.xml", b"<coverage><class filename='a'><lines><line hits='1'/></lines></class></coverage>",
                     "number", id="no-number"),
        pytest.param("x.xml", b"<coverage><class", "unclosed token", id="cut-off-xml"),
        pytest.param("x.json", b'{"meta": {}}', "'files' is missing", id="no-files"),
        pytest.param("x.json", b'{"files": {"a.py": {"summary": {}}}}', "is missing", id="no-lines"),
        pytest.param("x.json", b'{"files": ', "Expecting value", id="cut-off-json"),
        pytest.param("x.json", b'{"files": []}', "cannot be read", id="list"),
        pytest.param("x.json", b"[" * 100_000, "is no coverage data", id="deep"),
        pytest.param("x.json", b'{"files":' + b"[" * 100_000, "cannot be read", id="deeper"),
        pytest.param("x.lcov", b"SF:a.py\nDA:1\nend_of_record\n", "cannot be read", id="lcov"),
        pytest.param("x.txt", b"%PDF", "is no coverage data", id="other"),
    ],
)  # fmt: skip
def test_a_damaged_or_hostile_report_is_refused_in_one_line(
    project: Project, name: str, content: bytes, said: str
) -> None:
    """No entity is defined or fetched, no traceback is shown."""
    (project.top / name).write_bytes(content)
    with pytest.raises(CoverageDataError) as caught:
        project.read(name)
    assert str(caught.value).startswith(f"{name}: ")
    assert said in str(caught.value)
    assert caught.value.hint


def test_a_document_type_alone_is_no_harm(project: Project) -> None:
    """Cobertura's own names one, which is never fetched."""
    content = (project.top / "coverage.xml").read_bytes()
    spelt = content.replace(
        b"<coverage ", b'<!DOCTYPE coverage SYSTEM "http://127.0.0.1:9/coverage-04.dtd">\n<coverage ', 1
    )
    (project.top / "doctype.xml").write_bytes(spelt)
    assert project.read("doctype.xml").files == project.read("coverage.xml").files


def test_without_the_private_way_its_public_report_says_the_same(
    project: Project, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Should coverage.py change what it keeps for itself, only time is lost."""
    usual = _by_path(project.read(".coverage"))
    monkeypatch.setattr(coverage_objects, "_ANALYSE", "_no_such_thing")
    assert _by_path(project.read(".coverage")) == usual


def test_who_listens_changes_nothing(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Reports make the same texts, no file is analysed twice, and the object is left as it was."""
    monkeypatch.chdir(project.top)
    analysed: list[object] = []
    original = coverage.Coverage._analyze

    def counted(*args: Any, **options: Any) -> object:  # noqa: ANN401 - passes on whatever it is called with
        analysed.append(args[1])
        return original(*args, **options)

    def reports(measured: coverage.Coverage) -> tuple[object, ...]:
        text, total, precise = io.StringIO(), io.StringIO(), io.StringIO()
        measured.report(file=total, output_format="total")
        measured.report(file=text, show_missing=True)
        measured.report(file=precise, precision=3)
        measured.json_report(outfile="heard.json", pretty_print=False)
        files = json.loads((project.top / "heard.json").read_bytes())["files"]
        return (text.getvalue(), total.getvalue(), precise.getvalue(), files)

    measured = coverage.Coverage()
    measured.load()
    plain = reports(measured)
    monkeypatch.setattr(coverage.Coverage, "_analyze", counted)
    listener = coverage_objects.Listener(measured)
    assert reports(measured) == plain
    assert len(analysed) == 2 * len(SOURCES)  # anew where the precision is another one
    monkeypatch.setattr(coverage_objects, "_report", None)
    assert len(list(listener.files())) == len(SOURCES)
    listener.close()
    assert "_analyze" not in vars(measured)
    measured.get_data().close()


_DIES = """
import os, signal
from pytest_bugguard.adapters import coverage_data
coverage_data._own_exclusions = lambda: os.kill(os.getpid(), signal.SIGKILL)
coverage_data.counted({"setup.cfg": b""}, {})
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there nobody is killed by a signal")
def test_what_a_killed_process_left_is_swept_by_the_next(tmp_path: Path) -> None:
    """Files that stand in no work tree are counted in a folder of a workspace, like all that we lay down."""
    subprocess.run([sys.executable, "-c", _DIES], env={**os.environ, "TMPDIR": str(tmp_path)}, check=False)
    assert len(list(tmp_path.iterdir())) == 1
    workspace.sweep(tmp_path)
    assert list(tmp_path.iterdir()) == []
