"""What is planned to be said next."""

from dataclasses import replace
from datetime import timedelta

import pytest

from alerts.hush import FOREVER
from alerts.model import Acknowledgement, Channel, Hush, Level, Reason, Told
from alerts.planned import Planned, planned
from alerts.tell import Memory, Rules
from tests.alerts.examples import NOW, standing

DAY = timedelta(days=1)
PHONE, MAIL = Channel("phone"), Channel("mail", Level.NOW)
RULES = Rules(timedelta(minutes=10), (DAY, 2 * DAY))
NOWISH = standing(level=Level.NOW)
KEY = NOWISH.key


def told(channel, ago=timedelta(hours=3), nth=0):
    return {(channel, KEY): Told(channel, KEY, NOWISH.level, NOWISH.since, NOW - ago, NOWISH.step, nth)}


def following(known, channels=(PHONE,)):
    return planned(known, channels, RULES, NOW).get(KEY)


def test_a_reminder_comes_when_its_interval_is_over():
    """A reminder comes when its interval is over, the sooner of two channels'."""
    known = Memory({KEY: NOWISH}, told("phone") | told("mail", 5 * timedelta(hours=1)))
    assert following(known) == Planned("phone", Reason.REMINDER, NOW - timedelta(hours=3) + DAY)
    assert following(known, (PHONE, MAIL)).channel == "mail"
    assert following(replace(known, told=told("phone", nth=1))).at == NOW - timedelta(hours=3) + 2 * DAY


def test_what_was_not_told_yet_is_due():
    """What was not told yet is due with the next look."""
    assert following(Memory({KEY: NOWISH})) == Planned("phone", Reason.NEW, NOW)


def test_what_ends_soon_is_not_repeated():
    """What ends soon is not repeated, and no channel that does not care is named."""
    soon = standing()
    told_soon = {("phone", KEY): Told("phone", KEY, soon.level, soon.since, NOW, soon.step)}
    assert following(Memory({KEY: soon}, told_soon)) is None
    assert following(Memory({KEY: soon}), (MAIL,)) is None


@pytest.mark.parametrize("until", [None, FOREVER])
def test_what_somebody_knows_of_is_not_planned(until):
    """What somebody knows of is not planned; nor anything without a channel."""
    hush = Hush(acknowledgements=(Acknowledgement(KEY, NOWISH.at, until, NOW),))
    assert following(Memory({KEY: NOWISH}, told("phone"), hush=hush)) is None
    assert following(Memory({KEY: NOWISH}), ()) is None
    assert (
        following(
            Memory(
                {KEY: NOWISH},
                told("phone"),
                hush=replace(hush, acknowledgements=(replace(hush.acknowledgements[0], until=NOW + 3 * DAY),)),
            )
        ).at
        == NOW + 3 * DAY
    )
