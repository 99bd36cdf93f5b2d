"""PicoClaw: a login or token for each provider, in its `auth.json`.

According to sipeed/picoclaw, pkg/auth/store.go: `credentials` are keyed by provider. A login with a refresh token is
renewed five minutes before its `expires_at`. The year 1 (Go's zero time) or a missing field means that there is no
expiry date.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from monitor.model import Finding, Kind, Observation, SourceEntry
from monitor.sources.location_variables import LocationVariable
from monitor.sources.store_files import StorePlace, json_store, secret, tokens, unclear
from monitor.system.host import Host

LOGIN: Final = "picoclaw auth login"
LOCATIONS: Final = (LocationVariable("PICOCLAW_HOME"),)


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """One observation a provider: its id is `picoclaw:PROVIDER`."""
    place = StorePlace.of(host, entry)
    path = place.file(place.folder("PICOCLAW_HOME", "~/.picoclaw") / "auth.json")
    blank = place.blank("picoclaw", "picoclaw:default", Kind.OAUTH, path, LOGIN)
    yield from json_store(place, path, blank, lambda stored: _all(place, stored, path, blank))


def _all(place: StorePlace, stored: Mapping[str, Any], path: Path, blank: Observation) -> Iterator[Observation]:
    found = stored.get("credentials")
    if found is not None and not isinstance(found, Mapping):
        yield unclear(blank, "credentials is not an object")
        return
    for provider, login in (found or {}).items():
        yield _login(place, provider, login, path)


def _login(place: StorePlace, provider: str, login: Any, path: Path) -> Observation:
    named = "" if provider.startswith("-") else f" --provider {shlex.quote(provider)}"
    blank = place.blank(provider, f"picoclaw:{provider}", Kind.OAUTH, path, LOGIN + named)
    if not isinstance(login, Mapping):
        return unclear(blank, "the login is not an object")
    if login.get("auth_method") == "token" and not login.get("refresh_token"):
        token = blank._replace(credential=blank.credential._replace(kind=Kind.TOKEN))
        seen = tokens(place.host, token, login) if login.get("expires_at") else None
        return seen or secret(place.host, token, login.get("access_token"))
    return tokens(place.host, blank, login)
