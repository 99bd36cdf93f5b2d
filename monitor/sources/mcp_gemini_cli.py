"""Gemini CLI's logins to MCP servers: the list in `.gemini/mcp-oauth-tokens.json`.

Facts by google-gemini/gemini-cli packages/core/src/mcp (oauth-token-storage.ts, oauth-provider.ts): an entry has
`serverName`, `mcpServerUrl`, `tokenUrl`, `clientId` and `token`, with `accessToken`, `refreshToken` and `expiresAt` in
milliseconds, where 0 or none means that it does not end. It is renewed with a client id and a `tokenUrl`; one that is
refused is deleted. GEMINI_FORCE_ENCRYPTED_FILE_STORAGE keeps them elsewhere, and the file is left over.

Servers are named by `mcpServers` of settings.json and of extensions, less `mcp.excluded` and what
mcp-server-enablement.json turns off, by names in small letters. What a project's folder says is not looked for.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from monitor.model import Finding, Problem, Trouble
from monitor.sources.json_with_comments import read as read_json
from monitor.sources.mcp import UNNAMED, Fields, McpServer, Named, Stored, gathered, logins, servers_in, text
from monitor.sources.store_files import StorePlace
from monitor.system.host import Unreadable

FIELDS: Final = Fields("accessToken", "refreshToken", "expiresAt")
MOST_EXTENSIONS: Final = 64
#: A name that can stand behind `#` in a line for a shell.
_PLAIN: Final = re.compile(r"[\w.:@/-]{1,100}", re.ASCII)


def observe(place: StorePlace, folder: Path) -> Iterator[Finding]:
    """The logins in the file."""
    if "path" in place.entry.options:
        return
    path = folder / "mcp-oauth-tokens.json"
    try:
        entries = place.host.json(path)
        if not isinstance(entries, list | None):
            raise Unreadable(Problem.PARSE, path, "not a JSON list")
    except Unreadable as error:
        yield Trouble(place.entry.id, error.problem, place.outer.show(path), error.detail, str(path))
        return
    named = _named(place, folder)
    stored = [_stored(one, named, path) for one in entries or ()]
    yield from logins(place, stored, named, FIELDS, lambda name: _relogin(place, name))


def _stored(one: Any, named: Named, path: Path) -> Stored:
    name, url = text(one, "serverName") or UNNAMED, text(one, "mcpServerUrl")
    renewable = bool(text(one, "tokenUrl")) and bool(text(one, "clientId"))
    return Stored(f"{name}|{url}", name, url, one.get("token") if isinstance(one, Mapping) else None, path, renewable)


def _named(place: StorePlace, folder: Path) -> Named:
    unread: list[Unreadable] = []

    def read(path: Path) -> Mapping[str, Any]:
        try:
            found = read_json(place.host, path)
        except Unreadable as error:
            unread.append(error)
            return {}
        return found if isinstance(found, Mapping) else {}

    def extensions() -> Iterator[Mapping[str, Any]]:
        try:
            names = place.host.names(folder / "extensions")
        except Unreadable as error:
            unread.append(error)
            return
        for name in names[:MOST_EXTENSIONS]:
            yield read(folder / "extensions" / name / "gemini-extension.json")

    settings = read(folder / "settings.json")
    off, choice = _off(settings, read(folder / "mcp-server-enablement.json")), settings.get("mcp")
    allowed = choice.get("allowed") if isinstance(choice, Mapping) else None
    encrypted = place.env("GEMINI_FORCE_ENCRYPTED_FILE_STORAGE") == "true"

    def judged(name: str, one: McpServer) -> McpServer:
        if encrypted:
            return one._replace(why_not="GEMINI_FORCE_ENCRYPTED_FILE_STORAGE keeps logins elsewhere")
        if name.lower().strip() in off or (isinstance(allowed, list) and allowed and name not in allowed):
            return one._replace(why_not="the settings disable the server")
        return one

    scopes = [settings, *extensions()]
    found = (pair for scope in scopes for pair in servers_in(scope.get("mcpServers")))
    return Named(gathered((name, judged(name, one)) for name, one in found), unread=unread[0] if unread else None)


def _off(settings: Mapping[str, Any], enablement: Mapping[str, Any]) -> frozenset[str]:
    choice = settings.get("mcp")
    excluded = choice.get("excluded") if isinstance(choice, Mapping) else None
    named = [name for name in excluded if isinstance(name, str)] if isinstance(excluded, list) else []
    named += [name for name, one in enablement.items() if isinstance(one, Mapping) and one.get("enabled") is False]
    return frozenset(name.lower().strip() for name in named)


def _relogin(place: StorePlace, name: str) -> str:
    """There is no command for it: `/mcp auth NAME` is typed into the program."""
    moved = place.env("GEMINI_CLI_HOME")
    prefix = f"GEMINI_CLI_HOME={shlex.quote(moved)} " if moved else ""
    return f"{prefix}gemini  # then: /mcp auth {name if _PLAIN.fullmatch(name) else ''}".rstrip()
