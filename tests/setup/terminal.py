"""A person at a terminal: starts a command under a pseudo-terminal of its own, waits for words, types answers."""

from __future__ import annotations

import os
import pty
import select
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from tests.command import environment
from tests.polling import pause
from tests.warm import Started, warm

PATIENCE = 60.0


class Terminal:
    """`with Terminal(home, "onboard") as at: at.expect("…"); at.type("1"); assert at.end() == 0`."""

    def __init__(
        self, home: Path, *words: str | Path, env: Mapping[str, str] | None = None, program: Path | None = None
    ) -> None:
        """With `program` that is started, from cold, in `home`; else the command in a fork of a warm process."""
        self._hand, end = pty.openpty()
        self._seen = b""
        self._from = 0
        self.process: Started | subprocess.Popen[bytes]
        if program:
            streams = {"stdin": end, "stdout": end, "stderr": end}
            self.process = subprocess.Popen(
                [program, *words], env=environment(home, env), cwd=home, start_new_session=True, **streams
            )
        else:
            self.process = warm().start(words, environment(home, env), home, (end, end, end), terminal=True)
        os.close(end)

    def __enter__(self) -> Terminal:
        return self

    def __exit__(self, *_: object) -> None:
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()
        os.close(self._hand)

    @property
    def shown(self) -> str:
        """Everything that was shown so far."""
        return self._seen.decode("utf-8", "replace").replace("\r\n", "\n")

    def expect(self, text: str) -> str:
        """Waits for a text after the one before; what was shown up to it."""
        end = time.monotonic() + PATIENCE
        while (at := self._seen.find(text.encode(), self._from)) < 0:
            if not self._read(end - time.monotonic()):
                raise AssertionError(f"{text!r} did not come; shown was:\n{self.shown}")
        self._from = at + len(text.encode())
        return self.shown

    def type(self, text: str) -> None:
        """A line and Enter."""
        os.write(self._hand, f"{text}\n".encode())

    def answer(self, *pairs: tuple[str, str]) -> None:
        """Waits for each question and types its answer."""
        for question, reply in pairs:
            self.expect(question)
            pause(0.2)  # getpass throws away what came before it asked
            self.type(reply)

    def interrupt(self) -> None:
        """Ctrl-C, as the terminal sends it to the group in front."""
        pause(0.5)  # Python does not see a signal that comes between its last look for one and the read of the answer
        os.write(self._hand, b"\x03")

    def end(self) -> int:
        """Its exit code."""
        limit = time.monotonic() + PATIENCE
        while self._read(limit - time.monotonic()):
            pass
        return self.process.wait(PATIENCE)

    def _read(self, left: float) -> bool:
        if left <= 0 or not select.select([self._hand], [], [], left)[0]:
            return False
        try:
            part = os.read(self._hand, 65536)
        except OSError:  # Linux says so when the last one has closed it
            return False
        self._seen += part
        return bool(part)
