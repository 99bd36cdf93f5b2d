"""The OpenClaws of several profiles of one user: which are found, under which name, and which of them count."""

from __future__ import annotations

import json
import os
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from monitor.check.collect import watched
from monitor.config.settings import Settings
from monitor.model import Evidence, Finding, Lineup, Observation, SourceEntry, Trouble
from monitor.openclaw.installation import read
from monitor.openclaw.profiles import IDLE, MOST, RECENT, environ_of
from monitor.sources import observe_all
from monitor.system.host import Host
from tests.openclaw.homes import NOW, USES, token, write

UNIT = ".config/systemd/user/openclaw-gateway-{}.service"
AGENT = "Library/LaunchAgents/ai.openclaw.{}.plist"
LONG_AGO = NOW - RECENT - timedelta(days=1)


def claw(home: Path, folder: str = ".openclaw", profile: str = "anthropic:x", **more: Any) -> Path:
    """An OpenClaw with a login, last written to long ago."""
    store = home / folder / "agents/main/agent/auth-profiles.json"
    write(store, {"version": 1, "profiles": {profile: token(**more)}})
    write(home / folder / "openclaw.json", USES)
    aged(home / folder)
    return store


def aged(folder: Path) -> None:
    for path in (folder, *folder.rglob("*")):
        os.utime(path, (LONG_AGO.timestamp(),) * 2)


def host(home: Path, **environ: str) -> Host:
    return Host(home, {"HOME": str(home), **environ}, key=b"k" * 32)


def entries(window: Host, *listed: SourceEntry) -> tuple[SourceEntry, ...]:
    settings = Settings(sources=listed or (SourceEntry("openclaw", "openclaw"),))
    return watched(settings, window, NOW).sources


def found(window: Host) -> list[Finding]:
    return observe_all(window, entries(window))


def ids(window: Host, *listed: SourceEntry) -> list[str]:
    return [entry.id for entry in entries(window, *listed)]


def keys(findings: list[Finding]) -> list[str]:
    return sorted(one.credential.key for one in findings if isinstance(one, Observation))


def test_each_profile_is_a_source_beside_the_plain_one(tmp_path: Path) -> None:
    claw(tmp_path)
    claw(tmp_path, ".openclaw-work")
    claw(tmp_path, ".openclaw-Lab_2")
    assert ids(host(tmp_path)) == ["openclaw", "openclaw@Lab_2", "openclaw@work"]
    assert keys(found(host(tmp_path))) == [
        "openclaw/main/anthropic:x",
        "openclaw@Lab_2/main/anthropic:x",
        "openclaw@work/main/anthropic:x",
    ]


@pytest.mark.parametrize(
    "folder", [".openclaw.bak", ".openclaw-", ".openclaw-default", ".openclaw-a.b", ".openclawx", "openclaw-work"]
)
def test_other_names_are_no_profiles(folder: str, tmp_path: Path) -> None:
    claw(tmp_path, folder)
    assert ids(host(tmp_path)) == ["openclaw"]


def test_what_is_empty_or_a_file_is_no_openclaw(tmp_path: Path) -> None:
    (tmp_path / ".openclaw-empty").mkdir()
    write(tmp_path / ".openclaw-file", "x")
    assert ids(host(tmp_path)) == ["openclaw"]


def test_only_so_many_are_looked_at(tmp_path: Path) -> None:
    for number in range(MOST + 5):
        (tmp_path / f".openclaw-{number:02}/agents").mkdir(parents=True)
    assert len(ids(host(tmp_path))) == 1 + MOST


@pytest.mark.parametrize(
    ("listed", "expected"),
    [
        ([SourceEntry("openclaw", "claw")], ["claw", "claw@work"]),
        ([SourceEntry("openclaw", "bot", {"home": "~/bot"})], ["bot"]),
        ([SourceEntry("codex", "codex")], ["codex"]),
        (
            [SourceEntry("openclaw", "a"), SourceEntry("openclaw", "b"), SourceEntry("env", "env")],
            ["a", "b", "env", "a@work"],
        ),
    ],
    ids=["another id", "another home", "not listed", "twice"],
)
def test_they_belong_to_the_first_entry_that_asks_this_environment(
    listed: list[SourceEntry], expected: list[str], tmp_path: Path
) -> None:
    claw(tmp_path, ".openclaw-work")
    claw(tmp_path / "bot", ".openclaw-work")
    window = host(tmp_path)
    assert ids(window, *listed) == expected
    assert ids(window, *entries(window, *listed)) == expected, "found twice they are the same"


@pytest.mark.parametrize("plain", [True, False], ids=["beside a plain one", "alone"])
@pytest.mark.parametrize(
    "environ",
    [
        {},
        {"OPENCLAW_PROFILE": "work"},
        {"OPENCLAW_STATE_DIR": "~/.openclaw-work"},
        {"OPENCLAW_PROFILE": "work", "OPENCLAW_STATE_DIR": "~/.openclaw-work"},
    ],
    ids=["no variable", "the profile", "the folder", "both"],
)
def test_a_folder_has_one_name_whatever_chose_it(environ: dict[str, str], plain: bool, tmp_path: Path) -> None:
    claw(tmp_path, ".openclaw-work", "anthropic:w")
    write(tmp_path / UNIT.format("work"), "")
    if plain:
        claw(tmp_path, ".openclaw", "anthropic:p")
    findings = found(host(tmp_path, **environ))
    assert keys(findings) == [*["openclaw/main/anthropic:p"] * plain, "openclaw@work/main/anthropic:w"]
    assert all(one.use.in_use for one in findings if isinstance(one, Observation))


def test_a_folder_that_is_moved_elsewhere_is_the_plain_one(tmp_path: Path) -> None:
    claw(tmp_path, "oc", "anthropic:moved")
    claw(tmp_path, ".openclaw-work", "anthropic:w")
    assert keys(found(host(tmp_path, OPENCLAW_STATE_DIR="~/oc"))) == [
        "openclaw/main/anthropic:moved",
        "openclaw@work/main/anthropic:w",
    ]


@pytest.mark.parametrize(
    ("profile", "made", "environ", "days", "idle"),
    [
        ("work", UNIT, {}, 31, False),
        ("work", AGENT, {}, 31, False),
        ("work", "", {"OPENCLAW_PROFILE": "work"}, 31, False),
        ("work", "", {"OPENCLAW_STATE_DIR": "~/.openclaw-work"}, 31, False),
        ("work", "", {}, 29, False),
        ("work", "", {}, 31, True),
        ("work", "", {"OPENCLAW_PROFILE": "other"}, 31, True),
        ("backup", "", {}, 1, True),
        ("old", "", {}, 1, True),
        ("work-bak2", "", {}, 1, True),
        ("20260901", "", {}, 1, True),
        ("2026-09-01", "", {}, 1, True),
        ("backup", UNIT, {}, 31, False),
        ("golden", "", {}, 1, False),
    ],
)
def test_a_profile_counts_where_something_runs_it(
    profile: str, made: str, environ: dict[str, str], days: int, idle: bool, tmp_path: Path
) -> None:
    store = claw(tmp_path, f".openclaw-{profile}", left=-1)
    os.utime(store, ((NOW - timedelta(days=days)).timestamp(),) * 2)
    if made:
        write(tmp_path / made.format(profile), "")
    window = host(tmp_path, **environ)
    (entry,) = [one for one in entries(window) if one.id != "openclaw"]
    assert (IDLE in entry.options) == idle
    (seen,) = [one for one in found(window) if isinstance(one, Observation)]
    assert seen.use.in_use is not idle
    assert bool(seen.use.why_not) is idle


def test_what_nothing_runs_misses_nothing_and_troubles_nobody(tmp_path: Path) -> None:
    claw(tmp_path, ".openclaw-old")
    write(tmp_path / ".openclaw-old/openclaw.json", {"agents": {"defaults": {"model": {"primary": "groq/x"}}}})
    write(tmp_path / ".openclaw-old/agents/main/agent/auth-profiles.json", "{")
    findings = found(host(tmp_path))
    assert not [one for one in findings if isinstance(one, Observation)]
    assert [one.ignored for one in findings if isinstance(one, Trouble)] == [True]
    assert not any(one.in_use for one in findings if isinstance(one, Lineup))


def test_its_logins_are_renewed_with_its_name(tmp_path: Path) -> None:
    claw(tmp_path, ".openclaw-work")
    (seen,) = [one for one in found(host(tmp_path)) if isinstance(one, Observation)]
    assert seen.relogin.startswith("openclaw --profile work models auth paste-token ")
    environ = environ_of({"OPENCLAW_CONFIG_PATH": "/x", "PATH": "/bin"}, seen.credential.source)
    assert read(Host(tmp_path, environ)).places.config == tmp_path / ".openclaw-work/openclaw.json"
    assert environ_of(environ, "openclaw") == environ


@pytest.mark.parametrize(
    ("environ", "made", "present"),
    [
        ({}, "", False),
        ({}, ".openclaw", True),
        ({"OPENCLAW_STATE_DIR": "~/oc"}, "", True),
        ({"OPENCLAW_AGENT_DIR": "~/pi"}, "", True),
    ],
    ids=["Pi alone", "beside an OpenClaw", "a state folder is named", "OpenClaw's own variable"],
)
def test_what_pi_keeps_is_no_openclaw(environ: dict[str, str], made: str, present: bool, tmp_path: Path) -> None:
    write(tmp_path / "pi/auth.json", {"anthropic": {"type": "api_key", "key": "sk-FAKESECRET"}})
    if made:
        (tmp_path / made).mkdir()
    window = host(tmp_path, PI_CODING_AGENT_DIR="~/pi", **environ)
    assert read(window).present is present
    assert bool(found(window)) is present


SESSIONS: Any = {
    "user": {"authProfileOverride": "anthropic:gone", "authProfileOverrideSource": "user"},
    "link": {"authProfileOverride": "anthropic:gone", "authProfileOverrideSource": "user-link"},
    "auto": {"authProfileOverride": "anthropic:gone", "authProfileOverrideSource": "auto"},
    "other": {"authProfileOverride": "openai:gone", "authProfileOverrideSource": "user"},
    "there": {"authProfileOverride": "anthropic:x", "authProfileOverrideSource": "user"},
    "own": {
        **{"authProfileOverride": "openai:gone", "authProfileOverrideSource": "user"},
        **{"providerOverride": "openai", "modelOverride": "gpt"},
    },
}


@pytest.mark.parametrize(
    ("release", "names", "gone"),
    [
        ("2026.9.6", ["user"], ["anthropic:gone"]),
        ("2026.9.6", ["link", "user"], ["anthropic:gone"]),
        ("2026.9.6", ["own"], ["openai:gone"]),
        ("2026.9.6", ["auto", "other", "there"], []),
        ("2026.6.11", ["user"], []),
        ("2026.5.7", ["user"], []),
    ],
)
def test_a_pin_to_a_login_that_is_gone_is_told_where_openclaw_keeps_it(
    release: str, names: list[str], gone: list[str], tmp_path: Path
) -> None:
    from tests.openclaw.homes import agent_dir, agent_store, config, json_store, shared_store

    config(tmp_path, {**USES, "meta": {"lastTouchedVersion": release}})
    profiles = {"anthropic:x": token()}
    sessions = {name: SESSIONS[name] for name in names}
    if release == "2026.9.6":
        import sqlite3

        shared_store(tmp_path, profiles)
        path = agent_dir(tmp_path, "main") / "openclaw-agent.sqlite"
        path.parent.mkdir(parents=True)
        with sqlite3.connect(path) as db:
            db.execute("CREATE TABLE session_nodes (session_key TEXT PRIMARY KEY, entry_json TEXT)")
            db.executemany("INSERT INTO session_nodes VALUES (?, ?)", [(k, json.dumps(v)) for k, v in sessions.items()])
        db.close()
    else:
        (agent_store if release == "2026.6.11" else json_store)(tmp_path, profiles)
        write(tmp_path / ".openclaw/agents/main/sessions/sessions.json", sessions)
    missing = [one for one in found(host(tmp_path)) if isinstance(one, Observation) and one.evidence is Evidence.ABSENT]
    assert [one.credential.profile for one in missing] == gone
    counted = "1 session is" if len(names) == 1 else "2 sessions are"
    assert all(one.use.pinned_by == counted for one in missing)
