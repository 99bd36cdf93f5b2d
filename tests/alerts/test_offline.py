"""What is remembered without a history: the same after the state folder kept it, and nothing said twice at home."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from alerts.memory import Memory
from alerts.model import (
    Alert,
    Attempt,
    Delivery,
    Item,
    Level,
    Muting,
    Notification,
    NotificationState,
    Outcome,
    Reason,
    Silence,
)
from alerts.notification_state import StateChanges
from alerts.offline import Offline, alone, copied, dumps, laid_over, loads

T0 = datetime(2026, 11, 26, 12, tzinfo=UTC)
T1 = T0 + timedelta(hours=3)
KEY, PLACE = "openclaw/main/a:default", ("phone", "openclaw/main/a:default")
DEAD, FINE = Alert(KEY, Level.NOW, T0, T0), Alert(KEY, Level.FINE, T0, T0)


def notified(alert: Alert, at: datetime) -> NotificationState:
    return NotificationState("phone", alert.key, alert.level, alert.since, at, alert.step)


def test_a_text_is_the_way_there_and_back() -> None:
    items = (Item(Alert(KEY, Level.NOW, T0, T0), Reason.NEW),)
    kept = Offline(
        "id",
        True,
        {KEY: DEAD},
        {PLACE: notified(DEAD, T1), ("mail", KEY): None},
        {PLACE: Attempt("phone", KEY, T0, T1), ("mail", KEY): None},
        Muting((Silence(1, {"provider": "a"}, T1, Level.NOW, T0),)),
        ("mail",),
        ("ignored",),
        (Delivery(Notification("phone", items), T1, Outcome.DELIVERED),),
    )
    assert loads(dumps(kept)) == kept


@pytest.mark.parametrize(
    "text", ["", "{", "[]", "7", "null", '{"id": 1}', dumps(Offline("x"))[:-2], '{"alerts": [[]]}']
)
def test_a_text_that_is_none_of_ours_is_nothing(text: str) -> None:
    assert loads(text) == Offline()


def test_what_was_copied_is_what_speaking_depends_on() -> None:
    known = Memory(
        {KEY: DEAD, "fine": FINE._replace(key="fine")}, {PLACE: notified(DEAD, T0)}, {}, Muting(), frozenset({"p"})
    )
    seen = alone(loads(dumps(copied(known, ["ignored"]))))
    assert (seen.alerts, seen.notified, seen.partial) == ({KEY: DEAD}, known.notified, known.partial)
    assert seen.ignored == {"ignored"}


#: (in the history, learned without it, both are judged blind) -> what stands, and since when the channel believes it
CASES: dict[str, tuple[Alert | None, Alert, bool, Level, datetime]] = {
    "new": (None, DEAD._replace(since=T1), True, Level.NOW, T1),
    "the same, judged blind, is the same episode": (DEAD, DEAD._replace(since=T1), True, Level.NOW, T0),
    "worse, judged blind": (DEAD._replace(level=Level.SOON), DEAD._replace(since=T1), True, Level.NOW, T1),
    "fine, judged blind, is no good news": (DEAD, FINE._replace(since=T1), True, Level.NOW, T1),
    "fine, judged with the history": (DEAD, FINE._replace(since=T1), False, Level.FINE, T1),
}


@pytest.mark.parametrize("name", CASES)
def test_what_was_learned_without_the_history_is_brought_home(name: str) -> None:
    old, new, blind, level, since = CASES[name]
    known = Memory({KEY: old} if old else {}, {PLACE: notified(old, T0)} if old else {})
    seen = laid_over(known, Offline("id", blind, {KEY: new}, {PLACE: notified(new, T1)}))
    assert seen.alerts[KEY].level is level
    assert seen.notified[PLACE].since == since
    assert laid_over(seen, Offline("id", blind, {KEY: new}, {PLACE: None})).notified == {}


def test_the_log_of_a_long_time_does_not_fill_the_file() -> None:
    alert = DEAD._replace(summary="s" * 500, labels={"provider": "p" * 500})
    one = (
        Delivery(Notification("phone", (Item(alert, Reason.NEW),)), T1, Outcome.DELIVERED),
        StateChanges({PLACE: None}, {}),
    )
    kept = Offline().with_results([one] * 1000, "id")
    assert len(dumps(kept)) < 32_000
