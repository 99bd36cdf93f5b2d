"""What the source reports of OpenClaw homes: evidence, use, lineups, troubles."""

from __future__ import annotations

import time
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from monitor.model import Evidence, Kind, Problem, Trouble
from tests.openclaw.homes import (
    DAY,
    HOUR,
    KEY,
    NOW_MS,
    USES,
    agent_dir,
    agent_store,
    config,
    json_store,
    lineups,
    login,
    look,
    observations,
    shared_store,
    token,
    troubles,
    write,
)
from tests.unprivileged import unprivileged

FENCE = {
    kind: "openclaw-oauth-refresh-fence:v1:" + "ab" * 16 + ":%s" + kind + ":" + "cd" * 32
    for kind in ("access", "refresh")
}


def fence(failed: str = "") -> dict[str, Any]:
    return login(0, expires=1, access=FENCE["access"] % failed, refresh=FENCE["refresh"] % failed)


def test_a_home_without_openclaw_is_silent(tmp_path: Path) -> None:
    assert look(tmp_path) == []


@pytest.mark.parametrize(
    ("profile", "evidence", "refreshable"),
    [
        (KEY, Evidence.PRESENT, None),
        ({**KEY, "key": "  "}, Evidence.BLANKED, None),
        (token(HOUR), Evidence.PRESENT, None),
        (token(token=""), Evidence.BLANKED, None),
        (token(expires="soon"), Evidence.UNUSABLE, None),
        (token(expires=9e15), Evidence.UNUSABLE, None),
        (login(-HOUR), Evidence.PRESENT, True),
        (login(-HOUR, refresh=""), Evidence.PRESENT, False),
        (login(0, expires=0), Evidence.UNUSABLE, True),
        (login(0, expires=0, access="", refresh=""), Evidence.BLANKED, False),
        (fence(), Evidence.PRESENT, True),
        (fence("failed:"), Evidence.REFUSED, False),
        ({**KEY, "setup": {"replacement": True}}, Evidence.UNUSABLE, None),
        ({**KEY, "key": "openclaw onboard --auth-choice apiKey"}, Evidence.UNUSABLE, None),
        ({**KEY, "key": "${NOT_SET}"}, Evidence.HIDDEN, None),
        ({**KEY, "keyRef": {"source": "exec", "provider": "vault", "id": "x"}}, Evidence.HIDDEN, None),
        ({**KEY, "keyRef": {"source": "env", "id": "IS_SET"}}, Evidence.PRESENT, None),
        (login(DAY, access="", refresh="", oauthRef={"id": "x"}), Evidence.HIDDEN, False),
    ],
)
def test_the_evidence_is_what_the_entry_proves(
    tmp_path: Path, profile: dict[str, Any], evidence: Evidence, refreshable: bool | None
) -> None:
    shared_store(tmp_path, {"anthropic:x": profile})
    config(tmp_path)
    seen = observations(look(tmp_path, IS_SET="sk-planted-variable"))["openclaw/main/anthropic:x"]
    assert (seen.evidence, seen.refreshable) == (evidence, refreshable)
    assert seen.login_expires_at is None
    assert seen.store == "~/.openclaw/state/openclaw.sqlite"


def test_a_refresh_in_flight_is_no_moment_in_1970(tmp_path: Path) -> None:
    shared_store(tmp_path, {"anthropic:x": fence()})
    seen = observations(look(tmp_path))["openclaw/main/anthropic:x"]
    assert seen.access_expires_at is None
    assert "refreshing" in seen.notes[0]


def test_seconds_stay_expired_as_openclaw_reads_them_and_are_named(tmp_path: Path) -> None:
    json_store(tmp_path, {"anthropic:x": token(expires=NOW_MS // 1000)})
    seen = observations(look(tmp_path))["openclaw/main/anthropic:x"]
    assert seen.access_expires_at is not None
    assert seen.access_expires_at.year == 1970
    assert "seconds" in seen.notes[0]


def test_a_permanent_rejection_counts_until_the_store_is_written_after_its_window(tmp_path: Path) -> None:
    later, before = time.time() * 1000 + HOUR, time.time() * 1000 - HOUR
    for until, expected in ((later, Evidence.REFUSED), (before, Evidence.PRESENT)):
        usage = {"anthropic:x": {"disabledUntil": until, "disabledReason": "auth_permanent"}}
        json_store(tmp_path, {"anthropic:x": KEY}, usageStats=usage)
        assert observations(look(tmp_path))["openclaw/main/anthropic:x"].evidence is expected


def test_cooldown_credit_and_last_use_are_told_apart(tmp_path: Path) -> None:
    soon = time.time() * 1000 + HOUR
    usage = {
        "anthropic:a": {"cooldownUntil": soon, "cooldownReason": "rate_limit", "lastUsed": NOW_MS},
        "anthropic:b": {"disabledUntil": soon, "disabledReason": "billing"},
        "openrouter:c": {"cooldownUntil": soon},
    }
    other = {**KEY, "provider": "openrouter"}
    shared_store(tmp_path, {"anthropic:a": KEY, "anthropic:b": KEY, "openrouter:c": other}, usageStats=usage)
    seen = {key[-1]: one.use for key, one in observations(look(tmp_path)).items()}
    assert seen["a"].unusable_until is not None
    assert seen["a"].last_used_at is not None
    assert (seen["a"].out_of_credit, seen["b"].out_of_credit) == (False, True)
    assert seen["c"].unusable_until is None


def test_in_use_follows_the_models_of_the_agents_that_see_a_profile(tmp_path: Path) -> None:
    shared_store(tmp_path, {"anthropic:a": KEY, "openrouter:b": {**KEY, "provider": "openrouter"}})
    config(tmp_path)
    seen = observations(look(tmp_path))
    assert seen["openclaw/main/anthropic:a"].use.in_use is True
    assert seen["openclaw/main/openrouter:b"].use.in_use is False
    config(tmp_path, {"agents": {"list": [{"id": "main"}, {"id": "lab", "model": "openrouter/auto"}]}})
    seen = observations(look(tmp_path))
    assert seen["openclaw/main/openrouter:b"].use.in_use is True
    config(tmp_path, {})
    assert observations(look(tmp_path))["openclaw/main/openrouter:b"].use.in_use is None


def test_a_lineup_has_inherited_keys_in_order_and_spare_names(tmp_path: Path) -> None:
    json_store(tmp_path, {"anthropic:key": KEY, "anthropic:login": login(HOUR)})
    json_store(tmp_path, {"anthropic:lab": token(HOUR)}, "lab")
    config(tmp_path, {**USES, "agents": {**USES["agents"], "list": [{"id": "main"}, {"id": "lab"}]}})
    write(tmp_path / ".openclaw" / ".env", "ANTHROPIC_API_KEY=planted-env\n")
    found = look(tmp_path)
    lab = lineups(found)["lab", "anthropic"]
    assert lab.keys == (
        "openclaw/main/anthropic:login",
        "openclaw/lab/anthropic:lab",
        "openclaw/main/anthropic:key",
    )
    assert lab.spare == ("ANTHROPIC_API_KEY",)
    assert observations(found)["openclaw/main/anthropic:login"].use.rank == 0


def test_a_provider_that_is_used_and_has_nothing_is_missing(tmp_path: Path) -> None:
    config(
        tmp_path, {"agents": {"defaults": {"model": {"primary": "anthropic/x", "fallbacks": ["groq/y", "ollama/z"]}}}}
    )
    seen = observations(look(tmp_path, GROQ_API_KEY="planted"))
    lost = [key for key, one in seen.items() if one.evidence is Evidence.ABSENT]
    assert lost == ["openclaw/main/anthropic:-", "openclaw/main/ollama:-"]  # only an entry makes Ollama a local one


@pytest.mark.parametrize(
    ("release", "provider", "command", "says"),
    [
        ("2026.9.6", "anthropic", "openclaw models auth paste-token --provider anthropic", "`claude setup-token`"),
        ("2026.6.11", "anthropic", "openclaw models auth paste-token --provider anthropic", "any machine"),
        ("2026.5.7", "anthropic", "openclaw models auth paste-token --provider anthropic", "any machine"),
        ("2026.9.6", "openrouter", "openclaw models auth paste-api-key --provider openrouter", "~/.openclaw/.env"),
        ("2026.5.7", "openrouter", "", "`OPENROUTER_API_KEY=…`"),
        ("2026.5.7", "acme", "", "models.providers.acme.apiKey"),
        ("2026.5.7", "openai-codex", "openclaw models auth login --provider openai-codex", "on this machine"),
        ("2026.9.6", "github-copilot", "openclaw models auth login --provider github-copilot", "on any machine"),
        ("2026.9.6", "openai", "openclaw models auth login --provider openai", "browser"),
    ],
)
def test_what_is_missing_says_the_command_and_where_its_browser_is(
    tmp_path: Path, release: str, provider: str, command: str, says: str
) -> None:
    declared = {"openai:me": {"provider": "openai", "mode": "oauth"}}
    models = {"agents": {"defaults": {"model": f"{provider}/x"}}, "auth": {"profiles": declared}}
    config(tmp_path, {**models, "meta": {"lastTouchedVersion": release}})
    (seen,) = (one for one in observations(look(tmp_path)).values() if one.evidence is Evidence.ABSENT)
    assert (seen.credential.key, seen.relogin) == (f"openclaw/main/{provider}:-", command)
    assert command in seen.advice and says in seen.advice


def test_the_command_for_what_an_agent_is_missing_names_the_agent(tmp_path: Path) -> None:
    agents = {"list": [{"id": "main", "default": True}, {"id": "ops", "model": "openrouter/x"}]}
    for release, words in (
        ("2026.9.6", "auth paste-api-key --provider openrouter --agent ops"),
        ("2026.6.11", "auth --agent ops paste-api-key --provider openrouter"),
    ):
        config(tmp_path, {"agents": agents, "meta": {"lastTouchedVersion": release}})
        assert observations(look(tmp_path))["openclaw/ops/openrouter:-"].relogin == f"openclaw models {words}"


def test_a_setup_token_has_its_year_in_a_variable_too(tmp_path: Path) -> None:
    setup = "sk-ant-oat01-FAKESECRET"
    config(tmp_path, {**USES, "env": {"vars": {"ANTHROPIC_OAUTH_TOKEN": setup}}})
    write(tmp_path / ".openclaw" / ".env", f"ANTHROPIC_API_KEY={setup}\nOPENAI_API_KEY=sk-FAKESECRET\n")
    seen = observations(look(tmp_path))
    lives = {one.credential.profile: (one.credential.kind, one.lifetime) for one in seen.values()}
    assert lives == {
        "ANTHROPIC_API_KEY": (Kind.TOKEN, timedelta(days=365)),
        "ANTHROPIC_OAUTH_TOKEN": (Kind.TOKEN, timedelta(days=365)),
        "OPENAI_API_KEY": (Kind.API_KEY, None),
    }


def test_keys_of_files_are_credentials_and_those_of_the_process_are_only_spare(tmp_path: Path) -> None:
    provider = {"baseUrl": "https://x.example", "apiKey": "planted-inline"}
    config(
        tmp_path,
        {**USES, "models": {"providers": {"fakecorp": provider}}, "env": {"vars": {"GROQ_API_KEY": "planted"}}},
    )
    write(tmp_path / ".openclaw" / ".env", "ANTHROPIC_OAUTH_TOKEN=planted\nOTHER=x\n")
    found = look(tmp_path, MISTRAL_API_KEY="planted")
    seen = {key: one.credential.kind for key, one in observations(found).items()}
    assert seen == {
        "openclaw/-/ANTHROPIC_OAUTH_TOKEN": Kind.TOKEN,
        "openclaw/-/GROQ_API_KEY": Kind.API_KEY,
        "openclaw/-/models.providers.fakecorp.apiKey": Kind.API_KEY,
    }


def test_another_home_is_read_without_our_own_environment(tmp_path: Path) -> None:
    other = tmp_path / "bot"
    shared_store(other, {"anthropic:x": KEY})
    found = look(tmp_path, {"home": str(other)}, OPENCLAW_STATE_DIR="/nowhere", ANTHROPIC_API_KEY="ours")
    assert "openclaw/main/anthropic:x" in observations(found)
    assert lineups(found)["main", "anthropic"].spare == ()


@pytest.mark.parametrize("version", ["2026.6.1", "2026.9.6"])
def test_json_that_a_newer_release_left_behind_is_still_shown_and_named(tmp_path: Path, version: str) -> None:
    json_store(tmp_path, {"anthropic:x": token(HOUR)})
    config(tmp_path, {**USES, "meta": {"lastTouchedVersion": version}})
    found = look(tmp_path)
    assert troubles(found) == ["migration_pending"]
    assert "openclaw/main/anthropic:x" in observations(found)
    assert "openclaw/main/anthropic:-" not in observations(found)


def test_json_beside_a_populated_database_is_a_stale_copy(tmp_path: Path) -> None:
    agent_store(tmp_path, {"anthropic:new": token(HOUR)})
    json_store(tmp_path, {"anthropic:old": token(-HOUR)})
    found = look(tmp_path)
    assert troubles(found) == ["stale_copy"]
    assert list(observations(found)) == ["openclaw/main/anthropic:new"]


def test_json_beside_a_shared_store_is_pending_as_openclaw_refuses_it(tmp_path: Path) -> None:
    shared_store(tmp_path, {"anthropic:new": token(HOUR)})
    json_store(tmp_path, {"anthropic:old": token(-HOUR)})
    found = look(tmp_path)
    assert troubles(found) == ["migration_pending"]
    assert list(observations(found)) == ["openclaw/main/anthropic:new"]


@pytest.mark.parametrize(
    ("spoil", "problem"),
    [
        (lambda home: write(agent_dir(home, "main") / "auth-profiles.json", "{"), Problem.PARSE),
        (lambda home: write(agent_dir(home, "main") / "auth-profiles.json", ""), Problem.EMPTY),
        (lambda home: write(agent_dir(home, "main") / "auth-profiles.json", "\ufeff{}"), Problem.PARSE),
        (lambda home: write(agent_dir(home, "main") / "auth-profiles.json", "[]"), Problem.PARSE),
        (lambda home: (agent_dir(home, "main") / "auth-profiles.json").mkdir(parents=True), Problem.UNREADABLE),
        (lambda home: shared_store(home, "{"), Problem.PARSE),
        (lambda home: shared_store(home, "[]"), Problem.PARSE),
        (lambda home: shared_store(home, {}, owner={"location": "moon"}), Problem.PARSE),
        (lambda home: agent_store(home, '{"profiles": 1}'), Problem.PARSE),
        (lambda home: write(agent_dir(home, "x") / "openclaw-agent.sqlite", "no database " * 90), Problem.PARSE),
        (lambda home: write(home / ".openclaw" / "state" / "openclaw.sqlite", ""), Problem.EMPTY),
        (lambda home: config(home, "{ a: "), Problem.PARSE),
        (lambda home: config(home, "[1]"), Problem.PARSE),
        (lambda home: config(home, {"$include": "../../etc/passwd"}), Problem.UNREADABLE),
        (lambda home: config(home, {"$include": "gone.json"}), Problem.NOT_FOUND),
        (lambda home: config(home, {"$include": "openclaw.json"}), Problem.TOO_LARGE),
    ],
)
def test_what_cannot_be_read_is_a_problem_and_never_an_error(tmp_path: Path, spoil: Any, problem: Problem) -> None:
    spoil(tmp_path)
    assert problem.value in troubles(look(tmp_path))


def test_no_secret_is_in_anything_that_is_found(tmp_path: Path) -> None:
    shared_store(tmp_path, {"anthropic:a": KEY, "anthropic:b": token(HOUR), "anthropic:c": login(HOUR)})
    write(tmp_path / ".openclaw" / ".env", "GROQ_API_KEY=planted-env\n")
    assert "planted" not in repr(look(tmp_path)).replace(str(tmp_path), "")


@pytest.mark.parametrize(
    ("agent", "kind", "make", "command"),
    [
        (
            "main",
            "token",
            json_store,
            "openclaw models auth paste-token --provider anthropic --profile-id 'anthropic:my x'",
        ),
        ("main", "api_key", json_store, ""),
        ("main", "oauth", json_store, "openclaw models auth login --provider anthropic"),
        (
            "lab",
            "token",
            json_store,
            "openclaw models auth --agent lab paste-token --provider anthropic --profile-id 'anthropic:my x'",
        ),
        (
            "lab",
            "api_key",
            agent_store,
            "openclaw models auth --agent lab paste-api-key --provider anthropic --profile-id 'anthropic:my x'",
        ),
    ],
)
def test_the_command_has_only_flags_that_the_release_knows(
    tmp_path: Path, agent: str, kind: str, make: Any, command: str
) -> None:
    entry = {"token": token(HOUR), "api_key": KEY, "oauth": login(HOUR)}[kind]
    make(tmp_path, {"anthropic:my x": entry}, agent)
    assert observations(look(tmp_path))[f"openclaw/{agent}/anthropic:my x"].relogin == command


def test_in_the_newest_release_the_agent_flag_follows_the_command(tmp_path: Path) -> None:
    shared_store(tmp_path, {})
    agent_store(tmp_path, {"anthropic:x": token(HOUR)}, "lab")
    seen = observations(look(tmp_path))["openclaw/lab/anthropic:x"]
    assert seen.relogin == "openclaw models auth paste-token --provider anthropic --profile-id anthropic:x --agent lab"


JSON = st.recursive(
    st.none() | st.booleans() | st.floats(allow_nan=False) | st.integers() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
    max_leaves=8,
)
FIELDS = ["type", "mode", "provider", "key", "keyRef", "token", "access", "refresh", "expires", "setup", "oauthRef"]
ENTRY = st.dictionaries(st.sampled_from(FIELDS), JSON | st.sampled_from(["oauth", "token", "api_key", "anthropic"]))
CONFIG_KEYS = ["agents", "defaults", "list", "entries", "model", "primary", "fallbacks", "models", "providers", "auth"]
CONFIG = st.recursive(
    JSON, lambda inner: st.dictionaries(st.sampled_from([*CONFIG_KEYS, "order", "env", "id"]), inner, max_size=5)
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(profiles=st.dictionaries(st.text(max_size=6), ENTRY | JSON, max_size=4), state=JSON, root=CONFIG)
def test_nonsense_never_raises(tmp_path: Path, profiles: Any, state: Any, root: Any) -> None:
    json_store(tmp_path, profiles, order=state, usageStats=state)
    json_store(tmp_path, {}, "lab", order={"anthropic": state}, usageStats={"x": state})
    config(tmp_path, root)
    for one in look(tmp_path):
        assert not isinstance(one, Trouble) or one.problem is not Problem.CRASHED


def test_a_store_that_may_not_be_opened_is_unreadable(tmp_path: Path) -> None:
    json_store(tmp_path, {"anthropic:x": KEY})
    (agent_dir(tmp_path, "main") / "auth-profiles.json").chmod(0)

    def check() -> None:
        assert troubles(look(tmp_path)) == ["unreadable"]

    unprivileged(check)
