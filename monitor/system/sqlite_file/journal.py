"""A rollback journal: the pages as they were before a transaction that did not end (fileformat2.html, section 3)."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from typing import Final

from monitor.model import Problem
from monitor.system.sqlite_file import bounds
from monitor.system.sqlite_file.bounds import Budget, Changed, UnreadableFile

MAGIC: Final = bytes.fromhex("d9d505f920a163d7")
_HEADER: Final = 28
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
        end = os.pread(self._handle, 16, size - 16) if size >= _HEADER + 16 else b""
        if end[8:] == MAGIC and any(end[:4]):
            detail = "a change to several databases was not finished; only its own program can undo that: start it once"
            raise UnreadableFile(Problem.UNREADABLE, detail)
        self._segments(self._handle, size, budget)

    def _segments(self, handle: int, size: int, budget: Budget) -> None:
        at, sector = 0, 0
        while len(head := os.pread(handle, _HEADER, at)) == _HEADER and head[:8] == MAGIC:
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
            budget.this_check()
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
