"""Programs, units, crontab, port, channels, heartbeat: what runs and what arrives, each both ways."""

from __future__ import annotations

import os
import socket
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.doctor import machine, schedulers
from monitor.doctor.daemon import PortAnswer, answers
from monitor.doctor.model import Health
from monitor.setup import cron, launchd, managed_files
from monitor.setup.systemd import CHECK, DAEMON, TIMER, file_name, render, shipped
from monitor.setup.user import UnitValues
from tests.alerts.listener import listener
from tests.command import authwatch, configure, state
from tests.doctor.subjects import only, program, said, subject, wrong
from tests.openclaw_home import HOUR, openclaw, put, token
from tests.polling import eventually
from tests.receivers import web

# -- programs ---------------------------------------------------------------------------------------------------


def of(home: Path, name: str) -> list[tuple[str, str]]:
    return [(str(one.health), one.what) for one in said(home, "programs") if one.what.startswith(name)]


def test_a_program_whose_logins_are_here_has_to_be_on_path(tmp_path):
    assert of(tmp_path, "openclaw") == [], "nobody needs it"
    openclaw(tmp_path, {"anthropic:a": token()})
    found = only(said(tmp_path, "programs"))
    mend = "type -a openclaw  # in the shell or container that runs it"
    assert (found.what, found.mend) == ("openclaw is not on PATH", mend)
    program(tmp_path, "openclaw", "echo 'OpenClaw 2026.1.30 (76b5208)'")
    assert of(tmp_path, "openclaw") == [("fine", "openclaw 2026.1.30")]


@pytest.mark.parametrize("place", [".local/bin", ".nvm/versions/node/v22.1.0/bin"])
def test_a_program_beside_the_path_is_put_on_it(tmp_path, place):
    """A program that lies where a shell has it and a service has not is put on PATH, not installed once more."""
    openclaw(tmp_path, {"anthropic:a": token()})
    path = tmp_path / place / "openclaw"
    path.parent.mkdir(parents=True)
    put(path, "#!/bin/sh\n")
    path.chmod(0o755)
    assert only(said(tmp_path, "programs")).mend == f'export PATH={path.parent}:"$PATH"'


@pytest.mark.parametrize(
    ("script", "words"),
    [
        ("echo 'Node 20 is too old FAKESECRET' >&2; exit 1", "openclaw --version ended with code 1"),
        ("kill -9 $$", "openclaw --version was ended by signal 9"),
        ("echo FAKESECRET", "openclaw --version gave no version"),
        ("yes FAKESECRET", "openclaw --version wrote more than 65536 bytes"),
    ],
)
def test_a_program_that_cannot_say_its_version_is_a_warning(tmp_path, script, words):
    openclaw(tmp_path, {"anthropic:a": token()})
    program(tmp_path, "openclaw", script)
    found = only(said(tmp_path, "programs"))
    assert (found.what, found.mend) == (words, "openclaw --version")
    assert "FAKESECRET" not in str(found)


def test_a_file_that_no_system_can_start_is_a_warning(tmp_path):
    openclaw(tmp_path, {"anthropic:a": token()})
    path = program(tmp_path, "openclaw", "")
    path.write_bytes(b"\x7fELF nonsense")
    assert "could not be started" in only(said(tmp_path, "programs")).what


def test_slow_programs_are_asked_together_and_given_up_at_the_deadline(tmp_path, monkeypatch):
    monkeypatch.setattr(machine, "PATIENCE", 1.5)
    openclaw(tmp_path, {"anthropic:a": token()})
    (tmp_path / ".claude").mkdir()
    put(tmp_path / ".claude" / ".credentials.json", '{"claudeAiOauth": {"accessToken": "FAKESECRET", "expiresAt": 1}}')
    for name in ("openclaw", "claude"):
        program(tmp_path, name, f"touch {tmp_path}/{name}.started; sleep 60")
    began = time.monotonic()
    found = wrong(said(tmp_path, "programs"))
    assert time.monotonic() - began < 2.8, "one after the other takes three seconds"
    assert [one.what for one in found] == [
        "openclaw --version did not answer within 1.5 s",
        "claude --version did not answer within 1.5 s",
    ]


def test_a_program_is_started_without_the_secrets_of_our_environment(tmp_path):
    openclaw(tmp_path, {"anthropic:a": token()})
    program(tmp_path, "openclaw", f'env > {tmp_path}/environment; echo "$@" >> {tmp_path}/environment; echo 2026.9.6')
    said(tmp_path, "programs", ANTHROPIC_API_KEY="FAKESECRET", AUTHWATCH_CONFIG="")
    seen = (tmp_path / "environment").read_text()
    assert "--version" in seen
    assert "FAKESECRET" not in seen


def test_an_openclaw_older_than_the_one_that_wrote_its_config_is_a_warning(tmp_path):
    openclaw(tmp_path, {"anthropic:a": token()})
    put(tmp_path / ".openclaw" / "openclaw.json", '{"meta": {"lastTouchedVersion": "2026.5.7"}}')
    for version, speaks in (("2026.1.30", True), ("2026.5.7", False), ("2026.9.6", False)):
        program(tmp_path, "openclaw", f"echo {version}")
        assert [one.mend for one in wrong(said(tmp_path, "programs"))] == ["type -a openclaw"] * speaks


def test_another_authwatch_first_on_path_is_a_warning(tmp_path):
    (found,) = said(tmp_path, "programs")
    assert (found.health, found.mend) == (Health.FINE, f'export PATH={Path(sys.executable).parent}:"$PATH"')
    program(tmp_path, "authwatch", "echo authwatch 0.0.1")
    assert only(said(tmp_path, "programs")).mend == "type -a authwatch"


# -- what runs checks -------------------------------------------------------------------------------------------

ACTIVE = """\
case "$*" in
  *Version*) echo Version=257 ;;
  *NextElapse*) echo 'LoadState=loaded
UnitFileState=enabled
ActiveState=%s
Result=success
NextElapseUSecRealtime=Sun 2026-11-22 17:05:00 UTC' ;;
  *) echo Result=%s ;;
esac"""


def unit(home: Path, *names: str, state: Path | None = None, **environment: str) -> None:
    """The user's units as `install` writes them, of a program that exists."""
    what = UnitValues(("/bin/true",), state or home / ".local/state/authwatch", environment=environment)
    folder = home / ".config" / "systemd" / "user"
    folder.mkdir(parents=True, exist_ok=True)
    for name in names:
        (folder / file_name(name, "")).write_text(render(shipped(name), what))


def lingering(results: list) -> list:
    """What is wrong; whether this machine lets a user linger is not ours to say."""
    return [one for one in wrong(results) if "lingering" not in one.what]


def test_nothing_that_runs_checks_is_a_warning_with_what_suits_the_machine(tmp_path):
    assert only(said(tmp_path, "units")).mend == "authwatch serve"
    program(tmp_path, "crontab", "exit 1")
    assert only(said(tmp_path, "units")).mend == "authwatch install cron"
    program(tmp_path, "systemctl", "echo Version=257")
    assert only(said(tmp_path, "units")).mend == "authwatch install systemd --user --timer"
    program(tmp_path, "systemctl", "exit 1")
    assert only(said(tmp_path, "units")).mend == "authwatch install cron"


def test_a_timer_that_works_is_fine_and_says_when_it_is_due(tmp_path):
    unit(tmp_path, CHECK, TIMER)
    program(tmp_path, "systemctl", ACTIVE % ("active", "success"))
    found = said(tmp_path, "units")
    assert lingering(found) == []
    assert "authwatch-check.timer: enabled, active, next check Sun 22 Nov 2026, 17:05 UTC" in found[0].what


@pytest.mark.parametrize(
    ("script", "health", "mend"),
    [
        (ACTIVE % ("inactive", "success"), Health.BROKEN, "systemctl --user enable --now authwatch-check.timer"),
        (ACTIVE % ("active", "exit-code"), Health.BROKEN, "journalctl --user -u authwatch-check.service -n 20"),
        ("exit 1", Health.WARNING, "loginctl enable-linger"),
    ],
    ids=["stopped", "failed", "no session"],
)
def test_a_timer_that_does_not_work_says_what_starts_it(tmp_path, script, health, mend):
    unit(tmp_path, CHECK, TIMER)
    program(tmp_path, "systemctl", script)
    found = only(said(tmp_path, "units"))
    assert (found.health, found.mend) == (health, mend)


@pytest.mark.parametrize(("limit", "fine"), [("30s", False), ("1min 30s", True), ("infinity", True), ("1h", True)])
def test_a_unit_that_kills_a_check_too_soon_is_said(tmp_path, limit, fine):
    unit(tmp_path, CHECK, TIMER)
    program(tmp_path, "systemctl", ACTIVE % ("active", "success") + f"\necho TimeoutStartUSec={limit}")
    wrong = [one for one in said(tmp_path, "units") if "kills a check" in one.what]
    assert [one.mend for one in wrong] == ([] if fine else ["authwatch install systemd --user --timer"])


def test_a_unit_whose_program_is_gone_is_broken(tmp_path):
    unit(tmp_path, CHECK, TIMER)
    path = tmp_path / ".config/systemd/user" / CHECK
    path.write_text(path.read_text().replace("/bin/true", "/gone/bin/authwatch"))
    program(tmp_path, "systemctl", ACTIVE % ("active", "success"))
    found = only(said(tmp_path, "units"))
    assert "/gone/bin/authwatch, which does not exist" in found.what
    assert found.mend == "authwatch install systemd --user --timer"


def test_two_at_work_are_one_too_many(tmp_path):
    unit(tmp_path, CHECK, TIMER, DAEMON)
    program(tmp_path, "systemctl", ACTIVE % ("active", "success"))
    found = lingering(said(tmp_path, "units"))
    assert [one.mend for one in found] == ["systemctl --user disable --now authwatch.service"]


def test_the_crontab_counts(tmp_path):
    what = UnitValues(("/bin/true",), tmp_path / ".local/state/authwatch")
    line = managed_files.marked(f"*/5 * * * * {cron.shell_line(what)}")
    program(tmp_path, "crontab", f"cat <<'END'\nMAILTO=x\n{line}\nEND")
    (found,) = said(tmp_path, "units")
    assert found.what.startswith("the crontab line: */5 * * * *, ")
    assert wrong(said(tmp_path, "one state")) == []


def test_launchd_counts(tmp_path):
    what = UnitValues(("/bin/true",), tmp_path / "elsewhere")
    folder = tmp_path / "Library" / "LaunchAgents"
    folder.mkdir(parents=True)
    (folder / "authwatch.check.plist").write_text(launchd.render(what, "timer"))
    program(tmp_path, "launchctl", "exit 0")
    assert wrong(said(tmp_path, "units")) == []
    assert only(said(tmp_path, "one state")).mend == "authwatch install launchd"
    program(tmp_path, "launchctl", "exit 113")
    assert only(said(tmp_path, "units")).health is Health.BROKEN
    (folder / "authwatch.check.plist").write_text("nonsense")
    assert only(said(tmp_path, "units")).health is Health.BROKEN


# -- one state --------------------------------------------------------------------------------------------------


def test_a_timer_with_another_state_folder_is_a_warning(tmp_path):
    unit(tmp_path, CHECK, TIMER)
    assert wrong(said(tmp_path, "one state")) == []
    unit(tmp_path, CHECK, TIMER, state=tmp_path / "else where %h")
    found = only(said(tmp_path, "one state"))
    assert "keeps its state in ~/else where %h, this shell in ~/.local/state/authwatch" in found.what
    assert found.mend == "authwatch install systemd --user --timer"
    assert wrong(said(tmp_path, "one state", f"state: {tmp_path}/mine\n")) == [], "the config decides for both"


def test_a_timer_with_another_config_is_a_warning(tmp_path):
    unit(tmp_path, CHECK, TIMER)
    assert wrong(said(tmp_path, "one state", "host: x\n")) == [], "both look in the usual place"
    unit(tmp_path, CHECK, TIMER, AUTHWATCH_CONFIG=str(tmp_path / "other.yaml"))
    assert "reads ~/other.yaml" in only(said(tmp_path, "one state")).what


def test_a_timer_that_lacks_a_variable_of_this_prompt_is_a_warning_and_so_is_the_reverse(tmp_path):
    unit(tmp_path, CHECK, TIMER, CODEX_HOME=str(tmp_path / "c"))
    assert wrong(said(tmp_path, "one state", CODEX_HOME="~/c")) == [], "written otherwise, it is the same place"
    found = only(said(tmp_path, "one state", CODEX_HOME="~/c", OPENCLAW_STATE_DIR="~/oc"))
    assert found.what == "authwatch-check.timer has no OPENCLAW_STATE_DIR, this shell has OPENCLAW_STATE_DIR=~/oc"
    assert found.mend == "authwatch install systemd --user --timer"
    found = only(said(tmp_path, "one state", CODEX_HOME="/d"))
    assert found.what == "authwatch-check.timer has CODEX_HOME=~/c, this shell has CODEX_HOME=/d"
    found = only(said(tmp_path, "one state"))
    assert found.what == "authwatch-check.timer has CODEX_HOME=~/c, this shell has no CODEX_HOME"
    assert found.mend.startswith("export CODEX_HOME=~/c  # ")
    assert found.mend.endswith("authwatch install systemd --user --timer")
    assert wrong(said(tmp_path, "one state", "sources: [openclaw]\n")) == [], "what is not listed does not matter"
    assert wrong(said(tmp_path, "one state", "sources: [{type: codex, home: /x}]\n")) == [], "it asks for none"


def test_a_variable_that_was_added_by_hand_counts(tmp_path):
    unit(tmp_path, CHECK, TIMER)
    added = tmp_path / ".config/systemd/user/authwatch-check.service.d/override.conf"
    added.parent.mkdir()
    added.write_text(f'[Service]\nEnvironment="CODEX_HOME={tmp_path}/c d"\n')
    assert wrong(said(tmp_path, "one state", CODEX_HOME="~/c d")) == []
    assert "has CODEX_HOME=~/c d" in only(said(tmp_path, "one state")).what


def test_cron_and_launchd_are_compared_too(tmp_path):
    what = UnitValues(("/bin/true",), tmp_path / ".local/state/authwatch", environment={"CODEX_HOME": "/a 5%"})
    line = managed_files.marked(f"*/5 * * * * {cron.shell_line(what).replace('%', chr(92) + '%')}")
    program(tmp_path, "crontab", f"cat <<'END'\n{line}\nEND")
    folder = tmp_path / "Library" / "LaunchAgents"
    folder.mkdir(parents=True)
    (folder / "authwatch.check.plist").write_text(launchd.render(what, "timer"))
    assert wrong(said(tmp_path, "one state", CODEX_HOME="/a 5%")) == []
    found = wrong(said(tmp_path, "one state", CODEX_HOME="/b"))
    assert [one.mend for one in found] == ["authwatch install cron", "authwatch install launchd"]


def test_what_root_installs_is_told_the_variables(tmp_path):
    from monitor.doctor.schedulers import Runner, one_state

    sick = subject(tmp_path, OPENCLAW_STATE_DIR="~/my oc", CODEX_HOME="/c")
    place = {"STATE_DIRECTORY": str(tmp_path / ".local/state/authwatch"), "CODEX_HOME": "/c"}
    system = Runner("x", False, True, "", "", "", "sudo authwatch install systemd --system", environment=place)
    sick.memo["runners"] = (system,)
    found = only(one_state(sick))
    assert found.mend == "sudo env CODEX_HOME=/c OPENCLAW_STATE_DIR=~/'my oc' authwatch install systemd --system"


@given(
    st.text(st.characters(categories=["L", "N", "P", "S", "Zs"]), min_size=1).filter(str.isprintable),
    st.text(st.sampled_from("ab %$\"'\\="), max_size=12),
)
def test_whatever_install_writes_into_a_unit_or_a_crontab_is_read_back(place, value):
    what = UnitValues(("/bin/true",), Path("/") / place.replace("/", "-"), environment={"X": value})
    assert schedulers._environment(render(shipped(CHECK), what)) == {"STATE_DIRECTORY": str(what.state), "X": value}
    assert schedulers._program(render(shipped(CHECK), what)) == "/bin/true"
    odd = UnitValues((f'/bin/{place} "x"',), what.state)
    assert schedulers._program(render(shipped(DAEMON), odd)) == f'/bin/{place} "x"'
    words = schedulers._words(f"*/5 * * * * {cron.shell_line(what)}")[5:]
    assert schedulers._set(words) == {"STATE_DIRECTORY": str(what.state), "X": value}
    assert schedulers._called(words) == "/bin/true"


# -- port -------------------------------------------------------------------------------------------------------


@pytest.fixture
def taken():
    with socket.create_server(("127.0.0.1", 0)) as there:
        yield there.getsockname()[1]


def listen(port: int) -> str:
    return f"web: {{listen: '127.0.0.1:{port}'}}\n"


def free() -> int:
    with socket.create_server(("127.0.0.1", 0)) as there:
        return int(there.getsockname()[1])


def test_a_free_port_is_fine(tmp_path):
    (found,) = said(tmp_path, "port", listen(free()))
    assert (found.health, "is free" in found.what) == (Health.FINE, True)


@pytest.mark.parametrize("installed", [False, True])
def test_a_port_of_others_matters_where_the_daemon_is_installed(tmp_path, installed):
    if installed:
        unit(tmp_path, DAEMON)
    with listener() as there:
        port = there.port
        (found,) = said(tmp_path, "port", listen(port))
    assert found.health is (Health.BROKEN if installed else Health.FINE)
    name = Path("/proc/self/comm").read_text().strip()
    assert found.what == f"127.0.0.1:{port} is in use by another program ({name}, pid {os.getpid()})"
    assert f"127.0.0.1:{port + 1}" in found.why
    assert found.mend == f"ss -ltnp 'sport = :{port}'"


def test_somebody_silent_at_the_port_is_not_us(tmp_path, taken):
    unit(tmp_path, DAEMON)
    assert only(said(tmp_path, "port", listen(taken))).what.startswith(
        f"127.0.0.1:{taken} is in use by another program"
    )


def test_a_daemon_that_runs_and_does_not_answer_is_broken(tmp_path):
    unit(tmp_path, DAEMON)
    program(tmp_path, "systemctl", ACTIVE % ("active", "success"))
    found = only(said(tmp_path, "port", listen(free())))
    assert (found.health, found.mend) == (Health.BROKEN, "journalctl --user -u authwatch.service -n 20")


def test_an_address_that_is_open_to_others_without_a_password_is_said(tmp_path):
    assert "password_file" in only(said(tmp_path, "port", "web: {listen: '0.0.0.0:9797'}\n")).what


def test_an_address_that_is_not_of_this_machine_is_said(tmp_path):
    (tmp_path / ".config/authwatch").mkdir(parents=True)
    (tmp_path / ".config/authwatch/word").write_text("word\n")
    unit(tmp_path, DAEMON)
    found = only(said(tmp_path, "port", "web: {listen: '203.0.113.1:9797', password_file: word}\n"))
    assert found.what.startswith("203.0.113.1:9797 is not an address of this machine; set web.listen")


def test_our_own_daemon_is_known_from_anothers(tmp_path):
    """The real daemon, once with our state folder and once with another."""
    import subprocess

    from tests.command import argv, environment

    openclaw(tmp_path, {"anthropic:a": token()})
    port = free()
    configure(tmp_path, listen(port))
    daemon = subprocess.Popen(argv("serve"), env=environment(tmp_path), cwd=tmp_path, stderr=subprocess.DEVNULL)
    try:
        eventually((state(tmp_path) / "checkpoint").exists)
        eventually(lambda: answers(subject(tmp_path)) is not PortAnswer.NOBODY)
        assert said(tmp_path, "port")[0].what == f"the authwatch daemon answers at http://127.0.0.1:{port}/"
        assert wrong(said(tmp_path, "units")) == [], "something else started it"
        other = subject(tmp_path, STATE_DIRECTORY=str(tmp_path / "another"))
        assert said(other, "port")[0].what.endswith("is in use by an authwatch daemon of another user or state folder")
    finally:
        daemon.terminate()
        daemon.wait(20)


# -- channels and heartbeat -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("channel", "speaks"),
    [
        ("{url: 'json://127.0.0.1/FAKESECRET'}", False),
        ("{url: 'ntfys://ntfy.sh/FAKESECRET'}", False),
        ("{url: 'print://'}", False),
        ("{url: 'nosuch://FAKESECRET'}", True),
        ("{url: 'tgram://FAKESECRET'}", True),
        ("{url: 'https://example.org/FAKESECRET'}", True),
        ("{url_file: gone}", True),
        ("{url: 'ntfys://ntfy.sh/${NOT_SET}'}", True),
    ],
)
def test_a_channel_that_cannot_be_loaded_is_broken(tmp_path, channel, speaks):
    found = said(tmp_path, "channels", f"channels: {{phone: {channel}}}\n")
    assert [one.health for one in found] == [Health.BROKEN if speaks else Health.FINE]
    assert found[0].what.startswith("phone")
    assert "FAKESECRET" not in str(found)


def test_no_channel_is_a_warning(tmp_path):
    assert only(said(tmp_path, "channels")).mend == "authwatch onboard"


def test_loading_a_channel_sends_nothing(tmp_path):
    with web() as there:
        assert wrong(said(tmp_path, "channels", f"channels: {{a: {{url: 'json://127.0.0.1:{there.port}/x'}}}}\n")) == []
        assert there.received == []


def test_a_heartbeat_is_known_by_when_it_was_last_heard(tmp_path):
    openclaw(tmp_path, {"anthropic:a": token()})
    (found,) = said(tmp_path, "heartbeat")
    assert (found.health, found.what) == (Health.FINE, "not configured")
    with listener() as far:
        configure(tmp_path, f"heartbeat: {{url: '{far.url('ping/FAKESECRET')}'}}\n")
        assert "the first check sends" in said(tmp_path, "heartbeat")[0].what
        far.status = 500
        authwatch(tmp_path, "check")
        assert only(said(tmp_path, "heartbeat")).what.startswith("heartbeat ping failed")
        far.status = 200
        authwatch(tmp_path, "check")
    (found,) = said(tmp_path, "heartbeat")
    assert (found.health, found.what.startswith("last ping arrived")) == (Health.FINE, True)
    os.utime(state(tmp_path) / "heartbeat", (time.time() - 5 * HOUR,) * 2)
    assert only(said(tmp_path, "heartbeat")).what.startswith("last ping arrived")


def test_a_heartbeat_whose_address_cannot_be_had_is_broken(tmp_path):
    assert only(said(tmp_path, "heartbeat", "heartbeat: {url_file: gone}\n")).health is Health.BROKEN


# -- a phone ----------------------------------------------------------------------------------------------------


def test_a_phone_has_its_own_way(tmp_path):
    prefix = tmp_path / "com.termux" / "files" / "usr"
    (prefix / "bin").mkdir(parents=True)
    (prefix / "bin" / "sh").touch()
    phone = {"PREFIX": str(prefix)}
    assert only(said(tmp_path, "units", **phone)).mend == "authwatch install termux"
    share = tmp_path / ".local" / "share" / "authwatch"
    share.mkdir(parents=True)
    (share / "check").touch()
    (share / "authwatch").write_text(f"#!/bin/sh\nexec env STATE_DIRECTORY='{tmp_path}/my state' /bin/true \"$@\"\n")
    (found,) = said(tmp_path, "units", **phone)
    assert (found.health, found.what.startswith("the Android job")) == (Health.FINE, True)
    found = only(said(tmp_path, "one state", **phone))
    assert ("~/my state" in found.what, found.mend) == (True, "authwatch install termux")


def test_a_phone_whose_job_and_service_both_run_is_a_warning(tmp_path):
    """What an older set-up left: the job of Android beside the service; one that is disabled counts for nothing."""
    prefix = tmp_path / "com.termux" / "files" / "usr"
    service = prefix / "var" / "service" / "authwatch"
    share = tmp_path / ".local" / "share" / "authwatch"
    for folder in (prefix / "bin", service, share):
        folder.mkdir(parents=True)
    for path in (prefix / "bin" / "sh", share / "check", service / "run"):
        path.touch()
    (share / "authwatch").write_text('#!/bin/sh\nexec env /bin/true "$@"\n')
    found = only(said(tmp_path, "units", PREFIX=str(prefix)))
    assert found.what == "the Android job and the Termux service authwatch are both running"
    assert found.mend == "authwatch install termux --daemon  # or without --daemon"
    (service / "down").touch()
    assert wrong(said(tmp_path, "units", PREFIX=str(prefix))) == []
    (share / "settings").write_text("how=here\nruns=daemon\n")
    assert only(said(tmp_path, "units", PREFIX=str(prefix))).health is Health.BROKEN
    (service / "down").unlink()
    (found,) = said(tmp_path, "units", PREFIX=str(prefix))
    assert (found.health, found.what) == (Health.FINE, "the Termux service authwatch: enabled")
