"""The settings of authwatch, frozen, with the contract's defaults; what the YAML file turns into."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from alerts.dataclass import dataclass, field
from alerts.model import Level, QuietHours
from monitor.model import SourceEntry
from monitor.sources import TOGETHER, UNLISTED

__all__ = [
    "DEFAULT_SOURCES",
    "AlertSettings",
    "ChannelSettings",
    "Policy",
    "PolicyRule",
    "Probing",
    "Secret",
    "Settings",
    "SourceEntry",
    "WebSettings",
    "check_ends",
    "check_killed",
]


class Secret:
    """A text that never shows itself; `reveal()` is called only where it is used."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text: Final = text

    def reveal(self) -> str:
        return self._text

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__


@dataclass(frozen=True, slots=True)
class PolicyRule:
    """A policy for what `match` (labels, kind included) covers; None leaves the general value."""

    match: Mapping[str, str]
    lead: tuple[timedelta, ...] | None = None
    lifetime: timedelta | None = None
    issued: date | None = None
    watch: bool = True


DAY: Final = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Policy:
    """Lead steps before a deadline (longest first), rules (the first that matches wins), keys to expect. `unlisted` are
    sources that are looked for unasked: what they find is shown, and ignored."""

    lead: tuple[timedelta, ...] = (7 * DAY, 3 * DAY, DAY)
    rules: tuple[PolicyRule, ...] = ()
    expect: tuple[str, ...] = ()
    unlisted: frozenset[str] = field(default=frozenset(), repr=False)  # a set has another repr in every process


@dataclass(frozen=True, slots=True)
class ChannelSettings:
    """A channel as configured; `url` is the secret address with variables filled in, None if `broken` says why."""

    label: str
    url: Secret | None
    at_least: Level = Level.SOON
    match: Mapping[str, str] = field(default_factory=dict)
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


@dataclass(frozen=True, slots=True)
class AlertSettings:
    """How alerts settle, end, repeat and keep quiet. `deadline`: how long the sends of a check may take."""

    settle: timedelta = timedelta(minutes=10)
    deadline: timedelta = timedelta(seconds=60)
    remind: tuple[timedelta, ...] = (DAY, 2 * DAY, 7 * DAY)
    quiet: QuietHours | None = None
    digest: str | None = None


@dataclass(frozen=True, slots=True)
class Probing:
    """How often a provider is asked whether its logins are good, and at which address ("": its own). `oauth`: with
    access tokens, too, which its own program may be the only one to use."""

    every: timedelta
    url: str = ""
    oauth: bool = False


@dataclass(frozen=True, slots=True)
class WebSettings:
    """The web face. `broken`: the configured password cannot be had now; `password` is then one nobody knows. `where`:
    the file and line of `listen`, "" where it is the default."""

    listen: str = "127.0.0.1:9797"
    password: Secret | None = None
    password_file: str | None = None
    broken: str = ""
    where: str = field(default="", compare=False)


DEFAULT_SOURCES: Final = ("openclaw", "claude-code", "codex", "gemini-cli", "env")


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything a check needs to know. `state` None means the default place; `file` None: no config file.

    `broken` says what cannot work now although the file is well formed (an unset variable, a missing secret file),
    by path: `channels.phone`, `heartbeat`, `web`, `sources.vault`; each text is a whole `file:line: path: …` line.
    """

    host: str = ""
    state: Path | None = None
    interval: timedelta = timedelta(minutes=5)
    sources: tuple[SourceEntry, ...] = tuple(SourceEntry(s, s, chosen=False) for s in DEFAULT_SOURCES)
    policy: Policy = field(default_factory=lambda: Policy(unlisted=UNLISTED))
    channels: tuple[ChannelSettings, ...] = ()
    alerts: AlertSettings = field(default_factory=AlertSettings)
    heartbeat: Secret | None = None
    history_url: Secret | None = None
    history_keep: timedelta = timedelta(days=400)
    web: WebSettings = field(default_factory=WebSettings)
    privacy: str = "full"
    probe: Mapping[str, Probing] = field(default_factory=dict)
    file: Path | None = None
    broken: Mapping[str, str] = field(default_factory=dict)
