"""The table of faults and what each ended in: `python -m tests.soak.faults [--only NAME]`.

Runs tests/faults with the real command line and prints a row for each group; ends with 1 if one failed.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from collections import Counter
from pathlib import Path
from tempfile import TemporaryDirectory
from xml.etree import ElementTree

from tests.command import ROOT

GROUPS = {
    "test_stores": "in place of a store, or inside it",
    "test_surroundings": "home, zones, clock, streams, config, folders",
    "test_own_state": "history, state folder, disk",
}


def main() -> int:
    """Runs the groups and counts what became of their cases."""
    given = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    given.add_argument("--only", default="", help="pytest's -k")
    only = given.parse_args().only
    print(
        "| faults | cases | a known problem or a clear error, the right exit code | anything else |",
        "|---|---|---|---|",
        sep="\n",
    )
    failed = 0
    for group, about in GROUPS.items():
        found = outcomes(group, only)
        cases = found["passed"] + found["failed"]
        print(f"| {about} | {cases} | {found['passed']} | {found['failed']} |", flush=True)
        failed += found["failed"] + (cases == 0 and not only)
    return 1 if failed else 0


def outcomes(group: str, only: str) -> Counter[str]:
    """How many cases of a test file passed, failed, were skipped."""
    with TemporaryDirectory() as folder:
        record = Path(folder) / "record.xml"
        command = [sys.executable, "-m", "pytest", "-q", f"tests/faults/{group}.py", f"--junitxml={record}", "-k", only]
        command += ["-n", "0"] if only else []
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        if done.returncode:
            print(done.stdout[-3000:], file=sys.stderr)
        cases = ElementTree.parse(record).iter("testcase")
        found = Counter(_outcome(case) for case in cases)
        found["failed"] += done.returncode not in (0, 1, 5)  # pytest itself: wrong usage, interrupted; 5 is no case
        return found


def _outcome(case: ElementTree.Element) -> str:
    ends = {child.tag for child in case}
    if ends & {"failure", "error"}:
        return "failed"
    return "skipped" if "skipped" in ends else "passed"


if __name__ == "__main__":
    sys.exit(main())
