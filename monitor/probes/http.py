"""One GET with a secret: a limit for the body and for all of the time, no redirect, nothing of the secret in any error.

Proxies are those of the environment, as urllib takes them (`https_proxy`, `no_proxy`); certificate authorities those of
OpenSSL (`SSL_CERT_FILE`, `SSL_CERT_DIR`), and of `REQUESTS_CA_BUNDLE` in their place where it is set. An address
without TLS is on this machine, and is asked without a proxy.
"""

from __future__ import annotations

import ssl
import zlib
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any, Final
from urllib.error import URLError
from urllib.request import HTTPErrorProcessor, HTTPSHandler, ProxyHandler, Request, build_opener

from monitor import __version__
from monitor.probes.response import Reply

MOST: Final = 64 * 1024
AGENT: Final = f"authwatch/{__version__}"


class Unanswered(Exception):
    """Nothing came back; says why in words that hold neither address nor secret."""


class _AsItIs(HTTPErrorProcessor):
    """Every status is an answer: a redirect is never followed, a refusal is no exception."""

    def http_response(self, request: Any, response: Any) -> Any:
        return response

    https_response = http_response


def get(url: str, headers: Mapping[str, str], limit: float, authorities: str | None = None) -> Reply:
    """The answer, whatever its status. `limit` in seconds holds for each step; the caller bounds the whole.

    `authorities` is a file or folder of certificate authorities. Raises Unanswered.
    """
    request = Request(url, headers={"Accept": "application/json", "Accept-Encoding": "gzip", "User-Agent": AGENT})  # noqa: S310
    for name, value in headers.items():
        request.add_unredirected_header(name, value)
    try:
        with _opener(url, authorities).open(request, timeout=limit) as response:
            raw = response.read(MOST + 1)
            shown = {name.lower(): value for name, value in response.headers.items()}
            status = int(response.status)
    except (OSError, HTTPException, ValueError, LookupError) as error:
        raise Unanswered(_words(error)) from None
    return _unpacked(status, shown, raw)


def _opener(url: str, authorities: str | None) -> Any:
    if url.startswith("http://"):
        return build_opener(_AsItIs, ProxyHandler({}))
    context = ssl.create_default_context()
    if authorities:
        from pathlib import Path

        folder = Path(authorities).is_dir()
        context = ssl.create_default_context(
            cafile=None if folder else authorities, capath=authorities if folder else None
        )
    return build_opener(_AsItIs, HTTPSHandler(context=context))


def _unpacked(status: int, headers: Mapping[str, str], raw: bytes) -> Reply:
    """The reply with at most `MOST` bytes, also where few bytes unpack to many."""
    whole = len(raw) <= MOST
    if headers.get("content-encoding", "").strip().lower() in ("gzip", "x-gzip"):
        unpack = zlib.decompressobj(wbits=31)
        try:
            raw = unpack.decompress(raw, MOST + 1)
        except zlib.error:
            raise Unanswered("the answer is damaged") from None
        if whole and not unpack.eof and len(raw) <= MOST:
            raise Unanswered("the answer is damaged")
        whole = whole and len(raw) <= MOST
    return Reply(status, headers, raw[:MOST], whole)


def _words(error: Exception) -> str:
    """What went wrong, from closed lists: an error's own text may quote what was sent."""
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted (code {reason.verify_code})"
    if isinstance(reason, ssl.SSLError):
        return "TLS failed"
    if isinstance(reason, TimeoutError):
        return "no answer in time"
    if isinstance(reason, OSError) and isinstance(reason.errno, int) and reason.strerror:
        return f"it cannot be reached ({reason.strerror.lower()})"
    return f"it cannot be reached ({type(reason).__name__})"
