"""Who may read the daemon: where it listens, by which name, with which password, after how many wrong ones."""

from __future__ import annotations

import base64
import binascii
import hashlib
import hmac
import ipaddress
import math
import threading
import time
from collections.abc import Callable
from typing import Final

from monitor.config.settings import WebSettings

LOCAL_NAMES: Final = ("localhost", "localhost.")


class CannotServe(Exception):
    """The daemon will not listen like this; says what to change."""


def listen_address(web: WebSettings) -> tuple[str, int]:
    """Host and port of `web.listen`; `serve`, `config check` and the doctor refuse by it what they refuse.

    Raises CannotServe, with file and line, where others could reach it and no password is set.
    """
    host, port = split(web.listen)
    name = f"{web.where}: web.listen" if web.where else "web.listen"
    if not host or port is None or _broken_number(host):
        raise CannotServe(f'{name}: expected an address such as 127.0.0.1:9797 or [::1]:9797, got "{web.listen}"')
    if not is_loopback(host) and not _password(web):
        raise CannotServe(
            f"{name}: other machines can reach {web.listen}, so a password is required; set web.password_file to a "
            "file that is not empty, or listen on 127.0.0.1 and use a reverse proxy or Tailscale"
        )
    return host, port


def split(address: str) -> tuple[str, int | None]:
    """Host and port of `host:port`, `[v6]:port` or a bare host; ("", None) for anything else."""
    host, colon, port = address.rpartition(":")
    if not colon or address.endswith("]"):
        host, port = address, ""
    if host.startswith("[") and host.endswith("]"):
        host = host[1:-1]
    elif ":" in host:
        return "", None
    if port and not (port.isascii() and port.isdigit() and int(port) < 1 << 16):
        return "", None
    return host, int(port) if port else None


def _broken_number(host: str) -> bool:
    """Whether a host is written as an IP address and is none: no name server will know it."""
    if ":" not in host and not host.replace(".", "").isdigit():
        return False
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return True
    return False


def is_loopback(host: str) -> bool:
    """Whether only this machine can use a host name or address."""
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host.lower() in LOCAL_NAMES


def names_us(header: str | None, web: WebSettings) -> bool:
    """Whether a Host header is one of ours.

    A page elsewhere may resolve its own name to 127.0.0.1 and have a browser read us (DNS rebinding); it cannot
    know the password, so with one any name will do.
    """
    host, _ = split(header or "")
    if not host:
        return False
    return bool(_password(web)) or is_loopback(host) or host.lower() == split(web.listen)[0].lower()


def may_read(authorization: str | None, web: WebSettings) -> bool:
    """Whether an Authorization header carries the password: Basic with any name, or Bearer (RFC 7617, 6750)."""
    password = _password(web)
    if not password:
        return True
    scheme, _, rest = (authorization or "").strip().partition(" ")
    given = rest.strip().encode("latin-1", "replace")
    if scheme.lower() == "basic":
        given = _basic(given)
    elif scheme.lower() != "bearer":
        return False
    # Digests are of one length, so the time tells nothing about the password's.
    digests = (hashlib.sha256(text).digest() for text in (given, password.encode()))
    return hmac.compare_digest(*digests)


def _basic(credentials: bytes) -> bytes:
    try:
        return base64.b64decode(credentials, validate=True).partition(b":")[2]
    except (binascii.Error, ValueError):
        return b""


def _password(web: WebSettings) -> str:
    return web.password.reveal() if web.password else ""


FREE: Final = 10  # wrong words in a row
EVERY: Final = 6.0  # seconds until another one is free
REMEMBERED: Final = 4096  # addresses


class WrongPasswords:
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
    if isinstance(found, ipaddress.IPv4Address):
        return str(found)
    mapped = found.ipv4_mapped
    return str(mapped) if mapped else str(ipaddress.ip_network((found, 64), strict=False))
