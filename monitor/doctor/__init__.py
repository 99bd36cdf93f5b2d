"""Checks of the whole installation: a table of them, by subject."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Final

from monitor.check.collect import watched
from monitor.config.settings import Settings
from monitor.doctor import (
    channels,
    claude,
    machine,
    openclaw,
    overriding_keys,
    own_state,
    permissions,
    schedulers,
    stores,
    web_port,
)
from monitor.doctor.model import Check, Health, OpenClaw, Result, Subject, command
from monitor.openclaw.profiles import IDLE
from monitor.sources import beside, observe_all, place_of
from monitor.sources.openclaw import installation
from monitor.system.host import Host, below_home
from monitor.system.state_dir import StateDir

_ABOUT_STORES: Final = ("authwatch models ", "authwatch explain ", "authwatch relogin", "authwatch status -v")

#: theme: {name: check}, in the order in which they are made and shown. The names are part of the JSON.
THEMES: Final[Mapping[str, Mapping[str, Check]]] = {
    "this machine": {"clock": machine.clock, "zone": machine.zone, "programs": machine.programs},
    "authwatch": {
        "config": own_state.config,
        "config files": own_state.config_files,
        "state folder": own_state.state,
        "history": own_state.history,
        "last check": own_state.last_check,
        "units": schedulers.units,
        "one state": schedulers.one_state,
        "port": web_port.port,
    },
    "notifications": {
        "channels": channels.channels,
        "deliveries": channels.deliveries,
        "heartbeat": channels.heartbeat,
    },
    "logins": {
        "sources": stores.sources,
        "store modes": permissions.modes,
        "store owners": permissions.owners,
        "programs run": permissions.commands,
        "copies": stores.copies,
        "shadows": overriding_keys.shadows,
    },
    "OpenClaw": {
        "providers": openclaw.providers,
        "cooldowns": openclaw.cooldowns,
        "old profiles": openclaw.old_profiles,
        "orders": openclaw.orders,
        "Claude Code only": claude.claude_code_only,
    },
}


def meet(
    settings: Settings,
    host: Host,
    own: Host,
    state: StateDir,
    now: datetime,
    environ: Mapping[str, str],
    complaint: str = "",
) -> Subject:
    """Looks at everything that is watched, once; `own` has just read the settings. Never raises."""
    settings = watched(settings, host, now)
    known = tuple(path for path, stamp in own.touches.items() if stamp and settings.file)
    subject = Subject(settings, host, own, state, now, environ, complaint, tuple(map(Path, known)))
    return replace(
        subject,
        findings=tuple(observe_all(host, settings.sources)),
        beside=tuple(entry.id for entry in beside(host, settings.policy.unlisted)),
        openclaws=tuple(_openclaws(settings, host)),
    )


def examine(subject: Subject, progress: Callable[[str], None] = lambda _: None) -> Iterator[Result]:
    """Every check's results; a check that fails itself is a finding, not an end. `progress` is told what comes next."""
    for theme, checks in THEMES.items():
        for name, check in checks.items():
            progress(f"{theme}, {name}")
            try:
                yield from (_there(subject, result) for result in check(subject))
            except Exception as error:  # noqa: BLE001 - the doctor must reach the last check
                what = f"internal error ({place_of(error)})"
                why = "please report it, with the output of the command below"
                yield Result(name, Health.BROKEN, what, why, "authwatch --version")


def _there(subject: Subject, result: Result) -> Result:
    """A command about the stores of another home names that home; what authwatch itself needs is in its own. Paths
    below the home are shown as `~/…`, but in commands, where a quoted `~` would mean nothing."""
    home = subject.own.home
    result = replace(result, what=below_home(result.what, home), why=below_home(result.why, home))
    if subject.host.home == subject.own.home or not result.mend.startswith(_ABOUT_STORES):
        return result
    words, gap, comment = result.mend.partition("  #")
    return replace(result, mend=f"{words} {command('--home', subject.host.home)}{gap}{comment}")


def _openclaws(settings: Settings, host: Host) -> Iterator[OpenClaw]:
    for entry in settings.sources:
        if entry.type != "openclaw" or IDLE in entry.options:
            continue
        try:
            there, found = installation(host, entry)
        except Exception:  # noqa: BLE001, S112 - the source says so as a trouble of its own
            continue
        if found.present:
            yield OpenClaw(entry.id, there, found)
