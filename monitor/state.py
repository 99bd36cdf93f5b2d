"""authwatch's own folder: the fingerprint key, the lock of a pass, and files that are replaced whole."""

from __future__ import annotations

import fcntl
import os
import stat
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alerts.dataclass import dataclass
from monitor import checkpoint

LOCK_NAME = "lock"
HEARD = "heartbeat"  # an empty file; its time is when the heartbeat was last heard
LOCK_POLL_SECONDS = 0.05
KEY_BYTES = 32


class StateError(Exception):
    """The state folder cannot be used; says what would mend it."""


@dataclass(frozen=True, slots=True)
class Mark:
    """Which check this was, the digest of what it saw, and when its look had ended, as Unix time."""

    identity: str
    digest: str
    ended: float


@dataclass(frozen=True, slots=True)
class State:
    """The folder of one installation; `gate` is the default place, where the checkpoint lies."""

    folder: Path
    gate: Path

    def create(self) -> None:
        """Makes both folders, for us only."""
        for folder in {self.folder, self.gate}:
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise StateError(
                    f"{folder}: cannot be made ({_why(error)}); choose another place with `state:` in the config"
                ) from None

    def key(self, *, create: bool) -> bytes | None:
        """The fingerprint key, made on demand with mode 0600; None when there is none and none is to be made."""
        path = self.folder / checkpoint.KEY_NAME
        with suppress(OSError):
            found = path.read_bytes()
            if len(found) >= KEY_BYTES:
                return found
        if not create:
            return None
        made = os.urandom(KEY_BYTES)
        try:
            self.replace(checkpoint.KEY_NAME, made)
        except OSError as error:
            raise StateError(f"{path}: cannot be written ({_why(error)})") from None
        return made

    @contextmanager
    def lock(self, wait: float) -> Iterator[bool]:
        """Holds the lock of a pass; False when another pass held it for `wait` seconds. The kernel frees it."""
        handle = self._lock_handle()
        if handle is None:
            yield True
            return
        try:
            yield _locked(handle, wait)
        finally:
            os.close(handle)

    def _lock_handle(self) -> int | None:
        """The lock file; the folder where it is read-only or full; None where there is none: alarms fail open."""
        path = self.folder / LOCK_NAME
        try:
            return _stampable(path)
        except OSError:
            with suppress(OSError):
                return os.open(self.folder, os.O_RDONLY | os.O_CLOEXEC)
            return None

    def throttle(self, now: datetime, every: timedelta) -> bool:
        """Whether the lock file was not stamped for `every`; stamps it. Needs no space on a full disk.

        Where it cannot be stamped, one in a temporary folder is; where there is none either, alarms fail open.
        """
        with suppress(OSError):
            return _stamped(self.folder / LOCK_NAME, now, every)
        with suppress(OSError):
            if other := spare():
                os.close(_stampable(other / LOCK_NAME))
                return _stamped(other / LOCK_NAME, now, every)
        return True

    def replace(self, name: str, body: bytes) -> None:
        """Writes a file whole or not at all, mode 0600."""
        replace(self.folder / name, [body], 0o600)


def replace(path: Path, body: Iterable[bytes | bytearray], mode: int) -> None:
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


def spare() -> Path | None:
    """A private folder among the temporary ones, for when the own one cannot be used; None where there is none."""
    import tempfile

    try:
        folder = Path(tempfile.gettempdir()) / f"authwatch-{os.geteuid()}"
        with suppress(FileExistsError):
            folder.mkdir(mode=0o700)
        found = folder.lstat()
    except OSError:
        return None
    # Anybody may make a folder of that name, or a link.
    ours = found.st_uid == os.geteuid() and stat.S_ISDIR(found.st_mode) and not found.st_mode & 0o077
    return folder if ours else None


def _stampable(path: Path) -> int:
    """The file opened, made where it is not there; its mtime is the stamp of `throttle`."""
    new = not path.exists()
    handle = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    if new:
        os.utime(handle, (0, 0))
    return handle


def _stamped(path: Path, now: datetime, every: timedelta) -> bool:
    last = datetime.fromtimestamp(path.stat().st_mtime, UTC)
    if last <= now < last + every:
        return False
    os.utime(path, (now.timestamp(), now.timestamp()))
    return True


def _locked(handle: int, wait: float) -> bool:
    end = time.monotonic() + wait
    while True:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            if time.monotonic() >= end:
                return False
            time.sleep(LOCK_POLL_SECONDS)
        else:
            return True


def _why(error: OSError) -> str:
    return (error.strerror or type(error).__name__).lower()
