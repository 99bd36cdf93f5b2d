"""Waiting: the only place in the tests that sleeps, apart from programs that tests start (tests/test_house.py holds it)."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

T = TypeVar("T")


def eventually(so: Callable[[], T], what: str = "it never came to be", seconds: float = 60, every: float = 0.02) -> T:
    """Waits until `so()` is true and returns what it gave; the test fails with `what` if that does not happen."""
    end = time.monotonic() + seconds
    while not (found := so()):
        assert time.monotonic() < end, what
        time.sleep(every)
    return found


def pause(seconds: float) -> None:
    """Lets time pass where the passing of time is what the test is about, or that nothing happens meanwhile."""
    time.sleep(seconds)


def gone(pid: int) -> bool:
    """Whether a process has ended; nobody may have waited for it."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True
