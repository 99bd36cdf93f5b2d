"""Whether what somebody pasted can be the secret that was asked for; where it cannot, the right command."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

from monitor.openclaw.auth_profiles import SETUP_TOKEN
from monitor.openclaw.write.replace_file import WriteRefused

SETUP_LENGTH: Final = 80  # as OpenClaw 2026.9.6 checks it
MAX_LENGTH: Final = 16_384

_PROVIDER: Final = re.compile(r"[a-z0-9][a-z0-9._-]{0,63}")
_PROFILE: Final = re.compile(r"[^\s\x00-\x1f\x7f@]+(?:@[^\s\x00-\x1f\x7f@]+)?")
_COMMAND: Final = re.compile(
    r"^(?:\$\s|export\s|curl\s|sudo\s|claude\s|openclaw\s|authwatch\s|echo\s)|^[A-Z][A-Z0-9_]+=|[|;&<>]"
)
_SPAN: Final = re.compile(r"(\d+(?:\.\d+)?)(ms|s|m|h|d|w)?", re.ASCII)
_UNITS: Final = {"ms": 0.001, "s": 1, "m": 60, "h": 3600, "d": 86400, "w": 604800}
#: Whose tokens are something else than their API keys; OpenClaw stores a key as the token of any other provider.
_TOKENS: Final = ("anthropic", "openai")
_FOREIGN: Final = (
    ("sk-proj-", "openai"),
    ("sk-or-", "openrouter"),
    ("AIza", "google"),
    ("xai-", "xai"),
    ("gsk_", "groq"),
)


def provider(written: str) -> str:
    """A provider's id in lower case; raises WriteRefused for what cannot be one."""
    name = written.strip().lower()
    if not _PROVIDER.fullmatch(name):
        raise WriteRefused(f"{written!r} is not the name of a provider; for example: anthropic, openai, openrouter")
    return name


def profile_id(written: str | None, owner: str) -> str:
    """A profile id, `PROVIDER:manual` where none is given; raises WriteRefused for what OpenClaw could not name
    later."""
    if written is None:
        return f"{owner}:manual"
    name = written.strip()
    if not _PROFILE.fullmatch(name) or len(name) > 128:
        raise WriteRefused(f"{written!r} is not a profile id; for example: {owner}:work")
    return name


def token(pasted: str, owner: str) -> str:
    """The token in what was pasted for a provider; raises WriteRefused with the command that was meant."""
    if owner == "anthropic":  # terminals break the long setup-token into lines
        pasted = "".join(part for part in pasted.split()) if not _COMMAND.search(pasted.strip()) else pasted
    found = _one(pasted, "token")
    if owner != "anthropic" and found.startswith(SETUP_TOKEN):
        raise WriteRefused(
            "that is a setup-token of Anthropic; use: authwatch models auth paste-token --provider anthropic"
        )
    whose = None if found.startswith(SETUP_TOKEN) else _owner(found)
    if whose is None and owner in _TOKENS and found.startswith("sk-") and not found.startswith(SETUP_TOKEN):
        whose = owner
    if whose is not None and (whose != owner or owner in _TOKENS):
        raise WriteRefused(
            f"that looks like an API key of {whose}, not a token; "
            f"use: authwatch models auth paste-api-key --provider {whose}"
        )
    if owner == "anthropic" and not found.startswith(SETUP_TOKEN):
        raise WriteRefused(f"a token of Anthropic begins with {SETUP_TOKEN}; make one with: claude setup-token")
    if owner == "anthropic" and len(found) < SETUP_LENGTH:
        raise WriteRefused("that token is too short; paste all of what `claude setup-token` printed")
    return found


def api_key(pasted: str, owner: str) -> str:
    """The API key in what was pasted for a provider; raises WriteRefused with the command that was meant."""
    found = _one(pasted, "API key")
    if found.startswith(SETUP_TOKEN):
        raise WriteRefused(
            "that is a setup-token, not an API key; use: authwatch models auth paste-token --provider anthropic"
        )
    whose = _owner(found)
    known = {"anthropic", *(name for _, name in _FOREIGN)}
    if owner in known and whose is not None and whose != owner:
        raise WriteRefused(
            f"that looks like an API key of {whose}, not of {owner}; "
            f"use: authwatch models auth paste-api-key --provider {whose}"
        )
    if owner == "anthropic" and not found.startswith("sk-ant-"):
        raise WriteRefused("an API key of Anthropic begins with sk-ant-; see https://platform.claude.com/settings/keys")
    return found


def span(written: str) -> timedelta:
    """`365d`, `12h`, `90m`, `1h30m`, or a number of days, as OpenClaw reads it; raises WriteRefused for others."""
    text = written.strip().lower()
    parts = _SPAN.findall(text)
    composite = len(parts) > 1
    if (
        not parts
        or "".join(number + unit for number, unit in parts) != text
        or (composite and not all(u for _, u in parts))
    ):
        raise WriteRefused(f"{written!r} is not a span of time; for example: 365d, 12h, 90m, 1h30m")
    seconds = sum(float(number) * _UNITS[unit or "d"] for number, unit in parts)
    if not 0 < seconds < 100 * 366 * 86400:
        raise WriteRefused(f"{written!r} is not a span between now and a hundred years")
    return timedelta(seconds=seconds)


def _one(pasted: str, what: str) -> str:
    found = pasted.strip().strip("\ufeff")
    if not found:
        raise WriteRefused(f"no {what} was given; paste it at the prompt, or pipe it: … | authwatch models auth …")
    if _COMMAND.search(found):
        raise WriteRefused(f"that looks like a line for a shell; paste the {what} alone, without the command around it")
    if any(ord(letter) < 32 or ord(letter) == 127 for letter in found):
        raise WriteRefused(f"the {what} holds a line break or another control character; paste it alone, on one line")
    if any(letter.isspace() for letter in found) or not found.isascii():
        raise WriteRefused(f"the {what} holds spaces or letters that no {what} has; paste it alone")
    if len(found) > MAX_LENGTH:
        raise WriteRefused(f"the {what} is longer than {MAX_LENGTH} characters; paste only the {what}")
    if found[0] in "\"'`" or found[-1] in "\"'`":
        raise WriteRefused(f"the {what} stands in quotes; paste it without them")
    return found


def _owner(found: str) -> str | None:
    if found.startswith("sk-ant-"):
        return "anthropic"
    for prefix, name in _FOREIGN:
        if found.startswith(prefix):
            return name
    return None
