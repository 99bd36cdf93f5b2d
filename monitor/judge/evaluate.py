"""The truth table: what one observation means at a moment. The first row that holds decides."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, NamedTuple

from alerts.timefmt import moment, span
from monitor.judge import probe_answers, refresh
from monitor.judge.deadlines import Clock, clock_of, rotated_at, rule_for
from monitor.judge.wording import OUT_OF_CREDIT, extend, sentence
from monitor.model import (
    Confidence,
    Evidence,
    Need,
    Observation,
    Policy,
    ProbeResult,
    Problem,
    Remembered,
    Rule,
    State,
    Verdict,
    Weight,
)

#: Problems that leave nothing to judge; the others are worth a word only.
BLINDING: Final = frozenset(Problem) - {
    Problem.NOT_FOUND,
    Problem.KEYCHAIN,
    Problem.ENCRYPTED,
    Problem.MIGRATION_PENDING,
    Problem.STALE_COPY,
}


class Decision(NamedTuple):
    """One row of the table, with its reason in words."""

    rule: Rule
    state: State
    need: Need
    why: str
    step: timedelta | None = None


def evaluate(
    seen: Observation, known: Remembered | None, policy: Policy, now: datetime, proof: ProbeResult | None = None
) -> Verdict:
    """What `seen` means at `now` by itself; what others of its provider change is `redundancy`'s.

    `known` is the history of its key, `proof` what its provider told of this login. `until` is the first later moment
    at which the answer could differ.
    """
    return probe_answers.laid(
        _evaluated(probe_answers.informed(seen, proof, now), known, policy, now, proof), proof, now
    )


def _evaluated(
    seen: Observation, known: Remembered | None, policy: Policy, now: datetime, proof: ProbeResult | None
) -> Verdict:
    clock = clock_of(seen, known, policy, now)
    overused_at = refresh.overused_at(seen, known, now)
    unrenewed_at = refresh.unrenewed_at(seen, overused_at, now)
    fixed = _by_evidence(seen) or _by_proof(seen, proof, now)
    row = fixed or _by_clock(seen, clock, unrenewed_at, now)
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
        rule=row.rule,
        overused_at=overused_at,
    )
    if fixed:
        return _noted(verdict)
    stalled_at = refresh.stalled_at(seen, known, overused_at, now)
    verdict = _stalled(verdict, known, now) if stalled_at and stalled_at <= now else verdict
    ends = (seen.access_expires_at, seen.login_expires_at, seen.use.unusable_until)
    until = clock.until(now, *ends, unrenewed_at, stalled_at)
    return _noted(_rested(verdict, now)._replace(until=until))


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


def _by_evidence(seen: Observation) -> Decision | None:
    """The rows that no clock changes; None where the clocks decide."""
    if seen.problem and blinded(seen):
        return Decision(Rule.UNREADABLE, State.UNKNOWN, Need.UNKNOWN, _PROBLEMS[seen.problem])
    return _EVIDENCE.get(seen.evidence)


def _by_proof(seen: Observation, proof: ProbeResult | None, now: datetime) -> Decision | None:
    why = probe_answers.refusal(seen, proof, now)
    return Decision(Rule.REJECTED, State.REFUSED, Need.NOW, why) if why else None


_EVIDENCE: Final = {
    Evidence.REFUSED: Decision(Rule.REJECTED, State.REFUSED, Need.NOW, "was rejected by the provider; log in again"),
    Evidence.BLANKED: Decision(Rule.BLANKED, State.EXPIRED, Need.NOW, "is logged out (tokens are empty)"),
    Evidence.UNUSABLE: Decision(
        Rule.REFUSED, State.MISSING, Need.NOW, "is there, but its own program refuses to use it"
    ),
    Evidence.ABSENT: Decision(Rule.ABSENT, State.MISSING, Need.NOW, "is missing"),
}

_PROBLEMS: Final = {
    Problem.UNREADABLE: "could not be read",
    Problem.PARSE: "could not be read: its store is not valid",
    Problem.EMPTY: "could not be read: its store is empty",
    Problem.LOCKED: "could not be read: its store is locked",
    Problem.TOO_LARGE: "could not be read: its store is too large",
    Problem.EXEC_FAILED: "could not be checked: its command failed",
    Problem.TIMEOUT: "could not be read in time",
    Problem.NOT_CHECKED: "is not checked any more",
    Problem.CRASHED: "could not be checked: its source failed",
}


def _by_clock(seen: Observation, clock: Clock, unrenewed_at: datetime | None, now: datetime) -> Decision:
    access, deadline, step = seen.access_expires_at, clock.deadline, clock.step(now)
    if deadline and clock.over(now):
        return Decision(Rule.ENDED, State.EXPIRED, Need.NOW, _ended(seen, clock, deadline))
    if access and access <= now:  # and something renews it: else the deadline would have come
        if unrenewed_at and unrenewed_at <= now:
            why = f"expired {moment(access)} and was used since, but was not refreshed"
            return Decision(Rule.UNRENEWED, State.EXPIRED, Need.NOW, why)
        why = "is idle: renews itself at the next use"
        if deadline and step:
            why = f"expires {moment(deadline)}; log in again before that"
        return Decision(Rule.IDLE, State.EXPIRED, Need.SOON if step else Need.NO, why, step)
    if deadline and step:
        latest = " at the latest" if clock.at_latest else ""
        why = f"expires {moment(deadline)}{latest}"
        return Decision(Rule.LEAD, State.EXPIRING, Need.SOON, why, step)
    if seen.evidence is Evidence.HIDDEN:
        why = "is stored where authwatch cannot read it (keychain, encrypted or a reference)"
        return Decision(Rule.HIDDEN, State.OPAQUE, Need.NO, why)
    if access is None and seen.login_expires_at is None:
        end = f"; expires {moment(deadline)} at the latest" if deadline else ""
        return Decision(Rule.ENDLESS, State.STATIC, Need.NO, f"has no expiry date{end}")
    if deadline:
        return Decision(Rule.FINE, State.OK, Need.NO, f"expires {moment(deadline)}")
    return Decision(Rule.FINE, State.OK, Need.NO, "renews itself")


def _ended(seen: Observation, clock: Clock, deadline: datetime) -> str:
    if clock.at_latest:
        return f"expired {moment(deadline)} at the latest, by the usual lifetime of its kind"
    if deadline == seen.access_expires_at:
        return f"expired {moment(deadline)} and does not renew itself"
    return f"expired {moment(deadline)}; it cannot be refreshed, log in again"


def _stalled(verdict: Verdict, known: Remembered | None, now: datetime) -> Verdict:
    """It was used well after its program usually renews it, and was not renewed: soon, though its access may work."""
    usual = refresh.rhythm(known.rotations) if known else None
    if verdict.needs_human not in (Need.NO, Need.SOON) or verdict.rotated_at is None or usual is None:
        return verdict
    used = "it was used since" if verdict.seen.use.session_at is None else "its program was used since"
    why = f"no longer renews itself (refresh stalled): usually every {span(usual.usual)}, "
    why += f"last {moment(verdict.rotated_at)}, and {used}"
    if verdict.needs_human is Need.NO:  # what the row says (fine, idle) is not so
        verdict = verdict._replace(because=(why,), summary=sentence(verdict.seen.credential, why))
    else:
        verdict = extend(verdict, why)
    weights = (*verdict.weights, Weight.STALLED)
    return verdict._replace(needs_human=Need.SOON, step=None, confidence=Confidence.ASSUMED, weights=weights)


def _rested(verdict: Verdict, now: datetime) -> Verdict:
    """Out of credit needs a person; a cooldown or a rate limit only makes it unusable for a while."""
    use = verdict.seen.use
    resting = use.unusable_until is not None and use.unusable_until > now
    if use.out_of_credit and (resting or use.unusable_until is None):
        if verdict.needs_human is not Need.NOW:
            verdict = extend(verdict, OUT_OF_CREDIT)
        weights = (*verdict.weights, Weight.CREDIT)
        return verdict._replace(needs_human=Need.NOW, usable=False, step=None, weights=weights)
    if resting and use.unusable_until:
        why = f"in cooldown until {moment(use.unusable_until)}"
        return extend(verdict, why)._replace(usable=False, weights=(*verdict.weights, Weight.REST))
    if use.out_of_credit and use.unusable_until and verdict.needs_human is not Need.NOW:
        why = f"out of credit until {moment(use.unusable_until)}, not tried since"
        return extend(verdict, why)._replace(confidence=Confidence.UNVERIFIED)
    return verdict


def _noted(verdict: Verdict) -> Verdict:
    """What else `explain` should say: the source's notes and a problem that hides nothing."""
    seen = verdict.seen
    more = seen.notes
    if seen.problem and not blinded(seen):
        more = (*more, f"problem: {seen.problem}")
    return verdict._replace(because=(*verdict.because, *more))


def _confidence(seen: Observation, state: State, known: Remembered | None) -> Confidence:
    if known and known.proven:
        return Confidence.PROVEN
    unseen = state in (State.STATIC, State.OPAQUE) or seen.evidence is Evidence.HIDDEN
    return Confidence.UNVERIFIED if unseen else Confidence.ASSUMED
