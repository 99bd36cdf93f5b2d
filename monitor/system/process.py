"""Running a program for its answer: bounded in time and size, in a process group that ends with it."""

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
from monitor.system.files import why
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


def output_of(
    command: Sequence[str],
    environ: Mapping[str, str],
    limit: float,
    *,
    folder: Path = Path("/"),
    given: bytes = b"",
    most: int = MOST,
) -> bytes:
    """What the program writes to stdout, at most `most` bytes, where it is given some to read; `limit` in seconds. Its
    stderr, which may hold secrets, is dropped.

    Raises `Unreadable` (exec_failed, timeout, too_large). What has not ended by then is killed with its whole group.
    """
    program, deadline = Path(command[0]), monotonic() + limit
    try:
        process = subprocess.Popen(
            command,
            env=dict(environ),
            cwd=folder,
            stdin=subprocess.PIPE if given else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            bufsize=0,
        )
    except (OSError, ValueError) as error:
        raise Unreadable(Problem.EXEC_FAILED, program, f"it could not be started: {why(error)}") from None
    try:
        answer = _converse(process, given, most, deadline)
        if len(answer) > most:
            raise Unreadable(Problem.TOO_LARGE, program, f"it wrote more than {most} bytes")
        code = process.wait(max(0.0, deadline - monotonic()))
    except (TimeoutError, subprocess.TimeoutExpired):
        raise Unreadable(Problem.TIMEOUT, program, f"no answer within {limit:.3g} s") from None
    finally:
        _end(process)
    if code:
        ended = f"ended with code {code}" if code > 0 else f"was ended by signal {-code}"
        raise Unreadable(Problem.EXEC_FAILED, program, f"it {ended}")
    return answer


def end_group(process: subprocess.Popen[bytes], number: int) -> None:
    """Sends a signal to the group that a process leads, unless it has ended: its number may be another's then."""
    if process.poll() is None:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, number)


def _converse(process: subprocess.Popen[bytes], given: bytes, most: int, deadline: float) -> bytes:
    """Writes and reads as the program does, until it closes its output or that is more than `most`."""
    assert process.stdout  # noqa: S101  it was opened as a pipe
    answer, left = bytearray(), memoryview(given)
    if process.stdin:
        os.set_blocking(process.stdin.fileno(), False)
    while (seconds := deadline - monotonic()) > 0:
        feed = [process.stdin] if process.stdin and not process.stdin.closed else []
        ready, able, _ = select.select([process.stdout], feed, [], seconds)
        if able:
            left = _fed(process, left)
        if ready:
            part = os.read(process.stdout.fileno(), MOST)
            answer += part
            if not part or len(answer) > most:
                return bytes(answer)
    raise TimeoutError


def _fed(process: subprocess.Popen[bytes], left: memoryview) -> memoryview:
    """What is still to be given after some was; the end of it, or nobody to read it, closes the pipe."""
    assert process.stdin  # noqa: S101  it was opened as a pipe
    try:
        left = left[os.write(process.stdin.fileno(), left) :]
    except BrokenPipeError:
        left = left[:0]
    if not left:
        process.stdin.close()
    return left


def _end(process: subprocess.Popen[bytes]) -> None:
    for pipe in (process.stdin, process.stdout):
        if pipe:
            pipe.close()
    end_group(process, signal.SIGKILL)
    process.wait()
