"""The settings of authwatch, frozen, with the contract's defaults; what the YAML file turns into."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import timedelta, tzinfo
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from alerts.model import Level, QuietHours
from monitor.model import DAY, Policy, Secret, SourceEntry
from monitor.sources import TOGETHER, UNLISTED

__all__ = [
    "DAY",
    "DEFAULT_SOURCES",
    "AlertSettings",
    "ChannelSettings",
    "Probing",
    "Secret",
    "Settings",
    "SourceEntry",
    "WebSettings",
    "check_ends",
    "check_killed",
]


class ChannelSettings(NamedTuple):
    """A channel as configured; `url` is the secret address with variables filled in, None if `broken` says why."""

    label: str
    url: Secret | None
    at_least: Level = Level.SOON
    match: Mapping[str, str] = MappingProxyType({})
    canary: timedelta | None = None
    broken: str = ""
    where: str = ""


#: What a check may take beside what it sends, and how much longer whoever starts checks waits before killing one.
LOOKING: Final = timedelta(seconds=TOGETHER)
GRACE: Final = timedelta(seconds=10)


def check_ends(deadline: timedelta) -> timedelta:
    """How long a whole check may take: waiting for another one, looking and sending. It then ends itself."""
    return deadline + LOOKING


def check_killed(deadline: timedelta) -> timedelta:
    """After how long whoever started a check (a unit, the daemon, a job) takes it for hung and kills it."""
    return check_ends(deadline) + GRACE


class AlertSettings(NamedTuple):
    """How alerts settle, end, repeat and keep quiet. `deadline`: how long the sends of a check may take."""

    settle: timedelta = timedelta(minutes=10)
    deadline: timedelta = timedelta(seconds=60)
    remind: tuple[timedelta, ...] = (DAY, 2 * DAY, 7 * DAY)
    quiet: QuietHours | None = None
    digest: str | None = None


class Probing(NamedTuple):
    """How often a provider is asked whether its logins are good, and at which address ("": its own). `oauth`: with
    access tokens, too, which its own program may be the only one to use."""

    every: timedelta
    url: str = ""
    oauth: bool = False


class WebSettings(NamedTuple):
    """The web face. `broken`: the configured password cannot be had now; `password` is then one nobody knows. `where`:
    the file and line of `listen`, "" where it is the default. `url`: where people open the page,
    "" where nobody said."""

    listen: str = "127.0.0.1:9797"
    password: Secret | None = None
    password_file: str | None = None
    broken: str = ""
    where: str = ""
    url: str = ""


DEFAULT_SOURCES: Final = ("openclaw", "claude-code", "codex", "gemini-cli", "env")
_ENTRIES: Final = tuple(SourceEntry(name, name, chosen=False) for name in DEFAULT_SOURCES)


class Settings(NamedTuple):
    """Everything a check needs to know. `timezone` is the clock of who reads, None the machine's;
    `host_ssh` what `ssh` takes to get here ("": nobody said). `state` None means the default place; `file` None: no
    config file.

    `broken` says what cannot work now although the file is well formed (an unset variable, a missing secret file),
    by path: `channels.phone`, `heartbeat`, `web`, `sources.vault`; each text is a whole `file:line: path: …` line.
    """

    host: str = ""
    host_ssh: str = ""
    timezone: tzinfo | None = None
    state: Path | None = None
    interval: timedelta = timedelta(minutes=5)
    sources: tuple[SourceEntry, ...] = _ENTRIES
    policy: Policy = Policy(unlisted=UNLISTED)
    channels: tuple[ChannelSettings, ...] = ()
    alerts: AlertSettings = AlertSettings()
    heartbeat: Secret | None = None
    history_url: Secret | None = None
    history_keep: timedelta = timedelta(days=400)
    web: WebSettings = WebSettings()
    privacy: str = "full"
    probe: Mapping[str, Probing] = MappingProxyType({})
    file: Path | None = None
    broken: Mapping[str, str] = MappingProxyType({})
