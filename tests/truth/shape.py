"""A shape: a home as somebody had it, with what is true of it, who met it, and how it came to be."""

from __future__ import annotations

import base64
import json
import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from pathlib import Path
from typing import Any

from tests.openclaw import homes

MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)

#: The releases that own the three generations of OpenClaw's stores.
JSON, AGENT, SHARED = "2026.5.7", "2026.6.11", "2026.9.6"
MODEL = "anthropic/claude-sonnet-4-6"


class Truth(StrEnum):
    """What a person has to do about it, as whoever reported it found out."""

    DEAD = "dead"  # it does not work and nobody but a person mends it
    ENDING = "ending"  # the same within a day
    SPARE = "spare dead"  # it does not work, another login serves meanwhile
    HARMLESS = "harmless"  # nobody has to do anything
    UNTOLD = "not on disk"  # nothing on disk tells whether it works


@dataclass
class Home:
    """A home that is being furnished, and the moment at which it is looked at."""

    path: Path
    now: datetime

    def ms(self, left: timedelta) -> int:
        return int((self.now + left).timestamp() * 1000)

    # -- logins of OpenClaw -------------------------------------------------------------------------------------------

    def token(self, left: timedelta | None, provider: str = "anthropic", **more: Any) -> dict[str, Any]:
        ends = {} if left is None else {"expires": self.ms(left)}
        return {"type": "token", "provider": provider, "token": f"tok-FAKESECRET-{left}", **ends, **more}

    def oauth(self, left: timedelta, provider: str = "anthropic", **more: Any) -> dict[str, Any]:
        tokens = {"access": "acc-FAKESECRET-1", "refresh": "ref-FAKESECRET-1", "expires": self.ms(left)}
        return {"type": "oauth", "provider": provider, **tokens, **more}

    def uses(self, *models: str, **config: Any) -> Home:
        """The config: which models are asked for."""
        primary, *fallbacks = models or (MODEL,)
        chosen = {"agents": {"defaults": {"model": {"primary": primary, "fallbacks": fallbacks}}}}
        homes.config(self.path, {**chosen, **config})
        return self

    def json(self, profiles: Mapping[str, Any], **state: Any) -> None:
        homes.json_store(self.path, profiles, **state)

    def agent(self, profiles: Mapping[str, Any] | str, **state: Any) -> None:
        homes.agent_store(self.path, profiles, **state)

    def shared(self, profiles: Mapping[str, Any] | str, **state: Any) -> None:
        homes.shared_store(self.path, profiles, **state)

    # -- logins of other programs -------------------------------------------------------------------------------------

    def claude(self, access: timedelta, login: timedelta | None, **more: Any) -> None:
        tokens = {"accessToken": "acc-FAKESECRET-1", "refreshToken": "ref-FAKESECRET-1", "scopes": ["user:inference"]}
        ends = {"expiresAt": self.ms(access)} | ({} if login is None else {"refreshTokenExpiresAt": self.ms(login)})
        self.file(".claude/.credentials.json", {"claudeAiOauth": {**tokens, **ends, **more}})

    def jwt(self, left: timedelta) -> str:
        parts = ({"alg": "none"}, {"exp": self.ms(left) // 1000})
        return (
            ".".join(base64.urlsafe_b64encode(json.dumps(one).encode()).decode().rstrip("=") for one in parts) + ".c2ln"
        )

    def file(self, path: str, content: Any) -> None:
        where = self.path / path
        homes.write(where, content)
        where.chmod(0o600)

    def gone(self, path: str) -> None:
        (self.path / path).unlink()

    def database(self, path: str, *statements: str) -> None:
        where = self.path / path
        where.parent.mkdir(parents=True, exist_ok=True)
        with sqlite3.connect(where) as db:
            for one in statements:
                db.execute(one)
        db.close()


Make = Callable[[Home], object]


@dataclass(frozen=True)
class Shape:
    """`make` furnishes the home as it is now; `before` are earlier states of it, each with how long ago it was looked
    at. `release` is the OpenClaw whose store it is, "" for a login of another program. `key` is the login in question.
    """

    name: str
    issue: str
    truth: Truth
    make: Make
    release: str = ""
    key: str = "openclaw/main/anthropic:default"
    before: tuple[tuple[timedelta, Make], ...] = ()
    config: str = ""
    env: Mapping[str, str] = field(default_factory=dict)
