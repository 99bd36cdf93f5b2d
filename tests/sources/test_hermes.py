"""Which of Hermes' logins and keys serve, and what it found of them."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.model import Evidence, Kind, Lineup, Observation, SourceEntry
from monitor.sources import observe_all
from monitor.system.host import Host
from tests.sources.test_moved import look, put

NOW = datetime(2026, 11, 22, 12, tzinfo=UTC)
STAMP = NOW.timestamp()
MEMBER = {"id": "a", "auth_type": "api_key", "source": "manual", "access_token": "FAKESECRET"}


def pooled(root: Path, home: str = ".hermes", **pools: list[dict[str, Any]]) -> None:
    put(root / home / "auth.json", json.dumps({"credential_pool": pools}))


def found(root: Path) -> dict[str, Observation]:
    return {one.credential.profile: one for one in look(root, "hermes")}


@pytest.mark.parametrize(
    ("code", "evidence", "broke", "until"),
    [
        (401, Evidence.REFUSED, False, None),
        (402, Evidence.PRESENT, True, None),
        (429, Evidence.PRESENT, False, NOW + timedelta(hours=1)),
        (None, Evidence.PRESENT, False, NOW + timedelta(hours=1)),
    ],
)
def test_exhausted_is_what_its_code_says(
    code: int | None, evidence: Evidence, broke: bool, until: datetime | None, tmp_path: Path
) -> None:
    pooled(tmp_path, p=[{**MEMBER, "last_status": "exhausted", "last_error_code": code, "last_status_at": STAMP}])
    seen = found(tmp_path)["hermes:p/a"]
    assert (seen.evidence, seen.use.out_of_credit, seen.use.unusable_until) == (evidence, broke, until)


def test_the_keys_of_its_env_are_members_of_the_pools(tmp_path: Path) -> None:
    put(
        tmp_path / ".hermes/.env",
        "ANTHROPIC_TOKEN=sk-ant-oat01-FAKESECRET\nOPENROUTER_API_KEY='FAKESECRETb'\nX_API_KEY=1\n",
    )
    refused = {"source": "env:OPENROUTER_API_KEY", "last_status": "exhausted", "last_error_code": 401}
    pooled(tmp_path, openrouter=[{**MEMBER, "id": "k", **refused, "access_token": None}])
    seen = found(tmp_path)
    assert set(seen) == {"hermes:anthropic/ANTHROPIC_TOKEN", "hermes:openrouter/OPENROUTER_API_KEY"}
    assert seen["hermes:openrouter/OPENROUTER_API_KEY"].evidence is Evidence.REFUSED
    token = seen["hermes:anthropic/ANTHROPIC_TOKEN"]
    assert (token.credential.kind, token.lifetime, token.store) == (Kind.TOKEN, timedelta(days=365), "~/.hermes/.env")


def test_a_member_that_lies_elsewhere_is_hidden(tmp_path: Path) -> None:
    bare = {"id": "b", "auth_type": "api_key"}
    pooled(tmp_path, groq=[{**bare, "source": "env:GROQ_API_KEY"}], anthropic=[{**bare, "source": "claude_code"}])
    assert {one.evidence for one in found(tmp_path).values()} == {Evidence.HIDDEN}


CHOICES = [
    ("model:\n  default: x\n  provider: openrouter\n", {"openrouter": None, "groq": False}),
    ("model:\n  provider: OpenRouter  # mine\nfallback_model:\n  provider: groq\n", {"openrouter": None, "groq": None}),
    ("model:\n  provider: auto\n", {"openrouter": None, "groq": None}),
    ("model:\n  provider: custom\n", {"openrouter": None, "groq": None}),
    ("model: x\nother:\n  provider: openrouter\n", {"openrouter": None, "groq": None}),
    ("", {"openrouter": None, "groq": None}),
]


@pytest.mark.parametrize(("config", "used"), CHOICES)
def test_its_config_chooses_the_provider(config: str, used: dict[str, bool | None], tmp_path: Path) -> None:
    put(tmp_path / ".hermes/config.yaml", config)
    pooled(tmp_path, openrouter=[MEMBER], groq=[MEMBER])
    assert {one.credential.provider: one.use.in_use for one in found(tmp_path).values()} == used


EMPTY = [
    ({}, {}, {"hermes:anthropic"}),
    ({"groq": [MEMBER]}, {}, {"hermes:anthropic", "hermes:groq/a"}),
    (
        {"groq": [MEMBER]},
        {".hermes/.env": "ANTHROPIC_API_KEY=FAKESECRET"},
        {"hermes:anthropic/ANTHROPIC_API_KEY", "hermes:groq/a"},
    ),
    ({"groq": [MEMBER]}, {".claude/.credentials.json": "{}"}, {"hermes:groq/a"}),
]


@pytest.mark.parametrize(("others", "files", "profiles"), EMPTY)
def test_the_chosen_provider_with_an_empty_pool_lacks_a_login(
    others: dict[str, Any], files: dict[str, str], profiles: set[str], tmp_path: Path
) -> None:
    put(tmp_path / ".hermes/config.yaml", "model:\n  provider: claude\n")
    pooled(tmp_path, anthropic=[], **others)
    for name, text in files.items():
        put(tmp_path / name, text)
    assert set(found(tmp_path)) == profiles


def test_cloned_profiles_hold_the_same_login_in_stores_of_their_own(tmp_path: Path) -> None:
    login = {"id": "a", "auth_type": "oauth", "access_token": "FAKESECRET", "refresh_token": "FAKESECRETr"}
    for home in (".hermes", ".hermes/profiles/coder", ".hermes/profiles/ops"):
        pooled(tmp_path, home, anthropic=[login])
    seen = found(tmp_path)
    assert set(seen) == {"hermes:anthropic/a", "hermes@coder:anthropic/a", "hermes@ops:anthropic/a"}
    assert len({one.fingerprint for one in seen.values()}) == 1
    assert len({one.host_path for one in seen.values()}) == 3


def test_a_pool_is_tried_by_priority(tmp_path: Path) -> None:
    pooled(tmp_path, p=[{**MEMBER, "id": "late", "priority": 2}, {**MEMBER, "id": "first", "priority": 0}])
    (line,) = (
        one for one in observe_all(Host(tmp_path, {}), [SourceEntry("hermes", "hermes")]) if isinstance(one, Lineup)
    )
    assert line.keys == ("hermes/-/hermes:p/first", "hermes/-/hermes:p/late")
