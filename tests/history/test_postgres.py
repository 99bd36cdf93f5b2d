"""The same history on a real PostgreSQL: the whole pass, and one pass at a time over all hosts."""

from __future__ import annotations

import os
import pwd
import shutil
import socket
import subprocess
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.history import engine
from tests.command import authwatch, configure
from tests.openclaw_home import DAY, HOUR, oauth, openclaw, token
from tests.receivers import web

BIN = max(Path("/usr/lib/postgresql").glob("*/bin"), default=None)
ACCOUNT = "postgres"


def as_postgres() -> dict[str, object]:
    """A server refuses to run as root."""
    if os.geteuid() != 0:
        return {}
    account = pwd.getpwnam(ACCOUNT)
    return {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []}


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    if BIN is None:
        pytest.skip("no PostgreSQL server is installed (Debian: postgresql)")
    pytest.importorskip("psycopg", reason="the driver is in authwatch[postgres]")
    folder = Path("/tmp") / f"authwatch-pg-{os.getpid()}"
    folder.mkdir(mode=0o755)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    try:
        if os.geteuid() == 0:
            shutil.chown(folder, ACCOUNT, ACCOUNT)
        data = str(folder / "data")
        run = {"capture_output": True, **as_postgres(), "cwd": "/"}
        subprocess.run([BIN / "initdb", "-D", data, "-U", "aw", "--auth=trust", "-N"], check=True, **run)
        options = f"-k {folder} -c listen_addresses=127.0.0.1 -p {port} -c fsync=off"
        start = [BIN / "pg_ctl", "-D", data, "-l", str(folder / "log"), "-w", "-o", options, "start"]
        subprocess.run(start, check=True, **{**run, "capture_output": False, "stdout": subprocess.DEVNULL})
        yield f"postgresql+psycopg://aw:FAKESECRET@127.0.0.1:{port}/postgres"
        subprocess.run([BIN / "pg_ctl", "-D", data, "-m", "immediate", "stop"], check=True, **run)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def test_a_pass_remembers_and_tells_once_with_postgresql(tmp_path, server):
    """A pass remembers and tells once with PostgreSQL as its history."""
    with web() as phone:
        openclaw(tmp_path, {"anthropic:default": token(ends_in=2 * DAY)})
        url = phone.url("json", "json/phone")
        configure(tmp_path, f"history: {{url: '{server}'}}\nchannels: {{phone: {{url: '{url}'}}}}\n")
        for _ in range(2):
            done = authwatch(tmp_path, "check")
            assert done.code == 2, done.err
        openclaw(tmp_path, {"anthropic:default": token(ends_in=-DAY)})
        assert authwatch(tmp_path, "check").code == 1
        assert len(phone.received) == 2
    changes = authwatch(tmp_path, "history", "--json").json["transitions"]
    assert [one["after"] for one in changes] == ["expiring", "expired"]
    assert "FAKESECRET" not in authwatch(tmp_path, "doctor").out


def test_only_one_pass_of_all_hosts_holds_the_history(server, tmp_path):
    """While one host's pass holds the history, another's waits its time and then does without."""
    url = engine.url_of(server, tmp_path)
    with engine.alone(url, timedelta(seconds=5)) as first:
        assert first
        with engine.alone(url, timedelta(seconds=0.3)) as second:
            assert not second
    with engine.alone(url, timedelta(seconds=5)) as third:
        assert third


def test_a_server_that_is_gone_stops_no_pass(tmp_path):
    """A server that cannot be reached: the verdict is told all the same, and why it was not recorded."""
    openclaw(tmp_path, {"anthropic:default": token(ends_in=-DAY)})
    configure(tmp_path, "history: {url: 'postgresql+psycopg://aw:FAKESECRET@127.0.0.1:1/none'}\n")
    done = authwatch(tmp_path, "check")
    assert done.code == 1
    assert "history cannot be used" in done.err
    assert "FAKESECRET" not in done.err + done.out


def test_past_renewals_and_log_ins_are_asked_of_postgresql_as_well(tmp_path, server):
    """The questions about the past are the same for PostgreSQL: its rhythm on the page, what is ahead in a list."""
    configure(tmp_path, f"host: box\nhistory: {{url: '{server}'}}\n")
    for number in range(5):
        openclaw(tmp_path, {"anthropic:renewed": oauth(HOUR * (number + 1), refresh=f"ref-FAKESECRET-{number}")})
        assert authwatch(tmp_path, "check").code == 0
    page = authwatch(tmp_path, "explain", "openclaw/main/anthropic:renewed")
    assert "the median of 3 gaps between renewals" in " ".join(page.out.split()), page.err
    ahead = authwatch(tmp_path, "history", "--next", "30d")
    assert (ahead.code, ahead.out) == (0, "Nobody has to log in in that time, as far as can be told.\n"), ahead.err
