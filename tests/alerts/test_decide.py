"""What channels hear, why and when, as long as they work."""

from __future__ import annotations

import pytest

from alerts.model import Channel, Condition, Level
from tests.alerts.world import (
    DAY,
    HOUR,
    MAIL,
    MINUTE,
    PHONE,
    World,
    fine,
    login,
    now,
    reasons,
    said,
    soon,
    wait,
)


def test_an_episode_is_new_worse_eased_and_recovered_once_each() -> None:
    """The whole life of an alert, and nothing twice."""
    world = World()
    assert reasons(world.look(soon())) == ["new"]
    assert reasons(world.look(soon(), after=MINUTE)) == []
    assert reasons(world.look(soon(days=3), after=MINUTE)) == ["worse"]
    assert reasons(world.look(now(), after=10 * MINUTE)) == ["worse"]
    assert reasons(world.look(soon(), after=MINUTE)) == []
    assert reasons(world.look(soon(), after=10 * MINUTE)) == ["eased"]
    assert reasons(world.look(fine(), after=MINUTE)) == []
    assert reasons(world.look(fine(), after=10 * MINUTE)) == ["resolved"]
    assert world.notified == {}
    assert world.attempts == {}


def test_a_renewal_is_told_at_once() -> None:
    """A new login needs no settling."""
    world = World()
    world.look(now(login=login(0)))
    assert reasons(world.look(fine(login=login(1)), after=MINUTE)) == ["resolved"]


def test_a_renewed_login_that_is_soon_again_is_eased_at_once() -> None:
    """The same episode goes on at a lower level."""
    world = World()
    world.look(now(login=login(0)))
    assert reasons(world.look(soon(login=login(1)), after=MINUTE)) == ["eased"]


def test_an_unknown_that_lasts_is_one_message_and_a_short_one_none() -> None:
    """A torn store for one check is nothing to anybody."""
    world = World()
    world.look(fine())
    torn = soon(days=None, doubt=True)
    assert reasons(world.look(torn, after=5 * MINUTE)) == []
    assert reasons(world.look(fine(), after=5 * MINUTE)) == []
    assert reasons(world.look(torn, after=5 * HOUR)) == []
    assert reasons(world.look(torn, after=5 * MINUTE)) == []
    assert reasons(world.look(torn, after=5 * MINUTE)) == ["new"]
    assert reasons(world.look(torn, after=5 * MINUTE)) == []


def test_held_keys_are_as_before() -> None:
    """While their store cannot be read nothing recovers, but a deadline that runs out is told."""
    world = World()
    world.look(soon())
    assert reasons(world.look(fine(held=True), after=DAY)) == []
    assert reasons(world.look(now(held=True), after=DAY)) == ["worse"]


def test_all_news_of_a_channel_is_one_message_with_the_worst_first() -> None:
    """And each channel has its own."""
    world = World(channels=(PHONE, MAIL))
    world.look(soon("a", days=7), soon("b", days=1), now("c"))
    assert [(one.channel, [item.alert.key for item in one.items]) for one in world.messages] == [
        ("phone", ["c", "b", "a"]),
        ("mail", ["c"]),
    ]


def test_a_channel_hears_what_its_level_and_match_let_through() -> None:
    """A match compares only the labels that are there."""
    only = Channel("only", Level.SOON, match={"agent": "main"})
    world = World(channels=(only,))
    heard = world.look(
        now("a", labels={"agent": "main"}),
        now("b", labels={"agent": "other"}),
        now("c", labels={"source": "x"}),
        Condition("d", Level.INFO, labels={"agent": "main"}),
    )
    assert sorted(one.key for one in heard) == ["a", "c"]


def test_whoever_was_told_hears_the_end_whatever_the_level() -> None:
    """A channel for `now` hears that it is only soon, then that it is over."""
    world = World(channels=(MAIL,))
    world.look(now())
    world.look(soon(), after=MINUTE)
    assert reasons(world.look(soon(), after=10 * MINUTE)) == ["eased"]
    assert reasons(world.look(soon(days=3), after=MINUTE)) == []
    world.look(fine(), after=MINUTE)
    assert reasons(world.look(fine(), after=10 * MINUTE)) == ["resolved"]


def test_a_channel_that_was_never_told_hears_no_recovery() -> None:
    """The end of something unheard of is no news."""
    world = World(channels=(MAIL,))
    world.look(soon())
    world.look(fine(), after=HOUR)
    assert world.look(fine(), after=HOUR) == []


def test_a_channel_added_meanwhile_hears_what_stands_as_new() -> None:
    """A removed one is not spoken to, and hears what it missed when it comes back."""
    world = World()
    world.look(now())
    world.channels = (PHONE, MAIL)
    assert said(world.look(now(), after=MINUTE)) == [("mail", "a", "new")]
    world.channels = (MAIL,)
    world.look(fine(), after=MINUTE)
    assert said(world.look(fine(), after=HOUR)) == [("mail", "a", "resolved")]
    world.channels = (PHONE, MAIL)
    assert said(world.look(fine(), after=HOUR)) == [("phone", "a", "resolved")]


def test_absence_is_neither_bad_nor_good_news() -> None:
    """A filtered look, a removed source: no reminder, no recovery; back again, the reminder."""
    world = World()
    world.look(now())
    assert world.look(after=3 * DAY) == []
    assert reasons(world.look(now(), after=MINUTE)) == ["reminder"]


def test_a_forgotten_key_is_silence_once_its_rows_are_gone() -> None:
    """Forgetting deletes alert, told and attempts together; what appears again is new."""
    world = World()
    world.look(now())
    del world.alerts["a"], world.notified[PHONE.id, "a"]
    assert world.look(after=MINUTE) == []
    assert reasons(world.look(now(), after=MINUTE)) == ["new"]


def test_a_moved_key_goes_on_under_its_new_name() -> None:
    """Nothing is said of the old name, and the end is told under the new one."""
    world = World()
    world.look(now())
    world.alerts["b"] = world.alerts.pop("a")._replace(key="b")
    world.notified[PHONE.id, "b"] = world.notified.pop((PHONE.id, "a"))._replace(key="b")
    assert world.look(now("b"), after=MINUTE) == []
    world.look(fine("b"), after=MINUTE)
    assert said(world.look(fine("b"), after=HOUR)) == [("phone", "b", "resolved")]


def test_reminders_come_after_one_day_two_and_then_every_seven() -> None:
    """Each counts from the one before, and checks are planned for them."""
    world = World()
    world.look(now())
    heard = wait(world, now(), span=25 * DAY)
    assert heard == [(days * DAY, "reminder") for days in (1, 3, 10, 17, 24)]


def test_other_news_starts_the_reminders_anew() -> None:
    """A change of level is as good as a reminder."""
    world = World()
    world.look(now(days := "a"))
    wait(world, now(days), span=2 * DAY)
    world.look(soon(login=login(9)), after=MINUTE)
    world.look(soon(), after=10 * MINUTE)
    world.look(now(), after=MINUTE)
    assert wait(world, now(), span=4 * DAY) == [(DAY, "reminder"), (3 * DAY, "reminder")]


@pytest.mark.parametrize(
    ("condition", "count"),
    [(soon(), 0), (Condition("a", Level.INFO), 0), (soon(days=None, doubt=True), 2), (now(), 2)],
)
def test_only_now_and_unknown_are_repeated(condition: Condition, count: int) -> None:
    """What is soon has its lead steps instead."""
    world = World(channels=(Channel("phone", Level.INFO),))
    world.look(condition)
    world.look(condition, after=10 * MINUTE)
    assert len(wait(world, condition, span=4 * DAY)) == count


def test_a_message_takes_along_the_reminders_of_the_next_twelve_hours() -> None:
    """One message instead of two, and the next reminder counts from there."""
    world = World()
    world.look(now("a"))
    assert reasons(world.look(now("a"), now("b"), after=11 * HOUR)) == ["new"]
    assert said(world.look(now("a"), now("b"), now("c"), after=2 * HOUR)) == [
        ("phone", "a", "reminder"),
        ("phone", "c", "new"),
    ]
    heard = wait(world, now("a"), now("b"), now("c"), span=DAY)
    assert heard == [(22 * HOUR, "reminder"), (22 * HOUR, "reminder")]


def test_short_intervals_do_not_take_along_what_was_just_said() -> None:
    """With reminders every six hours, at most the last three of them are saved."""
    world = World(remind=(6 * HOUR,))
    world.look(now("a"))
    assert reasons(world.look(now("a"), now("b"), after=2 * HOUR)) == ["new"]


def test_no_intervals_mean_no_reminders() -> None:
    """An empty list is not an error."""
    world = World(remind=())
    world.look(now())
    assert world.until is None
    assert world.look(now(), after=99 * DAY) == []
