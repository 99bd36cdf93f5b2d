"""Cursor: the login in its editor's SQLite store, and its tokens in the environment.

The access token is a JWT, since version 3.27 also an opaque text without an end. The store of its command line is not
published and is not read.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from typing import TYPE_CHECKING, Final

from monitor.model import Evidence, Finding, Kind, Observation, SourceEntry
from monitor.sources.jwt import dates
from monitor.sources.location_variables import LocationVariable
from monitor.sources.store_files import StorePlace, secret, tokens, unread
from monitor.system.host import Host, Unreadable

if TYPE_CHECKING:
    from monitor.system.sqlite_file import Database, Value

ACCESS: Final = "cursorAuth/accessToken"
REFRESH: Final = "cursorAuth/refreshToken"
VARIABLES: Final = {"CURSOR_AUTH_TOKEN": Kind.TOKEN, "CURSOR_API_KEY": Kind.API_KEY}
STORE: Final = "Cursor/User/globalStorage/state.vscdb"
LOCATIONS: Final = (LocationVariable("XDG_CONFIG_HOME"),)


def observe(host: Host, entry: SourceEntry, platform: str = sys.platform) -> Iterator[Finding]:
    """The editor's login, and one observation for each variable that is set."""
    place = StorePlace.of(host, entry)
    for name, kind in VARIABLES.items():
        if token := place.env(name):
            seen = place.blank("cursor", f"cursor:{name}", kind, host.home)._replace(store=f"${name}", host_path="")
            yield _dated(secret(host, seen, token)._replace(from_file=False), token)
    base = (
        place.host.path("~/Library/Application Support")
        if platform == "darwin"
        else place.folder("XDG_CONFIG_HOME", "~/.config")
    )
    path = place.file(base / STORE)
    blank = place.blank("cursor", "cursor:default", Kind.OAUTH, path)
    try:
        if place.host.exists(path):
            yield _login(place.host, blank, place.host.sqlite(path, _pair) or {})
        elif place.expected:
            yield blank._replace(evidence=Evidence.ABSENT)
    except Unreadable as error:
        yield unread(blank, error)


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
        return seen._replace(notes=("its end cannot be seen: the token is opaque",))
    return seen._replace(access_expires_at=ends, lifetime=span)
