"""GitHub Copilot in editors: the token in its `apps.json`, or in the older `hosts.json`.

Neither file states an end; the half-hour token that is made from it is never stored. Newer language servers keep the
login in `auth.db`, whose layout is not published: it is shown as opaque.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any, Final

from monitor.host import Host
from monitor.model import Evidence, Finding, Kind, Observation
from monitor.sources.entry import SourceEntry
from monitor.sources.stored import Place, json_store, secret, unclear

STORES: Final = ("apps.json", "hosts.json")


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """One observation a host: its id is `github-copilot:HOST`."""
    place = Place.of(host, entry)
    folder = place.folder("XDG_CONFIG_HOME", "~/.config") / "github-copilot"
    paths = [folder / name for name in STORES if place.host.exists(folder / name)]
    if "path" in entry.options or not paths:
        paths = [place.file(folder / STORES[0])]
    blank = place.blank("github", "github-copilot:default", Kind.TOKEN, paths[0])
    if "path" not in entry.options and place.host.exists(folder / "auth.db"):
        blank = replace(blank, evidence=Evidence.HIDDEN, store=place.outer.show(folder / "auth.db"))
        if not place.host.exists(paths[0]):
            yield blank
            return
    found: dict[str, Finding] = {}
    for path in paths:
        here = replace(blank, store=place.outer.show(path), host_path=str(path), evidence=Evidence.PRESENT)
        for finding in json_store(place, path, here, lambda stored, here=here: _each(place, stored, here)):
            profile = finding.credential.profile if isinstance(finding, Observation) else ""
            found.setdefault(profile, finding)
    yield from _without_echo(found)


def _each(place: Place, stored: Mapping[str, Any], blank: Observation) -> Iterator[Observation]:
    for name, login in stored.items():  # github.com:APPID, or in hosts.json github.com
        who = place.blank("github", f"github-copilot:{name.partition(':')[0]}", Kind.TOKEN, place.host.home).credential
        seen = replace(blank, credential=who)
        if isinstance(login, Mapping):
            yield secret(place.host, seen, login.get("oauth_token"))
        else:
            yield unclear(seen, "the entry is not an object")


def _without_echo(found: Mapping[str, Finding]) -> Iterator[Finding]:
    """That one of two files is empty is no news beside a login in the other."""
    for profile, finding in found.items():
        empty = isinstance(finding, Observation) and finding.evidence is Evidence.ABSENT
        if not (empty and len(found) > 1 and profile.endswith(":default")):
            yield finding
