"""A TCP proxy that stalls or hangs up once so many bytes have come from the server."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field


@dataclass
class Proxy:
    """`budget` bytes still pass from the server (None: all); then it is silent for ever, or hangs up (`drops`)."""

    port: int = 0
    budget: int | None = None
    drops: bool = False
    passed: int = 0
    lock: threading.Lock = field(default_factory=threading.Lock)

    def heal(self) -> None:
        self.budget, self.passed = None, 0

    def take(self, chunk: bytes) -> bytes:
        with self.lock:
            self.passed += len(chunk)
            if self.budget is None:
                return chunk
            allowed = chunk[: self.budget]
            self.budget -= len(allowed)
            return allowed


@contextmanager
def proxy(target: int) -> Iterator[Proxy]:
    listener = socket.create_server(("127.0.0.1", 0))
    there = Proxy(listener.getsockname()[1])
    threading.Thread(target=_serve, args=(listener, there, target), daemon=True).start()
    yield there
    listener.close()


def _serve(listener: socket.socket, there: Proxy, target: int) -> None:
    while True:
        try:
            client, _ = listener.accept()
        except OSError:
            return
        if there.budget == 0 and there.drops:
            client.close()
            continue
        try:
            server = socket.create_connection(("127.0.0.1", target))
        except OSError:
            client.close()
            continue
        threading.Thread(target=_forward, args=(client, server, None), daemon=True).start()
        threading.Thread(target=_forward, args=(server, client, there), daemon=True).start()


def _forward(source: socket.socket, sink: socket.socket, there: Proxy | None) -> None:
    with suppress(OSError):
        while chunk := source.recv(1 << 16):
            allowed = there.take(chunk) if there else chunk
            sink.sendall(allowed)
            if allowed != chunk:
                if there is not None and there.drops:
                    break
                while source.recv(1 << 16):  # the silence lasts until the client gives up
                    pass
                break
    for end in (source, sink):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
