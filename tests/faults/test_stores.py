"""Whatever stands in the place of a store: a problem by its contract's name and code 3, in words and soon."""

from __future__ import annotations

import itertools
import os
import socket
import sqlite3
import stat
import tempfile
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.faults.world import (
    AGENT,
    KINDS,
    MORTAL,
    PROFILES,
    ROOT,
    SHARED,
    Ran,
    plain_home,
    put_cell,
    run,
    shared_home,
)


def directory(path: Path) -> None:
    path.unlink()
    path.mkdir()


def fifo(path: Path) -> None:
    path.unlink()
    os.mkfifo(path)


def link_to(target: str) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        path.unlink()
        path.symlink_to(target)

    return change


def unix_socket(path: Path) -> None:
    path.unlink()
    here = os.getcwd()
    os.chdir(path.parent)  # the name of a socket may have 107 bytes only
    socket.socket(socket.AF_UNIX).bind(path.name)
    os.chdir(here)


def loop(path: Path) -> None:
    path.unlink()
    path.symlink_to(path.name)


def holds(content: bytes) -> Callable[[Path], None]:
    def change(path: Path) -> None:
        path.write_bytes(content)

    return change


def huge(path: Path) -> None:
    path.write_bytes(b"")
    os.truncate(path, 200 * 1024 * 1024)


def truncated(path: Path) -> None:
    os.truncate(path, path.stat().st_size // 2)


def private(path: Path) -> None:
    path.chmod(0)


def private_folder(path: Path) -> None:
    path.parent.chmod(0)


#: What is done to every plain store at once, and the problem that each must then have.
PLACES = {
    "a directory": (directory, "unreadable"),
    "a FIFO": (fifo, "unreadable"),
    "a socket": (unix_socket, "unreadable"),
    "a device": (link_to("/dev/zero"), "unreadable"),
    "a terminal": (link_to("/dev/tty"), "unreadable"),
    "a symlink loop": (loop, "unreadable"),
    "200 MB": (huge, "too_large"),
    "another user's eyes": (private, "unreadable"),
    "a locked folder": (private_folder, "unreadable"),
}
#: The same for those that hold JSON.
TEXTS = {
    "half of it": (truncated, "parse"),
    "binary": (holds(bytes(range(256)) * 4), "parse"),
    "an odd encoding": (holds('{"profiles": {}}'.encode("utf-16")), "parse"),
    "100,000 brackets": (holds(b"[" * 100_000), "parse"),
    "100,000 objects": (holds(b'{"a":' * 100_000), "parse"),
    "a number without end": (holds(b'{"profiles": ' + b"9" * 100_000 + b"}"), "parse"),
    "NaN": (holds(b'{"profiles": NaN, "claudeAiOauth": NaN, "expires_at": NaN}'), "parse"),
}


@pytest.mark.parametrize("name", [*PLACES, *TEXTS])
def test_a_plain_store_that_is(name: str, tmp_path: Path) -> None:
    stores = plain_home(tmp_path)
    if name in TEXTS:
        stores = [store for store in stores if (tmp_path / store.path).read_bytes()[:1] == b"{"]
    if name == "200 MB":  # which a database may have
        stores = [store for store in stores if (tmp_path / store.path).read_bytes()[:6] != b"SQLite"]
    if name == "a locked folder":
        stores = [store for store in stores if "/" in store.path]
    change, problem = {**PLACES, **TEXTS}[name]
    stores.sort(key=lambda store: -store.path.count("/"))  # what lies in a locked folder cannot be locked any more
    for store in stores:
        change(tmp_path / store.path)
    ran = run(tmp_path, "check", "--json", by=MORTAL)
    for store in reversed(stores):
        if name == "a locked folder":
            (tmp_path / store.path).parent.chmod(0o700)
    found = ran.problems()
    assert ran.code in (1, 3), found
    if name == "a locked folder":  # whose files nobody can name
        assert {store.source for store in stores} == ran.blind()
    else:
        assert {store: found.get(f"~/{store.path}") for store in stores} == dict.fromkeys(stores, problem)


def test_an_empty_store_is_a_problem(tmp_path: Path) -> None:
    stores = [store for store in plain_home(tmp_path) if (tmp_path / store.path).read_bytes()[:1] == b"{"]
    for store in stores:
        (tmp_path / store.path).write_bytes(b"")
    found = run(tmp_path, "check", "--json").problems()
    assert {found.get(f"~/{store.path}") for store in stores} <= {"empty", "parse"}


def test_a_byte_order_mark_is_what_its_program_makes_of_it(tmp_path: Path) -> None:
    """OpenClaw cannot parse one; the others either take it or are told of by name."""
    stores = [store for store in plain_home(tmp_path) if (tmp_path / store.path).read_bytes()[:1] == b"{"]
    for store in stores:
        path = tmp_path / store.path
        path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    found = run(tmp_path, "check", "--json").problems()
    assert found["~/.openclaw/agents/main/agent/auth-profiles.json"] == "parse"
    assert set(found.values()) == {"parse"}


#: What is done to a database.
DATABASES: dict[str, tuple[Callable[[Path], None], str]] = {
    "a directory": (directory, "unreadable"),
    "a FIFO": (fifo, "unreadable"),
    "a device": (link_to("/dev/zero"), "unreadable"),
    "a symlink loop": (loop, "unreadable"),
    "0 bytes": (holds(b""), "empty"),
    "JSON": (holds(b'{"profiles": {}}'), "parse"),
    "garbage": (holds(os.urandom(8192)), "parse"),
    "half of it": (truncated, "parse"),
    "its header only": (lambda path: os.truncate(path, 100), "parse"),
    "a page of noise": (lambda path: _overwrite(path, 4096, b"\xa5" * 4096), "parse"),
    "noise in its schema": (lambda path: _overwrite(path, 100, b"\xa5" * 3000), "parse"),
    "a format of the future": (lambda path: _overwrite(path, 18, b"\x09\x09"), "parse"),
    "another user's eyes": (private, "unreadable"),
}


def _overwrite(path: Path, at: int, noise: bytes) -> None:
    with path.open("r+b") as file:
        file.seek(at)
        file.write(noise)


@pytest.mark.parametrize(("kind", "where"), [("shared", SHARED), ("agent", AGENT)])
@pytest.mark.parametrize("name", DATABASES)
def test_a_database_that_is(name: str, kind: str, where: str, tmp_path: Path) -> None:
    path = KINDS[kind](tmp_path)
    change, problem = DATABASES[name]
    change(path)
    ran = run(tmp_path, "check", "--json", by=MORTAL)
    assert ran.code == 3, ran.problems()
    assert ran.problems() == {f"~/{where}": problem}


CELLS = {
    "no JSON": "{",
    "NaN": '{"version": 1, "profiles": {"a": NaN}}',
    "nested": "[" * 100_000,
    "a list": "[]",
    "no profiles": "{}",
    "noise": "\x00\x01\x02",
}


@pytest.mark.parametrize("name", CELLS)
def test_a_cell_that_holds(name: str, tmp_path: Path) -> None:
    put_cell(shared_home(tmp_path), "authProfiles.store", CELLS[name])
    ran = run(tmp_path, "check", "--json")
    assert (ran.code, ran.problems()) == (3, {f"~/{SHARED}": "parse"})


def test_a_cell_of_20_mb_is_too_large(tmp_path: Path) -> None:
    put_cell(shared_home(tmp_path), "authProfiles.store", " " * 20_000_000)
    ran = run(tmp_path, "check", "--json")
    assert (ran.code, ran.problems()) == (3, {f"~/{SHARED}": "too_large"})


#: What happens to a file beside a database that its program holds open.
SIDES = {
    "a wal of noise": ("-wal", holds(b"\xa5" * 9000)),
    "a wal of 200 MB": ("-wal", huge),
    "a wal that is a device": ("-wal", link_to("/dev/zero")),
    "a wal that is a directory": ("-wal", directory),
    "a wal that is a FIFO": ("-wal", fifo),
    "a journal of noise": ("-journal", holds(b"\xa5" * 9000)),
    "a journal that is a directory": ("-journal", directory),
}


@pytest.mark.parametrize("name", SIDES)
def test_beside_a_database(name: str, tmp_path: Path) -> None:
    """SQLite takes what is valid and ignores the rest: its login is either read or a problem, never gone."""
    path = shared_home(tmp_path)
    end, change = SIDES[name]
    side = Path(f"{path}{end}")
    side.touch()
    change(side)
    ran = run(tmp_path, "check", "--json")
    if ran.problems():
        assert ran.code == 3
        assert set(ran.problems().values()) <= {"unreadable", "parse", "locked", "too_large"}
    else:
        assert ran.profile("anthropic:default")["state"] == "expiring"


@pytest.mark.skipif(not ROOT, reason="only root could follow it")
@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind != "legacy"])
def test_a_link_to_another_users_file_is_not_followed_as_root(kind: str, tmp_path: Path) -> None:
    path = KINDS[kind](tmp_path)
    with tempfile.TemporaryDirectory() as elsewhere:
        target = Path(elsewhere) / "theirs"
        target.write_bytes(path.read_bytes())
        path.unlink()
        path.symlink_to(target)
        for one in [tmp_path, *tmp_path.rglob("*")]:
            os.chown(one, 65534, 65534, follow_symlinks=False)
        ran = run(tmp_path, "check", "--json", env={"XDG_STATE_HOME": elsewhere})
    shown = f"~/{path.relative_to(tmp_path)}"
    assert (ran.code, ran.problems()) == (3, {shown: "unreadable"})
    assert "permission denied" in ran.out


@pytest.mark.skipif(not ROOT, reason="only root could follow it")
def test_a_folder_linked_to_another_users_is_not_followed_as_root(tmp_path: Path) -> None:
    path = KINDS["json"](tmp_path)
    with tempfile.TemporaryDirectory() as elsewhere:
        (Path(elsewhere) / path.name).write_bytes(path.read_bytes())
        path.unlink()
        path.parent.rmdir()
        path.parent.symlink_to(elsewhere)
        for one in [tmp_path, *tmp_path.rglob("*")]:
            os.chown(one, 65534, 65534, follow_symlinks=False)
        ran = run(tmp_path, "check", "--json")
    assert (ran.code, set(ran.problems().values())) == (3, {"unreadable"})


def test_a_link_within_the_home_is_followed(tmp_path: Path) -> None:
    path = KINDS["json"](tmp_path)
    path.rename(tmp_path / "dotfiles.json")
    path.symlink_to(tmp_path / "dotfiles.json")
    assert run(tmp_path, "check", "--json").problems() == {}


def test_a_file_that_is_gone_after_it_was_known_is_missing(tmp_path: Path) -> None:
    path = KINDS["json"](tmp_path)
    run(tmp_path, "check")
    path.unlink()
    path.symlink_to("nowhere")
    ran = run(tmp_path, "check", "--json")
    assert ran.code == 1
    assert ran.profile("anthropic:default")["state"] == "missing"


def expires(value: object) -> dict[str, object]:
    return {**PROFILES["anthropic:default"], "expires": value}


SECONDS = int(PROFILES["anthropic:default"]["expires"] / 1000)

#: The expiry as written; what OpenClaw makes of it, which is what counts: state and code.
MOMENTS = {
    "zero": (0, "missing", 1),
    "negative": (-1, "missing", 1),
    "seconds": (SECONDS, "expired", 1),
    "an ISO text": ("2099-01-01T00:00:00Z", "missing", 1),
    "digits": (str(SECONDS * 1000), "missing", 1),
    "true": (True, "missing", 1),
    "a list": ([1], "missing", 1),
    "huge": (10**400, "missing", 1),
    "beyond JavaScript": (8.65e15, "missing", 1),
    "null": (None, "missing", 1),
    "a fraction": (SECONDS * 1000 + 0.5, "expiring", 2),
}


@pytest.mark.parametrize("name", MOMENTS)
def test_an_expiry_that_is(name: str, tmp_path: Path) -> None:
    value, state, code = MOMENTS[name]
    KINDS["shared"](tmp_path, {"anthropic:default": expires(value)})
    ran = run(tmp_path, "check", "--json")
    assert (ran.profile("anthropic:default")["state"], ran.code) == (state, code)
    assert ran.profile("anthropic:default")["because"]


def test_seconds_for_milliseconds_are_named(tmp_path: Path) -> None:
    KINDS["json"](tmp_path, {"anthropic:default": expires(SECONDS)})
    assert "seconds" in " ".join(run(tmp_path, "check", "--json").profile("anthropic:default")["because"])


def test_of_a_key_given_twice_the_last_counts_as_for_every_json_parser(tmp_path: Path) -> None:
    path = KINDS["json"](tmp_path, {"anthropic:default": expires(SECONDS * 1000)})
    text = path.read_text()
    path.write_text(text.replace('"expires": ', '"expires": 1, "expires": '))
    assert run(tmp_path, "check", "--json").profile("anthropic:default")["state"] == "expiring"


def test_a_store_that_its_program_keeps_locked_is_read_all_the_same(tmp_path: Path) -> None:
    path = shared_home(tmp_path)
    owner = sqlite3.connect(path, isolation_level=None)
    owner.execute("PRAGMA locking_mode=EXCLUSIVE")
    owner.execute("BEGIN EXCLUSIVE")
    owner.execute("UPDATE config_machine_state SET updated_at_ms = 7")
    ran = run(tmp_path, "check", "--json")
    owner.rollback()
    owner.close()
    assert ran.code == 2
    assert ran.profile("anthropic:default")["state"] == "expiring"


def test_a_store_that_never_stands_still_is_locked_or_read_whole(tmp_path: Path) -> None:
    path = shared_home(tmp_path)
    stop, seen = threading.Event(), set()

    def stamp() -> None:
        for moment in itertools.count(10**18):
            os.utime(path, ns=(moment, moment))
            if stop.is_set():
                return

    writer = threading.Thread(target=stamp)
    writer.start()
    try:
        for _ in range(4):
            ran = run(tmp_path, "check", "--json")
            seen.add((ran.code, *ran.problems().values()))
    finally:
        stop.set()
        writer.join()
    assert seen <= {(3, "locked"), (2,)}


def test_modes_and_kinds_of_the_made_homes_are_sound(tmp_path: Path) -> None:
    """The faults above change a home in which everything is read."""
    for kind, make in KINDS.items():
        home = tmp_path / kind
        home.mkdir()
        assert stat.S_ISREG(make(home).stat().st_mode)
        ran: Ran = run(home, "check", "--json")
        assert ran.problems() == {}
        assert len(ran.json["profiles"]) == 2
    home = tmp_path / "plain"
    assert plain_home(home)
    assert run(home, "check", "--json").problems() == {}
