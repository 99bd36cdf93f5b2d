"""Reads a live program's SQLite database without leaving a trace: no lock, no side file, nothing torn.

Source of the recipe: sqlite.org/wal.html and sqlite.org/uri.html; a plain `mode=ro` open leaves side files.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Final, TypeVar

from monitor.host import Stamp, Unreadable, stamp, why
from monitor.model import Problem

T = TypeVar("T")

MAX_DATABASE: Final = 512 * 1024 * 1024
SQLITE_TRIES: Final = 3
BUSY_MS: Final = 200

#: The stamps of a database, its write-ahead log and its journal.
Stamps = tuple[Stamp, Stamp, Stamp]


def ask(
    path: Path, read: Callable[[sqlite3.Connection], T], stamps: Callable[[Path], Stamps], scratch: Path | None
) -> T:
    """What `read` returns of the database; stamped before and after, and asked again where it changed meanwhile.

    Raises Unreadable: locked where it changed during every look.
    """
    for _ in range(SQLITE_TRIES):
        before = stamps(path)
        try:
            if any(side and side[2] for side in before[1:]):
                with _copy(path, before, scratch) as copy:
                    if stamps(path) == before:
                        return _open(f"{copy.as_uri()}?mode=rw", read)
                continue
            answer = _open(f"{path.absolute().as_uri()}?mode=ro&immutable=1", read)
        except (sqlite3.DatabaseError, OSError, UnicodeError) as error:  # the last: SQLite quotes a damaged schema
            if stamps(path) == before:
                raise _explain(path, error) from None
            continue
        if stamps(path) == before:
            return answer
    raise Unreadable(Problem.LOCKED, path, f"changed during each of {SQLITE_TRIES} looks")


@contextmanager
def _copy(path: Path, now: Stamps, scratch: Path | None) -> Iterator[Path]:
    """A database and its side files where only we see them.

    SQLite itself must never see a live log: even a read-only connection opens it for writing, would make one that its
    owner has just removed, and at its end removes one that holds no whole frame yet (`sqlite3WalClose` in wal.c), from
    under its owner.
    """
    import shutil  # only the few databases that must be copied need these two
    import tempfile

    size = sum(found[2] for found in now if found)
    if size > MAX_DATABASE:
        raise Unreadable(Problem.TOO_LARGE, path, f"{size} bytes, at most {MAX_DATABASE} are copied")
    with ExitStack() as stack:
        for place in dict.fromkeys((scratch, None)):  # a full or read-only disk of ours must not hide a login
            try:
                folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="authwatch-copy-", dir=place))
                copy = Path(folder) / "copy.sqlite"
                for end in ("", "-wal", "-journal"):
                    if stamp(f"{path}{end}"):
                        shutil.copyfile(f"{path}{end}", f"{copy}{end}")
                break
            except OSError:
                if place is None:
                    raise
        yield copy


def _open(uri: str, read: Callable[[sqlite3.Connection], T]) -> T:
    connection = sqlite3.connect(uri, uri=True, isolation_level=None, timeout=BUSY_MS / 1000)
    try:
        connection.execute("PRAGMA synchronous=OFF")  # what is written is a copy
        connection.execute("PRAGMA query_only=1")
        return read(connection)
    finally:
        connection.close()


def _explain(path: Path, error: Exception) -> Unreadable:
    text = str(error)
    if "locked" in text or "busy" in text:
        return Unreadable(Problem.LOCKED, path, "locked by its own program")
    if isinstance(error, OSError) or "unable to open" in text:
        return Unreadable(Problem.UNREADABLE, path, text if "unable" in text else why(error))
    if isinstance(error, UnicodeError) or "decode" in text:  # words that quote what could not be decoded
        text = "a text that is not UTF-8"
    return Unreadable(Problem.PARSE, path, f"not a database we can read: {text}")
