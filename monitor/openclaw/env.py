"""The variables an OpenClaw would see (process, `.env`, config), and which of them serves which provider."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final

from monitor.openclaw.auth_profiles import reference
from monitor.openclaw.config import Config
from monitor.openclaw.gateway import NO_GATEWAY, Gateway, first
from monitor.openclaw.releases import Generation, auth_id
from monitor.system.host import Host

_TABLE: Final = """
anthropic ANTHROPIC_OAUTH_TOKEN ANTHROPIC_API_KEY
openai OPENAI_API_KEY
google GEMINI_API_KEY GOOGLE_API_KEY
google-vertex GOOGLE_CLOUD_API_KEY
openrouter OPENROUTER_API_KEY
github-copilot COPILOT_GITHUB_TOKEN GH_TOKEN GITHUB_TOKEN
zai ZAI_API_KEY Z_AI_API_KEY
xai XAI_API_KEY
groq GROQ_API_KEY
mistral MISTRAL_API_KEY
deepseek DEEPSEEK_API_KEY
cerebras CEREBRAS_API_KEY
moonshot MOONSHOT_API_KEY KIMI_API_KEY
kimi KIMI_API_KEY KIMICODE_API_KEY
minimax MINIMAX_CODE_PLAN_KEY MINIMAX_CODING_API_KEY MINIMAX_API_KEY
minimax-portal MINIMAX_OAUTH_TOKEN MINIMAX_API_KEY
qwen QWEN_API_KEY MODELSTUDIO_API_KEY DASHSCOPE_API_KEY
together TOGETHER_API_KEY
fireworks FIREWORKS_API_KEY
huggingface HUGGINGFACE_HUB_TOKEN HF_TOKEN
nvidia NVIDIA_API_KEY
perplexity PERPLEXITY_API_KEY OPENROUTER_API_KEY
venice VENICE_API_KEY
synthetic SYNTHETIC_API_KEY
xiaomi XIAOMI_API_KEY
opencode OPENCODE_API_KEY OPENCODE_ZEN_API_KEY
opencode-go OPENCODE_API_KEY OPENCODE_ZEN_API_KEY
litellm LITELLM_API_KEY
vercel-ai-gateway AI_GATEWAY_API_KEY
cloudflare-ai-gateway CLOUDFLARE_AI_GATEWAY_API_KEY
ollama OLLAMA_API_KEY
lmstudio LM_API_TOKEN
vllm VLLM_API_KEY
chutes CHUTES_API_KEY CHUTES_OAUTH_TOKEN
kilocode KILOCODE_API_KEY
deepinfra DEEPINFRA_API_KEY
qianfan QIANFAN_API_KEY
volcengine VOLCANO_ENGINE_API_KEY
byteplus BYTEPLUS_API_KEY
stepfun STEPFUN_API_KEY
arcee ARCEEAI_API_KEY
microsoft-foundry AZURE_OPENAI_API_KEY
amazon-bedrock AWS_BEARER_TOKEN_BEDROCK AWS_ACCESS_KEY_ID AWS_PROFILE
"""

VARIABLES: Final[dict[str, tuple[str, ...]]] = {
    row.split()[0]: tuple(row.split()[1:]) for row in _TABLE.strip().splitlines()
}

#: The provider a variable belongs to first; several providers may share one.
PROVIDERS: Final[dict[str, str]] = {name: provider for provider, names in reversed(VARIABLES.items()) for name in names}


def is_oauth(name: str) -> bool:
    """Whether the variable carries a subscription's token and not an API key."""
    return name.endswith("_OAUTH_TOKEN")


class Environment:
    """`process` is False when another user's home is read: our own variables say nothing about it. The gateway's
    variables come before ours, which are a shell's: it is what serves the agents. What the variables hold may be
    secrets, so nothing shows it."""

    __slots__ = ("config", "dotenv", "gateway", "host", "process")

    def __init__(
        self,
        host: Host,
        process: bool = True,
        dotenv: Mapping[str, str] = MappingProxyType({}),
        config: Mapping[str, str] = MappingProxyType({}),
        gateway: Gateway = NO_GATEWAY,
    ) -> None:
        self.host, self.process, self.dotenv, self.config = host, process, dotenv, config
        self.gateway = gateway

    def get(self, name: str) -> str | None:
        """The value that counts, None where it is unset or blank."""
        outer = self.host.env(name) if self.process else None
        later, copies = first(self.gateway.later, name), first(self.gateway.copies, name)
        for value in (self.gateway.get(name), outer, self.dotenv.get(name), later, self.config.get(name), copies):
            if value and value.strip():
                return value.strip()
        return None

    def of_shell(self) -> Environment:
        """What a command sees that is started here: not what only the gateway is started with."""
        return Environment(self.host, self.process, self.dotenv, self.config)

    def key_of(self, provider: str, generation: Generation) -> str | None:
        """The name of the variable that serves the provider, None if none is set."""
        names = VARIABLES.get(auth_id(provider), ())
        if provider == "github-copilot" and generation is not Generation.JSON:
            names = names[:1]  # GH_TOKEN and GITHUB_TOKEN stopped counting after 2026.5.7
        for name in names:
            if name == "AWS_ACCESS_KEY_ID" and not self.get("AWS_SECRET_ACCESS_KEY"):
                continue
            if self.get(name):
                return name
        return None


_NAME: Final = re.compile(r"(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*(?:=|:\s)\s*(.*)", re.DOTALL)


def parse(text: str) -> dict[str, str]:
    """The variables of a `.env` text that have a value; the last one of a name wins."""
    found: dict[str, str] = {}
    for line in text.lstrip("\ufeff").splitlines():
        match = _NAME.fullmatch(line.strip())
        if match:
            value = _value(match[2])
            found.pop(match[1], None)
            if value.strip():
                found[match[1]] = value
    return found


def _value(text: str) -> str:
    quote = text[:1]
    if quote in ('"', "'", "`"):
        end = text.find(quote, 1)
        if end > 0:
            inner = text[1:end]
            return inner.replace("\\n", "\n") if quote == '"' else inner
    return text.split("#", 1)[0].strip()


class ConfigKey(StrEnum):
    """What `models.providers.<id>.apiKey` is."""

    NONE = "none"
    LITERAL = "literal"
    SET = "set"  # a reference to a variable that is set
    UNRESOLVED = "unresolved"


def config_key(config: Config, environment: Environment, provider: str, generation: Generation) -> ConfigKey:
    """What the config offers as a provider's key."""
    value = config.provider_entry(provider, generation).get("apiKey")
    ref = reference(value)
    if ref:
        found = ref.source == "env" and environment.get(ref.id)
        return ConfigKey.SET if found else ConfigKey.UNRESOLVED
    return ConfigKey.LITERAL if isinstance(value, str) and value.strip() else ConfigKey.NONE
