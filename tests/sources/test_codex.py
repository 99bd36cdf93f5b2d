"""Codex' store and its settings, beyond the recorded cases."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.model import Evidence, Finding, Kind, Lineup, Observation, Problem, SourceEntry, Trouble
from monitor.sources.codex import observe
from monitor.system.host import Host
from tests.sources.tokens import jwt

END = 1_800_000_000
END_AT = datetime.fromtimestamp(END, UTC)
TOKENS = {"id_token": jwt(exp=1), "access_token": jwt(exp=END, iat=END - 864_000), "refresh_token": "rt_FAKESECRET"}
LOGIN = {
    "auth_mode": "chatgpt",
    "OPENAI_API_KEY": None,
    "tokens": TOKENS,
    "last_refresh": "2026-11-01T01:02:03.123456789Z",
}
KEY = {"OPENAI_API_KEY": "sk-FAKESECRET"}


def _home(root: Path, stored: Any, name: str = ".codex/auth.json") -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(stored if isinstance(stored, str) else json.dumps(stored))


def _all(root: Path, env: dict[str, str] | None = None, **options: str) -> list[Finding]:
    found = list(observe(Host(root, env or {}), SourceEntry("codex", "codex", options)))
    assert "FAKESECRET" not in repr(found)
    return [one for one in found if not isinstance(one, Lineup)]


def _look(root: Path, env: dict[str, str] | None = None, **options: str) -> list[Observation]:
    return [one for one in _all(root, env, **options) if isinstance(one, Observation)]


def test_a_login_says_when_its_access_ends_and_when_it_was_refreshed(tmp_path: Path) -> None:
    _home(tmp_path, LOGIN)
    (seen,) = _look(tmp_path)
    assert (seen.access_expires_at, seen.lifetime, seen.refreshable) == (END_AT, timedelta(days=10), True)
    assert seen.notes == ("Codex last refreshed it on Sun 1 Nov 2026",)
    assert seen.relogin == "authwatch relogin codex/-/codex:chatgpt"


@pytest.mark.parametrize(
    ("stored", "profile", "kind", "evidence", "expires", "refreshable"),
    [
        ({"tokens": TOKENS}, "chatgpt", Kind.OAUTH, Evidence.PRESENT, END_AT, True),
        ({"tokens": {**TOKENS, "refresh_token": ""}}, "chatgpt", Kind.OAUTH, Evidence.PRESENT, END_AT, False),
        ({"tokens": {**TOKENS, "access_token": "opaque"}}, "chatgpt", Kind.OAUTH, Evidence.PRESENT, None, True),
        ({"tokens": {**TOKENS, "access_token": jwt(sub="x")}}, "chatgpt", Kind.OAUTH, Evidence.PRESENT, None, True),
        ({"tokens": {**TOKENS, "id_token": None}}, "chatgpt", Kind.OAUTH, Evidence.PRESENT, END_AT, True),
        ({"tokens": {**TOKENS, "id_token": jwt()}}, "chatgpt", Kind.OAUTH, Evidence.PRESENT, END_AT, True),
        ({"tokens": {"access_token": "", "refresh_token": ""}}, "chatgpt", Kind.OAUTH, Evidence.BLANKED, None, False),
        (KEY, "apikey", Kind.API_KEY, Evidence.PRESENT, None, False),
        ({**KEY, "tokens": TOKENS}, "apikey", Kind.API_KEY, Evidence.PRESENT, None, False),
        ({**KEY, "tokens": TOKENS, "auth_mode": "chatgpt"}, "chatgpt", Kind.OAUTH, Evidence.PRESENT, END_AT, True),
        ({"tokens": TOKENS, "auth_mode": "apikey"}, "apikey", Kind.API_KEY, Evidence.ABSENT, None, None),
        (
            {"auth_mode": "agentIdentity", "agent_identity": jwt(exp=END)},
            "agent-identity",
            Kind.TOKEN,
            Evidence.PRESENT,
            END_AT,
            False,
        ),
        (
            {"auth_mode": "agentIdentity", "agent_identity": {"agent_private_key": "FAKESECRET"}},
            "agent-identity",
            Kind.TOKEN,
            Evidence.PRESENT,
            None,
            False,
        ),
        (
            {"auth_mode": "personalAccessToken", "personal_access_token": "at-FAKESECRET"},
            "personal-access-token",
            Kind.TOKEN,
            Evidence.PRESENT,
            None,
            False,
        ),
        (
            {"auth_mode": "chatgpt", "OPENAI_API_KEY": "", "tokens": {}},
            "default",
            Kind.OAUTH,
            Evidence.ABSENT,
            None,
            None,
        ),
        ({"auth_mode": "bedrockApiKey"}, "default", Kind.OAUTH, Evidence.ABSENT, None, None),
    ],
)
def test_what_is_stored_decides(
    stored: Any,
    profile: str,
    kind: Kind,
    evidence: Evidence,
    expires: datetime | None,
    refreshable: bool | None,
    tmp_path: Path,
) -> None:
    _home(tmp_path, stored)
    (seen,) = _look(tmp_path)
    assert (seen.credential.profile, seen.credential.kind) == (f"codex:{profile}", kind)
    assert (seen.evidence, seen.access_expires_at, seen.refreshable) == (evidence, expires, refreshable)
    assert seen.problem is None


@pytest.mark.parametrize("id_token", ["", "FAKESECRET", "a.b.c", 5])
def test_a_login_whose_id_token_cannot_be_decoded_is_refused_by_codex(id_token: Any, tmp_path: Path) -> None:
    _home(tmp_path, {"tokens": {**TOKENS, "id_token": id_token}})
    (seen,) = _look(tmp_path)
    assert (seen.credential.profile, seen.evidence) == ("codex:chatgpt", Evidence.UNUSABLE)


@pytest.mark.parametrize(
    ("stored", "profile"),
    [
        ("null", "default"),
        ("[]", "default"),
        ({"auth_mode": "telepathy", **KEY}, "default"),
        ({"auth_mode": 5, **KEY}, "default"),
        ({"OPENAI_API_KEY": 5}, "apikey"),
        ({"tokens": [1]}, "chatgpt"),
        ({"tokens": {**TOKENS, "access_token": 5}}, "chatgpt"),
        ({"tokens": {**TOKENS, "refresh_token": {}}}, "chatgpt"),
    ],
)
def test_what_cannot_be_understood_is_a_problem_of_what_it_may_be(stored: Any, profile: str, tmp_path: Path) -> None:
    _home(tmp_path, stored)
    (seen,) = _look(tmp_path)
    assert (seen.credential.profile, seen.problem) == (f"codex:{profile}", Problem.PARSE)


@pytest.mark.parametrize(
    ("place", "with_file", "evidence", "problem"),
    [
        ("keyring", False, Evidence.HIDDEN, Problem.KEYCHAIN),
        ("keyring", True, Evidence.HIDDEN, Problem.KEYCHAIN),
        ("auto", False, Evidence.HIDDEN, Problem.KEYCHAIN),
        ("auto", True, Evidence.PRESENT, None),
        ("ephemeral", True, Evidence.HIDDEN, None),
        ("file", True, Evidence.PRESENT, None),
    ],
)
def test_the_settings_say_where_the_login_lies(
    place: str, with_file: bool, evidence: Evidence, problem: Problem | None, tmp_path: Path
) -> None:
    _home(tmp_path, f'model = "x"\ncli_auth_credentials_store = "{place}"\n', ".codex/config.toml")
    if with_file:
        _home(tmp_path, LOGIN)
    (seen,) = _look(tmp_path)
    assert (seen.evidence, seen.problem) == (evidence, problem)


@pytest.mark.parametrize("text", ['k = "FAKESECRET', "FAKESECRET", "a = 1\na = 2", "a = " + "[" * 50_000])
def test_settings_that_are_no_toml_are_told_and_the_login_is_still_read(text: str, tmp_path: Path) -> None:
    _home(tmp_path, LOGIN)
    _home(tmp_path, text, ".codex/config.toml")
    trouble, seen = _all(tmp_path)
    assert isinstance(trouble, Trouble)
    assert isinstance(seen, Observation)
    assert (trouble.problem, trouble.store) == (Problem.PARSE, "~/.codex/config.toml")
    assert seen.access_expires_at == END_AT


def test_the_whole_folder_moves_with_a_variable_and_so_does_the_command(tmp_path: Path) -> None:
    _home(tmp_path, KEY, "my codex/auth.json")
    (seen,) = _look(tmp_path, {"CODEX_HOME": str(tmp_path / "my codex")})
    assert seen.store == "~/my codex/auth.json"
    assert seen.relogin == f"CODEX_HOME='{tmp_path}/my codex' authwatch relogin codex/-/codex:apikey"


def test_a_token_in_the_environment_serves_where_nobody_is_logged_in(tmp_path: Path) -> None:
    token = {"CODEX_ACCESS_TOKEN": jwt(exp=END)}
    _home(tmp_path, {})
    (seen,) = _look(tmp_path, token)
    assert (seen.credential.profile, seen.access_expires_at, seen.from_file) == ("codex:env", END_AT, False)
    assert [one.credential.profile for one in _look(tmp_path)] == ["codex:default"]


def test_a_place_that_the_config_names_is_expected_and_the_environment_is_not_asked(tmp_path: Path) -> None:
    ours = {"CODEX_HOME": "/nowhere", "CODEX_ACCESS_TOKEN": "at-FAKESECRET"}
    for options in ({"home": str(tmp_path / "bot")}, {"path": str(tmp_path / "auth.json")}):
        (seen,) = _look(tmp_path, ours, **options)
        assert (seen.credential.profile, seen.evidence) == ("codex:default", Evidence.ABSENT)
    _home(tmp_path, LOGIN, "bot/.codex/auth.json")
    assert _look(tmp_path, ours, home=str(tmp_path / "bot"))[0].access_expires_at == END_AT


def test_a_refreshed_access_token_is_the_same_login(tmp_path: Path) -> None:
    prints = []
    for access, refresh in (("a", "r"), ("b", "r"), ("b", "s")):
        _home(tmp_path, {"tokens": {**TOKENS, "access_token": access, "refresh_token": refresh}})
        found = observe(Host(tmp_path, {}, key=b"k" * 32), SourceEntry("codex", "codex"))
        (seen,) = (one for one in found if isinstance(one, Observation))
        prints.append(seen.fingerprint)
    assert prints[0] == prints[1] != prints[2]
