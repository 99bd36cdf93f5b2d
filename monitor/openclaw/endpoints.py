"""Where a provider's requests go: an address in one's own network bills nobody; PURE."""

from __future__ import annotations

import re
from typing import Final

_HOST: Final = re.compile(r"(?:(?:[a-z][a-z0-9+.-]*:)?//)?(?:[^@/?#]*@)?(\[[^\]/]*\]|[^:/?#\[\]]+)", re.IGNORECASE)
#: Loopback, RFC 1918, 3927, 6598, 4193 and 4291; not all that `is_private` has, such as addresses for documentation.
_NETWORKS: Final = (
    *("127.0.0.0/8", "10.0.0.0/8", "172.16.0.0/12", "192.168.0.0/16", "169.254.0.0/16", "100.64.0.0/10"),
    *("::1/128", "fc00::/7", "fe80::/10"),
)
#: Names that no public DNS serves: RFC 6761, 6762, 8375, and what home routers use.
_ENDINGS: Final = (".local", ".lan", ".internal", ".localhost", ".home.arpa", ".home", ".intranet")


def is_private(url: str) -> bool:
    """Whether a URL leads to this machine or into a private network: loopback, RFC 1918, link-local and shared
    (100.64/10) addresses, names such as `gpu.lan`, and names without a dot."""
    from ipaddress import IPv6Address, ip_address, ip_network  # few installations name an endpoint of their own

    found = _HOST.match(url.strip())
    if not found:
        return False
    host = found[1].rstrip(".").lower()
    try:
        address = ip_address(host.strip("[]"))
    except ValueError:
        return bool(host) and not host.isdigit() and ("." not in host or host.endswith(_ENDINGS))
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return any((mapped or address) in ip_network(one) for one in _NETWORKS)
