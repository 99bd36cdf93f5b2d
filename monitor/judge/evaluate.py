"""The truth table: what one observation means at a moment. The first row that holds decides."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Final, NamedTuple

from monitor.config.settings import Policy
from monitor.judge.clock import Clock, clock_of, rotated_at, rule_for, same_login
from monitor.judge.words import OUT_OF_CREDIT, extend, moment, sentence
from monitor.model import Confidence, Evidence, Need, Observation, Problem, Remembered, State, Verdict

#: How long a use after the access ran out may go unrenewed before it counts as broken.
GRACE: Final = timedelta(hours=1)

#: Problems that leave nothing to judge; the others are worth a word only.
BLINDING: Final = frozenset(Problem) - {
    Problem.NOT_FOUND,
    Problem.KEYCHAIN,
    Problem.ENCRYPTED,
    Problem.MIGRATION_PENDING,
    Problem.STALE_COPY,
}


class Row(NamedTuple):
    """One row of the table, with its reason in words."""

    state: State
    need: Need
    why: str
    step: timedelta | None = None


def evaluate(seen: Observation, known: Remembered | None, policy: Policy, now: datetime) -> Verdict:
    """What `seen` means at `now` by itself; what others of its provider change is `redundancy`'s.

    `known` is the history of its key. `until` is the first later moment at which the answer could differ.
    """
    clock = clock_of(seen, known, policy, now)
    overused_at = _overused_at(seen, known, now)
    fixed = _by_evidence(seen)
    row = fixed or _by_clock(seen, clock, overused_at, now)
    verdict = Verdict(
        seen,
        row.state,
        row.need,
        deadline=None if fixed else clock.deadline,
        usable=row.need is not Need.NOW and row.state is not State.UNKNOWN,
        confidence=_confidence(seen, row.state, known),
        because=(row.why,),
        step=row.step,
        in_use=seen.use.in_use is not False,
        ignored=ignored(seen, known, policy),
        rotated_at=rotated_at(seen, known, now),
        summary=sentence(seen.credential, row.why),
    )
    if fixed:
        return _noted(verdict)
    renewal = overused_at + GRACE if overused_at else None
    use = seen.use
    until = clock.until(now, seen.access_expires_at, seen.login_expires_at, renewal, use.unusable_until)
    return _noted(replace(_rested(verdict, now), until=until))


def ignored(seen: Observation, known: Remembered | None, policy: Policy) -> bool:
    """Whether it is only shown: a person or a rule says so, or nobody listed its source or expects the key."""
    credential = seen.credential
    if credential.source in policy.unlisted and credential.key not in policy.expect:
        return True
    rule = rule_for(credential, policy)
    return bool((known and known.ignored) or (rule and not rule.watch))


def blinded(seen: Observation) -> bool:
    """Whether a problem left nothing to judge; a store that was read and holds no login is empty, not unknown."""
    empty = seen.problem is Problem.EMPTY and seen.evidence is Evidence.ABSENT
    return seen.problem in BLINDING and not empty


def _by_evidence(seen: Observation) -> Row | None:
    """The rows that no clock changes; None where the clocks decide."""
    if seen.problem and blinded(seen):
        return Row(State.UNKNOWN, Need.UNKNOWN, f"cannot be judged: {_PROBLEMS[seen.problem]}")
    return _EVIDENCE.get(seen.evidence)


_EVIDENCE: Final = {
    Evidence.REFUSED: Row(State.REFUSED, Need.NOW, "was rejected, so only a new login helps"),
    Evidence.BLANKED: Row(State.EXPIRED, Need.NOW, "was logged out: its tokens are empty"),
    Evidence.UNUSABLE: Row(State.MISSING, Need.NOW, "is there, but its own program refuses to use it"),
    Evidence.ABSENT: Row(State.MISSING, Need.NOW, "is expected, but not there"),
}

_PROBLEMS: Final = {
    Problem.UNREADABLE: "its store cannot be read",
    Problem.PARSE: "its store cannot be understood",
    Problem.EMPTY: "its store is empty",
    Problem.LOCKED: "its store is locked",
    Problem.TOO_LARGE: "its store is too large",
    Problem.EXEC_FAILED: "the command that knows it failed",
    Problem.TIMEOUT: "looking at it took too long",
    Problem.CRASHED: "looking at it failed",
}


def _by_clock(seen: Observation, clock: Clock, overused_at: datetime | None, now: datetime) -> Row:
    access, deadline, step = seen.access_expires_at, clock.deadline, clock.step(now)
    if deadline and clock.over(now):
        return Row(State.EXPIRED, Need.NOW, _ended(seen, clock, deadline))
    if access and access <= now:  # and something renews it: else the deadline would have come
        if overused_at and overused_at + GRACE <= now:
            why = f"ran out {moment(access)} and was used since, but nothing renewed it"
            return Row(State.EXPIRED, Need.NOW, why)
        why = f"has access that ran out {moment(access)}, which its program renews at the next use"
        if deadline and step:
            why = f"ends {moment(deadline)}, then somebody must log in again"
        return Row(State.EXPIRED, Need.SOON if step else Need.NO, why, step)
    if deadline and step:
        latest = " at the latest" if clock.at_latest else ""
        why = f"ends {moment(deadline)}{latest}, then somebody must renew it"
        return Row(State.EXPIRING, Need.SOON, why, step)
    if seen.evidence is Evidence.HIDDEN:
        return Row(State.OPAQUE, Need.NO, "lies where its end cannot be seen (keychain, encrypted or a reference)")
    if access is None and seen.login_expires_at is None:
        end = f", and lasts until {moment(deadline)} at the latest" if deadline else ""
        return Row(State.STATIC, Need.NO, f"states no end{end}")
    if deadline:
        return Row(State.OK, Need.NO, f"is fine until {moment(deadline)}")
    return Row(State.OK, Need.NO, "is fine: its program renews it")


def _ended(seen: Observation, clock: Clock, deadline: datetime) -> str:
    if clock.at_latest:
        return f"ended {moment(deadline)} at the latest, by the lifetime that such a login has"
    if deadline == seen.access_expires_at:
        return f"ran out {moment(deadline)} and nothing renews it"
    return f"ended {moment(deadline)}: no refresh extends a login"


def _rested(verdict: Verdict, now: datetime) -> Verdict:
    """Out of credit needs a person; a cooldown or a rate limit only makes it unusable for a while."""
    use = verdict.seen.use
    resting = use.unusable_until is not None and use.unusable_until > now
    if use.out_of_credit and (resting or use.unusable_until is None):
        if verdict.needs_human is not Need.NOW:
            verdict = extend(verdict, OUT_OF_CREDIT)
        return replace(verdict, needs_human=Need.NOW, usable=False, step=None)
    if resting and use.unusable_until:
        why = f"rests until {moment(use.unusable_until)}"
        return replace(extend(verdict, why), usable=False)
    return verdict


def _noted(verdict: Verdict) -> Verdict:
    """What else `explain` should say: the source's notes and a problem that hides nothing."""
    seen = verdict.seen
    more = seen.notes
    if seen.problem and not blinded(seen):
        more = (*more, f"problem: {seen.problem}")
    return replace(verdict, because=(*verdict.because, *more))


def _overused_at(seen: Observation, known: Remembered | None, now: datetime) -> datetime | None:
    """When a use after the access ran out was first seen on this very login; `now` if this look is the first."""
    expiry, used = seen.access_expires_at, seen.use.last_used_at
    if not (expiry and used and expiry <= now and used > expiry):
        return None
    if known and known.overused_at and same_login(seen, known) and known.overused_at >= expiry:
        return known.overused_at
    return now


def _confidence(seen: Observation, state: State, known: Remembered | None) -> Confidence:
    if known and known.proven:
        return Confidence.PROVEN
    unseen = state in (State.STATIC, State.OPAQUE) or seen.evidence is Evidence.HIDDEN
    return Confidence.UNVERIFIED if unseen else Confidence.ASSUMED
