"""Weeks of a login that renews itself, and then does not: told before its access ends, once, and once that it is over."""

from __future__ import annotations

import base64
import json
import os
from datetime import datetime, timedelta

import pytest

from tests.alerts.life import DAY, HOUR, START, Life, ms
from tests.command import authwatch

CODEX = "codex:chatgpt"


def codex(life: Life, secret: str, lifetime: timedelta = 10 * DAY) -> None:
    """Codex's login as it is after a renewal: good for ten days, renewed by Codex after eight."""
    claims = ({"alg": "none"}, {"iat": int(life.now.timestamp()), "exp": int((life.now + lifetime).timestamp())})
    jwt = ".".join(base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in claims) + ".c2ln"
    tokens = {"access_token": jwt, "refresh_token": f"ref-FAKESECRET-{secret}", "id_token": jwt, "account_id": "a"}
    life.file(".codex/auth.json", {"auth_mode": "chatgpt", "tokens": tokens})


def session(life: Life, path: str = ".codex/sessions/2027/03/01/rollout-1.jsonl") -> None:
    """A session is written now."""
    life.file(path, "{}")
    folder = (life.home / path).parent
    os.utime(folder, (life.now.timestamp(), life.now.timestamp()))


def weeks(life: Life, end: datetime, *, renews: bool = True, works: bool = True) -> datetime:
    """Work at noon; Codex renews its login at the first use after 8 days. When it last did."""
    renewed = life.now
    while life.now < end:
        life.live(min(life.now + DAY, end), every=DAY)
        if works:
            session(life)
        if works and renews and life.now - renewed >= 8 * DAY:
            renewed = life.now
            codex(life, str(renewed))
        life.look()
    return renewed


def test_a_login_that_keeps_its_rhythm_says_nothing_for_months(life: Life) -> None:
    codex(life, "first")
    life.look()
    weeks(life, START + 60 * DAY)
    assert life.items == []


def test_a_refresh_that_stalls_is_told_before_the_access_ends_once_and_once_that_it_is_over(life: Life) -> None:
    codex(life, "first")
    life.look()
    renewed = weeks(life, START + 41 * DAY)
    weeks(life, renewed + 9 * DAY, renews=False)
    assert life.items == [], "it is a day late: that can happen"
    weeks(life, renewed + 9 * DAY + DAY / 2, renews=False)
    life.live(life.now + 2 * HOUR, every=HOUR)
    (item,) = life.items
    assert (item.call, item.reason, item.name) == ("soon", "new", CODEX)
    assert renewed + 9 * DAY < item.at < renewed + 10 * DAY
    assert "refresh stalled" in item.text
    assert "usually every 8 days" in item.text
    assert (
        "authwatch relogin codex/-/codex:chatgpt\n(if its program uses another login now: authwatch ignore codex/-/codex:chatgpt)"
        in item.text
    )
    life.live(life.now + 2 * HOUR, every=HOUR)
    assert len(life.items) == 1
    life.look()
    page = authwatch_at(life, "explain", "codex/-/codex:chatgpt")
    assert "every 8 days, ± " in " ".join(page.split())
    codex(life, "again")
    life.live(life.now + 2 * DAY, every=HOUR)
    assert life.calls()[1:] == [("over", CODEX)]


def test_idle_for_weeks_is_not_stalled(life: Life) -> None:
    """The access ran out long ago, and nothing was used since: its program renews it at the next use."""
    codex(life, "first")
    life.look()
    weeks(life, START + 41 * DAY)
    weeks(life, START + 70 * DAY, works=False)
    assert life.items == []
    session(life)
    codex(life, "after the holidays")
    life.live(life.now + DAY, every=HOUR)
    assert life.items == []


def test_openclaws_own_word_that_a_login_was_tried_in_vain_stalls_it_too(life: Life) -> None:
    """A renewal every eight hours for days, then a failure that is noted as one of the login."""
    name = "anthropic:default"
    for number in range(6):
        life.openclaw({name: life.oauth(8 * HOUR, secret=str(number))})
        life.look()
        life.live(life.now + 8 * HOUR, every=8 * HOUR)
    profile = life.oauth(8 * HOUR, secret="last")
    life.openclaw({name: profile})
    life.look()
    life.live(life.now + 12 * HOUR, every=HOUR)
    assert life.items == []
    failed = {name: {"lastUsed": ms(life.now - 9 * HOUR), "lastFailureAt": ms(life.now), "failureCounts": {"auth": 1}}}
    life.openclaw({name: profile}, usageStats=failed)
    life.live(life.now + 3 * HOUR, every=HOUR)
    assert life.calls() == [("now", "anthropic:default (main)")]


@pytest.mark.parametrize("beside", ["token", ""])
def test_sessions_of_another_login_of_the_program_are_no_use_of_this_one(life: Life, beside: str) -> None:
    """Claude Code with a token of its environment writes sessions, and its old login lies idle."""
    more = {"CLAUDE_CODE_OAUTH_TOKEN": f"tok-FAKESECRET-{beside}"} if beside else {}
    login = life.now + 60 * DAY
    for number in range(6):
        life.claude(8 * HOUR, login, secret=str(number))
        look(life, more)
        life.wait(8 * HOUR)
    for _ in range(20):
        session(life, ".claude/projects/-home-me/1.jsonl")
        look(life, more)
        life.wait(8 * HOUR)
    assert [one.call for one in life.items] == ([] if beside else ["soon"])


def look(life: Life, environ: dict[str, str]) -> None:
    """One check in an environment."""
    before = len(life.there.received)
    done = life.line.run(life.home, "check", at=life.now, boot=life.boot, env=environ)
    assert done.code in (0, 2), done.err
    for one in life.there.received[before:]:
        text = one.body["message"]
        call = "soon" if one.body["type"] == "warning" else one.body["title"]
        life.items.append(type("News", (), {"call": call, "text": text})())


def authwatch_at(life: Life, *words: str) -> str:
    """What a command prints at the moment of the test."""
    return life.line.run(life.home, *words, at=life.now, boot=life.boot).out


def test_a_program_at_work_opens_no_gate(life: Life) -> None:
    """While no renewal is due, sessions are not even looked at."""
    codex(life, "first")
    session(life)
    life.look()
    life.wait(HOUR)
    life.look()
    touched = (life.home / ".local/state/authwatch/checkpoint").read_bytes()
    assert b".codex/sessions".hex().encode() not in touched
    assert authwatch(life.home, "config", "check").code in (0, 78)
