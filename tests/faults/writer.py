"""A program that lives on a store: writes it all the time and checks that nobody else ever touched it.

    python -m tests.faults.writer KIND FILE

writes until its standard input ends, then prints how often it wrote, what failed, and what had changed in between.
"""

from __future__ import annotations

import json
import os
import select
import sqlite3
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

#: A writer that waits for nobody: whoever locks its database makes it fail.
IMPATIENT = {"isolation_level": None, "timeout": 0}
PAUSE = 0.004


class Witness:
    """What a folder looked like when we left it, and every difference found since."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.differences: list[str] = []
        self._seen = self._look()

    def check(self) -> None:
        for name, facts in self._look().items():
            if self._seen.pop(name, None) != facts:
                self.differences.append(f"{name} was changed or made by somebody else")
        self.differences += [f"{name} was removed by somebody else" for name in self._seen]

    def note(self) -> None:
        self._seen = self._look()

    def _look(self) -> dict[str, Any]:
        found = {}
        for path in self.folder.iterdir():
            one = path.lstat()
            # The wal-index is shared memory, whose moments the kernel writes when it likes.
            moments = () if path.name.endswith("-shm") else (one.st_size, one.st_mtime_ns, one.st_ctime_ns)
            found[path.name] = (one.st_ino, one.st_mode, one.st_uid, one.st_gid, *moments)
        return found


def turn_of(text: str, this_check: int) -> str:
    """The document with other secrets in it."""
    return text.replace("FAKESECRET", f"FAKESECRET{this_check}-")


def files(path: Path) -> Iterator[Callable[[], None]]:
    """Replaces a file whole, with another secret each time."""
    text = path.read_text("utf-8")
    this_check = 0

    def write() -> None:
        fresh = path.with_name(f"{path.name}.tmp")
        fresh.write_text(turn_of(text, this_check), "utf-8")
        fresh.chmod(path.stat().st_mode & 0o777)
        fresh.replace(path)

    while True:
        this_check += 1
        yield write


def database(path: Path, journal: str) -> Iterator[Callable[[], None]]:
    """Commits to a database that it closes now and then: whoever looks at a closed one must not leave side files."""
    connection: sqlite3.Connection | None = None
    (table, column, original), this_check = _cell(path), 0

    def write() -> None:
        nonlocal connection
        if this_check % 25 == 0 and connection:
            connection.close()
            connection = None
            time.sleep(0.1)
            return
        if connection is None:
            connection = sqlite3.connect(path, **IMPATIENT)  # type: ignore[call-overload]
            connection.execute(f"PRAGMA journal_mode={journal}")
            connection.execute("PRAGMA wal_autocheckpoint=20")
        connection.execute(
            f"UPDATE {table} SET {column} = ? WHERE {column} LIKE '%profiles%'", (turn_of(original, this_check),)
        )

    while True:
        this_check += 1
        yield write


def _cell(path: Path) -> tuple[str, str, str]:
    connection = sqlite3.connect(path)
    try:
        for table, column in (("config_machine_state", "value_json"), ("auth_profile_store", "store_json")):
            if connection.execute("SELECT 1 FROM sqlite_master WHERE name = ?", (table,)).fetchone():
                row = connection.execute(f"SELECT {column} FROM {table} WHERE {column} LIKE '%profiles%'").fetchone()
                return table, column, str(row[0])
    finally:
        connection.close()
    raise SystemExit(f"{path} holds no store")


def main(kind: str, path: Path) -> None:
    os.umask(0o022)
    turns = files(path) if kind == "file" else database(path, kind)
    witness, errors, written = Witness(path.parent), [], 0
    while not select.select([sys.stdin], [], [], PAUSE)[0]:
        witness.check()
        try:
            next(turns)()
            written += 1
        except sqlite3.Error as error:
            errors.append(str(error))
        witness.note()
    time.sleep(0.1)
    witness.check()
    print(json.dumps({"written": written, "errors": errors, "differences": witness.differences}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
