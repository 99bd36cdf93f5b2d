"""What was told as "act soon" and is no row of logins or problems: in the document, the code, the page, the metrics."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.command import authwatch, configure, state
from tests.openclaw_home import DAY, HOUR, oauth, openclaw, put, token
from tests.receivers import web

KEY = "openclaw/main/anthropic/paid"


def two_agents(home: Path) -> None:
    agents = {
        "defaults": {"model": {"primary": "anthropic/claude-sonnet-4-5"}},
        "list": [{"id": "main"}, {"id": "lab"}],
    }
    (home / ".openclaw").mkdir(exist_ok=True)
    put(home / ".openclaw" / "openclaw.json", json.dumps({"agents": agents}))


def one_refresh_token_in_two_places(home: Path) -> None:
    two_agents(home)
    openclaw(home, {"anthropic:a": oauth(8 * HOUR, refresh="ref-FAKESECRET-both")})
    openclaw(home, {"anthropic:a": oauth(8 * HOUR, refresh="ref-FAKESECRET-both")}, agent="lab")


def a_switch_to_a_billed_key(home: Path) -> None:
    profiles: dict[str, Any] = {
        "anthropic:sub": token(ends_in=-DAY),
        "anthropic:key": {"type": "api_key", "provider": "anthropic", "key": "sk-FAKESECRET-key"},
    }
    openclaw(home, profiles)
    settings = {
        "agents": {"defaults": {"model": {"primary": "anthropic/claude-sonnet-4-5"}}},
        "auth": {"order": {"anthropic": ["anthropic:sub", "anthropic:key"]}},
    }
    put(home / ".openclaw" / "openclaw.json", json.dumps(settings))


def a_stale_copy_of_a_child(home: Path) -> None:
    two_agents(home)
    openclaw(home, {"anthropic:a": oauth(8 * HOUR, refresh="ref-FAKESECRET-new")})
    openclaw(home, {"anthropic:a": oauth(-30 * DAY, refresh="ref-FAKESECRET-old")}, agent="lab")


def about_it(home: Path, about: str) -> list[dict[str, Any]]:
    findings = authwatch(home, "status", "--json").json["findings"]
    return [one for one in findings if one["labels"].get("about") == about]


CASES = [
    (one_refresh_token_in_two_places, "copies", "soon", 2),
    (a_switch_to_a_billed_key, "paid", "soon", 2),
    (a_stale_copy_of_a_child, "agents", "info", 0),
]


@pytest.mark.parametrize("make, about, level, code", CASES, ids=lambda one: getattr(one, "__name__", str(one)))
def test_a_finding_is_everywhere(tmp_path: Path, make: Any, about: str, level: str, code: int) -> None:
    make(tmp_path)
    shown = authwatch(tmp_path, "status", "--json").json
    (finding,) = about_it(tmp_path, about)
    assert finding["level"] == level
    assert finding["summary"]
    done = authwatch(tmp_path, "check")
    assert done.code == code
    assert finding["key"] in done.out
    assert ("No action needed" in done.out) == (code == 0)
    assert json.loads((state(tmp_path) / "status.json").read_text())["findings"] == shown["findings"]
    metrics = (state(tmp_path) / "metrics.prom").read_text()
    assert f'authwatch_finding{{key="{finding["key"]}",level="{level}",source="openclaw"' in metrics
    plugin = authwatch(tmp_path, "check", "--nagios")
    assert plugin.code == (1 if code else 0)


def test_an_ignored_finding_is_shown_and_counts_nowhere(tmp_path: Path) -> None:
    one_refresh_token_in_two_places(tmp_path)
    with web() as phone:
        configure(tmp_path, f"channels: {{phone: {{url: '{phone.url('json', 'json/phone')}'}}}}\n")
        assert authwatch(tmp_path, "check").code == 2
        (finding,) = about_it(tmp_path, "copies")
        assert authwatch(tmp_path, "ignore", finding["key"]).code == 0
        assert authwatch(tmp_path, "check").code == 0
        assert [one["ignored"] for one in about_it(tmp_path, "copies")] == [True]
        assert finding["key"] not in (state(tmp_path) / "metrics.prom").read_text()
        assert len(phone.received) == 1
        assert authwatch(tmp_path, "forget", finding["key"]).code == 1
        assert authwatch(tmp_path, "unignore", finding["key"]).code == 0
        assert authwatch(tmp_path, "check").code == 2
        assert len(phone.received) == 2


def test_a_filter_shows_the_findings_that_it_means(tmp_path: Path) -> None:
    one_refresh_token_in_two_places(tmp_path)
    (tmp_path / ".codex").mkdir()
    put(tmp_path / ".codex" / "auth.json", json.dumps({"OPENAI_API_KEY": "sk-FAKESECRET-codex"}))
    assert authwatch(tmp_path, "check", "--source", "codex").code == 0
    assert authwatch(tmp_path, "check", "--provider", "anthropic").code == 2


def test_a_silent_channel_is_a_finding_that_never_counts(tmp_path: Path) -> None:
    openclaw(tmp_path, {"anthropic:a": token(ends_in=-60)})
    configure(
        tmp_path,
        "channels: {phone: {url: 'json://127.0.0.1:9/json/x'}}\nalerts: {deadline: 5s}\n",
    )
    assert authwatch(tmp_path, "check").code == 1
    import sqlite3
    from contextlib import closing

    # The first try was a day and an hour ago.
    with closing(sqlite3.connect(state(tmp_path) / "history.sqlite")) as db:
        ((key, text),) = db.execute("SELECT key, attempt FROM attempts").fetchall()
        attempt = json.loads(text)
        moments = {name: value for name, value in attempt.items() if name in ("first_at", "at")}
        assert moments
        early = {name: value.replace(value[:4], "2025", 1) for name, value in moments.items()}
        db.execute("UPDATE attempts SET attempt = ? WHERE key = ?", (json.dumps({**attempt, **early}), key))
        db.commit()
    openclaw(tmp_path, {"anthropic:a": token(ends_in=-60), "openai:b": token("openai")})
    authwatch(tmp_path, "check")
    shown = authwatch(tmp_path, "status", "--json").json
    found = [one for one in shown["findings"] if "channel" in one["labels"]]
    assert [one["level"] for one in found] == ["now"]
    assert shown["exit_code"] == 1
    part = authwatch(tmp_path, "status", "--json", "--provider", "openai").json
    assert (part["exit_code"], part["findings"]) == (0, [])
