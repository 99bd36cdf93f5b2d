"""What somebody made to do harm is refused or answered, soon, small, and without a trace."""

from __future__ import annotations

import os
import random
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.system.sqlite_file.crafted import ANY, REFUSED, mutated, outcome, whole
from tests.system.sqlite_file.made import Made

PROBLEMS = {"unreadable", "empty", "parse", "too_large"}


@pytest.mark.parametrize("name", [*REFUSED, *ANY])
def test_a_database_that_is(name: str, tmp_path: Path) -> None:
    path = tmp_path / "x.sqlite"
    {**REFUSED, **ANY}[name](path)
    before = facts(tmp_path)
    found = outcome(path)
    assert found in PROBLEMS | (set() if name in REFUSED else {"answered"})
    assert facts(tmp_path) == before


def facts(folder: Path) -> dict[str, tuple[object, ...]]:
    """All that could change; the moment of access where its owner can keep it."""
    found = {}
    for path in sorted([folder, *folder.rglob("*")]):
        one = path.lstat()
        accessed = one.st_atime_ns if path.is_file() and hasattr(os, "O_NOATIME") else 0
        found[str(path)] = (
            one.st_ino,
            one.st_mode,
            one.st_uid,
            one.st_size,
            one.st_mtime_ns,
            one.st_ctime_ns,
            accessed,
        )
    return found


@pytest.mark.parametrize("seed", range(12))
def test_a_damaged_database_is_answered_or_refused(seed: int, tmp_path: Path) -> None:
    dice, path, kept = random.Random(seed), tmp_path / "x.sqlite", tmp_path / "kept"
    made = Made(path, dice)
    kept.mkdir()
    for one in tmp_path.glob("x.sqlite*"):
        shutil.copyfile(one, kept / one.name)
    made.owner.close()
    for _ in range(12):
        for one in tmp_path.glob("x.sqlite*"):
            one.unlink()
        for one in kept.iterdir():
            shutil.copyfile(one, tmp_path / one.name)
        mutated(path, dice)
        assert outcome(path, whole) in {"answered", *PROBLEMS}


SMALL = """
import resource, sys
from pathlib import Path
from tests.system.sqlite_file import crafted
import tempfile
def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
with tempfile.TemporaryDirectory() as folder:
    path = Path(folder) / "x.sqlite"
    {**crafted.REFUSED, **crafted.ANY}[sys.argv[1]](path)
    before = peak()
    crafted.outcome(path)
    print(peak() - before)
"""


@pytest.mark.parametrize(
    "name", ["a view of zeroblob", "a cell that is all rows", "a log without a commit", "a journal of noise"]
)
def test_little_memory_is_needed_for_one_that_is(name: str) -> None:
    root = Path(__file__).resolve().parents[3]
    done = subprocess.run([sys.executable, "-c", SMALL, name], cwd=root, capture_output=True, text=True, check=True)
    assert int(done.stdout) < 46 * 1024
