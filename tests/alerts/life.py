"""A made-up machine over weeks: real stores, real checks under the test's clock, and a real phone that hears them."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from alerts import store as tables
from alerts.model import Alert, Level, Reason
from monitor.history import engine
from tests.command import configure, state
from tests.inbox import Receiver
from tests.openclaw_home import put, store
from tests.warm import Line, Passed

START = datetime(2027, 3, 1, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CLAUDE = ".claude/.credentials.json"


@dataclass(frozen=True)
class News:
    """One condition in a message that arrived: when, how urgent (`now`, `soon`, `info`, `unknown`, `over`), for which
    reason, about what, and the whole message's text."""

    at: datetime
    call: str
    reason: str
    name: str
    text: str


@dataclass
class Life:
    """A home and its phone; `now` moves on. What the phone heard is in the log of deliveries, its words in the inbox."""

    line: Line
    home: Path
    there: Receiver
    now: datetime = START
    boot: timedelta = 30 * DAY
    items: list[News] = field(default_factory=list)
    logged: int = 0
    checks: list[Passed] = field(default_factory=list)

    def configured(self, text: str = "", channel: str = "") -> Life:
        """Writes the config, with the phone as its channel."""
        url = self.there.url("json", "json/phone")
        configure(self.home, f"host: box\n{text}\nchannels:\n  phone: {{url: '{url}'{channel}}}\n")
        return self

    # -- time ---------------------------------------------------------------------------------------------------------

    def wait(self, span: timedelta) -> Life:
        """Time passes on both clocks."""
        self.now += span
        self.boot += span
        return self

    def look(self, *words: str, after: timedelta = timedelta()) -> Passed:
        """One check; what the phone hears of it is added to `news`."""
        self.wait(after)
        before = len(self.there.received)
        done = self.line.run(self.home, "check", *words, at=self.now, boot=self.boot)
        self.checks.append(done)
        if came := self.there.received[before:]:
            self.items += self._news("\n\n".join(one.body["message"] for one in came))
        assert done.code in (0, 1, 2, 3), done.err
        return done

    def _news(self, text: str) -> list[News]:
        with engine.connect(engine.url_of(None, state(self.home))).connect() as db:
            alerts = tables.alerts(db)
            rows = db.execute(tables.DELIVERIES.select().where(tables.DELIVERIES.c.id > self.logged)).mappings().all()
        self.logged = max((row["id"] for row in rows), default=self.logged)
        told = [row for row in rows if row["channel"] == "phone" and row["reason"] not in ("routine", "test")]
        return [
            News(self.now, _call(row, alerts[row["key"]]), row["reason"], _name(alerts[row["key"]]), text)
            for row in told
        ]

    def live(self, end: datetime, every: timedelta = 4 * HOUR) -> Life:
        """Passes at least so often, and whenever the last check said that its answer could differ."""
        while self.now < end:
            self.wait(min(self._next(every), end) - self.now)
            self.look()
        return self

    def _next(self, every: timedelta) -> datetime:
        tick = self.now + every - (self.now - START) % every
        try:
            head = (state(self.home) / "checkpoint").read_bytes().split(b"\n")[2].split()
            until = datetime.fromtimestamp(float(head[1]), UTC)
        except OSError:
            return tick
        return min(tick, max(until, self.now + MINUTE))

    def calls(self) -> list[tuple[str, str]]:
        """Call and name of everything heard so far."""
        return [(one.call, one.name) for one in self.items]

    # -- stores -------------------------------------------------------------------------------------------------------

    def file(self, path: str, content: Any) -> Path:
        """Replaces a file of the home, as of now."""
        where = self.home / path
        where.parent.mkdir(parents=True, exist_ok=True)
        put(where, content if isinstance(content, str) else json.dumps(content))
        os.utime(where, (self.now.timestamp(), self.now.timestamp()))
        return where

    def openclaw(self, profiles: Mapping[str, Any], *models: str, **more: Any) -> Path:
        """The store of agent main, and a config that uses `models`."""
        names = models or ("anthropic/claude-sonnet-4-5",)
        chosen = {"primary": names[0], "fallbacks": list(names[1:])}
        config = self.home / ".openclaw" / "openclaw.json"
        if not config.exists() or models:
            self.file(".openclaw/openclaw.json", {"agents": {"defaults": {"model": chosen}}})
        path = store(self.home).relative_to(self.home)
        return self.file(str(path), {"version": 1, "profiles": profiles, **more})

    def claude(self, access: timedelta, login: datetime | None, secret: str = "1", **more: Any) -> Path:
        """Claude Code's login file: the access token ends in `access`, the login at `login`."""
        tokens = {"accessToken": f"acc-FAKESECRET-c{secret}", "refreshToken": f"ref-FAKESECRET-c{secret}"}
        ends = {"expiresAt": ms(self.now + access), "scopes": ["user:inference"]}
        if login:
            ends["refreshTokenExpiresAt"] = ms(login)
        return self.file(CLAUDE, {"claudeAiOauth": tokens | ends | more})

    def oauth(self, access: timedelta, secret: str = "1", provider: str = "anthropic", **more: Any) -> dict[str, Any]:
        """An OpenClaw login that something refreshes."""
        tokens = {"access": f"acc-FAKESECRET-{secret}", "refresh": f"ref-FAKESECRET-{secret}"}
        return {"type": "oauth", "provider": provider, **tokens, "expires": ms(self.now + access), **more}

    def token(self, ends_in: timedelta, secret: str = "1", provider: str = "anthropic", **more: Any) -> dict[str, Any]:
        """An OpenClaw token that nothing refreshes."""
        token = {"type": "token", "provider": provider, "token": f"tok-FAKESECRET-{secret}"}
        return token | {"expires": ms(self.now + ends_in)} | more


def _call(row: Mapping[str, Any], alert: Alert) -> str:
    if row["reason"] == Reason.RESOLVED:
        return "over"
    return "unknown" if alert.doubt and row["level"] != Level.NOW else str(row["level"])


def _name(alert: Alert) -> str:
    """The profile or whatever it is about, and its agent."""
    labels = alert.labels
    name = next(labels[one] for one in ("profile", "provider", "channel", "source") if labels.get(one))
    agent = labels.get("agent", "-")
    return name if agent == "-" else f"{name} ({agent})"


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
