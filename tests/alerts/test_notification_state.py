"""Channels that fail, clearly or not: what is tried again, when, and what people end up believing."""

from __future__ import annotations

from datetime import timedelta

from alerts import notification_state
from alerts.model import Alert, Attempt, Delivery, Item, Level, Notification, NotificationState, Outcome, Reason
from tests.alerts.world import (
    DAY,
    HOUR,
    MAIL,
    MINUTE,
    PHONE,
    START,
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


def test_a_clear_failure_is_tried_after_1_2_4_8_and_15_minutes() -> None:
    """Counted from each try, and every try is planned."""
    world = World(fates={"phone": Fate.REFUSED})
    world.look(now())
    gaps = []
    for _ in range(7):
        gaps.append(world.until - world.now)
        world.look(now(), after=gaps[-1])
    assert gaps == [minutes * MINUTE for minutes in (1, 2, 4, 8, 15, 15, 15)]
    assert world.inbox == []


def test_a_changed_address_is_tried_at_once() -> None:
    """Whoever repairs a channel does not wait for its back-off, and that starts anew."""
    world = World(fates={"phone": Fate.REFUSED})
    for _ in range(6):
        world.look(now(), after=15 * MINUTE)
    world.channels = (PHONE._replace(address="phone-2"),)
    world.look(now(), after=timedelta(seconds=1))
    assert world.until - world.now == MINUTE
    world.channels = (PHONE._replace(address="phone-3"),)
    world.fates.clear()
    assert reasons(world.look(now(), after=timedelta(seconds=1))) == ["new"]


def test_retry_after_is_a_lower_bound_for_the_whole_channel() -> None:
    """A rate limit of a server is not answered with other news."""
    world = World(fates={"phone": Fate.LIMITED}, retry_after=HOUR)
    world.look(now("a"))
    assert world.until - world.now == HOUR
    world.fates.clear()
    assert world.look(now("a"), now("b"), after=30 * MINUTE) == []
    assert world.until - world.now == 30 * MINUTE
    assert len(world.look(now("a"), now("b"), after=30 * MINUTE)) == 2


def test_a_nonsensical_retry_after_does_not_silence_a_channel_for_ever() -> None:
    """A day at most; and a short one does not shorten our own schedule."""
    world = World(fates={"phone": Fate.LIMITED}, retry_after=999 * DAY)
    world.look(now())
    assert world.until - world.now == DAY
    world.retry_after = timedelta(seconds=1)
    world.look(now(), after=DAY)
    assert world.until - world.now == 2 * MINUTE


def test_after_a_week_of_outage_the_newest_state_is_told_once() -> None:
    """Not the story, the state."""
    world = World(fates={"phone": Fate.REFUSED})
    for condition in (soon(), soon(days=3), soon(days=1), now()):
        world.look(condition, after=DAY)
        wait(world, condition, span=DAY)
    world.fates.clear()
    assert said(world.look(now(), after=HOUR)) == [("phone", "a", "new")]
    assert wait(world, now(), span=20 * HOUR) == []


def test_after_an_outage_in_which_all_came_and_went_nothing_is_told() -> None:
    """Nobody heard the beginning, so nobody misses the end; and no failure is remembered."""
    world = World(fates={"phone": Fate.REFUSED})
    world.look(now())
    world.look(fine(), after=HOUR)
    world.look(fine(), after=HOUR)
    world.fates.clear()
    assert world.look(fine(), after=HOUR) == []
    assert world.attempts == {}


def test_a_recovery_during_an_outage_is_told_once_after_it() -> None:
    """To whom the beginning was told."""
    world = World()
    world.look(now())
    world.fates["phone"] = Fate.REFUSED
    world.look(fine(), after=HOUR)
    wait(world, fine(), span=DAY)
    world.fates.clear()
    assert reasons(world.look(fine(), after=HOUR)) == ["resolved"]
    assert wait(world, fine(), span=9 * DAY) == []


def test_an_episode_that_ended_and_began_anew_during_an_outage_is_new() -> None:
    """The same level again is not the same thing."""
    world = World()
    world.look(now())
    world.fates["phone"] = Fate.REFUSED
    world.look(fine(login=login(1)), after=HOUR)
    world.look(fine(), after=HOUR)
    world.look(now(), after=HOUR)
    world.fates.clear()
    assert reasons(world.look(now(), after=HOUR)) == ["new"]


def test_a_partial_delivery_counts_as_told() -> None:
    """The targets that heard it must not hear it again."""
    world = World(fates={"phone": Fate.PARTLY})
    world.look(now())
    assert world.notified[PHONE.id, "a"].level is Level.NOW
    assert wait(world, now(), span=20 * HOUR) == []


def test_a_reminder_that_fails_goes_on_trying() -> None:
    """It stays due, on the schedule of failures, and counts when it is heard."""
    world = World()
    world.look(now())
    world.fates["phone"] = Fate.REFUSED
    world.look(now(), after=DAY)
    assert world.until - world.now == MINUTE
    world.fates.clear()
    assert reasons(world.look(now(), after=MINUTE)) == ["reminder"]
    assert world.notified[PHONE.id, "a"].nth == 1
    assert world.until - world.now == 2 * DAY


def test_who_was_told_now_hears_that_a_later_episode_is_less() -> None:
    """Although a channel for `now` would not hear of the later one by itself."""
    world = World(channels=(MAIL,))
    world.look(now(login=login(0)))
    world.fates["mail"] = Fate.REFUSED
    world.look(fine(login=login(1)), after=HOUR)
    world.look(soon(login=login(1)), after=HOUR)
    world.fates.clear()
    assert reasons(world.look(soon(login=login(1)), after=HOUR)) == ["eased"]


def test_a_look_that_does_not_see_it_does_not_shorten_the_wait() -> None:
    """The schedule goes on while a source flaps."""
    world = World(fates={"phone": Fate.REFUSED})
    for _ in range(3):
        world.look(now(), after=5 * MINUTE)
    world.look(fine(), after=MINUTE)
    assert world.attempts[PHONE.id, "a"].tries == 3


def test_an_attempt_that_moved_is_told_under_its_new_key() -> None:
    """Replacing the row's own key is enough."""
    alert = Alert("old", Level.NOW, START, START)
    notification = Notification("phone", (Item(alert, Reason.NEW),))
    (row,) = notification_state.before(notification, PHONE, {}, {}, START)
    moved = row._replace(key="new")
    changes = notification_state.after(Delivery(notification, START + MINUTE, Outcome.DELIVERED), [moved])
    assert changes.notified == {(PHONE.id, "new"): NotificationState("phone", "new", Level.NOW, START, START + MINUTE)}
    assert changes.attempts == {(PHONE.id, "new"): None}


def test_the_first_failure_of_what_is_still_news_is_remembered() -> None:
    """A worse level does not make the channel's failing younger."""
    world = World(fates={"phone": Fate.REFUSED})
    world.look(soon())
    world.look(now(), after=HOUR)
    row: Attempt = world.attempts[PHONE.id, "a"]
    assert row.first_at == world.now - HOUR
    assert (row.at, row.tries) == (world.now, 2)
