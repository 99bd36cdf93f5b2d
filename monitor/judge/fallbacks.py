"""What becomes of a provider when one of its logins fails: pins without a way out, the last one, none, the paid one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Final

from alerts.model import Condition, Level
from monitor.judge.wording import OUT_OF_CREDIT, mask
from monitor.model import Judgement, Kind, Lineup, Need, State, Verdict

#: The label that tells these conditions from those of credentials and stores.
ABOUT: Final = "about"

_SUBSCRIPTIONS: Final = (Kind.OAUTH, Kind.TOKEN)


def fallbacks(
    judgement: Judgement, *, masked: bool, open_before: Iterable[tuple[str, Mapping[str, str]]] = ()
) -> Iterator[tuple[str, Condition]]:
    """The conditions of ordered line-ups in use, and a fine one for each of `open_before` that is over.

    A line-up of one login says nothing here that its own condition does not say. A line-up with a login that nobody
    could read is left as it stands.
    """
    verdicts = {verdict.key: verdict for verdict in judgement.verdicts}
    lineups = [one for one in judgement.lineups if one.in_use and one.ordered]
    found: dict[str, Condition] = {}
    unread = set()
    for lineup in lineups:
        line = [verdicts[key] for key in lineup.keys if key in verdicts]
        if any(one.state is State.UNKNOWN or one.held for one in line):
            unread.add((lineup.source, lineup.agent, lineup.provider))
            continue
        found.update((one.key, one) for one in _of(lineup, line, masked))
    yield from found.items()
    for key, labels in open_before:
        place = (labels.get("source", ""), labels.get("agent", ""), labels.get("provider", ""))
        if key not in found and place not in unread:
            yield key, Condition(key, Level.FINE, labels, summary=f"{place[2]} of {place[0]} is as it should be again.")


def _of(lineup: Lineup, line: list[Verdict], masked: bool) -> Iterator[Condition]:
    for verdict in line:
        if verdict.seen.use.pinned_by and not verdict.ignored and (pin := _pin(lineup, verdict, masked)):
            yield pin
    able = [verdict for verdict in line if _able(verdict)]
    members, left = len(line) + len(lineup.spare), len(able) + len(lineup.spare)
    if members > 1 and left <= 1 and not all(verdict.ignored for verdict in line):
        yield _few(lineup, members, able, masked)
    if (paid := _paid(lineup, line)) is not None:
        yield paid


def _able(verdict: Verdict) -> bool:
    """Whether it serves now or after a rest that ends by itself."""
    out = OUT_OF_CREDIT in verdict.because or verdict.vanished
    return not out and (verdict.usable or _resting(verdict))


def _resting(verdict: Verdict) -> bool:
    return (
        verdict.needs_human in (Need.NO, Need.SOON)
        and verdict.state not in (State.REFUSED, State.MISSING)
        and (verdict.seen.use.unusable_until is not None)
    )


def _pin(lineup: Lineup, verdict: Verdict, masked: bool) -> Condition | None:
    """A pin has no fallback: what a line-up could bear, its sessions cannot."""
    level = Level.SOON if _able(verdict) else Level.NOW
    if level is Level.SOON and verdict.needs_human is not Need.SOON:
        return None
    profile = verdict.seen.credential.profile
    name = mask(profile) if masked else profile
    sessions = verdict.seen.use.pinned_by
    return Condition(
        f"{verdict.key}/pin",
        level,
        _labels(lineup, "pin"),
        verdict.step if level is Level.SOON else None,
        summary=f"{sessions} pinned to {name} ({lineup.source}, agent {lineup.agent}), and a pin has no fallback: "
        + ("that login ends soon." if level is Level.SOON else "that login does not work any more."),
        remedy="authwatch models pin list",
    )


def _few(lineup: Lineup, members: int, able: list[Verdict], masked: bool) -> Condition:
    where = f"{lineup.provider} ({lineup.source}, agent {lineup.agent})"
    profile = able[0].seen.credential.profile if able else lineup.spare[0] if lineup.spare else ""
    if profile:
        name = mask(profile) if masked else profile
        text = f"{where} is down to its last usable login: {name}, 1 of {members}."
        return Condition(f"{_key(lineup)}/last", Level.INFO, _labels(lineup, "last"), summary=text, remedy=_STATUS)
    text = f"{where} has no usable login left, of {members}."
    return Condition(f"{_key(lineup)}/last", Level.NOW, _labels(lineup, "last"), summary=text, remedy=_STATUS)


def _paid(lineup: Lineup, line: list[Verdict]) -> Condition | None:
    """A subscription stands first, does not serve, and a key that is billed by use has taken its place."""
    if not line or line[0].seen.credential.kind not in _SUBSCRIPTIONS or line[0].usable:
        return None
    serving = next((verdict for verdict in line if verdict.usable), None)
    if serving is not None and serving.seen.credential.kind is not Kind.API_KEY:
        return None
    if serving is None and not (lineup.spare and not lineup.spare[0].endswith("_OAUTH_TOKEN")):
        return None
    where = f"{lineup.provider} ({lineup.source}, agent {lineup.agent})"
    resting = _able(line[0])
    why = "rests for a while" if resting else "does not work"
    return Condition(
        f"{_key(lineup)}/paid",
        Level.INFO if resting else Level.SOON,
        _labels(lineup, "paid"),
        summary=f"{where} is served by an API key that is billed by use, because its subscription {why}.",
        remedy=_STATUS,
    )


_STATUS: Final = "authwatch models pin status"


def _key(lineup: Lineup) -> str:
    return f"{lineup.source}/{lineup.agent}/{lineup.provider}"


def _labels(lineup: Lineup, about: str) -> dict[str, str]:
    return {"source": lineup.source, "agent": lineup.agent, "provider": lineup.provider, ABOUT: about}
