"""Who watches the watcher: the heartbeat after each check, canaries, and what doctor and metrics say of both."""

from __future__ import annotations

import time
from pathlib import Path

import pytest

from tests.alerts.listener import Listener, listener
from tests.cli.test_imports import loaded
from tests.command import authwatch, configure, state
from tests.inbox import Receiver
from tests.openclaw_home import DAY, HOUR, openclaw, token
from tests.polling import pause
from tests.receivers import web


@pytest.fixture
def far():
    with listener() as there:
        yield there


@pytest.fixture
def phone():
    with web() as there:
        yield there


def config(home: Path, far: Listener, there: Receiver | None = None, more: str = "", canary: str = "") -> None:
    channel = f"channels:\n  phone: {{url: '{there.url('json', 'json/phone')}'{canary}}}\n" if there else ""
    pulse = f"heartbeat: {{url: '{far.url('ping/SECRETUUID')}'}}\n"
    configure(home, f"host: box\nalerts: {{deadline: 6s}}\n{pulse}{more}{channel}")


def test_every_finished_check_pings_whatever_it_found(tmp_path, far):
    config(tmp_path, far)
    assert authwatch(tmp_path, "check").code == 0
    openclaw(tmp_path, {"anthropic:default": token(ends_in=-HOUR)})
    assert authwatch(tmp_path, "check").code == 1
    assert far.paths == ["/ping/SECRETUUID"] * 2


def test_status_and_a_config_error_do_not_ping(tmp_path, far):
    config(tmp_path, far)
    authwatch(tmp_path, "status")
    config(tmp_path, far, more="nonsense: 1\n")
    assert authwatch(tmp_path, "check").code == 78
    assert far.paths == []


def test_a_check_that_has_nothing_to_do_keeps_it_alive_without_the_history(tmp_path, far):
    openclaw(tmp_path, {"anthropic:default": token(ends_in=2 * DAY)})
    config(tmp_path, far, more="interval: 2s\n")
    authwatch(tmp_path, "check")
    pause(2.1)
    loaded(tmp_path, "check")
    assert len(far.paths) == 2
    history = (state(tmp_path) / "history.sqlite").stat().st_mtime_ns
    pause(1.1)
    used = loaded(tmp_path, "check")
    assert "sqlalchemy" not in used
    assert "monitor.check.run" not in used
    assert len(far.paths) == 3
    assert (state(tmp_path) / "history.sqlite").stat().st_mtime_ns == history


def test_between_two_pings_the_gate_is_as_cheap_as_ever(tmp_path, far):
    openclaw(tmp_path, {"anthropic:default": token(ends_in=2 * DAY)})
    config(tmp_path, far, more="interval: 1h\n")
    authwatch(tmp_path, "check")
    pause(2.1)
    authwatch(tmp_path, "check")
    used = loaded(tmp_path, "check")
    assert "argparse" not in used
    assert len(far.paths) == 2, "the second check looked: the store was too young to be trusted"


def test_a_heartbeat_that_was_not_heard_is_said_without_its_address_and_tried_again(tmp_path, far):
    config(tmp_path, far, more="interval: 1h\n")
    far.status = 500
    done = authwatch(tmp_path, "check")
    assert done.code == 0
    assert "heartbeat ping failed (server_error): HTTP 500" in done.err
    assert "SECRETUUID" not in done.err + done.out
    far.status = 200
    authwatch(tmp_path, "check")
    assert len(far.paths) == 2


def test_a_heartbeat_that_hangs_delays_the_check_by_its_own_deadline_only(tmp_path):
    with listener(fault="hang") as far:
        config(tmp_path, far)
        started = time.monotonic()
        done = authwatch(tmp_path, "check")
        assert done.code == 0
        assert time.monotonic() - started < 9
        assert "heartbeat ping failed (timeout)" in done.err


def test_a_check_that_cannot_remember_says_fail(tmp_path, far):
    config(tmp_path, far, more="history: {url: 'sqlite:////proc/nowhere/history.sqlite'}\n")
    authwatch(tmp_path, "check")
    assert far.paths == ["/ping/SECRETUUID/fail"]


def test_a_broken_heartbeat_is_said_and_stops_nothing(tmp_path):
    configure(tmp_path, "heartbeat: {url_file: gone}\n")
    done = authwatch(tmp_path, "check")
    assert done.code == 0
    assert "heartbeat" in done.err
    assert authwatch(tmp_path, "doctor", "--json").code == 1


def test_a_canary_arrives_and_its_arrival_is_a_metric(tmp_path, far, phone):
    config(tmp_path, far, phone, canary=", canary: 7d")
    authwatch(tmp_path, "check")
    authwatch(tmp_path, "check")
    (canary,) = phone.received
    assert canary.body["title"] == "Test message: phone · box"
    metrics = (state(tmp_path) / "metrics.prom").read_text()
    name = 'authwatch_canary_last_delivery_timestamp_seconds{channel="phone"} '
    arrived = next(float(line.removeprefix(name)) for line in metrics.splitlines() if line.startswith(name))
    assert abs(arrived - time.time()) < 60


def test_doctor_and_metrics_say_when_news_does_not_drain(tmp_path, far):
    with web(fault="status/500") as dead:
        openclaw(tmp_path, {"anthropic:default": token(ends_in=-HOUR)})
        config(tmp_path, far, dead)
        authwatch(tmp_path, "check")
        metrics = (state(tmp_path) / "metrics.prom").read_text()
        assert 'authwatch_channel_pending{channel="phone"} 1' in metrics
        done = authwatch(tmp_path, "doctor", "--json")
        assert done.code == 1
        (found,) = [one for one in done.json["results"] if one["check"] == "deliveries"]
        assert "alerts not delivered since" in found["what"]
        assert "server_error: HTTP 500" in found["why"]
        assert found["mend"] == "authwatch alerts test phone"
    assert far.paths == ["/ping/SECRETUUID"], "one failure is not yet a channel that is dead"


def test_the_digest_goes_out_if_it_is_asked_for(tmp_path, far, phone):
    openclaw(tmp_path, {"anthropic:default": token(ends_in=100 * DAY)})
    config(tmp_path, far, phone)
    text = (tmp_path / ".config/authwatch/config.yaml").read_text()
    configure(tmp_path, text.replace("deadline: 6s", "deadline: 6s, digest: weekly"))
    authwatch(tmp_path, "check")
    authwatch(tmp_path, "check")
    (digest,) = phone.received
    assert digest.body["title"] == "Overview: 1 login, and it is OK · box"
    assert "No action needed." in digest.body["message"]
    assert "After that: anthropic:default expires" in digest.body["message"]
    assert "This overview is sent every 7 days; the next one is due " in digest.body["message"]
