"""After many checks the watched tree is as before: bytes, modes, owners, mtimes, side files; also under a live writer."""

from __future__ import annotations

import json
import os
import sqlite3
import tempfile
import threading
from pathlib import Path

import pytest

from monitor.system.host import Host
from tests.command import authwatch
from tests.openclaw_home import DAY, openclaw, token
from tests.polling import pause

PASSES = 50


def snapshot(folder: Path) -> dict[str, tuple[object, ...]]:
    found = {}
    for path in sorted([folder, *folder.rglob("*")]):
        one = path.lstat()
        content = path.read_bytes() if path.is_file() else b""
        found[str(path)] = (content, one.st_mode, one.st_uid, one.st_gid, one.st_mtime_ns, one.st_ctime_ns, one.st_ino)
    return found


def shared_database(home: Path) -> Path:
    """A store of the shared SQLite generation in WAL mode."""
    path = home / ".openclaw" / "state" / "openclaw.sqlite"
    path.parent.mkdir(parents=True)
    database = sqlite3.connect(path, isolation_level=None)
    database.execute("PRAGMA journal_mode=WAL")
    database.execute(
        "CREATE TABLE config_machine_state (state_key TEXT NOT NULL PRIMARY KEY, value_json TEXT NOT NULL,"
        " updated_at_ms INTEGER NOT NULL) STRICT"
    )
    database.execute("INSERT INTO config_machine_state VALUES ('auth.sharedStore', '{\"location\":\"state-db\"}', 1)")
    put_profiles(database, 0)
    database.close()
    return path


def put_profiles(database: sqlite3.Connection, this_check: int) -> None:
    document = {"version": 1, "profiles": {"anthropic:manual": token(ends_in=30 * DAY, secret=f"tok-{this_check}")}}
    database.execute(
        "INSERT OR REPLACE INTO config_machine_state VALUES ('authProfiles.store', ?, ?)",
        (json.dumps(document), this_check),
    )


@pytest.mark.parametrize("words", [("check",), ("status",), ("models", "status", "--check")], ids=lambda w: w[0])
def test_fifty_checks_leave_a_json_home_as_it_was(tmp_path, words):
    openclaw(tmp_path, {"anthropic:default": token(ends_in=2 * DAY)})
    openclaw(tmp_path, {"anthropic:lab": token(ends_in=-DAY)}, agent="lab")
    before = snapshot(tmp_path / ".openclaw")
    for _ in range(PASSES if words == ("check",) else 3):
        authwatch(tmp_path, *words)
    assert snapshot(tmp_path / ".openclaw") == before


def test_fifty_checks_leave_a_closed_database_as_it_was(tmp_path):
    shared_database(tmp_path)
    before = snapshot(tmp_path / ".openclaw")
    for _ in range(PASSES):
        done = authwatch(tmp_path, "check")
        assert "anthropic:manual" in done.out
    assert snapshot(tmp_path / ".openclaw") == before


def test_a_database_held_open_by_its_program_is_read_with_its_wal_and_left_as_it_was(tmp_path):
    path = shared_database(tmp_path)
    owner = sqlite3.connect(path, isolation_level=None)
    owner.execute("PRAGMA wal_autocheckpoint=0")
    put_profiles(owner, 7)
    assert Path(f"{path}-wal").stat().st_size
    before = snapshot(tmp_path / ".openclaw")
    for _ in range(5):
        assert "anthropic:manual" in authwatch(tmp_path, "check").out
    assert snapshot(tmp_path / ".openclaw") == before
    put_profiles(owner, 8)
    owner.close()


@pytest.mark.parametrize("size", [32, 40, 5000])
def test_a_log_without_a_whole_frame_is_not_removed_from_under_its_owner(tmp_path, size):
    """SQLite's own read-only connection would do that at its end: nothing in the log is left to be saved."""
    path = shared_database(tmp_path)
    owner = sqlite3.connect(path, isolation_level=None)
    put_profiles(owner, 1)
    log = path.with_name(f"{path.name}-wal")
    header = log.read_bytes()[:32]
    owner.close()
    log.write_bytes(header.ljust(size, b"\0"))
    before = snapshot(path.parent)
    seen = Host(tmp_path, {}, uid=1000).sqlite(
        path, lambda database: list(database.rows("config_machine_state", "state_key"))
    )
    assert len(seen or ()) == 2
    assert snapshot(path.parent) == before


def test_a_live_writer_never_meets_an_error_and_is_never_read_torn(tmp_path):
    path = shared_database(tmp_path)
    errors: list[str] = []
    stop = threading.Event()

    def write() -> None:
        owner = sqlite3.connect(path, isolation_level=None, timeout=0.5)
        owner.execute("PRAGMA wal_autocheckpoint=20")
        this_check = 0
        while not stop.is_set():
            this_check += 1
            try:
                put_profiles(owner, this_check)
            except sqlite3.Error as error:
                errors.append(str(error))
            pause(0.02)
        owner.close()

    writer = threading.Thread(target=write)
    writer.start()
    host = Host(tmp_path, {})
    read = 0
    try:
        for _ in range(300):
            from monitor.system.host import Unreadable

            try:
                text = host.sqlite(path, lambda database: list(database.rows("config_machine_state", "value_json")))
            except Unreadable as trouble:
                assert trouble.problem == "locked"
                continue
            assert text is not None
            assert len(text) == 2
            json.loads(str(text[-1][0]))
            read += 1
    finally:
        stop.set()
        writer.join()
    assert errors == []
    assert read > 50
    assert {one.name for one in path.parent.iterdir()} <= {path.name, f"{path.name}-wal", f"{path.name}-shm"}


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become another user")
def test_another_user_who_may_write_the_folder_leaves_no_side_file():
    with tempfile.TemporaryDirectory(prefix="authwatch-shared-") as folder:  # pytest's own folders are ours only
        look_as_nobody(Path(folder))


def look_as_nobody(tmp_path: Path) -> None:
    path = shared_database(tmp_path)
    for one in [tmp_path, *tmp_path.rglob("*")]:
        one.chmod(0o777 if one.is_dir() else 0o644)
    child = os.fork()
    if child == 0:
        os.setgroups([])
        os.setgid(65534)
        os.setuid(65534)
        code = 1
        try:
            found = Host(tmp_path, {}).sqlite(
                path, lambda database: list(database.rows("config_machine_state", "state_key"))
            )
            code = 0 if found else 2
        finally:
            os._exit(code)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    assert [one.name for one in path.parent.iterdir()] == [path.name]
    owner = sqlite3.connect(path, isolation_level=None)
    put_profiles(owner, 9)
    owner.close()
