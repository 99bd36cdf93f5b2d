"""ZeroClaw: the profiles in its `auth-profiles.json`. Their secrets are encrypted, their expiry dates are not.

According to zeroclaw-labs/zeroclaw, src/auth: a profile of kind `oauth` has `access_token`, `refresh_token` and
`expires_at`; one of kind `token` has `token` and no expiry date. An encrypted secret begins with `enc2:` or `enc:`.
Logins to OpenAI and Gemini are renewed when they are used. Of several profiles of a provider, the one in
`active_profiles` is used, else `PROVIDER:default`, else the first. The others are used where they are named.
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from monitor.model import Evidence, Finding, Kind, Observation, Problem, SourceEntry
from monitor.sources.location_variables import LocationVariable
from monitor.sources.store_files import StorePlace, json_store, secret, tokens, unclear
from monitor.sources.timestamps import moment
from monitor.system.host import Host

LOGIN: Final = "zeroclaw auth login"
STORE: Final = "auth-profiles.json"
LOCATIONS: Final = (LocationVariable("ZEROCLAW_CONFIG_DIR"),)
SECRETS: Final = ("access_token", "refresh_token", "token")
SEALS: Final = ("enc:", "enc2:")


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """One observation a profile: its id is `zeroclaw:PROVIDER:NAME`."""
    place = StorePlace.of(host, entry)
    path = place.file(place.folder("ZEROCLAW_CONFIG_DIR", "~/.zeroclaw") / STORE)
    blank = place.blank("zeroclaw", "zeroclaw:default", Kind.OAUTH, path, LOGIN)
    yield from json_store(place, path, blank, lambda stored: _all(place, stored, path, blank))


def _all(place: StorePlace, stored: Mapping[str, Any], path: Path, blank: Observation) -> Iterator[Observation]:
    found = stored.get("profiles")
    if found is not None and not isinstance(found, Mapping):
        yield unclear(blank, "profiles is not an object")
        return
    for name, profile in (found or {}).items():
        yield _profile(place, name, profile, path)


def _profile(place: StorePlace, name: str, profile: Any, path: Path) -> Observation:
    said = profile.get("provider") if isinstance(profile, Mapping) else None
    provider = said if isinstance(said, str) and said else name.partition(":")[0]
    relogin = LOGIN if provider.startswith("-") else f"{LOGIN} --provider {shlex.quote(provider)}"
    blank = place.blank(provider, f"zeroclaw:{name}", Kind.OAUTH, path, relogin)
    if not isinstance(profile, Mapping):
        return unclear(blank, "the profile is not an object")
    kind = Kind.TOKEN if profile.get("kind") == "token" else Kind.OAUTH
    blank = blank._replace(credential=blank.credential._replace(kind=kind))
    if any(str(profile.get(name)).startswith(SEALS) for name in SECRETS):
        return _sealed(blank, profile)
    if kind is Kind.TOKEN:
        return secret(place.host, blank, profile.get("token"))
    return tokens(place.host, blank, profile)


def _sealed(blank: Observation, profile: Mapping[str, Any]) -> Observation:
    """A login that is encrypted, anew at every write: its end and whether it can be renewed are told beside it."""
    try:
        ends = moment(profile.get("expires_at"))
    except ValueError:
        return unclear(blank, "expires_at is no moment")
    hidden = blank._replace(evidence=Evidence.HIDDEN, problem=Problem.ENCRYPTED)
    return hidden._replace(access_expires_at=ends, refreshable=bool(profile.get("refresh_token")))
