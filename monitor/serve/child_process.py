"""One check as a child, in a process group of its own, which a hang cannot outlive; not by `system.process.output_of`,
which reads an answer and cannot be told by another thread to end."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Mapping, Sequence

from monitor.system.process import end_group


class Child:
    """Runs one check at a time; `stop` ends the one that runs, and no other is started."""

    def __init__(self, environ: Mapping[str, str]) -> None:
        self.environ = dict(environ)
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self.stopped = False

    def run(self, command: Sequence[str], limit: float, text: str | None = None) -> int | None:
        """The exit code of a check that is given `text` to read; None if it was killed after `limit` seconds.

        Raises OSError if it cannot start.
        """
        with self._lock:
            if self.stopped:
                return None
            self._process = process = subprocess.Popen(
                list(command),
                env=self.environ,
                stdin=subprocess.DEVNULL if text is None else subprocess.PIPE,
                stdout=subprocess.DEVNULL,  # what it found lies in the state folder; errors are on stderr
                start_new_session=True,
            )
        try:
            process.communicate(None if text is None else text.encode(), limit)
            return process.returncode
        except subprocess.TimeoutExpired:
            end_group(process, signal.SIGKILL)
            process.wait()
            return None

    def stop(self, patience: float) -> None:
        """Asks a running check to end, and kills its group after `patience` seconds."""
        with self._lock:
            self.stopped, process = True, self._process
        if process is None or process.poll() is not None:
            return
        end_group(process, signal.SIGTERM)
        try:
            process.wait(patience)
        except subprocess.TimeoutExpired:
            end_group(process, signal.SIGKILL)
