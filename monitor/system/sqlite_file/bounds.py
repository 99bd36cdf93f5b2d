"""What one answer may cost, the errors of this room, and how a file is opened that somebody else may have put there."""

from __future__ import annotations

import os
import stat
import time
from contextlib import ExitStack
from typing import Final

from monitor.model import Problem
from monitor.system.files import why

#: The bytes of one row that are read at most.
MAX_CELL: Final = 8 * 1024 * 1024
MAX_PAGES: Final = 50_000
MAX_BYTES: Final = 256 * 1024 * 1024
MAX_ROWS: Final = 500_000
#: Frames of a log, or records of a journal, that are gone through at most.
MAX_FRAMES: Final = 500_000
#: The characters of one CREATE statement.
MAX_CREATE: Final = 16_384
#: Processor time for one answer, all its looks together.
MAX_SECONDS: Final = 10.0

_FLAGS: Final = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY
_CALM: Final = getattr(os, "O_NOATIME", 0)  # only a file's owner may ask for that
_TURNS: Final = 256  # between two looks at the clock


#: Device, inode, size, moment of the content and of the inode.
Stamp = tuple[int, int, int, int, int]


class UnreadableFile(Exception):
    """The file cannot be read or is not what it should be; `detail` never holds a content."""

    def __init__(self, problem: Problem, detail: str) -> None:
        super().__init__(detail)
        self.problem, self.detail = problem, detail


class Changed(Exception):
    """The file changed while it was looked at: look again."""


def damaged(detail: str) -> UnreadableFile:
    """The error for a file that breaks the format."""
    return UnreadableFile(Problem.PARSE, f"not a database we can read: {detail}")


def foreign(detail: str) -> UnreadableFile:
    """The error for what is sound and yet not read."""
    return UnreadableFile(Problem.PARSE, detail)


def too_large(detail: str) -> UnreadableFile:
    """The error for more than is read."""
    return UnreadableFile(Problem.TOO_LARGE, detail)


class Budget:
    """What is left for one answer, over all its looks; `look` gives each look its pages and rows anew."""

    __slots__ = ("_bytes", "_end", "_pages", "_rows", "_turns")

    def __init__(self) -> None:
        self._end = time.thread_time() + MAX_SECONDS
        self.look()

    def look(self) -> None:
        """Begins a look."""
        self._pages, self._bytes, self._rows, self._turns = MAX_PAGES, MAX_BYTES, MAX_ROWS, _TURNS

    def page(self, size: int) -> None:
        """One more page of so many bytes; raises UnreadableFile when it is one too many."""
        self._pages -= 1
        self._bytes -= size
        if self._pages < 0 or self._bytes < 0:
            raise too_large(f"more than {MAX_PAGES} pages or {MAX_BYTES} bytes would have to be read")
        self.step()

    def row(self) -> None:
        """One more row; raises UnreadableFile when it is one too many."""
        self._rows -= 1
        if self._rows < 0:
            raise too_large(f"more than {MAX_ROWS} rows would have to be read")
        self.step()

    def step(self) -> None:
        """One more step of any kind; raises UnreadableFile when the time is over."""
        self._turns -= 1
        if self._turns <= 0:
            self._turns = _TURNS
            if time.thread_time() > self._end:
                raise too_large(f"reading it takes more than {MAX_SECONDS:.0f} seconds")


def open_regular(path: str, opened: ExitStack) -> int | None:
    """A descriptor of a regular file, closed with `opened`; None where there is nothing. Nothing else is ever opened.

    Raises UnreadableFile for a link, a folder, a device or what may not be read, Changed where it was replaced
    meanwhile.
    """
    try:
        seen = os.lstat(path)
        if not stat.S_ISREG(seen.st_mode):
            raise UnreadableFile(Problem.UNREADABLE, f"{_name(path)} is not a regular file")
        handle = _open(path)
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        raise UnreadableFile(Problem.UNREADABLE, f"{_name(path)}: {why(error)}") from None
    opened.callback(os.close, handle)
    if not os.path.samestat(seen, os.fstat(handle)):
        raise Changed
    return handle


def _name(path: str) -> str:
    """In words of ours: whoever owns the folder may have chosen the file's name."""
    return next((f"its {end} file" for end in ("-wal", "-journal", "-shm") if path.endswith(end)), "it")


def _open(path: str) -> int:
    try:
        return os.open(path, _FLAGS | _CALM)
    except PermissionError:
        return os.open(path, _FLAGS)


def stamp_at(path: str) -> Stamp | None:
    """The stamp of what stands at a path, links not followed; None where nothing can be seen."""
    try:
        return stamp_of(os.lstat(path))
    except OSError:
        return None


def stamp_of(found: os.stat_result) -> Stamp:
    """The stamp of a stat result."""
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)
