"""Sets authwatch up on the phone it runs on, by `termux/install.sh`, and takes it away again."""

from __future__ import annotations

import subprocess
from collections.abc import Mapping
from datetime import timedelta
from math import ceil
from pathlib import Path
from shlex import quote
from typing import Final

from monitor.config.settings import check_killed
from monitor.setup import managed_files
from monitor.setup.user import NOT_DONE, UnitValues, User
from monitor.system.files import why

#: Android runs a job no more often than every 15 minutes; where the interval is shorter, half an hour spares the
#: battery.
LEAST: Final = timedelta(minutes=15)
USUAL: Final = timedelta(minutes=30)


def install(user: User, what: UnitValues, kind: str = "timer", *, dry_run: bool = False, force: bool = False) -> int:
    """Schedules checks with Termux's job scheduler and puts the widgets there; "daemon" runs them by a service of runit
    instead."""
    period = what.interval if what.interval >= LEAST else USUAL
    limit = ceil(check_killed(what.deadline).total_seconds())
    words = [f"--command={line(what)}", f"--period={int(period.total_seconds() // 60)}", f"--limit={limit}"]
    words += ["--daemon"] if kind == "daemon" else []
    return _run(user, *(part for word in words for part in word.split("=", 1)), dry_run=dry_run, force=force)


def present(user: User) -> bool:
    """Whether scripts that check this phone are there; those that ask a server run no checks of their own."""
    share = user.home / ".local" / "share" / "authwatch"
    asks = any(line in ("how=ssh", "how=http") for line in managed_files.read(share / "settings").splitlines())
    return on_a_phone(user.environ) and (share / "check").exists() and not asks


def uninstall(user: User, *, dry_run: bool = False, force: bool = False) -> int:
    """Cancels the job and removes scripts and widgets; what somebody changed only with `force`."""
    return _run(user, "--uninstall", dry_run=dry_run, force=force)


def line(what: UnitValues) -> str:
    """What `env` has to be given to start this very installation; Android gives a job no environment of ours."""
    given = {**what.environment, "STATE_DIRECTORY": str(what.state)}
    return " ".join(quote(word) for word in (*(f"{name}={value}" for name, value in given.items()), *what.command))


def shipped() -> Path:
    """The folder of the scripts: from the wheel, else from the checkout."""
    here = Path(__file__).parent
    inside = here / "shipped" / "termux"
    return inside if inside.is_dir() else here.parents[1] / "termux"


def _run(user: User, *words: str, dry_run: bool, force: bool) -> int:
    if not on_a_phone(user.environ):
        user.say("this is not Termux; use `authwatch install systemd`, `launchd` or `cron`")
        return NOT_DONE
    options = [*(["--dry-run"] if dry_run else []), *(["--force"] if force else [])]
    script = [str(Path(user.environ["PREFIX"]) / "bin" / "sh"), str(shipped() / "install.sh")]
    streams = {"stdin": subprocess.DEVNULL, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
    try:
        process = subprocess.Popen([*script, *words, *options], env=dict(user.environ), text=True, **streams)  # type: ignore[call-overload]
    except OSError as error:
        user.say(f"{script[0]}: cannot start ({why(error)})")
        return NOT_DONE
    with process:
        for text in process.stdout:
            user.say(text.rstrip("\n"))
    return 0 if process.returncode == 0 else NOT_DONE


def on_a_phone(environ: Mapping[str, str]) -> bool:
    """Whether this is Termux: its prefix holds a shell, which no other system's does."""
    prefix = environ.get("PREFIX", "")
    return "/files/usr" in prefix and (Path(prefix) / "bin" / "sh").exists()
