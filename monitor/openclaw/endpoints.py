"""Where a provider's requests go: an address in one's own network bills nobody; PURE."""

from __future__ import annotations

import re
from typing import Final

_HOST: Final = re.compile(r"(?:(?:[a-z][a-z0-9+.-]*:)?//)?(?:[^@/?#]*@)?(\[[^\]/]*\]|[^:/?#\[\]]+)", re.IGNORECASE)
_BYTES: Final = re.compile(r"\d{1,3}(?:\.\d{1,3}){3}")
#: Names that no public DNS serves: RFC 6761, 6762, 8375, and what home routers use.
_ENDINGS: Final = (".local", ".lan", ".internal", ".localhost", ".home.arpa", ".home", ".intranet")


def is_private(url: str) -> bool:
    """Whether a URL leads to this machine or into a private network: loopback, RFC 1918, link-local and shared
    (100.64/10) addresses, names such as `gpu.lan`, and names without a dot."""
    found = _HOST.match(url.strip())
    if not found:
        return False
    host = found[1].rstrip(".").lower()
    if host.startswith("["):
        return _private_v6(host[1:-1])
    if _BYTES.fullmatch(host):
        return _private_v4([int(part) for part in host.split(".")])
    return bool(host) and not host.isdigit() and ("." not in host or host.endswith(_ENDINGS))


def _private_v4(parts: list[int]) -> bool:
    first, second, *_ = parts
    return max(parts) < 256 and (
        first in (10, 127)
        or (first, second) in ((192, 168), (169, 254))
        or (first == 172 and 16 <= second < 32)
        or (first == 100 and 64 <= second < 128)
    )


def _private_v6(host: str) -> bool:
    if host.startswith("::ffff:") and _BYTES.fullmatch(host[7:]):
        return _private_v4([int(part) for part in host[7:].split(".")])
    return host == "::1" or bool(re.match(r"f[cd][0-9a-f]{2}:|fe[89ab][0-9a-f]:", host))
