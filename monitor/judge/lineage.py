"""One login in several places: a refresh token held twice, agents that disagree, a working login in another program.

A refresh token works once. Whoever uses a second copy of it is refused (`refresh_token_reused`), and providers then end
the whole login (openclaw/openclaw #74055, #84463; anthropics/claude-code #56339). So the cure is never a copy.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from shlex import quote
from typing import Final

from alerts.dataclass import replace
from monitor.judge.words import extend
from monitor.model import Credential, Evidence, Kind, Need, Observation, Remembered, State, Verdict

#: Providers of OpenClaw under which it runs another program, which reads its own store; and those programs.
IN_PLACE: Final[Mapping[str, str]] = {
    "claude-cli": "claude-code",
    "codex-cli": "codex",
    "google-gemini-cli": "gemini-cli",
}
#: Profiles that OpenClaw lays over its store from the file of another program whenever it reads it.
_OVERLAID: Final = frozenset(("minimax-portal:minimax-cli", "qwen-portal:qwen-cli"))
_FAMILIES: Final = {"openai-codex": "openai", "claude-cli": "anthropic", "codex-cli": "openai"}
#: The issuers' own programs: a login belongs to the one that made it.
_OWNERS: Final = frozenset(("claude-code", "codex", "gemini-cli", "qwen-code", "kimi", "github-copilot", "cursor"))
#: So many places are named; the rest is counted.
NAMED: Final = 5
_LONG_AGO: Final = datetime(1970, 1, 1, tzinfo=UTC)

#: Device and inode by path: two names of one file are one place.
Files = Mapping[str, tuple[int, ...] | None]


def copied(verdicts: Iterable[Verdict], known: Mapping[str, Remembered], files: Files) -> tuple[tuple[str, ...], ...]:
    """The keys of logins in different stores that hold the same refresh token; in each group the one to keep first."""
    same: dict[str, dict[object, list[Verdict]]] = defaultdict(lambda: defaultdict(list))
    for one in verdicts:
        if one.seen.fingerprint and renewing(one):
            same[one.seen.fingerprint][_file(one.seen, files)].append(one)
    groups = []
    for places in same.values():
        if len(places) > 1:
            firsts = (min(ones, key=lambda one: claim(one, known.get(one.key))) for ones in places.values())
            groups.append(tuple(one.key for one in sorted(firsts, key=lambda one: claim(one, known.get(one.key)))))
    return tuple(sorted(groups))


def renewing(verdict: Verdict) -> bool:
    """Whether a program would renew what lies there; keys and tokens without a refresh token may be copied, and what a
    program reads in the other's store is no copy."""
    seen, who = verdict.seen, verdict.seen.credential
    there = seen.evidence is Evidence.PRESENT and not verdict.vanished
    return bool(seen.refreshable) and there and who.provider not in IN_PLACE and who.profile not in _OVERLAID


def claim(verdict: Verdict, known: Remembered | None) -> tuple[object, ...]:
    """How good a place's claim to a login is, the best least: its issuer's own program, a renewal seen there, where it
    was seen first, where it was used last."""
    who, used = verdict.seen.credential, verdict.seen.use.last_used_at or _LONG_AGO
    since = known.fingerprint_since if known and known.fingerprint_since else datetime.max.replace(tzinfo=UTC)
    return (
        who.profile.partition(":")[0] not in _OWNERS,
        not (known and known.proven),
        since,
        -used.timestamp(),
        who.agent != "main",
        verdict.key,
    )


def place(seen: Observation) -> str:
    """Where a login lies, without its name: `~/.codex/auth.json (codex)`."""
    who = seen.credential
    whose = who.source if who.agent == "-" else f"{who.source}, agent {who.agent}"
    return f"{seen.store} ({whose})" if seen.store else whose


def in_place(verdicts: Mapping[str, Verdict]) -> dict[str, Verdict]:
    """The verdicts, in which what OpenClaw keeps of another program's login needs nobody while that program has a
    working one: it is that one which is used (openclaw/openclaw #71256, #128801)."""
    working = {_tool(one.seen.credential) for one in verdicts.values() if _works(one)}
    return {key: _read_there(one) if _waits(one, working) else one for key, one in verdicts.items()}


def advised(verdicts: Sequence[Verdict], groups: Iterable[Sequence[str]]) -> list[Verdict]:
    """The verdicts with what other places mean for them, in their reasons."""
    keyed = {verdict.key: verdict for verdict in verdicts}
    others = {
        key: ([keyed[other] for other in group[: NAMED + 1] if other != key][:NAMED], len(group) - 1)
        for group in groups
        for key in group
    }
    kept = {group[0] for group in groups}
    near = _near(verdicts)
    return [
        _doubled(one, *others[one.key], one.key in kept) if one.key in others else _pointed(one, near)
        for one in verdicts
    ]


def separately(seen: Observation) -> str:
    """The command that gives a place a login of its own, "" where only words help."""
    who = seen.credential
    if who.provider != "anthropic" or "models auth" not in seen.relogin or who.kind is not Kind.OAUTH:
        return seen.relogin
    paste = seen.relogin.replace(" login --provider", " paste-token --provider", 1)
    named = "" if "--profile-id" in paste else f" --profile-id {quote(who.profile)}"
    return f"claude setup-token && {paste}{named}"


def _doubled(one: Verdict, copies: Sequence[Verdict], count: int, kept: bool) -> Verdict:
    """`copies` are the first of `count` others with its token."""
    more = [f"{count - len(copies)} more places"] if count > len(copies) else []
    where = " and ".join([*(place(other.seen) for other in copies), *more])
    one = extend(one, f"its refresh token lies in {where} too, and works once")
    return one if kept or one.remedy else replace(one, remedy=separately(one.seen))


def _pointed(one: Verdict, near: Mapping[tuple[str, ...], Sequence[Verdict]]) -> Verdict:
    """A dead login with the place that has a working one, and the way that is safe."""
    who = one.seen.credential
    if one.needs_human is not Need.NOW or not one.in_use:
        return one
    for other in near.get((who.source, who.profile), ()):
        if other.seen.fingerprint != one.seen.fingerprint:
            agent = other.seen.credential.agent
            return extend(one, f"agent {agent} has a working login of that name, which must not be copied")
    issuer = family(who.provider)
    for other in near.get((issuer,), ()) if who.kind in (Kind.OAUTH, Kind.TOKEN) else ():
        if (source := other.seen.credential.source) != who.source:
            own = (
                "a token of its own comes from: claude setup-token" if issuer == "anthropic" else "log in here as well"
            )
            return extend(one, f"{source} has a working login of {issuer}, which must not be copied: {own}")
    return one


def _near(verdicts: Iterable[Verdict]) -> Mapping[tuple[str, ...], Sequence[Verdict]]:
    """Working logins by source and profile, and by issuer: of each issuer the first of each source."""
    found: dict[tuple[str, ...], list[Verdict]] = defaultdict(list)
    first: set[tuple[str, str]] = set()
    for one in filter(_works, verdicts):
        who = one.seen.credential
        found[who.source, who.profile].append(one)
        issuer = family(who.provider)
        if who.kind is Kind.OAUTH and (issuer, who.source) not in first:
            first.add((issuer, who.source))
            found[(issuer,)].append(one)
    return found


def _works(verdict: Verdict) -> bool:
    there = verdict.seen.evidence is Evidence.PRESENT and not (verdict.held or verdict.vanished)
    return there and verdict.state is State.OK and verdict.needs_human is Need.NO


def _waits(verdict: Verdict, working: set[str]) -> bool:
    program = IN_PLACE.get(verdict.seen.credential.provider)
    return program in working and verdict.needs_human in (Need.NOW, Need.SOON) and not verdict.vanished


def _read_there(verdict: Verdict) -> Verdict:
    program = IN_PLACE[verdict.seen.credential.provider]
    verdict = extend(verdict, f"{program} has a working login, and it is that one which is used")
    return replace(verdict, needs_human=Need.NO, step=None, usable=True)


def _tool(credential: Credential) -> str:
    return credential.profile.partition(":")[0]


def family(provider: str) -> str:
    """The provider that another name of it means: OpenClaw moved `openai-codex` into `openai`."""
    return _FAMILIES.get(provider, provider)


def _file(seen: Observation, files: Files) -> object:
    return files.get(seen.host_path) or seen.host_path or seen.credential.key
