"""OpenRouter: what a key says of itself, its end and what is left of its limit included.

401 is a bad key; one that ran out or was deleted is 401 "User not found" (OpenRouterTeam/docs #5). `limit_remaining` is
null without a limit; the credit of the account as a whole needs a management key and is not asked for.
Source: https://openrouter.ai/docs/api/api-reference/api-keys/get-current-key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from monitor.model import Answer, AnswerMeaning, Kind
from monitor.probes.response import Reply, read, unreachable
from monitor.sources.timestamps import moment


def headers(secret: str, kind: Kind) -> Mapping[str, str]:
    """A bearer token."""
    return {"Authorization": f"Bearer {secret}"}


def told(reply: Reply) -> AnswerMeaning:
    """What the answer means."""
    found = read(reply, "data")
    if isinstance(found, AnswerMeaning):
        return found
    key: Any = found.get("data")
    if not isinstance(key, dict):
        return unreachable("unexpected answer: not in the provider's format")
    try:
        ends = moment(key.get("expires_at"))
    except ValueError:
        ends = None
    left, again = key.get("limit_remaining"), key.get("limit_reset")
    if isinstance(left, bool) or not isinstance(left, int | float):
        return AnswerMeaning(Answer.VALID, expires_at=ends)
    if left <= 0:
        resets = again in ("daily", "weekly", "monthly")
        return AnswerMeaning(Answer.OUT_OF_CREDIT, f"its limit resets {again}" if resets else "", ends, "0 USD left")
    return AnswerMeaning(Answer.VALID, expires_at=ends, credit=f"{left:.2f} USD left")
