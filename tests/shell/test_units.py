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

from monitor.setup.managed_files import is_as_written
from monitor.setup.systemd import (
    CHECK,
    DAEMON,
    FAILURE,
    TIMER,
    UnitValues,
    Unrenderable,
    calendar,
    file_name,
    quote,
    render,
    shipped,
)

ALL = (CHECK, TIMER, DAEMON, FAILURE)
SERVICES = (CHECK, DAEMON, FAILURE)
ODD = 'a $HOME ${x} 100% "b" c\\n é'
NEEDS = pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not installed")


def of_alice(name):
    return file_name(name, "alice")


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
    what = UnitValues(
        (str(program), "--config", ODD),
        tmp_path / ODD,
        environment={"PATH": ODD},
        credentials={"mail.url": tmp_path / "100% mine"},
    )
    for name in ALL:
        (tmp_path / name).write_text(render(shipped(name), what))
        (tmp_path / of_alice(name)).write_text(render(shipped(name, system=True), what))
    return tmp_path


@NEEDS
@pytest.mark.parametrize("whose", ["--user", "--system"])
def test_systemd_finds_nothing_wrong_with_the_units(rendered, whose):
    """systemd finds nothing wrong with the units."""
    names = [name if whose == "--user" else of_alice(name) for name in ALL]
    done = analyze(
        rendered, whose, "verify", "--recursive-errors=yes", "--man=no", *(f"./{n.replace('@.', '@x.')}" for n in names)
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


@NEEDS
@pytest.mark.parametrize("name", [*SERVICES, *map(of_alice, SERVICES)])
def test_the_sandbox_is_tight(rendered, name):
    """The sandbox is tight: an exposure of at most 2.0 as systemd counts."""
    done = analyze(rendered, "security", "--offline=yes", "--threshold=20", f"./{name}")
    assert done.returncode == 0, done.stdout[-200:]


@pytest.mark.parametrize("system", [False, True])
def test_all_services_have_the_same_sandbox(system):
    """All services have the same sandbox, but for what OnFailure does not write and what a comment says."""
    boxes = []
    for name in SERVICES:
        box = shipped(name, system=system).split("# The sandbox.")[1].split("\n\n")[0].strip().splitlines()[1:]
        boxes.append([line for line in box if not line.startswith(("#", "ReadWritePaths="))])
    assert boxes[0] == boxes[1] == boxes[2]


def test_the_machines_units_are_instances_for_their_user():
    """The machine's units are instances for their user, and get that user's secrets from root."""
    what = UnitValues(("/a",), Path("/s"), credentials={"mail.url": Path("/etc/authwatch/credentials/alice/100%")})
    text = render(shipped(CHECK, system=True), what)
    assert of_alice(CHECK) == "authwatch-check@alice.service"
    assert of_alice(FAILURE) == "authwatch-failure@alice.service"
    assert "\nUser=%i\n" in text
    assert "\nOnFailure=authwatch-failure@%i.service\n" in text
    assert "\nLoadCredential=mail.url:/etc/authwatch/credentials/alice/100%%\n" in text


@pytest.mark.parametrize("name", [*ALL, *map(of_alice, ALL)])
def test_nothing_is_left_to_fill_in(rendered, name):
    """Nothing is left to fill in, and only services that nobody enables go without [Install]."""
    lines = [line for line in (rendered / name).read_text().splitlines() if not line.startswith("#")]
    assert not [line for line in lines if re.search("@[A-Z]+@", line)]
    assert ("[Install]" in lines) is (".timer" in name or name in (DAEMON, of_alice(DAEMON)))


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
        render(shipped(CHECK), UnitValues(("/authwatch", text), Path("/state")))


@given(st.text(st.characters(codec="utf-8", categories=["L", "N", "P", "S"]) | st.just(" "), max_size=30))
def test_a_quoted_word_reads_back_as_it_was(text):
    """A quoted word reads back as it was, by the rules of systemd.syntax(7)."""
    inside = quote(text)[1:-1].replace("%%", "%")
    read, letters = "", iter(inside)
    for letter in letters:
        assert letter != '"'
        read += next(letters) if letter == "\\" else letter
    assert read == text


@pytest.mark.parametrize("name", SERVICES)
def test_a_unit_without_sandbox_keeps_all_the_rest(name):
    """A unit without sandbox keeps all the rest."""
    what = UnitValues(("/authwatch",), Path("/state"))
    full = render(shipped(name), what).splitlines()[1:]
    bare = render(shipped(name), replace(what, sandbox=False)).splitlines()[1:]
    gone = [line.partition("=")[0] for line in full if line not in bare and not line.startswith("#")]
    assert gone[0] == "PrivateUsers"
    assert gone[-1] == "SystemCallErrorNumber"
    assert [line for line in bare if line not in full] == []


def test_a_changed_unit_is_told_apart():
    """A changed unit is told apart from one that is as it was written."""
    text = render(shipped(TIMER), UnitValues(("/authwatch",), Path("/state")))
    assert is_as_written(text)
    for changed in (text + "#\n", text.replace("Persistent=true", "Persistent=false"), "", "x", text[1:]):
        assert not is_as_written(changed)


def test_the_interval_and_the_deadline_reach_the_units():
    """The interval and the deadline reach the units."""
    what = UnitValues(("/a",), Path("/s"), timedelta(minutes=10), timedelta(minutes=2), [Path("/var/lib/node e")])
    check, timer = render(shipped(CHECK), what), render(shipped(TIMER), what)
    assert "TimeoutStartSec=150s\n" in check
    assert 'ReadWritePaths="/s" "/var/lib/node e"\n' in check
    assert "OnCalendar=*:0/10\n" in timer
    assert "RandomizedDelaySec=30s\n" in timer


def test_the_timer_has_none_of_the_faults_of_earlier_ones():
    """A missed run is caught up (Persistent needs OnCalendar), the herd is spread, the check has a PATH and an end, and
    only the timer can be enabled."""
    what = UnitValues(("/a",), Path("/s"), environment={"PATH": "/usr/bin"})
    for system in (False, True):
        timer, check = (render(shipped(name, system=system), what) for name in (TIMER, CHECK))
        assert re.search(r"^OnCalendar=\S", timer, re.MULTILINE)
        assert "\nPersistent=true\n" in timer
        assert re.search(r"^RandomizedDelaySec=[1-9]", timer, re.MULTILINE)
        assert re.search(r"^TimeoutStartSec=[1-9]", check, re.MULTILINE)
        assert '"PATH=/usr/bin"' in check
        assert "[Install]" not in check
        assert " check --exit-zero\n" in check
