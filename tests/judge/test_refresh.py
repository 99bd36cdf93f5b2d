"""Idle, used, stalled: what a login's own rhythm says, in tables and for every rhythm."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.judge.evaluate import evaluate
from monitor.judge.refresh import GRACE, Rhythm, due_at, in_question, overdue_since, rhythm
from monitor.model import Confidence, Evidence, Need, Observation, Remembered, Renewal, Rule, State, Use, Weight
from tests.judge.worlds import DAY, HOUR, NOW, POLICY, at, memory, oauth

MINUTE = timedelta(minutes=1)


def renewals(*gaps: timedelta, last: datetime = NOW, lifetime: timedelta | None = 8 * HOUR) -> tuple[Renewal, ...]:
    """Renewals with these gaps, the last one at `last`; each is good for `lifetime`."""
    moments = [last]
    for gap in reversed(gaps):
        moments.insert(0, moments[0] - gap)
    return tuple(Renewal("k", one, False, one + lifetime if lifetime else None, None) for one in moments)


def login(renewed: timedelta, lifetime: timedelta | None, used: timedelta | None, **more: object) -> Observation:
    """A login that was renewed so long ago, for so long, and used so long ago."""
    use = Use(last_used_at=None if used is None else NOW - used)
    access = None if lifetime is None else lifetime - renewed
    return oauth("anthropic:work", access=access, end=None, use=use, **more)


def history(seen: Observation, *gaps: timedelta, renewed: timedelta, **more: object) -> Remembered:
    """What is known of it after renewals with these gaps, the last so long ago."""
    ends = seen.access_expires_at
    lifetime = ends - (NOW - renewed) if ends else None
    past = renewals(*gaps, last=NOW - renewed, lifetime=lifetime)
    return memory(seen, rotations=past, rotated_at=NOW - renewed, proven=True, **more)


DAILY, CODEX = (8 * HOUR,) * 4, (8 * DAY,) * 4


@pytest.mark.parametrize(
    ("gaps", "usual", "spread"),
    [
        ((8 * HOUR,) * 3, 8 * HOUR, 0 * HOUR),
        ((8 * HOUR, 8 * HOUR, 14 * HOUR, 8 * HOUR, 62 * HOUR), 8 * HOUR, 0 * HOUR),
        ((6 * HOUR, 8 * HOUR, 10 * HOUR), 8 * HOUR, 2 * HOUR),
        ((6 * HOUR, 8 * HOUR, 10 * HOUR, 12 * HOUR), 9 * HOUR, 2 * HOUR),
    ],
)
def test_the_rhythm_is_the_median_gap_with_the_median_distance_from_it(gaps, usual, spread):
    found = rhythm(renewals(*gaps))
    assert found is not None
    assert (found.usual, found.spread, found.gaps) == (usual, spread, len(gaps))


@pytest.mark.parametrize("past", [(), renewals(), renewals(8 * HOUR, 8 * HOUR)])
def test_less_than_three_gaps_are_no_rhythm(past):
    assert rhythm(past) is None


def test_what_a_person_renewed_ends_no_gap():
    past = renewals(8 * HOUR, 8 * HOUR, 8 * HOUR, 20 * DAY)
    by_hand = (*past[:4], past[4]._replace(new_login=True))
    assert rhythm(by_hand) == rhythm(past[:4])
    assert rhythm((*by_hand[:3], past[3]._replace(new_login=True))) is None, "two gaps are left"


@pytest.mark.parametrize(
    ("gap", "lifetime", "early"),
    [(8 * DAY, 10 * DAY, 2 * DAY), (8 * HOUR, 8 * HOUR, 0 * HOUR), (30 * HOUR, 8 * HOUR, 0 * HOUR)],
)
def test_how_early_it_is_renewed_is_learned_and_never_negative(gap, lifetime, early):
    found = rhythm(renewals(gap, gap, gap, lifetime=lifetime))
    assert found is not None
    assert found.early == early


#: renewed so long ago, good for, used so long ago, usual gaps -> stalled
STALLS = [
    ("idle since long before it was due", 30 * DAY, 8 * HOUR, 29 * DAY + 18 * HOUR, DAILY, False),
    ("never used", 30 * DAY, 8 * HOUR, None, DAILY, False),
    ("used while it was good", 9 * HOUR, 8 * HOUR, 2 * HOUR, DAILY, False),
    ("used an hour after its end, no more than it ever was", 9 * HOUR, 8 * HOUR, 0 * HOUR, DAILY, False),
    ("used long after it was due", 20 * HOUR, 8 * HOUR, 3 * HOUR, DAILY, True),
    ("used by a program that renews early, near the end", 9 * DAY + 3 * HOUR, 10 * DAY, HOUR, CODEX, True),
    ("the same, a little late", 8 * DAY + 12 * HOUR, 10 * DAY, HOUR, CODEX, False),
    ("an uneven rhythm bears more", 20 * HOUR, 8 * HOUR, 0 * HOUR, (8 * HOUR, 30 * HOUR, 16 * HOUR, 50 * HOUR), False),
    ("a token that lives longer than the ones before", 20 * HOUR, 30 * DAY, HOUR, DAILY, False),
    ("without an end twice its usual age counts", 17 * HOUR, None, 0 * HOUR, DAILY, False),
    ("the same, later", 30 * HOUR, None, 0 * HOUR, DAILY, True),
    ("too few renewals", 20 * DAY, 30 * HOUR, HOUR, DAILY[:2], False),
]


@pytest.mark.parametrize(
    ("renewed", "lifetime", "used", "gaps", "stalled"), [row[1:] for row in STALLS], ids=[row[0] for row in STALLS]
)
def test_only_a_use_well_after_its_own_rhythm_stalls(renewed, lifetime, used, gaps, stalled):
    seen = login(renewed, lifetime, used)
    known = history(seen, *gaps, renewed=renewed, overused_at=NOW - 2 * HOUR)
    verdict = evaluate(seen._replace(use=Use(session_at=seen.use.last_used_at)), known, POLICY, NOW)
    assert (Weight.STALLED in verdict.weights) is stalled
    assert verdict.needs_human is (Need.SOON if stalled else Need.NO)
    assert (overdue_since(seen, known, NOW) is not None) is stalled


EARLY = login(9 * DAY + 3 * HOUR, 10 * DAY, HOUR)


def test_it_stalls_an_hour_after_the_use_was_first_seen_and_says_when_to_look_again():
    known = history(EARLY, *CODEX, renewed=9 * DAY + 3 * HOUR)
    first = evaluate(EARLY, known, POLICY, NOW)
    assert (first.needs_human, first.overused_at, first.until) == (Need.NO, NOW, NOW + GRACE)
    later = evaluate(EARLY, known._replace(overused_at=NOW), POLICY, NOW + GRACE)
    assert (later.needs_human, later.state, later.confidence) == (Need.SOON, State.OK, Confidence.ASSUMED)
    assert "refresh stalled" in later.summary
    assert "every 8 days" in later.summary


def test_a_renewal_that_this_very_look_sees_ends_it():
    known = history(EARLY, *CODEX, renewed=9 * DAY + 3 * HOUR, overused_at=at(-2 * HOUR))
    assert evaluate(EARLY, known, POLICY, NOW).needs_human is Need.SOON
    renewed = EARLY._replace(access_expires_at=at(10 * DAY), fingerprint="another")
    assert evaluate(renewed, known, POLICY, NOW).needs_human is Need.NO


def test_when_its_access_ends_a_stalled_login_stays_so_until_the_table_says_now():
    """From soon to now, without a moment of false calm between."""
    renewed = 9 * DAY + 3 * HOUR
    known = history(EARLY, *CODEX, renewed=renewed, overused_at=at(-2 * HOUR))
    used = EARLY._replace(use=Use(last_used_at=at(22 * HOUR)))
    needs = [
        evaluate(used if hour >= 22 else EARLY, known, POLICY, NOW + hour * HOUR).needs_human for hour in range(24)
    ]
    assert needs == [Need.SOON] * 22 + [Need.NOW] * 2


def test_a_hint_alone_is_never_more_than_soon():
    seen = login(20 * DAY, 8 * HOUR, None)._replace(use=Use(session_at=at(-HOUR)))
    known = history(seen, *DAILY, renewed=20 * DAY, overused_at=at(-9 * DAY))
    verdict = evaluate(seen, known, POLICY, NOW)
    assert (verdict.state, verdict.needs_human, verdict.rule) == (State.EXPIRED, Need.SOON, Rule.IDLE)
    assert evaluate(seen, known._replace(rotations=()), POLICY, NOW).needs_human is Need.NO, "no rhythm, no word"


def test_an_end_within_a_lead_step_keeps_its_words_and_gets_those_of_the_stall():
    seen = EARLY._replace(login_expires_at=at(2 * DAY))
    known = history(seen, *CODEX, renewed=9 * DAY + 3 * HOUR, overused_at=at(-2 * HOUR))
    verdict = evaluate(seen, known, POLICY, NOW)
    assert (verdict.needs_human, verdict.step) == (Need.SOON, None)
    assert "expires Tue 24 Nov" in verdict.summary
    assert "refresh stalled" in verdict.summary


@pytest.mark.parametrize(
    "more",
    [{"refreshable": False}, {"refreshable": None}, {"evidence": Evidence.HIDDEN}, {"fingerprint": "another"}],
    ids=str,
)
def test_what_nothing_renews_or_nobody_can_compare_has_no_rhythm_to_lose(more):
    known = history(EARLY, *CODEX, renewed=9 * DAY + 3 * HOUR, overused_at=at(-DAY))
    assert overdue_since(EARLY._replace(**more), known, NOW) is None
    assert overdue_since(EARLY, known._replace(comparable=False), NOW) is None


def test_only_a_late_use_asks_for_the_past():
    known = {EARLY.credential.key: history(EARLY, renewed=9 * DAY + 3 * HOUR)}
    assert in_question([EARLY], known) == {EARLY.credential.key}
    for calm in (Use(), Use(last_used_at=at(-5 * DAY)), Use(last_used_at=at(-40 * DAY))):
        assert in_question([EARLY._replace(use=calm)], known) == set()
    assert in_question([EARLY], {}) == set()


# -- for every rhythm ---------------------------------------------------------------------------------------------------

gaps = st.lists(st.timedeltas(min_value=5 * MINUTE, max_value=40 * DAY), min_size=3, max_size=16)
lifetimes = st.one_of(st.none(), st.timedeltas(min_value=5 * MINUTE, max_value=90 * DAY))


@given(gaps, lifetimes, st.timedeltas(min_value=timedelta(0), max_value=400 * DAY), st.data())
def test_an_idle_login_never_stalls(past, lifetime, idle, data):
    """However long it lies: no use after the moment it should have been renewed, no word."""
    usual = rhythm(renewals(*past, last=NOW - idle, lifetime=lifetime))
    assert usual is not None
    seen = login(idle, lifetime, None)
    due = due_at(seen, NOW - idle, usual)
    assert due is not None
    used = min(due, NOW) - data.draw(st.timedeltas(min_value=timedelta(0), max_value=DAY))
    seen = seen._replace(use=Use(last_used_at=used, session_at=used))
    known = history(seen, *past, renewed=idle, overused_at=at(-399 * DAY))
    assert Weight.STALLED not in evaluate(seen, known, POLICY, NOW).weights


@given(
    st.lists(st.timedeltas(min_value=timedelta(0), max_value=3 * DAY), min_size=4, max_size=16),
    st.timedeltas(min_value=10 * MINUTE, max_value=12 * DAY),
    st.timedeltas(min_value=timedelta(0), max_value=2 * DAY),
)
def test_a_program_that_renews_at_the_first_use_after_an_age_never_stalls(idles, age, early):
    """Whatever nights and weekends lie between: at every moment of its life the last use is before the next renewal."""
    lifetime, moment, past = age + early, NOW - 300 * DAY, []
    for idle in idles:
        past.append(Renewal("k", moment, False, moment + lifetime, None))
        moment += age + idle  # the first use after that age renews it, and is the last before the next renewal
        seen = oauth("anthropic:work", access=past[-1].at + lifetime - NOW, end=None, use=Use(last_used_at=moment))
        known = memory(seen, rotations=tuple(past), rotated_at=past[-1].at)
        used_before = seen._replace(use=Use(last_used_at=past[-1].at + age))
        assert overdue_since(used_before, known, moment) is None


@given(gaps, lifetimes, st.timedeltas(min_value=timedelta(0), max_value=90 * DAY))
def test_nothing_is_due_before_its_usual_age(past, lifetime, idle):
    usual = rhythm(renewals(*past, lifetime=lifetime))
    assert usual is not None
    due = due_at(login(idle, lifetime, None), NOW - idle, usual)
    assert due is not None
    assert due >= NOW - idle + usual.usual + GRACE


@given(gaps, lifetimes)
def test_a_rhythm_lies_within_its_gaps(past, lifetime):
    found = rhythm(renewals(*past, lifetime=lifetime))
    assert found is not None
    assert min(past) <= found.usual <= max(past)
    assert timedelta(0) <= found.spread <= max(past) - min(past)
    assert found.early is None or timedelta(0) <= found.early


@given(st.lists(st.timedeltas(min_value=HOUR, max_value=20 * DAY), min_size=3, max_size=9), st.integers(1, 60))
def test_a_use_long_after_any_of_them_stalls(past, times):
    """The other side: it is not silence that makes the properties above hold."""
    late = max(past) * 4 + times * DAY
    seen = login(late, max(past), 0 * HOUR)
    known = history(seen, *past, renewed=late, overused_at=at(-HOUR))
    assert overdue_since(seen, known, NOW) is not None


def test_the_median_is_the_middle():
    assert rhythm(renewals(HOUR, 2 * HOUR, 9 * HOUR)) == Rhythm(2 * HOUR, HOUR, 3, 6 * HOUR)
