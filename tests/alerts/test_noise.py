"""Normal life is silent until the lead before the login's end; then exactly the policy's messages."""

from __future__ import annotations

from datetime import datetime

import pytest

from alerts.timefmt import moment
from tests.alerts.life import DAY, HOUR, MINUTE, START, Life

WORKS = range(8, 20)  # by day something uses the agent, by night nothing does


def days_of_work(life: Life, end: datetime, login: datetime) -> datetime:
    """Days in which both programs renew their 8-hour tokens whenever they are used, nights in which nothing does.

    Returns when the last access token ends.
    """
    ends = life.now
    while life.now < end:
        if life.now.hour in WORKS and life.now < login and ends - life.now < 4 * HOUR:
            ends = life.now + 8 * HOUR
            life.claude(8 * HOUR, login, secret=str(ends))
            used = {"anthropic:default": {"lastUsed": int(life.now.timestamp() * 1000)}}
            life.openclaw({"anthropic:default": life.oauth(8 * HOUR, secret=f"openclaw {ends}")}, usageStats=used)
            life.look()
        life.live(min(life.now + 4 * HOUR, end))
    return ends


@pytest.mark.parametrize("days", [12, pytest.param(28, marks=pytest.mark.slow)])
def test_days_of_rotation_say_nothing_until_the_lead_and_then_exactly_the_policys_messages(
    life: Life, days: int
) -> None:
    login = START + days * DAY
    days_of_work(life, login - 7 * DAY - HOUR, login)
    assert life.items == []
    assert len(life.checks) > 7 * (days - 7)
    ends = days_of_work(life, login + 4 * DAY, login)
    assert login < ends < login + 8 * HOUR
    assert [(one.at.replace(minute=0), one.call, one.reason) for one in life.items] == [
        (login - 7 * DAY, "soon", "new"),
        (login - 3 * DAY, "soon", "worse"),
        (login - 1 * DAY, "soon", "worse"),
        (ends, "now", "worse"),  # the last access token outlives the login by some hours
        (ends + 1 * DAY, "now", "reminder"),
        (ends + 3 * DAY, "now", "reminder"),
    ]
    assert {one.name for one in life.items} == {"claude-code:default"}
    assert all("claude auth login" in one.text for one in life.items)
    life.claude(8 * HOUR, life.now + 28 * DAY, secret="new")
    life.look()
    assert life.calls()[-1] == ("over", "claude-code:default")
    assert f"logged in again; expires {moment(life.now + 28 * DAY)}" in life.items[-1].text
    assert len(life.items) == 7


@pytest.mark.parametrize("hours", [1, 12, 72])
def test_an_idle_login_that_ran_out_and_renews_itself_at_the_next_use_is_no_news(life: Life, hours: int) -> None:
    life.openclaw({"anthropic:default": life.oauth(8 * HOUR)})
    life.look()
    life.live(life.now + (8 + hours) * HOUR)
    life.openclaw({"anthropic:default": life.oauth(8 * HOUR, secret="2")})
    life.look()
    life.live(life.now + HOUR)
    assert life.items == []


def test_a_session_shorter_than_the_lead_is_not_soon_for_its_whole_life(life: Life) -> None:
    """A twelve-hour session whose length the policy states: no step over a third of it applies."""
    rule = "policy: {rules: [{match: {provider: anthropic}, lifetime: 12h, lead: [7d, 3d, 1d, 2h]}]}"
    life.configured(rule)
    life.openclaw({"anthropic:default": life.token(12 * HOUR)})
    life.look()
    life.live(START + 13 * HOUR)
    assert [(one.at - START, one.call) for one in life.items] == [(10 * HOUR, "soon"), (12 * HOUR, "now")]


def test_a_store_that_is_torn_for_a_moment_now_and_then_is_no_news(life: Life) -> None:
    path = str(life.openclaw({"anthropic:default": life.oauth(8 * HOUR)}).relative_to(life.home))
    life.look()
    whole = (life.home / path).read_text()
    for _ in range(5):
        life.file(path, whole[: len(whole) // 2])
        life.look(after=MINUTE)
        life.file(path, whole)
        life.look(after=MINUTE)
        life.wait(13 * HOUR)  # a third time within a day would be news
    assert life.items == []


def test_flapping_between_two_copies_is_told_with_damping(life: Life) -> None:
    """Two nodes that overwrite each other's file every ten minutes: no stream of messages."""
    dead = {"anthropic:default": life.token(-HOUR)}
    good = {"anthropic:default": life.token(90 * DAY)}
    for _ in range(20):
        for profiles in (good, dead):
            life.openclaw(profiles)
            life.look(after=10 * MINUTE)
    assert 1 <= len(life.items) <= 6
