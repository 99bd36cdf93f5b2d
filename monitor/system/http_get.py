"""One GET: bounded in bytes and in all of its time, no redirect with a secret, and errors in words that hold none.

Proxies are those of the environment, as urllib takes them (`https_proxy`, `no_proxy`); an address without TLS on this
machine is asked without one. Certificate authorities are those of OpenSSL (`SSL_CERT_FILE`, `SSL_CERT_DIR`).
"""

from __future__ import annotations

import ssl
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPException
from typing import Any, Final
from urllib.error import URLError
from urllib.parse import urlsplit
from urllib.request import HTTPErrorProcessor, HTTPSHandler, ProxyHandler, Request, build_opener

from monitor import __version__
from monitor.system.timeout import within

AGENT: Final = f"authwatch/{__version__}"
HERE: Final = ("localhost", "127.0.0.1", "::1")


class Unanswered(Exception):
    """Nothing came back; says why in words that hold neither address nor secret."""


class Late(Unanswered):
    """Nothing came back in time."""


@dataclass(frozen=True, slots=True)
class HttpResponse:
    """A status, header names in lower case, and the body up to the limit; `whole` is False where there was more."""

    status: int
    headers: Mapping[str, str]
    body: bytes = field(repr=False)
    whole: bool


class _AsItIs(HTTPErrorProcessor):
    """Every status is an answer: a redirect is not followed, a refusal is no exception."""

    def http_response(self, request: Any, response: Any) -> Any:
        return response

    https_response = http_response


class _Followed(_AsItIs):
    """A redirect is followed; every other status is an answer."""

    def http_response(self, request: Any, response: Any) -> Any:
        redirects = response.status in (301, 302, 303, 307, 308) and "location" in response.headers
        return HTTPErrorProcessor.http_response(self, request, response) if redirects else response

    https_response = http_response


def get(
    url: str,
    headers: Mapping[str, str],
    limit: float,
    most: int,
    *,
    authorities: str | None = None,
    follow: bool = False,
) -> HttpResponse:
    """The answer, whatever its status, within `limit` seconds; at most `most` bytes of its body. Raises Unanswered.

    `authorities` is a file or folder of certificate authorities. Redirects are followed only where `follow` says so: a
    secret must not go to whom its owner did not name.
    """
    try:
        return within(limit, lambda: _get(url, headers, limit, most, authorities, follow))
    except TimeoutError:
        raise Late(f"no answer within {limit:.3g} s") from None
    except (OSError, HTTPException, ValueError, LookupError, RuntimeError) as error:
        raise Unanswered(_words(error)) from None


def _get(
    url: str, headers: Mapping[str, str], limit: float, most: int, authorities: str | None, follow: bool
) -> HttpResponse:
    request = Request(url, headers={"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": AGENT})  # noqa: S310
    for name, value in headers.items():
        request.add_unredirected_header(name, value)
    with _opener(url, authorities, follow).open(request, timeout=limit) as response:
        raw = response.read(most + 1) if most else b""
        shown = {name.lower(): value for name, value in response.headers.items()}
        return _unpacked(int(response.status), shown, raw, most)


def _opener(url: str, authorities: str | None, follow: bool) -> Any:
    parts = urlsplit(url)
    processor = _Followed if follow else _AsItIs
    if parts.scheme == "http" and parts.hostname in HERE:
        return build_opener(processor, ProxyHandler({}))
    if authorities is None:
        return build_opener(processor)
    from pathlib import Path

    folder = Path(authorities).is_dir()
    context = ssl.create_default_context(cafile=None if folder else authorities, capath=authorities if folder else None)
    return build_opener(processor, HTTPSHandler(context=context))


def _unpacked(status: int, headers: Mapping[str, str], raw: bytes, most: int) -> HttpResponse:
    """The response with at most `most` bytes, also where few bytes unpack to many."""
    whole = len(raw) <= most
    if raw and headers.get("content-encoding", "").strip().lower() in ("gzip", "x-gzip"):
        unpack = zlib.decompressobj(wbits=31)
        try:
            raw = unpack.decompress(raw, most + 1)
        except zlib.error:
            raise Unanswered("the answer is damaged") from None
        if whole and not unpack.eof and len(raw) <= most:
            raise Unanswered("the answer is damaged")
        whole = whole and len(raw) <= most
    return HttpResponse(status, headers, raw[:most], whole)


def _words(error: Exception) -> str:
    """What went wrong, from closed lists: an error's own text may quote what was sent, or the name of a host."""
    reason = error.reason if isinstance(error, URLError) and isinstance(error.reason, Exception) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {reason.verify_message.partition(',')[0]}"
    if isinstance(reason, ssl.SSLError):
        return f"TLS failed: {(reason.reason or type(reason).__name__).lower().replace('_', ' ')}"
    if isinstance(reason, OSError) and isinstance(reason.errno, int) and reason.strerror:
        return f"it cannot be reached: {reason.strerror.lower()}"
    return f"it cannot be reached: {type(reason).__name__}"
