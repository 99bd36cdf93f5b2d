"""Anthropic: the list of models, with an API key or with the access token of a subscription.

A key goes into `x-api-key`; a token is a bearer with the beta header, and as `x-api-key` it would be "invalid". Refused
are 401 `authentication_error`; "OAuth token has expired" says so of a token; "OAuth authentication is currently not
supported" (anthropics/claude-code #5983) speaks of the way of asking. "This credential is only authorized for use with
Claude Code" (400, anthropics/claude-code #8046) is a live login in the wrong hands. 529 is an overload.
Sources: https://docs.anthropic.com/en/api/models-list, https://docs.anthropic.com/en/api/errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from monitor.model import Answer, AnswerMeaning, Kind
from monitor.probes.response import Reply, read

VERSION: Final = "2023-06-01"
BETA: Final = "oauth-2025-04-20"
CLAUDE_CODE_ONLY: Final = "only authorized for use with claude code"
WRONG_USE: Final = "Anthropic accepts it from Claude Code only: keep it there, and give other programs an API key"


def headers(secret: str, kind: Kind) -> Mapping[str, str]:
    """By how the secret begins, then by its kind."""
    own = {"anthropic-version": VERSION}
    if secret.startswith("sk-ant-oat") or kind is not Kind.API_KEY:
        return {**own, "Authorization": f"Bearer {secret}", "anthropic-beta": BETA}
    return {**own, "x-api-key": secret}


def told(reply: Reply) -> AnswerMeaning:
    """What the answer means."""
    if reply.status in (400, 401, 403) and CLAUDE_CODE_ONLY in reply.words:
        return AnswerMeaning(Answer.VALID, WRONG_USE)
    found = read(reply, "data", long=True)
    return found if isinstance(found, AnswerMeaning) else AnswerMeaning(Answer.VALID)
