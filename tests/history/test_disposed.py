"""No command leaves a connection to the history open: the last one out folds the write-ahead log in."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import configure, environment
from tests.openclaw_home import DAY, openclaw, token

#: Runs a command without the collector of cycles, which would close what nobody did, and tells what is open at its end.
PROBE = """
import atexit, gc, json, os, runpy, sys
gc.disable()
def tell():
    there = [os.readlink(f"/proc/self/fd/{n}") for n in os.listdir("/proc/self/fd") if os.path.exists(f"/proc/self/fd/{n}")]
    with open(os.environ["AW_OPEN"], "w") as file:
        json.dump({"open": [one for one in there if "history.sqlite" in one], "used": "sqlalchemy" in sys.modules}, file)
leave = os._exit
os._exit = lambda code: (tell(), leave(code))
atexit.register(tell)
sys.argv[0] = "authwatch"
runpy.run_module("monitor.cli.main", run_name="__main__")
"""

COMMANDS = [
    "check",
    "status --probe",
    "alerts list",
    "alerts simulate",
    "alerts silence provider=anthropic --for 1h",
    "history",
    "explain openclaw/main/anthropic:default",
    "doctor",
    "history adopt",
]


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_closes_what_it_opened(tmp_path: Path, words: str) -> None:
    openclaw(tmp_path, {"anthropic:default": token(ends_in=2 * DAY)})
    configure(tmp_path, "channels: {phone: {url: 'json://127.0.0.1:9'}}\n")
    before = [] if words == "check" else ["check"]
    for each in (*before, words):
        command = [sys.executable, "-c", PROBE, *each.split()]
        env = environment(tmp_path, {"AW_OPEN": str(tmp_path / "open.json")})
        done = subprocess.run(command, env=env, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
        notified = json.loads((tmp_path / "open.json").read_text())
        assert notified == {"open": [], "used": True}, done.stderr
