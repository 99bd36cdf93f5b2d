"""opencode: the logins and keys in its `auth.json`, one for each provider.

Facts by version 1.18.33: `expires` is in milliseconds and 0 means never (GitHub Copilot); the types are `oauth`, `api`
and `wellknown`, and an entry of another type is dropped by the program itself.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from monitor.model import Evidence, Finding, Kind, Observation, Problem, SourceEntry
from monitor.sources.location_variables import LocationVariable
from monitor.sources.store_files import StorePlace, json_store, secret, tokens, unread
from monitor.system.host import Host, Unreadable, parse_json

LOGIN: Final = "opencode auth login"
KINDS: Final = {"oauth": Kind.OAUTH, "api": Kind.API_KEY, "wellknown": Kind.TOKEN}
CONTENT: Final = "OPENCODE_AUTH_CONTENT"
LOCATIONS: Final = (LocationVariable("XDG_DATA_HOME"),)


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """Every provider of the store; the whole store may stand in a variable instead."""
    place = StorePlace.of(host, entry)
    path = place.file(place.folder("XDG_DATA_HOME", "~/.local/share") / "opencode" / "auth.json")
    blank = place.blank("opencode", "opencode:default", Kind.OAUTH, path, LOGIN)
    content = place.env(CONTENT)
    if content:
        yield from _in_environment(place, content, blank._replace(store=f"${CONTENT}", host_path="", from_file=False))
    else:
        yield from json_store(place, path, blank, lambda stored: _each(place, stored, blank))


def _in_environment(place: StorePlace, content: str, blank: Observation) -> Iterator[Finding]:
    try:
        stored = parse_json(content, Path(blank.store))
        if not isinstance(stored, Mapping):
            raise Unreadable(Problem.PARSE, Path(blank.store), "not a JSON object")
    except Unreadable as error:
        yield unread(blank, error)
    else:
        yield from [*_each(place, stored, blank)] or [blank._replace(evidence=Evidence.ABSENT)]


def _each(place: StorePlace, stored: Mapping[str, Any], blank: Observation) -> Iterator[Observation]:
    for provider, login in stored.items():
        kind = KINDS.get(str(login.get("type"))) if isinstance(login, Mapping) else None
        if kind is None:
            continue
        seen = blank._replace(credential=place.who(provider, f"opencode:{provider}", kind))
        if kind is Kind.OAUTH:
            yield tokens(place.host, seen, login, "access", "refresh", "expires")
        else:
            yield secret(place.host, seen, login.get("key" if kind is Kind.API_KEY else "token"))
