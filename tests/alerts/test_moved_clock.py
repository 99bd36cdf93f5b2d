"""Clocks that are set, sleep, or change their zone: no episode is missed and none is told again."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tests.alerts.life import DAY, HOUR, MINUTE, START, Life
from tests.alerts.listener import listener
from tests.command import argv, configure, environment, state
from tests.openclaw_home import openclaw, token
from tests.polling import eventually

CODE, MAIN = ("now", "claude-code:default"), ("now", "anthropic:default (main)")
YEARS = timedelta(days=3652)
STEPS = {
    "an hour ahead": HOUR,
    "an hour back": -HOUR,
    "a day ahead": DAY,
    "a day back": -DAY,
    "ten years ahead": YEARS,
    "ten years back": -YEARS,
}


def dead(life: Life) -> None:
    """A login whose death depends on no clock."""
    life.claude(8 * HOUR, None, accessToken="", refreshToken="", expiresAt=0)


def also_dead(life: Life) -> None:
    """Another one."""
    life.openclaw({"anthropic:default": {**life.oauth(8 * HOUR), "access": "", "refresh": ""}})


def step(life: Life, span: timedelta) -> None:
    """Somebody sets the wall clock; the boot clock does not know."""
    life.now += span


@pytest.mark.parametrize("name", STEPS)
def test_a_clock_that_is_wrong_for_a_moment_changes_nothing(life: Life, name: str) -> None:
    life.openclaw({"anthropic:default": life.token(20 * DAY)})
    dead(life)
    life.look()
    assert life.calls() == [CODE]
    known = history(life)
    for _ in range(3):
        step(life, STEPS[name])
        life.home.joinpath(".local/state/authwatch/checkpoint").unlink(
            missing_ok=True
        )  # or there would be nothing to look at
        assert "the clock was moved" in life.look(after=2 * MINUTE).err
        step(life, -STEPS[name])
        assert "the clock" not in life.look(after=2 * MINUTE).err
    assert life.calls() == [CODE]
    assert history(life) == known


@pytest.mark.parametrize("name", STEPS)
def test_a_clock_that_is_set_for_good_repeats_no_episode_and_misses_none(life: Life, name: str) -> None:
    life.wait(YEARS)  # or ten years back would be a year that no clock can mean
    dead(life)
    life.look()
    life.items.clear()
    life.wait(HOUR)
    step(life, STEPS[name])
    life.look(after=MINUTE)
    also_dead(life)
    for _ in range(3):
        life.look(after=5 * MINUTE)
    assert [(one.call, one.name) for one in life.items if one.reason != "reminder"] == [MAIN]
    before = len(life.items)
    life.live(life.now + 20 * HOUR)
    assert len(life.items) == before
    life.live(life.now + 8 * HOUR)
    assert [one.reason for one in life.items[before:]] == ["reminder"] * (len(life.items) - before)
    assert 1 <= len(life.items) - before <= 2


def test_what_came_during_eight_hours_of_suspend_is_told_by_the_first_check(life: Life) -> None:
    """The boot clock counts the sleep, so the wall clock is believed at once."""
    life.openclaw({"anthropic:default": life.token(3 * DAY + 4 * HOUR)})
    life.look()
    assert [one.call for one in life.items] == ["soon"]
    assert "the clock" not in life.look(after=8 * HOUR).err
    assert [one.reason for one in life.items] == ["new", "worse"]
    life.openclaw({"anthropic:default": life.token(4 * HOUR)})
    life.look()
    life.look(after=8 * HOUR)
    assert [one.call for one in life.items][2:] == ["soon", "now"]
    assert life.look(after=8 * HOUR).code == 1
    assert len(life.items) == 4


@pytest.mark.parametrize(
    ("evening", "morning"),
    [
        (datetime(2027, 3, 27, 20, 30, tzinfo=UTC), datetime(2027, 3, 28, 5, tzinfo=UTC)),
        (datetime(2027, 10, 30, 19, 30, tzinfo=UTC), datetime(2027, 10, 31, 6, tzinfo=UTC)),
    ],
    ids=["spring forward", "fall back"],
)
def test_what_quiet_hours_held_is_told_at_their_local_end_when_the_zone_changes(
    life: Life, evening: datetime, morning: datetime
) -> None:
    """22:00 to 07:00 in Stockholm, in the night in which an hour is missing or comes twice."""
    life.configured("alerts: {quiet: {from: '22:00', to: '07:00', timezone: Europe/Stockholm}}")
    life.wait(evening - life.now)
    life.openclaw({"anthropic:default": life.token(7 * DAY + HOUR)})
    life.look()
    life.live(evening + 14 * HOUR, every=HOUR)
    assert [one.call for one in life.items] == ["soon"]
    assert timedelta() <= life.items[0].at - morning <= MINUTE


def test_the_next_check_of_the_daemon_comes_within_a_minute_of_a_step(tmp_path: Path, stepped: Path) -> None:
    """The real daemon and its real checks, on a wall clock that is set a day ahead under them."""
    openclaw(tmp_path, {"anthropic:default": token(ends_in=90 * 86_400)})
    configure(tmp_path, "interval: 12h\nweb: {listen: '127.0.0.1:0'}\n")
    env = environment(tmp_path) | {
        "LD_PRELOAD": "/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1",
        "FAKETIME_TIMESTAMP_FILE": str(stepped),
        "FAKETIME_NO_CACHE": "1",
        "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        "FAKETIME_DONT_RESET": "1",
    }
    log = (tmp_path / "log").open("w")
    daemon = subprocess.Popen(argv("serve"), env=env, cwd=tmp_path, stdout=log, stderr=log, start_new_session=True)
    try:
        first = passed(tmp_path, after=0.0, within=30)
        stepped.write_text("+1d\n")
        begun = time.monotonic()
        second = passed(tmp_path, after=first, within=75)
        assert time.monotonic() - begun <= 70
        assert second > first
    finally:
        os.killpg(daemon.pid, signal.SIGTERM)
        daemon.wait(20)


@pytest.fixture
def stepped(tmp_path: Path) -> Iterator[Path]:
    path = tmp_path / "faketime"
    path.write_text("+0\n")
    if not Path("/usr/lib/x86_64-linux-gnu/faketime/libfaketimeMT.so.1").exists():
        pytest.skip("needs Debian's faketime")
    yield path


def passed(home: Path, after: float, within: float) -> float:
    """The real moment at which a check left its summary, later than `after`."""

    def at() -> float:
        with suppress(OSError):
            if (moment := (state(home) / "check.json").stat().st_mtime) > after:
                return moment
        return 0.0

    return eventually(at, "no check came", within, every=0.2)


def history(life: Life) -> str:
    done = life.line.run(life.home, "history", "--since", "9999d", "--json", at=life.now + 2 * YEARS)
    assert done.code == 0, done.err
    return json.dumps(json.loads(done.out)["transitions"])


def test_a_clock_that_cannot_be_right_is_no_success_to_the_heartbeat(life: Life) -> None:
    """It tells nobody anything, so whoever waits for the heartbeat has to hear it."""
    dead(life)
    with listener() as there:
        life.configured(f"heartbeat: {{url: '{there.url('pulse')}'}}")
        life.line.run(life.home, "check", at=START)
        life.line.run(life.home, "check", at=datetime(1970, 1, 2, tzinfo=UTC))
        assert there.paths == ["/pulse", "/pulse/fail"]
