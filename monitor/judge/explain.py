"""What a verdict rests on: each fact with its place, its moment and how sure it is, for people who ask why."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Final, NamedTuple

from alerts.timefmt import date, moment, span
from monitor.judge.deadlines import rule_for, steps_for
from monitor.judge.refresh import rhythm
from monitor.judge.unreadable import Hidden
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
    Evidence.PRESENT: "a complete login",
    Evidence.REFUSED: "a login marked as rejected",
    Evidence.BLANKED: "a login with empty tokens",
    Evidence.UNUSABLE: "a login its own program refuses to use",
    Evidence.ABSENT: "no login",
    Evidence.HIDDEN: "a login whose secret is stored elsewhere",
}
_RENEWABLE: Final = (Kind.OAUTH, Kind.SESSION)
_READ: Final = "read by this check"
_STATED: Final = "from its store; the provider was not asked"
_NOTED: Final = "recorded by its own program"

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
        return "its provider rejected it twice in a row"
    if verdict.confidence is Confidence.PROVEN and proof and proof.valid_at:
        return f"its provider accepted it {moment(proof.valid_at)}"
    if verdict.confidence is Confidence.PROVEN:
        return "authwatch saw it renew itself"
    if verdict.state is State.MISSING and verdict.seen.evidence is not Evidence.UNUSABLE:
        return "this check read the place where it should be"
    if verdict.confidence is Confidence.ASSUMED:
        return f"from its store; the provider was {'asked, too' if proof else 'not asked'}"
    if verdict.deadline and verdict.state is State.STATIC:
        return "its expiry is assumed, from the usual lifetime of its kind"
    if verdict.state is State.STATIC:
        return "nothing on disk says when it expires; a policy rule with `lifetime:` and `issued:` can"
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
        yield "problem", detail, Confidence.PROVEN, "seen by this check"


def _stored(verdict: Verdict, known: Remembered | None, now: datetime) -> Iterator[Part]:
    seen = verdict.seen
    if not verdict.vanished:
        why = "from the last check that could read it" if verdict.held else _READ
        yield "found", _FOUND[seen.evidence], Confidence.PROVEN, why
    if seen.problem and not verdict.held:
        yield "problem", str(seen.problem), Confidence.PROVEN, "seen by this check"
    if seen.evidence is Evidence.ABSENT:
        return
    if seen.access_expires_at:
        yield "access expires", _when(seen.access_expires_at, now), Confidence.ASSUMED, _STATED
    if seen.login_expires_at:
        yield "login expires", _when(seen.login_expires_at, now), Confidence.ASSUMED, _STATED
    if not (seen.access_expires_at or seen.login_expires_at):
        yield "expires", "no expiry date", Confidence.UNVERIFIED, "not stated on disk"
    yield _renewal(seen, known, now)
    for note in seen.notes:
        yield "note", note, Confidence.ASSUMED, _STATED.partition(";")[0]


def _renewal(seen: Observation, known: Remembered | None, now: datetime) -> Part:
    if seen.refreshable and seen.login_expires_at and seen.login_expires_at <= now:
        return "renews itself", "no longer", Confidence.ASSUMED, "the login itself has expired"
    if seen.refreshable and known and known.proven and known.rotated_at:
        return "renews itself", "yes", Confidence.PROVEN, f"authwatch saw it {moment(known.rotated_at)}"
    if seen.refreshable:
        return "renews itself", "yes", Confidence.ASSUMED, "it has a refresh token; not yet seen at work"
    if seen.refreshable is False:
        return "renews itself", "no", Confidence.ASSUMED, "it has no refresh token"
    if seen.credential.kind not in _RENEWABLE:
        return "renews itself", "no", Confidence.ASSUMED, "its kind is never renewed"
    return "renews itself", "unknown", Confidence.UNVERIFIED, "its store does not say"


def _used(seen: Observation, now: datetime) -> Iterator[Part]:
    use = seen.use
    if use.last_used_at:
        yield "last used", _when(use.last_used_at, now), Confidence.ASSUMED, _NOTED
    if use.session_at:
        hint = "only a hint: the program may have used another login"
        yield "last session", _when(use.session_at, now), Confidence.UNVERIFIED, hint
    if use.unusable_until:
        why = f" ({use.disabled_reason})" if use.disabled_reason else ""
        yield "cooldown until", f"{_when(use.unusable_until, now)}{why}", Confidence.ASSUMED, _NOTED
    if use.out_of_credit:
        yield "credit", "none left", Confidence.ASSUMED, _NOTED
    if use.pinned_by:
        yield "pinned", f"{use.pinned_by} pinned to it", Confidence.ASSUMED, _NOTED


def _lined_up(verdict: Verdict, look: Judgement) -> Iterator[Part]:
    profiles = {one.key: one.seen.credential.profile for one in look.verdicts}
    sure = (
        "its program's settings say so"
        if verdict.seen.use.in_use is not None
        else "its settings do not say, so it counts as used"
    )
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
        order = f"{place} of {total}" if one.ordered else f"one of {total}, in no set order"
        yield f"for {one.agent}", f"{order} for {one.provider}{beside}", Confidence.ASSUMED, "the effective order"


def _ladder(lineup: Lineup, profiles: Mapping[str, str]) -> Iterator[Part]:
    """Each place from which the program could take it, the strongest first; those with nothing in them together."""
    why = "its program uses the first place that has a login"
    for number, rung in enumerate(lineup.ladder, 1):
        if rung.standing is not Standing.EMPTY:
            what = f"{profiles.get(rung.key, rung.key)}, " if rung.key else ""
            words = f"{rung.place}: {what}{rung.note or _STANDINGS[rung.standing]}"
            yield f"place {number}", words, Confidence.ASSUMED, why
    if empty := [rung.place for rung in lineup.ladder if rung.standing is Standing.EMPTY]:
        yield "empty places", ", ".join(empty), Confidence.PROVEN, _READ


_STANDINGS: Final = {
    Standing.SERVES: "serves",
    Standing.BEHIND: "not in use: a place above it serves",
    Standing.PASSED: "skipped",
}


def _remembered(verdict: Verdict, known: Remembered | None) -> Iterator[Part]:
    if known is None:
        yield "first seen", "by this check", Confidence.PROVEN, "not known before"
        return
    mine = "authwatch saw it"
    yield "first seen", moment(known.first_seen_at), Confidence.PROVEN, mine
    if verdict.rotated_at:
        yield "last renewed", moment(verdict.rotated_at), Confidence.PROVEN, mine
    if usual := rhythm(known.rotations):
        rhythmic = f"every {span(usual.usual)}, ± {span(usual.spread)}"
        yield "usually", rhythmic, Confidence.PROVEN, f"the median of {usual.gaps} gaps between renewals"
    if verdict.expected:
        day = f"about {date(verdict.expected.at)}, ± {span(verdict.expected.spread)}"
        yield "next log-in", day, Confidence.ASSUMED, f"estimated from {verdict.expected.logins} past log-ins"
    if known.fingerprint_since:
        sure, why = Confidence.PROVEN, "by its fingerprint"
        if not known.comparable:
            sure, why = Confidence.UNVERIFIED, "its fingerprint was made with another key and cannot be compared"
        yield "same secret", f"since {moment(known.fingerprint_since)}", sure, why
    if known.overused_at:
        yield "overused", f"used after its renewal was due, {moment(known.overused_at)}", Confidence.PROVEN, mine
    if verdict.held or verdict.vanished:
        yield "last seen", moment(known.last_seen_at), Confidence.PROVEN, mine


def _ruled(verdict: Verdict, policy: Policy, now: datetime) -> Iterator[Part]:
    seen, told = verdict.seen, "from your config, or the default"
    rule = rule_for(seen.credential, policy)
    if verdict.deadline:
        yield "act before", _when(verdict.deadline, now), Confidence.ASSUMED, _deadline(verdict)
        steps = ", ".join(span(step) for step in reversed(steps_for(seen, policy)))
        yield "lead steps", steps or "none: each is longer than a third of its lifetime", Confidence.PROVEN, told
    if rule:
        matched = ", ".join(f"{label}={value}" for label, value in rule.match.items())
        yield "rule", f"for {matched or 'everything'}", Confidence.PROVEN, told
    if rule and rule.lifetime:
        yield "lifetime", span(rule.lifetime), Confidence.ASSUMED, told
    if verdict.key in policy.expect:
        yield "expected", "yes", Confidence.PROVEN, told
    if verdict.ignored:
        yield "ignored", "shown, never alerts", Confidence.PROVEN, told


def _deadline(verdict: Verdict) -> str:
    seen, deadline = verdict.seen, verdict.deadline
    if verdict.held:
        return "the last known date"
    if deadline == seen.access_expires_at and not seen.login_expires_at:
        return "its access expires and does not renew itself"
    if deadline in (seen.access_expires_at, seen.login_expires_at):
        return "the later of access and login expiry" if seen.access_expires_at else "its login expires"
    return "at the latest, by the usual lifetime of its kind"


def _when(at: datetime, now: datetime) -> str:
    return moment(at)
