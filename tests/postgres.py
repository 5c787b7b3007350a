"""A PostgreSQL server of a test's own: started from what the system has installed, without a port, gone afterwards."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

_NOBODY_WAITS = "-c fsync=off -c full_page_writes=off -c synchronous_commit=off -c listen_addresses=''"


def programs() -> Path | None:
    """The folder of ``pg_ctl`` and ``initdb``; None where PostgreSQL is not installed. Debian keeps them off PATH."""
    found = shutil.which("pg_ctl")
    if found:
        return Path(found).resolve().parent
    return max((path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/pg_ctl")), default=None)


@contextmanager
def server(folder: Path) -> Iterator[str]:
    """A server that listens on a socket in a folder, for as long as the block lasts; the address of its database.

    PostgreSQL refuses to run as root: then it runs as the user that its package has made.
    """
    own = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
    data = folder / "data"
    pg_ctl = [*own, str(folder / "bin" / "pg_ctl"), "-D", str(data)]
    _run([*own, str(folder / "bin" / "initdb"), "-D", str(data), "-U", "tests", "-A", "trust", "-E", "UTF8",
          "--locale=C", "--no-sync", "--no-instructions"])  # fmt: skip
    _run([*pg_ctl, "start", "-w", "-s", "-t", "120", "-l", str(folder / "log"), "-o", f"-k {folder} {_NOBODY_WAITS}"])
    try:
        yield f"postgresql://tests@/postgres?host={folder}"
    finally:
        subprocess.run([*pg_ctl, "stop", "-m", "immediate", "-s"], cwd="/", check=False)


@contextmanager
def home(bin_folder: Path) -> Iterator[Path]:
    """A folder that the server's user may use, whoever runs the tests; those of pytest are closed to others."""
    folder = Path(tempfile.mkdtemp(prefix="bugguard-pg-", dir="/tmp"))  # in a run of our own the default is closed, too
    try:
        (folder / "bin").symlink_to(bin_folder)
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _run(command: list[str]) -> None:
    done = subprocess.run(command, cwd="/", stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{command}: {done.stdout}")
