"""authwatch's own folder: the fingerprint key, whose it is, the lock of a check, and files that are replaced whole."""

from __future__ import annotations

import fcntl
import json
import os
import stat
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final, NamedTuple

from monitor.check import gate as checkpoint
from monitor.system.atomic_write import write_whole
from monitor.system.files import why

LOCK_NAME = "lock"
OWNER_NAME = "owner"
HISTORY = "history.sqlite"
OFFLINE_NAME = "offline"
#: So much of that file is there from the start: on a full disk, what is there can still be overwritten.
OFFLINE_BYTES = 1 << 15
REQUESTS_NAME = "requests"  # grows by a byte with each thing that a person asks for; its size is what counts
HEARD = "heartbeat"  # an empty file; its time is when the heartbeat was last heard
LOCK_POLL_SECONDS = 0.05
KEY_BYTES = 32


class StateError(Exception):
    """The state folder cannot be used; says what would mend it."""


class Owner(NamedTuple):
    """Whom a state folder and a history belong to: a random id and the real home that is watched. Never a host name:
    containers change theirs.

    `check_count` counts the checks that wrote to a history outside of the folder, so that a copy of the folder is
    noticed.
    """

    id: str
    home: str
    check_count: int = 0


def real(home: str | Path) -> str:
    """A home as it is compared: links resolved, and text whatever its bytes are."""
    return os.fsencode(os.path.realpath(home)).decode("utf-8", "backslashreplace")


class CheckMark(NamedTuple):
    """Which check this was, where it looked, the digest of what it saw, when its look had ended, as Unix time, and what
    people had asked for before it read the history: a touch of the checkpoint."""

    identity: str
    place: str
    digest: str
    ended: float
    requests: tuple[str, str, checkpoint.Stamp]


class StateDir(NamedTuple):
    """The folder of one installation; `gate` is the default place, where the checkpoint lies. `makeshift`: it is one
    for want of its own, and its files say nothing of whom a history belongs to."""

    folder: Path
    gate: Path
    makeshift: bool = False

    def create(self) -> None:
        """Makes both folders, for us only."""
        for folder in {self.folder, self.gate}:
            try:
                folder.mkdir(mode=0o700, parents=True, exist_ok=True)
            except OSError as error:
                raise StateError(
                    f"{folder}: cannot create this folder ({why(error)}); set another one with `state:` in the config"
                ) from None

    def found_again(self) -> datetime | None:
        """When the last full check began, if one has stopped at the gate since: that one found everything unchanged."""
        point = checkpoint.read(str(self.gate))
        own = checkpoint.stat_of(str(self.gate / checkpoint.NAME))
        if point is None or own is None or own[3] / 1e9 < point.looked_at + 0.001:
            return None
        return datetime.fromtimestamp(point.looked_at, UTC)

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
            raise StateError(f"{path}: cannot write ({why(error)})") from None
        return made

    def owner(self) -> Owner | None:
        """Whom the folder belongs to; None: nobody yet, or its file is damaged. StateError where it cannot be read."""
        path = self.folder / OWNER_NAME
        try:
            return owner_of(json.loads(path.read_bytes()))
        except (FileNotFoundError, NotADirectoryError, ValueError, RecursionError):
            return None
        except OSError as error:
            raise StateError(f"{path}: cannot read ({why(error)})") from None

    def claim(self, owner: Owner) -> None:
        """Writes whom the folder belongs to, durably: a history must never be ahead of it. StateError where not."""
        try:
            self.replace(OWNER_NAME, json.dumps(plain_owner(owner)).encode())
            handle = os.open(self.folder, os.O_RDONLY | os.O_CLOEXEC)
            try:
                os.fsync(handle)
            finally:
                os.close(handle)
        except OSError as error:
            raise StateError(f"{self.folder / OWNER_NAME}: cannot write ({why(error)})") from None

    def kept_offline(self) -> str:
        """What `keep_offline` wrote last, here or in a temporary folder; empty where there is nothing sound."""
        return max(map(_sound, self._offline_places(make=False)))[1]

    def keep_offline(self, text: str, now: datetime) -> bool:
        """Keeps a text for when the history can be used again; False where no disk takes it.

        It is overwritten in place, because a full disk has no room for a second one; a torn one counts as none. Where
        the folder cannot be written, it goes to a temporary one.
        """
        own, *others = self._offline_places(make=True)
        for place in (own, *others):
            with suppress(OSError):
                _overwrite(place, text, now)
                if place == own:
                    for other in others:
                        other.unlink(missing_ok=True)
                return True
        return False

    def reserve(self) -> None:
        """Makes room for `keep_offline` while there is some."""
        with suppress(OSError):
            if not (self.folder / OFFLINE_NAME).exists():
                _overwrite(self.folder / OFFLINE_NAME, "", datetime.fromtimestamp(0, UTC))

    def _offline_places(self, *, make: bool) -> list[Path]:
        places = [self.folder / OFFLINE_NAME]
        if (other := spare(make=make)) and other != self.folder:
            digest = checkpoint.digest_of(os.fsencode(self.folder))
            places.append(other / f"{OFFLINE_NAME}-{digest}")
        return places

    def requests(self) -> tuple[str, str, checkpoint.Stamp]:
        """What people have asked for by now, as a touch: taken before a check reads the history, it does not hold any
        more when something is asked for later."""
        path = str(self.gate / REQUESTS_NAME)
        return ("S", path, checkpoint.stat_of(path))

    def outdate(self) -> None:
        """Makes the next check look fully, whatever a running one writes: for an acknowledgement, a silence, ignore,
        forget. To be called in the transaction that writes it: a check that counted this byte then reads that."""
        with suppress(OSError):  # the checkpoint that is there can still be removed
            handle = os.open(self.gate / REQUESTS_NAME, os.O_WRONLY | os.O_APPEND | os.O_CREAT | os.O_CLOEXEC, 0o600)
            try:
                os.write(handle, b"\n")
            finally:
                os.close(handle)
        checkpoint.remove(str(self.gate))

    @contextmanager
    def lock(self, wait: float) -> Iterator[bool]:
        """Holds the lock of a check; False when another check held it for `wait` seconds. The kernel frees it."""
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
        write_whole(self.folder / name, [body], 0o600)


def plain_owner(owner: Owner) -> dict[str, str | int]:
    """An owner as JSON values; `owner_of` is the way back."""
    return {"id": owner.id, "home": owner.home, "checks": owner.check_count}


def owner_of(plain: object) -> Owner:
    """The owner that `plain_owner` made `plain` from; ValueError for anything else."""
    match plain:
        case {"id": str(id), "home": str(home), "checks": int(count)}:
            return Owner(id, home, count)
    raise ValueError("no owner")


def _sound(place: Path) -> tuple[float, str]:
    """When a text was kept and the text; (0, "") for what is torn, damaged or not there."""
    try:
        head, _, body = place.read_bytes().partition(b"\n")
        digest, size, at = head.decode("ascii").split(" ")
        body = body[: int(size)]
        return (float(at), body.decode("utf-8")) if digest == checkpoint.digest_of(body) else (0.0, "")
    except (OSError, ValueError):
        return 0.0, ""


def _overwrite(place: Path, text: str, now: datetime) -> None:
    body = text.encode("utf-8", "backslashreplace")
    body = b"%s %d %.6f\n%s" % (checkpoint.digest_of(body).encode(), len(body), now.timestamp(), body)
    handle = os.open(place, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        view = memoryview(body.ljust(0 if os.fstat(handle).st_size else OFFLINE_BYTES))
        while view:
            view = view[os.write(handle, view) :]
        os.fsync(handle)
    finally:
        os.close(handle)


def spare(*, make: bool = True) -> Path | None:
    """A private folder among the temporary ones, for when the own one cannot be used; None where there is none, and
    none is to be made."""
    import tempfile

    try:
        folder = Path(tempfile.gettempdir()) / f"authwatch-{os.geteuid()}"
        if make:
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


_PREFIX: Final = "authwatch-copy-"


def sweep(*folders: str) -> None:
    """Removes them from these folders where they are our own; the next check tries again where that failed."""
    for folder in dict.fromkeys(folders):
        with suppress(OSError), os.scandir(folder) as entries:
            for entry in entries:
                if entry.name.startswith(_PREFIX) and _ours(entry):
                    import shutil  # nearly never

                    shutil.rmtree(entry.path, ignore_errors=True)


def _ours(entry: os.DirEntry[str]) -> bool:
    return entry.is_dir(follow_symlinks=False) and entry.stat(follow_symlinks=False).st_uid == os.geteuid()
