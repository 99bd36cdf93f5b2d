"""What the daemon answers over HTTP: files of the state folder, held in memory until they change."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Final

from monitor.metrics.families import Facts
from monitor.metrics.text import OPENMETRICS, TEXT, body, openmetrics
from monitor.model import Judgement
from monitor.serve import left
from monitor.serve.access import may_read, names_us
from monitor.serve.bodies import Kept, Packed, pack, read
from monitor.serve.counters import Counters
from monitor.serve.current import Current
from monitor.serve.faces import Faces
from monitor.serve.guesses import Guesses
from monitor.serve.http import JSON, Answer, Environ, fault, say, takes_gzip, takes_openmetrics

OPEN: Final = ("/healthz", "/readyz")

StartResponse = Callable[[str, list[tuple[str, str]]], object]


class App:
    """The WSGI application (PEP 3333).

    `place` are the folders of the state; `ask` answers what only the history knows (see `past.Past`); `clock` gives
    the present, aware UTC.
    """

    def __init__(
        self,
        current: Current,
        place: left.Place,
        counters: Counters,
        ask: Callable[[Environ], Answer],
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._current, self._place, self._counters, self._clock = current, place, counters, clock
        self._guesses = Guesses()
        file = place.state / left.METRICS
        self._packed = Packed(self._text, file)
        self._packed_open = Packed(lambda: openmetrics(self._text()), file)
        self._status_json = Kept(lambda: read(place.state / left.STATUS), place.state / left.STATUS)
        self._pages: dict[str, Callable[[Environ], Answer]] = {
            "/metrics": self._metrics,
            "/api/v1/status": self._status,
            "/api/v1/history": ask,
            "/healthz": lambda _: say(HTTPStatus.OK, "ok"),
            "/readyz": self._readyz,
            **Faces(current, place, clock).pages(),
        }

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        answer = self._answer(environ).sent_to(environ)
        start_response(f"{answer.status.value} {answer.status.phrase}", answer.all_headers())
        return () if environ["REQUEST_METHOD"] == "HEAD" else answer.parts

    def _answer(self, environ: Environ) -> Answer:
        path = environ.get("PATH_INFO", "")
        if not names_us(environ.get("HTTP_HOST"), self._current.settings.web):
            why = "this is not one of my names; call me localhost, or set web.password_file"
            return say(HTTPStatus.MISDIRECTED_REQUEST, why)
        if path not in OPEN and (refusal := self._refusal(environ)):
            return refusal
        page = self._pages.get(path)
        if page is None:
            return say(HTTPStatus.NOT_FOUND, "there is nothing here")
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return say(HTTPStatus.METHOD_NOT_ALLOWED, "only GET and HEAD", ("Allow", "GET, HEAD"))
        return page(environ)

    def _refusal(self, environ: Environ) -> Answer | None:
        """What a client hears that may not read; None where it may."""
        given, address = environ.get("HTTP_AUTHORIZATION"), str(environ.get("REMOTE_ADDR", ""))
        if given and (wait := self._guesses.wait(address)):
            return say(HTTPStatus.TOO_MANY_REQUESTS, "too many wrong passwords", ("Retry-After", str(wait)))
        if may_read(given, self._current.settings.web):
            return None
        if given:
            self._guesses.wrong(address)
        challenge = ("WWW-Authenticate", 'Basic realm="authwatch", charset="UTF-8"')
        return say(HTTPStatus.UNAUTHORIZED, "the password is wanted", challenge)

    def _metrics(self, environ: Environ) -> Answer:
        opened, packed = takes_openmetrics(environ), takes_gzip(environ)
        own = self._counters.openmetrics() if opened else self._counters.text()
        kind = OPENMETRICS if opened else TEXT
        if packed:
            parts = (self._packed_open if opened else self._packed).parts()
            return Answer(HTTPStatus.OK, (*parts, pack(own, 0)), kind, packed=True)
        text = self._text()
        return Answer(HTTPStatus.OK, (openmetrics(text) if opened else text, own), kind)

    def _status(self, environ: Environ) -> Answer:
        found = self._status_json.get()
        if found is None:
            return fault(HTTPStatus.SERVICE_UNAVAILABLE, "no pass has finished yet")
        return Answer(HTTPStatus.OK, (found,), JSON)

    def _readyz(self, environ: Environ) -> Answer:
        success, interval = left.last_success(self._place), self._current.settings.interval
        if success is None:
            return say(HTTPStatus.SERVICE_UNAVAILABLE, "no pass has succeeded yet")
        said = f"last success {success:%Y-%m-%dT%H:%M:%SZ}, one is due every {interval}"
        late = left.is_late(success, self._clock(), interval)
        return say(HTTPStatus.SERVICE_UNAVAILABLE if late else HTTPStatus.OK, said)

    def _text(self) -> bytes:
        """What the last full pass wrote; those that stopped at the gate only move its success, in place."""
        raw = read(self._place.state / left.METRICS)
        if raw is None:
            sources = self._current.settings.sources
            return body(Judgement((), (), (), None), Facts(sources={entry.id: None for entry in sources})).encode()
        return raw
