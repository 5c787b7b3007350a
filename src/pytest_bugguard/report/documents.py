"""Which formats are there besides text, and what writes each? It is loaded only when it is asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pytest_bugguard.core.results import Result


def document(result: Result, form: str) -> str:
    """A result as a whole document, with a line feed at its end.

    Raises:
        KeyError: There is no such format.
    """
    match form:
        case "json":
            from pytest_bugguard.report.shape import to_json as write  # noqa: PLC0415 - see above
        case "markdown":
            from pytest_bugguard.report.markdown import to_markdown as write  # noqa: PLC0415
        case "sarif":
            from pytest_bugguard.report.sarif import to_sarif as write  # noqa: PLC0415
        case "gitlab":
            from pytest_bugguard.report.gitlab import to_gitlab as write  # noqa: PLC0415
        case "junit":
            from pytest_bugguard.report.junit import to_junit as write  # noqa: PLC0415
        case "junit-gitlab":
            from pytest_bugguard.report.junit import to_gitlab_junit as write  # noqa: PLC0415
        case _:
            raise KeyError(form)
    return write(result)
