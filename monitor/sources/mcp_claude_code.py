"""Claude Code's logins to MCP servers: `mcpOAuth` in its `.credentials.json`, by `NAME|digits of the config`.

Facts: an `expiresAt` of 0 without a refresh token asks for a login at every start, an absent one never
(anthropics/claude-code #95113). An entry with an empty `accessToken` and no `refreshToken` is a log-in that was begun
and not finished, or a login that is over; a store may be full of the former, by plugins whose servers nobody ever used
(#84274). `mcpOAuthClientConfig` holds registrations only. `claude mcp login` is of 2.1.186 (#70133).

Servers are named by `~/.claude.json` (`mcpServers`, also in each of `projects`, and what a project's own file may
start: `enabledMcpjsonServers`) and by settings.json (`enabledMcpjsonServers`, `enabledPlugins`; no `mcpServers` since
2.1.47). Where `/etc/claude-code/managed-mcp.json` is, its servers replace those of users and projects. What else a
project's folder says is not looked for, so a plugin that only a project turns on counts as not in use.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from monitor.model import Finding, Problem, Trouble
from monitor.sources.mcp import Fields, McpServer, Named, Stored, before_bar, gathered, logins, servers_in, text
from monitor.sources.store_files import StorePlace
from monitor.system.host import Unreadable

FIELDS: Final = Fields("accessToken", "refreshToken", "expiresAt", zero_ends=True)
MANAGED: Final = "/etc/claude-code/managed-mcp.json"
_MOVED_BY: Final = ("CLAUDE_SECURESTORAGE_CONFIG_DIR", "CLAUDE_CONFIG_DIR")


def observe(place: StorePlace, path: Path) -> Iterator[Finding]:
    """The logins in the login file at `path`; what ails the file as a whole is its own login's to say."""
    try:
        file = place.host.json(path)
    except Unreadable:
        return
    entries = file.get("mcpOAuth") if isinstance(file, Mapping) else None
    if entries is None:
        return
    if not isinstance(entries, Mapping):
        yield Trouble(place.entry.id, Problem.PARSE, place.outer.show(path), "mcpOAuth is not an object", str(path))
        return
    named = _named(place)
    stored = [_stored(key, login, path) for key, login in entries.items()]
    finished = [one for one in stored if not _begun(one)]
    begun = {one.server: named.of(one.server) for one in stored if _begun(one) and named.of(one.server)}
    yield from logins(
        place, finished, named._replace(servers={**named.servers, **begun}), FIELDS, lambda name: _relogin(place, name)
    )


def _stored(key: str, login: Any, path: Path) -> Stored:
    return Stored(key, text(login, "serverName") or before_bar(key), text(login, "serverUrl"), login, path)


def _begun(one: Stored) -> bool:
    """Whether it may be no login yet, of a server that nobody asked for by name."""
    if not one.server.startswith("plugin:") or not isinstance(one.login, Mapping):
        return False
    return one.login.get("refreshToken") is None and not one.login.get("accessToken")


def _named(place: StorePlace) -> Named:
    moved = place.env("CLAUDE_CONFIG_DIR")
    folder = place.host.path(moved) if moved else place.host.home
    unread: list[Unreadable] = []

    def read(path: Path) -> Mapping[str, Any]:
        try:
            found = place.host.json(path)
        except Unreadable as error:
            unread.append(error)
            return {}
        return found if isinstance(found, Mapping) else {}

    own = read(folder / ".claude.json")
    settings = read((folder if moved else folder / ".claude") / "settings.json")
    projects, managed = own.get("projects"), read(Path(MANAGED)).get("mcpServers")
    scopes = [own, *(projects.values() if isinstance(projects, Mapping) else ())]
    found = [pair for scope in scopes if isinstance(scope, Mapping) for pair in _servers(scope)]
    found = [*servers_in(managed)] if isinstance(managed, Mapping) else [*found, *_approved(settings)]
    plugins = settings.get("enabledPlugins")
    enabled = plugins.items() if isinstance(plugins, Mapping) else ()
    names = frozenset(name.partition("@")[0] for name, on in enabled if on)
    return Named(gathered(found), names, unread[0] if unread else None)


def _servers(scope: Mapping[str, Any]) -> Iterator[tuple[str, McpServer]]:
    yield from servers_in(scope.get("mcpServers"))
    yield from _approved(scope)


def _approved(scope: Mapping[str, Any]) -> Iterator[tuple[str, McpServer]]:
    approved = scope.get("enabledMcpjsonServers")
    for name in approved if isinstance(approved, list) else ():
        if isinstance(name, str):
            yield name, McpServer()


def _relogin(place: StorePlace, name: str) -> str:
    """Without a browser of its own it shows an address, and takes what the browser of another machine ends at."""
    moved = [f"{variable}={shlex.quote(value)} " for variable in _MOVED_BY if (value := place.env(variable))]
    return f"{''.join(moved)}claude mcp login {shlex.quote(name)} --no-browser"
