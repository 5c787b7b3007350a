"""What did a ``coverage.Coverage`` object measure? Asked of one that exists: none is ever started here.

Its public reports analyse every file anew and write text. The analyses are what we need, so they are taken as they
pass by: one attribute of coverage.py's is private, and where it is not as we know it, its JSON report stands in.
"""

from __future__ import annotations

import os
import warnings
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from coverage.exceptions import CoverageException, NoDataError

from pytest_bugguard.adapters import coverage_reports
from pytest_bugguard.adapters.coverage_reports import CoverageDataError, Found
from pytest_bugguard.adapters.workspace import Workspace
from pytest_bugguard.core.measured import Exits, FileCoverage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from coverage import Coverage

_ANALYSE = "_analyze"
_OPTIONS = (
    "report:precision", "report:contexts", "report:exclude_lines", "report:exclude_also", "report:partial_branches",
)  # fmt: skip
"""What a report may be told for itself alone, as far as an analysis takes note of it."""


class Listener:
    """Keeps the analyses that a Coverage object makes while others report from it.

    It analyses every file anew for each report, and pytest-cov has it make two or more; what was analysed is handed
    out again as long as nothing is different. That saves more than judging takes.
    """

    def __init__(self, coverage: Coverage) -> None:
        """Begin to listen; nothing that the object does is changed."""
        self._coverage: Any = coverage
        self._analyses: dict[str, Any] = {}
        self._made: dict[tuple[object, ...], Any] = {}
        self._original = getattr(coverage, _ANALYSE, None)
        if self._original is not None:
            setattr(coverage, _ANALYSE, self._analyse)

    def _analyse(self, *args: Any, **kwargs: Any) -> Any:  # noqa: ANN401 - passes on whatever it is called with
        assert self._original is not None
        terms = self._terms(*args)
        analysis = self._made.get(terms) if terms else None
        if analysis is None:
            analysis = self._original(*args, **kwargs)
            if terms:
                self._made[terms] = analysis
        with suppress(AttributeError):
            self._analyses[analysis.filename] = analysis
        return analysis

    def _terms(self, morf: object, *_: object) -> tuple[object, ...]:
        """All that an analysis depends on; nothing while the object measures."""
        name = getattr(morf, "filename", morf)
        if not isinstance(name, str) or self._coverage.current() is self._coverage:
            return ()
        options = [str(self._coverage.get_option(option)) for option in _OPTIONS]
        return (name, id(self._coverage.get_data()), *options)

    def close(self) -> None:
        """Leave the object as it was."""
        with suppress(AttributeError):
            delattr(self._coverage, _ANALYSE)

    def files(self) -> Iterator[Found]:
        """What was measured; analysed now where nobody has done so yet.

        Raises:
            CoverageDataError: coverage.py cannot make sense of its data.
        """
        try:
            if self._original is None:
                return self._by_the_book()
            if not self._analyses:
                _report(self._coverage)
            return iter([Found((name,), _file(name, one)) for name, one in sorted(self._analyses.items())])
        except AttributeError:
            return self._by_the_book()
        except NoDataError:
            return iter(())
        except CoverageException as error:
            raise CoverageDataError(f"coverage.py: {error}", hint="run the tests again under coverage") from error

    def _by_the_book(self) -> Iterator[Found]:
        """From its JSON report, which is public and takes half as long again."""
        with Workspace() as space:
            path = space.folder() / "coverage.json"
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                self._coverage.json_report(
                    outfile=str(path), ignore_errors=True, show_contexts=False, pretty_print=False
                )
            return coverage_reports.read(path.read_bytes(), "coverage.py's JSON report")


def _report(coverage: Coverage) -> None:
    """Let it analyse each file that its configuration does not leave out; the text goes nowhere."""
    with warnings.catch_warnings(), open(os.devnull, "w", encoding="utf-8") as nowhere:  # noqa: PTH123 - no path
        warnings.simplefilter("ignore")
        coverage.report(file=nowhere, ignore_errors=True, output_format="total")


def _file(name: str, analysis: Any) -> FileCoverage:  # noqa: ANN401 - a class that coverage.py keeps for itself
    exits = None
    if analysis.has_arcs:
        numbers = analysis.numbers
        partial = tuple(sorted(line for line, lacking in analysis.missing_branch_arcs().items() if lacking))
        exits = Exits(numbers.n_branches - numbers.n_missing_branches, numbers.n_branches, partial)
    missing = frozenset(analysis.missing)
    return FileCoverage(name, frozenset(analysis.statements) - missing, missing, frozenset(analysis.excluded), exits)
