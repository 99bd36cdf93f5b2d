"""Which modules each command may load: imports are nearly all of its cost, and this is deterministic where time is not."""

from __future__ import annotations

import json
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.command import configure, environment
from tests.openclaw_home import DAY, openclaw, token

HEAVY = {
    "alembic",
    "apprise",
    "apscheduler",
    "asyncio",
    "email",
    "http",
    "importlib.metadata",
    "jinja2",
    "json5",
    "prometheus_client",
    "requests",
    "rich",
    "sqlalchemy",
    "ssl",
    "urllib3",
    "waitress",
    "yaml",
}

#: What a check may load when the gate stops it: everything of ours and beyond a bare interpreter, named one by one.
GATE = {
    "monitor",
    "monitor.cli",
    "monitor.cli.main",
    "monitor.check.gate",
    "hashlib",
    "_hashlib",
    "_blake2",
    "__future__",
}

HISTORY = {"sqlalchemy", "asyncio", "email", "importlib.metadata", "ssl"}

#: The heavy ones that a command may load beyond those that `status` needs none of.
ALLOWED = {
    ("--help",): set(),
    ("--version",): set(),
    ("config", "schema"): {"yaml"},
    ("models", "status"): set(),
    ("status",): HISTORY,
    ("check",): HISTORY,
    ("history",): HISTORY,
}

PROBE = """
import atexit, json, os, sys
def tell():
    with open(os.environ["AW_LOADED"], "w") as file:
        json.dump(sorted(set(sys.modules) - BARE), file)
leave = os._exit
os._exit = lambda code: (tell(), leave(code))
BARE = set(sys.modules)
import runpy
sys.argv[0] = "authwatch"
runpy.run_module("monitor.cli.main", run_name="__main__")
"""


def loaded(home: Path, *words: str) -> set[str]:
    """The modules that a run of a command loaded."""
    report = home / "loaded.json"
    command = [sys.executable, "-c", PROBE, *words]
    env = environment(home, {"AW_LOADED": str(report)})
    subprocess.run(command, env=env, cwd=home, capture_output=True, timeout=60, check=False)
    return set(json.loads(report.read_text()))


@pytest.mark.parametrize("words", ALLOWED, ids=" ".join)
def test_a_command_loads_no_heavy_library_that_it_does_not_need(tmp_path, words):
    openclaw(tmp_path, {"anthropic:default": token(ends_in=2 * DAY)})
    roots = loaded(tmp_path, *words)
    assert HEAVY & roots - ALLOWED[words] == set()


@pytest.mark.parametrize("config", ["", "state: ~/elsewhere\n"], ids=["defaults", "another state folder"])
def test_a_pass_that_stops_at_the_gate_loads_next_to_nothing(tmp_path, config):
    if config:
        configure(tmp_path, config)
    openclaw(tmp_path, {"anthropic:default": token(ends_in=2 * DAY)})
    loaded(tmp_path, "check")
    time.sleep(2.1)
    loaded(tmp_path, "check")
    found = loaded(tmp_path, "check")
    assert "monitor.check.run" not in found, "the gate did not stop the check"
    ours = {name for name in found if name.split(".")[0] in ("monitor", "alerts")}
    assert ours <= GATE
    assert not HEAVY & found
    assert "sqlite3" not in found
    assert "argparse" not in found
