"""Databases read by their format, against the real SQLite: `python -m tests.soak.databases [--count N] [--seed S]`.

N random databases (1,900 unless said otherwise), ten times as many looks under live writers, and as many damaged ones twice
over. Prints the table in docs/reliability.md and the seed; ends with 1 if an answer differed, was torn, or took too long.
"""

from __future__ import annotations

import argparse
import random
import shutil
import sys
import tempfile
import traceback
from collections import Counter
from pathlib import Path

from tests.fuzz.targets import MEMORY
from tests.system.sqlite_file.crafted import mutated, outcome, whole
from tests.system.sqlite_file.live import MODES, killed, watch
from tests.system.sqlite_file.made import Made, differences

KILLS = 80


def main() -> int:
    """All four parts."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--count", type=int, default=1900)
    given.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    chosen = given.parse_args()
    print("| what | how often | held |\n|---|---|---|")
    wrong = oracle(chosen.seed, chosen.count)
    wrong += damage(chosen.seed, 2 * chosen.count)
    wrong += live(10 * chosen.count)
    wrong += kills(chosen.seed, min(KILLS, chosen.count))
    print(f"\nSeed {chosen.seed}.")
    for line in wrong[:20]:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


def oracle(seed: int, count: int) -> list[str]:
    """Random databases, all of whose rows SQLite reads the same way."""
    wrong = []
    for number in range(count):
        with tempfile.TemporaryDirectory(prefix="authwatch-soak-", dir=MEMORY) as folder:
            made = Made(Path(folder) / "made.sqlite", random.Random(f"{seed}/{number}"))
            try:
                wrong += [f"{number}: {one}" for one in differences(made)]
            except Exception:
                wrong.append(f"{number}: {traceback.format_exc(limit=-2)}")
            made.owner.close()
    print(f"| random databases equal to SQLite's answer | {count:,} | {count - len(wrong):,} |", flush=True)
    return wrong


def damage(seed: int, count: int) -> list[str]:
    """Damaged databases, logs, journals and indexes of logs."""
    wrong, seen = [], Counter[str]()
    for number in range(0, count, 20):
        dice = random.Random(f"{seed}/damaged/{number}")
        with tempfile.TemporaryDirectory(prefix="authwatch-soak-", dir=MEMORY) as folder:
            path, kept = Path(folder) / "x.sqlite", Path(folder) / "kept"
            made = Made(path, dice)
            kept.mkdir()
            for one in Path(folder).glob("x.sqlite*"):
                shutil.copyfile(one, kept / one.name)
            made.owner.close()
            for turn in range(20):
                for one in Path(folder).glob("x.sqlite*"):
                    one.unlink()
                for one in kept.iterdir():
                    shutil.copyfile(one, Path(folder) / one.name)
                mutated(path, dice)
                try:
                    seen[outcome(path, whole)] += 1
                except Exception:
                    wrong.append(f"damaged {number + turn}: {traceback.format_exc(limit=-2)}")
    notified = ", ".join(f"{name} {times:,}" for name, times in seen.most_common())
    print(f"| damaged ones answered or refused in time | {seen.total() + len(wrong):,} | {notified} |", flush=True)
    return wrong


def live(looks: int) -> list[str]:
    """Looks while a program writes without a pause, and at a human speed."""
    wrong = []
    for mode in MODES:
        for pause in (0.0, 0.02):
            score = watch(mode, max(1, looks // len(MODES) // 2), pause)
            what = f"{mode}, {'never pausing' if pause == 0 else '50 commits a second'}"
            notified = f"{score.torn} torn, {score.share:.1%} locked, {score.written:,} commits meanwhile"
            print(f"| reads beside a live writer: {what} | {score.answers + score.locked:,} | {notified} |", flush=True)
            if score.torn or score.share > 0.35:
                wrong.append(f"{what}: {notified}")
    return wrong


def kills(seed: int, count: int) -> list[str]:
    """Writers killed at some moment; our answer is that of SQLite's own recovery."""
    modes = [mode for mode in MODES if mode != "memory"]
    found = [killed(modes[at % len(modes)], random.Random(f"{seed}/killed/{at}")) for at in range(count)]
    wrong = [one for one in found if one]
    print(
        f"| writers killed with SIGKILL, equal to SQLite's recovery | {count:,} | {count - len(wrong):,} |", flush=True
    )
    return wrong


if __name__ == "__main__":
    sys.exit(main())
