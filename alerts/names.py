"""What people call the programs that labels name by their source; for both packages."""

from __future__ import annotations

from typing import Final

#: By source type; a source that somebody named goes by that name.
PROGRAMS: Final = {
    "openclaw": "OpenClaw",
    "claude-code": "Claude Code",
    "codex": "Codex",
    "gemini-cli": "Gemini CLI",
    "github-copilot": "GitHub Copilot",
    "copilot-cli": "Copilot CLI",
    "gh": "GitHub CLI",
    "qwen-code": "Qwen Code",
    "kimi": "Kimi CLI",
    "hermes": "Hermes",
    "aws": "AWS",
    "azure": "Azure CLI",
    "huggingface": "Hugging Face",
    "wrangler": "Wrangler",
    "picoclaw": "PicoClaw",
    "zeroclaw": "ZeroClaw",
    "cursor": "Cursor",
    "grok": "Grok Build",
    "pi": "Pi",
}


def program(source: str) -> str:
    """What people call the program of a source; `OpenClaw (profile work)` for `openclaw@work`."""
    kind, _, profile = source.partition("@")
    called = PROGRAMS.get(kind, kind)
    return f"{called} (profile {profile})" if profile else called
