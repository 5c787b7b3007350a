"""The shell's door: arguments in, text and an exit code out."""

from __future__ import annotations

import argparse
import gc
import os
import shutil
import sys
import traceback
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from pytest_bugguard.core.errors import BugguardError
from pytest_bugguard.report.escape import safe_text

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tqdm import tqdm

    from pytest_bugguard.assembly.proofs import Progress
    from pytest_bugguard.assembly.workshop import Workshop
    from pytest_bugguard.core.results import Result
    from pytest_bugguard.report.spans import Line

EXIT_OK, EXIT_FINDINGS, EXIT_INTERRUPTED, EXIT_OUR_FAULT, EXIT_USAGE = range(5)
"""pytest's own numbers."""

_BISECT_SKIP = 125
"""What tells ``git bisect run`` that a commit cannot be judged."""

_FORMATS = ("text", "json", "markdown", "sarif", "gitlab", "junit")


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command and return its exit code; never a traceback for what a user can cause."""
    _prepare_streams()
    try:
        code = _run(argv)
    except BugguardError as error:
        _complain(str(error), error.hint)
        return error.exit_code
    except KeyboardInterrupt:
        _complain("interrupted")
        return EXIT_INTERRUPTED
    except BrokenPipeError:
        _drop_output()  # the reader (head, less) has seen enough
        return EXIT_OK
    except Exception:  # noqa: BLE001 - the last line of defence: what gets here is a fault of ours
        traceback.print_exc()
        _complain("this is a fault of bugguard's own", "report it with the lines above")
        return EXIT_OUR_FAULT
    return code


def _prepare_streams() -> None:
    """Streams that take any text; what a shell has closed (``>&-``) takes it and forgets it."""
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: PTH123, SIM115 - for as long as we live
        elif hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")


def _run(argv: Sequence[str] | None) -> int:
    try:
        options = _parser().parse_args(argv)
    except SystemExit:  # --help, --version, wrong usage
        _say("")
        raise
    code: int = options.run(options)
    return code


def _say(text: str) -> None:
    """Write to standard output at once, so that a full disk is no fault of ours and is told while it can be."""
    try:
        sys.stdout.write(text)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as error:
        _drop_output()
        hint = "see whether there is room where it goes to"
        raise BugguardError(f"standard output cannot be written: {error.strerror}", hint=hint) from None


def _drop_output() -> None:
    """Let what waits in standard output go nowhere: Python would complain of it once more at the end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _complain(message: str, hint: str = "") -> None:
    for line in message.splitlines():
        print(f"bugguard: {safe_text(line)}", file=sys.stderr)
    if hint:
        print(f"next: {safe_text(hint)}", file=sys.stderr)


class _Parser(argparse.ArgumentParser):
    """argparse ends with 2 on wrong usage, which is an interrupted run in pytest's numbers."""

    def error(self, message: str) -> NoReturn:
        self.print_usage(sys.stderr)
        print(f"bugguard: {message}", file=sys.stderr)
        raise SystemExit(EXIT_USAGE)


def _parser() -> _Parser:
    parser = _Parser(
        prog="bugguard",
        description="Every bug fix brings a test that guards it: found in the git history, checked, enforced.",
        epilog="exit codes: 0 all well, 1 findings, 2 interrupted, 3 a fault of our own, 4 wrong usage or settings",
    )
    parser.add_argument("--version", action=_Version)
    _add_common(parser, top=True)
    commands = parser.add_subparsers(metavar="COMMAND", required=True, parser_class=_Parser)
    for add in (
        _add_audit, _add_explain, _add_check, _add_prove, _add_flaky, _add_coverage, _add_report, _add_waive, _add_init
    ):  # fmt: skip
        _add_common(add(commands), top=False)
    return parser


class _Version(argparse.Action):
    """Looks the version up only when it is asked for: importlib.metadata costs a third of a start."""

    def __init__(self, option_strings: Sequence[str], dest: str) -> None:
        super().__init__(option_strings, dest, nargs=0, help="show the version and exit")

    def __call__(self, parser: argparse.ArgumentParser, *_: object) -> None:
        from pytest_bugguard.assembly import version  # noqa: PLC0415 - see the class

        print(f"bugguard {version()}")
        parser.exit()


def _add_common(parser: argparse.ArgumentParser, *, top: bool) -> None:
    """Options that stand before or after the command; after it they win, and of ``--set`` both hold."""

    def default(value: object) -> object:
        return value if top else argparse.SUPPRESS

    parser.add_argument(
        "-C", metavar="DIR", dest="start", type=Path, default=default(Path()), help="work in this folder's repository"
    )
    parser.add_argument(
        # Two names: argparse lets what stands after a command replace what stands before it, lists too.
        "--set", metavar="KEY=VALUE", dest="overrides" if top else "more_overrides", action="append", default=[],
        help="any setting, with a TOML value: --set fixes.rules='\"wide\"'",
    )  # fmt: skip
    parser.add_argument(
        "--format", default=default("text"), help=f"how to print it: {', '.join(_FORMATS)}, or what a guest adds"
    )
    parser.add_argument(
        "--no-color",
        dest="color",
        action="store_false",
        default=default(value=True),
        help="plain text; NO_COLOR does it too",
    )


Commands = argparse._SubParsersAction  # noqa: SLF001 - argparse has no public name for what add_subparsers returns


def _add_audit(commands: Commands[_Parser]) -> _Parser:
    parser = commands.add_parser("audit", help="every fix in the history, and whether a test guards it")
    parser.add_argument(
        "range", metavar="RANGE", nargs="?", default="HEAD", help="REV, or BASE..REV (default: all of HEAD's history)"
    )
    parser.add_argument("--all", action="store_true", help="list every fix, not only the newest unguarded ones")
    parser.add_argument(
        "--fail-under", metavar="RATIO", type=_ratio, help="exit 1 if the guarded share (0 to 1) is less, or not known"
    )
    parser.add_argument("--no-cache", dest="cache", action="store_false", help="work it out again, and keep nothing")
    parser.set_defaults(run=_audit)
    return parser


def _add_explain(commands: Commands[_Parser]) -> _Parser:
    parser = commands.add_parser("explain", help="what a revision is taken for, and why")
    parser.add_argument("revisions", nargs="+", metavar="REV", help="a commit: an id, a branch, a tag, HEAD~2")
    parser.set_defaults(run=_explain)
    return parser


def _add_check(commands: Commands[_Parser]) -> _Parser:
    parser = commands.add_parser("check", help="the fix gate, without running tests")
    parser.add_argument(
        "range", metavar="RANGE", nargs="?", help="BASE..REV (default: what HEAD and the work tree add to the base)"
    )
    parser.add_argument("--base", metavar="REV", help="what to compare HEAD with")
    parser.add_argument("--staged", action="store_true", help="judge the commit that is about to be made")
    parser.add_argument(
        "--message-file", metavar="FILE", type=Path, help="with --staged: its message (a commit-msg hook's argument)"
    )
    parser.set_defaults(run=_check)
    return parser


def _add_prove(commands: Commands[_Parser]) -> _Parser:
    parser = commands.add_parser("prove", help="run the tests of each fix without the fix and with it: red, then green")
    parser.add_argument(
        "revisions",
        metavar="REV or RANGE",
        nargs="?",
        help="one commit, or the fixes of BASE..REV (default: what HEAD adds to the base)",
    )
    parser.add_argument("--base", metavar="REV", help="what to compare HEAD with")
    parser.add_argument("--worktree", action="store_true", help="uncommitted work takes part too")
    parser.add_argument("--jobs", metavar="N", type=_count, default=1, help="fixes worked on side by side (default: 1)")
    parser.add_argument(
        "--timeout",
        metavar="SECONDS",
        type=_count,
        default=600,
        help="how long the tests of a fix may take with the fix in place (default: 600)",
    )
    parser.add_argument(
        "--keep", action="store_true", help="leave each tree without its fix, and say how to run the tests in it"
    )
    parser.add_argument(
        "--receipts",
        metavar="DIR",
        type=Path,
        action="append",
        default=[],
        help="where proofs are stored and looked up (setting: fixes.receipts); may be repeated, others are only read",
    )
    parser.add_argument("--fresh", action="store_true", help="run it again, whatever a stored proof says")
    parser.add_argument(
        "--hunks", action="store_true", help="also take each part of a proven fix out alone: which does no test hold?"
    )
    parser.add_argument(
        "--decay",
        action="store_true",
        help="take fixes out of today's HEAD: are they still guarded? (default: the newest 20 that brought a test)",
    )
    parser.add_argument(
        "--bisect", action="store_true", help="git bisect's exit codes: 0 proven, 1 not, 125 could not tell"
    )
    parser.add_argument(
        "--i-know",
        action="store_true",
        help="run it in a CI job on pull_request_target or workflow_run too, where strangers meet your secrets",
    )
    parser.set_defaults(run=_prove)
    return parser


def _add_flaky(commands: Commands[_Parser]) -> _Parser:
    parser = commands.add_parser("flaky", help="the history of test outcomes, and what is flaky by it")
    steps = parser.add_subparsers(metavar="STEP", required=True, parser_class=_Parser)
    listed = steps.add_parser("list", help="the tests that failed: flaky ones first, then by what they cost")
    listed.add_argument("--all", action="store_true", help="list a thousand of them, not only the first twenty")
    listed.set_defaults(run=_flaky_list)
    show = steps.add_parser("show", help="the story of a test")
    show.add_argument("test", metavar="TEST", help="a node id, from the repository's top; of all cases without [...]")
    show.set_defaults(run=_flaky_show)
    taken = steps.add_parser("import", help="take runs in: JUnit XML of any CI, run files, other histories")
    taken.add_argument("files", metavar="FILE", type=Path, nargs="+", help="a file, or a folder of them")
    taken.add_argument("--commit", metavar="REV", default="", help="what JUnit files ran on, where they do not say it")
    taken.add_argument("--branch", metavar="NAME", default="", help="on which branch")
    taken.add_argument("--environment", metavar="WORDS", default="", help="in which environment: a name of your own")
    taken.set_defaults(run=_flaky_import)
    out = steps.add_parser("export", help="write every run of the history as a run file")
    out.add_argument("folder", metavar="DIR", type=Path, help="where to; it is made where it is not there")
    out.set_defaults(run=_flaky_export)
    for step in (listed, show, taken, out):
        _add_common(step, top=False)
    return parser


def _add_coverage(commands: Commands[_Parser]) -> _Parser:
    parser = commands.add_parser("coverage", help="the coverage gates, on data that tests have left")
    steps = parser.add_subparsers(metavar="STEP", required=True, parser_class=_Parser)
    check = steps.add_parser("check", help="hold the rules against what was measured")
    explain = steps.add_parser("explain", help="which rules speak for a file, and why")
    explain.add_argument("file", metavar="FILE", type=Path, help="a file that was measured")
    begin = steps.add_parser("init", help="write gates and floors at today's level")
    begin.add_argument("--dry-run", action="store_true", help="show the settings and write nothing")
    for step, run in ((check, _coverage_check), (explain, _coverage_explain), (begin, _coverage_init)):
        _add_common(step, top=False)
        _add_data(step)
        step.set_defaults(run=run)
    for step in (check, explain):
        step.add_argument("--base", metavar="REV", help="what to compare HEAD and the work tree with")
    _add_floors(steps)
    return parser


def _add_floors(steps: Commands[_Parser]) -> None:
    parser = steps.add_parser("floors", help="how many statements each file may have that no test runs")
    verbs = parser.add_subparsers(metavar="VERB", required=True, parser_class=_Parser)
    update = verbs.add_parser("update", help="lower the floors to what was measured")
    _add_data(update)
    update.set_defaults(run=_floors_update)
    up = verbs.add_parser("raise", help="accept what one file owes, and say why")
    up.add_argument("file", metavar="FILE", type=Path, help="a file that was measured")
    up.add_argument("--reason", required=True, help="why it may owe more: kept beside the floor")
    _add_data(up)
    up.set_defaults(run=_floors_raise)
    tidy = verbs.add_parser("tidy", help="take out files that owe nothing, and files that are gone")
    tidy.set_defaults(run=_floors_tidy)
    for step in (update, up, tidy):
        _add_common(step, top=False)


def _add_data(parser: _Parser) -> None:
    parser.add_argument(
        "--data", metavar="FILE", type=Path, action="append", default=[],
        help="a .coverage file (may repeat), coverage.json, coverage.xml or lcov (default: what the last run left)",
    )  # fmt: skip


def _add_report(commands: Commands[_Parser]) -> _Parser:
    parser = commands.add_parser("report", help="all that is known of a repository: its history, proofs and coverage")
    parser.add_argument(
        "range", metavar="RANGE", nargs="?", default="HEAD", help="REV, or BASE..REV (default: all of HEAD's history)"
    )
    parser.add_argument("--html", metavar="FILE", type=Path, help="write it as one page that opens without a network")
    parser.add_argument(
        "--from", metavar="FILE", dest="stored", type=Path, action="append", default=[],
        help="with --html: results that were stored as JSON (may repeat), instead of looking again",
    )  # fmt: skip
    _add_data(parser)
    parser.add_argument(
        "--webhook", metavar="URL", help="send what is new there too; $NAME in it is read from the environment"
    )
    parser.add_argument(
        "--webhook-state",
        metavar="FILE",
        type=Path,
        help="the list of what was told before (default: in the user's cache)",
    )
    parser.set_defaults(run=_report)
    return parser


def _add_waive(commands: Commands[_Parser]) -> _Parser:
    parser = commands.add_parser("waive", help="accept a fix without a test, for a time")
    parser.add_argument("fix", metavar="FIX", help="its commit")
    parser.add_argument("--owner", required=True, help="who brings the test: a team rather than a person")
    parser.add_argument("--reason", required=True, help="why there is no test")
    parser.add_argument("--expires", required=True, metavar="YYYY-MM-DD", help="the last day on which it holds")
    parser.set_defaults(run=_waive)
    return parser


def _add_init(commands: Commands[_Parser]) -> _Parser:
    parser = commands.add_parser("init", help="look at the repository and write the settings that fit it")
    parser.add_argument("--dry-run", action="store_true", help="show the settings and write nothing")
    parser.set_defaults(run=_init)
    return parser


def _ratio(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = -1.0
    if not 0 <= value <= 1:
        raise argparse.ArgumentTypeError(f"{text!r} is no ratio from 0 to 1")
    return value


def _count(text: str) -> int:
    if not text.isascii() or not text.isdigit() or not int(text):
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number from 1 on")
    return int(text)


def _audit(options: argparse.Namespace) -> int:
    # A long audit makes millions of short-lived syntax nodes, none of them in a cycle: looking for cycles less often
    # saves a sixth of its time and costs no memory to speak of. The process is our own and ends with the command.
    gc.set_threshold(1_000_000, 50, 1_000)
    with _open(options) as workshop, _progress() as progress:
        result = workshop.audit(
            options.range, fail_under=options.fail_under, uses_cache=options.cache, progress=progress
        )
    _show(options, workshop, result)
    return EXIT_FINDINGS if result.findings else EXIT_OK


def _explain(options: argparse.Namespace) -> int:
    with _open(options) as workshop:
        _show(options, workshop, workshop.explain(options.revisions))
    return EXIT_OK


def _check(options: argparse.Namespace) -> int:
    if options.staged != (options.message_file is not None):
        raise BugguardError(
            "--staged and --message-file go together", hint="bugguard check --staged --message-file FILE"
        )
    if options.staged and (options.range or options.base):
        raise BugguardError("--staged judges one commit", hint="leave out the range and the base")
    if options.range and options.base:
        raise BugguardError("a range has its own base", hint="leave out --base, or the range")
    with _open(options) as workshop:
        if options.staged:
            result = workshop.check_staged(options.message_file)
        else:
            result = workshop.check(options.range, base_option=options.base)
        _show(options, workshop, result)
    return EXIT_FINDINGS if result.findings else EXIT_OK


def _prove(options: argparse.Namespace) -> int:
    is_single = bool(options.revisions) and ".." not in options.revisions
    if options.decay and (options.base or options.worktree):
        raise BugguardError("--decay looks at HEAD", hint="leave out --base and --worktree")
    if options.revisions and (options.base or options.worktree):
        raise BugguardError(
            "--base and --worktree speak of what HEAD adds to its base", hint="leave them out, or the revision"
        )
    from pytest_bugguard.assembly import proofs  # noqa: PLC0415 - see _open

    how = proofs.ProofOptions(
        options.jobs,
        float(options.timeout),
        keep=_tell if options.keep else None,
        receipts=tuple(options.receipts),
        fresh=options.fresh,
        hunks=options.hunks,
        owns_process=True,
        trusts_event=options.i_know,
    )
    with (
        _open(options) as workshop,
        proofs.open_proofs(workshop, how) as bench,
        _fixes_progress() as progress,
    ):
        if options.decay:
            result = bench.of_decay(options.revisions, progress=progress)
        elif is_single:
            result = bench.of_revision(options.revisions, progress=progress)
        else:
            result = bench.of_change(
                options.revisions,
                base_option=options.base,
                reads_work_tree=options.worktree,
                progress=progress,
            )
    _show(options, workshop, result)
    if options.bisect:
        return _bisect(result)
    return EXIT_FINDINGS if result.findings else EXIT_OK


def _tell(text: str) -> None:
    """A note for whoever watches: standard output belongs to the result."""
    print(safe_text(text), file=sys.stderr)


def _bisect(result: Result) -> int:
    """What ``git bisect run`` understands: 0 good, 1 bad, 125 skip."""
    from pytest_bugguard.core.model import Verdict  # noqa: PLC0415 - see _open

    verdicts = {record.verdict for record in result.records} - {Verdict.NOT_APPLICABLE}
    if Verdict.UNDECIDED in verdicts or not verdicts:
        return _BISECT_SKIP
    return EXIT_OK if verdicts == {Verdict.PROVEN} else EXIT_FINDINGS


def _flaky_list(options: argparse.Namespace) -> int:
    from pytest_bugguard.assembly import flaky  # noqa: PLC0415 - see _open

    with _open(options) as workshop:
        _show(options, workshop, flaky.listing(workshop, shows_all=options.all))
    return EXIT_OK


def _flaky_show(options: argparse.Namespace) -> int:
    from pytest_bugguard.assembly import flaky  # noqa: PLC0415 - see _open

    with _open(options) as workshop:
        _show(options, workshop, flaky.story(workshop, options.test))
    return EXIT_OK


def _flaky_import(options: argparse.Namespace) -> int:
    from pytest_bugguard.assembly import flaky  # noqa: PLC0415 - see _open

    _need_text(options)
    told = flaky.Told(options.commit, options.branch, options.environment)
    with _open(options) as workshop, _progress("files") as progress:
        found = flaky.take_in(workshop, options.files, told, progress)
    _say_lines(found.said)
    for line in found.refused:
        _complain(line)
    return EXIT_FINDINGS if found.refused else EXIT_OK


def _flaky_export(options: argparse.Namespace) -> int:
    from pytest_bugguard.assembly import flaky  # noqa: PLC0415 - see _open

    _need_text(options)
    with _open(options) as workshop:
        return _say_lines([flaky.hand_out(workshop, options.folder)])


def _coverage_check(options: argparse.Namespace) -> int:
    from pytest_bugguard.assembly import coverage  # noqa: PLC0415 - see _open

    with _open(options) as workshop:
        result = coverage.check(workshop, options.data, base_option=options.base)
        _show(options, workshop, result)
    return EXIT_FINDINGS if result.findings else EXIT_OK


def _coverage_explain(options: argparse.Namespace) -> int:
    from pytest_bugguard import report  # noqa: PLC0415 - see _open
    from pytest_bugguard.assembly import coverage  # noqa: PLC0415

    with _open(options) as workshop:
        result = coverage.explain(workshop, options.file, options.data, base_option=options.base)
        if options.format == "text" and result.coverage is not None:
            _print(options, report.coverage_rows(result.coverage))
        else:
            _show(options, workshop, result)
    return EXIT_OK


def _coverage_init(options: argparse.Namespace) -> int:
    from pytest_bugguard.assembly import coverage  # noqa: PLC0415 - see _open

    with _open(options) as workshop:
        return _say_lines(coverage.begin(workshop, options.data, is_dry=options.dry_run))


def _floors_update(options: argparse.Namespace) -> int:
    from pytest_bugguard.assembly import coverage  # noqa: PLC0415 - see _open

    with _open(options) as workshop:
        return _say_lines(coverage.update_floors(workshop, options.data))


def _floors_raise(options: argparse.Namespace) -> int:
    from pytest_bugguard.assembly import coverage  # noqa: PLC0415 - see _open

    with _open(options) as workshop:
        return _say_lines([coverage.raise_floor(workshop, options.file, options.data, reason=options.reason)])


def _floors_tidy(options: argparse.Namespace) -> int:
    from pytest_bugguard.assembly import coverage  # noqa: PLC0415 - see _open

    with _open(options) as workshop:
        return _say_lines([coverage.tidy_floors(workshop)])


def _report(options: argparse.Namespace) -> int:
    from pytest_bugguard.assembly import reporting  # noqa: PLC0415 - see _open

    if options.stored:
        if options.html is None:
            raise BugguardError("--from is for a page", hint="add --html FILE")
        return _say_lines([reporting.write_stored_page(options.stored, options.html)])
    with _open(options) as workshop, _progress() as progress:
        result = reporting.gather(workshop, options.range, options.data, progress=progress)
    said = [] if options.html is None else [reporting.write_page(result, options.html)]
    if said and options.format == "text":
        _say_lines(said)
    else:
        _show(options, workshop, result)
    if options.webhook is not None:
        from pytest_bugguard.assembly import webhook  # noqa: PLC0415 - brings what sends

        _tell(webhook.send(workshop, result, options.webhook, state=options.webhook_state))
    return EXIT_OK


def _say_lines(lines: Iterable[str]) -> int:
    _say("".join(f"{safe_text(line)}\n" for line in lines))
    return EXIT_OK


def _waive(options: argparse.Namespace) -> int:
    from pytest_bugguard.assembly import writing  # noqa: PLC0415 - see _open

    _need_text(options)
    with _open(options) as workshop:
        said = writing.waive(workshop, options.fix, owner=options.owner, reason=options.reason, expires=options.expires)
    _say(f"{safe_text(said)}\n")
    return EXIT_OK


def _init(options: argparse.Namespace) -> int:
    from pytest_bugguard.assembly import writing  # noqa: PLC0415 - see _open

    _need_text(options)
    with _open(options) as workshop, _progress() as progress:
        lines = writing.init(workshop, is_dry=options.dry_run, progress=progress)
    _print(options, lines)
    return EXIT_OK


@contextmanager
def _open(options: argparse.Namespace) -> Iterator[Workshop]:
    from pytest_bugguard.assembly import workshop  # noqa: PLC0415 - --help and wrong usage need nothing of it

    with workshop.open_workshop(options.start, (*options.overrides, *options.more_overrides)) as opened:
        _need_format(options, opened)
        yield opened


def _need_format(options: argparse.Namespace, workshop: Workshop) -> None:
    """Refuse a format that nobody knows before anything takes time."""
    if options.format not in _FORMATS and options.format not in workshop.guests.formats():
        known = ", ".join((*_FORMATS, *workshop.guests.formats()))
        raise BugguardError(f"--format: there is no {options.format!r}", hint=f"use one of {known}")


def _need_text(options: argparse.Namespace) -> None:
    """Refuse another format for what is said to people only."""
    if options.format != "text":
        raise BugguardError("--format: this command knows text alone", hint="leave out --format")


def _show(options: argparse.Namespace, workshop: Workshop, result: Result) -> None:
    """Print a result; annotations for the CI follow the text."""
    from pytest_bugguard import report  # noqa: PLC0415 - see _open

    match options.format:
        case "text":
            lines = report.lines(result, width=_width(), shows_all=getattr(options, "all", False))
            _print(options, lines)
            _say("".join(f"{line}\n" for line in report.annotate(result.findings, workshop.ci_name)))
        case form if form in _FORMATS:
            _say(report.document(result, form))
        case of_a_guest:
            _say(f"{workshop.guests.formats()[of_a_guest](result)}\n")


def _print(options: argparse.Namespace, lines: Iterable[Line]) -> None:
    from pytest_bugguard import report  # noqa: PLC0415 - see _open

    _say(report.coloured(lines) if _is_coloured(options) else report.plain(lines))


def _width() -> int:
    return shutil.get_terminal_size((100, 24)).columns


def _is_coloured(options: argparse.Namespace) -> bool:
    """The rules of https://no-color.org, and no colours where nobody looks."""
    wants = options.color and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"
    return bool(wants) and sys.stdout.isatty()


@contextmanager
def _progress(unit: str = "commits") -> Iterator[Callable[[int], None]]:
    """A counter on the terminal for what takes longer; silent in a log."""
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    import tqdm  # noqa: PLC0415 - see _open

    with tqdm.tqdm(unit=f" {unit}", leave=False, delay=0.5, file=sys.stderr) as bar:
        yield lambda count: _advance(bar, count)


@contextmanager
def _fixes_progress() -> Iterator[Progress]:
    """Which fix is worked on, and how many are done; silent in a log."""
    if not sys.stderr.isatty():
        yield lambda *_: None
        return
    import tqdm  # noqa: PLC0415 - see _open

    with tqdm.tqdm(unit=" fixes", leave=False, file=sys.stderr) as bar:

        def show(done: int, total: int, sha: str) -> None:
            bar.total = total
            bar.set_description(f"proving {sha[:7]}", refresh=False)
            bar.update(done - bar.n)
            bar.refresh()

        yield show


def _advance(bar: tqdm[NoReturn], count: int) -> None:
    bar.update(count - bar.n)
