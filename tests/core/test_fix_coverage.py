"""Changed statements, and how far a fix's own tests came with each."""

from __future__ import annotations

import textwrap
from decimal import Decimal
from typing import TYPE_CHECKING

import pytest

from pytest_bugguard.core import fix_coverage, patches, touched
from pytest_bugguard.core.coverage_rules import Limits
from pytest_bugguard.core.coverage_verdict import Judged, Missing
from pytest_bugguard.core.fix_coverage import Changed, Reach, Reached
from pytest_bugguard.core.measured import FileCoverage
from pytest_bugguard.core.model import RuleVerdict, Verdict
from pytest_bugguard.core.patches import Patch
from pytest_bugguard.core.statements import Source
from pytest_bugguard.core.thresholds import Count, Metric, Threshold
from tests import samples

if TYPE_CHECKING:
    from pytest_bugguard.core.fix_coverage import Require

AFTER = Source(
    textwrap.dedent('''\
    LIMIT = 10


    @cached
    def pages(
        items,
        size=LIMIT,
    ):
        """Pages."""
        return -(
            -items
            // size
        )


    def over(items):
        if items:  # pragma: no cover
            raise ValueError
        return pages(items)
    ''')
)
BEFORE = Source(AFTER.text.replace("    return pages(items)\n", "    log(items)\n    return pages(items)\n"))
STATEMENTS = frozenset({1, 4, 5, 10, 16, 19})
EXCLUDED = frozenset({17, 18})
IMPORT = frozenset({1, 4, 5, 16})


def _reached(*in_tests: int, sub: tuple[int, ...] = ()) -> Reached:
    return Reached(frozenset(in_tests), frozenset(sub), IMPORT, STATEMENTS, EXCLUDED)


@pytest.mark.parametrize(
    ("patch", "reached", "expected"),
    [
        pytest.param(Patch("a.py", "a.py", (12,)), _reached(10), [(10, Reach.RUN)], id="continuation-line"),
        pytest.param(Patch("a.py", "a.py", (12,)), _reached(sub=(10,)), [(10, Reach.SUBPROCESS)], id="subprocess"),
        pytest.param(Patch("a.py", "a.py", (10, 11, 12)), _reached(), [(10, Reach.NEVER)], id="one-statement"),
        pytest.param(Patch("a.py", "a.py", (1,)), _reached(10), [(1, Reach.IMPORT_ONLY)], id="constant"),
        pytest.param(Patch("a.py", "a.py", (7,)), _reached(10), [(5, Reach.RUN)], id="signature-with-body"),
        pytest.param(Patch("a.py", "a.py", (7,)), _reached(), [(5, Reach.IMPORT_ONLY)], id="signature-alone"),
        pytest.param(Patch("a.py", "a.py", (4,)), _reached(sub=(10,)), [(4, Reach.SUBPROCESS)], id="decorator"),
        pytest.param(Patch("a.py", "a.py", (17, 18)), _reached(10),
                     [(17, Reach.EXCLUDED), (18, Reach.EXCLUDED)], id="excluded"),
        pytest.param(Patch("a.py", "a.py", (), (19,)), _reached(19), [(16, Reach.RUN)], id="deletion-run"),
        pytest.param(Patch("a.py", "a.py", (), (19,)), _reached(10), [(16, Reach.NEVER)], id="deletion-never"),
        pytest.param(Patch("a.py", "a.py", (11,), (), (11, 19)), _reached(10), [(10, Reach.RUN), (16, Reach.NEVER)],
                     id="replaced-in-another"),
        pytest.param(Patch("a.py", "a.py", (), (2,)), _reached(10), [(0, Reach.DELETED)], id="deletion-outside"),
        pytest.param(Patch("a.py", "a.py", (2, 3, 9)), _reached(10), [], id="no-statement"),
    ],
)  # fmt: skip
def test_each_changed_statement_has_its_reach(
    patch: Patch, reached: Reached, expected: list[tuple[int, Reach]]
) -> None:
    """The whole statement for any of its lines, the body for a signature, the function for a deletion."""
    found = list(fix_coverage.in_file(patch, reached, AFTER, BEFORE))
    assert found == [Changed("a.py", line, reach) for line, reach in expected]


@pytest.mark.parametrize(
    ("patch", "lines"),
    [
        pytest.param(Patch("a.py", "a.py", (11, 12)), {11, 12}, id="added"),
        pytest.param(Patch("a.py", "a.py", (12,), (19,)), {12, 16}, id="taken-out-of-another"),
        pytest.param(Patch("a.py", "a.py", (), (2,)), set(), id="taken-from-the-top"),
    ],
)
def test_what_hangs_on_a_change_is_known_by_its_lines(patch: Patch, lines: set[int]) -> None:
    """Those that came, and the ``def`` lines of the functions that lost some."""
    assert fix_coverage.lines_of(patch, AFTER, BEFORE) == lines


GONE = "\n\ndef gone(items):\n    return items\n"


@pytest.mark.parametrize(
    ("before", "after", "added", "cut", "reaches"),
    [
        pytest.param(AFTER.text + GONE, AFTER.text, (18,), (20, 21, 22, 23), [Reach.EXCLUDED, Reach.DELETED],
                     id="gone"),
        pytest.param(AFTER.text + GONE, AFTER.text + GONE.replace("gone", "kept"), (22,), (22,), [Reach.NEVER],
                     id="renamed"),
        pytest.param(AFTER.text + GONE, GONE + AFTER.text, (1, 2, 3, 4), (20, 21, 22, 23), [Reach.NEVER, Reach.NEVER],
                     id="moved"),
    ],
)  # fmt: skip
def test_a_function_that_is_gone_as_a_whole_is_told_beside_the_rest(
    before: str, after: str, added: tuple[int, ...], cut: tuple[int, ...], reaches: list[Reach]
) -> None:
    """It may be the cure; what is only named anew, or stands elsewhere, is not gone."""
    reached = Reached(statements=frozenset({3, 4, 22, 23}), excluded=EXCLUDED)
    found = fix_coverage.in_file(Patch("a.py", "a.py", added, cut), reached, Source(after), Source(before))
    assert [one.reach for one in found] == reaches


@pytest.mark.parametrize(
    ("reaches", "require", "verdict"),
    [
        ("run never never", "any", "met"),
        ("never never", "any", "unmet"),
        ("import never", "any", "met"),
        ("import", "any", "met"),
        ("elsewhere", "any", "met"),
        ("run elsewhere", "all", "met"),
        ("deleted", "any", "met"),
        ("deleted never", "any", "undecided"),
        ("deleted never proven", "any", "met"),
        ("deleted run never", "any", "met"),
        ("deleted never", "all", "unmet"),
        ("excluded", "any", "met"),
        ("", "any", "met"),
        ("subprocess", "any", "met"),
        ("run never", "all", "unmet"),
        ("run import excluded", "all", "met"),
        ("run never", Decimal(50), "met"),
        ("run never never", Decimal(50), "unmet"),
        ("never excluded", Decimal(1), "unmet"),
    ],
)
def test_what_is_asked_decides(reaches: str, require: Require, verdict: str) -> None:
    """By default only what ran nothing at all fails; import-only is the proof's to judge, and so is what was deleted.

    Where the tests ran nothing of the rest, no proof means that nothing was looked at: undecided, with its cure.
    """
    words = {"import": Reach.IMPORT_ONLY, "elsewhere": Reach.ELSEWHERE, "subprocess": Reach.SUBPROCESS} | {
        str(one): one for one in Reach
    }
    changed = [Changed("a.py", 10 + index, words[word]) for index, word in enumerate(reaches.split()) if word in words]
    fix = samples.fix(Verdict.PROVEN if reaches.endswith("proven") else Verdict.GUARDED)
    judged = fix_coverage.judge(fix, changed, require, {"a.py": AFTER}, "p:1")
    assert judged.verdict.value == verdict
    assert bool(judged.next) == (verdict != "met")


@pytest.mark.parametrize(
    ("condition", "reach"),
    [
        ("sys.platform == 'win32'", Reach.ELSEWHERE),
        ("x and not sys.platform.startswith('win')", Reach.ELSEWHERE),
        ("sys.version_info >= (3, 99)", Reach.ELSEWHERE),
        ("os.name == 'nt'", Reach.ELSEWHERE),
        ("platform.system() == 'Windows'", Reach.ELSEWHERE),
        ("WIN", Reach.ELSEWHERE),
        ("_compat.IS_WINDOWS", Reach.ELSEWHERE),
        ("PY_3_13_PLUS", Reach.ELSEWHERE),
        ("WINNER", Reach.NEVER),
        ("os.environ", Reach.NEVER),
        ("self.platform", Reach.NEVER),
    ],
)
def test_what_another_platform_runs_cannot_be_told_here(condition: str, reach: Reach) -> None:
    """On either side of the condition, in whatever functions stand below; what ran here ran."""
    text = f"if {condition}:\n    def f():\n        return 1\nelse:\n    y = 1\nz = 1\n"
    reached = Reached(frozenset(), frozenset(), frozenset({1, 5}), frozenset({1, 2, 3, 5, 6}))
    patch = Patch("a.py", "a.py", (3, 5, 6))
    found = [one.reach for one in fix_coverage.in_file(patch, reached, Source(text), None)]
    assert found == [reach, Reach.IMPORT_ONLY, Reach.NEVER]


FIX = samples.fix(sha="1c0ffee" * 5)


def test_a_fix_that_its_test_never_reached_is_told_line_by_line() -> None:
    """The numbers of each kind, the lines, and the function that holds them."""
    changed = [Changed("a.py", 19, Reach.NEVER), Changed("a.py", 17, Reach.EXCLUDED), Changed("b.py", 1, Reach.RUN)]
    unmet = fix_coverage.judge(FIX, [*changed[:2]], "any", {"a.py": AFTER}, "p:1")
    assert unmet == Judged(
        "fixes", None, Count(0, 1), None, RuleVerdict.UNMET, (Missing("a.py", (19,), "19 (over)"),), "p:1",
        "1 never, 1 excluded", fix="1c0ffee" * 5,
        next="make its test reach what it changed: bugguard prove 1c0ffee shows the test",
    )  # fmt: skip
    met = fix_coverage.judge(FIX, changed, "any", {}, "p:1")
    assert (met.count, met.verdict, met.reason, met.next) == (
        (1, 2), RuleVerdict.MET, "1 run, 1 never, 1 excluded", "",
    )  # fmt: skip
    assert met.missing == (Missing("a.py", (19,), "19"),)


def test_a_fix_that_may_have_deleted_the_fault_is_told_so() -> None:
    """What its tests did not run is named all the same; only the proof can tell."""
    changed = [Changed("a.py", 0, Reach.DELETED), Changed("a.py", 19, Reach.NEVER)]
    judged = fix_coverage.judge(FIX, changed, "any", {"a.py": AFTER}, "p:1")
    assert (judged.verdict, judged.reason, judged.next) == (
        RuleVerdict.UNDECIDED,
        "the tests of 1c0ffee run nothing of what it added, and it took code away",
        "bugguard prove 1c0ffee tells",
    )
    assert [one.lines for one in judged.missing] == [(19,)]


def test_a_fix_without_statements_is_told_so() -> None:
    """It changed comments, or a file of another kind: there is nothing to run."""
    judged = fix_coverage.judge(FIX, [], Decimal(90), {}, "p:1")
    assert (judged.verdict, judged.count, judged.reason) == (RuleVerdict.MET, (0, 0), "it changed no statement")


@pytest.mark.parametrize(
    ("require", "threshold"),
    [
        ("any", None),
        ("all", Threshold(Metric.LINE, Decimal(100))),
        (Decimal("62.5"), Threshold(Metric.LINE, Decimal("62.5"))),
    ],
)
def test_what_is_asked_of_a_fix_is_kept_with_it(require: Require, threshold: Threshold | None) -> None:
    """As a share of what it changed; where any of it is enough there is nothing to count."""
    assert fix_coverage.judge(FIX, [], require, {}, "p:1").threshold == threshold


UNMEASURED = FileCoverage("a.py", missing=STATEMENTS, excluded=EXCLUDED)


@pytest.mark.parametrize(
    ("patch", "file", "ran", "missing"),
    [
        pytest.param(Patch("a.py", "a.py", (12, 18)), FileCoverage("a.py", STATEMENTS), (10,), (), id="continuation"),
        pytest.param(Patch("a.py", "a.py", (11,)), FileCoverage("a.py", IMPORT | {10}, frozenset({11})), (), (11,),
                     id="counted-by-itself"),
        pytest.param(Patch("a.py", "a.py", (7, 11, 19)), FileCoverage("a.py", IMPORT, STATEMENTS - IMPORT),
                     (5,), (10, 19), id="some"),
        pytest.param(Patch("a.py", None, tuple(range(1, 20))), None, (), tuple(sorted(STATEMENTS)),
                     id="never-imported"),
        pytest.param(Patch("a.py", "a.py", (), (19,)), FileCoverage("a.py", IMPORT, STATEMENTS - IMPORT), (), (19,),
                     id="deletion"),
        pytest.param(Patch("a.py", "a.py", (), (19,)), FileCoverage("a.py", IMPORT | {19}), (19,), (),
                     id="deletion-run"),
        pytest.param(Patch("a.py", "a.py", (11,), (), (11, 19)), FileCoverage("a.py", IMPORT | {10}, frozenset({19})),
                     (10,), (19,), id="replaced-in-another"),
        pytest.param(Patch("a.py", "a.py", (), (19,)), FileCoverage("a.py", IMPORT, excluded=EXCLUDED | {19}), (), (),
                     id="deletion-in-what-does-not-count"),
        pytest.param(Patch("a.py", "a.py", (2, 9)), FileCoverage("a.py", IMPORT), (), (), id="no-statement"),
        pytest.param(Patch("a.py", "a.py", (4, 7)), FileCoverage("a.py", IMPORT, STATEMENTS - IMPORT), (4, 5), (10,),
                     id="signature-alone"),
        pytest.param(Patch("a.py", "a.py", (7,)), FileCoverage("a.py", STATEMENTS), (5,), (), id="signature-run"),
    ],
)  # fmt: skip
def test_a_change_touches_statements(
    patch: Patch, file: FileCoverage | None, ran: tuple[int, ...], missing: tuple[int, ...]
) -> None:
    """A changed file that nothing imported is missing, not absent."""
    found = touched.in_file(patch, file, AFTER, BEFORE, unmeasured=UNMEASURED)
    assert (found.path, found.ran, found.missing, found.is_measured) == ("a.py", ran, missing, file is not None)


def test_what_a_function_lost_in_a_hunk_of_two_is_asked_for() -> None:
    """All that came in place of the lines went into the other one."""
    old, new = "def a():\n    x()\n    y()\ndef b():\n    z()\n", "def a():\n    x()\ndef b(k):\n    z()\n"
    patch = patches.between("a.py", "a.py", old.encode(), new.encode())
    file = FileCoverage("a.py", frozenset({1, 3, 4}), frozenset({2}))
    found = touched.in_file(patch, file, Source(new), Source(old), unmeasured=UNMEASURED)
    assert (found.ran, found.missing) == ((3,), (2,))


@pytest.mark.parametrize(
    ("old", "new", "ran", "missing", "expected"),
    [
        pytest.param("def a():\n    w()\n    x()\n    y()\n", "def a():\n    w()\n    z()\n", {1, 2}, {3}, ((), (3,)),
                     id="the-last-line-came-for-two"),
        pytest.param("def a():\n    x()\nb()\n", "def a(k):\n    x()\nb()\n", {1, 3}, {2}, ((1,), (2,)),
                     id="what-stands-behind-a-function-is-not-in-it"),
    ],
)  # fmt: skip
def test_a_line_belongs_to_one_function(
    old: str, new: str, ran: set[int], missing: set[int], expected: tuple[tuple[int, ...], tuple[int, ...]]
) -> None:
    """Also at its end: what came there speaks for what went there, and the next line for nothing of it."""
    patch = patches.between("a.py", "a.py", old.encode(), new.encode())
    file = FileCoverage("a.py", frozenset(ran), frozenset(missing))
    found = touched.in_file(patch, file, Source(new), Source(old), unmeasured=UNMEASURED)
    assert (found.ran, found.missing) == expected


PROPERTY = textwrap.dedent("""\
    class Pager:
        @property
        def size(self):
            log(self)
            return self._size
        @size.setter
        def size(self, value):
            check(value)
            self._size = value
    """)
OVERLOADS = textwrap.dedent("""\
    @overload
    def size(of: int) -> int:
        'One.'
        ...
    @overload
    def size(of: str) -> int: ...
    def size(of):
        log(of)
        return len(of)
    """)
BRANCHES = textwrap.dedent("""\
    if OLD:
        def size(of):
            log(of)
            return 1
    else:
        def size(of):
            check(of)
            return 2
    """)
GETTER, SETTER = PROPERTY.index("    @property"), PROPERTY.index("    @size.setter")


@pytest.mark.parametrize(
    ("old", "new", "heads"),
    [
        pytest.param(PROPERTY, PROPERTY.replace("        log(self)\n", ""), [3], id="getter"),
        pytest.param(PROPERTY, PROPERTY.replace("        check(value)\n", ""), [7], id="setter"),
        pytest.param(PROPERTY, PROPERTY[:GETTER] + PROPERTY[SETTER:], [], id="the-getter-is-gone"),
        pytest.param(PROPERTY, PROPERTY[:SETTER], [], id="the-setter-is-gone"),
        pytest.param(PROPERTY, PROPERTY[:GETTER] + PROPERTY[SETTER:].replace("        check(value)\n", ""), [3],
                     id="the-getter-is-gone-and-the-setter-shorter"),
        pytest.param(PROPERTY, PROPERTY[:GETTER] + PROPERTY[SETTER:] + PROPERTY[GETTER:SETTER], [3],
                     id="the-setter-stands-above-the-getter"),
        pytest.param(PROPERTY, PROPERTY.replace("        log(self)\n", "").replace("@property", "@cached"), [3],
                     id="another-decorator"),
        pytest.param(PROPERTY, PROPERTY.replace("        return self._size\n", "").replace("e(self)", "e(me)"), [3],
                     id="another-parameter"),
        pytest.param(OVERLOADS, OVERLOADS.replace("    'One.'\n", ""), [2], id="overload"),
        pytest.param(OVERLOADS, OVERLOADS.replace("    log(of)\n", ""), [7], id="implementation"),
        pytest.param(OVERLOADS, "@overload\ndef size(of: set): ...\n" + OVERLOADS.replace("    'One.'\n", ""), [4],
                     id="one-more-overload"),
        pytest.param(BRANCHES, BRANCHES.replace("        log(of)\n", ""), [2], id="first-of-two-alike"),
        pytest.param(BRANCHES, BRANCHES.replace("        check(of)\n", ""), [6], id="last-of-two-alike"),
    ],
)  # fmt: skip
def test_of_functions_of_one_name_each_is_found_again(old: str, new: str, heads: list[int]) -> None:
    """A property's getter and setter, overloads, the branches of a condition: by decorators, parameters and order."""
    patch = patches.between("a.py", "a.py", old.encode(), new.encode())
    assert [span.head for span in touched.cut_functions(patch, Source(new), Source(old))] == heads


@pytest.mark.parametrize("cuts", [(1, 2, 4), (2, 3, 4)], ids=["first-is-gone", "one-of-both"])
def test_one_that_is_left_of_two_alike_stands_for_the_one_that_is_not_gone(cuts: tuple[int, ...]) -> None:
    """Where something of both is left it is one function that lost lines."""
    old, new = "def a():\n    1\ndef a():\n    2\n    3\n", "def a():\n    3\n"
    spans = touched.cut_functions(Patch("a.py", "a.py", (), cuts), Source(new), Source(old))
    assert [span.head for span in spans] == [1]


@pytest.mark.parametrize(("ran", "missing"), [((4,), ()), ((), (4,))], ids=["getter-run", "setter-run"])
def test_a_setter_that_ran_speaks_for_no_getter(ran: tuple[int, ...], missing: tuple[int, ...]) -> None:
    """Nor does one that did not run speak against it."""
    new = PROPERTY.replace("        log(self)\n", "")
    patch = patches.between("a.py", "a.py", PROPERTY.encode(), new.encode())
    setter = {7, 8}
    file = FileCoverage("a.py", frozenset({*ran} or setter), frozenset({*missing} or setter))
    found = touched.in_file(patch, file, Source(new), Source(PROPERTY), unmeasured=UNMEASURED)
    assert (found.ran, found.missing) == (ran, missing)


PAGER = "class Pager:\n    size = 1\n"
METHOD = "    def first(self):\n        return 1\n"


@pytest.mark.parametrize(
    ("cuts", "new", "gone"),
    [
        pytest.param((3, 4), PAGER, ["Pager.first"], id="gone"),
        pytest.param((3, 4), f"{PAGER}class Book:\n{METHOD}", [], id="in-another-class"),
        pytest.param((4,), f"{PAGER}    def last(self):\n        return 1\n", [], id="in-part"),
    ],
)
def test_a_function_is_gone_that_stands_nowhere_else(cuts: tuple[int, ...], new: str, gone: list[str]) -> None:
    """One that only went to another class, or of which something is left, is there."""
    patch = Patch("a.py", "a.py", (), cuts)
    spans = touched.gone_functions(patch, Source(new), Source(PAGER + METHOD))
    assert [span.name for span in spans] == gone


@pytest.mark.parametrize(
    ("new", "is_gone"),
    [
        pytest.param(PROPERTY[:GETTER] + PROPERTY[SETTER:], True, id="gone"),
        pytest.param(PROPERTY[:GETTER] + PROPERTY[SETTER:] + PROPERTY[GETTER:SETTER], False, id="stands-behind-it"),
    ],
)
def test_a_getter_is_gone_though_its_setter_is_there(new: str, is_gone: bool) -> None:
    """One that only stands in another place is there."""
    spans = touched.gone_functions(Patch("a.py", "a.py", (), (2, 3, 4, 5)), Source(new), Source(PROPERTY))
    assert [span.head for span in spans] == ([3] if is_gone else [])


def test_the_statements_of_a_change_are_counted_together() -> None:
    """Over all files, with the lines that are missing in each."""
    seen = [
        touched.Touched("a.py", (1, 2), (9,)),
        touched.Touched("b.py", (), (4,), is_measured=False),
        touched.Touched("c.py", (5,), ()),
    ]
    (line, missing) = touched.judge(Limits(line=Decimal(75), missing=Decimal(2)), seen, "p:4")
    assert (line.verdict, line.count, missing.verdict) == (RuleVerdict.UNMET, (3, 5), RuleVerdict.MET)
    assert [(one.path, one.lines, one.note) for one in line.missing] == [
        ("a.py", (9,), ""),
        ("b.py", (4,), "never imported"),
    ]
    assert [(one.rule, one.place, one.metric, one.threshold) for one in (line, missing)] == [
        ("changed", "p:4", Metric.LINE, Threshold(Metric.LINE, Decimal(75))),
        ("changed", "p:4", Metric.MISSING, Threshold(Metric.MISSING, Decimal(2))),
    ]


def test_a_new_pragma_in_a_changed_line_is_seen() -> None:
    """An exclusion that came with the change, not one that was there."""
    patch = Patch("a.py", "a.py", (17,))
    assert touched.in_file(patch, None, AFTER, BEFORE, unmeasured=UNMEASURED).pragmas == (17,)
    assert touched.in_file(Patch("a.py", "a.py", (16,)), None, AFTER, BEFORE, unmeasured=UNMEASURED).pragmas == ()
