"""A refresh token that lies in two stores, agents that disagree, a working login next door: on real stores, to a phone."""

from __future__ import annotations

import json

import pytest

from tests.alerts.life import DAY, HOUR, MINUTE, Life
from tests.command import state
from tests.openclaw_home import store

NAME = "anthropic:default"
AGENTS = {"agents": {"defaults": {"model": {"primary": "anthropic/claude-sonnet-4-5"}}, "list": [{"id": "main"}, {"id": "work"}]}}  # fmt: skip


def agent(life: Life, name: str, profile: dict[str, object]) -> None:
    life.file(".openclaw/openclaw.json", AGENTS)
    path = store(life.home, name).relative_to(life.home)
    life.file(str(path), {"version": 1, "profiles": {NAME: profile}})


def settled(life: Life) -> None:
    for _ in range(4):
        life.look(after=5 * MINUTE)


def test_claude_codes_login_copied_into_openclaw_is_told_with_both_places_and_the_cure(life: Life) -> None:
    life.claude(8 * HOUR, life.now + 25 * DAY, refreshToken="ref-FAKESECRET-shared")
    life.openclaw({NAME: life.oauth(8 * HOUR, secret="own")})
    life.look()
    assert life.items == []
    life.openclaw({NAME: life.oauth(7 * HOUR, secret="shared")})
    settled(life)
    (item,) = life.items
    assert (item.call, item.reason) == ("soon", "new")
    text = " ".join(item.text.split())
    assert (
        "One refresh token of anthropic is in ~/.claude/.credentials.json (claude-code) and "
        "~/.openclaw/agents/main/agent/auth-profiles.json (openclaw, agent main)." in text
    )
    assert "Keep it in ~/.claude/.credentials.json (claude-code) and log in again in the other." in text
    assert (
        "On box run: claude setup-token && openclaw models auth paste-token --provider anthropic "
        "--profile-id anthropic:default" in text
    )
    assert "FAKESECRET" not in text
    life.claude(8 * HOUR, life.now + 25 * DAY, secret="renewed")  # the copy is now used up, which is no recovery
    settled(life)
    assert len(life.items) == 1
    alert = json.loads(life.look("--json").out)
    (copy,) = (one for one in alert["profiles"] if one["source"] == "openclaw")
    assert copy["needs_human"] == "no"
    overview = json.loads((state(life.home) / "page.json").read_text())
    assert [one["summary"] for one in overview["alerts"] if "used up" in one["summary"]]
    life.openclaw({NAME: life.token(300 * DAY, secret="of its own")})
    settled(life)
    assert [one.call for one in life.items] == ["soon", "over"]
    assert "No refresh token of anthropic is in two places any more." in life.items[-1].text
    life.live(life.now + DAY, every=HOUR)
    assert len(life.items) == 2


def test_a_login_that_two_agents_hold_is_told_and_inheritance_is_not(life: Life) -> None:
    life.claude(8 * HOUR, life.now + 25 * DAY)
    agent(life, "main", life.oauth(8 * HOUR, secret="agents"))
    life.look()
    settled(life)
    assert life.items == [], "agent work inherits the store of main"
    agent(life, "work", life.oauth(8 * HOUR, secret="agents"))
    settled(life)
    (item,) = life.items
    assert "(openclaw, agent main) and " in item.text
    assert "(openclaw, agent work)" in item.text
    assert "--agent work" in item.text, "the one that had it first keeps it"
    agent(life, "work", life.oauth(8 * HOUR, secret="logged in there"))
    settled(life)
    assert [one.call for one in life.items] == ["soon", "over"]


@pytest.mark.parametrize("kind", ["key", "token", "link", "entries"])
def test_what_may_lie_in_two_places_is_no_news(life: Life, kind: str) -> None:
    """API keys and tokens that nothing refreshes, and one file by two names."""
    profile: dict[str, object] = {
        "key": {"type": "api_key", "provider": "anthropic", "key": "sk-FAKESECRET"},
        "token": life.token(300 * DAY),
    }.get(kind, life.oauth(8 * HOUR))
    agent(life, "main", profile)
    if kind == "link":
        path = store(life.home, "work")
        path.parent.mkdir(parents=True)
        path.symlink_to(store(life.home))
    elif kind == "entries":
        life.configured(f"sources: [openclaw, {{type: openclaw, id: again, home: '{life.home}'}}]")
    else:
        agent(life, "work", profile)
    life.look()
    settled(life)
    assert life.items == []
    if kind == "entries":
        assert "again main     anthropic:default" in life.checks[-1].out


def test_agents_that_disagree_are_told_with_the_dead_one_and_by_nothing_else(life: Life) -> None:
    agent(life, "main", life.oauth(8 * HOUR, secret="fresh"))
    agent(life, "work", {**life.oauth(8 * HOUR, secret="old"), "access": "", "refresh": ""})
    life.look()
    settled(life)
    (item,) = life.items
    assert (item.call, item.name) == ("now", "anthropic:default (work)")
    assert "agent main has a working login of that name (do not copy it)" in item.text
    agent(life, "work", life.oauth(8 * HOUR, secret="new"))
    settled(life)
    assert [one.call for one in life.items] == ["now", "over"]


def test_a_dead_login_beside_a_working_claude_code_is_told_with_the_safe_way(life: Life) -> None:
    life.claude(8 * HOUR, life.now + 25 * DAY)
    life.openclaw({NAME: {**life.oauth(8 * HOUR), "access": "", "refresh": ""}})
    life.look()
    (item,) = life.items
    assert "claude-code has a working anthropic login (do not copy it" in item.text
    assert "get a token of its own: claude setup-token" in item.text
