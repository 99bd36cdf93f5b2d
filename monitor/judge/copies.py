"""What people are told of a refresh token that lies in several stores, and how that ends."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from alerts.model import Condition, Level, Login
from monitor.judge.lineage import place, renewing, separately
from monitor.judge.reserves import ABOUT
from monitor.model import Judgement, Verdict

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
    for key, labels, fingerprint in standing:
        if key not in found:
            yield key, _after(key, labels, fingerprint, judgement, masked_on)


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
    key: str, labels: Mapping[str, str], fingerprint: str | None, judgement: Judgement, masked_on: str | None
) -> Condition:
    """What is left when the places differ: the kept one was renewed, so the other holds a token that is used up; or
    the other has a login of its own."""
    holders = [
        one for one in judgement.verdicts if fingerprint and one.seen.fingerprint == fingerprint and renewing(one)
    ]
    keeps = [one for one in judgement.verdicts if place(one.seen) == labels.get(KEPT) and renewing(one)]
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
