"""Where each program keeps its login when a variable, another program or an option moved it."""

import json
from pathlib import Path
from typing import Any

import pytest

from monitor.model import Evidence, Kind, Lineup, Observation, Problem, SourceEntry
from monitor.sources import SOURCES, observe_all
from monitor.system.host import Host

PAIR = {"access_token": "FAKESECRETa", "refresh_token": "FAKESECRETr"}
JSON = json.dumps(PAIR)
OPENCODE = '{"groq": {"type": "api", "key": "FAKESECRET"}}'
GH = "ghe.corp.example:\n    oauth_token: FAKESECRET\n    user: me\n"
HERMES = '{"credential_pool": {"groq": [{"auth_type": "api_key", "access_token": "FAKESECRET"}]}}'
KEY = '{"type": "service_account", "private_key": "FAKESECRET"}'
AZURE = """{"Account": {"a": {"home_account_id": "h", "username": "me"}},
 "AccessToken": {"k": {"home_account_id": "h", "secret": "FAKESECRET", "expires_on": "1790000000"}}}"""

MOVED: list[tuple[str, str, str, str, str]] = [
    ("opencode", "XDG_DATA_HOME", "x/opencode/auth.json", OPENCODE, "opencode:groq"),
    ("github-copilot", "XDG_CONFIG_HOME", "x/github-copilot/hosts.json", '{"github.com": {"oauth_token": "F"}}', ""),
    ("gh", "GH_CONFIG_DIR", "x/hosts.yml", GH, "gh:ghe.corp.example/me"),
    ("gh", "XDG_CONFIG_HOME", "x/gh/hosts.yml", GH, "gh:ghe.corp.example/me"),
    ("qwen-code", "QWEN_HOME", "x/oauth_creds.json", JSON, "qwen-code:oauth"),
    ("kimi", "KIMI_CODE_HOME", "x/credentials/one.json", JSON, "kimi:one"),
    ("kimi", "KIMI_SHARE_DIR", "x/credentials/two.json", JSON, "kimi:two"),
    ("hermes", "HERMES_HOME", "x/auth.json", HERMES, "hermes:groq/0"),
    ("gcloud", "CLOUDSDK_CONFIG", "x/application_default_credentials.json", KEY, "gcloud:adc"),
    ("gcloud", "GOOGLE_APPLICATION_CREDENTIALS", "x", KEY, "gcloud:adc"),
    ("aws", "AWS_SHARED_CREDENTIALS_FILE", "x", "[p]\naws_access_key_id=A\naws_secret_access_key=FAKESECRET", "aws:p"),
    ("azure", "AZURE_CONFIG_DIR", "x/msal_token_cache.json", AZURE, "azure:me"),
    ("huggingface", "HF_HOME", "x/token", "hf_FAKESECRET", "huggingface:default"),
    ("huggingface", "HF_TOKEN_PATH", "x", "hf_FAKESECRET", "huggingface:default"),
    ("huggingface", "XDG_CACHE_HOME", "x/huggingface/token", "hf_FAKESECRET", "huggingface:default"),
    ("npm", "NPM_CONFIG_USERCONFIG", "x", "_authToken=npm_FAKESECRET", "npm:registry.npmjs.org"),
]


def put(path: Path, text: str) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)


def look(root: Path, kind: str, env: dict[str, str] | None = None, /, **options: Any) -> list[Observation]:
    host = Host(root, env or {}, key=b"k" * 32)
    found = observe_all(host, [SourceEntry(kind, kind, options)])
    assert "FAKESECRET" not in repr(found)
    seen = [one for one in found if isinstance(one, Observation)]
    assert all(isinstance(one, Observation | Lineup) for one in found)
    return seen


@pytest.mark.parametrize(("kind", "variable", "store", "text", "profile"), MOVED, ids=lambda value: value[:20])
def test_a_variable_moves_the_store(
    kind: str, variable: str, store: str, text: str, profile: str, tmp_path: Path
) -> None:
    put(tmp_path / store, text)
    (seen,) = look(tmp_path, kind, {variable: str(tmp_path / "x")})
    assert seen.credential.profile == (profile or "github-copilot:github.com")
    assert seen.evidence is Evidence.PRESENT
    assert seen.fingerprint
    assert look(tmp_path, kind) == []


LOGGED_IN = [kind for kind, row in SOURCES.items() if row.marks]


@pytest.mark.parametrize("kind", LOGGED_IN)
def test_a_home_that_was_named_is_expected_to_hold_a_login(kind: str, tmp_path: Path) -> None:
    env = {name: str(tmp_path / "x") for _, name, *_ in MOVED}
    (seen,) = look(tmp_path, kind, env, home=str(tmp_path))
    assert seen.evidence is Evidence.ABSENT
    (seen,) = look(tmp_path, kind, env, path=str(tmp_path / "nowhere.json"))
    assert (seen.evidence, seen.host_path) == (Evidence.ABSENT, str(tmp_path / "nowhere.json"))


def test_opencode_takes_the_whole_store_from_the_environment(tmp_path: Path) -> None:
    (seen,) = look(tmp_path, "opencode", {"OPENCODE_AUTH_CONTENT": OPENCODE})
    assert (seen.credential.profile, seen.store, seen.from_file) == ("opencode:groq", "$OPENCODE_AUTH_CONTENT", False)
    (seen,) = look(tmp_path, "opencode", {"OPENCODE_AUTH_CONTENT": '{"groq": FAKESECRET'})
    assert seen.problem is Problem.PARSE


def test_a_hermes_profile_uses_the_logins_of_the_root_that_it_lacks(tmp_path: Path) -> None:
    put(tmp_path / ".hermes/auth.json", f'{{"providers": {{"nous": {JSON}, "kimi": {JSON}}}}}')
    own = tmp_path / ".hermes/profiles/work/auth.json"
    put(own, f'{{"providers": {{"nous": {JSON}}}}}')
    found = {
        one.credential.profile: one.host_path for one in look(tmp_path, "hermes", {"HERMES_HOME": str(own.parent)})
    }
    assert found == {"hermes:nous": str(own), "hermes:kimi": str(tmp_path / ".hermes/auth.json")}


def test_google_credentials_that_a_variable_names_are_expected(tmp_path: Path) -> None:
    (seen,) = look(tmp_path, "gcloud", {"GOOGLE_APPLICATION_CREDENTIALS": str(tmp_path / "gone.json")})
    assert seen.evidence is Evidence.ABSENT


def test_copilot_in_a_database_is_opaque(tmp_path: Path) -> None:
    put(tmp_path / ".config/github-copilot/auth.db", "SQLite format 3")
    (seen,) = look(tmp_path, "github-copilot")
    assert (seen.evidence, seen.credential.kind) == (Evidence.HIDDEN, Kind.TOKEN)


def test_an_encrypted_cache_of_azure_is_opaque(tmp_path: Path) -> None:
    put(tmp_path / ".azure/msal_token_cache.bin", "FAKESECRET")
    (seen,) = look(tmp_path, "azure")
    assert (seen.evidence, seen.problem) == (Evidence.HIDDEN, Problem.ENCRYPTED)
