"""A real PostgreSQL server, and a fresh database in it for each test."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from tests.polling import eventually

BIN = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)
ACCOUNT = "postgres"
NUMBERS = count()


def as_postgres() -> dict[str, Any]:
    """A server refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwnam(ACCOUNT)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


@dataclass
class Server:
    folder: Path
    port: int

    def url(self, database: str = "postgres", port: int = 0, options: str = "") -> str:
        return f"postgresql+psycopg://aw:FAKESECRET@127.0.0.1:{port or self.port}/{database}{options}"

    def control(self, *words: str) -> None:
        command = [str(BIN / "pg_ctl"), "-D", str(self.folder / "data"), "-l", str(self.folder / "log"), "-w", *words]
        subprocess.run(command, check=True, cwd="/", stdout=subprocess.DEVNULL, **as_postgres())

    def start(self) -> None:
        options = f"-k {self.folder} -c listen_addresses=127.0.0.1 -p {self.port} -c fsync=off"
        self.control("-o", options, "start")

    def stop(self) -> None:
        self.control("-m", "immediate", "stop")

    def ask(self, statement: str, database: str = "postgres") -> list[Any]:
        import psycopg

        with psycopg.connect(
            host="127.0.0.1", port=self.port, user="aw", dbname=database, autocommit=True, application_name="a test"
        ) as db:
            found = db.execute(statement)
            return found.fetchall() if found.description else []

    def fresh(self) -> str:
        """The name of a new, empty database."""
        name = f"d{next(NUMBERS)}"
        self.ask(f"CREATE DATABASE {name}")
        return name


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    if BIN is None:
        pytest.skip("no PostgreSQL server is installed (Debian: postgresql)")
    pytest.importorskip("psycopg", reason="the driver is in authwatch[postgres]")
    folder = Path("/tmp") / f"authwatch-pg-{os.getpid()}-{next(NUMBERS)}"
    folder.mkdir(mode=0o755)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        there = Server(folder, free.getsockname()[1])
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, ACCOUNT, ACCOUNT)
        made = [str(BIN / "initdb"), "-D", str(folder / "data"), "-U", "aw", "--auth=trust", "-N"]
        subprocess.run(made, check=True, capture_output=True, cwd="/", **as_postgres())
        there.start()
        yield there
        there.stop()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def database(postgres: Server) -> str:
    """The URL of an empty database."""
    return postgres.url(postgres.fresh())


def until(what: str, true: Callable[[], object], seconds: float = 60) -> None:
    """Waits until something is true; the test fails with `what` if it does not become so."""
    eventually(true, what, seconds)
