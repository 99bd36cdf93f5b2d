"""What hangs costs one unknown and some seconds: nobody else's news, no timer, no prompt."""

from __future__ import annotations

import fcntl
import os
import subprocess
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.config.settings import check_killed
from monitor.model import Problem, Trouble
from monitor.sources import SOURCES, SourceEntry, SourceType, observe_all
from monitor.system.host import Host
from monitor.system.timeout import in_turn
from tests.command import authwatch, configure, started, state
from tests.faults.world import json_home, listening, run, told
from tests.hung_mount import hung, skip_without_fuse
from tests.openclaw_home import HOUR, openclaw, put, token
from tests.polling import eventually, gone, pause
from tests.receivers import web

#: One operation on a file system that hangs, twice (a source and what is beside it), and a slow machine.
SOON = 14


def homes(home: Path) -> Path:
    """A dead login of OpenClaw, and a folder of Codex on which something else will be mounted."""
    openclaw(home, {"anthropic:default": token(ends_in=-HOUR)})
    (home / ".codex").mkdir()
    return home / ".codex"


@pytest.mark.parametrize("words", [("check",), ("status", "--check")], ids=" ".join)
@pytest.mark.parametrize("linked", [False, True], ids=["in the home", "behind a link"])
def test_a_file_system_that_hangs_hides_nothing_else(tmp_path: Path, words: tuple[str, ...], linked: bool) -> None:
    skip_without_fuse()
    place = homes(tmp_path)
    if linked:
        place.rmdir()
        (tmp_path / "mnt").mkdir()
        place.symlink_to(tmp_path / "mnt")
        place = tmp_path / "mnt"
    with hung(place) as asked:
        ran = run(tmp_path, *words, "--json")
        assert asked(), "nothing was asked of it"
    assert ran.seconds < SOON
    assert ran.code == 1
    assert ran.profile("anthropic:default")["state"] == "expired"
    assert {one["source"] for one in ran.json["problems"] if one["problem"] == "timeout"} == {"codex"}


def test_a_login_is_told_although_another_ones_file_system_hangs(tmp_path: Path) -> None:
    skip_without_fuse()
    place = homes(tmp_path)
    with web() as there, hung(place):
        listening(tmp_path, there)
        run(tmp_path, "check")
        assert any("anthropic:default" in text for text in told(there))


def test_a_file_system_that_begins_to_hang_does_not_hold_the_gate(tmp_path: Path) -> None:
    skip_without_fuse()
    place = homes(tmp_path)
    put(place / "auth.json", '{"OPENAI_API_KEY": "sk-FAKESECRET"}')
    for path in tmp_path.rglob("*"):
        os.utime(path, (time.time() - 60,) * 2)
    first = run(tmp_path, "check", "--json")
    assert {one["source"] for one in first.json["profiles"]} == {"openclaw", "codex"}
    pause(2.1)
    run(tmp_path, "check")
    with hung(place):
        ran = run(tmp_path, "check", "--json")
        again = run(tmp_path, "check", "--json")
    for one in (ran, again):
        assert one.seconds < SOON
        assert {profile["state"] for profile in one.json["profiles"] if profile["source"] == "codex"} == {"unknown"}
    back = run(tmp_path, "check", "--json")
    assert [profile["state"] for profile in back.json["profiles"] if profile["source"] == "codex"] == ["static"]


@pytest.mark.parametrize("words", [("doctor",), ("models", "status"), ("explain", "anthropic:default")], ids=" ".join)
def test_what_only_reads_ends_although_the_whole_tree_hangs(tmp_path: Path, words: tuple[str, ...]) -> None:
    skip_without_fuse()
    openclaw(tmp_path, {"anthropic:default": token(ends_in=-HOUR)})
    with hung(tmp_path / ".openclaw"):
        ran = run(tmp_path, *words)
        assert ran.code in (0, 1, 2, 3)


def test_works_that_hang_take_time_from_nobody() -> None:
    """Of 21 works the first 20 hang; the last is done, and all of it ends in time."""
    began = time.monotonic()
    works = [*(lambda: pause(60) for _ in range(20)), lambda: None]
    assert in_turn(works, 2) == [*[False] * 20, True]
    assert time.monotonic() - began < 3


def test_slow_works_are_done() -> None:
    """Slow is not hung: whoever ends before all have to is heard."""
    assert in_turn([lambda: pause(0.7)] * 4, 2.9) == [True] * 4


#: Ends what never would: a thread that goes on would slow down all tests after this one.
OVER = threading.Event()


def observe(host: Host, entry: SourceEntry):
    yield Trouble(entry.id, Problem.PARSE, "first", "what is found before it hangs")
    host.note(host.home / "touched")
    while entry.id == "endless" and not OVER.is_set():
        pass


def test_a_source_that_never_ends_keeps_what_it_found_and_changes_nothing_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(SOURCES, "odd", SourceType(__name__))  # type: ignore[index]
    host = Host(tmp_path, {})
    try:
        found = observe_all(host, [SourceEntry("odd", "endless", where="c.yaml:1")], limit=0.5)
    finally:
        OVER.set()
    assert [one.problem for one in found if isinstance(one, Trouble)] == [Problem.PARSE, Problem.TIMEOUT]
    assert host.touches == {}
    assert host.limits, "the gate would not look again"


def test_a_program_without_an_end_is_ended_with_the_look(tmp_path: Path) -> None:
    program = tmp_path / "slow"
    program.write_text(f"#!/bin/sh\necho $$ > {tmp_path}/pid\nexec sleep 300\n")
    program.chmod(0o700)
    entry = SourceEntry("exec", "slow", {"command": (str(program),), "timeout": timedelta(days=1)}, trusted=True)
    (found,) = observe_all(Host(tmp_path, {"PATH": os.environ["PATH"]}), [entry], limit=1.5)
    assert getattr(found, "problem", None) is Problem.TIMEOUT
    eventually(lambda: gone(int((tmp_path / "pid").read_text())))


def locked(home: Path) -> bool:
    """Whether somebody holds the lock of a check."""
    with (state(home) / "lock").open("a") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            return True
    return False


@pytest.mark.parametrize("deadline", ["3s", "1m"])
def test_a_check_that_finds_another_one_shows_what_that_one_left(tmp_path: Path, deadline: str) -> None:
    json_home(tmp_path)
    configure(tmp_path, f"alerts: {{deadline: {deadline}}}\n")
    assert run(tmp_path, "check").code == 2
    (tmp_path / ".openclaw/agents/main/agent/auth-profiles.json").unlink()
    holder = subprocess.Popen(["flock", str(state(tmp_path) / "lock"), "sleep", "60"])
    try:
        eventually(lambda: locked(tmp_path))
        if deadline == "1m":
            waiting = started(tmp_path, "check")
            pause(2)
            assert waiting.poll() is None
            waiting.kill()
            waiting.wait()
            return
        ran = run(tmp_path, "check", "--json")
        assert ran.code == 2
        assert ran.profile("anthropic:default")["state"] == "expiring"
        assert "another check is running; this is the last one, " in ran.err
        plugin = run(tmp_path, "check", "--nagios")
        assert (plugin.code, plugin.out.startswith("AUTHWATCH WARNING")) == (1, True)
    finally:
        holder.kill()
        holder.wait()


def test_a_check_that_finds_another_one_and_nothing_left_cannot_say(tmp_path: Path) -> None:
    json_home(tmp_path)
    configure(tmp_path, "alerts: {deadline: 1s}\n")
    state(tmp_path).mkdir(parents=True)
    holder = subprocess.Popen(["flock", str(state(tmp_path) / "lock"), "sleep", "60"])
    try:
        eventually(lambda: locked(tmp_path))
        done = authwatch(tmp_path, "check")
        assert (done.code, done.err) == (3, "authwatch: another check is running, and none has finished yet\n")
    finally:
        holder.kill()
        holder.wait()


def test_whoever_starts_checks_waits_longer_than_they_take() -> None:
    from monitor.config.settings import Settings, check_ends
    from monitor.serve.loop import limit
    from monitor.setup.systemd import CHECK, render, shipped
    from monitor.setup.user import UnitValues

    for seconds in (1, 60, 600):
        deadline = timedelta(seconds=seconds)
        assert check_ends(deadline) < check_killed(deadline)
        text = render(shipped(CHECK), UnitValues(("/a",), Path("/s"), deadline=deadline))
        assert f"TimeoutStartSec={check_killed(deadline).total_seconds():.0f}s\n" in text
    assert limit(Settings()) == check_killed(Settings().alerts.deadline)
