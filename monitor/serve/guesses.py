"""How often somebody may be wrong about the password."""

from __future__ import annotations

import ipaddress
import math
import threading
import time
from collections.abc import Callable
from typing import Final

FREE: Final = 10  # wrong words in a row
EVERY: Final = 6.0  # seconds until another one is free
REMEMBERED: Final = 4096  # addresses


class Guesses:
    """Counts wrong passwords by address (an IPv6 one by its /64, which one machine has all of).

    Behind a reverse proxy all come from one address: there a burst of wrong words holds up the right ones too, for
    seconds. `steady` is a monotonic clock in seconds.
    """

    def __init__(self, steady: Callable[[], float] = time.monotonic) -> None:
        self._steady = steady
        self._lock = threading.Lock()
        self._paid_until: dict[str, float] = {}  # each wrong word costs EVERY seconds, paid off by waiting

    def wait(self, address: str) -> int:
        """Seconds until this address may try again; 0: now."""
        with self._lock:
            debt = self._paid_until.get(_group(address), 0.0) - self._steady()
        return max(0, math.ceil(debt - (FREE - 1) * EVERY))

    def wrong(self, address: str) -> None:
        """Somebody there was wrong."""
        with self._lock:
            now = self._steady()
            if len(self._paid_until) >= REMEMBERED:
                self._paid_until = {who: until for who, until in self._paid_until.items() if until > now}
            if len(self._paid_until) < REMEMBERED:
                who = _group(address)
                self._paid_until[who] = max(now, self._paid_until.get(who, 0.0)) + EVERY


def _group(address: str) -> str:
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    if found.version == 4:
        return str(found)
    mapped = found.ipv4_mapped
    return str(mapped) if mapped else str(ipaddress.ip_network((found, 64), strict=False))
