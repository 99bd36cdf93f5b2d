"""May SQLite open this database for writing? Its schema is read from the file first, so that nothing in it is executed.

OpenClaw keeps triggers of its own on other tables; what matters is what would run, or be written, when ours are.
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

from monitor.openclaw.write.replace_file import WriteRefused
from monitor.system.sqlite_file import Database, SchemaObject, UnreadableFile, read
from monitor.system.sqlite_file.table_schema import index, trigger_on

_POLL_SECONDS: Final = 0.1


def check(real: Path, tables: Collection[str], patience: float) -> None:
    """Raises Refused, naming what was found, unless SQLite would execute nothing of this database when these tables are
    written. No descriptor is open afterwards: closing one later would drop SQLite's locks.

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
            f"{real}-journal: a change by another program is not finished; where that program is not running any more, "
            "start openclaw once, which undoes it; nothing was written"
        )
    harmless(real, found, tables)


def harmless(real: Path, objects: Iterable[SchemaObject], tables: Collection[str]) -> None:
    """Raises Refused where one of these is more than a table that can be written without executing what it says."""
    for one in objects:
        ours = one.name in tables or one.of in tables
        if one.kind == "trigger" and (ours or trigger_on(one.sql or "") in (*tables, "")):
            raise WriteRefused(
                f"{real} has a trigger {one.name} on the table {one.of}, which would run; nothing was written"
            )
        if one.kind in ("view", "virtual", "") and ours:
            what = {"view": "a view", "virtual": "a virtual table", "": "not understood"}[one.kind]
            raise WriteRefused(f"{real}: {one.name} is {what}, where OpenClaw keeps a table; nothing was written")
        if one.kind == "index" and one.sql and ours and index(one.sql) is None:
            raise WriteRefused(f"{real} has an index {one.name} that would have to be computed; nothing was written")


def _seen(database: Database, tables: Collection[str]) -> tuple[list[SchemaObject], bool]:
    for table in tables:
        database.columns(table)  # refuses views and computed columns
    return list(database.objects()), database.hot_journal
