"""What people are told of a login in several stores: one refresh token held twice, and an agent's old copy."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from alerts.model import Condition, Level, Login
from monitor.judge.lineage import place, renewing, separately
from monitor.judge.reserves import ABOUT
from monitor.judge.words import mask, moment
from monitor.model import Judgement, Need, State, Verdict

#: What these conditions are about.
COPIES: Final = "copies"
#: The label that says which place is to keep the login, for the time after one of them renewed it.
KEPT: Final = "kept"

#: Key, labels and shared fingerprint of a condition that stands.
Standing = tuple[str, Mapping[str, str], str | None]


def copies(
    judgement: Judgement, *, masked_on: str | None, standing: Iterable[Standing] = ()
) -> Iterator[tuple[str, Condition]]:
    """The conditions of refresh tokens in several stores, and a fine one for each of `standing` that is over.

    One that was renewed in the place to keep is not over: the other place holds what was used up. `masked_on` is the
    host, where names are masked: a command would show them.
    """
    verdicts = {verdict.key: verdict for verdict in judgement.verdicts}
    found = set()
    for group in judgement.copied:
        members = [verdicts[key] for key in group]
        if not all(one.ignored for one in members):
            found.add(_key(group))
            yield _key(group), _shared(_key(group), members, masked_on)
    over = [one for one in standing if one[0] not in found]
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
            summary=f"Agent {who.agent} of {who.source} has an older copy of {profile}, which expired {when}; that "
            "of agent main is fresh. If it is the same login, its next refresh is rejected (refresh_token_reused).",
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


def _shared(key: str, members: list[Verdict], masked_on: str | None) -> Condition:
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
        summary=f"One refresh token of {who.provider} lies in {where}. It works once: when one of them renews it, the "
        f"other is logged out (refresh_token_reused), perhaps both. Keep it in {place(keep.seen)}, log in anew in the "
        "other.",
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
            f"{labels.get(KEPT)}: its next renewal is refused (refresh_token_reused), and both may then be logged out.",
            remedy=_remedy(spent, masked_on),
        )
    words = f"No refresh token of {labels.get('provider')} lies in two places any more."
    return Condition(key, Level.FINE, labels, login=Login(fingerprint=fingerprint), summary=words)


def _remedy(verdict: Verdict, masked_on: str | None) -> str:
    """The command for the copy; where names are masked, what shows it on its own machine."""
    if masked_on is None:
        return separately(verdict.seen)
    return f"authwatch status, on {masked_on}" if masked_on else "authwatch status"
