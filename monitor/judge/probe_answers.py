"""What a provider's own word changes: an end that no file states, missing credit, a login that is refused or proven."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from alerts.dataclass import replace
from alerts.timefmt import moment
from monitor.judge.deadlines import earliest
from monitor.judge.wording import extend
from monitor.model import Confidence, Observation, State, Verdict
from monitor.proof import FOR_GOOD, TWICE, Answer, Proof

_REFUSALS = (Answer.INVALID, Answer.EXPIRED)
_SHOWN = (State.OK, State.EXPIRING, State.STATIC)


def proof_of(seen: Observation, proofs: Mapping[str, Proof]) -> Proof | None:
    """What was told of this very login; refusals of another access token than it has now do not count."""
    proof = proofs.get(seen.fingerprint or "")
    if proof is None or seen.credential.provider not in proof.providers:
        return None
    return proof if proof.access_expires_at == seen.access_expires_at else replace(proof, refusals=0)


def informed(seen: Observation, proof: Proof | None, now: datetime) -> Observation:
    """The observation with the end that its provider told, where the file states none, and with missing credit."""
    if proof is None:
        return seen
    if proof.expires_at and not (seen.access_expires_at or seen.login_expires_at):
        seen = replace(seen, login_expires_at=proof.expires_at)
    if proof.broke and now < proof.lapses_at:
        rest = seen.use.unusable_until
        use = replace(seen.use, out_of_credit=True, unusable_until=rest if rest and rest > now else None)
        seen = replace(seen, use=use)
    return seen


def refusal(seen: Observation, proof: Proof | None, now: datetime) -> str | None:
    """Why it counts as refused, in words; None where it does not."""
    if proof is None or not proof.refused(now):
        return None
    who, why = seen.credential.provider, f": {proof.note}" if proof.note and proof.answer in _REFUSALS else ""
    if proof.answer is Answer.EXPIRED:
        return f"has expired: {who} said so twice in a row when it was asked"
    return f"was refused by {who} twice in a row when it was asked{why}"


def laid(verdict: Verdict, proof: Proof | None, now: datetime) -> Verdict:
    """The verdict with what was told beside it: as a reason, as confidence, and as a moment when it lapses.

    It never mends what the file says: a login that ended by its own file stays ended.
    """
    if proof is None:
        return verdict
    proven = proof.proven_until is not None and now < proof.proven_until
    counts = (proof.refusals >= TWICE or proof.broke) and now < proof.lapses_at
    ends = [proof.proven_until if proven else None, proof.lapses_at if counts else None]
    until = earliest((verdict.until, *ends)) if proof.every < FOR_GOOD else verdict.until
    verdict = replace(verdict, proof=proof, until=until)
    if (proven and verdict.state in _SHOWN) or refusal(verdict.seen, proof, now) in verdict.because:
        verdict = replace(verdict, confidence=Confidence.PROVEN)
    if proven and proof.answer is Answer.VALID and proof.note:
        verdict = extend(verdict, proof.note)
    return replace(verdict, because=(*verdict.because, _in_words(verdict, proof)))


def _in_words(verdict: Verdict, proof: Proof) -> str:
    said = f"{verdict.seen.credential.provider} was asked {moment(proof.at)}: {proof.answer}"
    if proof.note and proof.answer is not Answer.VALID:
        said += f" ({proof.note})"
    if proof.answer in _REFUSALS and proof.refusals < TWICE:
        said += ", once; a second time in a row would count"
    return f"{said}, {proof.credit}" if proof.credit else said
