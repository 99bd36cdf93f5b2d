"""The login of tally, as authwatch sees it."""

from collections.abc import Iterator

from monitor.api import Finding, Host, Kind, LocationVariable, SourceEntry, StorePlace, json_store, tokens

LOCATIONS = (LocationVariable("TALLY_HOME"),)


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """The login in `login.json`, which TALLY_HOME moves."""
    place = StorePlace.of(host, entry)
    path = place.file(place.folder("TALLY_HOME", "~/.tally") / "login.json")
    blank = place.blank("tally", "tally:default", Kind.OAUTH, path, relogin="tally login")
    yield from json_store(place, path, blank, lambda stored: [tokens(place.host, blank, stored)])
