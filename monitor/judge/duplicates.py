"""One login in several places: a refresh token held twice, agents that disagree, a working login in another program.

A refresh token works once. Whoever uses a second copy of it is refused (`refresh_token_reused`), and providers then end
the whole login (openclaw/openclaw #74055, #84463; anthropics/claude-code #56339). So the cure is never a copy.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from shlex import quote
from typing import Final

from alerts.model import Condition, Level, Login
from alerts.timefmt import moment
from monitor.judge.redundancy import ABOUT
from monitor.judge.wording import extend, mask
from monitor.model import Credential, Evidence, Judgement, Kind, Lineup, Need, Observation, Remembered, State, Verdict

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
    program reads in the other's store is no copy. A place that is known to be passed over is no rival."""
    seen, who = verdict.seen, verdict.seen.credential
    there = seen.evidence is Evidence.PRESENT and not verdict.vanished and not seen.use.why_not
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
    one = extend(one, f"the same refresh token is also in {where}, and works only once")
    return one if kept or one.remedy else one._replace(remedy=separately(one.seen))


def _pointed(one: Verdict, near: Mapping[tuple[str, ...], Sequence[Verdict]]) -> Verdict:
    """A dead login with the place that has a working one, and the way that is safe."""
    who = one.seen.credential
    if one.needs_human is not Need.NOW or not one.in_use:
        return one
    for other in near.get((who.source, who.profile), ()):
        if other.seen.fingerprint != one.seen.fingerprint:
            agent = other.seen.credential.agent
            return extend(one, f"agent {agent} has a working login of that name (do not copy it)")
    issuer = family(who.provider)
    for other in near.get((issuer,), ()) if who.kind in (Kind.OAUTH, Kind.TOKEN) else ():
        if (source := other.seen.credential.source) != who.source:
            own = "get a token of its own: claude setup-token" if issuer == "anthropic" else "log in here as well"
            return extend(one, f"{source} has a working {issuer} login (do not copy it; {own})")
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
    verdict = extend(verdict, f"{program} has a working login, which is the one in use")
    return verdict._replace(needs_human=Need.NO, step=None, usable=True)


def _tool(credential: Credential) -> str:
    return credential.profile.partition(":")[0]


def family(provider: str) -> str:
    """The provider that another name of it means: OpenClaw moved `openai-codex` into `openai`."""
    return _FAMILIES.get(provider, provider)


def _file(seen: Observation, files: Files) -> object:
    return files.get(seen.host_path) or seen.host_path or seen.credential.key


#: What these conditions are about.
COPIES: Final = "copies"
#: The label that says which place is to keep the login, for the time after one of them renewed it.
KEPT: Final = "kept"

#: Key, labels and shared fingerprint of a condition that stands.
OpenCopy = tuple[str, Mapping[str, str], str | None]


def copies(
    judgement: Judgement, *, masked_on: str | None, open_before: Iterable[OpenCopy] = ()
) -> Iterator[tuple[str, Condition]]:
    """The conditions of refresh tokens in several stores, and a fine one for each of `open_before` that is over.

    One that was renewed in the place to keep is not over: the other place holds what was used up. `masked_on` is the
    host, where names are masked: a command would show them.
    """
    verdicts = {verdict.key: verdict for verdict in judgement.verdicts}
    found = set()
    for group in judgement.copied:
        members = [verdicts[key] for key in group]
        if not all(one.ignored for one in members):
            found.add(_key(group))
            yield _key(group), _shared_token(_key(group), members, masked_on)
    over = [one for one in open_before if one[0] not in found]
    placed: dict[str | None, list[Verdict]] = defaultdict(list)
    holding: dict[str | None, list[Verdict]] = defaultdict(list)
    for one in judgement.verdicts if over else ():
        if renewing(one):
            placed[place(one.seen)].append(one)
            holding[one.seen.fingerprint].append(one)
    for key, labels, fingerprint in over:
        holders = holding.get(fingerprint, []) if fingerprint else []
        yield key, _after(key, labels, fingerprint, holders, placed.get(labels.get(KEPT), []), masked_on)


def disagreements(judgement: Judgement, *, masked_on: str | None) -> Iterator[tuple[str, Condition]]:
    """A condition for each agent whose own copy of a login ran out while that of the main agent lives.

    Nothing shows whether the copy still renews itself: such copies are mostly clones, whose refresh token was used up
    elsewhere (openclaw/openclaw #74055, #55648), but the agent may have a login of its own. So it is shown, and no
    alarm; a copy that is used in vain, or was seen to be one of the same token, is a matter of its own.
    """
    main = {
        (one.seen.credential.source, one.seen.credential.profile): one
        for one in judgement.verdicts
        if one.seen.credential.agent == "main" and one.state is State.OK and _lives(one)
    }
    for verdict in judgement.verdicts:
        who = verdict.seen.credential
        fresh = main.get((who.source, who.profile))
        idle = verdict.state is State.EXPIRED and verdict.needs_human is Need.NO
        if fresh is None or who.agent == "main" or not (idle and _lives(verdict)) or not _newer(fresh, verdict):
            continue
        ended = verdict.seen.access_expires_at
        profile = who.profile if masked_on is None else mask(who.profile)
        when = moment(ended) if ended else "before"
        found = Condition(
            f"{verdict.key}/agents",
            Level.INFO,
            {"source": who.source, "agent": who.agent, "provider": who.provider, ABOUT: "agents"},
            summary=f"Agent {who.agent} of {who.source} has an older copy of {profile}, which expired {when}; the "
            "copy of agent main is fresh. If both are one login, the next refresh is rejected (refresh_token_reused).",
            remedy=_remedy(verdict, masked_on),
        )
        yield found.key, found


def _lives(verdict: Verdict) -> bool:
    return renewing(verdict) and not (verdict.held or verdict.ignored)


def _newer(fresh: Verdict, other: Verdict) -> bool:
    mine, theirs = fresh.seen.access_expires_at, other.seen.access_expires_at
    return fresh.seen.fingerprint != other.seen.fingerprint and bool(mine and theirs and theirs < mine)


def _key(group: Iterable[str]) -> str:
    return f"{min(group)}/{COPIES}"


def _shared_token(key: str, members: list[Verdict], masked_on: str | None) -> Condition:
    keep, others = members[0], members[1:]
    where = " and ".join(place(one.seen) for one in members)
    who = keep.seen.credential
    used = sum(one.in_use for one in members)
    return Condition(
        key,
        Level.SOON if used > 1 else Level.INFO,
        {"source": who.source, "agent": who.agent, "provider": who.provider, ABOUT: COPIES, KEPT: place(keep.seen)},
        login=Login(fingerprint=keep.seen.fingerprint),
        held=any(one.held for one in members),
        summary=f"One refresh token of {who.provider} is in {where}. It works only once: the second program to "
        f"refresh is rejected (refresh_token_reused), and both may be logged out. Keep it in {place(keep.seen)} and "
        "log in again in the other.",
        remedy=_remedy(others[0], masked_on),
    )


def _after(
    key: str,
    labels: Mapping[str, str],
    fingerprint: str | None,
    holders: list[Verdict],
    keeps: list[Verdict],
    masked_on: str | None,
) -> Condition:
    """What is left when the places differ: the kept one was renewed, so the other holds a token that is used up; or
    the other has a login of its own. `holders` still have that token, `keeps` lie in the place that was to keep it."""
    spent = next((one for one in holders if place(one.seen) != labels.get(KEPT)), None)
    if spent and any(one.seen.fingerprint != fingerprint for one in keeps):
        return Condition(
            key,
            Level.SOON if spent.in_use else Level.INFO,
            labels,
            login=Login(fingerprint=fingerprint),
            held=spent.held,
            summary=f"{place(spent.seen)} holds a refresh token of {labels.get('provider')} that was used up in "
            f"{labels.get(KEPT)}: the next refresh is rejected (refresh_token_reused), and both may be logged out.",
            remedy=_remedy(spent, masked_on),
        )
    words = f"No refresh token of {labels.get('provider')} is in two places any more."
    return Condition(key, Level.FINE, labels, login=Login(fingerprint=fingerprint), summary=words)


def _remedy(verdict: Verdict, masked_on: str | None) -> str:
    """The command for the copy; where names are masked, what shows it on its own machine."""
    if masked_on is None:
        return separately(verdict.seen)
    return "authwatch status"


#: So many agents are named; the rest is counted.


def share(verdicts: Iterable[Verdict], lineups: Iterable[Lineup], known: Mapping[str, Remembered]) -> list[Verdict]:
    """The verdicts with the sentence of `shared` where more than one agent is concerned."""
    judged = list(verdicts)
    users: dict[str, set[str]] = defaultdict(set)
    for lineup in lineups:
        for key in lineup.keys:
            users[key].add(lineup.agent)
    holders: dict[tuple[str, str], Holders] = defaultdict(Holders)
    for verdict in judged:
        if _there(verdict):
            holders[_name(verdict)].add(verdict, {verdict.seen.credential.agent, *users.get(verdict.key, ())})
    return [
        one._replace(shared=sentence) if (sentence := _shared(one, holders, known.get(one.key))) else one
        for one in judged
    ]


class Holders:
    """The agents that have a login of one name: by fingerprint, and those where it needs somebody now."""

    def __init__(self) -> None:
        self.by_fingerprint: dict[str | None, set[str]] = defaultdict(set)
        self.dead: set[str] = set()

    def add(self, verdict: Verdict, agents: set[str]) -> None:
        """Counts one of the logins in."""
        self.by_fingerprint[verdict.seen.fingerprint] |= agents
        if verdict.needs_human is Need.NOW:
            self.dead |= agents


def _there(verdict: Verdict) -> bool:
    return bool(verdict.seen.fingerprint) and verdict.seen.evidence is Evidence.PRESENT


def _name(verdict: Verdict) -> tuple[str, str]:
    credential = verdict.seen.credential
    return credential.source, credential.profile


def _shared(verdict: Verdict, holders: Mapping[tuple[str, str], Holders], before: Remembered | None) -> str:
    if verdict.needs_human is not Need.NO or not _there(verdict) or verdict.seen.credential.agent == "-":
        return ""
    same = holders[_name(verdict)]
    old = before.observation.fingerprint if before and before.comparable else None
    have = same.by_fingerprint[verdict.seen.fingerprint]
    former = (same.dead | same.by_fingerprint.get(old, set())) - have
    if len(have) + len(former) < 2:
        return ""
    sentence = f"{_agents(have)} {'has' if len(have) == 1 else 'have'} it"
    if former:
        lagging = _agents(former)
        sentence += f"; {lagging[0].lower()}{lagging[1:]} still {'has' if len(former) == 1 else 'have'} the old one"
    return f"{sentence}."


def _agents(names: Iterable[str]) -> str:
    ordered = sorted(names)
    shown = ordered[:NAMED]
    if len(ordered) > NAMED:
        shown.append(f"{len(ordered) - NAMED} more")
    words = shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
    return f"Agent{'s' if len(ordered) > 1 else ''} {words}"
