"""What the daemon answers over HTTP: files of the state folder, held in memory until they change."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any, Final

from monitor.config.settings import Settings
from monitor.host import Stamp, stamp
from monitor.metrics.families import Facts
from monitor.metrics.text import OPENMETRICS, TEXT, body, openmetrics
from monitor.model import Judgement
from monitor.serve import left
from monitor.serve.access import may_read, names_us
from monitor.serve.counters import Counters

PLAIN: Final = "text/plain; charset=utf-8"
JSON: Final = "application/json"
OPEN: Final = ("/healthz", "/readyz")
MISSED: Final = 2.5  # intervals without a success until /readyz says no

STRICT: Final = (
    ("Cache-Control", "no-store"),
    ("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Referrer-Policy", "no-referrer"),
    ("X-Content-Type-Options", "nosniff"),
)

Environ = Mapping[str, Any]
StartResponse = Callable[[str, list[tuple[str, str]]], object]


@dataclass(frozen=True, slots=True)
class Answer:
    """One HTTP answer."""

    status: HTTPStatus
    parts: tuple[bytes, ...]
    type: str = PLAIN
    headers: tuple[tuple[str, str], ...] = ()


class Cached:
    """A body made from files, made anew only when one of them changed."""

    def __init__(self, make: Callable[[], bytes | None], *paths: Path) -> None:
        self._make, self._paths = make, paths
        self._held: tuple[tuple[Stamp, ...], bytes | None] | None = None

    def body(self) -> bytes | None:
        """The body; None where its file is not there."""
        stamps = tuple(map(stamp, self._paths))
        held = self._held
        if held is None or held[0] != stamps:
            self._held = held = (stamps, self._make())
        return held[1]


class App:
    """The WSGI application (PEP 3333).

    `gate` is the folder of the checkpoint where that is not `state`; `clock` gives the present, aware UTC.
    """

    def __init__(
        self,
        settings: Settings,
        state: Path,
        counters: Counters,
        gate: Path | None = None,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._gate = gate or state
        self._settings, self._state, self._counters, self._clock = settings, state, counters, clock
        file = state / left.METRICS
        self._text = Cached(lambda: self._metrics_text().encode(), file)
        self._open = Cached(lambda: openmetrics(self._metrics_text()).encode(), file)
        self._status_json = Cached(lambda: _read(state / left.STATUS), state / left.STATUS)
        self._pages: dict[str, Callable[[Environ], Answer]] = {
            "/metrics": self._metrics,
            "/api/v1/status": self._status,
            "/healthz": lambda _: _say(HTTPStatus.OK, "ok"),
            "/readyz": self._readyz,
        }

    def __call__(self, environ: Environ, start_response: StartResponse) -> Iterable[bytes]:
        answer = self._answer(environ)
        length = sum(map(len, answer.parts))
        headers = [("Content-Type", answer.type), ("Content-Length", str(length)), *answer.headers, *STRICT]
        start_response(f"{answer.status.value} {answer.status.phrase}", headers)
        return () if environ["REQUEST_METHOD"] == "HEAD" else answer.parts

    def _answer(self, environ: Environ) -> Answer:
        web, path = self._settings.web, environ.get("PATH_INFO", "")
        if not names_us(environ.get("HTTP_HOST"), web):
            why = "this is not one of my names; call me localhost, or set web.password_file"
            return _say(HTTPStatus.MISDIRECTED_REQUEST, why)
        if path not in OPEN and not may_read(environ.get("HTTP_AUTHORIZATION"), web):
            challenge = ("WWW-Authenticate", 'Basic realm="authwatch", charset="UTF-8"')
            return _say(HTTPStatus.UNAUTHORIZED, "the password is wanted", challenge)
        page = self._pages.get(path)
        if page is None:
            return _say(HTTPStatus.NOT_FOUND, "there is nothing here")
        if environ["REQUEST_METHOD"] not in ("GET", "HEAD"):
            return _say(HTTPStatus.METHOD_NOT_ALLOWED, "only GET and HEAD", ("Allow", "GET, HEAD"))
        return page(environ)

    def _metrics(self, environ: Environ) -> Answer:
        vary = (("Vary", "Accept"),)
        if _wants_openmetrics(environ.get("HTTP_ACCEPT", "")):
            parts = (self._open.body() or b"", self._counters.openmetrics())
            return Answer(HTTPStatus.OK, parts, OPENMETRICS, vary)
        return Answer(HTTPStatus.OK, (self._text.body() or b"", self._counters.text()), TEXT, vary)

    def _status(self, environ: Environ) -> Answer:
        found = self._status_json.body()
        if found is None:
            return Answer(HTTPStatus.SERVICE_UNAVAILABLE, (b'{"error": "no pass has finished yet"}\n',), JSON)
        return Answer(HTTPStatus.OK, (found,), JSON)

    def _readyz(self, environ: Environ) -> Answer:
        success, interval = left.last_success(self._state, self._gate), self._settings.interval
        if success is None:
            return _say(HTTPStatus.SERVICE_UNAVAILABLE, "no pass has succeeded yet")
        age = self._clock() - success
        said = f"last success {success:%Y-%m-%dT%H:%M:%SZ}, one is due every {interval}"
        late = abs(age) > MISSED * interval  # from the future: nothing has succeeded since the clock was set back
        return _say(HTTPStatus.SERVICE_UNAVAILABLE if late else HTTPStatus.OK, said)

    def _metrics_text(self) -> str:
        """What the last full pass wrote; those that stopped at the gate only move its success, in place."""
        raw = _read(self._state / left.METRICS)
        if raw is None:
            nothing = Judgement((), (), (), None)
            return body(nothing, Facts(sources={entry.id: None for entry in self._settings.sources}))
        return raw.decode("utf-8", "replace")


def _wants_openmetrics(accept: str) -> bool:
    """Whether an Accept header has OpenMetrics and does not rule it out."""
    offers = [part.replace(" ", "").lower() for part in accept.split(",")]
    return any(
        offer.startswith("application/openmetrics-text") and not offer.endswith((";q=0", ";q=0.0")) for offer in offers
    )


def _say(status: HTTPStatus, text: str, *headers: tuple[str, str]) -> Answer:
    return Answer(status, (f"{text}\n".encode(),), headers=headers)


def _read(path: Path) -> bytes | None:
    try:
        return path.read_bytes()
    except OSError:
        return None
