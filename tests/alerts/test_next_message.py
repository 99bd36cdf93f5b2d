"""What is named as the next message is the first that comes: silences, acknowledgements, quiet hours, other news."""

from __future__ import annotations

from datetime import time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from alerts import notify
from alerts.memory import Memory, Rules
from alerts.model import (
    Acknowledgement,
    Alert,
    Channel,
    Condition,
    Level,
    Muting,
    NotificationState,
    QuietHours,
    Reason,
    Silence,
)
from alerts.muting import FOREVER
from alerts.notify import HORIZON, NextMessage, planned
from tests.alerts.examples import NOW, alert
from tests.alerts.world import REMIND, SETTLE

DAY, HOUR, MINUTE = timedelta(days=1), timedelta(hours=1), timedelta(minutes=1)
PHONE, MAIL = Channel("phone"), Channel("mail", Level.NOW)
RULES = Rules(timedelta(minutes=10), (DAY, 2 * DAY))
NOWISH = alert(level=Level.NOW, step=None)
KEY = NOWISH.key
NIGHT = QuietHours(time(22), time(7), ZoneInfo("UTC"))


def as_it_is(*alerts: Alert):
    """Looks that see what stands, for ever."""
    seen = tuple(Condition(one.key, one.level, one.labels, step=one.step, doubt=one.doubt) for one in alerts)
    return lambda *_: (seen, None)


def notified(channel, ago=timedelta(hours=3), nth=0):
    return {(channel, KEY): NotificationState(channel, KEY, NOWISH.level, NOWISH.since, NOW - ago, NOWISH.step, nth)}


def following(known, channels=(PHONE,), rules=RULES):
    look = as_it_is(*known.alerts.values())
    return planned(known, channels, rules, look, NOW, HOUR).get(KEY)


def test_a_reminder_comes_with_the_check_at_which_its_interval_is_over():
    """The sooner of two channels'."""
    known = Memory({KEY: NOWISH}, notified("phone") | notified("mail", 5 * HOUR))
    assert following(known) == NextMessage("phone", Reason.REMINDER, NOW - 3 * HOUR + DAY)
    assert following(known, (PHONE, MAIL)).channel == "mail"
    assert following(known._replace(notified=notified("phone", nth=1))).at == NOW - 3 * HOUR + 2 * DAY
    assert following(known._replace(notified=notified("phone", 3 * HOUR - MINUTE))).at == NOW - 2 * HOUR + DAY


def test_what_was_not_told_yet_is_due():
    """With the next check."""
    assert following(Memory({KEY: NOWISH})) == NextMessage("phone", Reason.NEW, NOW)


def test_what_ends_soon_is_not_repeated():
    """And no channel that does not care is named."""
    soon = alert()
    told_soon = {("phone", KEY): NotificationState("phone", KEY, soon.level, soon.since, NOW, soon.step)}
    assert following(Memory({KEY: soon}, told_soon)) is None
    assert following(Memory({KEY: soon}), (MAIL,)) is None


@pytest.mark.parametrize("until", [None, FOREVER])
def test_what_somebody_knows_of_is_not_planned(until):
    """Nor anything without a channel."""
    muting = Muting(acknowledgements=(Acknowledgement(KEY, NOWISH.at, until, NOW),))
    known = Memory({KEY: NOWISH}, notified("phone"), muting=muting)
    assert following(known) is None
    assert following(Memory({KEY: NOWISH}), ()) is None
    ends = muting._replace(acknowledgements=(muting.acknowledgements[0]._replace(until=NOW + 3 * DAY),))
    assert following(known._replace(muting=ends)).at == NOW + 3 * DAY


def test_a_reminder_that_falls_into_the_night_is_named_for_the_morning():
    """NOW is 13:00; the reminder would be due at 23:00."""
    known = Memory({KEY: NOWISH}, notified("phone", 14 * HOUR))
    assert following(known, rules=RULES._replace(quiet=NIGHT)).at == NOW + 18 * HOUR


def test_a_silence_that_ends_before_the_reminder_is_due_does_not_move_it():
    """And one that begins no more is not the moment of a message that would have been hidden."""
    silence = Silence(1, {}, NOW + 2 * HOUR, Level.NOW, NOW)
    known = Memory({KEY: NOWISH}, notified("phone"), muting=Muting((silence,)))
    assert following(known).at == NOW - 3 * HOUR + DAY
    assert following(known._replace(muting=Muting((silence._replace(until=NOW + 40 * HOUR),)))).at == NOW + 40 * HOUR


def test_other_news_takes_a_reminder_along():
    """What another condition has to say at a silence's end is a message about this one, too."""
    other = NOWISH._replace(key="other", labels={"profile": "other"})
    silence = Silence(1, {"profile": "other"}, NOW + 12 * HOUR, Level.NOW, NOW)
    known = Memory({KEY: NOWISH, "other": other}, notified("phone"), muting=Muting((silence,)))
    assert following(known) == NextMessage("phone", Reason.REMINDER, NOW + 12 * HOUR)


def test_a_lead_step_is_named_only_where_it_is_said():
    """The look sees it become worse tomorrow."""
    soon = alert(step=3 * DAY)
    known = Memory(
        {KEY: soon}, {("phone", KEY): NotificationState("phone", KEY, soon.level, soon.since, NOW, soon.step)}
    )

    def look(at, _):
        step = DAY if at >= NOW + DAY else 3 * DAY
        return (Condition(KEY, Level.SOON, soon.labels, step=step),), NOW + DAY if at < NOW + DAY else None

    def first(muting: Muting, channels=(PHONE,)):
        return planned(known._replace(muting=muting), channels, RULES, look, NOW, HOUR).get(KEY)

    assert first(Muting()) == NextMessage("phone", Reason.WORSE, NOW + DAY)
    assert first(Muting(), (MAIL,)) is None
    assert first(Muting((Silence(1, {}, NOW + 3 * DAY, Level.SOON, NOW),))).at == NOW + 3 * DAY
    assert first(Muting(acknowledgements=(Acknowledgement(KEY, soon.at, None, NOW),))).at == NOW + DAY


# -- against every check, one after the other -------------------------------------------------------------------------

KEYS = ("a", "b", "c")
LEVELS = st.sampled_from([(Level.SOON, 7 * DAY), (Level.SOON, DAY), (Level.NOW, None), (Level.FINE, None)])
MOMENTS = st.integers(-200, 200).map(lambda n: NOW + n * HOUR + 7 * MINUTE)
CHANNELS = (
    Channel("phone", Level.SOON, address="k:1"),
    Channel("mail", Level.NOW, address="k:2"),
    Channel("desk", Level.INFO, match={"agent": "a"}, address="k:3", canary=3 * DAY),
)


@st.composite
def situations(draw):
    """Alerts, beliefs, silences, acknowledgements, quiet hours, channels, and what later looks see."""
    alerts, possible_states, acks, later = {}, {}, [], {}
    for key in KEYS:
        level, step = draw(LEVELS)
        since = draw(st.integers(1, 100).map(lambda n: NOW - n * HOUR))
        one = Alert(key, level, since, since, {"agent": key}, step, doubt=draw(st.booleans()) and level is Level.SOON)
        alerts[key] = one
        for channel in CHANNELS:
            if level is not Level.FINE and draw(st.booleans()):
                at = max(since, NOW - draw(st.integers(0, 60)) * HOUR)
                possible_states[channel.id, key] = NotificationState(
                    channel.label, key, level, since, at, step, draw(st.integers(0, 2))
                )
        if draw(st.integers(0, 3)) == 0:
            acks.append(Acknowledgement(key, since, draw(st.none() | MOMENTS), NOW))
        if draw(st.integers(0, 2)) == 0:
            later[key] = (draw(st.integers(1, 300).map(lambda n: NOW + n * HOUR)), draw(LEVELS))
    matches = st.sampled_from([{}, {"agent": "a"}, {"agent": "b"}])
    made = draw(st.lists(st.tuples(matches, MOMENTS, st.sampled_from([Level.SOON, Level.NOW])), max_size=2))
    silences = tuple(Silence(n, match, until, level, NOW) for n, (match, until, level) in enumerate(made))
    channels = tuple(one for one in CHANNELS if draw(st.integers(0, 3)))
    quiet = draw(st.sampled_from([None, NIGHT]))
    digest = draw(st.sampled_from([None, DAY]))
    rules = Rules(SETTLE, draw(st.sampled_from([REMIND, (26 * HOUR,), ()])), quiet, digest)
    return Memory(alerts, possible_states, muting=Muting(silences, tuple(acks))), channels, rules, later


@settings(max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck))
@given(situations(), st.sampled_from([HOUR, 5 * HOUR]))
def test_what_is_named_next_is_the_first_message_of_all_checks_to_come(situation, interval):
    """Here every check is played, whether there is something to do or not."""
    known, channels, rules, later = situation

    def look(at, _):
        seen = []
        for key, one in known.alerts.items():
            moment, (level, step) = later.get(key, (FOREVER, (one.level, one.step)))
            level, step = (level, step) if at >= moment else (one.level, one.step)
            seen.append(Condition(key, level, one.labels, step=step, doubt=one.doubt and level is Level.SOON))
        ahead = [moment for moment, _ in later.values() if moment > at]
        return seen, min(ahead, default=None)

    first: dict[str, NextMessage] = {}
    memory, at = known, NOW
    while at <= NOW + HORIZON:
        plan = notify.plan(memory, look(at, memory)[0], channels, rules, at)
        for notification in plan.notifications:
            for item in notification.items:
                first.setdefault(item.alert.key, NextMessage(notification.channel, item.reason, at))
        memory = notify.learned(plan.memory, notify.heard(plan, at + timedelta(seconds=1)))
        at += interval
    wanted = {key for key, one in known.alerts.items() if one.level is not Level.FINE}
    named = planned(known, channels, rules, look, NOW, interval)
    assert named == {key: one for key, one in first.items() if key in wanted}
