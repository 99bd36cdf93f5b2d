"""Looks at databases while a program writes them, and after one was killed."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from monitor.model import Problem
from monitor.system.sqlite_file import Database, UnreadableFile, read
from tests.polling import pause
from tests.system.sqlite_file.writer import answer

ROOT = Path(__file__).resolve().parents[3]
MODES = (
    "wal",
    "wal-spill",
    "wal-exclusive",
    "delete",
    "delete-spill",
    "truncate",
    "persist",
    "persist-spill",
)


@dataclass
class Score:
    """What came of looks at a live database."""

    mode: str
    answers: int = 0
    locked: int = 0
    torn: int = 0
    seen: int = 0  # different states
    written: int = 0

    @property
    def share(self) -> float:
        """The part of all looks that found it locked."""
        return self.locked / max(1, self.locked + self.answers)


@contextmanager
def writer(mode: str, path: Path, pause: float) -> Iterator[subprocess.Popen[str]]:
    """The program at work, from its first transaction on."""
    words = [sys.executable, "-m", "tests.system.sqlite_file.writer", mode, str(path), str(pause)]
    child = subprocess.Popen(words, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert child.stdout
        assert child.stdout.readline() == "ready\n"
        yield child
    finally:
        child.kill()
        child.wait()


def watch(mode: str, looks: int, pause: float, states: int = 0) -> Score:
    """So many looks, and more until so many states were seen, at a database that is written with such pauses."""
    score, seen, began = Score(mode), set[str](), time.monotonic()
    with tempfile.TemporaryDirectory(prefix="authwatch-live-") as folder:
        path = Path(folder) / "live.sqlite"
        with writer(mode, path, pause) as child:
            while looks > 0 or (len(seen) < states and time.monotonic() - began < 30):
                looks -= 1
                try:
                    found = read(str(path), answer)
                except UnreadableFile as error:
                    assert error.problem is Problem.LOCKED, error
                    score.locked += 1
                    continue
                score.answers += 1
                score.torn += len(found) != 1
                seen |= found
            assert child.poll() is None, "the program was disturbed"
            assert child.stdin and child.stdout
            child.stdin.close()
            score.written = int(child.stdout.readline())
    score.seen = len(seen)
    return score


def killed(mode: str, dice: random.Random) -> str:
    """Kills the program at some moment and compares our answer with SQLite's own recovery: "" or what differs; also
    whether there was something to recover, as `hot`."""
    with tempfile.TemporaryDirectory(prefix="authwatch-killed-") as folder:
        path = Path(folder) / "live.sqlite"
        with writer(mode, path, 0) as child:
            pause(dice.random() * 0.06)
            child.send_signal(signal.SIGKILL)
            child.wait()
        before = {one.name: one.read_bytes() for one in Path(folder).iterdir()}
        try:
            ours: object = read(str(path), everything)
        except UnreadableFile as error:
            ours = error.detail
        for one in Path(folder).iterdir():
            assert one.read_bytes() == before.pop(one.name), one
        assert not before
        copy = Path(folder) / "copy"
        copy.mkdir()
        for end in ("", "-wal", "-journal"):
            if os.path.exists(f"{path}{end}"):
                shutil.copyfile(f"{path}{end}", copy / f"{path.name}{end}")
        theirs = recovered(copy / path.name)
    return "" if ours == theirs else f"{mode}: ours {str(ours)[:200]}, SQLite's {str(theirs)[:200]}"


def everything(database: Database) -> list[list[tuple[object, ...]]]:
    return [sorted(database.rows("store", "name", "value")), sorted(database.rows("other", "value"))]


def recovered(path: Path) -> list[list[tuple[object, ...]]]:
    owner = sqlite3.connect(path)
    found = [owner.execute(f"SELECT * FROM {table} ORDER BY 1, 2").fetchall() for table in ("store",)]
    found.append(sorted(owner.execute("SELECT value FROM other").fetchall()))
    owner.close()
    return found
