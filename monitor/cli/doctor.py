"""`authwatch doctor`: can everything that must work, work?"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

from monitor.cli.shell import Shell, common

SIGNS = {"fine": "ok", "warning": "!!", "broken": "XX"}


def arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """The options of the command."""
    common(parser)


def run(given: argparse.Namespace, shell: Shell) -> int:
    """Runs every check; 0 fine, 2 warnings, 1 broken."""
    from monitor.cli.text import visible
    from monitor.doctor import examine
    from monitor.doctor.model import Health, Patient, worst
    from monitor.sources import observe_all

    host = shell.host()
    settings = shell.settings(host)
    path = tuple(Path(part) for part in shell.environ.get("PATH", "").split(":") if part)
    findings = tuple(observe_all(host, settings.sources))
    patient = Patient(settings, host, shell.state(settings), findings, shell.now(), path)
    results = list(examine(patient))
    if given.json:
        shell.say(json.dumps({"schema": 1, "results": [asdict(result) for result in results]}, indent=1))
        return worst(results)
    for result in results:
        shell.say(visible(f"{SIGNS[result.health]}  {result.check:<13} {result.what}"))
        if result.health is not Health.FINE:
            if result.why:
                shell.say(visible(f"                  why: {result.why}"))
            if result.mend:
                shell.say(visible(f"                  do:  {result.mend}"))
    return worst(results)
