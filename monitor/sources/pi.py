"""Pi, the coding agent: the logins and keys in its `auth.json`, one for each provider.

As of version 1.6.0 (from its source): a stored credential comes first; a variable is used only for a provider that has
none. `expires` is in milliseconds, and an OAuth login is renewed when it is used. A `key` is a text that may contain
`$NAME` or `${NAME}` (`$$` and `$!` stand for a plain `$` and `!`), or `!COMMAND`, which authwatch never runs; 0.74 also
accepted a bare NAME. If PI_CODING_AGENT_DIR names an agent's folder of OpenClaw, its logins are OpenClaw's.
"""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator, Mapping
from itertools import islice
from pathlib import Path
from typing import Any, Final

from monitor.model import Evidence, Finding, Kind, Observation, SourceEntry
from monitor.sources.location_variables import LocationVariable
from monitor.sources.store_files import StorePlace, json_store, printable, secret, tokens, unclear
from monitor.system.host import Host

#: Without a provider it offers a menu of them.
LOGIN: Final = "pi auth login"
LOCATIONS: Final = (LocationVariable("PI_CODING_AGENT_DIR"),)

#: More providers than there are; a bound on what a stranger's file can make us say.
MOST: Final = 256

_REFERENCE: Final = re.compile(r"\$(?:([$!])|([A-Za-z_]\w*)|\{([A-Za-z_]\w*)\})", re.ASCII)
_BARE: Final = re.compile(r"[A-Z][A-Z0-9]*(?:_[A-Z0-9]+)+", re.ASCII)


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """Every provider of the store: its id is `pi:PROVIDER`."""
    place = StorePlace.of(host, entry)
    folder = place.folder("PI_CODING_AGENT_DIR", "~/.pi/agent")
    path = place.file(folder / "auth.json")
    if place.env("PI_CODING_AGENT_DIR") and _of_openclaw(place.host, folder):
        return
    blank = place.blank("pi", "pi:default", Kind.OAUTH, path, LOGIN)
    yield from json_store(place, path, blank, lambda stored: _each(place, stored, blank))


def _of_openclaw(host: Host, folder: Path) -> bool:
    named = folder.name == "agent" and folder.parent.parent.name == "agents"
    return named or host.exists(folder / "auth-profiles.json")


def _each(place: StorePlace, stored: Mapping[str, Any], blank: Observation) -> Iterator[Observation]:
    for provider, login in islice(stored.items(), MOST):
        what = login.get("type") if isinstance(login, Mapping) else None
        kind = Kind.API_KEY if what == "api_key" else Kind.OAUTH
        relogin = LOGIN if provider.startswith("-") else f"{LOGIN} {shlex.quote(printable(provider))}"
        seen = blank._replace(credential=place.who(provider, f"pi:{provider}", kind), relogin=relogin)
        if what == "oauth":
            yield tokens(place.host, seen, login, "access", "refresh", "expires")
        elif what == "api_key":
            yield _key(place, seen, login)
        else:
            yield unclear(seen, "its type is not known")


def _key(place: StorePlace, blank: Observation, login: Mapping[str, Any]) -> Observation:
    """A key as it is written or as the environment fills it in; hidden where only Pi can tell."""
    written = login.get("key")
    if written is None:
        return blank._replace(evidence=Evidence.HIDDEN, notes=("its key comes from the environment of Pi",))
    if not isinstance(written, str):
        return secret(place.host, blank, written)
    if written.startswith("!"):
        who = blank.credential._replace(kind=Kind.EXEC)
        return blank._replace(credential=who, evidence=Evidence.HIDDEN, notes=("its key comes from a command",))
    own = login.get("env")
    text = f"${written}" if _BARE.fullmatch(written) else written
    names = [name for _, one, other in _REFERENCE.findall(text) if (name := one or other)]
    held = {name: _variable(place, name, own) for name in names}
    if missing := next((name for name, value in held.items() if not value), None):
        return blank._replace(
            evidence=Evidence.HIDDEN, notes=(f"its key comes from ${missing}, which is not set here",)
        )
    return secret(place.host, blank, _REFERENCE.sub(lambda found: found[1] or held[found[2] or found[3]], text))


def _variable(place: StorePlace, name: str, own: Any) -> str:
    value = own.get(name) if isinstance(own, Mapping) else None
    return value if isinstance(value, str) and value else place.env(name)
