"""Puts authwatch under macOS's launchd, as a timed agent or as a daemon of the user, and takes it out again."""

from __future__ import annotations

import os
import plistlib
from pathlib import Path
from shlex import quote
from typing import Any, Final

from alerts.timefmt import span
from monitor.setup import managed_files
from monitor.setup.user import DONE, NOT_DONE, UnitValues, User, traces, waited

LABELS: Final = {"timer": "authwatch.check", "daemon": "authwatch.serve"}
NO_LAUNCHCTL: Final = (
    "launchctl not found, so this is not macOS; use `authwatch install systemd` or `authwatch install cron`"
)
UNINSTALL: Final = "authwatch uninstall launchd"


def install(user: User, what: UnitValues, kind: str = "timer", *, dry_run: bool = False, force: bool = False) -> int:
    """Writes the property list of a kind ("timer", "daemon"), loads it and waits for a check; 0 done, 1 not done.

    A file that somebody changed is replaced only with `force`. With `dry_run` it says what it would do.
    """
    if user.system:
        user.say("--system is not for launchd: install as the user whose logins are watched")
        return NOT_DONE
    path = _place(user, LABELS[kind])
    try:
        texts = {path: render(what, kind)}
    except ValueError:  # control characters, and bytes that are not UTF-8
        user.say("a path has characters that a property list cannot contain")
        return NOT_DONE
    if dry_run:
        user.say(f"would write {user.shown(path)}:\n{texts[path]}would run: launchctl bootstrap {_domain()} {path}")
        return DONE
    if not _reachable(user) or not (force or managed_files.unchanged(texts, user, "use --force to replace it")):
        return NOT_DONE
    before = traces(what)
    if not user.make((what.state, *what.writable)) or not managed_files.put(texts, user):
        return NOT_DONE
    user.run("launchctl", "bootout", f"{_domain()}/{LABELS[kind]}")  # fails where it was not loaded
    if not user.worked("launchctl", "bootstrap", _domain(), str(path)):
        return NOT_DONE
    log = f"tail -n 20 {quote(str(what.state / 'launchd.log'))}"
    if not waited(what, before):
        lines = managed_files.read(what.state / "launchd.log").splitlines()
        if said := next((line for line in reversed(lines) if line.startswith("authwatch: ")), ""):
            user.say(said.removeprefix("authwatch: "))
        user.say(f"{LABELS[kind]} is loaded, but no check succeeded")
        user.say(f"log:    {log}")
        user.say(f"remove: {UNINSTALL}")
        return NOT_DONE
    _replace_other(user, kind)
    user.summarize(f"{LABELS[kind]} is running", what.interval, f"within {span(what.interval)}", log, UNINSTALL)
    if kind == "daemon" and what.listen:
        user.say(f"page:   http://{what.listen}/")
    return DONE


def present(user: User) -> bool:
    """Whether any agent of ours is there."""
    return any(_place(user, label).exists() for label in LABELS.values())


def uninstall(user: User, *, dry_run: bool = False, force: bool = False) -> int:
    """Unloads and removes the property lists, whichever there are; changed files only with `force`."""
    there = {label: path for label in LABELS.values() if (path := _place(user, label)).exists()}
    if not there:
        user.say(f"no authwatch agents in {user.shown(_place(user, '').parent)}")
        return DONE
    if dry_run:
        user.say(f"would unload and remove {', '.join(map(user.shown, there.values()))}")
        return DONE
    if not _reachable(user):
        return NOT_DONE
    gone = [_removed(user, label, force=force) for label in there]
    return DONE if all(gone) else NOT_DONE


def _removed(user: User, label: str, *, force: bool = False) -> bool:
    user.run("launchctl", "bootout", f"{_domain()}/{label}")
    return managed_files.removed([_place(user, label)], user, force=force)


def _replace_other(user: User, kind: str) -> None:
    """Takes away the agent of the other kind: two of them would make the same checks twice."""
    for other, label in LABELS.items():
        if other != kind and _place(user, label).exists():
            user.say(f"{LABELS[kind]} replaces {label}")
            _removed(user, label)


def render(what: UnitValues, kind: str) -> str:
    """The property list, launchd.plist(5). A timer that was missed in sleep runs once when the Mac wakes."""
    document: dict[str, Any] = {
        "Label": LABELS[kind],
        "EnvironmentVariables": {**what.environment, "STATE_DIRECTORY": str(what.state)},
        "ProcessType": "Background",
        "RunAtLoad": True,
        "StandardErrorPath": str(what.state / "launchd.log"),
        "Umask": 0o077,
    }
    if kind == "timer":
        document["ProgramArguments"] = [*what.command, "check", "--exit-zero"]
        document["StartInterval"] = max(1, round(what.interval.total_seconds()))
    else:
        document["ProgramArguments"] = [*what.command, "serve"]
        document["KeepAlive"] = {"SuccessfulExit": False}
        document["ThrottleInterval"] = 10
    return managed_files.marked_xml(plistlib.dumps(document).decode())


def _place(user: User, label: str) -> Path:
    return user.home / "Library" / "LaunchAgents" / f"{label}.plist"


def _domain() -> str:
    return f"gui/{os.getuid()}"


def _reachable(user: User) -> bool:
    if not user.has("launchctl"):
        user.say(NO_LAUNCHCTL)
        return False
    return True
