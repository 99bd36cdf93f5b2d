"""Copilot CLI's logins to MCP servers: pairs `HASH.json` and `HASH.tokens.json` in `~/.copilot/mcp-oauth-config`.

Facts: access and refresh tokens lie there as plain JSON (github/copilot-cli #2783), one pair for each registration, so
that several may be of one server; programs that read them find `serverUrl` and `clientId` in the one, `accessToken`,
`refreshToken` and `expiresAt` in seconds in the other. Releases differ in whether they use a refresh token at all
(#1797, #4203): one that is there counts. `/mcp auth NAME` logs in again (#3393). Servers are those of
`mcp-config.json`; what a project's folder says is not looked for.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from monitor.model import Finding, Problem, Trouble
from monitor.sources.json_with_comments import read as read_json
from monitor.sources.mcp import MOST, UNNAMED, Fields, Named, Stored, gathered, logins, servers_in, text
from monitor.sources.store_files import StorePlace
from monitor.system.host import Unreadable

FIELDS: Final = Fields("accessToken", "refreshToken", "expiresAt")
TOKENS: Final = ".tokens.json"
_PLAIN: Final = re.compile(r"[\w.:@/-]{1,100}", re.ASCII)
_HOST: Final = re.compile(r"https?://([\w.-]{1,253})", re.ASCII)


def observe(place: StorePlace, folder: Path) -> Iterator[Finding]:
    """The logins of a home of Copilot CLI, `~/.copilot` or what COPILOT_HOME names."""
    if "path" in place.entry.options:
        return
    kept = folder / "mcp-oauth-config"
    try:
        files = [name for name in place.host.names(kept) if name.endswith(TOKENS)]
    except Unreadable as error:
        yield _trouble(place, error)
        return
    if not files:
        return
    named = _named(place, folder / "mcp-config.json")
    stored = []
    for name in files[:MOST]:
        try:
            stored.append(_stored(place, kept, name.removesuffix(TOKENS), named))
        except Unreadable as error:
            yield _trouble(place, error)
    yield from logins(place, stored, named, FIELDS, lambda name: _relogin(place, name))


def _trouble(place: StorePlace, error: Unreadable) -> Trouble:
    return Trouble(place.entry.id, error.problem, place.outer.show(error.path), error.detail, str(error.path))


def _stored(place: StorePlace, kept: Path, digits: str, named: Named) -> Stored:
    """A pair, under the name of the server that has its address, else under the name of its host."""
    path = kept / f"{digits}{TOKENS}"
    tokens = place.host.json(path)
    if not isinstance(tokens, Mapping):
        raise Unreadable(Problem.PARSE, path, "not a JSON object")
    registered = place.host.json(kept / f"{digits}.json")
    url = text(registered, "serverUrl")
    of_address = (name for name, found in named.servers.items() if any(one.is_at(url) for one in found))
    host = _HOST.match(url)
    return Stored(digits, next(of_address, host[1] if host else UNNAMED), url, tokens, path)


def _named(place: StorePlace, path: Path) -> Named:
    try:
        found = read_json(place.host, path)
    except Unreadable as error:
        return Named({}, unread=error)
    return Named(gathered(servers_in(found.get("mcpServers") if isinstance(found, Mapping) else None)))


def _relogin(place: StorePlace, name: str) -> str:
    moved = place.env("COPILOT_HOME")
    prefix = f"COPILOT_HOME={shlex.quote(moved)} " if moved else ""
    return f"{prefix}copilot  # then: /mcp auth {name if _PLAIN.fullmatch(name) else ''}".rstrip()
