"""Codex' logins to MCP servers: `.credentials.json` beside its auth.json.

Facts by openai/codex codex-rs/rmcp-client (oauth.rs, auth_status.rs): an entry has `server_name`, `server_url`,
`client_id`, `access_token`, `expires_at` (ms), `refresh_token`; it is the login of a server of that name and that
address. Without a client_id it is not used, without an end never renewed. `mcp_oauth_credentials_store` says whether
they are in the keyring, where the file is left over, or (`auto`, the default) in the file where no keyring takes them.
A `bearer_token_env_var` or an Authorization header serves instead. Servers are those of `mcp_servers` in config.toml;
what a project or a plugin of Codex names is not looked for.
"""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from monitor.model import Finding, Problem, Trouble
from monitor.sources.mcp import Fields, McpServer, Named, Stored, authorizes, before_bar, gathered, logins, server, text
from monitor.sources.store_files import StorePlace
from monitor.system.host import Host, Unreadable

FIELDS: Final = Fields(zero_ends=True)
IN_KEYRING: Final = "mcp_oauth_credentials_store keeps logins in the keyring"


def observe(place: StorePlace, folder: Path, settings: Callable[[Host, Path], Mapping[str, Any]]) -> Iterator[Finding]:
    """The logins in the file; `settings` reads a config.toml."""
    if "path" in place.entry.options:
        return
    path, config = folder / ".credentials.json", folder / "config.toml"
    try:
        file = place.host.json(path)
        if file is None and "mcp_servers" not in (place.host.text(config) or ""):
            return
    except Unreadable as error:
        yield _trouble(place, error)
        return
    if not isinstance(file, Mapping | None):
        yield _trouble(place, Unreadable(Problem.PARSE, path, "not a JSON object"))
        return
    stored = [_stored(key, login, path) for key, login in (file or {}).items()]
    named = _named(place.host, config, settings)
    yield from logins(place, stored, named, FIELDS, lambda name: _relogin(place, folder, name))


def _trouble(place: StorePlace, error: Unreadable) -> Trouble:
    return Trouble(place.entry.id, error.problem, place.outer.show(error.path), error.detail, str(error.path))


def _stored(key: str, login: Any, path: Path) -> Stored:
    refused = "" if text(login, "client_id").strip() else "it has no client_id, without which Codex does not use it"
    name = text(login, "server_name") or before_bar(key)
    return Stored(key, name, text(login, "server_url"), login, path, refused=refused)


def _named(host: Host, config: Path, settings: Callable[[Host, Path], Mapping[str, Any]]) -> Named:
    try:
        found = settings(host, config)
    except Unreadable as error:
        return Named({}, unread=error)
    servers = found.get("mcp_servers")
    in_file = found.get("mcp_oauth_credentials_store", "auto") != "keyring"
    each = servers.items() if isinstance(servers, Mapping) else ()
    return Named(gathered((name, _server(one, in_file)) for name, one in each if isinstance(one, Mapping)))


def _server(config: Mapping[str, Any], in_file: bool) -> McpServer:
    if config.get("enabled") is False:
        return McpServer(why_not="config.toml disables the server")
    if config.get("bearer_token_env_var"):
        return McpServer(why_not="the variable in bearer_token_env_var serves instead")
    if any(authorizes(config.get(name)) for name in ("http_headers", "env_http_headers")):
        return McpServer(why_not="the header in its config serves instead")
    return server(config) if in_file else McpServer(why_not=IN_KEYRING)


def _relogin(place: StorePlace, folder: Path, name: str) -> str:
    prefix = f"CODEX_HOME={shlex.quote(str(folder))} " if place.env("CODEX_HOME") else ""
    return f"{prefix}codex mcp login {shlex.quote(name)}"
