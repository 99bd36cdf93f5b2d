"""Every recorded store, configured as its case says, observed and judged."""

import json
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.config.load import load
from monitor.judge.evaluate import evaluate
from monitor.model import MCP, Observation, Trouble, Verdict
from monitor.sources import SOURCES, observe_all
from monitor.system.host import Host
from tests.conformance_sources.render import render

CASES = Path(__file__).parent / "cases"
NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
NOW_MS = int(NOW.timestamp() * 1000)


def _entries(expected: dict[str, Any]) -> list[dict[str, Any]]:
    source = expected["source"]
    return source if isinstance(source, list) else [source]


@pytest.fixture(params=sorted(CASES.glob("*/*")), ids=lambda case: f"{case.parent.name}/{case.name}")
def world(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[dict[str, Any], list[Any], list[Verdict]]:
    home = tmp_path / "home"
    expected = render(request.param, home, NOW_MS)
    if {entry["type"] for entry in _entries(expected)} - set(SOURCES):
        pytest.skip("no such source yet")
    if expected["setup"].get("skip_if_root") and os.geteuid() == 0:
        pytest.skip("root reads everything")
    file = tmp_path / "config.yaml"
    lead = f"{expected['warn_ms'] // 1000}s"
    file.write_text(json.dumps({"sources": _entries(expected), "policy": {"lead": [lead]}}))
    file.chmod(0o600)
    host = Host(home, {"HOME": str(home), **expected["env"]})
    settings = load(host, file)
    findings = observe_all(host, settings.sources)
    seen = [found for found in findings if isinstance(found, Observation)]
    return expected, findings, [evaluate(one, None, settings.policy, NOW) for one in seen]


def _ms(moment: datetime | None) -> int | None:
    return None if moment is None else int(moment.timestamp() * 1000)


def _near(one: int | None, other: int | None) -> bool:
    return one == other or (one is not None and other is not None and abs(one - other) <= 1000)


def _aside(verdict: Verdict, named: set[str]) -> bool:
    """Whether it is the login to an MCP server that nothing uses, of which a case says nothing."""
    who = verdict.seen.credential
    return who.provider.startswith(MCP) and who.profile not in named and verdict.seen.use.in_use is False


def test_a_recorded_store_gives_what_its_case_says(world: Any) -> None:
    expected, findings, verdicts = world
    named = {profile["id"] for profile in expected["profiles"]}
    found = {one.seen.credential.profile: one for one in verdicts if not _aside(one, named)}
    assert set(found) == named
    for profile in expected["profiles"]:
        verdict = found[profile["id"]]
        seen = verdict.seen
        assert seen.credential.provider == profile["provider"]
        assert seen.credential.kind == profile["kind"]
        assert (verdict.state, verdict.needs_human) == (profile["state"], profile["needs_human"])
        assert _near(_ms(seen.access_expires_at), profile["expires_at_ms"])
        if "login_expires_at_ms" in profile:
            assert _near(_ms(seen.login_expires_at), profile["login_expires_at_ms"])
        over = seen.login_expires_at is not None and seen.login_expires_at <= NOW
        assert (seen.refreshable and not over) == profile["refreshable"]
        if "reported" in profile:
            assert profile["reported"] in " ".join(seen.notes)
        if "error" in profile:
            assert seen.problem == profile["error"]
    troubles = [found for found in findings if isinstance(found, Trouble)]
    assert len(troubles) == len(expected["problems"])


def test_a_recorded_secret_is_in_nothing_that_is_found(world: Any) -> None:
    expected, findings, verdicts = world
    for secret in expected["must_not_leak"]:
        assert secret not in repr(findings)
        assert secret not in repr(verdicts)


def test_a_fingerprint_stays_the_same_with_the_same_key_and_differs_with_another(tmp_path: Path) -> None:
    render(CASES / "claude-code" / "oauth-fresh", tmp_path, NOW_MS)
    file = tmp_path / "config.yaml"
    file.write_text("sources: [claude-code]")
    prints = []
    for key in (b"a" * 32, b"a" * 32, b"b" * 32):
        host = Host(tmp_path, {}, key=key)
        (seen,) = (one for one in observe_all(host, load(host, file).sources) if isinstance(one, Observation))
        prints.append(seen.fingerprint)
    assert prints[0] == prints[1] != prints[2]


def test_a_refreshed_access_token_is_still_the_same_login(tmp_path: Path) -> None:
    store = tmp_path / ".claude" / ".credentials.json"
    store.parent.mkdir()
    prints = []
    for access, hours in (("sk-ant-oat01-one", 1), ("sk-ant-oat01-two", 8)):
        expires = int((NOW + timedelta(hours=hours)).timestamp() * 1000)
        login = {"accessToken": access, "refreshToken": "sk-ant-ort01-x", "expiresAt": expires}
        store.write_text(json.dumps({"claudeAiOauth": login}))
        host = Host(tmp_path, {}, key=b"k" * 32)
        found = observe_all(host, [entry for entry in load(host).sources if entry.type == "claude-code"])
        (seen,) = (one for one in found if isinstance(one, Observation))
        prints.append(seen.fingerprint)
    assert prints[0] == prints[1]
