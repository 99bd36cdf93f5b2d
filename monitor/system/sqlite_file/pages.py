"""The pages of a database as its last commit left them: from the log, else from a hot journal, else from the file."""

from __future__ import annotations

import os
from contextlib import ExitStack
from typing import Final

from monitor.model import Problem
from monitor.system.sqlite_file.bounds import Budget, Changed, UnreadableFile, damaged, open_regular, stamp_at, stamp_of
from monitor.system.sqlite_file.journal import Journal
from monitor.system.sqlite_file.write_log import WriteLog

_HEADER: Final = 100
_MAGIC: Final = b"SQLite format 3\0"
_ENCODINGS: Final = ("utf-8", "utf-8", "utf-16-le", "utf-16-be")
#: Largest and smallest payload on a page, in 255ths; the format knows no others.
_FRACTIONS: Final = bytes((64, 32, 32))


class Pages:
    """One look at a database whose real path is `path`; nothing is locked, so `check` it when all was read.

    The header is read first, then the journal, then the log, then pages: what a writer does in between is seen at the
    end, because it removes its journal last.
    """

    def __init__(self, path: str, budget: Budget, opened: ExitStack, *, hints: bool) -> None:
        self._path, self._budget = path, budget
        handle = open_regular(path, opened)
        if handle is None:
            raise UnreadableFile(Problem.UNREADABLE, "it is not there any more")
        self._handle = handle
        self._file = stamp_of(os.fstat(handle))
        self._head = os.pread(handle, _HEADER, 0)
        self.size = _page_size(self._head)
        self.journal = Journal(f"{path}-journal", self.size, budget, opened)
        self.log = WriteLog(f"{path}-wal", self.size, budget, opened, hints=hints)
        self._read: dict[int, int] = {}
        self._count = 1
        head = self.page(1)[:_HEADER]
        self.encoding = _encoding(head)
        self.usable = self.size - head[20]
        if self.usable < 480:
            raise damaged("its header")
        self._count = self.log.pages or (self.journal.pages if self.journal.hot else self._counted(head))
        if self._count == 0:
            raise UnreadableFile(Problem.EMPTY, "a database without a page")

    def page(self, number: int) -> bytes:
        """A page, counted from 1; raises UnreadableFile where the database has none of that number."""
        if not 1 <= number <= self._count:
            raise damaged(f"there is no page {number}")
        self._budget.page(self.size)
        found = self.log.page(number)
        if found is None:
            found = self.journal.page(number)
        if found is None:
            found = os.pread(self._handle, self.size, (number - 1) * self.size)
            if number not in self._read:
                self._read[number] = hash(found)
        if len(found) != self.size:
            raise damaged(f"page {number} is cut off")
        return found

    def row(self) -> None:
        """Counts one row against what may be read."""
        self._budget.row()

    def check(self) -> None:
        """Raises Changed where what was read may not be of one moment."""
        if (stamp_at(self._path) or ())[:2] != self._file[:2]:
            raise Changed
        self.journal.check()
        self.log.check(self._read)
        if not self.log.used:
            self._still()

    def _still(self) -> None:
        """Without a log, a writer counts each change in the header; one that keeps no journal is seen by its pages."""
        if os.pread(self._handle, _HEADER, 0) != self._head:
            raise Changed
        for number, seen in self._read.items():
            if hash(os.pread(self._handle, self.size, (number - 1) * self.size)) != seen:
                raise Changed

    def _counted(self, head: bytes) -> int:
        """How many pages there are: as the header says, where the program that wrote it last knew of that field."""
        if head[24:28] == head[92:96] and any(head[28:32]):
            return int.from_bytes(head[28:32], "big")
        return self._file[2] // self.size


def _page_size(head: bytes) -> int:
    if not head:
        raise UnreadableFile(Problem.EMPTY, "a database of 0 bytes")
    if len(head) < _HEADER or head[:16] != _MAGIC:
        raise damaged("it does not begin as one")
    size = int.from_bytes(head[16:18], "big")
    size = 65536 if size == 1 else size
    if size < 512 or size & (size - 1):
        raise damaged(f"pages of {size} bytes")
    return size


def _encoding(head: bytes) -> str:
    if head[:16] != _MAGIC or head[21:24] != _FRACTIONS:
        raise damaged("its header")
    if head[19] > 2 or head[18] > 2:
        raise damaged("it is of a newer format")
    number, form = int.from_bytes(head[56:60], "big"), int.from_bytes(head[44:48], "big")
    if number >= len(_ENCODINGS) or form > 4:
        raise damaged("its header")
    return _ENCODINGS[number]
