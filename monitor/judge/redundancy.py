"""What the other logins of a provider change: who is in use, who can stand in, the roll-up of each provider, and
what becomes of it when a pin has no way out, the last one goes, or a paid key takes over."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from itertools import chain, islice
from typing import Final

from alerts.model import Condition, Level
from monitor.judge.wording import OUT_OF_CREDIT, extend, in_place, mask
from monitor.model import (
    Evidence,
    Judgement,
    Kind,
    Lineup,
    Need,
    Problem,
    ProviderView,
    Standing,
    State,
    Verdict,
    Weight,
)

#: From the least to the worst, as exit codes rank them.
SEVERITY: Final = (Need.NO, Need.SOON, Need.UNKNOWN, Need.NOW)

Place = tuple[str, str, str]  # source, agent, provider


def weigh(verdicts: Mapping[str, Verdict], lineups: Iterable[Lineup], expect: Collection[str]) -> list[Verdict]:
    """The verdicts after a look at the others: what nothing uses needs nobody, what another can replace can wait."""
    lineups = tuple(lineups)
    by_place, by_key = _index(lineups)
    able = {id(lineup): _able(lineup, verdicts) for lineup in lineups}
    weighed = []
    for key, verdict in verdicts.items():
        within = by_key.get(key, ())
        mine = {id(lineup): lineup for lineup in (*by_place.get(_place(verdict), ()), *within)}
        wanted = key in expect or any(lineup.in_use for lineup in within)
        weighed.append(_weigh(verdict, tuple(mine.values()), able, wanted))
    return _overridden(weighed, verdicts, lineups)


def roll_up(verdicts: Iterable[Verdict], lineups: Iterable[Lineup]) -> tuple[ProviderView, ...]:
    """One view for each provider of each agent, sorted; a provider without a line-up gets one from its verdicts."""
    keyed = {verdict.key: verdict for verdict in verdicts}
    places: dict[Place, dict[str, Verdict]] = defaultdict(dict)
    for key, verdict in keyed.items():
        places[_place(verdict)][key] = verdict
    by_place, _ = _index(lineups)
    views: list[ProviderView] = []
    for place in sorted({*places, *by_place}):
        mine = places.get(place, {})
        stated = by_place.get(place) or [Lineup(*place, keys=tuple(mine), ordered=False, in_use=False)]
        views.extend(_view(lineup, mine, keyed) for lineup in stated[:1])
    return tuple(views)


def worst(needs: Iterable[Need]) -> Need:
    """The worst of several answers: now, then unknown, then soon."""
    return max(needs, key=SEVERITY.index, default=Need.NO)


def _weigh(verdict: Verdict, mine: tuple[Lineup, ...], able: Mapping[int, Sequence[str]], wanted: bool) -> Verdict:
    """`mine` are the line-ups of its provider and those it is in; `wanted`: it is expected, or in one that is used."""
    provider = verdict.seen.credential.provider
    if verdict.seen.problem is Problem.NOT_CHECKED and verdict.seen.use.in_use is not False:
        return verdict  # the line-ups are those of another place
    if not (wanted or _in_use(verdict, mine)):
        others = any(lineup.in_use for lineup in mine)
        why = verdict.seen.use.why_not or (f"not in the order for {provider}" if others else "")
        idle = extend(verdict._replace(in_use=False), f"not in use: {why}" if why else "not in use")
        return idle._replace(needs_human=Need.NO, step=None, weights=(*idle.weights, Weight.UNUSED))
    using = [lineup for lineup in mine if lineup.in_use]
    replaceable = bool(using) and all(any(key != verdict.key for key in able[id(line)]) for line in using)
    verdict = verdict._replace(in_use=True)
    pinned = verdict.seen.use.pinned_by
    if pinned and verdict.seen.evidence is Evidence.ABSENT:  # nothing but those sessions asks for it
        return extend(verdict, f"{pinned} pinned to it; a pin has no fallback")
    if verdict.needs_human is not Need.NOW or not replaceable:
        return verdict
    spare = extend(verdict, f"redundant: another login or key for {provider} still works")
    return spare._replace(needs_human=Need.SOON, step=None, weights=(*spare.weights, Weight.REDUNDANT))


def _overridden(weighed: list[Verdict], alone: Mapping[str, Verdict], lineups: Iterable[Lineup]) -> list[Verdict]:
    """The verdicts, where the one that serves is bad, or nobody can see how it is, and a good one stands behind it:
    both say so. `alone` is what each is by itself."""
    after = {verdict.key: verdict for verdict in weighed}
    for lineup in lineups:
        serving = after.get(lineup.keys[0]) if lineup.ladder and lineup.keys else None
        if serving is None or not (serving.state is State.OPAQUE or serving.needs_human in (Need.NOW, Need.UNKNOWN)):
            continue
        behind = [rung.key for rung in lineup.ladder if rung.standing is Standing.BEHIND and rung.key in after]
        for key in behind:
            good = alone[key].usable and alone[key].needs_human in (Need.NO, Need.SOON)
            if not good or alone[key].state is State.OPAQUE:
                continue
            if serving.state in (State.OPAQUE, State.UNKNOWN):
                after[key] = extend(after[key], "authwatch cannot see whether that one works")
            else:
                other = after[key].seen.credential.profile
                after[serving.key] = serving = extend(serving, f"it overrides {other}, which would work")
    return [after[verdict.key] for verdict in weighed]


def _in_use(verdict: Verdict, mine: tuple[Lineup, ...]) -> bool:
    use = verdict.seen.use
    if use.pinned_by:
        return True
    if any(lineup.in_use for lineup in mine):
        return use.in_use is not False
    return bool(use.in_use) if mine else use.in_use is not False


def _able(lineup: Lineup, verdicts: Mapping[str, Verdict]) -> tuple[str, ...]:
    """Two, at most, of those in an ordered line-up that can serve: a cooldown passes by itself and counts as able."""
    if not lineup.ordered or lineup.ladder:
        return ()
    found = (key for key in lineup.keys if (verdict := verdicts.get(key)) and _serves(verdict))
    return tuple(islice(chain(lineup.spare, found), 2))


def _serves(verdict: Verdict) -> bool:
    return verdict.state is not State.UNKNOWN and verdict.needs_human in (Need.NO, Need.SOON)


def _view(lineup: Lineup, mine: Mapping[str, Verdict], verdicts: Mapping[str, Verdict]) -> ProviderView:
    line = [verdict for key in lineup.keys if (verdict := verdicts.get(key))]
    usable = [verdict for verdict in line if verdict.usable]
    there = {key for key, verdict in mine.items() if verdict.state is not State.MISSING or verdict.vanished}
    certain = lineup.ordered or len(usable) == 1
    following = usable[0].seen.credential.profile if usable and certain else None
    spare = lineup.spare[0] if lineup.spare and not usable else None
    concerned = {verdict.key: verdict for verdict in (*line, *mine.values()) if not verdict.ignored}
    return ProviderView(
        lineup.source,
        lineup.agent,
        lineup.provider,
        usable=len(usable) + len(lineup.spare),
        total=len(there.union(lineup.keys)) + len(lineup.spare),
        next=following or spare,
        in_use=lineup.in_use or any(verdict.in_use for verdict in mine.values()),
        needs_human=worst(verdict.needs_human for verdict in concerned.values()),
    )


def _index(lineups: Iterable[Lineup]) -> tuple[dict[Place, list[Lineup]], dict[str, list[Lineup]]]:
    by_place: dict[Place, list[Lineup]] = defaultdict(list)
    by_key: dict[str, list[Lineup]] = defaultdict(list)
    for lineup in lineups:
        by_place[lineup.source, lineup.agent, lineup.provider].append(lineup)
        for key in lineup.keys:
            by_key[key].append(lineup)
    return by_place, by_key


def _place(verdict: Verdict) -> Place:
    credential = verdict.seen.credential
    return credential.source, credential.agent, credential.provider


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
            yield key, Condition(key, Level.FINE, labels, summary=f"{place[2]} ({place[0]}) is back to normal.")


def _of(lineup: Lineup, line: list[Verdict], masked: bool) -> Iterator[Condition]:
    for verdict in line:
        if verdict.seen.use.pinned_by and not verdict.ignored and (pin := _pin(lineup, verdict, masked)):
            yield pin
    able = [verdict for verdict in line if _serving(verdict)]
    members, left = len(line) + len(lineup.spare), len(able) + len(lineup.spare)
    if members > 1 and left <= 1 and not all(verdict.ignored for verdict in line):
        yield _few(lineup, members, able, masked)
    if (paid := _paid(lineup, line)) is not None:
        yield paid


def _serving(verdict: Verdict) -> bool:
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
    level = Level.SOON if _serving(verdict) else Level.NOW
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
        + ("that login expires soon." if level is Level.SOON else "that login no longer works."),
        remedy=in_place("authwatch models pin list", lineup.source),
    )


def _few(lineup: Lineup, members: int, able: list[Verdict], masked: bool) -> Condition:
    profile = able[0].seen.credential.profile if able else lineup.spare[0] if lineup.spare else ""
    name = mask(profile) if masked else profile
    left = f"has no working login left (of {members})"
    if profile:
        left = f"is down to its last working login: {name} (1 of {members})"
    return Condition(
        f"{_key(lineup)}/last",
        Level.INFO if profile else Level.NOW,
        _labels(lineup, "last"),
        summary=f"{lineup.provider} ({lineup.source}, agent {lineup.agent}) {left}.",
        remedy=in_place(_STATUS, lineup.source),
    )


def _paid(lineup: Lineup, line: list[Verdict]) -> Condition | None:
    """A subscription stands first, does not serve, and a key that is billed by use has taken its place."""
    if not line or line[0].seen.credential.kind not in _SUBSCRIPTIONS or line[0].usable or lineup.private:
        return None
    serving = next((verdict for verdict in line if verdict.usable), None)
    if serving is not None and serving.seen.credential.kind is not Kind.API_KEY:
        return None
    if serving is None and not (lineup.spare and not lineup.spare[0].endswith("_OAUTH_TOKEN")):
        return None
    where = f"{lineup.provider} ({lineup.source}, agent {lineup.agent})"
    resting = _serving(line[0])
    why = "is in cooldown" if resting else "does not work"
    return Condition(
        f"{_key(lineup)}/paid",
        Level.INFO if resting else Level.SOON,
        _labels(lineup, "paid"),
        summary=f"{where} uses an API key that is billed by use, because its subscription {why}.",
        remedy=in_place(_STATUS, lineup.source),
    )


_STATUS: Final = "authwatch models pin status"


def _key(lineup: Lineup) -> str:
    return f"{lineup.source}/{lineup.agent}/{lineup.provider}"


def _labels(lineup: Lineup, about: str) -> dict[str, str]:
    return {"source": lineup.source, "agent": lineup.agent, "provider": lineup.provider, ABOUT: about}
