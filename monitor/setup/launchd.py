"""Puts authwatch under macOS's launchd, as a timed agent or as a daemon of the user, and takes it out again."""

from __future__ import annotations

import os
import plistlib
from pathlib import Path
from typing import Any, Final

from alerts.timefmt import span
from monitor.setup import managed_files
from monitor.setup.user import DONE, NOT_DONE, UnitValues, User, traces, waited

LABELS: Final = {"timer": "authwatch.check", "daemon": "authwatch.serve"}
NO_LAUNCHCTL: Final = "there is no launchctl here, so this is not macOS; try `authwatch install systemd` or `… cron`"


def install(user: User, what: UnitValues, kind: str = "timer", *, dry_run: bool = False, force: bool = False) -> int:
    """Writes the property list of a kind ("timer", "daemon"), loads it and waits for a check; 0 done, 1 not done.

    A file that somebody changed is replaced only with `force`. With `dry_run` it says what it would do.
    """
    if user.system:
        user.say("launchd runs this for the user who logs in: install it as that user, without --system")
        return NOT_DONE
    path = _place(user, LABELS[kind])
    try:
        texts = {path: render(what, kind)}
    except ValueError:  # control characters, and bytes that are not UTF-8
        user.say("a path has characters that no property list can hold")
        return NOT_DONE
    if dry_run:
        user.say(f"would write {path}:\n{texts[path]}would run: launchctl bootstrap {_domain()} {path}")
        return DONE
    if not _reachable(user) or not (force or managed_files.unchanged(texts, user.say, "--force replaces it")):
        return NOT_DONE
    before = traces(what)
    if not user.make((what.state, *what.writable)) or not managed_files.put(texts, user.say):
        return NOT_DONE
    user.run("launchctl", "bootout", f"{_domain()}/{LABELS[kind]}")  # fails where it was not loaded
    if not user.worked("launchctl", "bootstrap", _domain(), str(path)):
        return NOT_DONE
    if not waited(what, before):
        user.say(f"it is loaded, but no check succeeded; see {what.state / 'launchd.log'}")
        return NOT_DONE
    user.say("a first check is done" + (f"; the next ones come every {span(what.interval)}" if kind == "timer" else ""))
    return DONE


def uninstall(user: User, *, dry_run: bool = False, force: bool = False) -> int:
    """Unloads and removes the property lists, whichever there are; changed files only with `force`."""
    present = {label: path for label in LABELS.values() if (path := _place(user, label)).exists()}
    if not present:
        user.say(f"there is nothing of authwatch in {_place(user, '').parent}")
        return DONE
    if dry_run:
        user.say(f"would unload and remove {', '.join(map(str, present.values()))}")
        return DONE
    if not _reachable(user):
        return NOT_DONE
    left = DONE
    for label, path in present.items():
        user.run("launchctl", "bootout", f"{_domain()}/{label}")
        if force or managed_files.is_as_written(managed_files.read(path)):
            path.unlink(missing_ok=True)
            user.say(f"removed {path}")
        else:
            user.say(f"kept, because it was changed by hand: {path} (--force removes it too)")
            left = NOT_DONE
    return left


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
