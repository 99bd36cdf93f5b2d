"""Acknowledge, silence, unsilence through the real command line: what is hidden, what shows, what is refused."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from tests.command import authwatch, configure, state
from tests.inbox import Receiver
from tests.openclaw_home import DAY, HOUR, openclaw, put, token
from tests.phone import make_phone
from tests.polling import pause
from tests.receivers import web

KEY = "openclaw/main/anthropic:default"


@pytest.fixture
def phone():
    with web() as there:
        yield there


def dying(home: Path, there: Receiver, more: str = "") -> None:
    openclaw(home, {"anthropic:default": token(ends_in=2 * DAY)})
    told(home, there, more)
    assert authwatch(home, "check").code == 2


def told(home: Path, there: Receiver, more: str = "") -> None:
    channel = f"  phone: {{url: '{there.url('json', 'json/phone')}'}}\n"
    configure(home, f"host: box\nalerts: {{deadline: 10s}}\n{more}channels:\n{channel}")


def profile(home: Path) -> dict[str, object]:
    return authwatch(home, "status", "--json").json["profiles"][0]


def test_an_acknowledgement_shows_who_and_why_everywhere(tmp_path, phone):
    dying(tmp_path, phone)
    done = authwatch(
        tmp_path, "alerts", "ack", KEY, "--for", "2d", "--note", "new key ordered", env={"LOGNAME": "anna"}
    )
    assert done.code == 0, done.err
    assert profile(tmp_path)["acknowledged"] is True
    assert "; acknowledged" in authwatch(tmp_path, "status").out
    listed = " ".join(authwatch(tmp_path, "alerts", "list").out.split())
    assert "acknowledged by anna until" in listed
    assert "new key ordered" in listed
    (row,) = authwatch(tmp_path, "alerts", "list", "--json").json["alerts"]
    assert (row["acknowledgement"]["author"], row["acknowledgement"]["note"]) == ("anna", "new key ordered")
    authwatch(tmp_path, "check")
    metrics = (state(tmp_path) / "metrics.prom").read_text()
    assert next(line for line in metrics.splitlines() if "profile_acknowledged{" in line).endswith(" 1")


def test_an_acknowledgement_ends_with_the_next_lead_step(tmp_path, phone):
    dying(tmp_path, phone)
    authwatch(tmp_path, "alerts", "ack", KEY)
    openclaw(tmp_path, {"anthropic:default": token(ends_in=HOUR)})
    authwatch(tmp_path, "check")
    assert len(phone.received) == 2
    assert profile(tmp_path)["acknowledged"] is False


def test_behind_sudo_the_person_is_the_author(tmp_path, phone):
    dying(tmp_path, phone)
    env = {"SUDO_USER": "anna", "LOGNAME": "root", "USER": "root"}
    done = authwatch(tmp_path, "alerts", "ack", KEY, "--json", env=env)
    assert done.json["acknowledged"]["author"] == "anna"


def test_a_silence_hides_and_its_end_speaks(tmp_path, phone):
    openclaw(tmp_path, {"anthropic:default": token()})
    told(tmp_path, phone)
    authwatch(tmp_path, "check")
    done = authwatch(tmp_path, "alerts", "silence", "provider=anthropic,agent=main", "--for", "4h")
    assert done.code == 0, done.err
    openclaw(tmp_path, {"anthropic:default": token(ends_in=-HOUR)})
    assert authwatch(tmp_path, "check").code == 1
    assert phone.received == []
    assert profile(tmp_path)["silenced"] is True
    assert "; silenced" in authwatch(tmp_path, "status").out
    (silence,) = authwatch(tmp_path, "alerts", "list", "--json").json["silences"]
    assert silence["match"] == "agent=main,provider=anthropic"
    authwatch(tmp_path, "alerts", "unsilence", str(silence["id"]))
    authwatch(tmp_path, "check")
    assert len(phone.received) == 1


def test_the_gate_does_not_hide_a_silence(tmp_path, phone):
    dying(tmp_path, phone)
    pause(2.1)
    authwatch(tmp_path, "check")
    assert (state(tmp_path) / "checkpoint").exists()
    authwatch(tmp_path, "alerts", "silence", "agent=main", "--for", "4h")
    assert not (state(tmp_path) / "checkpoint").exists()
    authwatch(tmp_path, "check")
    metrics = (state(tmp_path) / "metrics.prom").read_text()
    assert next(line for line in metrics.splitlines() if "profile_silenced{" in line).endswith(" 1")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (("ack", "openclaw/main/anthropic:defalt"), 1, f"did you mean {KEY}?"),
        (("ack",), 64, "expected either a KEY"),
        (("ack", KEY, "--token", "x"), 64, "expected either a KEY"),
        (("ack", KEY, "--for", "soon"), 64, '--for: expected a span such as 4h, 7d or 1h30m, got "soon"'),
        (("ack", KEY, "--for", "0d"), 64, "more than 0 s"),
        (("ack", KEY, "--for", "9999d"), 64, "at most 366 days"),
        (("ack", KEY, "--for", "9" * 30 + "d"), 64, "--for: expected a span"),
        (("ack", KEY, "--note", "x" * 501), 1, "500 characters"),
        (("ack", "--token", "0" * 32), 1, "out of date"),
        (("ack", "openclaw/antropic:default"), 1, "did you mean openclaw/anthropic:default?"),
        (("silence", "provider=anthropic"), 64, "authwatch alerts silence provider=anthropic 4h"),
        (("silence", "provider=anthropic", "4h", "--for", "4h"), 64, "not both"),
        (("silence", "provider=anthropic", "soon"), 64, "SPAN: expected a span"),
        (("silence", "anthropic:defalt", "4h"), 1, "did you mean anthropic:default?"),
        (("silence", "provder=anthropic", "--for", "4h"), 64, "did you mean provider?"),
        (("silence", "provider=antropic", "--for", "4h"), 1, "did you mean anthropic?"),
        (("silence", "", "--for", "4h"), 64, "expected LABEL=VALUE"),
        (("silence", "agent=main", "--for", "0s"), 64, "more than 0 s"),
        (("unsilence", "7"), 1, "no silence is active"),
        (("unsilence", "x"), 64, "invalid int"),
        (("lst",), 64, "invalid choice"),
        (("test", "fone"), 64, "did you mean phone?"),
        (("simulate", "--in", "tomorrow"), 64, '--in: expected a span such as 4h, 7d or 1h30m, got "tomorrow"'),
        (("simulate", "--in", "9999d"), 64, "the forecast is limited to 366 days"),
    ],
)
def test_what_cannot_be_is_refused_in_words(dying_home, words, code, said):
    done = authwatch(dying_home, "alerts", *words)
    assert (done.code, said in done.err) == (code, True), done.err
    assert "Traceback" not in done.err


@pytest.fixture(scope="module")
def dying_home(tmp_path_factory):
    home = tmp_path_factory.mktemp("dying")
    with web() as there:
        dying(home, there)
        yield home


def test_a_button_of_the_phone_acknowledges_without_naming_anything(tmp_path):
    phone = make_phone(tmp_path / "phone")
    home = tmp_path / "home"
    openclaw(home, {"anthropic:anna@example.org": token(ends_in=2 * DAY)})
    widget = home / ".shortcuts" / "authwatch-relogin"
    widget.parent.mkdir()
    widget.write_text("#!/bin/sh\n")
    configure(home, "host: box\nchannels:\n  phone: {url: 'termux://'}\n")
    env = {"PATH": f"{phone.bin}:{os.environ['PATH']}"}
    assert authwatch(home, "check", env=env).code == 2
    (shown,) = phone.shown.values()
    assert "anthropic:anna@example.org" in shown["title"]
    everything_run = " ".join(value for name, value in shown.items() if "action" in name or name in ("id", "group"))
    assert "anna" not in everything_run
    assert "anthropic" not in everything_run
    assert shown["button2-action"].endswith(f"-d com.termux.file:{widget}")
    done = subprocess.run(
        ["/bin/sh", "-c", shown["button1-action"]], env={}, cwd="/", capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 0, done.stderr
    assert profile(home)["acknowledged"] is True
    openclaw(home, {"anthropic:anna@example.org": token(ends_in=300 * DAY, secret="tok-FAKESECRET-2")})
    assert authwatch(home, "check", env=env).code == 0
    assert phone.shown == {}, "what is over disappears"


def test_a_button_of_an_old_notification_acknowledges_nothing(tmp_path):
    phone = make_phone(tmp_path / "phone")
    home = tmp_path / "home"
    openclaw(home, {"anthropic:default": token(ends_in=2 * DAY)})
    configure(home, "channels:\n  phone: {url: 'termux://'}\n")
    env = {"PATH": f"{phone.bin}:{os.environ['PATH']}"}
    authwatch(home, "check", env=env)
    (old,) = phone.shown.values()
    openclaw(home, {"anthropic:default": token(ends_in=-HOUR)})
    authwatch(home, "check", env=env)
    done = subprocess.run(
        ["/bin/sh", "-c", old["button1-action"]], env={}, cwd="/", capture_output=True, timeout=60, check=False
    )
    assert done.returncode == 1
    assert profile(home)["acknowledged"] is False


def test_the_phone_without_termux_is_an_error_of_the_configuration(tmp_path):
    openclaw(tmp_path, {"anthropic:default": token(ends_in=2 * DAY)})
    configure(tmp_path, "channels:\n  phone: {url: 'termux://'}\n")
    assert "pkg install termux-api" in authwatch(tmp_path, "check").err


def test_a_silence_takes_a_key_and_a_span_and_says_what_it_does(tmp_path, phone):
    zone = "timezone: Asia/Tokyo\n"
    openclaw(tmp_path, {"anthropic:default": token(ends_in=2 * DAY), "zai:k": token("zai", 2 * DAY)})
    told(tmp_path, phone, zone)
    authwatch(tmp_path, "check")
    done = authwatch(tmp_path, "alerts", "silence", "anthropic:default", "4h")
    assert done.code == 0, done.err
    first, muted, end = done.out.splitlines()
    assert re.fullmatch(
        r'Silence 1 mutes matching alerts up to "soon" until \w{3} \d+ \w{3}, \d\d:\d\d JST \(in 4 h\)\.', first
    )
    assert muted == "Muted now: SOON anthropic:default"
    assert authwatch(tmp_path, *end.removeprefix("end it: authwatch ").split()).out == "Silence 1 ended.\n"
    done = authwatch(tmp_path, "alerts", "silence", "main/anthropic:default", "--for", "4h", "--json")
    assert done.json["silence"]["match"] == (
        "agent=main,profile=anthropic:default,provider=anthropic,source=openclaw"
    ), "a key means these labels"
    silenced = {one["profile"]: one["silenced"] for one in authwatch(tmp_path, "status", "--json").json["profiles"]}
    assert silenced == {"anthropic:default": True, "zai:k": False}


def test_a_silence_of_what_is_fine_says_that_nothing_is_muted_yet(tmp_path):
    openclaw(tmp_path, {"anthropic:default": token()})
    authwatch(tmp_path, "check")
    assert "Muted now: no active alert matches yet" in authwatch(tmp_path, "alerts", "silence", KEY, "4h").out


def test_the_list_groups_what_is_active_what_is_muted_and_channels_that_do_not_deliver(tmp_path, phone):
    openclaw(tmp_path, {"anthropic:default": token(ends_in=2 * DAY), "zai:k": token("zai", -HOUR)})
    models = {"primary": "anthropic/claude-sonnet-4-5", "fallbacks": ["zai/glm-4.7"]}
    put(tmp_path / ".openclaw" / "openclaw.json", json.dumps({"agents": {"defaults": {"model": models}}}))
    more = "  mail: {url: 'json://127.0.0.1:9/json/x'}\n"
    told(tmp_path, phone, "timezone: Asia/Tokyo\n")
    configure(tmp_path, (tmp_path / ".config/authwatch/config.yaml").read_text() + more)
    authwatch(tmp_path, "check")
    authwatch(tmp_path, "alerts", "ack", "anthropic:default")
    lines = authwatch(tmp_path, "alerts", "list").out.splitlines()
    assert all(len(line) <= 80 for line in lines)
    heads = [line for line in lines if line.endswith(":") and not line.startswith(" ")]
    assert heads == ["1 active alert:", "Acknowledged or silenced:", "Channels that do not deliver:"]
    alerts = [line.partition("  since ")[0].split() for line in lines if "  since " in line]
    assert alerts == [["NOW", "zai:k"], ["SOON", "anthropic:default"]]
    assert "      not delivered to: mail" in lines
    assert any(re.match(r"      notified: phone at \w{3} \d+ \w{3}, \d\d:\d\d JST", line) for line in lines)
    assert lines[-1] == "      try it: authwatch alerts test mail"


def test_the_list_of_no_alerts_is_calm(tmp_path):
    assert authwatch(tmp_path, "alerts", "list").out == (
        "No active alerts.\n\nNo check has run yet. Run: authwatch check\n"
    )
    openclaw(tmp_path, {"anthropic:default": token()})
    authwatch(tmp_path, "check")
    assert authwatch(tmp_path, "alerts", "list").out == "No active alerts.\n"
