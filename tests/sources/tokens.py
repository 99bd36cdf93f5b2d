"""JWTs and certificates for tests, with whatever claims and dates are asked for."""

import base64
import json
from datetime import datetime
from typing import Any


def jwt(**claims: Any) -> str:
    """An unsigned JWT; a claim may be anything that JSON can say."""
    return raw_jwt(json.dumps(claims).encode())


def raw_jwt(payload: bytes) -> str:
    parts = (b'{"alg":"RS256"}', payload, b"FAKESECRET signature")
    return ".".join(base64.urlsafe_b64encode(part).rstrip(b"=").decode() for part in parts)


def tlv(tag: int, value: bytes) -> bytes:
    """One DER element."""
    size = len(value)
    if size < 0x80:
        return bytes((tag, size)) + value
    digits = size.to_bytes((size.bit_length() + 7) // 8, "big")
    return bytes((tag, 0x80 + len(digits))) + digits + value


def certificate(begins: bytes, ends: bytes, *, version: bool = True, rest: bytes = b"") -> bytes:
    """The outline of a certificate: 13 bytes of a date become UTCTime, 15 GeneralizedTime."""
    times = b"".join(tlv(0x17 if len(text) == 13 else 0x18, text) for text in (begins, ends))
    head = tlv(0xA0, tlv(0x02, b"\x02")) if version else b""
    inner = head + tlv(0x02, b"\x01") + tlv(0x30, b"") + tlv(0x30, b"name") + tlv(0x30, times) + rest
    return tlv(0x30, tlv(0x30, inner) + tlv(0x30, b"") + tlv(0x03, b"\x00broken"))


def pem(der: bytes, label: str = "CERTIFICATE") -> bytes:
    return f"-----BEGIN {label}-----\n{base64.encodebytes(der).decode()}-----END {label}-----\n".encode()


def utc(at: datetime) -> bytes:
    return f"{at:%y%m%d%H%M%S}Z".encode()
