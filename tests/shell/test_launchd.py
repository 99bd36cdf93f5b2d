"""launchd's property lists, and what is asked of launchctl; the check that it starts is a real one."""

import plistlib
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.setup.launchd import LABELS, render
from monitor.setup.managed_files import is_as_written
from monitor.setup.user import UnitValues
from tests.command import authwatch, configure, environment, state
from tests.openclaw_home import HOUR, openclaw, token

HERE = Path(__file__).parent
ODD = 'a $HOME ${x} 100% "b" <c> & \\n é'


@pytest.fixture
def mac(tmp_path):
    """A home of a Mac: its launchctl in PATH, a login that has ended."""
    home = tmp_path / "Users" / 'a $HOME 100% "b" <c> &'
    home.mkdir(parents=True)
    programs = tmp_path / "bin"
    programs.mkdir()
    shutil.copy(HERE / "launchctl", programs / "launchctl")
    openclaw(home, {"anthropic:default": token(ends_in=-HOUR)})
    env = {"PATH": f"{programs}:{environment(home)['PATH']}", "CALLS": str(tmp_path / "calls")}

    def run(*words):
        return authwatch(home, *words, env=env)

    run.home, run.calls = home, tmp_path / "calls"
    return run


@pytest.mark.parametrize("kind", LABELS)
def test_a_property_list_reads_back_as_it_was_meant(kind):
    """A property list reads back as it was meant, odd names included; the mark does not disturb its reader."""
    what = UnitValues((ODD, "-m", "x"), Path("/s") / ODD, timedelta(minutes=7), environment={"PATH": ODD})
    text = render(what, kind)
    job = plistlib.loads(text.encode())
    assert job["Label"] == LABELS[kind]
    assert job["ProgramArguments"][:3] == [ODD, "-m", "x"]
    assert job["EnvironmentVariables"] == {"PATH": ODD, "STATE_DIRECTORY": f"/s/{ODD}"}
    assert job.get("StartInterval") == (420 if kind == "timer" else None)
    assert is_as_written(text)
    assert not is_as_written(text.replace("420", "421").replace("serve", "server"))
    if plutil := shutil.which("plutil"):
        assert subprocess.run([plutil, "-lint", "-"], input=text.encode(), check=False).returncode == 0


def test_the_agent_is_loaded_its_check_awaited_and_taken_out_again(mac):
    """The agent is loaded, its check awaited in the prompt's own state folder, and taken out again."""
    configure(mac.home, "interval: 10m\n")
    done = mac("install", "launchd")
    assert (done.code, done.err) == (0, "")
    assert "authwatch.check is running, checking every 10 min\nfirst check done, next check within 10 min\n" in done.out
    assert (state(mac.home) / "status.json").exists()
    path = mac.home / "Library" / "LaunchAgents" / "authwatch.check.plist"
    boot, load = mac.calls.read_text().splitlines()
    assert boot.startswith("bootout gui/")
    assert load.startswith("bootstrap gui/")
    assert load.endswith(str(path))
    text = path.read_text()
    path.write_text(text.replace("600", "601"))
    assert (mac("install", "launchd").code, mac("uninstall", "launchd").code) == (1, 1)
    assert mac("install", "launchd", "--force").code == 0
    assert path.read_text() == text
    done = mac("uninstall", "launchd")
    assert done.code == 0
    assert not path.exists()
    assert f"your data was kept: ~/{state(mac.home).relative_to(mac.home)}" in done.out


def test_without_launchctl_the_other_ways_are_named(tmp_path):
    """Without launchctl the other ways are named, and nothing is written."""
    done = authwatch(tmp_path, "install", "launchd", env={"PATH": str(tmp_path)})
    assert done.code == 1
    assert "install systemd" in done.out
    assert not (tmp_path / "Library").exists()


CRONTAB = """#!/bin/sh
tab="$HOME/tab"
case $1 in
  -l) cat "$tab" 2>/dev/null || { echo no crontab >&2; exit 1; } ;;
  -r) rm "$tab" ;;
  -) cat >"$tab" ;;
esac
"""


def test_the_other_agent_is_replaced_and_that_is_said(mac):
    """Installing the timer takes the daemon's agent out, and says so; one that was edited by hand is unloaded and kept."""
    agents = mac.home / "Library" / "LaunchAgents"
    agents.mkdir(parents=True)
    daemon = agents / "authwatch.serve.plist"
    text = render(UnitValues(("/bin/true",), state(mac.home)), "daemon")
    daemon.write_text(text)
    done = mac("install", "launchd")
    assert done.code == 0
    assert (
        "authwatch.check replaces authwatch.serve\nremoved ~/Library/LaunchAgents/authwatch.serve.plist\n" in done.out
    )
    assert [path.name for path in agents.iterdir()] == ["authwatch.check.plist"]
    assert "/authwatch.serve" in mac.calls.read_text()
    daemon.write_text(text.replace("serve", "served"))
    done = mac("install", "launchd")
    assert "kept ~/Library/LaunchAgents/authwatch.serve.plist: it was edited by hand" in done.out


def test_what_another_scheduler_runs_is_replaced_too(mac):
    """cron after launchd, and launchd after cron: one of them runs the checks, and what goes is said."""
    crontab = mac.home.parents[1] / "bin" / "crontab"
    crontab.write_text(CRONTAB)
    crontab.chmod(0o755)
    done = mac("install", "cron")
    assert done.code == 0, done.out
    tab = mac.home / "tab"
    assert "check --exit-zero" in tab.read_text()
    assert "\nlog:    " in done.out
    assert "\nremove: authwatch uninstall cron\n" in done.out
    done = mac("install", "launchd")
    assert (done.code, tab.exists()) == (0, False)
    assert "launchd replaces cron\nremoved the authwatch line from the crontab\n" in done.out
    done = mac("install", "cron")
    assert "cron replaces launchd\nremoved ~/Library/LaunchAgents/authwatch.check.plist\n" in done.out
    assert not (mac.home / "Library" / "LaunchAgents" / "authwatch.check.plist").exists()
    tab.write_text(tab.read_text().replace("--exit-zero", "--json"))
    done = mac("install", "launchd")
    assert "cron still runs checks as well; remove it: authwatch uninstall cron --force" in done.out
