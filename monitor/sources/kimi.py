"""Kimi: the logins of kimi-code and of the older kimi-cli, a file each.

Facts by kimi-code 2.1.0 and kimi-cli 1.52.0: `expires_at` is in seconds, an integer in the one and a float in the
other, and 0 means that it is not known.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Final

from monitor.model import Finding, Kind, SourceEntry
from monitor.sources.location_variables import LocationVariable
from monitor.sources.store_files import StorePlace, json_store, tokens
from monitor.system.host import Host

LOGIN: Final = "kimi login"
LOCATIONS: Final = (LocationVariable("KIMI_CODE_HOME"), LocationVariable("KIMI_SHARE_DIR"))

#: More logins than anybody has; a bound on what a stranger's folder can make us read.
MOST: Final = 64


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """One observation a file `NAME.json`; where both programs have the name, kimi-code's counts."""
    place = StorePlace.of(host, entry)
    files: dict[str, Path] = {}
    if "path" in entry.options:
        path = place.file(Path())
        files[path.stem] = path
    else:
        for moved_by, default in (("KIMI_CODE_HOME", "~/.kimi-code"), ("KIMI_SHARE_DIR", "~/.kimi")):
            folder = place.folder(moved_by, default) / "credentials"
            for name in place.host.names(folder)[:MOST]:
                if name.endswith(".json") and not name.startswith("."):
                    files.setdefault(name.removesuffix(".json"), folder / name)
        if place.expected and not files:
            files["kimi-code"] = place.host.path("~/.kimi-code/credentials/kimi-code.json")
    for name, path in files.items():
        yield from _login(place, name, path)


def _login(place: StorePlace, name: str, path: Path) -> Iterator[Finding]:
    blank = place.blank("kimi", f"kimi:{name}", Kind.OAUTH, path, LOGIN)
    yield from json_store(place, path, blank, lambda stored: [tokens(place.host, blank, stored)])
