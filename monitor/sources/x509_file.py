"""A file of certificates, PEM or DER. The one that expires first counts, because the chain is then broken.

authwatch finds the dates (RFC 5280) in the first tags of each certificate by itself: pyasn1 needs a second package for
certificates and decodes the whole of an untrusted file, `ssl` shows the dates of a peer only, and `cryptography` needs
Rust.
"""

from __future__ import annotations

import base64
import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Final

from monitor.model import Finding, Kind, Observation, SourceEntry
from monitor.sources.store_files import observe_file
from monitor.sources.timestamps import lifetime, moment
from monitor.system.host import Host

INTEGER, UTC_TIME, GENERALIZED_TIME, SEQUENCE, VERSION = 0x02, 0x17, 0x18, 0x30, 0xA0

#: UTCTime has two digits of the year, GeneralizedTime four; DER wants seconds and Z.
_TIMES: Final = {UTC_TIME: re.compile(rb"\d{12}Z"), GENERALIZED_TIME: re.compile(rb"\d{14}Z")}


def validity(der: bytes) -> tuple[datetime, datetime]:
    """notBefore and notAfter of one certificate; ValueError for what is none. Nothing behind them is looked at."""
    whole, end = _open(der, 0, len(der), SEQUENCE)
    if end != len(der):
        raise ValueError("not a certificate: something follows its end")
    at, end = _open(der, whole, end, SEQUENCE)
    if der[at : at + 1] == bytes((VERSION,)):
        at = _open(der, at, end, VERSION)[1]
    for tag in (INTEGER, SEQUENCE, SEQUENCE):  # serial number, algorithm, issuer
        at = _open(der, at, end, tag)[1]
    at, end = _open(der, at, end, SEQUENCE)
    begins, at = _time(der, at, end)
    return begins, _time(der, at, end)[0]


def _open(der: bytes, at: int, end: int, *tags: int) -> tuple[int, int]:
    """Where the value of the element at `at` begins and ends; it has one of the tags and ends by `end`."""
    if end - at < 2:
        raise ValueError("not a certificate: it is cut short")
    if der[at] not in tags:
        raise ValueError("not a certificate: an element is not where it belongs")
    start, length = at + 2, der[at + 1]
    if length >= 0x80:
        size = length - 0x80
        digits = der[start : start + size]
        length = int.from_bytes(digits, "big")
        if not 1 <= size <= 4 or len(digits) < size or digits[0] == 0 or length < 0x80:
            raise ValueError("not a certificate: a length is not written as DER wants")
        start += size
    if start + length > end:
        raise ValueError("not a certificate: it is cut short")
    return start, start + length


def _time(der: bytes, at: int, end: int) -> tuple[datetime, int]:
    """The moment at `at` and where it ends. RFC 5280 4.1.2.5.1: two digits from 50 on mean the last century."""
    start, stop = _open(der, at, end, *_TIMES)
    text = der[start:stop]
    if not _TIMES[der[at]].fullmatch(text):
        raise ValueError("not a certificate: a date is not written as DER wants")
    digits = text[:-1].decode()
    if der[at] == UTC_TIME:
        digits = ("19" if digits >= "50" else "20") + digits
    try:
        return datetime.strptime(digits, "%Y%m%d%H%M%S").replace(tzinfo=UTC), stop
    except ValueError:
        raise ValueError("not a certificate: a date is not in the calendar") from None


_BEGIN: Final = b"-----BEGIN CERTIFICATE-----"
_END: Final = b"-----END CERTIFICATE-----"


def observe(host: Host, entry: SourceEntry) -> Iterator[Finding]:
    """The certificate of the option `path`; only its dates are read, its signature is not checked."""
    yield from observe_file(host, entry, Kind.CERT, _read)


def _read(host: Host, raw: bytes, blank: Observation) -> Observation:
    found = [(validity(der), der) for der in _certificates(raw)]
    (begins, ends), der = min(found, key=lambda one: one[0][1])
    expires = moment(ends.isoformat())  # the year 9999 means never (RFC 5280 4.1.2.5)
    return blank._replace(
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
