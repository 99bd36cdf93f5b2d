"""Moments as credential files write them."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.sources.timestamps import ABSURD, EPOCH, lifetime, moment, seconds

THEN = datetime(2027, 1, 31, 10, 20, 30, tzinfo=UTC)
EPOCH_S = int(THEN.timestamp())

MEANT = [
    (EPOCH_S, THEN),
    (float(EPOCH_S), THEN),
    (str(EPOCH_S), THEN),
    (f"{EPOCH_S}.0", THEN),
    (EPOCH_S * 1000, THEN),
    (str(EPOCH_S * 1000), THEN),
    (EPOCH_S * 10**6, THEN),
    (EPOCH_S * 1000 + 250, THEN.replace(microsecond=250_000)),
    (EPOCH_S + 0.25, THEN.replace(microsecond=250_000)),
    ("2027-01-31T10:20:30Z", THEN),
    ("2027-01-31T10:20:30.000000000Z", THEN),
    ("2027-01-31T10:20:30.5Z", THEN.replace(microsecond=500_000)),
    ("2027-01-31T10:20:30.123456789Z", THEN.replace(microsecond=123456)),
    ("2027-01-31t10:20:30z", THEN),
    ("2027-01-31T12:20:30+02:00", THEN),
    ("2027-01-31T05:20:30-0500", THEN),
    (" 2027-01-31 10:20:30 UTC ", THEN),
    ("2027-01-31T10:20:30UTC", THEN),
    ("2027-01-31T10:20:30", THEN),
    ("2027-01-31", datetime(2027, 1, 31, tzinfo=UTC)),
]
NO_EXPIRY = [
    None,
    "",
    0,
    0.0,
    "0",
    -1,
    "-1",
    -1.5,
    float("nan"),
    float("inf"),
    1e400,
    10**400,
    1e17,
    "9" * 30,
    4102444800,
]
NO_EXPIRY += [
    "9999-12-31T23:59:59-10:00",
    "0001-01-01T00:00:00+10:00",
    "1969-12-31T00:00:00Z",
    253402300799000,
    253402300799,
]
NO_MOMENT = [True, False, "soon", "2027-13-01", "1e9", "0x10", [], {}, [1], b"1", "9" * 31]


@pytest.mark.parametrize(("value", "meant"), MEANT, ids=str)
def test_a_moment_is_recognised_in_every_unit_and_form(value: Any, meant: datetime) -> None:
    assert moment(value) == meant


@pytest.mark.parametrize("value", NO_EXPIRY, ids=lambda value: str(value)[:30])
def test_zero_negative_and_absurd_values_are_no_expiry(value: Any) -> None:
    assert moment(value) is None


@pytest.mark.parametrize("value", NO_MOMENT, ids=str)
def test_what_is_no_moment_is_an_error_that_does_not_repeat_it(value: Any) -> None:
    with pytest.raises(ValueError, match=r"^no moment$"):
        moment(value)


@given(st.integers() | st.floats() | st.text() | st.datetimes().map(datetime.isoformat))
def test_whatever_is_given_the_answer_is_aware_utc_and_sane_or_none(value: Any) -> None:
    try:
        found = moment(value)
    except ValueError:
        return
    assert found is None or (found.tzinfo is UTC and EPOCH < found < ABSURD)


@given(st.integers(min_value=1, max_value=4102444799))
def test_seconds_milliseconds_and_microseconds_of_one_moment_agree(epoch: int) -> None:
    if epoch > 10**9:
        assert moment(epoch) == moment(epoch * 1000) == moment(epoch * 10**6)


def test_seconds_where_milliseconds_belong_are_recognised() -> None:
    assert seconds(EPOCH_S)
    assert not seconds(EPOCH_S * 1000)
    assert not seconds(True)
    assert not seconds(None)


def test_a_lifetime_is_known_only_from_two_moments_in_order() -> None:
    day = timedelta(days=1)
    assert lifetime(THEN, THEN + day) == day
    assert lifetime(THEN, THEN) is lifetime(THEN, THEN - day) is lifetime(None, THEN) is lifetime(THEN, None) is None
