"""Cursor: the login in its editor's SQLite store, the login of its command line, and its tokens in the environment.

The access token is a JWT; since version 3.27 it may also be an opaque text without an expiry date. `cursor-agent` is a
separate program. According to public reports of 2026, it uses a variable before its `auth.json`; the editor uses
neither. If the refresh token is a JWT too, the login cannot be renewed after that JWT has expired.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from monitor.model import Evidence, Finding, Kind, Observation, SourceEntry
from monitor.sources.jwt import dates
from monitor.sources.location_variables import LocationVariable
from monitor.sources.precedence import Place, line_up
from monitor.sources.store_files import StorePlace, json_store, secret, tokens, unread
from monitor.system.host import Host, Unreadable

if TYPE_CHECKING:
    from monitor.system.sqlite_file import Database, Value

ACCESS: Final = "cursorAuth/accessToken"
REFRESH: Final = "cursorAuth/refreshToken"
VARIABLES: Final = {"CURSOR_AUTH_TOKEN": Kind.TOKEN, "CURSOR_API_KEY": Kind.API_KEY}
STORE: Final = "Cursor/User/globalStorage/state.vscdb"
CLI_STORE: Final = "cursor/auth.json"
LOGIN: Final = "cursor-agent login"
#: Of the command line; the line-up has a name of its own, so that neither program stands in for the other.
CLI: Final = "cursor-cli"
LADDER: Final = ("$CURSOR_AUTH_TOKEN", "$CURSOR_API_KEY", "cursor-agent's auth.json")
LOCATIONS: Final = (LocationVariable("XDG_CONFIG_HOME"),)


def observe(host: Host, entry: SourceEntry, platform: str = sys.platform) -> Iterator[Finding]:
    """The editor's login, the command line's, and one observation for each variable that is set."""
    place = StorePlace.of(host, entry)
    variables: dict[str, Observation] = {}
    for name, kind in VARIABLES.items():
        if token := place.env(name):
            seen = place.blank("cursor", f"cursor:{name}", kind, host.home)._replace(store=f"${name}", host_path="")
            variables[f"${name}"] = _dated(secret(host, seen, token)._replace(from_file=False), token)
    config = place.folder("XDG_CONFIG_HOME", "~/.config")
    mac = platform == "darwin"
    named = place.file(Path()) if "path" in entry.options else None
    its_own = named is not None and named.suffix == ".json"
    cli: list[Observation] = []
    if named is None or its_own:
        kept = place.host.path("~/.cursor/auth.json") if mac else config / CLI_STORE
        cli = _command_line(place, kept if named is None else named, its_own)
    if cli:
        places = {name: Place((seen,)) for name, seen in variables.items()}
        yield from line_up(entry.id, CLI, LADDER, {**places, LADDER[-1]: Place(tuple(cli))})
    else:
        yield from variables.values()
    if not its_own:
        base = place.host.path("~/Library/Application Support") if mac else config
        yield from _editor(place, place.file(base / STORE), place.expected and not cli)


def _editor(place: StorePlace, path: Path, expected: bool) -> Iterator[Observation]:
    blank = place.blank("cursor", "cursor:default", Kind.OAUTH, path)
    try:
        if place.host.exists(path):
            yield _login(place.host, blank, place.host.sqlite(path, _pair) or {})
        elif expected:
            yield blank._replace(evidence=Evidence.ABSENT)
    except Unreadable as error:
        yield unread(blank, error)


def _command_line(place: StorePlace, path: Path, expected: bool) -> list[Observation]:
    if not expected and not place.host.exists(path):
        return []
    blank = place.blank("cursor", "cursor:cli", Kind.OAUTH, path, LOGIN)
    found = json_store(place, path, blank, lambda stored: [_pair_of_jwts(place.host, blank, stored)])
    return [one for one in found if isinstance(one, Observation)]


def _pair_of_jwts(host: Host, blank: Observation, stored: Mapping[str, Any]) -> Observation:
    seen = tokens(host, blank, stored, "accessToken", "refreshToken", "")
    if seen.evidence is not Evidence.PRESENT or seen.problem:
        return seen
    access, refresh = (str(stored.get(name) or "") for name in ("accessToken", "refreshToken"))
    try:
        ends, _ = dates(refresh)
    except ValueError:
        ends = None
    return _dated(seen, access)._replace(login_expires_at=ends)


def _pair(database: Database) -> dict[str, str]:
    """The two tokens, where they are there."""
    found = {name: next(database.find("ItemTable", "key", name, "value"), None) for name in (ACCESS, REFRESH)}
    return {name: _text(row[0]).strip().strip('"') for name, row in found.items() if row}


def _text(value: Value) -> str:
    return value.decode("utf-8", "replace") if isinstance(value, bytes) else str(value or "")


def _login(host: Host, blank: Observation, pair: dict[str, str]) -> Observation:
    seen = tokens(host, blank, pair, ACCESS, REFRESH, "")
    return _dated(seen, pair.get(ACCESS, "")) if seen.evidence is Evidence.PRESENT else seen


def _dated(seen: Observation, token: str) -> Observation:
    """With the end and the lifetime that a JWT states."""
    try:
        ends, span = dates(token)
    except ValueError:
        return seen._replace(notes=("its expiry is unknown: the token is opaque",))
    return seen._replace(access_expires_at=ends, lifetime=span)
