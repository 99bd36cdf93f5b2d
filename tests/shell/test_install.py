"""`authwatch install` and `uninstall` as text: what is refused, what a crontab gets, from which installation it runs."""

import subprocess
import sysconfig
import venv
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.setup import cron
from monitor.setup.units import Installation
from monitor.setup.user import User
from tests.command import ROOT, authwatch, configure, environment


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["install", "cron", "--system"], "--system is for systemd"),
        (["install", "systemd", "--user-name", "x"], "--user-name goes with --system"),
        (["install", "systemd", "--system", "--user-name", "no-such-user"], "there is no user 'no-such-user'"),
        (["install", "systemd", "--system", "--user-name", "../x"], "there is no user '../x'"),
        (["install", "systemd", "--home", "/x"], "watches its own user's home"),
        (["install", "windows"], "invalid choice"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(tmp_path, words, said):
    """What makes no sense is refused in words, as wrong usage."""
    done = authwatch(tmp_path, *words)
    assert (done.code, said in done.err) == (64, True), done.err
    assert "Traceback" not in done.err


def test_an_uninstall_needs_no_valid_config(tmp_path):
    """An uninstall needs no valid config, and names what it leaves."""
    path = configure(tmp_path, "nonsense: [\n")
    done = authwatch(tmp_path, "uninstall", "systemd")
    assert done.code == 0
    assert f"your data was left alone: {path.parent}" in done.out


@pytest.mark.parametrize(
    ("interval", "fields"),
    [
        (timedelta(seconds=5), "*/1 * * * *"),
        (timedelta(minutes=5), "*/5 * * * *"),
        (timedelta(minutes=7), "*/6 * * * *"),
        (timedelta(hours=5), "0 */4 * * *"),
        (timedelta(days=2), "0 0 * * *"),
    ],
)
def test_the_crontab_has_an_even_rhythm_no_slower_than_the_interval(interval, fields):
    """The crontab has an even rhythm no slower than the interval, but a minute and a day at the ends."""
    assert cron.calendar(interval) == fields


def test_a_line_that_cron_cannot_take_is_said(tmp_path):
    """A line that cron cannot take, too long or with a line end in it, is said and not written."""
    for path in ("x" * 1000, "/a\nb"):
        said = []
        user = User(tmp_path, {"PATH": "/nonexistent"}, said.append)
        assert cron.install(user, Installation(("/a",), tmp_path, environment={"PATH": path})) == 1
        assert "longer than cron takes" in said[0]


def test_it_runs_the_installation_that_was_asked(tmp_path):
    """What is written runs the very installation that was asked, here one in a place with an odd name."""
    place = tmp_path / 'tools $HOME 100% "q"'
    venv.create(place, symlinks=True)
    (site,) = place.glob("lib/python*/site-packages")
    (site / "here.pth").write_text(f"{ROOT}\n{sysconfig.get_path('purelib')}\n")
    script = place / "bin" / "authwatch"
    script.write_text("#!/bin/sh\n")
    script.chmod(0o755)
    home = tmp_path / "home"
    home.mkdir()
    argv = [place / "bin" / "python", "-m", "monitor.cli.main", "install", "systemd", "--dry-run"]
    done = subprocess.run(argv, env=environment(home), cwd=home, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    written = str(script).replace('"', '\\"').replace("%", "%%")
    assert f'"{written}" check --exit-zero\n' in done.stdout
    assert f'STATE_DIRECTORY={Path(home, ".local/state/authwatch")}"' in done.stdout
