"""Spoiled input for every reader: `python -m tests.soak.fuzz [--count N] [--seed S] [--only NAME] [--at NUMBER]`.

N executions in all, 200,000 unless said otherwise. Prints the table in docs/reliability.md and the seed; ends with 1 after
a crash, a leak or a hang, each named by its number: with `--only NAME --at NUMBER` and the same seed it is done once more,
and its traceback shown.
"""

from __future__ import annotations

import argparse
import random
import sys

from tests.fuzz.engine import Score, run, table
from tests.fuzz.targets import made, weights


def main() -> int:
    """All readers, or one of them, or one execution of one of them."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--count", type=int, default=200_000)
    given.add_argument("--seed", type=int, default=random.SystemRandom().randrange(10**6))
    given.add_argument("--only", default="")
    given.add_argument("--at", type=int)
    chosen = given.parse_args()
    scores: list[Score] = []
    shares = weights(chosen.only)
    for target in made(chosen.only):
        if chosen.at is not None:
            target.this_check(random.Random(f"{chosen.seed}/{target.name}/{chosen.at}"))
            continue
        scores.append(run(target, chosen.seed, max(1, round(chosen.count * target.weight / shares))))
        for failure in scores[-1].failures:
            print(f"{target.name}: {failure}", file=sys.stderr, flush=True)
    if scores:
        print(table(scores), f"\nSeed {chosen.seed}.", sep="\n")
    return 1 if any(score.failures for score in scores) else 0


if __name__ == "__main__":
    sys.exit(main())
