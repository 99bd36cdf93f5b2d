"""What channels hear, why and when: news, reminders, failures, perhaps-heard messages."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.decide import condition_key
from alerts.model import Attempt, Channel, Condition, Level, Reason
from tests.alerts.world import (
    DAY,
    HOUR,
    MINUTE,
    PHONE,
    Fate,
    World,
    fine,
    login,
    now,
    reasons,
    said,
    soon,
)

MAIL = Channel("mail", Level.NOW, address="mail-1")


def follow(world: World, *conditions: Condition, span: timedelta) -> list[tuple[timedelta, str]]:
    """Passes exactly when planned; after how long people heard what."""
    start, before = world.now, len(world.inbox)
    end = start + span
    while world.until is not None and world.until <= end:
        world.look(*conditions, after=world.until - world.now)
    world.now = end
    return [(one.at - start, str(one.reason)) for one in world.inbox[before:]]


# -- news -----------------------------------------------------------------------------------------------------


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
    assert reasons(world.look(fine(), after=10 * MINUTE)) == ["recovered"]
    assert world.told == {}
    assert world.attempts == {}


def test_a_renewal_is_told_at_once() -> None:
    """A new login needs no settling."""
    world = World()
    world.look(now(login=login(0)))
    assert reasons(world.look(fine(login=login(1)), after=MINUTE)) == ["recovered"]


def test_a_renewed_login_that_is_soon_again_is_eased_at_once() -> None:
    """The same episode goes on at a lower level."""
    world = World()
    world.look(now(login=login(0)))
    assert reasons(world.look(soon(login=login(1)), after=MINUTE)) == ["eased"]


def test_an_unknown_that_lasts_is_one_message_and_a_short_one_none() -> None:
    """A torn store for one pass is nothing to anybody."""
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
    assert [(one.channel, [news.standing.key for news in one.news]) for one in world.messages] == [
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
    assert reasons(world.look(fine(), after=10 * MINUTE)) == ["recovered"]


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
    assert said(world.look(fine(), after=HOUR)) == [("mail", "a", "recovered")]
    world.channels = (PHONE, MAIL)
    assert said(world.look(fine(), after=HOUR)) == [("phone", "a", "recovered")]


def test_absence_is_neither_bad_nor_good_news() -> None:
    """A filtered look, a removed source: no reminder, no recovery; back again, the reminder."""
    world = World()
    world.look(now())
    assert world.look(after=3 * DAY) == []
    assert reasons(world.look(now(), after=MINUTE)) == ["reminder"]


def test_a_forgotten_key_is_silence_once_its_rows_are_gone() -> None:
    """Forgetting deletes standing, told and attempts together; what appears again is new."""
    world = World()
    world.look(now())
    del world.standings["a"], world.told["phone", "a"]
    assert world.look(after=MINUTE) == []
    assert reasons(world.look(now(), after=MINUTE)) == ["new"]


def test_a_moved_key_goes_on_under_its_new_name() -> None:
    """Nothing is said of the old name, and the end is told under the new one."""
    world = World()
    world.look(now())
    world.standings["b"] = replace(world.standings.pop("a"), key="b")
    world.told["phone", "b"] = replace(world.told.pop(("phone", "a")), key="b")
    assert world.look(now("b"), after=MINUTE) == []
    world.look(fine("b"), after=MINUTE)
    assert said(world.look(fine("b"), after=HOUR)) == [("phone", "b", "recovered")]


# -- reminders ------------------------------------------------------------------------------------------------


def test_reminders_come_after_one_day_two_and_then_every_seven() -> None:
    """Each counts from the one before, and passes are planned for them."""
    world = World()
    world.look(now())
    heard = follow(world, now(), span=25 * DAY)
    assert heard == [(days * DAY, "reminder") for days in (1, 3, 10, 17, 24)]


def test_other_news_starts_the_reminders_anew() -> None:
    """A change of level is as good as a reminder."""
    world = World()
    world.look(now(days := "a"))
    follow(world, now(days), span=2 * DAY)
    world.look(soon(login=login(9)), after=MINUTE)
    world.look(soon(), after=10 * MINUTE)
    world.look(now(), after=MINUTE)
    assert follow(world, now(), span=4 * DAY) == [(DAY, "reminder"), (3 * DAY, "reminder")]


@pytest.mark.parametrize(
    ("condition", "count"),
    [(soon(), 0), (Condition("a", Level.INFO), 0), (soon(days=None, doubt=True), 2), (now(), 2)],
)
def test_only_now_and_unknown_are_repeated(condition: Condition, count: int) -> None:
    """What is soon has its lead steps instead."""
    world = World(channels=(Channel("phone", Level.INFO),))
    world.look(condition)
    world.look(condition, after=10 * MINUTE)
    assert len(follow(world, condition, span=4 * DAY)) == count


def test_a_message_takes_along_the_reminders_of_the_next_twelve_hours() -> None:
    """One message instead of two, and the next reminder counts from there."""
    world = World()
    world.look(now("a"))
    assert reasons(world.look(now("a"), now("b"), after=11 * HOUR)) == ["new"]
    assert said(world.look(now("a"), now("b"), now("c"), after=2 * HOUR)) == [
        ("phone", "a", "reminder"),
        ("phone", "c", "new"),
    ]
    heard = follow(world, now("a"), now("b"), now("c"), span=DAY)
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


# -- channels that fail -----------------------------------------------------------------------------------------


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
    assert follow(world, now(), span=20 * HOUR) == []


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
    assert follow(world, now(), span=20 * HOUR) == []


def test_a_changed_address_is_tried_at_once() -> None:
    """Whoever repairs a channel does not wait for its back-off, and that starts anew."""
    world = World(fates={"phone": Fate.REFUSED})
    for _ in range(6):
        world.look(now(), after=15 * MINUTE)
    world.channels = (replace(PHONE, address="phone-2"),)
    world.look(now(), after=timedelta(seconds=1))
    assert world.until - world.now == MINUTE
    world.channels = (replace(PHONE, address="phone-3"),)
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
        follow(world, condition, span=DAY)
    world.fates.clear()
    assert said(world.look(now(), after=HOUR)) == [("phone", "a", "new")]
    assert follow(world, now(), span=20 * HOUR) == []


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
    follow(world, fine(), span=DAY)
    world.fates.clear()
    assert reasons(world.look(fine(), after=HOUR)) == ["recovered"]
    assert follow(world, fine(), span=9 * DAY) == []


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


@pytest.mark.parametrize("fate", [Fate.HEARD_LATE, Fate.LOST_LATE, Fate.HEARD_CRASH, Fate.LOST_CRASH])
def test_who_may_have_heard_the_beginning_hears_the_end(fate: Fate) -> None:
    """Better an end without a beginning than a fright without an end."""
    world = World(fates={"phone": fate})
    world.look(now(login=login(0)))
    world.fates.clear()
    assert reasons(world.look(fine(login=login(1)), after=MINUTE)) == ["recovered"]
    assert world.attempts == {}


def test_an_end_that_was_perhaps_heard_is_said_until_it_surely_was() -> None:
    """Both the beginning and the end timed out: either may be believed."""
    world = World(fates={"phone": Fate.LOST_LATE})
    world.look(now(login=login(0)))
    world.look(fine(login=login(1)), after=MINUTE)
    world.fates.clear()
    assert world.look(fine(login=login(1)), after=MINUTE) == []
    assert [reason for _, reason in follow(world, fine(login=login(1)), span=DAY)] == ["recovered"]
    assert world.attempts == {}


def test_a_partial_delivery_counts_as_told() -> None:
    """The targets that heard it must not hear it again."""
    world = World(fates={"phone": Fate.PARTLY})
    world.look(now())
    assert world.told["phone", "a"].level is Level.NOW
    assert follow(world, now(), span=20 * HOUR) == []


def test_a_reminder_that_fails_goes_on_trying() -> None:
    """It stays due, on the schedule of failures, and counts when it is heard."""
    world = World()
    world.look(now())
    world.fates["phone"] = Fate.REFUSED
    world.look(now(), after=DAY)
    assert world.until - world.now == MINUTE
    world.fates.clear()
    assert reasons(world.look(now(), after=MINUTE)) == ["reminder"]
    assert world.told["phone", "a"].nth == 1
    assert world.until - world.now == 2 * DAY


# -- channels as conditions -------------------------------------------------------------------------------------


def test_a_channel_that_delivers_nothing_for_a_day_is_told_to_the_others() -> None:
    """Not to itself, and its end is told as well."""
    world = World(channels=(PHONE, MAIL), own=True, fates={"phone": Fate.REFUSED})
    world.look(soon())
    begin = world.now
    follow(world, soon(), span=DAY - MINUTE)
    assert world.inbox == []
    follow(world, soon(), span=MINUTE)
    assert world.inbox[0].at == begin + DAY
    assert said(world.inbox) == [("mail", condition_key("phone"), "new")]
    world.fates.clear()
    assert said(world.look(soon(), after=HOUR)) == [("phone", "a", "new")]
    world.look(soon(), after=MINUTE)
    assert said(world.look(soon(), after=10 * MINUTE)) == [("mail", condition_key("phone"), "recovered")]


def test_the_moment_a_channel_becomes_a_condition_is_planned() -> None:
    """Even where the next try would be later."""
    world = World(channels=(PHONE, MAIL), own=True, fates={"phone": Fate.LIMITED}, retry_after=23 * HOUR)
    world.look(soon())
    world.look(soon(), after=23 * HOUR)
    assert world.until == world.attempts["phone", "a"].first_at + DAY


def test_news_that_nobody_wants_any_more_is_not_undelivered() -> None:
    """An acknowledged or ended condition does not make a channel broken."""
    world = World(channels=(PHONE, MAIL), own=True, fates={"phone": Fate.REFUSED})
    world.look(soon())
    world.acknowledge("a")
    assert world.look(soon(), after=3 * DAY) == []


def test_a_channel_that_reaches_only_some_targets_is_a_condition_until_it_reaches_all() -> None:
    """It is told through that channel too, for some hear it."""
    world = World(own=True, fates={"phone": Fate.PARTLY})
    world.look(now())
    world.fates.clear()
    key = f"{condition_key('phone')}/targets"
    assert said(world.look(now(), after=MINUTE)) == [("phone", key, "new")]
    world.look(now(), after=MINUTE)
    assert said(world.look(now(), after=10 * MINUTE)) == [("phone", key, "recovered")]


# -- acknowledgements and silences in the flow --------------------------------------------------------------------


def test_an_acknowledgement_ends_with_the_next_change_of_level() -> None:
    """It hides reminders until then; easing and the end are told."""
    world = World()
    world.look(soon())
    world.acknowledge("a")
    assert follow(world, soon(), span=9 * DAY) == []
    assert reasons(world.look(now(), after=MINUTE)) == ["worse"]
    world.acknowledge("a")
    assert follow(world, now(), span=9 * DAY) == []
    world.look(fine(), after=MINUTE)
    assert reasons(world.look(fine(), after=10 * MINUTE)) == ["recovered"]


def test_an_acknowledgement_for_some_days_gives_way_to_the_reminder() -> None:
    """And that moment is planned."""
    world = World()
    world.look(now())
    world.acknowledge("a", until=world.now + 2 * DAY)
    world.look(now(), after=MINUTE)
    assert follow(world, now(), span=3 * DAY)[0] == (2 * DAY - MINUTE, "reminder")


def test_a_silence_hides_up_to_its_level_and_its_end_is_planned() -> None:
    """What is worse is told; what it hid is told when it ends."""
    world = World()
    world.look(fine())
    world.silence({}, 4 * HOUR, Level.SOON)
    assert world.look(soon(), after=MINUTE) == []
    assert world.until == world.hush.silences[0].until
    assert reasons(world.look(now(), after=MINUTE)) == ["new"]
    other = World()
    other.silence({}, 4 * HOUR)
    other.look(now())
    assert follow(other, now(), span=5 * HOUR) == [(4 * HOUR, "new")]


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
    assert reasons(world.look(fine(login=login(1)), after=MINUTE)) == [Reason.RECOVERED]


def test_the_first_failure_of_what_is_still_news_is_remembered() -> None:
    """A worse level does not make the channel's failing younger."""
    world = World(fates={"phone": Fate.REFUSED})
    world.look(soon())
    world.look(now(), after=HOUR)
    row: Attempt = world.attempts["phone", "a"]
    assert row.first_at == world.now - HOUR
    assert (row.at, row.tries) == (world.now, 2)
