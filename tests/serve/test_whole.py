"""`authwatch serve` as it is: the command line, real checks over a real home, real sockets."""

import json
import os
import re
import signal
import time
from types import SimpleNamespace

import pytest
from icalendar import Calendar

from tests.cli.test_leaks import CANARY, plant
from tests.command import authwatch, configure, started, state
from tests.openclaw_home import DAY, HOUR, openclaw, token
from tests.polling import pause
from tests.receivers import web
from tests.serve.conftest import Client, wait_for
from tests.serve.test_daemon import checks, counts

PATHS = (
    "/",
    "/login/openclaw/main/anthropic:default",
    "/page.css",
    "/icon.svg",
    "/metrics",
    "/api/v1/status",
    "/api/v1/history",
    "/calendar.ics",
    "/healthz",
    "/readyz",
)
CONFIG = "web: {listen: '127.0.0.1:0'}\n"


@pytest.fixture
def whole(tmp_path):
    """Starts `authwatch serve` on a home; gives its client, process and log file."""
    running = []

    def start(env=None):
        log = tmp_path / "serve.log"
        with log.open("w") as out:
            made = started(tmp_path, "serve", env=env, out=out)
        running.append(made)
        address = wait_for(lambda: re.search(r"listening on http://(\S+)/,", log.read_text()), 30)[1]
        return SimpleNamespace(client=Client(address), process=made, log=log)

    yield start
    for one in running:
        one.terminate()
        one.wait(20)


def profiles(client):
    status, _, text = client.ask("/api/v1/status")
    return {one["profile"]: one for one in json.loads(text)["profiles"]} if status == 200 else {}


def test_what_a_check_finds_is_on_every_face(tmp_path, whole):
    """What a check finds is on the page, in the history, in the calendar and in the metrics."""
    openclaw(tmp_path, {"anthropic:default": token(ends_in=2 * DAY)})
    configure(tmp_path, CONFIG)
    client = whole().client
    wait_for(lambda: profiles(client), 60)
    assert "anthropic:default (OpenClaw, agent main) needs you by" in client.ask("/")[2]
    (change,) = json.loads(client.ask("/api/v1/history")[2])["transitions"]
    assert (change["key"], change["after"]) == ("openclaw/main/anthropic:default", "expiring")
    assert json.loads(client.ask("/api/v1/history?since=1d&key=other")[2])["transitions"] == []
    (event,) = Calendar.from_ical(client.ask("/calendar.ics")[2]).walk("VEVENT")
    assert str(event["SUMMARY"]) == "Log in again: anthropic:default (OpenClaw, agent main)"
    assert counts(client, "authwatch_profile_needs_human")
    assert client.ask("/readyz")[0] == 200


def test_the_calendar_keeps_its_events_over_checks(tmp_path, whole):
    """The calendar keeps its events over checks, and moves them."""
    openclaw(tmp_path, {"anthropic:default": token(ends_in=20 * DAY)})
    configure(tmp_path, CONFIG)
    client = whole().client

    def event():
        found = Calendar.from_ical(client.ask("/calendar.ics")[2]).walk("VEVENT")
        return (str(found[0]["UID"]), found[0]["DTSTART"].dt) if found else None

    uid, before = wait_for(event, 60)
    openclaw(tmp_path, {"anthropic:default": token(ends_in=30 * DAY, secret="another")})
    authwatch(tmp_path, "check")
    same, after = event()
    assert same == uid
    assert abs((after - before).total_seconds() - 10 * DAY) < 60


def test_a_changed_store_is_noticed_within_half_a_minute(tmp_path, whole):
    """A changed store is noticed within half a minute (and a check), without anybody asking; so is an acknowledgement."""
    openclaw(tmp_path, {"anthropic:default": token(ends_in=20 * DAY)})
    configure(tmp_path, CONFIG)
    client = whole().client
    wait_for(lambda: profiles(client), 60)
    openclaw(tmp_path, {"anthropic:default": token(ends_in=HOUR)})
    began = time.monotonic()
    wait_for(lambda: profiles(client)["anthropic:default"]["needs_human"] == "soon", 45)
    assert time.monotonic() - began < 40


def test_a_slip_in_the_config_silences_nothing(tmp_path, whole):
    """A slip in the config silences nothing: checks go on with the old one, and tell the old channels."""
    openclaw(tmp_path, {"anthropic:default": token(ends_in=20 * DAY)})
    with web() as phone:
        address = phone.url("json", "json/x")
        config = configure(
            tmp_path, f"{CONFIG}alerts: {{settle: 0s}}\nchannels: {{phone: {{url: '{address}', at_least: soon}}}}\n"
        )
        one = whole()
        wait_for(lambda: checks(one.client)["ok"] >= 1, 60)
        config.write_text(config.read_text() + "chanels: {}\n")
        openclaw(tmp_path, {"anthropic:default": token(ends_in=HOUR)})
        one.process.send_signal(signal.SIGHUP)
        wait_for(lambda: phone.received, 60)
        assert counts(one.client, "authwatch_config_last_reload_success") == {(): 0.0}
        assert "config.yaml:4: chanels: " in one.log.read_text()
        assert json.loads(one.client.ask("/api/v1/history")[2])["transitions"]
        config.write_text(config.read_text().replace("chanels: {}\n", ""))
        one.process.send_signal(signal.SIGHUP)
        wait_for(lambda: counts(one.client, "authwatch_config_last_reload_success") == {(): 1.0}, 30)
        assert "Traceback" not in one.log.read_text()


def test_nothing_is_served_before_the_config_is_valid(tmp_path):
    """Nothing is served before the config is valid."""
    configure(tmp_path, f"{CONFIG}nonsense: 1\n")
    done = authwatch(tmp_path, "serve", timeout=30)
    assert (done.code, "listening" in done.err) == (78, False)
    assert "config.yaml:2: nonsense: " in done.err


def test_no_answer_holds_a_secret(tmp_path, whole):
    """No answer holds a secret, nor does anything the daemon says or leaves."""
    with web() as there:
        env = plant(tmp_path, there.port)
        secret = tmp_path / "word"
        secret.write_text("FAKESECRET-word\n")
        config = tmp_path / ".config/authwatch/config.yaml"
        config.write_text(f"{config.read_text()}web: {{listen: '127.0.0.1:0', password_file: '{secret}'}}\n")
        one = whole(env)
        right = {"Authorization": "Bearer FAKESECRET-word"}
        wait_for(lambda: one.client.ask("/api/v1/status", **right)[0] == 200, 60)
        config.write_text(f"{config.read_text()}FAKESECRET-slip: [FAKESECRET-value\n")
        one.process.send_signal(signal.SIGHUP)
        wait_for(lambda: "config not reloaded" in one.log.read_text(), 30)
        for path in PATHS:
            for headers in ({}, right, {"Authorization": "Bearer FAKESECRET-wrong"}, {"Host": "FAKESECRET-host"}):
                status, found, text = one.client.ask(path, **headers)
                assert not CANARY.findall(f"{status} {found} {text}".encode("utf-8", "replace")), (path, headers)
        assert not CANARY.findall(one.log.read_bytes().replace(b"FAKESECRET-slip", b""))
        for path in state(tmp_path).rglob("*"):
            assert path.is_dir() or not CANARY.findall(path.read_bytes()), path


@pytest.mark.parametrize("step", ["+2h", "-1d"])
def test_a_clock_that_is_set_or_slept_leads_to_a_look(daemon, tmp_path, step):
    """A clock that is set, or that slept, leads to a look at once."""
    library = "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1"
    if not os.path.exists(library):
        pytest.skip("libfaketime is not installed (Debian: libfaketime)")
    moved, passes = tmp_path / "time", tmp_path / "passes"
    moved.write_text("+0")
    env = {
        "LD_PRELOAD": library,
        "FAKETIME_TIMESTAMP_FILE": str(moved),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
    }
    one = daemon(f"echo >>{passes}", env=env, interval=300, look_every=0.5)
    wait_for(lambda: passes.exists() and passes.read_text() == "\n")
    pause(1.5)
    assert passes.read_text() == "\n"
    moved.write_text(step)
    wait_for(lambda: passes.read_text() == "\n\n")
    assert "the clock was set or the machine slept" in one.out
