"""Hermes: its `auth.json`, with a login for each provider and a pool of further logins to rotate through, and the keys
in its `.env`, which belong to the pools.

As of version 0.19.0 (agent/credential_pool.py): Hermes stores its own verdict in the pool. `dead` means rejected: no
refresh fixes that, whatever tokens are stored. `exhausted` depends on `last_error_code`: 401 is rejected, 402 is out of
credit, anything else is a rate limit until `last_error_reset_at` or, without one, for an hour from `last_status_at`.
Hermes skips a login that is dead or in cooldown and takes the next one by `priority`. Each profile has its own folder
in `profiles`; a profile without a provider uses the root's. Refresh tokens are single-use, so a cloned profile logs the
others out.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Any, Final

from monitor.model import Evidence, Finding, Kind, Lineup, Observation, SourceEntry, Trouble
from monitor.sources import mcp_hermes
from monitor.sources.hermes_keys import ProviderChoice, choice, keys, variables
from monitor.sources.hermes_pool import LOGIN, Home, key, logins
from monitor.sources.location_variables import LocationVariable
from monitor.sources.store_files import StorePlace, json_store
from monitor.system.host import Host, Unreadable

#: A profile's folder lies in that of the root, whose logins it falls back on.
LOCATIONS: Final = (LocationVariable("HERMES_HOME", anywhere=True),)

#: Where the credential of the provider that is chosen may come from.
ORDER: Final = ("the members of its pool by priority, including the keys in `.env`", "in a profile: the root's")

#: More profiles than anybody has; a bound on what a stranger's folder can make us read.
MOST: Final = 64


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """`hermes:PROVIDER` for a provider's login, `hermes:PROVIDER/ID` for one of the pool, `hermes:PROVIDER/VARIABLE`
    for a key of its `.env`; what lies in a profile's folder begins with `hermes@PROFILE:`."""
    place = StorePlace.of(host, entry)
    folder = place.folder("HERMES_HOME", "~/.hermes")
    alone = "path" in entry.options
    root = Home(folder, place.file(folder / "auth.json"), "hermes", alone)
    if folder.parent.name == "profiles" and not alone:
        yield from mcp_hermes.observe(place, folder)
        own, above = list(_home(place, root)), folder.parent.parent
        yield from _behind(own, _home(place, Home(above, above / "auth.json", "hermes", alone)))
        return
    found = list(_home(place, root))
    clones = [] if alone else [one for one in place.host.names(folder / "profiles") if not one.startswith(".")][:MOST]
    for name in clones:
        within = folder / "profiles" / name
        mine = _home(place, Home(within, within / "auth.json", f"hermes@{name}", alone))
        found += [one for one in mine if not (isinstance(one, Observation) and one.evidence is Evidence.ABSENT)]
    others = any(isinstance(one, Observation) and one.evidence is not Evidence.ABSENT for one in found)
    yield from (one for one in found if not (others and _nothing(one)))
    yield from mcp_hermes.observe(place, folder)


def _nothing(finding: Finding) -> bool:
    return isinstance(finding, Observation) and finding.credential.profile == "hermes:default" and not finding.problem


def _behind(own: list[Finding], root: Iterable[Finding]) -> Iterator[Finding]:
    """What a profile has, and of the root's what the profile lacks."""
    held = [one for one in own if isinstance(one, Observation) and one.evidence is not Evidence.ABSENT]
    providers = {one.credential.provider for one in held}
    lacking = [one for one in root if (one.provider if isinstance(one, Lineup) else _provider(one)) not in providers]
    there = held or any(isinstance(one, Observation) and one.evidence is not Evidence.ABSENT for one in lacking)
    seen: set[str] = set()
    for one in (*own, *lacking):
        if isinstance(one, Observation):
            if one.credential.key in seen or (there and _nothing(one)):
                continue
            seen.add(one.credential.key)
        yield one


def _provider(finding: Finding) -> str:
    return finding.credential.provider if isinstance(finding, Observation) else ""


def _home(place: StorePlace, home: Home) -> Iterator[Finding]:
    """What one folder holds, and a line-up for each provider's pool."""
    chosen = ProviderChoice()
    named: Mapping[str, tuple[str, str]] = {}
    try:
        named = {} if home.alone else keys(place.host, home.folder / ".env")
    except Unreadable as error:
        yield _unread(place, error)
    try:
        chosen = ProviderChoice() if home.alone else choice(place.host, home.folder / "config.yaml")
    except Unreadable as error:
        yield _unread(place, error)
    stored: Mapping[str, Any] = {}

    def read(found: Mapping[str, Any]) -> Iterator[Observation]:
        nonlocal stored
        stored = found
        return logins(place, home, found, named)

    blank = place.blank("hermes", f"{home.prefix}:default", Kind.OAUTH, home.store, LOGIN)
    seen = [one for one in json_store(place, home.store, blank, read) if isinstance(one, Observation)]
    listed = {one.credential.profile for one in seen}
    beside = [key(place, home, name, *value) for name, value in named.items()]
    seen += [one for one in beside if one.credential.profile not in listed]
    held = [one for one in seen if one.evidence is not Evidence.ABSENT]
    missing = _missing(place, home, stored, held, chosen)
    yield from (_chosen(one, chosen) for one in held)
    yield from missing or ([] if held else seen[:1])
    pools: dict[str, list[str]] = defaultdict(list)
    for one in held:
        pools[one.credential.provider].append(one.credential.key)
    for provider, members in pools.items():
        used = not chosen.provider or provider in chosen.named
        yield Lineup(place.entry.id, "-", provider, tuple(members), in_use=used)


def _unread(place: StorePlace, error: Unreadable) -> Trouble:
    shown = place.outer.show(error.path)
    return Trouble(place.entry.id, error.problem, shown, error.detail, host_path=str(error.path))


def _chosen(seen: Observation, chosen: ProviderChoice) -> Observation:
    """With the word of the config that another provider serves."""
    if not chosen.provider or seen.credential.provider in chosen.named:
        return seen
    why = f"config.yaml chooses {chosen.provider}"
    return seen._replace(use=seen.use._replace(in_use=False, why_not=why))


def _missing(
    place: StorePlace, home: Home, stored: Mapping[str, Any], held: Iterable[Observation], chosen: ProviderChoice
) -> list[Observation]:
    """The login of the provider that is chosen, where its pool was emptied and nothing else is there to use."""
    provider, pool = chosen.provider, stored.get("credential_pool")
    emptied = isinstance(pool, Mapping) and pool.get(provider) == []
    if not provider or not emptied or any(one.credential.provider == provider for one in held):
        return []
    borrowed = provider == "anthropic" and place.host.exists(place.host.path("~/.claude/.credentials.json"))
    if borrowed or any(place.env(name) for name in variables(provider)):
        return []
    blank = place.blank(provider, f"{home.prefix}:{provider}", Kind.OAUTH, home.store, LOGIN)
    why = f"config.yaml chooses {provider}, whose pool is empty"
    return [blank._replace(evidence=Evidence.ABSENT, notes=(why,))]
