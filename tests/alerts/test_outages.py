"""A channel that is out of order for a while: told soon after its return, once, and the others hear of it after a day."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from alerts import notification_state
from alerts.model import Alert, Delivery, Item, Level, Muting, Notification, Outcome, Reason, Silence
from tests.alerts.drive import Drive
from tests.alerts.outage import DEAD, MAIL, PHONE, SPANS, tale
from tests.alerts.world import DAY, HOUR, MINUTE, START, Fate, login, now, reasons, soon
from tests.command import configure
from tests.openclaw_home import put, store
from tests.receivers import mail, web
from tests.warm import Line

#: Schedules for each length; `.ci/soak outages` plays 200 of each.
SAMPLES = {"1 min": 60, "1 h": 60, "24 h": 40, "7 d": 12}


@pytest.mark.parametrize("name", SPANS)
def test_after_any_outage_the_channel_knows_within_one_retry_step_and_the_others_keep_their_rhythm(name: str) -> None:
    tales = [tale(seed, SPANS[name]) for seed in range(SAMPLES[name])]
    assert [one.faults for one in tales if one.faults] == []
    assert all(one.lag <= one.step + 5 * MINUTE for one in tales)
    assert any(one.missed for one in tales), "no schedule had anything to miss"
    assert any(one.dead_told for one in tales) == (SPANS[name] >= DAY)


def test_a_receiver_that_always_answers_too_late_gets_at_most_20_copies_in_3_days() -> None:
    drive = Drive((PHONE, MAIL), lines={"mail": lambda at: Fate.HEARD_LATE})
    drive.see(now(login=login(0)))
    drive.run_to(START + 3 * DAY)
    assert 10 <= len(drive.heard("mail")) <= 20
    assert [(one.at - START, one.reason) for one in drive.heard("phone") if one.key == DEAD] == [
        (DAY, Reason.NEW),
        (2 * DAY, Reason.REMINDER),
    ]


def test_a_receiver_that_always_answers_too_late_is_not_flooded_by_many_logins_either() -> None:
    drive = Drive((MAIL,), lines={"mail": lambda at: Fate.HEARD_LATE})
    for nth in range(30):
        drive.see(now(f"key-{nth}", login=login(0)))
    drive.run_to(START + 3 * DAY)
    assert len({one.at for one in drive.heard("mail")}) <= 20


def test_what_came_up_during_the_outage_comes_in_one_message_with_the_newest_state() -> None:
    drive = Drive((PHONE, MAIL), lines={"mail": lambda at: Fate.ARRIVES if at >= START + HOUR else Fate.REFUSED})
    for minute, condition in ((0, soon("a", 7)), (7, soon("b", 3)), (13, now("a")), (26, now("c")), (41, soon("b", 1))):
        drive.run_to(START + minute * MINUTE)
        drive.see(condition)
    drive.run_to(START + 3 * HOUR)
    back = drive.heard("mail")
    assert {(one.key, one.level, one.alert.step) for one in back} == {
        ("a", Level.NOW, None),
        ("b", Level.SOON, DAY),
        ("c", Level.NOW, None),
    }
    assert len(back) == 3
    assert len({one.at for one in back}) == 1
    assert back[0].at - (START + HOUR) <= 15 * MINUTE


def test_a_dead_channel_is_tried_in_one_rhythm_however_many_logins_wait_for_it() -> None:
    drive = Drive((MAIL,), lines={"mail": lambda at: Fate.REFUSED})
    for nth in range(30):
        drive.run_to(START + nth * 7 * MINUTE)
        drive.see(now(f"key-{nth}"))
    drive.sent.clear()
    drive.run_to(drive.now + DAY)
    assert len({at for at, *_ in drive.sent}) <= 24 * 4 + 4


def test_an_unheard_reminder_leaves_nothing_waiting_once_nobody_needs_it() -> None:
    """What was told stands as it was told: whether the reminder was heard makes no difference any more."""
    drive = Drive((MAIL,), lines={"mail": lambda at: Fate.LOST_LATE if at > START + HOUR else Fate.ARRIVES})
    drive.see(now("a"))
    drive.run_to(START + 30 * HOUR)
    assert ("mail", "a") in drive.memory.attempts
    silence = Silence(1, {}, START + 90 * DAY, Level.NOW, drive.now)
    drive.memory = drive.memory._replace(muting=Muting((silence,)))
    drive.see(now("a"))
    drive.run_to(START + 31 * HOUR)
    assert drive.memory.attempts == {}


def test_a_success_ends_the_wait_of_everything_else_on_that_channel() -> None:
    alert = Alert("b", Level.NOW, START, START)
    (row,) = notification_state.before(Notification("mail", (Item(alert, Reason.NEW),)), MAIL, {}, {}, START)
    (other,) = notification_state.before(
        Notification("mail", (Item(Alert("a", Level.NOW, START, START), Reason.NEW),)), MAIL, {}, {}, START - HOUR
    )
    other = notification_state.after(
        Delivery(Notification("mail", ()), START - HOUR, Outcome.TIMEOUT), [other]
    ).attempts["mail", "a"]
    waiting = other._replace(wait=6 * HOUR)
    elsewhere = waiting._replace(channel="phone")
    done = Delivery(Notification("mail", (Item(alert, Reason.NEW),)), START, Outcome.DELIVERED)
    changes = notification_state.after(done, [row], [row, waiting, elsewhere])
    assert changes.attempts["mail", "b"] is None
    assert changes.attempts["mail", "a"].at + changes.attempts["mail", "a"].wait == START + MINUTE
    assert ("phone", "a") not in changes.attempts


def test_a_mail_server_that_was_down_for_a_day_gets_the_newest_state_once(
    tmp_path: Path, line: Line, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The whole thing: real checks, a real SMTP server with STARTTLS and login, a real web hook beside it."""
    begin = datetime(2027, 3, 1, 12, tzinfo=UTC)

    def look(after: timedelta) -> None:
        done = line.run(tmp_path, "check", at=begin + after, env=certificate)
        assert done.code in (1, 2), done.err

    def token(ends: datetime) -> None:
        profile = {"type": "token", "provider": "anthropic", "token": "tok-FAKESECRET-1"}
        path = store(tmp_path)
        path.parent.mkdir(parents=True, exist_ok=True)
        ends_ms = int(ends.timestamp() * 1000)
        put(path, json.dumps({"version": 1, "profiles": {"anthropic:work": profile | {"expires": ends_ms}}}))

    with mail(starttls=True) as gone:
        port = gone.port
    certificate = {}
    with web() as phone:
        address = f"mailtos://aw:pw@localhost:{port}/?from=aw@example.org&to=me@example.org&mode=starttls"
        configure(
            tmp_path,
            f"sources: [openclaw]\nalerts: {{deadline: 9s}}\nchannels:\n  mail: {{url: '{address}'}}\n"
            f"  phone: {{url: '{phone.url('json', 'json/phone')}'}}\n",
        )
        token(begin + timedelta(hours=60))
        look(timedelta())
        for hours in (1, 13, 25, 37):  # at 36 h the last day begins
            look(hours * HOUR)
        titles = [one.body["title"] for one in phone.received]
        assert ["channel" if "mail" in one else "login" for one in titles] == ["login", "channel", "login"], titles
        with mail(port=port, starttls=True) as back:
            certificate = {"SSL_CERT_FILE": str(back.certificate)}
            for hours in (38, 39, 40, 41):
                look(hours * HOUR)
            assert len(back.received) == 1
            assert back.received[0].tls
            assert "anthropic:work" in back.received[0].subject
            assert back.received[0].subject.startswith("Expires in 22 h: ")
        assert "Back to normal" in phone.received[-1].body["title"]


def test_without_an_outage_everything_is_heard_once() -> None:
    """What the schedules above are compared with."""
    drive = Drive((PHONE,))
    drive.see(soon("a", 7))
    drive.run_to(START + HOUR)
    drive.see(now("a"))
    drive.run_to(START + 2 * HOUR)
    assert reasons(drive.heard("phone")) == ["new", "worse"]
