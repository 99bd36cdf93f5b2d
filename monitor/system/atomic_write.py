"""A file that is replaced whole: nobody ever reads half of it, and no power cut leaves one.

The gate has its own, which imports nothing; so have OpenClaw's stores, with lock and backup.
"""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path


def write_whole(path: Path, body: Iterable[bytes | bytearray], mode: int) -> None:
    """Writes a sibling, part by part, syncs it and renames it over `path`; nobody ever reads half a file. Raises
    OSError."""
    temporary = path.with_name(f".{path.name}.{os.getpid()}")
    temporary.unlink(missing_ok=True)
    handle = os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600)
    try:
        try:
            os.fchmod(handle, mode)
            for part in body:
                view = memoryview(part)
                while view:
                    view = view[os.write(handle, view) :]
            os.fsync(handle)
        finally:
            os.close(handle)
        temporary.replace(path)
    except OSError:
        temporary.unlink(missing_ok=True)
        raise
