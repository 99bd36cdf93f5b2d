"""Of a program's places, the first that holds something serves; the others are not in use, and say what serves."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from monitor.model import Lineup, Observation, SourceEntry, Standing, Trouble
from monitor.sources import observe_all
from monitor.system.host import Host
from tests.sources.tokens import jwt

SECRET = "FAKESECRET"
OAT = f"sk-ant-oat01-{SECRET}"
LOGIN = {"accessToken": OAT, "refreshToken": f"sk-ant-ort01-{SECRET}", "expiresAt": 1_700_000_000_000}
STORE = {".claude/.credentials.json": {"claudeAiOauth": LOGIN}}
CHATGPT = {"tokens": {"access_token": jwt(exp=1_700_000_000), "refresh_token": SECRET}}
CODEX = {".codex/auth.json": CHATGPT}


class Case(NamedTuple):
    """Files and variables of a home, which profile (None: another cloud) serves, and which others are not in use."""

    kind: str
    files: dict[str, Any]
    env: dict[str, str]
    serves: str | None
    others: tuple[str, ...] = ()


def claude(settings: Any, serves: str | None, *others: str, env: dict[str, str] | None = None, **files: Any) -> Case:
    given = {".claude/settings.json": settings} if settings is not None else {}
    return Case("claude-code", {**STORE, **given, **files}, env or {}, serves, others or ("claude-code:default",))


def codex(config: str, serves: str | None, *others: str, env: dict[str, str] | None = None, **files: Any) -> Case:
    return Case("codex", {**CODEX, ".codex/config.toml": config, **files}, env or {}, serves, others)


BEDROCK = {".codex/auth.json": {"auth_mode": "bedrockApiKey", "bedrock_api_key": {"api_key": SECRET, "region": "x"}}}
AZURE = '[model_providers.azure]\nname = "A"\nenv_key = "AZURE_KEY"\n'
CASES = {
    "the login alone": Case("claude-code", STORE, {}, "claude-code:default"),
    "a token of a gateway in the settings": claude(
        {"env": {"ANTHROPIC_AUTH_TOKEN": SECRET}}, "claude-code:ANTHROPIC_AUTH_TOKEN"
    ),
    "the same in the environment": claude(
        None, "claude-code:ANTHROPIC_AUTH_TOKEN", env={"ANTHROPIC_AUTH_TOKEN": SECRET}
    ),
    "a helper before a key": claude(
        {"apiKeyHelper": "/bin/false", "env": {"ANTHROPIC_API_KEY": SECRET}},
        "claude-code:apiKeyHelper",
        "claude-code:ANTHROPIC_API_KEY",
        "claude-code:default",
    ),
    "a key before a setup-token": claude(
        None,
        "claude-code:ANTHROPIC_API_KEY",
        "claude-code:env",
        "claude-code:default",
        env={"ANTHROPIC_API_KEY": SECRET, "CLAUDE_CODE_OAUTH_TOKEN": f"{OAT}x"},
    ),
    "a Console key": claude(None, "claude-code:primaryApiKey", **{".claude.json": {"primaryApiKey": SECRET}}),
    "a setup-token": claude({"env": {"CLAUDE_CODE_OAUTH_TOKEN": f"{OAT}x"}}, "claude-code:env"),
    "another cloud": claude({"env": {"CLAUDE_CODE_USE_BEDROCK": "1"}}, None),
    "another cloud of the environment": claude(None, None, env={"CLAUDE_CODE_USE_VERTEX": "true"}),
    "a switch that is off": Case("claude-code", STORE, {"CLAUDE_CODE_USE_BEDROCK": "0"}, "claude-code:default"),
    "settings that switch off what the environment switches on": Case(
        "claude-code",
        {**STORE, ".claude/settings.json": {"env": {"CLAUDE_CODE_USE_BEDROCK": "0"}}},
        {"CLAUDE_CODE_USE_BEDROCK": "1"},
        "claude-code:default",
    ),
    "overrides that are none": Case(
        "claude-code",
        {**STORE, ".claude/settings.json": {"apiKeyHelper": " ", "env": {"ANTHROPIC_API_KEY": "", "x": []}}},
        {"ANTHROPIC_AUTH_TOKEN": " "},
        "claude-code:default",
    ),
    "settings of a moved folder": Case(
        "claude-code",
        {"moved/.credentials.json": {"claudeAiOauth": LOGIN}, "moved/settings.json": {"apiKeyHelper": "x"}},
        {"CLAUDE_CONFIG_DIR": "~/moved"},
        "claude-code:apiKeyHelper",
        ("claude-code:default",),
    ),
    "a Codex login alone": codex("", "codex:chatgpt"),
    "a provider with a key": codex(
        f'model_provider = "azure"\n{AZURE}', "codex:azure", "codex:chatgpt", env={"AZURE_KEY": SECRET}
    ),
    "a provider with a key that is not here": codex(
        f'model_provider = "azure"\n{AZURE}', "codex:azure", "codex:chatgpt"
    ),
    "a provider of a profile": codex(
        f'profile = "work"\n[profiles.work]\nmodel_provider = "azure"\n{AZURE}', "codex:azure", "codex:chatgpt"
    ),
    "a provider with a token of its own": codex(
        f'model_provider = "x"\n[model_providers.x]\nexperimental_bearer_token = "{SECRET}"', "codex:x", "codex:chatgpt"
    ),
    "a provider with headers": codex(
        'model_provider = "x"\n[model_providers.x]\nhttp_headers = { a = "b" }', None, "codex:chatgpt"
    ),
    "a provider that wants the login": codex(
        'model_provider = "x"\n[model_providers.x]\nrequires_openai_auth = true', "codex:chatgpt"
    ),
    "a key for codex exec": codex("", "codex:CODEX_API_KEY", "codex:chatgpt", env={"CODEX_API_KEY": SECRET}),
    "Bedrock by its own login": codex('model_provider = "amazon-bedrock"', "codex:bedrock-api-key", **BEDROCK),
    "Bedrock by the keys of AWS": codex('model_provider = "amazon-bedrock"', None, "codex:chatgpt"),
}


def laid_out(root: Path, files: dict[str, Any]) -> None:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_the_first_place_that_holds_something_serves(case: Case, tmp_path: Path) -> None:
    laid_out(tmp_path, case.files)
    found = observe_all(Host(tmp_path, case.env, key=b"k" * 32), [SourceEntry(case.kind, case.kind)])
    assert SECRET not in repr(found)
    assert not [one for one in found if isinstance(one, Trouble)]
    seen = {one.credential.key: one for one in found if isinstance(one, Observation)}
    (lineup,) = (one for one in found if isinstance(one, Lineup) and one.ladder)
    assert lineup.in_use is (case.serves is not None)
    assert lineup.keys == (() if case.serves is None else (f"{case.kind}/-/{case.serves}",))
    idle = {key: one.use.why_not for key, one in seen.items() if one.use.in_use is False}
    assert set(idle) == {f"{case.kind}/-/{profile}" for profile in case.others}
    assert all(why.endswith("serves instead") for why in idle.values())
    standings = [rung.standing for rung in lineup.ladder]
    assert standings.count(Standing.SERVES) == 1
    assert set(seen) <= {rung.key for rung in lineup.ladder}


def test_a_variable_that_holds_the_logins_own_access_token_ends_with_it(tmp_path: Path) -> None:
    laid_out(tmp_path, STORE)
    host = Host(tmp_path, {"CLAUDE_CODE_OAUTH_TOKEN": OAT}, key=b"k" * 32)
    found = {
        one.credential.profile: one
        for one in observe_all(host, [SourceEntry("claude-code", "claude-code")])
        if isinstance(one, Observation)
    }
    copy, login = found["claude-code:env"], found["claude-code:default"]
    assert (copy.access_expires_at, copy.refreshable) == (login.access_expires_at, False)
    assert login.use.in_use is False


def test_settings_that_cannot_be_read_are_told_and_the_rest_is_judged(tmp_path: Path) -> None:
    laid_out(tmp_path, {**STORE, ".claude/settings.json": '{"apiKeyHelper": '})
    found = observe_all(Host(tmp_path, {}, key=b"k" * 32), [SourceEntry("claude-code", "claude-code")])
    assert [one.store for one in found if isinstance(one, Trouble)] == ["~/.claude/settings.json"]
    assert [one.credential.profile for one in found if isinstance(one, Observation)] == ["claude-code:default"]
