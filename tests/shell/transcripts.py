"""What in_systemd.sh saw, as docs/systemd.md shows it: a column of the table, and what commands said.

python -m tests.shell.transcripts FOLDER    prints both, for a folder that in_systemd.sh filled
"""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Callable
from pathlib import Path

#: The steps whose words the page shows.
SHOWN = ("timer", "changed", "uninstall", "system", "system-uninstall")

Step = Callable[[str], str]


def facts(step: Step) -> dict[str, str]:
    """The rows of the table: what was tried, and what came of it. `step` gives the output of a step."""

    def shown(name: str) -> dict[str, str]:
        return dict(line.split("=", 1) for line in step(name).splitlines())

    def fired(name: str) -> str:
        return f"{shown(name)['Result']}, exit {shown(name)['ExecMainStatus']}"

    (profile,) = json.loads(step("system-status"))["profiles"]
    after, before = map(int, step("caught-up").split())
    levels = re.findall(r"exposure level for \S+: ([\d.]+)", step("overall") + step("system-daemon-overall"))
    return {
        "systemd": step("version").splitlines()[0].split("(")[1].rstrip(")"),
        "the user's timer fires on a login that has ended": fired("fired"),
        "the machine's timer fires on a login that has ended": fired("system-fired"),
        "a login that lies in the `-wal` of a live process alone": profile["state"],
        "state of the machine's unit": " ".join(
            step("system-state").splitlines()[0].replace("/home/tester", "~").split()
        ),
        "the program is gone: unit, `on-failure`": f"{shown('broken')['ActiveState']}, "
        f"ran {step('hook').count('the hook was told of authwatch-check.service')}×",
        "the same of the machine's unit": f"{shown('system-broken')['ActiveState']}, "
        f"ran {step('system-hook').count('the hook was told of')}×",
        "a daemon that hangs": f"{shown('watchdog')['NRestarts']} restart, {shown('watchdog')['ActiveState']}",
        "a daily timer after three days of sleep": "at once" if after > before else "later",
        "`systemd-analyze verify --recursive-errors=yes`": (step("verify") + step("system-verify")).strip() or "clean",
        "exposure of the machine's units: check, failure, daemon": ", ".join(levels),
        "left after `uninstall`": (step("units-left") + step("system-left")).strip() or "nothing",
    }


def said(text: str) -> str:
    """What a command said, without what differs from run to run."""
    text = re.sub(r"(every) \d+ (?:s|min)", r"\1 5 min", text)
    text = re.sub(r"(next check) .*", r"\1 MOMENT", text)
    text = re.sub(r"(?:~|/home/tester)/my \$HOME %h \"state\" \\n/authwatch", "~/.local/state/authwatch", text)
    text = re.sub(r", (?:~|/home/tester)/my configs/\S+ \S+\.yaml", "", text)
    return text.replace("/home/tester", "~").replace("tester", "alice").strip()


def column(page: str, number: int) -> dict[str, str]:
    """A column of the page's table, the first beside the names is 1."""
    rows = [line.strip("| ").split(" | ") for line in page.split("| Debian 12 |")[1].splitlines()[2:]]
    return {row[0]: row[number] for row in rows}


def transcript(page: str, name: str) -> str:
    """What the page lets a command say, after the command itself."""
    found = re.search(rf"<!-- step {name} -->\n```console\n\$ [^\n]*\n(.*?)```", page, re.DOTALL)
    assert found, name
    return said(found[1])


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    for fact, what in facts(lambda name: (folder / name).read_text()).items():
        print(f"| {fact} | {what} |")
    for name in SHOWN:
        print(f"\n{name}\n{said((folder / name).read_text())}")
