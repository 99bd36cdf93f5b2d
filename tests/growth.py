"""Homes that grow along one dimension: `SHAPES[name](home, n)` makes one of size n and returns the variables it needs.

The tests count what a look does at two sizes, `benchmarks/growth.py` times it.
"""

from __future__ import annotations

import base64
import json
import sqlite3
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tests.openclaw_home import DAY, ms, oauth, openclaw, put, store, token

Made = dict[str, str] | None
Shape = Callable[[Path, int], Made]

NO_MODELS: dict[str, Any] = {"agents": {"defaults": {}}}


def config(home: Path, root: dict[str, Any]) -> None:
    put(_parent(home / ".openclaw/openclaw.json"), json.dumps(root))


def _parent(path: Path) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    return path


def _models(names: list[str]) -> dict[str, Any]:
    return {"agents": {"defaults": {"model": {"primary": "anthropic/x", "fallbacks": names}}}}


def _raw(home: Path, written: dict[str, Any], agent: str = "main") -> None:
    put(_parent(store(home, agent)), json.dumps(written))


# -- OpenClaw's stores ----------------------------------------------------------------------------------------


def providers(home: Path, n: int) -> None:
    config(home, NO_MODELS)
    openclaw(home, {f"p{i}:x": token(f"p{i}", secret=f"t{i}") for i in range(n)})


def providers_used(home: Path, n: int) -> None:
    config(home, _models([f"p{i}/m" for i in range(n)]))
    openclaw(home, {f"p{i}:x": token(f"p{i}", secret=f"t{i}") for i in range(n)})


def dead_logins(home: Path, n: int) -> None:
    config(home, NO_MODELS)
    openclaw(home, {f"p{i}:x": token(f"p{i}", -DAY, f"t{i}") for i in range(n)})


def profiles(home: Path, n: int) -> None:
    config(home, NO_MODELS)
    openclaw(home, {f"p:{i}": token("p", secret=f"t{i}") for i in range(n)})


def logins_superseded(home: Path, n: int) -> None:
    """An agent whose copies of n logins are older than those it inherits, all of one account each."""
    config(home, NO_MODELS)
    fresh = {f"p{i}:default": oauth(90 * DAY, f"r{i}", f"p{i}") for i in range(n)}
    fresh |= {f"p{i}:work": {**oauth(91 * DAY, f"w{i}", f"p{i}"), "email": f"a{i}@x"} for i in range(n)}
    old = {f"p{i}:default": {**oauth(-DAY, f"o{i}", f"p{i}"), "email": f"a{i}@x"} for i in range(n)}
    _agents_database(home, {"main": fresh, "work": old}, {"p": [f"p{i}:default" for i in range(n)]})


def _agents_database(home: Path, stores: dict[str, dict[str, Any]], order: dict[str, Any]) -> None:
    for agent, found in stores.items():
        path = _parent(home / f".openclaw/agents/{agent}/agent/openclaw-agent.sqlite")
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE auth_profile_store (store_key TEXT PRIMARY KEY, store_json TEXT)")
            db.execute("CREATE TABLE auth_profile_state (state_key TEXT PRIMARY KEY, state_json TEXT)")
            cell = json.dumps({"version": 1, "profiles": found})
            db.execute("INSERT INTO auth_profile_store VALUES ('primary', ?)", (cell,))
            db.execute("INSERT INTO auth_profile_state VALUES ('primary', ?)", (json.dumps({"order": order}),))
        db.close()


def _agent_orders(home: Path, n: int) -> None:
    """An agent's own profiles of n providers, which go in front of the orders that it inherits."""
    config(home, NO_MODELS)
    main = {f"p{i}:x": token(f"p{i}", secret=f"t{i}") for i in range(n)}
    work = {f"p{i}:y": token(f"p{i}", secret=f"u{i}") for i in range(n)}
    _agents_database(home, {"main": main, "work": work}, {f"p{i}": [f"p{i}:x"] for i in range(n)})


def agent_database(home: Path, n: int) -> None:
    config(home, NO_MODELS)
    _agents_database(home, {"main": {f"p{i}:x": token(f"p{i}", secret=f"t{i}") for i in range(n)}}, {})


def shared_database(home: Path, n: int) -> None:
    config(home, {**_models([f"p{i}/m" for i in range(n)]), "meta": {"lastTouchedVersion": "2026.9.6"}})
    path = _parent(home / ".openclaw/state/openclaw.sqlite")
    found = {f"p{i}:x": token(f"p{i}", secret=f"t{i}") for i in range(n)}
    cells = {
        "authProfiles.store": {"version": 1, "profiles": found},
        "authProfiles.state": {"usageStats": {name: {"lastUsed": 1} for name in found}},
        "auth.sharedStore": {"location": "state-db"},
    }
    with sqlite3.connect(path) as db:
        db.execute("CREATE TABLE config_machine_state (state_key TEXT PRIMARY KEY, value_json TEXT)")
        rows = [(key, json.dumps(value)) for key, value in cells.items()]
        db.executemany("INSERT INTO config_machine_state VALUES (?, ?)", rows)
    db.close()


def legacy_logins(home: Path, n: int) -> None:
    config(home, NO_MODELS)
    put(_parent(store(home).with_name("auth.json")), json.dumps({f"p{i}": oauth(DAY, f"r{i}") for i in range(n)}))


def order_of_one(home: Path, n: int) -> None:
    config(home, NO_MODELS)
    found = {f"p:{i}": token("p", secret=f"t{i}") for i in range(n)}
    _raw(home, {"version": 1, "profiles": found, "order": {"p": [*reversed(found)]}})


def orders_of_many(home: Path, n: int) -> None:
    config(home, NO_MODELS)
    found = {f"p{i}:x": token(f"p{i}", secret=f"t{i}") for i in range(n)}
    _raw(home, {"version": 1, "profiles": found, "order": {f"p{i}": [f"p{i}:x", "gone"] for i in range(n)}})


def void_order(home: Path, n: int) -> None:
    """An order of n profiles none of which is stored, and n that are."""
    config(home, NO_MODELS)
    found = {f"p:{i}": token("p", secret=f"t{i}") for i in range(n)}
    _raw(home, {"version": 1, "profiles": found, "order": {"p": [f"gone:{i}" for i in range(n)]}})


def usage(home: Path, n: int) -> None:
    config(home, NO_MODELS)
    found = {f"p:{i}": token("p", secret=f"t{i}") for i in range(n)}
    stats = {name: {"lastUsed": i, "cooldownUntil": ms(DAY + i)} for i, name in enumerate(found)}
    _raw(home, {"version": 1, "profiles": found, "usageStats": stats})


# -- OpenClaw's config ----------------------------------------------------------------------------------------


def agents_list(home: Path, n: int) -> None:
    config(home, {"agents": {"list": [{"id": f"a{i}"} for i in range(n)]}})
    _raw(home, {"version": 1, "profiles": {"anthropic:x": token()}})


def agents_entries(home: Path, n: int) -> None:
    config(home, {"agents": {"entries": {f"a{i}": {"model": f"q{i}/m"} for i in range(n)}}})
    _raw(home, {"version": 1, "profiles": {"anthropic:x": token()}})


def agents_folders(home: Path, n: int) -> None:
    config(home, NO_MODELS)
    for i in range(n):
        openclaw(home, {"anthropic:x": token(secret=f"t{i}")}, f"a{i}")


def fallbacks(home: Path, n: int) -> None:
    config(home, _models([f"p{i}/m" for i in range(n)]))
    _raw(home, {"version": 1, "profiles": {"anthropic:x": token()}})


def fallbacks_of_one(home: Path, n: int) -> None:
    config(home, _models([f"anthropic/m{i}" for i in range(n)]))
    openclaw(home, {f"anthropic:{i}": token(secret=f"t{i}") for i in range(n)})


def aliases(home: Path, n: int) -> None:
    root = _models([f"alias{i}" for i in range(n)])
    root["agents"]["defaults"]["models"] = {f"p{i}/m": {"alias": f"alias{i}"} for i in range(n)}
    config(home, root)


def config_keys(home: Path, n: int) -> None:
    root = _models([f"p{i}/m" for i in range(n)])
    config(home, root | {"models": {"providers": {f"p{i}": {"apiKey": f"k{i}"} for i in range(n)}}})


def config_orders(home: Path, n: int) -> None:
    config(home, NO_MODELS | {"auth": {"order": {f"p{i}": [f"p{i}:x"] for i in range(n)}}})
    openclaw(home, {f"p{i}:x": token(f"p{i}", secret=f"t{i}") for i in range(n)})


def config_profiles(home: Path, n: int) -> None:
    declared = {f"p{i}:x": {"provider": f"p{i}", "mode": "token"} for i in range(n)}
    config(home, NO_MODELS | {"auth": {"profiles": declared}})
    openclaw(home, {f"p{i}:x": token(f"p{i}", secret=f"t{i}") for i in range(n)})


def dotenv(home: Path, n: int) -> None:
    config(home, NO_MODELS)
    put(home / ".openclaw/.env", "".join(f"NAME_{i}=value\n" for i in range(n)))


def env_block(home: Path, n: int) -> None:
    config(home, NO_MODELS | {"env": {"vars": {f"NAME_{i}": "value" for i in range(n)}}})


def references(home: Path, n: int) -> None:
    config(home, NO_MODELS | {"env": {"vars": {f"NAME_{i}": "value" for i in range(n)}}})
    found = {f"p{i}:x": {"type": "token", "provider": f"p{i}", "token": f"${{NAME_{i}}}"} for i in range(n)}
    _raw(home, {"version": 1, "profiles": found})


def pins(home: Path, n: int) -> None:
    config(home, NO_MODELS)
    openclaw(home, {f"p:{i}": token("p", secret=f"t{i}") for i in range(n)})
    bound = {f"s{i}": {"authProfileOverride": f"p:{i}", "authProfileOverrideSource": "user"} for i in range(n)}
    put(_parent(home / ".openclaw/agents/main/sessions/sessions.json"), json.dumps(bound))


def troubles(home: Path, n: int) -> None:
    """n agents' stores of which none can be understood."""
    config(home, _models([f"p{i}/m" for i in range(n)]))
    for i in range(n):
        put(_parent(store(home, f"a{i}")), "{")


# -- other programs -------------------------------------------------------------------------------------------


def claude_profiles(home: Path, n: int) -> None:
    for i in range(n):
        login = {"access_token": f"a{i}", "refresh_token": f"r{i}", "expires_at": ms(DAY)}
        put(_parent(home / f".config/anthropic/credentials/n{i}.json"), json.dumps(login))


def _claude_login(home: Path) -> None:
    login = {"accessToken": "a", "refreshToken": "r", "expiresAt": ms(-3600), "scopes": ["x"]}
    put(_parent(home / ".claude/.credentials.json"), json.dumps({"claudeAiOauth": login}))


def claude_projects(home: Path, n: int) -> None:
    _claude_login(home)
    for i in range(n):
        put(_parent(home / f".claude/projects/p{i}/s.jsonl"), "{}")


def claude_sessions(home: Path, n: int) -> None:
    _claude_login(home)
    for i in range(n):
        put(_parent(home / f".claude/projects/p/s{i}.jsonl"), "{}")


def mcp_logins(home: Path, n: int) -> None:
    login = {"accessToken": "a", "refreshToken": "r", "expiresAt": ms(DAY), "scopes": ["x"]}
    more = {f"m{i}": {"accessToken": "a", "expiresAt": 1} for i in range(n)}
    put(_parent(home / ".claude/.credentials.json"), json.dumps({"claudeAiOauth": login, "mcpOAuth": more}))


def _jwt(ends: float) -> str:
    part = base64.urlsafe_b64encode(json.dumps({"exp": int(time.time() + ends)}).encode()).rstrip(b"=").decode()
    return f"{part}.{part}.x"


def codex_days(home: Path, n: int) -> None:
    held = {"id_token": _jwt(1), "access_token": _jwt(-3600), "refresh_token": "r"}
    put(_parent(home / ".codex/auth.json"), json.dumps({"auth_mode": "chatgpt", "tokens": held}))
    for i in range(n):
        put(_parent(home / f".codex/sessions/2026/{i}/01/s.jsonl"), "{}")


def codex_settings(home: Path, n: int) -> None:
    held = {"id_token": _jwt(1), "access_token": _jwt(DAY), "refresh_token": "r"}
    put(_parent(home / ".codex/auth.json"), json.dumps({"auth_mode": "chatgpt", "tokens": held}))
    put(home / ".codex/config.toml", "".join(f"[projects.p{i}]\ntrust = 1\n" for i in range(n)))


def gh_hosts(home: Path, n: int) -> None:
    lines = (f"h{i}.example:\n    user: u\n    oauth_token: t{i}\n" for i in range(n))
    put(_parent(home / ".config/gh/hosts.yml"), "".join(lines))


def gh_users(home: Path, n: int) -> None:
    lines = "".join(f"        u{i}:\n            oauth_token: t{i}\n" for i in range(n))
    put(_parent(home / ".config/gh/hosts.yml"), f"github.com:\n    users:\n{lines}    user: u0\n")


def aws_keys(home: Path, n: int) -> None:
    lines = (f"[p{i}]\naws_access_key_id = a{i}\naws_secret_access_key = s{i}\n" for i in range(n))
    put(_parent(home / ".aws/credentials"), "".join(lines))


def aws_logins(home: Path, n: int) -> None:
    for i in range(n):
        login = {"startUrl": f"https://s{i}", "accessToken": f"t{i}", "expiresAt": "2027-01-01T00:00:00Z"}
        put(_parent(home / f".aws/sso/cache/{i}.json"), json.dumps(login))


def azure(home: Path, n: int) -> None:
    cache: dict[str, Any] = {"Account": {}, "AccessToken": {}, "RefreshToken": {}}
    for i in range(n):
        cache["Account"][f"a{i}"] = {"username": f"u{i}", "home_account_id": f"h{i}"}
        cache["AccessToken"][f"a{i}"] = {"home_account_id": f"h{i}", "secret": f"s{i}", "expires_on": "1900000000"}
        cache["RefreshToken"][f"a{i}"] = {"home_account_id": f"h{i}", "secret": f"r{i}"}
    put(_parent(home / ".azure/msal_token_cache.json"), json.dumps(cache))


def opencode(home: Path, n: int) -> None:
    logins = {f"p{i}": {"type": "oauth", "access": f"a{i}", "refresh": f"r{i}", "expires": ms(DAY)} for i in range(n)}
    put(_parent(home / ".local/share/opencode/auth.json"), json.dumps(logins))


def hermes_providers(home: Path, n: int) -> None:
    logins = {f"p{i}": {"tokens": {"access_token": f"a{i}", "refresh_token": f"r{i}"}} for i in range(n)}
    put(_parent(home / ".hermes/auth.json"), json.dumps({"providers": logins}))


def hermes_pool(home: Path, n: int) -> None:
    pool = [{"id": f"i{i}", "access_token": f"a{i}", "refresh_token": f"r{i}"} for i in range(n)]
    put(_parent(home / ".hermes/auth.json"), json.dumps({"credential_pool": {"p": pool}}))


def copilot(home: Path, n: int) -> None:
    logins = {f"h{i}:app": {"oauth_token": f"t{i}"} for i in range(n)}
    put(_parent(home / ".config/github-copilot/apps.json"), json.dumps(logins))


def npm(home: Path, n: int) -> None:
    put(home / ".npmrc", "".join(f"//r{i}.example/:_authToken=t{i}\n" for i in range(n)))


def npm_variables(home: Path, n: int) -> None:
    put(home / ".npmrc", "//r.example/:_authToken=" + "".join(f"${{V{i}}}" for i in range(n)))


def huggingface(home: Path, n: int) -> None:
    lines = (f"[n{i}]\nhf_token = hf_{i}\n" for i in range(n))
    put(_parent(home / ".cache/huggingface/stored_tokens"), "".join(lines))
    put(home / ".cache/huggingface/token", f"hf_{n}")


def kimi(home: Path, n: int) -> None:
    for i in range(n):
        login = {"access_token": f"a{i}", "refresh_token": f"r{i}", "expires_at": 1900000000}
        put(_parent(home / f".kimi-code/credentials/k{i}.json"), json.dumps(login))


def variables(home: Path, n: int) -> dict[str, str]:
    names = [f"NAME_{i}_API_KEY" for i in range(n)]
    listed = "".join(f"  - {name}\n" for name in names)
    put(_parent(home / ".config/authwatch/config.yaml"), f"sources:\n- type: env\n  vars:\n{listed}")
    return dict.fromkeys(names, "value")


def one_token_in_many(home: Path, n: int) -> None:
    """One refresh token under n names."""
    logins = {f"p{i}": {"type": "oauth", "access": "a", "refresh": "r", "expires": ms(DAY)} for i in range(n)}
    put(_parent(home / ".local/share/opencode/auth.json"), json.dumps(logins))
    put(
        _parent(home / ".hermes/auth.json"),
        json.dumps({"providers": {"p": {"access_token": "a", "refresh_token": "r"}}}),
    )


SHAPES: dict[str, Shape] = {
    "providers in a store": providers,
    "providers in a store, all used": providers_used,
    "dead logins": dead_logins,
    "profiles of one provider": profiles,
    "copies of inherited logins": logins_superseded,
    "orders with an agent's own profiles": _agent_orders,
    "profiles in an agent's database": agent_database,
    "profiles in the shared database": shared_database,
    "logins in auth.json": legacy_logins,
    "ids in one order": order_of_one,
    "orders": orders_of_many,
    "ids in a void order": void_order,
    "usage statistics": usage,
    "agents.list": agents_list,
    "agents.entries": agents_entries,
    "agents' folders": agents_folders,
    "fallbacks": fallbacks,
    "fallbacks of one provider": fallbacks_of_one,
    "aliases": aliases,
    "keys in the config": config_keys,
    "orders in the config": config_orders,
    "profiles in the config": config_profiles,
    "lines of .env": dotenv,
    "variables in the config": env_block,
    "references": references,
    "pinned sessions": pins,
    "broken stores": troubles,
    "Claude Code profiles": claude_profiles,
    "Claude Code projects": claude_projects,
    "Claude Code sessions": claude_sessions,
    "MCP logins": mcp_logins,
    "Codex months": codex_days,
    "Codex settings": codex_settings,
    "gh hosts": gh_hosts,
    "gh users": gh_users,
    "AWS keys": aws_keys,
    "AWS logins": aws_logins,
    "Azure accounts": azure,
    "opencode providers": opencode,
    "Hermes providers": hermes_providers,
    "Hermes pool": hermes_pool,
    "Copilot hosts": copilot,
    "npm registries": npm,
    "npm variables": npm_variables,
    "Hugging Face tokens": huggingface,
    "Kimi files": kimi,
    "listed variables": variables,
    "one token under many names": one_token_in_many,
}
