"""A real daemon in a subprocess and a real server in a thread, with what a pass leaves behind."""

import contextlib
import http.client
import json
import os
import re
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from monitor.config.settings import Settings, WebSettings
from monitor.metrics.text import body
from monitor.serve.app import App
from monitor.serve.counters import Counters
from monitor.serve.daemon import _address, _listen
from tests.metrics.worlds import FACTS, NOW, WORLD

ROOT = Path(__file__).parents[2]
STATUS = {"schema": 1, "profiles": []}


def leave(folder, result="ok", deliveries=None):
    """What one pass leaves in the state folder."""
    folder.mkdir(exist_ok=True)
    (folder / "metrics.prom").write_text(body(WORLD, FACTS))
    (folder / "status.json").write_text(json.dumps(STATUS))
    record = {"at": NOW.isoformat(), "result": result, "exit_code": 0, "duration": 0.1}
    (folder / "pass.json").write_text(json.dumps({**record, "deliveries": deliveries or {}}))
    (folder / "checkpoint").touch()
    os.utime(folder / "checkpoint", (NOW.timestamp(), NOW.timestamp()))


class Client:
    """Asks one address; each question is a connection of its own."""

    def __init__(self, address):
        self.address = address

    def ask(self, path, method="GET", **headers):
        connection = http.client.HTTPConnection(self.address, timeout=10)
        with contextlib.closing(connection):
            names = {name.replace("_", "-"): value for name, value in headers.items()}
            connection.request(method, path, headers=names)
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()


@pytest.fixture
def server(tmp_path):
    """Starts the WSGI application under waitress; `server(WebSettings(…))` gives a Client."""
    running = []

    def start(web=None, clock=lambda: NOW, state=tmp_path):
        settings = Settings(web=web or WebSettings("127.0.0.1:0"))
        made = _listen(App(settings, state, Counters(["phone"]), clock=clock), "127.0.0.1", 0)
        thread = threading.Thread(target=made.run, daemon=True)
        thread.start()
        running.append(made)
        return Client(_address(made))

    yield start
    for made in running:
        made.task_dispatcher.shutdown()
        made.asyncore.close_all(made._map)


class Daemon:
    """A daemon in a subprocess; `out` is what it has said so far."""

    def __init__(self, given, env):
        self.process = subprocess.Popen(
            [sys.executable, "-m", "tests.serve.daemon_main", json.dumps(given)],
            cwd=ROOT,
            env={**os.environ, **env},
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        self.out = ""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def _read(self):
        for line in self.process.stdout:
            self.out += line

    def client(self):
        wait_for(lambda: "listening on" in self.out or self.process.poll() is not None)
        return Client(re.search(r"listening on http://(\S+)/", self.out)[1])

    def end(self):
        """The exit code after SIGTERM, and how long that took."""
        began = time.monotonic()
        self.process.terminate()
        code = self.process.wait(20)
        self._reader.join(5)
        return code, time.monotonic() - began


@pytest.fixture
def daemon(tmp_path):
    """Starts the daemon; `daemon(["sh", "-c", …], interval=1)`; its state folder is `tmp_path / "state"`."""
    running = []
    state = tmp_path / "state"
    state.mkdir()

    def start(command, env=None, **given):
        one = Daemon({"state": str(state), "command": command, **given}, env or {})
        running.append(one)
        return one

    yield start
    for one in running:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


def wait_for(so, seconds=15.0):
    """Waits until something is so; fails after a while."""
    end = time.monotonic() + seconds
    while not (found := so()):
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.05)
    return found
