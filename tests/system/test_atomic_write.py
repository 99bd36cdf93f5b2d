"""A file that is replaced whole."""

import os
import stat

import pytest

from monitor.system.atomic_write import write_whole


def test_a_body_replaces_the_old_one_and_leaves_nothing_beside_it(tmp_path):
    """A body replaces the old one and leaves nothing beside it."""
    path = tmp_path / "authwatch.prom"
    write_whole(path, ["old é\n".encode()], 0o600)
    write_whole(path, ["new é\n".encode()], 0o600)
    assert path.read_bytes() == "new é\n".encode()
    assert os.listdir(tmp_path) == ["authwatch.prom"]


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_the_mode_does_not_depend_on_the_umask(tmp_path, mode):
    """The mode does not depend on the umask."""
    before = os.umask(0o077)
    try:
        write_whole(tmp_path / "x.prom", [b"x 1\n"], mode)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "x.prom").stat().st_mode) == mode


def test_a_failed_write_keeps_the_old_body_and_leaves_no_trace(tmp_path):
    """A failed write keeps the old body and leaves no trace."""
    folder = tmp_path / "x.prom"
    folder.mkdir()
    with pytest.raises(OSError):
        write_whole(folder, [b"x 1\n"], 0o600)
    assert os.listdir(tmp_path) == ["x.prom"]


def test_what_a_killed_writer_left_is_no_obstacle(tmp_path):
    """What a killed writer left is no obstacle."""
    (tmp_path / f".x.prom.{os.getpid()}").write_text("half")
    write_whole(tmp_path / "x.prom", [b"x 1\n"], 0o600)
    assert os.listdir(tmp_path) == ["x.prom"]


def test_a_link_planted_in_the_way_is_not_written_through(tmp_path):
    """A link planted in the way is not written through."""
    (tmp_path / "victim").write_text("precious")
    (tmp_path / f".x.prom.{os.getpid()}").symlink_to(tmp_path / "victim")
    write_whole(tmp_path / "x.prom", [b"mine"], 0o600)
    assert (tmp_path / "victim").read_text() == "precious"
    assert not (tmp_path / "x.prom").is_symlink()
