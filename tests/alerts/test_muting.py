"""When people are left alone: quiet hours in local time, silences, acknowledgements."""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.model import Acknowledgement, Alert, Level, Muting, QuietHours, Reason, Silence
from alerts.muting import FOREVER, concerns, covers, follow, quiet_window, suppressed_until, worst
from tests.alerts.world import DAY, HOUR, MINUTE, START, Fate, World, fine, login, now, reasons, soon, wait

STOCKHOLM = ZoneInfo("Europe/Stockholm")
NIGHT = QuietHours(time(22), time(7), STOCKHOLM)


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# Clocks in Stockholm go forward on 2026-03-29 at 01:00 UTC and back on 2026-10-25 at 01:00 UTC.
WINDOWS = {
    "an ordinary night": (NIGHT, "2026-01-10T23:00", ("2026-01-10T21:00", "2026-01-11T06:00")),
    "its first moment": (NIGHT, "2026-01-10T21:00", ("2026-01-10T21:00", "2026-01-11T06:00")),
    "its last moment": (NIGHT, "2026-01-11T05:59", ("2026-01-10T21:00", "2026-01-11T06:00")),
    "its end": (NIGHT, "2026-01-11T06:00", None),
    "the day": (NIGHT, "2026-01-11T12:00", None),
    "the short night": (NIGHT, "2026-03-29T00:30", ("2026-03-28T21:00", "2026-03-29T05:00")),
    "the long night": (NIGHT, "2026-10-25T03:00", ("2026-10-24T20:00", "2026-10-25T06:00")),
    "the end after the long night": (NIGHT, "2026-10-25T06:00", None),
    "hours within one day": (
        QuietHours(time(12), time(13), STOCKHOLM),
        "2026-07-01T10:30",
        ("2026-07-01T10:00", "2026-07-01T11:00"),
    ),
    "an end in the hour that comes twice is its later one": (
        QuietHours(time(1), time(2, 30), STOCKHOLM),
        "2026-10-25T01:15",
        ("2026-10-24T23:00", "2026-10-25T01:30"),
    ),
    "a begin in the hour that comes twice is its earlier one": (
        QuietHours(time(2, 30), time(5), STOCKHOLM),
        "2026-10-25T00:30",
        ("2026-10-25T00:30", "2026-10-25T04:00"),
    ),
    "no length is no quiet": (QuietHours(time(8), time(8), STOCKHOLM), "2026-07-01T06:00", None),
    "far from UTC": (
        QuietHours(time(22), time(7), ZoneInfo("Pacific/Kiritimati")),
        "2026-01-10T09:00",
        ("2026-01-10T08:00", "2026-01-10T17:00"),
    ),
}


@pytest.mark.parametrize("name", WINDOWS)
def test_quiet_hours_run_between_local_moments(name: str) -> None:
    """Through both changes of the clock."""
    quiet, moment, window = WINDOWS[name]
    expected = window and (utc(window[0]), utc(window[1]))
    assert quiet_window(quiet, utc(moment)) == expected


def test_without_quiet_hours_there_is_no_window() -> None:
    """None is the whole day."""
    assert quiet_window(None, START) is None


@given(
    st.datetimes(datetime(2025, 1, 1), datetime(2028, 1, 1), timezones=st.just(UTC)),
    st.sampled_from(["Europe/Stockholm", "America/New_York", "Australia/Lord_Howe", "Asia/Kolkata"]),
)
def test_every_moment_of_a_night_is_in_the_same_window(moment: datetime, zone: str) -> None:
    """The window begins and ends where it says, and holds about a night."""
    quiet = QuietHours(time(22), time(7), ZoneInfo(zone))
    window = quiet_window(quiet, moment)
    local = moment.astimezone(quiet.zone).time()
    assert (window is not None) == (local >= time(22) or local < time(7))
    if window:
        assert window[0] <= moment < window[1]
        assert timedelta(hours=8) <= window[1] - window[0] <= timedelta(hours=10)
        assert {quiet_window(quiet, one) for one in (window[0], window[1] - timedelta(seconds=1))} == {window}
        assert quiet_window(quiet, window[1]) is None


def test_a_silence_needs_every_label_and_a_channel_only_those_that_are_there() -> None:
    """Hiding is narrow, telling is wide."""
    assert covers({"a": "1"}, {"a": "1", "b": "2"})
    assert not covers({"a": "1", "c": "3"}, {"a": "1"})
    assert concerns({"a": "1", "c": "3"}, {"a": "1"})
    assert not concerns({"a": "1"}, {"a": "2"})


def bad(level: Level, key: str = "a", **labels: str) -> Alert:
    return Alert(key, level, START, START, labels)


def test_a_silence_is_made_for_the_worst_it_covers() -> None:
    """`now` where nothing is wrong yet: a planned re-login."""
    alerts = [bad(Level.SOON, agent="main"), bad(Level.NOW, agent="other"), bad(Level.FINE, agent="third")]
    assert worst({"agent": "main"}, alerts) is Level.SOON
    assert worst({}, alerts) is Level.NOW
    assert worst({"agent": "third"}, alerts) is Level.NOW
    assert worst({"agent": "nobody"}, alerts) is Level.NOW


def test_what_hides_a_standing_is_the_last_thing_to_end() -> None:
    """Ended ones and those for less do not hide; an acknowledgement without an end hides for ever."""
    silences = (
        Silence(1, {}, START + HOUR, Level.NOW, START),
        Silence(2, {}, START + 2 * HOUR, Level.SOON, START),
        Silence(3, {"x": "y"}, START + 3 * HOUR, Level.NOW, START),
    )
    muting = Muting(silences)
    assert suppressed_until(muting, bad(Level.NOW), START) == START + HOUR
    assert suppressed_until(muting, bad(Level.SOON), START) == START + 2 * HOUR
    assert suppressed_until(muting, bad(Level.NOW), START + HOUR) == START + HOUR
    known = Acknowledgement("a", START, None, START)
    assert suppressed_until(Muting(silences, (known,)), bad(Level.NOW), START) == FOREVER
    other = Acknowledgement("a", START - MINUTE, None, START)
    assert suppressed_until(Muting((), (other,)), bad(Level.NOW), START) == START


def test_a_silence_follows_a_key_that_moved() -> None:
    """Only the labels it names change, and only if it covered the old ones."""
    old = {"provider": "openai-codex", "agent": "main"}
    new = {"provider": "openai", "agent": "main"}
    one = Silence(1, {"provider": "openai-codex"}, START, Level.NOW, START)
    assert follow(one, old, new).match == {"provider": "openai"}
    other = Silence(1, {"provider": "anthropic"}, START, Level.NOW, START)
    assert follow(other, old, new) == other


# -- quiet hours in the flow ----------------------------------------------------------------------------------


def at_night() -> World:
    """23:30 in Stockholm, half an hour past the beginning of the quiet."""
    return World(quiet=NIGHT, now=utc("2026-01-10T22:30"))


MORNING = utc("2026-01-11T06:00")


def test_at_night_only_now_comes_through_and_its_end() -> None:
    """The rest is told in the morning, which is planned."""
    world = at_night()
    assert [one.key for one in world.look(now("a", login=login(0)), soon("b"))] == ["a"]
    assert world.until == MORNING
    assert reasons(world.look(fine("a", login=login(1)), soon("b"), after=HOUR)) == ["resolved"]
    assert [one.key for one in world.look(fine("a"), soon("b"), after=MORNING - world.now)] == ["b"]


def test_the_end_of_what_was_told_before_the_night_waits_for_the_morning() -> None:
    """Nobody is woken by good news of yesterday."""
    world = World(quiet=NIGHT, now=utc("2026-01-10T20:00"))
    world.look(now(login=login(0)))
    assert world.look(fine(login=login(1)), after=3 * HOUR) == []
    assert world.until == MORNING
    assert reasons(world.look(fine(login=login(1)), after=MORNING - world.now)) == ["resolved"]


def test_what_came_and_went_in_the_night_is_never_told() -> None:
    """Unless it was let through."""
    world = at_night()
    world.look(soon(login=login(0)))
    world.look(fine(login=login(1)), after=HOUR)
    assert world.look(fine(login=login(1)), after=MORNING - world.now) == []


def test_worse_at_now_comes_through_and_easing_of_it_too() -> None:
    """Also after a timeout that was perhaps heard."""
    world = World(quiet=NIGHT, now=utc("2026-01-10T20:00"))
    world.look(soon())
    world.fates["phone"] = Fate.HEARD_LATE
    assert reasons(world.look(now(login=login(0)), after=3 * HOUR)) == ["worse"]
    world.fates.clear()
    assert reasons(world.look(soon(login=login(1)), after=MINUTE)) == ["eased"]


def test_reminders_wait_for_the_morning() -> None:
    """And keep their turn."""
    world = World(quiet=NIGHT, now=utc("2026-01-10T04:00") - DAY + 18 * HOUR)
    world.look(now())
    assert world.look(now(), after=DAY) == []
    local = world.until.astimezone(STOCKHOLM)
    assert (local.date(), local.time()) == (date(2026, 1, 11), time(7))


# -- silences and acknowledgements in the flow ----------------------------------------------------------------------


def test_an_acknowledgement_ends_with_the_next_change_of_level() -> None:
    """It hides reminders until then; easing and the end are told."""
    world = World()
    world.look(soon())
    world.acknowledge("a")
    assert wait(world, soon(), span=9 * DAY) == []
    assert reasons(world.look(now(), after=MINUTE)) == ["worse"]
    world.acknowledge("a")
    assert wait(world, now(), span=9 * DAY) == []
    world.look(fine(), after=MINUTE)
    assert reasons(world.look(fine(), after=10 * MINUTE)) == ["resolved"]


def test_an_acknowledgement_for_some_days_gives_way_to_the_reminder() -> None:
    """And that moment is planned."""
    world = World()
    world.look(now())
    world.acknowledge("a", until=world.now + 2 * DAY)
    world.look(now(), after=MINUTE)
    assert wait(world, now(), span=3 * DAY)[0] == (2 * DAY - MINUTE, "reminder")


def test_a_silence_hides_up_to_its_level_and_its_end_is_planned() -> None:
    """What is worse is told; what it hid is told when it ends."""
    world = World()
    world.look(fine())
    world.silence({}, 4 * HOUR, Level.SOON)
    assert world.look(soon(), after=MINUTE) == []
    assert world.until == world.muting.silences[0].until
    assert reasons(world.look(now(), after=MINUTE)) == ["new"]
    other = World()
    other.silence({}, 4 * HOUR)
    other.look(now())
    assert wait(other, now(), span=5 * HOUR) == [(4 * HOUR, "new")]


def test_what_was_hidden_and_ended_is_never_told() -> None:
    """A silence over a planned re-login leaves no trace."""
    world = World()
    world.silence({}, 4 * HOUR)
    world.look(now())
    world.look(fine(login=login(1)), after=HOUR)
    world.look(fine(login=login(1)), after=HOUR)
    assert world.look(fine(login=login(1)), after=4 * HOUR) == []


def test_the_end_of_what_was_told_comes_through_a_silence() -> None:
    """Only bad news is hidden."""
    world = World()
    world.look(now(login=login(0)))
    world.silence({}, DAY)
    assert reasons(world.look(fine(login=login(1)), after=MINUTE)) == [Reason.RESOLVED]
