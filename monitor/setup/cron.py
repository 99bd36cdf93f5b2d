"""Puts a check into the user's crontab, and takes it out again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from shlex import quote
from typing import Final

from alerts.timefmt import span
from monitor.setup import managed_files
from monitor.setup.systemd import rhythm, steps
from monitor.setup.user import DONE, NOT_DONE, UnitValues, User

LONGEST: Final = 998  # bytes of a command that crontab(1) takes
NO_CRONTAB: Final = "crontab not found; install cron (Debian: sudo apt-get install cron), or run `authwatch serve`"
UNINSTALL: Final = "authwatch uninstall cron"


def install(user: User, what: UnitValues, kind: str = "timer", *, dry_run: bool = False, force: bool = False) -> int:
    """Adds or replaces our line in the crontab and runs it once; 0 done, 1 not done.

    A line that somebody changed is replaced only with `force`. With `dry_run` it says what it would do.
    """
    if kind != "timer" or user.system:
        user.say(
            "cron can only run checks for your own user; for the daemon or another user: authwatch install systemd"
        )
        return NOT_DONE
    command = shell_line(what)
    line = f"{calendar(what.interval)} {command.replace('%', chr(92) + '%')}"  # a bare % ends the command, crontab(5)
    if not line.isprintable() or len(line.encode("utf-8", "surrogateescape")) > LONGEST:
        user.say(
            f"the crontab line would be longer than {LONGEST} bytes, or a path has characters that a crontab cannot "
            "contain: try again with a shorter PATH"
        )
        return NOT_DONE
    if dry_run:
        user.say(f"would add to the crontab:\n{managed_files.marked(line)}")
        return DONE
    found = _crontab(user)
    if found is None:
        return NOT_DONE
    others, ours = parted(found)
    if not force and any(not managed_files.is_as_written(text) for text in ours):
        user.say(
            "the authwatch line in the crontab was edited by hand, so it was not replaced; use --force to replace it"
        )
        return NOT_DONE
    if not user.make((what.state, *what.writable)) or not _replaced(user, f"{others}{managed_files.marked(line)}\n"):
        return NOT_DONE
    user.say("added a line to the crontab")
    done = user.run("/bin/sh", "-c", command)
    if done.returncode:
        user.say(f"the check failed with exit code {done.returncode}: {done.stderr.strip()}")
        user.say(f"remove: {UNINSTALL}")
        return NOT_DONE
    every = rhythm(max(what.interval, timedelta(minutes=1)))
    log = "cron mails errors to you; journalctl -t CRON -n 20 shows what it started"
    user.summarize("the crontab line is active", every, f"within {span(every)}", log, UNINSTALL)
    if not runs():
        user.say(f"cron is not running; start it: {how_to_start()}  # or cronie, or crond")
    return DONE


def how_to_start() -> str:
    """The command that starts cron on this machine, by systemd where that runs it."""
    by_systemd = Path("/run/systemd/system").is_dir()
    return "sudo systemctl enable --now cron" if by_systemd else "sudo service cron start"


def present(user: User) -> bool:
    """Whether a line of ours is in the crontab."""
    return user.has("crontab") and bool(parted(user.run("crontab", "-l").stdout)[1])


def uninstall(user: User, *, dry_run: bool = False, force: bool = False) -> int:
    """Takes our line out of the crontab; a changed one only with `force`."""
    found = _crontab(user)
    if found is None:
        return NOT_DONE
    others, ours = parted(found)
    if not ours:
        user.say("no authwatch line in the crontab")
        return DONE
    if dry_run:
        user.say("would remove from the crontab:\n" + "\n".join(ours))
        return DONE
    if not force and any(not managed_files.is_as_written(text) for text in ours):
        user.say("kept the authwatch line in the crontab: it was edited by hand (--force removes it)")
        return NOT_DONE
    gone = _replaced(user, others) if others.strip() else user.worked("crontab", "-r")
    if gone:
        user.say("removed the authwatch line from the crontab")
    return DONE if gone else NOT_DONE


def shell_line(what: UnitValues) -> str:
    """The command of one check for `sh`, with the variables it needs; only errors are printed, which cron mails."""
    environment = {**what.environment, "STATE_DIRECTORY": str(what.state)}
    given = [f"{name}={quote(value)}" for name, value in sorted(environment.items())]
    return " ".join([*given, *map(quote, what.command), "check", "--exit-zero", ">/dev/null"])


def calendar(interval: timedelta) -> str:
    """The five fields of the longest even rhythm that is no slower than `interval`, but a minute at least."""
    unit, every = steps(max(interval, timedelta(minutes=1)))
    return {"minute": f"*/{every} * * * *", "hour": f"0 */{every} * * *"}.get(unit, "0 0 * * *")


def _crontab(user: User) -> str | None:
    """What the crontab says; None where there is no cron, which is said."""
    if not user.has("crontab"):
        user.say(NO_CRONTAB)
        return None
    done = user.run("crontab", "-l")  # fails where the user has none yet
    if done.returncode and "no crontab" not in done.stderr:
        user.say(f"`crontab -l` failed: {done.stderr.strip() or f'exit code {done.returncode}'}")
        return None
    return done.stdout if not done.returncode else ""


def parted(crontab: str) -> tuple[str, Sequence[str]]:
    """The lines of others, and ours: each a mark and the line that it vouches for."""
    others, ours = [], []
    lines = iter(crontab.splitlines())
    for line in lines:
        if line.startswith(managed_files.HEAD):
            ours.append(f"{line}\n{next(lines, '')}")
        else:
            others.append(f"{line}\n")
    return "".join(others), ours


def _replaced(user: User, text: str) -> bool:
    done = user.run("crontab", "-", text=text)
    if done.returncode:
        user.say(f"could not write the crontab: {done.stderr.strip() or f'exit code {done.returncode}'}")
    return done.returncode == 0


def runs() -> bool:
    """Whether a cron runs; true where that cannot be seen."""
    names = [managed_files.read(path).strip() for path in Path("/proc").glob("[0-9]*/comm")]
    return not names or any(name in ("cron", "crond", "busybox", "anacron", "fcron") for name in names)
