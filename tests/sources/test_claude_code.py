"""Claude Code's stores, beyond the recorded cases."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.model import Evidence, Observation, Problem, SourceEntry
from monitor.sources.claude_code import observe
from monitor.system.host import Host

SOON = 1_800_000_000_000
SOON_AT = datetime.fromtimestamp(SOON / 1000, UTC)
TOKENS = {"accessToken": "a-FAKESECRET", "refreshToken": "r-FAKESECRET", "expiresAt": SOON}


def _home(root: Path, stored: Any, name: str = ".claude/.credentials.json") -> Path:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(stored if isinstance(stored, str) else json.dumps(stored))
    return path


def _look(root: Path, env: dict[str, str] | None = None, platform: str = "linux", **options: str) -> list[Observation]:
    found = observe(Host(root, env or {}), SourceEntry("claude-code", "claude-code", options), platform)
    return [one for one in found if isinstance(one, Observation)]


STORED = [
    ({"claudeAiOauth": {**TOKENS, "expiresAt": 0}}, Evidence.PRESENT, None, True),
    ({"claudeAiOauth": {**TOKENS, "expiresAt": None}}, Evidence.PRESENT, None, True),
    ({"claudeAiOauth": {**TOKENS, "expiresAt": -5}}, Evidence.PRESENT, None, True),
    ({"claudeAiOauth": {**TOKENS, "expiresAt": str(SOON)}}, Evidence.PRESENT, SOON_AT, True),
    ({"claudeAiOauth": {**TOKENS, "expiresAt": SOON // 1000}}, Evidence.PRESENT, SOON_AT, True),
    ({"claudeAiOauth": {**TOKENS, "refreshToken": ""}}, Evidence.PRESENT, SOON_AT, False),
    ({"claudeAiOauth": {**TOKENS, "accessToken": ""}}, Evidence.PRESENT, SOON_AT, True),
    ({"claudeAiOauth": {"accessToken": "", "expiresAt": 0}}, Evidence.BLANKED, None, False),
    ({"claudeAiOauth": {**TOKENS, "scopes": []}}, Evidence.ABSENT, None, None),
    ({"claudeAiOauth": {}}, Evidence.ABSENT, None, None),
    ({"claudeAiOauth": None}, Evidence.ABSENT, None, None),
    ({}, Evidence.ABSENT, None, None),
]


@pytest.mark.parametrize(("stored", "evidence", "expires", "refreshable"), STORED)
def test_what_is_stored_decides(
    stored: Any, evidence: Evidence, expires: datetime | None, refreshable: bool | None, tmp_path: Path
) -> None:
    _home(tmp_path, stored)
    (seen,) = _look(tmp_path)
    assert (seen.evidence, seen.access_expires_at, seen.refreshable) == (evidence, expires, refreshable)
    assert seen.problem is None


NONSENSE = [
    "null",
    "[]",
    '"text"',
    {"claudeAiOauth": []},
    {"claudeAiOauth": {**TOKENS, "accessToken": 5}},
    {"claudeAiOauth": {**TOKENS, "expiresAt": "soon"}},
    {"claudeAiOauth": {**TOKENS, "expiresAt": {}}},
    {"claudeAiOauth": {**TOKENS, "expiresAt": True}},
]


@pytest.mark.parametrize("stored", NONSENSE)
def test_what_cannot_be_understood_is_a_problem_of_its_only_possible_id(stored: Any, tmp_path: Path) -> None:
    _home(tmp_path, stored)
    (seen,) = _look(tmp_path)
    assert (seen.credential.profile, seen.problem) == ("claude-code:default", Problem.PARSE)


@pytest.mark.parametrize(
    "end", [0, -1, None, "1800000000000", True, 1_700_000_000_000, 4_102_444_800_000, 1e30, [], {}]
)
def test_a_login_end_outside_of_reason_is_ignored(end: Any, tmp_path: Path) -> None:
    _home(tmp_path, {"claudeAiOauth": {**TOKENS, "refreshTokenExpiresAt": end}})
    (seen,) = _look(tmp_path)
    assert (seen.login_expires_at, seen.access_expires_at, seen.problem) == (None, SOON_AT, None)


def test_emptied_tokens_are_blanked_even_if_the_login_had_weeks_to_go(tmp_path: Path) -> None:
    login = {"accessToken": "", "refreshToken": "", "expiresAt": 0, "refreshTokenExpiresAt": SOON, "loginEnded": "race"}
    _home(tmp_path, {"claudeAiOauth": login})
    (seen,) = _look(tmp_path)
    assert seen.evidence is Evidence.BLANKED
    assert seen.notes == ("logged out: race",)


def test_a_reason_that_is_no_word_is_not_repeated(tmp_path: Path) -> None:
    login = {"accessToken": "", "refreshToken": "", "loginEnded": "sk-FAKESECRET"}
    _home(tmp_path, {"claudeAiOauth": login})
    assert "FAKESECRET" not in repr(_look(tmp_path))


def test_the_secure_storage_folder_wins_over_the_config_folder(tmp_path: Path) -> None:
    _home(tmp_path, {"claudeAiOauth": TOKENS}, "one/.credentials.json")
    _home(tmp_path, {}, "two it/.credentials.json")
    env = {"CLAUDE_CONFIG_DIR": str(tmp_path / "one"), "CLAUDE_SECURESTORAGE_CONFIG_DIR": str(tmp_path / "two it")}
    (seen,) = _look(tmp_path, env)
    assert seen.store == "~/two it/.credentials.json"
    assert seen.relogin == f"CLAUDE_SECURESTORAGE_CONFIG_DIR='{tmp_path}/two it' claude auth login"


def test_on_macos_an_absent_file_means_the_keychain_if_the_program_is_there(tmp_path: Path) -> None:
    assert _look(tmp_path, platform="darwin") == []
    (tmp_path / ".claude").mkdir()
    assert _look(tmp_path, platform="linux") == []
    (seen,) = _look(tmp_path, platform="darwin")
    assert (seen.evidence, seen.problem) == (Evidence.HIDDEN, Problem.KEYCHAIN)
    _home(tmp_path, {"claudeAiOauth": TOKENS})
    assert [one.evidence for one in _look(tmp_path, platform="darwin")] == [Evidence.PRESENT]


def test_a_place_that_the_config_names_is_expected_to_hold_a_login(tmp_path: Path) -> None:
    for options in ({"path": str(tmp_path / "x.json")}, {"home": str(tmp_path / "bot2")}):
        (seen,) = _look(tmp_path, **options)
        assert seen.evidence is Evidence.ABSENT


def test_another_home_is_read_without_our_own_environment(tmp_path: Path) -> None:
    _home(tmp_path / "bot2", {"claudeAiOauth": TOKENS})
    env = {"CLAUDE_CONFIG_DIR": str(tmp_path / "mine"), "CLAUDE_CODE_OAUTH_TOKEN": "x"}
    (seen,) = _look(tmp_path, env, home=str(tmp_path / "bot2"))
    assert (seen.credential.profile, seen.evidence) == ("claude-code:default", Evidence.PRESENT)
    assert seen.store == "~/bot2/.claude/.credentials.json"


def test_a_file_without_a_login_is_no_loss_where_the_program_has_another(tmp_path: Path) -> None:
    _home(tmp_path, {"mcpOAuth": {}})
    env = {"CLAUDE_CODE_OAUTH_TOKEN": "t-FAKESECRET"}
    assert [one.credential.profile for one in _look(tmp_path, env)] == ["claude-code:env"]
    assert [one.evidence for one in _look(tmp_path)] == [Evidence.ABSENT]


def test_a_blank_token_in_the_environment_is_none(tmp_path: Path) -> None:
    assert _look(tmp_path, {"CLAUDE_CODE_OAUTH_TOKEN": "  "}) == []


PROFILES = "cfg/credentials/"
FOLDER = {"ANTHROPIC_CONFIG_DIR": "cfg"}


@pytest.mark.parametrize(
    ("stored", "config", "expires", "refreshable"),
    [
        ({"access_token": "a", "refresh_token": "r", "client_id": "c", "expires_at": SOON // 1000}, {}, SOON_AT, True),
        (
            {"access_token": "a", "refresh_token": "r", "expires_at": SOON // 1000},
            {"oauth": {"client_id": "c"}},
            SOON_AT,
            True,
        ),
        ({"access_token": "a", "refresh_token": "r", "expires_at": SOON // 1000}, {}, SOON_AT, False),
        ({"access_token": "a", "expires_at": None}, {}, None, False),
    ],
)
def test_a_profile_needs_a_client_and_a_refresh_token_to_be_renewed(
    stored: Any, config: Any, expires: datetime | None, refreshable: bool, tmp_path: Path
) -> None:
    _home(tmp_path, stored, f"{PROFILES}work.json")
    _home(tmp_path, config, "cfg/configs/work.json")
    (seen,) = _look(tmp_path, FOLDER)
    assert seen.credential.profile == "anthropic:work"
    assert (seen.access_expires_at, seen.refreshable) == (expires, refreshable)


def test_only_the_active_profile_is_in_use_and_the_variable_wins(tmp_path: Path) -> None:
    for name in ("home", "work"):
        _home(tmp_path, {"access_token": "a"}, f"{PROFILES}{name}.json")
    assert [one.use.in_use for one in _look(tmp_path, FOLDER)] == [None, None]
    _home(tmp_path, "work\n", "cfg/active_config")
    assert [one.use.in_use for one in _look(tmp_path, FOLDER)] == [False, True]
    assert [one.use.in_use for one in _look(tmp_path, {**FOLDER, "ANTHROPIC_PROFILE": "home"})] == [True, False]
