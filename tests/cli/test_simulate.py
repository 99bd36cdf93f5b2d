"""`alerts simulate` says exactly what the checks of the coming days will say."""

from __future__ import annotations

import json
import random
import re
import sqlite3
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.command import authwatch, configure, state
from tests.inbox import Receiver
from tests.openclaw_home import DAY, HOUR, oauth, openclaw, token
from tests.receivers import web
from tests.warm import Line

INTERVAL = timedelta(hours=3)
SPAN = timedelta(days=8)
Said = tuple[datetime, str, str, str]


#: Three worlds, and as many more.
SEEDS = (0, 1, 2, *(pytest.param(seed, marks=pytest.mark.slow) for seed in (3, 4, 5)))


@pytest.fixture(scope="module")
def there():
    with web() as one:
        yield one


def world(home: Path, there: Receiver, seed: int) -> None:
    """Logins that end at odd moments, two channels that care for different things, and odd hours of rest."""
    pick = random.Random(seed)

    def ends() -> float:
        return pick.uniform(-2 * DAY, 14 * DAY)

    profiles = {f"p{n}:x": token(f"p{n}", ends(), f"tok-FAKESECRET-{n}") for n in range(pick.randint(1, 3))}
    profiles["openai:r"] = oauth(pick.uniform(-DAY, DAY), provider="openai")
    openclaw(home, {"anthropic:a": token(ends_in=ends()), **profiles})
    if pick.random() < 0.5:
        openclaw(home, {"anthropic:a": token(ends_in=ends(), secret="tok-FAKESECRET-w")}, agent="work")
    quiet = 'quiet: {from: "22:00", to: "07:30", timezone: Europe/Stockholm}'
    alerts = [f"remind: [{pick.choice(['1d', '2d', '26h'])}, 4d]"]
    alerts += [quiet] if pick.random() < 0.5 else []
    alerts += ["digest: weekly"] if pick.random() < 0.5 else []
    canary = ", canary: 4d" if pick.random() < 0.5 else ""
    configure(
        home,
        f"host: box\ninterval: {INTERVAL.seconds}s\nalerts: {{deadline: 20s, {', '.join(alerts)}}}\nchannels:\n"
        f"  phone: {{url: '{there.url('json', 'json/phone')}', at_least: info{canary}}}\n"
        f"  mail: {{url: '{there.url('json', 'json/mail')}', at_least: now, match: {{agent: main}}}}\n",
    )


def planned(line: Line, home: Path, at: datetime) -> list[Said]:
    """What a simulation says at a moment, up to the end of the span."""
    done = line.run(home, "alerts", "simulate", "--in", f"{int(SPAN.total_seconds())}s", "--json", at=at)
    assert done.code == 0, done.err
    return sorted(
        (datetime.fromisoformat(message["at"]), message["channel"], news["key"], news["reason"])
        for message in done.json["messages"]
        for news in message["news"]
    )


def really(home: Path, begin: datetime, after: int = 0) -> list[Said]:
    """What the log of the deliveries says was told, at the moments of the checks."""
    with closing(sqlite3.connect(state(home) / "history.sqlite")) as db:
        rows = db.execute("SELECT at, channel, key, reason, outcome FROM deliveries WHERE id > ?", (after,)).fetchall()
    assert {row[4] for row in rows} <= {"delivered"}
    return sorted(
        (begin + (datetime.fromisoformat(at) - begin) // INTERVAL * INTERVAL, channel, key, reason)
        for at, channel, key, reason, _ in rows
    )


@pytest.mark.parametrize("seed", SEEDS)
def test_the_simulation_equals_the_real_run(tmp_path, line, there, seed):
    begin = datetime.now(UTC).replace(microsecond=0)
    world(tmp_path, there, seed)
    before = planned(line, tmp_path, begin)
    assert not (state(tmp_path) / "history.sqlite").exists(), "a simulation writes nothing"
    for step in range(SPAN // INTERVAL + 1):
        assert line.run(tmp_path, "check", at=begin + step * INTERVAL).code in (0, 1, 2)
    assert really(tmp_path, begin) == before
    assert before, f"seed {seed} is no test at all"


@pytest.mark.parametrize("seed", [0, 3])
def test_from_the_middle_with_a_memory_and_people_who_hushed_something(tmp_path, line, there, seed):
    begin = datetime.now(UTC).replace(microsecond=0)
    world(tmp_path, there, seed)
    for step in range(8):
        line.run(tmp_path, "check", at=begin + step * INTERVAL)
    middle = begin + 8 * INTERVAL
    line.run(tmp_path, "alerts", "silence", "agent=main", "--for", "3d", at=middle)
    with closing(sqlite3.connect(state(tmp_path) / "history.sqlite")) as db:
        (last,) = db.execute("SELECT max(id) FROM deliveries").fetchone()
    plan = planned(line, tmp_path, middle)
    kept = (state(tmp_path) / "history.sqlite").read_bytes()
    assert planned(line, tmp_path, middle) == plan
    assert (state(tmp_path) / "history.sqlite").read_bytes() == kept
    for step in range(SPAN // INTERVAL + 1):
        line.run(tmp_path, "check", at=middle + step * INTERVAL)
    assert really(tmp_path, middle, last or 0) == plan


@pytest.mark.parametrize("seed", SEEDS)
def test_the_page_and_the_list_name_the_first_message_of_the_simulation(tmp_path, line, there, seed):
    """For each alert, or none where the simulation has none; whatever is silenced, acknowledged or kept for the morning."""
    begin = datetime.now(UTC).replace(microsecond=0) + timedelta(days=6)
    pick = random.Random(seed)
    world(tmp_path, there, seed)
    line.run(tmp_path, "check", at=begin)
    if seed % 2:
        line.run(tmp_path, "alerts", "silence", "agent=main", "--for", f"{pick.randint(5, 99)}h", at=begin)
    for row in line.run(tmp_path, "alerts", "list", "--json", at=begin).json["alerts"]:
        if row["level"] != "fine" and pick.random() < 0.4:
            until = ["--for", f"{pick.randint(5, 99)}h"] if pick.random() < 0.5 else []
            line.run(tmp_path, "alerts", "ack", row["key"], *until, at=begin)
    at = begin + INTERVAL
    line.run(tmp_path, "check", at=at)
    done = line.run(tmp_path, "alerts", "simulate", "--in", "31d", "--json", at=at)
    first: dict[str, tuple[str, str, str]] = {}
    for message in done.json["messages"]:
        for news in message["news"]:
            first.setdefault(news["key"], (message["at"], news["reason"], message["channel"]))
    page = json.loads((state(tmp_path) / "page.json").read_text())["alerts"]
    listed = line.run(tmp_path, "alerts", "list", "--json", at=at).json["alerts"]
    for rows in (page, [row for row in listed if row["level"] != "fine"]):
        assert {row["key"]: row["next"] and tuple(row["next"].values()) for row in rows} == {
            row["key"]: first.get(row["key"]) for row in rows
        }
    assert page, f"seed {seed} is no test at all"


def test_it_reads_like_a_plan(tmp_path, there):
    openclaw(tmp_path, {"anthropic:default": token(ends_in=9 * DAY + HOUR)})
    configure(
        tmp_path,
        f"host: box\ntimezone: Asia/Tokyo\nchannels:\n  phone: {{url: '{there.url('json', 'json/phone')}'}}\n",
    )
    before = len(there.received)
    done = authwatch(tmp_path, "alerts", "simulate", "--in", "27d")
    assert done.code == 0, done.err
    lines = done.out.splitlines()
    assert lines[0] == "Notifications in the next 27 days if nothing changes:"
    assert all(len(line) <= 80 for line in lines)
    assert re.findall(r"\((new|worse|reminder)\)", done.out)[:5] == ["new", "worse", "worse", "worse", "reminder"]
    moments = [
        datetime.strptime(found, "%a %d %b %Y, %H:%M JST")
        for found in re.findall(r"^\w{3} .*JST", done.out, re.MULTILINE)
    ]
    assert moments == sorted(moments)
    assert len(there.received) == before, "nothing is sent"
    assert not state(tmp_path).exists()


def test_without_a_channel_it_says_so(tmp_path):
    done = authwatch(tmp_path, "alerts", "simulate")
    assert (done.code, "authwatch onboard" in done.out) == (0, True)


def test_with_nothing_to_say_it_says_so(tmp_path, there):
    configure(tmp_path, f"channels:\n  phone: {{url: '{there.url('json', 'json/phone')}'}}\n")
    assert "No notifications expected" in authwatch(tmp_path, "alerts", "simulate").out
