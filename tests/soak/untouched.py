"""Passes under a live writer by every sort of user: `python -m tests.soak.untouched [--count N]`; N for each store.

Prints the table in docs/reliability.md; ends with 1 if anything was touched or a writer met an error. Wants root: only
root can become somebody else.
"""

from __future__ import annotations

import argparse
import sys

from tests.faults.untouched import everything, table


def main() -> int:
    """Every looker at every kind of store."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--count", type=int, default=200)
    results = list(everything(given.parse_args().count))
    print(table(results))
    wrong = [f"{one.kind}, {one.looker}: {what}" for one in results for what in one.amiss]
    for line in wrong[:20]:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
