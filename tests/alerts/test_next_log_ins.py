"""The log-ins ahead: `history --next`, the digest, the calendar and `explain` say the same of known and expected ones."""

from __future__ import annotations

import json
import re

import pytest
from icalendar import Calendar

from alerts.timefmt import date
from monitor.serve.calendar import calendar
from tests.alerts.life import DAY, HOUR, START, Life
from tests.command import state

NAME = "anthropic:default"
KEY = "openclaw/main/anthropic:default"


def months(life: Life, *gaps: int) -> None:
    """An OpenClaw login that its provider ends every few weeks, and a person who then logs in again."""
    life.openclaw({NAME: life.oauth(8 * HOUR, secret="0")})
    life.look()
    for number, days in enumerate((1, *gaps), 1):
        life.wait(days * DAY - HOUR)
        life.openclaw({NAME: {**life.oauth(HOUR), "access": "", "refresh": ""}})
        life.look()
        life.wait(HOUR)
        life.openclaw({NAME: life.oauth(8 * HOUR, secret=str(number))})
        life.look()


def said(life: Life, *words: str) -> str:
    done = life.line.run(life.home, *words, at=life.now, boot=life.boot)
    assert done.code == 0, done.err
    return done.out


@pytest.fixture
def lived(life: Life) -> Life:
    life.claude(8 * HOUR, START + 80 * DAY)
    months(life, 20, 24, 22)
    return life.wait(2 * DAY)


def test_the_next_log_ins_are_listed_the_known_and_the_expected(lived: Life) -> None:
    assert (
        said(lived, "history", "--next", "10d") == "No login needs renewing in the next 10 days, as far as is known.\n"
    )
    due = date(START + (67 + 22) * DAY)
    assert [re.split(" {2,}", line) for line in said(lived, "history", "--next").splitlines()] == [
        ["Thu 20 May 2027, 12:00 UTC", "claude-code:default", "expires"],
        [f"about {due}", "anthropic:default", "estimated from 4 past logins"],
        ["", "(± 2 days)"],
    ]
    (known, guess) = json.loads(said(lived, "history", "--next", "30d", "--json"))["next"]
    assert (known["at"], known["estimate"], known["logins"]) == ("2027-05-20T12:00:00Z", False, None)
    assert (guess["key"], guess["estimate"], guess["spread"], guess["logins"]) == (KEY, True, 2 * 86400, 4)
    assert json.loads(said(lived, "history", KEY, "--next", "30d", "--json"))["next"] == [guess]


def test_it_is_on_the_page_of_explain_and_in_the_calendar_without_an_alarm(lived: Life) -> None:
    lived.look()
    page = " ".join(said(lived, "explain", KEY).split())
    due = START + (67 + 22) * DAY
    assert f"next log-in about {date(due)}, ± 2 days (assumed: estimated from 4 past log-ins)" in page
    left = json.loads((state(lived.home) / "page.json").read_text())
    found = {str(event["SUMMARY"]): event for event in Calendar.from_ical(calendar(left, "box")).walk("VEVENT")}
    event = found[f"Log in again soon: {NAME} (OpenClaw, agent main) (estimate)"]
    assert event["DTSTART"].dt == due.date()
    assert event.walk("VALARM") == []
    words = f"About {date(due)}, give or take 2 days, on box: an estimate from 4 past log-ins."
    assert words in str(event["DESCRIPTION"])
    assert len({str(event["UID"]) for event in found.values()}) == len(found) == 2


def test_the_digest_names_the_next_thirty_days(life: Life) -> None:
    months(life, 20, 24, 22)
    life.claude(8 * HOUR, life.now + 25 * DAY)
    life.configured("alerts: {digest: weekly}").wait(HOUR)
    before = len(life.there.received)
    life.look()
    text = life.there.received[before].body["message"]
    assert "In the next 30 days:" in text
    guess = f"anthropic:default probably needs a new login around {date(START + 89 * DAY)}, judging by past ones."
    assert guess in text
    assert text.index(guess) < text.index("claude-code:default expires")


def test_a_login_that_renews_itself_lets_nothing_be_expected(life: Life) -> None:
    for number in range(12):
        life.openclaw({NAME: life.oauth(8 * HOUR, secret=str(number))})
        life.look(after=8 * HOUR)
    assert (
        said(life, "history", "--next", "400d") == "No login needs renewing in the next 400 days, as far as is known.\n"
    )


def test_a_span_that_is_none_is_answered_with_what_would_be_right(life: Life) -> None:
    done = life.line.run(life.home, "history", "--next", "soon", at=life.now, boot=life.boot)
    assert done.code == 64
    assert '--next: expected a span such as 4h, 7d or 1h30m, got "soon"' in done.err
