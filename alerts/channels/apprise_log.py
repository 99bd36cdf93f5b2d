"""What the sending libraries log, heard instead of printed: status codes and exceptions, never their words.

Apprise answers True or False only, and both it and urllib3 log addresses and tokens. Their loggers get one handler,
ours, that keeps numbers and exception types of the sending at hand and drops the rest.
"""

from __future__ import annotations

import json
import logging
import re
import smtplib
import socket
import ssl
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from contextvars import ContextVar
from datetime import timedelta
from typing import Final

import requests.exceptions as http
import urllib3

from alerts.channels import SendResult, outcome_of
from alerts.model import Outcome

LOGGERS: Final = (
    *("apprise", "requests", "urllib3", "urllib3.connectionpool"),
    *("requests_oauthlib", "oauthlib", "paho", "slixmpp", "MARKDOWN"),
)
SMTP_REFUSED: Final = frozenset({530, 534, 535, 538})
HTTP_WORDS: Final = {
    Outcome.AUTH_ERROR: ": its token or password was refused",
    Outcome.RATE_LIMITED: ": too many messages",
}
BROKEN: Final = "the connection broke before an answer came; it may have arrived"

#: The first that matches explains an exception. What may have been heard is a TIMEOUT, so that its end is told too.
_EXCEPTIONS: Final[tuple[tuple[type[OSError], Outcome, str], ...]] = (
    (smtplib.SMTPServerDisconnected, Outcome.TIMEOUT, BROKEN),
    (smtplib.SMTPException, Outcome.CLIENT_ERROR, "the mail server refused it"),
    (http.ConnectTimeout, Outcome.CONNECT, "no connection within the time limit"),
    (http.Timeout, Outcome.TIMEOUT, "no answer within the time limit; it may have arrived"),
    (TimeoutError, Outcome.TIMEOUT, "no answer within the time limit; it may have arrived"),
    (http.SSLError, Outcome.CONNECT, "no secure connection (certificate or protocol)"),
    (ssl.SSLError, Outcome.CONNECT, "no secure connection (certificate or protocol)"),
    (http.ProxyError, Outcome.CONNECT, "no connection through the proxy"),
    (http.InvalidURL, Outcome.BAD_CONFIG, "its address is not valid"),
    (http.InvalidHeader, Outcome.BAD_CONFIG, "a header in its address is not valid"),
    (socket.gaierror, Outcome.CONNECT, "the host name was not found"),
    (ConnectionRefusedError, Outcome.CONNECT, "the connection was refused"),
    (ConnectionError, Outcome.TIMEOUT, BROKEN),
    (http.RequestException, Outcome.CLIENT_ERROR, "the request failed"),
    (OSError, Outcome.CONNECT, "no connection"),
)
_SENT = re.compile(r"\bsent\b", re.IGNORECASE)
_RETRY_AFTER = re.compile(r"""retry[-_ ]?after["']?\s*[:=]\s*["']?(\d{1,6})""", re.IGNORECASE)


class LogCapture:
    """What was heard of one sending, in order: HTTP status codes and the exceptions that were being handled."""

    def __init__(self) -> None:
        self.events: list[int | OSError] = []
        self.sent = False
        self.retry_after: timedelta | None = None

    def hear(self, record: logging.LogRecord, error: BaseException | None) -> None:
        """Takes note of a record; `error` is the exception being handled where it was logged."""
        status = _status(record)
        if status is not None:
            self.events.append(status)
        elif isinstance(error, OSError) and not isinstance(error, json.JSONDecodeError):
            self.events.append(error)
        elif record.levelno == logging.INFO and _SENT.search(str(record.msg)):
            self.sent = True
        if self.events[-1:] == [429] and (found := _RETRY_AFTER.search(record.getMessage())):
            self.retry_after = timedelta(seconds=int(found[1]))

    def report(self, delivered: bool) -> SendResult:
        """What became of the sending, given what Apprise answered."""
        if delivered:
            return SendResult(Outcome.DELIVERED)
        bad = [event for event in self.events if not isinstance(event, int) or event >= 300]
        outcome, why = _explain(bad[-1]) if bad else (Outcome.CLIENT_ERROR, "not sent; a wrong address is likely")
        if self.sent:
            return SendResult(Outcome.PARTIAL, f"it reached some of several targets; the others: {why}")
        return SendResult(outcome, why, self.retry_after)


_current: ContextVar[LogCapture | None] = ContextVar("authwatch_sending", default=None)


class _Handler(logging.Handler):
    """Hears a record, then empties it: whoever adds a handler after ours gets nothing to show."""

    def emit(self, record: logging.LogRecord) -> None:
        capture = _current.get()
        if capture is not None:
            with suppress(Exception):  # a record that cannot be understood must not disturb what logs it
                capture.hear(record, sys.exc_info()[1])
        record.msg, record.args = "(not shown: it may hold an address)", ()
        record.exc_info = record.exc_text = record.stack_info = None


@contextmanager
def listening() -> Iterator[LogCapture]:
    """Hears what this thread's sending logs, while it lasts."""
    token = _current.set(capture := LogCapture())
    try:
        yield capture
    finally:
        _current.reset(token)


class _Plain(urllib3.connection.HTTPConnection):
    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]  # as urllib3 itself has it
        return _heeded(super().getresponse())


class _Secure(urllib3.connection.HTTPSConnection):
    def getresponse(self) -> urllib3.HTTPResponse:  # type: ignore[override]  # as urllib3 itself has it
        return _heeded(super().getresponse())


def _heeded(response: urllib3.HTTPResponse) -> urllib3.HTTPResponse:
    """Takes note of how long a server wants to be left alone: the header never reaches Apprise's caller."""
    capture, asked = _current.get(), response.headers.get("Retry-After", "").strip()
    if capture is not None and response.status >= 400 and re.fullmatch(r"\d{1,6}", asked, re.ASCII):
        capture.retry_after = timedelta(seconds=int(asked))
    return response


def silence() -> None:
    """Gives the loggers that know secrets no other handler than ours, for good: threads outlive their deadline.

    Connections of urllib3 are made of our classes from here on (`ConnectionCls` is its documented place for that).
    """
    urllib3.HTTPConnectionPool.ConnectionCls = _Plain
    urllib3.HTTPSConnectionPool.ConnectionCls = _Secure
    handler = _Handler()
    for name in LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers[:] = [handler]
        logger.propagate = False
        logger.setLevel(logging.DEBUG)
    urllib3.disable_warnings()


def _status(record: logging.LogRecord) -> int | None:
    """The status code in urllib3's line for an answer: (scheme, host, port, method, path, version, status, length)."""
    args = record.args
    heard = record.name.startswith("urllib3") and isinstance(args, tuple) and len(args) == 8
    return args[6] if heard and isinstance(args, tuple) and isinstance(args[6], int) else None


def _explain(event: int | OSError) -> tuple[Outcome, str]:
    if isinstance(event, int):
        return _explain_http(event)
    if code := _smtp_code(event):
        return _explain_smtp(code)
    if isinstance(event, http.ConnectionError) and not isinstance(
        event, (http.Timeout, http.SSLError, http.ProxyError)
    ):
        # requests: what never connected comes as MaxRetryError, what broke afterwards as ProtocolError.
        never = bool(event.args) and isinstance(event.args[0], urllib3.exceptions.MaxRetryError)
        return (
            (Outcome.CONNECT, "no connection (refused, unreachable or no such host)")
            if never
            else (Outcome.TIMEOUT, BROKEN)
        )
    return next((outcome, words) for kind, outcome, words in _EXCEPTIONS if isinstance(event, kind))


def _explain_http(status: int) -> tuple[Outcome, str]:
    outcome = outcome_of(status)
    words = ": moved elsewhere, and messages do not follow" if status < 400 else HTTP_WORDS.get(outcome, "")
    return outcome, f"HTTP {status}{words}"


def _explain_smtp(code: int) -> tuple[Outcome, str]:
    if code in SMTP_REFUSED:
        return Outcome.AUTH_ERROR, f"SMTP {code}: the login was refused"
    return (Outcome.SERVER_ERROR if code < 500 else Outcome.CLIENT_ERROR), f"SMTP {code}"


def _smtp_code(error: OSError) -> int:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        return max((code for code, _ in error.recipients.values()), default=0)
    return error.smtp_code if isinstance(error, smtplib.SMTPResponseException) else 0
