"""The daemon as a whole, in a subprocess, with real checks."""

import os
import socket

import pytest
from prometheus_client.parser import text_string_to_metric_families

from monitor.serve.loop import Child
from tests.polling import pause
from tests.serve.conftest import leave, wait_for


def counts(client, name):
    _, _, text = client.ask("/metrics")
    return {
        tuple(sample.labels.values()): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
        if sample.name == name
    }


def checks(client):
    return {labels[0]: value for labels, value in counts(client, "authwatch_checks_total").items()}


def copying(tmp_path, then="exit 0", **left):
    """A check that leaves a prepared result."""
    leave(tmp_path / "left", **left)
    put = (
        f'cp "$one" {tmp_path}/new && mv {tmp_path}/new {tmp_path}/state/"${{one##*/}}"'  # whole, as checks leave them
    )
    return f"for one in {tmp_path}/left/*; do {put}; done; echo noise; {then}"


def test_a_check_runs_at_once_and_is_served_and_counted(daemon, tmp_path):
    """A check runs at once, and is served and counted."""
    one = daemon(copying(tmp_path, deliveries={"phone": {"delivered": 2, "timeout": 1}}))
    client = one.client()
    wait_for(lambda: checks(client)["ok"] == 1)
    assert client.ask("/api/v1/status")[0] == 200
    assert client.ask("/readyz")[0] == 200
    told = counts(client, "authwatch_deliveries_total")
    wait_for(lambda: counts(client, "authwatch_deliveries_total")[("phone", "delivered")] == 2)
    assert told[("phone", "connect")] == 0
    code, seconds = one.end()
    assert (code, seconds < 5) == (0, True)
    assert "noise" not in one.out
    assert "planted-secret" not in one.out


def test_checks_repeat_with_the_interval(daemon, tmp_path):
    """Passes repeat with the interval, and findings count as such."""
    client = daemon(copying(tmp_path, "exit 1", result="findings"), interval=0.3).client()
    wait_for(lambda: checks(client)["findings"] >= 3)


@pytest.mark.parametrize("command", ["exit 70", "exec /no/such/program", "kill -9 $$"])
def test_a_check_that_fails_is_counted_and_tried_again(daemon, command):
    """A check that fails is counted and tried again; the daemon stays."""
    one = daemon(command, interval=0.3)
    client = one.client()
    wait_for(lambda: checks(client)["failed"] >= 2)
    assert client.ask("/healthz")[0] == 200
    assert client.ask("/readyz")[0] == 503
    assert "Traceback" not in one.out
    assert "the check " in one.out


def test_a_closed_gate_starts_no_check(daemon, tmp_path):
    """A closed gate starts no check; the round counts with the last result."""
    leave(tmp_path / "state", result="findings")
    (tmp_path / "state/closed-gate").touch()
    started = tmp_path / "started"
    client = daemon(f"touch {started}", interval=0.3).client()
    wait_for(lambda: checks(client)["findings"] >= 2)
    assert not started.exists()
    assert counts(client, "authwatch_deliveries_total")[("phone", "delivered")] == 0
    (tmp_path / "state/closed-gate").unlink()
    wait_for(started.exists)


def test_a_gate_that_fails_opens(daemon, tmp_path):
    """A gate that fails opens, and its text stays inside."""
    (tmp_path / "state/broken-gate").touch()
    one = daemon(copying(tmp_path))
    client = one.client()
    wait_for(lambda: checks(client)["ok"] == 1)
    assert "the quick check failed (RuntimeError)" in one.out
    assert "planted-secret" not in one.out


def test_a_stop_ends_a_hung_check_and_all_it_started(daemon, tmp_path):
    """A stop ends a hung check and all it started, within five seconds."""
    pid = tmp_path / "pid"
    hung = f"trap '' TERM; sh -c 'trap \"\" TERM; echo $$ >{pid}; exec sleep 600' & wait; sleep 600"
    one = daemon(hung)
    one.client()
    number = int(wait_for(lambda: pid.exists() and pid.read_text().strip()))
    code, seconds = one.end()
    assert (code, seconds < 5) == (0, True)
    wait_for(lambda: not is_running(number))


def test_a_hung_check_is_killed_with_its_group_at_its_limit(tmp_path):
    """A hung check is killed with its group at its limit."""
    pid = tmp_path / "pid"
    child = Child(os.environ)
    assert child.run(["sh", "-c", f"sleep 600 & echo $! >{pid}; wait"], 0.5) is None
    wait_for(lambda: not is_running(int(pid.read_text())))
    assert Child(os.environ).run(["true"], 10) == 0


def test_after_a_stop_no_other_check_is_started(tmp_path):
    """After a stop no other check is started."""
    child = Child(os.environ)
    child.stop(0)
    assert child.run(["touch", str(tmp_path / "started")], 5) is None
    assert not (tmp_path / "started").exists()


def test_an_open_address_without_a_password_is_a_configuration_error(daemon):
    """An open address without a password is a configuration error."""
    one = daemon("true", listen="0.0.0.0:0")
    assert one.process.wait(20) == 78
    wait_for(lambda: "web.password_file" in one.out)
    assert "Traceback" not in one.out


@pytest.mark.parametrize(
    ("host", "words"), [("127.0.0.1", "is in use by another program"), ("no.such.host.invalid", "(no such address)")]
)
def test_an_address_that_cannot_be_had_is_said(daemon, host, words):
    """An address that cannot be had is said, with the setting for another one."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        one = daemon("true", listen=f"{host}:{taken.getsockname()[1]}", password="word")
        assert one.process.wait(20) == 1
    wait_for(lambda: words in one.out and "set web.listen in the config" in one.out)
    assert "Traceback" not in one.out


def test_systemd_hears_of_readiness_checks_and_the_end(daemon, tmp_path):
    """systemd hears of readiness, of completed checks and of the end; a check hears nothing of systemd."""
    address = str(tmp_path / "notify")
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as systemd:
        systemd.bind(address)
        systemd.settimeout(15)
        env = {"NOTIFY_SOCKET": address, "WATCHDOG_USEC": "30000000"}
        one = daemon(f"env >{tmp_path}/env", env=env, interval=300, deadline=60)
        heard = [systemd.recv(4096).decode() for _ in range(2)]
        # 2.5 intervals, and 90 s for the check itself
        assert "READY=1\nWATCHDOG_USEC=840000000\nWATCHDOG=1" in heard
        assert [text for text in heard if "STATUS=nothing to do; last checked" in text and text.endswith("WATCHDOG=1")]
        one.end()
        assert systemd.recv(4096).decode().startswith("STOPPING=1")
    assert "NOTIFY_SOCKET" not in (tmp_path / "env").read_text()
    assert "WATCHDOG_USEC" not in (tmp_path / "env").read_text()


def is_running(pid):
    try:
        return open(f"/proc/{pid}/stat").read().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def test_an_idle_daemon_sleeps(daemon, tmp_path):
    """An idle daemon sleeps: hardly a wake-up in five seconds."""
    one = daemon(copying(tmp_path))
    client = one.client()
    wait_for(lambda: checks(client)["ok"] == 1)
    pause(1)
    before = wakeups(one.process.pid)
    pause(5)
    assert wakeups(one.process.pid) - before <= 4


def wakeups(pid):
    total = 0
    for task in os.listdir(f"/proc/{pid}/task"):
        status = open(f"/proc/{pid}/task/{task}/status").read()
        total += int(status.rpartition("\nvoluntary_ctxt_switches:")[2].split()[0])
    return total
