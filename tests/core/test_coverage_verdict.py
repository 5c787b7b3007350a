"""Rules against what was measured: met, unmet, or not to be told."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

import pytest
from msgspec.structs import replace

from pytest_bugguard.core import coverage_verdict, floor_verdict
from pytest_bugguard.core.coverage_rules import CoverageSettings, Gate, Limits, Places
from pytest_bugguard.core.coverage_verdict import Coverage, Judged, Missing, Standing
from pytest_bugguard.core.errors import SettingsError
from pytest_bugguard.core.floors import Floor
from pytest_bugguard.core.measured import Doubt, Exits, FileCoverage, Measured, doubt_of
from pytest_bugguard.core.model import RuleVerdict
from pytest_bugguard.core.thresholds import Count, Metric, Threshold

PLACES = Places(each_file="p:1", total="p:2")


def _file(path: str, ran: int, missing: int, exits: Exits | None = None) -> FileCoverage:
    return FileCoverage(path, frozenset(range(1, ran + 1)), frozenset(range(ran + 1, ran + missing + 1)), exits=exits)


def _limits(line: str | None = None, branch: str | None = None, missing: int | None = None) -> Limits:
    return Limits((line and Decimal(line)) or None, (branch and Decimal(branch)) or None, _decimal(missing))


def _decimal(value: int | None) -> Decimal | None:
    return None if value is None else Decimal(value)


def _judge(settings: CoverageSettings, *files: FileCoverage, others: tuple[str, ...] = ()) -> list[Judged]:
    paths = [*(file.path for file in files), *others]
    return list(coverage_verdict.judge(settings, Measured(files, "test"), paths))


def _said(rows: list[Judged]) -> list[tuple[str, str | None, str, str]]:
    return [(one.rule, one.path, one.metric.value, one.verdict.value) for one in rows]


def test_each_file_groups_and_the_total_are_judged_side_by_side() -> None:
    """A group and the total take no file away from anybody."""
    group = Gate(_limits("60", missing=3), ("src/old/**",), scope="group", place="p:9")
    gate = Gate(_limits("100"), ("src/pay.py",), reason="money", place="p:7")
    settings = CoverageSettings(_limits("80"), _limits("75"), gates=(group, gate), places=PLACES)
    rows = _judge(settings, _file("src/old/a.py", 9, 1), _file("src/old/b.py", 1, 3), _file("src/pay.py", 8, 1))
    assert _said(rows) == [
        ("each-file", "src/old/a.py", "line", "met"),
        ("each-file", "src/old/b.py", "line", "unmet"),
        ('gate "money"', "src/pay.py", "line", "unmet"),
        ("gate src/old/**", None, "line", "met"),
        ("gate src/old/**", None, "missing", "unmet"),
        ("total", None, "line", "met"),
    ]
    assert [one.place for one in rows] == ["p:1", "p:1", "p:7", "p:9", "p:9", "p:2"]
    assert rows[2].missing == (Missing("src/pay.py", (9,)),)
    assert [(one.path, one.note) for one in rows[4].missing] == [
        ("src/old/b.py", "3 statements"),
        ("src/old/a.py", "1 statement"),
    ]


def test_a_module_is_the_one_that_is_imported_so() -> None:
    """A file of that name inside a package is another module: neither one rule nor the sum counts it."""
    gates = [Gate(_limits("80"), modules=("pay",), scope=scope, place="p:7") for scope in ("each", "group")]
    files = (_file("lib/pay.py", 9, 1), _file("src/shop/pay.py", 1, 9))
    rows = _judge(CoverageSettings(gates=tuple(gates)), *files, others=("src/shop/__init__.py",))
    assert [(one.path, one.count) for one in rows] == [("lib/pay.py", (9, 10)), (None, (9, 10))]
    with pytest.raises(SettingsError):
        _judge(CoverageSettings(gates=(gates[0],)), files[1], others=("src/shop/__init__.py",))


def test_of_several_files_a_module_is_the_one_that_is_imported_so() -> None:
    """Where a group is asked which file it speaks of, or which that was not seen may belong to it."""
    settings = CoverageSettings(gates=(Gate(_limits("80"), modules=("pay",), scope="group", place="p:7"),))
    files = (_file("lib/pay.py", 9, 1), _file("src/shop/pay.py", 1, 9))
    paths = ["lib/pay.py", "src/shop/pay.py", "src/shop/__init__.py"]
    whole = Measured(files, "x")
    rows = coverage_verdict.judge(settings, whole, paths)
    speaking = [coverage_verdict.of_file(rows, file.path, whole, settings, paths) for file in files]
    assert speaking == [rows, ()]
    part = Measured(files[:1], "x", unseen=("src/shop/pay.py",))
    (row,) = coverage_verdict.judge(settings, part, paths, is_whole=False)
    assert (row.verdict, row.count) == (RuleVerdict.MET, (9, 10))


@pytest.mark.parametrize("scope", ["each", "group"])
@pytest.mark.parametrize(
    ("name", "others", "counted"),
    [
        pytest.param("shop", (), {"src/shop/pay.py", "src/shop/tests/test_own.py"}, id="mirrored-folder"),
        pytest.param("shop.pay", (), {"src/shop/pay.py"}, id="mirrored-module"),
        pytest.param("shop.alone", (), {"tests/shop/alone/test_it.py"}, id="no-such-module-of-the-product"),
        pytest.param("tests", (), {"tests/shop/pay.py", "tests/shop/alone/test_it.py", "more/tests/test_a.py"},
                     id="tests-on-purpose"),
        pytest.param("tests", ("other/tests/test_b.py",),
                     {"tests/shop/pay.py", "tests/shop/alone/test_it.py", "more/tests/test_a.py"},
                     id="tests-that-were-not-measured"),
    ],
)  # fmt: skip
def test_a_folder_of_tests_that_is_called_like_a_module_is_not_the_module(
    scope: Literal["each", "group"], name: str, others: tuple[str, ...], counted: set[str]
) -> None:
    """Where the product has the module elsewhere; what lies in the product's own folder belongs to it, tests too."""
    tests = ("tests/shop/pay.py", "tests/shop/alone/test_it.py", "more/tests/test_a.py", "src/shop/tests/test_own.py")
    files = (_file("src/shop/pay.py", 5, 5), *(_file(path, 40, 0) for path in tests))
    measured = Measured(files, "x", tests=frozenset(tests))
    settings = CoverageSettings(gates=(Gate(_limits("80"), modules=(name,), scope=scope, place="p:7"),))
    paths = ["src/shop/__init__.py", *(file.path for file in files), *others]
    rows = coverage_verdict.judge(settings, measured, paths)
    if scope == "each":
        assert {row.path for row in rows} == counted
    else:
        assert sum(row.count.total for row in rows) == sum(10 if path == "src/shop/pay.py" else 40 for path in counted)
    speaking = {path for path in paths if coverage_verdict.of_file(rows, path, measured, settings, paths)}
    assert speaking == counted


def test_a_module_that_was_not_measured_is_not_the_folder_of_its_tests() -> None:
    """The tests alone would meet whatever is asked of it."""
    file = _file("tests/shop/test_pay.py", 40, 0)
    measured = Measured((file,), "x", tests=frozenset({file.path}))
    settings = CoverageSettings(gates=(Gate(_limits("80"), modules=("shop",), place="p:7"),))
    with pytest.raises(SettingsError, match=r"'shop' asks for src/shop/pay\.py, which coverage\.py left out"):
        coverage_verdict.judge(settings, measured, [file.path, "src/shop/pay.py"])


def test_a_folder_of_a_distribution_is_not_its_package() -> None:
    """``shop/tests`` beside ``shop/src/shop``: the tests lie below a folder of that name, and not in the package."""
    test = _file("shop/tests/test_pay.py", 40, 0)
    measured = Measured((_file("shop/src/shop/pay.py", 5, 5), test), "x", tests=frozenset({test.path}))
    settings = CoverageSettings(gates=(Gate(_limits("80"), modules=("shop",), scope="group", place="p:7"),))
    (row,) = coverage_verdict.judge(settings, measured, [file.path for file in measured.files])
    assert (row.count, row.verdict) == ((5, 10), RuleVerdict.UNMET)


@pytest.mark.parametrize(
    ("name", "paths", "meant"),
    [
        pytest.param("pay.core", ("shop/__init__.py", "shop/pay/__init__.py", "shop/pay/core.py"), "shop.pay.core",
                     id="the-middle-of-a-name"),
        pytest.param("shop.pai", ("packages/a/src/shop/pay.py", "packages/a/src/shop/__init__.py"), "shop.pay",
                     id="far-below-the-top"),
        pytest.param("shop.pay.cores", ("tests/shop/pay/test_cores.py", "src/shop/pay/core.py"), "shop.pay.core",
                     id="a-module-of-the-product"),
        pytest.param("shop.pay.__init_", ("src/shop/pay/__init__.py",), "shop.pay", id="a-package"),
    ],
)  # fmt: skip
def test_a_module_that_is_suggested_is_one_that_fits(name: str, paths: tuple[str, ...], meant: str) -> None:
    """By the name under which it is imported, and never by what was written."""
    files = tuple(_file(path, 1, 0) for path in paths)
    measured = Measured(files, "x", tests=frozenset(path for path in paths if path.startswith("tests")))
    gate = Gate(_limits("80"), modules=(name,), place="p:7")
    with pytest.raises(SettingsError) as refused:
        coverage_verdict.judge(CoverageSettings(gates=(gate,)), measured, paths)
    assert str(refused.value) == f"p:7: coverage.gate.modules: {name!r} fits no file; did you mean {meant!r}?"
    meant_gate = replace(gate, modules=(meant,))
    assert coverage_verdict.judge(CoverageSettings(gates=(meant_gate,)), measured, paths)


def test_where_to_begin_is_no_test_while_the_product_lacks_something() -> None:
    """Tests that are measured beside the product are named behind it: what they miss is mostly what was skipped."""
    files = (_file("src/a.py", 1, 1), _file("src/b.py", 1, 2), _file("tests/test_a.py", 1, 31))
    measured = Measured(files, "x", tests=frozenset({"tests/test_a.py"}))
    (row,) = coverage_verdict.judge(CoverageSettings(total=_limits("80"), places=PLACES), measured, [])
    assert [one.path for one in row.missing] == ["src/b.py", "src/a.py", "tests/test_a.py"]


@pytest.mark.parametrize(
    ("path", "speaking"),
    [
        pytest.param("src/old/whole.py", ["each-file", "gate src/old/**", "total"], id="lacks-nothing"),
        pytest.param("src/old/a0.py", ["each-file", "gate src/old/**", "total"], id="lacks-least-of-many"),
        pytest.param("src/new.py", ["each-file", "total"], id="in-no-group"),
        pytest.param("src/unseen.py", [], id="not-measured"),
    ],
)
def test_a_sum_speaks_for_each_file_that_it_counts(path: str, speaking: list[str]) -> None:
    """Whether the file lacks anything or not, and however many lack more."""
    many = tuple(_file(f"src/old/a{number}.py", 9, number + 1) for number in range(9))
    files = (*many, _file("src/new.py", 9, 0), _file("src/old/whole.py", 9, 0))
    gate = Gate(_limits("60"), ("src/old/**",), scope="group", place="p:9")
    settings = CoverageSettings(_limits("1"), _limits("75"), gates=(gate,), places=PLACES)
    paths = [*(file.path for file in files), "src/unseen.py"]
    measured = Measured(files, "x")
    rows = coverage_verdict.judge(settings, measured, paths)
    assert [row.rule for row in coverage_verdict.of_file(rows, path, measured, settings, paths)] == speaking
    assert len(rows[-1].missing) == 9


def test_lines_and_branches_are_judged_apart() -> None:
    """92 % together may hide 88 % of the lines behind all of the branches."""
    settings = CoverageSettings(_limits("90", "90"))
    rows = _judge(settings, _file("a.py", 8, 1, Exits(4, 4)), _file("b.py", 9, 0, Exits(1, 2, (3,))))
    assert [one.verdict.value for one in rows] == ["unmet", "met", "met", "unmet"]
    assert rows[3].missing[0].lines == (3,)


def test_what_is_lacking_together_is_counted_in_words() -> None:
    """By its worst files."""
    exits = {"a.py": Exits(3, 4, (1,)), "b.py": Exits(2, 4, (1,))}
    rows = _judge(CoverageSettings(total=_limits(branch="90")), *(_file(path, 9, 0, of) for path, of in exits.items()))
    assert [place.note for place in rows[0].missing] == ["2 branches", "1 branch"]
    assert (rows[0].count, rows[0].threshold) == ((5, 8), Threshold(Metric.BRANCH, Decimal(90)))


def test_what_no_file_was_measured_for_counts_nothing() -> None:
    """The sum is there all the same: whether the run can carry it is told by its doubt."""
    (row,) = _judge(CoverageSettings(total=_limits("90"), places=PLACES))
    assert (row.count, row.missing) == ((0, 0), ())


def test_branches_that_were_not_measured_are_not_met() -> None:
    """Neither for a file nor together; what would measure them is said."""
    rows = _judge(CoverageSettings(_limits(branch="50"), _limits(branch="50"), places=PLACES), _file("a.py", 9, 0))
    assert rows == [
        Judged(
            rule, path, Count(0, 0), Threshold(Metric.BRANCH, Decimal(50)), RuleVerdict.UNDECIDED,
            place=place, reason="branches were not measured", metric=Metric.BRANCH,
            next="measure branches too: [tool.coverage.run] branch = true, or pytest --cov-branch",
        )
        for rule, path, place in (("each-file", "a.py", "p:1"), ("total", None, "p:2"))
    ]  # fmt: skip


def test_what_was_found_out_twice_is_laid_together() -> None:
    """All rows in order, files added up; it is called by what measured first."""
    rows = _judge(CoverageSettings(_limits("80")), _file("a.py", 9, 1), _file("b.py", 1, 9))
    one, other = Coverage((rows[0],), 2, "pytest-cov", ("one",)), Coverage((rows[1],), 3, ".coverage", ("two",))
    both = one.and_also(other)
    assert both == Coverage(tuple(rows), 5, "pytest-cov", ("one", "two"))
    assert Coverage().and_also(other) == other
    assert [both.count(verdict) for verdict in RuleVerdict] == [1, 1, 0]


def test_a_file_without_statements_is_not_said_to_be_covered() -> None:
    """It meets what it is asked for, as having no statements."""
    (row,) = _judge(CoverageSettings(_limits("100")), _file("a.py", 0, 0))
    assert row.verdict is RuleVerdict.MET
    assert row.threshold
    assert row.threshold.shown(row.count) == "no statements"


@pytest.mark.parametrize(
    ("gate", "others", "said"),
    [
        pytest.param(Gate(_limits("9"), ("src/shpo/**",), place="p:3"), (),
                     "p:3: coverage.gate.paths: 'src/shpo/**' fits no file; did you mean 'src/shop/**'?", id="nothing"),
        pytest.param(Gate(_limits("9"), ("scr/**",), place="p:3"), (),
                     "p:3: coverage.gate.paths: 'scr/**' fits no file; did you mean 'src/**'?", id="no-such-folder"),
        pytest.param(Gate(_limits("9"), modules=("shop.pai",), place="p:3"), (),
                     "p:3: coverage.gate.modules: 'shop.pai' fits no file; did you mean 'shop.pay'?", id="no-module"),
        pytest.param(Gate(_limits("9"), ("src/shop/omitted.py",), place="p:3"), ("src/shop/omitted.py",),
                     "p:3: coverage.gate.paths: 'src/shop/omitted.py' asks for src/shop/omitted.py, which coverage.py "
                     "left out", id="omitted"),
        pytest.param(Gate(_limits("9"), ("src/old/**",), place="p:3"), ("src/old/b.py", "src/old/a.py"),
                     "p:3: coverage.gate.paths: 'src/old/**' asks for src/old/b.py and 1 more, which coverage.py "
                     "left out", id="two-omitted"),
        pytest.param(Gate(_limits("9"), modules=("shop.old",), place="p:3"),
                     tuple(f"src/shop/old/{name}.py" for name in ("__init__", "a", "b")),
                     "p:3: coverage.gate.modules: 'shop.old' asks for src/shop/old/__init__.py and 2 more, which "
                     "coverage.py left out", id="package-omitted"),
        pytest.param(Gate(_limits("9"), ("nowhere/near/it",), place="p:3"), (),
                     "p:3: coverage.gate.paths: 'nowhere/near/it' fits no file", id="nothing-like-it"),
    ],
)  # fmt: skip
def test_a_gate_that_can_never_fail_is_a_fault(gate: Gate, others: tuple[str, ...], said: str) -> None:
    """Whatever it names that was not measured, with what was probably meant."""
    with pytest.raises(SettingsError) as caught:
        _judge(CoverageSettings(gates=(gate,)), _file("src/shop/pay.py", 1, 0), others=others)
    assert str(caught.value) == said
    assert caught.value.hint == (
        "name what is there, or let coverage.py measure it: [tool.coverage.run] source, omit and include"
    )


def test_faults_of_gates_are_told_all_at_once() -> None:
    """Each on a line of its own: of a gate, of two, and of gates that stand in each other's way."""
    idle = (Gate(_limits("9"), ("x/1", "y/2"), place="p:3"), Gate(_limits("9"), ("z/3",), place="p:5"))
    with pytest.raises(SettingsError) as caught:
        _judge(CoverageSettings(gates=idle), _file("a.py", 1, 0))
    assert str(caught.value).splitlines() == [
        f"{place}: coverage.gate.paths: '{path}' fits no file"
        for place, path in (("p:3", "x/1"), ("p:3", "y/2"), ("p:5", "z/3"))
    ]
    rivals = [Gate(_limits("9"), (path,), place=f"p:{at}") for at, path in enumerate(("a*", "a*.py", "b*", "b*.py"))]
    with pytest.raises(SettingsError) as caught:
        _judge(CoverageSettings(gates=tuple(rivals)), _file("a.py", 1, 0), _file("b.py", 1, 0))
    assert [line[:4] for line in str(caught.value).splitlines()] == ["p:1:", "p:3:"]


def test_a_tie_is_a_fault_that_names_both() -> None:
    """Once for each pair, however many files they share."""
    one = Gate(_limits("9"), ("src/*/pay.py",), place="p:3")
    other = Gate(_limits("8"), ("src/**/*.py",), place="p:5")
    with pytest.raises(SettingsError) as caught:
        _judge(CoverageSettings(gates=(one, other)), _file("src/a/pay.py", 1, 0), _file("src/b/pay.py", 1, 0))
    assert str(caught.value) == (
        "p:5: coverage.gate: fits src/a/pay.py as closely as the gate at p:3, and both ask for line"
    )
    assert caught.value.hint == "name the file itself in one of them, or make one pattern longer"


def test_part_of_the_tests_confirms_and_never_refutes() -> None:
    """What is reached is reached; what is not may be by the others."""
    rows = _judge(CoverageSettings(_limits("80")), _file("a.py", 9, 1), _file("b.py", 1, 9))
    part = Doubt("only some of the tests ran (-k charge)", "run all of them")
    weighed = coverage_verdict.weighed(rows, Standing(partial=part))
    assert [one.verdict.value for one in weighed] == ["met", "undecided"]
    assert coverage_verdict.by_doubt(weighed) == {part: [weighed[1]]}


def test_part_of_the_tests_confirms_no_sum_that_may_lack_files() -> None:
    """A file that the other tests import brings all that it misses; a group that cannot hold it is whole already."""
    groups = [Gate(_limits("60"), (f"src/{name}/**",), scope="group") for name in ("old", "new")]
    settings = CoverageSettings(_limits("80"), _limits("80"), gates=tuple(groups), places=PLACES)
    measured = Measured((_file("src/old/a.py", 9, 1),), "x", unseen=("src/new/b.py", "src/new/c.py"))
    rows = coverage_verdict.judge(settings, measured, (), is_whole=False)
    assert [(one.rule, one.verdict.value) for one in rows] == [
        ("each-file", "met"), ("gate src/old/**", "met"), ("gate src/new/**", "undecided"), ("total", "undecided"),
    ]  # fmt: skip
    assert rows[-1] == Judged(
        "total", None, Count(0, 0), Threshold(Metric.LINE, Decimal(80)), RuleVerdict.UNDECIDED, place="p:2",
        reason="src/new/b.py and 1 more may belong in the count: the tests that ran import no such file",
        next="run all tests, or let coverage.py count what nothing imports: [tool.coverage.run] source",
    )  # fmt: skip
    branches = coverage_verdict.judge(CoverageSettings(total=_limits(branch="80")), Measured((), "x", unseen=("a.py",)),
                                      (), is_whole=False)  # fmt: skip
    assert [(one.metric, one.verdict) for one in branches] == [(Metric.BRANCH, RuleVerdict.UNDECIDED)]
    (total,) = coverage_verdict.judge(CoverageSettings(total=_limits("80")), measured, ())
    assert total.verdict is RuleVerdict.MET  # all of the tests import none of them: coverage.py's own sum


def test_rules_that_name_no_file_speak_of_no_test() -> None:
    """Neither ``each-file`` nor floors; a gate that names it does, and so does a floor that lists it."""
    files = (_file("src/a.py", 9, 1), _file("tests/test_a.py", 9, 1), _file("tests/test_b.py", 9, 1))
    measured = Measured(files, "x", tests=frozenset({"tests/test_a.py", "tests/test_b.py"}))
    settings = CoverageSettings(_limits("80"), gates=(Gate(_limits("100"), ("tests/test_b.py",)),), places=PLACES)
    rows = coverage_verdict.judge(settings, measured, [file.path for file in files])
    assert [(one.rule, one.path) for one in rows] == [
        ("each-file", "src/a.py"), ("gate tests/test_b.py", "tests/test_b.py"),
    ]  # fmt: skip
    held = floor_verdict.judge({"tests/test_b.py": Floor(0)}, measured, CoverageSettings(), [], "p:3")
    assert [(one.path, one.verdict.value) for one in held] == [("src/a.py", "unmet"), ("tests/test_b.py", "unmet")]


@pytest.mark.parametrize(
    ("floors", "missing", "said"),
    [
        pytest.param({"src/shop/pay.py": Floor(2)}, 2, ("met", 2, ""), id="as-much-as-it-may"),
        pytest.param({"src/shop/pay.py": Floor(2)}, 3, ("unmet", 2, ""), id="more"),
        pytest.param(
            {"src/shop/pay.py": Floor(2, "raised from 1: x")}, 3, ("unmet", 2, "raised from 1: x"), id="raised"
        ),
        pytest.param({}, 1, ("unmet", 0, "not in the list"), id="without-a-floor"),
        pytest.param({}, 0, ("met", 0, "not in the list"), id="without-a-floor-and-debt"),
    ],
)
def test_a_file_is_held_against_its_floor(floors: dict[str, Floor], missing: int, said: tuple[str, int, str]) -> None:
    """What it may owe, where that is asked for, and the lines that it owes; nothing else may have been this file."""
    measured = Measured((_file("src/shop/pay.py", 5, missing),), "x")
    doubt = Doubt("renames are not known", "git fetch --unshallow")
    (row,) = floor_verdict.judge(floors, measured, CoverageSettings(), ["src/shop/pay.py"], "p:3", unfollowed=doubt)
    verdict, allowed, reason = said
    assert row == Judged(
        "floors", "src/shop/pay.py", Count(5, 5 + missing), Threshold(Metric.MISSING, Decimal(allowed)),
        RuleVerdict(verdict), (Missing("src/shop/pay.py", tuple(range(6, 6 + missing))),) if missing else (), "p:3",
        reason, metric=Metric.MISSING,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("settings", "held"),
    [
        pytest.param(CoverageSettings(_limits("80")), [], id="each-file"),
        pytest.param(CoverageSettings(_limits(branch="80")), ["src/shop/pay.py", "src/shop/sub/pay.py"], id="branches"),
        pytest.param(CoverageSettings(gates=(Gate(_limits("80"), ("src/shop/*.py",)),)), ["src/shop/sub/pay.py"],
                     id="gate"),
        pytest.param(CoverageSettings(gates=(Gate(_limits(missing=1), modules=("pay",)),)), ["src/shop/sub/pay.py"],
                     id="module-below-no-package"),
        pytest.param(CoverageSettings(gates=(Gate(_limits("80"), ("src/**",), scope="group"),)),
                     ["src/shop/pay.py", "src/shop/sub/pay.py"], id="group"),
    ],
)  # fmt: skip
def test_floors_give_way_to_rules_on_the_lines_of_a_file(settings: CoverageSettings, held: list[str]) -> None:
    """A file that is not listed is asked for by one rule, not by two; one that is listed is always held."""
    files = [_file(path, 1, 1) for path in ("src/shop/listed.py", "src/shop/pay.py", "src/shop/sub/pay.py")]
    paths = [*(file.path for file in files), "src/shop/sub/__init__.py"]
    floors = {"src/shop/listed.py": Floor(0)}
    rows = floor_verdict.judge(floors, Measured(tuple(files), "x"), settings, paths, "p:3")
    assert [row.path for row in rows] == ["src/shop/listed.py", *held]


def test_to_leave_a_file_out_is_no_way_to_pay() -> None:
    """One that owes something and was not measured is left open; one that owes nothing or is gone is not."""
    held = {path: Floor(owed) for path, owed in (("src/b.py", 2), ("src/a.py", 7), ("src/c.py", 0), ("src/gone.py", 1))}
    paths = ["src/a.py", "src/b.py", "src/c.py"]
    assert list(floor_verdict.judge(held, Measured((), "x"), CoverageSettings(), paths, "p:3")) == [
        Judged(
            "floors", path, Count(0, 0), Threshold(Metric.MISSING, Decimal(owed)), RuleVerdict.UNDECIDED,
            place="p:3", reason=f"{path} has a floor and was not measured",
            next="measure it, or take it out of the list by hand", metric=Metric.MISSING,
        )
        for path, owed in (("src/a.py", 7), ("src/b.py", 2))
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("owed", "unfollowed", "verdict"),
    [
        pytest.param(3, True, "undecided", id="may-be-the-renamed-one"),
        pytest.param(4, True, "unmet", id="owes-more-than-that-one-may"),
        pytest.param(0, True, "met", id="owes-nothing"),
        pytest.param(3, False, "unmet", id="all-renames-are-known"),
    ],
)
def test_a_file_that_may_be_one_with_a_floor_is_left_open(owed: int, unfollowed: bool, verdict: str) -> None:
    """A shallow clone does not hold the commit that renamed it; a file that has a floor is judged all the same."""
    doubt = Doubt("floors name src/old.py, which is not here", "git fetch --unshallow") if unfollowed else None
    measured = Measured((_file("src/kept.py", 1, 2), _file("src/new.py", 1, owed)), "x")
    held = {"src/kept.py": Floor(1), "src/old.py": Floor(3)}
    paths = [file.path for file in measured.files]
    rows = list(floor_verdict.judge(held, measured, CoverageSettings(), paths, "p:3", unfollowed=doubt))
    assert [(one.path, one.verdict.value) for one in rows] == [("src/kept.py", "unmet"), ("src/new.py", verdict)]
    assert verdict != "undecided" or (rows[1].reason, rows[1].next) == doubt


def test_of_an_unsound_run_nothing_is_told() -> None:
    """Not even what is reached: the numbers may belong to another source."""
    rows = _judge(CoverageSettings(_limits("80")), _file("a.py", 9, 1))
    (row,) = coverage_verdict.weighed(rows, Standing(doubt=Doubt("a worker was lost", "run again")))
    assert (row.verdict, row.reason, row.next) == (RuleVerdict.UNDECIDED, "a worker was lost", "run again")


@pytest.mark.parametrize(
    ("measured", "said"),
    [
        pytest.param(Measured((_file("a.py", 1, 0),), ".coverage"), None, id="sound"),
        pytest.param(Measured((_file("a.py", 0, 0),), ".coverage"), None, id="nothing-to-run"),
        pytest.param(
            Measured((_file("a.py", 0, 3), _file("b.py", 0, 1)), "x"),
            "every file is at 0 %: another copy of the source was imported, or processes that are not measured ran",
            id="all-at-0",
        ),
        pytest.param(
            Measured((_file("a.py", 0, 3),), "x", foreign=("/venv/a.py",)),
            "every file is at 0 %: another copy of the source was imported; the tests ran /venv/a.py",
            id="all-at-0-and-another-copy-seen",
        ),
        pytest.param(
            Measured((_file("a.py", 1, 0),), ".coverage", stale=("b.py", "c.py")),
            ".coverage is older than b.py and 1 more",
            id="stale",
        ),
        pytest.param(
            Measured((_file("a.py", 1, 0),), ".coverage", gone=("/ci/b.py", "/ci/c.py")),
            ".coverage measured /ci/b.py and 1 more, which are not here",
            id="gone",
        ),
        pytest.param(
            Measured((_file("a.py", 1, 0),), ".coverage.1, .coverage.2", gone=("/ci/b.py",)),
            ".coverage.1, .coverage.2 measured /ci/b.py, which is not here",
            id="gone-from-shards",
        ),
        pytest.param(
            Measured((_file("a.py", 1, 0),), ".coverage.1, .coverage.2", stale=("b.py",)),
            ".coverage.1, .coverage.2 are older than b.py",
            id="stale-shards",
        ),
        pytest.param(
            Measured((_file("a.py", 1, 0),), ".coverage", unloaded=("covdefaults",)),
            "coverage.py's plugins are not loaded here, and may count otherwise: covdefaults",
            id="plugins",
        ),
        pytest.param(
            Measured((_file("a.py", 1, 0),), ".coverage", unloaded=("covdefaults", "jinja")),
            "coverage.py's plugins are not loaded here, and may count otherwise: covdefaults, jinja",
            id="two-plugins",
        ),
        pytest.param(Measured((), ".coverage"), ".coverage holds no file of this repository", id="empty"),
        pytest.param(Measured((), "x", foreign=("/usr/a.py",)), "only files outside the repository", id="foreign"),
    ],
)
def test_numbers_that_cannot_be_true_are_doubted(measured: Measured, said: str | None) -> None:
    """All at 0 % with green tests: another copy was imported, or workers of xdist under ``coverage run`` ran them."""
    doubt = doubt_of(measured)
    assert (doubt is None) == (said is None)
    assert doubt is None or (said is not None and doubt.reason.startswith(said) and doubt.cure)


def test_an_empty_measurement_is_told_how_to_fill() -> None:
    """As by a run without ``--cov`` of anything that is here."""
    doubt = doubt_of(Measured((), ".coverage"))
    assert doubt is not None
    assert doubt.cure == "measure the source: [tool.coverage.run] source, or pytest --cov=PACKAGE"


@pytest.mark.parametrize("files", [(), (_file("a.py", 0, 3),)], ids=["no-file", "all-at-0"])
def test_part_of_the_tests_that_ran_nothing_blames_no_copy(files: tuple[FileCoverage, ...]) -> None:
    """The one test that failed before may have nothing to do with the source."""
    part = Doubt("only some of the tests ran (--lf)", "run all of them")
    assert doubt_of(Measured(files, "x"), part) == part
    stale = Measured(files, "x", stale=("a.py",))
    assert doubt_of(stale, part) == doubt_of(stale)


def test_the_missing_metric_is_a_count() -> None:
    """0 can be asked for, and told from nothing asked."""
    rows = _judge(CoverageSettings(_limits(missing=0)), _file("a.py", 3, 1), _file("b.py", 3, 0))
    assert [one.verdict.value for one in rows] == ["unmet", "met"]
    assert rows[0].metric is Metric.MISSING
    assert rows[1].missing == ()
