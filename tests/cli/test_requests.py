"""What a person asks for while a check is running is never lost, never waits for its sends, and no gate hides it."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import timedelta
from itertools import combinations
from pathlib import Path
from typing import Any

import pytest

from alerts import memory, muting, notify, store
from alerts.model import Channel, Condition, Level
from monitor.check import gate
from monitor.history import engine
from monitor.history.tables import METADATA
from monitor.system.state_dir import StateDir
from tests.alerts.world import MINUTE, REMIND, SETTLE, START
from tests.command import authwatch, configure, started, state
from tests.openclaw_home import DAY, HOUR, openclaw, token
from tests.polling import eventually
from tests.receivers import web

KEY, GONE = "openclaw/main/anthropic:default", "openclaw/main/anthropic:gone"

# -- real processes ---------------------------------------------------------------------------------------------------


def profile(home: Path, key: str = KEY) -> dict[str, object] | None:
    found = json.loads((state(home) / "status.json").read_text())["profiles"]
    return next((one for one in found if f"{one['source']}/{one['agent']}/{one['profile']}" == key), None)


def listed(home: Path, key: str = KEY) -> list[dict[str, object]]:
    return [one for one in authwatch(home, "alerts", "list", "--json").json["alerts"] if one["key"] == key]


REQUESTS: dict[str, tuple[tuple[str, ...], Callable[[Path], bool]]] = {
    "ack": (("alerts", "ack", KEY), lambda home: profile(home)["acknowledged"] is True),
    "silence": (
        ("alerts", "silence", "profile=anthropic:default", "--for", "4h"),
        lambda home: profile(home)["silenced"] is True,
    ),
    "unsilence": (("alerts", "unsilence", "1"), lambda home: profile(home)["silenced"] is False),
    "ignore": (("ignore", KEY), lambda home: profile(home)["ignored"] is True and not listed(home)),
    "forget": (("forget", GONE), lambda home: profile(home, GONE) is None and not listed(home, GONE)),
}


@pytest.mark.parametrize("name", REQUESTS)
def test_a_request_in_the_middle_of_a_check_returns_before_its_sends_and_holds_after_it(tmp_path, name):
    words, holds = REQUESTS[name]
    both = {"anthropic:default": token(ends_in=2 * DAY), "anthropic:gone": token(ends_in=300 * DAY, secret="tok-2")}
    openclaw(tmp_path, both)
    configure(tmp_path, "alerts: {deadline: 60s}\n")
    authwatch(tmp_path, "check")
    if name == "unsilence":
        authwatch(tmp_path, "alerts", "silence", "profile=anthropic:default", "--for", "4h")
    openclaw(tmp_path, {"anthropic:default": token(ends_in=2 * DAY)})
    with sending(tmp_path) as check:
        done = authwatch(tmp_path, *words)
        assert done.code == 0, done.err
        assert check.poll() is None, "the request waited for the sends"
    assert check.returncode in (1, 2)
    authwatch(tmp_path, "check")
    assert holds(tmp_path), "the gate replayed what was so before the request"
    with sqlite3.connect(state(tmp_path) / "history.sqlite") as db:
        orphans = "SELECT key FROM {} WHERE key LIKE '%/%' AND key NOT IN (SELECT key FROM alerts)"
        assert [row for table in ("notification_states", "attempts") for row in db.execute(orphans.format(table))] == []


@contextmanager
def sending(home: Path) -> Iterator[Any]:
    """A check whose message has arrived at a receiver that does not answer before the block ends."""
    with web(fault="hang") as there:
        configure(home, f"alerts: {{deadline: 60s}}\nchannels: {{new: {{url: '{there.url('json', 'json/x')}'}}}}\n")
        ends = {"anthropic:default": token(ends_in=2 * DAY), "anthropic:other": token(ends_in=HOUR, secret="tok-3")}
        openclaw(home, ends)  # something to tell, whatever is silenced or gone
        running = started(home, "check")
        eventually(lambda: there.received or running.poll() is not None)
        assert running.poll() is None
        yield running
    running.wait(60)


# -- every order of the steps -----------------------------------------------------------------------------------------

PHONE = Channel("phone", address="k:phone")
LABELS = {"profile": "x"}
RULES = memory.Rules(SETTLE, REMIND)
NOW = START + MINUTE


class Check:
    """A check as its steps."""

    def __init__(self, folder: Path, db: engine.Engine, condition: Condition) -> None:
        self.folder, self.db, self.condition = str(folder), db, condition
        self.now = START

    def count(self) -> None:
        self.requests = StateDir(Path(self.folder), Path(self.folder)).requests()

    def record(self) -> None:
        with self.db.begin() as db:
            known = store.recall(db)
            self.plan = notify.plan(known, [self.condition], [PHONE], RULES, self.now)
            store.commit(db, known, self.plan.memory)

    def remember(self) -> None:
        for delivery, changes in notify.heard(self.plan, self.now):
            with self.db.begin() as db:
                store.remember(db, delivery, changes)

    def leave(self) -> None:
        point = gate.Checkpoint()
        point.touches = [self.requests]
        gate.write(self.folder, point)


class Request:
    """A request as its steps: within its transaction, and the end of that."""

    def __init__(self, folder: Path, db: engine.Engine, ask: Callable[[store.Connection], None]) -> None:
        self.folder, self.db, self.ask = str(folder), db, ask

    def write(self) -> None:
        self.open = self.db.connect()
        self.transaction = self.open.begin()
        self.ask(self.open)
        StateDir(Path(self.folder), Path(self.folder)).outdate()

    def commit(self) -> None:
        self.transaction.commit()
        self.open.close()


def acknowledge(db: store.Connection) -> None:
    store.acknowledge(db, muting.acknowledgement("k", store.alerts(db), NOW, None, "", ""))


def silence(db: store.Connection) -> None:
    store.silence(db, muting.silence(LABELS, tuple(store.alerts(db).values()), NOW, timedelta(days=1), "", ""))


def unsilence(db: store.Connection) -> None:
    assert store.unsilence(db, 1)


def forget(db: store.Connection) -> None:
    store.put_alerts(db, {}, ["k"])


def orders() -> Iterator[tuple[str, ...]]:
    """Every order of the steps; between the two of a request the check cannot use the database, it waits for that."""
    for first, second in combinations(range(6), 2):
        check = ["count", "record", "remember", "leave"]
        order = tuple({first: "write", second: "commit"}.get(place) or check.pop(0) for place in range(6))
        if not {"record", "remember"} & {*order[first:second]}:
            yield order


@pytest.mark.parametrize("ask", [acknowledge, silence, unsilence, forget])
@pytest.mark.parametrize("worse", [False, True], ids=["as before", "worse"])
def test_whatever_the_order_a_request_holds_and_a_checkpoint_without_it_does_not(tmp_path, ask, worse):
    for number, order in enumerate(orders()):
        folder = tmp_path / str(number)
        folder.mkdir()
        play(folder, ask, worse, order)
    assert number == 6


def play(folder: Path, ask: Callable[[store.Connection], None], worse: bool, order: tuple[str, ...]) -> None:
    db = engine.opened(engine.url_of(None, folder), (METADATA, store.METADATA))
    soon = Condition("k", Level.SOON, LABELS, step=timedelta(days=3))
    check, request = Check(folder, db, soon), Request(folder, db, ask)
    for step in ("count", "record", "remember", "leave"):
        getattr(check, step)()
    if ask is unsilence:
        with db.begin() as connection:
            silence(connection)
    check.now = NOW
    if worse:
        check.condition = soon._replace(step=timedelta(days=1))
    for step in order:
        getattr(request if step in ("write", "commit") else check, step)()
    with db.connect() as connection:
        after = store.recall(connection)
    db.dispose()
    point = gate.read(str(folder))
    holds = point is not None and all(gate.same(*touch) for touch in point.touches)
    asked_first = order.index("write") < order.index("record")
    assert asked_first or not holds, f"{order}: a checkpoint hides the request"
    assert {key for _, key in (*after.notified, *after.attempts)} <= {*after.alerts}, f"{order}: forgotten in part"
    if ask is not forget:
        changed = worse and asked_first
        hidden = {acknowledge: not changed, silence: True, unsilence: False}[ask]
        assert any(memory.suppressed(after, NOW)) is hidden, f"{order}: the request is lost"
