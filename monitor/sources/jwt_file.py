"""A file that holds a single JWT. The claim `exp` is its expiry; its lifetime begins at `iat`."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.model import Evidence, Finding, Kind, Observation, Problem, SourceEntry
from monitor.sources.jwt import dates
from monitor.sources.store_files import observe_file
from monitor.system.host import Host


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """The token of the option `path`; a JWT without `exp` states no end."""
    yield from observe_file(host, entry, Kind.TOKEN, _read)


def _read(host: Host, raw: bytes, blank: Observation) -> Observation:
    try:
        token = raw.decode("ascii").strip()
    except UnicodeDecodeError:
        raise ValueError("not a JWT: not ASCII text") from None
    seen = blank._replace(fingerprint=host.fingerprint(token))
    if token.count(".") == 4:  # RFC 7516: the claims of a JWE are encrypted
        return seen._replace(evidence=Evidence.HIDDEN, problem=Problem.ENCRYPTED)
    expires, lifetime = dates(token)
    return seen._replace(access_expires_at=expires, lifetime=lifetime)
