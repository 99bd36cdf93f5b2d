"""A message as it arrives: on the reader's clock, with the way there and the page, and a test message by hand."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command import authwatch, configure
from tests.inbox import Receiver
from tests.openclaw_home import HOUR, openclaw, token
from tests.receivers import web

PAGE = "https://aw.example/"


@pytest.fixture
def there() -> Iterator[Receiver]:
    with web() as one:
        yield one


def configured(home: Path, there: Receiver) -> None:
    reader = f"timezone: Asia/Tokyo\nhost_ssh: ops@vps-1\nweb: {{url: '{PAGE}'}}\n"
    configure(home, f"host: vps-1\n{reader}channels:\n  phone: {{url: '{there.url('json', 'json/phone')}'}}\n")


def test_a_dead_token_is_told_on_the_readers_clock_with_the_way_there(tmp_path: Path, there: Receiver) -> None:
    openclaw(tmp_path, {"anthropic:default": token(ends_in=-HOUR)})
    configured(tmp_path, there)
    assert authwatch(tmp_path, "check").code == 1
    (one,) = there.received
    assert one.body["title"] == "Expired: anthropic:default · vps-1"
    step, why, run, command, page = one.body["message"].splitlines()
    assert step == "Log in again: anthropic:default (OpenClaw, agent main)"
    assert re.search(r"6\d min ago \(.* JST\)", why)
    assert why.endswith("Have the new token ready to paste.")
    assert run == "Run:"
    assert shlex.split(command)[:3] == ["ssh", "-t", "ops@vps-1"]
    assert "openclaw models auth paste-token --provider anthropic" in command
    assert page == PAGE


def test_a_test_message_says_what_it_is_and_asks_for_nothing(tmp_path: Path, there: Receiver) -> None:
    configured(tmp_path, there)
    assert authwatch(tmp_path, "alerts", "test").code == 0
    (one,) = there.received
    assert one.body["title"] == "Test message · vps-1"
    assert one.body["message"].splitlines() == [
        "This channel works: alerts will reach you here.",
        "No action needed. Sent by: authwatch alerts test",
        PAGE,
    ]


def test_a_simulation_shows_the_same_words(tmp_path: Path, there: Receiver) -> None:
    openclaw(tmp_path, {"anthropic:default": token(ends_in=-HOUR)})
    configured(tmp_path, there)
    (first, *_) = authwatch(tmp_path, "alerts", "simulate", "--in", "1h", "--json").json["messages"]
    assert first["subject"] == "Expired: anthropic:default · vps-1"
    assert "JST" in first["text"]
    assert first["text"].endswith(PAGE)
