"""A home with three channels, put into a scene: what was there before, and what the check that is killed meets."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from tests.command import configure
from tests.inbox import Receiver
from tests.openclaw_home import put, store
from tests.warm import Line, Passed

START = datetime(2027, 3, 1, 12, tzinfo=UTC)
MINUTE, HOUR, DAY = timedelta(minutes=1), timedelta(hours=1), timedelta(days=1)
CHANNELS = ("phone", "mail", "desk")
BACK = "a dead channel is back"
OVER = "sudden, and over before the next check"


@dataclass
class Stage:
    """One home, one receiver; `now` moves on. `desk` is the port of a third channel, which refuses at first."""

    line: Line
    home: Path
    there: Receiver
    desk: int
    now: datetime = START
    profiles: dict[str, Any] = field(default_factory=dict)

    def begin(self) -> None:
        """An empty home and its config."""
        shutil.rmtree(self.home, ignore_errors=True)
        self.home.mkdir(parents=True)
        urls = {label: self.there.url("json", f"json/{label}") for label in CHANNELS}
        urls["desk"] = f"json://127.0.0.1:{self.desk}/json/desk"
        lines = "".join(f"  {label}: {{url: '{url}'}}\n" for label, url in urls.items())
        configure(self.home, f"host: box\nsources: [openclaw]\nalerts: {{deadline: 20s}}\nchannels:\n{lines}")
        models = {"primary": "anthropic/claude-sonnet-4-5", "fallbacks": ["openai/gpt-5"]}
        config = self.home / ".openclaw" / "openclaw.json"
        config.parent.mkdir(parents=True)
        put(config, json.dumps({"agents": {"defaults": {"model": models}}}))

    def keep(self, ends_in: timedelta, name: str = "anthropic:work", secret: str = "1") -> None:
        """This profile's token ends so long after now."""
        ends = int((self.now + ends_in).timestamp() * 1000)
        token = {"type": "token", "provider": name.partition(":")[0], "token": f"tok-FAKESECRET-{secret}"}
        self.profiles[name] = token | {"expires": ends}
        self.write()

    def write(self) -> None:
        path = store(self.home)
        path.parent.mkdir(parents=True, exist_ok=True)
        put(path, json.dumps({"version": 1, "profiles": self.profiles}))

    def look(self, after: timedelta = timedelta(), **how: Any) -> Passed:
        self.now += after
        return self.line.run(self.home, "check", at=self.now, **how)


# -- scenes: what was there before, and what the check that is killed meets --------------------------------------------


def _two_bad(stage: Stage) -> None:
    stage.keep(2 * DAY)
    stage.keep(-HOUR, "openai:one", "2")


def _first(stage: Stage) -> None:
    _two_bad(stage)


def _worse(stage: Stage) -> None:
    stage.keep(20 * MINUTE)
    stage.keep(90 * DAY, "openai:one", "2")
    stage.look()
    stage.now += 21 * MINUTE


def _recovered(stage: Stage) -> None:
    _two_bad(stage)
    stage.look()
    stage.now += HOUR
    stage.keep(300 * DAY, secret="3")
    stage.keep(300 * DAY, "openai:one", "4")


def _reminded(stage: Stage) -> None:
    _two_bad(stage)
    stage.look()
    stage.now += DAY + MINUTE


def _moved(stage: Stage) -> None:
    _two_bad(stage)
    stage.look()
    stage.now += HOUR
    stage.profiles["openai:two"] = stage.profiles.pop("openai:one")
    stage.write()


def _vanished(stage: Stage) -> None:
    stage.keep(90 * DAY)
    stage.keep(90 * DAY, "openai:one", "2")
    stage.look()
    stage.profiles.pop("openai:one")
    stage.write()
    stage.look(5 * MINUTE)
    stage.now += 11 * MINUTE


def _returned(stage: Stage) -> None:
    """The channel `desk` was dead for two days and is back."""
    _two_bad(stage)
    stage.look()
    stage.look(DAY + MINUTE)
    stage.now += DAY


def _sudden(stage: Stage) -> None:
    """Dead without a warning: nobody was told anything before."""
    stage.keep(90 * DAY)
    stage.keep(90 * DAY, "openai:one", "2")
    stage.look()
    stage.now += HOUR
    stage.keep(-MINUTE)


def _renewed(stage: Stage) -> None:
    """Somebody logs in again before the next check."""
    stage.now += 4 * MINUTE
    stage.keep(300 * DAY, secret="5")


SCENES: dict[str, Callable[[Stage], None]] = {
    "first check of all": _first,
    "worse": _worse,
    "resolved": _recovered,
    "reminder": _reminded,
    "key moved": _moved,
    "vanished": _vanished,
    BACK: _returned,
    OVER: _sudden,
}
#: What happens between the check that is killed and the next; the news of the first may then be none any more.
MEANWHILE: dict[str, Callable[[Stage], None]] = {OVER: _renewed}
