"""A verdict names the row that decided and what was laid on it: the names agree with what the verdict says."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.judge.evaluate import evaluate
from monitor.judge.rules import ROWS, WEIGHTS
from monitor.model import Confidence, Evidence, Kind, Lineup, Need, Problem, Rule, State, Use, Weight
from tests.judge.worlds import (
    DAY,
    HOUR,
    NOW,
    POLICY,
    at,
    known,
    login,
    looked_at,
    memories,
    memory,
    oauth,
    observations,
    only,
    policies,
    token,
)

USED = oauth(access=-2 * HOUR, use=Use(last_used_at=at(-HOUR)))

#: what was seen, what was known, the row
CASES = {
    Rule.UNREADABLE: (login(problem=Problem.PARSE), None),
    Rule.REJECTED: (oauth(evidence=Evidence.REFUSED), None),
    Rule.BLANKED: (oauth(evidence=Evidence.BLANKED), None),
    Rule.REFUSED: (oauth(evidence=Evidence.UNUSABLE), None),
    Rule.ABSENT: (login(evidence=Evidence.ABSENT), None),
    Rule.ENDED: (token(access=-HOUR), None),
    Rule.UNRENEWED: (USED, memory(USED, overused_at=at(-HOUR))),
    Rule.IDLE: (oauth(access=-HOUR), None),
    Rule.LEAD: (oauth(end=2 * DAY), None),
    Rule.HIDDEN: (login(evidence=Evidence.HIDDEN), None),
    Rule.ENDLESS: (login(kind=Kind.API_KEY), None),
    Rule.FINE: (oauth(), None),
}


@pytest.mark.parametrize("ground", Rule)
def test_each_row_names_itself(ground: Rule) -> None:
    seen, before = CASES[ground]
    verdict = evaluate(seen, before, POLICY, NOW)
    assert verdict.rule is ground
    assert verdict.state == ROWS[ground].state
    assert verdict.weights == ()
    assert ROWS[ground].need.startswith(str(verdict.needs_human))


@given(observations, st.one_of(st.none(), memories), policies)
def test_the_row_and_the_weights_say_what_the_verdict_says(seen, before, policy) -> None:
    verdict = evaluate(seen, before, policy, NOW)
    assert verdict.state == ROWS[verdict.rule].state
    if not verdict.weights:
        allowed = {Need.NO, Need.SOON} if verdict.rule is Rule.IDLE else {verdict.needs_human}
        assert verdict.needs_human in allowed
        assert any(ROWS[verdict.rule].need.startswith(str(need)) for need in allowed)
    assert list(verdict.weights) == sorted(verdict.weights, key=list(Weight).index)


def test_every_row_and_weight_has_its_words() -> None:
    assert list(ROWS) == list(Rule)
    assert set(WEIGHTS) == set(Weight)


def test_what_others_change_is_laid_on_the_row() -> None:
    dead, good = token(access=-HOUR), token("anthropic:good")
    line = Lineup("openclaw", "main", "anthropic", (dead.credential.key, good.credential.key))
    found = {one.key: one for one in looked_at(dead, good, line).verdicts}
    spare = found[dead.credential.key]
    assert (spare.rule, spare.weights, spare.needs_human) == (Rule.ENDED, (Weight.REDUNDANT,), Need.SOON)
    unused = only(looked_at(dead, Lineup("openclaw", "main", "anthropic", (), in_use=False)))
    assert (unused.rule, unused.weights, unused.needs_human) == (Rule.ENDED, (Weight.UNUSED,), Need.NO)


def test_a_held_login_says_that_its_last_known_end_decided() -> None:
    seen = token(access=2 * DAY)
    verdict = only(looked_at(login(problem=Problem.PARSE), before=known(seen)))
    assert (verdict.rule, verdict.weights) == (Rule.UNREADABLE, (Weight.LAST_KNOWN,))


def test_a_login_that_is_gone_stands_on_its_absence() -> None:
    verdict = only(looked_at(before=(token(),)))
    assert (verdict.rule, verdict.vanished) == (Rule.ABSENT, True)


def test_what_was_out_of_credit_and_not_tried_since_is_unverified() -> None:
    use = Use(out_of_credit=True, unusable_until=at(-HOUR))
    verdict = evaluate(oauth(use=use), memory(oauth(), proven=True), POLICY, NOW)
    assert (verdict.needs_human, verdict.confidence) == (Need.NO, Confidence.UNVERIFIED)
    assert "not tried since" in verdict.summary


def test_a_profile_that_its_program_leaves_out_is_unused_although_its_provider_is_not() -> None:
    dead, good = token(access=-HOUR, use=Use(in_use=False)), token("anthropic:good")
    line = Lineup("openclaw", "main", "anthropic", (good.credential.key,))
    found = {one.key: one for one in looked_at(dead, good, line).verdicts}
    left = found[dead.credential.key]
    assert (left.needs_human, left.in_use, left.weights) == (Need.NO, False, (Weight.UNUSED,))
    assert "not in the order for anthropic" in left.summary
    assert left.state is State.EXPIRED
