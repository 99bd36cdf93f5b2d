"""The channel `termux://` against stand-ins for Termux:API's commands."""

from __future__ import annotations

import os
import time
from datetime import timedelta

import pytest

from alerts.channels import check, deliver
from alerts.formats import Message, PhoneNote
from alerts.message import compose
from alerts.model import Alert, Level, Outcome, Reason
from tests.alerts.examples import NOW, RECIPIENT, item, notification
from tests.phone import Phone, make_phone

TIME = timedelta(seconds=5)


@pytest.fixture
def phone(tmp_path, monkeypatch) -> Phone:
    made = make_phone(tmp_path)
    monkeypatch.setenv("PATH", f"{made.bin}:{os.environ['PATH']}")
    return made


def pin(alert: Alert) -> PhoneNote:
    return PhoneNote(f"id-{alert.key[-1]}", (("Acknowledge", "ack token"), ("Log in again", "open")))


def message(*items) -> Message:
    return compose(notification(*items), RECIPIENT, NOW, pin)


def test_each_condition_is_a_notification_of_its_own(phone):
    sent = message(item(key="a", level=Level.NOW), item(key="b"))
    assert deliver("termux://", sent, TIME).outcome is Outcome.DELIVERED
    assert set(phone.shown) == {"id-a", "id-b"}
    first = phone.shown["id-a"]
    assert first["priority"] == "max"
    assert first["title"].startswith("Act now: anthropic:default")
    assert "openclaw models auth login" in first["content"]
    assert (first["button1"], first["button1-action"]) == ("Acknowledge", "ack token")
    assert (first["button2"], first["button2-action"]) == ("Log in again", "open")
    assert phone.shown["id-b"]["priority"] == "high", "a lower one would lower Android's channel for good"


def test_saying_it_again_replaces_it(phone):
    for _ in range(2):
        deliver("termux://", message(item(key="a")), TIME)
    assert len(phone.calls) == 2
    assert len(phone.shown) == 1


def test_recovery_removes_the_notification(phone):
    deliver("termux://", message(item(key="a"), item(key="b")), TIME)
    assert deliver("termux://", message(item(Reason.RESOLVED, key="a")), TIME).outcome is Outcome.DELIVERED
    assert set(phone.shown) == {"id-b"}


def test_text_of_its_own_never_becomes_an_option(phone):
    odd = item(key="a", labels={"profile": "--ongoing"}, summary="--help $(reboot) `x` 'y' \"z\"")
    assert deliver("termux://", message(odd), TIME).outcome is Outcome.DELIVERED
    assert "--help $(reboot)" in phone.shown["id-a"]["content"]


def test_a_message_without_conditions_is_one_notification(phone):
    assert deliver("termux://", compose(notification(), RECIPIENT, NOW), TIME).outcome is Outcome.DELIVERED
    assert list(phone.shown) == ["authwatch"]


def test_a_call_that_hangs_ends_in_time_and_counts_as_perhaps_heard(phone):
    phone.answer("hang")
    started = time.monotonic()
    report = deliver("termux://", message(item(key="a"), item(key="b")), timedelta(seconds=1))
    assert report.outcome is Outcome.TIMEOUT
    assert "Termux:API" in report.error
    assert time.monotonic() - started < 3
    assert len(phone.calls) == 1, "the others are not tried on a phone that hangs"


@pytest.mark.parametrize(("answers", "outcome"), [((1,), Outcome.CLIENT_ERROR), ((0, 1), Outcome.TIMEOUT)])
def test_a_failure_is_clear_only_if_nothing_was_shown(phone, answers, outcome):
    phone.answer(*answers)
    assert deliver("termux://", message(item(key="a"), item(key="b")), TIME).outcome is outcome


def test_without_termux_it_is_a_configuration_error_that_says_what_to_install(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    report = deliver("termux://", message(item()), TIME)
    assert report.outcome is Outcome.BAD_CONFIG
    assert "pkg install termux-api" in (check("phone", "termux://") or "")


def test_nothing_may_follow_the_scheme(phone):
    assert check("phone", "termux://") is None
    assert check("phone", "termux:///") is None
    assert "takes nothing" in (check("phone", "termux://x?y=z") or "")
