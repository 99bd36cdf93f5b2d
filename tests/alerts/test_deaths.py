"""Every way in which a login is known to die is told: one row of docs/truth.md each, through the real command line."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from datetime import timedelta

import pytest

from tests.alerts.life import CLAUDE, DAY, HOUR, MINUTE, START, Life, ms
from tests.command import ROOT

#: How long after it can first be seen: at once, or after `settle` where one look cannot be sure.
AT_ONCE, SETTLED = timedelta(), 10 * MINUTE
STORE = ".openclaw/agents/main/agent/auth-profiles.json"
ID, SUM = "ab" * 16, "cd" * 32
FENCE = f"openclaw-oauth-refresh-fence:v1:{ID}:failed:%s:{SUM}"


def healthy(life: Life) -> None:
    """Both programs are logged in, for weeks."""
    life.claude(8 * HOUR, life.now + 25 * DAY)
    life.openclaw({"anthropic:default": life.oauth(8 * HOUR)})
    life.look()
    assert life.items == []


def blanked(life: Life) -> None:
    life.claude(8 * HOUR, life.now + 25 * DAY, accessToken="", refreshToken="", expiresAt=0)


def time_limit(life: Life) -> None:
    life.claude(8 * HOUR, None, accessToken="", refreshToken="", expiresAt=0, loginEnded="time_limit")


def blanked_profile(life: Life) -> None:
    life.openclaw({"anthropic:default": {**life.oauth(8 * HOUR), "access": "", "refresh": ""}})


def fence(life: Life) -> None:
    tokens = {"access": FENCE % "access", "refresh": FENCE % "refresh", "expires": 1}
    life.openclaw({"anthropic:default": life.oauth(HOUR) | tokens})


def login_ended(life: Life) -> None:
    life.wait(9 * HOUR)
    life.claude(-HOUR, life.now - MINUTE, "2")


def logged_out(life: Life) -> None:
    life.file(CLAUDE, {"mcpOAuth": {"x": {"accessToken": "acc-FAKESECRET-mcp"}}})


def file_gone(life: Life) -> None:
    (life.home / CLAUDE).unlink()


def vanished(life: Life) -> None:
    life.openclaw({"openai:x": life.token(90 * DAY, provider="openai")})


def emptied(life: Life) -> None:
    life.openclaw({})


def zero_bytes(life: Life) -> None:
    life.file(STORE, "")


def store_gone(life: Life) -> None:
    (life.home / STORE).unlink()


def rejected(life: Life) -> None:
    until = {"disabledUntil": ms(life.now + 5 * HOUR), "disabledReason": "auth_permanent"}
    life.openclaw({"anthropic:default": life.oauth(8 * HOUR)}, usageStats={"anthropic:default": until})


def no_credit(life: Life) -> None:
    until = {"disabledUntil": ms(life.now + 5 * HOUR), "disabledReason": "billing"}
    life.openclaw({"anthropic:default": life.oauth(8 * HOUR)}, usageStats={"anthropic:default": until})


def overused(life: Life) -> None:
    """Used after the access ran out, and an hour after that was seen nothing has renewed it."""
    profile = life.oauth(8 * HOUR)
    life.wait(9 * HOUR)
    used = {"anthropic:default": {"lastUsed": ms(life.now)}}
    life.claude(8 * HOUR, life.now + 25 * DAY, "2")
    life.openclaw({"anthropic:default": profile}, usageStats=used)
    life.look()
    assert life.items == [], "the use itself is no news yet"
    life.wait(HOUR)
    used = {"anthropic:default": {"lastUsed": ms(life.now)}}
    life.openclaw({"anthropic:default": profile}, usageStats=used)


def ran_out(life: Life) -> None:
    life.openclaw({"anthropic:default": life.token(-MINUTE)})


def refused_by_its_program(life: Life) -> None:
    life.openclaw({"anthropic:default": {**life.oauth(8 * HOUR), "expires": "soon"}})


def codex_emptied(life: Life) -> None:
    life.file(".codex/auth.json", {"auth_mode": "chatgpt", "tokens": _codex(life)})
    life.look()
    assert life.items == []
    life.file(".codex/auth.json", {})


def never_there(life: Life) -> None:
    life.configured("policy: {expect: ['openclaw/main/openai:work']}")


def unreadable(life: Life) -> None:
    life.file(STORE, '{"version": 1, "profiles": {"anthropic:def')


def held_until_its_end(life: Life) -> None:
    """The store has been unreadable for a while when the last known end of what lay in it comes."""
    life.openclaw({"anthropic:default": life.token(15 * DAY)})
    life.look()
    life.file(STORE, "{")
    life.live(life.now + 15 * DAY - HOUR, every=DAY)
    assert ("soon", MAIN) in life.calls()
    life.items.clear()
    life.wait(HOUR)


MAIN, CODE = "anthropic:default (main)", "claude-code:default"

#: row: (what happens, when it is told, as what, about what)
DEATHS: dict[str, tuple[Callable[[Life], None], timedelta, str, str]] = {
    "blanked tokens": (blanked, AT_ONCE, "now", CODE),
    "blanked at the login's time limit": (time_limit, AT_ONCE, "now", CODE),
    "blanked profile": (blanked_profile, AT_ONCE, "now", MAIN),
    "failed refresh fence": (fence, AT_ONCE, "now", MAIN),
    "expired login": (login_ended, AT_ONCE, "now", CODE),
    "logged out": (logged_out, AT_ONCE, "now", CODE),
    "login file gone": (file_gone, SETTLED, "now", CODE),
    "vanished profile": (vanished, SETTLED, "now", MAIN),
    "emptied store": (emptied, SETTLED, "now", MAIN),
    "store cut to nothing": (zero_bytes, SETTLED, "unknown", "openclaw"),
    "store gone": (store_gone, SETTLED, "now", MAIN),
    "rejected in the usage state": (rejected, AT_ONCE, "now", MAIN),
    "billing-disabled in the usage state": (no_credit, AT_ONCE, "now", MAIN),
    "used after expiry without rotation": (overused, AT_ONCE, "now", MAIN),
    "expired, cannot be refreshed": (ran_out, AT_ONCE, "now", MAIN),
    "refused by its own program": (refused_by_its_program, AT_ONCE, "now", MAIN),
    "codex store emptied": (codex_emptied, AT_ONCE, "now", "codex:default"),
    "expected, never there": (never_there, AT_ONCE, "now", "openai:work (main)"),
    "store unreadable": (unreadable, SETTLED, "unknown", "openclaw"),
    "unreadable when it expires": (held_until_its_end, AT_ONCE, "now", MAIN),
}


@pytest.mark.parametrize("row", DEATHS)
def test_a_death_is_told_with_what_to_do(life: Life, row: str) -> None:
    happen, after, call, name = DEATHS[row]
    healthy(life)
    life.wait(HOUR)
    happen(life)
    life.look()
    if after:
        assert life.items == [], "one look cannot be sure"
        life.look(after=after - 2 * MINUTE)
        assert life.items == []
        life.look(after=3 * MINUTE)
    assert (call, name) in life.calls(), (life.calls(), life.checks[-1].out)
    assert re.search(r"^(Log in|Add the key|Replace the key|Find out why|Top up|Put|Run `)", life.items[-1].text), (
        life.items[-1].text
    )
    for span in (5 * MINUTE, 11 * MINUTE, HOUR):
        life.look(after=span)
    assert life.calls() == [(call, name)], "told once, and nothing else"


def test_the_table_in_the_docs_is_this_one() -> None:
    rows = re.findall(r"^\| ([^|]+?) \| .* \|$", (ROOT / "docs" / "truth.md").read_text("utf-8"), re.MULTILINE)
    assert set(DEATHS) <= set(rows)


def _codex(life: Life) -> dict[str, str]:
    parts = ({"alg": "none"}, {"exp": int((life.now + 10 * DAY).timestamp())})
    jwt = ".".join(base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in parts) + ".c2ln"
    return {"access_token": jwt, "refresh_token": "ref-FAKESECRET-codex", "id_token": jwt, "account_id": "a"}


def test_the_machine_of_these_tests_is_healthy_without_a_death(life: Life) -> None:
    healthy(life)
    life.live(START + 8 * HOUR)
    assert life.items == []
