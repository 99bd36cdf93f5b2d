"""Reads tables of a database that another program may be using, straight from its file by SQLite's published format.

Nothing is opened with SQLite, so nothing that stands in the file is executed; nothing is locked, written or copied.
dissect.database, a library for the format, costs eight bare interpreters to import, and knows no journals, no checksums
of a log and no live writers. Source: sqlite.org/fileformat2.html and sqlite.org/walformat.html. What one answer may
cost is in `bounds`.

Closing any descriptor of a file drops the POSIX locks that this process holds on it (fcntl(2)), SQLite's own included:
never read a database this way while this process has it open with SQLite.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import ExitStack
from typing import Final, TypeVar

from monitor.model import Problem
from monitor.system.sqlite_file.bounds import Budget, Changed, UnreadableFile, stamp_at
from monitor.system.sqlite_file.btree import Value
from monitor.system.sqlite_file.pages import Pages
from monitor.system.sqlite_file.reader import Database, SchemaObject

__all__ = ["LOOKS", "Database", "SchemaObject", "UnreadableFile", "Value", "read"]

T = TypeVar("T")

LOOKS: Final = 6
_PAUSE_SECONDS: Final = 0.002
#: What could not even be opened is believed when it has stood still for so long: moments of files are this coarse.
_STILL_SECONDS: Final = 0.015


def read(path: str, ask: Callable[[Database], T]) -> T:
    """What `ask` finds in the database at a real path (links resolved: its log and journal lie beside the file itself).

    It is asked again where the file changed meanwhile. Raises UnreadableFile, also for what `ask` raises of it, with
    one of: unreadable, empty, parse (damaged, or what is not read: a view, a computed column), too_large (see
    `bounds`), locked (it changed during every look).
    """
    budget, hints = Budget(), True
    for attempt in range(LOOKS):
        if attempt:
            time.sleep(_PAUSE_SECONDS * 2**attempt)
        pages, before = None, _stamps(path)
        budget.look()
        with ExitStack() as opened:
            try:
                pages = Pages(path, budget, opened, hints=hints)
                return _answer(pages, ask)
            except Changed:
                continue
            except UnreadableFile:
                if pages is not None and not pages.log.hinted:
                    raise
                if pages is None:
                    time.sleep(_STILL_SECONDS)
                    if _stamps(path) == before:
                        raise
                hints = False
    raise UnreadableFile(Problem.LOCKED, f"changed during each of {LOOKS} looks")


def _answer(pages: Pages, ask: Callable[[Database], T]) -> T:
    try:
        found = ask(Database(pages))
    except Exception:
        pages.check()  # what is wrong may only have been so for a moment
        raise
    pages.check()
    return found


def _stamps(path: str) -> tuple[object, ...]:
    return tuple(stamp_at(f"{path}{end}") for end in ("", "-wal", "-journal"))
