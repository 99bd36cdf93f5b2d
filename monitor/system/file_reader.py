"""Reads for us, in a child: as the user whose tree it is, and where a file system may hang for good.

The child does four things with a path (stat, list, resolve, read) and parses nothing. A thread would not do: the rights
are a process's, and a process with a thread in a hung file system cannot end. Numbers and names come back as JSON,
contents as they are.
"""

from __future__ import annotations

import errno
import json
import marshal
import os
import select
import signal
import sys
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from pathlib import Path
from time import monotonic
from typing import Any, Final, NoReturn

from monitor.system.owners import NeedsChild, PathWalk, opened, opened_by_root, whole


def packed(value: object) -> bytes:
    """Plain values, paths and records of ours as bytes; ValueError for anything else."""
    return marshal.dumps(_plain(value))


def unpacked(raw: bytes) -> Any:
    """What `packed` made them from. Makes nothing but plain values, and records whose class is known here."""
    try:
        return _revived(marshal.loads(raw))  # noqa: S302  what comes back is looked at, see `_revived`
    except (EOFError, TypeError, LookupError, AttributeError) as error:
        raise ValueError from error


def _plain(value: object) -> Any:
    match value:
        case None | bool() | int() | float() | str() | bytes():
            return value
        case Path():
            return ("path", str(value))
        case tuple() if hasattr(value, "_fields"):
            kind = type(value)
            return ("record", kind.__module__, kind.__name__, [_plain(part) for part in value])
        case list() | tuple():
            return ("list" if isinstance(value, list) else "tuple", [_plain(one) for one in value])
        case dict():
            return ("dict", [(_plain(name), _plain(one)) for name, one in value.items()])
    raise ValueError


def _revived(value: Any) -> Any:
    if not isinstance(value, tuple):
        return value
    match value:
        case ("path", str(text)):
            return Path(text)
        case ("list", list(found)):
            return [_revived(one) for one in found]
        case ("tuple", list(found)):
            return tuple(_revived(one) for one in found)
        case ("dict", list(found)):
            return {_revived(name): _revived(one) for name, one in found}
        case ("record", str(module), str(name), list(found)) if module.startswith("monitor."):
            kind = getattr(sys.modules[module], name)
            if isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields"):
                return kind(*(_revived(one) for one in found))
    raise ValueError


#: What a child says of itself and of a path, beside an answer.
ANSWER, ERROR, FOREIGN = "answer", "error", "foreign"
START: Final = 5.0  # seconds to become another user; the machine may have to ask a directory service
_HEAD: Final = 8

Work = Callable[[str], object]

_ended: list[int] = []


class NotAllowed(Exception):
    """We may not become that user."""


class OtherUser(Exception):
    """What root itself came upon belongs to the user `uid`."""

    def __init__(self, uid: int) -> None:
        super().__init__(uid)
        self.uid = uid


class FileReader:
    """A child that is the user `uid` (None: stays what we are) and starts at `anchor`; see `owners.NeedsChild`.

    `work` is what the task of that name does with a path, seen from there. Raises NotAllowed, OSError (no process, an
    anchor that was replaced) and TimeoutError.
    """

    def __init__(self, uid: int | None, anchor: str, work: Work | None = None) -> None:
        ours, theirs = os.pipe(), os.pipe()
        reap()
        self._pid = os.fork()
        if self._pid == 0:
            _serve(ours[0], theirs[1], uid, anchor, work)
        os.close(ours[0])
        os.close(theirs[1])
        self._to, self._from = ours[1], theirs[0]
        try:
            self.ask("hello", "", START)
        except (OSError, NotAllowed):
            self.close()
            raise

    def ask(self, what: str, path: str, patience: float, *numbers: int) -> tuple[Any, bytes]:
        """The answer, and the bytes that go with it.

        Raises what the child came upon (OSError, OtherUser), and TimeoutError after `patience` seconds, which end it.
        """
        end = monotonic() + patience
        try:
            body = json.dumps([what, path, *numbers]).encode()
            os.write(self._to, len(body).to_bytes(_HEAD // 2, "big") + body)
            head = self._bytes(_HEAD, end)
            told = json.loads(self._bytes(int.from_bytes(head[: _HEAD // 2], "big"), end))
            content = self._bytes(int.from_bytes(head[_HEAD // 2 :], "big"), end)
        except BrokenPipeError:
            raise OSError(errno.EIO, "the process that reads it has ended") from None
        except TimeoutError:
            self.close()
            raise
        match told:
            case [str(kind), answer] if kind == ANSWER:
                return answer, content
            case [str(kind), int(number), str(why)] if kind == ERROR:
                raise NotAllowed if what == "hello" and number == errno.EPERM else OSError(number, why)
            case [str(kind), int(uid)] if kind == FOREIGN:
                raise OtherUser(uid)
        raise OSError(errno.EIO, "the process that reads it has answered nonsense")

    def close(self) -> None:
        """Ends the child, as far as it can be ended, without waiting for it."""
        if self.closed:
            return
        for handle in (self._to, self._from):
            os.close(handle)
        self._to = self._from = -1
        with suppress(ProcessLookupError, PermissionError):
            os.kill(self._pid, signal.SIGKILL)
        _ended.append(self._pid)
        reap()

    @property
    def closed(self) -> bool:
        """Whether it takes no more questions."""
        return self._to < 0

    def _bytes(self, count: int, end: float) -> bytes:
        parts, left = [], count
        poll = select.poll()
        poll.register(self._from, select.POLLIN)
        while left:
            if not poll.poll(max(0.0, end - monotonic()) * 1000):
                raise TimeoutError
            part = os.read(self._from, min(left, 1 << 20))
            if not part:
                raise BrokenPipeError
            parts.append(part)
            left -= len(part)
        return b"".join(parts)


def reap() -> None:
    """Lets go of children that have ended."""
    for pid in tuple(_ended):
        with suppress(ChildProcessError):
            if os.waitpid(pid, os.WNOHANG)[0] == 0:
                continue
        _ended.remove(pid)


# -- the child --------------------------------------------------------------------------------------------------


def _serve(requests: int, answers: int, uid: int | None, anchor: str, work: Work | None) -> NoReturn:
    """Answers until nobody asks any more. Holds nothing of ours: a lock or a pipe would outlive us with it."""
    try:
        low, high = sorted((requests, answers))
        nowhere = os.open(os.devnull, os.O_RDWR)
        for number in range(3):
            os.dup2(nowhere, number)
        os.closerange(3, low)
        os.closerange(low + 1, high)
        os.closerange(high + 1, _above(high))
        child = _Child(uid, anchor, work)
        while (head := os.read(requests, _HEAD // 2)) and (body := os.read(requests, int.from_bytes(head, "big"))):
            told, content = child.answer(*json.loads(body))
            line = json.dumps(told).encode()
            lengths = len(line).to_bytes(_HEAD // 2, "big") + len(content).to_bytes(_HEAD // 2, "big")
            view = memoryview(lengths + line + content)
            while view:
                view = view[os.write(answers, view) :]
    finally:
        os._exit(0)


def _above(least: int) -> int:
    """One more than the highest open descriptor, as far as the system tells."""
    try:
        return max(least, *map(int, os.listdir("/proc/self/fd"))) + 1
    except (OSError, ValueError):
        return max(least + 1, 4096)


class _Child:
    def __init__(self, uid: int | None, anchor: str, work: Work | None) -> None:
        self._work = work
        self._at: int | None = None
        self._failed: OSError | None = None
        self._ways = PathWalk(root=True) if uid is None and os.geteuid() == 0 else None
        try:
            if anchor:
                self._at = os.open(anchor, getattr(os, "O_PATH", os.O_RDONLY | os.O_NONBLOCK) | os.O_NOFOLLOW)
                if os.fstat(self._at).st_uid != uid:
                    raise OSError(errno.ESTALE, "it was replaced while it was opened")
            if uid is not None:
                _become(uid, self._at)
        except OSError as error:
            # Some containers say that a number is not mapped where others say that it is not allowed.
            mine = error.errno in (errno.EPERM, errno.EINVAL) and uid is not None
            self._failed = OSError(errno.EPERM if mine else error.errno or errno.EIO, error.strerror or "")

    def answer(self, what: str, path: str, *numbers: int) -> tuple[list[Any], bytes]:
        try:
            if self._failed:
                raise self._failed
            if self._ways is not None and path:
                way = self._ways.of(path)
                if isinstance(way, NeedsChild):
                    return [FOREIGN, way.uid], b""
            found, content = _TASKS[what](self, path, *numbers)
        except OSError as error:
            return [ERROR, error.errno or errno.EIO, error.strerror or type(error).__name__], b""
        except ValueError:
            return [ERROR, errno.ENOENT, "no name of a file"], b""
        return [ANSWER, found], content

    def hello(self, _: str) -> tuple[Any, bytes]:
        return None, b""

    def stat(self, path: str) -> tuple[Any, bytes]:
        return _numbers(os.stat(path, dir_fd=self._at) if path or self._at is None else os.fstat(self._at)), b""

    def names(self, path: str, most: int) -> tuple[Any, bytes]:
        handle = os.open(path or ".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=self._at)
        try:
            with os.scandir(handle) as found:
                return [one.name for one in islice(found, most)], b""
        finally:
            os.close(handle)

    def real(self, path: str) -> tuple[Any, bytes]:
        return os.path.realpath(path), b""

    def read(self, path: str, limit: int) -> tuple[Any, bytes]:
        handle = self._opened(path)
        try:
            found = os.fstat(handle)
            content = None if found.st_size > limit else whole(handle, limit)
            return [_numbers(found), content is not None], content or b""
        finally:
            os.close(handle)

    def work(self, path: str) -> tuple[Any, bytes]:
        assert self._work  # noqa: S101  who asks for it has given it
        if self._at is not None and path:
            os.fchdir(self._at)
        elif self._at is not None:
            path = f"/proc/self/fd/{self._at}"
        return None, packed(self._work(path))

    def _opened(self, path: str) -> int:
        if self._ways is not None:
            return opened_by_root(path)
        return opened(path or f"/proc/self/fd/{self._at}", self._at)


_TASKS: Final[dict[str, Callable[..., tuple[Any, bytes]]]] = {
    name: getattr(_Child, name) for name in ("hello", "stat", "names", "real", "read", "work")
}


def _numbers(found: os.stat_result) -> list[int]:
    return [
        found.st_dev,
        found.st_ino,
        found.st_size,
        found.st_mtime_ns,
        found.st_ctime_ns,
        found.st_mode,
        found.st_uid,
    ]


def _become(uid: int, at: int | None) -> None:
    """Takes another user's groups and numbers for good. Who is in no list of users has the group of what is theirs."""
    import pwd

    try:
        account = pwd.getpwuid(uid)
        groups, group = os.getgrouplist(account.pw_name, account.pw_gid), account.pw_gid
    except KeyError:
        group = os.fstat(at).st_gid if at is not None else uid
        groups = [group]
    os.setgroups(groups)
    os.setgid(group)
    os.setuid(uid)
    if os.getuid() != uid or os.geteuid() != uid:
        raise PermissionError(errno.EPERM, os.strerror(errno.EPERM))
