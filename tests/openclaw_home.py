"""Made OpenClaw homes for tests of the whole check: the JSON generation, one agent unless said otherwise."""

from __future__ import annotations

import json
import os
import time
from pathlib import Path
from typing import Any

HOUR = 3600
DAY = 24 * HOUR


def ms(seconds_from_now: float) -> int:
    return int((time.time() + seconds_from_now) * 1000)


def token(provider: str = "anthropic", ends_in: float = 100 * DAY, secret: str = "tok-FAKESECRET-1") -> dict[str, Any]:
    return {"type": "token", "provider": provider, "token": secret, "expires": ms(ends_in)}


def oauth(ends_in: float, refresh: str = "ref-FAKESECRET-1", provider: str = "anthropic") -> dict[str, Any]:
    return {
        "type": "oauth",
        "provider": provider,
        "access": f"acc-FAKESECRET-{ends_in}",
        "refresh": refresh,
        "expires": ms(ends_in),
    }


def store(home: Path, agent: str = "main") -> Path:
    return home / ".openclaw" / "agents" / agent / "agent" / "auth-profiles.json"


def openclaw(home: Path, profiles: dict[str, Any], agent: str = "main", age: float = 60) -> Path:
    """Writes a store (and a config, once) that look as old as `age` seconds."""
    path = store(home, agent)
    path.parent.mkdir(parents=True, exist_ok=True)
    put(path, json.dumps({"version": 1, "profiles": profiles}), age)
    config = home / ".openclaw" / "openclaw.json"
    if not config.exists():
        put(config, json.dumps({"agents": {"defaults": {"model": {"primary": "anthropic/claude-sonnet-4-5"}}}}), age)
    return path


def put(path: Path, text: str, age: float = 60) -> None:
    """Replaces a file whole, as its program does, and makes it look old enough to be trusted."""
    fresh = path.with_name(f"{path.name}.new")
    fresh.write_text(text, "utf-8")
    fresh.chmod(0o600)
    fresh.replace(path)
    then = time.time() - age
    os.utime(path, (then, then))
