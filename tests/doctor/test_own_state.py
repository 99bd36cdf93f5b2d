"""authwatch's own house: clock, zone, config, state folder, history, last check, each both ways."""

from __future__ import annotations

import json
import os
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta, tzinfo
from datetime import time as clock
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import pytest

from alerts.model import QuietHours
from monitor.doctor import machine
from monitor.doctor.model import FixStep, Health, Subject
from tests.command import authwatch, configure, state
from tests.doctor.subjects import only, said, subject, wrong
from tests.openclaw_home import openclaw, token

PHONE = "channels: {phone: {url: 'json://127.0.0.1/x'}}\n"


def folder(home: Path, mode: int = 0o700) -> Path:
    place = state(home)
    place.mkdir(parents=True)
    place.chmod(mode)
    return place


# -- the machine ------------------------------------------------------------------------------------------------


def test_a_clock_that_cannot_be_right_is_broken(tmp_path):
    found = only(said(subject(tmp_path, now=datetime(2020, 1, 1, tzinfo=UTC)), "clock"))
    assert (found.health, found.mend) == (Health.BROKEN, "sudo timedatectl set-ntp true")


def test_a_clock_before_the_last_check_and_a_doubted_one_are_warnings(tmp_path):
    now = datetime.now(UTC)
    record = folder(tmp_path) / "check.json"
    record.write_text(json.dumps({"at": (now + timedelta(days=2)).isoformat()}))
    assert "behind the last check" in only(said(subject(tmp_path), "clock")).what
    record.write_text(json.dumps({"at": now.isoformat(), "clocks": {"doubted": {"wall": 1}}}))
    assert "was changed" in only(said(subject(tmp_path), "clock")).what


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"at": 3}', '{"at": "nonsense"}', '{"clocks": [1]}', "[" * 5000])
def test_a_clock_that_nothing_speaks_against_is_fine(tmp_path, text):
    (folder(tmp_path) / "check.json").write_text(text)
    assert wrong(said(tmp_path, "clock")) == []


@pytest.fixture
def stockholm(monkeypatch):
    monkeypatch.setenv("TZ", "Europe/Stockholm")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


def test_quiet_hours_in_utc_on_a_machine_elsewhere_are_a_warning(tmp_path, stockholm):
    one = subject(tmp_path, now=datetime(2026, 11, 22, 12, 0, tzinfo=UTC))

    def at(zone: tzinfo) -> Subject:
        hours = QuietHours(clock(22), clock(7), zone)
        return replace(one, settings=one.settings._replace(alerts=one.settings.alerts._replace(quiet=hours)))

    found = only(said(at(UTC), "zone"))
    assert (
        found.what == "quiet hours are 22:00 to 07:00 UTC, but times are shown in this machine's zone, CET (UTC+01:00)"
    )
    assert wrong(said(at(ZoneInfo("Europe/Stockholm")), "zone")) == []
    assert wrong(said(at(ZoneInfo("UTC")), "zone")) == [], "somebody chose it"
    assert wrong(said(one, "zone")) == []


# -- config -----------------------------------------------------------------------------------------------------


def test_a_wrong_config_is_broken_and_the_rest_is_looked_at(tmp_path):
    openclaw(tmp_path, {"anthropic:default": token()})
    configure(tmp_path, "chanels: {}\ninterval: never\n")
    done = authwatch(tmp_path, "doctor", "--json")
    assert done.code == 1
    found = [one for one in done.json["results"] if one["check"] == "config"]
    assert ["config.yaml:1: chanels" in one["what"] for one in found] == [True, False]
    assert {one["mend"] for one in found} == {"authwatch config check"}
    assert any("1 login in" in one["what"] for one in done.json["results"])


@pytest.mark.parametrize(
    ("config", "speaks"),
    [
        ("host: x\n", False),
        ("web: {password_file: gone}\n", True),
        ("sources: [{type: exec, id: vault, provider: x, command: [/bin/true]}]\n", False),
    ],
)
def test_what_the_config_names_and_cannot_be_had_is_broken(tmp_path, config, speaks):
    found = wrong(said(tmp_path, "config", config))
    assert [one.health for one in found] == [Health.BROKEN] * speaks


def test_no_config_is_fine(tmp_path):
    (found,) = said(tmp_path, "config")
    assert found.health is Health.FINE


@pytest.mark.parametrize(
    ("mode", "config", "speaks"), [(0o640, PHONE, True), (0o600, PHONE, False), (0o644, "host: x\n", False)]
)
def test_a_config_that_others_read_is_a_warning_where_it_holds_an_address(tmp_path, mode, config, speaks):
    configure(tmp_path, config).chmod(mode)
    found = wrong(said(tmp_path, "config files"))
    assert [one.mend for one in found] == [f"chmod 600 -- {tmp_path}/.config/authwatch/config.yaml"] * speaks


def test_a_secret_file_beside_the_config_is_looked_at_too(tmp_path):
    configure(tmp_path, "channels: {mail: {url_file: 'my mail.url'}}\n")
    secret = tmp_path / ".config" / "authwatch" / "my mail.url"
    secret.write_text("json://127.0.0.1/x\n")
    secret.chmod(0o644)
    found = only(said(tmp_path, "config files"))
    assert found.what == "~/.config/authwatch/my mail.url has mode 0644"
    assert found.mend == f"chmod 600 -- '{secret}'"
    assert found.fix is not None


# -- state folder, history, checks ------------------------------------------------------------------------------


def test_a_state_folder_that_is_not_there_can_be_made(tmp_path):
    found = only(said(tmp_path, "state folder"))
    assert found.fix is not None
    assert found.fix.step is FixStep.MAKE


def test_a_private_state_folder_is_fine(tmp_path):
    (folder(tmp_path) / "key").touch(0o600)
    assert wrong(said(tmp_path, "state folder")) == []


def test_a_wide_state_folder_and_wide_files_are_warnings(tmp_path):
    place = folder(tmp_path, 0o755)
    (place / "history.sqlite").touch()
    (place / "history.sqlite").chmod(0o644)
    found = wrong(said(tmp_path, "state folder"))
    assert [one.what for one in found] == [
        "~/.local/state/authwatch has mode 0755",
        "~/.local/state/authwatch/history.sqlite has mode 0644",
    ]
    assert all(one.fix and one.fix.step is FixStep.NARROW for one in found)


@pytest.mark.parametrize(
    ("name", "age", "speaks"),
    [
        (".key.123", 7200, True),
        (".check.json.99", 7200, True),
        (".key.123", 60, False),
        (".key.x", 7200, False),
        ("key.123", 7200, False),
    ],
)
def test_what_a_broken_check_left_is_a_warning_once_it_is_old(tmp_path, name, age, speaks):
    left = folder(tmp_path) / name
    left.touch(0o600)
    then = time.time() - age
    os.utime(left, (then, then))
    assert [one.fix.step for one in wrong(said(tmp_path, "state folder")) if one.fix] == [FixStep.REMOVE] * speaks


def test_a_file_in_place_of_the_state_folder_is_broken(tmp_path):
    state(tmp_path).parent.mkdir(parents=True)
    state(tmp_path).touch()
    assert only(said(tmp_path, "state folder")).health is Health.BROKEN


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give files away")
def test_files_of_another_user_are_told_and_never_fixed(tmp_path):
    place = folder(tmp_path)
    (place / "history.sqlite").touch(0o600)
    os.chown(place / "history.sqlite", 65534, 65534)
    found = only(said(tmp_path, "state folder"))
    assert found.fix is None
    assert found.mend.startswith("sudo chown 0 -- ")


def test_a_damaged_history_is_broken_and_a_sound_one_is_fine(tmp_path):
    openclaw(tmp_path, {"anthropic:default": token()})
    assert wrong(said(tmp_path, "history")) == []
    authwatch(tmp_path, "check")
    assert wrong(said(tmp_path, "history")) == []
    (state(tmp_path) / "history.sqlite").write_bytes(b"no database" * 1000)
    found = only(said(tmp_path, "history"))
    assert (found.health, found.mend.split("  #")[0]) == (Health.BROKEN, "authwatch check")


def test_a_last_check_that_is_old_or_never_was_is_a_warning(tmp_path):
    openclaw(tmp_path, {"anthropic:default": token()})
    assert only(said(tmp_path, "last check")).what == "no check has finished yet"
    authwatch(tmp_path, "check")
    assert wrong(said(tmp_path, "last check")) == []
    for path in state(tmp_path).iterdir():
        os.utime(path, (time.time() - 3 * 86400,) * 2)
    found = only(said(tmp_path, "last check"))
    assert found.what.startswith("the last check finished ")
    assert found.what.endswith(" UTC"), "whoever shows it says how long ago that was"
    assert "the last check finished 3 days ago (" in " ".join(authwatch(tmp_path, "doctor").out.split())


# -- the zone that times are shown in ---------------------------------------------------------------------------


def test_the_zone_of_times_is_named(tmp_path, stockholm):
    (found,) = said(subject(tmp_path, now=datetime(2026, 11, 22, 12, 0, tzinfo=UTC)), "zone")
    assert (found.health, found.what) == (Health.FINE, "times are shown in this machine's zone, CET (UTC+01:00)")
    (found,) = said(tmp_path, "zone", "timezone: America/New_York\n")
    assert (found.health, found.what) == (Health.FINE, "times are shown in America/New_York (from the config)")


@pytest.mark.parametrize(
    ("name", "speaks"),
    [
        ("No/Where", True),
        ("Nowhere", True),
        ("Europe/Stockholm", False),
        (":Europe/Stockholm", False),
        ("UTC", False),
        ("CET-1CEST,M3.5.0,M10.5.0/3", False),
        ("<+03>-3", False),
        ("", False),
    ],
)
def test_a_variable_that_names_no_zone_is_a_warning(tmp_path, name, speaks):
    found = wrong(said(tmp_path, "zone", TZ=name))
    assert [one.what.startswith(f"TZ={name} is not a time zone") for one in found] == [True] * speaks
    assert wrong(said(tmp_path, "zone", "timezone: Europe/Stockholm\n", TZ=name)) == [], "the config decides"


def test_a_machine_without_time_zones_is_a_warning_with_what_brings_them(tmp_path, monkeypatch):
    """A phone has none that Python can read; `tzdata` from a package registry brings them."""

    def nowhere(name: str) -> ZoneInfo:
        raise ZoneInfoNotFoundError(name)

    monkeypatch.setattr(machine, "ZoneInfo", nowhere)
    found = only(said(tmp_path, "zone"))
    assert "no time zone database" in found.what
    assert found.mend.endswith("-m pip install tzdata")


def test_times_are_shown_on_the_clock_of_the_config_and_kept_in_utc(tmp_path):
    """What people read is on the clock of the config; JSON stays in UTC."""
    openclaw(tmp_path, {"anthropic:default": token()})
    configure(tmp_path, "timezone: Asia/Tokyo\n")
    authwatch(tmp_path, "check")
    printed = " ".join(authwatch(tmp_path, "doctor").out.split())
    assert " JST" in printed.split(" errors")[0].split(" warning")[0]
    assert " UTC" not in printed.replace("UTC+", "")
    found = [one["what"] for one in authwatch(tmp_path, "doctor", "--json").json["results"]]
    assert any(what.startswith("finished ") and what.endswith(" UTC") for what in found)


def test_every_path_below_the_home_is_shown_with_a_tilde(tmp_path):
    """Every path in a sentence, the history's among them; commands have them in full, since a quoted `~` means nothing."""
    openclaw(tmp_path, {"anthropic:default": token()})
    authwatch(tmp_path, "check")
    results = authwatch(tmp_path, "doctor", "--json").json["results"]
    assert [one["what"] for one in results if one["check"] == "history"] == ["~/.local/state/authwatch/history.sqlite"]
    (state(tmp_path) / "history.sqlite").unlink()
    (state(tmp_path) / "history.sqlite").mkdir()
    results += authwatch(tmp_path, "doctor", "--json").json["results"]
    assert not [one for one in results if str(tmp_path) in one["what"] + one["why"]]
