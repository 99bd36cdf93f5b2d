"""What is read of a database is what SQLite reads of it, whatever its form, its journal and its log."""

from __future__ import annotations

import random
import shutil
import sqlite3
import struct
import sys
from pathlib import Path

import pytest

from monitor.system.sqlite_file import Database, UnreadableFile, read
from monitor.system.sqlite_file.bounds import MAX_CELL
from monitor.system.sqlite_file.write_log import checksum
from tests.system.sqlite_file.crafted import journal, plain
from tests.system.sqlite_file.made import Made, differences


@pytest.mark.parametrize("seed", range(24))
def test_a_random_database_is_read_as_sqlite_reads_it(seed: int, tmp_path: Path) -> None:
    made = Made(tmp_path / "made.sqlite", random.Random(seed))
    try:
        assert list(differences(made)) == []
    finally:
        made.owner.close()


def values(database: Database) -> list[tuple[object, ...]]:
    return sorted(database.rows("store", "k", "v"))


def live(path: Path, *, shared: bool = True) -> sqlite3.Connection:
    """A program that has written a log and keeps the database open."""
    plain(path)
    owner = sqlite3.connect(path, isolation_level=None)
    if not shared:
        owner.execute("PRAGMA locking_mode=EXCLUSIVE")
    owner.execute("PRAGMA journal_mode=WAL")
    owner.execute("PRAGMA wal_autocheckpoint=0")
    for turn in range(30):
        owner.execute("UPDATE store SET v = ? WHERE k LIKE '%7'", (f"turn {turn}",))
    return owner


@pytest.mark.parametrize("shared", [True, False], ids=["with its index", "without"])
def test_the_log_of_a_program_at_work_is_read(shared: bool, tmp_path: Path) -> None:
    path = tmp_path / "live.sqlite"
    owner = live(path, shared=shared)
    assert path.with_name("live.sqlite-shm").exists() == shared
    assert read(str(path), values) == sorted(owner.execute("SELECT k, v FROM store").fetchall())
    owner.close()


def test_what_is_not_committed_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "live.sqlite"
    owner = live(path)
    before = read(str(path), values)
    owner.execute("PRAGMA cache_size=1")
    owner.execute("BEGIN")
    owner.execute("UPDATE store SET v = v || 'never' || k")
    assert path.with_name("live.sqlite-wal").stat().st_size
    assert read(str(path), values) == before
    owner.execute("COMMIT")
    assert read(str(path), values) != before
    owner.close()


@pytest.mark.parametrize("index", ["noise", "of another log", "older", "cut off", "gone"])
def test_an_index_that_is_wrong_changes_no_answer(index: str, tmp_path: Path) -> None:
    path, beside = tmp_path / "live.sqlite", tmp_path / "live.sqlite-shm"
    owner = live(path)
    older = beside.read_bytes()
    owner.execute("UPDATE store SET v = 'newest'")
    wanted = owner.execute("SELECT k, v FROM store ORDER BY k").fetchall()
    copy = tmp_path / "copy.sqlite"
    for end in ("", "-wal", "-shm"):
        shutil.copyfile(f"{path}{end}", f"{copy}{end}")
    owner.close()
    there = Path(f"{copy}-shm")
    data = there.read_bytes()
    if index == "gone":
        there.unlink()
    else:
        there.write_bytes(
            {
                "noise": random.Random(1).randbytes(32768),
                "of another log": data[:32] + b"12345678" + data[40:],
                "older": older,
                "cut off": data[:5000],
            }[index]
        )
    assert read(str(copy), values) == wanted


def test_a_log_of_the_other_byte_order_is_read(tmp_path: Path) -> None:
    path = tmp_path / "live.sqlite"
    owner = live(path)
    wanted = owner.execute("SELECT k, v FROM store ORDER BY k").fetchall()
    copy = tmp_path / "copy.sqlite"
    shutil.copyfile(path, copy)
    data = bytearray(Path(f"{path}-wal").read_bytes())
    owner.close()

    def swapped(part: bytes) -> bytes:
        return b"".join(part[at : at + 4][::-1] for at in range(0, len(part), 4))

    data[3] = 0x83
    sums = checksum(swapped(bytes(data[:24])), (0, 0))
    data[24:32] = struct.pack(">II", *sums)
    for at in range(32, len(data), 24 + 4096):
        sums = checksum(swapped(bytes(data[at : at + 8] + data[at + 24 : at + 24 + 4096])), sums)
        data[at + 16 : at + 24] = struct.pack(">II", *sums)
    Path(f"{copy}-wal").write_bytes(data)
    assert read(str(copy), values) == wanted
    assert sqlite3.connect(copy).execute("SELECT k, v FROM store ORDER BY k").fetchall() == wanted


def test_the_checksum_is_that_of_the_format() -> None:
    dice = random.Random(7)
    for pairs in (1, 2, 3, 5, 64, 513):
        data, first, second = dice.randbytes(8 * pairs), dice.randrange(2**32), dice.randrange(2**32)
        a, b = first, second
        for at in range(0, len(data), 8):
            one, two = struct.unpack_from("<II", data, at)
            a = (a + one + b) % 2**32
            b = (b + two + a) % 2**32
        assert checksum(data, (first, second)) == (a, b)


@pytest.mark.parametrize("size", [512, 4096, 65536])
def test_a_hot_journal_is_applied_in_memory_only(size: int, tmp_path: Path) -> None:
    path = tmp_path / "hot.sqlite"
    plain(path, page_size=size)
    before = read(str(path), values)
    owner = sqlite3.connect(path, isolation_level=None)
    owner.execute("PRAGMA cache_size=1")
    owner.execute("BEGIN")
    owner.execute("UPDATE store SET v = 'half done' || k")
    owner.execute("DELETE FROM free")
    copy = tmp_path / "copy.sqlite"
    for end in ("", "-journal"):
        shutil.copyfile(f"{path}{end}", f"{copy}{end}")
    owner.close()
    held = copy.read_bytes(), Path(f"{copy}-journal").read_bytes()
    hot: list[bool] = []
    assert read(str(copy), lambda database: (hot.append(database.hot_journal), values(database))[1]) == before
    assert hot == [True]
    assert (copy.read_bytes(), Path(f"{copy}-journal").read_bytes()) == held
    assert sqlite3.connect(copy).execute("SELECT k, v FROM store ORDER BY k").fetchall() == before


def test_a_journal_that_names_another_file_is_refused_and_nothing_is_done_to_that(tmp_path: Path) -> None:
    path, victim = tmp_path / "x.sqlite", tmp_path / "victim"
    plain(path)
    victim.write_text("precious")
    Path(f"{path}-journal").write_bytes(journal(0, name=str(victim).encode()))
    with pytest.raises(UnreadableFile) as refused:
        read(str(path), values)
    assert refused.value.problem == "unreadable"
    assert victim.read_text() == "precious"


def test_a_key_is_found_through_an_index_without_reading_the_table(tmp_path: Path) -> None:
    """The store of an editor is hundreds of megabytes, of which two rows are wanted."""
    path = tmp_path / "big.sqlite"
    owner = sqlite3.connect(path, isolation_level=None)
    owner.execute("CREATE TABLE ItemTable (key TEXT UNIQUE ON CONFLICT REPLACE, value BLOB)")
    owner.execute("BEGIN")
    for number in range(2000):
        owner.execute("INSERT INTO ItemTable VALUES (?, zeroblob(10000))", (f"key {number}",))
    owner.execute("COMMIT")
    owner.close()
    reads = 0

    def ask(database: Database) -> object:
        nonlocal reads
        page = database._pages.page

        def counted(number: int) -> bytes:
            nonlocal reads
            reads += 1
            return page(number)

        database._pages.page = counted  # type: ignore[method-assign]
        return [len(value) for (value,) in database.find("itemtable", "KEY", "key 1234", "value")]

    assert read(str(path), ask) == [10_000]
    assert reads < 15


@pytest.mark.parametrize(
    "made",
    [
        "CREATE TABLE t (a TEXT, k TEXT COLLATE NOCASE UNIQUE, v)",
        "CREATE TABLE t (a TEXT UNIQUE, k TEXT UNIQUE, v, UNIQUE (k COLLATE NOCASE))",
        "CREATE TABLE t (a TEXT, k TEXT, v, UNIQUE (k DESC), UNIQUE (a))",
        "CREATE TABLE t (a TEXT PRIMARY KEY UNIQUE, k TEXT UNIQUE, v)",
        "CREATE TABLE t (a INTEGER PRIMARY KEY, k TEXT NOT NULL, v, PRIMARY KEY (k)) WITHOUT ROWID".replace(
            " PRIMARY KEY,", ","
        ),
        "CREATE TABLE t (a TEXT, k TEXT, v, PRIMARY KEY (a, k)) WITHOUT ROWID",
        "CREATE TABLE t (a, k, v); CREATE INDEX i ON t (k) WHERE a > '5'; CREATE INDEX j ON t (lower(k)); CREATE INDEX l ON t (k, a)",
    ],
)
def test_a_key_is_found_whatever_is_indexed_and_how(made: str, tmp_path: Path) -> None:
    path = tmp_path / "keys.sqlite"
    owner = sqlite3.connect(path)
    owner.executescript(made)
    for number in range(500):
        owner.execute("INSERT INTO t (a, k, v) VALUES (?, ?, ?)", (f"{number}", f"Key {number}", number))
    owner.commit()
    owner.close()
    for number in (0, 7, 99, 499):
        assert read(str(path), lambda database, at=number: list(database.find("t", "k", f"Key {at}", "v"))) == [
            (number,)
        ]  # type: ignore[misc]
    assert read(str(path), lambda database: list(database.find("t", "k", "key 7", "v"))) == []


def test_a_row_above_the_bound_is_too_large_and_hides_no_other(tmp_path: Path) -> None:
    path = tmp_path / "big.sqlite"
    owner = sqlite3.connect(path)
    owner.execute("CREATE TABLE store (k TEXT, v)")
    owner.execute("INSERT INTO store VALUES ('big', zeroblob(?)), ('small', 'here')", (MAX_CELL + 1,))
    owner.commit()
    owner.close()
    assert read(str(path), lambda database: list(database.find("store", "k", "small", "v"))) == [("here",)]
    with pytest.raises(UnreadableFile) as refused:
        read(str(path), lambda database: list(database.find("store", "k", "big", "v")))
    assert refused.value.problem == "too_large"


def test_reading_needs_no_sqlite(tmp_path: Path) -> None:
    import subprocess

    plain(tmp_path / "x.sqlite")
    script = (
        "import sys; from monitor.system.sqlite_file import read; "
        f"print(read({str(tmp_path / 'x.sqlite')!r}, lambda db: db.has('store')), 'sqlite3' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout == "True False\n"
