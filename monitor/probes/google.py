"""Google's Gemini API: one entry of the list of models, the key in a header and never in the address.

A bad key is 400 INVALID_ARGUMENT with the reason API_KEY_INVALID, and "API key expired" for one that ran out
(continuedev/continue #9655); one that was found on the open web is 403 "reported as leaked" and dead for good
(googleapis/python-genai #1764). 403 PERMISSION_DENIED, a service that is not enabled and a region that is not served
speak of something else.
Source: https://ai.google.dev/gemini-api/docs/troubleshooting.
"""

from __future__ import annotations

from collections.abc import Mapping

from monitor.model import Answer, AnswerMeaning, Kind
from monitor.probes.response import Reply, read


def headers(secret: str, kind: Kind) -> Mapping[str, str]:
    """An API key; the login of Gemini CLI never gets here, it is for another service."""
    return {"x-goog-api-key": secret}


def told(reply: Reply) -> AnswerMeaning:
    """What the answer means."""
    words = reply.words if reply.status in (400, 403) else ""
    if "reported as leaked" in words:
        return AnswerMeaning(Answer.INVALID, "Google blocked it: it was found in public")
    if "location is not supported" in words:
        return AnswerMeaning(Answer.FORBIDDEN, "Google does not serve this region")
    found = read(reply, "models", bad_key=("api_key_invalid", "api key not valid", "api key expired"), long=True)
    return found if isinstance(found, AnswerMeaning) else AnswerMeaning(Answer.VALID)
