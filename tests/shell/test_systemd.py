"""Timer and daemon under a real systemd, booted once for all of these tests."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from monitor.setup.systemd import NO_SYSTEMCTL, User, install
from monitor.setup.units import CHECK, DAEMON, TIMER, Installation

HERE = Path(__file__).parent
UNITS = "/home/tester/.config/systemd/user"


@pytest.fixture(scope="module")
def steps(tmp_path_factory):
    """What each step of in_systemd.sh said, and its status: `steps("timer") -> (status, text)`."""
    for reason, so in {
        "systemd-nspawn is not installed (Debian: systemd-container)": shutil.which("systemd-nspawn"),
        "booting a systemd needs root": os.geteuid() == 0,
        "dbus for users is not installed (Debian: dbus-user-session)": Path(
            "/usr/lib/systemd/user/dbus.socket"
        ).exists(),
    }.items():
        if not so:
            pytest.skip(reason)
    out = tmp_path_factory.mktemp("out")
    shown = {
        "/opt/authwatch": HERE.parents[1],
        "/opt/site": sysconfig.get_path("purelib"),
        "/opt/python": sys.base_prefix,
    }
    binds = [word for inside, here in shown.items() for word in ("-b", f"{here}:{inside}")]
    command = [HERE / "boot-systemd.sh", *binds, "-w", f"{out}:/out", ". /opt/authwatch/tests/shell/in_systemd.sh"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=240, check=False)
    assert done.returncode == 0, done.stdout + done.stderr

    def step(name):
        return int((out / f"{name}.rc").read_text()), (out / name).read_text()

    step.out = out
    return step


def test_without_a_session_the_way_out_is_said(steps):
    """Without a session the way out is said, and nothing is written."""
    status, text = steps("no-bus")
    assert status == 1
    assert "loginctl enable-linger" in text
    assert steps("nothing-there") == (0, f"there are no units of authwatch in {UNITS}\n")


def test_a_dry_run_shows_all_and_writes_nothing(steps):
    """A dry run shows all and writes nothing."""
    status, text = steps("dry-run")
    assert status == 0
    assert f"would write {UNITS}/{CHECK}" in text
    assert "OnCalendar=*:*:0/2\n" in text
    assert steps("after-dry-run")[0] == 2  # no such folder


def test_the_timer_is_installed_and_its_first_pass_awaited(steps):
    """The timer is installed, its first pass awaited and the next one named; lingering needs no hint."""
    status, text = steps("timer")
    assert status == 0
    assert re.search(r"a first pass is done; the next one is due (\w{3} \d{4}-\d\d-\d\d|soon)", text)
    assert "linger" not in text
    assert steps("verify") == (0, "")


def test_the_timer_fires_and_odd_names_survive(steps):
    """The timer fires, and spaces, `$`, `%`, quotes and backslashes in every path survive."""
    passes = [json.loads(line) for line in (steps.out / "seen.jsonl").read_text().splitlines()]
    assert len(passes) >= 3
    assert passes[0]["argv"] == ["--config", "/home/tester/$x %n.yaml", "check", "--exit-zero"]
    assert passes[0]["path"] == "/usr/bin:/bin"


def test_a_pass_reads_the_stores_and_writes_only_its_state(steps):
    """A pass reads the stores and writes only its state; Python and SQLAlchemy work in the sandbox."""
    (first, *_) = [json.loads(line) for line in (steps.out / "seen.jsonl").read_text().splitlines()]
    assert "planted" in first["store"]
    assert not first["home_is_writable"]
    assert not first["system_is_writable"]
    assert first["tmp"] == []
    assert (first["core"], first["umask"]) == (0, 0o077)
    assert first["sqlalchemy"]


def test_the_journal_has_errors_and_no_results(steps):
    """The journal has errors and no results."""
    journal = (steps.out / "journal").read_text()
    assert "an error of a pass" in journal
    assert "what a pass prints" not in journal


def test_a_second_install_is_no_different(steps):
    """A second install is no different."""
    assert steps("again")[0] == 0


def test_a_changed_unit_is_not_overwritten_unasked(steps):
    """A changed unit is not overwritten unasked, nor removed."""
    status, text = steps("changed")
    assert status == 1
    assert f"{TIMER} was changed by hand" in text
    assert "wrote" not in text
    assert steps("forced")[0] == 0
    status, text = steps("uninstall-changed")
    assert status == 1
    assert f"kept, because they were changed by hand: {DAEMON}" in text


def test_the_daemon_is_ready_watched_and_serves(steps):
    """The daemon is ready, watched by its own measure, and serves."""
    status, text = steps("daemon")
    assert status == 0
    assert f"{DAEMON} runs and has finished its first pass" in text
    assert f"{TIMER} is installed as well" in text
    assert steps("ready")[0] == 0
    assert "last success" in steps("ready")[1]
    state = dict(line.split("=", 1) for line in steps("daemon-state")[1].splitlines())
    assert state["ActiveState"] == "active"
    assert state["NRestarts"] == "0"
    assert state["WatchdogUSec"] == "1min 15s"  # 2.5 intervals of 2 s, and 70 s for a pass
    assert re.fullmatch(r"last pass .* UTC: findings", state["StatusText"])


def test_an_uninstall_leaves_only_the_state(steps):
    """An uninstall leaves only the state."""
    assert steps("uninstall")[0] == 0
    status, text = steps("after-uninstall")
    assert status == 0
    assert ".service" not in text
    assert ".timer\n" not in text
    assert "seen.jsonl" in text
    assert steps("units-left") == (0, "")


def test_where_sandboxes_are_forbidden_it_runs_without_one_and_says_so(steps):
    """Where sandboxes are forbidden it runs without one, and says so."""
    for name in ("without-sandbox", "daemon-without-sandbox"):
        status, text = steps(name)
        assert (status, "trying again without one" in text) == (0, True)
    unit = steps("strict-unit")[1]
    assert "PrivateUsers" not in unit
    assert "UMask=0077" in unit


def test_without_systemctl_the_other_ways_are_named(tmp_path):
    """Without systemctl the other ways are named, and nothing is written."""
    said = []
    user = User(tmp_path, {"PATH": str(tmp_path)}, said.append)
    assert install(user, Installation(("/authwatch",), tmp_path / "state")) == 1
    assert said == [NO_SYSTEMCTL]
    assert list(tmp_path.iterdir()) == []


def test_a_command_that_no_unit_can_hold_is_said(tmp_path):
    """A command that no unit can hold is said."""
    said = []
    user = User(tmp_path, {"PATH": "/usr/bin"}, said.append)
    assert install(user, Installation(("/a\nb",), tmp_path / "state")) == 1
    assert "cannot hold" in said[0]
