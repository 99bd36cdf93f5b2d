"""A file of certificates, PEM or DER: what counts is the one that ends first, because a chain breaks with it."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from typing import Final

from alerts.dataclass import replace
from monitor.host import Host
from monitor.model import Finding, Kind, Observation
from monitor.sources.der import validity
from monitor.sources.entry import SourceEntry
from monitor.sources.moment import lifetime, moment
from monitor.sources.one_file import observe_file

_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"
_END: Final = b"-----END CERTIFICATE-----"


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """The certificate of the option `path`; only its dates are read, its signature is not checked."""
    yield from observe_file(host, entry, Kind.CERT, _read)


def _read(host: Host, raw: bytes, blank: Observation) -> Observation:
    found = [(validity(der), der) for der in _certificates(raw)]
    (begins, ends), der = min(found, key=lambda one: one[0][1])
    expires = moment(ends.isoformat())  # the year 9999 means never (RFC 5280 4.1.2.5)
    return replace(
        blank,
        access_expires_at=expires,
        lifetime=lifetime(begins, expires),
        fingerprint=host.fingerprint(der.hex()),
        notes=(f"the first to end of {len(found)} certificates",) if len(found) > 1 else (),
    )


def _certificates(raw: bytes) -> Iterator[bytes]:
    """Every certificate in DER; other PEM blocks, a private key above all, are passed over."""
    if b"-----BEGIN " not in raw:
        yield raw
        return
    _, *blocks = raw.split(_BEGIN)
    if not blocks:
        raise ValueError("PEM without a certificate")
    for block in blocks:
        body, end, _ = block.partition(_END)
        if not end:
            raise ValueError("PEM with a certificate that has no end")
        try:
            yield base64.b64decode(b"".join(body.split()), validate=True)
        except ValueError:
            raise ValueError("PEM with a certificate that is not base64") from None
