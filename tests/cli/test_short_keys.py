"""Any unique end of a key is enough, wherever a command takes one; what means several, or nothing, says what would."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tests.command import authwatch, configure
from tests.openclaw_home import DAY, HOUR, openclaw, put, token

LAB = "openclaw/lab/anthropic:default"
GONE, BAD = "openclaw/main/zai:gone", "openclaw/main/openai:default"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """Two agents with a login of one name, one that expired, one that is gone."""
    configure(tmp_path, "host: box\n")
    models = {"primary": "anthropic/claude-sonnet-4-5", "fallbacks": ["openai/gpt-5.5", "zai/glm-4.7"]}
    agents = {"defaults": {"model": models}, "list": [{"id": "main"}, {"id": "lab"}]}
    (tmp_path / ".openclaw").mkdir()
    put(tmp_path / ".openclaw" / "openclaw.json", json.dumps({"agents": agents}))
    both = {"anthropic:default": token(ends_in=2 * DAY), "openai:default": token("openai", -HOUR, "b")}
    openclaw(tmp_path, {**both, "zai:gone": token("zai", 90 * DAY, "c")})
    openclaw(tmp_path, {"anthropic:default": token(ends_in=20 * DAY, secret="d")}, agent="lab")
    authwatch(tmp_path, "check")
    openclaw(tmp_path, both)
    authwatch(tmp_path, "check")
    return tmp_path


COMMANDS = [
    ("alerts", "ack", "{}"),
    ("alerts", "silence", "{}", "4h"),
    ("ignore", "{}"),
    ("unignore", "{}"),
    ("explain", "{}"),
    ("history", "{}"),
    ("history", "--next", "30d", "--", "{}"),
]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_an_end_that_only_one_key_has_is_enough(home, words):
    for short in ("main/anthropic:default", "openai:default"):
        done = authwatch(home, *(word.format(short) for word in words))
        assert (done.code, done.err) == (0, "")


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_an_end_of_several_keys_is_wrong_usage_and_names_them_to_be_copied(home, words):
    for several in ("anthropic:default", "openclaw/anthropic:default"):
        done = authwatch(home, *(word.format(several) for word in words))
        assert (done.code, done.out) == (64, "")
        first, *keys = done.err.splitlines()
        assert first == f'authwatch: "{several}" matches 2 keys; use one of these:'
        assert keys == ["authwatch:   lab/anthropic:default", "authwatch:   main/anthropic:default"]


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_what_is_the_end_of_no_key_is_answered_with_the_nearest(home, words):
    done = authwatch(home, *(word.format("main/anthropic:defalt") for word in words))
    assert (done.code, done.out) == (1, "")
    assert done.err == 'authwatch: unknown key "main/anthropic:defalt"; did you mean main/anthropic:default?\n'
    done = authwatch(home, *(word.format("q") for word in words))
    assert (done.code, "to list the keys: authwatch " in done.err) == (1, True)


def test_a_command_says_whom_it_took(home):
    assert authwatch(home, "forget", "gone").code == 1
    assert authwatch(home, "forget", "zai:gone").out == f"Forgot {GONE}. It is no longer expected.\n"
    done = authwatch(home, "ignore", "openai:default").out
    assert done == f"{BAD} is ignored: shown, never alerts.\nundo: authwatch unignore {BAD}\n"
    assert authwatch(home, "unignore", "openai:default").out == f"Alerts for {BAD} are on again.\n"


def test_a_program_that_asks_for_the_history_of_nothing_gets_nothing(home):
    assert authwatch(home, "history", "q", "--json").json["transitions"] == []
    assert {one["key"] for one in authwatch(home, "history", "openai:default", "--json").json["transitions"]} == {BAD}


def test_explain_without_a_key_takes_the_login_that_needs_somebody_most(home):
    assert authwatch(home, "explain", "--json").json["key"] == BAD, "both need somebody now; its deadline is nearer"
    authwatch(home, "ignore", BAD)
    assert authwatch(home, "explain", "--json").json["key"] == GONE


def test_explain_without_a_key_where_nobody_is_needed_takes_the_nearest_deadline(tmp_path):
    openclaw(tmp_path, {"anthropic:default": token(ends_in=90 * DAY)})
    openclaw(tmp_path, {"anthropic:default": token(ends_in=80 * DAY, secret="d")}, agent="lab")
    agents = {"list": [{"id": "main"}, {"id": "lab"}]}
    put(tmp_path / ".openclaw" / "openclaw.json", json.dumps({"agents": agents}))
    assert authwatch(tmp_path, "explain", "--json").json["key"] == LAB


def test_explain_without_any_login_says_where_it_looked(tmp_path):
    done = authwatch(tmp_path, "explain")
    assert (done.code, "authwatch config show" in done.err) == (1, True)
