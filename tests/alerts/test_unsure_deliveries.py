"""Messages that may or may not have been heard: timeouts and crashes in the middle of a send."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tests.alerts.world import (
    DAY,
    HOUR,
    MINUTE,
    Fate,
    World,
    fine,
    login,
    now,
    reasons,
    said,
    soon,
    wait,
)


def test_what_may_have_been_heard_is_tried_after_5_30_120_and_360_minutes() -> None:
    """Lest a slow server says the same thing every minute."""
    world = World(fates={"phone": Fate.HEARD_LATE})
    world.look(now())
    gaps = []
    for _ in range(6):
        gaps.append(world.until - world.now)
        world.look(now(), after=gaps[-1])
    assert gaps == [minutes * MINUTE for minutes in (5, 30, 120, 360, 360, 360)]
    assert set(reasons(world.inbox)) == {"new"}


def test_a_crash_during_a_send_counts_as_perhaps_heard() -> None:
    """Five minutes later it is said again, then never."""
    world = World(fates={"phone": Fate.HEARD_CRASH})
    world.look(now())
    world.fates.clear()
    assert world.look(now(), after=4 * MINUTE) == []
    assert reasons(world.look(now(), after=MINUTE)) == ["new"]
    assert wait(world, now(), span=20 * HOUR) == []


def test_a_clear_failure_after_a_doubtful_one_is_tried_soon_but_heard_no_more_often() -> None:
    """Trying again is cheap while nobody hears it; the next doubtful try goes on where the last stood."""
    world = World(fates={"phone": Fate.LOST_LATE})
    world.look(now())
    world.fates["phone"] = Fate.REFUSED
    world.look(now(), after=5 * MINUTE)
    assert world.until - world.now == MINUTE
    world.fates["phone"] = Fate.LOST_LATE
    world.look(now(), after=MINUTE)
    assert world.until - world.now == 30 * MINUTE


def test_news_that_was_never_tried_does_not_wait_for_older_failures() -> None:
    """An expiry is told at once although the warning timed out a minute ago."""
    world = World(fates={"phone": Fate.HEARD_LATE})
    world.look(soon())
    world.fates.clear()
    assert said(world.look(now(), after=MINUTE)) == [("phone", "a", "new")]
    assert wait(world, now(), span=20 * HOUR) == []


def test_what_surely_failed_goes_along_with_other_news_and_what_was_perhaps_heard_does_not() -> None:
    """A channel that works again tells all that nobody heard, in one message, and repeats nothing early."""
    for fate, keys in ((Fate.REFUSED, ["a", "b"]), (Fate.HEARD_LATE, ["b"])):
        world = World(fates={"phone": fate})
        world.look(now("a"))
        world.fates.clear()
        assert [one.key for one in world.look(now("a"), now("b"), after=timedelta(seconds=30))] == keys


@pytest.mark.parametrize("fate", [Fate.HEARD_LATE, Fate.LOST_LATE, Fate.HEARD_CRASH, Fate.LOST_CRASH])
def test_who_may_have_heard_the_beginning_hears_the_end(fate: Fate) -> None:
    """Better an end without a beginning than a fright without an end."""
    world = World(fates={"phone": fate})
    world.look(now(login=login(0)))
    world.fates.clear()
    assert reasons(world.look(fine(login=login(1)), after=MINUTE)) == ["resolved"]
    assert world.attempts == {}


def test_an_end_that_was_perhaps_heard_is_said_until_it_surely_was() -> None:
    """Both the beginning and the end timed out: either may be believed."""
    world = World(fates={"phone": Fate.LOST_LATE})
    world.look(now(login=login(0)))
    world.look(fine(login=login(1)), after=MINUTE)
    world.fates.clear()
    assert world.look(fine(login=login(1)), after=MINUTE) == []
    assert [reason for _, reason in wait(world, fine(login=login(1)), span=DAY)] == ["resolved"]
    assert world.attempts == {}


def test_what_was_perhaps_said_earlier_is_not_said_again_at_once() -> None:
    """Soon, now, soon again, all timed out: the last waits its turn."""
    world = World(fates={"phone": Fate.HEARD_LATE})
    world.look(soon(login=login(0)))
    world.look(now(login=login(0)), after=MINUTE)
    assert world.look(soon(login=login(1)), after=MINUTE) == []
    assert world.until == world.now + 29 * MINUTE


def test_an_end_that_times_out_again_and_again_is_still_said() -> None:
    """However often it was tried, the beginning may be what people believe."""
    world = World(fates={"phone": Fate.LOST_LATE})
    world.look(now(login=login(0)))
    wait(world, fine(login=login(1)), span=3 * DAY)
    world.fates.clear()
    assert wait(world, fine(login=login(1)), span=DAY)[0][1] == "resolved"
