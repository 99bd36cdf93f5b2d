"""The pages of a database as its last commit left them: from the log, else from a hot journal (fileformat2.html,
section 3), else from the file."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from typing import Final

from monitor.model import Problem
from monitor.system.sqlite_file import bounds
from monitor.system.sqlite_file.bounds import Budget, Changed, UnreadableFile, damaged, open_regular, stamp_at, stamp_of
from monitor.system.sqlite_file.write_log import WriteLog

MAGIC: Final = bytes.fromhex("d9d505f920a163d7")
_JOURNAL_HEADER: Final = 28
#: The moments of a file are this coarse: one that keeps its stamp for so long is not being written.
_STILL_SECONDS: Final = 0.015
_EVERYTHING: Final = 0xFFFFFFFF
_LOCK_BYTE: Final = 0x4000_0000


class Journal:
    """The journal beside a database; `hot` when it holds pages that its program has still to put back, `pages` then
    tells how many the database had before."""

    def __init__(self, path: str, page_size: int, budget: Budget, opened: ExitStack) -> None:
        self._path, self._page_size = path, page_size
        self._at: dict[int, int] = {}
        self.pages = 0
        handle = bounds.open_regular(path, opened)
        self._handle = -1 if handle is None else handle
        self.hot = handle is not None and os.pread(handle, 8, 0) == MAGIC
        if self.hot:
            self._stamp = bounds.stamp_of(os.fstat(self._handle))
            self._wait()
            self._read(budget)

    def page(self, number: int) -> bytes | None:
        """The page as it was before; None where the transaction had not touched it."""
        at = self._at.get(number)
        return None if at is None else os.pread(self._handle, self._page_size, at)

    def check(self) -> None:
        """Raises Changed where the journal is not as it was at the beginning."""
        if self.hot:
            if bounds.stamp_at(self._path) != self._stamp:
                raise Changed
            return
        with ExitStack() as opened:
            handle = bounds.open_regular(self._path, opened)
            if handle is not None and os.pread(handle, 8, 0) == MAGIC:
                raise Changed

    def _wait(self) -> None:
        """Raises Changed where a program is at work on it: its transaction ends soon."""
        end = time.monotonic() + _STILL_SECONDS
        while time.monotonic() < end:
            time.sleep(0.001)
            if bounds.stamp_at(self._path) != self._stamp:
                raise Changed

    def _read(self, budget: Budget) -> None:
        size = os.fstat(self._handle).st_size
        end = os.pread(self._handle, 16, size - 16) if size >= _JOURNAL_HEADER + 16 else b""
        if end[8:] == MAGIC and any(end[:4]):
            detail = "a change to several databases was not finished; only its own program can undo that: start it once"
            raise UnreadableFile(Problem.UNREADABLE, detail)
        self._segments(self._handle, size, budget)

    def _segments(self, handle: int, size: int, budget: Budget) -> None:
        at, sector = 0, 0
        while len(head := os.pread(handle, _JOURNAL_HEADER, at)) == _JOURNAL_HEADER and head[:8] == MAGIC:
            count, start, pages, wide, page_size = (
                int.from_bytes(head[place : place + 4], "big") for place in range(8, 28, 4)
            )
            if at == 0:
                if page_size != self._page_size or not _power(wide, 32):
                    raise bounds.damaged("its journal is of another page size")
                self.pages, sector = pages, wide
                if count == _EVERYTHING:
                    count = max(0, size - sector) // (self._page_size + 8)
            at = self._records(handle, at + sector, min(count, size // self._page_size + 1), start, budget)
            if at == 0:
                return
            at += -at % sector

    def _records(self, handle: int, at: int, count: int, start: int, budget: Budget) -> int:
        """Where the records of one segment end; 0 when the journal ends among them."""
        size = self._page_size
        for _ in range(count):
            budget.step()
            record = os.pread(handle, size + 8, at)
            number = int.from_bytes(record[:4], "big")
            data, checksum = record[4:-4], record[-4:]
            expected = start + sum(data[size - 200 : 0 : -200]) & 0xFFFFFFFF
            if number in (0, _LOCK_BYTE // size + 1) or len(record) < size + 8:
                return 0
            if expected != int.from_bytes(checksum, "big"):
                return 0
            if number <= self.pages:
                self._at[number] = at + 4
                if len(self._at) > bounds.MAX_FRAMES:
                    raise bounds.too_large(f"its journal holds more than {bounds.MAX_FRAMES} pages")
            at += size + 8
        return at


def _power(number: int, least: int) -> bool:
    return least <= number <= 65536 and not number & (number - 1)


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
