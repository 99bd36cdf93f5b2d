"""A variable that chose a place and is not there for the timer, through the real command line."""

from __future__ import annotations

import json
import time
from pathlib import Path

import pytest

from tests.command import Done, authwatch, configure, state
from tests.openclaw_home import DAY, HOUR, ms, openclaw, put, token
from tests.polling import pause

KEY = "openclaw/main/anthropic:default"
HERE = {"OPENCLAW_STATE_DIR": "~/oc"}


def moved(home: Path) -> Path:
    """An OpenClaw in `~/oc`, which nothing but the variable names."""
    path = openclaw(home, {"anthropic:default": token()})
    (home / ".openclaw").rename(home / "oc")
    return home / "oc" / path.relative_to(home / ".openclaw")


def only(done: Done) -> dict[str, str]:
    (profile,) = done.json["profiles"]
    return {name: profile[name] for name in ("state", "needs_human", "problem")}


LOST = {"state": "unknown", "needs_human": "unknown", "problem": "not_checked"}


def test_a_login_that_two_checks_found_through_a_variable_is_not_silently_gone(tmp_path):
    moved(tmp_path)
    for _ in range(2):
        assert authwatch(tmp_path, "check", env=HERE).code == 0
    for words in (("check", "--json"), ("status", "--check", "--json"), ("check", "--json")):
        done = authwatch(tmp_path, *words)
        assert (done.code, only(done)) == (3, LOST)
    said = authwatch(tmp_path, "check").out
    assert "last found through OPENCLAW_STATE_DIR=~/oc, which is not set for this check" in said
    assert f"authwatch forget {KEY}" in said
    assert 'needs_human="unknown"} 1' in (state(tmp_path) / "metrics.prom").read_text()
    assert authwatch(tmp_path, "check", env=HERE).code == 0
    assert authwatch(tmp_path, "check").code == 3, "it is established still"


def test_a_variable_that_was_set_for_one_check_alarms_nobody(tmp_path):
    moved(tmp_path)
    authwatch(tmp_path, "check", env=HERE)
    for _ in range(3):
        assert authwatch(tmp_path, "check").code == 0


def test_a_check_that_stopped_at_the_gate_has_found_it_again(tmp_path):
    moved(tmp_path)
    authwatch(tmp_path, "check", env=HERE)
    point = state(tmp_path) / "checkpoint"
    before = point.stat()
    written = (state(tmp_path) / "history.sqlite").stat().st_mtime_ns
    end = time.monotonic() + 20
    while point.stat().st_mtime_ns == before.st_mtime_ns and time.monotonic() < end:  # one that is young looks again
        authwatch(tmp_path, "check", env=HERE)
    assert (state(tmp_path) / "history.sqlite").stat().st_mtime_ns == written, "no second full check"
    assert authwatch(tmp_path, "check").code == 3


def test_forgetting_it_ends_it(tmp_path):
    moved(tmp_path)
    for _ in range(2):
        authwatch(tmp_path, "check", env=HERE)
    assert authwatch(tmp_path, "forget", KEY).code == 1, "the last check saw it"
    assert authwatch(tmp_path, "check").code == 3
    assert authwatch(tmp_path, "forget", KEY).code == 0
    assert authwatch(tmp_path, "check").code == 0


def test_it_ends_when_its_folder_is_removed_although_nothing_looks_there(tmp_path):
    path = moved(tmp_path)
    for _ in range(2):
        authwatch(tmp_path, "check", env=HERE)
    assert authwatch(tmp_path, "check").code == 3
    pause(2.1)
    assert authwatch(tmp_path, "check").code == 3
    (tmp_path / "oc").rename(tmp_path / "gone")
    assert authwatch(tmp_path, "check").code == 0, "the gate must not hold"
    (tmp_path / "gone").rename(tmp_path / "oc")
    assert path.exists()
    assert authwatch(tmp_path, "check").code == 3


def test_a_source_that_was_taken_out_of_the_config_is_silent(tmp_path):
    moved(tmp_path)
    for _ in range(2):
        authwatch(tmp_path, "check", env=HERE)
    configure(tmp_path, "sources: [codex]\n")
    assert authwatch(tmp_path, "check").code == 0
    configure(tmp_path, "sources: [openclaw]\n")
    assert authwatch(tmp_path, "check").code == 3


def test_an_agent_that_the_config_does_not_name_any_more_is_silent(tmp_path):
    moved(tmp_path)
    far = tmp_path / "far"
    far.mkdir()
    put(far / "auth-profiles.json", json.dumps({"version": 1, "profiles": {"anthropic:far": token()}}))
    config = {"agents": {"list": [{"id": "main"}, {"id": "bob", "agentDir": str(far)}]}}
    put(tmp_path / "oc/openclaw.json", json.dumps(config))
    for _ in range(2):
        found = authwatch(tmp_path, "check", "--json", env=HERE)
    assert len(found.json["profiles"]) == 2
    del config["agents"]["list"][1]
    put(tmp_path / "oc/openclaw.json", json.dumps(config))
    assert len(authwatch(tmp_path, "check", "--json", env=HERE).json["profiles"]) == 1
    (left,) = authwatch(tmp_path, "check", "--json").json["profiles"]
    assert left["key"] == KEY


def test_one_that_is_fine_elsewhere_under_its_name_hides_nothing(tmp_path):
    moved(tmp_path)
    for _ in range(2):
        authwatch(tmp_path, "check", env=HERE)
    openclaw(tmp_path, {"anthropic:default": token(secret="tok-FAKESECRET-9")})
    assert (authwatch(tmp_path, "check").code, authwatch(tmp_path, "check", env=HERE).code) == (3, 0)


def test_it_is_told_after_it_has_lasted(tmp_path):
    moved(tmp_path)
    configure(tmp_path, "host: box\nalerts: {settle: 1s}\nchannels: {me: {url: 'print://', at_least: soon}}\n")
    for _ in range(2):
        authwatch(tmp_path, "check", env=HERE)
    first = authwatch(tmp_path, "check")
    pause(1.1)
    later = authwatch(tmp_path, "check")
    told = [(one.out + one.err).count("ast found through OPENCLAW_STATE_DIR=~/oc") for one in (first, later)]
    assert told[0] == 1, "the first check shows it"
    assert told[1] > told[0], "the later one tells it, too"


CLAUDE = {"claudeAiOauth": {"accessToken": "a-FAKESECRET", "refreshToken": "r-FAKESECRET", "expiresAt": ms(HOUR)}}
CODEX = {"OPENAI_API_KEY": "sk-FAKESECRET"}
GEMINI = {"access_token": "a-FAKESECRET", "refresh_token": "r-FAKESECRET", "expiry_date": ms(HOUR)}
AZURE = {
    "Account": {"a": {"username": "me", "home_account_id": "h"}},
    "RefreshToken": {"r": {"home_account_id": "h", "secret": "r-FAKESECRET"}},
}
PROGRAMS = {
    ("claude-code", "CLAUDE_CONFIG_DIR", "~/there"): ("there/.credentials.json", CLAUDE),
    ("codex", "CODEX_HOME", "~/there"): ("there/auth.json", CODEX),
    ("gemini-cli", "GEMINI_CLI_HOME", "~/there"): ("there/.gemini/oauth_creds.json", GEMINI),
    ("opencode", "XDG_DATA_HOME", "~/there"): ("there/opencode/auth.json", {"x": {"type": "api", "key": "FAKESECRET"}}),
    ("azure", "AZURE_CONFIG_DIR", "~/there"): ("there/msal_token_cache.json", AZURE),
    ("openclaw", "OPENCLAW_HOME", "~/there"): (
        "there/.openclaw-work/agents/main/agent/auth-profiles.json",
        {"version": 1, "profiles": {"anthropic:x": token(ends_in=99 * DAY)}},
    ),
}


@pytest.mark.parametrize("program", PROGRAMS, ids=" ".join)
def test_the_same_holds_for_every_program(program, tmp_path):
    kind, name, value = program
    place, content = PROGRAMS[program]
    configure(tmp_path, f"sources: [{kind}]\n")
    (tmp_path / place).parent.mkdir(parents=True)
    put(tmp_path / place, json.dumps(content))
    for _ in range(2):
        assert authwatch(tmp_path, "check", env={name: value}).code == 0
    done = authwatch(tmp_path, "check", "--json")
    assert (done.code, only(done)) == (3, LOST)
    assert f"{name}={value}, which is not set" in done.json["profiles"][0]["summary"]


@pytest.mark.parametrize(
    "made", [(), (".openclaw",), (".cache",)], ids=["no home", "an empty state folder", "no OpenClaw"]
)
def test_a_named_openclaw_home_that_holds_nothing_is_a_login_that_is_missing(made, tmp_path):
    bot = tmp_path / "bot"
    for name in made:
        (bot / name).mkdir(parents=True)
    configure(tmp_path, f"sources: [{{type: openclaw, home: {bot}}}]\n")
    done = authwatch(tmp_path, "check", "--json")
    assert (done.code, only(done)["state"], only(done)["needs_human"]) == (1, "missing", "now")
    openclaw(bot, {"anthropic:default": token()})
    assert authwatch(tmp_path, "check").code == 0, "it is not asked for any more"


def test_a_named_openclaw_home_that_vanishes_is_one_loss(tmp_path):
    bot = tmp_path / "bot"
    openclaw(bot, {"anthropic:default": token()})
    configure(tmp_path, f"sources: [{{type: openclaw, home: {bot}}}]\n")
    assert authwatch(tmp_path, "check").code == 0
    bot.rename(tmp_path / "gone")
    done = authwatch(tmp_path, "check", "--json")
    assert [one["key"] for one in done.json["profiles"]] == [KEY]
    assert done.code == 1
