"""A made-up home for the demo: logins that are fine, expire soon, have expired, renew themselves, cannot be read."""

from __future__ import annotations

import json
import os
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

CONFIG = """\
# The config of the demo. Yours would have an address such as
# ntfys://ntfy.sh/your-secret-topic or mailtos://user:password@example.org
host: demo
channels:
  demo: {url: "print://"}
"""


def furnish(home: Path, now: datetime) -> Path:
    """Fills an empty home; returns the path of its config."""
    agents = home / ".openclaw" / "agents"
    _write(
        home / ".openclaw" / "openclaw.json",
        {
            "agents": {
                "defaults": {
                    "model": {
                        "primary": "anthropic/claude-sonnet-4-5",
                        "fallbacks": ["openai/gpt-5.5", "openrouter/auto"],
                    }
                },
                "list": [{"id": "main", "default": True}, {"id": "lab"}],
            }
        },
    )
    profiles = {
        "anthropic:default": _token("anthropic", now + timedelta(days=2, hours=3)),
        "openai:default": _token("openai", now - timedelta(hours=3)),
        "openrouter:default": _token("openrouter", now + timedelta(days=200)),
    }
    _write(agents / "main" / "agent" / "auth-profiles.json", {"version": 1, "profiles": profiles})
    torn = agents / "lab" / "agent" / "auth-profiles.json"
    torn.parent.mkdir(parents=True)
    torn.write_text('{"version": 1, "profiles": {"anthropic:lab": {"type": "tok', "utf-8")
    login = {
        "accessToken": "sk-ant-oat01-made-up",
        "refreshToken": "sk-ant-ort01-made-up",
        "expiresAt": _ms(now + timedelta(hours=6)),
        "refreshTokenExpiresAt": _ms(now + timedelta(days=20)),
        "scopes": ["user:inference"],
    }
    _write(home / ".claude" / ".credentials.json", {"claudeAiOauth": login})
    config = home / "config.yaml"
    config.write_text(CONFIG, "utf-8")
    _age(home, now - timedelta(minutes=1))
    return config


def _token(provider: str, expires: datetime) -> dict[str, Any]:
    return {"type": "token", "provider": provider, "token": f"made-up-{provider}", "expires": _ms(expires)}


def _ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)


def _write(path: Path, document: dict[str, Any]) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(document, indent=1), "utf-8")


def _age(home: Path, at: datetime) -> None:
    """As if nobody had written there just now."""
    for path in home.rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
        os.utime(path, (at.timestamp(), at.timestamp()))
