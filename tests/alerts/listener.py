"""A server that notes which paths were asked for, and answers as it is told to."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass
class Listener:
    """Where it listens, what it answers, and the paths asked for so far."""

    port: int = 0
    status: int = 200
    fault: str = ""
    paths: list[str] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}/{path}"


@contextlib.contextmanager
def listener(status: int = 200, fault: str = "", port: int = 0) -> Iterator[Listener]:
    """`fault`: hang (no answer at all), drip (headers, then never an end)."""
    there, ending = Listener(0, status, fault), threading.Event()

    class Handler(BaseHTTPRequestHandler):
        def log_message(self, *_: Any) -> None:
            pass

        def do_GET(self) -> None:
            there.paths.append(self.path)
            if there.fault == "hang":
                ending.wait()
                return
            self.send_response(there.status)
            if there.fault != "drip":
                self.send_header("Content-Length", "2")
            self.end_headers()
            with contextlib.suppress(OSError):
                self.wfile.write(b"OK")
            if there.fault == "drip":
                ending.wait()

    server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
    server.daemon_threads, server.block_on_close = True, False
    there.port = server.server_address[1]
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield there
    finally:
        ending.set()
        server.shutdown()
        server.server_close()
