"""Three processes at once on one history: `python -m tests.soak.races [--count N]`; N changes, 300 unless said otherwise.

Prints the table in docs/reliability.md; ends with 1 if a change was lost or repeated, or if an error surfaced.
"""

from __future__ import annotations

import argparse
import sys

from tests.faults.races import RACERS, race, table, write


def main() -> int:
    """Races once with whole checks and once with bare transactions."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--count", type=int, default=300)
    count = given.parse_args().count
    result = race(turns=max(2, count // RACERS // 2 * 2))
    wanted, kept, errors = write(turns=max(1, count // RACERS))
    print(table([result]))
    print(f"\nThe same without the lock of the check: {kept} of {wanted} transactions kept, {len(errors)} errors.")
    wrong = [*result.amiss, *errors, *([] if kept == wanted else [f"{kept} of {wanted} kept"])]
    for line in wrong[:20]:
        print(line, file=sys.stderr)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
