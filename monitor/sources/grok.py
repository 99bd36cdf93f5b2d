"""Grok Build: the sessions and the key in its `auth.json`, and the key that its config gives the default model.

As of version 1.0.41, tested on such homes: the model's own key is sent whenever it is set; next comes the session. A
key (XAI_API_KEY, else the entry `xai::api_key`) is used only if no session is valid, so it is the fallback for an
expired one. A session is named `https://ISSUER::CLIENT`; any command renews its access token (6 hours). Without
`expires_at` it lasts 30 days from `create_time`. A session whose `auth_mode` is external is renewed by a command in the
config, which authwatch never runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final

from monitor.model import Evidence, Finding, Kind, Lineup, Observation, Problem, SourceEntry, Trouble
from monitor.sources.location_variables import LocationVariable
from monitor.sources.precedence import Place, line_up
from monitor.sources.store_files import StorePlace, secret, tokens, unclear, unread
from monitor.sources.timestamps import moment
from monitor.sources.toml import table
from monitor.system.host import Host, Unreadable

LOGIN: Final = "grok login --device-auth"
KEY: Final = "xai::api_key"
VARIABLE: Final = "XAI_API_KEY"
LIFETIME: Final = timedelta(days=30)
MODEL: Final = "the key of the default model in config.toml"
LADDER: Final = (MODEL, "auth.json")
LOCATIONS: Final = (LocationVariable("GROK_HOME"),)

#: More sessions than anybody has; a bound on what a stranger's file can make us say.
MOST: Final = 64


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """One observation a session (`grok:ISSUER`), for `grok:api_key`, and for a model's own key (`grok:model/NAME`)."""
    place = StorePlace.of(host, entry)
    folder = place.folder("GROK_HOME", "~/.grok")
    stored = _stored(place, place.file(folder / "auth.json"))
    own = None
    if "path" not in entry.options:
        try:
            own = _model_key(place, folder / "config.toml")
        except Unreadable as error:
            shown = place.outer.show(error.path)
            yield Trouble(entry.id, error.problem, shown, error.detail, host_path=str(error.path))
    if own:
        yield from line_up(entry.id, "xai", LADDER, {MODEL: Place((own,)), "auth.json": Place(tuple(stored))})
        return
    spare = (VARIABLE,) if place.env(VARIABLE) else ()
    seen = [one for one in stored if not spare or one.evidence is not Evidence.ABSENT]
    yield from seen
    if seen:
        yield Lineup(entry.id, "-", "xai", tuple(one.credential.key for one in seen), spare)


def _stored(place: StorePlace, path: Path) -> list[Observation]:
    """The sessions of the store, the key last."""
    blank = place.blank("xai", "grok:default", Kind.OAUTH, path, LOGIN)
    try:
        stored = place.host.json(path)
        if stored is None and not place.host.exists(path):
            return [blank._replace(evidence=Evidence.ABSENT)] if place.expected else []
        if not isinstance(stored, Mapping):
            raise Unreadable(Problem.PARSE, path, "not a JSON object")
    except Unreadable as error:
        return [unread(blank, error)]
    found: dict[str, Observation] = {}
    for scope, entry in islice(sorted(stored.items(), key=lambda one: one[0] == KEY), MOST):
        issuer = scope.removeprefix("https://").partition("::")[0]
        name = "api_key" if scope == KEY else issuer if f"grok:{issuer}" not in found else scope
        kind = Kind.API_KEY if scope == KEY else Kind.OAUTH
        seen = blank._replace(credential=place.who("xai", f"grok:{name}", kind))
        found[f"grok:{name}"] = _session(place.host, seen, entry)
    return [*found.values()] or [blank._replace(evidence=Evidence.ABSENT)]


def _session(host: Host, blank: Observation, entry: Any) -> Observation:
    if not isinstance(entry, Mapping):
        return unclear(blank, "the entry is not an object")
    if blank.credential.kind is Kind.API_KEY:
        return secret(host, blank._replace(relogin=""), entry.get("key"))
    seen = tokens(host, blank, entry, "key")
    if seen.evidence is not Evidence.PRESENT or seen.problem:
        return seen
    if entry.get("auth_mode") == "external":
        seen = seen._replace(refreshable=True, notes=("a command of the config renews it",))
    if seen.access_expires_at is None:
        try:
            created = moment(entry.get("create_time"))
        except ValueError:
            return unclear(blank, "create_time is no moment")
        seen = seen._replace(access_expires_at=created + LIFETIME if created else None)
    return seen


def _model_key(place: StorePlace, path: Path) -> Observation | None:
    """The key that the config gives to the default model; one in a variable counts where it is set here."""
    config = table(place.host, path) or {}
    name = _table(config, "models").get("default")
    model = _table(_table(config, "model"), name) if isinstance(name, str) else {}
    written, variables = model.get("api_key"), model.get("env_key")
    names = [variables] if isinstance(variables, str) else variables if isinstance(variables, list) else []
    held = (place.env(one) for one in names[:MOST] if isinstance(one, str))
    key = written if isinstance(written, str) and written.strip() else next(filter(None, held), None)
    if not key:
        return None
    blank = place.blank("xai", f"grok:model/{name}", Kind.API_KEY, path)
    return secret(place.host, blank, key, str(model.get("base_url") or ""))


def _table(config: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = config.get(name)
    return found if isinstance(found, Mapping) else {}
