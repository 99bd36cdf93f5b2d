"""What a line-up has left: the last login, none, a paid key in the place of a subscription, and pins."""

from __future__ import annotations

import pytest

from alerts.model import Level
from monitor.judge.conditions import conditions
from monitor.model import Evidence, Kind, Lineup, Use
from tests.judge.worlds import DAY, HOUR, NOW, at, login, looked_at, oauth, token

KEY = login("anthropic:key", kind=Kind.API_KEY)
SPARE = ("ANTHROPIC_API_KEY",)


def told(*seen, spare=(), ordered=True, in_use=True, privacy="full", alert=()):
    """Level by name of what is said besides the logins themselves."""
    keys = tuple(one.credential.key for one in seen)
    lineup = Lineup("openclaw", "main", "anthropic", keys, spare, in_use, ordered)
    found = conditions(looked_at(*seen, lineup), host="vps-1", privacy=privacy, now=NOW, open_fallbacks=alert)
    return {one.key.rpartition("/")[2]: one for one in found if "about" in one.labels}


def levels(*seen, **more):
    return {name: one.level for name, one in told(*seen, **more).items()}


DEAD = token("anthropic:old", access=-HOUR)
GOOD, OTHER = oauth(), oauth("anthropic:other")


@pytest.mark.parametrize(
    ("seen", "more", "expected"),
    [
        ((GOOD,), {}, {}),
        ((DEAD,), {}, {}),
        ((GOOD, OTHER), {}, {}),
        ((GOOD, DEAD), {}, {"last": Level.INFO}),
        ((DEAD, DEAD._replace(credential=DEAD.credential._replace(profile="anthropic:b"))), {}, {"last": Level.NOW}),
        ((GOOD, DEAD), {"ordered": False}, {}),
        ((GOOD, DEAD), {"in_use": False}, {}),
        ((GOOD, KEY), {}, {}),
        ((DEAD, KEY), {}, {"last": Level.INFO, "paid": Level.SOON}),
        ((DEAD,), {"spare": SPARE}, {"last": Level.INFO, "paid": Level.SOON}),
        ((DEAD,), {"spare": ("ANTHROPIC_OAUTH_TOKEN",)}, {"last": Level.INFO}),
        ((KEY, DEAD), {}, {"last": Level.INFO}),
        ((GOOD._replace(use=Use(unusable_until=at(HOUR))), KEY), {}, {"paid": Level.INFO}),
        ((GOOD._replace(use=Use(pinned_by="1 session is")), OTHER), {}, {}),
        ((GOOD._replace(login_expires_at=at(DAY), use=Use(pinned_by="1 session is")), OTHER), {}, {"pin": Level.SOON}),
        ((DEAD._replace(use=Use(pinned_by="1 session is")), GOOD, OTHER), {}, {"pin": Level.NOW}),
        ((GOOD._replace(evidence=Evidence.REFUSED, use=Use(pinned_by="2 sessions are")),), {}, {"pin": Level.NOW}),
    ],
)
def test_what_is_left_is_said_once_and_by_its_weight(seen, more, expected):
    assert levels(*seen, **more) == expected


def test_a_dead_login_that_another_replaces_can_wait_but_its_pin_cannot():
    pinned = DEAD._replace(use=Use(pinned_by="1 session is"))
    keys = tuple(one.credential.key for one in (pinned, GOOD, OTHER))
    found = conditions(
        looked_at(pinned, GOOD, OTHER, Lineup("openclaw", "main", "anthropic", keys)), host="", privacy="full", now=NOW
    )
    by_key = {one.key: one.level for one in found}
    assert by_key[DEAD.credential.key] is Level.SOON
    assert by_key[f"{DEAD.credential.key}/pin"] is Level.NOW


def test_what_is_over_is_seen_fine():
    labels = {"source": "openclaw", "agent": "main", "provider": "anthropic", "about": "last"}
    over = told(GOOD, OTHER, alert=[("openclaw/main/anthropic/last", labels)])
    assert over["last"].level is Level.FINE


def test_a_masked_name_hides_the_address():
    mail = "anthropic:anna@example.org"
    seen = DEAD._replace(credential=DEAD.credential._replace(profile=mail), use=Use(pinned_by="1 session is"))
    said = told(seen, GOOD, OTHER, privacy="masked")["pin"]
    assert "anna" not in said.summary
