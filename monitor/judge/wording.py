"""What people read about a verdict: its one sentence, its next step, and names that tell nobody's address."""

from __future__ import annotations

import re
from shlex import quote
from typing import Final

from alerts.names import program
from monitor.model import Credential, Evidence, Kind, Location, Need, Observation, Problem, Verdict, Weight

OUT_OF_CREDIT: Final = "out of credit"
EXPECTED: Final = "policy.expect lists it"

_PINS: Final = "authwatch models pin list"

_RENEW: Final = {
    Kind.CERT: "Renew the certificate.",
    Kind.API_KEY: "Replace it with a valid key.",
    Kind.TOKEN: "Replace it with a new token.",
    Kind.MANUAL: "Renew it, then update its date in authwatch's config.",
}
#: Names that programs give by themselves: they tell nothing about anybody.
_NOBODY: Final = frozenset(
    ("-", "default", "manual", "env", "oauth", "token", "apikey", "api_key", "chatgpt", "claude-cli", "codex-cli")
)


_NOUNS: Final = {
    Kind.API_KEY: "key",
    Kind.TOKEN: "token",
    Kind.CERT: "certificate",
    Kind.OAUTH: "login",
    Kind.SESSION: "login",
}


def name(credential: Credential) -> str:
    """What a person calls it: `OpenClaw login anthropic:work (agent main)`; the provider alone (profile `openai:-`)
    where it is missing as a whole, the variable alone where nothing but the environment holds it."""
    profile, source = credential.profile.removesuffix(":-") or "-", credential.source
    agent = f" (agent {credential.agent})" if credential.agent != "-" else ""
    if source in ("env", "manual"):
        return f"{profile.removeprefix('env:')}{agent}"
    called, noun = program(source), _NOUNS.get(credential.kind, "")
    if profile.partition(":")[0] == source:
        profile = profile.partition(":")[2]
        profile = "" if profile in ("", "default") else profile
    return " ".join(filter(None, (called, noun, profile))) + agent


def sentence(credential: Credential, *phrases: str) -> str:
    """The phrases about a credential as one sentence."""
    return f"{name(credential)} {'; '.join(phrases)}."


def extend(verdict: Verdict, phrase: str) -> Verdict:
    """The verdict with one more reason, in its sentence too."""
    summary = f"{verdict.summary.removesuffix('.')}; {phrase}."
    return verdict._replace(because=(*verdict.because, phrase), summary=summary)


def remedy(verdict: Verdict, stated: str = "") -> str:
    """The next step of a person, "" when there is none: what the config has stated, else a command where one does it,
    else words."""
    seen, key = verdict.seen, quote(verdict.key)
    if verdict.needs_human is Need.NO:
        return ""
    if seen.problem is Problem.NOT_CHECKED and seen.through:
        command = f"{setting(seen.through[0])} authwatch install systemd"
        return f"{command}\n(or cron, launchd, termux; if it was removed on purpose: authwatch forget {key})"
    if verdict.needs_human is Need.UNKNOWN:
        return f"authwatch explain {key}"
    if stated:
        return stated
    if Weight.STALLED in verdict.weights and seen.use.session_at and seen.relogin:
        return f"{seen.relogin}\n(if its program uses another login now: authwatch ignore {key})"
    if OUT_OF_CREDIT in verdict.because:
        return f"Top up your credit with {seen.credential.provider}."
    if seen.evidence is Evidence.ABSENT and seen.use.pinned_by:
        return f"{in_place(_PINS, seen.credential.source)}\n(then type in that session: /model default)"
    renew = _renewing(seen)
    if verdict.vanished:
        return f"{renew}\n(if it was removed on purpose: authwatch forget {key})"
    if EXPECTED in verdict.because:
        return f"{renew}\n(if it was removed on purpose: delete it from policy.expect)"
    if seen.evidence is Evidence.ABSENT and not (seen.relogin or seen.advice):
        return f"{renew} Or remove it from the settings that ask for it."
    return renew


def _renewing(seen: Observation) -> str:
    """What makes a login good again: a command where its source knows one, else words."""
    credential, general = seen.credential, "Log in again in its program."
    if len(credential.key.splitlines()) > 1:  # a command with a line break in it cannot be copied
        return general
    if seen.advice or seen.relogin:
        return seen.advice or seen.relogin
    if credential.source == "env":
        return f"Set {credential.profile.removeprefix('env:')} to a valid value."
    return _RENEW.get(credential.kind, general)


def in_place(command: str, source: str) -> str:
    """A command about an OpenClaw, for that of a source: one of a profile has a folder of its own."""
    profile = source.partition("@")[2]
    return f"OPENCLAW_STATE_DIR=~/.openclaw-{profile} {command}" if profile else command


def setting(location: Location) -> str:
    """A variable as a shell takes it before a command: `OPENCLAW_STATE_DIR=~/oc`."""
    value = location.value
    safe = f"~/{quote(value[2:])}" if value.startswith("~/") and ":" not in value else quote(value)
    return f"{location.variable}={safe}"


def mask(profile: str) -> str:
    """A short, stable form of a profile id that shows no address: `anthropic:anna@example.org` → `anthropic:a…@…#1f0`.

    The issuer stays, so do names that programs give by themselves (`default`) and names of variables. The three
    hex digits tell apart two that begin alike; they are too few to find an address by guessing. What is masked
    already stays as it is.
    """
    issuer, colon, rest = profile.partition(":")
    if not colon or "@" in issuer:
        issuer, colon, rest = "", "", profile
    if re.fullmatch(r".?…(@…)?#[0-9a-f]{3}", rest):
        return profile
    if rest in _NOBODY or (not colon and re.fullmatch(r"[A-Z][A-Z0-9_]+", rest)):
        return profile
    from hashlib import sha256  # loads OpenSSL

    digits = sha256(profile.encode("utf-8", "surrogatepass")).hexdigest()[:3]
    return f"{issuer}{colon}{rest[:1]}…{'@…' if '@' in rest else ''}#{digits}"


def called(credential: Credential) -> str:
    """What a person calls it where a verb or a list stands before: `anthropic:work (OpenClaw, agent main)`; the
    provider alone (profile `openai:-`) where it is missing as a whole."""
    profile, source = credential.profile.removesuffix(":-") or "-", credential.source
    where = [] if source in ("env", "manual") else [program(source)]
    if profile.partition(":")[0] == source:
        profile = profile.partition(":")[2]
        if profile in ("", "default"):
            return ", agent ".join([*where, *([credential.agent] if credential.agent != "-" else [])])
    where += [f"agent {credential.agent}"] if credential.agent != "-" else []
    return f"{profile} ({', '.join(where)})" if where else profile
