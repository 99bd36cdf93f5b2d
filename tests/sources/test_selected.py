"""What serves where a program was told which of its credentials to take, and what then is not in use."""

import json
import os
import sqlite3
from pathlib import Path
from typing import Any

import pytest

from monitor.model import Evidence, Finding, Lineup, Observation, Problem, SourceEntry, Standing, Trouble
from monitor.sources import observe_all
from monitor.system.host import Host

GOOGLE = {"access_token": "FAKESECRETa", "refresh_token": "FAKESECRETr", "expiry_date": 1}
PAIR = {"access_token": "FAKESECRETa", "refresh_token": "FAKESECRETr"}
CLAUDE = {"type": "oauth", "access": "FAKESECRETa", "refresh": "FAKESECRETr", "expires": 4_000_000_000_000}
KEY = {"type": "api", "key": "FAKESECRETk"}


def way(name: str, **more: Any) -> str:
    return "// made by hand\n" + json.dumps({"security": {"auth": {"selectedType": name, **more}}})


def find(root: Path, kind: str, files: dict[str, Any], env: dict[str, str] | None = None) -> list[Finding]:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    found = observe_all(Host(root, env or {}, key=b"k" * 32), [SourceEntry(kind, kind)])
    assert "FAKESECRET" not in repr(found)
    return found


def uses(found: list[Finding]) -> dict[str, bool]:
    """Each credential's profile, and whether its program takes it."""
    seen = [one for one in found if isinstance(one, Observation)]
    return {one.credential.profile.partition(":")[2]: one.use.in_use is not False for one in seen}


def serving(found: list[Finding]) -> list[str]:
    ladders = [one.ladder for one in found if isinstance(one, Lineup)]
    return [rung.place for ladder in ladders for rung in ladder if rung.standing is Standing.SERVES]


GEMINI: list[tuple[dict[str, Any], dict[str, str], dict[str, bool], str]] = [
    ({}, {}, {"oauth": True}, "oauth_creds.json"),
    ({".env": "GEMINI_API_KEY=FAKESECRET"}, {}, {"GEMINI_API_KEY": False, "oauth": True}, "oauth_creds.json"),
    ({}, {"GEMINI_API_KEY": "FAKESECRET"}, {"GEMINI_API_KEY": True, "oauth": False}, "$GEMINI_API_KEY"),
    ({"settings.json": way("oauth-personal")}, {"GEMINI_API_KEY": "FAKESECRET"}, {"oauth": True}, "oauth_creds.json"),
    (
        {"settings.json": way("gemini-api-key"), ".env": "GEMINI_API_KEY=FAKESECRET\nGOOGLE_API_KEY=FAKESECRET2"},
        {},
        {"GEMINI_API_KEY": True, "GOOGLE_API_KEY": False, "oauth": False},
        "GEMINI_API_KEY in .env (~/.gemini/.env)",
    ),
    (
        {"settings.json": way("gemini-api-key")},
        {},
        {"GEMINI_API_KEY": True, "oauth": False},
        "API key in the keychain",
    ),
    (
        {"settings.json": way("vertex-ai"), ".env": "GOOGLE_API_KEY=FAKESECRET"},
        {},
        {"GOOGLE_API_KEY": True, "oauth": False},
        "GOOGLE_API_KEY in .env (~/.gemini/.env)",
    ),
    ({"settings.json": way("vertex-ai")}, {}, {"oauth": False}, "application default credentials"),
    ({}, {"GOOGLE_GENAI_USE_VERTEXAI": "true"}, {"oauth": False}, "application default credentials"),
    ({}, {"GOOGLE_GENAI_USE_VERTEXAI": "0"}, {"oauth": True}, "oauth_creds.json"),
    ({"settings.json": {"security": []}}, {}, {"oauth": True}, "oauth_creds.json"),
]


@pytest.mark.parametrize(("files", "env", "expected", "serves"), GEMINI)
def test_gemini_takes_what_is_selected(
    files: dict[str, Any], env: dict[str, str], expected: dict[str, bool], serves: str, tmp_path: Path
) -> None:
    told = {f".gemini/{name}": text for name, text in files.items()}
    found = find(tmp_path, "gemini-cli", {".gemini/oauth_creds.json": GOOGLE, **told}, env)
    assert (uses(found), serving(found)) == (expected, [serves])


@pytest.mark.parametrize(("kind", "store"), [("gemini-cli", ".gemini"), ("qwen-code", ".qwen")])
def test_settings_that_cannot_be_read_are_said_and_the_login_is_judged(kind: str, store: str, tmp_path: Path) -> None:
    found = find(tmp_path, kind, {f"{store}/settings.json": '{"half', f"{store}/oauth_creds.json": GOOGLE})
    assert [one.problem for one in found if isinstance(one, Trouble)] == [Problem.PARSE]
    assert uses(found) == {"oauth": True}


def test_a_selected_key_that_no_file_has_is_hidden_and_not_missing(tmp_path: Path) -> None:
    for kind, store, name in (("gemini-cli", ".gemini", "gemini-api-key"), ("qwen-code", ".qwen", "openai")):
        found = find(tmp_path, kind, {f"{store}/settings.json": way(name)})
        assert [one.evidence for one in found if isinstance(one, Observation)] == [Evidence.HIDDEN]


MODEL = {"id": "m", "envKey": "PLAN_KEY"}
QWEN: list[tuple[dict[str, Any], dict[str, str], dict[str, bool]]] = [
    ({}, {}, {"oauth": True}),
    ({"settings.json": way("qwen-oauth")}, {"OPENAI_API_KEY": "FAKESECRET"}, {"oauth": True}),
    ({"settings.json": way("openai", apiKey="FAKESECRET")}, {}, {"apiKey": True, "oauth": False}),
    (
        {"settings.json": way("openai", apiKey="FAKESECRET"), ".env": "OPENAI_API_KEY=FAKESECRET"},
        {},
        {"OPENAI_API_KEY": True, "oauth": False},
    ),
    ({"settings.json": way("openai")}, {"OPENAI_API_KEY": "FAKESECRET"}, {"OPENAI_API_KEY": True, "oauth": False}),
    (
        {
            "settings.json": {
                "security": {"auth": {"selectedType": "openai"}},
                "model": {"name": "m"},
                "modelProviders": {"openai": [MODEL]},
                "env": {"PLAN_KEY": "FAKESECRET", "OPENAI_API_KEY": "FAKESECRET2"},
            }
        },
        {},
        {"PLAN_KEY": True, "oauth": False},
    ),
    ({"settings.json": way("vertex-ai")}, {}, {"oauth": False}),
]


@pytest.mark.parametrize(("files", "env", "expected"), QWEN)
def test_qwen_takes_what_is_selected(
    files: dict[str, Any], env: dict[str, str], expected: dict[str, bool], tmp_path: Path
) -> None:
    told = {f".qwen/{name}": text for name, text in files.items()}
    assert uses(find(tmp_path, "qwen-code", {".qwen/oauth_creds.json": PAIR, **told}, env)) == expected


def toml(key: str, more: str = "", provider: str = "managed:kimi-code") -> str:
    return f'[providers."{provider}"]\ntype = "kimi"\n{more}\noauth = {{ storage = "file", key = "{key}" }}\n'


KIMI: list[tuple[str, list[str], dict[str, str], dict[str, bool]]] = [
    ("", ["kimi-code", "b"], {}, {"kimi-code": True, "b": True}),
    (toml("oauth/kimi-code"), ["kimi-code", "b"], {}, {"kimi-code": True, "b": False}),
    (toml("oauth/b", provider="other"), ["kimi-code", "b"], {}, {"kimi-code": False, "b": True}),
    (toml("oauth/b", provider="other"), ["kimi-code"], {}, {"kimi-code": False, "b": True}),
    # The key is out of date: the file that follows from the address is there.
    (toml("oauth/b"), ["kimi-code", "b"], {}, {"kimi-code": True, "b": False}),
    (
        toml("oauth/kimi-code"),
        ["kimi-code"],
        {"KIMI_CODE_BASE_URL": "https://x/"},
        {"kimi-code": True},
    ),
    (toml("../b", provider="other"), ["kimi-code"], {}, {"kimi-code": True}),
]


@pytest.mark.parametrize(("config", "files", "env", "expected"), KIMI)
def test_kimi_takes_the_file_that_its_config_names(
    config: str, files: list[str], env: dict[str, str], expected: dict[str, bool], tmp_path: Path
) -> None:
    stored = {f".kimi-code/credentials/{name}.json": PAIR for name in files}
    older = {".kimi/credentials/old.json": PAIR}
    found = find(tmp_path, "kimi", {".kimi-code/config.toml": config, **stored, **older}, env)
    assert uses(found) == {**expected, "old": True}
    seen = [one for one in found if isinstance(one, Observation) and one.evidence is Evidence.ABSENT]
    assert {one.credential.profile for one in seen} == {f"kimi:{name}" for name in expected if name not in files}


def test_a_kimi_config_that_is_no_toml_is_said(tmp_path: Path) -> None:
    found = find(tmp_path, "kimi", {".kimi-code/config.toml": "= x", ".kimi-code/credentials/kimi-code.json": PAIR})
    assert [one.problem for one in found if isinstance(one, Trouble)] == [Problem.PARSE]
    assert uses(found) == {"kimi-code": True}


AUTH = ".local/share/opencode/auth.json"
CONFIG = ".config/opencode"
PLUGINS: list[tuple[dict[str, Any], bool]] = [
    ({}, False),
    ({f"{CONFIG}/opencode.json": {"plugin": ["oh-my-opencode", 5, []]}}, False),
    ({f"{CONFIG}/opencode.json": {"plugin": "opencode-claude-auth"}}, False),
    ({f"{CONFIG}/opencode.jsonc": '// mine\n{"plugin": ["@x/opencode-anthropic-auth@1.0",],}'}, True),
    ({f"{CONFIG}/opencode.json": {"plugin": [["opencode-claude-auth", {}]]}}, True),
    ({f"{CONFIG}/opencode.json": {"plugin": ["./my.js"]}, f"{CONFIG}/my.js": 'auth: {provider: "anthropic"}'}, True),
    ({f"{CONFIG}/plugin/mine.ts": "auth: { provider: 'anthropic' }"}, True),
    ({f"{CONFIG}/plugin/mine.ts": "export {}"}, False),
    ({"other.json": {"plugin": ["opencode-claude-auth"]}}, True),
]


@pytest.mark.parametrize(("files", "brought"), PLUGINS)
def test_opencode_has_an_anthropic_login_only_by_a_plugin(files: dict[str, Any], brought: bool, tmp_path: Path) -> None:
    env = {"OPENCODE_CONFIG": str(tmp_path / "other.json")}
    found = find(tmp_path, "opencode", {AUTH: {"anthropic": CLAUDE, "groq": KEY}, **files}, env)
    evidence = {one.credential.provider: one.evidence for one in found if isinstance(one, Observation)}
    usable = Evidence.PRESENT if brought else Evidence.UNUSABLE
    assert evidence == {"anthropic": usable, "groq": Evidence.PRESENT}


def test_an_anthropic_login_that_ended_long_before_the_others_were_written_is_left_over(tmp_path: Path) -> None:
    ended = {**CLAUDE, "expires": 1_700_000_000_000}
    (seen,) = find(tmp_path, "opencode", {AUTH: {"anthropic": ended}})
    assert isinstance(seen, Observation)
    assert seen.evidence is Evidence.UNUSABLE
    assert uses(find(tmp_path, "opencode", {AUTH: {"anthropic": ended, "groq": KEY}})) == {
        "anthropic": False,
        "groq": True,
    }
    os.utime(tmp_path / AUTH, (1_600_000_000, 1_600_000_000))
    found = observe_all(Host(tmp_path, {}), [SourceEntry("opencode", "opencode")])
    assert uses(found) == {"anthropic": True, "groq": True}


def test_what_a_variable_holds_stands_for_the_whole_file_of_opencode(tmp_path: Path) -> None:
    env = {"OPENCODE_AUTH_CONTENT": json.dumps({"groq": KEY})}
    found = find(tmp_path, "opencode", {AUTH: {"groq": KEY, "openrouter": KEY}}, env)
    assert uses(found) == {"groq": True, "openrouter": False}
    for content in ("{", "[]"):
        found = find(tmp_path, "opencode", {}, {"OPENCODE_AUTH_CONTENT": content})
        assert {"groq": True, "openrouter": True}.items() <= uses(found).items()
        assert [one.problem for one in found if isinstance(one, Observation) and one.problem] == [Problem.PARSE]


def test_the_accounts_and_logins_of_the_database_of_opencode(tmp_path: Path) -> None:
    path = tmp_path / ".local/share/opencode/opencode.db"
    path.parent.mkdir(parents=True)
    with sqlite3.connect(path) as made:
        made.executescript(
            "CREATE TABLE account (id text PRIMARY KEY, email text, access_token text, refresh_token text,"
            " token_expiry integer);"
            "INSERT INTO account VALUES ('1', 'a@x', 'FAKESECRET', 'FAKESECRET', 1), ('2', 'b@x', '', '', NULL);"
            "CREATE TABLE account_state (id integer PRIMARY KEY, active_account_id text);"
            "INSERT INTO account_state VALUES (1, '1');"
            "CREATE TABLE credential (id text PRIMARY KEY, label text, value text, connector_id text, active integer);"
        )
        login = json.dumps({"type": "oauth", "access": "FAKESECRET", "refresh": "FAKESECRET", "expires": 1})
        key = json.dumps({"type": "key", "key": "FAKESECRET"})
        rows = [("1", "default", login, "openai", 1), ("2", "old", key, "openai", 0), ("3", "x", "{", "groq", None)]
        made.executemany("INSERT INTO credential VALUES (?, ?, ?, ?, ?)", rows)
    found = find(tmp_path, "opencode", {})
    assert uses(found) == {
        "account/a@x": True,
        "account/b@x": False,
        "openai/default": True,
        "openai/old": False,
        "groq/x": True,
    }
    problems = {one.credential.profile: one.problem for one in found if isinstance(one, Observation)}
    assert {name for name, problem in problems.items() if problem} == {"opencode:groq/x"}
    path.write_bytes(b"SQLite format 3\x00" + b"\xff" * 200)
    assert [type(one) for one in find(tmp_path, "opencode", {})] == [Trouble]


HOSTS = (
    "github.com:\n    user: me\n    users:\n        me:\n            oauth_token: FAKESECRETm\n"
    "        other:\n            oauth_token: FAKESECRETo\nghe.corp:\n    user: me\n    oauth_token: FAKESECRETg\n"
)
OWN, OTHER, CORP = "github.com/me", "github.com/other", "ghe.corp/me"
GH: list[tuple[dict[str, str], dict[str, bool]]] = [
    ({}, {OWN: True, OTHER: False, CORP: True}),
    ({"GH_TOKEN": "FAKESECRET"}, {"GH_TOKEN": True, OWN: False, OTHER: False, CORP: True}),
    ({"GITHUB_TOKEN": "FAKESECRET", "GH_TOKEN": " "}, {"GITHUB_TOKEN": True, OWN: False, OTHER: False, CORP: True}),
    (
        {"GITHUB_TOKEN": "FAKESECRET", "GH_TOKEN": "FAKESECRET"},
        {"GH_TOKEN": True, "GITHUB_TOKEN": False, OWN: False, OTHER: False, CORP: True},
    ),
    ({"GH_ENTERPRISE_TOKEN": "FAKESECRET"}, {"GH_ENTERPRISE_TOKEN": True, OWN: True, OTHER: False, CORP: False}),
]


@pytest.mark.parametrize(("env", "expected"), GH)
def test_gh_takes_a_variable_before_what_is_stored_for_its_kind_of_host(
    env: dict[str, str], expected: dict[str, bool], tmp_path: Path
) -> None:
    assert uses(find(tmp_path, "gh", {".config/gh/hosts.yml": HOSTS}, env)) == expected


def test_gh_with_a_variable_alone(tmp_path: Path) -> None:
    assert uses(find(tmp_path, "gh", {}, {"GH_TOKEN": "FAKESECRET"})) == {"GH_TOKEN": True}
    assert find(tmp_path, "gh", {}, {"GH_ENTERPRISE_TOKEN": "FAKESECRET"}) == []  # for which host, nobody says
    found = find(tmp_path, "gh", {}, {"GH_ENTERPRISE_TOKEN": "FAKESECRET", "GH_HOST": "ghe.corp"})
    assert uses(found) == {"GH_ENTERPRISE_TOKEN": True}


COPILOT: list[tuple[dict[str, str], dict[str, bool]]] = [
    ({}, {"github.com": True}),
    ({"GH_COPILOT_TOKEN": "FAKESECRET"}, {"GH_COPILOT_TOKEN": True, "github.com": False}),
    ({"GH_COPILOT_TOKEN": "tid=FAKESECRET"}, {"github.com": True}),
    (
        {"GH_COPILOT_TOKEN": "tid=FAKESECRET", "GITHUB_COPILOT_TOKEN": "FAKESECRET"},
        {"GITHUB_COPILOT_TOKEN": True, "github.com": False},
    ),
]


@pytest.mark.parametrize(("env", "expected"), COPILOT)
def test_copilot_takes_a_variable_before_any_file(
    env: dict[str, str], expected: dict[str, bool], tmp_path: Path
) -> None:
    store = {".config/github-copilot/apps.json": {"github.com:1": {"oauth_token": "FAKESECRET"}}}
    assert uses(find(tmp_path, "github-copilot", store, env)) == expected
