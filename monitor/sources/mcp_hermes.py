"""Hermes' logins to MCP servers: `mcp-tokens/SERVER.json` in its home, with the server's name made fit for a file.

Facts by NousResearch/hermes-agent tools/mcp_oauth.py: `access_token`, `refresh_token`, `expires_at` in seconds, or only
`expires_in`, which then counts from when the file was written; `SERVER.client.json` and `SERVER.meta.json` beside it
hold no tokens. `hermes mcp login SERVER` logs in again. Servers are those of `mcp_servers` in config.yaml, which
`enabled: false` turns off.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from monitor.model import Finding, Problem, Trouble
from monitor.sources.mcp import MOST, Fields, McpServer, Named, Stored, gathered, logins, server
from monitor.sources.plain_yaml import mapping
from monitor.sources.store_files import StorePlace
from monitor.system.host import Host, Unreadable

FIELDS: Final = Fields(zero_ends=True)
MAX_CONFIG: Final = 128 * 1024  # PyYAML takes a fifth of a second for it
_ASIDE: Final = (".client.json", ".meta.json")
_OFF: Final = ("false", "no", "off", "0")


def observe(place: StorePlace, folder: Path) -> Iterator[Finding]:
    """The logins of one home of Hermes."""
    if "path" in place.entry.options:
        return
    kept = folder / "mcp-tokens"
    try:
        names = [one for one in place.host.names(kept) if one.endswith(".json") and not one.endswith(_ASIDE)]
    except Unreadable as error:
        yield _trouble(place, error)
        return
    if not names:
        return
    shown, named = _named(place.host, folder / "config.yaml")
    stored = []
    for name in names[:MOST]:
        bare = name.removesuffix(".json")
        try:
            stored.append(Stored(name, shown.get(bare, bare), "", _tokens(place.host, kept / name), kept / name))
        except Unreadable as error:
            yield _trouble(place, error)
    yield from logins(place, stored, named, FIELDS, lambda name: _relogin(place, name))


def _trouble(place: StorePlace, error: Unreadable) -> Trouble:
    return Trouble(place.entry.id, error.problem, place.outer.show(error.path), error.detail, str(error.path))


def _tokens(host: Host, path: Path) -> Mapping[str, Any]:
    found = host.json(path)
    if not isinstance(found, Mapping):
        raise Unreadable(Problem.PARSE, path, "not a JSON object")
    span, written = found.get("expires_in"), host.note(path)
    if found.get("expires_at") is None and isinstance(span, int | float) and written:
        return {**found, "expires_at": written[3] / 1e9 + span}
    return found


def _named(host: Host, path: Path) -> tuple[dict[str, str], Named]:
    """The servers, and their names by what they are called as files."""
    try:
        written = host.text(path, MAX_CONFIG)
        found = mapping(written, path, "settings").get("mcp_servers") if written else None
    except Unreadable as error:
        return {}, Named({}, unread=error)
    servers = [(name, _server(one)) for name, one in found.items()] if isinstance(found, Mapping) else []
    return {_as_file(name): name for name, _ in servers}, Named(gathered(servers))


def _as_file(name: str) -> str:
    return re.sub(r"[^\w\-]", "_", name).strip("_")[:128] or "default"


def _server(config: Any) -> McpServer:
    if not isinstance(config, Mapping):
        return McpServer()
    if str(config.get("enabled", "true")).lower() in _OFF:
        return McpServer(why_not="config.yaml disables the server")
    return server(config)


def _relogin(place: StorePlace, name: str) -> str:
    moved = place.env("HERMES_HOME")
    return f"{f'HERMES_HOME={shlex.quote(moved)} ' if moved else ''}hermes mcp login {shlex.quote(name)}"
