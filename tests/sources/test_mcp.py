"""Logins to MCP servers, in the stores of every program that keeps them."""

import json
import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from monitor.history.changes import changes
from monitor.judge.judge import judge
from monitor.model import (
    Evidence,
    Judgement,
    Kind,
    Need,
    Observation,
    Policy,
    Problem,
    SourceEntry,
    State,
    Trouble,
    Verdict,
)
from monitor.setup.login_process import LoginImpossible
from monitor.setup.relogin import command_of
from monitor.sources import mcp_claude_code, mcp_copilot_cli, observe_all
from monitor.sources.mcp import MOST
from monitor.sources.store_files import StorePlace
from monitor.system.host import Host

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
URL = "https://mcp.linear.app/mcp"
ACCESS, REFRESH = "acc-FAKESECRET", "ref-FAKESECRET"
Write = Callable[[Path, Any], None]


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def put(path: Path, content: Any) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(content if isinstance(content, str) else json.dumps(content))


class Program(NamedTuple):
    """How a program keeps logins: `login(access, refresh, end)` as one lies in its store, `store` puts some by server,
    `config` names servers with what stands there of each."""

    kind: str
    login: Callable[[str | None, str | None, datetime | None], Any]
    store: Write
    config: Write
    path: str
    command: str


def pair(access: str, refresh: str, expires: str, unit: int = 1000) -> Callable[..., dict[str, Any]]:
    def login(first: str | None, second: str | None, end: datetime | None) -> dict[str, Any]:
        ends = None if end is None else int(end.timestamp() * unit)
        return {key: value for key, value in ((access, first), (refresh, second), (expires, ends)) if value is not None}

    return login


def claude_store(home: Path, logins: Any) -> None:
    entries = {f"{name}|0a1b": {"serverName": name, "serverUrl": URL, **one} for name, one in logins.items()}
    put(home / ".claude/.credentials.json", {"mcpOAuth": entries})


def claude_config(home: Path, servers: Any) -> None:
    put(home / ".claude.json", {"mcpServers": servers})


def codex_store(home: Path, logins: Any) -> None:
    entries = {
        f"{name}|0a1b": {"server_name": name, "server_url": URL, "client_id": "c", **one}
        for name, one in logins.items()
    }
    put(home / ".codex/.credentials.json", entries)


def codex_config(home: Path, servers: Any) -> None:
    def value(of: Any) -> str:
        parts = (f"{name} = {value(one)}" for name, one in of.items()) if isinstance(of, dict) else ()
        return f"{{ {', '.join(parts)} }}" if isinstance(of, dict) else json.dumps(of)

    put(home / ".codex/config.toml", "".join(f"mcp_servers.{name} = {value(one)}\n" for name, one in servers.items()))


def gemini_store(home: Path, logins: Any) -> None:
    known = {"mcpServerUrl": URL, "tokenUrl": "https://x/token", "clientId": "c"}
    put(
        home / ".gemini/mcp-oauth-tokens.json",
        [{"serverName": name, "token": one, **known} for name, one in logins.items()],
    )


def gemini_config(home: Path, servers: Any) -> None:
    put(home / ".gemini/settings.json", "// mine\n" + json.dumps({"mcpServers": servers}))


def copilot_store(home: Path, logins: Any) -> None:
    for number, (name, one) in enumerate(logins.items()):
        url = URL if name == "linear" else f"https://{name}/mcp"
        put(home / f".copilot/mcp-oauth-config/h{number}.json", {"serverUrl": url, "clientId": "c"})
        put(home / f".copilot/mcp-oauth-config/h{number}.tokens.json", one)


def copilot_config(home: Path, servers: Any) -> None:
    put(home / ".copilot/mcp-config.json", {"mcpServers": servers})


def hermes_store(home: Path, logins: Any) -> None:
    for name, one in logins.items():
        put(home / f".hermes/mcp-tokens/{name}.json", one)
        put(home / f".hermes/mcp-tokens/{name}.client.json", {"client_id": "c"})


def hermes_config(home: Path, servers: Any) -> None:
    put(home / ".hermes/config.yaml", "mcp_servers: " + json.dumps(servers))


CAMEL = ("accessToken", "refreshToken", "expiresAt")
SNAKE = ("access_token", "refresh_token", "expires_at")
PROGRAMS = [
    Program(
        "claude-code", pair(*CAMEL), claude_store, claude_config, ".claude/.credentials.json", "claude mcp login linear"
    ),
    Program("codex", pair(*SNAKE), codex_store, codex_config, ".codex/.credentials.json", "codex mcp login linear"),
    Program(
        "gemini-cli", pair(*CAMEL), gemini_store, gemini_config, ".gemini/mcp-oauth-tokens.json", "/mcp auth linear"
    ),
    Program(
        "copilot-cli",
        pair(*CAMEL, 1),
        copilot_store,
        copilot_config,
        ".copilot/mcp-oauth-config/h0.tokens.json",
        "/mcp auth linear",
    ),
    Program(
        "hermes",
        pair(*SNAKE, 1),
        hermes_store,
        hermes_config,
        ".hermes/mcp-tokens/linear.json",
        "hermes mcp login linear",
    ),
]
each = pytest.mark.parametrize("program", PROGRAMS, ids=lambda one: one.kind)


def look(home: Path, kind: str, env: dict[str, str] | None = None) -> tuple[list[Any], Host]:
    host = Host(home, env or {}, key=b"k" * 32)
    entry = SourceEntry(kind, kind)
    if kind == "copilot-cli":
        found: list[Any] = list(mcp_copilot_cli.observe(StorePlace.of(host, entry), home / ".copilot"))
    else:
        found = observe_all(host, [entry])
    assert "FAKESECRET" not in repr(found) + repr(host.touches)
    assert not any(isinstance(one, Trouble) and one.problem is Problem.CRASHED for one in found)
    return found, host


def verdicts(home: Path, kind: str, env: dict[str, str] | None = None) -> dict[str, Verdict]:
    found, host = look(home, kind, env)
    judged = judge(found, {}, Policy(), NOW, frozenset(host.touches))
    return {
        one.seen.credential.profile: one for one in judged.verdicts if one.seen.credential.provider.startswith("mcp:")
    }


def seen(home: Path, kind: str, env: dict[str, str] | None = None) -> list[Observation]:
    found, _ = look(home, kind, env)
    return [one for one in found if isinstance(one, Observation) and one.credential.provider.startswith("mcp:")]


TRUTHS = [
    ("fine", (ACCESS, REFRESH, NOW + HOUR), State.OK, Need.NO),
    ("fine, and ends for good later", (ACCESS, None, NOW + 400 * HOUR), State.OK, Need.NO),
    ("no end", (ACCESS, None, None), State.STATIC, Need.NO),
    ("idle", (ACCESS, REFRESH, NOW - HOUR), State.EXPIRED, Need.NO),
    ("ends soon, nothing renews it", (ACCESS, None, NOW + HOUR), State.EXPIRING, Need.SOON),
    ("dead", (ACCESS, None, NOW - HOUR), State.EXPIRED, Need.NOW),
    ("dead, its refresh token emptied", (ACCESS, "", NOW - HOUR), State.EXPIRED, Need.NOW),
    ("blanked", ("", "", None), State.EXPIRED, Need.NOW),
]


@each
@pytest.mark.parametrize(("login", "state", "need"), [row[1:] for row in TRUTHS], ids=[row[0] for row in TRUTHS])
def test_a_login_that_a_config_uses_is_judged_as_any_other(
    program: Program, login: Any, state: State, need: Need, tmp_path: Path
) -> None:
    program.store(tmp_path, {"linear": program.login(*login)})
    program.config(tmp_path, {"linear": {"url": URL}})
    (one,) = verdicts(tmp_path, program.kind).values()
    assert (one.state, one.needs_human, one.in_use) == (state, need, True)
    assert one.key == f"{program.kind}/-/mcp:linear"
    assert (one.seen.credential.provider, one.seen.credential.kind) == ("mcp:linear", Kind.OAUTH)
    assert one.seen.store == f"~/{program.path}"
    assert program.command in one.seen.relogin


UNUSED: list[tuple[Any, str]] = [
    ({}, "no config names the server linear"),
    ({"other": {"url": "https://x"}}, "no config names the server linear"),
    ({"linear": {"command": "npx"}}, "a program"),
    ({"linear": {"url": URL, "headers": {"authorization": "Bearer FAKESECRET"}}}, "header"),
]


@each
@pytest.mark.parametrize(("config", "why"), UNUSED)
def test_a_dead_login_that_no_config_uses_needs_nobody(program: Program, config: Any, why: str, tmp_path: Path) -> None:
    program.store(tmp_path, {"linear": program.login(ACCESS, None, NOW - HOUR)})
    if program.kind == "codex":
        config = {
            name: {k.replace("headers", "http_headers"): v for k, v in one.items()} for name, one in config.items()
        }
    program.config(tmp_path, config)
    (one,) = verdicts(tmp_path, program.kind).values()
    assert (one.state, one.needs_human, one.in_use) == (State.EXPIRED, Need.NO, False)
    if program.kind != "copilot-cli" or why == "header":  # there a login is known by its address alone
        assert why in one.seen.use.why_not


@each
def test_without_any_config_nothing_is_used(program: Program, tmp_path: Path) -> None:
    program.store(tmp_path, {"linear": program.login(ACCESS, None, NOW - HOUR)})
    assert [one.needs_human for one in verdicts(tmp_path, program.kind).values()] == [Need.NO]


@each
def test_what_uses_a_login_is_unknown_where_the_config_cannot_be_read(program: Program, tmp_path: Path) -> None:
    program.store(tmp_path, {"linear": program.login(ACCESS, None, NOW - HOUR)})
    program.config(tmp_path, {"linear": {"url": URL}})
    (config,) = (path for path in tmp_path.rglob("*") if path.name in CONFIGS)
    config.write_text("{ [ FAKESECRET")
    assert [one.needs_human for one in verdicts(tmp_path, program.kind).values()] == [Need.UNKNOWN]


CONFIGS = (".claude.json", "config.toml", "settings.json", "mcp-config.json", "config.yaml")

GARBAGE: list[Any] = [
    {"linear": 5}, {"linear": None}, {"linear": []}, {"linear": {}},
    {"linear": {"accessToken": 5, "access_token": 5}},
    {"linear": {"accessToken": "a", "access_token": "a", "expiresAt": "soon", "expires_at": []}},
]  # fmt: skip


@each
@pytest.mark.parametrize("logins", GARBAGE)
def test_garbage_is_never_a_crash_nor_an_alarm_of_what_nothing_uses(
    program: Program, logins: Any, tmp_path: Path
) -> None:
    if isinstance(logins["linear"], dict) or program.kind in ("gemini-cli", "copilot-cli", "hermes"):
        program.store(tmp_path, logins)
    else:
        program.store(tmp_path, {"linear": {}})
        path = tmp_path / program.path
        path.write_text(
            json.dumps(
                {"mcpOAuth": {"linear|1": logins["linear"]}}
                if program.kind == "claude-code"
                else {"linear|1": logins["linear"]}
            )
        )
    assert all(one.needs_human is Need.NO for one in verdicts(tmp_path, program.kind).values())
    program.config(tmp_path, {"linear": {"url": URL}})
    look(tmp_path, program.kind)


@each
@pytest.mark.parametrize("raw", ["", "[", "null", "5", "[5, null]", '{"mcpOAuth": 5}', '{"mcpOAuth": null}', "\x00"])
def test_a_store_of_another_shape_is_never_a_crash(program: Program, raw: str, tmp_path: Path) -> None:
    program.store(tmp_path, {"linear": program.login(ACCESS, REFRESH, NOW)})
    program.config(tmp_path, {"linear": {"url": URL}})
    (tmp_path / program.path).write_text(raw)
    look(tmp_path, program.kind)


@each
def test_more_logins_than_anybody_has_are_bounded_and_the_used_ones_come_first(
    program: Program, tmp_path: Path
) -> None:
    many = {f"m{number}": program.login(ACCESS, REFRESH, NOW) for number in range(2 * MOST)}
    program.store(
        tmp_path,
        {**many, "linear": program.login(ACCESS, None, NOW - HOUR)}
        if program.kind != "copilot-cli"
        else {"linear": program.login(ACCESS, None, NOW - HOUR), **many},
    )
    program.config(tmp_path, {"linear": {"url": URL}})
    found = verdicts(tmp_path, program.kind)
    assert len(found) <= MOST
    if program.kind != "hermes":  # one file each, read by name
        assert found["mcp:linear"].needs_human is Need.NOW


@each
def test_its_tokens_are_offered_to_nobody(program: Program, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program.store(tmp_path, {"linear": program.login(ACCESS, REFRESH, NOW + HOUR)})
    offered: list[str] = []
    monkeypatch.setattr(Host, "offer", lambda _, who, *rest: offered.append(who.profile))
    assert seen(tmp_path, program.kind)
    assert offered == []


CLAUDE, CODEX, GEMINI, COPILOT, HERMES = PROGRAMS
DEAD = {"accessToken": ACCESS, "expiresAt": ms(NOW - HOUR)}
FINE = {"accessToken": ACCESS, "refreshToken": REFRESH, "expiresAt": ms(NOW + HOUR)}
#: What registering a client leaves behind, before anybody logged in.
BEGUN = {"accessToken": "", "expiresAt": 0, "clientId": "c", "discoveryState": {}}


def claude(home: Path, entries: Any, config: Any = None, settings: Any = None) -> dict[str, Verdict]:
    registered = {"x|1": {"clientSecret": ACCESS}}
    put(home / CLAUDE.path, {"mcpOAuth": entries, "mcpOAuthClientConfig": registered})
    put(home / ".claude.json", config or {})
    put(home / ".claude/settings.json", settings or {})
    return verdicts(home, "claude-code")


USES: list[tuple[str, Any, Any, bool]] = [
    ("linear", {"mcpServers": {"linear": {"type": "http", "url": URL}}}, {}, True),
    ("linear", {"projects": {"/x": {"mcpServers": {"linear": {"url": URL}}}}}, {}, True),
    ("linear", {"projects": {"/x": {"enabledMcpjsonServers": ["linear"]}}}, {}, True),
    ("linear", {}, {"enabledMcpjsonServers": ["linear"]}, True),
    ("linear", {}, {"mcpServers": {"linear": {"url": URL}}}, False),
    ("linear", {"mcpServers": {"linear": {"url": "${LINEAR}/mcp"}}}, {}, True),
    ("linear", {"mcpServers": {"linear": {"url": URL + "/"}}}, {}, True),
    ("linear", {"mcpServers": {"linear": {"url": "https://mcp.linear.app/sse"}}}, {}, False),
    ("linear", {"mcpServers": {"linear": {"url": URL, "headersHelper": "x"}}}, {}, False),
    ("linear", {"mcpServers": {"other": {"url": URL}}, "projects": {"/x": 5, "/y": {"mcpServers": 5}}}, {}, False),
    ("linear", {"projects": {"/x": {"disabledMcpjsonServers": ["linear"]}}}, {}, False),
    ("plugin:slack:slack", {}, {"enabledPlugins": {"slack@market": True}}, True),
    ("plugin:slack:slack", {}, {"enabledPlugins": {"slack@market": False}}, False),
    ("plugin:slack:slack", {}, {"enabledPlugins": {"slackbot@market": True}}, False),
    ("plugin:slack:slack", {}, {"enabledPlugins": ["slack@market"]}, False),
]


@pytest.mark.parametrize(("name", "config", "settings", "used"), USES)
def test_where_claude_code_names_a_server(name: str, config: Any, settings: Any, used: bool, tmp_path: Path) -> None:
    found = claude(tmp_path, {f"{name}|1": {"serverName": name, "serverUrl": URL, **DEAD}}, config, settings)
    assert [(one.in_use, one.needs_human) for one in found.values()] == [(used, Need.NOW if used else Need.NO)]


@pytest.mark.parametrize(("managed", "used"), [({"linear": {"url": URL}}, True), ({"other": {"url": URL}}, False)])
def test_an_administrator_s_servers_replace_those_of_a_user(
    managed: Any, used: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(mcp_claude_code, "MANAGED", str(tmp_path / "managed-mcp.json"))
    put(tmp_path / "managed-mcp.json", {"mcpServers": managed})
    found = claude(tmp_path, {"linear|1": DEAD}, {} if used else {"mcpServers": {"linear": {"url": URL}}})
    assert [one.in_use for one in found.values()] == [used]


def test_claude_code_takes_an_end_of_0_for_over_and_none_for_endless(tmp_path: Path) -> None:
    config = {"mcpServers": {name: {"url": URL} for name in ("a", "b", "c")}}
    zero = {"accessToken": ACCESS, "expiresAt": 0}
    found = claude(tmp_path, {"a|1": zero, "b|1": {"accessToken": ACCESS}, "c|1": {**FINE, "expiresAt": 0}}, config)
    assert [found[f"mcp:{name}"].needs_human for name in "abc"] == [Need.NOW, Need.NO, Need.NO]


def test_a_log_in_that_was_only_begun_counts_where_somebody_named_the_server_himself(tmp_path: Path) -> None:
    entries: dict[str, Any] = {"plugin:slack:slack|1": {"serverName": "plugin:slack:slack", **BEGUN}, "linear|1": BEGUN}
    enabled = {"enabledPlugins": {"slack@m": True}}
    found = claude(tmp_path, entries, {"mcpServers": {"linear": {"url": URL}}}, enabled)
    assert {name: one.needs_human for name, one in found.items()} == {"mcp:linear": Need.NOW}
    entries["plugin:slack:slack|1"]["refreshToken"] = ""
    assert claude(tmp_path, entries, {}, enabled)["mcp:plugin:slack:slack"].needs_human is Need.NOW


def test_a_server_without_a_name_is_called_as_its_key_says(tmp_path: Path) -> None:
    found = claude(tmp_path, {"linear|1": DEAD, "bare": DEAD, "": DEAD})
    assert set(found) == {"mcp:linear", "mcp:bare", "mcp:unnamed"}


def test_a_second_login_to_one_server_has_an_id_of_its_own_and_only_one_serves(tmp_path: Path) -> None:
    entries = {"linear|old": {**DEAD, "serverUrl": URL}, "linear|new": {**FINE, "serverUrl": URL}}
    config = {"mcpServers": {"linear": {"url": URL}}}
    first = claude(tmp_path, entries, config)
    (second,) = set(first) - {"mcp:linear"}
    assert len(second.removeprefix("mcp:linear#")) == 6
    assert {one.seen.credential.provider for one in first.values()} == {"mcp:linear"}
    assert (first["mcp:linear"].needs_human, first["mcp:linear"].state) == (Need.NO, State.OK)
    assert (first[second].needs_human, first[second].in_use) == (Need.NO, False)
    again = claude(tmp_path, dict(reversed(entries.items())), config)
    assert {name: one.seen.fingerprint for name, one in again.items()} == {
        name: one.seen.fingerprint for name, one in first.items()
    }


def test_one_server_at_two_addresses_has_two_logins_that_serve(tmp_path: Path) -> None:
    entries = {"linear|1": {**DEAD, "serverUrl": URL}, "linear|2": {**FINE, "serverUrl": "https://other"}}
    scopes = {"projects": {"/x": {"mcpServers": {"linear": {"url": "https://other"}}}}}
    found = claude(tmp_path, entries, {"mcpServers": {"linear": {"url": URL}}, **scopes})
    assert [one.in_use for one in found.values()] == [True, True]
    assert sorted(one.needs_human for one in found.values()) == [Need.NO, Need.NOW]


def test_claude_code_s_folder_moves_its_config_too(tmp_path: Path) -> None:
    put(tmp_path / "cfg/.credentials.json", {"mcpOAuth": {"linear|1": DEAD}})
    put(tmp_path / "cfg/.claude.json", {"mcpServers": {"linear": {"url": URL}}})
    (one,) = verdicts(tmp_path, "claude-code", {"CLAUDE_CONFIG_DIR": str(tmp_path / "cfg")}).values()
    assert one.needs_human is Need.NOW
    assert one.seen.relogin == f"CLAUDE_CONFIG_DIR={tmp_path}/cfg claude mcp login linear --no-browser"


CODEX_USES = [
    ({"url": URL}, "", True),
    ({"url": URL}, 'mcp_oauth_credentials_store = "file"\n', True),
    ({"url": URL}, 'mcp_oauth_credentials_store = "keyring"\n', False),
    ({"url": URL, "enabled": False}, "", False),
    ({"url": URL, "bearer_token_env_var": "TOKEN"}, "", False),
    ({"url": "https://other"}, "", False),
]


@pytest.mark.parametrize(("server", "head", "used"), CODEX_USES)
def test_where_codex_uses_a_login(server: Any, head: str, used: bool, tmp_path: Path) -> None:
    codex_store(tmp_path, {"linear": CODEX.login(ACCESS, None, NOW - HOUR)})
    codex_config(tmp_path, {"linear": server})
    config = tmp_path / ".codex/config.toml"
    config.write_text(head + config.read_text())
    assert [one.in_use for one in verdicts(tmp_path, "codex").values()] == [used]


def test_codex_does_not_use_a_login_without_a_client_id(tmp_path: Path) -> None:
    codex_store(tmp_path, {"linear": {**CODEX.login(ACCESS, REFRESH, NOW + HOUR), "client_id": " "}})
    codex_config(tmp_path, {"linear": {"url": URL}})
    assert [one.evidence for one in seen(tmp_path, "codex")] == [Evidence.UNUSABLE]


GEMINI_USES: list[tuple[Any, Any, dict[str, str], bool]] = [
    ({}, {}, {}, True),
    ({"mcp": {"excluded": ["Linear"]}}, {}, {}, False),
    ({"mcp": {"allowed": ["other"]}}, {}, {}, False),
    ({"mcp": {"allowed": ["Linear"]}}, {}, {}, True),
    ({}, {"linear": {"enabled": False}}, {}, False),
    ({}, {"linear": {"enabled": True}}, {}, True),
    ({}, {}, {"GEMINI_FORCE_ENCRYPTED_FILE_STORAGE": "true"}, False),
]


@pytest.mark.parametrize(("settings", "enablement", "env", "used"), GEMINI_USES)
def test_where_gemini_cli_uses_a_login(settings: Any, enablement: Any, env: Any, used: bool, tmp_path: Path) -> None:
    gemini_store(tmp_path, {"Linear": GEMINI.login(ACCESS, None, NOW - HOUR)})
    put(tmp_path / ".gemini/settings.json", {"mcpServers": {"Linear": {"httpUrl": URL}}, **settings})
    put(tmp_path / ".gemini/mcp-server-enablement.json", enablement)
    assert [one.in_use for one in verdicts(tmp_path, "gemini-cli", env).values()] == [used]


def test_an_extension_of_gemini_cli_names_servers_too(tmp_path: Path) -> None:
    gemini_store(tmp_path, {"linear": GEMINI.login(ACCESS, None, NOW - HOUR)})
    put(tmp_path / ".gemini/extensions/x/gemini-extension.json", {"mcpServers": {"linear": {"httpUrl": URL}}})
    assert [one.in_use for one in verdicts(tmp_path, "gemini-cli").values()] == [True]


def test_gemini_cli_cannot_renew_a_login_without_a_token_url(tmp_path: Path) -> None:
    token = GEMINI.login(ACCESS, REFRESH, NOW - HOUR)
    put(tmp_path / GEMINI.path, [{"serverName": "linear", "token": token, "clientId": "c"}])
    gemini_config(tmp_path, {"linear": {"url": URL}})
    assert [one.needs_human for one in verdicts(tmp_path, "gemini-cli").values()] == [Need.NOW]


@pytest.mark.parametrize("program", [GEMINI, COPILOT], ids=lambda one: one.kind)
def test_a_name_that_would_end_the_comment_is_not_in_the_command(program: Program, tmp_path: Path) -> None:
    name = "x\nrm -rf ~"
    put(tmp_path / GEMINI.path, [{"serverName": name, "token": GEMINI.login(ACCESS, None, NOW)}])
    copilot_store(tmp_path, {"linear": COPILOT.login(ACCESS, None, NOW)})
    program.config(tmp_path, {name: {"url": URL}})
    found = seen(tmp_path, program.kind)
    assert found
    assert all("\n" not in one.relogin and "rm" not in one.relogin for one in found)


def test_of_several_registrations_of_copilot_cli_the_one_that_was_renewed_last_serves(tmp_path: Path) -> None:
    for number, end in enumerate((NOW - HOUR, NOW + HOUR, NOW - 2 * HOUR)):
        put(tmp_path / f".copilot/mcp-oauth-config/h{number}.json", {"serverUrl": URL})
        put(tmp_path / f".copilot/mcp-oauth-config/h{number}.tokens.json", COPILOT.login(ACCESS, None, end))
    copilot_config(tmp_path, {"linear": {"type": "http", "url": URL}})
    found = verdicts(tmp_path, "copilot-cli")
    assert found["mcp:linear"].seen.store.endswith("h1.tokens.json")
    assert sorted(one.in_use for one in found.values()) == [False, False, True]


def test_hermes_counts_a_span_from_when_the_file_was_written(tmp_path: Path) -> None:
    path = tmp_path / ".hermes/mcp-tokens/my_server.json"
    put(path, {"access_token": ACCESS, "expires_in": 3600})
    hermes_config(tmp_path, {"my server": {"url": URL, "auth": "oauth"}})
    os.utime(path, (NOW.timestamp(), NOW.timestamp()))
    (one,) = seen(tmp_path, "hermes")
    assert (one.credential.profile, one.access_expires_at, one.use.in_use) == ("mcp:my server", NOW + HOUR, True)
    hermes_config(tmp_path, {"my server": {"url": URL, "enabled": False}})
    assert [one.use.in_use for one in seen(tmp_path, "hermes")] == [False]


def _judged(home: Path, kind: str, known: dict[str, Any]) -> Judgement:
    found, host = look(home, kind)
    return judge(found, known, Policy(), NOW, frozenset(host.touches))


def _known(home: Path, kind: str) -> dict[str, Any]:
    return dict(changes(_judged(home, kind, {}), {}, NOW).rows)


def _needs(judged: Judgement, provider: str) -> list[Need]:
    return [one.needs_human for one in judged.verdicts if one.seen.credential.provider == provider]


@pytest.mark.parametrize("program", [CLAUDE, CODEX, GEMINI], ids=lambda one: one.kind)
@pytest.mark.parametrize(("config", "needs"), [({"linear": {"url": URL}}, [Need.NOW]), ({}, [])])
def test_a_login_that_is_gone_is_a_loss_as_long_as_a_config_names_its_server(
    program: Program, config: Any, needs: list[Need], tmp_path: Path
) -> None:
    program.store(tmp_path, {"linear": program.login(ACCESS, REFRESH, NOW + HOUR)})
    program.config(tmp_path, {"linear": {"url": URL}})
    known = _known(tmp_path, program.kind)
    program.store(tmp_path, {})
    program.config(tmp_path, config)
    judged = _judged(tmp_path, program.kind, known)
    assert _needs(judged, "mcp:linear") == needs
    assert [one.provider for one in judged.providers if one.provider == "mcp:linear"] == ["mcp:linear"] * len(needs)


def test_a_server_that_never_had_a_login_is_not_shown(tmp_path: Path) -> None:
    assert claude(tmp_path, {}, {"mcpServers": {"linear": {"url": URL}}}) == {}
    assert not [one for one in _judged(tmp_path, "claude-code", {}).providers if "mcp" in one.provider]


def test_the_login_of_a_plugin_that_was_emptied_is_a_loss(tmp_path: Path) -> None:
    name, settings = "plugin:slack:slack", {"enabledPlugins": {"slack@m": True}}
    claude(tmp_path, {f"{name}|1": {"serverName": name, **FINE}}, {}, settings)
    known = _known(tmp_path, "claude-code")
    claude(tmp_path, {f"{name}|1": {"serverName": name, **BEGUN}}, {}, settings)
    assert _needs(_judged(tmp_path, "claude-code", known), f"mcp:{name}") == [Need.NOW]


@pytest.mark.parametrize("program", [CLAUDE, CODEX, HERMES], ids=lambda one: one.kind)
def test_relogin_starts_the_command_as_it_is(program: Program, tmp_path: Path) -> None:
    program.store(tmp_path, {"linear": program.login(ACCESS, None, NOW - HOUR)})
    program.config(tmp_path, {"linear": {"url": URL}})
    (one,) = verdicts(tmp_path, program.kind).values()
    call = command_of(one, Host(tmp_path, {}))
    assert " ".join(call.argv).startswith(program.command)
    assert (call.store, call.safe) == (None, False)


@pytest.mark.parametrize("program", [GEMINI, COPILOT], ids=lambda one: one.kind)
def test_relogin_starts_nothing_where_the_login_is_made_inside_the_program(program: Program, tmp_path: Path) -> None:
    program.store(tmp_path, {"linear": program.login(ACCESS, None, NOW - HOUR)})
    program.config(tmp_path, {"linear": {"url": URL}})
    (one,) = verdicts(tmp_path, program.kind).values()
    with pytest.raises(LoginImpossible, match="/mcp auth linear"):
        command_of(one, Host(tmp_path, {}))
