"""DeepSeek: the balance. 401 is a bad key; `is_available` false is a balance that no call can be paid from.

Source: https://api-docs.deepseek.com/api/get-user-balance, https://api-docs.deepseek.com/quick_start/error_codes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from monitor.model import Answer, AnswerMeaning, Kind
from monitor.probes.response import Reply, read


def headers(secret: str, kind: Kind) -> Mapping[str, str]:
    """A bearer token."""
    return {"Authorization": f"Bearer {secret}"}


def told(reply: Reply) -> AnswerMeaning:
    """What the answer means."""
    found = read(reply, "is_available")
    if isinstance(found, AnswerMeaning):
        return found
    credit = _balance(found.get("balance_infos"))
    return AnswerMeaning(Answer.OUT_OF_CREDIT if found.get("is_available") is False else Answer.VALID, credit=credit)


def _balance(infos: Any) -> str:
    """The balances as `110.00 CNY left`; "" where they are written in no way we know."""
    parts = []
    for one in infos[:4] if isinstance(infos, list) else ():
        amount, unit = (
            (str(one.get(name)) for name in ("total_balance", "currency")) if isinstance(one, dict) else ("", "")
        )
        if re.fullmatch(r"-?\d{1,12}(\.\d{1,6})?", amount, re.ASCII) and re.fullmatch(r"[A-Z]{3}", unit, re.ASCII):
            parts.append(f"{amount} {unit}")
    return f"{', '.join(parts)} left" if parts else ""
