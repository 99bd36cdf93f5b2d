"""The connection to a PostgreSQL history: encrypted, never waited for without an end, held only for one transaction."""

from __future__ import annotations

import socket
import ssl
import threading
from contextlib import suppress
from ipaddress import ip_address
from os import dup
from pathlib import Path
from typing import Any, Final

from sqlalchemy import Engine, create_engine, event
from sqlalchemy.engine import URL
from sqlalchemy.pool import NullPool

from monitor.system.timeout import within

CONNECT_SECONDS: Final = 3.0
#: So long a server may take for one statement; then the connection counts as lost.
ANSWER_SECONDS: Final = 5.0

#: Where Debian and its like keep the certificates that the machine trusts.
_AUTHORITIES: Final = Path("/etc/ssl/certs/ca-certificates.crt")


def engine_of(url: URL) -> Engine:
    """An engine that opens a connection for each transaction, and keeps none in between: messages are sent then, which
    may take a minute."""
    engine = create_engine(url, hide_parameters=True, poolclass=NullPool, connect_args=arguments(url))
    _bound(engine)
    return engine


def arguments(url: URL) -> dict[str, str | int]:
    """What libpq is told beyond the URL, which is right where it says otherwise.

    Source: https://www.postgresql.org/docs/current/libpq-connect.html#LIBPQ-PARAMKEYWORDS (for a Unix socket sslmode
    means nothing).
    """
    made: dict[str, str | int] = {"connect_timeout": int(CONNECT_SECONDS), "application_name": "authwatch"}
    if not _is_near(url):
        made["sslmode"] = "verify-full"
        if "sslmode" not in url.query and (trusted := _authorities()):
            made["sslrootcert"] = trusted
    return {name: value for name, value in made.items() if name not in url.query}


def _is_near(url: URL) -> bool:
    """Whether every host of the URL is this machine; none may be any, of a variable or a service file."""
    named = [url.host, *(part for name in ("host", "hostaddr") for part in _all(url, name))]
    hosts = [host for host in named if host]
    return bool(hosts) and all(map(_is_loopback, hosts))


def _all(url: URL, name: str) -> list[str]:
    given = url.query.get(name, ())
    texts = (given,) if isinstance(given, str) else given
    return [part.rpartition(":")[0] or part if part.count(":") == 1 else part for t in texts for part in t.split(",")]


def _is_loopback(host: str) -> bool:
    if host.startswith(("/", "@")) or host.lower() in ("localhost", "localhost."):
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def _authorities() -> str | None:
    """The certificates to trust, as a file; None where libpq has its own (of a variable, or in the home).

    psycopg's wheels bring an OpenSSL that looks in no folder of the machine, so `sslrootcert=system` finds nothing.
    """
    from psycopg.pq import Conninfo

    said = {one.keyword: one.val for one in Conninfo.get_defaults()}
    if said.get(b"sslrootcert") or Path("~/.postgresql/root.crt").expanduser().exists():
        return None
    found = ssl.get_default_verify_paths().cafile
    if found or _AUTHORITIES.exists():
        return found or str(_AUTHORITIES)
    try:
        from certifi import where
    except ImportError:
        return None
    return where()


class _Patience:
    """Cuts a connection whose server does not answer, and libpq then says that it is lost: neither it nor psycopg has
    a limit of its own for a server that is there and silent."""

    def __init__(self) -> None:
        self._line: socket.socket | None = None
        self._timer: threading.Timer | None = None

    def connected(self, handle: int) -> None:
        self.closed()
        self._line = socket.socket(fileno=dup(handle))
        self.begin()

    def begin(self, *_: object) -> None:
        self.end()
        if self._line is not None:
            self._timer = threading.Timer(ANSWER_SECONDS, _cut, [self._line])
            self._timer.daemon = True
            self._timer.start()

    def end(self, *_: object) -> None:
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def closed(self, *_: object) -> None:
        self.end()
        if self._line is not None:
            self._line.close()
            self._line = None


def _cut(line: socket.socket) -> None:
    with suppress(OSError):
        line.shutdown(socket.SHUT_RDWR)


def _bound(engine: Engine) -> None:
    patience = _Patience()

    @event.listens_for(engine, "do_connect")
    def _connect(dialect: Any, _: object, given: Any, named: Any) -> Any:
        # Looking up the name and the server's greeting are bounded by nothing in libpq.
        limit = max(float(named.get("connect_timeout") or CONNECT_SECONDS), 1.0)
        try:
            made = within(limit, lambda: dialect.connect(*given, **named))
        except TimeoutError:
            raise dialect.loaded_dbapi.OperationalError("the server does not answer: connection timeout") from None
        patience.connected(made.fileno())
        return made

    for name in ("commit", "rollback"):
        event.listen(engine, name, lambda _: patience.begin())
    event.listen(engine, "before_cursor_execute", lambda *_: patience.begin())
    event.listen(engine, "after_cursor_execute", lambda *_: patience.end())
    event.listen(engine.pool, "reset", lambda *_: patience.begin())
    event.listen(engine.pool, "close", lambda *_: patience.closed())
