"""Replaces a file that another program reads: the old one or the new one, never a part; links and owners respected."""

from __future__ import annotations

import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

from monitor.system.files import why
from monitor.system.host import MAX_BYTES

BACKUP: Final = ".authwatch-backup"
FRESH: Final = ".authwatch-new"
_NEW: Final = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


class WriteRefused(Exception):
    """Nothing was written: why, and what would be right; never holds a secret."""


def target(path: Path) -> Path:
    """The file itself behind any links; raises WriteRefused where it is not ours to write."""
    try:
        real = path.resolve(strict=False)
        _ours(real)
    except (OSError, RuntimeError) as error:
        raise WriteRefused(f"cannot write {path}: {why(error)}") from None
    return real


def _ours(real: Path) -> None:
    there = real
    while not there.exists():
        there = there.parent
    found = there.stat()
    if there == real and not stat.S_ISREG(found.st_mode):
        raise WriteRefused(f"{real} is not a regular file")
    if found.st_uid != os.geteuid():
        raise WriteRefused(f"{there} belongs to another user (uid {found.st_uid}); run this command as that user")
    folder = there if there.is_dir() else there.parent
    if not os.access(folder, os.W_OK | os.X_OK) or not os.access(there, os.W_OK):
        raise WriteRefused(f"{there} is read-only")


def content(real: Path) -> bytes | None:
    """The file's bytes, None where it is not there; raises WriteRefused where it cannot be read or is too large."""
    try:
        with real.open("rb") as file:
            found = file.read(MAX_BYTES + 1)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise WriteRefused(f"cannot read {real}: {why(error)}") from None
    if len(found) > MAX_BYTES:
        raise WriteRefused(f"{real} is larger than {MAX_BYTES} bytes")
    return found


def replace(real: Path, old: bytes | None, new: bytes, mode: int | None = 0o600) -> None:
    """Puts `new` in the place of `old`; raises WriteRefused, the file then as before, where it is not `old` any more.

    `real` comes from `target`. `mode` None keeps the file's own. One backup (0600) exists until the new file was read
    back.
    """
    backup, fresh = real.with_name(real.name + BACKUP), real.with_name(real.name + FRESH)
    try:
        real.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        kept = stat.S_IMODE(real.stat().st_mode) if mode is None and old is not None else mode or 0o600
        if old is not None:
            _create(backup, old, 0o600)
        _create(fresh, new, kept)
        if content(real) != old:
            raise WriteRefused(f"{real} was changed by another program just now; nothing was written, try again")
        fresh.replace(real)
        _sync(real.parent)
    except (OSError, WriteRefused) as error:
        for left in (fresh, backup):
            with suppress(OSError):
                left.unlink(missing_ok=True)
        raise (
            error if isinstance(error, WriteRefused) else WriteRefused(f"cannot write {real}: {why(error)}")
        ) from None
    if content(real) != new:
        raise WriteRefused(f"{real} does not hold what was written; the old file is {backup}")
    backup.unlink(missing_ok=True)


def _create(path: Path, data: bytes, mode: int) -> None:
    with suppress(FileNotFoundError):
        path.unlink()  # left by a run that was killed; the file itself is whole then
    handle = os.open(path, _NEW, mode)
    with os.fdopen(handle, "wb") as file:
        os.fchmod(handle, mode)
        file.write(data)
        file.flush()
        os.fsync(handle)


def _sync(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        with suppress(OSError):  # some file systems cannot sync a folder
            os.fsync(handle)
    finally:
        os.close(handle)
