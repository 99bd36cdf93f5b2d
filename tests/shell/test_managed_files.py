"""Files of ours among other people's: known again, told apart when changed, made with the rights of their user."""

import os
import stat
import tempfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.setup.cron import shell_line
from monitor.setup.managed_files import is_as_written, marked, marked_xml, put, unchanged
from monitor.setup.user import UnitValues, User, acting_as

TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\r"), max_size=60)


@given(TEXT, TEXT)
def test_a_file_of_ours_is_known_until_somebody_changes_it(text, other):
    """A file of ours is known until somebody changes it."""
    assert is_as_written(marked(text))
    assert is_as_written(marked_xml(f"<?xml?>\n{text}\n"))
    assert not is_as_written(other)
    if other:
        assert not is_as_written(marked(text) + other)
        assert not is_as_written(other + marked(text))


def test_what_is_there_is_replaced_whole_and_readable_for_all(tmp_path):
    """What is there is replaced whole, readable for all; a change by hand or a full path in the way is said."""
    said, path = [], tmp_path / "units" / "a"
    user = User(tmp_path, {}, said.append)
    assert put({path: marked("x\n")}, user)
    assert stat.S_IMODE(path.stat().st_mode) == 0o644
    assert unchanged({path: ""}, user, "…")
    path.write_text(marked("x\n").replace("x", "y"))
    assert not unchanged({path: ""}, user, "do that")
    assert said[-1] == "~/units/a was edited by hand, so it was not replaced; do that"
    assert not put({path / "b": ""}, user)
    assert said[-1].startswith("~/units/a/b: cannot write (") or said[-1].startswith("~/units/a: cannot write (")
    assert os.listdir(path.parent) == ["a"]


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can act as another user")
def test_folders_for_another_user_are_made_with_that_users_rights():
    """Folders for another user are made with that user's rights: no link of theirs leads root anywhere."""
    with tempfile.TemporaryDirectory(dir="/var/tmp") as place:
        Path(place).chmod(0o755)
        make_as_nobody(Path(place))


def make_as_nobody(place):
    home, mine = place / "home", place / "roots"
    home.mkdir()
    os.chown(home, 65534, 65534)
    mine.mkdir(mode=0o700)
    (home / "trap").symlink_to(mine)
    said = []
    user = User(home, {}, said.append, "nobody")
    assert user.make([home / ".local" / "state"])
    assert (home / ".local" / "state").stat().st_uid == 65534
    assert not user.make([home / "trap" / "x"])
    assert "cannot create this folder" in said[0]
    assert list(mine.iterdir()) == []
    with acting_as("nobody"):
        assert (os.geteuid(), os.getegid(), 0 in os.getgroups()) == (65534, 65534, False)
    assert (os.geteuid(), os.getegid()) == (0, 0)


def test_the_line_for_a_shell_says_all_that_a_check_needs(tmp_path):
    """The line for a shell says all that a check needs, and survives it."""
    what = UnitValues(("/a b/$HOME", "-m", "x"), tmp_path / "it's", environment={"PATH": "/x y"})
    assert shell_line(what) == (
        f"PATH='/x y' STATE_DIRECTORY='{tmp_path}/it'\"'\"'s' '/a b/$HOME' -m x check --exit-zero >/dev/null"
    )
