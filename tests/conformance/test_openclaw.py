"""Holds what authwatch reads from an OpenClaw home against what OpenClaw itself said of it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from monitor.model import Evidence, Observation, SourceEntry
from monitor.openclaw.compat.models_status import report
from monitor.sources.openclaw import observe
from monitor.system.host import Host
from tests.conformance.render import fill, load, render

CASES = sorted(path.parent for path in (Path(__file__).parent / "openclaw").glob("*/case.json"))
NOW = 1_780_000_000_000  # any moment will do: a case holds nothing but distances from it
AT = datetime.fromtimestamp(NOW / 1000, UTC)

# Where we knowingly differ; docs/conformance.md says why.
DIFFERENT_CODE = {
    "102-sql-migration-required": 0,
    "118-sql-openai-codex-runtime": 0,
    "228-json-alias-model": 0,
    "234-json-alias-lower": 0,
}


def has_status(case_dir: Path) -> bool:
    """Whether the release answered with a status object; 026 knows no model but the release's default."""
    return "error" not in load(case_dir)["expected"] and case_dir.name != "026-nothing-installed"


every_case = pytest.mark.parametrize("case_dir", CASES, ids=lambda path: path.name)


@pytest.fixture
def home(case_dir: Path, tmp_path: Path) -> Host:
    home = tmp_path / "home"
    return Host(home, render(case_dir, home, NOW))


def tree(home: Path) -> dict[str, Any]:
    return {
        str(path): (path.stat().st_mtime_ns, path.stat().st_ctime_ns, path.read_bytes() if path.is_file() else None)
        for path in sorted(home.rglob("*"))
    }


@every_case
def test_every_profile_and_the_exit_code_are_those_of_the_release(case_dir: Path, home: Host) -> None:
    case = load(case_dir)
    found = report(home, case["agent"], AT)
    strict = case["openclaw_version"] < "2026.6"
    assert found.check(strict) == DIFFERENT_CODE.get(case_dir.name, case["expected"]["exit_code"])
    if "error" in case["expected"]:
        assert found.json().get("ok") is False or case_dir.name in DIFFERENT_CODE
        return
    seen = found.json()["auth"]
    assert profiles(seen["oauth"]["profiles"]) == profiles(case["expected"]["profiles"], home.home)


@pytest.mark.parametrize("case_dir", [one for one in CASES if has_status(one)], ids=lambda one: one.name)
def test_providers_and_paths_are_those_of_the_release(case_dir: Path, home: Host) -> None:
    case = load(case_dir)
    expected, seen = case["expected"], report(home, case["agent"], AT).json()
    assert seen["defaultModel"] == expected["defaultModel"]
    auth = seen["auth"]
    stored = "sqlite" in case or case["openclaw_version"] < "2026.6"  # without a store nothing tells the release
    if stored:
        assert auth["storePath"].replace(str(home.home), "~") == expected["storePath"]
    assert {
        one["provider"]: (one["status"], [each["profileId"] for each in one.get("effectiveProfiles", [])])
        for one in auth["oauth"]["providers"]
    } == {one["provider"]: (one["status"], one.get("effectiveOrder", [])) for one in expected["providers"]}
    pseudo = {"anthropic-openai", "claude-cli"}  # OpenClaw shows an Anthropic key under these names, too
    kinds = {one["provider"]: one["effective"]["kind"] for one in auth["providers"]}
    assert kinds == {name: kind for name, kind in expected["effective"].items() if name not in pseudo}
    # The newest release lists a provider it knows nothing of as a route issue, not as missing.
    if stored and case_dir.name not in DIFFERENT_CODE:
        assert auth["missingProvidersInUse"] == expected["missingProvidersInUse"]
    sources = {one["provider"]: one["env"]["source"] for one in auth["providers"] if "env" in one}
    assert sources == {name: text for name, text in expected["envSources"].items() if name not in pseudo}
    unusable = [{k: one[k] for k in ("profileId", "kind", "reason") if k in one} for one in auth["unusableProfiles"]]
    assert unusable == expected["unusable"]


@every_case
def test_the_source_sees_the_same_profiles_and_touches_nothing(case_dir: Path, home: Host) -> None:
    case = load(case_dir)
    before = tree(home.home)
    found = list(observe(home, SourceEntry("openclaw", "openclaw")))
    report(home, case["agent"], AT)
    assert tree(home.home) == before
    seen = {
        one.credential.profile
        for one in found
        if isinstance(one, Observation) and one.credential.agent != "-" and one.evidence is not Evidence.ABSENT
    }
    wanted = {one["profileId"] for one in case["expected"].get("profiles", [])}
    assert wanted <= seen
    assert len(found) == len({repr(one) for one in found})


def profiles(entries: list[dict[str, Any]], home: Path = Path()) -> dict[str, Any]:
    return {
        one["profileId"]: (
            one["provider"],
            one["type"],
            one["status"],
            one.get("reasonCode"),
            _number(one.get("expiresAt"), home),
        )
        for one in entries
    }


def _number(value: Any, home: Path) -> Any:
    return float(fill(value, NOW, home)) if isinstance(value, str) and "{{" in value else value
