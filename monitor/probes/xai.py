"""xAI: what a key says of itself. A bad key is 400 "Incorrect API key provided"; a blocked one answers 200 and says so.

Source: https://docs.x.ai/docs/api-reference#api-key.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from monitor.model import Answer, AnswerMeaning, Kind
from monitor.probes.response import Reply, read

_BLOCKS: Final = {
    "api_key_blocked": "the key is blocked",
    "api_key_disabled": "the key is disabled",
    "team_blocked": "its team is blocked",
}


def headers(secret: str, kind: Kind) -> Mapping[str, str]:
    """A bearer token."""
    return {"Authorization": f"Bearer {secret}"}


def told(reply: Reply) -> AnswerMeaning:
    """What the answer means."""
    found = read(reply, "api_key_blocked", bad_key=("incorrect api key", "invalid api key"))
    if isinstance(found, AnswerMeaning):
        return found
    block = next((words for name, words in _BLOCKS.items() if found.get(name) is True), None)
    return AnswerMeaning(Answer.INVALID, block) if block else AnswerMeaning(Answer.VALID)
