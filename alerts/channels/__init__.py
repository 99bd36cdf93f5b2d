"""The ways a message leaves: one visible table of schemes; whatever is not in it goes through Apprise."""

from __future__ import annotations

import re
from datetime import timedelta
from importlib import import_module
from typing import Any, Final, NamedTuple, Protocol

from alerts.formats import Message
from alerts.model import Outcome

#: Scheme → module of our own; a module here has `check` and `send` as `Transport` says.
OWN: Final = {
    "print": "alerts.channels.console",
    "termux": "alerts.channels.termux",
}
APPRISE: Final = "alerts.channels.apprise"

_SCHEME = re.compile(r"\s*([a-z0-9]{1,32})://", re.IGNORECASE)


class SendResult(NamedTuple):
    """What became of one message. `error` is in our own words: no part of a URL, of a library's or a server's text."""

    outcome: Outcome
    error: str = ""
    retry_after: timedelta | None = None


class Transport(Protocol):
    """What a module of this package offers; both functions get the secret URL and keep it to themselves."""

    def check(self, url: str) -> str | None:
        """Why this URL can not be used, without any part of it; None if it can. Sends nothing."""

    def send(self, url: str, message: Message, patience: timedelta, /) -> SendResult:
        """Sends, blocking for about `patience` at most; may raise, may also block for ever."""


def scheme_of(url: str) -> str | None:
    """The lower-case scheme of an address, None if it has none; cheap, imports nothing."""
    found = _SCHEME.match(url)
    return found[1].lower() if found else None


def outcome_of(status: int) -> Outcome:
    """What an HTTP status that is no success means."""
    if status in (401, 403, 407):
        return Outcome.AUTH_ERROR
    if status == 429:
        return Outcome.RATE_LIMITED
    return Outcome.SERVER_ERROR if status >= 500 else Outcome.CLIENT_ERROR


def known_schemes() -> frozenset[str]:
    """Every scheme that can be sent to here. Imports Apprise (some 400 ms)."""
    from alerts.channels import apprise

    return frozenset(OWN) | apprise.schemes()


def check(label: str, url: str) -> str | None:
    """Why the channel `label` can not use this URL, without any part of the URL; None if it can."""
    reason = _reason(url)
    return None if reason is None else f"channel {label}: {reason}"


def deliver(url: str, message: Message, patience: timedelta) -> SendResult:
    """Sends one message to one address; never raises, blocks as long as the transport does."""
    scheme = scheme_of(url)
    if scheme is None:
        return SendResult(Outcome.BAD_CONFIG, _reason(url) or "")
    try:
        return _transport(scheme).send(url.strip(), message, patience)
    except ImportError as error:
        return SendResult(Outcome.BAD_CONFIG, f"what sends it cannot be imported ({type(error).__name__})")
    except Exception as error:  # noqa: BLE001 - two hundred services behind one call; any of them may raise anything
        return SendResult(Outcome.CLIENT_ERROR, f"sending crashed ({type(error).__name__})")


def _transport(scheme: str) -> Transport:
    module: Any = import_module(OWN.get(scheme, APPRISE))
    transport: Transport = module
    return transport


def _reason(url: str) -> str | None:
    scheme = scheme_of(url)
    if scheme is None:
        return "its URL does not begin with a scheme such as ntfys:// or mailtos://"
    try:
        return _transport(scheme).check(url.strip())
    except ImportError as error:
        return f"what sends it cannot be imported ({type(error).__name__})"
