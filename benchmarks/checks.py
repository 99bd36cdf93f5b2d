"""What a check costs, as ratios to a bare interpreter from one interleaved run.

    [OPENCLAW_BIN=FOLDER] python benchmarks/checks.py [ROUNDS]

Every command runs once a round, in turn, so that the machine's moods hit all alike; the first round is not counted.
CPU is user + system of the child and its children, as the kernel accounts for it; RSS is the child's own peak.
"""

from __future__ import annotations

import json
import os
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.command import configure, environment  # noqa: E402
from tests.openclaw_home import DAY, openclaw, put, token  # noqa: E402
from tests.receivers import web  # noqa: E402

SCRIPT = Path(sys.executable).with_name("authwatch")
OURS = [str(SCRIPT)] if SCRIPT.exists() else [sys.executable, "-m", "monitor.cli.main"]


@dataclass
class Row:
    name: str
    argv: list[str]
    home: Path
    prepare: Callable[[], None] = lambda: None


@dataclass
class Figure:
    cpu: float
    wall: float
    rss: int


LAUNCHER = """
import os, sys, time
null = os.open(os.devnull, os.O_RDWR)
while line := sys.stdin.readline():
    argv, env, cwd = eval(line)
    os.chdir(cwd)
    started = time.perf_counter()
    redirect = [(os.POSIX_SPAWN_DUP2, null, 1), (os.POSIX_SPAWN_DUP2, null, 2)]
    child = os.posix_spawn(argv[0], argv, env, file_actions=redirect)
    used = os.wait4(child, 0)[2]
    print(used.ru_utime + used.ru_stime, time.perf_counter() - started, used.ru_maxrss, flush=True)
"""


class Launcher:
    """A small process that starts the commands: a child's peak memory begins with that of who forks it."""

    def __init__(self) -> None:
        self.process = subprocess.Popen(
            [sys.executable, "-I", "-S", "-c", LAUNCHER], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )

    def run(self, row: Row) -> Figure:
        row.prepare()
        stdin, stdout = self.process.stdin, self.process.stdout
        assert stdin is not None
        assert stdout is not None
        print((row.argv, environment(row.home), str(row.home)), file=stdin, flush=True)
        cpu, wall, rss = stdout.readline().split()
        return Figure(float(cpu), float(wall), int(rss))


run = Launcher().run


def main() -> None:
    rounds = int(sys.argv[1]) if len(sys.argv) > 1 else 15
    with tempfile.TemporaryDirectory(prefix="authwatch-bench-") as folder, web() as phone:
        rows = list(commands(Path(folder), phone.url("json", "json/x")))
        for row in rows:  # each home has had its first check, and its files are past their youth
            run(row)
        time.sleep(2.2)
        for row in rows:
            run(row)
        time.sleep(2.2)
        figures: dict[str, list[Figure]] = {row.name: [] for row in rows}
        for turn in range(rounds + 1):
            for row in rows:
                figure = run(row)
                if turn:
                    figures[row.name].append(figure)
    report(figures)


def commands(folder: Path, url: str):
    bare = folder / "bare"
    bare.mkdir()
    yield Row("bare interpreter", [sys.executable, "-I", "-c", "pass"], bare)
    for name, make in STORES.items():
        for profiles in (3, 10_000):
            home = folder / f"{name}-{profiles}".replace(" ", "-")
            home.mkdir()
            make(home, profiles)
            yield Row(f"gate, {name}, {profiles} profiles", [*OURS, "check"], home)
    for what, profiles in (
        ("full check, no change", 3),
        ("full check, no change", 10_000),
        ("a change", 3),
        ("a change and a message", 3),
    ):
        home = folder / f"{what}-{profiles}".replace(" ", "-").replace(",", "")
        home.mkdir()
        json_store(home, profiles)
        if "message" in what:
            configure(
                home, f"alerts: {{deadline: 10s, settle: 0s}}\nchannels: {{x: {{url: '{url}', at_least: soon}}}}\n"
            )
        yield Row(f"{what}, {profiles} profiles", [*OURS, "check"], home, changer(home, what, profiles))
    yield from openclaw_itself(folder)


def openclaw_itself(folder: Path):
    """The real thing on the same store, where $OPENCLAW_BIN names the folder of its programs."""
    programs = os.environ.get("OPENCLAW_BIN")
    if not programs:
        return
    home = folder / "openclaw"
    home.mkdir()
    closed_database(home, 3)
    path = f"{programs}:{os.environ['PATH']}"
    status = ["models", "status", "--check"]
    yield Row("openclaw models status --check, 3 profiles", ["/usr/bin/env", f"PATH={path}", "openclaw", *status], home)
    yield Row("authwatch models status --check, 3 profiles", [*OURS, *status], home)


def changer(home: Path, what: str, profiles: int) -> Callable[[], None]:
    turns = iter(range(1_000_000))

    def touch() -> None:
        path = home / ".openclaw/agents/main/agent/auth-profiles.json"
        os.utime(path, (time.time() - 3600, time.time() - 3600 + next(turns)))

    def change() -> None:
        this_check = next(turns)
        ends = DAY * (2 if this_check % 2 else 100) if "message" in what else DAY * (100 + this_check)
        json_store(home, profiles, ends, f"tok-{this_check}")

    return touch if "no change" in what else change


def json_store(home: Path, profiles: int, ends: float = 100 * DAY, secret: str = "tok") -> None:
    openclaw(
        home,
        {
            f"anthropic:p{at}": token(ends_in=ends if at == 0 else 100 * DAY, secret=f"{secret}{at}")
            for at in range(profiles)
        },
        age=3600,
    )


def closed_database(home: Path, profiles: int) -> None:
    database(home, profiles).close()
    age(home)


def live_database(home: Path, profiles: int) -> None:
    owner = database(home, 0)
    owner.execute("PRAGMA wal_autocheckpoint=0")
    fill(owner, profiles)
    OPEN.append(owner)
    age(home)


OPEN: list[sqlite3.Connection] = []


def database(home: Path, profiles: int) -> sqlite3.Connection:
    path = home / ".openclaw/state/openclaw.sqlite"
    path.parent.mkdir(parents=True)
    put(
        home / ".openclaw/openclaw.json",
        '{"agents": {"defaults": {"model": {"primary": "anthropic/claude-sonnet-4-6"}}}}',
    )
    owner = sqlite3.connect(path, isolation_level=None)
    owner.execute("PRAGMA journal_mode=WAL")
    owner.execute(
        "CREATE TABLE config_machine_state (state_key TEXT NOT NULL PRIMARY KEY, value_json TEXT NOT NULL,"
        " updated_at_ms INTEGER NOT NULL) STRICT"
    )
    owner.execute("INSERT INTO config_machine_state VALUES ('auth.sharedStore', '{\"location\":\"state-db\"}', 1)")
    fill(owner, profiles)
    return owner


def fill(owner: sqlite3.Connection, profiles: int) -> None:
    found = {f"anthropic:p{at}": token(ends_in=100 * DAY, secret=f"tok{at}") for at in range(profiles)}
    owner.execute(
        "INSERT OR REPLACE INTO config_machine_state VALUES ('authProfiles.store', ?, 1)",
        (json.dumps({"version": 1, "profiles": found}),),
    )


def age(home: Path) -> None:
    then = time.time() - 3600
    for path in (home / ".openclaw/state").iterdir():
        os.utime(path, (then, then))


STORES = {"JSON": json_store, "SQLite": closed_database, "SQLite with a live WAL": live_database}


def report(figures: dict[str, list[Figure]]) -> None:
    bare = statistics.median(one.cpu for one in figures["bare interpreter"])
    print("| command | x bare CPU | CPU ms | wall ms | peak RSS MiB |")
    print("|---|---|---|---|---|")
    for name, found in figures.items():
        cpu = statistics.median(one.cpu for one in found)
        wall = statistics.median(one.wall for one in found)
        rss = max(one.rss for one in found) / 1024
        print(f"| {name} | {cpu / bare:.1f} | {cpu * 1000:.1f} | {wall * 1000:.1f} | {rss:.0f} |")


if __name__ == "__main__":
    main()
