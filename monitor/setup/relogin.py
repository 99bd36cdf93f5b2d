"""Which login to renew, with which program, and how to tell that a new one is there; pure but for its programs."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from difflib import get_close_matches
from typing import Final

from alerts.dataclass import dataclass
from monitor.model import Evidence, Kind, Need, State, Verdict
from monitor.setup.user import User

#: What OpenClaw's gateway is called as a unit of the user, by its names over the years; a profile is put behind it.
GATEWAYS: Final = ("openclaw-gateway*.service", "clawdbot-gateway*.service", "moltbot-gateway*.service")

NO_COPY: Final = """\
Another program here has a login of the same provider. authwatch does not copy it: a refresh token works once, and
whoever uses it second is logged out, then both are. For a second program there is a token of its own:
    claude setup-token"""

_HOST: Final = re.compile(r"[A-Za-z0-9_.@:%\[\]-]+")
_VARIABLE: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_WORST: Final = (Need.NOW, Need.SOON, Need.UNKNOWN, Need.NO)
_GONE: Final = (State.EXPIRED, State.REFUSED, State.MISSING, State.UNKNOWN)


class Unable(Exception):
    """Why nobody can log in this way, with what would be right."""


@dataclass(frozen=True, slots=True)
class Call:
    """A program with its arguments, and the variables that its command sets before it."""

    argv: tuple[str, ...]
    variables: Mapping[str, str]


def choose(verdicts: Sequence[Verdict], key: str | None) -> tuple[Verdict, ...]:
    """The login of that key; without one, those that need somebody, the worst first. Raises Unable."""
    if key is None:
        wanted = [one for one in verdicts if one.needs_human in (Need.NOW, Need.SOON) and not one.ignored]
        return tuple(sorted(wanted, key=lambda one: (_WORST.index(one.needs_human), not one.in_use, one.key)))
    found = tuple(one for one in verdicts if one.key == key)
    if not found:
        keys = [one.key for one in verdicts]
        near = get_close_matches(key, keys, n=1, cutoff=0.4)
        raise Unable(f"there is no login {key}; " + (f"did you mean {near[0]}?" if near else "see: authwatch status"))
    return found


def command_of(verdict: Verdict) -> Call:
    """What renews exactly this login. Raises Unable where no program does."""
    words = shlex.split(verdict.seen.relogin)
    variables = {}
    while words and (found := _VARIABLE.fullmatch(words[0])):
        variables[found[1]] = found[2]
        words.pop(0)
    if not words:
        advice = verdict.remedy or "put a new one in its place"
        raise Unable(f"no program logs in {verdict.key} again. What does: {advice}")
    return Call(tuple(words), variables)


def needs_token(verdict: Verdict) -> bool:
    """Whether the command will ask for a setup-token, which `claude setup-token` makes."""
    seen = verdict.seen.credential
    return seen.provider == "anthropic" and seen.kind is Kind.TOKEN and "paste-token" in verdict.seen.relogin


def tempting(verdict: Verdict, others: Sequence[Verdict]) -> bool:
    """Whether another program has a healthy login of the provider, which people then copy."""
    mine = verdict.seen.credential
    return mine.provider == "anthropic" and any(
        one.seen.credential.provider == mine.provider
        and one.seen.credential.source != mine.source
        and one.seen.credential.kind is Kind.OAUTH
        and one.needs_human is Need.NO
        for one in others
    )


def is_new(before: Verdict, after: Verdict | None) -> bool:
    """Whether this is another login than before, and one that works. Both with fingerprints of the same key."""
    if after is None or after.state in _GONE or after.held or after.seen.evidence is not Evidence.PRESENT:
        return False
    old, new = before.seen, after.seen
    if old.evidence is not Evidence.PRESENT or before.state in _GONE:
        return True
    if old.fingerprint != new.fingerprint:
        return True
    ends = (old.login_expires_at, new.login_expires_at)
    return ends[0] is not None and ends[1] is not None and ends[1] > ends[0]


def ssh_words(host: str, key: str | None) -> list[str]:
    """What opens `relogin` on another machine; agent and display are not lent to it. Raises Unable."""
    if host.startswith("-") or not _HOST.fullmatch(host):
        raise Unable(f"{host!r} is no host; it has letters, digits and . @ : _ % - and does not begin with -")
    # A login by ssh reads no profile; pip and pipx put programs there.
    remote = 'PATH="$HOME/.local/bin:$PATH" ' + shlex.join(["authwatch", "relogin", *([key] if key else [])])
    return ["ssh", "-t", "-a", "-x", "--", host, remote]


def active_gateways(user: User) -> tuple[str, ...]:
    """The units of OpenClaw's gateway that this user's systemd runs."""
    if not user.has("systemctl"):
        return ()
    words = ("list-units", "--state=active", "--plain", "--no-legend", "--type=service", *GATEWAYS)
    try:
        done = user.run("systemctl", "--user", *words)
    except OSError:
        return ()
    return tuple(line.split()[0] for line in done.stdout.splitlines() if line.split())


def restart(user: User, units: Sequence[str]) -> list[str]:
    """Restarts what was active; what became of each, in words."""
    said = []
    for unit in units:
        worked = user.worked("systemctl", "--user", "restart", unit)
        said.append(f"{unit} was restarted." if worked else f"Restart it yourself: systemctl --user restart {unit}")
    return said


def run(call: Call, environ: Mapping[str, str]) -> int:
    """Runs the program on this terminal; its exit code. Ctrl-C is the program's."""
    return subprocess.run(call.argv, env={**environ, **call.variables}, check=False).returncode
