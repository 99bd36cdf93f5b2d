"""What a store is kept in, changed as one step: a JSON file under OpenClaw's lock, a database cell in a transaction.

Before SQLite may open a database for writing, its schema is read from the file, so that nothing in it is executed.
OpenClaw keeps triggers of its own on other tables; what matters is what would run, or be written, when ours are.
"""

from __future__ import annotations

import json
import sqlite3
import time
from collections.abc import Callable, Collection, Iterable, Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from monitor.openclaw.write.lock import held
from monitor.openclaw.write.replace_file import WriteRefused, content, replace, target
from monitor.system.sqlite_file import Database, SchemaObject, UnreadableFile, read
from monitor.system.sqlite_file.table_schema import index, trigger_on

_POLL_SECONDS: Final = 0.1


def check(real: Path, tables: Collection[str], patience: float) -> None:
    """Raises WriteRefused, naming what was found, unless SQLite would execute nothing of this database when these
    tables are written. No descriptor is open afterwards: closing one later would drop SQLite's locks.

    `patience` is for how many seconds a program may have a transaction open.
    """
    end = time.monotonic() + patience
    while True:
        try:
            found, hot = read(str(real), lambda database: _seen(database, tables))
        except UnreadableFile as error:
            raise WriteRefused(f"{real}: {error.detail}; nothing was written") from None
        if not hot or time.monotonic() >= end:
            break
        time.sleep(_POLL_SECONDS)
    if hot:
        raise WriteRefused(
            f"{real}-journal: another program has not finished a change; nothing was written. "
            "If no such program is running, start openclaw once, which undoes the change."
        )
    harmless(real, found, tables)


def harmless(real: Path, objects: Iterable[SchemaObject], tables: Collection[str]) -> None:
    """Raises WriteRefused where one of these is more than a table that can be written without executing what it
    says."""
    for one in objects:
        ours = one.name in tables or one.of in tables
        if one.kind == "trigger" and (ours or trigger_on(one.sql or "") in (*tables, "")):
            raise WriteRefused(
                f"{real}: writing would run the trigger {one.name} on table {one.of}; nothing was written"
            )
        if one.kind in ("view", "virtual", "") and ours:
            what = {"view": "a view", "virtual": "a virtual table", "": "of an unknown kind"}[one.kind]
            raise WriteRefused(f"{real}: {one.name} is {what}, expected a table; nothing was written")
        if one.kind == "index" and one.sql and ours and index(one.sql) is None:
            raise WriteRefused(f"{real}: writing would compute the index {one.name}; nothing was written")


def _seen(database: Database, tables: Collection[str]) -> tuple[list[SchemaObject], bool]:
    for table in tables:
        database.columns(table)  # refuses views and computed columns
    return list(database.objects()), database.hot_journal


#: A change of a document: the text before to the text after.
Edit = Callable[[str], str]

BUSY_SECONDS: Final = 10.0
#: No cell, and nothing that is computed from one, may be longer.
MOST_BYTES: Final = 64 * 1024 * 1024
EMPTY: Final = '{"version":1,"profiles":{}}'


@dataclass(frozen=True, slots=True)
class FileCell:
    """A JSON file; `guard` is the file whose lock OpenClaw takes before it writes this one."""

    path: Path
    guard: Path
    empty: str = '{\n  "version": 1,\n  "profiles": {}\n}\n'

    def change(self, edit: Edit, now: datetime) -> None:
        """Reads, edits and writes as one step; raises WriteRefused, the file then as before."""
        real, guard = target(self.path), target(self.guard)
        with held(guard, now):
            old = content(real)
            try:
                text = self.empty if old is None or not old.strip() else old.decode("utf-8")
            except UnicodeDecodeError as error:
                raise WriteRefused(f"{real}: not valid UTF-8 at byte {error.start}") from None
            new = edit(text)
            if new != text:
                replace(real, old, new.encode("utf-8", "surrogatepass"))


@dataclass(frozen=True, slots=True)
class RowCell:
    """A cell of a table (key, JSON text, moment in ms). `newest` is the last schema version that is known to us;
    `needs` another table's row without which OpenClaw would not look at this one; `begins` a row of the same table, key
    and value, that says so, and must say nothing else."""

    path: Path
    table: str
    columns: tuple[str, str, str]
    key: str
    newest: int
    needs: str | None = None
    begins: tuple[str, str] | None = None

    def change(self, edit: Edit, now: datetime) -> None:
        """Reads, edits and writes as one step; raises WriteRefused, the database then as before."""
        key, value, moment = self.columns
        stamp = int(now.timestamp() * 1000)
        put = (
            f"INSERT INTO {self.table} ({key}, {value}, {moment}) VALUES (?, ?, ?) "  # noqa: S608  names are ours
            f"ON CONFLICT ({key}) DO UPDATE SET {value} = excluded.{value}, {moment} = excluded.{moment}"
        )
        with self._transaction() as db:
            old = self._text(db)
            text = old or EMPTY
            new = edit(text)
            if new == old or (old is None and new == EMPTY):
                return
            if self.needs:
                db.execute(f"INSERT OR IGNORE INTO {self.needs} VALUES (?, ?, ?)", (self.key, EMPTY, stamp))  # noqa: S608
            self._claim(db, stamp)
            db.execute(put, (self.key, new, stamp))
            if self._text(db) != new:
                raise WriteRefused(f"{self.path}: the value read back is not the one written")

    def _claim(self, db: sqlite3.Connection, stamp: int) -> None:
        if self.begins is None:
            return
        db.execute(f"INSERT OR IGNORE INTO {self.table} VALUES (?, ?, ?)", (*self.begins, stamp))  # noqa: S608
        if self._text(db, self.begins[0]) != self.begins[1]:
            raise WriteRefused(
                f"{self.path} was changed by another program in the meantime; nothing was written, try again"
            )

    def _text(self, db: sqlite3.Connection, name: str | None = None) -> str | None:
        key, value, _ = self.columns
        where = (name or self.key,)
        row = db.execute(f"SELECT {value} FROM {self.table} WHERE {key} = ?", where).fetchone()  # noqa: S608
        if row is not None and not isinstance(row[0], str):
            raise WriteRefused(f"{self.path}: expected text in table {self.table}, found something else")
        return row[0] if row else None

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        real = target(self.path)
        tables = [name for name in (self.table, self.needs) if name]
        check(real, tables, BUSY_SECONDS)
        try:
            with closing(
                sqlite3.connect(real.as_uri() + "?mode=rw", timeout=BUSY_SECONDS, uri=True, isolation_level=None)
            ) as db:
                db.setlimit(sqlite3.SQLITE_LIMIT_LENGTH, MOST_BYTES)
                db.execute("BEGIN IMMEDIATE")
                try:
                    rows = db.execute(
                        "SELECT lower(name), lower(tbl_name), rootpage, ifnull(sql, '') FROM sqlite_master"
                    )
                    harmless(real, (SchemaObject(*row) for row in rows), tables)  # it may have changed meanwhile
                    # Not before the schema is parsed: SQLite 3.40 calls json_valid() in a CHECK of OpenClaw's unsafe.
                    db.execute("PRAGMA trusted_schema=OFF")
                    self._known(db)
                    yield db
                    db.execute("COMMIT")
                except BaseException:
                    if db.in_transaction:
                        db.execute("ROLLBACK")
                    raise
        except (sqlite3.Error, UnicodeError) as error:
            raise WriteRefused(f"cannot write {real}: {_why(error)}") from None

    def _known(self, db: sqlite3.Connection) -> None:
        """Raises WriteRefused for a schema that we have not seen; a newer release may mean something else by it."""
        version = db.execute("PRAGMA user_version").fetchone()[0]
        if version > self.newest:
            raise WriteRefused(
                f"{self.path} has schema {version}, newer than {self.newest}, the newest this authwatch knows; "
                "nothing was written. Use openclaw for this, or update authwatch."
            )
        for table in filter(None, (self.table, self.needs)):
            found = tuple(row[1] for row in db.execute(f"PRAGMA table_info({table})"))
            expected = self.columns if table == self.table else None
            if not found or (expected and found != expected) or len(found) != 3:
                raise WriteRefused(
                    f"{self.path}: this authwatch does not know this form of table {table}; use openclaw for this"
                )


Cell = FileCell | RowCell


def document(text: str) -> Any:
    """A cell's value; raises WriteRefused where it is no object, never with the text."""
    try:
        found = json.loads(text.removeprefix("\ufeff"))
    except (ValueError, RecursionError):
        raise WriteRefused("the store is not valid JSON; nothing was written\nfix: openclaw doctor") from None
    if not isinstance(found, dict):
        raise WriteRefused("the store is not a JSON object; nothing was written")
    return found


def _why(error: Exception) -> str:
    text = str(error)
    if "locked" in text or "busy" in text:
        return f"another program has locked it for {BUSY_SECONDS:.0f} s; nothing was written, try again"
    return text if isinstance(error, sqlite3.Error) else "it holds a cell that is not valid text"
