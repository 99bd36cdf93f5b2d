"""authwatch's own folder: one key, one lock, one throttle."""

import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from monitor.system.state_dir import StateDir, StateError
from tests.command import ROOT


def test_the_key_is_made_once_private_and_only_when_asked(tmp_path):
    """The key is made once, private, and only when asked."""
    state = StateDir(tmp_path, tmp_path)
    assert state.key(create=False) is None
    key = state.key(create=True)
    assert key is not None
    assert len(key) == 32
    assert state.key(create=True) == key
    assert stat.S_IMODE((tmp_path / "key").stat().st_mode) == 0o600


def test_the_lock_is_held_once_and_freed_by_a_kill(tmp_path):
    """The lock is held by one process at a time and freed when that is killed."""
    state = StateDir(tmp_path, tmp_path)
    hold = (
        "import sys, time; from pathlib import Path; from monitor.system.state_dir import StateDir\n"
        f"with StateDir(Path({str(tmp_path)!r}), Path({str(tmp_path)!r})).lock(1) as held:\n"
        "    print(held, flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", hold], cwd=ROOT, stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "True\n"
    with state.lock(0.1) as held:
        assert not held
    holder.kill()
    holder.wait()
    with state.lock(0.1) as held:
        assert held


def test_the_throttle_lets_one_through_an_interval(tmp_path):
    """The throttle lets the first through, and the next after an interval; a clock set back does not stop it."""
    state = StateDir(tmp_path, tmp_path)
    with state.lock(0):
        pass
    now = datetime(2026, 11, 22, tzinfo=UTC)
    hour = timedelta(hours=1)
    assert state.throttle(now, hour)
    assert not state.throttle(now + hour / 2, hour)
    assert state.throttle(now + hour, hour)
    assert state.throttle(now - hour, hour)


def test_a_folder_that_cannot_be_made_is_an_error_in_words(tmp_path):
    """A folder that cannot be made is an error in words."""
    (tmp_path / "file").write_text("")
    with pytest.raises(StateError, match="cannot create this folder"):
        StateDir(tmp_path / "file" / "x", tmp_path).create()
