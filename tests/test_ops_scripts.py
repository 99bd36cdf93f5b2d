"""The defects of OpenClaw's ops scripts (auth-monitor.sh and its helpers) that concern alerting: ours has none.

One test each, by the number in the list that was made by running those scripts; what they did is in the docstring.
"""

from __future__ import annotations

import json
import re
import time
from datetime import timedelta
from pathlib import Path

import pytest

from tests.alerts.life import CLAUDE, DAY, HOUR, MINUTE, START, Life, ms
from tests.command import authwatch, configure, started
from tests.openclaw_home import openclaw, token
from tests.receivers import web

MAIN = "anthropic:default (main)"


def test_defect_1_escalation_is_not_swallowed_by_a_throttle(life: Life) -> None:
    """One throttle for everything: "expired" was skipped because "expiring" had been sent within the hour."""
    life.openclaw({"anthropic:default": life.token(10 * MINUTE)})
    life.look()
    life.look(after=10 * MINUTE)
    assert life.calls() == [("soon", MAIN), ("now", MAIN)]
    life.openclaw({})
    life.live(life.now + HOUR, every=5 * MINUTE)
    assert [one.call for one in life.items].count("now") >= 1


def test_defect_2_a_failed_delivery_does_not_count_as_sent(life: Life) -> None:
    """A failed curl wrote the state file all the same, and the alert was lost for an hour."""
    life.openclaw({"anthropic:default": life.token(-HOUR)})
    url = life.there.url("json", "fail/4/json/phone")
    configure(life.home, f"alerts: {{deadline: 5s}}\nchannels:\n  phone: {{url: '{url}'}}\n")
    outcomes = [life.look(after=span).err for span in (0 * MINUTE, 2 * MINUTE, 3 * MINUTE, MINUTE, 5 * MINUTE)]
    assert ["not reached" in one for one in outcomes] == [True, True, False, False, False]
    assert len(life.there.received) == 5  # four refused, two in each of the first checks, and one taken


def test_defect_2_without_a_channel_nothing_is_remembered_as_sent(life: Life) -> None:
    """With no channel the state was written too."""
    config = life.home / ".config/authwatch/config.yaml"
    config.unlink()
    life.openclaw({"anthropic:default": life.token(-HOUR)})
    life.look()
    life.configured().look(after=MINUTE)
    assert life.calls() == [("now", MAIN)]


@pytest.mark.parametrize(("left", "call"), [(90 * MINUTE, "soon"), (30 * MINUTE, "soon"), (-MINUTE, "now")])
def test_defect_3_the_phone_is_told_whatever_the_exit_code_says(life: Life, left: timedelta, call: str) -> None:
    """`status | grep -q` under pipefail: the phone heard it at 90 minutes, not at 30, and never when it was over."""
    life.openclaw({"anthropic:default": life.token(left)})
    assert life.look().code in (1, 2)
    assert life.calls() == [(call, MAIN)]


def test_defect_4_alerts_go_past_the_agent_whose_login_dies(life: Life) -> None:
    """They were sent through the agent itself. Ours need no program of the agent: PATH holds nothing."""
    life.openclaw({"anthropic:default": life.token(-HOUR)})
    done = life.line.run(life.home, "check", at=life.now, env={"PATH": "/nonexistent"})
    assert done.code == 1
    assert len(life.there.received) == 1


def test_defect_5_an_absent_expiry_is_not_expired(life: Life) -> None:
    """`.expiresAt // 0` made a setup-token page as expired, every hour for ever."""
    life.file(CLAUDE, {"claudeAiOauth": {"accessToken": "acc-FAKESECRET-1", "expiresAt": None}})
    assert life.look().code == 0
    life.live(START + DAY)
    assert life.items == []


@pytest.mark.parametrize("content", ['{"claudeAiOauth": {"accessTok', "", "null", "not json"])
def test_defect_6_a_half_written_file_is_told_and_does_not_kill_the_check(life: Life, content: str) -> None:
    """jq's error with `set -e` ended the script with code 4, and nothing was sent."""
    life.claude(8 * HOUR, life.now + 20 * DAY)
    life.openclaw({"anthropic:default": life.token(-HOUR)})
    assert life.look().code == 1
    life.file(CLAUDE, content)
    assert life.look(after=MINUTE).code == 1
    life.look(after=11 * MINUTE)
    assert len(life.items) == 2
    assert life.items[1].call in ("unknown", "now")


def test_defect_7_data_is_never_run(life: Life) -> None:
    """An `expiresAt` of `NOW[$(cmd)0]` ran cmd, in shell arithmetic."""
    mark = life.home / "was-run"
    attack = f"NOW[$(touch {mark})0]"
    life.file(CLAUDE, {"claudeAiOauth": {"accessToken": "a", "refreshToken": "b", "expiresAt": attack}})
    life.openclaw({f"anthropic:$(touch {mark})": life.token(-HOUR) | {"expires": attack}})
    life.look()
    life.look(after=11 * MINUTE)
    assert not mark.exists()
    assert life.items


def test_defect_8_a_login_that_renews_itself_does_not_page_three_times_a_day(life: Life) -> None:
    """Refresh tokens were ignored, so every 8-hour access token "expired"."""
    for nth in range(9):
        life.claude(8 * HOUR, START + 28 * DAY, secret=str(nth))
        life.look()
        life.live(life.now + 8 * HOUR, every=2 * HOUR)
    assert life.items == []


def test_defect_9_reminders_become_rarer_and_the_end_is_told(life: Life) -> None:
    """It nagged every hour for ever and never said that it was over."""
    life.openclaw({"anthropic:default": life.token(-HOUR)})
    life.look()
    life.live(START + 12 * DAY, every=6 * HOUR)
    assert [round((one.at - START) / DAY) for one in life.items] == [0, 1, 3, 10]
    life.openclaw({"anthropic:default": life.token(90 * DAY, "2")})
    life.look()
    assert life.calls()[-1] == ("over", MAIN)


def test_defect_9_an_acknowledgement_stops_the_nagging_and_quiet_hours_hold_what_can_wait(life: Life) -> None:
    """There was neither."""
    life.configured("alerts: {quiet: {from: '22:00', to: '07:00', timezone: UTC}}")
    life.openclaw({"anthropic:default": life.token(6 * DAY + 12 * HOUR)})
    life.wait(11 * HOUR).look()
    assert life.items == []
    life.live(START + 20 * HOUR)
    assert [(one.at, one.call) for one in life.items] == [(START + 19 * HOUR, "soon")]
    life.openclaw({"anthropic:default": life.token(-MINUTE)})
    life.look()
    done = life.line.run(life.home, "alerts", "ack", "openclaw/main/anthropic:default", at=life.now, boot=life.boot)
    assert done.code == 0, done.err
    life.live(life.now + 9 * DAY, every=6 * HOUR)
    assert [one.call for one in life.items] == ["soon", "now"]


def test_defect_11_a_healthy_profile_does_not_hide_an_expired_one(life: Life) -> None:
    """`max` over the profiles; another mode of the same script read one fixed profile and disagreed."""
    life.openclaw({"anthropic:default": life.token(90 * DAY), "anthropic:work": life.token(-HOUR, "2")})
    done = life.look("--json")
    states = {one["profile"]: one["state"] for one in json.loads(done.out)["profiles"]}
    assert states == {"anthropic:default": "ok", "anthropic:work": "expired"}
    assert ("soon", "anthropic:work (main)") in life.calls()  # another one serves meanwhile
    plain = life.look()
    assert plain.code == done.code == json.loads(done.out)["exit_code"]


def test_defect_12_a_failure_to_look_is_unknown_and_not_expired(life: Life) -> None:
    """No CLI, no jq, bad JSON: all were MISSING, and so "expired"."""
    path = life.openclaw({"anthropic:default": life.token(90 * DAY)})
    life.look()
    life.file(str(path.relative_to(life.home)), "{")
    done = life.look("--json")
    assert done.code == 3
    assert {one["needs_human"] for one in json.loads(done.out)["profiles"]} == {"unknown"}
    life.look(after=11 * MINUTE)
    assert [one.call for one in life.items] == ["unknown"]


def test_defect_13_expiring_soon_is_told_apart_from_expired(life: Life) -> None:
    """A dead branch: the words for "expiring soon" were never matched."""
    life.openclaw({"anthropic:default": life.token(HOUR)})
    assert life.look().code == 2
    life.openclaw({"anthropic:default": life.token(-HOUR)})
    assert life.look().code == 1
    assert [one.call for one in life.items] == ["soon", "now"]


def test_defect_14_the_advice_renews_exactly_this_login(life: Life) -> None:
    """It opened the console for API keys and asked for a key; the login was another thing."""
    life.openclaw({"anthropic:default": life.oauth(8 * HOUR, refresh="") | {"expires": ms(life.now - HOUR)}})
    life.claude(8 * HOUR, life.now + DAY - MINUTE)
    life.look()
    text = {one.name: one.text for one in life.items}[MAIN]
    assert "openclaw models auth login --provider anthropic" in text
    assert "claude-code:default expires in 24 h" in text
    remedies = {one["profile"]: one["remedy"] for one in json.loads(life.look("--json").out)["profiles"]}
    assert remedies["claude-code:default"] == "claude auth login"
    assert "console.anthropic.com" not in text


def test_defect_20_a_finding_and_a_crash_have_different_exit_codes(life: Life) -> None:
    """Exit 1 for a finding marked the unit failed, exit 0 hid one; a crash looked the same."""
    life.openclaw({"anthropic:default": life.token(HOUR)})
    assert life.look().code == 2
    assert life.look("--exit-zero").code == 0
    configure(life.home, "channels: [\n")
    assert life.line.run(life.home, "check", "--exit-zero", at=life.now).code == 78


def test_defect_22_a_message_carries_neither_secret_nor_path_of_the_machine(life: Life) -> None:
    """The text named the ssh host and the script's path, on a topic that the world can read."""
    life.openclaw({"anthropic:default": life.token(-HOUR)})
    life.look()
    text = json.dumps(life.there.received[0].body)
    assert "FAKESECRET" not in text
    assert str(life.home) not in text
    assert "ssh" not in text


def test_defect_23_checks_at_once_tell_once(tmp_path: Path) -> None:
    """The state file was read and written without a lock."""
    with web() as phone:
        openclaw(tmp_path, {"anthropic:default": token(ends_in=-3600)})
        configure(tmp_path, f"channels:\n  phone: {{url: '{phone.url('json', 'json/phone')}'}}\n")
        running = [started(tmp_path, "check") for _ in range(4)]
        assert [one.wait(60) for one in running] == [1, 1, 1, 1]
        assert len(phone.received) == 1


def test_defect_24_a_receiver_that_hangs_ends_with_the_deadline(tmp_path: Path) -> None:
    """The POST had no time limit and could hang the unit for ever."""
    with web(fault="hang") as stuck, web(fault="drip") as drips, web() as phone:
        openclaw(tmp_path, {"anthropic:default": token(ends_in=-3600)})
        lines = "".join(
            f"  {label}: {{url: '{there.url('json', 'json/x')}'}}\n"
            for label, there in (("stuck", stuck), ("drips", drips), ("phone", phone))
        )
        configure(tmp_path, f"alerts: {{deadline: 3s}}\nchannels:\n{lines}")
        begun = time.monotonic()
        done = authwatch(tmp_path, "check")
        assert time.monotonic() - begun < 3 + 8
        assert done.code == 1
        assert len(phone.received) == 1
        assert len(re.findall("was not reached .timeout.", done.err)) == 2


def test_the_number_of_a_defect_is_in_the_name_of_its_test() -> None:
    """So that none of those that concern alerting is forgotten."""
    numbers = set(map(int, re.findall(r"def test_defect_(\d+)_", Path(__file__).read_text("utf-8"))))
    assert numbers == {1, 2, 3, 4, 5, 6, 7, 8, 9, 11, 12, 13, 14, 20, 22, 23, 24}
