"""authwatch's own folder fails: people are told all the same, and not with every check."""

from __future__ import annotations

import os
import sqlite3
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.command import configure, state
from tests.faults.world import MORTAL, ROOT, json_home, listening, run, told
from tests.inbox import Receiver
from tests.openclaw_home import HOUR, openclaw, token
from tests.receivers import web


@pytest.fixture
def phone() -> Iterator[Receiver]:
    with web() as there:
        yield there


@pytest.fixture
def temporary(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A temporary folder of this test's own: what was stamped there an hour ago is still in force."""
    with tempfile.TemporaryDirectory() as folder:
        yield {"TMPDIR": folder}


def sinking(home: Path, name: str = "anthropic:default") -> None:
    """A login that a person must see to."""
    openclaw(home, {name: token(ends_in=-HOUR)})


def overwrite(path: Path, at: int, noise: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(noise)


def sql(statement: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        database = sqlite3.connect(path)
        database.executescript(statement)
        database.close()

    return change


def _pages_of_noise(path: Path) -> None:
    size = path.stat().st_size
    for at in range(4096, size, 4096):
        overwrite(path, at, b"\xa5" * 4096)


#: What becomes of a good history, each of which has to be set aside.
DAMAGES: dict[str, Callable[[Path], object]] = {
    "garbage": lambda path: path.write_bytes(b"\xa5" * 20_000),
    "a text": lambda path: path.write_text("not a database, but long enough to have a header" * 100),
    "half of it": lambda path: os.truncate(path, path.stat().st_size // 2),
    "a format of the future": lambda path: overwrite(path, 18, b"\x09\x09"),
    "pages of noise": _pages_of_noise,
    "noise in its schema": lambda path: overwrite(path, 100, b"\xa5" * 3900),
    "a row that is no JSON": sql("UPDATE profiles SET observation = 'tok-{'"),
    "a row of another type": sql("UPDATE profiles SET observation = '[]'"),
    "a row with another state": sql("UPDATE profiles SET state = 'glorious'"),
    "a moment that is none": sql("UPDATE profiles SET first_seen_at = 'yesterday'"),
    "a moment without a zone": sql("UPDATE profiles SET first_seen_at = '2026-01-01T00:00:00'"),
    "an alert that is none": sql("UPDATE alerts SET alert = '{}'"),
    "a change that is none": sql("UPDATE transitions SET after = 'glorious'"),
    "a table that is gone": sql("DROP TABLE notification_states"),
    "a column that is gone": sql("ALTER TABLE profiles DROP COLUMN ignored"),
}


@pytest.mark.parametrize("name", DAMAGES)
def test_a_damaged_history_is_set_aside_and_people_are_told(name: str, tmp_path: Path, phone: Receiver) -> None:
    json_home(tmp_path)
    listening(tmp_path, phone, "policy: {lead: [1h]}\n")
    assert run(tmp_path, "check").code == 0
    history = state(tmp_path) / "history.sqlite"
    DAMAGES[name](history)
    sinking(tmp_path)
    for words in (
        ("status", "--check"),
        ("history",),
        ("alerts", "list"),
        ("explain", "openclaw/main/anthropic:default"),
    ):
        run(tmp_path, *words)
    assert told(phone) == []
    ran = run(tmp_path, "check", "--json")
    assert ran.code == 1
    assert "set aside" in ran.err
    assert len(told(phone)) == 1
    assert [one.name for one in state(tmp_path).iterdir() if ".damaged-" in one.name]
    # What no decision rests on is looked at last, after people were told.
    late = 1 if name == "a change that is none" else 0
    for _ in range(2):
        assert (run(tmp_path, "check").err, len(told(phone))) == ("", 1 + late)
    assert len(run(tmp_path, "history", "--json").json["transitions"]) >= 1


@pytest.mark.parametrize("size", [0, 1, 99])
def test_a_history_of_a_few_bytes_is_begun_anew(size: int, tmp_path: Path, phone: Receiver) -> None:
    sinking(tmp_path)
    listening(tmp_path, phone)
    assert run(tmp_path, "check").code == 1
    os.truncate(state(tmp_path) / "history.sqlite", size)
    (state(tmp_path) / "checkpoint").unlink()
    assert run(tmp_path, "check").code == 1
    assert len(told(phone)) == 2  # nobody remembers that they know


def newer(path: Path) -> None:
    sql("UPDATE alembic_version SET version_num = '9999'; ALTER TABLE notification_states RENAME TO heard")(path)


def folder(path: Path) -> None:
    path.unlink()
    path.mkdir()


#: What stands where the history should be and is not ours to move: told once until it is mended.
OBSTACLES = {
    "from a newer release": (newer, "type -a authwatch"),
    "a directory": (folder, "is not a file"),
    "a FIFO": (lambda path: (path.unlink(), os.mkfifo(path)), "is not a file"),
    "a symlink loop": (lambda path: (path.unlink(), path.symlink_to(path.name)), "symbolic links"),
    "a device": (lambda path: (path.unlink(), path.symlink_to("/dev/full")), "is not a file"),
    "locked away": (lambda path: path.chmod(0), "unable to open"),
    "read-only": (lambda path: path.chmod(0o400), "readonly"),
}


@pytest.mark.parametrize("name", OBSTACLES)
def test_with_a_history_that_is(name: str, tmp_path: Path, phone: Receiver) -> None:
    json_home(tmp_path)
    listening(tmp_path, phone, "policy: {lead: [1h]}\n")
    assert run(tmp_path, "check", by=MORTAL).code == 0
    put, words = OBSTACLES[name]
    put(state(tmp_path) / "history.sqlite")
    sinking(tmp_path)
    for _ in range(3):
        ran = run(tmp_path, "check", by=MORTAL)
        assert ran.code == 1
        assert words in ran.err
    assert run(tmp_path, "status", "--check", by=MORTAL).code == 1
    assert len(told(phone)) == 1
    assert told(phone)[0].startswith("Expired: ")


def test_a_history_from_a_newer_release_is_left_as_it_is(tmp_path: Path) -> None:
    json_home(tmp_path)
    run(tmp_path, "check")
    path = state(tmp_path) / "history.sqlite"
    newer(path)
    before = path.read_bytes()
    (state(tmp_path) / "checkpoint").unlink()
    run(tmp_path, "check")
    run(tmp_path, "ignore", "openclaw/main/anthropic:default")
    assert path.read_bytes() == before


#: The other files of the folder, and what may stand in them.
@pytest.mark.parametrize(
    "name", ["checkpoint", "status.json", "metrics.prom", "check.json", "key", "lock", "owner", "offline"]
)
@pytest.mark.parametrize("what", ["empty", "noise", "JSON of another kind", "half", "a directory", "a symlink loop"])
def test_another_file_of_the_folder_is(name: str, what: str, tmp_path: Path) -> None:
    sinking(tmp_path)
    run(tmp_path, "check")
    path = state(tmp_path) / name
    if what in ("a directory", "a symlink loop"):
        path.unlink()
        path.mkdir() if what == "a directory" else path.symlink_to(name)
    else:
        half = path.read_bytes()[: path.stat().st_size // 2]
        other = b'{"clocks": {"believed": [], "doubted": 7}, "at": []}'
        path.write_bytes({"empty": b"", "noise": b"\xa5\x00" * 200, "JSON of another kind": other, "half": half}[what])
    for words in (("status", "--check"), ("check",)):
        assert run(tmp_path, *words).code == 1


def test_a_state_folder_nobody_may_enter_still_tells_hourly(
    tmp_path: Path, phone: Receiver, temporary: dict[str, str]
) -> None:
    sinking(tmp_path)
    listening(tmp_path, phone)
    place = state(tmp_path)
    place.mkdir(parents=True)
    place.chmod(0)
    for _ in range(3):
        ran = run(tmp_path, "check", by=MORTAL, env=temporary)
        assert ran.code == 1
        assert str(place) in ran.err
    assert run(tmp_path, "status", "--check", by=MORTAL, env=temporary).code == 1
    assert len(told(phone)) == 1
    place.chmod(0o700)


def test_a_state_folder_that_is_read_only_still_tells_hourly(
    tmp_path: Path, phone: Receiver, temporary: dict[str, str]
) -> None:
    json_home(tmp_path)
    listening(tmp_path, phone, "policy: {lead: [1h]}\n")
    assert run(tmp_path, "check", by=MORTAL).code == 0
    sinking(tmp_path)
    place = state(tmp_path)
    for one in place.iterdir():
        one.chmod(0o400)
    place.chmod(0o500)
    for _ in range(3):
        assert run(tmp_path, "check", by=MORTAL, env=temporary).code == 1
    assert len(told(phone)) == 1
    place.chmod(0o700)


def test_a_state_folder_that_cannot_be_made_uses_a_temporary_one(
    tmp_path: Path, phone: Receiver, temporary: dict[str, str]
) -> None:
    sinking(tmp_path)
    listening(tmp_path, phone)
    (tmp_path / ".local").write_text("a file")
    for _ in range(3):
        ran = run(tmp_path, "check", env=temporary)
        assert (ran.code, "temporary folder" in ran.err) == (1, True)
    assert len(told(phone)) == 1
    spare = Path(temporary["TMPDIR"]) / f"authwatch-{os.geteuid()}"
    assert spare.stat().st_mode & 0o777 == 0o700


def test_a_temporary_folder_that_somebody_else_prepared_is_not_used(
    tmp_path: Path, phone: Receiver, temporary: dict[str, str]
) -> None:
    sinking(tmp_path)
    listening(tmp_path, phone)
    (tmp_path / ".local").write_text("a file")
    theirs = Path(temporary["TMPDIR"]) / "theirs"
    theirs.mkdir()
    (Path(temporary["TMPDIR"]) / f"authwatch-{os.geteuid()}").symlink_to(theirs)
    ran = run(tmp_path, "check", env=temporary)
    assert (ran.code, "nothing is remembered" in ran.err) == (1, True)
    assert len(told(phone)) == 1
    assert list(theirs.iterdir()) == []


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 2 MB."""
    place = tmp_path / "disk"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "size=2m,mode=0755", "tmpfs", str(place)], check=True)
    yield place
    subprocess.run(["umount", "-l", str(place)], check=True)


def fill(place: Path) -> Path:
    ballast = place / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(b"\xa5" * 4096)
        except OSError:
            return ballast


@pytest.mark.skipif(not ROOT, reason="only root can mount a small disk")
@pytest.mark.parametrize("known", [True, False], ids=["after a check", "from the first check"])
def test_a_full_disk_still_tells_of_each_death_once_and_heals(
    known: bool, tmp_path: Path, disk: Path, phone: Receiver, temporary: dict[str, str]
) -> None:
    """What was told is kept in room that was reserved, or in the temporary folder."""
    json_home(tmp_path)
    listening(tmp_path, phone, f"state: {disk}/state\npolicy: {{lead: [1h]}}\n")
    (disk / "state").mkdir(mode=0o700)
    if known:
        assert run(tmp_path, "check", env=temporary).code == 0
    ballast = fill(disk)
    sinking(tmp_path)
    for _ in range(3):
        ran = run(tmp_path, "check", env=temporary)
        assert ran.code == 1
        assert "full" in ran.err or "space" in ran.err
    assert len(told(phone)) == 1
    deaths = {
        name: token(ends_in=-HOUR, secret=f"tok-FAKESECRET-{name}") for name in ("anthropic:default", "anthropic:x")
    }
    openclaw(tmp_path, deaths)
    for _ in range(2):
        assert run(tmp_path, "check", env=temporary).code == 1
    assert len(told(phone)) == 2
    assert "anthropic:x" in told(phone)[-1]
    ballast.unlink()
    for _ in range(2):
        ran = run(tmp_path, "check", env=temporary)
        assert (ran.code, ran.err) == (1, "")
    assert len(told(phone)) == 2
    database = sqlite3.connect(disk / "state" / "history.sqlite")
    assert database.execute("PRAGMA integrity_check").fetchone() == ("ok",)
    database.close()


@pytest.mark.skipif(not ROOT, reason="only root can mount a small disk")
def test_a_disk_without_inodes_still_tells(tmp_path: Path, phone: Receiver, temporary: dict[str, str]) -> None:
    sinking(tmp_path)
    listening(tmp_path, phone)
    place = tmp_path / ".local"
    place.mkdir()
    subprocess.run(["mount", "-t", "tmpfs", "-o", "nr_inodes=2,mode=0755", "tmpfs", str(place)], check=True)
    try:
        for _ in range(2):
            assert run(tmp_path, "check", env=temporary).code == 1
    finally:
        subprocess.run(["umount", "-l", str(place)], check=True)
    assert len(told(phone)) == 1


@pytest.mark.skipif(not ROOT, reason="only root can mount")
def test_a_disk_that_was_remounted_read_only_still_tells_hourly(
    tmp_path: Path, disk: Path, phone: Receiver, temporary: dict[str, str]
) -> None:
    json_home(tmp_path)
    listening(tmp_path, phone, f"state: {disk}/state\npolicy: {{lead: [1h]}}\n")
    assert run(tmp_path, "check").code == 0
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    sinking(tmp_path)
    for _ in range(3):
        assert run(tmp_path, "check", env=temporary).code == 1
    assert run(tmp_path, "ignore", "openclaw/main/anthropic:default").code == 1
    assert len(told(phone)) == 1
    subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)
    assert run(tmp_path, "check", env=temporary).code == 1
    assert len(told(phone)) == 1


def test_a_command_that_writes_names_the_folder_it_cannot_write(tmp_path: Path) -> None:
    json_home(tmp_path)
    run(tmp_path, "check")
    place = state(tmp_path)
    for one in place.iterdir():
        one.chmod(0o400)
    place.chmod(0o500)
    for words in (("ignore", "openclaw/main/anthropic:default"), ("alerts", "ack", "openclaw/main/anthropic:default")):
        ran = run(tmp_path, *words, by=MORTAL)
        assert ran.code == 1
        assert "the history cannot be used" in ran.err
    place.chmod(0)
    for words in (
        ("ignore", "openclaw/main/anthropic:default"),
        ("history",),
        ("status",),
        ("doctor",),
        ("alerts", "list"),
    ):
        run(tmp_path, *words, by=MORTAL)
    place.chmod(0o700)
    configure(tmp_path, "state: /proc/nowhere\n")
    ran = run(tmp_path, "ignore", "openclaw/main/anthropic:default")
    assert (ran.code, "/proc/nowhere" in ran.err) == (1, True)
