"""z.ai: how much of the coding plan is used. It answers 200 with another `code` in the body where something is wrong.

Codes: 1000 to 1004 the login, of which 1003 is one that ran out; 1113 no money; 1309 the plan has ended; 1302 to 1310
limits. A wrong key is 401 "token expired or incorrect", which does not tell the one from the other.
Sources: https://docs.z.ai/api-reference/api-code; the endpoint is what zai-org/zai-coding-plugins asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from monitor.model import Answer, AnswerMeaning, Kind
from monitor.probes.response import Reply, trouble, unreachable

_CODES: Final = {
    401: AnswerMeaning(Answer.INVALID),
    1000: AnswerMeaning(Answer.INVALID),
    1001: AnswerMeaning(Answer.INVALID),
    1002: AnswerMeaning(Answer.INVALID),
    1003: AnswerMeaning(Answer.EXPIRED),
    1004: AnswerMeaning(Answer.INVALID),
    1110: AnswerMeaning(Answer.FORBIDDEN, "its account is not active"),
    1112: AnswerMeaning(Answer.FORBIDDEN, "its account is locked"),
    1113: AnswerMeaning(Answer.OUT_OF_CREDIT),
    1121: AnswerMeaning(Answer.FORBIDDEN, "its account is locked"),
    1302: AnswerMeaning(Answer.RATE_LIMITED),
    1303: AnswerMeaning(Answer.RATE_LIMITED),
    1304: AnswerMeaning(Answer.RATE_LIMITED),
    1305: AnswerMeaning(Answer.RATE_LIMITED),
    1308: AnswerMeaning(Answer.RATE_LIMITED),
    1309: AnswerMeaning(Answer.OUT_OF_CREDIT, "its plan has expired"),
    1310: AnswerMeaning(Answer.RATE_LIMITED),
}


def headers(secret: str, kind: Kind) -> Mapping[str, str]:
    """A bearer token."""
    return {"Authorization": f"Bearer {secret}"}


def told(reply: Reply) -> AnswerMeaning:
    """What the answer means."""
    data = reply.data or {}
    code = _code(data)
    if code in _CODES and reply.status < 500:
        return _CODES[code]
    if found := trouble(reply):
        return found
    if reply.status == 401:
        return AnswerMeaning(Answer.INVALID)
    if reply.status == 403:
        return AnswerMeaning(Answer.FORBIDDEN)
    if reply.status != 200 or code is None:
        return unreachable(f"the answer says nothing about the login (HTTP {reply.status})")
    if code != 200:
        return AnswerMeaning(Answer.FORBIDDEN, f"z.ai answered with code {code}; maybe the account has no coding plan")
    used = _used(data.get("data"))
    if used is not None and used >= 100:
        return AnswerMeaning(Answer.RATE_LIMITED, "its plan is used up until the limit resets")
    return AnswerMeaning(Answer.VALID, credit="" if used is None else f"{used:.0f}% of the plan used")


def _code(data: Mapping[str, Any]) -> int | None:
    error = data.get("error")
    found = error.get("code") if isinstance(error, dict) else data.get("code")
    if isinstance(found, str) and found.isascii() and found.isdecimal() and len(found) < 6:
        return int(found)
    return found if isinstance(found, int) and not isinstance(found, bool) and 0 <= found < 100_000 else None


def _used(plan: Any) -> float | None:
    """The fullest window of tokens or credits, in percent; searches and tools are counted apart and do not matter."""
    limits = plan.get("limits") if isinstance(plan, dict) else plan
    found = [
        share
        for one in (limits[:16] if isinstance(limits, list) else ())
        if isinstance(one, dict) and one.get("type") in ("TOKENS_LIMIT", "CREDIT_LIMIT")
        if isinstance(share := one.get("percentage"), int | float) and not isinstance(share, bool) and 0 <= share < 1e6
    ]
    return max(found, default=None)
