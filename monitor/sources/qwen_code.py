"""Qwen Code: its login in `.qwen/oauth_creds.json`.

Facts by version 0.24.4: `expiry_date` is in milliseconds and may be absent. Qwen ended its free tier for such logins on
2026-04-15, so that a healthy file may be of no use.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

from monitor.model import Finding, Kind, SourceEntry
from monitor.sources.location_variables import LocationVariable
from monitor.sources.store_files import StorePlace, json_store, tokens
from monitor.system.host import Host

#: Menus for what came after such logins: a Coding Plan, or an API key.
LOGIN: Final = "qwen auth"
LOCATIONS: Final = (LocationVariable("QWEN_HOME"),)
ENDED: Final = "Qwen ended the free tier for such logins on 15 Apr 2026"


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """The login."""
    place = StorePlace.of(host, entry)
    path = place.file(place.folder("QWEN_HOME", "~/.qwen") / "oauth_creds.json")
    blank = place.blank("qwen", "qwen-code:oauth", Kind.OAUTH, path, LOGIN)
    noted = blank._replace(notes=(ENDED,))
    yield from json_store(place, path, blank, lambda stored: [tokens(place.host, noted, stored, expires="expiry_date")])
