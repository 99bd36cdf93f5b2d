"""GitHub's command line gh: the tokens in its `hosts.yml`, and the accounts whose token is in the keyring.

Since version 2.23.0: an account without a token is in the system's keyring. GH_TOKEN, else GITHUB_TOKEN, takes
precedence over what is stored for github.com and for hosts below ghe.com; GH_ENTERPRISE_TOKEN, else
GITHUB_ENTERPRISE_TOKEN, for every other host (`gh help environment`). No token has an expiry date on disk. Without a
network, `gh auth status` reports a good token as invalid, so authwatch does not run it.
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
from monitor.sources.precedence import Place, line_up
from monitor.sources.store_files import StorePlace, secret, unclear, unread
from monitor.system.host import Host, Unreadable

HOST: Final = "github.com"
CLOUD: Final = ("$GH_TOKEN", "$GITHUB_TOKEN")
ENTERPRISE: Final = ("$GH_ENTERPRISE_TOKEN", "$GITHUB_ENTERPRISE_TOKEN")
STORED: Final = "hosts.yml"
LADDER: Final = (*CLOUD, *ENTERPRISE, STORED)
MAX_BYTES: Final = 64 * 1024  # some 800 accounts, for which PyYAML takes a tenth of a second
LOCATIONS: Final = (LocationVariable("GH_CONFIG_DIR"), LocationVariable("XDG_CONFIG_HOME"))
_NAME: Final = re.compile(r"[\w.-]*", re.ASCII)


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """One observation an account: its id is `gh:HOST/USER`; and the variable that serves instead, as `gh:NAME`."""
    place = StorePlace.of(host, entry)
    moved = place.env("GH_CONFIG_DIR")
    folder = place.host.path(moved) if moved else place.folder("XDG_CONFIG_HOME", "~/.config") / "gh"
    path = place.file(folder / "hosts.yml")
    blank = place.blank("github", "gh:default", Kind.TOKEN, path, _relogin(place, HOST))
    by_host: dict[str, list[Observation]] = {}
    problem: list[Finding] = []
    try:
        text = place.host.text(path, MAX_BYTES)
        if text is not None:
            by_host = {
                name: list(_host(place, name, login, path)) for name, login in mapping(text, path, "hosts").items()
            }
        if text is not None and not any(by_host.values()):
            problem = [blank._replace(evidence=Evidence.ABSENT, problem=Problem.EMPTY)]
        elif text is None and place.expected:
            problem = [blank._replace(evidence=Evidence.ABSENT)]
    except Unreadable as error:
        problem = [unread(blank, error)]
    said: set[str] = set()
    for name in dict.fromkeys([*by_host, *_meant(place)]):
        for one in _line_up(place, name, by_host.get(name, []), path):
            key = one.credential.key if isinstance(one, Observation) else ""
            if key not in said or not key:
                yield one
            said.add(key)
    yield from problem


def _meant(place: StorePlace) -> Iterator[str]:
    """The hosts that the variables are for: github.com, and another where GH_HOST names it."""
    if any(place.env(name[1:]) for name in CLOUD):
        yield HOST
    other = place.env("GH_HOST")
    if other and not _is_cloud(other) and any(place.env(name[1:]) for name in ENTERPRISE):
        yield other


def _is_cloud(name: str) -> bool:
    return name == HOST or name.endswith(".ghe.com")


def _line_up(place: StorePlace, name: str, accounts: list[Observation], path: Path) -> Iterator[Finding]:
    """The accounts of a host behind the variables that come before them; only the active one is ever sent."""
    places: dict[str, Place] = {}
    variables = CLOUD if _is_cloud(name) else ENTERPRISE
    for shown in variables:
        if token := place.env(shown[1:]):
            seen = place.blank("github", f"gh:{shown[1:]}", Kind.TOKEN, path)
            seen = seen._replace(store=shown, host_path="", from_file=False)
            places[shown] = Place((secret(place.host, seen, token, "" if _is_cloud(name) else name),))
    idle = [one for one in accounts if one.use.in_use is False]
    places[STORED] = Place(tuple(one for one in accounts if one not in idle))
    yield from line_up(place.entry.id, "github", (*variables, STORED), places)
    yield from idle


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
