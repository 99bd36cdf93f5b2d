"""`models status` without OpenClaw: refusals, words, labels, and codes of rules that no recorded case has."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from monitor.openclaw.compat.classification import remaining
from monitor.openclaw.compat.models_status import ModelsStatus, report
from tests.openclaw.homes import (
    DAY,
    HOUR,
    KEY,
    NOW,
    USES,
    agent_store,
    config,
    host,
    json_store,
    login,
    shared_store,
    token,
    write,
)


def status(home: Path, agent: str | None = None, **environ: str) -> ModelsStatus:
    return report(host(home, **environ), agent, NOW)


@pytest.mark.parametrize(
    ("profiles", "environ", "plain", "strict"),
    [
        ({"anthropic:a": token(DAY * 30), "anthropic:b": token(-HOUR)}, {}, 0, 1),
        ({"anthropic:a": token(-HOUR)}, {"ANTHROPIC_API_KEY": "x"}, 0, 1),
        ({"anthropic:a": login(HOUR / 20), "anthropic:b": KEY}, {}, 0, 2),
        ({"anthropic:a": login(HOUR / 20)}, {}, 1, 2),
        ({"anthropic:a": {**KEY, "key": "${GONE}"}}, {}, 1, 0),
        ({"anthropic:a": {**KEY, "key": "$HERE"}}, {"HERE": "x"}, 0, 0),
        ({"anthropic:a": {**KEY, "keyRef": {"source": "file", "provider": "v", "id": "/x"}}}, {}, 1, 0),
        ({"anthropic:a": {**KEY, "key": " "}}, {}, 1, 0),
        ({}, {"ANTHROPIC_API_KEY": "x"}, 0, 0),
        ({}, {}, 1, 1),
    ],
)
def test_on_json_plain_walks_the_order_and_strict_counts_everything(
    tmp_path: Path, profiles: dict[str, Any], environ: dict[str, str], plain: int, strict: int
) -> None:
    json_store(tmp_path, profiles)
    config(tmp_path)
    found = status(tmp_path, **environ)
    assert (found.check(), found.check(strict=True)) == (plain, strict)


def test_on_json_a_resting_profile_does_not_serve_unless_its_provider_is_exempt(tmp_path: Path) -> None:
    rest = {"x": {"cooldownUntil": NOW.timestamp() * 1000 + HOUR}}
    config(tmp_path)
    json_store(tmp_path, {"x": KEY}, usageStats=rest)
    assert status(tmp_path).check() == 1
    config(tmp_path, {"agents": {"defaults": {"model": "openrouter/auto"}}})
    json_store(tmp_path, {"x": {**KEY, "provider": "openrouter"}}, usageStats=rest)
    assert status(tmp_path).check() == 0


@pytest.mark.parametrize(
    ("agents", "agent", "word"),
    [
        ({"list": [{"id": "main"}]}, "ghost", "Unknown agent"),
        ({"list": [{"id": "main"}]}, " ", "blank"),
        ({"ownership": "explicit", "entries": {"a": {}, "b": {}}}, None, "Several agents"),
    ],
)
def test_an_agent_that_cannot_be_told_is_refused(tmp_path: Path, agents: Any, agent: str | None, word: str) -> None:
    shared_store(tmp_path, {"anthropic:a": KEY})
    config(tmp_path, {"agents": agents})
    found = status(tmp_path, agent)
    assert found.json()["ok"] is False
    assert word in found.json()["error"]["message"]
    assert (found.check(), found.check(strict=True)) == (1, 1)
    assert found.text().startswith("Error: ")
    assert found.plain().startswith("Error: ")


def test_a_config_that_cannot_be_read_is_refused_with_its_place_and_no_content(tmp_path: Path) -> None:
    config(tmp_path, '{ token: "planted",')
    message = status(tmp_path, "main").json()["error"]["message"]
    assert "openclaw.json" in message
    assert "planted" not in message


def test_each_agent_is_asked_about_its_own_models(tmp_path: Path) -> None:
    agents = {"defaults": USES["agents"]["defaults"], "list": [{"id": "main"}, {"id": "lab", "model": "groq/x"}]}
    agent_store(tmp_path, {"anthropic:a": KEY})
    config(tmp_path, {"agents": agents})
    assert (status(tmp_path).check(), status(tmp_path, "lab").check()) == (0, 1)
    assert status(tmp_path, "LAB").json()["modelConfig"]["defaultSource"] == "agent"


def test_the_object_has_the_keys_that_scripts_read(tmp_path: Path) -> None:
    shared_store(tmp_path, {"anthropic:a": KEY, "anthropic:b": login(DAY * 9, email="me@x.y")})
    config(tmp_path)
    data = json.loads(json.dumps(status(tmp_path, ANTHROPIC_OAUTH_TOKEN="planted").json()))
    auth = data["auth"]
    assert auth["providersWithOAuth"] == ["anthropic (2)"]
    assert auth["providers"][0]["profiles"] == {
        "count": 2,
        "oauth": 1,
        "token": 0,
        "apiKey": 1,
        "labels": ["anthropic:a=set", "anthropic:b=OAuth (me@x.y)"],
    }
    assert auth["oauth"]["profiles"][1]["remainingMs"] == DAY * 9
    assert auth["oauth"]["warnAfterMs"] == DAY
    assert "planted" not in json.dumps(data).replace(str(tmp_path), "")


def test_the_text_names_every_profile_and_cannot_steer_a_terminal(tmp_path: Path) -> None:
    json_store(tmp_path, {"anthropic:\x1b[2J": token(HOUR), "groq:x": {**token(-HOUR), "provider": "groq"}})
    config(tmp_path, {"agents": {"defaults": {"model": {"primary": "anthropic/x", "fallbacks": ["openrouter/y"]}}}})
    text = status(tmp_path).text()
    assert "\x1b" not in text
    assert "expiring, 1h left" in text
    assert "openrouter: in use, but has no login or key" in text
    assert status(tmp_path).plain() == "anthropic/x"


def test_a_leftover_file_is_named_beside_the_answer(tmp_path: Path) -> None:
    agent_store(tmp_path, {"anthropic:a": KEY})
    write(tmp_path / ".openclaw/agents/main/agent/auth-profiles.json", {"profiles": {}})
    config(tmp_path)
    assert "no longer reads" in status(tmp_path).text()


@pytest.mark.parametrize(
    ("ms", "words"),
    [
        (None, "unknown"),
        (-1, "0m"),
        (1, "1m"),
        (29_000, "1m"),
        (90_000, "2m"),
        (59.6 * 60_000, "1h"),
        (47 * HOUR, "47h"),
        (3 * DAY, "3d"),
    ],
)
def test_spans_are_written_as_openclaw_writes_them(ms: float | None, words: str) -> None:
    assert remaining(ms) == words
