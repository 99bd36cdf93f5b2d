"""Which agents have a login, and which still hold the one before it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
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
    same: dict[tuple[str, str], list[Verdict]] = defaultdict(list)
    for verdict in judged:
        if verdict.seen.fingerprint and verdict.seen.evidence is Evidence.PRESENT:
            same[_name(verdict)].append(verdict)
    return [replace(one, shared=_shared(one, same[_name(one)], users, known.get(one.key))) for one in judged]


def _name(verdict: Verdict) -> tuple[str, str]:
    credential = verdict.seen.credential
    return credential.source, credential.profile


def _shared(verdict: Verdict, same: Sequence[Verdict], users: Mapping[str, set[str]], before: Remembered | None) -> str:
    """`same` are the logins of that name in every agent of its source, this one among them."""
    if verdict.needs_human is not Need.NO or verdict not in same or verdict.seen.credential.agent == "-":
        return ""
    old = before.observation.fingerprint if before and before.comparable else None
    have, former = set(), set()
    for one in same:
        agents = {one.seen.credential.agent, *users.get(one.key, ())}
        if one.seen.fingerprint == verdict.seen.fingerprint:
            have |= agents
        elif one.seen.fingerprint == old or one.needs_human is Need.NOW:
            former |= agents
    former -= have
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
