"""Seeded outages of one channel, months of them in minutes: `python -m tests.soak.outages [--count N] [--seed S]`.

Prints rows of the table in docs/reliability.md; ends with 1 if a guarantee did not hold.
"""

from __future__ import annotations

import argparse
import sys
from datetime import timedelta

from tests.alerts.drive import Drive
from tests.alerts.outage import FAULTS, MAIL, SPANS, Tale, tale
from tests.alerts.world import DAY, START, Fate, login, now

HEAD = (
    "| outage | schedules | with news during it | up to date after: refused | rate limited | no answer | reported as failing "
    "| broken guarantees |\n|---|---|---|---|---|---|---|---|"
)


def row(name: str, tales: list[Tale]) -> str:
    """One length of outage; the longest time after the return until the channel knew everything, by kind of fault."""
    lags = {fault: max((one.lag for one in tales if one.fault is fault), default=timedelta()) for fault in FAULTS}
    parts = [
        name,
        len(tales),
        sum(one.missed > 0 for one in tales),
        *(f"{lag // timedelta(minutes=1)} min" for lag in lags.values()),
        sum(one.dead_told for one in tales),
        sum(bool(one.faults) for one in tales),
    ]
    return f"| {' | '.join(map(str, parts))} |"


def copies() -> int:
    """How many copies of one notification a receiver gets in three days that hears everything and always answers too late."""
    drive = Drive((MAIL,), lines={"mail": lambda at: Fate.HEARD_LATE})
    drive.see(now(login=login(0)))
    drive.run_to(START + 3 * DAY)
    return len(drive.heard("mail"))


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=200, help="schedules for each length")
    options.add_argument("--seed", type=int, default=0, help="of the first schedule")
    given = options.parse_args()
    print(HEAD, flush=True)
    faults = []
    for name, span in SPANS.items():
        tales = [tale(seed, span) for seed in range(given.seed, given.seed + given.count)]
        print(row(name, tales), flush=True)
        faults += [f"{name}, seed {seed}: {one.faults}" for seed, one in enumerate(tales, given.seed) if one.faults]
    print(f"\nA receiver that always answers too late got {copies()} copies in 3 days.")
    print(*faults, sep="\n", file=sys.stderr)
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
