"""Simulated years of ten accounts: `python -m tests.soak.year [--count N] [--seed S] [--days D] [--deaths]`.

Prints the tables in docs/reliability.md; `--deaths` names each death, when it was knowable and when it was told. Ends with
1 if one was told too late, or anything else was said.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Sequence
from datetime import datetime, timedelta
from pathlib import Path

from tests.year.drive import year
from tests.year.oracle import Report, Told, judged
from tests.year.world import World

SEEDS = (
    "| seed | checks | notifications | deaths | announced before | notified within | false alarms | broken guarantees |"
)
KINDS = "| account | what happens to it | deaths | announced before | notified within |"


def lived(seed: int, days: int) -> Report:
    """One year, judged by its script."""
    world = World(seed, days)
    with tempfile.TemporaryDirectory() as folder:
        return judged(world, list(year(world, Path(folder))))


def row(report: Report) -> str:
    """One year in figures."""
    wrong = sum(fault.startswith(("false", "of ")) for fault in report.faults)
    parts = (
        report.world.seed,
        report.world.checks,
        len(report.heard),
        *_deaths(report.notified),
        wrong,
        len(report.faults),
    )
    return f"| {' | '.join(map(str, parts))} |"


def kinds(reports: Sequence[Report]) -> str:
    """The deaths of all years by account and what happened to it."""
    found: dict[tuple[str, str], list[Told]] = defaultdict(list)
    for report in reports:
        for notified in report.notified:
            found[notified.account.name, notified.death.what].append(notified)
    rows = [f"| {' | '.join(map(str, (*names, *_deaths(deaths))))} |" for names, deaths in sorted(found.items())]
    calm = {one.name for report in reports for one in report.world.accounts} - {name for name, _ in found}
    rows += [f"| {name} | stays valid | 0 | | |" for name in sorted(calm)]
    return "\n".join([KINDS, "|---|---|---|---|---|", *rows])


def _deaths(deaths: Sequence[Told]) -> tuple[int, int, str]:
    latest = max((notified.late for notified in deaths if notified.late is not None), default=timedelta())
    untold = sum(notified.late is None for notified in deaths)
    words = f"{latest / timedelta(minutes=1):.0f} min" + (f", {untold} never" if untold else "")
    return len(deaths), sum(notified.warned is not None for notified in deaths), words


def each(report: Report) -> str:
    """Every death of a year."""

    def at(moment: datetime | None) -> str:
        return f"{moment:%Y-%m-%d %H:%M}" if moment else ""

    rows = [
        f"| {one.account.name} | {one.death.what} | {at(one.death.knowable)} | {at(one.warned)} | {at(one.at)} |"
        for one in report.notified
    ]
    return "\n".join(["| account | death | knowable | warned | told |", "|---|---|---|---|---|", *rows])


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    options.add_argument("--count", type=int, default=20, help="years")
    options.add_argument("--seed", type=int, default=0, help="of the first year")
    options.add_argument("--days", type=int, default=365, help="of a year")
    options.add_argument("--deaths", action="store_true", help="name each death")
    given = options.parse_args()
    begun, reports = time.monotonic(), []
    print(SEEDS, "|---|---|---|---|---|---|---|---|", sep="\n", flush=True)
    for seed in range(given.seed, given.seed + given.count):
        reports.append(lived(seed, given.days))
        print(row(reports[-1]), flush=True)
    print(f"\n{kinds(reports)}\n\n{(time.monotonic() - begun) / given.count:.0f} s a year, history on disk.")
    if given.deaths:
        print(*(f"\nSeed {one.world.seed}:\n\n{each(one)}" for one in reports), sep="\n")
    faults = [f"seed {one.world.seed}: {fault}" for one in reports for fault in one.faults]
    print(*faults, sep="\n", file=sys.stderr)
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
