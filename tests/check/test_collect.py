"""The digest of a look: the same for what means the same, another one for anything that counts."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from datetime import time, timedelta
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from alerts.model import QuietHours
from monitor.check.collect import CheckOptions, digest
from monitor.config.settings import AlertSettings, ChannelSettings, Probing, Secret, Settings, WebSettings
from monitor.model import Credential, Kind, Lineup, Location, Observation, Policy, PolicyRule, Problem, Trouble, Use
from monitor.sources import sessions
from monitor.system.host import Host
from tests.command import ROOT
from tests.judge.worlds import NOW

HOST = Host(Path("/home/me"), {}, key=b"k" * 32)
LATE = Use(last_used_at=NOW, session_at=NOW)
SEEN = Observation(
    Credential("openclaw", "main", "anthropic", "anthropic:me", Kind.OAUTH),
    access_expires_at=NOW - timedelta(days=1),
    refreshable=True,
    lifetime=timedelta(hours=8),
    use=LATE,
    notes=("a", "b"),
    through=(Location("CODEX_HOME", "~/x", "/home/me/x"),),
)
FINDINGS = (SEEN, Lineup("openclaw", "main", "anthropic", ("a", "b")), Trouble("codex", Problem.PARSE, "~/x", "line 1"))
SETTINGS = Settings(
    policy=Policy(rules=(PolicyRule({"agent": "main", "kind": "oauth"}),), unlisted=frozenset(["gh", "aws", "npm"])),
    channels=(ChannelSettings("phone", Secret("json://phone"), match={"agent": "main", "source": "openclaw"}),),
    alerts=AlertSettings(quiet=QuietHours(time(22), time(7), ZoneInfo("Europe/Berlin"))),
    heartbeat=Secret("https://beat"),
    history_url=Secret("sqlite:///x"),
    web=WebSettings(password=Secret("word")),
    probe={"anthropic": Probing(timedelta(hours=1)), "openai": Probing(timedelta(hours=2))},
)
SAME = digest(CheckOptions(SETTINGS), FINDINGS, HOST, NOW)


def changes(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """A value with one of its parts changed, whatever it is, for each part there is, by the part's name."""
    if hasattr(value, "_fields"):
        for field in value._fields:
            for path, other in changes(getattr(value, field), f"{name}.{field}"):
                yield path, value._replace(**{field: other})
    elif isinstance(value, tuple) and value and hasattr(value[0], "_fields"):
        for path, other in changes(value[0], f"{name}[0]"):
            yield path, (other, *value[1:])
    elif isinstance(value, Mapping):
        yield name, {**value, "another": "one"}
    elif isinstance(value, frozenset):
        yield name, value | {"another"}
    elif isinstance(value, timedelta):
        yield name, 3 * value
    elif isinstance(value, Secret):
        yield name, Secret(f"{value.reveal()}, another")
    else:
        yield name, "another" if not name.endswith("_at") else NOW - timedelta(days=3, minutes=1)


@pytest.mark.parametrize(
    ("where", "findings"), list(changes(FINDINGS[:1])) + list(changes(FINDINGS[1:2])) + list(changes(FINDINGS[2:]))
)
def test_every_field_of_a_finding_counts(where: str, findings: tuple[Any, ...]) -> None:
    rest = tuple(one for one in FINDINGS if type(one) is not type(findings[0]))
    found = digest(CheckOptions(SETTINGS), (*findings, *rest), HOST, NOW)
    assert found != SAME


@pytest.mark.parametrize(("where", "settings"), list(changes(SETTINGS)))
def test_every_setting_counts(where: str, settings: Settings) -> None:
    assert digest(CheckOptions(settings), FINDINGS, HOST, NOW) != SAME


def test_the_order_of_findings_mappings_and_sets_does_not_count() -> None:
    turned = SETTINGS._replace(
        policy=SETTINGS.policy._replace(rules=(PolicyRule({"kind": "oauth", "agent": "main"}),)),
        channels=(SETTINGS.channels[0]._replace(match={"source": "openclaw", "agent": "main"}),),
        probe=dict(reversed(SETTINGS.probe.items())),
    )
    assert digest(CheckOptions(turned), FINDINGS[::-1], HOST, NOW) == SAME


def test_every_process_finds_the_same() -> None:
    code = "from tests.check.test_collect import SAME; print(SAME)"
    for seed in ("1", "2", "3"):
        env = {**os.environ, "PYTHONHASHSEED": seed}
        done = subprocess.run(
            [sys.executable, "-c", code], cwd=ROOT, env=env, capture_output=True, text=True, check=True
        )
        assert done.stdout.strip() == SAME


def test_how_we_were_called_does_not_count() -> None:
    assert digest(CheckOptions(SETTINGS, "authwatch --home /x"), FINDINGS, HOST, NOW) == SAME


def test_a_use_counts_only_where_a_renewal_is_late() -> None:
    early = SEEN._replace(access_expires_at=NOW + timedelta(days=1))
    used = early._replace(use=early.use._replace(last_used_at=NOW - timedelta(minutes=1)))
    assert sessions.late(SEEN, NOW)
    assert not sessions.late(early, NOW)
    assert digest(CheckOptions(SETTINGS), (early,), HOST, NOW) == digest(CheckOptions(SETTINGS), (used,), HOST, NOW)


def test_no_secret_is_in_what_is_digested_by_its_text() -> None:
    """Nothing shows a secret: not a record that holds it, not the list that holds the record."""
    shown = f"{SETTINGS!r} {SETTINGS} {[SETTINGS]}"
    assert not any(text in shown for text in ("json://phone", "https://beat", "sqlite:///x", "word'"))
