"""A real FUSE file system that hangs: its server takes every request and answers none but the first, FUSE_INIT.

Who asks it anything waits for good, and not even SIGKILL ends that: a network's file system behaves so when its server
is gone. Source: fuse(4), Linux' include/uapi/linux/fuse.h.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import struct
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import pytest

_HEADER = struct.Struct("<IIQ")
_DETACH = 2


def skip_without_fuse() -> None:
    """Skips the test where no file system can be mounted."""
    if os.geteuid() != 0 or not os.access("/dev/fuse", os.R_OK | os.W_OK):
        pytest.skip("mounting a file system needs root and /dev/fuse")


@contextmanager
def hung(place: Path, kind: str = "fuse.hung") -> Iterator[Callable[[], bool]]:
    """Mounts it at `place`; tells whether it was asked anything yet. At the end its server dies, which lets go whoever
    waits, and it is unmounted."""
    libc = ctypes.CDLL(None, use_errno=True)
    device = os.open("/dev/fuse", os.O_RDWR | os.O_CLOEXEC)
    options = f"fd={device},rootmode=40000,user_id=0,group_id=0,allow_other".encode()
    if libc.mount(b"hung", os.fsencode(place), kind.encode(), 0, options):
        os.close(device)
        pytest.skip(f"this machine mounts no FUSE ({os.strerror(ctypes.get_errno())})")
    heard, tell = os.pipe()
    server = os.fork()
    if server == 0:
        _serve(device, tell)
    os.close(device)
    os.close(tell)
    try:
        yield lambda: bool(select.select([heard], [], [], 0)[0])
    finally:
        os.kill(server, signal.SIGKILL)
        os.waitpid(server, 0)
        os.close(heard)
        libc.umount2(os.fsencode(place), _DETACH)


def _serve(device: int, tell: int) -> NoReturn:
    try:
        _, _, unique = _HEADER.unpack_from(os.read(device, 1 << 17))
        body = struct.pack("<IIIIHHI", 7, 31, 0, 0, 0, 0, 65536).ljust(64, b"\0")
        os.write(device, struct.pack("<IiQ", 16 + len(body), 0, unique) + body)
        while os.read(device, 1 << 17):
            os.write(tell, b"?")
    finally:
        os._exit(0)
