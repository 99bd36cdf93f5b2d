"""When a program last wrote a session: only looked for when a renewal is due, bounded, and never as more than a hint."""

from __future__ import annotations

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from monitor.model import Credential, Evidence, Kind, Observation, Trouble
from monitor.model import Problem as P
from monitor.sources.sessions import FILES, FOLDERS, RECHECK, hinted, late
from monitor.system.host import Host

NOW = datetime(2027, 3, 1, 12, 30, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def login(home: Path, profile: str, ends_in: timedelta, **more: object) -> Observation:
    source, _, _ = profile.partition(":")
    store = {"claude-code": ".claude/.credentials.json", "codex": ".codex/auth.json"}[source]
    seen = Observation(
        Credential(source, "-", "x", profile, Kind.OAUTH),
        access_expires_at=NOW + ends_in,
        refreshable=True,
        fingerprint="f",
        host_path=str(home / store),
    )
    return seen._replace(**more)


def written(path: Path, ago: timedelta) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("{}")
    moment = (NOW - ago).timestamp()
    os.utime(path, (moment, moment))
    os.utime(path.parent, (moment, moment))


def hint(home: Path, seen: Observation, *beside: Observation) -> datetime | None:
    found = hinted(Host(home, {}), [seen, *beside], NOW)[0]
    assert isinstance(found, Observation)
    return found.use.session_at


PLACES = {
    "claude-code:default": ".claude/projects/-home-me/{}.jsonl",
    "codex:chatgpt": ".codex/sessions/2027/02/{}/rollout-x.jsonl",
}


@pytest.mark.parametrize("profile", PLACES)
def test_the_newest_session_is_found_and_said_to_the_hour(tmp_path, profile):
    written(tmp_path / PLACES[profile].format("28"), 3 * HOUR)
    written(tmp_path / PLACES[profile].format("27"), 2 * DAY)
    assert hint(tmp_path, login(tmp_path, profile, -DAY)) == NOW.replace(hour=9, minute=0)


@pytest.mark.parametrize("profile", PLACES)
def test_nothing_is_looked_at_while_no_renewal_is_due(tmp_path, profile):
    written(tmp_path / PLACES[profile].format("28"), HOUR)
    host = Host(tmp_path, {})
    seen = [login(tmp_path, profile, HOUR)]
    assert hinted(host, seen, NOW) == seen
    assert host.touches == {}


@pytest.mark.parametrize(
    ("ends_in", "more", "expected"),
    [
        (-HOUR, {}, True),
        (HOUR, {}, False),
        (DAY, {"lifetime": 10 * DAY}, True),
        (2 * DAY, {"lifetime": 10 * DAY}, True),
        (3 * DAY, {"lifetime": 10 * DAY}, False),
        (DAY, {"lifetime": 10 * DAY, "refreshable": False}, False),
        (-HOUR, {"access_expires_at": None}, False),
    ],
)
def test_a_renewal_is_due_after_the_end_and_in_the_last_fifth_of_a_stated_lifetime(tmp_path, ends_in, more, expected):
    assert late(login(tmp_path, "codex:chatgpt", ends_in, **more), NOW) is expected


def test_another_login_of_the_same_program_makes_sessions_say_nothing(tmp_path):
    written(tmp_path / PLACES["claude-code:default"].format("a"), HOUR)
    seen = login(tmp_path, "claude-code:default", -DAY)
    other = seen._replace(credential=seen.credential._replace(profile="claude-code:env", kind=Kind.TOKEN))
    assert hint(tmp_path, seen)
    assert hint(tmp_path, seen, other) is None
    assert hint(tmp_path, seen, other._replace(evidence=Evidence.ABSENT))
    assert hint(tmp_path, seen, login(tmp_path, "codex:chatgpt", -DAY))


@pytest.mark.parametrize(
    "more",
    [{"evidence": Evidence.BLANKED}, {"refreshable": False}, {"host_path": "/nowhere/x"}],
    ids=str,
)
def test_what_nothing_renews_or_has_no_sessions_has_no_hint(tmp_path, more):
    written(tmp_path / PLACES["claude-code:default"].format("a"), HOUR)
    assert hint(tmp_path, login(tmp_path, "claude-code:default", -DAY, **more)) is None


def test_other_files_and_moments_ahead_of_the_clock_do_no_harm(tmp_path):
    seen = login(tmp_path, "claude-code:default", -DAY)
    written(tmp_path / ".claude/projects/a/memory.md", HOUR)
    (tmp_path / ".claude/projects/stray.jsonl").write_text("")
    (tmp_path / ".claude/projects/loop").symlink_to(tmp_path / ".claude/projects")
    os.utime(tmp_path / ".claude/projects/stray.jsonl", (1, 1))
    assert hint(tmp_path, seen) == datetime(1970, 1, 1, tzinfo=UTC), "by way of the loop, once"
    written(tmp_path / ".claude/projects/a/b.jsonl", -40 * DAY)
    assert hint(tmp_path, seen) == NOW.replace(minute=0)


def test_the_search_is_bounded_and_begins_with_the_last_changed(tmp_path):
    for number in range(FOLDERS + 5):
        written(tmp_path / f".claude/projects/p{number:03}/x.jsonl", (number + 2) * HOUR)
    host = Host(tmp_path, {})
    (found,) = hinted(host, [login(tmp_path, "claude-code:default", -DAY)], NOW)
    assert found.use.session_at == NOW.replace(hour=10, minute=0)
    noted = [path for path in host.touches if path.endswith(".jsonl")]
    assert len(noted) == FOLDERS
    assert not any("p024" in path for path in noted)


def test_a_folder_of_many_sessions_costs_no_more_than_the_bound_and_is_not_believed_for_long(tmp_path):
    folder = tmp_path / ".claude/projects/p"
    folder.mkdir(parents=True)
    for number in range(FILES + 50):
        (folder / f"{number:05}.jsonl").touch()
    host = Host(tmp_path, {})
    (found,) = hinted(host, [login(tmp_path, "claude-code:default", -DAY)], NOW)
    assert found.use.session_at
    assert sum(path.endswith(".jsonl") for path in host.touches) == FILES
    assert host.limits == [RECHECK]


@pytest.mark.parametrize("profile", PLACES)
def test_every_session_is_a_touch_so_that_an_older_one_that_is_resumed_is_seen(tmp_path, profile):
    files = [tmp_path / PLACES[profile].format(name) for name in ("25", "26", "27")]
    files.append(files[0].with_name("older.jsonl"))
    for number, path in enumerate(files):
        written(path, (number + 1) * DAY)
    host = Host(tmp_path, {})
    hinted(host, [login(tmp_path, profile, -DAY)], NOW)
    assert {str(path) for path in files} <= set(host.touches)
    assert host.limits == []


def test_more_projects_than_are_looked_at_are_not_believed_for_long(tmp_path):
    for number in range(FOLDERS + 1):
        written(tmp_path / f".claude/projects/p{number:03}/x.jsonl", (number + 2) * HOUR)
    host = Host(tmp_path, {})
    hinted(host, [login(tmp_path, "claude-code:default", -DAY)], NOW)
    assert host.limits == [RECHECK]


def test_a_folder_that_is_not_ours_to_read_is_no_trouble(tmp_path):
    written(tmp_path / PLACES["claude-code:default"].format("a"), HOUR)
    (tmp_path / ".claude/projects").chmod(0)
    found = hinted(
        Host(tmp_path, {}),
        [login(tmp_path, "claude-code:default", -DAY), Trouble("x", P.PARSE, "s", "d")],
        NOW,
    )
    (tmp_path / ".claude/projects").chmod(0o700)
    assert len(found) == 2
    assert isinstance(found[0], Observation)


def test_a_login_to_an_mcp_server_is_no_other_that_may_have_been_used(tmp_path: Path) -> None:
    written(tmp_path / PLACES["codex:chatgpt"].format("28"), 3 * HOUR)
    seen = login(tmp_path, "codex:chatgpt", -DAY)
    beside = seen._replace(credential=Credential("codex", "-", "mcp:linear", "mcp:linear", Kind.OAUTH))
    assert hint(tmp_path, seen, beside) is not None
    assert hint(tmp_path, beside, seen) is None
