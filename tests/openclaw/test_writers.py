"""Many writers, a program that holds the lock or the transaction, and a kill at every step: the store stays whole."""

from __future__ import annotations

import json
import multiprocessing
import os
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType
from typing import Any

import pytest

from monitor.model import Kind, Secret
from monitor.openclaw.installation import read
from monitor.openclaw.write import paste
from monitor.openclaw.write.lock import held
from monitor.openclaw.write.replace_file import WriteRefused
from tests.openclaw.homes import agent_dir, agent_store, config, host, json_store, login, shared_store, token
from tests.polling import pause

HOMES: dict[str, Callable[..., None]] = {"json": json_store, "agent": agent_store, "shared": shared_store}
SECRET = "sk-ant-oat01-" + "W" * 90


def now() -> datetime:
    return datetime.now(UTC)


def make(home: Path, generation: str) -> Path:
    config(home)
    HOMES[generation](home, {"anthropic:work": token(), "anthropic:max": login(10**9)})
    return home


@pytest.fixture(params=HOMES)
def home(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    return make(tmp_path, request.param)


def save(home: Path, profile: str = "anthropic:new", secret: str = SECRET) -> None:
    found = read(host(home))
    pasted = paste.Pasted(profile, "anthropic", Kind.TOKEN, Secret(secret))
    paste.save(found, "main", pasted, paste.seen(found, "main", profile), now())


def saved(home: Path) -> dict[str, str | None]:
    found = read(host(home))
    assert not found.faults
    held = {name: one.secret or one.refresh for name, one in found.view("main").profiles.items()}
    return {name: one.reveal() if one else None for name, one in held.items()}


def database(home: Path, generation: str) -> tuple[Path, str]:
    """The database and its statement that a refreshing OpenClaw would run."""
    if generation == "agent":
        return agent_dir(home, "main") / "openclaw-agent.sqlite", "UPDATE auth_profile_store SET store_json = ?"
    path = home / ".openclaw" / "state" / "openclaw.sqlite"
    return path, "UPDATE config_machine_state SET value_json = ? WHERE state_key = 'authProfiles.store'"


def _some(home: Path, first: int, count: int) -> None:
    for number in range(first, first + count):
        for _ in range(5):
            try:
                save(home, f"anthropic:{number}", f"{SECRET}{number}")
                break
            except WriteRefused:  # the lock was busy for its whole time
                continue


@pytest.mark.parametrize("each", [8, pytest.param(25, marks=pytest.mark.slow)])
def test_eight_writers_lose_nothing(home: Path, each: int) -> None:
    context = multiprocessing.get_context("fork")
    writers = [context.Process(target=_some, args=(home, each * one, each)) for one in range(8)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(120)
    found = saved(home)
    assert [n for n in range(8 * each) if found.get(f"anthropic:{n}") != f"{SECRET}{n}"] == []
    assert len(found) == 8 * each + 2
    assert len(read(host(home)).config.table("auth", "profiles")) == 8 * each


def test_a_token_that_openclaw_refreshes_under_its_lock_survives(tmp_path: Path) -> None:
    make(tmp_path, "json")
    store = agent_dir(tmp_path, "main") / "auth-profiles.json"
    lock = store.with_name(store.name + ".lock")
    lock.write_text(json.dumps({"pid": os.getpid(), "createdAt": now().isoformat()}))

    def refresh() -> None:
        pause(0.4)
        value = json.loads(store.read_text())
        value["profiles"]["anthropic:max"]["refresh"] = "refreshed"
        store.write_text(json.dumps(value))
        lock.unlink()

    thread = threading.Thread(target=refresh)
    thread.start()
    save(tmp_path)
    thread.join()
    assert saved(tmp_path) == {
        "anthropic:work": "sk-planted-token",
        "anthropic:max": "refreshed",
        "anthropic:new": SECRET,
    }


@pytest.mark.parametrize("generation", ["agent", "shared"])
def test_a_token_that_openclaw_refreshes_in_a_transaction_survives(tmp_path: Path, generation: str) -> None:
    make(tmp_path, generation)
    path, statement = database(tmp_path, generation)
    fresh = {"version": 1, "profiles": {"anthropic:max": login(10**9, refresh="refreshed")}}
    holder = f"""
import sqlite3, sys, time
db = sqlite3.connect(sys.argv[1], isolation_level=None)
db.execute("BEGIN IMMEDIATE"); print("held", flush=True); time.sleep(0.6)
db.execute({statement!r}, (sys.argv[2],)); db.execute("COMMIT")
"""
    child = subprocess.Popen([sys.executable, "-c", holder, str(path), json.dumps(fresh)], stdout=subprocess.PIPE)
    assert child.stdout and child.stdout.readline()
    save(tmp_path)
    child.wait(10)
    assert saved(tmp_path) == {"anthropic:max": "refreshed", "anthropic:new": SECRET}


def test_a_profile_that_changed_behind_the_prompt_is_not_overwritten(home: Path) -> None:
    found = read(host(home))
    before = paste.seen(found, "main", "anthropic:work")
    save(home, "anthropic:work", SECRET + "theirs")
    with pytest.raises(WriteRefused, match="changed by another program"):
        paste.save(
            found, "main", paste.Pasted("anthropic:work", "anthropic", Kind.TOKEN, Secret(SECRET)), before, now()
        )
    assert saved(home)["anthropic:work"] == SECRET + "theirs"


def test_a_lock_that_is_held_for_too_long_is_respected(tmp_path: Path) -> None:
    store = tmp_path / "auth-profiles.json"
    with (
        held(store, now()),
        pytest.raises(WriteRefused, match="locked by another program"),
        held(store, now(), timedelta()),
    ):
        pass
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("kind", ["file", "folder"])
def test_a_stale_lock_of_either_kind_is_taken_over(tmp_path: Path, kind: str) -> None:
    store, old = tmp_path / "auth-profiles.json", time.time() - 31
    lock = tmp_path / "auth-profiles.json.lock"
    lock.mkdir() if kind == "folder" else lock.write_text("{}")
    os.utime(lock, (old, old))
    with held(store, now()):
        assert json.loads(lock.read_text())["pid"] == os.getpid()
    assert not lock.exists()


def test_a_fresh_folder_lock_of_an_old_release_is_respected(tmp_path: Path) -> None:
    (tmp_path / "a.json.lock").mkdir()
    with pytest.raises(WriteRefused), held(tmp_path / "a.json", now(), timedelta(seconds=0.1)):
        pass


def _killed_at(step: int, work: Callable[[], None]) -> bool:
    """Runs work in a child that kills itself before its nth line in the writing code; False when it got to its end."""
    child = os.fork()
    if child == 0:
        left = [step]

        def trace(frame: FrameType, event: str, _: Any) -> Any:
            if "openclaw/write/" not in frame.f_code.co_filename:
                return None
            if event == "line":
                left[0] -= 1
                if left[0] == 0:
                    os.kill(os.getpid(), signal.SIGKILL)
            return trace

        sys.settrace(trace)
        work()
        os._exit(0)
    return os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == -signal.SIGKILL


@pytest.mark.parametrize("every", [29, pytest.param(5, marks=pytest.mark.slow)])
@pytest.mark.parametrize("generation", HOMES)
def test_a_kill_at_any_step_leaves_the_old_or_the_new_store(tmp_path: Path, generation: str, every: int) -> None:
    old = {"anthropic:work": "sk-planted-token", "anthropic:max": "planted-refresh"}
    new = {**old, "anthropic:new": SECRET}
    step, outcomes = 1, []
    while True:
        home = make(tmp_path / str(step), generation)
        killed = _killed_at(step, lambda at=home: save(at))  # type: ignore[misc]
        found = saved(home)
        assert found in (old, new)
        outcomes.append(found == new)
        assert all(path.stat().st_mode & 0o077 == 0 for path in home.rglob("*authwatch-backup"))
        save(home, "anthropic:after")
        assert saved(home) == {**found, "anthropic:after": SECRET}
        if not killed:
            break
        step += every if step > 1 else 1
    assert outcomes[0] is False and outcomes[-1] is True and sorted(outcomes) == outcomes
    assert len(outcomes) > 10


def test_a_database_cell_that_is_no_json_is_refused_as_it_is(tmp_path: Path) -> None:
    config(tmp_path)
    agent_store(tmp_path, "{broken")
    path, _ = database(tmp_path, "agent")
    with pytest.raises(WriteRefused):
        save(tmp_path)
    with sqlite3.connect(path) as db:
        assert db.execute("SELECT store_json FROM auth_profile_store").fetchone() == ("{broken",)
