"""A warm process that runs the real command line in forks, under a clock the test sets; for thousands of checks.

`with warm() as line: line.run(home, "check", at=moment)`. Each fork is a whole authwatch process, gate included: its
streams, its environment, its end. Only the clock is the test's (both clocks run on together unless `boot` is given),
and what the test wants to be told or killed at (`points`, see tests/alerts/crash/points.py).
"""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any

from tests.command import ROOT, Done, environment, state

BOOTED = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Passed(Done):
    """A finished command and the points it came by."""

    points: tuple[str, ...] = ()


@dataclass
class Line:
    """The line to the warm process."""

    to: IO[str]
    back: IO[str]
    folder: Path = field(default_factory=lambda: Path(tempfile.mkdtemp(prefix="warm-")))

    def run(
        self,
        home: Path,
        *words: str | Path,
        at: datetime,
        boot: timedelta | None = None,
        env: Mapping[str, str] | None = None,
        points: bool = False,
        kill: str = "",
    ) -> Passed:
        """One command at the moment `at`; `kill` is the point at which SIGKILL ends it (code -9)."""
        asked = {
            "home": str(home),
            "words": [str(word) for word in words],
            "at": at.isoformat(),
            "boot": (at - BOOTED if boot is None else boot).total_seconds(),
            "env": environment(home, env),
            "points": points or bool(kill),
            "kill": kill,
            "folder": str(self.folder),
        }
        self.to.write(json.dumps(asked) + "\n")
        self.to.flush()
        answer = self.back.readline()
        if not answer:
            raise RuntimeError("the warm process died")
        out, err, seen = (
            (self.folder / name).read_text("utf-8", errors="replace") for name in ("out", "err", "points")
        )
        return Passed(json.loads(answer), out, err, tuple(seen.splitlines()))


@contextmanager
def warm() -> Iterator[Line]:
    """A warm process for as long as the block lasts."""
    process = subprocess.Popen(
        [sys.executable, "-m", "tests.warm"],
        cwd=ROOT,
        env={**environment(ROOT), "PYTHONDONTWRITEBYTECODE": "1"},
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        yield Line(process.stdin, process.stdout)
    finally:
        process.stdin.close()
        process.wait(30)


# -- the warm process -------------------------------------------------------------------------------------------------


def main() -> None:
    """Reads requests until the other end closes; one fork at a time."""
    _warm_up()
    gc.collect()
    gc.freeze()  # the forks share what is warm
    for text in sys.stdin:
        asked = json.loads(text)
        child = os.fork()
        if child == 0:
            _be_authwatch(asked)
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        _stamp(state(Path(asked["home"])) / "checkpoint", asked["at"])
        print(json.dumps(code), flush=True)


def _warm_up() -> None:
    """Imports what a check imports; nothing is opened."""
    from alerts import channels
    from monitor.check import outputs, status
    from monitor.check import run as full_check
    from monitor.cli import app, check, status_text
    from monitor.metrics import definitions, exposition
    from monitor.sources import claude_code, env, openclaw

    channels.check("phone", "json://localhost/x")
    assert all(
        (
            outputs,
            status,
            full_check,
            check,
            status_text,
            app,
            exposition,
            definitions,
            exposition,
            claude_code,
            env,
            openclaw,
        )
    )


def _be_authwatch(asked: dict[str, Any]) -> None:
    """The rest of this process is the command."""
    code = 70
    try:
        os.setsid()
        os.chdir(asked["home"])
        os.environ.clear()
        os.environ.update(asked["env"])
        streams = [open(f"{asked['folder']}/{name}", "w", encoding="utf-8") for name in ("out", "err", "points")]
        os.dup2(streams[0].fileno(), 1)
        os.dup2(streams[1].fileno(), 2)
        sys.stdout, sys.stderr = streams[0], streams[1]
        moment = datetime.fromisoformat(asked["at"])
        if asked["points"]:
            from tests.alerts.crash.points import Points

            Points(streams[2].fileno(), asked["kill"]).watch(state(Path(asked["home"])))
        code = _run(asked, moment)
    except BaseException as error:
        print(repr(error), file=sys.stderr)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _run(asked: dict[str, Any], moment: datetime) -> int:
    """What `monitor.cli.main` does, under the moved clock."""
    from monitor.cli import app
    from monitor.cli import main as gate
    from monitor.cli.context import Context

    class Moved(Context):
        __slots__ = ()

        def now(self) -> datetime:
            return moment

        def reading(self, now: datetime) -> Any:
            from alerts.clock_trust import ClockReading

            return ClockReading(now, timedelta(seconds=asked["boot"]), "boot")

    words = asked["words"]
    gate.time = SimpleNamespace(time=moment.timestamp)
    if words[:1] == ["check"]:
        gate._stopped(words)
    return app._guarded(words, Moved.real(words))


def _stamp(path: Path, at: str) -> None:
    """Files that a check writes carry the time of its clock, as they would without the test."""
    try:
        if time.time() - path.stat().st_mtime < 60:
            moment = datetime.fromisoformat(at).timestamp()
            os.utime(path, (moment, moment))
    except OSError:
        return


if __name__ == "__main__":
    main()
