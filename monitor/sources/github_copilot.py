"""GitHub Copilot in editors: the token in its `apps.json`, or in the older `hosts.json`.

Neither file has an expiry date. The half-hour token made from it is never stored. Newer language servers keep the login
in `auth.db`, whose format is not published, so it is shown as opaque. As of language server 1.539.0: GH_COPILOT_TOKEN
(unless it contains an equals sign), else GITHUB_COPILOT_TOKEN, is used, whatever is stored for any host.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

from monitor.model import Evidence, Finding, Kind, Observation, SourceEntry
from monitor.sources.location_variables import LocationVariable
from monitor.sources.precedence import Place, line_up
from monitor.sources.store_files import StorePlace, json_store, secret, unclear
from monitor.system.host import Host

STORES: Final = ("apps.json", "hosts.json")
DATABASE: Final = "auth.db"
LADDER: Final = ("$GH_COPILOT_TOKEN", "$GITHUB_COPILOT_TOKEN", *STORES, DATABASE)
LOCATIONS: Final = (LocationVariable("XDG_CONFIG_HOME"),)


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """One observation a host: its id is `github-copilot:HOST`; and a variable that serves, as `github-copilot:NAME`."""
    place = StorePlace.of(host, entry)
    places: dict[str, Place] = {}
    for shown in LADDER[:2]:
        token = place.env(shown[1:])
        if token and not (shown == LADDER[0] and "=" in token):
            seen = place.blank("github", f"github-copilot:{shown[1:]}", Kind.TOKEN, place.host.home)
            seen = seen._replace(store=shown, host_path="", from_file=False)
            places[shown] = Place((secret(place.host, seen, token),))
    stored = list(_stored(place))
    if not places:
        yield from stored
        return
    held = [one for one in stored if isinstance(one, Observation)]
    for name in STORES:
        places[name] = Place(tuple(one for one in held if one.store.endswith(name)))
    places[DATABASE] = Place(tuple(one for one in held if one.store.endswith(DATABASE)))
    yield from line_up(entry.id, "github", LADDER, places)


def _stored(place: StorePlace) -> Iterator[Finding]:
    folder = place.folder("XDG_CONFIG_HOME", "~/.config") / "github-copilot"
    paths = [path for name in STORES if place.host.exists(path := folder / name)]
    if "path" in place.entry.options:
        paths = [place.file(folder)]
    elif not paths and place.host.exists(folder / DATABASE):
        hidden = place.blank("github", "github-copilot:default", Kind.TOKEN, folder / DATABASE)
        yield hidden._replace(evidence=Evidence.HIDDEN)
        return
    found: dict[str, Finding] = {}
    for path in paths or [folder / STORES[0]]:
        for finding in _store(place, path):
            profile = finding.credential.profile if isinstance(finding, Observation) else ""
            found.setdefault(profile, finding)
    yield from _without_echo(found)


def _store(place: StorePlace, path: Path) -> Iterator[Finding]:
    blank = place.blank("github", "github-copilot:default", Kind.TOKEN, path)
    yield from json_store(place, path, blank, lambda stored: _each(place, stored, path))


def _each(place: StorePlace, stored: Mapping[str, Any], path: Path) -> Iterator[Observation]:
    for name, login in stored.items():  # github.com:APPID, or in hosts.json github.com
        where = name.partition(":")[0]
        seen = place.blank("github", f"github-copilot:{where}", Kind.TOKEN, path)
        if isinstance(login, Mapping):
            yield secret(place.host, seen, login.get("oauth_token"), "" if where == "github.com" else where)
        else:
            yield unclear(seen, "the entry is not an object")


def _without_echo(found: Mapping[str, Finding]) -> Iterator[Finding]:
    """That one of two files is empty is no news beside a login in the other."""
    for profile, finding in found.items():
        empty = isinstance(finding, Observation) and finding.evidence is Evidence.ABSENT
        if not (empty and len(found) > 1 and profile.endswith(":default")):
            yield finding
