"""Three processes at once on one history: every change recorded once, every condition told once, no error seen.

Each racer owns an agent's store. It writes a change, runs a check to its end, and writes the next: an even change adds a
login that is fine, an odd one lets it expire. A check of another racer may see the change first; nobody may see it twice.
"""

from __future__ import annotations

import itertools
import json
import multiprocessing
import sqlite3
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from tests.command import authwatch, configure, state
from tests.openclaw_home import DAY, HOUR, openclaw, put, token
from tests.receivers import web

RACERS = 3
CHANNELS = ("phone", "mail")
CODES = (0, 1)


@dataclass(frozen=True)
class Result:
    """What came of a race: `wanted` changes, those `recorded`, how often each condition was told on each channel."""

    wanted: int
    recorded: int
    told: Counter[tuple[str, str]]
    expected: frozenset[tuple[str, str]]
    errors: tuple[str, ...]
    seconds: float

    @property
    def amiss(self) -> list[str]:
        """Everything that should not be so, in words."""
        found = [f"{self.recorded} of {self.wanted} changes recorded"] if self.recorded != self.wanted else []
        found += [f"{key} told {count} times on {channel}" for (channel, key), count in self.told.items() if count != 1]
        found += [f"{key} not told on {channel}" for channel, key in sorted(self.expected - set(self.told))]
        return [*found, *self.errors]


@dataclass
class _Racer:
    """One process with its own agent's store in the common home."""

    home: Path
    name: str
    turns: int
    errors: list[str] = field(default_factory=list)

    def run(self) -> list[str]:
        profiles: dict[str, Any] = {}
        for turn in range(self.turns):
            number = turn // 2
            ends_in = 300 * DAY if turn % 2 == 0 else -HOUR
            # Each of another provider: a login that another could replace would be told of again when that one goes.
            one = token(f"provider{number}", ends_in, secret=f"tok-FAKESECRET-{self.name}-{number}")
            profiles[profile(self.name, number)] = one
            openclaw(self.home, profiles, agent=self.name)
            self.command("check")
            if turn % 10 == 5:
                self.command("status", "--check")
        return self.errors

    def command(self, *words: str) -> None:
        done = authwatch(self.home, *words)
        if done.code not in CODES or done.err:
            self.errors.append(f"{' '.join(words)}: code {done.code}: {done.err.strip()[:300]}")


def profile(racer: str, number: int) -> str:
    return f"provider{number}:{racer}-{number:03d}"


def race(turns: int) -> Result:
    """`turns` changes by each of three processes; must be even."""
    names = [f"racer{number}" for number in range(RACERS)]
    with tempfile.TemporaryDirectory() as folder, web() as there:
        home = Path(folder)
        for name in names:
            openclaw(home, {}, agent=name)
        put(home / ".openclaw/openclaw.json", json.dumps({"agents": {"list": [{"id": name} for name in names]}}))
        lines = "".join(f"  {label}: {{url: '{there.url('json', f'json/{label}')}'}}\n" for label in CHANNELS)
        configure(home, f"host: box\nalerts: {{deadline: 50s}}\nchannels:\n{lines}")
        authwatch(home, "check")
        started = time.monotonic()
        with multiprocessing.get_context("fork").Pool(RACERS) as pool:
            errors = pool.map(_run, [(home, name, turns) for name in names])
        seconds = time.monotonic() - started
        keys = [profile(name, number) for name in names for number in range(turns // 2)]
        messages = [(one.path.rsplit("/", 1)[-1], str(one.body["message"])) for one in there.received]
        told = Counter((label, key) for label, text in messages for key in keys if key in text)
        expected = frozenset((label, key) for label in CHANNELS for key in keys)
        return Result(RACERS * turns, _recorded(home), told, expected, tuple(itertools.chain(*errors)), seconds)


def _run(given: tuple[Path, str, int]) -> list[str]:
    return _Racer(*given).run()


def _recorded(home: Path) -> int:
    database = sqlite3.connect(state(home) / "history.sqlite")
    (found,) = database.execute("SELECT count(*) FROM transitions WHERE key LIKE '%racer%'").fetchone()
    database.close()
    return int(found)


def write(turns: int) -> tuple[int, int, list[str]]:
    """The same without the lock of the check: `turns` transactions each of three processes, straight into a history.

    Gives those wanted, those kept, and errors. It is the history's own transactions that must not lose any.
    """
    with tempfile.TemporaryDirectory() as folder:
        with multiprocessing.get_context("spawn").Pool(RACERS) as pool:
            errors = pool.map(_write, [(folder, number, turns) for number in range(RACERS)])
        database = sqlite3.connect(Path(folder) / "history.sqlite")
        (rows,) = database.execute("SELECT count(*) FROM transitions").fetchone()
        (kept,) = database.execute("SELECT value FROM meta WHERE name = 'count'").fetchone()
        database.close()
        return RACERS * turns, min(int(rows), int(kept)), list(itertools.chain(*errors))


def _write(given: tuple[str, int, int]) -> list[str]:
    from alerts import store
    from monitor.history import changes, engine, known, tables
    from monitor.model import Need, State, Transition

    folder, racer, turns = given
    errors: list[str] = []
    for turn in range(turns):
        try:
            opened = engine.opened(engine.url_of(None, Path(folder)), (tables.METADATA, store.METADATA))
            with opened.begin() as db:
                # What was read must still hold when it is written back.
                known.put_meta(db, "count", (known.get_meta(db, "count") or 0) + 1)
                change = Transition(f"racer{racer}/{turn}", datetime.now(UTC), None, State.OK, Need.NO)
                changes.write(db, changes.HistoryChanges(transitions=(change,)), "key")
            opened.dispose()
        except Exception as error:
            errors.append(f"{type(error).__name__}: {error}")
    return errors


def table(results: Sequence[Result]) -> str:
    """The result as a table for people."""
    lines = [
        "| changes | recorded | conditions × channels | sent once | errors | seconds |",
        "|---|---|---|---|---|---|",
    ]
    for one in results:
        once = sum(count == 1 for count in one.told.values())
        lines.append(
            f"| {one.wanted} | {one.recorded} | {len(one.expected)} | {once} | {len(one.errors)} | {one.seconds:.0f} |"
        )
    return "\n".join(lines)
