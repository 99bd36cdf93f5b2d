"""authwatch's own folder: files replaced whole, one key, one lock, one throttle."""

import os
import stat
import subprocess
import sys
from datetime import UTC, datetime, timedelta

import pytest

from monitor.system.state_dir import StateDir, StateError, replace
from tests.command import ROOT


def test_a_body_replaces_the_old_one_and_leaves_nothing_beside_it(tmp_path):
    """A body replaces the old one and leaves nothing beside it."""
    path = tmp_path / "authwatch.prom"
    replace(path, ["old é\n".encode()], 0o600)
    replace(path, ["new é\n".encode()], 0o600)
    assert path.read_bytes() == "new é\n".encode()
    assert os.listdir(tmp_path) == ["authwatch.prom"]


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_the_mode_does_not_depend_on_the_umask(tmp_path, mode):
    """The mode does not depend on the umask."""
    before = os.umask(0o077)
    try:
        replace(tmp_path / "x.prom", [b"x 1\n"], mode)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x.prom").stat().st_mode) == mode


def test_a_failed_write_keeps_the_old_body_and_leaves_no_trace(tmp_path):
    """A failed write keeps the old body and leaves no trace."""
    folder = tmp_path / "x.prom"
    folder.mkdir()
    with pytest.raises(OSError):
        replace(folder, [b"x 1\n"], 0o600)
    assert os.listdir(tmp_path) == ["x.prom"]


def test_what_a_killed_writer_left_is_no_obstacle(tmp_path):
    """What a killed writer left is no obstacle."""
    (tmp_path / f".x.prom.{os.getpid()}").write_text("half")
    replace(tmp_path / "x.prom", [b"x 1\n"], 0o600)
    assert os.listdir(tmp_path) == ["x.prom"]


def test_a_link_planted_in_the_way_is_not_written_through(tmp_path):
    """A link planted in the way is not written through."""
    (tmp_path / "victim").write_text("precious")
    (tmp_path / f".x.prom.{os.getpid()}").symlink_to(tmp_path / "victim")
    replace(tmp_path / "x.prom", [b"mine"], 0o600)
    assert (tmp_path / "victim").read_text() == "precious"
    assert not (tmp_path / "x.prom").is_symlink()


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
    with pytest.raises(StateError, match="cannot be made"):
        StateDir(tmp_path / "file" / "x", tmp_path).create()
