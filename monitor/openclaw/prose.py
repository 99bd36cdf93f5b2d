"""The account of `models status` for people, line by line."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any, Final

from monitor.openclaw.classify import remaining

_WORDS: Final = {
    "missing_credential": "nothing stored",
    "invalid_expires": "its expiry is no usable moment",
    "unresolved_ref": "its tokens lie in a file that is not there",
    "setup_inactive": "saved, not active",
    "malformed_api_key": "a command was pasted where the key belongs",
}


def lines(data: Mapping[str, Any], notes: tuple[str, ...]) -> Iterator[str]:
    """What is so: models, store, then a line per profile, then what is missing."""
    auth = data["auth"]
    yield f"Default model  {data['defaultModel']}"
    if data["fallbacks"]:
        yield f"Fallbacks      {', '.join(data['fallbacks'])}"
    yield f"Auth store     {auth['storePath']}"
    yield ""
    resting = {one["profileId"]: one for one in auth["unusableProfiles"]}
    for one in auth["oauth"]["profiles"]:
        yield f"- {_printable(one['label'])}: {_state(one)}{_rest(resting.get(one['profileId']))}"
    for one in auth["providers"]:
        if one["profiles"]["count"] == 0:
            yield f"- {one['provider']}: {one['effective']['kind']} {one.get('env', {}).get('source', '')}".rstrip()
    for provider in auth["missingProvidersInUse"]:
        yield f"- {provider}: in use, and nothing to log in with"
    for note in notes:
        yield f"! {_printable(note)}"


def _state(one: Mapping[str, Any]) -> str:
    word = str(one["status"])
    if "remainingMs" in one and word in ("ok", "expiring"):
        return f"{word}, {remaining(one['remainingMs'])} left"
    reason = _WORDS.get(one.get("reasonCode", ""))
    return f"{word} ({reason})" if reason else word


def _rest(one: Mapping[str, Any] | None) -> str:
    if one is None:
        return ""
    reason = f", {one['reason']}" if "reason" in one else ""
    return f" [{one['kind']}{reason}, {remaining(one['remainingMs'])} left]"


def _printable(text: str) -> str:
    return "".join(ch if ch.isprintable() else "�" for ch in text)
