"""Which environment variables serve which provider, the first that is set winning (OpenClaw's plugin manifests)."""

from __future__ import annotations

from typing import Final

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
