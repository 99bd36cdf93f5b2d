"""Running a program for its answer: bounded in time and size, in a process group of its own."""

from __future__ import annotations

import os
import select
import signal
import subprocess
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path
from time import monotonic
from typing import Final

from monitor.model import Problem
from monitor.system.host import Unreadable
from monitor.system.owners import open_to_others, to_close

#: An answer is a moment and at most a token and a certificate.
MOST: Final = 64 * 1024


def only_ours(program: Path, uid: int) -> None:
    """Raises `Unreadable` for a program that others than `uid` and root may write or replace, naming what mends it."""
    try:
        found = open_to_others(program, uid)
    except OSError:  # starting it says why
        return
    if found:
        raise Unreadable(Problem.EXEC_FAILED, program, f"not run: others may write {found[0]}; {to_close(*found, uid)}")


def answer_of(command: Sequence[str], environ: Mapping[str, str], folder: Path, limit: float) -> bytes:
    """What the program writes to stdout; `limit` in seconds. Its stderr, which may hold secrets, is dropped.

    Raises `Unreadable` (exec_failed, timeout, too_large). What has not ended by then is killed with its whole group.
    """
    program, deadline = Path(command[0]), monotonic() + limit
    try:
        process = subprocess.Popen(
            command,
            env=dict(environ),
            cwd=folder,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
    except (OSError, ValueError) as error:
        why = error.strerror.lower() if isinstance(error, OSError) and error.strerror else type(error).__name__
        raise Unreadable(Problem.EXEC_FAILED, program, f"it could not be started: {why}") from None
    try:
        answer = _read(process, program, deadline)
        code = process.wait(max(0.0, deadline - monotonic()))
    except (TimeoutError, subprocess.TimeoutExpired):
        raise Unreadable(Problem.TIMEOUT, program, f"no answer within {limit:.3g} s") from None
    finally:
        _end(process)
    if code:
        ended = f"ended with code {code}" if code > 0 else f"was ended by signal {-code}"
        raise Unreadable(Problem.EXEC_FAILED, program, f"it {ended}")
    return answer


def _read(process: subprocess.Popen[bytes], program: Path, deadline: float) -> bytes:
    assert process.stdout  # noqa: S101  it was opened as a pipe
    pipe, answer = process.stdout.fileno(), b""
    while (left := deadline - monotonic()) > 0:
        if not select.select([pipe], [], [], left)[0]:
            break
        part = os.read(pipe, MOST)
        if not part:
            return answer
        answer += part
        if len(answer) > MOST:
            raise Unreadable(Problem.TOO_LARGE, program, f"it wrote more than {MOST} bytes")
    raise TimeoutError


def _end(process: subprocess.Popen[bytes]) -> None:
    """Kills the group of a process that was not waited for: until then its number cannot be another's."""
    if process.stdout:
        process.stdout.close()
    if process.returncode is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
