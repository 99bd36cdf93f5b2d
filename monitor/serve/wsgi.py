"""What the daemon answers over HTTP: page, metrics, API and calendar from the files that checks leave."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Generic, TypeVar

from alerts.timefmt import iso, span
from monitor.check import gate, outputs
from monitor.metrics.definitions import Facts
from monitor.metrics.exposition import OPENMETRICS, TEXT, body, openmetrics
from monitor.model import Judgement
from monitor.serve.daemon_metrics import Counters
from monitor.serve.live_settings import LiveSettings
from monitor.serve.web_auth import WrongPasswords, may_read, names_us
from monitor.system.host import Stamp, stamp

if TYPE_CHECKING:
    from monitor.serve.page.view import PageInput

T = TypeVar("T")

LEVEL: Final = 6  # of gzip: 9 takes several times as long for a few percent


class Cached(Generic[T]):
    """Something made from files, made anew when one of them or `also` is not what it was."""

    def __init__(self, make: Callable[[], T], *paths: Path, also: Callable[[], object] = lambda: None) -> None:
        self._make, self._paths, self._also = make, paths, also
        self._lock = threading.Lock()
        self._held: tuple[tuple[tuple[Stamp, ...], object], T] | None = None

    def get(self) -> T:
        """What was made; many may ask at once, one makes it."""
        with self._lock:
            now = (tuple(map(stamp, self._paths)), self._also())
            if self._held is None or self._held[0] != now:
                self._held = None  # the old one may be large
                self._held = (now, self._make())
            return self._held[1]


def pack(text: bytes) -> bytes:
    """The text in gzip."""
    return gzip.compress(text, LEVEL, mtime=0)


def read(path: Path) -> bytes | None:
    """The content of a file; None where there is none."""
    try:
        return path.read_bytes()
    except OSError:
        return None


Environ = Mapping[str, Any]

PLAIN: Final = "text/plain; charset=utf-8"
JSON: Final = "application/json"
HTML: Final = "text/html; charset=utf-8"

#: What is smaller fits into one packet anyway.
WORTH_PACKING: Final = 2048

STRICT: Final = (
    ("Cache-Control", "no-store"),
    (
        "Content-Security-Policy",
        "default-src 'none'; style-src 'self'; img-src 'self'; frame-ancestors 'none'; base-uri 'none'; "
        "form-action 'none'",
    ),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
)


@dataclass(frozen=True, slots=True)
class Response:
    """One HTTP answer; `packed` bodies are gzip already."""

    status: HTTPStatus
    parts: tuple[bytes, ...]
    type: str = PLAIN
    headers: tuple[tuple[str, str], ...] = ()
    packed: bool = False

    def sent_to(self, environ: Environ) -> Response:
        """The same, packed where the client takes that and it is worth it."""
        if self.packed or not takes_gzip(environ) or sum(map(len, self.parts)) < WORTH_PACKING:
            return self
        return Response(self.status, (pack(b"".join(self.parts)),), self.type, self.headers, packed=True)

    def all_headers(self) -> list[tuple[str, str]]:
        """Every header of this answer."""
        length = str(sum(map(len, self.parts)))
        coding = [("Content-Encoding", "gzip")] if self.packed else []
        return [("Content-Type", self.type), ("Content-Length", length), *coding, *self.headers, *VARY, *STRICT]


VARY: Final = (("Vary", "Accept, Accept-Encoding"),)


def say(status: HTTPStatus, text: str, *headers: tuple[str, str]) -> Response:
    """A line of text."""
    return Response(status, (f"{text}\n".encode(),), headers=headers)


def fault(status: HTTPStatus, text: str) -> Response:
    """An error for programs, as JSON."""
    import json

    return Response(status, (json.dumps({"error": text}).encode() + b"\n",), JSON)


def takes_gzip(environ: Environ) -> bool:
    """Whether an Accept-Encoding header has gzip."""
    return _offers(environ.get("HTTP_ACCEPT_ENCODING", ""), "gzip")


def takes_openmetrics(environ: Environ) -> bool:
    """Whether an Accept header has OpenMetrics."""
    return _offers(environ.get("HTTP_ACCEPT", ""), "application/openmetrics-text")


def _offers(header: str, wanted: str) -> bool:
    """Whether a header lists something and does not rule it out with a weight of 0 (RFC 9110, 12.4.2)."""
    for offer in header.lower().split(","):
        name, *parameters = (part.strip() for part in offer.split(";"))
        if name == wanted:
            weights = [text.removeprefix("q=") for text in parameters if text.startswith("q=")]
            return not weights or weights[0].strip("0.") != ""
    return False


LOGIN: Final = "/login/"
REMEMBERED: Final = 16  # pages of logins

HERE: Final = Path(__file__).with_name("page") / "templates"
#: What documents that no check of this version left may raise.
MALFORMED: Final = (KeyError, TypeError, ValueError, AttributeError, IndexError, OverflowError)


class PageViews:
    """Each is made anew when a check left something else, the page with every minute too: it says "in 2 days"."""

    def __init__(self, current: LiveSettings, place: outputs.StateFolders, clock: Callable[[], datetime]) -> None:
        self._current, self._place, self._clock = current, place, clock
        status, overview = place.state / outputs.STATUS, place.state / outputs.OVERVIEW
        success = place.gate / gate.NAME
        self._page = Cached(self._render, status, overview, success, also=self._minute)
        evidence = place.state / outputs.EVIDENCE
        self._logins: Cached[dict[str, bytes]] = Cached(dict, status, overview, evidence, success, also=self._minute)
        self._one_at_a_time = threading.Lock()
        self._calendar = Cached(self._events, overview)

    def pages(self) -> dict[str, Callable[[Environ], Response]]:
        """What is answered under which path."""
        return {
            "/": lambda _: Response(HTTPStatus.OK, (self._page.get(),), HTML),
            "/page.css": lambda _: _file("page.css", "text/css; charset=utf-8"),
            "/icon.svg": lambda _: _file("icon.svg", "image/svg+xml"),
            "/calendar.ics": self._calendar_file,
        }

    def _minute(self) -> tuple[str, object]:
        return f"{self._clock():%Y%m%d%H%M}", self._current.settings

    def login(self, environ: Environ) -> Response:
        """The page of the login whose key the path ends with; 404 where the last check found none."""
        key = _path(environ).removeprefix(LOGIN)
        with self._one_at_a_time:  # the documents of a large home take some memory to read
            known = self._logins.get()
            if key not in known:
                page, found = self._login(key)
                if not found:
                    return Response(HTTPStatus.NOT_FOUND, (page,), HTML)
                if len(known) >= REMEMBERED:
                    known.clear()
                known[key] = page
            return Response(HTTPStatus.OK, (known[key],), HTML)

    def _login(self, key: str) -> tuple[bytes, bool]:
        from monitor.serve.page.view import PageInput, render_login, render_unknown

        seen, host, now = self._seen(), self._current.settings.host, self._clock()
        kept = outputs.document(self._place.state / outputs.EVIDENCE)
        for evidence in (kept, {}):  # what is wrong with the one says nothing about the status
            with suppress(*MALFORMED):
                page = render_login(key, seen, evidence, host, now)
                text = page or render_unknown(key, seen, host, now)
                return text.encode("utf-8", "replace"), page is not None
        return render_unknown(key, PageInput({}, {}, None, False), host, now).encode("utf-8", "replace"), False

    def _seen(self) -> PageInput:
        """What the checks left."""
        from monitor.serve.page.view import PageInput

        success = outputs.last_success(self._place)
        late = success is not None and outputs.is_late(success, self._clock(), self._current.settings.interval)
        status = outputs.document(self._place.state / outputs.STATUS)
        return PageInput(status, outputs.document(self._place.state / outputs.OVERVIEW), success, late)

    def _render(self) -> bytes:
        from monitor.serve.page.view import PageInput, render

        now, host = self._clock(), self._current.settings.host
        try:
            page = render(self._seen(), host, now)
        except MALFORMED:
            page = render(PageInput({}, {}, None, False), host, now)
        return page.encode("utf-8", "replace")

    def _calendar_file(self, environ: Environ) -> Response:
        from monitor.serve.calendar import TYPE

        return Response(HTTPStatus.OK, (self._calendar.get(),), TYPE)

    def _events(self) -> bytes:
        from monitor.serve.calendar import calendar

        host = self._current.settings.host
        try:
            text = calendar(outputs.document(self._place.state / outputs.OVERVIEW), host)
        except MALFORMED:
            text = calendar({}, host)
        return text.encode("utf-8", "replace")


def _path(environ: Environ) -> str:
    """The path that was asked for; WSGI hands over its bytes as Latin-1 (PEP 3333)."""
    return str(environ.get("PATH_INFO", "")).encode("latin-1", "replace").decode("utf-8", "replace")


def _file(name: str, kind: str) -> Response:
    return Response(HTTPStatus.OK, ((HERE / name).read_bytes(),), kind)


OPEN: Final = ("/healthz", "/readyz")

StartResponse = Callable[[str, list[tuple[str, str]]], object]


class App:
    """The WSGI application (PEP 3333).

    `place` are the folders of the state; `ask` answers what only the history knows (see `past.Past`); `clock` gives
    the present, aware UTC.
    """

    def __init__(
        self,
        current: LiveSettings,
        place: outputs.StateFolders,
        counters: Counters,
        ask: Callable[[Environ], Response],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._current, self._place, self._counters, self._clock = current, place, counters, clock
        self._guesses = WrongPasswords()
        file = place.state / outputs.METRICS
        self._packed = Cached(lambda: pack(self._text()), file)
        self._packed_open = Cached(lambda: pack(openmetrics(self._text())), file)
        self._status_json = Cached(lambda: read(place.state / outputs.STATUS), place.state / outputs.STATUS)
        self._views = PageViews(current, place, clock)
        self._pages: dict[str, Callable[[Environ], Response]] = {
            "/metrics": self._metrics,
            "/api/v1/status": self._status,
            "/api/v1/history": ask,
            "/healthz": lambda _: say(HTTPStatus.OK, "ok"),
            "/readyz": self._readyz,
            **self._views.pages(),
        }

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        answer = self._answer(environ).sent_to(environ)
        start_response(f"{answer.status.value} {answer.status.phrase}", answer.all_headers())
        return () if environ["REQUEST_METHOD"] == "HEAD" else answer.parts

    def _answer(self, environ: Environ) -> Response:
        path = environ.get("PATH_INFO", "")
        if not names_us(environ.get("HTTP_HOST"), self._current.settings.web):
            why = "unknown host name; use localhost, or set web.password_file"
            return say(HTTPStatus.MISDIRECTED_REQUEST, why)
        if path not in OPEN and (refusal := self._refusal(environ)):
            return refusal
        page = self._views.login if path.startswith(LOGIN) else self._pages.get(path)
        if page is None:
            return say(HTTPStatus.NOT_FOUND, "not found; the page is at /")
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return say(HTTPStatus.METHOD_NOT_ALLOWED, "only GET and HEAD", ("Allow", "GET, HEAD"))
        return page(environ)

    def _refusal(self, environ: Environ) -> Response | None:
        """What a client hears that may not read; None where it may."""
        given, address = environ.get("HTTP_AUTHORIZATION"), str(environ.get("REMOTE_ADDR", ""))
        if given and (wait := self._guesses.wait(address)):
            return say(HTTPStatus.TOO_MANY_REQUESTS, "too many wrong passwords", ("Retry-After", str(wait)))
        if may_read(given, self._current.settings.web):
            return None
        if given:
            self._guesses.wrong(address)
        challenge = ("WWW-Authenticate", 'Basic realm="authwatch", charset="UTF-8"')
        return say(HTTPStatus.UNAUTHORIZED, "password required", challenge)

    def _metrics(self, environ: Environ) -> Response:
        opened, packed = takes_openmetrics(environ), takes_gzip(environ)
        kind = OPENMETRICS if opened else TEXT
        own = self._counters.exposition(kind)
        if packed:  # gzip files may follow one another (RFC 1952, 2.2): that of a check, kept, and that of now
            body = (self._packed_open if opened else self._packed).get()
            return Response(HTTPStatus.OK, (body, pack(own)), kind, packed=True)
        text = self._text()
        return Response(HTTPStatus.OK, (openmetrics(text) if opened else text, own), kind)

    def _status(self, environ: Environ) -> Response:
        found = self._status_json.get()
        if found is None:
            return fault(HTTPStatus.SERVICE_UNAVAILABLE, "no check has finished yet")
        return Response(HTTPStatus.OK, (found,), JSON)

    def _readyz(self, environ: Environ) -> Response:
        success, interval = outputs.last_success(self._place), self._current.settings.interval
        if success is None:
            return say(HTTPStatus.SERVICE_UNAVAILABLE, "no check has succeeded yet")
        said = f"last success {iso(success, 'seconds')}, due every {span(interval)}"
        late = outputs.is_late(success, self._clock(), interval)
        return say(HTTPStatus.SERVICE_UNAVAILABLE if late else HTTPStatus.OK, said)

    def _text(self) -> bytes:
        """What the last full check wrote; those that stopped at the gate only move its success, in place."""
        raw = read(self._place.state / outputs.METRICS)
        if raw is None:
            sources = self._current.settings.sources
            return body(Judgement((), (), (), None), Facts(sources={entry.id: None for entry in sources})).encode()
        return raw
