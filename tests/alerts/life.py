"""A made-up machine over weeks: real stores, real checks under the test's clock, and a real phone that hears them."""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.command import configure, state
from tests.inbox import Receiver
from tests.openclaw_home import put, store
from tests.warm import Line, Passed

START = datetime(2027, 3, 1, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CLAUDE = ".claude/.credentials.json"

_BLOCK = re.compile(
    r"^(?P<call>Act now|Act soon|For information|Cannot tell|Recovered)(?: \((?P<reason>[^)]*)\))?: (?P<name>.+)$",
    re.MULTILINE,
)


@dataclass(frozen=True)
class News:
    """One block of a message: when, how urgent, why, about what, and the whole message's text."""

    at: datetime
    call: str
    reason: str
    name: str
    text: str


@dataclass
class Life:
    """A home and its phone; `now` moves on."""

    line: Line
    home: Path
    there: Receiver
    now: datetime = START
    boot: timedelta = 30 * DAY
    items: list[News] = field(default_factory=list)
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
        for one in self.there.received[before:]:
            text = one.body["message"]
            for found in _BLOCK.finditer(text):
                self.items.append(News(self.now, found["call"], found["reason"] or "", found["name"], text))
        assert done.code in (0, 1, 2, 3), done.err
        return done

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


def ms(moment: datetime) -> int:
    return int(moment.timestamp() * 1000)
