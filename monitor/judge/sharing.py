"""Which agents have a login, and which still hold the one before it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from typing import Final

from alerts.dataclass import replace
from monitor.model import Evidence, Lineup, Need, Remembered, Verdict

#: So many agents are named; the rest is counted.
NAMED: Final = 5


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
        replace(one, shared=sentence) if (sentence := _shared(one, holders, known.get(one.key))) else one
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
        sentence += (
            f"; {lagging[0].lower()}{lagging[1:]} still {'holds' if len(former) == 1 else 'hold'} the former one"
        )
    return f"{sentence}."


def _agents(names: Iterable[str]) -> str:
    ordered = sorted(names)
    shown = ordered[:NAMED]
    if len(ordered) > NAMED:
        shown.append(f"{len(ordered) - NAMED} more")
    words = shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"
    return f"Agent{'s' if len(ordered) > 1 else ''} {words}"
