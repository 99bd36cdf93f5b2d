"""Root reads another user's tree as that user, or not at all; nothing but a regular file is ever opened for reading."""

from __future__ import annotations

import contextlib
import json
import multiprocessing
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from monitor.model import Problem
from monitor.system.host import Host, Unreadable
from monitor.system.owners import open_to_others, opened, roots
from tests.faults.world import ROOT, json_home, plain_home, run
from tests.openclaw_home import DAY, openclaw, token
from tests.polling import pause

as_root = pytest.mark.skipif(not ROOT, reason="only root may read what is another user's")
THEIRS = 4321  # a user that is in no list of users
THIRD = 4322
NO_RIGHTS = ("setpriv", "--bounding-set=-setuid,-setgid", "--inh-caps=-setuid,-setgid")


def give(root: Path, uid: int = THEIRS) -> None:
    for path in (root, *root.rglob("*")):
        os.chown(path, uid, uid, follow_symlinks=False)


@pytest.fixture
def theirs(tmp_path: Path) -> Path:
    """Another user's home below a folder that only root may enter, with a login that ends soon."""
    home = tmp_path / "theirs"
    home.mkdir()
    json_home(home)
    (tmp_path / "own").mkdir()
    give(home)
    return home


def config(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "own" / "config.yaml"
    path.write_text(text)
    path.chmod(0o600)
    return path


@as_root
def test_a_home_of_another_user_is_read_as_that_user(theirs: Path, tmp_path: Path) -> None:
    path = config(tmp_path, f"sources: [{{type: openclaw, home: {theirs}}}]\n")
    ran = run(tmp_path / "own", "check", "--json", "--config", path)
    assert (ran.code, ran.problems()) == (2, {})
    assert ran.profile("anthropic:default")["state"] == "expiring"


@as_root
def test_every_kind_of_store_is_read_as_that_user(tmp_path: Path) -> None:
    home, own = tmp_path / "theirs", tmp_path / "own"
    home.mkdir()
    own.mkdir()
    plain_home(home, own)
    ours = run(home, "status", "--json", "--config", own / ".config/authwatch/config.yaml").json
    give(home)
    found = run(home, "status", "--json", "--config", own / ".config/authwatch/config.yaml").json
    assert {one["key"] for one in found["profiles"]} == {one["key"] for one in ours["profiles"]}
    assert {one["store"]: one["problem"] for one in found["problems"]} == {
        one["store"]: one["problem"] for one in ours["problems"]
    }


@as_root
@pytest.mark.skipif(not shutil.which("setpriv"), reason="setpriv is not here (Debian: util-linux)")
def test_where_root_may_not_become_that_user_the_home_is_unreadable(theirs: Path, tmp_path: Path) -> None:
    theirs.chmod(0o777)  # to root's rights it would be open
    path = config(tmp_path, f"sources: [{{type: openclaw, home: {theirs}}}]\n")
    ran = run(tmp_path / "own", "check", "--json", "--config", path, by=NO_RIGHTS)
    assert ran.code == 3
    (trouble,) = ran.json["problems"]
    assert (trouble["problem"], trouble["store"]) == ("unreadable", str(theirs))
    assert "authwatch install systemd --system --user-name" in trouble["detail"]
    assert ran.json["profiles"] == []


@as_root
def test_what_another_user_planted_leads_nowhere_that_user_may_not_read(theirs: Path, tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text('{"profiles": {}}')
    secret.chmod(0o600)
    (theirs / "link").symlink_to(secret)
    (theirs / "folder").symlink_to(tmp_path)
    give(theirs)
    for host in (Host(theirs, {}), Host(tmp_path / "own", {})):
        for place in ("link", "folder/secret"):
            with pytest.raises(Unreadable) as error:
                host.read(theirs / place)
            assert error.value.problem is Problem.UNREADABLE
        with pytest.raises(Unreadable):
            host.names(theirs / "folder")
    with pytest.raises(Unreadable):
        Host(theirs, {}).read(secret)


@as_root
def test_a_file_of_another_user_in_our_own_home_is_read_as_that_user(tmp_path: Path) -> None:
    place = tmp_path / "auth.json"
    place.write_text("{}")
    place.chmod(0o600)
    os.chown(place, THEIRS, THEIRS)
    assert Host(tmp_path, {}).read(place) == b"{}"
    place.chmod(0)
    with pytest.raises(Unreadable):
        Host(tmp_path, {}).read(place)


def _swap(folder: str, target: str) -> None:
    """What the owner of a tree can do all day: a file, then a link in its place; a folder, then a link."""
    os.setgid(THEIRS)
    os.setuid(THEIRS)
    place, aside, link = f"{folder}/auth.json", f"{folder}/.aside", f"{folder}/.link"
    with contextlib.suppress(KeyboardInterrupt):
        while True:
            with open(aside, "w") as file:
                file.write('"mine"')
            os.rename(aside, place)
            os.symlink(target, link)
            os.rename(link, place)


@as_root
@pytest.mark.parametrize("whose", ["their home", "our home"])
def test_a_tree_whose_owner_swaps_files_for_links_gives_away_nothing(tmp_path: Path, whose: str) -> None:
    """As long as the owner swaps, no read returns the third user's file."""
    third, folder = tmp_path / "third", tmp_path / "theirs"
    third.write_text('"third"')
    third.chmod(0o600)
    os.chown(third, THIRD, THIRD)
    folder.mkdir()
    os.chown(folder, THEIRS, THEIRS)
    tmp_path.chmod(0o755)
    for above in tmp_path.parents[:2]:
        above.chmod(above.stat().st_mode | 0o011)
    swapper = multiprocessing.get_context("fork").Process(target=_swap, args=(str(folder), str(third)), daemon=True)
    swapper.start()
    host = Host(folder if whose == "their home" else tmp_path, {})
    try:
        seen = set(_reads(host, folder / "auth.json", 1.5))
    finally:
        swapper.kill()
        swapper.join()
    assert seen <= {b'"mine"', None}  # a busy machine may meet a swap at every read


def _reads(host: Host, path: Path, seconds: float) -> Iterator[bytes | None]:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            yield host.read(path)
        except Unreadable:
            yield None


@pytest.mark.parametrize("foreign", [False, pytest.param(True, marks=as_root)], ids=["ours", "theirs"])
def test_a_fifo_is_not_opened_even_for_a_moment(tmp_path: Path, foreign: bool) -> None:
    """Whoever waits to write into it still waits."""
    place = tmp_path / "auth.json"
    os.mkfifo(place)
    if foreign:
        give(tmp_path)
    writer = subprocess.Popen([sys.executable, "-c", f"open({str(place)!r}, 'wb', 0)"])
    try:
        pause(0.3)
        with pytest.raises(Unreadable, match="not a regular file"):
            Host(tmp_path, {}).read(place)
        pause(0.2)
        assert writer.poll() is None
    finally:
        writer.kill()
        writer.wait()


@pytest.mark.parametrize("kind", ["device", "folder", "socket", "link to a device"])
def test_nothing_but_a_file_is_read(tmp_path: Path, kind: str) -> None:
    place = tmp_path / "auth.json"
    if kind == "device":
        place = Path("/dev/zero")
    elif kind == "folder":
        place.mkdir()
    elif kind == "socket":
        import socket

        socket.socket(socket.AF_UNIX).bind(str(place))
    else:
        place.symlink_to("/dev/zero")
    with pytest.raises(Unreadable, match="not a regular file"):
        Host(tmp_path, {}).read(place)
    with pytest.raises(OSError, match="not a regular file"):
        opened(str(place))


@as_root
def test_a_child_that_reads_holds_nothing_of_ours(theirs: Path, tmp_path: Path) -> None:
    """No lock, no pipe and no file of ours is left with another user, and no way back to root."""
    with open(tmp_path / "lock", "w"):
        host = Host(theirs, {})
        assert host.exists(theirs)
        (reader,) = host._readers.values()
        there = Path(f"/proc/{reader._pid}")
        held = {os.readlink(path) for path in (there / "fd").iterdir()}
        assert str(tmp_path / "lock") not in held
        assert not any(str(tmp_path) in path for path in held - {str(theirs)})
        status = dict(line.split(":\t", 1) for line in (there / "status").read_text().splitlines() if ":\t" in line)
        assert status["Uid"].split() == status["Gid"].split() == [str(THEIRS)] * 4
        assert status["Groups"].split() == [str(THEIRS)]
        assert int(status["CapPrm"], 16) == int(status["CapEff"], 16) == 0
        reader.close()


# -- programs that are run ------------------------------------------------------------------------------------


ANSWER = f"#!/bin/sh\necho '{json.dumps({'expires_at': '2099-01-01T00:00:00Z'})}'\n"


def _program(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    folder.chmod(0o755)
    place = folder / "ends"
    place.write_text(ANSWER)
    place.chmod(0o755)
    return place


def _open_file(place: Path) -> Path:
    place.chmod(0o777)
    return place


def _open_to_group(place: Path) -> Path:
    place.chmod(0o775)
    return place


def _open_folder(place: Path) -> Path:
    place.parent.chmod(0o777)
    return place


def _open_above(place: Path) -> Path:
    place.parent.parent.chmod(0o777)
    return place


def _link_in_an_open_folder(place: Path) -> Path:
    hop = place.parent.parent / "hop"
    hop.mkdir()
    (hop / "ends").symlink_to(place)
    hop.chmod(0o777)
    near = place.parent.parent / "near"
    near.symlink_to(hop / "ends")
    return near


@pytest.mark.parametrize("opening", [_open_file, _open_to_group, _open_folder, _open_above, _link_in_an_open_folder])
def test_a_program_that_others_may_write_or_replace_is_not_run(tmp_path: Path, opening) -> None:
    home = tmp_path / "home"
    openclaw(home, {"anthropic:default": token(ends_in=100 * DAY)})
    place = _program(home / "tools" if opening is _open_above else home / "bin")
    if opening is _open_above:
        place = _program(home / "tools" / "bin")
    text = f"sources: [openclaw, {{type: exec, id: vault, command: ['{opening(place)}']}}]\n"
    own = tmp_path / "own"
    own.mkdir()
    (own / "config.yaml").write_text(text)
    (own / "config.yaml").chmod(0o600)
    try:
        ran = run(home, "check", "--json", "--config", own / "config.yaml")
        (seen,) = [one for one in ran.json["profiles"] if one["source"] == "vault"]
        assert (seen["problem"], ran.code) == ("exec_failed", 3)
        doctor = run(home, "doctor", "--json", "--config", own / "config.yaml")
        (found,) = [one for one in doctor.json["results"] if one["check"] == "programs run"]
        assert (found["health"], found["mend"].startswith("chmod go-w -- ")) == ("broken", True)
        subprocess.run(["sh", "-c", found["mend"]], check=True)
        after = run(home, "check", "--json", "--config", own / "config.yaml")
        (seen,) = [one for one in after.json["profiles"] if one["source"] == "vault"]
        assert (seen["problem"], seen["access_expires_at"]) == (None, "2099-01-01T00:00:00Z")
    finally:
        home.chmod(0o755)


def test_a_program_of_the_system_or_of_ours_is_run(tmp_path: Path) -> None:
    """Also one that lies in a sticky folder, where nobody else may replace it."""
    place = _program(tmp_path / "bin")
    for path in (Path("/bin/sh"), Path(sys.executable), place):
        assert open_to_others(path, os.geteuid()) is None
    (tmp_path / "shared").mkdir()
    (tmp_path / "shared").chmod(0o1777)
    assert open_to_others(_program(tmp_path / "shared" / "mine"), os.geteuid()) is None


@as_root
def test_what_belongs_to_another_user_is_open_to_that_user(tmp_path: Path) -> None:
    place = _program(tmp_path / "bin")
    os.chown(place, THEIRS, THEIRS)
    found = open_to_others(place, 0)
    assert found is not None
    assert found[0] == place
    os.chown(place, 0, 0)
    os.chown(place.parent, THEIRS, THEIRS)
    found = open_to_others(place, 0)
    assert found is not None
    assert found[0] == place.parent
    assert open_to_others(place, THEIRS) is None


@pytest.mark.skipif(not shutil.which("unshare"), reason="unshare is not here (Debian: util-linux)")
def test_in_a_user_namespace_the_unmapped_user_counts_as_root() -> None:
    assert roots() == {0}
    code = (
        "import os; from monitor.system.owners import *; print(open_to_others(Path('/bin/sh'), os.geteuid()), roots())"
    )
    words = ["unshare", "--user", sys.executable, "-I", "-c", code]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip(f"no user namespace here: {done.stderr.strip()[-80:]}")
    assert done.stdout.startswith("None ")
    assert "65534" in done.stdout
