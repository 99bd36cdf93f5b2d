"""What holds for settling whatever the looks."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from alerts.model import Condition, Level
from alerts.settle import settle
from tests.alerts.world import DAY, MINUTE, SETTLE, START, fine, login, now

OLD, NEW, DOUBT = login(0), login(1), now(doubt=True)

CONDITIONS = st.builds(
    Condition("a", Level.FINE)._replace,
    level=st.sampled_from(Level),
    step=st.sampled_from([None, DAY, 7 * DAY]),
    doubt=st.booleans(),
    held=st.booleans(),
    login=st.sampled_from([None, OLD, NEW]),
)


@given(st.lists(st.tuples(st.integers(0, 700), CONDITIONS), min_size=1, max_size=40))
def test_nothing_changes_between_two_planned_moments(looks: list[tuple[int, Condition]]) -> None:
    """Looking again at once or before `until` leaves the alert as it is."""
    alert, at = None, START
    for minutes, condition in looks:
        at += minutes * MINUTE
        alert, until = settle(alert, condition, at, SETTLE)
        assert settle(alert, condition, at, SETTLE) == (alert, until)
        later = at + DAY if until is None else at + (until - at) / 2
        assert settle(alert, condition, later, SETTLE) == (alert, until)


@given(st.lists(st.tuples(st.integers(0, 120), st.sampled_from([fine(), now(), DOUBT])), max_size=120))
def test_no_day_has_more_than_three_rises_to_the_top(looks: list[tuple[int, Condition]]) -> None:
    """Whatever flaps, people hear of it at most three times a day."""
    alert, at, rises = None, START, []
    for minutes, condition in looks:
        at += minutes * MINUTE
        before = alert.level if alert else Level.FINE
        alert, _ = settle(alert, condition, at, SETTLE)
        if before is Level.FINE and alert.level is Level.NOW:
            rises.append(at)
    assert all(later - first >= DAY for first, later in zip(rises, rises[3:], strict=False))


@given(st.lists(st.tuples(st.integers(0, 120), st.sampled_from([fine(), fine(held=True), DOUBT])), max_size=60))
def test_what_flaps_for_ever_is_said_in_the_end(looks: list[tuple[int, Condition]]) -> None:
    """A doubt that comes and goes is not lost however short each time is."""
    alert, at = None, START
    for minutes, condition in (*looks, (5, DOUBT), (5, fine()), (5, DOUBT), (5, fine()), (5, DOUBT)):
        at += minutes * MINUTE
        alert, _ = settle(alert, condition, at, SETTLE)
    assert alert is not None
    assert alert.level is Level.NOW
