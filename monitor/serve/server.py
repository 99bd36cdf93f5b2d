"""waitress with two holes closed: clients that drip their request, and clients that never take the answer."""

from __future__ import annotations

import logging
import resource
from collections.abc import Callable, Mapping
from contextlib import suppress
from typing import Any, Final

from waitress.adjustments import Adjustments
from waitress.channel import HTTPChannel
from waitress.server import TcpWSGIServer
from waitress.task import ThreadedTaskDispatcher
from waitress.wasyncore import close_all, loop

THREADS: Final = 4
IDLE: Final = 20  # seconds after which a connection that asks or takes nothing is closed
KEPT: Final = 75  # seconds for one that was answered: Prometheus comes again after 15 to 60
CONNECTIONS: Final = 1024


class _Channel(HTTPChannel):
    """Counts a request that comes byte by byte from its first byte on; waitress would wait as long as it drips."""

    answered = False

    def handle_read(self) -> None:
        begun, since = self.request is not None, self.last_activity
        super().handle_read()
        if begun and self.request is not None:
            self.last_activity = since

    def service(self) -> None:
        self.answered = True
        super().service()

    def overdue(self, now: float) -> bool:
        """Whether it has asked or taken nothing for too long; who was answered may come again for the next scrape."""
        resting = self.answered and self.request is None and not self.total_outbufs_len
        return not self.requests and self.last_activity < now - (KEPT if resting else IDLE)


class _Server(TcpWSGIServer):
    """Closes who is too late, even where nothing can be written to them any more."""

    channel_class = _Channel

    def maintenance(self, now: float) -> None:
        channels: dict[int, _Channel] = self.active_channels  # type: ignore[assignment]  # the stubs say it is one
        for channel in list(channels.values()):
            if channel.overdue(now):
                channel.handle_close()


class Server:
    """The listening sockets of one address, and a few threads; raises OSError or ValueError where it cannot be had."""

    def __init__(self, app: Callable[..., Any], host: str, port: int) -> None:
        logging.getLogger("waitress").setLevel(logging.ERROR)  # it warns of two requests at once, and of a full house
        settings = Adjustments(
            listen=f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
            threads=THREADS,
            ident=None,
            connection_limit=_files() // 2,
            channel_timeout=IDLE,
            cleanup_interval=IDLE // 4,
            asyncore_loop_timeout=IDLE,
            asyncore_use_poll=True,
            max_request_header_size=16384,
            max_request_body_size=4096,
            outbuf_high_watermark=1 << 40,  # a thread never waits for a client that reads slowly
            clear_untrusted_proxy_headers=True,
        )
        self._work = ThreadedTaskDispatcher()
        self._map: Mapping[int, Any] = {}
        places: list[Any] = list(settings.listen)
        servers: list[Any] = [
            _Server(app, self._map, dispatcher=self._work, adj=settings, sockinfo=place) for place in places
        ]
        self._work.set_thread_count(THREADS)
        found, number = servers[0].effective_host, servers[0].effective_port
        self.address = f"[{found}]:{number}" if ":" in found else f"{found}:{number}"

    def run(self) -> None:
        """Serves until the process ends, or `close`."""
        loop(timeout=IDLE, map=self._map, use_poll=True)

    def close(self) -> None:
        """Ends the threads and closes every connection."""
        self._work.shutdown()
        close_all(self._map)


def _files() -> int:
    """How many files this process may have open, raised to what two full houses need where that is allowed."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= 2 * CONNECTIONS:
        return 2 * CONNECTIONS
    wanted = 2 * CONNECTIONS if hard == resource.RLIM_INFINITY else min(hard, 2 * CONNECTIONS)
    with suppress(OSError, ValueError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (wanted, hard))
    return resource.getrlimit(resource.RLIMIT_NOFILE)[0]
