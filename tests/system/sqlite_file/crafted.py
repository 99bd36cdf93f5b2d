"""Databases that somebody made to do harm, and ones that were damaged: each is answered or refused, soon and small."""

from __future__ import annotations

import os
import random
import shutil
import sqlite3
import struct
import time
from collections.abc import Callable
from pathlib import Path

from monitor.system.sqlite_file import Database, UnreadableFile, read
from monitor.system.sqlite_file.write_log import checksum

ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT 'primary' AS k, '{}' AS v FROM c WHERE x < 0"
SECONDS = 1.5


def plain(path: Path, *more: str, page_size: int = 4096, rows: int = 300) -> None:
    """A sound database with a table `store`."""
    owner = sqlite3.connect(path, isolation_level=None)
    owner.execute(f"PRAGMA page_size={page_size}")
    owner.execute("CREATE TABLE store (k TEXT PRIMARY KEY, v TEXT)")
    owner.execute("CREATE TABLE free (k, v)")
    owner.execute("BEGIN")
    for number in range(rows):
        owner.execute("INSERT INTO store VALUES (?, ?)", (f"key {number:05}", f"value {number} " * (number % 9)))
    owner.execute("INSERT INTO store VALUES ('primary', ?)", ("long " * 5000,))
    owner.execute("INSERT INTO free SELECT * FROM store")
    owner.execute("COMMIT")
    for sql in more:
        owner.execute(sql)
    owner.close()


def root(path: Path, name: str) -> int:
    owner = sqlite3.connect(path)
    (found,) = owner.execute("SELECT rootpage FROM sqlite_master WHERE name = ?", (name,)).fetchone()
    owner.close()
    return int(found)


def patch(path: Path, at: int, data: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(data)


def view(sql: str) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        owner = sqlite3.connect(path)
        owner.execute(f"CREATE VIEW store AS {sql}")
        owner.execute(f"CREATE VIEW free AS {sql}")
        owner.close()

    return make


def statement(sql: str) -> Callable[[Path], None]:
    """A database whose table `store` is made by this."""

    def make(path: Path) -> None:
        owner = sqlite3.connect(path)
        owner.execute(sql)
        owner.execute("CREATE TABLE free (k, v)")
        owner.close()

    return make


def rewritten(sql: str) -> Callable[[Path], None]:
    """A sound database whose schema then says this of `store`."""

    def make(path: Path) -> None:
        plain(path)
        owner = sqlite3.connect(path)
        owner.execute("PRAGMA writable_schema=ON")
        owner.execute("UPDATE sqlite_master SET sql = ? WHERE name = 'store'", (sql,))
        owner.commit()
        owner.close()

    return make


def loop(path: Path) -> None:
    """A tree whose root is its own child."""
    plain(path)
    for name in ("store", "free"):
        number = root(path, name)
        patch(path, (number - 1) * 4096 + 8, number.to_bytes(4, "big"))
        data = path.read_bytes()
        (first,) = struct.unpack_from(">H", data, (number - 1) * 4096 + 12)
        patch(path, (number - 1) * 4096 + first, number.to_bytes(4, "big"))


def deep(path: Path) -> None:
    """Inner pages only, each the child of the one before."""
    plain(path)
    start = root(path, "free")
    pages = path.stat().st_size // 4096
    with path.open("ab") as file:
        for number in range(300):
            file.write((b"\x05\0\0\0\0\0\0\0" + (pages + 2 + number).to_bytes(4, "big")).ljust(4096, b"\0"))
    patch(path, 28, (pages + 301).to_bytes(4, "big"))
    patch(path, (start - 1) * 4096, b"\x05\0\0\0\0\0\0\0" + (pages + 1).to_bytes(4, "big"))


def same_cell(path: Path) -> None:
    """Pages full of pointers to one and the same cell of a megabyte, most of it in a page that follows itself."""
    plain(path, page_size=65536, rows=3000)
    pages = path.stat().st_size // 65536
    with path.open("ab") as file:
        file.write((pages + 1).to_bytes(4, "big").ljust(65536, b"x"))
    patch(path, 28, (pages + 1).to_bytes(4, "big"))
    record = b"\x05\x00" + varint(13 + 2 * 1_000_000)
    size = len(record) + 1_000_000
    least = (65536 - 12) * 32 // 255 - 23
    local = least + (size - least) % (65536 - 4)
    local = local if local <= 65536 - 35 else least
    cell = varint(size) + b"\x01" + record.ljust(local, b"y") + (pages + 1).to_bytes(4, "big")
    for name in ("free", "store"):
        start, count, at = (root(path, name) - 1) * 65536, 10_000, 65536 - len(cell)
        patch(path, start, struct.pack(">BHHHB", 13, 0, count, at, 0) + struct.pack(">H", at) * count)
        patch(path, start + at, cell)


def varint(number: int) -> bytes:
    found = bytes((number & 127,))
    while number := number >> 7:
        found = bytes((number & 127 | 128,)) + found
    return found


def many_same(path: Path) -> None:
    """One leaf that is the child of hundreds of pointers."""
    plain(path)
    start = (root(path, "free") - 1) * 4096
    leaf = int.from_bytes(path.read_bytes()[start + 8 : start + 12], "big")
    cell = leaf.to_bytes(4, "big") + b"\x01"
    patch(path, start, struct.pack(">BHHHBI", 5, 0, 1000, 4000, 0, leaf) + struct.pack(">H", 4000) * 1000)
    patch(path, start + 4000, cell)


def chain(path: Path) -> None:
    """An overflow page that is followed by itself, and a row that claims two gigabytes."""
    plain(path)
    data = bytearray(path.read_bytes())
    for number in range(2, len(data) // 4096):
        at = number * 4096
        if data[at] == 0 and data[at + 4 : at + 9] == b"long ":
            data[at : at + 4] = (number + 1).to_bytes(4, "big")
    path.write_bytes(data)


def sparse(size: int, *, header_only: bool = False) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        plain(path)
        if header_only:
            os.truncate(path, 100)
        os.truncate(path, size)

    return make


def beside(end: str, make: Callable[[Path], None]) -> Callable[[Path], None]:
    """A sound database with this beside it."""

    def both(path: Path) -> None:
        plain(path)
        make(Path(f"{path}{end}"))

    return both


def link(target: str) -> Callable[[Path], None]:
    return lambda path: path.symlink_to(target)


def holds(data: bytes, size: int = 0) -> Callable[[Path], None]:
    def make(path: Path) -> None:
        path.write_bytes(data)
        if size:
            os.truncate(path, size)

    return make


def log_header(page_size: int = 4096, version: int = 3007000) -> bytes:
    head = struct.pack(">IIIIII", 0x377F0682, version, page_size, 0, 1, 2)
    return head + struct.pack(">II", *checksum(head, (0, 0)))


def log_of(frames: int) -> bytes:
    """A log that is valid, frame after frame, of one page of nothing."""
    head = log_header()
    sums, parts, page = struct.unpack(">II", head[24:]), [head], bytes(4096)
    for number in range(frames):
        start = struct.pack(">II", 2 + number % 5, 0)
        sums = checksum(start + page, sums)
        parts.append(start + head[16:24] + struct.pack(">II", *sums) + page)
    return b"".join(parts)


def journal(count: int, pages: int = 9, *, name: bytes = b"", page_size: int = 4096, records: bytes = b"") -> bytes:
    magic = bytes.fromhex("d9d505f920a163d7")
    head = (magic + struct.pack(">IIIII", count, 1234, pages, 512, page_size)).ljust(512, b"\0") + records
    if not name:
        return head
    return head + struct.pack(">I", 0x40000000 // 4096 + 1) + name + struct.pack(">II", len(name), sum(name)) + magic


def lying_index(path: Path) -> None:
    """A log in use, whose index then points somewhere else."""
    plain(path)
    owner = sqlite3.connect(path, isolation_level=None)
    owner.execute("PRAGMA journal_mode=WAL")
    owner.execute("PRAGMA wal_autocheckpoint=0")
    owner.execute("UPDATE store SET v = 'new'")
    for end in ("", "-wal", "-shm"):
        shutil.copyfile(f"{path}{end}", f"{path}.copy{end}")
    owner.close()
    for end in ("", "-wal", "-shm"):
        Path(f"{path}.copy{end}").rename(f"{path}{end}")
    data = bytearray(Path(f"{path}-shm").read_bytes())
    for at in range(136, 16384, 4):
        data[at : at + 4] = struct.pack("=I", 3)
    Path(f"{path}-shm").write_bytes(data)


#: What must be refused, by name; all else may be answered, too.
REFUSED: dict[str, Callable[[Path], None]] = {
    "a view without an end": view(ENDLESS),
    "a view of zeroblob": view("SELECT 'primary' AS k, zeroblob(1000000000) AS v"),
    "a virtual table": statement("CREATE VIRTUAL TABLE store USING fts5(k, v)"),
    "a computed column": statement("CREATE TABLE store (k TEXT PRIMARY KEY, v AS (zeroblob(1000000000)))"),
    "a stored computed column": statement("CREATE TABLE store (k, x, v GENERATED ALWAYS AS (x) STORED)"),
    "a statement of 100 KB": rewritten("CREATE TABLE store (k TEXT PRIMARY KEY, v TEXT" + " " * 100_000 + ")"),
    "a statement that is a view": rewritten(f"CREATE VIEW store AS {ENDLESS}"),
    "a statement of brackets": rewritten("CREATE TABLE store (k TEXT, v " + "(" * 16_000),
    "a statement of open quotes": rewritten("CREATE TABLE store (k, v " + "[" * 16_000),
    "a statement of blanks": rewritten("CREATE TABLE store (k, v" + " " * 16_000),
    "a statement of comments": rewritten("CREATE TABLE store (" + "/*" * 8000),
    "a tree in itself": loop,
    "a cell that is all rows": same_cell,
    "a tree without leaves": deep,
    "the header of two gigabytes": sparse(2 * 1024**3, header_only=True),
    "a log that is a device": beside("-wal", link("/dev/zero")),
    "a log that is a folder": beside("-wal", Path.mkdir),
    "a log that is a pipe": beside("-wal", os.mkfifo),
    "a log that is a link to nothing": beside("-wal", link("nowhere")),
    "a log of another page size": beside("-wal", holds(log_header(512))),
    "a log of the future": beside("-wal", holds(log_header(version=3008000))),
    "a journal that is a device": beside("-journal", link("/dev/zero")),
    "a journal that is a folder": beside("-journal", Path.mkdir),
    "a journal that names another file": beside("-journal", holds(journal(0, name=b"/etc/passwd"))),
    "a journal of another page size": beside("-journal", holds(journal(1, page_size=512))),
    "a journal of before there was anything": beside("-journal", holds(journal(0, 0))),
}
ANY: dict[str, Callable[[Path], None]] = {
    "two gigabytes of nothing": sparse(2 * 1024**3),
    "a leaf that is all leaves": many_same,
    "an overflow without an end": chain,
    "a log of two gigabytes of nothing": beside("-wal", holds(log_header(), 2 * 1024**3)),
    "a log without a commit": beside("-wal", holds(log_of(2000))),
    "an index of a log that is a device": beside("-shm", link("/dev/zero")),
    "an index that lies": lying_index,
    "a journal of two gigabytes": beside("-journal", holds(journal(0xFFFFFFFF), 2 * 1024**3)),
    "a journal of noise": beside("-journal", holds(journal(1000) + os.urandom(100_000))),
}


def ask(database: Database) -> object:
    """All that can be asked."""
    rows = sum(1 for table in ("store", "free") for _ in database.rows(table, "k", "v"))
    return rows, list(database.find("store", "k", "primary", "v")), list(database.find("free", "k", "primary", "v"))


def whole(database: Database) -> int:
    """All rows of all tables."""
    count = 0
    for one in list(database.objects()):
        if one.kind == "table":
            columns = database.columns(one.name)
            count += sum(1 for _ in database.rows(one.name, *columns))
            count += len(list(database.find(one.name, columns[0], "abc", *columns)))
    return count


def outcome(path: Path, question: Callable[[Database], object] = ask) -> str:
    """`answered` or the problem; raises for anything else, and where it took too long."""
    began = time.process_time()
    try:
        read(str(path), question)
        found = "answered"
    except UnreadableFile as error:
        found = error.problem.value
    took = time.process_time() - began
    assert took < SECONDS, f"{took:.1f} s"
    return found


def mutated(path: Path, dice: random.Random) -> None:
    """Damages a database or what lies beside it."""
    ends = [end for end in ("", "", "-wal", "-journal", "-shm") if Path(f"{path}{end}").exists()]
    victim = Path(f"{path}{dice.choice(ends)}")
    data = bytearray(victim.read_bytes())
    for _ in range(dice.choice((1, 1, 3, 30))):
        at = dice.randrange(max(1, len(data))) if dice.random() < 0.6 else dice.randrange(min(len(data), 200) or 1)
        how = dice.random()
        if how < 0.5 and data:
            data[at] = dice.choice((0, 1, 0x7F, 0x80, 0xFF, dice.randrange(256)))
        elif how < 0.7:
            data[at : at + 4] = dice.choice((b"\0\0\0\0", b"\xff\xff\xff\xff", b"\x7f\xff\xff\xff", dice.randbytes(4)))
        elif how < 0.8:
            del data[at:]
        elif how < 0.9:
            start = dice.randrange(max(1, len(data)))
            data[at : at + 512] = data[start : start + 512]
        else:
            data[at:at] = dice.randbytes(dice.randrange(1, 5))
    victim.write_bytes(data)
