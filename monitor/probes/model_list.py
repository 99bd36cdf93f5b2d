"""OpenAI, Groq and Mistral: the list of models, which every key may read and which costs nothing.

Bad keys are 401 (`invalid_api_key`; Mistral: `{"detail": "Unauthorized"}`, for an expired key too). A restricted key of
OpenAI that may not list models is 401 as well, with "Missing scopes" (microsoft/PowerToys #32989), and alive. Credit is
not visible here: it is missing only when a model is called.
Sources: https://platform.openai.com/docs/api-reference/models/list, https://console.groq.com/docs/api-reference#models,
https://docs.mistral.ai/api/endpoint/models.
"""

from __future__ import annotations

from collections.abc import Mapping

from monitor.model import Answer, AnswerMeaning, Kind
from monitor.probes.response import Reply, read


def headers(secret: str, kind: Kind) -> Mapping[str, str]:
    """A bearer token. A ChatGPT login never gets here: it is no key for this place, and would be refused."""
    return {"Authorization": f"Bearer {secret}"}


def told(reply: Reply) -> AnswerMeaning:
    """What the answer means."""
    found = read(reply, "data", long=True)
    return found if isinstance(found, AnswerMeaning) else AnswerMeaning(Answer.VALID)
