"""The calendar, read back with a library that is not ours."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st
from icalendar import Calendar

from monitor.config.settings import DAY
from monitor.serve.calendar import calendar
from tests.serve.scene import NOW, claw, documents, lay


def events(text):
    return {str(event["SUMMARY"]): event for event in Calendar.from_ical(text).walk("VEVENT")}


def overview(**more):
    one = {
        "key": "k",
        "name": "anthropic:default",
        "at": "2026-12-03T14:05:00Z",
        "steps": [86400, 604800],
        "remedy": "",
    }
    return {"at": "2026-11-22T14:05:00Z", "deadlines": [{**one, **more}]}


def test_every_deadline_is_an_event_with_an_alarm_for_every_lead_step():
    """Every deadline is an event with an alarm for every lead step."""
    found = events(calendar(documents("now")[1], "vps-1"))
    event = found["Log in again: openai:work (OpenClaw, agent main)"]
    assert event["DTSTART"].dt == NOW + 38 * DAY
    assert str(event["DESCRIPTION"]) == (
        "Expires Wed 30 Dec 2026, 15:05 CET on vps-1.\n"
        "fix: openclaw models auth login --provider openai --profile-id openai:work"
    )
    alarms = event.walk("VALARM")
    assert [alarm["TRIGGER"].dt for alarm in alarms] == [-7 * DAY, -3 * DAY, -DAY]
    assert {str(alarm["ACTION"]) for alarm in alarms} == {"DISPLAY"}
    assert not any("openrouter" in name for name in found)  # it states no end


def test_the_uid_survives_and_the_event_moves_with_its_deadline():
    """The UID survives runs, and the event moves with its deadline; another host has other UIDs."""
    (before,) = events(calendar(overview(), "vps-1")).values()
    (after,) = events(calendar(overview(at="2027-12-03T14:05:00Z", name="renamed"), "vps-1")).values()
    assert before["UID"] == after["UID"]
    assert after["DTSTART"].dt == datetime(2027, 12, 3, 14, 5, tzinfo=UTC)
    (elsewhere,) = events(calendar(overview(), "vps-2")).values()
    (other,) = events(calendar(overview(key="l"), "vps-1")).values()
    assert len({event["UID"] for event in (before, elsewhere, other)}) == 3


def test_alarms_that_are_no_whole_days_are_said_exactly():
    """Alarms that are no whole days are said exactly."""
    (event,) = events(calendar(overview(steps=[5400, 86400, 129600]), "x")).values()
    triggers = [alarm["TRIGGER"].dt for alarm in event.walk("VALARM")]
    assert triggers == [timedelta(hours=-36), -DAY, timedelta(minutes=-90)]


@given(name=st.text(st.characters(codec="utf-8"), max_size=300), remedy=st.text(max_size=100))
def test_any_name_survives_in_lines_that_are_short_enough(name, remedy):
    """Any name survives, in lines of at most 75 octets that no character is cut by."""
    text = calendar(overview(name=name, remedy=remedy), "vps-1")
    raw = text.encode("utf-8", "replace")
    assert all(len(line) <= 75 for line in raw.split(b"\r\n"))
    assert b"\n" not in raw.replace(b"\r\n", b"")
    raw.decode()
    (event,) = Calendar.from_ical(raw).walk("VEVENT")
    kept = "".join(char for char in name if char == "\n" or char.isprintable())
    assert str(event["SUMMARY"]) == f"Log in again: {kept}"


def test_a_name_cannot_add_properties():
    """A name cannot add properties."""
    text = calendar(overview(name="x\r\nATTACH:http://evil.example\nBEGIN:VEVENT"), "a;b,c\\d")
    found = Calendar.from_ical(text)
    assert len(found.walk("VEVENT")) == 1
    assert "ATTACH" not in found.walk("VEVENT")[0]
    assert "\r\nNAME:Logins on a\\;b\\,c\\\\d\r\n" in text


def test_the_calendar_is_served(server, tmp_path):
    """The calendar is served, and masked names stay masked in it."""
    lay(tmp_path)
    status, headers, text = server().ask("/calendar.ics")
    assert (status, headers["Content-Type"]) == (200, "text/calendar; charset=utf-8")
    assert len(events(text)) == 4


@pytest.mark.parametrize("empty", [{}, {"deadlines": []}])
def test_without_deadlines_it_is_an_empty_calendar(empty):
    """Without deadlines it is an empty calendar."""
    assert not events(calendar(empty, "vps-1"))


def test_a_masked_calendar_tells_no_address():
    """A masked calendar tells no address."""
    document = documents("calm", [claw("main", "xai", "anna@example.org", login=20 * DAY)], privacy="masked")[1]
    text = calendar(document, "vps-1")
    assert "anna" not in text
    assert any("xai:a…@…" in name for name in events(text))
