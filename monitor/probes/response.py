"""What came back from a provider, and what the parts that all of them share mean. Pure; never raises on an answer."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

from monitor.model import Answer, AnswerMeaning

#: Bytes of a body that are read.
MOST: Final = 64 * 1024
#: How much of an error's text is looked at.
MOST_WORDS: Final = 4096

_CREDIT: Final = (
    *("insufficient_quota", "credit_balance_exhausted", "credit balance is too low", "billing_error"),
    *("insufficient balance", "insufficient_balance", "insufficient credits", "out of credits"),
)
_SCOPE: Final = (
    *("missing scopes", "insufficient permissions", "ip_not_authorized", "ip not authorized"),
    *("member of an organization", "oauth authentication is currently not supported"),
)
_UNAUTHORIZED: Final = ("invalid_api_key", "authentication_error", "unauthorized")


@dataclass(frozen=True, slots=True)
class Reply:
    """A status, header names in lower case, and at most 64 KiB of the body; `whole` is False where there was more."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = field(default=b"", repr=False)
    whole: bool = True

    @property
    def data(self) -> Mapping[str, Any] | None:
        """The JSON object of the body; None where it is none: a sign-in page, an error page of somebody in between."""
        try:
            found = json.loads(self.body)
        except (ValueError, RecursionError):
            return None
        return found if isinstance(found, dict) else None

    @property
    def meant(self) -> int:
        """The status that is meant: 200 with an error in the body is that error."""
        error = (self.data or {}).get("error") if self.status == 200 else None
        code = error.get("code") if isinstance(error, dict) else None
        if isinstance(code, int) and 400 <= code < 600:
            return code
        return 401 if error and any(mark in self.words for mark in _UNAUTHORIZED) else self.status

    @property
    def cut(self) -> bool:
        """Whether this is the beginning of a long JSON object."""
        return not self.whole and "json" in self.headers.get("content-type", "") and self.body.lstrip()[:1] == b"{"

    @property
    def words(self) -> str:
        """The texts of an error, in lower case, to look for marks in; they may repeat a part of the secret, so they are
        never shown."""
        return " ".join(_texts(self.data, 0))[:MOST_WORDS].lower()


def unreachable(note: str) -> AnswerMeaning:
    """Nobody's word."""
    return AnswerMeaning(Answer.UNREACHABLE, note)


def trouble(reply: Reply) -> AnswerMeaning | None:
    """What an answer means whoever gave it: no success, and no refusal that a provider words in its own way."""
    status = reply.meant
    if 300 <= status < 400:
        return unreachable("redirected; authwatch never follows a redirect with a key")
    if status >= 500:
        return unreachable(f"the provider has a problem (HTTP {status})")
    if reply.data is None and not reply.cut:
        if status == 429:
            return AnswerMeaning(Answer.RATE_LIMITED)
        return unreachable(f"unexpected answer without JSON (HTTP {reply.status}): a sign-in page or a proxy?")
    if status == 402 or _has(reply, _CREDIT):
        return AnswerMeaning(Answer.OUT_OF_CREDIT)
    if status == 429:
        return AnswerMeaning(Answer.RATE_LIMITED)
    return None


def refusal(reply: Reply, *, bad_key: tuple[str, ...] = ()) -> AnswerMeaning:
    """What a refusal in JSON means. `bad_key`: marks of a bad key where a provider does not answer 401 for one."""
    status = reply.meant
    if status in (401, 403) and _has(reply, _SCOPE):
        return AnswerMeaning(Answer.FORBIDDEN, "accepted, but not allowed to list models")
    if status == 401 or (bad_key and _has(reply, bad_key)):
        return AnswerMeaning(Answer.EXPIRED if "expired" in reply.words else Answer.INVALID)
    if status == 403:
        return AnswerMeaning(Answer.FORBIDDEN, "accepted, but not allowed to make this request")
    return unreachable(f"the answer says nothing about the login (HTTP {status})")


def read(
    reply: Reply, shape: str, *, bad_key: tuple[str, ...] = (), long: bool = False
) -> AnswerMeaning | Mapping[str, Any]:
    """The object of a success, which has the key `shape` as documented; else what the answer means. `long`: a list that
    may be longer than what is read, which is a success all the same."""
    if found := trouble(reply):
        return found
    data = reply.data or {}
    if reply.status != 200 or ("error" in data and shape not in data):
        return refusal(reply, bad_key=bad_key)
    if reply.cut and long:
        return {}
    return data if shape in data else unreachable("unexpected answer: not in the provider's format")


def _has(reply: Reply, marks: tuple[str, ...]) -> bool:
    if reply.status == 200 and "error" not in (reply.data or {}):
        return False  # a list of models may say anything
    words = reply.words
    return any(mark in words for mark in marks)


def _texts(value: Any, depth: int) -> Iterator[str]:
    """Every text within, to a bounded depth and breadth."""
    if isinstance(value, str):
        yield value[:1024]
    elif depth < 5 and isinstance(value, dict):
        for part in list(value.values())[:32]:
            yield from _texts(part, depth + 1)
    elif depth < 5 and isinstance(value, list):
        for part in value[:16]:
            yield from _texts(part, depth + 1)
