"""Moments and spans as people and programs read them."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.timefmt import date, day, iso, moment, parse, relative, span

NOW = datetime(2026, 11, 22, 13, 5, 30, tzinfo=UTC)
SECOND, MINUTE, HOUR, DAY = (timedelta(seconds=count) for count in (1, 60, 3600, 86400))
EARLIER_ZONE = timezone(timedelta(hours=1))


@pytest.mark.parametrize(
    ("at", "words"),
    [
        (datetime(2026, 12, 3, 14, 5, 59, tzinfo=UTC), "Thu 3 Dec 2026, 14:05 UTC"),
        (datetime(2027, 1, 1, 0, 30, tzinfo=EARLIER_ZONE), "Thu 31 Dec 2026, 23:30 UTC"),
    ],
)
def test_a_moment_is_written_in_utc(at, words):
    assert moment(at) == words


def test_a_moment_in_a_zone_says_its_short_name():
    at = datetime(2026, 12, 31, 23, 5, tzinfo=UTC)
    assert moment(at, zone=ZoneInfo("Europe/Berlin")) == "Fri 1 Jan 2027, 00:05 CET"


def test_a_page_that_names_its_zone_once_leaves_out_what_goes_without_saying():
    assert moment(NOW + 11 * DAY, NOW) == "Thu 3 Dec, 13:05"
    assert date(NOW + 11 * DAY, NOW) == "Thu 3 Dec"
    assert date(NOW + 365 * DAY, NOW) == "Mon 22 Nov 2027"


def test_today_and_tomorrow_go_by_the_calendar_of_the_zone():
    assert day(NOW + 10 * HOUR, NOW) == "today"
    assert day(NOW + 11 * HOUR, NOW) == "tomorrow"
    assert day(NOW + 2 * DAY, NOW) == "Tue 24 Nov"
    assert day(NOW + 10 * HOUR, NOW, EARLIER_ZONE) == "tomorrow"


@pytest.mark.parametrize(
    ("length", "words"),
    [
        (30 * SECOND, "30 s"),
        (MINUTE, "1 min"),
        (119 * MINUTE, "119 min"),
        (2 * HOUR - SECOND, "2 h"),
        (23 * HOUR + 50 * MINUTE, "24 h"),
        (2 * DAY - SECOND, "2 days"),
        (12 * DAY - 2 * MINUTE, "12 days"),
        (150 * DAY, "150 days"),
        (800 * DAY, "2 years"),
    ],
)
def test_a_span_is_rounded_to_what_matters(length, words):
    assert span(length) == words


@pytest.mark.parametrize(
    ("away", "words"), [(59 * SECOND, "now"), (-20 * SECOND, "now"), (3 * DAY, "in 3 days"), (-3 * HOUR, "3 h ago")]
)
def test_how_far_off_a_moment_is_says_on_which_side(away, words):
    assert relative(NOW + away, NOW) == words


@given(st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC)))
def test_what_programs_read_is_read_back_to_the_millisecond(at):
    assert abs(parse(iso(at)) - at) < timedelta(milliseconds=1)


def test_programs_read_utc_and_milliseconds_only_where_there_are_any():
    assert iso(NOW.astimezone(EARLIER_ZONE)) == "2026-11-22T13:05:30Z"
    assert iso(NOW + timedelta(milliseconds=7)) == "2026-11-22T13:05:30.007Z"
    assert iso(NOW, "milliseconds") == "2026-11-22T13:05:30.000Z"
    assert (iso(None), parse(None), parse("")) == (None, None, None)
