"""A real daemon in a subprocess and a real server in a thread, with what a check leaves behind."""

import contextlib
import http.client
import json
import os
import re
import socket
import subprocess
import sys
import threading
import time
from http import HTTPStatus
from pathlib import Path

import pytest

from monitor.check.outputs import StateFolders
from monitor.config.settings import Settings, WebSettings
from monitor.metrics.exposition import body
from monitor.serve.daemon_metrics import Counters
from monitor.serve.live_settings import LiveSettings, Loaded
from monitor.serve.server import Server
from monitor.serve.wsgi import App, fault
from tests.metrics.worlds import FACTS, NOW, WORLD
from tests.polling import eventually

ROOT = Path(__file__).parents[2]
STATUS = {"schema": 1, "profiles": []}


def leave(folder, result="ok", deliveries=None):
    """What one check leaves in the state folder."""
    folder.mkdir(exist_ok=True)
    (folder / "metrics.prom").write_text(body(WORLD, FACTS))
    (folder / "status.json").write_text(json.dumps(STATUS))
    record = {"at": NOW.isoformat(), "result": result, "exit_code": 0, "duration": 0.1}
    (folder / "check.json").write_text(json.dumps({**record, "deliveries": deliveries or {}}))
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

    def raw(self, path, **headers):
        """As `ask`, with the body as bytes."""
        connection = http.client.HTTPConnection(self.address, timeout=10)
        with contextlib.closing(connection):
            connection.request("GET", path, headers={name.replace("_", "-"): text for name, text in headers.items()})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()


@pytest.fixture
def server(tmp_path):
    """Starts the WSGI application under waitress; `server(WebSettings(…))` gives a Client."""
    running = []

    def start(web=None, clock=lambda: NOW, state=tmp_path, ask=None):
        current = LiveSettings(lambda: Loaded(Settings(host="vps-1", web=web or WebSettings("127.0.0.1:0"))))
        answer = ask or (lambda environ: fault(HTTPStatus.SERVICE_UNAVAILABLE, "no history here"))
        made = Server(App(current, StateFolders(state, state), Counters(["phone"]), answer, clock), "127.0.0.1", 0)
        threading.Thread(target=made.run, daemon=True).start()
        running.append(made)
        return Client(made.address)

    yield start
    for made in running:
        made.close()


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
    """Starts the daemon; `daemon("a shell script", interval=1)`; its state folder is `tmp_path / "state"`."""
    running = []
    state = tmp_path / "state"
    state.mkdir()

    def start(script, env=None, **given):
        one = Daemon({"state": str(state), "script": script, **given}, env or {})
        running.append(one)
        return one

    yield start
    for one in running:
        if one.process.poll() is None:
            one.process.kill()
            one.process.wait()


class Systemd:
    """The socket that systemd would listen on."""

    def __init__(self, path):
        self.address = str(path)
        self.socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.socket.bind(self.address)
        self.socket.settimeout(15)

    def until(self, text):
        """The next message that has this in it."""
        while text not in (heard := self.socket.recv(4096).decode()):
            pass
        return heard


@pytest.fixture
def systemd(tmp_path):
    """A listening systemd."""
    made = Systemd(tmp_path / "notify")
    yield made
    made.socket.close()


def wait_for(so, seconds=60.0):
    """Waits until something is so; fails after a while."""
    return eventually(so, seconds=seconds)
