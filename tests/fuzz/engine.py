"""Runs a target with spoiled input, many times, and keeps count of crashes, leaks and hangs."""

from __future__ import annotations

import random
import resource
import signal
import time
import traceback
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from types import FrameType

#: What takes more of the processor hangs; after ten times as long by the wall it is ended.
HANG = 1.0


class Leak(Exception):
    """A planted secret came out."""


class Hang(BaseException):
    """Ended after too long; no handler of exceptions may take it for one."""


@dataclass
class Target:
    """One reader: `turn` spoils its input with the dice, reads it and looks at what comes out."""

    name: str
    this_check: Callable[[random.Random], None]
    weight: float = 1.0  # its share of a long run; the slow ones have less


@dataclass
class Score:
    """What came of a run. A failure names seed and number: see tests.soak.fuzz."""

    name: str
    seed: int
    turns: int = 0
    crashes: list[str] = field(default_factory=list)
    leaks: list[str] = field(default_factory=list)
    hangs: list[str] = field(default_factory=list)
    slowest: float = 0.0
    seconds: float = 0.0

    @property
    def failures(self) -> list[str]:
        return [*self.crashes, *self.leaks, *self.hangs]


def run(target: Target, seed: int, turns: int, most: int = 20, hang: float = HANG) -> Score:
    """`turns` of a target; ends early after `most` failures."""
    score = Score(target.name, seed)
    began = time.monotonic()
    before = signal.signal(signal.SIGALRM, _ring)
    try:
        for number in range(turns):
            _turn(target, number, score, hang)
            if len(score.failures) >= most:
                break
    finally:
        signal.signal(signal.SIGALRM, before)
        score.seconds = time.monotonic() - began
    return score


def _turn(target: Target, number: int, score: Score, hang: float) -> None:
    dice = random.Random(f"{score.seed}/{target.name}/{number}")
    started = _used()
    signal.setitimer(signal.ITIMER_REAL, hang * 10)
    try:
        target.this_check(dice)
    except Hang:
        score.hangs.append(f"{number}: did not end")
    except Leak as leak:
        score.leaks.append(f"{number}: {leak}")
    except Exception as error:
        last = traceback.extract_tb(error.__traceback__)[-1]
        score.crashes.append(f"{number}: {type(error).__name__} at {last.filename}:{last.lineno}: {str(error)[:200]}")
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
    took = _used() - started
    if took > hang:
        score.hangs.append(f"{number}: {took:.1f} s")
    score.slowest = max(score.slowest, took)
    score.turns += 1


def _used() -> float:
    """Seconds of processor time of this process: a busy machine makes nothing slow."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime


def _ring(number: int, frame: FrameType | None) -> None:
    raise Hang


def table(scores: Sequence[Score]) -> str:
    """The scores as a table for people."""
    lines = ["| reader | executions | unhandled | leaks | hangs | slowest | seconds |", "|---|---|---|---|---|---|---|"]
    rows = [
        (one.name, one.turns, len(one.crashes), len(one.leaks), len(one.hangs), one.slowest, one.seconds)
        for one in scores
    ]
    total = (
        "**total**",
        *(sum(row[at] for row in rows) for at in range(1, 5)),
        max(row[5] for row in rows),
        sum(r[6] for r in rows),
    )
    lines += [
        f"| {name} | {turns:,} | {crashes} | {leaks} | {hangs} | {slowest * 1000:.0f} ms | {seconds:.0f} |"
        for name, turns, crashes, leaks, hangs, slowest, seconds in [*rows, total]
    ]
    return "\n".join(lines)
