"""npm: the registry tokens in `.npmrc`, which have no expiry date.

A value `${NAME}` is read from the environment, as npm does. If authwatch does not have that variable, the shell that
runs npm may still have it, so the token is opaque, not missing.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from monitor.model import Evidence, Finding, Kind, Observation, Problem, SourceEntry
from monitor.sources.location_variables import LocationValue, LocationVariable
from monitor.sources.store_files import StorePlace, secret, unread
from monitor.system.host import Host, Unreadable

LOGIN: Final = "npm login"
DEFAULT: Final = "registry.npmjs.org"
LOCATIONS: Final = (
    LocationVariable("NPM_CONFIG_USERCONFIG", LocationValue.FILE),
    LocationVariable("npm_config_userconfig", LocationValue.FILE),
)

_LINE: Final = re.compile(r"(?://(?P<registry>[^\s=]+?)/?:)?(?P<name>_authToken|_auth|_password)\s*=\s*(?P<value>.*)")
_VARIABLE: Final = re.compile(r"\$\{([^${}?]{1,256})\??\}")


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """One observation a registry: its id is `npm:HOST`, with the path where the registry has one."""
    place = StorePlace.of(host, entry)
    moved = place.env("NPM_CONFIG_USERCONFIG") or place.env("npm_config_userconfig")
    path = place.file(place.host.path(moved or "~/.npmrc"))
    blank = place.blank("npm", "npm:default", Kind.TOKEN, path, LOGIN)
    try:
        text = place.host.text(path)
        if text is None:
            yield from [blank._replace(evidence=Evidence.ABSENT)] if place.expected else []
            return
        found = _tokens(text)
    except Unreadable as error:
        yield unread(blank, error)
        return
    for registry, (name, value) in found.items():
        yield _token(place, registry, name, value, path)
    if not found:
        yield blank._replace(evidence=Evidence.ABSENT, problem=Problem.EMPTY)


def _tokens(text: str) -> dict[str, tuple[str, str]]:
    """By registry, the last setting of each, as npm takes it; a token wins over a password."""
    found: dict[str, tuple[str, str]] = {}
    for line in text.splitlines():
        if setting := _LINE.fullmatch(line.strip()):
            registry = setting["registry"] or DEFAULT
            if setting["name"] == "_authToken" or found.get(registry, ("",))[0] != "_authToken":
                found[registry] = (setting["name"], setting["value"].strip().strip("\"'"))
    return found


def _token(place: StorePlace, registry: str, name: str, value: str, path: Path) -> Observation:
    relogin = LOGIN if registry == DEFAULT else f"{LOGIN} --registry=https://{registry}/"
    kind = Kind.TOKEN if name == "_authToken" else Kind.API_KEY
    seen = place.blank("npm", f"npm:{registry}", kind, path, relogin)
    named = {variable: place.env(variable) for variable in _VARIABLE.findall(value)}
    if named and place.expected:
        return seen._replace(evidence=Evidence.HIDDEN, notes=("it is in its user's environment",))
    if unset := [variable for variable, given in named.items() if not given]:
        return seen._replace(evidence=Evidence.HIDDEN, notes=(f"the variable {unset[0]} is not set here",))
    value = _VARIABLE.sub(lambda found: named[found[1]], value)
    return secret(place.host, seen, value)
