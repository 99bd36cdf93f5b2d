"""The schedule under clocks that jump."""

import threading
from datetime import timedelta

import pytest

from monitor.serve.loop import CheckSchedule

HOUR = 3600.0


class Clock:
    def __init__(self):
        self.wall, self.steady = 1e9, 50.0

    def pass_by(self, seconds):
        self.wall += seconds
        self.steady += seconds


@pytest.fixture
def due():
    return threading.Event()


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def schedule(due, clock):
    return CheckSchedule(due.set, lambda: clock.wall, lambda: clock.steady)


def test_what_is_armed_last_comes_due_once(schedule, due):
    """What is armed last comes due once."""
    schedule.arm(timedelta(hours=1))
    schedule.arm(timedelta(milliseconds=50))
    assert due.wait(5)
    due.clear()
    assert not due.wait(0.3)


def test_an_interval_that_a_long_check_has_used_up_is_due_at_once(schedule, due):
    """An interval that a long check has used up is due at once."""
    schedule.arm(timedelta(seconds=-7))
    assert due.wait(5)


@pytest.mark.parametrize("step", [-24 * HOUR, -HOUR, -3, 3, HOUR, 10 * 365 * 24 * HOUR])
def test_a_stepped_clock_is_noticed_once(schedule, clock, step):
    """A stepped clock is noticed, once."""
    clock.pass_by(60)
    clock.wall += step
    assert schedule.stepped()
    clock.pass_by(60)
    assert not schedule.stepped()


def test_time_that_checks_evenly_is_no_step(schedule, clock):
    """Time that checks evenly is no step, nor is a clock that is slewed."""
    for _ in range(100):
        clock.pass_by(60)
        clock.wall += 0.03
        assert not schedule.stepped()
