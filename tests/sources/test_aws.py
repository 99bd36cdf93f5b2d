"""Which of AWS's credentials serves the profile in use."""

import hashlib
import json
from pathlib import Path

import pytest

from monitor.model import Evidence, Kind, Lineup, Observation, Problem, SourceEntry, Standing, Trouble
from monitor.sources import observe_all
from monitor.system.host import Host
from tests.sources.test_moved import look, put

SESSION = "arn:aws:iam::1:user/me"
CACHE = f".aws/login/cache/{hashlib.sha256(SESSION.encode()).hexdigest()}.json"
LOGIN = json.dumps(
    {
        "accessToken": {"secretAccessKey": "FAKESECRET", "expiresAt": "2026-11-22T12:00:00Z"},
        "refreshToken": "FAKESECRETr",
    }
)
SSO = json.dumps({"startUrl": "https://a", "accessToken": "FAKESECRET", "expiresAt": "2026-11-22T12:00:00Z"})
KEYS = "aws_access_key_id = A\naws_secret_access_key = FAKESECRET\n"
CREDENTIALS = f"[default]\n{KEYS}\n[work]\n{KEYS}"
ENV = {"AWS_ACCESS_KEY_ID": "A", "AWS_SECRET_ACCESS_KEY": "FAKESECRETe"}
ALL = f"sso_start_url = https://a\nsso_account_id = 1\nlogin_session = {SESSION}\ncredential_process = /x\n{KEYS}"

SERVES = [
    ("", {}, "aws:default"),
    ("", ENV, "aws:env"),
    ("", {"AWS_ACCESS_KEY_ID": "A"}, "aws:env"),
    ("", {"AWS_PROFILE": "work"}, "aws:work"),
    ("", {"AWS_PROFILE": "work", **ENV}, "aws:env"),
    ("", {"AWS_PROFILE": "work", "AWS_DEFAULT_PROFILE": "default"}, "aws:default"),
    (f"[default]\n{ALL}", {}, "aws-sso:https://a"),
    (f"[default]\nlogin_session = {SESSION}\n{KEYS}", {}, "aws:default"),
    (
        f"[profile x]\nlogin_session = {SESSION}\ncredential_process = /x\n{KEYS}",
        {"AWS_PROFILE": "x"},
        f"aws-login:{SESSION}",
    ),
    (f"[profile x]\ncredential_process = /x\n{KEYS}", {"AWS_PROFILE": "x"}, "aws:x/credential_process"),
    (f"[profile x]\n{KEYS}", {"AWS_PROFILE": "x"}, "aws:x@config"),
    ("[default]\nsso_start_url = https://b\nsso_account_id = 1\n", {}, ""),
    ("[default]\nrole_arn = r\nsource_profile = work\n", {}, None),
]


@pytest.mark.parametrize(("config", "env", "profile"), SERVES)
def test_the_first_place_that_holds_something_serves(
    config: str, env: dict[str, str], profile: str | None, tmp_path: Path
) -> None:
    put(tmp_path / ".aws/credentials", CREDENTIALS)
    put(tmp_path / ".aws/config", config)
    put(tmp_path / ".aws/sso/cache/a.json", SSO)
    put(tmp_path / CACHE, LOGIN)
    found = observe_all(Host(tmp_path, env), [SourceEntry("aws", "aws")])
    seen = {one.credential.profile: one for one in found if isinstance(one, Observation)}
    rungs = [rung for one in found if isinstance(one, Lineup) for rung in one.ladder]
    serving = [rung.key.removeprefix("aws/-/") for rung in rungs if rung.standing is Standing.SERVES]
    assert serving == ([] if profile is None else [profile])
    behind = {rung.key.removeprefix("aws/-/") for rung in rungs if rung.standing is Standing.BEHIND}
    assert {name for name, one in seen.items() if one.use.in_use is False} == behind
    assert "aws:work" in {*behind, *serving} or seen["aws:work"].use.in_use is None


def test_a_key_without_its_secret_is_refused_by_aws(tmp_path: Path) -> None:
    (seen,) = look(tmp_path, "aws", {"AWS_ACCESS_KEY_ID": "A"})
    assert (seen.evidence, seen.from_file) == (Evidence.UNUSABLE, False)


def test_a_helper_is_shown_and_never_run(tmp_path: Path) -> None:
    put(tmp_path / ".aws/config", f"[profile x]\ncredential_process = touch {tmp_path}/ran FAKESECRET\n")
    (seen,) = look(tmp_path, "aws")
    assert (seen.credential.kind, seen.evidence) == (Kind.EXEC, Evidence.HIDDEN)
    assert not (tmp_path / "ran").exists()


def test_a_session_of_aws_login_is_renewed_at_use_and_named_by_the_config(tmp_path: Path) -> None:
    put(tmp_path / CACHE, LOGIN)
    (seen,) = look(tmp_path, "aws")
    assert (seen.credential.profile, seen.relogin) == (f"aws-login:{Path(CACHE).stem}", "aws login")
    put(tmp_path / ".aws/config", f"[profile my x]\nlogin_session = {SESSION}\n")
    (seen,) = look(tmp_path, "aws")
    assert (seen.credential.profile, seen.relogin) == (f"aws-login:{SESSION}", "aws login --profile 'my x'")
    assert (seen.refreshable, seen.login_expires_at) == (True, None)


def test_a_token_of_kiro_is_not_awss(tmp_path: Path) -> None:
    put(tmp_path / ".aws/sso/cache/kiro-auth-token.json", '{"accessToken": "FAKESECRET", "authMethod": "IdC"}')
    put(tmp_path / ".aws/sso/cache/registration.json", '{"clientId": "c", "clientSecret": "FAKESECRET"}')
    assert look(tmp_path, "aws") == []


def test_a_config_that_cannot_be_read_is_told_and_the_rest_is_judged(tmp_path: Path) -> None:
    put(tmp_path / ".aws/credentials", CREDENTIALS)
    put(tmp_path / ".aws/config", "nonsense\n")
    found = observe_all(Host(tmp_path, {}), [SourceEntry("aws", "aws")])
    assert [one.problem for one in found if isinstance(one, Trouble)] == [Problem.PARSE]
    assert len([one for one in found if isinstance(one, Observation)]) == 2
