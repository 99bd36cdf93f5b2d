"""Wrangler, Cloudflare's command line: the login in its `default.toml`, and the keys in the environment that take
precedence.

As of wrangler 4.164.0: an access token lasts about an hour and is renewed when it is used. A login without an
`expiration_time` counts as expired at once. A global key with its email address, then an API token, is used instead of
any login. While there is a folder `~/.wrangler`, the one below `XDG_CONFIG_HOME` is ignored. Other files beside
`default.toml` are profiles that are used by name; a profile in a `.enc` file has its key in a keyring. Wrangler rejects
an `api_token` that its first version kept in the file.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

from monitor.model import Evidence, Finding, Kind, Observation, Problem, SourceEntry
from monitor.sources.location_variables import LocationVariable
from monitor.sources.precedence import Place, line_up
from monitor.sources.store_files import StorePlace, secret, tokens, unread
from monitor.sources.toml import table
from monitor.system.host import Host, Unreadable

LOGIN: Final = "wrangler login"
PROVIDER: Final = "cloudflare"
DEFAULT: Final = "default"
LOCATIONS: Final = (LocationVariable("XDG_CONFIG_HOME"),)
#: What a login without an end is taken to have.
LONG_AGO: Final = datetime(2000, 1, 1, tzinfo=UTC)

KEY: Final = "$CLOUDFLARE_API_KEY with $CLOUDFLARE_EMAIL"
TOKEN: Final = "$CLOUDFLARE_API_TOKEN"  # noqa: S105  a name
STORE: Final = "default.toml of `wrangler login`"
MOVED: Final = "default.toml below the config folder, beside a folder ~/.wrangler"
LADDER: Final = (KEY, TOKEN, STORE, MOVED)

#: More profiles than anybody has; a bound on what a stranger's folder can make us read.
MOST: Final = 64


def observe(host: Host, entry: SourceEntry, platform: str = sys.platform) -> Iterator[Finding]:
    """`wrangler:PROFILE` for a login, `wrangler:key` and `wrangler:token` for what the environment holds."""
    place = StorePlace.of(host, entry)
    base = "~/Library/Preferences" if platform == "darwin" else "~/.config"
    moved = place.folder("XDG_CONFIG_HOME", base) / ".wrangler"
    legacy = place.host.path("~/.wrangler")
    in_force = legacy if place.host.is_dir(legacy) else moved
    path = place.file(in_force / f"config/{DEFAULT}.toml")
    places = {**_environment(place), STORE: Place(tuple(_stored(place, path, f"wrangler:{DEFAULT}")))}
    if in_force is legacy and "path" not in entry.options:
        left = _stored(place, moved / f"config/{DEFAULT}.toml", f"wrangler:{DEFAULT}@config")
        there = tuple(one for one in left if one.evidence is not Evidence.ABSENT)
        places[MOVED] = Place(there, passed="wrangler looks in ~/.wrangler, which is there")
    yield from line_up(entry.id, PROVIDER, LADDER, places, by_name=True)
    if "path" not in entry.options:
        yield from _named(place, path.parent)


def _environment(place: StorePlace) -> dict[str, Place]:
    key, address, token = (
        place.env(f"CLOUDFLARE_{name}") or place.env(f"CF_{name}") for name in ("API_KEY", "EMAIL", "API_TOKEN")
    )
    found = {KEY: ("wrangler:key", Kind.API_KEY, key if address else ""), TOKEN: ("wrangler:token", Kind.TOKEN, token)}
    return {rung: Place((_variable(place, *one, rung),)) for rung, one in found.items() if one[2]}


def _variable(place: StorePlace, profile: str, kind: Kind, value: str, rung: str) -> Observation:
    blank = place.blank(PROVIDER, profile, kind, place.host.home)
    return secret(place.host, blank, value)._replace(store=rung.partition(" ")[0], host_path="", from_file=False)


def _stored(place: StorePlace, path: Path, profile: str) -> Iterator[Observation]:
    """The login of a profile; one that is not there is yielded where it is expected."""
    blank = place.blank(PROVIDER, profile, Kind.OAUTH, path, LOGIN)
    sealed = path.with_suffix(".enc")
    try:
        stored = table(place.host, path)
    except Unreadable as error:
        yield unread(blank, error)
        return
    if stored is not None:
        seen = _login(place.host, blank, stored)
        yield seen._replace(problem=Problem.EMPTY) if seen.evidence is Evidence.ABSENT else seen
    elif place.host.exists(sealed):
        shown = blank._replace(store=place.outer.show(sealed), host_path=str(sealed))
        yield shown._replace(evidence=Evidence.HIDDEN, problem=Problem.ENCRYPTED)
    elif place.expected:
        yield blank._replace(evidence=Evidence.ABSENT)


def _login(host: Host, blank: Observation, stored: Mapping[str, Any]) -> Observation:
    if not stored.get("oauth_token") and stored.get("api_token"):
        why = "a token of wrangler 1, which is refused"
        return blank._replace(evidence=Evidence.UNUSABLE, refreshable=False, notes=(why,))
    if stored.get("oauth_token") == "":  # then no other is looked at
        return blank._replace(evidence=Evidence.BLANKED)
    written = {name: value.isoformat() if isinstance(value, datetime) else value for name, value in stored.items()}
    seen = tokens(host, blank, written, "oauth_token", "refresh_token", "expiration_time")
    if seen.problem or seen.evidence is not Evidence.PRESENT or seen.refreshable or stored.get("expiration_time"):
        return seen
    return seen._replace(access_expires_at=LONG_AGO)


def _named(place: StorePlace, folder: Path) -> Iterator[Observation]:
    """The logins of the other profiles, each of which is used where it is named."""
    names = {Path(name).stem for name in place.host.names(folder) if name.endswith((".toml", ".enc"))}
    for name in sorted(names - {DEFAULT})[:MOST]:
        yield from _stored(place, folder / f"{name}.toml", f"wrangler:{name}")
