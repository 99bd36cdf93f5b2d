"""The truth table row by row, and what holds for every observation."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.judge.evaluate import evaluate
from monitor.model import Confidence, Evidence, Kind, Need, Problem, State, Use
from tests.judge.worlds import (
    DAY,
    HOUR,
    NOW,
    POLICY,
    at,
    login,
    memories,
    memory,
    oauth,
    observations,
    policies,
    token,
)

OVERUSED = oauth(access=-5 * HOUR, end=None, use=Use(last_used_at=at(-3 * HOUR)))

ROWS = [
    # what was seen, what was known of it, state, needs_human
    ("a store that cannot be understood", oauth(problem=Problem.PARSE), None, "unknown", "unknown"),
    ("a command that failed", login(problem=Problem.EXEC_FAILED), None, "unknown", "unknown"),
    ("a read store without a login", login(evidence=Evidence.ABSENT, problem=Problem.EMPTY), None, "missing", "now"),
    ("a rejected login", oauth(evidence=Evidence.REFUSED), None, "refused", "now"),
    ("a rejected login that is blanked too", oauth(evidence=Evidence.REFUSED, access=None), None, "refused", "now"),
    ("empty tokens", oauth(access=None, end=20 * DAY, evidence=Evidence.BLANKED), None, "expired", "now"),
    ("what its program refuses to use", oauth(evidence=Evidence.UNUSABLE), None, "missing", "now"),
    ("what is expected and not there", login(evidence=Evidence.ABSENT), None, "missing", "now"),
    ("a keychain", login(evidence=Evidence.HIDDEN), None, "opaque", "no"),
    (
        "a keychain beside a readable file",
        login(evidence=Evidence.HIDDEN, problem=Problem.KEYCHAIN),
        None,
        "opaque",
        "no",
    ),
    ("a hidden token that still states its end", token(access=-HOUR, evidence=Evidence.HIDDEN), None, "expired", "now"),
    ("a token that ran out", token(access=-HOUR), None, "expired", "now"),
    ("a token at its very end", token(access=timedelta(0)), None, "expired", "now"),
    ("a date by hand that has come", login(access_expires_at=at(-DAY), kind=Kind.MANUAL), None, "expired", "now"),
    ("access and login over", oauth(access=-2 * HOUR, end=-HOUR), None, "expired", "now"),
    ("a login over whose access still works", oauth(access=HOUR, end=-HOUR), None, "expiring", "soon"),
    ("a login over without an access expiry", oauth(access=None, end=-HOUR), None, "expired", "now"),
    ("access over and used since, an hour ago", OVERUSED, memory(OVERUSED, overused_at=at(-HOUR)), "expired", "now"),
    ("the same within the hour", OVERUSED, memory(OVERUSED, overused_at=at(-HOUR / 2)), "expired", "no"),
    ("the same at first sight", OVERUSED, None, "expired", "no"),
    (
        "the same on another login",
        OVERUSED,
        memory(OVERUSED._replace(fingerprint="other"), overused_at=at(-2 * HOUR)),
        "expired",
        "no",
    ),
    (
        "the same before the last renewal",
        OVERUSED,
        memory(OVERUSED, overused_at=at(-9 * DAY)),
        "expired",
        "no",
    ),
    (
        "the same, remembered under another key",
        OVERUSED,
        memory(OVERUSED, overused_at=at(-HOUR), comparable=False),
        "expired",
        "no",
    ),
    ("access at its very end, refreshable", oauth(access=timedelta(0), end=None), None, "expired", "no"),
    ("access over, refreshable, idle", oauth(access=-2 * HOUR, end=None), None, "expired", "no"),
    ("the same, its login far from over", oauth(access=-2 * HOUR), None, "expired", "no"),
    ("the same, its login nearly over", oauth(access=-2 * HOUR, end=2 * DAY), None, "expired", "soon"),
    ("a login that ends within a step", oauth(end=2 * DAY), None, "expiring", "soon"),
    ("a token at the very entry of the first step", token(access=7 * DAY), None, "expiring", "soon"),
    ("a token just before it", token(access=7 * DAY + timedelta(seconds=1)), None, "ok", "no"),
    (
        "an access end before a login's end that nothing bridges",
        oauth(access=DAY, refreshable=False),
        None,
        "expiring",
        "soon",
    ),
    ("no expiry", login(), None, "static", "no"),
    ("no expiry, refreshable", oauth(access=None, end=None), None, "static", "no"),
    ("a login far from over", oauth(), None, "ok", "no"),
    ("refreshable without a known end", oauth(end=None, access=HOUR), None, "ok", "no"),
    ("out of credit", oauth(use=Use(out_of_credit=True)), None, "ok", "now"),
    ("out of credit, for a while", login(use=Use(out_of_credit=True, unusable_until=at(HOUR))), None, "static", "now"),
    (
        "out of credit, that while over",
        login(use=Use(out_of_credit=True, unusable_until=at(-HOUR))),
        None,
        "static",
        "no",
    ),
    ("a cooldown", oauth(use=Use(unusable_until=at(HOUR))), None, "ok", "no"),
    ("a stale copy that can be read", oauth(problem=Problem.STALE_COPY), None, "ok", "no"),
]


@pytest.mark.parametrize(("seen", "past", "state", "need"), [row[1:] for row in ROWS], ids=[row[0] for row in ROWS])
def test_each_row_of_the_table_gives_its_state_and_its_need(seen, past, state, need):
    verdict = evaluate(seen, past, POLICY, NOW)
    assert (verdict.state, verdict.needs_human) == (state, need)


@pytest.mark.parametrize(
    ("seen", "past", "confidence"),
    [
        (oauth(), None, Confidence.ASSUMED),
        (oauth(), memory(oauth(), proven=True), Confidence.PROVEN),
        (login(), None, Confidence.UNVERIFIED),
        (login(evidence=Evidence.HIDDEN), None, Confidence.UNVERIFIED),
        (login(), memory(login(), proven=True), Confidence.PROVEN),
    ],
)
def test_confidence_says_what_stands_behind_a_verdict(seen, past, confidence):
    assert evaluate(seen, past, POLICY, NOW).confidence is confidence


def test_usable_is_what_works_now_and_does_not_rest():
    usable = {
        "fresh": oauth(),
        "idle": oauth(access=-HOUR),
        "soon over": oauth(end=DAY),
        "rested": oauth(use=Use(unusable_until=NOW)),
    }
    useless = {
        "resting": oauth(use=Use(unusable_until=at(HOUR))),
        "broke": oauth(use=Use(out_of_credit=True)),
        "over": token(access=-HOUR),
        "unread": oauth(problem=Problem.LOCKED),
        "refused": oauth(evidence=Evidence.REFUSED),
    }
    assert [name for name, seen in usable.items() if not evaluate(seen, None, POLICY, NOW).usable] == []
    assert [name for name, seen in useless.items() if evaluate(seen, None, POLICY, NOW).usable] == []


def test_a_renewal_is_dated_by_the_look_that_shows_it():
    old = oauth(access=-HOUR)
    past = memory(old, rotated_at=at(-DAY))
    assert evaluate(old, past, POLICY, NOW).rotated_at == at(-DAY)
    assert evaluate(oauth(), past, POLICY, NOW).rotated_at == NOW
    assert evaluate(old._replace(fingerprint="new"), past, POLICY, NOW).rotated_at == NOW
    assert evaluate(oauth(), past._replace(comparable=False), POLICY, NOW).rotated_at == at(-DAY)


def test_ignored_keeps_the_verdict_honest():
    verdict = evaluate(token(access=-HOUR), memory(token(), ignored=True), POLICY, NOW)
    assert verdict.ignored
    assert verdict.needs_human is Need.NOW


@given(observations, st.one_of(st.none(), memories), policies, st.data())
def test_nothing_changes_between_a_look_and_its_until(seen, past, policy, data):
    first = evaluate(seen, past, policy, NOW)
    assert first.until is None or first.until > NOW
    span = (first.until - NOW) if first.until else 1000 * DAY
    later = NOW + span * data.draw(st.floats(0, 1, exclude_max=True)) if span else NOW
    if first.until is None or later < first.until:
        second = evaluate(seen, past, policy, later)
        assert answers(second) == answers(first)


def answers(verdict):
    return verdict.state, verdict.needs_human, verdict.step, verdict.usable


@given(observations, st.one_of(st.none(), memories), policies)
def test_every_verdict_is_of_one_piece(seen, past, policy):
    verdict = evaluate(seen, past, policy, NOW)
    assert verdict.because
    assert verdict.summary.endswith(".")
    assert (verdict.needs_human is Need.UNKNOWN) == (verdict.state is State.UNKNOWN)
    assert verdict.step is None or verdict.needs_human is Need.SOON
    if verdict.usable:
        assert verdict.needs_human in (Need.NO, Need.SOON)
    if verdict.state in (State.OK, State.STATIC) and seen.access_expires_at:
        assert seen.access_expires_at > NOW
