"""Unit files as text, judged by systemd's own tools."""

import os
import re
import shutil
import subprocess
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.setup.units import (
    CHECK,
    DAEMON,
    TIMER,
    Installation,
    Unrenderable,
    calendar,
    is_as_written,
    quote,
    render,
    shipped,
)

ODD = 'a $HOME ${x} 100% "b" c\\n é'
NEEDS = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")


def analyze(tmp_path, *words):
    environ = {**os.environ, "XDG_RUNTIME_DIR": str(tmp_path)}
    argv = ["systemd-analyze", *words]
    return subprocess.run(argv, capture_output=True, text=True, env=environ, check=False, cwd=tmp_path)


@pytest.fixture
def rendered(tmp_path):
    """All units, rendered for a program and a state folder with odd names."""
    program = tmp_path / ODD / "authwatch"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\n")
    program.chmod(0o755)
    what = Installation((str(program), "--config", ODD), tmp_path / ODD, environment={"PATH": ODD})
    for name in (CHECK, TIMER, DAEMON):
        (tmp_path / name).write_text(render(shipped(name), what))
    return tmp_path


@NEEDS
def test_systemd_finds_nothing_wrong_with_the_units(rendered):
    """systemd finds nothing wrong with the units."""
    done = analyze(
        rendered, "--user", "verify", "--recursive-errors=yes", "--man=no", *(f"./{n}" for n in (CHECK, TIMER, DAEMON))
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@NEEDS
@pytest.mark.parametrize("name", [CHECK, DAEMON])
def test_the_sandbox_is_tight(rendered, name):
    """The sandbox is tight: an exposure of at most 2.0 as systemd counts."""
    done = analyze(rendered, "security", "--offline=yes", "--threshold=20", f"./{name}")
    assert done.returncode == 0, done.stdout[-200:]


@pytest.mark.parametrize("name", [CHECK, TIMER, DAEMON])
def test_nothing_is_left_to_fill_in(rendered, name):
    """Nothing is left to fill in, and only services that nobody enables go without [Install]."""
    lines = [line for line in (rendered / name).read_text().splitlines() if not line.startswith("#")]
    assert not [line for line in lines if re.search("@[A-Z]+@", line)]
    assert ("[Install]" in lines) is (name != CHECK)


@pytest.mark.parametrize(
    ("interval", "expected"),
    [
        (timedelta(milliseconds=1), "*:*:0/1"),
        (timedelta(seconds=45), "*:*:0/30"),
        (timedelta(minutes=1), "*:0/1"),
        (timedelta(minutes=5), "*:0/5"),
        (timedelta(minutes=7), "*:0/6"),
        (timedelta(minutes=59), "*:0/30"),
        (timedelta(hours=1), "0/1:00"),
        (timedelta(hours=5), "0/4:00"),
        (timedelta(hours=23), "0/12:00"),
        (timedelta(days=1), "daily"),
        (timedelta(days=9), "daily"),
    ],
)
def test_the_rhythm_is_even_and_never_slower_than_the_interval(tmp_path, interval, expected):
    """The rhythm is even and never slower than the interval (but daily at least)."""
    assert calendar(interval) == expected
    if shutil.which("systemd-analyze"):
        assert analyze(tmp_path, "calendar", calendar(interval)).returncode == 0


@pytest.mark.parametrize("text", ["a\nb", "a\0b", "\x1b[31m", "\udc80", "a\u2028b"])
def test_what_no_unit_can_hold_is_refused(text):
    """What no unit can hold is refused: a line end would start a new setting."""
    with pytest.raises(Unrenderable):
        quote(text)
    with pytest.raises(Unrenderable):
        render(shipped(CHECK), Installation(("/authwatch", text), Path("/state")))


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]) | st.just(" "), max_size=30))
def test_a_quoted_word_reads_back_as_it_was(text):
    """A quoted word reads back as it was, by the rules of systemd.syntax(7)."""
    inside = quote(text)[1:-1].replace("%%", "%")
    read, letters = "", iter(inside)
    for letter in letters:
        assert letter != '"'
        read += next(letters) if letter == "\\" else letter
    assert read == text


@pytest.mark.parametrize("name", [CHECK, DAEMON])
def test_a_unit_without_sandbox_keeps_all_the_rest(name):
    """A unit without sandbox keeps all the rest."""
    what = Installation(("/authwatch",), Path("/state"))
    full = render(shipped(name), what).splitlines()[1:]
    bare = render(shipped(name), replace(what, sandbox=False)).splitlines()[1:]
    gone = [line.partition("=")[0] for line in full if line not in bare and not line.startswith("#")]
    assert gone[0] == "PrivateUsers"
    assert gone[-1] == "SystemCallErrorNumber"
    assert [line for line in bare if line not in full] == []


def test_a_changed_unit_is_told_apart():
    """A changed unit is told apart from one that is as it was written."""
    text = render(shipped(TIMER), Installation(("/authwatch",), Path("/state")))
    assert is_as_written(text)
    for changed in (text + "#\n", text.replace("Persistent=true", "Persistent=false"), "", "x", text[1:]):
        assert not is_as_written(changed)


def test_the_interval_and_the_deadline_reach_the_units():
    """The interval and the deadline reach the units."""
    what = Installation(("/a",), Path("/s"), timedelta(minutes=10), timedelta(minutes=2), [Path("/var/lib/node e")])
    check, timer = render(shipped(CHECK), what), render(shipped(TIMER), what)
    assert "TimeoutStartSec=150s\n" in check
    assert 'ReadWritePaths="/s" "/var/lib/node e"\n' in check
    assert "OnCalendar=*:0/10\n" in timer
    assert "RandomizedDelaySec=30s\n" in timer
