"""A body on disk: whole, with the right mode, or not at all."""

import os
import stat
from datetime import UTC, datetime

import pytest

from monitor.metrics.text import body
from monitor.metrics.textfile import READABLE, last_successes, write
from tests.metrics.worlds import DAY, FACTS, NOW, WORLD


def test_a_body_replaces_the_old_one_and_leaves_nothing_beside_it(tmp_path):
    """A body replaces the old one and leaves nothing beside it."""
    path = tmp_path / "authwatch.prom"
    write(path, "old é\n")
    write(path, "new é\n")
    assert path.read_bytes() == "new é\n".encode()
    assert os.listdir(tmp_path) == ["authwatch.prom"]


@pytest.mark.parametrize("mode", [0o600, READABLE])
def test_the_mode_does_not_depend_on_the_umask(tmp_path, mode):
    """The mode does not depend on the umask."""
    before = os.umask(0o077)
    try:
        write(tmp_path / "x.prom", "x 1\n", mode)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x.prom").stat().st_mode) == mode


def test_a_failed_write_keeps_the_old_body_and_leaves_no_trace(tmp_path):
    """A failed write keeps the old body and leaves no trace."""
    folder = tmp_path / "x.prom"
    folder.mkdir()
    with pytest.raises(OSError):
        write(folder, "x 1\n")
    assert os.listdir(tmp_path) == ["x.prom"]


def test_what_a_killed_writer_left_is_no_obstacle(tmp_path):
    """What a killed writer left is no obstacle."""
    (tmp_path / f".x.prom.{os.getpid()}").write_text("half")
    write(tmp_path / "x.prom", "x 1\n")
    assert os.listdir(tmp_path) == ["x.prom"]


def test_a_body_remembers_when_its_sources_were_last_read():
    """A body remembers when its sources were last read."""
    found = last_successes(body(WORLD, FACTS), ["openclaw", "codex", "env", "other"])
    whole = datetime.fromtimestamp(round(NOW.timestamp(), 3), UTC)
    assert found == {"openclaw": whole, "codex": whole - DAY, "env": None, "other": None}


@pytest.mark.parametrize("text", ["", "rubbish", "# HELP", "authwatch_source_last_success_timestamp_seconds{"])
def test_rubbish_remembers_nothing(text):
    """Rubbish remembers nothing."""
    name = 'authwatch_source_last_success_timestamp_seconds{source="x"}'
    for body_text in (text, f"{name} abc\n", f"{name} 1e99\n", f"{name} nan\n"):
        assert last_successes(body_text, ["x"]) == {"x": None}
