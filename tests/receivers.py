"""Servers on the loopback that take notifications and keep what arrives: ntfy, Gotify, Mattermost, JSON, SMTP.

As a library: `with web() as there: …; there.received`, `with mail() as there: …`. As a script:

    python -m tests.receivers [--http PORT] [--smtp PORT] [--starttls PORT] [--seconds N]

prints "ready …" with the ports and then one JSON line for every message. HTTP answers as these servers do:

    /message            Gotify (X-Gotify-Key or ?token=)     gotify://127.0.0.1:PORT/TOKEN
    / or /TOPIC         ntfy (JSON or plain)                 ntfy://127.0.0.1:PORT/TOPIC
    /hooks/ANY          Mattermost incoming webhook          mmost://127.0.0.1:PORT/24-characters
    /json/ANY           any webhook                          json://127.0.0.1:PORT/json/x

Faults go before any of those paths, or for the whole server into `web(fault=…)`: status/CODE (429 and 503 send
Retry-After), fail/N (500 for the first N requests of that path), hang, slow/SECONDS, reset, drip (headers, then a byte
a second), redirect (302 to a page that answers 200). STARTTLS wants the login aw / pw.
"""

from __future__ import annotations

import argparse
import base64
import contextlib
import json
import socket
import struct
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from tests.inbox import Received, Receiver
from tests.mailboxes import mail
from tests.polling import pause

__all__ = ["Received", "Receiver", "mail", "web"]

FAULTS = ("status", "fail", "hang", "slow", "reset", "drip", "redirect")


class _Server(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 64

    def __init__(self, port: int, fault: str) -> None:
        super().__init__(("127.0.0.1", port), _Handler)
        self.fault, self.failed, self.ending = fault, Counter[str](), threading.Event()
        self.there = Receiver(self.server_address[1])

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that hangs up is not news."""


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Server

    def log_message(self, *_: Any) -> None:
        pass

    def do_GET(self) -> None:
        self._answer(200, "a page for people")

    def do_POST(self) -> None:
        raw = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        url = urlsplit(self.path)
        self.server.there.take(self._message(raw))
        parts = [part for part in f"{self.server.fault}/{url.path}".split("/") if part]
        while parts and parts[0] in FAULTS:
            if not self._fault(parts.pop(0), parts):
                return
        self._accept(parts, url.query, raw)

    do_PUT = do_POST

    def _message(self, raw: bytes) -> Received:
        login = self.headers.get("Authorization", "")
        user = base64.b64decode(login[6:]).decode().split(":")[0] if login.startswith("Basic ") else None
        return Received("http", self.path, dict(self.headers), _body(raw), user)

    def _fault(self, name: str, parts: list[str]) -> bool:
        """Does what the fault says; True when the request goes on as usual."""
        if name == "slow":
            self.server.ending.wait(float(parts.pop(0)))
            return True
        if name == "fail":
            times = int(parts.pop(0))
            self.server.failed[self.path] += 1
            if self.server.failed[self.path] > times:
                return True
            self._answer(500, {"error": "not yet"})
        elif name == "status":
            code = int(parts.pop(0))
            wait = {"parameters": {"retry_after": 2}} if code == 429 else {}  # as Telegram says it
            self._answer(code, {"error": code} | wait, **({"Retry_After": "2"} if code in (429, 503) else {}))
        elif name == "redirect":
            self._answer(302, "", Location="/login")
        elif name == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            self.close_connection = True
            self.connection.close()
        elif name == "drip":
            self._drip()
        else:
            self.server.ending.wait()
            self.close_connection = True
        return False

    def _drip(self) -> None:
        self.send_response(200)
        self.end_headers()
        with contextlib.suppress(OSError):
            while not self.server.ending.wait(1):
                self.wfile.write(b" ")
        self.close_connection = True

    def _accept(self, parts: list[str], query: str, raw: bytes) -> None:
        body = _body(raw)
        if parts[:1] == ["message"]:
            known = self.headers.get("X-Gotify-Key") or parse_qs(query).get("token")
            return self._answer(200, {"id": 1}) if known else self._answer(401, {"error": "Unauthorized"})
        if parts[:1] in (["hooks"], ["json"]):
            return self._answer(200, "ok")
        topic = (body.get("topic") if isinstance(body, dict) else None) or (parts[0] if parts else None)
        if not topic:
            return self._answer(400, {"code": 40001, "http": 400, "error": "no topic"})
        return self._answer(200, {"id": "m1", "time": int(time.time()), "event": "message", "topic": topic})

    def _answer(self, code: int, body: Any, **headers: str) -> None:
        data = (body if isinstance(body, str) else json.dumps(body)).encode()
        self.send_response(code)
        for name, value in {"Content-Type": "application/json", **headers}.items():
            self.send_header(name.replace("_", "-"), value)
        self.send_header("Content-Length", str(len(data)))
        self.end_headers()
        with contextlib.suppress(OSError):
            self.wfile.write(data)


def _body(raw: bytes) -> Any:
    try:
        return json.loads(raw)
    except ValueError:
        return raw.decode("utf-8", "replace")


@contextlib.contextmanager
def web(port: int = 0, fault: str = "") -> Iterator[Receiver]:
    """An HTTP receiver for as long as the block lasts."""
    server = _Server(port, fault)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield server.there
    finally:
        server.ending.set()
        server.shutdown()
        server.server_close()


def main() -> None:
    """Listens where the options say and prints what arrives."""
    options = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    for name, default in (("http", 0), ("smtp", 0), ("starttls", 0), ("seconds", 600)):
        options.add_argument(f"--{name}", type=int, default=default)
    chosen = options.parse_args()
    with contextlib.ExitStack() as stack:
        running = {
            "http": stack.enter_context(web(chosen.http)),
            "smtp": stack.enter_context(mail(chosen.smtp)),
            "starttls": stack.enter_context(mail(chosen.starttls, starttls=True)),
        }
        for there in running.values():
            there.keep = lambda received: print(json.dumps(asdict(received)), flush=True)
        pem = f"certificate={running['starttls'].certificate}"
        print("ready", *(f"{name}={there.port}" for name, there in running.items()), pem, flush=True)
        with contextlib.suppress(KeyboardInterrupt):
            pause(chosen.seconds)


if __name__ == "__main__":
    sys.exit(main())
