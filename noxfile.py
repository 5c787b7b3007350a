"""The plugins that people use beside ours, tried on each Python and each pytest that we promise: ``nox``.

One cell: ``nox -s "interop-3.12(pytest='8.4')"``; one neighbour: ``nox -- -k django``. CI runs ``nox -s neighbours``.
"""

from __future__ import annotations

import nox

nox.needs_version = ">=2024.4"
nox.options.sessions = ["interop"]
nox.options.error_on_missing_interpreters = True

PYTHONS = ("3.11", "3.12", "3.13")
PYTESTS = {"8.2": "pytest~=8.2.0", "8.4": "pytest~=8.4.0", "9.0": "pytest~=9.0.0", "newest": "pytest"}


@nox.session(python=PYTHONS)
@nox.parametrize("pytest", list(PYTESTS))
def interop(session: nox.Session, pytest: str) -> None:
    """Every neighbour alone, and many together, on one Python and one pytest."""
    _try(session, PYTESTS[pytest], *session.posargs)


@nox.session
def neighbours(session: nox.Session) -> None:
    """Many neighbours together, on this Python and the newest pytest."""
    _try(session, PYTESTS["newest"], "-k", "many")


def _try(session: nox.Session, pytest: str, *options: str) -> None:
    session.install("--quiet", "--editable", ".", pytest, *nox.project.dependency_groups(_PROJECT, "neighbours"))
    # The neighbours sit at the table of the runs that are tried, not of the run that tries them.
    session.run(
        "pytest", "-p", "xdist", "-n2", "-p", "no:cacheprovider", "tests/interop", *options,
        env={"BUGGUARD_INTEROP": "1", "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"},
    )  # fmt: skip


_PROJECT = nox.project.load_toml("pyproject.toml")
