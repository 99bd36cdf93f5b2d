"""The channel `termux://`: notifications on the phone that runs authwatch, one a condition, gone when it is over."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Final

from alerts.channels import SendResult
from alerts.formats import Message, Note, PhoneNote
from alerts.model import Level, Outcome

SHOW: Final = "termux-notification"
REMOVE: Final = "termux-notification-remove"
#: A call blocks for ever where the Termux:API app is missing or frozen (termux/termux-api-package issue 80).
PATIENCE: Final = timedelta(seconds=10)
GROUP: Final = "authwatch"

#: All notifications of Termux:API share one Android channel, and Android lets an app only lower a channel's
#: importance: one call with `low` would silence every later alarm, so nothing is ever shown below `high`.
_PRIORITIES: Final = {Level.NOW: "max"}


def check(url: str) -> str | None:
    """`termux://` takes nothing after its scheme and needs the programs of the package termux-api."""
    if url.partition("://")[2].strip("/"):
        return "termux:// takes nothing after it"
    missing = [name for name in (SHOW, REMOVE) if _program(name) is None]
    if missing:
        return f"{' and '.join(missing)} not found; pkg install termux-api, and install the app Termux:API"
    return None


def send(url: str, message: Message, patience: timedelta) -> SendResult:
    """Shows each condition by itself, or the whole message where it has no notes; removes what is over.

    The same id replaces what it showed, so saying it again does no harm; what was shown in part counts as perhaps
    heard, and all of it is said again.
    """
    if reason := check(url):
        return SendResult(Outcome.BAD_CONFIG, reason)
    end = time.monotonic() + patience.total_seconds()
    alone = Note(PhoneNote(GROUP), message.subject, message.text, message.level)
    for shown, note in enumerate(message.notes or (alone,)):
        report = _call(_words(note), min(PATIENCE.total_seconds(), end - time.monotonic()))
        if report.outcome is not Outcome.DELIVERED:
            return SendResult(Outcome.TIMEOUT, report.error) if shown else report
    return SendResult(Outcome.DELIVERED)


def _words(note: Note) -> list[str]:
    if note.over:
        return [REMOVE, note.pin.id]
    words = [
        SHOW,
        f"--id={note.pin.id}",
        f"--group={GROUP}",
        f"--priority={_PRIORITIES.get(note.level, 'high')}",
        f"--title={note.subject}",
        f"--content={note.text}",  # without it, the program waits three seconds for standard input
    ]
    for number, (label, command) in enumerate(note.pin.buttons[:3], 1):
        words += [f"--button{number}={label}", f"--button{number}-action={command}"]
    return words


def _call(words: Sequence[str], seconds: float) -> SendResult:
    """Runs one program in a group of its own, which ends with it or at the time limit.

    Not by `monitor.system.process`: this package knows nothing of monitor, and there is no output to be read.
    """
    program = _program(words[0])
    if program is None or seconds <= 0:
        return SendResult(Outcome.TIMEOUT, "no time was left to show it")
    try:
        process = subprocess.Popen(
            [program, *words[1:]],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except OSError as error:
        return SendResult(Outcome.BAD_CONFIG, f"{words[0]} cannot be started ({type(error).__name__})")
    try:
        code = process.wait(seconds)
    except subprocess.TimeoutExpired:
        return SendResult(Outcome.TIMEOUT, f"{words[0]} did not end; is the app Termux:API installed and not asleep?")
    finally:
        _end(process)
    if code:
        return SendResult(Outcome.CLIENT_ERROR, f"{words[0]} ended with {code}")
    return SendResult(Outcome.DELIVERED)


def _end(process: subprocess.Popen[bytes]) -> None:
    if process.poll() is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def _program(name: str) -> str | None:
    """The program on PATH, or beside Python: a job that Android starts may have no PATH."""
    beside = Path(sys.base_prefix) / "bin"
    return shutil.which(name) or shutil.which(name, path=str(beside))
