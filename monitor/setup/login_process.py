"""Programs that log in, run so that nothing of them is left: in a session of their own, ended with all that they
started; on a wide terminal of its own where a program wants one.

Not by `system.process`, which reads an answer and kills: these talk with a person, and are asked to end first.
"""

from __future__ import annotations

import os
import re
import select
import signal
import struct
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from typing import Final

from monitor.setup.terminal_screen import COLUMNS, ROWS, Screen

#: Seconds that a program has to end after it was asked to.
GRACE: Final = 3.0
_STILL: Final = 0.1  # seconds in which nothing is drawn: the picture is whole
_LATEST: Final = 0.5
_KEYS: Final = re.compile(rb"[\r\n]|[^\r\n]+")
#: Linux throws away what is still on its way to a terminal when the leader of its session ends: `sh` outlives it.
_LED: Final = ("sh", "-c", '"$0" "$@"; code=$?; sleep 0.3; exit "$code"')


class LoginImpossible(Exception):
    """Why nobody can log in this way, with what would be right; a login that was there is as it was."""


@contextmanager
def ended_in_order() -> Iterator[None]:
    """Being told to end, or a terminal that goes away, is an exception: what was begun ends and is swept."""

    def end(number: int, _: object) -> None:
        raise SystemExit(128 + number)

    before = {number: signal.signal(number, end) for number in (signal.SIGHUP, signal.SIGTERM)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def run_apart(
    argv: Sequence[str], environ: Mapping[str, str], given: bytes | None, limit: float, kept: Sequence[int] = ()
) -> int:
    """Runs a program that needs no terminal, `given` on its stdin; its exit code. It writes where we do.

    Ctrl-C, which reaches us alone, and whatever else interrupts us ends it first. Raises OSError where it cannot be
    started, TimeoutExpired after `limit` seconds. It inherits the descriptors `kept`.
    """
    process = subprocess.Popen(
        argv,
        env=dict(environ),
        stdin=subprocess.DEVNULL if given is None else subprocess.PIPE,
        start_new_session=True,
        pass_fds=kept,
    )
    try:
        process.communicate(given, limit)
        return process.returncode
    finally:
        _end(process.pid, lambda: process.poll() is not None)
        process.wait()


class OnScreen:
    """A program on a terminal of 400 columns that nobody sees: `screen` is its picture."""

    def __init__(self, argv: Sequence[str], environ: Mapping[str, str]) -> None:
        self.screen = Screen()
        self._argv, self._environ = argv, environ

    def run(self, keys: int, drawn: Callable[[], None], typed: Callable[[bytes], None]) -> int:
        """Its exit code. What the descriptor `keys` brings is typed there, Enter as a write of its own, and handed to
        `typed`; `drawn` is called when the picture changed and is still, and at its end."""
        import pty

        pid, hand = pty.fork()
        if pid == 0:
            self._become()
        self._code: int | None = None
        try:
            self._converse(hand, keys, drawn, typed)
            self._await(pid, GRACE)
        finally:
            _end(pid, lambda: self._await(pid, 0))
            os.close(hand)
            self._await(pid, GRACE)
        drawn()
        return 1 if self._code is None else self._code

    def _become(self) -> None:
        """The child: never returns."""
        import fcntl
        import termios

        try:
            fcntl.ioctl(0, termios.TIOCSWINSZ, struct.pack("HHHH", ROWS, COLUMNS, 0, 0))
            os.execvpe(_LED[0], [*_LED, *self._argv], dict(self._environ))  # noqa: S606  no shell reads the words
        finally:
            os._exit(127)

    def _converse(self, hand: int, keys: int, drawn: Callable[[], None], typed: Callable[[bytes], None]) -> None:
        waiting: list[bytes] = []
        listened, changed, sent = [keys], 0.0, 0.0
        while True:
            ready = select.select([hand, *listened], [], [], _STILL)[0]
            if hand in ready:
                part = _read(hand)
                if not part:
                    return
                self.screen.feed(part)
                changed = changed or time.monotonic()
            if waiting and time.monotonic() - sent >= _STILL:
                sent = time.monotonic()
                with suppress(OSError):
                    os.write(hand, waiting.pop(0))
            if changed and (hand not in ready or time.monotonic() - changed > _LATEST):
                changed = 0.0
                drawn()
            if keys in ready:
                pressed = _read(keys)
                if not pressed:
                    listened = []
                typed(pressed)
                waiting += [b"\r" if one in (b"\r", b"\n") else one for one in _KEYS.findall(pressed)]

    def _await(self, pid: int, seconds: float) -> bool:
        """Whether the program has ended, at the latest after so long."""
        end = time.monotonic() + seconds
        while self._code is None:
            done, status = os.waitpid(pid, os.WNOHANG)
            if done:
                self._code = os.waitstatus_to_exitcode(status)
            elif time.monotonic() >= end:
                return False
            else:
                time.sleep(0.02)
        return True


def _read(handle: int) -> bytes:
    try:
        return os.read(handle, 65_536)
    except OSError:  # Linux says so when the other side has closed it
        return b""


def _end(leader: int, ended: Callable[[], bool]) -> None:
    """Ends a process that leads its group, and the group."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if ended():
            return
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(leader, number)
        limit = time.monotonic() + GRACE
        while not ended() and time.monotonic() < limit:
            time.sleep(0.02)
