"""What a channel believes is bound to its address: one that is put right hears what stands, and no end unheard of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from alerts import notification_state
from alerts.model import Attempt, Channel, Level, NotificationState, Outcome
from tests.alerts.life import DAY, HOUR, MINUTE, START, Life
from tests.alerts.reading import heard_in
from tests.alerts.world import Fate, World, fine, login, now, reasons, said, soon, wait
from tests.command import configure, state

A, B = Channel("phone", address="k:a"), Channel("phone", address="k:b")
NONE = Channel("phone")


def at(world: World, channel: Channel) -> World:
    world.channels = (channel,)
    return world


def test_a_new_address_is_told_all_that_stands_as_new_in_one_message() -> None:
    world = World(channels=(A,))
    world.look(now("a"), soon("b"))
    assert reasons(at(world, B).look(now("a"), soon("b"), after=MINUTE)) == ["new", "new"]
    assert len(world.messages) == 2
    assert wait(world, now("a"), soon("b"), span=DAY - MINUTE) == []


def test_a_new_address_hears_no_end_of_what_it_never_heard_of() -> None:
    world = World(channels=(A,))
    world.look(now(login=login(0)), now("b"))
    assert said(at(world, B).look(fine(login=login(1)), now("b"), after=MINUTE)) == [("phone", "b", "new")]


@pytest.mark.parametrize(
    ("then", "heard"),
    [(now(login=login(0)), []), (fine(login=login(1)), ["resolved"]), (soon(login=login(1)), ["eased"])],
)
def test_an_address_that_comes_back_hears_what_has_changed_since_it_was_told(then, heard) -> None:
    """A, then B, then A again."""
    world = World(channels=(A,))
    world.look(now(login=login(0)))
    at(world, B).look(then, after=HOUR)
    assert reasons(at(world, A).look(then, after=HOUR)) == heard


def test_what_came_and_went_while_another_address_was_in_use_is_no_news() -> None:
    world = World(channels=(A,))
    world.look(fine(login=login(0)))
    at(world, B).look(now(login=login(0)), after=HOUR)
    at(world, B).look(fine(login=login(1)), after=HOUR)
    assert at(world, A).look(fine(login=login(1)), after=HOUR) == []


@pytest.mark.parametrize("fate", [Fate.HEARD_LATE, Fate.LOST_LATE, Fate.HEARD_CRASH, Fate.LOST_CRASH])
def test_what_may_have_been_heard_was_heard_at_the_old_address(fate: Fate) -> None:
    """The new one is told at once, without a wait; and back at the old one, its end is told there, too."""
    world = World(channels=(A,), fates={"phone": fate})
    world.look(now(login=login(0)))
    world.fates.clear()
    assert reasons(at(world, B).look(now(login=login(0)), after=MINUTE)) == ["new"]
    assert reasons(at(world, B).look(fine(login=login(1)), after=MINUTE)) == ["resolved"]
    assert reasons(at(world, A).look(fine(login=login(1)), after=30 * DAY)) == ["resolved"]
    assert world.attempts == {}


def test_an_address_that_comes_back_after_weeks_is_not_said_to_have_been_stuck_since() -> None:
    mail = Channel("mail", address="k:mail")
    world = World(channels=(A, mail), own=True, fates={"phone": Fate.LOST_LATE})
    world.look(now())
    world.fates.clear()
    world.channels = (B, mail)
    wait(world, now(), span=20 * DAY)
    world.channels = (A, mail)
    before = len(world.inbox)
    world.look(now())
    wait(world, now(), span=2 * HOUR)
    assert [one.key for one in world.inbox[before:] if one.channel == "mail"] == []


def test_a_stuck_channel_with_a_new_address_is_said_to_deliver_only_when_it_does() -> None:
    mail = Channel("mail", address="k:mail")
    world = World(channels=(A, mail), own=True, fates={"phone": Fate.REFUSED})
    world.look(now())
    wait(world, now(), span=DAY + HOUR)
    assert said(world.inbox)[-1] == ("mail", "channel/phone", "new")
    world.channels = (B, mail)
    world.look(now())
    wait(world, now(), span=2 * HOUR)
    assert said(world.inbox)[-1] == ("mail", "channel/phone", "new")
    world.fates.clear()
    wait(world, now(), span=HOUR)
    assert said(world.inbox)[-1] == ("mail", "channel/phone", "resolved")


def test_an_address_that_cannot_be_read_for_a_while_is_told_nothing_twice() -> None:
    """What could not be said meanwhile is said then."""
    world = World(channels=(A,))
    world.look(now())
    at(world, NONE).fates["phone"] = Fate.REFUSED
    assert world.look(now(), soon("b"), after=HOUR) == []
    world.fates.clear()
    assert said(at(world, A).look(now(), soon("b"), after=MINUTE)) == [("phone", "b", "new")]


def test_a_renamed_channel_with_the_same_address_hears_nothing_again_and_the_end() -> None:
    world = World(channels=(A,))
    world.look(now(login=login(0)))
    at(world, A._replace(label="mobile"))
    assert world.look(now(login=login(0)), after=MINUTE) == []
    assert said(world.look(fine(login=login(1)), after=MINUTE)) == [("mobile", "a", "resolved")]


def test_addresses_of_another_key_cannot_be_compared_so_what_was_told_goes_on() -> None:
    """And from then on it is bound to the address as the new key has it."""
    world = World(channels=(A,))
    world.look(now())
    assert at(world, A._replace(address="other:x")).look(now(), after=MINUTE) == []
    assert reasons(at(world, A._replace(address="other:y")).look(now(), after=MINUTE)) == ["new"]


def test_of_several_addresses_of_another_key_the_last_one_goes_on() -> None:
    notified = {
        ("k:a", "x"): NotificationState("phone", "x", Level.SOON, START, START),
        ("k:b", "x"): NotificationState("phone", "x", Level.NOW, START, START + HOUR),
        ("k:m", "x"): NotificationState("mail", "x", Level.NOW, START, START),
    }
    tried = {("k:b", "x"): Attempt("phone", "x", START, START, Outcome.CONNECT, tries=2, address="k:b")}
    found, attempts = notification_state.bound(notified, tried, [Channel("phone", address="other:1")])
    assert found == {("other:1", "x"): notified["k:b", "x"], ("k:m", "x"): notified["k:m", "x"]}
    assert attempts == {("other:1", "x"): tried["k:b", "x"]._replace(address="other:1")}


# -- on a real home ---------------------------------------------------------------------------------------------------


def test_an_address_that_is_put_right_is_told_what_stands_in_one_message(life: Life) -> None:
    """The wrong one answered 200, as a mistyped topic does."""
    profiles = {"anthropic:a": life.token(2 * DAY), "openai:b": life.token(-HOUR, provider="openai")}
    life.openclaw(profiles, "anthropic/claude-sonnet-4-5", "openai/gpt-5")
    channel(life, "json/wrong")
    life.look()
    channel(life, "json/right")
    before = len(life.there.received)
    life.look(after=MINUTE)
    (one,) = life.there.received[before:]
    assert one.path == "/json/right"
    assert heard_in(one.body["title"], one.body["message"]) == [("now", "openai:b"), ("soon", "anthropic:a")]
    life.look(after=HOUR)
    assert len(life.there.received) == before + 1
    rows = json.loads(life.line.run(life.home, "alerts", "list", "--json", at=life.now).out)["alerts"]
    assert {tuple(row["told"]) for row in rows} == {("phone",)}


def test_another_password_for_the_same_place_says_it_once_more_and_another_label_does_not(life: Life) -> None:
    life.openclaw({"anthropic:a": life.token(2 * DAY)})
    heard = []
    for label, password in (("phone", "one"), ("phone", "two"), ("mobile", "two")):
        channel(life, "json/x", label, password)
        life.look(after=HOUR)
        heard.append(len(life.there.received))
    assert heard == [1, 2, 2]


def test_two_channels_with_one_address_each_hear_what_they_want(life: Life) -> None:
    life.openclaw({"anthropic:a": life.token(2 * DAY)})
    url = life.there.url("json", "json/x")
    configure(life.home, f"channels:\n  all: {{url: '{url}'}}\n  urgent: {{url: '{url}', at_least: now}}\n")
    life.look()
    assert len(life.there.received) == 1
    life.openclaw({"anthropic:a": life.token(-HOUR)})
    life.look(after=HOUR)
    assert len(life.there.received) == 3
    life.look(after=HOUR)
    assert len(life.there.received) == 3


def test_a_lost_fingerprint_key_repeats_nothing(life: Life) -> None:
    life.openclaw({"anthropic:a": life.token(2 * DAY)})
    channel(life, "json/x")
    life.look()
    key: Path = state(life.home) / "key"
    key.unlink()
    for _ in range(2):
        life.look(after=HOUR)
    assert len(life.there.received) == 1
    channel(life, "json/other")
    life.look(after=HOUR)
    assert len(life.there.received) == 2


def channel(life: Life, path: str, label: str = "phone", password: str = "") -> None:
    url = life.there.url("json", path, login=f"me:{password}" if password else "")
    configure(life.home, f"host: box\nchannels:\n  {label}: {{url: '{url}'}}\n")
