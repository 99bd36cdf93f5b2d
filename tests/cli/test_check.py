"""The whole check through the real command line: found, remembered, told, and silent when nothing changed."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.command import authwatch, configure, started, state
from tests.inbox import Receiver
from tests.openclaw_home import DAY, HOUR, oauth, openclaw, put, store, token
from tests.polling import pause
from tests.receivers import web


@pytest.fixture
def phone() -> Iterator[Receiver]:
    with web() as there:
        yield there


def channel(there: Receiver, label: str = "phone", more: str = "") -> str:
    return f"  {label}: {{url: '{there.url('json', 'json/' + label)}'{more}}}\n"


def config(home: Path, *channels: str, more: str = "alerts: {deadline: 10s}\n") -> None:
    configure(home, "host: box\n" + more + "channels:\n" + "".join(channels))


def titles(there: Receiver, label: str = "phone") -> list[str]:
    return [one.body["title"] for one in there.received if one.path.endswith(label)]


def test_a_login_that_ends_soon_is_found_remembered_and_told_once(tmp_path, phone):
    openclaw(tmp_path, {"anthropic:default": token(ends_in=2 * DAY)})
    config(tmp_path, channel(phone))
    for _ in range(3):
        done = authwatch(tmp_path, "check")
        assert done.code == 2, done.err
        assert "anthropic:default" in done.out
    assert len(titles(phone)) == 1
    assert "anthropic:default" in titles(phone)[0]
    assert authwatch(tmp_path, "history", "--json").json["transitions"][0]["after"] == "expiring"


def test_expiring_is_told_and_expired_ten_minutes_later_is_told_too(tmp_path, phone):
    openclaw(tmp_path, {"anthropic:default": token(ends_in=HOUR)})
    config(tmp_path, channel(phone))
    assert authwatch(tmp_path, "check").code == 2
    openclaw(tmp_path, {"anthropic:default": token(ends_in=-1)})
    assert authwatch(tmp_path, "check").code == 1
    assert len(titles(phone)) == 2
    assert "Expired" in titles(phone)[1]


def test_a_real_login_is_confirmed_at_once(tmp_path, phone):
    openclaw(tmp_path, {"anthropic:default": token(ends_in=-HOUR)})
    config(tmp_path, channel(phone))
    authwatch(tmp_path, "check")
    openclaw(tmp_path, {"anthropic:default": token(ends_in=300 * DAY, secret="tok-FAKESECRET-2")})
    assert authwatch(tmp_path, "check").code == 0
    assert len(titles(phone)) == 2
    assert "logged in again; expires" in phone.received[-1].body["message"]


def test_a_dead_channel_hears_the_newest_state_once_when_it_returns_and_disturbs_no_other(tmp_path, phone):
    with web(fault="status/500") as dead:
        port = dead.port
        openclaw(tmp_path, {"anthropic:default": token(ends_in=HOUR)})
        config(tmp_path, channel(phone), channel(dead, "mail"))
        authwatch(tmp_path, "check")
        openclaw(tmp_path, {"anthropic:default": token(ends_in=-1)})
        done = authwatch(tmp_path, "check")
        assert "channel mail was not reached (server_error)" in done.err
    assert len(titles(phone)) == 2
    with web(port=port) as back:
        # Another address is tried at once; the same one only after its wait, which this test does not sit out.
        config(tmp_path, channel(phone), channel(back, "mail", ", at_least: info"))
        text = (tmp_path / ".config/authwatch/config.yaml").read_text().replace("json/mail", "json/again/mail")
        configure(tmp_path, text)
        authwatch(tmp_path, "check")
        authwatch(tmp_path, "check")
        heard = [one for one in back.received if one.path.endswith("mail")]
        assert len(heard) == 1
        assert "Expired" in heard[0].body["title"]
    assert len(titles(phone)) == 2


def test_four_checks_at_once_say_one_thing_once(tmp_path, phone):
    openclaw(tmp_path, {"anthropic:default": token(ends_in=-HOUR)})
    config(tmp_path, channel(phone))
    running = [started(tmp_path, "check") for _ in range(4)]
    assert [one.wait(60) for one in running] == [1, 1, 1, 1]
    assert len(titles(phone)) == 1


def test_a_torn_store_is_unknown_and_no_alarm_before_it_lasts(tmp_path, phone):
    openclaw(tmp_path, {"anthropic:default": token()})
    config(tmp_path, channel(phone))
    assert authwatch(tmp_path, "check").code == 0
    put(store(tmp_path), '{"version": 1, "profiles": {"anthropic:def')
    done = authwatch(tmp_path, "check", "--json")
    assert done.code == 3
    (profile,) = done.json["profiles"]
    assert (profile["state"], profile["needs_human"]) == ("unknown", "unknown")
    assert done.json["problems"][0]["problem"] == "parse"
    assert titles(phone) == []


def test_a_torn_store_that_stays_torn_is_told_once(tmp_path, phone):
    openclaw(tmp_path, {"anthropic:default": token()})
    config(tmp_path, channel(phone), more="alerts: {settle: 1s, deadline: 10s}\n")
    authwatch(tmp_path, "check")
    put(store(tmp_path), "{")
    authwatch(tmp_path, "check")
    pause(1.2)
    for _ in range(3):
        assert authwatch(tmp_path, "check").code == 3
    assert len(titles(phone)) == 1


def test_a_profile_that_vanishes_is_missing_and_forget_ends_it(tmp_path):
    openclaw(tmp_path, {"anthropic:default": token(), "openai:x": token("openai")})
    assert authwatch(tmp_path, "check").code == 0
    openclaw(tmp_path, {"openai:x": token("openai")})
    done = authwatch(tmp_path, "check", "--json")
    states = {one["profile"]: one["state"] for one in done.json["profiles"]}
    assert states["anthropic:default"] == "missing"
    key = "openclaw/main/anthropic:default"
    assert authwatch(tmp_path, "forget", key).code == 0
    after = authwatch(tmp_path, "status", "--json").json["profiles"]
    assert key not in {one["key"] for one in after}


def test_forget_of_what_is_still_seen_is_refused_and_names_ignore(tmp_path):
    openclaw(tmp_path, {"anthropic:default": token(ends_in=-HOUR)})
    authwatch(tmp_path, "check")
    refused = authwatch(tmp_path, "forget", "openclaw/main/anthropic:default")
    assert refused.code == 1
    assert "authwatch ignore openclaw/main/anthropic:default" in refused.err


def test_ignore_is_shown_and_counts_for_nothing(tmp_path, phone):
    openclaw(tmp_path, {"anthropic:default": token(ends_in=-HOUR)})
    authwatch(tmp_path, "check")
    assert authwatch(tmp_path, "ignore", "openclaw/main/anthropic:default").code == 0
    config(tmp_path, channel(phone))
    done = authwatch(tmp_path, "check", "--json")
    assert done.code == 0
    assert done.json["profiles"][0]["ignored"] is True
    assert done.json["profiles"][0]["state"] == "expired"
    assert titles(phone) == []
    authwatch(tmp_path, "unignore", "openclaw/main/anthropic:default")
    assert authwatch(tmp_path, "check").code == 1
    assert len(titles(phone)) == 1


def test_a_refreshable_login_that_rotates_all_day_says_nothing(tmp_path, phone):
    config(tmp_path, channel(phone))
    for turn in range(4):
        openclaw(
            tmp_path,
            {"anthropic:default": oauth(ends_in=(turn - 2) * HOUR, refresh=f"ref-FAKESECRET-{turn}")},
        )
        assert authwatch(tmp_path, "check").code == 0
    assert titles(phone) == []
    (profile,) = authwatch(tmp_path, "status", "--json").json["profiles"]
    assert profile["confidence"] == "proven"
    assert profile["last_rotated_at"]


def test_an_unchanged_check_stops_at_the_gate_and_writes_no_history(tmp_path):
    openclaw(tmp_path, {"anthropic:default": token(ends_in=2 * DAY)})
    first = authwatch(tmp_path, "check", "--textfile", "out.prom")
    past_youth(tmp_path)
    authwatch(tmp_path, "check", "--textfile", "out.prom")
    history = (state(tmp_path) / "history.sqlite").stat()
    before = moment_in(tmp_path / "out.prom")
    pause(0.01)
    again = authwatch(tmp_path, "check", "--textfile", "out.prom")
    assert (again.code, undated(again.out)) == (first.code, undated(first.out))
    assert (state(tmp_path) / "history.sqlite").stat().st_mtime_ns == history.st_mtime_ns
    assert moment_in(tmp_path / "out.prom") > before


def test_any_touch_reopens_the_gate(tmp_path):
    path = openclaw(tmp_path, {"anthropic:default": token(ends_in=2 * DAY)})
    authwatch(tmp_path, "check")
    past_youth(tmp_path)
    looked = json.loads((state(tmp_path) / "status.json").read_text())["at"]
    changed = path.read_text().replace("anthropic:default", "anthropic:changed")
    put(path, changed)
    done = authwatch(tmp_path, "check", "--json")
    assert "openclaw/main/anthropic:changed" in {one["key"] for one in done.json["profiles"]}
    assert done.json["at"] > looked


def test_a_change_of_environment_or_config_reopens_the_gate(tmp_path):
    openclaw(tmp_path, {"anthropic:default": token(ends_in=2 * DAY)})
    assert authwatch(tmp_path, "check").code == 2
    assert authwatch(tmp_path, "check", env={"OPENCLAW_STATE_DIR": str(tmp_path / "none")}).code == 0
    configure(tmp_path, "policy: {lead: [1h]}\n")
    assert authwatch(tmp_path, "check").code == 0


def test_the_textfile_is_readable_by_others_and_everything_else_is_not(tmp_path):
    openclaw(tmp_path, {"anthropic:default": token()})
    authwatch(tmp_path, "check", "--textfile", tmp_path / "auth.prom")
    assert (tmp_path / "auth.prom").stat().st_mode & 0o777 == 0o644
    assert state(tmp_path).stat().st_mode & 0o777 == 0o700
    modes = {one.name: one.stat().st_mode & 0o777 for one in state(tmp_path).iterdir()}
    assert set(modes.values()) == {0o600}, modes


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["check"], 1),
        (["check", "--exit-zero"], 0),
        (["check", "--nagios"], 2),
        (["status"], 0),
        (["status", "--check"], 1),
    ],
)
def test_exit_codes_are_the_contracts(tmp_path, words, code):
    openclaw(tmp_path, {"anthropic:default": token(ends_in=-HOUR)})
    assert authwatch(tmp_path, *words).code == code


def test_status_writes_nothing(tmp_path):
    openclaw(tmp_path, {"anthropic:default": token()})
    before = sorted(os.walk(tmp_path))
    assert authwatch(tmp_path, "status").code == 0
    assert sorted(os.walk(tmp_path)) == before


def undated(out: str) -> str:
    """What a check printed without its first line, which holds the minute."""
    return out.partition("\n")[2]


def past_youth(home: Path) -> None:
    """A second look once files are older than the trust window, so that the gate may believe their stamps."""
    pause(2.1)
    authwatch(home, "check")


def moment_in(path: Path) -> float:
    name = "authwatch_check_last_success_timestamp_seconds "
    return next(float(line.split()[1]) for line in path.read_text().splitlines() if line.startswith(name))
