"""What a verdict rests on: each fact with its place, its moment and how sure it is, for people who ask why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from alerts.timefmt import date, moment, relative, span
from monitor.judge.deadlines import rule_for, steps_for
from monitor.judge.refresh import rhythm
from monitor.judge.unreadable import Hidden
from monitor.judge.wording import name
from monitor.model import (
    Confidence,
    Evidence,
    Judgement,
    Kind,
    Lineup,
    Observation,
    Policy,
    Remembered,
    Standing,
    State,
    Verdict,
)

HISTORY: Final = "authwatch's history"
SETTINGS: Final = "its program's settings"
POLICY: Final = "the policy in authwatch's config"

_FOUND: Final = {
    Evidence.PRESENT: "a login with what it needs",
    Evidence.REFUSED: "a login with a mark that it was rejected",
    Evidence.BLANKED: "a login whose tokens are empty",
    Evidence.UNUSABLE: "a login that its own program does not accept",
    Evidence.ABSENT: "no login",
    Evidence.HIDDEN: "a login whose secret is not in the file",
}
_RENEWABLE: Final = (Kind.OAUTH, Kind.SESSION)
_READ: Final = "this check read it"
_STATED: Final = "its store states it, no provider was asked"
_NOTED: Final = "its own program noted it"

Part = tuple[str, str, Confidence, str]  # what, its value, how sure, why so


class Fact(NamedTuple):
    """One thing that counts: what, its value in words, where it was read, when, how sure, and why so sure."""

    name: str
    value: str
    where: str
    at: datetime
    sure: Confidence
    why: str


def account(
    verdict: Verdict, known: Remembered | None, look: Judgement, policy: Policy, now: datetime
) -> tuple[Fact, ...]:
    """Every fact behind a verdict of a look, those of its store first. `known` is the history of its key."""
    seen = verdict.seen
    store = seen.store or _place(seen)
    read_at = known.last_seen_at if known and (verdict.held or verdict.vanished) else now
    return (
        *(Fact(*part[:2], store, now, *part[2:]) for part in _now(verdict, look)),
        *(Fact(*part[:2], store, read_at, *part[2:]) for part in (*_stored(verdict, known, now), *_used(seen, now))),
        *(Fact(*part[:2], SETTINGS, now, *part[2:]) for part in _lined_up(verdict, look)),
        *(Fact(*part[:2], HISTORY, now, *part[2:]) for part in _remembered(verdict, known)),
        *(Fact(*part[:2], POLICY, now, *part[2:]) for part in _ruled(verdict, policy, now)),
    )


def why_so_sure(verdict: Verdict) -> str:
    """Why the verdict as a whole is as sure as it is, and where that helps, what would make it surer."""
    if verdict.held:
        return "these are the last known facts"
    proof = verdict.proof
    if verdict.confidence is Confidence.PROVEN and proof and verdict.state is State.REFUSED:
        return "its provider was asked twice, and refused it both times"
    if verdict.confidence is Confidence.PROVEN and proof and proof.valid_at:
        return f"its provider accepted it, asked {moment(proof.valid_at)}"
    if verdict.confidence is Confidence.PROVEN:
        return "authwatch saw this login being renewed"
    if verdict.state is State.MISSING and verdict.seen.evidence is not Evidence.UNUSABLE:
        return "this check read the place where it would be"
    if verdict.confidence is Confidence.ASSUMED:
        return f"its store says so, and {'its' if proof else 'no'} provider was asked"
    if verdict.deadline and verdict.state is State.STATIC:
        return "its end is only assumed, from the lifetime that such a login has"
    if verdict.state is State.STATIC:
        return "nothing on disk says when it ends; `lifetime:` or `issued:` in a rule of the policy would"
    return "nothing on disk shows whether it works"


def _place(seen: Observation) -> str:
    if seen.evidence is Evidence.ABSENT:
        return f"where {seen.credential.source} keeps its logins"
    return "its store" if seen.from_file else "the environment of this process"


def _now(verdict: Verdict, look: Judgement) -> Iterator[Part]:
    """What this check met where it could not read the rest."""
    if verdict.vanished:
        yield "found", "no login any more", Confidence.PROVEN, _READ
    if verdict.held:
        hidden = Hidden(look.troubles, [verdict.seen]).hiding(verdict.seen)
        detail = f"{hidden.problem}: {hidden.detail}" if hidden else str(verdict.seen.problem)
        yield "problem", detail, Confidence.PROVEN, "this check met it"


def _stored(verdict: Verdict, known: Remembered | None, now: datetime) -> Iterator[Part]:
    seen = verdict.seen
    if not verdict.vanished:
        why = "the last look that could read it" if verdict.held else _READ
        yield "found", _FOUND[seen.evidence], Confidence.PROVEN, why
    if seen.problem and not verdict.held:
        yield "problem", str(seen.problem), Confidence.PROVEN, "this check met it"
    if seen.evidence is Evidence.ABSENT:
        return
    if seen.access_expires_at:
        yield "access ends", _when(seen.access_expires_at, now), Confidence.ASSUMED, _STATED
    if seen.login_expires_at:
        yield "login ends", _when(seen.login_expires_at, now), Confidence.ASSUMED, _STATED
    if not (seen.access_expires_at or seen.login_expires_at):
        yield "ends", "no usable moment is stated", Confidence.UNVERIFIED, "nothing on disk shows it"
    yield _renewal(seen, known)
    for note in seen.notes:
        yield "noticed", note, Confidence.ASSUMED, _STATED.partition(",")[0]


def _renewal(seen: Observation, known: Remembered | None) -> Part:
    if seen.refreshable and known and known.proven and known.rotated_at:
        return "renews itself", "yes", Confidence.PROVEN, f"authwatch saw it {moment(known.rotated_at)}"
    if seen.refreshable:
        return "renews itself", "yes", Confidence.ASSUMED, "it has a refresh token; the first renewal seen proves it"
    if seen.refreshable is False:
        return "renews itself", "no", Confidence.ASSUMED, "it has no refresh token"
    if seen.credential.kind not in _RENEWABLE:
        return "renews itself", "no", Confidence.ASSUMED, "nothing renews one of its kind"
    return "renews itself", "cannot tell", Confidence.UNVERIFIED, "its store does not say"


def _used(seen: Observation, now: datetime) -> Iterator[Part]:
    use = seen.use
    if use.last_used_at:
        yield "last used", _when(use.last_used_at, now), Confidence.ASSUMED, _NOTED
    if use.session_at:
        hint = "a hint: the program may have used another login"
        yield "session at", _when(use.session_at, now), Confidence.UNVERIFIED, hint
    if use.unusable_until:
        why = f" ({use.disabled_reason})" if use.disabled_reason else ""
        yield "rests until", f"{_when(use.unusable_until, now)}{why}", Confidence.ASSUMED, _NOTED
    if use.out_of_credit:
        yield "credit", "none left", Confidence.ASSUMED, _NOTED
    if use.pinned_by:
        yield "pinned", f"{use.pinned_by} bound to it", Confidence.ASSUMED, _NOTED


def _lined_up(verdict: Verdict, look: Judgement) -> Iterator[Part]:
    profiles = {one.key: one.seen.credential.profile for one in look.verdicts}
    sure = "they say so" if verdict.seen.use.in_use is not None else "they do not say; what is there counts as used"
    yield "in use", "yes" if verdict.in_use else "no", Confidence.ASSUMED, sure
    for one in look.lineups:
        if one.ladder and any(rung.key == verdict.key for rung in one.ladder):
            yield from _ladder(one, profiles)
            continue
        if verdict.key not in one.keys:
            continue
        ids = [profiles.get(key, key) for key in one.keys]
        place, total = one.keys.index(verdict.key) + 1, len(ids) + len(one.spare)
        others = [other for at, other in enumerate(ids, 1) if at != place]
        beside = f", beside {', '.join((*others, *one.spare))}" if total > 1 else ", and no other"
        order = f"{place} of {total}" if one.ordered else f"one of {total}, in no stated order"
        yield f"for {one.agent}", f"{order} for {one.provider}{beside}", Confidence.ASSUMED, "the effective order"


def _ladder(lineup: Lineup, profiles: Mapping[str, str]) -> Iterator[Part]:
    """Each place from which the program could take it, the strongest first; those with nothing in them together."""
    why = "its program takes the first that holds something"
    for number, rung in enumerate(lineup.ladder, 1):
        if rung.standing is not Standing.EMPTY:
            what = f"{profiles.get(rung.key, rung.key)}, " if rung.key else ""
            words = f"{rung.place}: {what}{rung.note or _STANDINGS[rung.standing]}"
            yield f"place {number}", words, Confidence.ASSUMED, why
    if empty := [rung.place for rung in lineup.ladder if rung.standing is Standing.EMPTY]:
        yield "nothing in", ", ".join(empty), Confidence.PROVEN, _READ


_STANDINGS: Final = {
    Standing.SERVES: "serves",
    Standing.BEHIND: "does not serve, because one before it does",
    Standing.PASSED: "is not taken",
}


def _remembered(verdict: Verdict, known: Remembered | None) -> Iterator[Part]:
    if known is None:
        yield "first seen", "by this check", Confidence.PROVEN, "nothing was known of it before"
        return
    mine = "authwatch was there"
    yield "first seen", moment(known.first_seen_at), Confidence.PROVEN, mine
    if verdict.rotated_at:
        yield "last renewed", moment(verdict.rotated_at), Confidence.PROVEN, mine
    if usual := rhythm(known.rotations):
        rhythmic = f"every {span(usual.usual)}, give or take {span(usual.spread)}"
        yield "usually", rhythmic, Confidence.PROVEN, f"the median of {usual.gaps} gaps between renewals"
    if verdict.expected:
        day = f"about {date(verdict.expected.at)}, give or take {span(verdict.expected.spread)}"
        yield "next log-in", day, Confidence.ASSUMED, f"an estimate by {verdict.expected.logins} past log-ins"
    if known.fingerprint_since:
        sure, why = Confidence.PROVEN, "keyed digests of it were compared"
        if not known.comparable:
            sure, why = Confidence.UNVERIFIED, "the digest was made with another key, so it cannot be compared"
        yield "same secret", f"since {moment(known.fingerprint_since)}", sure, why
    if known.overused_at:
        yield "overused", f"used when it should have been renewed, {moment(known.overused_at)}", Confidence.PROVEN, mine
    if verdict.held or verdict.vanished:
        yield "last seen", moment(known.last_seen_at), Confidence.PROVEN, mine


def _ruled(verdict: Verdict, policy: Policy, now: datetime) -> Iterator[Part]:
    seen, told = verdict.seen, "you said so, or left it as it comes"
    rule = rule_for(seen.credential, policy)
    if verdict.deadline:
        yield "act before", _when(verdict.deadline, now), Confidence.ASSUMED, _deadline(verdict)
        steps = ", ".join(span(step) for step in reversed(steps_for(seen, policy)))
        yield "lead steps", steps or "none: all are longer than a third of its lifetime", Confidence.PROVEN, told
    if rule:
        matched = ", ".join(f"{label}={value}" for label, value in rule.match.items())
        yield "rule", f"for {matched or 'everything'}", Confidence.PROVEN, told
    if rule and rule.lifetime:
        yield "lifetime", span(rule.lifetime), Confidence.ASSUMED, told
    if verdict.key in policy.expect:
        yield "expected", "yes", Confidence.PROVEN, told
    if verdict.ignored:
        yield "ignored", f"{name(seen.credential)} is shown and never alarmed about", Confidence.PROVEN, told


def _deadline(verdict: Verdict) -> str:
    seen, deadline = verdict.seen, verdict.deadline
    if verdict.held:
        return "the last known one"
    if deadline == seen.access_expires_at and not seen.login_expires_at:
        return "its access ends then, and nothing renews it"
    if deadline in (seen.access_expires_at, seen.login_expires_at):
        return "the later of the two ends" if seen.access_expires_at else "its login ends then"
    return "at the latest, by the lifetime that such a login has"


def _when(at: datetime, now: datetime) -> str:
    return f"{moment(at)}, {relative(at, now)}"
