"""Which modules each command may load: imports are nearly all of its cost, and this is deterministic where time is not."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from monitor.cli.app import COMMANDS
from tests.cli.import_limits import BENCHMARKS, FIRST, HEAVY, RUNS, prepare, prepared_homes, shown_in
from tests.command import configure, environment
from tests.openclaw_home import DAY, openclaw, put, token
from tests.polling import pause

#: What a check may load when the gate stops it: everything of ours and beyond a bare interpreter, named one by one.
GATE = {
    "monitor",
    "monitor.cli",
    "monitor.cli.main",
    "monitor.check",
    "monitor.check.gate",
    "monitor.system",  # and this only where the machine has a mount that may hang, as another test may have made
    "monitor.system.mounts",
    "hashlib",
    "_hashlib",
    "_blake2",
    "__future__",
}

#: What a check that finds its stores changed, but nothing in them, does without: 100 dataclasses cost 84 ms of CPU where
#: the same as `NamedTuple`s cost 25, since `dataclasses` loads `inspect` and compiles six functions a class.
UNCHANGED = HEAVY - {"yaml"} | {"sqlite3", "dataclasses", "inspect"}

CONFIG = """
sources: [openclaw, claude-code, codex, gemini-cli, env, gh, aws, npm, hermes, {type: manual, id: domain, expires: 2030-01-01}]
channels: {phone: {url: "json://127.0.0.1:9", match: {provider: anthropic}}}
policy: {rules: [{match: {provider: anthropic}, lead: [3d]}]}
alerts: {quiet: {from: "22:00", to: "07:00"}}
"""

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


@pytest.fixture(scope="module")
def homes(tmp_path_factory) -> dict[str, Path]:
    return prepared_homes(tmp_path_factory.mktemp("homes"))


@pytest.mark.parametrize("run", RUNS, ids=lambda run: f"{run.words}, {run.before}")
def test_a_command_loads_no_heavy_library_that_it_does_not_need(homes, tmp_path, run):
    home = homes[run.before]
    if run.before == FIRST:
        home = tmp_path
        openclaw(home, {"anthropic:default": token(ends_in=100 * DAY)})
    prepare(home, run.before, RUNS.index(run))
    assert HEAVY & loaded(home, *run.words.split()) - run.may_load == set()


def test_every_command_is_in_the_table():
    assert {run.words.split()[0] for run in RUNS} >= {*COMMANDS}


def test_the_benchmarks_show_the_table_as_it_is():
    assert shown_in(BENCHMARKS.read_text("utf-8")) == [(run.words, run.before, run.libraries) for run in RUNS]


@pytest.mark.parametrize("config", ["", "state: ~/elsewhere\n"], ids=["defaults", "another state folder"])
def test_a_check_that_stops_at_the_gate_loads_next_to_nothing(tmp_path, config):
    if config:
        configure(tmp_path, config)
    openclaw(tmp_path, {"anthropic:default": token(ends_in=2 * DAY)})
    loaded(tmp_path, "check")
    pause(2.1)
    loaded(tmp_path, "check")
    found = loaded(tmp_path, "check")
    assert "monitor.check.run" not in found, "the gate did not stop the check"
    ours = {name for name in found if name.split(".")[0] in ("monitor", "alerts")}
    assert ours <= GATE
    assert not HEAVY & found
    assert "sqlite3" not in found
    assert "argparse" not in found


def test_status_without_a_history_loads_no_database(tmp_path):
    openclaw(tmp_path, {"anthropic:default": token(ends_in=2 * DAY)})
    assert not {"sqlalchemy", "alembic", "sqlite3"} & loaded(tmp_path, "status")


def test_status_after_a_check_that_still_holds_draws_and_neither_looks_nor_judges(tmp_path):
    configure(tmp_path, "state: ~/elsewhere\n")
    openclaw(tmp_path, {"anthropic:default": token(ends_in=2 * DAY)})
    pause(2.1)
    assert "monitor.check.run" in loaded(tmp_path, "check")
    found = loaded(tmp_path, "status")
    assert not HEAVY & found
    assert (
        not {
            "monitor.check.collect",
            "monitor.system.host",
            "monitor.sources",
            "monitor.judge.judge",
            "monitor.check.read_only",
        }
        & found
    )


@pytest.mark.parametrize("config", ["", CONFIG], ids=["defaults", "a config"])
def test_a_check_whose_stores_say_the_same_loads_neither_the_history_nor_dataclasses(tmp_path, config):
    if config:
        configure(tmp_path, config)
    store = openclaw(tmp_path, {"anthropic:default": token(ends_in=2 * DAY)})
    for _ in range(2):
        loaded(tmp_path, "check")
    put(store, store.read_text())
    found = loaded(tmp_path, "check")
    assert "monitor.check.collect" in found, "the gate stopped the check"
    assert not UNCHANGED & found - of_argparse()


def of_argparse() -> set[str]:
    """What Python's own parser of the command line loads: from 3.14 on it brings `dataclasses`, for its colours."""
    code = "import argparse, sys; argparse.ArgumentParser().parse_args([]); print(*sys.modules)"
    done = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())
