"""A sign of life for something elsewhere that raises the alarm when it stays away (Healthchecks and its like)."""

from __future__ import annotations

import socket
import threading
import urllib.error
import urllib.request
from datetime import timedelta
from queue import Empty, SimpleQueue
from typing import Final
from urllib.parse import urlsplit, urlunsplit

from alerts.channels import SendResult
from alerts.model import Outcome

#: The heartbeat comes after everything else, so it may not take long.
PATIENCE: Final = timedelta(seconds=5)


def ping(url: str, *, failed: bool, patience: timedelta = PATIENCE) -> SendResult:
    """One GET to the secret `url`, or to its `/fail`; waits `patience` at most, whatever the network does.

    The words of the report hold no part of the URL. Source: https://healthchecks.io/docs/http_api/
    """
    results: SimpleQueue[SendResult] = SimpleQueue()
    seconds = patience.total_seconds()
    work = threading.Thread(target=lambda: results.put(_get(url.strip(), failed, seconds)), daemon=True)
    try:
        work.start()
        return results.get(timeout=seconds)
    except RuntimeError:
        return SendResult(Outcome.CONNECT, "no thread could be started")
    except Empty:
        return SendResult(Outcome.TIMEOUT, "no answer within the time limit")


def _address(url: str, failed: bool) -> str:
    parts = urlsplit(url)
    return urlunsplit(parts._replace(path=f"{parts.path.rstrip('/')}/fail", fragment="")) if failed else url


def _get(url: str, failed: bool, seconds: float) -> SendResult:
    try:
        asked = _address(url, failed)
        request = urllib.request.Request(asked, headers={"User-Agent": "authwatch"})  # noqa: S310 - config: http(s) only
        with urllib.request.urlopen(request, timeout=seconds):  # noqa: S310
            return SendResult(Outcome.DELIVERED)
    except urllib.error.HTTPError as error:
        return SendResult(_class_of(error.code), f"HTTP {error.code}")
    except urllib.error.URLError as error:
        return _unreached(error.reason)
    except OSError as error:
        return _unreached(error)
    except Exception as error:  # noqa: BLE001 - http.client and the URL parser raise what they like
        return SendResult(Outcome.CLIENT_ERROR, f"the request failed ({type(error).__name__})")


def _class_of(status: int) -> Outcome:
    if status in (401, 403, 407):
        return Outcome.AUTH_ERROR
    if status == 429:
        return Outcome.RATE_LIMITED
    return Outcome.SERVER_ERROR if status >= 500 else Outcome.CLIENT_ERROR


def _unreached(why: object) -> SendResult:
    if isinstance(why, TimeoutError):
        return SendResult(Outcome.TIMEOUT, "no answer within the time limit")
    if isinstance(why, socket.gaierror):
        return SendResult(Outcome.CONNECT, "the host name was not found")
    return SendResult(Outcome.CONNECT, f"no connection ({type(why).__name__})")
