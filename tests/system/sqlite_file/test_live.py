"""A program at work is neither disturbed nor read torn; after one was killed the answer is that of SQLite's recovery."""

from __future__ import annotations

import os
import random
import sqlite3
import struct
from pathlib import Path

import pytest

from monitor.system.sqlite_file import LOOKS, Database, UnreadableFile, read
from monitor.system.sqlite_file.write_log import checksum
from tests.system.sqlite_file.crafted import plain
from tests.system.sqlite_file.live import MODES, killed, watch


@pytest.mark.parametrize("mode", MODES)
def test_a_writer_that_never_pauses_is_never_read_torn(mode: str) -> None:
    score = watch(mode, looks=60, pause=0, states=4)
    assert score.torn == 0
    if mode.startswith("wal"):  # without a log, thousands of transactions a second leave no moment to look between
        assert score.seen > 3  # how often it is locked depends on the load: `benchmarks/live_database.py` measures it


@pytest.mark.parametrize("mode", MODES)
def test_a_writer_that_breathes_is_read(mode: str) -> None:
    """A hundred and more transactions a second."""
    score = watch(mode, looks=40, pause=0.005, states=4)
    assert (score.torn, score.locked) == (0, 0)
    assert score.seen > 3


def test_a_writer_at_a_human_speed_is_always_read() -> None:
    score = watch("wal", looks=60, pause=0.01)
    assert (score.torn, score.locked) == (0, 0)


@pytest.mark.parametrize("mode", MODES)
def test_after_a_kill_the_answer_is_that_of_recovery(mode: str) -> None:
    for seed in range(3):
        assert killed(mode, random.Random(f"{mode}{seed}")) == ""


def test_a_database_that_changes_during_every_look_is_locked(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    plain(path)
    owner, looks = sqlite3.connect(path, isolation_level=None), 0

    def ask(database: Database) -> None:
        nonlocal looks
        looks += 1
        owner.execute("UPDATE store SET v = ?", (str(looks),))

    with pytest.raises(UnreadableFile) as refused:
        read(str(path), ask)
    owner.close()
    assert (refused.value.problem, looks) == ("locked", LOOKS)


def test_what_is_wrong_for_a_moment_is_looked_at_again(tmp_path: Path) -> None:
    """A database that is replaced whole while it is read."""
    path, other = tmp_path / "x.sqlite", tmp_path / "y.sqlite"
    plain(path)
    plain(other, "UPDATE store SET v = 'new'")
    turns = []

    def ask(database: Database) -> object:
        turns.append(1)
        if len(turns) == 1:
            other.rename(path)
            raise ValueError("torn")
        return next(database.find("store", "k", "primary", "v"))

    assert read(str(path), ask) == ("new",)


def test_a_page_of_a_later_commit_is_noticed(tmp_path: Path) -> None:
    """A checkpoint during a look puts later pages into the database itself; appending alone is harmless."""
    path = tmp_path / "x.sqlite"
    plain(path, "PRAGMA journal_mode=WAL")
    owner = sqlite3.connect(path, isolation_level=None)
    owner.execute("UPDATE free SET v = 'begun'")
    looks = 0

    def ask(database: Database) -> list[tuple[object, ...]]:
        nonlocal looks
        looks += 1
        first = list(database.find("store", "k", "key 00001", "v"))
        if looks == 1:
            owner.execute("UPDATE store SET v = 'later'")
            owner.execute("PRAGMA wal_checkpoint(PASSIVE)")
        return first + list(database.find("store", "k", "key 00299", "v"))

    assert read(str(path), ask) == [("later",), ("later",)]
    assert looks == 2
    looks = 5
    owner.execute("UPDATE store SET v = 'again'")
    assert read(str(path), ask) == [("again",), ("again",)]
    owner.close()


def test_what_a_killed_program_left_uncommitted_is_no_change(tmp_path: Path) -> None:
    """Its last transaction may have written a page as it was: a frame that equals what stands in the database."""
    path = tmp_path / "x.sqlite"
    plain(path, "PRAGMA journal_mode=WAL")
    owner = sqlite3.connect(path, isolation_level=None)
    owner.execute("PRAGMA wal_autocheckpoint=0")
    owner.execute("UPDATE free SET v = 'begun'")
    log = Path(f"{path}-wal").read_bytes()
    page_size = int.from_bytes(log[8:12], "big")
    pages = range(1, path.stat().st_size // page_size + 1)
    sums = struct.unpack_from(">II", log, len(log) - page_size - 8)
    with open(f"{path}-wal", "ab") as more:
        for number in pages:
            page = path.read_bytes()[(number - 1) * page_size : number * page_size]
            begin = number.to_bytes(4, "big") + bytes(4)
            sums = checksum(begin + page, sums)
            more.write(begin + log[16:24] + struct.pack(">II", *sums) + page)
    assert read(str(path), lambda database: next(database.find("store", "k", "key 00299", "v"))) == ("value 299 " * 2,)
    owner.close()


def test_appending_to_the_log_needs_no_second_look(tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    plain(path, "PRAGMA journal_mode=WAL")
    owner = sqlite3.connect(path, isolation_level=None)
    owner.execute("PRAGMA wal_autocheckpoint=0")
    owner.execute("UPDATE store SET v = 'begun'")
    looks = 0

    def ask(database: Database) -> object:
        nonlocal looks
        looks += 1
        owner.execute("UPDATE store SET v = 'later' WHERE k = 'primary'")
        return next(database.find("store", "k", "primary", "v"))

    assert read(str(path), ask) == ("begun",)
    assert looks == 1
    owner.close()


def test_no_descriptor_is_left_open(tmp_path: Path) -> None:
    if not os.path.isdir("/proc/self/fd"):
        pytest.skip("only Linux lists them")
    path = tmp_path / "x.sqlite"
    plain(path)
    before = len(os.listdir("/proc/self/fd"))
    for _ in range(5):
        read(str(path), lambda database: list(database.rows("store", "k")))
        with pytest.raises(UnreadableFile):
            read(str(path), lambda database: list(database.rows("nowhere", "k")))
    assert len(os.listdir("/proc/self/fd")) == before
