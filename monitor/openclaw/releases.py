"""What OpenClaw's releases disagree about: the three store generations, provider ids, defaults and limits."""

from __future__ import annotations

import math
import re
from enum import StrEnum
from typing import Any, Final


class Generation(StrEnum):
    """Which kind of release owns the stores of a home."""

    JSON = "json"  # auth-profiles.json, to 2026.5.x; measured on 2026.5.7
    AGENT = "agent"  # one SQLite database per agent, 2026.6.x and 7.x; measured on 2026.6.11
    SHARED = "shared"  # state/openclaw.sqlite with overrides per agent, from 2026.8; measured on 2026.9.6


#: Providers that people log in to and that know no key of OpenClaw's, by its plugins to 2026.9.6. The code that some
#: show is typed anywhere; the others send the browser back to the machine that asked.
LOGINS: Final = frozenset(("github-copilot", "minimax-portal", "openai-codex", "qwen-portal"))
BY_CODE: Final = LOGINS - {"openai-codex"}

WARN_MS: Final = 86_400_000  # inside this an expiry is "expiring", in every release
MARGIN_MS: Final = 300_000  # an OAuth access token with less left is not used as it is
MAX_MS: Final = 8.64e15  # the largest moment JavaScript can hold
SECONDS_BELOW: Final = 1e11  # an expiry below this was meant as seconds

MAIN: Final = "main"

DEFAULT_MODEL: Final = {
    Generation.JSON: "openai/gpt-5.5",
    Generation.AGENT: "openai/gpt-5.5",
    Generation.SHARED: "openai/gpt-6-astra",
}
DEFAULT_PROVIDER: Final = "openai"

# Providers that another program logs in; OpenClaw never calls them missing.
CLI_PROVIDERS: Final = frozenset({"claude-cli", "codex-cli", "google-gemini-cli"})

_JSON_NAMES: Final = {
    "modelstudio": "qwen",
    "qwencloud": "qwen",
    "z.ai": "zai",
    "z-ai": "zai",
    "opencode-zen": "opencode",
    "opencode-go-auth": "opencode-go",
    "kimi-code": "kimi",
    "kimi-coding": "kimi",
    "bedrock": "amazon-bedrock",
    "aws-bedrock": "amazon-bedrock",
    "bytedance": "volcengine",
    "doubao": "volcengine",
}
_AUTH_NAMES: Final = {
    "minimax-cn": "minimax",
    "minimax-portal-cn": "minimax-portal",
    "x-ai": "xai",
    "byteplus-plan": "byteplus",
    "volcengine-plan": "volcengine",
    "novita-ai": "novita",
    "novitaai": "novita",
}


def provider_id(text: str, generation: Generation) -> str:
    """A provider's id as that generation stores and prints it."""
    name = text.strip().lower()
    return _JSON_NAMES.get(name, name) if generation is Generation.JSON else name


def auth_id(provider: str) -> str:
    """The provider whose credentials serve `provider` (aliases of the plugin manifests)."""
    return _AUTH_NAMES.get(provider, provider)


def release(text: Any) -> tuple[int, int] | None:
    """Year and month of a version such as `2026.9.6`; None for anything else."""
    found = re.match(r"\s*v?(\d{4})\.(\d{1,2})(?:\.|$|-)", text) if isinstance(text, str) else None
    return (int(found[1]), int(found[2])) if found else None


def number(value: Any) -> float | None:
    """A finite JSON number; None for anything else (true and false are no numbers)."""
    if isinstance(value, bool) or not isinstance(value, int | float):
        return None
    try:
        return value if math.isfinite(value) else None
    except OverflowError:  # an integer beyond any double is infinite to JavaScript
        return None


def text(value: Any) -> str | None:
    """A trimmed text that is not blank, safe to encode; None for anything else."""
    if not isinstance(value, str) or not value.strip():
        return None
    return value.strip().encode("utf-16", "surrogatepass").decode("utf-16", "replace")
