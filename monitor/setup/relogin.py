"""Which login to renew, with which program, and how to tell that a new one is there; pure but for its programs."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from pathlib import Path
from typing import Final

from alerts.model import How
from monitor.judge.remedies import browser_of
from monitor.model import Evidence, Kind, Need, SourceEntry, State, Verdict
from monitor.openclaw.write.replace_file import WriteRefused, target
from monitor.setup import codex_login
from monitor.setup.login_process import LoginImpossible
from monitor.setup.user import User
from monitor.system.host import Host

#: What OpenClaw's gateway is called as a unit of the user, by its names over the years; a profile is put behind it.
GATEWAYS: Final = ("openclaw-gateway*.service", "clawdbot-gateway*.service", "moltbot-gateway*.service")

NO_COPY: Final = """\
Another program on this machine has a login for the same provider. authwatch does not copy logins: the second program
to refresh is rejected, and both may be logged out. To create a separate token:
    claude setup-token"""

KEPT: Final = "This login still works. You can renew it early: it stays in place until the new one is saved."
UNCHANGED: Final = "If you cancel, nothing changes."
NOT_KNOWN: Final = "This login still works. It is unknown whether {program} keeps it if you cancel. Continue?"
#: Programs that leave the login that is there alone until a new one is complete: each was tried with a log-in that was
#: cancelled, a bad code and no network. What only takes in something pasted has nothing to lose.
_SAFE: Final = (("codex", "login"), ("claude", "auth"), ("claude", "setup-token"), ("gh", "auth", "login"))
_PASTED: Final = ("paste-token", "paste-api-key")

#: Programs without a command that only logs in, by name, and what does it instead.
_NO_FLOW: Final = {
    "gemini": """\
Gemini CLI has no command that only logs in. It asks for a login when it starts without one. In a terminal on this
machine, run:
    {command}
Open the address it shows, paste the code you get, and leave with /quit.""",
    "qwen": """\
Qwen stopped logins of this kind on 15 Apr 2026, so this one cannot be renewed. To set up a Coding Plan or an API key,
run in a terminal on this machine:
    {command}""",
}

#: While one of these is set, gh refuses to log in: for GitHub's own hosts, and for those of enterprises.
_GH_TOKENS: Final = ("GH_TOKEN", "GITHUB_TOKEN")
_GH_ENTERPRISE_TOKENS: Final = ("GH_ENTERPRISE_TOKEN", "GITHUB_ENTERPRISE_TOKEN")

_HOST: Final = re.compile(r"[A-Za-z0-9_.@:%\[\]-]+")
_VARIABLE: Final = re.compile(r"([A-Za-z_][A-Za-z0-9_]*)=(.*)", re.DOTALL)
_WORST: Final = (Need.NOW, Need.SOON, Need.UNKNOWN, Need.NO)
_GONE: Final = (State.EXPIRED, State.REFUSED, State.MISSING, State.UNKNOWN)


@dataclass(frozen=True, slots=True)
class Call:
    """A program with its arguments, and the variables that its command sets before it. `store`: the file of a login
    that it would destroy, so that it gets an empty home and the file is replaced afterwards."""

    argv: tuple[str, ...]
    variables: Mapping[str, str]
    store: Path | None = None

    @property
    def safe(self) -> bool:
        """Whether the login that is there is known to stay until the new one is there."""
        known = any(self.argv[: len(words)] == words for words in _SAFE)
        return known or any(word in self.argv for word in _PASTED)

    @property
    def browser(self) -> str:
        """Where its browser step is, as a sentence; "" where it has none, or nobody knows."""
        words = self.argv
        provider = words[words.index("--provider") + 1] if "--provider" in words[:-1] else ""
        where = browser_of(words, provider)
        on = "any" if where is How.BROWSER else "this"
        return f"It shows an address to open in a browser on {on} machine." if where else ""

    @property
    def secret(self) -> bool:
        """Whether it wants a key or token on its stdin."""
        return self.store is not None and codex_login.takes_secret(self.argv)


def choose(verdicts: Sequence[Verdict], key: str | None) -> tuple[Verdict, ...]:
    """The login of that key; without one, those that need somebody, the worst first. Raises LoginImpossible."""
    if key is None:
        wanted = [one for one in verdicts if one.needs_human in (Need.NOW, Need.SOON) and not one.ignored]
        return tuple(sorted(wanted, key=lambda one: (_WORST.index(one.needs_human), not one.in_use, one.key)))
    found = tuple(one for one in verdicts if one.key == key)
    if not found:
        keys = [one.key for one in verdicts]
        near = get_close_matches(key, keys, n=1, cutoff=0.4)
        raise LoginImpossible(
            f"no login {key}; " + (f"did you mean {near[0]}?" if near else "`authwatch status` lists them")
        )
    return found


def command_of(verdict: Verdict, host: Host) -> Call:
    """What renews exactly this login. Raises LoginImpossible where no program does, or none that can be led."""
    seen = verdict.seen
    words = shlex.split(seen.relogin)
    variables = {}
    while words and (found := _VARIABLE.fullmatch(words[0])):
        variables[found[1]] = found[2]
        words.pop(0)
    if not words:
        advice = verdict.remedy or "Replace it where it is stored."
        raise LoginImpossible(f"no command renews {verdict.key}\nfix: {advice}")
    if "#" in words:
        raise LoginImpossible(
            f"this login is renewed inside its program. In a terminal on this machine, run:\n    {seen.relogin}"
        )
    if words[0] in _NO_FLOW:
        raise LoginImpossible(_NO_FLOW[words[0]].format(command=seen.relogin))
    if words[:2] in (["codex", "login"], ["authwatch", "relogin"]):  # its own command would destroy the login
        store = Path(seen.host_path)
        return Call(("codex", *codex_login.arguments(host, store, seen.credential.profile)), variables, store)
    return Call(tuple(words), variables)


def ready(verdict: Verdict, call: Call, environ: Mapping[str, str], entries: Sequence[SourceEntry], host: Host) -> None:
    """Raises LoginImpossible for what would fail only after somebody logged in, or would log in somewhere else."""
    seen = verdict.seen
    options = next((one.options for one in entries if one.id == seen.credential.source), {})
    for option in ("home", "path") if call.store is None else ():
        there = host.path(str(options.get(option, "~")))
        if not (there == host.home or (option == "path" and there.is_relative_to(host.home))):
            raise LoginImpossible(
                f"this login is in {there}, but {call.argv[0]} would log in to your own home; run this as its user"
            )
    if call.argv[0] == "gh" and (name := _token_of_gh(call.argv, environ)):
        raise LoginImpossible(f"{name} is set, and gh does not log in while it is\nfix: unset {name}")
    if call.store is not None:
        codex_login.writable(call.store)
    elif seen.from_file and seen.host_path:
        try:
            target(Path(seen.host_path))
        except WriteRefused as error:
            raise LoginImpossible(f"a new login could not be saved: {error}") from None


def works(verdict: Verdict) -> bool:
    """Whether there is a login that somebody could lose."""
    there = verdict.seen.evidence is Evidence.PRESENT and not verdict.held
    return there and (verdict.state not in _GONE or verdict.needs_human is Need.NO)


def _token_of_gh(argv: Sequence[str], environ: Mapping[str, str]) -> str:
    host = argv[argv.index("--hostname") + 1] if "--hostname" in argv[:-1] else "github.com"
    own = host == "github.com" or host.endswith(".ghe.com")
    return next((name for name in (_GH_TOKENS if own else _GH_ENTERPRISE_TOKENS) if environ.get(name)), "")


def needs_token(verdict: Verdict) -> bool:
    """Whether the command will ask for a setup-token, which `claude setup-token` makes."""
    return verdict.seen.credential.provider == "anthropic" and "paste-token" in verdict.seen.relogin


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


def successor(before: Verdict, verdicts: Sequence[Verdict]) -> Verdict | None:
    """The same login in a later look: that of its key, or the first one in a store that was empty before and had no
    better name."""
    if before.key.endswith(":-"):  # a provider that had nothing: whatever serves it now
        who = before.seen.credential
        mine = [one for one in verdicts if one.seen.credential[:3] == who[:3] and one.seen.evidence is Evidence.PRESENT]
        return mine[0] if mine else None
    store = before.seen.host_path if before.seen.evidence is Evidence.ABSENT and before.key.endswith(":default") else ""
    found = [one for one in verdicts if one.key == before.key]
    if store and before.seen.credential.agent == "-":
        found += [one for one in verdicts if one.seen.host_path == store]
    return next((one for one in found if one.seen.evidence is Evidence.PRESENT), found[0] if found else None)


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
    """What opens `relogin` on another machine; agent and display are not lent to it. Raises LoginImpossible."""
    if host.startswith("-") or not _HOST.fullmatch(host):
        raise LoginImpossible(f"invalid host {host!r}; expected letters, digits and . @ : _ % -, not beginning with -")
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
        said.append(f"Restarted {unit}." if worked else f"Could not restart it. Run: systemctl --user restart {unit}")
    return said


def run(call: Call, environ: Mapping[str, str]) -> int:
    """Runs the program on this terminal; its exit code. Ctrl-C is the program's."""
    return subprocess.run(call.argv, env={**environ, **call.variables}, check=False).returncode
