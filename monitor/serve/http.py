"""One answer over HTTP, and what a request says it can take."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from alerts.dataclass import dataclass
from monitor.serve.bodies import pack

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
class Answer:
    """One HTTP answer; `packed` bodies are gzip already."""

    status: HTTPStatus
    parts: tuple[bytes, ...]
    type: str = PLAIN
    headers: tuple[tuple[str, str], ...] = ()
    packed: bool = False

    def sent_to(self, environ: Environ) -> Answer:
        """The same, packed where the client takes that and it is worth it."""
        if self.packed or not takes_gzip(environ) or sum(map(len, self.parts)) < WORTH_PACKING:
            return self
        return Answer(self.status, (pack(b"".join(self.parts)),), self.type, self.headers, packed=True)

    def all_headers(self) -> list[tuple[str, str]]:
        """Every header of this answer."""
        length = str(sum(map(len, self.parts)))
        coding = [("Content-Encoding", "gzip")] if self.packed else []
        return [("Content-Type", self.type), ("Content-Length", length), *coding, *self.headers, *VARY, *STRICT]


VARY: Final = (("Vary", "Accept, Accept-Encoding"),)


def say(status: HTTPStatus, text: str, *headers: tuple[str, str]) -> Answer:
    """A line of text."""
    return Answer(status, (f"{text}\n".encode(),), headers=headers)


def fault(status: HTTPStatus, text: str) -> Answer:
    """An error for programs, as JSON."""
    import json

    return Answer(status, (json.dumps({"error": text}).encode() + b"\n",), JSON)


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
