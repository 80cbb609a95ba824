"""A real PostgreSQL for the tests: a cluster of its own in a folder, reached by a socket, gone afterwards."""

from __future__ import annotations

import itertools
import os
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

DEBIAN = sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
GIVEN = itertools.count()
PORT = 54321  # names the socket; nothing listens on the network


def tool(name: str) -> str | None:
    """A program of the newest PostgreSQL that is installed; Debian keeps them out of PATH."""
    return shutil.which(name, path=os.pathsep.join([*map(str, DEBIAN), os.environ.get("PATH", "")]))


@dataclass(frozen=True)
class Postgres:
    """A running server. Its superuser is `postgres`."""

    folder: Path

    def address(self, database: str) -> str:
        return f"host={self.folder} port={PORT} user=postgres dbname={database}"

    def make(self, database: str, collation: str = "C") -> str:
        """A database; its address."""
        with psycopg.connect(self.address("postgres"), autocommit=True) as connection:
            text = (
                f"CREATE DATABASE {database} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE '{collation}' LC_CTYPE '{collation}'"
            )
            connection.execute(text.encode())
        return self.address(database)

    def control(self, *words: str) -> None:
        """`pg_ctl`, as the user that the server runs as."""
        options = f"-p {PORT} -c listen_addresses= -c unix_socket_directories={self.folder}"
        run([str(tool("pg_ctl")), "-D", str(self.folder / "data"), "-o", options, "-l", str(self.folder / "log"), *words])


def run(command: Sequence[str]) -> None:
    """PostgreSQL refuses to run as root."""
    as_user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"] if os.geteuid() == 0 else []
    subprocess.run(
        [*as_user, *command], check=True, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )


@contextmanager
def postgres_for(factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """A server for a module of tests.

    Not below pytest's own folder, which is root's alone: the server runs as somebody else, in the shortest path there is.
    """
    folder = Path(f"/tmp/avrecord-pg-{factory.getbasetemp().name}-{os.getpid()}-{next(GIVEN)}")
    try:
        with postgres(folder) as made:
            yield made
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def postgres(folder: Path) -> Iterator[Postgres]:
    """Start a server in `folder`, with checksums of its pages as docs/bureau.md asks for."""
    if tool("initdb") is None:
        pytest.skip("!!! PostgreSQL is not installed: the bureau's index is NOT TESTED !!!")
    folder.mkdir(mode=0o755)
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres", "postgres")
    run(
        [
            str(tool("initdb")),
            "-D",
            str(folder / "data"),
            "-U",
            "postgres",
            "-A",
            "trust",
            "--data-checksums",
            "-E",
            "UTF8",
            "--locale=C",
        ]
    )
    server = Postgres(folder)
    server.control("-w", "start")
    try:
        yield server
    finally:
        with suppress(subprocess.CalledProcessError):
            server.control("-m", "immediate", "stop")
