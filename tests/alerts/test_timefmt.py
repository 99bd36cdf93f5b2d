"""Moments and spans as people and programs read them."""

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.timefmt import date, day, for_reader, iso, moment, parse, relative, span, when

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


STOCKHOLM = ZoneInfo("Europe/Stockholm")


@pytest.mark.parametrize(
    ("away", "words"),
    [
        (2 * DAY, "in 2 days (Tue 24 Nov, 14:05 CET)"),
        (-3 * HOUR, "3 h ago (Sun 22 Nov, 11:05 CET)"),
        (7 * DAY, "in 7 days (Sun 29 Nov, 14:05 CET)"),
        (8 * DAY, "Mon 30 Nov 2026, 14:05 CET"),
        (-200 * DAY, "Wed 6 May 2026, 15:05 CEST"),
    ],
)
def test_within_a_week_how_far_off_it_is_comes_first(away, words):
    assert when(NOW + away, NOW, STOCKHOLM) == words


@pytest.mark.parametrize(
    ("kept", "read"),
    [
        (f"expires {moment(NOW + 2 * DAY)}.", "expires in 2 days (Tue 24 Nov, 14:05 CET)."),
        (f"in cooldown until {moment(NOW + HOUR)}; x", "in cooldown until Sun 22 Nov, 15:05 CET (in 60 min); x"),
        (f"expires {moment(NOW + 20 * DAY)}", "expires Sat 12 Dec 2026, 14:05 CET"),
        (
            f"{moment(NOW - HOUR)} and {moment(NOW + HOUR)}",
            "60 min ago (Sun 22 Nov, 13:05 CET) and in 60 min (Sun 22 Nov, 15:05 CET)",
        ),
        ("Mon 99 Dec 2026, 14:05 UTC", "Mon 99 Dec 2026, 14:05 UTC"),
        ("Fri 31 Dec 9999, 23:59 UTC", "Fri 31 Dec 9999, 23:59 UTC"),
        ("nothing of ours", "nothing of ours"),
    ],
)
def test_a_kept_sentence_is_put_on_the_readers_clock(kept, read):
    assert for_reader(kept, NOW, STOCKHOLM) == read


def test_without_a_clock_a_sentence_says_what_stays_true():
    assert for_reader(f"expires {moment(NOW + HOUR)}", None, STOCKHOLM) == "expires Sun 22 Nov 2026, 15:05 CET"


@given(st.datetimes(min_value=datetime(1900, 1, 1), timezones=st.just(UTC)))
def test_what_programs_read_is_read_back_to_the_millisecond(at):
    assert abs(parse(iso(at)) - at) < timedelta(milliseconds=1)


def test_programs_read_utc_and_milliseconds_only_where_there_are_any():
    assert iso(NOW.astimezone(EARLIER_ZONE)) == "2026-11-22T13:05:30Z"
    assert iso(NOW + timedelta(milliseconds=7)) == "2026-11-22T13:05:30.007Z"
    assert iso(NOW, "milliseconds") == "2026-11-22T13:05:30.000Z"
    assert (iso(None), parse(None), parse("")) == (None, None, None)


@pytest.mark.parametrize("zone", [ZoneInfo("Asia/Tokyo"), ZoneInfo("America/Los_Angeles")])
@pytest.mark.parametrize("at", [datetime.max.replace(tzinfo=UTC), datetime.min.replace(tzinfo=UTC)])
def test_a_moment_at_the_end_of_the_calendar_is_told_in_utc_where_a_zone_has_none(at, zone):
    """9999-12-31 is how some programs write "never"."""
    for told in (moment(at, zone=zone), date(at, NOW, zone), day(at, NOW, zone), when(at, NOW, zone)):
        assert str(at.year) in told or at.year == 1
