"""The variables an OpenClaw would see (process, `.env`, config), and which of them serves which provider."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Final, NamedTuple

from monitor.openclaw.auth_profiles import reference
from monitor.openclaw.config import Config, resolved
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
        self.host, self.process, self.dotenv, self.gateway = host, process, dotenv, gateway
        known = {name: resolved(value, self._outside) for name, value in config.items()}
        self.config = {name: value for name, value in known.items() if value is not None}

    def get(self, name: str) -> str | None:
        """The value that counts, None where it is unset or blank. One of the config that refers to a variable which is
        not set is none (OpenClaw 5.7, 6.11, 9.6)."""
        for value in (self._outside(name), self.config.get(name), first(self.gateway.copies, name)):
            if value and value.strip():
                return value.strip()
        return None

    def _outside(self, name: str) -> str | None:
        """The value that something else than the config gives."""
        outer = self.host.env(name) if self.process else None
        values = (self.gateway.get(name), outer, self.dotenv.get(name), first(self.gateway.later, name))
        return next((value for value in values if value and value.strip()), None)

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


class Assignment(NamedTuple):
    """One variable of a `.env` text. `text[start:end]` is all of its lines without the last line end; `exported`: the
    word `export` stands before it."""

    name: str
    value: str
    start: int
    end: int
    exported: bool


#: What JavaScript takes for blank: within a line, and between lines.
_INLINE: Final = "\t\v\f \xa0\u1680\u202f\u205f\u3000\ufeff" + "".join(map(chr, range(0x2000, 0x200B)))
_ENDS: Final = "\r\n\u2028\u2029"
_S: Final = f"[{_INLINE}{_ENDS}]"
#: The expression of dotenv 17.4.2. What it lets begin on an earlier, blank line begins here on its own: the same is
#: found, in linear time.
_ASSIGNMENT: Final = re.compile(
    rf"(?:\A|(?<=[{_ENDS}]))[{_INLINE}]*(export{_S}+)?([\w.-]+)(?:{_S}*=|:(?:\r\n|{_S}))"
    rf"({_S}*'(?:\\'|[^'])*'|{_S}*\"(?:\\\"|[^\"])*\"|{_S}*`(?:\\`|[^`])*`|[^#\r\n]+)?"
    rf"[{_INLINE}]*(?:#[^{_ENDS}]*)?(?=[{_ENDS}]|\Z)",
    re.ASCII,
)


def assignments(text: str) -> Iterator[Assignment]:
    """Every variable of a `.env` text, in order, as dotenv 17.4.2 reads it (OpenClaw 2026.5.7 to 2026.9.6 have it): a
    value in quotes may go over several lines, and a line inside it sets nothing."""
    for found in _ASSIGNMENT.finditer(text):
        start = found.start() + (text[found.start()] == "\ufeff")
        yield Assignment(found[2], _value(found[3] or ""), start, found.end(), exported=bool(found[1]))


def parse(text: str) -> dict[str, str]:
    """The variables of a `.env` text that have a value; the last one of a name wins. Names that begin with a digit or
    a sign are no variables' and are left out."""
    found: dict[str, str] = {}
    for one in assignments(text):
        if not (one.name[0].isalpha() or one.name[0] == "_"):
            continue
        found.pop(one.name, None)
        if one.value.strip():
            found[one.name] = one.value
    return found


def _value(written: str) -> str:
    value = written.replace("\r\n", "\n").replace("\r", "\n").strip(_INLINE + _ENDS)
    quote = value[:1]
    if quote not in ("'", '"', "`"):
        return value
    if len(value) > 1 and value.endswith(quote):
        value = value[1:-1]
    return value.replace("\\n", "\n").replace("\\r", "\r") if quote == '"' else value


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
