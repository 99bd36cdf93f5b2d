"""Cells of tables and indexes, and the values in them (fileformat2.html, sections 1.6 and 2.1)."""

from __future__ import annotations

import struct
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from typing import Final

from monitor.system.sqlite_file.bounds import MAX_CELL, damaged, too_large
from monitor.system.sqlite_file.pages import Pages

Value = int | float | str | bytes | None

_TABLE_LEAF: Final = 0x0D
_TABLE_INNER: Final = 0x05
_INDEX_LEAF: Final = 0x0A
_INDEX_INNER: Final = 0x02
_DEEPEST: Final = 24
_INTEGERS: Final = (0, 1, 2, 3, 4, 6, 8)


class Node:
    """A page of a tree: its cells' places and the child behind the last of them (0 on a leaf)."""

    __slots__ = ("cells", "data", "last", "pages", "table")

    def __init__(self, pages: Pages, number: int, *, table: bool) -> None:
        data = pages.page(number)
        at = 100 if number == 1 else 0
        leaf, inner = (_TABLE_LEAF, _TABLE_INNER) if table else (_INDEX_LEAF, _INDEX_INNER)
        if data[at] not in (leaf, inner):
            raise damaged(f"page {number} is not the part of a tree that it should be")
        count = int.from_bytes(data[at + 3 : at + 5], "big")
        first = at + (12 if data[at] == inner else 8)
        if first + 2 * count > pages.usable:
            raise damaged(f"page {number} has too many cells")
        self.pages, self.data, self.table = pages, data, table
        self.cells = struct.unpack_from(f">{count}H", data, first)
        self.last = int.from_bytes(data[at + 8 : at + 12], "big") if data[at] == inner else 0
        if data[at] == inner and not self.last:
            raise damaged(f"page {number} leads nowhere")

    def child(self, at: int) -> int:
        """The page below the left of a cell; behind the last cell, that of the rest."""
        if at == len(self.cells):
            return self.last
        place = self.cells[at]
        return int.from_bytes(self.data[place : place + 4], "big")

    def cell(self, at: int) -> Cell:
        """A cell that holds a record."""
        data, place = self.data, self.cells[at] + (4 if self.last else 0)
        size, place = varint(data, place)
        rowid = 0
        if self.table:
            rowid, place = varint(data, place)
            rowid -= (rowid >> 63) << 64
        usable = self.pages.usable
        most = usable - 35 if self.table else (usable - 12) * 64 // 255 - 23
        if size <= most:
            return Cell(self.pages, size, data[place : min(place + size, usable)], 0, rowid)
        least = (usable - 12) * 32 // 255 - 23
        local = least + (size - least) % (usable - 4)
        end = place + (local if local <= most else least)
        return Cell(self.pages, size, data[place:end], int.from_bytes(data[end : end + 4], "big"), rowid)

    def key(self, at: int) -> int:
        """The greatest rowid below the left of an inner cell of a table."""
        found, _ = varint(self.data, self.cells[at] + 4)
        return found - ((found >> 63) << 64)


class Cell:
    """A record; only as much of it is read as the wanted values need."""

    __slots__ = ("_data", "_overflow", "_pages", "_size", "rowid")

    def __init__(self, pages: Pages, size: int, data: bytes, overflow: int, rowid: int) -> None:
        self._pages, self._size, self._data, self._overflow, self.rowid = pages, size, data, overflow, rowid

    def values(self, wanted: Sequence[int], most: int | None = None) -> list[Value | type[Absent]]:
        """The values at these places; Absent where the record is older than the column, or for more than `most`
        bytes."""
        ends = self._ends(max(wanted, default=-1) + 1)
        last = len(ends) - 1
        found = (ends[at] if at <= last else None for at in wanted)
        return [self._value(*one) if one and (most is None or one[2] - one[1] <= most) else Absent for one in found]

    def first(self) -> tuple[int, bytes]:
        """The first value in the order of indexes: its class (text is TEXT) and, of texts, its bytes."""
        kind, start, end = (*self._ends(1), (0, 0, 0))[0]
        if kind < 12:
            return (1 if kind else 0), b""
        return (TEXT if kind & 1 else TEXT + 1), self._bytes(end)[start:end] if kind & 1 else b""

    def _ends(self, count: int) -> list[tuple[int, int, int]]:
        """The kind, start and end of the first `count` values, fewer where the record has fewer."""
        length, at = varint(self._data, 0)
        head = self._bytes(length)
        start, found = length, list[tuple[int, int, int]]()
        while at < length and len(found) < count:
            kind, at = varint(head, at)
            end = start + (_length(kind) if kind < 12 else (kind - 12) >> 1)
            found.append((kind, start, end))
            start = end
        if at > length or start > self._size:
            raise damaged("a row that is longer than itself")
        return found

    def _value(self, kind: int, start: int, end: int) -> Value:
        if kind in (0, 8, 9):
            return None if kind == 0 else kind - 8
        data = self._bytes(end)[start:end]
        if kind < 7:
            return int.from_bytes(data, "big", signed=True)
        if kind == 7:
            found: float = struct.unpack(">d", data)[0]
            return None if found != found else found  # noqa: PLR0124  SQLite takes NaN for NULL
        return data.decode(self._pages.encoding, "replace") if kind & 1 else data

    def _bytes(self, count: int) -> bytes:
        """At least the first `count` bytes of the record."""
        have = len(self._data)
        if have >= count:
            return self._data
        if count > self._size:
            raise damaged("a row that is longer than itself")
        if count > MAX_CELL:
            raise too_large(f"a row of {count} bytes, at most {MAX_CELL} are read")
        parts, usable = [self._data], self._pages.usable
        while have < count:
            page = self._pages.page(self._overflow)
            self._overflow = int.from_bytes(page[:4], "big")
            parts.append(page[4 : min(usable, 4 + self._size - have)])
            have += len(parts[-1])
        self._data = b"".join(parts)
        return self._data


class Absent:
    """In place of a value that a record does not have."""


#: Where texts stand in the order of indexes: after NULL and numbers, before blobs.
TEXT: Final = 2


def rows(pages: Pages, root: int, *, table: bool) -> Iterator[Cell]:
    """Every record of a tree in its order: of a table, or of an index (which a WITHOUT ROWID table is)."""
    seen = {root}
    path = [(Node(pages, root, table=table), 0)]
    while path:
        node, at = path.pop()
        if not node.last:
            for place in range(len(node.cells)):
                pages.row()
                yield node.cell(place)
            continue
        if at > 0 and not table:
            pages.row()
            yield node.cell(at - 1)
        if at < len(node.cells):
            path.append((node, at + 1))
        below = node.child(at)
        if below in seen or len(path) > _DEEPEST:
            raise damaged("a tree that contains itself")
        seen.add(below)
        path.append((Node(pages, below, table=table), 0))


def row(pages: Pages, root: int, rowid: int) -> Cell | None:
    """The record of a table with that rowid."""
    number = root
    for _ in range(_DEEPEST):
        node = Node(pages, number, table=True)
        if not node.last:
            for at in range(len(node.cells)):
                cell = node.cell(at)
                if cell.rowid == rowid:
                    return cell
            return None
        number = node.child(bisect_left(range(len(node.cells)), rowid, key=node.key))
    raise damaged("a tree that contains itself")


def entries(pages: Pages, root: int, text: bytes, depth: int = 0) -> Iterator[Cell]:
    """The records of an index whose first value is that text, in the database's encoding."""
    if depth > _DEEPEST:
        raise damaged("a tree that contains itself")
    node, wanted = Node(pages, root, table=False), (TEXT, text)
    count = len(node.cells)
    at = bisect_left(range(count), wanted, key=lambda place: node.cell(place).first())
    while True:
        if node.last:
            yield from entries(pages, node.child(at), text, depth + 1)
        if at == count or (cell := node.cell(at)).first() != wanted:
            return
        pages.row()
        yield cell
        at += 1


def varint(data: bytes, at: int) -> tuple[int, int]:
    """A number of 1 to 9 bytes, and where it ends."""
    try:
        byte = data[at]
        if byte < 128:
            return byte, at + 1
        found = byte & 127
        for place in range(at + 1, at + 8):
            byte = data[place]
            found = found << 7 | byte & 127
            if byte < 128:
                return found, place + 1
        return found << 8 | data[at + 8], at + 9
    except IndexError:
        raise damaged("a number that is cut off") from None


def _length(kind: int) -> int:
    if kind in (10, 11):
        raise damaged("a value of an unknown kind")
    return _INTEGERS[kind] if kind < 7 else 8 if kind == 7 else 0
