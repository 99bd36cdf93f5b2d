"""A program that lives on a database: `python -m tests.system.sqlite_file.writer MODE FILE PAUSE`, until its input ends.

Each transaction gives two rows, far from each other and of many pages, the same number. MODE is a journal mode, with
`-spill` for transactions that do not fit its cache, `-exclusive` for one that shares no index of its log.
"""

from __future__ import annotations

import select
import sqlite3
import sys
import time
from pathlib import Path

from monitor.system.sqlite_file import Database

ROWS = ("one", "two")


def opened(mode: str, path: Path) -> sqlite3.Connection:
    """The connection of such a program; it makes the database where there is none."""
    journal, *how = mode.split("-")
    owner = sqlite3.connect(path, isolation_level=None, timeout=0)
    if "exclusive" in how:
        owner.execute("PRAGMA locking_mode=EXCLUSIVE")
    owner.execute(f"PRAGMA journal_mode={journal}")
    owner.execute("PRAGMA wal_autocheckpoint=60")
    owner.execute("PRAGMA synchronous=OFF")
    if "spill" in how:
        owner.execute("PRAGMA cache_size=6")
    owner.execute("CREATE TABLE IF NOT EXISTS store (name TEXT PRIMARY KEY, value TEXT)")
    owner.execute("CREATE TABLE IF NOT EXISTS other (value TEXT)")
    return owner


def write(owner: sqlite3.Connection, this_check: int) -> None:
    """One transaction."""
    owner.execute("BEGIN IMMEDIATE")
    for name in ROWS:
        owner.execute(
            "INSERT OR REPLACE INTO store VALUES (?, ?)", (name, f"{this_check} " * (800 + this_check % 7 * 300))
        )
        owner.execute("INSERT INTO other VALUES (?)", (f"{this_check} " * 500,))
        owner.execute("DELETE FROM other WHERE rowid < (SELECT max(rowid) FROM other) - 40")
    owner.execute("COMMIT")


def answer(database: Database) -> set[str]:
    """The numbers in the two rows: one, if they are of one moment."""
    found = [value for name in ROWS for (value,) in database.find("store", "name", name, "value")]
    assert len(found) in (0, len(ROWS))
    return {word for value in found for word in str(value).split()}


def main(mode: str, path: Path, pause: float) -> None:
    owner, this_check = opened(mode, path), 0
    while not select.select([sys.stdin], [], [], 0)[0]:
        this_check += 1
        write(owner, this_check)
        if this_check == 1:
            print("ready", flush=True)
        time.sleep(pause)
    print(this_check)


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]), float(sys.argv[3]))
