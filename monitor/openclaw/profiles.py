"""Several OpenClaws of one user: `openclaw --profile x` keeps its state in `~/.openclaw-x`, a source of its own.

Facts by OpenClaw 2026.5.7: a profile's name has letters, digits, `_` and `-`; its gateway is the unit
`openclaw-gateway-x.service` of the user, on macOS the agent `ai.openclaw.x`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from monitor.model import SourceEntry
from monitor.openclaw.env import Environment
from monitor.openclaw.paths import CONFIG_NAMES, PROFILE_FOLDER, find, home_of, plain_state
from monitor.system.host import Host, Unreadable

#: The options of an entry that was found and not written: whose folder it is, and why nothing uses that.
PROFILE: Final = "profile"
IDLE: Final = "idle"

#: So many profiles are looked at.
MOST: Final = 16
#: So long after its last write a folder without a gateway counts as in use.
RECENT: Final = timedelta(days=30)

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}", re.IGNORECASE)
_ASIDE: Final = re.compile(
    r"(?:^|[_-])(?:backup|bak|bkp|old|orig|copy|prev|previous|saved?|archived?|disabled|broken)\d*(?:$|[_-])|\d{4}-?\d{2}",
    re.IGNORECASE,
)
#: What a running OpenClaw writes, in each agent's folder.
_WRITTEN: Final = (
    "agent/auth-profiles.json",
    "agent/auth-state.json",
    "agent/openclaw-agent.sqlite",
    "agent/openclaw-agent.sqlite-wal",
    "sessions/sessions.json",
    "sessions",
)
#: Variables that would lead away from a profile's own folder.
_ELSEWHERE: Final = (
    *("OPENCLAW_CONFIG_PATH", "OPENCLAW_AGENT_DIR", "OPENCLAW_OAUTH_DIR", "PI_CODING_AGENT_DIR"),
    *("CLAWDBOT_STATE_DIR", "CLAWDBOT_CONFIG_PATH"),
)


def beside(host: Host, entry: SourceEntry, now: datetime) -> Iterator[SourceEntry]:
    """An entry `openclaw@x` for each profile's folder in the home that holds an OpenClaw; `entry` is the one that has
    the plain folder."""
    home = home_of(host, Environment(host))
    try:
        names = host.beginning(home, PROFILE_FOLDER)
    except Unreadable:
        return
    asked, left = chosen(host), MOST
    for name in names:
        profile = name.removeprefix(PROFILE_FOLDER)
        if left and _NAME.fullmatch(profile) and profile.lower() != "default" and _holds(host, home / name):
            left -= 1
            options = {PROFILE: profile}
            if profile not in (asked, named(host)) and (why := _idle(host, home / name, profile, now)):
                options[IDLE] = why
            yield SourceEntry(entry.type, f"{entry.id}@{profile}", options, entry.where, entry.chosen, entry.trusted)


def chosen(host: Host) -> str | None:
    """The profile whose folder our variables choose; None for the plain folder, or one that is no profile's."""
    environment = Environment(host)
    state = find(host, environment).state
    name = state.name.removeprefix(PROFILE_FOLDER)
    own = state.parent == home_of(host, environment) and state.name != name
    return name if own and _NAME.fullmatch(name) else None


def folder(host: Host, entry: SourceEntry) -> Path | None:
    """The state folder of an entry that asks this environment; None where our variables choose it."""
    profile = entry.options.get(PROFILE)
    if profile == chosen(host):
        return None
    home = home_of(host, Environment(host))
    return home / f"{PROFILE_FOLDER}{profile}" if profile else plain_state(host, home)


def named(host: Host) -> str:
    """The profile that OPENCLAW_PROFILE names; "" where it names none."""
    return (host.env("OPENCLAW_PROFILE") or "").strip()


def environ_of(environ: Mapping[str, str], source: str) -> Mapping[str, str]:
    """The environment in which OpenClaw, and we, take a source's folder for the one that is meant."""
    profile = source.partition("@")[2]
    if not profile:
        return environ
    kept = {name: value for name, value in environ.items() if name not in _ELSEWHERE}
    return {**kept, "OPENCLAW_STATE_DIR": f"~/{PROFILE_FOLDER}{profile}", "OPENCLAW_PROFILE": profile}


def _holds(host: Host, folder: Path) -> bool:
    """Whether it is an OpenClaw's: an empty folder, or a file, is none."""
    return any(map(host.exists, (folder / "agents", folder / "state", *(folder / name for name in CONFIG_NAMES))))


def _idle(host: Host, folder: Path, profile: str, now: datetime) -> str:
    """Why nothing seems to run it; "" where its gateway is installed, or it was written to of late."""
    if any(map(host.exists, _gateways(host.home, profile))):
        return ""
    why = f"no gateway is installed for profile {profile}"
    if _ASIDE.search(profile):
        return f"{why}, and its name looks like a backup copy"
    last = max((stamp[3] for path in _files(host, folder) if (stamp := host.stamp(path))), default=0)
    return (
        ""
        if last / 1e9 > (now - RECENT).timestamp()
        else f"{why}, and nothing was written there for {RECENT.days} days"
    )


def _gateways(home: Path, profile: str) -> Iterator[Path]:
    unit = f"openclaw-gateway-{profile}.service"
    for folder in (home / ".config/systemd/user", Path("/etc/systemd/user"), Path("/etc/systemd/system")):
        yield folder / unit
    yield home / f"Library/LaunchAgents/ai.openclaw.{profile}.plist"


def _files(host: Host, folder: Path) -> Iterator[Path]:
    yield from (folder / name for name in (*CONFIG_NAMES, "state/openclaw.sqlite", "state/openclaw.sqlite-wal"))
    try:
        agents = host.names(folder / "agents")[:MOST]
    except Unreadable:
        return
    yield from (folder / "agents" / agent / name for agent in agents for name in _WRITTEN)
