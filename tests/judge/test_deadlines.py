"""Deadlines, lead steps, assumed lifetimes and the next moment that counts."""

from datetime import date

import pytest

from monitor.judge.evaluate import evaluate
from monitor.model import Evidence, Kind, Need, Policy, PolicyRule, State, Use
from tests.judge.worlds import DAY, HOUR, NOW, POLICY, at, login, memory, oauth, ruled, token

OVERUSED = oauth(access=-5 * HOUR, end=None, use=Use(last_used_at=at(-3 * HOUR)))
UNTIL = [
    (OVERUSED, memory(OVERUSED, overused_at=at(-HOUR / 4)), HOUR * 3 / 4),
    (OVERUSED, None, HOUR),
    (oauth(access=6 * HOUR), None, 6 * HOUR),
    (oauth(access=-HOUR, end=20 * DAY), None, 13 * DAY),
    (token(access=8 * DAY), None, DAY),
    (token(access=4 * DAY), None, DAY),
    (token(access=12 * HOUR), None, 12 * HOUR),
    (token(access=30 * DAY, use=Use(unusable_until=at(HOUR))), None, HOUR),
    (token(access=-HOUR), None, None),
    (login(), None, None),
    (login(evidence=Evidence.ABSENT), None, None),
]


@pytest.mark.parametrize(("seen", "past", "wait"), UNTIL)
def test_until_is_the_next_moment_that_counts(seen, past, wait):
    assert evaluate(seen, past, POLICY, NOW).until == at(wait)


@pytest.mark.parametrize(
    ("left", "step"), [(8 * DAY, None), (7 * DAY, 7 * DAY), (3 * DAY + HOUR, 7 * DAY), (3 * DAY, 3 * DAY), (HOUR, DAY)]
)
def test_the_step_is_the_shortest_that_the_time_left_fits_into(left, step):
    assert evaluate(token(access=left), None, POLICY, NOW).step == step


DEADLINES = [
    (oauth(access=HOUR, end=DAY), DAY),
    (oauth(access=2 * DAY, end=DAY), 2 * DAY),
    (oauth(access=HOUR, end=None), None),
    (token(access=HOUR), HOUR),
    (login(access_expires_at=at(HOUR)), HOUR),
    (oauth(access=HOUR, end=DAY, refreshable=False), HOUR),
    (oauth(access=None, end=DAY), DAY),
    (login(), None),
]


@pytest.mark.parametrize(("seen", "deadline"), DEADLINES)
def test_the_deadline_is_when_a_person_must_have_acted(seen, deadline):
    assert evaluate(seen, None, POLICY, NOW).deadline == at(deadline)


def test_lead_steps_over_a_third_of_a_known_lifetime_do_not_apply():
    session = token(access=8 * HOUR, lifetime=12 * HOUR)
    assert evaluate(session, None, POLICY, NOW).state is State.OK
    assert evaluate(session, None, ruled(lead=(4 * HOUR, 5 * HOUR)), NOW).until == at(4 * HOUR)
    by_rule = evaluate(session._replace(lifetime=None), None, ruled(lifetime=12 * HOUR), NOW)
    assert by_rule.state is State.OK


def test_the_first_rule_all_of_whose_labels_match_decides():
    policy = Policy(
        rules=(
            PolicyRule({"provider": "anthropic", "kind": "oauth"}, lead=(DAY,)),
            PolicyRule({"provider": "anthropic"}, lead=(40 * DAY,)),
            PolicyRule({"agent": "main"}, watch=False),
        )
    )
    assert evaluate(token(), None, policy, NOW).needs_human is Need.SOON
    assert evaluate(oauth(end=2 * DAY), None, policy, NOW).needs_human is Need.NO
    assert evaluate(token("openai:x"), None, policy, NOW).ignored


YEAR = 365 * DAY
SETUP = login(kind=Kind.TOKEN, refreshable=False)
LIFETIMES = [
    # rule, memory, deadline
    (ruled(lifetime=YEAR), None, YEAR),
    (ruled(lifetime=YEAR), memory(SETUP, first_seen_at=at(-100 * DAY)), 265 * DAY),
    (ruled(lifetime=YEAR), memory(SETUP, first_seen_at=at(-100 * DAY), fingerprint_since=at(-DAY)), 364 * DAY),
    (ruled(lifetime=YEAR), memory(SETUP._replace(fingerprint="old")), YEAR),
    (ruled(lifetime=YEAR), memory(SETUP._replace(fingerprint="old"), comparable=False), YEAR - 9 * DAY),
    (ruled(lifetime=YEAR, issued=date(2026, 11, 20)), memory(SETUP), YEAR - 2 * DAY - 13 * HOUR),
    (
        ruled(lifetime=YEAR, issued=date(2026, 3, 1)),
        memory(SETUP, fingerprint_since=at(-DAY), rotated_at=at(-DAY)),
        YEAR - DAY,
    ),
    (ruled(issued=date(2026, 3, 1)), None, None),
]


@pytest.mark.parametrize(("policy", "past", "deadline"), LIFETIMES)
def test_an_assumed_lifetime_counts_per_fingerprint_or_from_the_given_day(policy, past, deadline):
    verdict = evaluate(SETUP, past, policy, NOW)
    assert verdict.deadline == at(deadline)
    assert verdict.state is State.STATIC


def test_an_assumed_lifetime_says_at_the_latest_before_and_after_its_end():
    policy = ruled(lifetime=YEAR, issued=date(2025, 11, 25))
    soon = evaluate(SETUP, None, policy, NOW)
    assert (soon.state, soon.needs_human, soon.step) == (State.EXPIRING, Need.SOON, 3 * DAY)
    assert "Wed 25 Nov 2026, 00:00 UTC at the latest" in soon.summary
    over = evaluate(SETUP, None, policy, NOW + 4 * DAY)
    assert (over.state, over.needs_human) == (State.EXPIRED, Need.NOW)
    assert "at the latest" in over.summary


def test_a_lifetime_in_the_policy_does_not_touch_what_states_its_own_end():
    assert evaluate(token(), None, ruled(lifetime=YEAR), NOW).deadline == at(30 * DAY)


def test_a_lifetime_beyond_the_calendar_gives_no_deadline():
    assert evaluate(SETUP, None, ruled(lifetime=9**9 * DAY), NOW).deadline is None
    assert evaluate(token(), None, ruled(lead=(9**7 * DAY,)), NOW).needs_human is Need.SOON
