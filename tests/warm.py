"""A warm process that runs the real command line in forks: milliseconds where a cold start of Python takes half a second.

`run(home, "check")` is a whole authwatch process, gate included: its streams, environment, working folder, exit code or
signal. Only what a cold start alone can show is not shown by it: what is imported, what the interpreter makes of its
environment, what `ps` says. `Line.run(..., at=moment)` does the same under a clock that the test sets (both clocks run
on together unless `boot` is given), for thousands of checks; and tells or kills at `points`, see
tests/alerts/crash/points.py.
"""

from __future__ import annotations

import _thread
import atexit
import fcntl
import functools
import gc
import importlib
import json
import os
import pkgutil
import selectors
import signal
import socket
import subprocess
import sys
import tempfile
import termios
import threading
import time
import traceback
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import IO, Any, NoReturn

from tests.command import ROOT, Done, environment, state
from tests.openclaw_home import DAY, openclaw, token

BOOTED = datetime(2020, 1, 1, tzinfo=UTC)


@dataclass(frozen=True)
class Passed(Done):
    """A finished command and the points it came by."""

    points: tuple[str, ...] = ()


class Started:
    """A command that runs in a fork; as `subprocess.Popen`, as far as tests need it."""

    def __init__(self, connection: socket.socket) -> None:
        self._connection = connection
        self._said = connection.makefile("r")
        self.pid = self._number()
        self.returncode: int | None = None

    def _number(self) -> int:
        text = self._said.readline()
        if not text:
            raise RuntimeError("the warm process died")
        return int(text)

    def poll(self) -> int | None:
        """The exit code, if it has ended."""
        return self.wait(0) if self._ends(0) else None

    def wait(self, timeout: float | None = None) -> int:
        """The exit code, below 0 for a signal."""
        if not self._ends(timeout):
            raise subprocess.TimeoutExpired("a command in a fork", timeout or 0)
        if self.returncode is None:
            self.returncode = self._number()
            self._said.close()
            self._connection.close()
        return self.returncode

    def _ends(self, timeout: float | None) -> bool:
        if self.returncode is not None:
            return True
        with selectors.DefaultSelector() as one:
            one.register(self._connection, selectors.EVENT_READ)
            return bool(one.select(timeout))

    def send_signal(self, number: int) -> None:
        """Sends a signal, if it still runs."""
        if self.poll() is None:
            os.kill(self.pid, number)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)


class Warm:
    """The line to a warm process, which ends when this one does."""

    def __init__(self, by: Sequence[str] = ()) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="warm-")
        self._address = f"{self._folder.name}/socket"
        listening = socket.socket(socket.AF_UNIX)
        listening.bind(self._address)
        listening.listen(64)
        with listening:
            self._process = subprocess.Popen(
                [*by, sys.executable, "-m", "tests.warm", str(listening.fileno())],
                cwd=ROOT,
                env=environment(ROOT),
                stdin=subprocess.PIPE,
                pass_fds=[listening.fileno()],
                start_new_session=True,
            )

    def close(self) -> None:
        """Ends the warm process and what still runs in its forks."""
        assert self._process.stdin is not None
        self._process.stdin.close()
        self._process.wait(30)
        self._folder.cleanup()

    def start(
        self, words: Sequence[str | Path], env: Mapping[str, str], cwd: str | Path, streams: Sequence[int], **more: Any
    ) -> Started:
        """Starts a command with these three streams; with `terminal`, they are its controlling terminal, and with
        `closed`, it begins without the ones of these numbers."""
        asked = {"words": [os.fspath(word) for word in words], "env": dict(env), "cwd": os.fspath(cwd), **more}
        body = json.dumps(asked).encode()
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(self._address)
        socket.send_fds(connection, [len(body).to_bytes(8, "big")], streams)
        connection.sendall(body)
        return Started(connection)

    def run(
        self, *words: str | Path, stdin: bytes = b"", timeout: float = 120, **asked: Any
    ) -> tuple[int, bytes, bytes]:
        """Runs a command to its end: its code and what it said."""
        with tempfile.TemporaryFile() as given, tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
            given.write(stdin)
            given.seek(0)
            running = self.start(words, streams=(given.fileno(), out.fileno(), err.fileno()), **asked)
            try:
                code = running.wait(timeout)
            finally:
                running.kill()
            return code, _whole(out), _whole(err)


def _whole(file: IO[bytes]) -> bytes:
    file.seek(0)
    return file.read()


@cache
def warm(by: Sequence[str] = ()) -> Warm:
    """The warm process of this test process; `by` goes before its command, to take rights away from it."""
    made = Warm(by)
    atexit.register(made.close)
    return made


#: What the interpreter itself reads when it starts; of that, a fork can do the encoding of the streams.
_INTERPRETERS = ("PYTHON", "LANG", "LC_", "LD_", "MALLOC_", "GLIBC_")
ENCODING = "PYTHONIOENCODING"


def serves(env: Mapping[str, str]) -> bool:
    """Whether a fork shows what a start in this environment would."""
    return _of_interpreter(env) == _of_interpreter(environment(ROOT))


def _of_interpreter(env: Mapping[str, str]) -> dict[str, str]:
    return {name: value for name, value in env.items() if name.startswith(_INTERPRETERS) and name != ENCODING}


class Line:
    """The command line under a clock that the test sets."""

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
        with tempfile.NamedTemporaryFile() as seen:
            code, out, err = warm().run(
                *words,
                cwd=home,
                env=environment(home, env),
                at=at.isoformat(),
                boot=(at - BOOTED if boot is None else boot).total_seconds(),
                points=seen.name if points or kill else "",
                kill=kill,
                state=str(state(home)),
            )
            _stamp(state(home) / "checkpoint", at)
            came = tuple(seen.read().decode().splitlines())
        return Passed(code, out.decode(errors="replace"), err.decode(errors="replace"), came)


def _stamp(path: Path, at: datetime) -> None:
    """Files that a check writes carry the time of its clock, as they would without the test."""
    with suppress(OSError):
        if time.time() - path.stat().st_mtime < 60:
            os.utime(path, (at.timestamp(),) * 2)


# -- the warm process -------------------------------------------------------------------------------------------------


def main(listening: socket.socket) -> None:
    """Starts a fork for each request, until the other end of stdin closes."""
    _import_all()
    _practise()
    gc.collect()
    gc.freeze()  # the forks share what is warm
    ended, end = socket.socketpair()
    end.setblocking(False)
    signal.set_wakeup_fd(end.fileno())
    signal.signal(signal.SIGCHLD, lambda *_: None)
    running: dict[int, socket.socket] = {}
    with selectors.DefaultSelector() as events:
        for one in (sys.stdin, listening, ended):
            events.register(one, selectors.EVENT_READ)
        while True:
            ready = {key.fileobj for key, _ in events.select()}
            if ended in ready:
                ended.recv(4096)
                _reap(running)
            if listening in ready:
                connection, _ = listening.accept()
                child = _fork(connection)
                running[child] = connection
                _tell(connection, child)
            if sys.stdin in ready:
                break
    for child in running:
        os.kill(child, signal.SIGKILL)


def _import_all() -> None:
    """Imports all modules of ours, and what they import in their functions."""
    for name in OURS:
        for found in pkgutil.walk_packages([str(ROOT / name)], f"{name}."):
            if ".migrations" not in found.name:
                importlib.import_module(found.name)
    from alerts import channels

    channels.check("phone", "json://localhost/x")
    for name in LAZILY:
        with suppress(ImportError):
            importlib.import_module(name)


def _practise() -> None:
    """Does in this process what the forks will do, for what is made at its first use; and forgets what was found."""
    from monitor.cli import app
    from monitor.cli.context import Context

    kept, streams, mask = dict(os.environ), (sys.stdout, sys.stderr), os.umask(0o077)
    with tempfile.TemporaryDirectory() as folder, Path(os.devnull).open("w", encoding="utf-8") as nowhere:
        home = Path(folder)
        openclaw(home, {"anthropic:default": token(ends_in=DAY)})
        os.environ.update(environment(home))
        sys.stdout = sys.stderr = nowhere
        for words in (["check"], ["status", "--json"]):
            app._guarded(words, Context.real(words))
        sys.stdout, sys.stderr = streams
    os.environ.clear()
    os.environ.update(kept)
    os.umask(mask)
    while threading.active_count() > 1 or _thread._count():  # no fork has the threads of its parent
        time.sleep(0.01)
    for found in gc.get_objects():
        if isinstance(found, functools._lru_cache_wrapper) and (found.__module__ or "").startswith(OURS):
            found.cache_clear()


OURS = ("monitor", "alerts")
LAZILY = """
    _strptime alembic.command apprise apscheduler.schedulers.background argparse asyncio concurrent.futures.thread ctypes
    curses difflib encodings.idna fcntl http.client jinja2 json5 pathlib platform prometheus_client psycopg pty pwd
    readline shtab shutil sqlalchemy.dialects.postgresql.psycopg
    sqlalchemy.dialects.sqlite.pysqlite sqlite3 ssl subprocess tempfile termios textwrap threading tomllib tzdata
    urllib.request urllib3 uuid waitress wsgiref.simple_server xml.etree.ElementTree yaml zoneinfo
""".split()


def _reap(running: dict[int, socket.socket]) -> None:
    with suppress(ChildProcessError):
        while (ended := os.waitpid(-1, os.WNOHANG))[0]:
            with running.pop(ended[0]) as connection:
                _tell(connection, os.waitstatus_to_exitcode(ended[1]))


def _tell(connection: socket.socket, number: int) -> None:
    with suppress(OSError):
        connection.sendall(b"%d\n" % number)


def _fork(connection: socket.socket) -> int:
    size, streams, *_ = socket.recv_fds(connection, 8, 3)
    body = b""
    while len(body) < int.from_bytes(size, "big"):
        body += connection.recv(1 << 20)
    child = os.fork()
    if child == 0:
        _be_authwatch(json.loads(body), streams)
    for handle in streams:
        os.close(handle)
    return child


def _be_authwatch(asked: dict[str, Any], streams: list[int]) -> NoReturn:
    """The rest of this process is the command."""
    code = 1
    try:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        os.setsid()
        for number, handle in enumerate(streams):
            os.dup2(handle, number)
        os.closerange(3, os.sysconf("SC_OPEN_MAX"))
        if asked.get("terminal"):
            _have_terminal()
        os.chdir(asked["cwd"])
        os.environ.clear()
        os.environ.update(asked["env"])
        time.tzset()
        tempfile.tempdir = None  # found in another environment
        _open_streams(asked.get("closed", ()))
        code = _run(asked)
        sys.stdout.flush()
    except SystemExit as left:
        code = left.code if isinstance(left.code, int) else 1
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)


def _have_terminal() -> None:
    """Makes stdin the controlling terminal and goes on in a child: Linux throws away what is still on its way to a
    terminal when the leader of its session ends, so that one ends a moment later."""
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)
    signal.signal(signal.SIGINT, lambda *_: None)
    child = os.fork()
    if child:
        code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        time.sleep(0.3)
        os._exit(code if code >= 0 else 128 - code)
    signal.signal(signal.SIGINT, signal.default_int_handler)


def _open_streams(closed: Sequence[int]) -> None:
    """The three streams as the interpreter opens them."""
    encoding, _, errors = os.environ.get(ENCODING, "utf-8").partition(":")
    for number, name in enumerate(("stdin", "stdout", "stderr")):
        if number in closed:
            os.close(number)
            setattr(sys, name, None)
            continue
        how: dict[str, Any] = {"encoding": encoding, "errors": errors or getattr(sys, name).errors}
        how |= {"mode": "w"} if number else {}
        how |= {"errors": "backslashreplace", "buffering": 1} if number == 2 else {}
        setattr(sys, name, open(number, **how))


def _run(asked: dict[str, Any]) -> int:
    """What `python -m monitor.cli.main` does, under the moved clock if there is one."""
    from monitor.cli import main as gate

    sys.argv = [str(gate.__file__), *asked["words"]]
    sys.path[0] = asked["cwd"]
    if "at" not in asked:
        gate.main()
        return 0
    if asked["points"]:
        from tests.alerts.crash.points import Points

        log = os.open(asked["points"], os.O_WRONLY | os.O_APPEND)
        Points(log, asked["kill"]).watch(Path(asked["state"]))
    return _moved(asked, datetime.fromisoformat(asked["at"]))


def _moved(asked: dict[str, Any], moment: datetime) -> int:
    from monitor.check.gate import arranged
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

    words = arranged(asked["words"])
    gate.time = SimpleNamespace(time=moment.timestamp)
    if words[:1] == ["check"]:
        gate._stopped(words)
    return app._guarded(words, Moved.real(words))


if __name__ == "__main__":
    main(socket.socket(fileno=int(sys.argv[1])))
