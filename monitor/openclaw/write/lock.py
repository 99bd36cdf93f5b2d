"""OpenClaw's own lock on a JSON store: a sibling `.lock` that names its holder and is stale after 30 seconds."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final

from alerts.timefmt import iso
from monitor.openclaw.write.replace_file import WriteRefused
from monitor.system.files import why

STALE: Final = timedelta(seconds=30)
WAIT: Final = timedelta(seconds=10)
_PAUSE: Final = 0.05


@contextmanager
def held(real: Path, now: datetime, wait: timedelta = WAIT) -> Iterator[None]:
    """Holds the lock of a store; raises WriteRefused when another program keeps it for longer than `wait`.

    Old releases lock with a folder of that name (proper-lockfile), newer ones with a file: a file of ours stops both,
    theirs stop us. `now` is the wall clock on entry.
    """
    lock, began = real.with_name(real.name + ".lock"), time.monotonic()
    while not _taken(lock, now):
        passed = timedelta(seconds=time.monotonic() - began)
        _clear_stale(lock, now + passed)
        if passed > wait:
            raise WriteRefused(f"{real} is locked by another program ({_holder(lock)}); nothing was written, try again")
        time.sleep(_PAUSE)
    try:
        yield
    finally:
        if _mine(lock):
            lock.unlink(missing_ok=True)


def _taken(lock: Path, now: datetime) -> bool:
    """Makes the lock with its content in one step, so that nobody sees it empty."""
    draft = lock.with_name(f"{lock.name}.{os.getpid()}")
    word: dict[str, object] = {"pid": os.getpid(), "createdAt": iso(now, "milliseconds")}
    try:
        lock.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        draft.unlink(missing_ok=True)
        with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600), "w") as file:
            json.dump(word, file, indent=2)
        os.link(draft, lock)
    except FileExistsError:
        return False
    except PermissionError:
        return _taken_without_link(lock, word)
    except OSError as error:
        raise WriteRefused(f"cannot create {lock}: {why(error)}") from None
    finally:
        with suppress(OSError):
            draft.unlink()
    return True


def _taken_without_link(lock: Path, word: dict[str, object]) -> bool:
    """Where hard links are not allowed (Android): the file first, its content at once after."""
    try:
        handle = os.open(lock, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
    except FileExistsError:
        return False
    except OSError as error:
        raise WriteRefused(f"cannot create {lock}: {why(error)}") from None
    try:
        with os.fdopen(handle, "w") as file:
            json.dump(word, file, indent=2)
    except OSError as error:
        lock.unlink(missing_ok=True)
        raise WriteRefused(f"cannot create {lock}: {why(error)}") from None
    return True


def _clear_stale(lock: Path, now: datetime) -> None:
    try:
        found = lock.stat()
    except OSError:
        return
    pid = _pid(lock)
    age = now - datetime.fromtimestamp(found.st_mtime, UTC)
    if age > STALE or (pid is not None and not _alive(pid)):
        with suppress(OSError):
            if lock.is_dir():
                lock.rmdir()
            elif lock.stat().st_ino == found.st_ino:
                lock.unlink()


def _pid(lock: Path) -> int | None:
    try:
        found = json.loads(lock.read_text(encoding="utf-8"))["pid"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return found if isinstance(found, int) and not isinstance(found, bool) and found > 0 else None


def _mine(lock: Path) -> bool:
    return _pid(lock) == os.getpid()


def _holder(lock: Path) -> str:
    pid = _pid(lock)
    return f"process {pid}" if pid else lock.name


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except (OSError, OverflowError):
        return True
    return True
