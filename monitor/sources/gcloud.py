"""Google Cloud's application default credentials: a person's login, or the key of a service account.

This file never holds access tokens, so it has no expiry date. The refresh token lasts until it is revoked, the
organisation ends the session, or it has been unused for six months (Google's documentation). google-auth 2.63.0 never
writes to the file, so authwatch cannot see when it was used.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from monitor.model import Evidence, Finding, Kind, Observation, SourceEntry
from monitor.sources.location_variables import LocationValue, LocationVariable
from monitor.sources.store_files import StorePlace, json_store, secret, tokens, unclear
from monitor.system.host import Host

LOGIN: Final = "gcloud auth application-default login"
NAME: Final = "application_default_credentials.json"
IDLE: Final = "Google expires a login that is not used for six months"
LOCATIONS: Final = (
    LocationVariable("CLOUDSDK_CONFIG"),
    LocationVariable("GOOGLE_APPLICATION_CREDENTIALS", LocationValue.FILE),
)


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """The credentials that Google's libraries would take: those of GOOGLE_APPLICATION_CREDENTIALS first."""
    place = StorePlace.of(host, entry)
    named = place.env("GOOGLE_APPLICATION_CREDENTIALS")
    path = place.file(place.host.path(named) if named else place.folder("CLOUDSDK_CONFIG", "~/.config/gcloud") / NAME)
    blank = place.blank("google", "gcloud:adc", Kind.OAUTH, path, "" if named else LOGIN)
    found = list(json_store(place, path, blank, lambda stored: [_read(host, stored, blank)]))
    yield from found or ([blank._replace(evidence=Evidence.ABSENT)] if named else [])


def _read(host: Host, stored: Mapping[str, Any], blank: Observation) -> Observation:
    match stored.get("type"):
        case "authorized_user" | "external_account_authorized_user":
            seen = tokens(host, blank, {"refresh_token": stored.get("refresh_token", "")})
            return seen._replace(notes=(IDLE,)) if seen.refreshable else seen
        case "impersonated_service_account" if isinstance(stored.get("source_credentials"), Mapping):
            return _read(host, stored["source_credentials"], blank)
        case "service_account":
            key = blank._replace(credential=blank.credential._replace(kind=Kind.API_KEY), relogin="")
            return secret(host, key, stored.get("private_key", ""))
        case "external_account":
            return blank._replace(evidence=Evidence.HIDDEN, notes=("another system is asked for each token",))
        case None:
            return blank._replace(evidence=Evidence.ABSENT)
    return unclear(blank, "its type is not known")
