"""`models pin status` tries profiles in the order in which the newest OpenClaw does."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest

from monitor.openclaw.candidates import candidates
from monitor.openclaw.installation import read
from monitor.openclaw.releases import MAIN
from monitor.system.host import Host
from tests.conformance.render import load, render

NOW = 1_780_000_000_000
AT = datetime.fromtimestamp(NOW / 1000, UTC)
FOLDER = Path(__file__).parent / "openclaw"


def answered(case_dir: Path) -> bool:
    """Whether the newest generation listed an effective order."""
    case = load(case_dir)
    return "error" not in case["expected"] and any("effectiveOrder" in one for one in case["expected"]["providers"])


CASES = [path.parent for path in sorted(FOLDER.glob("*/case.json")) if answered(path.parent)]


@pytest.mark.parametrize("case_dir", CASES, ids=lambda one: one.name)
def test_candidates_stand_in_the_effective_order(case_dir: Path, tmp_path: Path) -> None:
    case = load(case_dir)
    home = tmp_path / "home"
    found = read(Host(home, render(case_dir, home, NOW)))
    agent = case["agent"] or found.config.default_agent(found.generation) or MAIN
    for one in case["expected"]["providers"]:
        view = candidates(found, agent, one["provider"], AT)
        profiles = set(found.view(agent, NOW).profiles)
        ranked = [entry.name for entry in view.listed if entry.rank is not None and entry.name in profiles]
        if ranked:  # with none of them fit, OpenClaw lists all, to show them
            assert ranked == one["effectiveOrder"]
        first = next((entry.name for entry in view.listed if entry.next), None)
        assert first is None or not next(entry for entry in view.listed if entry.name == first).why_not


def test_enough_cases_were_recorded() -> None:
    stated = [
        one
        for one in CASES
        if "order" in (one / "case.json").read_text() or "usageStats" in (one / "case.json").read_text()
    ]
    assert len(stated) >= 5
