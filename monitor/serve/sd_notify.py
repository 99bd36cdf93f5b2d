"""systemd's readiness protocol, sd_notify(3): a few datagrams that no library is worth."""

from __future__ import annotations

import contextlib
import socket
from collections.abc import Mapping
from typing import Final

#: What systemd tells the daemon alone; its children must not have it.
OWN: Final = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES")


def notify(environ: Mapping[str, str], *states: str) -> None:
    """Sends states such as `READY=1`; does nothing where nobody listens, and never fails."""
    address = environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    if address.startswith("@"):
        address = f"\0{address[1:]}"
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as gate:
        gate.settimeout(1)
        gate.sendto("\n".join(states).encode(), address)
