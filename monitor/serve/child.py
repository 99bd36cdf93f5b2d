"""One pass as a child: in a process group of its own, which a hang cannot outlive."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress


class Child:
    """Runs one pass at a time; `stop` ends the one that runs, and no other is started."""

    def __init__(self, command: Sequence[str], environ: Mapping[str, str]) -> None:
        self._command, self._environ = list(command), dict(environ)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self.stopped = False

    def run(self, limit: float) -> int | None:
        """The exit code of a pass; None if it was killed after `limit` seconds. Raises OSError if it cannot start."""
        with self._lock:
            if self.stopped:
                return None
            self._process = process = subprocess.Popen(
                self._command,
                env=self._environ,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,  # what it found lies in the state folder; errors are on stderr
                start_new_session=True,
            )
        try:
            return process.wait(limit)
        except subprocess.TimeoutExpired:
            _kill(process, signal.SIGKILL)
            process.wait()
            return None

    def stop(self, patience: float) -> None:
        """Asks a running pass to end, and kills its group after `patience` seconds."""
        with self._lock:
            self.stopped, process = True, self._process
        if process is None or process.poll() is not None:
            return
        _kill(process, signal.SIGTERM)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            _kill(process, signal.SIGKILL)


def _kill(process: subprocess.Popen[bytes], number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, number)
