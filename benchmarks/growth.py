"""What a command costs when one thing in a home grows, as ratios to a bare interpreter from one interleaved run.

    python benchmarks/growth.py [COMMAND …] [--sizes 1000,4000,16000] [--only WORDS]

COMMAND is `status` unless given, for example `check`, `status --json` or `models status --check`. The last column is how
many times the last size costs of the one before it, what an empty home costs taken off: linear is the ratio of sizes.
"""

from __future__ import annotations

import argparse
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.command import argv, environment  # noqa: E402
from tests.growth import SHAPES, Shape  # noqa: E402

BARE = [sys.executable, "-I", "-c", "pass"]


def cpu(words: list[str], home: Path, variables: dict[str, str]) -> float:
    child = subprocess.Popen(
        words, env=environment(home, variables), cwd=home, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    used = os.wait4(child.pid, 0)[2]
    child.returncode = 0
    return used.ru_utime + used.ru_stime


def row(name: str, make: Shape, words: list[str], sizes: list[int], bare: list[float]) -> None:
    figures = []
    for size in (0, *sizes):
        with tempfile.TemporaryDirectory(prefix="authwatch-growth-") as folder:
            home = Path(folder)
            variables = make(home, size) or {}
            bare.append(cpu(BARE, home, {}))
            figures.append(cpu(argv(*words), home, variables))
    unit = statistics.median(bare)
    empty, *grown = figures
    last = (grown[-1] - empty) / max(grown[-2] - empty, unit)
    print(f"| {name} | {' | '.join(f'{one / unit:.0f}' for one in grown)} | {last:.1f} |", flush=True)


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--sizes", default="1000,4000,16000")
    parser.add_argument("--only", default="")
    given, words = parser.parse_known_args()
    sizes = [int(size) for size in given.sizes.split(",")]
    print(f"| what grows | {' | '.join(f'{size:,}' for size in sizes)} | last step |")
    print("|---|" + "---|" * (len(sizes) + 1))
    bare: list[float] = []
    for name, make in SHAPES.items():
        if given.only in name:
            row(name, make, words or ["status"], sizes, bare)


if __name__ == "__main__":
    main()
