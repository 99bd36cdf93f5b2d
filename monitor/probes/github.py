"""GitHub: the rate limits, a request that is not counted towards them; a header says when the token ends.

401 is "Bad credentials"; 403 with nothing remaining, or with Retry-After, is a limit. The header
`GitHub-Authentication-Token-Expiration` reads `2026-10-07 19:07:53 UTC`, or ends in an offset (google/go-github #2031);
for some fine-grained tokens it gave the moment of the request (google/go-github #3708), which is not believed.
Source: https://docs.github.com/en/rest/rate-limit/rate-limit.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Final

from monitor.model import Answer, AnswerMeaning, Kind
from monitor.probes.response import Reply, read

#: An end this close to the moment of the answer is no end but that moment.
NOW_AGAIN: Final = timedelta(minutes=10)


def headers(secret: str, kind: Kind) -> Mapping[str, str]:
    """A bearer token."""
    return {"Authorization": f"Bearer {secret}", "X-GitHub-Api-Version": "2022-11-28"}


def told(reply: Reply) -> AnswerMeaning:
    """What the answer means."""
    spent = reply.headers.get("x-ratelimit-remaining") == "0" or "retry-after" in reply.headers
    if reply.status == 403 and spent:
        return AnswerMeaning(Answer.RATE_LIMITED)
    found = read(reply, "rate")
    return found if isinstance(found, AnswerMeaning) else AnswerMeaning(Answer.VALID, expires_at=ends(reply.headers))


def ends(headers: Mapping[str, str]) -> datetime | None:
    """When the token ends, aware UTC; None where the header is absent, wrong, or names the moment of the answer."""
    text = headers.get("github-authentication-token-expiration", "").strip()
    try:
        found = datetime.strptime(text.replace("UTC", "+0000"), "%Y-%m-%d %H:%M:%S %z").astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    answered = _answered(headers.get("date", ""))
    return None if answered and abs(found - answered) < NOW_AGAIN else found


def _answered(text: str) -> datetime | None:
    try:
        found = parsedate_to_datetime(text)
    except (ValueError, TypeError, IndexError, OverflowError):
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
