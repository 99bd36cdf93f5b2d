"""What Copilot CLI, Cursor's command line, Grok Build and Pi really use, and whether a person has to act."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from monitor.judge.judge import judge
from monitor.model import Judgement, Kind, Need, Policy, Problem, SourceEntry, State
from monitor.sources import SOURCES, beside, observe_all
from monitor.system.host import Host
from tests.sources.tokens import jwt

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
SECONDS = int(NOW.timestamp())
HOUR, DAY = 3600, 86_400
SECRET = "FAKESECRET"
ME, ALSO = ({"host": "https://github.com", "login": login} for login in ("me", "also"))

NO, NOW_, SOON, UNKNOWN = Need.NO, Need.NOW, Need.SOON, Need.UNKNOWN


def iso(seconds: int) -> str:
    return datetime.fromtimestamp(SECONDS + seconds, UTC).isoformat()


def copilot(stored: Any) -> dict[str, Any]:
    return {".copilot/config.json": stored}


def tokens(*logins: str, token: str = SECRET) -> dict[str, Any]:
    return {"authTokens": {f"https://github.com:{login}": {"token": token} for login in logins}}


def cursor(access: str, refresh: str) -> dict[str, Any]:
    return {".config/cursor/auth.json": {"accessToken": access, "refreshToken": refresh}}


def grok(config: str = "", key: bool = False, **entry: Any) -> dict[str, Any]:
    held: dict[str, Any] = {"https://auth.x.ai::c": {"key": SECRET, **entry}} if entry else {}
    if key:
        held["xai::api_key"] = {"key": SECRET, "auth_mode": "api_key"}
    return {".grok/auth.json": held, ".grok/config.toml": config}


def pi(**providers: Any) -> dict[str, Any]:
    return {".pi/agent/auth.json": providers}


ENDED = {"expires_at": iso(-HOUR)}
ALIVE = {"expires_at": iso(5 * HOUR), "refresh_token": SECRET}
MODEL = '[models]\ndefault = "m"\n[model.m]\nbase_url = "http://127.0.0.1:9"\n'
OVER = jwt(exp=SECONDS - HOUR)
FAR = jwt(exp=SECONDS + 30 * DAY)
GITHUB = "copilot-cli:github.com/me"


class Case(NamedTuple):
    """Files and variables of a home, and what each profile needs; a star: not in use."""

    kind: str
    files: dict[str, Any]
    needs: dict[str, Need]
    env: Mapping[str, str] = MappingProxyType({})


CASES = {
    "copilot: a token": Case("copilot-cli", copilot(tokens("me")), {GITHUB: NO}),
    "copilot: lines of comment": Case(
        "copilot-cli", copilot(f"// x\n // y\n{json.dumps(tokens('me'))}\n"), {GITHUB: NO}
    ),
    "copilot: two names for one account": Case("copilot-cli", copilot(tokens("me", "me:github")), {GITHUB: NO}),
    "copilot: an older release": Case(
        "copilot-cli", copilot({"copilotTokens": {"https://github.com:me": SECRET}}), {GITHUB: NO}
    ),
    "copilot: an enterprise": Case(
        "copilot-cli",
        copilot({"copilot_tokens": {"https://x.ghe.com:me": SECRET}}),
        {"copilot-cli:x.ghe.com/me": NO},
    ),
    "copilot: in the keyring": Case("copilot-cli", copilot({"loggedInUsers": [ME]}), {GITHUB: NO}),
    "copilot: an empty token": Case("copilot-cli", copilot(tokens("me", token="")), {GITHUB: NOW_}),
    "copilot: an empty token, and gh": Case(
        "copilot-cli",
        {**copilot(tokens("me", token="")), ".config/gh/hosts.yml": "github.com:\n    user: me\n"},
        {f"{GITHUB}*": NO},
    ),
    "copilot: another provider": Case(
        "copilot-cli",
        copilot(tokens("me", token="")),
        {f"{GITHUB}*": NO},
        {"COPILOT_PROVIDER_BASE_URL": "http://127.0.0.1:9"},
    ),
    "copilot: the second account is selected": Case(
        "copilot-cli",
        copilot({**tokens("me", "also"), "loggedInUsers": [ME, ALSO], "lastLoggedInUser": ALSO}),
        {f"{GITHUB}*": NO, "copilot-cli:github.com/also": NO},
    ),
    "copilot: a variable": Case(
        "copilot-cli", copilot(tokens("me")), {f"{GITHUB}*": NO, "copilot-cli:GH_TOKEN": NO}, {"GH_TOKEN": SECRET}
    ),
    "copilot: a variable before an empty token": Case(
        "copilot-cli",
        copilot(tokens("me", token="")),
        {f"{GITHUB}*": NO, "copilot-cli:GITHUB_TOKEN": NO},
        {"GITHUB_TOKEN": SECRET},
    ),
    "copilot: a classic token breaks a good login": Case(
        "copilot-cli",
        copilot(tokens("me")),
        {f"{GITHUB}*": NO, "copilot-cli:GH_TOKEN": NOW_, "copilot-cli:GITHUB_TOKEN*": NO},
        {"GH_TOKEN": f"ghp_{SECRET}", "GITHUB_TOKEN": SECRET},
    ),
    "copilot: a blank variable": Case(
        "copilot-cli", copilot(tokens("me")), {GITHUB: NO}, {"COPILOT_GITHUB_TOKEN": " "}
    ),
    "cursor: an opaque refresh token": Case("cursor", cursor(FAR, SECRET), {"cursor:cli": NO}),
    "cursor: idle": Case("cursor", cursor(OVER, SECRET), {"cursor:cli": NO}),
    "cursor: both ended": Case("cursor", cursor(OVER, OVER), {"cursor:cli": NOW_}),
    "cursor: logged out": Case("cursor", cursor("", ""), {"cursor:cli": NOW_}),
    "cursor: a key serves": Case(
        "cursor", cursor(OVER, OVER), {"cursor:cli*": NO, "cursor:CURSOR_API_KEY": NO}, {"CURSOR_API_KEY": SECRET}
    ),
    "grok: alive": Case("grok", grok(**ALIVE), {"grok:auth.x.ai": NO}),
    "grok: idle": Case("grok", grok(**{**ALIVE, **ENDED}), {"grok:auth.x.ai": NO}),
    "grok: ended": Case("grok", grok(**ENDED), {"grok:auth.x.ai": NOW_}),
    "grok: ended, renewed by a command": Case("grok", grok(**ENDED, auth_mode="external"), {"grok:auth.x.ai": NO}),
    "grok: 20 days without an end": Case("grok", grok(create_time=iso(-20 * DAY)), {"grok:auth.x.ai": NO}),
    "grok: 40 days without an end": Case("grok", grok(create_time=iso(-40 * DAY)), {"grok:auth.x.ai": NOW_}),
    "grok: a key": Case("grok", grok(key=True), {"grok:api_key": NO}),
    "grok: a key stands in": Case("grok", grok(key=True, **ENDED), {"grok:auth.x.ai": SOON, "grok:api_key": NO}),
    "grok: a variable stands in": Case("grok", grok(**ENDED), {"grok:auth.x.ai": SOON}, {"XAI_API_KEY": SECRET}),
    "grok: nothing but a variable": Case("grok", grok(), {}, {"XAI_API_KEY": SECRET}),
    "grok: the model has a key": Case(
        "grok", grok(f'{MODEL}api_key = "{SECRET}"', **ENDED), {"grok:model/m": NO, "grok:auth.x.ai*": NO}
    ),
    "grok: the model has a variable": Case(
        "grok",
        grok(f'{MODEL}env_key = ["NONE", "MINE"]', **ENDED),
        {"grok:model/m": NO, "grok:auth.x.ai*": NO},
        {"MINE": SECRET},
    ),
    "grok: the variable of the model is not set": Case(
        "grok", grok(f'{MODEL}env_key = "MINE"', **ENDED), {"grok:auth.x.ai": NOW_}
    ),
    "grok: another model has a key": Case(
        "grok", grok(f'[model.n]\napi_key = "{SECRET}"', **ENDED), {"grok:auth.x.ai": NOW_}
    ),
    "pi: idle": Case(
        "pi",
        pi(x={"type": "oauth", "access": SECRET, "refresh": SECRET, "expires": (SECONDS - HOUR) * 1000}),
        {"pi:x": NO},
    ),
    "pi: ended": Case(
        "pi",
        pi(x={"type": "oauth", "access": SECRET, "refresh": "", "expires": (SECONDS - HOUR) * 1000}),
        {"pi:x": NOW_},
    ),
    "pi: blank": Case("pi", pi(x={"type": "api_key", "key": ""}), {"pi:x": NOW_}),
    "pi: a type of the future": Case("pi", pi(x={"type": "later"}), {"pi:x": UNKNOWN}),
    "pi: no login": Case("pi", pi(), {"pi:default": NOW_}),
}


def judged(root: Path, case: Case) -> Judgement:
    for name, content in case.files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(content if isinstance(content, str) else json.dumps(content))
    found = observe_all(Host(root, case.env, key=b"k" * 32), [SourceEntry(case.kind, case.kind)])
    assert SECRET not in repr(found)
    return judge(found, {}, Policy(), NOW)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_a_login_needs_somebody_where_it_serves_and_is_dead(case: Case, tmp_path: Path) -> None:
    judgement = judged(tmp_path, case)
    needs = {one.seen.credential.profile + ("" if one.in_use else "*"): one.needs_human for one in judgement.verdicts}
    assert needs == case.needs
    assert judgement.troubles == ()


def test_an_account_in_the_keyring_is_hidden(tmp_path: Path) -> None:
    (verdict,) = judged(tmp_path, CASES["copilot: in the keyring"]).verdicts
    assert (verdict.state, verdict.seen.problem) == (State.OPAQUE, Problem.KEYCHAIN)


def test_neither_program_of_cursor_stands_in_for_the_other(tmp_path: Path) -> None:
    files = {**cursor(FAR, SECRET), ".config/Cursor/User/globalStorage/state.vscdb": "no database"}
    needs = {
        one.seen.credential.profile: one.needs_human for one in judged(tmp_path, Case("cursor", files, {})).verdicts
    }
    assert needs == {"cursor:cli": NO, "cursor:default": UNKNOWN}


KEYS = [
    ("sk-FAKESECRET", {}, Kind.API_KEY, State.STATIC),
    ("!pass show key", {}, Kind.EXEC, State.OPAQUE),
    ("$MINE", {"MINE": SECRET}, Kind.API_KEY, State.STATIC),
    ("${MINE}", {"MINE": SECRET}, Kind.API_KEY, State.STATIC),
    ("$MINE", {}, Kind.API_KEY, State.OPAQUE),
    ("MY_KEY", {"MY_KEY": SECRET}, Kind.API_KEY, State.STATIC),
    ("MY_KEY", {}, Kind.API_KEY, State.OPAQUE),
    ("a$$b", {}, Kind.API_KEY, State.STATIC),
    ("a$!b$", {}, Kind.API_KEY, State.STATIC),
]


@pytest.mark.parametrize(("written", "env", "kind", "state"), KEYS)
def test_a_key_of_pi_may_lie_elsewhere(
    written: str, env: dict[str, str], kind: Kind, state: State, tmp_path: Path
) -> None:
    files = pi(x={"type": "api_key", "key": written})
    (verdict,) = judged(tmp_path, Case("pi", files, {}, env)).verdicts
    assert (verdict.seen.credential.kind, verdict.state, verdict.needs_human) == (kind, state, NO)


def test_a_key_of_pi_takes_the_variables_that_stand_beside_it_first(tmp_path: Path) -> None:
    entry = {"type": "api_key", "key": "$MINE"}
    prints = []
    for own, env in (({}, "a"), ({"MINE": "b"}, "a"), ({}, "b")):
        files = pi(x={**entry, "env": own})
        prints.append(judged(tmp_path, Case("pi", files, {}, {"MINE": env})).verdicts[0].seen.fingerprint)
    assert prints[1] == prints[2] != prints[0]


@pytest.mark.parametrize(
    ("folder", "beside_it", "found"),
    [
        ("x/pi", "settings.json", ["pi:x"]),
        (".openclaw/agents/main/agent", "settings.json", []),
        ("x/elsewhere", "auth-profiles.json", []),
    ],
)
def test_an_agent_of_openclaw_is_not_pi(folder: str, beside_it: str, found: list[str], tmp_path: Path) -> None:
    files = {f"{folder}/auth.json": {"x": {"type": "api_key", "key": SECRET}}, f"{folder}/{beside_it}": {}}
    judgement = judged(tmp_path, Case("pi", files, {}, {"PI_CODING_AGENT_DIR": str(tmp_path / folder)}))
    assert [one.seen.credential.profile for one in judgement.verdicts] == found


@pytest.mark.parametrize("kind", ["copilot-cli", "grok", "pi"])
def test_a_home_that_is_named_must_have_the_login(kind: str, tmp_path: Path) -> None:
    found = observe_all(Host(tmp_path, {}), [SourceEntry(kind, kind, {"home": str(tmp_path)})])
    (verdict,) = judge(found, {}, Policy(), NOW).verdicts
    assert (verdict.state, verdict.needs_human) == (State.MISSING, NOW_)


def test_what_nobody_listed_is_found_by_its_file(tmp_path: Path) -> None:
    for files in (copilot(tokens("me")), cursor(FAR, SECRET), grok(**ALIVE), pi()):
        for name in files:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).write_text("{}")
    kinds = [entry.type for entry in beside(Host(tmp_path, {}), SOURCES)]
    assert kinds == ["copilot-cli", "cursor", "grok", "pi"]


def test_a_config_of_grok_that_cannot_be_read_is_told_and_the_session_is_judged(tmp_path: Path) -> None:
    judgement = judged(tmp_path, Case("grok", grok("[", **ALIVE), {}))
    assert [(one.store, one.problem) for one in judgement.troubles] == [("~/.grok/config.toml", Problem.PARSE)]
    assert [one.seen.credential.profile for one in judgement.verdicts] == ["grok:auth.x.ai"]
