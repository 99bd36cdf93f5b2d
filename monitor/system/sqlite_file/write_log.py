"""A write-ahead log: the newest pages of a database that is in use (fileformat2.html, section 4).

The index that its program shares (`-shm`, walformat.html) saves going through the log; what it says is only a hint.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from contextlib import ExitStack
from functools import cache
from types import MappingProxyType
from typing import Final

from monitor.system.sqlite_file import bounds
from monitor.system.sqlite_file.bounds import Budget, Changed, UnreadableFile

Sums = tuple[int, int]
#: A symmetric matrix ((p, q), (q, r)) modulo 2**32.
Matrix = tuple[int, int, int]

_WORD: Final = 0xFFFF_FFFF


def checksum(data: bytes, sums: Sums) -> Sums:
    """The sums after `data`, little-endian words, a multiple of 8 bytes (fileformat2.html, section 4.2).

    A step takes two words, x0 and x1: `s0 += x0 + s1; s1 += x1 + s0`. That is linear, so the steps of two halves of the
    data can be taken side by side, a pair of words in each 64 bits of one integer: ten multiplications of large
    integers for a page instead of a thousand steps.
    """
    folds, mask, (p, q, r) = _plan(len(data) // 8)
    pairs = int.from_bytes(data, "little")
    u = pairs & mask
    v = (pairs >> 32 & mask) + u & mask
    for bits, shift, low, lanes, (a, b, c) in folds:
        early_u, early_v = (u & low) << shift, (v & low) << shift
        u = (a * early_u & lanes) + (b * early_v & lanes) + (u >> bits) & lanes
        v = (b * early_u & lanes) + (c * early_v & lanes) + (v >> bits) & lanes
    return p * sums[0] + q * sums[1] + u & _WORD, q * sums[0] + r * sums[1] + v & _WORD


@cache
def _plan(pairs: int) -> tuple[tuple[tuple[int, int, int, int, Matrix], ...], int, Matrix]:
    """For each fold: the bits of the earlier half, by how many they are shifted below the later one, their mask, the
    mask of the later half, and what the steps in between make of a sum."""
    folds, left = [], pairs
    while left > 1:
        early, late = left // 2, left - left // 2
        folds.append((64 * early, 64 * (late - early), (1 << 64 * early) - 1, _lanes(late), _steps(late)))
        left = late
    return tuple(folds), _lanes(pairs), _steps(pairs)


def _lanes(count: int) -> int:
    return int.from_bytes(b"\xff\xff\xff\xff\0\0\0\0" * count, "little")


def _steps(count: int) -> Matrix:
    """What `count` steps without data make of the sums: ((1, 1), (1, 2)) to that power."""
    p, q, r = 1, 0, 1
    a, b, c = 1, 1, 2
    while count:
        if count & 1:
            p, q, r = p * a + q * b & _WORD, p * b + q * c & _WORD, q * b + r * c & _WORD
        a, b, c = a * a + b * b & _WORD, a * b + b * c & _WORD, b * b + c * c & _WORD
        count >>= 1
    return p, q, r


_HEADER: Final = 32
_FRAME: Final = 24
_MAGIC: Final = (0x377F0682, 0x377F0683)
_VERSION: Final = 3007000
_BLOCK: Final = 32768  # of the index: page numbers in its first half, a hash table of them in the second
_INDEX_HEADER: Final = 136
_SLOTS: Final = 8192
_FIRST: Final = 4062  # the frames that the first block knows
_MORE: Final = 4096  # and each other one
_MAX_INDEX: Final = 64 * 1024 * 1024


class WriteLog:
    """The log beside a database up to its last commit; `pages` is how many the database then has, 0 without any.

    Frames are counted from 1. Those up to `_indexed` are found through the index and checked when they are read, the
    others were gone through.
    """

    def __init__(self, path: str, page_size: int, budget: Budget, opened: ExitStack, *, hints: bool) -> None:
        self._path, self._page_size, self._budget = path, page_size, budget
        handle = bounds.open_regular(path, opened)
        self._handle = -1 if handle is None else handle
        self._file = () if handle is None else bounds.stamp_of(os.fstat(handle))[:2]
        self._head = b"" if handle is None else os.pread(handle, _HEADER, 0)
        self._frames: dict[int, int] = {}
        self._index: _Index | None = None
        self._indexed = self._last = self.pages = 0
        self._sums: Sums = (0, 0)
        self._swapped = False
        self._good = self._begun()
        if not self._good:
            return
        if hints and (index := _index(f"{path[: -len('-wal')]}-shm", self._head, opened)):
            self._follow(index)
        self._last, self._sums, self.pages = self._scan(self._frames)

    @property
    def used(self) -> bool:
        """Whether there is a committed frame."""
        return self._last > 0

    @property
    def hinted(self) -> bool:
        """Whether the index was believed."""
        return self._index is not None

    def page(self, number: int) -> bytes | None:
        """A page as the last commit left it; None where it is not in the log."""
        frame = self._frames.get(number, 0)
        if frame:
            return os.pread(self._handle, self._page_size, self._place(frame) + _FRAME)
        if self._index is not None and (frame := self._index.frame(number, self._indexed)):
            return self._checked(frame, number)
        return None

    def check(self, read: dict[int, int]) -> None:
        """Raises Changed where a page that was `read` from the database itself (its hash) may come from a later commit.

        Frames that are only appended are harmless. A checkpoint copies a frame as it is, so that a page comes from one
        only if it is the same, byte for byte.
        """
        if (bounds.stamp_at(self._path) or ())[:2] != self._file:
            raise Changed
        if self._handle >= 0 and os.pread(self._handle, _HEADER, 0) != self._head:
            raise Changed
        if self._good:
            self._scan({}, read)

    def _begun(self) -> bool:
        """Whether it has a sound header; without one SQLite takes a log for empty."""
        head = self._head
        if len(head) < _HEADER or int.from_bytes(head[:4], "big") not in _MAGIC:
            return False
        self._swapped = head[3] & 1 == 1
        if self._sum(head[:24], (0, 0)) != _pair(head, 24):
            return False
        if int.from_bytes(head[4:8], "big") != _VERSION:
            raise bounds.damaged("its write-ahead log is of another version")
        if int.from_bytes(head[8:12], "big") != self._page_size:
            raise bounds.damaged("its write-ahead log is of another page size")
        self._sums = _pair(head, 24)
        return True

    def _follow(self, index: _Index) -> None:
        """Takes the last commit from the index, where the log confirms it."""
        head = os.pread(self._handle, _FRAME, self._place(index.last))
        committed = len(head) == _FRAME and head[8:16] == self._head[16:24] and any(head[4:8])
        if committed and _pair(head, 16) == index.sums:
            self._index, self._indexed, self._last, self._sums = index, index.last, index.last, index.sums
            self.pages = int.from_bytes(head[4:8], "big")

    def _scan(self, found: dict[int, int], read: Mapping[int, int] = MappingProxyType({})) -> tuple[int, Sums, int]:
        """Goes through the frames after the last one known and puts page numbers and frames of what was committed into
        `found`; gives the last commit, the sums there and the size of the database.

        Raises Changed where a committed frame is one of the pages that were `read`. What a killed program left
        uncommitted is never copied by a checkpoint, so it may well equal one of them.
        """
        last, committed, pages = self._last, self._sums, self.pages
        frame, sums, pending, copied = last, committed, [], False
        salts, length = self._head[16:24], _FRAME + self._page_size
        while len(data := os.pread(self._handle, length, self._place(frame + 1))) == length:
            number = data[:4]
            if data[8:16] != salts or number == b"\0\0\0\0":
                break
            sums = self._sum(data[:8] + data[_FRAME:], sums)
            if sums != _pair(data, 16):
                break
            frame += 1
            pending.append(int.from_bytes(number, "big"))
            copied = copied or read.get(pending[-1]) == hash(data[_FRAME:])
            if data[4:8] != b"\0\0\0\0":
                if copied:
                    raise Changed
                found.update(zip(pending, range(frame - len(pending) + 1, frame + 1), strict=True))
                pending.clear()
                last, committed, pages = frame, sums, int.from_bytes(data[4:8], "big")
            if frame - self._last > bounds.MAX_FRAMES:
                raise bounds.too_large(f"its write-ahead log holds more than {bounds.MAX_FRAMES} frames")
            self._budget.step()
        return last, committed, pages

    def _checked(self, frame: int, number: int) -> bytes:
        before = os.pread(self._handle, 8, self._place(frame) - self._page_size - 8 if frame > 1 else 24)
        data = os.pread(self._handle, _FRAME + self._page_size, self._place(frame))
        right = len(data) == _FRAME + self._page_size and int.from_bytes(data[:4], "big") == number
        if not right or data[8:16] != self._head[16:24]:
            raise bounds.damaged("its write-ahead log and the index of it disagree")
        if self._sum(data[:8] + data[_FRAME:], _pair(before, 0)) != _pair(data, 16):
            raise bounds.damaged("a page in its write-ahead log is not as it was written")
        return data[_FRAME:]

    def _place(self, frame: int) -> int:
        return _HEADER + (frame - 1) * (_FRAME + self._page_size)

    def _sum(self, data: bytes, sums: Sums) -> Sums:
        if self._swapped:
            from array import array  # logs of the other byte order are rare

            words = array("I", data)
            words.byteswap()
            data = words.tobytes()
        return checksum(data, sums)


class _Index:
    """The part of a `-shm` file that finds frames: `last` is the last commit it knows, `sums` the checksum there."""

    def __init__(self, last: int, sums: Sums, raw: bytes) -> None:
        self.last, self.sums = last, sums
        self._blocks = []
        for at in range(0, len(raw), _BLOCK):
            first = _INDEX_HEADER if at == 0 else 0
            block = memoryview(raw)[at : at + _BLOCK]
            self._blocks.append((block[first : _BLOCK // 2].cast("I"), block[_BLOCK // 2 :].cast("H")))

    def frame(self, number: int, last: int) -> int:
        """The newest frame of a page up to `last`; 0 where there is none."""
        for at in range(len(self._blocks) - 1, -1, -1):
            numbers, hashes = self._blocks[at]
            before = _FIRST + (at - 1) * _MORE if at else 0
            slot, found = number * 383 % _SLOTS, 0
            for _ in range(_SLOTS):
                entry = hashes[slot]
                if entry == 0 or entry > len(numbers):
                    break
                if numbers[entry - 1] == number and before + entry <= last:
                    found = before + entry
                slot = (slot + 1) % _SLOTS
            if found:
                return found
        return 0


def _index(path: str, log: bytes, opened: ExitStack) -> _Index | None:
    """The index of a log, where it is whole and of this very log."""
    try:
        handle = bounds.open_regular(path, opened)
    except (UnreadableFile, Changed):
        return None
    head = b"" if handle is None else os.pread(handle, 96, 0)
    if handle is None or len(head) < 96 or head[:48] != head[48:]:
        return None
    words = memoryview(head).cast("I")
    last, sums = words[4], (words[6], words[7])
    ours = head[32:40] == log[16:24] and words[0] == _VERSION and head[12] == 1
    if not ours or not last or not _sound(head):
        return None
    size = _BLOCK * (1 + max(0, last - _FIRST + _MORE - 1) // _MORE)
    raw = os.pread(handle, size, 0) if size <= _MAX_INDEX else b""
    return _Index(last, sums, raw) if len(raw) == size else None


def _sound(head: bytes) -> bool:
    words = memoryview(head).cast("I")
    little = b"".join(word.to_bytes(4, "little") for word in words[:10])
    return checksum(little, (0, 0)) == (words[10], words[11])


def _pair(data: bytes, at: int) -> Sums:
    return int.from_bytes(data[at : at + 4], "big"), int.from_bytes(data[at + 4 : at + 8], "big")
