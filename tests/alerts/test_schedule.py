"""Canary and digest: on schedule, put off where they must be, and missed when they do not arrive."""

from __future__ import annotations

from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest

from alerts import memory, notify
from alerts.message import compose
from alerts.model import Channel, Condition, Delivery, Level, Muting, Notification, Outcome, QuietHours, Reason, Silence
from alerts.notification_state import StateChanges, after
from alerts.schedule import digest
from tests.alerts.examples import LABELS, NOW, RECIPIENT, alert

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
RULES = memory.Rules(10 * MINUTE, (DAY, 2 * DAY, 7 * DAY))
PHONE = Channel("phone", Level.SOON, address="1", canary=7 * DAY)
MAIL = Channel("mail", Level.SOON, address="1")


class World:
    """Passes over a scripted outcome; `said` has (channel, key, reason) of every message that was sent."""

    def __init__(self, *channels: Channel, rules: memory.Rules = RULES) -> None:
        self.channels, self.rules, self.now = channels or (PHONE,), rules, NOW
        self.memory, self.outcome, self.said = memory.Memory(), Outcome.DELIVERED, []
        self.conditions: tuple[Condition, ...] = ()

    def look(self, after: timedelta = timedelta()) -> list[tuple[str, str, str]]:
        self.now += after
        planned = notify.plan(self.memory, self.conditions, self.channels, self.rules, self.now)
        results = [self.result(notification, planned) for notification in planned.notifications]
        self.memory = notify.learned(planned.memory, results)
        self.said = [(a.channel, n.alert.key, str(n.reason)) for a in planned.notifications for n in a.items]
        return self.said

    def result(self, notification: Notification, planned: notify.Plan) -> tuple[Delivery, StateChanges]:
        delivery = Delivery(
            notification, self.now, self.outcome if notification.channel == "phone" else Outcome.DELIVERED
        )
        rows = planned.tried[notification.channel]
        return delivery, after(delivery, rows)

    def until(self) -> timedelta | None:
        moment = memory.outlook(self.memory, self.channels, self.rules, self.now)
        return moment and moment - self.now


CANARY = [("phone", "canary", "routine")]


def test_a_canary_goes_at_once_and_then_every_span():
    world = World()
    assert world.look() == CANARY
    assert world.until() == 7 * DAY
    assert world.look(7 * DAY - MINUTE) == []
    assert world.look(MINUTE) == CANARY


def test_a_canary_that_fails_is_tried_again_with_the_waits_of_news():
    world = World()
    world.outcome = Outcome.CONNECT
    assert world.look() == CANARY
    assert world.until() == MINUTE
    assert world.look(MINUTE) == CANARY
    assert world.until() == 2 * MINUTE
    world.outcome = Outcome.DELIVERED
    assert world.look(2 * MINUTE) == CANARY
    assert world.memory.attempts == {}
    assert world.until() == 7 * DAY


def test_a_canary_that_was_perhaps_heard_is_not_repeated_at_every_check():
    world = World()
    world.outcome = Outcome.TIMEOUT
    times = sum(bool(world.look(5 * MINUTE)) for _ in range(3 * 24 * 12))
    assert 5 <= times <= 20


def test_a_canary_that_is_overdue_for_a_day_is_told_to_the_others_and_its_arrival_too():
    world = World(PHONE, MAIL)
    world.outcome = Outcome.CONNECT
    notified = [said for _ in range(24 * 12 + 1) for said in world.look(5 * MINUTE) if said[0] == "mail"]
    assert notified == [("mail", "channel/phone", "new")]
    world.outcome = Outcome.DELIVERED
    notified = [said for _ in range(12) for said in world.look(5 * MINUTE) if said[0] == "mail"]
    assert notified == [("mail", "channel/phone", "resolved")]


def test_a_canary_waits_for_the_end_of_quiet_hours():
    world = World(rules=RULES._replace(quiet=QuietHours(time(12), time(15), ZoneInfo("UTC"))))
    assert world.look() == []
    assert world.until() == 2 * HOUR
    assert world.look(2 * HOUR) == CANARY


def test_a_silence_of_the_channel_holds_its_canary_back():
    world = World()
    world.memory = memory.Memory(muting=Muting((Silence(1, {"channel": "phone"}, NOW + HOUR, Level.NOW, NOW),)))
    assert world.look() == []
    assert world.look(HOUR) == CANARY


def test_a_canary_goes_along_with_news_and_comes_last():
    world = World()
    world.conditions = (Condition("a", Level.SOON, LABELS),)
    assert [reason for _, _, reason in world.look()] == ["new", "routine"]


def test_no_canary_and_no_digest_without_being_asked_for():
    assert World(MAIL).look() == []


def test_a_digest_goes_to_every_channel_by_its_span():
    world = World(PHONE._replace(canary=None), MAIL, rules=RULES._replace(digest=7 * DAY))
    assert world.look() == [("phone", "digest", "routine"), ("mail", "digest", "routine")]
    assert world.look(6 * DAY) == []
    assert len(world.look(DAY)) == 2


def test_the_digest_names_what_needs_somebody_and_what_ends_next():
    fine = alert(timedelta(days=40), key="b", level=Level.FINE, labels={**LABELS, "profile": "zai:k"})
    lines = digest([fine, alert()], {}, NOW).split("\n")
    assert lines == [
        "1 of 2 logins needs you.",
        "The login ends, and no refresh extends it.",
        "In the next 30 days no other login is expected to need you.",
        "After that: zai:k expires Fri 1 Jan 2027, 13:00 UTC.",
    ]
    assert digest([fine, alert()], {"profile": "zai:k"}, NOW).startswith("1 login, and it is OK.\nNo action needed.")
    assert digest([fine, fine], {}, NOW).startswith("All 2 logins are OK.\nNo action needed.")
    assert digest([alert(), alert(key="b")], {}, NOW).startswith("2 of 2 logins need you.")


def test_a_canary_is_a_message_that_asks_for_nothing():
    world = World()
    planned = notify.plan(world.memory, (), world.channels, world.rules, NOW)
    (notification,) = planned.notifications
    message = compose(notification, RECIPIENT, NOW)
    assert message.subject == "Test message: phone · vps-1"
    assert message.text.splitlines() == [
        "Regular test message of channel phone: alerts can reach you here.",
        "No action needed.",
        "Sent every 7 days; the next one is due in 7 days (Sun 29 Nov, 13:00 UTC).",
    ]
    assert message.command == ""
    assert message.level is Level.INFO
    assert notification.items[0].reason is Reason.ROUTINE


def test_an_overview_says_what_it_is_and_when_the_next_is_due():
    world = World(MAIL, rules=RULES._replace(digest=DAY))
    (notification,) = notify.plan(world.memory, (), world.channels, world.rules, NOW).notifications
    message = compose(notification, RECIPIENT._replace(zone=ZoneInfo("Europe/Stockholm")), NOW)
    assert message.subject == "Overview: no logins here · vps-1"
    assert message.text.splitlines()[-1] == (
        "This overview is sent every 24 h; the next one is due in 24 h (Mon 23 Nov, 14:00 CET)."
    )


def test_an_overview_that_goes_along_with_news_comes_after_it():
    world = World(MAIL, rules=RULES._replace(digest=DAY))
    seen = (Condition("a", Level.NOW, LABELS, remedy="fix it"),)
    (notification,) = notify.plan(world.memory, seen, world.channels, world.rules, NOW).notifications
    message = compose(notification, RECIPIENT, NOW)
    assert message.subject.startswith("Act now: ")
    assert message.text.index("fix it") < message.text.index("1 of 1 login needs you.")


@pytest.mark.parametrize(("minutes", "mute"), [(55, False), (65, True)])
def test_where_no_channel_delivers_for_an_hour_the_heartbeat_may_say_so(minutes, mute):
    world = World()
    world.outcome = Outcome.CONNECT
    for _ in range(0, minutes + 1, 5):
        world.look(5 * MINUTE)
    assert memory.mute(world.memory, world.channels, world.rules, world.now) is mute
    both = (*world.channels, MAIL)
    assert not memory.mute(world.memory, both, world.rules, world.now), "the other one still delivers"


def test_no_channel_at_all_is_not_mute():
    assert not memory.mute(memory.Memory(), (), RULES, NOW)
