"""Hermes: its `auth.json`, with a login for each provider and a pool of further ones that it takes turns with.

Facts by version 0.19.0: the pool keeps Hermes' own verdict. `dead` is a refusal that no refresh mends, whatever tokens
are there; `exhausted` is a rate limit until `last_error_reset_at`. A profile that lacks a provider uses the root's.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from monitor.model import Evidence, Finding, Kind, Observation, SourceEntry, Use
from monitor.sources import mcp_hermes
from monitor.sources.jwt import dates
from monitor.sources.location_variables import LocationVariable
from monitor.sources.store_files import StorePlace, json_store, secret, tokens, unclear
from monitor.sources.timestamps import moment
from monitor.system.host import Host

LOGIN: Final = "hermes auth"
#: A profile's folder lies in that of the root, whose logins it falls back on.
LOCATIONS: Final = (LocationVariable("HERMES_HOME", anywhere=True),)
KEYS: Final = ("api_key", "agent_key", "key", "token")


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """`hermes:PROVIDER` for a provider's login, `hermes:PROVIDER/ID` for one of the pool."""
    place = StorePlace.of(host, entry)
    folder = place.folder("HERMES_HOME", "~/.hermes")
    paths = [place.file(folder / "auth.json")]
    if folder.parent.name == "profiles" and "path" not in entry.options:
        paths.append(folder.parent.parent / "auth.json")
    found: dict[str, Observation] = {}
    for path in paths:
        for finding in _store(place, path):
            found.setdefault(finding.credential.key, finding)
    held = [one for one in found.values() if one.evidence is not Evidence.ABSENT]
    yield from held or [*found.values()][:1]
    yield from mcp_hermes.observe(place, folder)


def _store(place: StorePlace, path: Path) -> Iterator[Observation]:
    blank = place.blank("hermes", "hermes:default", Kind.OAUTH, path, LOGIN)
    for finding in json_store(place, path, blank, lambda stored: _all(place, stored, path)):
        if isinstance(finding, Observation):
            yield finding


def _all(place: StorePlace, stored: Mapping[str, Any], path: Path) -> Iterator[Observation]:
    for provider, login in _objects(stored.get("providers")):
        yield _login(place, provider, f"hermes:{provider}", login, path)
    for provider, pool in _objects(stored.get("credential_pool")):
        for number, login in enumerate(pool if isinstance(pool, list) else [pool]):
            name = login.get("id") if isinstance(login, Mapping) else None
            yield _login(place, provider, f"hermes:{provider}/{name or number}", login, path)


def _objects(value: Any) -> Iterator[tuple[str, Any]]:
    yield from value.items() if isinstance(value, Mapping) else ()


def _login(place: StorePlace, provider: str, profile: str, login: Any, path: Path) -> Observation:
    blank = place.blank(provider, profile, Kind.OAUTH, path, LOGIN)
    if not isinstance(login, Mapping):
        return unclear(blank, "the login is not an object")
    nested = login.get("tokens")
    pair: Mapping[str, Any] = nested if isinstance(nested, Mapping) else login
    key = next((login[name] for name in KEYS if login.get(name)), None)
    if login.get("auth_type") == "api_key" or (key and not pair.get("access_token") and not pair.get("refresh_token")):
        credential = blank.credential._replace(kind=Kind.API_KEY)
        seen = secret(place.host, blank._replace(credential=credential), key or pair.get("access_token"))
    else:
        seen = _dated(tokens(place.host, blank, pair, expires=""), login, pair)
    return _reported(seen, login)


def _dated(seen: Observation, login: Mapping[str, Any], pair: Mapping[str, Any]) -> Observation:
    """With the end that one of its fields states, else the one in a JWT."""
    if seen.evidence is not Evidence.PRESENT or seen.problem:
        return seen
    try:
        stated = next(
            (part[name] for part in (pair, login) for name in ("expires_at_ms", "expires_at") if part.get(name)), None
        )
        if stated is not None:
            return seen._replace(access_expires_at=moment(stated))
    except ValueError:
        return unclear(seen, "its expiry is no moment")
    try:
        ends, span = dates(pair.get("access_token") or "")
    except ValueError:
        return seen
    return seen._replace(access_expires_at=ends, lifetime=span)


def _reported(seen: Observation, login: Mapping[str, Any]) -> Observation:
    """With what Hermes itself found of it."""
    match login.get("last_status"):
        case "dead":
            return seen._replace(evidence=Evidence.REFUSED, refreshable=False, notes=("Hermes reports: dead",))
        case "exhausted":
            use = Use(unusable_until=_reset(login.get("last_error_reset_at")))
            return seen._replace(use=use, notes=("Hermes reports: exhausted, which is a rate limit",))
    return seen


def _reset(value: Any) -> datetime | None:
    try:
        return moment(value)
    except ValueError:
        return None
