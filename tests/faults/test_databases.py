"""Databases of a home as the whole command line sees them: hostile, linked, live and large; nothing of them is kept."""

from __future__ import annotations

import json
import os
import sqlite3
from pathlib import Path

import pytest

from monitor.system.host import Host
from tests.command import authwatch, configure, state
from tests.faults.world import AGENT, agent_home, document, put_cell, run, shared_home
from tests.openclaw_home import DAY, HOUR, openclaw, put, token
from tests.polling import pause
from tests.receivers import web
from tests.system.sqlite_file.crafted import ANY, REFUSED


@pytest.mark.parametrize("name", [name for name in {**REFUSED, **ANY} if "a journal of before" not in name])
def test_beside_a_hostile_database_a_dead_login_is_told(name: str, tmp_path: Path) -> None:
    """Its table `store` is what OpenClaw keeps its profiles in."""
    path = tmp_path / AGENT
    path.parent.mkdir(parents=True)
    {**REFUSED, **ANY}[name](path)
    dead = {"claudeAiOauth": {"accessToken": "", "refreshToken": "", "expiresAt": 0}}
    (tmp_path / ".claude").mkdir()
    put(tmp_path / ".claude" / ".credentials.json", json.dumps(dead))
    with web() as there:
        configure(tmp_path, f"alerts: {{settle: 0s}}\nchannels:\n  phone: {{url: '{there.url('json', 'json/x')}'}}\n")
        ran = run(tmp_path, "check", "--json")
        assert any("claude" in str(one.body) for one in there.received)
    assert ran.seconds < 20  # of a busy machine; the reading itself is bounded by tests of its own


def test_a_view_in_place_of_the_store_is_named(tmp_path: Path) -> None:
    path = agent_home(tmp_path)
    with sqlite3.connect(path) as db:
        db.execute("DROP TABLE auth_profile_store")
        db.execute("CREATE VIEW auth_profile_store AS SELECT 'primary' AS store_key, zeroblob(900000000) AS store_json")
    db.close()
    ran = run(tmp_path, "check", "--json")
    assert ran.problems() == {f"~/{AGENT}": "parse"}
    assert "is a view" in ran.out


@pytest.mark.parametrize("absolute", [True, False])
def test_a_linked_database_is_read_with_the_log_beside_its_target(absolute: bool, tmp_path: Path) -> None:
    path = shared_home(tmp_path, {})
    elsewhere = tmp_path / "elsewhere" / "real.sqlite"
    elsewhere.parent.mkdir()
    path.rename(elsewhere)
    path.symlink_to(elsewhere if absolute else "../../elsewhere/real.sqlite")
    owner = sqlite3.connect(elsewhere, isolation_level=None)
    owner.execute("PRAGMA wal_autocheckpoint=0")
    put_cell(owner, "authProfiles.store", document({"anthropic:default": token(ends_in=100 * DAY)}))
    assert Path(f"{elsewhere}-wal").stat().st_size
    assert authwatch(tmp_path, "check", "--json").json["profiles"][0]["state"] == "ok"
    pause(2.1)
    authwatch(tmp_path, "check", "--json")
    put_cell(owner, "authProfiles.store", document({"anthropic:default": token(ends_in=-HOUR)}))
    assert authwatch(tmp_path, "check", "--json").json["profiles"][0]["state"] == "expired"  # no gate hides the log
    owner.close()


def test_every_file_that_counts_is_noted(tmp_path: Path) -> None:
    path = shared_home(tmp_path)
    link = tmp_path / "link.sqlite"
    link.symlink_to(path)
    host = Host(tmp_path, {})
    host.sqlite(link, lambda database: database.has("x"))
    assert set(host.touches) == {str(link), *(f"{path}{end}" for end in ("", "-wal", "-journal"))}
    assert host.touches[f"{path}-wal"] is None


def test_the_first_look_of_a_check_is_what_the_gate_compares_with(tmp_path: Path) -> None:
    path = shared_home(tmp_path)
    host = Host(tmp_path, {})
    host.sqlite(path, lambda database: database.has("x"))
    first = dict(host.touches)
    put_cell(path, "other", "{}")
    host.sqlite(path, lambda database: database.has("x"))
    assert host.touches == first


def test_a_database_much_larger_than_its_logins_is_read(tmp_path: Path) -> None:
    """Six hundred megabytes, of which a few pages hold logins; the rest is a hole in the file."""
    path = shared_home(tmp_path)
    with sqlite3.connect(path, isolation_level=None) as db:
        db.execute("PRAGMA journal_mode=DELETE")
        db.execute("CREATE TABLE memory (x)")
        db.execute("INSERT INTO memory VALUES (zeroblob(600000000))")
    db.close()
    assert path.stat().st_size > 600_000_000
    ran = run(tmp_path, "check", "--json")
    assert ran.problems() == {}
    assert len(ran.json["profiles"]) == 2


def test_nothing_of_a_live_database_is_on_our_disk(tmp_path: Path) -> None:
    path = shared_home(tmp_path)
    owner = sqlite3.connect(path, isolation_level=None)
    put_cell(owner, "authProfiles.store", document())
    before = set(os.listdir("/tmp"))
    run(tmp_path, "check")
    assert not [name for name in set(os.listdir("/tmp")) - before if name.startswith("authwatch-copy")]
    assert not [one for one in state(tmp_path).rglob("*") if one.is_file() and b"FAKESECRET" in one.read_bytes()]
    owner.close()


def test_copies_of_earlier_releases_are_swept(tmp_path: Path) -> None:
    openclaw(tmp_path, {"anthropic:default": token(ends_in=100 * DAY)})
    authwatch(tmp_path, "status")
    temporary, kept = tmp_path / "tmp", tmp_path / "kept"
    temporary.mkdir()
    kept.mkdir()
    (kept / "file").write_text("not ours to remove")
    state(tmp_path).mkdir(parents=True, exist_ok=True)
    for folder in (state(tmp_path) / "authwatch-copy-abc", temporary / "authwatch-copy-def"):
        folder.mkdir()
        (folder / "copy.sqlite").write_text("SECRET")
    (temporary / "authwatch-copy-link").symlink_to(kept)
    (temporary / "authwatch-other").mkdir()
    authwatch(tmp_path, "check", env={"TMPDIR": str(temporary)})
    assert not list(state(tmp_path).glob("authwatch-copy-*"))
    assert sorted(one.name for one in temporary.iterdir()) == ["authwatch-copy-link", "authwatch-other"]
    assert (kept / "file").exists()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a folder away")
def test_a_copy_of_another_user_is_left(tmp_path: Path) -> None:
    other = tmp_path / "tmp" / "authwatch-copy-xyz"
    other.mkdir(parents=True)
    os.chown(other, 12345, 12345)
    authwatch(tmp_path, "check", env={"TMPDIR": str(tmp_path / "tmp")})
    assert other.is_dir()
