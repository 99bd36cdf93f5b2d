"""What a provider's word does to a verdict, and what it does not: a table of cases for the judge."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.judge.evaluate import evaluate
from monitor.judge.explain import why_so_sure
from monitor.judge.judge import judge
from monitor.model import (
    Answer,
    Confidence,
    Credential,
    Evidence,
    Kind,
    Need,
    Observation,
    Policy,
    ProbeResult,
    State,
    Use,
    Verdict,
)

NOW = datetime(2027, 3, 1, 12, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
WHO = Credential("openclaw", "main", "anthropic", "anthropic:default", Kind.API_KEY)
KEY = Observation(WHO, refreshable=False, fingerprint="print")
ASKED = ProbeResult(Answer.VALID, NOW - HOUR / 2, HOUR, valid_at=NOW - HOUR / 2, providers=("anthropic",))
REFUSED = ASKED._replace(answer=Answer.INVALID, valid_at=None, refusals=2)


def judged(seen: Observation, proof: ProbeResult) -> Verdict:
    (verdict,) = judge([seen], {}, Policy(), NOW, proofs={"print": proof}).verdicts
    return verdict


def ends(**more: Any) -> Observation:
    return KEY._replace(**more)


CASES: list[tuple[str, Observation, ProbeResult, State, Need, Confidence]] = [
    ("valid", KEY, ASKED, State.STATIC, Need.NO, Confidence.PROVEN),
    ("valid, long ago", KEY, ASKED._replace(at=NOW - 2 * HOUR, valid_at=NOW - 2 * HOUR), State.STATIC, Need.NO,
     Confidence.UNVERIFIED),
    ("valid, now unreachable", KEY, ASKED._replace(answer=Answer.UNREACHABLE), State.STATIC, Need.NO, Confidence.PROVEN),
    ("refused twice", KEY, REFUSED, State.REFUSED, Need.NOW, Confidence.PROVEN),
    ("refused twice, now unreachable", KEY, REFUSED._replace(answer=Answer.UNREACHABLE), State.REFUSED, Need.NOW,
     Confidence.PROVEN),
    ("ran out, twice", KEY, REFUSED._replace(answer=Answer.EXPIRED), State.REFUSED, Need.NOW, Confidence.PROVEN),
    ("refused once", KEY, REFUSED._replace(refusals=1), State.STATIC, Need.NO, Confidence.UNVERIFIED),
    ("refused, but that is long ago", KEY, REFUSED._replace(at=NOW - 2 * HOUR), State.STATIC, Need.NO,
     Confidence.UNVERIFIED),
    ("another secret was refused", ends(fingerprint="other"), REFUSED, State.STATIC, Need.NO, Confidence.UNVERIFIED),
    ("refused for another provider", ends(credential=WHO._replace(provider="openai")), REFUSED, State.STATIC, Need.NO,
     Confidence.UNVERIFIED),
    ("another access token was refused", ends(access_expires_at=NOW + DAY * 30, refreshable=True), REFUSED, State.OK,
     Need.NO, Confidence.ASSUMED),
    ("its access token was refused", ends(access_expires_at=NOW + DAY * 30, refreshable=True),
     REFUSED._replace(access_expires_at=NOW + DAY * 30), State.REFUSED, Need.NOW, Confidence.PROVEN),
    ("ended by its file, whatever is said", ends(access_expires_at=NOW - HOUR), ASKED, State.EXPIRED, Need.NOW,
     Confidence.ASSUMED),
    ("blanked, whatever is said", ends(evidence=Evidence.BLANKED), ASKED, State.EXPIRED, Need.NOW, Confidence.ASSUMED),
    ("rejected by its store, whatever is said", ends(evidence=Evidence.REFUSED), ASKED, State.REFUSED, Need.NOW,
     Confidence.ASSUMED),
    ("forbidden", KEY, ASKED._replace(answer=Answer.FORBIDDEN, valid_at=None), State.STATIC, Need.NO,
     Confidence.UNVERIFIED),
    ("no credit", KEY, ASKED._replace(answer=Answer.OUT_OF_CREDIT, broke=True), State.STATIC, Need.NOW,
     Confidence.PROVEN),
    ("no credit, and not paid for long", KEY, ASKED._replace(broke=True, valid_at=None, at=NOW - 3 * HOUR), State.STATIC,
     Need.NO, Confidence.UNVERIFIED),
    ("ends soon, as it is told", KEY, ASKED._replace(expires_at=NOW + 2 * DAY), State.EXPIRING, Need.SOON,
     Confidence.PROVEN),
    ("ended, as it was told", KEY, ASKED._replace(expires_at=NOW - DAY), State.EXPIRED, Need.NOW, Confidence.ASSUMED),
    ("ends by its file, whatever is told", ends(access_expires_at=NOW + 30 * DAY),
     ASKED._replace(access_expires_at=NOW + 30 * DAY, expires_at=NOW + 2 * DAY), State.OK, Need.NO, Confidence.PROVEN),
]  # fmt: skip


@pytest.mark.parametrize(
    ("seen", "proof", "state", "need", "confidence"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_provider_s_word(seen, proof, state, need, confidence) -> None:
    """A provider's word in the truth table."""
    verdict = judged(seen, proof)
    assert (verdict.state, verdict.needs_human, verdict.confidence) == (state, need, confidence), verdict.because


def test_a_cooldown_of_the_store_and_missing_credit_go_together() -> None:
    """Missing credit counts while a cooldown runs and after it."""
    broke = ASKED._replace(answer=Answer.OUT_OF_CREDIT, broke=True)
    for until in (NOW - HOUR, NOW + HOUR):
        verdict = judged(ends(use=Use(unusable_until=until)), broke)
        assert (verdict.needs_human, verdict.usable) == (Need.NOW, False)


def test_it_is_said_why_it_is_sure() -> None:
    """`explain` names the provider's word as what makes it sure."""
    assert why_so_sure(judged(KEY, ASKED)) == "its provider accepted it Mon 1 Mar 2027, 11:30 UTC"
    assert "rejected it twice in a row" in why_so_sure(judged(KEY, REFUSED))
    assert "the provider was asked" in why_so_sure(judged(ends(access_expires_at=NOW - HOUR), ASKED))


def test_what_was_said_is_a_reason_and_advice_stands_in_the_sentence() -> None:
    """What was said is a reason; the advice about a token in the wrong hands stands in the sentence too."""
    verdict = judged(KEY, ASKED._replace(note="keep it there"))
    assert verdict.because[-1] == "anthropic was asked Mon 1 Mar 2027, 11:30 UTC: valid"
    assert "keep it there" in verdict.summary
    verdict = judged(KEY, ASKED._replace(answer=Answer.FORBIDDEN, note="not for lists", credit="5.00 USD left"))
    assert verdict.because[-1].endswith("forbidden (not for lists), 5.00 USD left")


PROOFS = st.builds(
    lambda *given: ProbeResult(*given, providers=("anthropic",)),
    st.sampled_from(list(Answer)),
    st.datetimes(datetime(2027, 2, 1), datetime(2027, 3, 1, 12)).map(lambda at: at.replace(tzinfo=UTC)),
    st.timedeltas(HOUR, 3 * DAY),
    st.none() | st.just(NOW + DAY),
    st.integers(0, 3),
    st.none() | st.just(NOW - HOUR),
    st.booleans(),
    st.none() | st.just(NOW + DAY) | st.just(NOW - DAY),
)


@given(PROOFS, st.none() | st.just(NOW + DAY), st.booleans())
def test_nothing_changes_before_until(proof: ProbeResult, access: datetime | None, refreshable: bool) -> None:
    """Until `until`, and no longer, the answer stands; a word never makes a login of the file's better than it was."""
    seen = ends(access_expires_at=access, refreshable=refreshable)
    verdict = evaluate(seen, None, Policy(), NOW, proof)
    assert verdict.until is None or verdict.until > NOW
    end = verdict.until or NOW + 400 * DAY
    for moment in (NOW + (end - NOW) * share for share in (0.3, 0.7, 0.99)):
        later = evaluate(seen, None, Policy(), moment, proof)
        assert (later.state, later.needs_human, later.confidence) == (
            verdict.state, verdict.needs_human, verdict.confidence
        )  # fmt: skip
