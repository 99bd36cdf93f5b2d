"""Gemini CLI's login and its moves, beyond the recorded cases."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.model import Evidence, Observation, Problem, SourceEntry
from monitor.sources.gemini_cli import observe
from monitor.system.host import Host

SOON = 1_800_000_000_000
SOON_AT = datetime.fromtimestamp(SOON / 1000, UTC)
CREDS = {"access_token": "ya29.FAKESECRET", "refresh_token": "1//FAKESECRET", "expiry_date": SOON}
FORCED = {"GEMINI_FORCE_ENCRYPTED_FILE_STORAGE": "true"}


def _home(root: Path, stored: Any, name: str = ".gemini/oauth_creds.json") -> None:
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(stored if isinstance(stored, str) else json.dumps(stored))


def _look(root: Path, env: dict[str, str] | None = None, **options: str) -> list[Observation]:
    found = observe(Host(root, env or {}), SourceEntry("gemini-cli", "gemini-cli", options))
    seen = [one for one in found if isinstance(one, Observation)]
    assert "FAKESECRET" not in repr(seen)
    assert {one.credential.profile for one in seen} <= {"gemini-cli:oauth"}
    return seen


@pytest.mark.parametrize(
    ("stored", "evidence", "expires", "refreshable"),
    [
        (CREDS, Evidence.PRESENT, SOON_AT, True),
        ({**CREDS, "refresh_token": ""}, Evidence.PRESENT, SOON_AT, False),
        ({**CREDS, "refresh_token": None}, Evidence.PRESENT, SOON_AT, False),
        ({**CREDS, "expiry_date": None}, Evidence.PRESENT, None, True),
        ({**CREDS, "expiry_date": 0}, Evidence.PRESENT, None, True),
        ({"refresh_token": "1//FAKESECRET", "type": "authorized_user"}, Evidence.PRESENT, None, True),
        ({"access_token": "", "refresh_token": "", "expiry_date": 0}, Evidence.BLANKED, None, None),
        ({}, Evidence.ABSENT, None, None),
    ],
)
def test_what_is_stored_decides(
    stored: Any, evidence: Evidence, expires: datetime | None, refreshable: bool | None, tmp_path: Path
) -> None:
    _home(tmp_path, stored)
    (seen,) = _look(tmp_path)
    assert (seen.evidence, seen.access_expires_at, seen.refreshable) == (evidence, expires, refreshable)
    assert (seen.problem, seen.relogin) == (None, "NO_BROWSER=true gemini")


@pytest.mark.parametrize(
    "stored",
    ["null", "[]", {**CREDS, "access_token": 5}, {**CREDS, "expiry_date": "soon"}, {**CREDS, "expiry_date": []}],
)
def test_what_cannot_be_understood_is_a_problem_of_its_only_possible_id(stored: Any, tmp_path: Path) -> None:
    _home(tmp_path, stored)
    assert [one.problem for one in _look(tmp_path)] == [Problem.PARSE]


def test_a_login_that_moved_is_hidden_and_not_missing(tmp_path: Path) -> None:
    assert _look(tmp_path, FORCED) == []
    (tmp_path / ".gemini").mkdir()
    assert _look(tmp_path) == []
    assert [(one.evidence, one.problem) for one in _look(tmp_path, FORCED)] == [(Evidence.HIDDEN, Problem.KEYCHAIN)]
    _home(tmp_path, {"active": None, "old": ["a@example.org"]}, ".gemini/google_accounts.json")
    assert _look(tmp_path) == []
    _home(tmp_path, {"active": "a@example.org", "old": []}, ".gemini/google_accounts.json")
    assert [(one.evidence, one.problem) for one in _look(tmp_path)] == [(Evidence.HIDDEN, Problem.KEYCHAIN)]
    _home(tmp_path, "00:00:FAKESECRET", ".gemini/gemini-credentials.json")
    assert [(one.evidence, one.problem) for one in _look(tmp_path)] == [(Evidence.HIDDEN, Problem.ENCRYPTED)]
    _home(tmp_path, CREDS)
    assert [one.evidence for one in _look(tmp_path, FORCED)] == [Evidence.PRESENT]


def test_the_folder_goes_below_the_home_that_a_variable_names(tmp_path: Path) -> None:
    _home(tmp_path, CREDS, "g/.gemini/oauth_creds.json")
    (seen,) = _look(tmp_path, {"GEMINI_CLI_HOME": str(tmp_path / "g")})
    assert seen.store == "~/g/.gemini/oauth_creds.json"


def test_a_place_that_the_config_names_is_expected_and_the_environment_is_not_asked(tmp_path: Path) -> None:
    for options in ({"home": str(tmp_path / "bot")}, {"path": str(tmp_path / "creds.json")}):
        (seen,) = _look(tmp_path, {"GEMINI_CLI_HOME": "/nowhere", **FORCED}, **options)
        assert (seen.evidence, seen.problem) == (Evidence.ABSENT, None)
    _home(tmp_path, CREDS, "bot/.gemini/oauth_creds.json")
    assert _look(tmp_path, home=str(tmp_path / "bot"))[0].access_expires_at == SOON_AT
