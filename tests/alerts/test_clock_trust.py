"""Whether to believe the wall clock, and what a clock that was wrong leaves behind."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.clock_trust import ClockReading, past_alert, past_attempt, past_muting, past_notified, trust
from alerts.model import (
    Acknowledgement,
    Alert,
    Attempt,
    Level,
    Muting,
    NotificationState,
    Pending,
    Rise,
    Silence,
)
from tests.alerts.world import DAY, HOUR, MINUTE, SETTLE, START

LAST = ClockReading(START, HOUR, "boot-1")


def reading(wall: timedelta, boot: timedelta | None, boot_id: str = "boot-1") -> ClockReading:
    return ClockReading(START + wall, None if boot is None else HOUR + boot, boot_id)


BELIEVED = {
    "time went on": (reading(5 * MINUTE, 5 * MINUTE), True),
    "a week went on, slewed": (reading(7 * DAY + 4 * MINUTE, 7 * DAY), True),
    "a second back": (reading(timedelta(seconds=-1), timedelta()), True),
    "an hour ahead": (reading(HOUR + 5 * MINUTE, 5 * MINUTE), False),
    "an hour back": (reading(5 * MINUTE - HOUR, 5 * MINUTE), False),
    "a day ahead": (reading(DAY, MINUTE), False),
    "another boot, later": (reading(DAY, -HOUR + MINUTE, "boot-2"), True),
    "another boot, earlier": (reading(-DAY, -HOUR + MINUTE, "boot-2"), False),
    "another boot without a name": (reading(DAY, -HOUR + MINUTE), True),
    "no boot clock, later": (reading(DAY, None), True),
    "no boot clock, earlier": (reading(-DAY, None), False),
}


@pytest.mark.parametrize("name", BELIEVED)
def test_the_wall_clock_is_believed_while_it_goes_as_the_boot_clock_does(name: str) -> None:
    """And never when it lies before the last check."""
    current, believed = BELIEVED[name]
    assert trust(LAST, None, current, SETTLE).believed is believed


def test_the_first_check_believes() -> None:
    """There is nothing to compare with."""
    assert trust(None, None, LAST, SETTLE).believed


def test_after_a_step_the_clock_has_to_go_steadily_for_a_while() -> None:
    """Then it is believed; the moment is planned."""
    stepped = reading(-DAY, MINUTE)
    first = trust(LAST, None, stepped, SETTLE)
    assert (first.believed, first.doubted, first.until) == (False, stepped, stepped.wall + SETTLE)
    later = reading(-DAY + 5 * MINUTE, 6 * MINUTE)
    second = trust(LAST, first.doubted, later, SETTLE)
    assert (second.believed, second.doubted, second.until) == (False, stepped, first.until)
    assert trust(LAST, second.doubted, reading(-DAY + 10 * MINUTE, 11 * MINUTE), SETTLE).believed


def test_another_step_starts_the_wait_over_and_stepping_back_ends_it() -> None:
    """A clock that is put right is the clock we knew."""
    first = trust(LAST, None, reading(DAY, MINUTE), SETTLE)
    again = trust(LAST, first.doubted, reading(2 * DAY, 12 * MINUTE), SETTLE)
    assert not again.believed
    assert again.doubted == reading(2 * DAY, 12 * MINUTE)
    assert trust(LAST, again.doubted, reading(13 * MINUTE, 13 * MINUTE), SETTLE).believed


def test_moments_from_the_future_become_now() -> None:
    """What is past stays, and equal moments stay equal."""
    future = START + DAY
    alert = Alert(
        "a",
        Level.NOW,
        since=START - DAY,
        at=future,
        pending=Pending(Level.FINE, None, future),
        rises=(Rise(Level.NOW, None, future),),
    )
    notified = NotificationState("phone", "a", Level.NOW, since=future, at=future)
    past = past_alert(alert, START)
    assert (past.since, past.at, past.pending.since, past.rises[0].at) == (START - DAY, START, START, START)
    assert past_alert(past, START) is past
    assert (past_notified(notified, START).since, past_notified(notified, START).at) == (START, START)
    attempt = past_attempt(
        Attempt("phone", "a", START, future, state=notified, earlier=(None, notified), wait=HOUR), START
    )
    assert (attempt.at, attempt.wait, attempt.state.at, attempt.earlier[1].at) == (START, HOUR, START, START)


def test_a_silence_from_the_future_keeps_its_length() -> None:
    """It does not hide for the whole time the clock was ahead; one made in time keeps its end."""
    muting = Muting(
        (
            Silence(1, {}, START + DAY + HOUR, Level.NOW, START + DAY),
            Silence(2, {}, START + HOUR, Level.NOW, START - HOUR),
        ),
        (Acknowledgement("a", START + DAY, START + 2 * DAY, START + DAY), Acknowledgement("b", START, None, START)),
    )
    past = past_muting(muting, START)
    assert [one.until for one in past.silences] == [START + HOUR, START + HOUR]
    known = past.acknowledgements[0]
    assert (known.at, known.made_at, known.until) == (START, START, START + DAY)
    assert past.acknowledgements[1] == muting.acknowledgements[1]
