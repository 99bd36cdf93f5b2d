"""OpenClaw's logins: providers nobody can log in to, rests, old profiles and orders, Claude Code only; each both ways."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from monitor.doctor.model import Health
from tests.doctor.subjects import only, said, wrong
from tests.openclaw import homes
from tests.openclaw_home import DAY, HOUR, ms, oauth, openclaw, put, store, token

SETUP = "sk-ant-oat01-FAKESECRET-setup"
KEY = {"type": "api_key", "provider": "anthropic", "key": "sk-ant-api03-FAKESECRET"}


def config(home: Path, **more: Any) -> None:
    uses = {"agents": {"defaults": {"model": {"primary": "anthropic/claude-sonnet-4-5"}}}}
    put(home / ".openclaw" / "openclaw.json", json.dumps({**uses, **more}))


def with_state(home: Path, profiles: dict[str, Any], **state: Any) -> None:
    path = openclaw(home, profiles)
    put(path, json.dumps({"version": 1, "profiles": profiles, **state}))


# -- providers --------------------------------------------------------------------------------------------------


def test_a_provider_without_any_key_is_broken_once_for_all_agents(tmp_path):
    openclaw(tmp_path, {"zai:k": {**KEY, "provider": "zai"}})
    config(
        tmp_path,
        agents={"defaults": {"model": "anthropic/claude-sonnet-4-5"}, "list": [{"id": "main"}, {"id": "lab"}]},
    )
    found = only(said(tmp_path, "providers"))
    assert (found.health, found.what) == (
        Health.BROKEN,
        "agents main, lab use anthropic, but there is no login for it",
    )
    assert found.mend == "authwatch models auth paste-api-key --provider anthropic"


@pytest.mark.parametrize("variables", [{}, {"ANTHROPIC_API_KEY": "FAKESECRET"}])
def test_a_profile_or_a_variable_is_enough(tmp_path, variables):
    openclaw(tmp_path, {} if variables else {"anthropic:a": token()})
    assert said(tmp_path, "providers", **variables) == []


def test_an_agent_of_its_own_gets_the_key(tmp_path):
    openclaw(tmp_path, {"anthropic:a": token()})
    config(
        tmp_path,
        agents={
            "defaults": {"model": "anthropic/claude-sonnet-4-5"},
            "list": [{"id": "main"}, {"id": "lab", "model": "groq/x"}],
        },
    )
    assert only(said(tmp_path, "providers")).mend == "authwatch models auth paste-api-key --agent lab --provider groq"


def test_an_order_that_leaves_nobody_is_broken(tmp_path):
    homes.config(tmp_path, {**homes.USES, "auth": {"order": {"anthropic": []}}})
    homes.shared_store(tmp_path, {"anthropic:a": homes.token(30 * homes.DAY)})
    found = only(said(tmp_path, "providers"))
    assert found.what == "agent main uses anthropic, and none of its profiles is used"


# -- cooldowns --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("usage", "others", "health", "words"),
    [
        ({"cooldownUntil": HOUR, "cooldownReason": "rate_limit"}, True, Health.FINE, "(rate_limit)"),
        ({"cooldownUntil": HOUR, "cooldownReason": "rate_limit"}, False, Health.WARNING, "in cooldown until"),
        ({"cooldownUntil": HOUR, "cooldownReason": "auth"}, True, Health.WARNING, "(auth)"),
        ({"disabledUntil": HOUR, "disabledReason": "billing"}, True, Health.WARNING, "is out of credit"),
        ({"cooldownUntil": -HOUR, "cooldownReason": "rate_limit"}, False, None, ""),
        ({"lastUsed": -HOUR}, False, None, ""),
    ],
)
def test_a_rest_matters_where_nobody_is_left_or_it_does_not_end_by_itself(tmp_path, usage, others, health, words):
    profiles = {"anthropic:a": token()} | ({"anthropic:b": token()} if others else {})
    stats = {name: ms(value) if isinstance(value, int) else value for name, value in usage.items()}
    with_state(tmp_path, profiles, usageStats={"anthropic:a": stats})
    found = said(tmp_path, "cooldowns")
    assert [one.health for one in found] == ([health] if health else [])
    assert all("openclaw/main/anthropic:a" in one.what and words in one.what for one in found)


# -- old profiles, orders ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("name", "whose"), [("anthropic:claude-cli", "Claude Code"), ("openai-codex:codex-cli", "Codex")]
)
def test_a_copy_of_another_programs_login_is_deprecated(tmp_path, name, whose):
    openclaw(tmp_path, {name: oauth(HOUR, provider=name.partition(":")[0])})
    found = only(said(tmp_path, "old profiles"))
    assert f"{name} is a copy of {whose}'s own login" in found.what
    assert found.mend == "openclaw doctor"


def test_the_newest_releases_have_a_command_for_deprecated_profiles(tmp_path):
    homes.shared_store(tmp_path, {"anthropic:claude-cli": homes.login(homes.DAY)})
    assert only(said(tmp_path, "old profiles")).mend == "openclaw models auth logout anthropic:claude-cli"
    homes.agent_store(tmp_path, {"anthropic:claude-cli": homes.login(homes.DAY)}, agent="lab")
    mends = {one.mend for one in wrong(said(tmp_path, "old profiles"))}
    assert "openclaw models auth logout anthropic:claude-cli --agent lab" in mends


def test_the_former_name_of_openai_is_old_only_where_it_was_renamed(tmp_path):
    profile = homes.login(homes.DAY, provider="openai-codex")
    homes.json_store(tmp_path, {"openai-codex:default": profile})
    assert said(tmp_path, "old profiles") == []
    store(tmp_path).unlink()
    homes.shared_store(tmp_path, {"openai-codex:default": profile})
    assert only(said(tmp_path, "old profiles")).mend == "openclaw doctor --fix"


def test_orders_and_declarations_of_profiles_that_are_gone_are_warnings(tmp_path):
    openclaw(tmp_path, {"anthropic:a": token()})
    sound = {
        "order": {"anthropic": ["anthropic:a"]},
        "profiles": {"anthropic:a": {"provider": "anthropic", "mode": "token"}},
    }
    config(tmp_path, auth=sound)
    assert said(tmp_path, "orders") == []
    config(tmp_path, auth={**sound, "order": {"anthropic": ["anthropic:a", "anthropic:gone"]}})
    assert only(said(tmp_path, "orders")).mend == "openclaw config set auth.order.anthropic '[\"anthropic:a\"]'"
    config(tmp_path, auth={**sound, "order": {"anthropic": ["anthropic:gone"]}})
    assert only(said(tmp_path, "orders")).mend == "openclaw config unset auth.order.anthropic"
    config(tmp_path, auth={"profiles": {"openai:work": {"provider": "openai", "mode": "oauth"}}})
    assert only(said(tmp_path, "orders")).mend == "openclaw models auth login --provider openai"


def test_what_cannot_be_read_may_hold_what_an_order_names(tmp_path):
    put(openclaw(tmp_path, {}), "{")
    config(tmp_path, auth={"order": {"anthropic": ["anthropic:a"]}})
    assert said(tmp_path, "orders") == []


# -- only authorized for use with Claude Code -------------------------------------------------------------------

FAILED = {"lastUsed": ms(-2 * HOUR), "lastFailureAt": ms(-HOUR), "failureCounts": {"format": 3}}


def check(home: Path) -> list[Any]:
    return said(home, "Claude Code only")


def test_a_subscriptions_token_whose_use_failed_is_a_warning_with_both_ways_out(tmp_path):
    with_state(tmp_path, {"anthropic:default": token(secret=SETUP)}, usageStats={"anthropic:default": FAILED})
    found = only(check(tmp_path))
    assert "only authorized for use with Claude Code" in found.why
    assert "agentRuntime claude-cli" in found.why
    assert found.mend == "authwatch models auth paste-api-key --provider anthropic"
    assert "FAKESECRET" not in str(found)


def test_with_a_key_at_hand_the_way_out_is_to_try_it_first(tmp_path):
    with_state(
        tmp_path,
        {"anthropic:default": token(secret=SETUP), "anthropic:api": KEY},
        usageStats={"anthropic:default": FAILED},
    )
    mend = only(check(tmp_path)).mend
    assert mend == "authwatch models auth order set --provider anthropic anthropic:api anthropic:default"


@pytest.mark.parametrize(
    ("profiles", "stats"),
    [
        ({"anthropic:default": token(secret=SETUP)}, {}),
        ({"anthropic:default": token(secret=SETUP)}, {**FAILED, "lastUsed": ms(-60)}),
        ({"anthropic:default": token(secret=SETUP)}, {**FAILED, "failureCounts": {"rate_limit": 3}}),
        ({"anthropic:me": oauth(DAY)}, {}),
    ],
    ids=["never failed", "worked again", "only a rate limit", "a login"],
)
def test_a_subscription_that_works_is_only_mentioned(tmp_path, profiles, stats):
    with_state(tmp_path, profiles, usageStats=dict.fromkeys(profiles, stats))
    (found,) = check(tmp_path)
    assert (found.health, bool(found.why), bool(found.mend)) == (Health.FINE, True, True)


@pytest.mark.parametrize(
    ("profiles", "more"),
    [
        ({"anthropic:api": KEY}, {}),
        ({"anthropic:default": token(secret="other-FAKESECRET")}, {}),
        ({"anthropic:default": token(secret=SETUP)}, {"agents": {"defaults": {"model": "openai/gpt-5.5"}}}),
        (
            {"anthropic:default": token(secret=SETUP)},
            {
                "agents": {
                    "defaults": {
                        "model": {"primary": "anthropic/claude-opus-5"},
                        "models": {"anthropic/claude-opus-5": {"agentRuntime": {"id": "claude-cli"}}},
                    }
                }
            },
        ),
        (
            {"anthropic:default": token(secret=SETUP)},
            {"agents": {"defaults": {"model": "anthropic/x", "agentRuntime": {"id": "claude-cli"}}}},
        ),
    ],
    ids=["a key", "a token of something else", "another provider", "Claude Code runs the model", "runs everything"],
)
def test_it_is_silent_where_the_situation_cannot_arise(tmp_path, profiles, more):
    openclaw(tmp_path, profiles)
    config(tmp_path, **more)
    assert check(tmp_path) == []


def test_a_subscriptions_token_saved_as_a_key_is_a_warning(tmp_path):
    openclaw(tmp_path, {"anthropic:k": {**KEY, "key": SETUP}})
    assert only(check(tmp_path)).mend == (
        "authwatch models auth paste-token --provider anthropic --profile-id anthropic:k"
    )


def test_a_subscriptions_token_in_a_variable_is_mentioned(tmp_path):
    openclaw(tmp_path, {})
    (tmp_path / ".openclaw" / ".env").write_text(f"ANTHROPIC_API_KEY={SETUP}\n")
    (found,) = check(tmp_path)
    assert found.what == "ANTHROPIC_API_KEY contains a subscription token and is used for anthropic"
