"""The login of tally, as authwatch sees it."""

from collections.abc import Iterator

from monitor.model import Finding, Kind, SourceEntry
from monitor.sources.location_variables import LocationVariable
from monitor.sources.store_files import StorePlace, json_store, tokens
from monitor.system.host import Host

LOCATIONS = (LocationVariable("TALLY_HOME"),)


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """The login in `login.json`, which TALLY_HOME moves."""
    place = StorePlace.of(host, entry)
    path = place.file(place.folder("TALLY_HOME", "~/.tally") / "login.json")
    blank = place.blank("tally", "tally:default", Kind.OAUTH, path, relogin="tally login")
    yield from json_store(place, path, blank, lambda stored: [tokens(place.host, blank, stored)])
