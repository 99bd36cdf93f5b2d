"""The machine around a check is broken: no home, no zones, no time, no streams, no temporary folder, an odd config."""

from __future__ import annotations

import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import argv, configure, environment, state
from tests.faults.world import MORTAL, PATIENCE, json_home, listening, run, told
from tests.openclaw_home import HOUR, openclaw, token
from tests.receivers import web
from tests.warm import warm

FAKETIME = ("faketime",)
another_clock = pytest.mark.skipif(not shutil.which("faketime"), reason="faketime is not installed")


def test_without_home_the_users_own_is_taken_and_no_file_of_the_working_folder(tmp_path: Path) -> None:
    """A checkpoint below the working folder could be anybody's."""
    json_home(tmp_path)
    run(tmp_path, "check")
    for words in (("check",), ("status", "--check")):
        ran = run(
            tmp_path, *words, "--home", tmp_path, "--json", env={"HOME": "UNSET", "XDG_STATE_HOME": str(tmp_path / "s")}
        )
        assert ran.profile("anthropic:default")["state"] == "expiring"
        assert ran.code == 2


def test_an_empty_home_is_no_home(tmp_path: Path) -> None:
    ran = run(tmp_path, "check", "--json", env={"HOME": "", "XDG_STATE_HOME": str(tmp_path / "s")})
    assert ran.code in (0, 1, 2, 3)


def test_a_home_that_is_not_there_has_no_logins_and_can_be_made(tmp_path: Path) -> None:
    ran = run(tmp_path, "check", "--json", env={"HOME": str(tmp_path / "later")})
    assert (ran.code, ran.json["profiles"]) == (0, [])


@pytest.mark.parametrize("home", ["/proc/nowhere", "/dev/null", "/proc/self/mem/x"])
def test_a_home_that_cannot_be_is_said(home: str, tmp_path: Path) -> None:
    ran = run(tmp_path, "check", "--json", env={"HOME": home})
    assert ran.code in (0, 3)
    assert "temporary folder" in ran.err


def test_a_home_that_may_not_be_entered_is_a_finding_and_never_an_all_clear(tmp_path: Path) -> None:
    home = tmp_path / "theirs"
    json_home(home)
    home.chmod(0)
    ran = run(tmp_path, "check", "--json", "--home", home, by=MORTAL)
    assert (ran.code, set(ran.problems().values())) == (3, {"unreadable"})
    home.chmod(0o700)


@pytest.mark.parametrize(
    "name", [".openclaw", ".openclaw/agents", ".openclaw/agents/main", ".openclaw/agents/main/agent"]
)
@pytest.mark.parametrize("how", ["locked", "a symlink loop", "a file"])
def test_a_folder_of_openclaw_is(name: str, how: str, tmp_path: Path) -> None:
    json_home(tmp_path)
    folder = tmp_path / name
    if how == "locked":
        folder.chmod(0)
    else:
        shutil.rmtree(folder)
        folder.symlink_to(folder.name) if how == "a symlink loop" else folder.write_text("a file")
    ran = run(tmp_path, "check", "--json", by=MORTAL)
    models = run(tmp_path, "models", "status", "--check", by=MORTAL)
    if how == "locked":
        folder.chmod(0o700)
    if how == "a file":  # then there is no such store, which a config that is left calls missing
        assert ran.code == (0 if name == ".openclaw" else 1)
    else:
        assert (ran.code, set(ran.problems().values())) == (3, {"unreadable"})
    assert models.code == 1


def test_without_zones_a_check_works_and_quiet_hours_are_a_config_error(tmp_path: Path) -> None:
    """The package `tzdata` is shadowed by an empty one, and the system's zones are out of sight."""
    shadow = tmp_path / "shadow" / "tzdata"
    shadow.mkdir(parents=True)
    (shadow / "__init__.py").touch()
    json_home(tmp_path)
    path = f"{tmp_path / 'shadow'}:{environment(tmp_path)['PYTHONPATH']}"
    env = {"PYTHONTZPATH": "", "PYTHONPATH": path, "TZ": "Mars/Olympus"}
    assert run(tmp_path, "check", env=env).code == 2
    configure(tmp_path, "alerts:\n  quiet: {from: '22:00', to: '07:00', timezone: Europe/Stockholm}\n")
    ran = run(tmp_path, "check", env=env)
    assert ran.code == 78
    assert "config.yaml:2: alerts.quiet.timezone" in ran.err
    assert run(tmp_path, "check", env={"PYTHONTZPATH": ""}).code == 2


@another_clock
@pytest.mark.parametrize("when", ["1970-01-02 00:00:00", "1969-12-31 23:00:00", "2001-01-01 00:00:00"])
def test_a_clock_in_the_past_of_all_logins_is_a_finding_and_never_an_all_clear(when: str, tmp_path: Path) -> None:
    json_home(tmp_path)
    for words in (("check",), ("status", "--check"), ("check",)):
        ran = run(tmp_path, *words, "--json", by=(*FAKETIME, when))
        assert ran.code == 3, ran.problems()
        assert ran.problems()["the clock"] == "unreadable"
        assert "timedatectl" in ran.out


@another_clock
def test_a_clock_in_1970_leaves_no_mark_in_the_history_and_the_right_time_is_told(tmp_path: Path) -> None:
    openclaw(tmp_path, {"anthropic:default": token(ends_in=HOUR)})
    with web() as phone:
        listening(tmp_path, phone)
        for _ in range(2):
            assert run(tmp_path, "check", by=(*FAKETIME, "1970-01-02 00:00:00")).code == 3
        assert told(phone) == []
        assert run(tmp_path, "check").code == 2
        assert len(told(phone)) == 1
        assert run(tmp_path, "check", by=(*FAKETIME, "1970-01-02 00:00:00")).code == 3
        assert run(tmp_path, "check").code == 2
        assert len(told(phone)) == 1
    moments = [one["at"] for one in run(tmp_path, "history", "--json", "--since", "365d").json["transitions"]]
    assert moments
    assert not [moment for moment in moments if moment.startswith("1970")]


@another_clock
@pytest.mark.parametrize("when", ["2099-01-01 00:00:00", "2037-12-31 00:00:00"])
def test_a_clock_in_the_far_future_ends_in_words(when: str, tmp_path: Path) -> None:
    json_home(tmp_path)
    assert run(tmp_path, "check", "--json", by=(*FAKETIME, when)).code == 1


COMMANDS = [("check",), ("status", "--json"), ("models", "status"), ("--help",)]


#: Which of the three streams are closed, and which lead to a full disk.
STREAMS = {
    ">&-": ((1,), ()),
    "2>&-": ((2,), ()),
    ">&- 2>&-": ((1, 2), ()),
    "<&- >&- 2>&-": ((0, 1, 2), ()),
    ">/dev/full": ((), (1,)),
    ">/dev/full 2>/dev/full": ((), (1, 2)),
}


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
@pytest.mark.parametrize("how", STREAMS)
def test_a_stream_that_is_closed_or_full_changes_no_code(words: tuple[str, ...], how: str, tmp_path: Path) -> None:
    json_home(tmp_path)
    code = run(tmp_path, *words).code
    closed, full = STREAMS[how]
    for _ in range(2):
        with (tmp_path / "out").open("w+") as out, Path("/dev/full").open("w") as disk:
            streams = [(disk if number in full else out).fileno() for number in range(3)]
            running = warm().start(words, environment(tmp_path), tmp_path, streams, closed=closed)
            assert running.wait(PATIENCE) == code
            out.seek(0)
            assert "Traceback" not in out.read()


def test_a_cold_start_without_streams_changes_no_code(tmp_path: Path) -> None:
    json_home(tmp_path)
    code = run(tmp_path, "check").code
    command = ["sh", "-c", f"{' '.join(argv('check'))} <&- >&- 2>&-"]
    for _ in range(2):
        ended = subprocess.run(command, env=environment(tmp_path), cwd=tmp_path, timeout=PATIENCE, check=False)
        assert ended.returncode == code


def test_a_reader_that_leaves_early_loses_nothing_but_its_lines(tmp_path: Path) -> None:
    openclaw(tmp_path, {f"anthropic:{number}": token(ends_in=HOUR) for number in range(3000)})
    with web() as phone:
        listening(tmp_path, phone)
        ended = subprocess.run(
            ["sh", "-c", f"{' '.join(argv('check', '--json'))} | head -c 10"],
            env=environment(tmp_path),
            cwd=tmp_path,
            capture_output=True,
            timeout=PATIENCE,
            check=False,
            text=True,
        )
        assert ended.stderr == ""
        assert len(told(phone)) == 1
    assert (state(tmp_path) / "status.json").exists()
    assert (state(tmp_path) / "checkpoint").exists()


def test_without_a_temporary_folder_a_live_database_is_still_read(tmp_path: Path) -> None:
    json_home(tmp_path)
    assert run(tmp_path, "check", env={"TMPDIR": "/nowhere"}).code == 2


#: What stands where the config should be, and what the error has to name.
CONFIGS = {
    "a directory": lambda path: (path.unlink(), path.mkdir()),
    "a FIFO": lambda path: (path.unlink(), os.mkfifo(path)),
    "a symlink loop": lambda path: (path.unlink(), path.symlink_to(path.name)),
    "a device": lambda path: (path.unlink(), path.symlink_to("/dev/zero")),
    "200 MB": lambda path: os.truncate(path, 200 << 20),
    "binary": lambda path: path.write_bytes(bytes(range(256))),
    "another user's eyes": lambda path: path.chmod(0),
    "a key given twice": lambda path: path.write_text("host: a\nhost: b\n"),
    "nested": lambda path: path.write_text("a: " + "[" * 100_000),
    "an endless alias": lambda path: path.write_text("a: &a [*a, *a]\n"),
    "a wrong key": lambda path: path.write_text("chanels: {}\n"),
    "a NaN": lambda path: path.write_text("interval: .nan\n"),
}


@pytest.mark.parametrize("name", CONFIGS)
@pytest.mark.parametrize("words", [("check",), ("status",)], ids=" ".join)
def test_a_config_that_is(name: str, words: tuple[str, ...], tmp_path: Path) -> None:
    path = configure(tmp_path, "host: box\n")
    CONFIGS[name](path)
    ran = run(tmp_path, *words, by=MORTAL)
    assert ran.code == 78
    assert str(path) in ran.err
    assert ran.out == ""


def test_a_config_without_a_word_is_a_config(tmp_path: Path) -> None:
    json_home(tmp_path)
    for text in ("", "\n", "# nothing\n", "\ufeffhost: box\n"):
        configure(tmp_path, text)
        assert run(tmp_path, "check").code == 2


def test_a_working_folder_that_is_gone_is_no_obstacle(tmp_path: Path) -> None:
    json_home(tmp_path)
    gone = tmp_path / "gone"
    gone.mkdir()
    script = f"import os, subprocess, sys; os.rmdir({str(gone)!r}); sys.exit(subprocess.call({argv('check')!r}))"
    done = subprocess.run(
        [sys.executable, "-c", script],
        env=environment(tmp_path),
        cwd=gone,
        capture_output=True,
        text=True,
        timeout=PATIENCE,
        check=False,
    )
    assert "Traceback" not in done.stderr
    assert done.returncode == 2, done.stderr


def test_two_dozen_open_files_are_enough(tmp_path: Path) -> None:
    json_home(tmp_path)
    ran = run(tmp_path, "check", preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_NOFILE, (24, 24)))
    assert ran.code == 2
