"""The variables that choose where a source looks: what each one declares, what is set, through which a login was found.

A source declares its own as `LOCATIONS`, a tuple in its module. Only places and names of profiles belong there, never a
variable that holds a key: what is declared is written into units and crontabs, and shown to people.
"""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Mapping
from enum import StrEnum
from importlib import import_module
from pathlib import Path
from typing import NamedTuple

from monitor.model import Finding, Location, Observation, SourceEntry
from monitor.sources import SOURCES, guest
from monitor.system.host import Host, printable


class LocationValue(StrEnum):
    """What a location variable holds."""

    FOLDER = "folder"
    FILE = "file"
    FOLDERS = "folders"  # with colons between them
    NAME = "name"  # of a profile, or of a way to store


class LocationVariable(NamedTuple):
    """One variable that a program takes to find its files.

    `base` is the variable that stands for the home in it, `void` are values that the program takes for none. A name
    leads to `folder` with the name behind. `anywhere`: what lies there can name any other place (a config with folders
    of agents), so that every login of the source hangs on it; otherwise only what lies beneath it does.
    """

    name: str
    value: LocationValue = LocationValue.FOLDER
    base: LocationVariable | None = None
    void: tuple[str, ...] = ()
    folder: str = ""
    anywhere: bool = False


#: By source id, for each configured source that asks this environment: what is set, places expanded.
InForce = Mapping[str, tuple[Location, ...]]


def declared(kind: str) -> tuple[LocationVariable, ...]:
    """What a type of source declares; a guest only once it is loaded, which is done on its leash."""
    row = SOURCES.get(kind)
    module = import_module(row.module) if row else sys.modules.get(getattr(guest(kind), "module", ""))
    found = getattr(module, "LOCATIONS", ())
    return tuple(one for one in found if isinstance(one, LocationVariable)) if isinstance(found, tuple) else ()


def in_force(host: Host, entries: Iterable[SourceEntry]) -> InForce:
    """The location variables of the entries that are set, by source id; an entry with `home` or `path` is left out."""
    return {entry.id: tuple(one for _, one in _set(host, entry)) for entry in entries if _asks(entry)}


def exported(host: Host, entries: Iterable[SourceEntry]) -> dict[str, str]:
    """The same by name, as another process of this user needs them to look in the same places: paths are absolute."""
    found: dict[str, str] = {}
    for entry in entries:
        for variable, one in _set(host, entry):
            found[variable.name] = _text(host, variable.name) if variable.value is LocationValue.NAME else one.path
    return found


def located(host: Host, entries: Iterable[SourceEntry], findings: Iterable[Finding]) -> Iterator[Finding]:
    """The findings, each login with the variables on which it hangs that it was found where it lies."""
    every = {entry.id: pairs for entry in entries if (pairs := _set(host, entry))}
    for finding in findings:
        pairs = every.get(finding.credential.source, []) if isinstance(finding, Observation) else []
        if pairs and isinstance(finding, Observation) and finding.from_file and finding.host_path:
            through = tuple(one for variable, one in pairs if _leads(variable, one, finding.host_path))
            yield finding._replace(through=through) if through else finding
        else:
            yield finding


def _leads(variable: LocationVariable, location: Location, path: str) -> bool:
    """Whether it hangs on a variable that what lies at `path` was found."""
    if variable.anywhere:
        return True
    if variable.value is LocationValue.FILE:  # a program may keep more beside it
        return path.rpartition("/")[0] == location.path.rpartition("/")[0]
    return location.holds(path)


def _asks(entry: SourceEntry) -> bool:
    """Whether an entry asks this environment: with `home` or `path` it is another's."""
    return not ("home" in entry.options or "path" in entry.options)


def _set(host: Host, entry: SourceEntry) -> list[tuple[LocationVariable, Location]]:
    """What is set of what an entry asks for; one that was found beside the listed one hangs on the home alone."""
    asked = declared(entry.type) if _asks(entry) else ()
    if "profile" in entry.options:
        asked = tuple(dict.fromkeys(one.base for one in asked if one.base))
    pairs = ((variable, _location(host, variable)) for variable in asked)
    return [(variable, one) for variable, one in pairs if one]


def _location(host: Host, variable: LocationVariable) -> Location | None:
    """What a variable says; None where it is unset, blank or void."""
    text = _text(host, variable.name)
    if not text or text in variable.void or (variable.folder and "/" in text):
        return None
    base = _location(host, variable.base) if variable.base else None
    home = Path(base.path) if base else host.home
    if variable.value is LocationValue.NAME:
        folder = str(home / f"{variable.folder}{text}") if variable.folder else ""
        return Location(variable.name, printable(text), folder)
    parts = text.split(":") if variable.value is LocationValue.FOLDERS else [text]
    paths = [_expanded(part.strip(), home) for part in parts if part.strip()]
    return Location(variable.name, ":".join(map(host.show, paths)), ":".join(map(str, paths)))


def _text(host: Host, name: str) -> str:
    return (host.env(name) or "").strip()


def _expanded(text: str, home: Path) -> Path:
    return home / text[2:] if text == "~" or text.startswith("~/") else home / text
