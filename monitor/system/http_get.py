"""One bounded GET: a time limit for all of it, a size limit, no redirect, and errors in words without the address."""

from __future__ import annotations

import ssl
from http.client import HTTPException
from pathlib import Path
from typing import Any, Final
from urllib.error import HTTPError, URLError
from urllib.request import HTTPRedirectHandler, Request, build_opener

from monitor.model import Problem
from monitor.system.host import Unreadable
from monitor.system.timeout import within

MOST: Final = 1024 * 1024


class _NoRedirect(HTTPRedirectHandler):
    """A redirect is an answer like any other that is not 200."""

    def redirect_request(self, *_: Any, **__: Any) -> None:
        return None


def answer(url: str, header: tuple[str, str] | None, where: Path, limit: float) -> bytes:
    """The body of a 200 answer of at most 1 MiB; `limit` in seconds. Raises `Unreadable` (unreadable, timeout,
    too_large), whose words hold neither address nor header."""
    request = Request(url, headers={"Accept": "application/json", "User-Agent": "authwatch"})  # noqa: S310
    if header:
        request.add_unredirected_header(*header)
    try:
        return within(limit, lambda: _get(request, where, limit))
    except TimeoutError:
        raise Unreadable(Problem.TIMEOUT, where, f"no answer within {limit:.3g} s") from None
    except HTTPError as error:
        raise Unreadable(Problem.UNREADABLE, where, _status(error)) from None
    except (OSError, HTTPException, ValueError) as error:
        raise Unreadable(Problem.UNREADABLE, where, _words(error)) from None


def _get(request: Request, where: Path, limit: float) -> bytes:
    with build_opener(_NoRedirect).open(request, timeout=limit) as response:
        if response.status != 200:
            raise Unreadable(Problem.UNREADABLE, where, f"it answered {response.status}")
        body: bytes = response.read(MOST + 1)
    if len(body) > MOST:
        raise Unreadable(Problem.TOO_LARGE, where, f"the answer has more than {MOST} bytes")
    return body


def _status(error: HTTPError) -> str:
    error.close()
    if 300 <= error.code < 400:
        return f"it redirects ({error.code}), which is not followed: name the final address"
    return f"it answered {error.code}"


def _words(error: Exception) -> str:
    reason = error.reason if isinstance(error, URLError) else error
    if isinstance(reason, ssl.SSLCertVerificationError):
        return f"its certificate is not trusted: {reason.verify_message}"
    if isinstance(reason, ssl.SSLError):
        return f"TLS failed: {(reason.reason or type(reason).__name__).lower().replace('_', ' ')}"
    if isinstance(reason, OSError) and reason.strerror:
        return f"it cannot be reached: {reason.strerror.lower()}"
    return f"it cannot be reached: {type(reason).__name__}"
