"""Channels that do not deliver are conditions of their own, for the others."""

from __future__ import annotations

from alerts.decide import condition_key
from tests.alerts.world import (
    DAY,
    HOUR,
    MAIL,
    MINUTE,
    PHONE,
    Fate,
    World,
    now,
    said,
    soon,
    wait,
)


def test_a_channel_that_delivers_nothing_for_a_day_is_told_to_the_others() -> None:
    """Not to itself, and its end is told as well."""
    world = World(channels=(PHONE, MAIL), own=True, fates={"phone": Fate.REFUSED})
    world.look(soon())
    begin = world.now
    wait(world, soon(), span=DAY - MINUTE)
    assert world.inbox == []
    wait(world, soon(), span=MINUTE)
    assert world.inbox[0].at == begin + DAY
    assert said(world.inbox) == [("mail", condition_key("phone"), "new")]
    world.fates.clear()
    assert said(world.look(soon(), after=HOUR)) == [("phone", "a", "new")]
    world.look(soon(), after=MINUTE)
    assert said(world.look(soon(), after=10 * MINUTE)) == [("mail", condition_key("phone"), "resolved")]


def test_the_moment_a_channel_becomes_a_condition_is_planned() -> None:
    """Even where the next try would be later."""
    world = World(channels=(PHONE, MAIL), own=True, fates={"phone": Fate.LIMITED}, retry_after=23 * HOUR)
    world.look(soon())
    world.look(soon(), after=23 * HOUR)
    assert world.until == world.attempts[PHONE.id, "a"].first_at + DAY


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
    assert said(world.look(now(), after=10 * MINUTE)) == [("phone", key, "resolved")]
