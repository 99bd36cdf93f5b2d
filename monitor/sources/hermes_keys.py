"""What Hermes keeps beside its logins: the keys in its `.env`, and the provider that its `config.yaml` chooses.

Facts by version 0.19.0 (agent/credential_pool.py, hermes_cli/auth.py): a variable in `.env` wins over one of the
process; each is a member of its provider's pool. `model.provider` chooses the provider; others serve only where another
`provider:` of the config names them. `auto` chooses none.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from monitor.openclaw.env import PROVIDERS, parse
from monitor.sources.plain_yaml import mapping
from monitor.system.host import MAX_DEPTH, Host

#: Hermes' own names, where they are not OpenClaw's.
_OWN: Final = {
    "ANTHROPIC_TOKEN": "anthropic",
    "CLAUDE_CODE_OAUTH_TOKEN": "anthropic",
    "OPENAI_API_KEY": "openai-api",
    "GOOGLE_API_KEY": "gemini",
    "GEMINI_API_KEY": "gemini",
    "COPILOT_GITHUB_TOKEN": "copilot",
    "GLM_API_KEY": "zai",
    "KIMI_API_KEY": "kimi-coding",
    "KIMI_CODING_API_KEY": "kimi-coding",
    "KIMI_CN_API_KEY": "kimi-coding-cn",
    "GMI_API_KEY": "gmi",
    "MINIMAX_CN_API_KEY": "minimax-cn",
    "DASHSCOPE_API_KEY": "alibaba",
    "ALIBABA_CODING_PLAN_API_KEY": "alibaba-coding-plan",
    "OPENCODE_ZEN_API_KEY": "opencode-zen",
    "OPENCODE_GO_API_KEY": "opencode-go",
    "TOKENHUB_API_KEY": "tencent-tokenhub",
    "OLLAMA_API_KEY": "ollama-cloud",
    "LM_API_KEY": "lmstudio",
    "AZURE_FOUNDRY_API_KEY": "azure-foundry",
}
_NAMES: Final = {**{name: provider for name, provider in PROVIDERS.items() if name.endswith("_API_KEY")}, **_OWN}

_ALIASES: Final = {
    "claude": "anthropic",
    "claude-code": "anthropic",
    "google": "gemini",
    "google-gemini": "gemini",
    "glm": "zai",
    "z-ai": "zai",
    "z.ai": "zai",
    "grok": "xai",
    "x-ai": "xai",
    "kimi": "kimi-coding",
    "moonshot": "kimi-coding",
    "github": "copilot",
    "github-copilot": "copilot",
    "qwen-portal": "qwen-oauth",
    "qwen-cli": "qwen-oauth",
    "hf": "huggingface",
    "opencode": "opencode-zen",
}

#: The providers that are logged in to, not keyed; a choice of none of these or the others says nothing here.
_LOGINS: Final = frozenset(("nous", "openai-codex", "xai-oauth", "qwen-oauth", "minimax-oauth"))


class ProviderChoice(NamedTuple):
    """What a config chooses: the provider, "" where it chooses none, and every other that it names."""

    provider: str = ""
    named: frozenset[str] = frozenset()


def keys(host: Host, path: Path) -> Mapping[str, tuple[str, str]]:
    """The provider and the value of each variable of a `.env` that holds a provider's key. Raises `Unreadable`."""
    found = parse(host.text(path) or "")
    return {name: (_NAMES[name], value.strip()) for name, value in found.items() if name in _NAMES}


def variables(provider: str) -> list[str]:
    """The variables that hold a provider's key."""
    return [name for name, owner in _NAMES.items() if owner == provider]


def choice(host: Host, path: Path) -> ProviderChoice:
    """What a `config.yaml` chooses. Raises `Unreadable`."""
    text = host.text(path)
    config = mapping(text, path, "settings") if text else {}
    model = config.get("model")
    chosen = _name(model.get("provider")) if isinstance(model, Mapping) else ""
    known = chosen in _LOGINS or chosen in _NAMES.values()
    return ProviderChoice(chosen, frozenset(_named(config))) if known else ProviderChoice()


def _named(value: Any, depth: int = 0) -> Iterator[str]:
    """Every `provider` of a config, wherever it stands."""
    if depth > MAX_DEPTH:
        return
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, list) else ()
    if isinstance(value, Mapping) and (name := _name(value.get("provider"))):
        yield name
    for part in parts:
        yield from _named(part, depth + 1)


def _name(written: Any) -> str:
    """A provider's name as Hermes takes it; "" for `auto` and for what is none."""
    name = written.strip().lower() if isinstance(written, str) else ""
    return "" if name == "auto" else _ALIASES.get(name, name)
