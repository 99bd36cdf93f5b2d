"""The OpenClaw of a second profile, through the real command line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.command import authwatch, configure, state
from tests.openclaw_home import DAY, HOUR, ms, openclaw, token
from tests.polling import pause

KEY = "openclaw@work/main/anthropic:default"
DEAD = token(ends_in=-HOUR)
FINE = token(ends_in=99 * DAY)
LOGIN = {"type": "oauth", "provider": "anthropic", "access": "a-FAKESECRET", "refresh": "r-FAKESECRET"}


def made(home: Path, profile: str, login: dict[str, Any]) -> None:
    """An OpenClaw of a profile, beside a plain one that is fine."""
    openclaw(home, {"anthropic:default": login})
    (home / ".openclaw").rename(home / f".openclaw-{profile}")
    openclaw(home, {"anthropic:default": FINE})


def gateway(home: Path, profile: str) -> None:
    unit = home / f".config/systemd/user/openclaw-gateway-{profile}.service"
    unit.parent.mkdir(parents=True, exist_ok=True)
    unit.write_text("")


def test_a_dead_login_of_a_second_profile_alarms_under_a_source_of_its_own(tmp_path):
    made(tmp_path, "work", DEAD)
    done = authwatch(tmp_path, "check", "--json")
    assert done.code == 1
    assert {one["key"]: one["needs_human"] for one in done.json["profiles"]} == {
        KEY: "now",
        "openclaw/main/anthropic:default": "no",
    }
    assert {"id": "openclaw@work", "type": "openclaw", "up": True} in done.json["sources"]
    assert 'authwatch_source_up{source="openclaw@work"} 1' in (state(tmp_path) / "metrics.prom").read_text()
    assert authwatch(tmp_path, "check", "--source", "openclaw@work").code == 1
    assert authwatch(tmp_path, "check", "--source", "openclaw").code == 0
    assert "openclaw@work" in authwatch(tmp_path, "explain", KEY).out
    assert "openclaw --profile work models auth" in authwatch(tmp_path, "relogin", "--dry-run", KEY).out
    assert authwatch(tmp_path, "ignore", KEY).code == 0
    assert authwatch(tmp_path, "check").code == 0


@pytest.mark.parametrize(("source", "code"), [("openclaw", 1), ("openclaw@work", 0), ("openclaw@other", 1)])
def test_a_rule_means_the_source_that_it_names(source, code, tmp_path):
    made(tmp_path, "work", DEAD)
    configure(tmp_path, f"policy: {{rules: [{{match: {{source: '{source}'}}, watch: false}}]}}\n")
    assert authwatch(tmp_path, "check").code == code


def test_nobody_else_can_have_its_id(tmp_path):
    configure(tmp_path, "sources:\n  - openclaw\n  - {type: codex, id: openclaw@work}\n")
    done = authwatch(tmp_path, "check")
    assert done.code == 78
    assert "config.yaml:3: sources[1].id" in done.err


@pytest.mark.parametrize("how", ["a folder", "a gateway"])
def test_the_gate_opens_for_a_profile_that_appears_and_for_nothing_else_in_the_home(how, tmp_path):
    openclaw(tmp_path, {"anthropic:default": FINE})
    if how == "a gateway":
        made(tmp_path, "backup", DEAD)
    pause(2.1)
    assert authwatch(tmp_path, "check").code == 0
    before = (state(tmp_path) / "check.json").stat().st_mtime_ns
    (tmp_path / "notes.txt").write_text("x")
    assert authwatch(tmp_path, "check").code == 0
    assert (state(tmp_path) / "check.json").stat().st_mtime_ns == before, "the gate held"
    if how == "a gateway":
        gateway(tmp_path, "backup")
    else:
        (tmp_path / ".openclaw-lab").mkdir()
        (tmp_path / ".openclaw-lab/agents").symlink_to(dead(tmp_path) / "agents")
    assert authwatch(tmp_path, "check").code == 1


def dead(home: Path) -> Path:
    openclaw(home / "elsewhere", {"anthropic:default": DEAD})
    return home / "elsewhere/.openclaw"


def test_a_copy_that_was_put_aside_is_shown_and_alarms_nobody(tmp_path):
    login = {**LOGIN, "expires": ms(HOUR)}
    openclaw(tmp_path, {"anthropic:default": login})
    (tmp_path / ".openclaw").rename(tmp_path / ".openclaw-backup")
    openclaw(tmp_path, {"anthropic:default": login})
    done = authwatch(tmp_path, "check", "--json")
    assert (done.code, done.json["findings"]) == (0, [])
    (aside,) = [one for one in done.json["profiles"] if one["source"] == "openclaw@backup"]
    assert aside["in_use"] is False
    assert "no gateway is installed for profile backup" in aside["summary"]


def test_the_doctor_names_the_profile_in_what_it_advises(tmp_path):
    made(tmp_path, "work", FINE)
    gateway(tmp_path, "work")
    config = {"agents": {"defaults": {"model": {"primary": "groq/x"}}}}
    (tmp_path / ".openclaw-work/openclaw.json").write_text(json.dumps(config))
    done = authwatch(tmp_path, "doctor")
    assert "OPENCLAW_STATE_DIR=~/.openclaw-work authwatch models auth paste-api-key --provider groq" in done.out
