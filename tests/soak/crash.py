"""SIGKILL at every point of every scene, or at a part of them: `python -m tests.soak.crash [--count N] [--seed S] [--scene NAME]`.

Prints rows of the table in docs/reliability.md; ends with 1 if a guarantee did not hold.
"""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.alerts.crash.killing import Scene, scene
from tests.alerts.crash.stage import SCENES
from tests.warm import Line

HEAD = "| killed check | points | killed at | lost | sent twice | more than twice | wrong state |"


@dataclass
class Tally:
    """What came of killing one scene's check at many points."""

    name: str
    points: int = 0
    killed: int = 0
    twice: int = 0
    faults: list[str] = field(default_factory=list)

    @property
    def row(self) -> str:
        lost = sum("lost" in one for one in self.faults)
        often = sum("heard" in one or "never true" in one for one in self.faults)
        return (
            f"| {self.name} | {self.points} | {self.killed} | {lost} | {self.twice} | {often} "
            f"| {len(self.faults) - lost - often} |"
        )


def kill_all(set_scene: Scene, name: str, points: Sequence[str]) -> Tally:
    """Kills the scene's check at each of the points."""
    tally = Tally(name, len(set_scene.points))
    for point in points:
        tally.faults += [f"{name}, {point}: {fault}" for fault in set_scene.play(point)]
        tally.killed += 1
        tally.twice += any(set_scene.got[items] > times for items, times in set_scene.expected.items())
    return tally


def run(line: Line, scenes: Sequence[str], count: int, seed: int) -> list[Tally]:
    """These scenes, killed at `count` points chosen by `seed` (0: at all)."""
    tallies = []
    with tempfile.TemporaryDirectory(prefix="crash-") as folder:
        for name in scenes:
            with scene(line, Path(folder) / "home", name) as one:
                points = list(one.points)
                if count:
                    points = random.Random(seed).sample(points, min(count, len(points)))
                tallies.append(kill_all(one, name, points))
                print(tallies[-1].row, flush=True)
    return tallies


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=0, help="points for each scene; 0: all")
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--scene", action="append", choices=SCENES, help="only this one")
    given = options.parse_args()
    print(HEAD, "|---|---|---|---|---|---|---|", sep="\n", flush=True)
    tallies = run(Line(), given.scene or list(SCENES), given.count, given.seed)
    faults = [fault for one in tallies for fault in one.faults]
    print(*faults, sep="\n", file=sys.stderr)
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
