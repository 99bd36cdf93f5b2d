"""Why a program cannot listen at an address, and who does, in words for people."""

from __future__ import annotations

import errno
import os
import re
import socket
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Final

from monitor.system.files import why

_PROC: Final = Path("/proc")
_LISTENING: Final = "0A"  # the state in /proc/net/tcp, proc_net_tcp(5)
_CHANGE: Final = "set web.listen in the config to"


def refusal(host: str, port: int) -> OSError | None:
    """Why the address cannot be bound now; the socket is closed before anybody can connect."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
            trial.listen(1)  # two sockets may be bound to one address, one may listen
    except OSError as error:
        return error
    return None


def in_words(listen: str, port: int, error: Exception) -> str:
    """Why nobody can listen at `listen`, and what to do about it."""
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return f"{taken(listen, port)}; stop it, or {_CHANGE} another address, such as {another(listen, port)}"
    if isinstance(error, OSError) and error.errno == errno.EADDRNOTAVAIL:
        return f"{listen} is not an address of this machine; {_CHANGE} one that is, such as 127.0.0.1:{port}"
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM):
        return f"{listen}: ports below 1024 need root; {_CHANGE} a higher port, such as 127.0.0.1:9797"
    if isinstance(error, socket.gaierror):
        return f"{listen}: no such host; {_CHANGE} an address of this machine, such as 127.0.0.1:{port}"
    reason = why(error) if isinstance(error, OSError) else "no such address"
    return f"cannot listen on {listen} ({reason}); {_CHANGE} an address of this machine"


def taken(listen: str, port: int) -> str:
    """That somebody else listens there, and who where that can be seen."""
    found = holder(port)
    return f"{listen} is in use by another program{f' ({found})' if found else ''}"


def another(listen: str, port: int) -> str:
    """The same address with the next port."""
    return f"{listen.removesuffix(f':{port}')}:{port + 1 if port < 65535 else port - 1}"


def holder(port: int, proc: Path = _PROC) -> str:
    """The program that listens on a TCP port, as `nginx, pid 812`; empty where that cannot be seen: programs of others
    are seen by root alone, and only on Linux."""
    sockets = {f"socket:[{inode}]" for inode in _inodes(port, proc)}
    if not sockets:
        return ""
    for process in proc.glob("[0-9]*"):
        with suppress(OSError):
            if any(os.readlink(handle) in sockets for handle in (process / "fd").iterdir()):
                return f"{_name(process)}, pid {process.name}"
    return ""


def _inodes(port: int, proc: Path) -> Iterator[str]:
    for name in ("tcp", "tcp6"):
        with suppress(OSError):
            for line in (proc / "net" / name).read_text("ascii", "replace").splitlines()[1:]:
                words = line.split()
                if len(words) > 9 and words[3] == _LISTENING and words[1].endswith(f":{port:04X}"):
                    yield words[9]


def _name(process: Path) -> str:
    """The name of a process, without what could steer a terminal."""
    return re.sub(r"[^\w.+:@/-]", "?", (process / "comm").read_text("utf-8", "replace").strip())
