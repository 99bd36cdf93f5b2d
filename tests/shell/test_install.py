"""`authwatch install` and `uninstall` as text: what is refused, what a crontab gets, from which installation it runs."""

import os
import plistlib
import subprocess
import sysconfig
import venv
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from monitor.doctor import schedulers
from monitor.setup import cron, termux
from monitor.setup.systemd import CHECK, DAEMON, render, shipped
from monitor.setup.user import UnitValues, User
from tests.command import ROOT, authwatch, configure, environment


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["install", "cron", "--system"], "--system works with systemd only"),
        (["install", "systemd", "--user-name", "x"], "--user-name needs --system"),
        (["install", "systemd", "--system", "--user-name", "no-such-user"], "no user 'no-such-user' on this machine"),
        (["install", "systemd", "--system", "--user-name", "../x"], "no user '../x' on this machine"),
        (["install", "systemd", "--home", "/x"], "install takes no --home"),
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
    assert f"your data was kept: ~/{path.parent.relative_to(tmp_path)}" in done.out


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
        assert cron.install(user, UnitValues(("/a",), tmp_path, environment={"PATH": path})) == 1
        assert "the crontab line would be longer than 998 bytes" in said[0]


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


ODD_PLACE = "~/o c%n \"x\" 'y' $HOME \\t é"


def shown(home: Path, way: str, **env: str) -> str:
    """What a dry run shows."""
    done = authwatch(home, "install", way, "--dry-run", env=env)
    assert done.code == 0, done.out + done.err
    return done.out


def unit_of(text: str) -> dict[str, str]:
    return schedulers._environment(text)


def line_of(text: str) -> dict[str, str]:
    line = next(one for one in text.splitlines() if one.startswith("*/5"))
    return schedulers._set(schedulers._words(line.replace(r"\%", "%")))


def job_of(text: str) -> dict[str, str]:
    document = text[text.index("<?xml") : text.index("</plist>") + len("</plist>")]
    return dict(plistlib.loads(document.encode())["EnvironmentVariables"])


MEDIA = {"systemd": unit_of, "cron": line_of, "launchd": job_of}


@pytest.mark.parametrize("way", MEDIA)
def test_the_variables_that_choose_places_are_taken_along_expanded(tmp_path, way):
    """What chooses where sources look goes along as it is set here, expanded; names of profiles as they are."""
    env = {"OPENCLAW_STATE_DIR": ODD_PLACE, "OPENCLAW_PROFILE": "work 100%", "CODEX_HOME": "~"}
    text = shown(tmp_path, way, **env)
    written = MEDIA[way](text)
    assert written["OPENCLAW_STATE_DIR"] == f"{tmp_path}/{ODD_PLACE[2:]}"
    assert (written["OPENCLAW_PROFILE"], written["CODEX_HOME"]) == ("work 100%", str(tmp_path))
    assert "checks will use these variables of your shell: CODEX_HOME=" in text
    other = MEDIA[way](shown(tmp_path, way, OPENCLAW_STATE_DIR="~/other"))
    assert (other["OPENCLAW_STATE_DIR"], "OPENCLAW_PROFILE" in other) == (f"{tmp_path}/other", False)


@pytest.mark.parametrize("way", MEDIA)
def test_only_variables_of_listed_sources_go_along_and_never_a_key(tmp_path, way):
    """Only the variables of listed sources go along, and never a key, however much it looks like a path."""
    configure(tmp_path, "sources: [codex, env, {type: claude-code, home: /home/bot}]\n")
    env = {
        "CODEX_HOME": "~/c",
        "OPENCLAW_STATE_DIR": "~/oc",
        "CLAUDE_CONFIG_DIR": "~/cc",
        "OPENAI_API_KEY": "/sk-FAKESECRET/x",
        "CODEX_ACCESS_TOKEN": "/at-FAKESECRET",
        "GROQ_API_KEY": "FAKESECRET",
    }
    text = shown(tmp_path, way, **env)
    assert "FAKESECRET" not in text
    assert MEDIA[way](text)["CODEX_HOME"] == f"{tmp_path}/c"
    assert not {"OPENCLAW_STATE_DIR", "CLAUDE_CONFIG_DIR"} & {*MEDIA[way](text)}


def test_the_line_of_cron_and_the_words_of_termux_arrive_as_they_were(tmp_path):
    """A shell that gets cron's line, or what Termux's script is given, has the values as they were."""
    value = f"{tmp_path}/{ODD_PLACE[2:]}"
    what = UnitValues(("/usr/bin/env",), tmp_path, environment={"OPENCLAW_STATE_DIR": value})
    for command in (cron.shell_line(what).partition(" check ")[0], f"exec env {termux.line(what)}"):
        done = subprocess.run(["/bin/sh", "-c", command], capture_output=True, text=True, check=True)
        assert f"OPENCLAW_STATE_DIR={value}\n" in done.stdout


@pytest.mark.parametrize("way", MEDIA)
def test_a_place_that_the_medium_cannot_hold_is_said(tmp_path, way):
    """A place that the medium cannot hold is said, without a traceback."""
    done = authwatch(tmp_path, "install", way, "--dry-run", env={"CODEX_HOME": "~/a\nb\x01"})
    assert done.code == 1
    assert "has characters that a" in done.out
    assert "Traceback" not in done.err


@pytest.mark.parametrize(
    ("value", "bound"),
    [
        ("/tmp/my oc 5%", '"-/tmp/my oc 5%%"'),
        ("/var/tmp/a/b", '"-/var/tmp/a/b"'),
        ("/home/me/tmp", None),
        ("work", None),
        ("/tmp/a:/srv/b", '"-/tmp/a"'),
    ],
)
def test_a_place_among_temporary_files_is_bound_into_the_units_own(value, bound):
    """Units have a /tmp of their own: a place in the machine's is bound into it, if it is there."""
    what = UnitValues(("/a",), Path("/s"), environment={"X": value}, locations={"X": value})
    for system in (False, True):
        for name in (CHECK, DAEMON):
            lines = [
                line.partition("=")[2]
                for line in render(shipped(name, system=system), what).splitlines()
                if line.startswith("BindReadOnlyPaths=")
            ]
            assert lines == ([bound] if bound else [])
            assert "BindReadOnlyPaths" not in render(shipped(name, system=system), replace(what, sandbox=False))


@pytest.mark.parametrize("way", MEDIA)
def test_no_folder_of_path_and_no_variable_stands_twice(tmp_path, way):
    """Each variable is set once, and each folder of PATH named once: a shell that is started in a shell doubles them."""
    path = "/opt/x/bin:/usr/bin:/bin:/opt/x/bin::relative:/usr/bin"
    text = shown(tmp_path, way, PATH=path)
    assert MEDIA[way](text)["PATH"] == "/opt/x/bin:/usr/bin:/bin"
    assert text.count("/opt/x/bin") == 1


@pytest.mark.parametrize(
    ("profile", "path"),
    [
        ("PATH=/opt/own/bin:/usr/bin:/usr/bin", "/opt/own/bin:/usr/bin"),
        ("echo noise; PATH=/opt/own/bin:/bin", "/opt/own/bin:/bin"),
        ("exit 3", "{home}/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
        ("sleep 60", "{home}/.local/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"),
    ],
)
def test_system_units_get_the_path_of_a_login_of_their_user(tmp_path, monkeypatch, profile, path):
    """A profile that says nothing, ends or hangs leaves a plain PATH."""
    import pwd

    from monitor.setup.user import path_of

    (tmp_path / ".local" / "bin").mkdir(parents=True)
    (tmp_path / ".profile").write_text(f"{profile}\n")
    me = pwd.getpwuid(os.geteuid())
    account = pwd.struct_passwd((me.pw_name, "x", me.pw_uid, me.pw_gid, "", str(tmp_path), "/bin/sh"))
    monkeypatch.setattr(pwd, "getpwnam", lambda _: account)
    assert path_of(me.pw_name, 3.0) == path.format(home=tmp_path)
