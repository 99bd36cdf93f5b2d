"""What providers told when asked: what is remembered of it, when to ask again, what it changes of a verdict."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any, Final

from alerts.timefmt import moment
from monitor.judge.deadlines import earliest
from monitor.judge.wording import extend
from monitor.model import FOR_GOOD, TWICE, Answer, AnswerMeaning, Confidence, Observation, ProbeResult, State, Verdict

HOUR: Final = timedelta(hours=1)
#: No login is asked about more often.
LEAST: Final = HOUR
#: How much later than its interval a login may be asked about, so that not all of them are at once.
JITTER: Final = 0.1

_ALIVE: Final = (Answer.VALID, Answer.FORBIDDEN, Answer.OUT_OF_CREDIT)
_REFUSALS = (Answer.INVALID, Answer.EXPIRED)
_SHOWN = (State.OK, State.EXPIRING, State.STATIC)


def proof_of(seen: Observation, proofs: Mapping[str, ProbeResult]) -> ProbeResult | None:
    """What was told of this very login; refusals of another access token than it has now do not count."""
    proof = proofs.get(seen.fingerprint or "")
    if proof is None or seen.credential.provider not in proof.providers:
        return None
    return proof if proof.access_expires_at == seen.access_expires_at else proof._replace(refusals=0)


def informed(seen: Observation, proof: ProbeResult | None, now: datetime) -> Observation:
    """The observation with the end that its provider told, where the file states none, and with missing credit."""
    if proof is None:
        return seen
    if proof.expires_at and not (seen.access_expires_at or seen.login_expires_at):
        seen = seen._replace(login_expires_at=proof.expires_at)
    if proof.broke and now < proof.lapses_at:
        rest = seen.use.unusable_until
        use = seen.use._replace(out_of_credit=True, unusable_until=rest if rest and rest > now else None)
        seen = seen._replace(use=use)
    return seen


def refusal(seen: Observation, proof: ProbeResult | None, now: datetime) -> str | None:
    """Why it counts as refused, in words; None where it does not."""
    if proof is None or not proof.refused(now):
        return None
    who, why = seen.credential.provider, f": {proof.note}" if proof.note and proof.answer in _REFUSALS else ""
    if proof.answer is Answer.EXPIRED:
        return f"has expired: {who} said so twice in a row"
    return f"was rejected by {who} twice in a row{why}"


def laid(verdict: Verdict, proof: ProbeResult | None, now: datetime) -> Verdict:
    """The verdict with what was told beside it: as a reason, as confidence, and as a moment when it lapses.

    It never mends what the file says: a login that ended by its own file stays ended.
    """
    if proof is None:
        return verdict
    proven = proof.proven_until is not None and now < proof.proven_until
    counts = (proof.refusals >= TWICE or proof.broke) and now < proof.lapses_at
    ends = [proof.proven_until if proven else None, proof.lapses_at if counts else None]
    until = earliest((verdict.until, *ends)) if proof.every < FOR_GOOD else verdict.until
    verdict = verdict._replace(proof=proof, until=until)
    if (proven and verdict.state in _SHOWN) or refusal(verdict.seen, proof, now) in verdict.because:
        verdict = verdict._replace(confidence=Confidence.PROVEN)
    if proven and proof.answer is Answer.VALID and proof.note:
        verdict = extend(verdict, proof.note)
    return verdict._replace(because=(*verdict.because, _in_words(verdict, proof)))


def _in_words(verdict: Verdict, proof: ProbeResult) -> str:
    said = f"{verdict.seen.credential.provider} was asked {moment(proof.at)}: {proof.answer}"
    if proof.note and proof.answer is not Answer.VALID:
        said += f" ({proof.note})"
    if proof.answer in _REFUSALS and proof.refusals < TWICE:
        said += ", once; a second time in a row would count"
    return f"{said}, {proof.credit}" if proof.credit else said


def learned(
    before: ProbeResult | None,
    told: AnswerMeaning,
    *,
    access_expires_at: datetime | None,
    every: timedelta,
    now: datetime,
    keys: tuple[str, ...] = (),
    providers: tuple[str, ...] = (),
) -> ProbeResult:
    """What is remembered after an answer. The refusals of another access token of the login do not count."""
    new = ProbeResult(told.answer, now, every, access_expires_at, note=told.note, keys=keys, providers=providers)
    if before:
        kept: dict[str, Any] = {name: getattr(before, name) for name in ("noted", "expires_at", "valid_at", "broke")}
        same = before.access_expires_at == access_expires_at
        new = new._replace(**kept, refusals=before.refusals if same else 0, credit=told.credit or before.credit)
    if told.answer in _REFUSALS:
        return new._replace(refusals=new.refusals + 1, valid_at=None)
    if told.answer not in _ALIVE:
        return new
    new = new._replace(
        refusals=0,
        broke=told.answer is Answer.OUT_OF_CREDIT or (new.broke and told.answer is not Answer.VALID),
    )
    if told.answer is Answer.FORBIDDEN:
        return new
    valid_at = now if told.answer is Answer.VALID else new.valid_at
    return new._replace(valid_at=valid_at, expires_at=told.expires_at, credit=told.credit)


def due(
    proofs: Mapping[str, ProbeResult],
    fingerprint: str,
    keys: tuple[str, ...],
    access_expires_at: datetime | None,
    every: timedelta,
    *,
    eager: bool = False,
) -> datetime | None:
    """When a login is to be asked about; None: it never was, so at once. `eager`: a person wants to know.

    A first refusal and an answer that says nothing are followed up after an hour, and so is another secret under the
    same key, unless a person asks: no check asks about a key more often than hourly, whatever its program does.
    """
    known = proofs.get(fingerprint)
    if known is None:
        if eager:
            return None
        others = [one.at + LEAST for one in proofs.values() if set(keys) & set(one.keys)]
        return max(others, default=None)
    unsure = known.refusals == 1 or known.answer is Answer.UNREACHABLE or known.access_expires_at != access_expires_at
    wait = LEAST if unsure else max(every, LEAST)
    from zlib import crc32

    share = crc32(fingerprint.encode()) / 0xFFFFFFFF
    return known.at + wait * (1 + JITTER * share)
