"""GitHub's command line gh: the tokens in its `hosts.yml`, or the trace of one that lies in the keyring.

Facts by version 2.23.0 and later: an account without a token is in the system's keyring. No token states its end on
disk. `gh auth status` without a network calls a good token invalid, so nobody asks it.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from monitor.model import Evidence, Finding, Kind, Observation, Problem, SourceEntry, Use
from monitor.sources.location_variables import LocationVariable
from monitor.sources.plain_yaml import mapping
from monitor.sources.store_files import StorePlace, secret, unclear, unread
from monitor.system.host import Host, Unreadable

HOST: Final = "github.com"
MAX_BYTES: Final = 64 * 1024  # some 800 accounts, for which PyYAML takes a tenth of a second
LOCATIONS: Final = (LocationVariable("GH_CONFIG_DIR"), LocationVariable("XDG_CONFIG_HOME"))
_NAME: Final = re.compile(r"[\w.-]*", re.ASCII)


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """One observation an account: its id is `gh:HOST/USER`."""
    place = StorePlace.of(host, entry)
    moved = place.env("GH_CONFIG_DIR")
    folder = place.host.path(moved) if moved else place.folder("XDG_CONFIG_HOME", "~/.config") / "gh"
    path = place.file(folder / "hosts.yml")
    blank = place.blank("github", "gh:default", Kind.TOKEN, path, _relogin(place, HOST))
    try:
        text = place.host.text(path, MAX_BYTES)
        if text is None:
            yield from [blank._replace(evidence=Evidence.ABSENT)] if place.expected else []
            return
        found = [one for name, login in mapping(text, path, "hosts").items() for one in _host(place, name, login, path)]
    except Unreadable as error:
        yield unread(blank, error)
        return
    yield from found or [blank._replace(evidence=Evidence.ABSENT, problem=Problem.EMPTY)]


def _relogin(place: StorePlace, name: str) -> str:
    """Logs in with a code for a browser anywhere; without these words gh asks three menus first."""
    moved = place.env("GH_CONFIG_DIR")
    prefix = f"GH_CONFIG_DIR={shlex.quote(str(place.host.path(moved)))} " if moved else ""
    return f"{prefix}gh auth login --web --hostname {shlex.quote(name)} --git-protocol https"


def _host(place: StorePlace, name: str, login: Any, path: Path) -> Iterator[Observation]:
    at = "" if name == HOST else name
    blank = place.blank("github", f"gh:{name}", Kind.TOKEN, path, _relogin(place, name))
    if not isinstance(login, Mapping):
        yield unclear(blank, "its host is no mapping")
        return
    active = login.get("user") or ""
    users = login.get("users") or {}
    if not isinstance(active, str) or not isinstance(users, Mapping) or not _NAME.fullmatch("".join([active, *users])):
        yield unclear(blank, "its user is no name")
        return
    for user in dict.fromkeys([*users, *([active] if active else [])]):
        own = users.get(user)
        token = own.get("oauth_token") if isinstance(own, Mapping) else None
        token = token or (login.get("oauth_token") if user == active else None)
        seen = blank._replace(credential=place.who("github", f"gh:{name}/{user}", Kind.TOKEN), use=Use(user == active))
        yield (
            secret(place.host, seen, token, at)
            if token
            else seen._replace(evidence=Evidence.HIDDEN, problem=Problem.KEYCHAIN)
        )
    if not users and not active:
        yield secret(place.host, blank, login.get("oauth_token"), at)
