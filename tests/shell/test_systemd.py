"""Timer and daemon under a real systemd, booted once for all of these tests; what they look at, in_systemd.sh did."""

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
from pathlib import Path

import pytest

from monitor.setup.systemd import CHECK, DAEMON, NO_SYSTEMCTL, TIMER, install
from monitor.setup.user import UnitValues, User
from tests.shell.transcripts import SHOWN, column, facts, said, transcript

HERE = Path(__file__).parent
UNITS = "/home/tester/.config/systemd/user"
STATE = '/home/tester/my $HOME %h "state" \\n/authwatch'

NEEDED = {
    "systemd-nspawn is not installed (Debian: systemd-container)": bool(shutil.which("systemd-nspawn")),
    "booting a systemd needs root": os.geteuid() == 0,
    "dbus for users is not installed (Debian: dbus-user-session)": Path("/usr/lib/systemd/user/dbus.socket").exists(),
}


def boot(out, tree="/"):
    """Runs in_systemd.sh in a systemd of its own, of this machine or of another tree; its results are in `out`."""
    out.chmod(0o777)
    shown = {
        "/opt/authwatch": HERE.parents[1],
        "/opt/site": sysconfig.get_path("purelib"),
        "/opt/python": sys.base_prefix,
    }
    binds = [word for inside, here in shown.items() for word in ("-b", f"{here}:{inside}")]
    words = ["-r", tree, *binds, "-w", f"{out}:/out", ". /opt/authwatch/tests/shell/in_systemd.sh"]
    done = subprocess.run([HERE / "boot-systemd.sh", *words], capture_output=True, text=True, timeout=400, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


#: This machine's systemd, and those of the trees named in $AUTHWATCH_TREES (docs/systemd.md says how to make one).
TREES = ["/", *filter(None, os.environ.get("AUTHWATCH_TREES", "").split(":"))]


@pytest.fixture(scope="module", params=TREES)
def steps(request, tmp_path_factory):
    """What each step of in_systemd.sh said, and its status: `steps("timer") -> (status, text)`."""
    for reason, so in NEEDED.items():
        if not so:
            pytest.skip(reason)
    out = tmp_path_factory.mktemp("out")
    boot(out, request.param)

    def step(name):
        return int((out / f"{name}.rc").read_text()), (out / name).read_text()

    step.out, step.tree = out, request.param
    return step


def properties(text):
    return dict(line.split("=", 1) for line in text.splitlines())


def test_without_a_session_the_way_out_is_said(steps):
    """Without a session the way out is said, and nothing is written."""
    status, text = steps("no-bus")
    assert status == 1
    assert "loginctl enable-linger" in text
    assert steps("nothing-there")[0] == 0
    assert "no authwatch units in ~/.config/systemd/user\n" in steps("nothing-there")[1]


def test_a_dry_run_shows_all_and_writes_nothing(steps):
    """A dry run shows all and writes nothing."""
    status, text = steps("dry-run")
    assert status == 0
    assert f"would write ~/.config/systemd/user/{CHECK}:" in text
    assert "OnCalendar=*:*:0/2\n" in text
    assert steps("after-dry-run")[0] == 2  # no such folder


def test_the_timer_is_installed_and_its_first_check_awaited(steps):
    """The timer is installed, its first check awaited and the next one named; lingering needs no hint."""
    status, text = steps("timer")
    assert status == 0
    assert f"{TIMER} is running, checking every 2 s\n" in text
    assert re.search(r"first check done, next check (now|in \d s|\d s ago|within 2 s)", text), text
    assert "log:    journalctl --user -u authwatch-check.service -n 20\n" in text
    assert "remove: authwatch uninstall systemd\n" in text
    assert "linger" not in text
    assert steps("verify") == (0, "")


def test_the_timer_fires_and_a_finding_leaves_the_unit_green(steps):
    """The timer fires; a finding, a login that has ended, leaves the unit green."""
    for name in ("fired", "system-fired"):
        unit = properties(steps(name)[1])
        assert (unit["Result"], unit["ExecMainStatus"]) == ("success", "0")
        assert unit["ActiveState"] != "failed"
    journal = (steps.out / "journal").read_text()
    assert journal.count("Starting authwatch-check.service") >= 3
    assert journal.count("Starting authwatch-check@tester.service") >= 3


@pytest.mark.parametrize("name", ["status", "system-status"])
def test_a_check_reads_the_wal_store_that_a_live_process_owns(steps, name):
    """From its sandbox a check reads a login that lies in the `-wal` of a live process alone; the prompt sees the same
    history."""
    (profile,) = json.loads(steps(name)[1])["profiles"]
    assert (profile["key"], profile["state"]) == ("openclaw/main/anthropic:live", "expired")
    assert steps("touched")[1].split() == ["openclaw.sqlite", "openclaw.sqlite-shm", "openclaw.sqlite-wal"]


def test_the_state_lands_where_the_prompt_has_it(steps):
    """The state lands where the prompt has it, under names with spaces, `$`, `%`, quotes and backslashes; the
    machine's unit leaves it to its user."""
    status, text = steps("places")
    assert status == 2  # nothing in the usual place: $XDG_STATE_HOME named another
    assert STATE in text
    assert {"checkpoint", "history.sqlite", "status.json"} <= set(text.split())
    for line in steps("system-state")[1].splitlines():
        assert re.fullmatch(r"tester [67]00 /home/tester/.local/state/authwatch(/\S+)?", line)
    assert "/home/tester/.local/state/authwatch/history.sqlite" in steps("system-state")[1]


def test_the_sandbox_lets_a_check_write_its_state_only(steps):
    """The sandbox lets a check write its state only; temporary files of others are unseen."""
    status, text = steps("sandbox")
    assert status == 0
    assert "can write" not in text
    assert "tmp: \n" in text
    assert "umask 0077" in text
    assert re.search(r"Max core file size\s+0\s+0", text)


def test_secrets_arrive_as_credentials(steps):
    """A channel whose address only systemd can read delivers: once from the user's units, once from the machine's."""
    received = [line for line in (steps.out / "received").read_text().splitlines() if line.startswith("{")]
    before = [line for line in (steps.out / "received-before").read_text().splitlines() if line.startswith("{")]
    assert (len(before), len(received)) == (1, 2)
    assert all("anthropic:live" in line for line in received)


def test_the_journal_has_no_results_and_no_secrets(steps):
    """The journal has no results and no secrets."""
    journal = (steps.out / "journal").read_text()
    assert "authwatch: listening on" in journal
    for absent in ("paste-token", "planted-secret", "8099"):
        assert absent not in journal


def test_a_check_looks_where_a_variable_of_the_shell_led_the_installation(steps):
    """A check looks where a variable of the shell led the installation, in /tmp as well; a prompt without it is told."""
    status, text = steps("located")
    assert (status, "checks will use these variables of your shell: OPENCLAW_STATE_DIR=" in text) == (0, True)
    (profile,) = json.loads(steps("located-status")[1])["profiles"]
    assert (profile["key"], profile["problem"]) == ("openclaw/main/anthropic:located", None)
    (apart,) = [one for one in diagnosis(steps, "located-doctor", "one state") if one[0] == "warning"]
    assert "this shell has no OPENCLAW_STATE_DIR" in apart[1]
    assert apart[2].startswith("export OPENCLAW_STATE_DIR='/tmp/my \"oc\" %h'  # ")


def test_a_second_install_is_no_different(steps):
    """A second install is no different."""
    assert steps("again")[0] == 0


def test_what_the_gateway_is_started_with_is_read_from_the_sandbox(steps):
    """A key in a file that only the gateway's unit names is read, in the sandbox of a check."""
    profiles = {one["key"]: one for one in json.loads(steps("gateway-status")[1])["profiles"]}
    assert profiles["openclaw/-/OPENROUTER_API_KEY"]["store"] == "~/gateway.env"


def test_a_changed_unit_is_not_overwritten_unasked(steps):
    """A changed unit is not overwritten unasked, nor removed."""
    status, text = steps("changed")
    assert status == 1
    assert f"{TIMER} was edited by hand" in text
    assert "wrote" not in text
    assert steps("forced")[0] == 0
    status, text = steps("uninstall-changed")
    assert status == 1
    assert f"kept ~/.config/systemd/user/{DAEMON}: it was edited by hand (--force removes it)" in text


def test_a_broken_installation_is_red_and_says_so_once(steps):
    """A broken installation turns its unit red and triggers OnFailure, which runs the user's hook, once an hour."""
    for broken, hook, unit in (
        ("broken", "hook", "authwatch-check.service"),
        ("system-broken", "system-hook", "authwatch-check@tester.service"),
    ):
        found = properties(steps(broken)[1])
        assert (found["ActiveState"], found["Result"]) == ("failed", "exit-code")
        text = steps(hook)[1]
        assert text.count(f"{unit} failed (exit-code, 127): nobody is notified about logins until this is fixed") == 1
        assert text.count(f"the hook was told of {unit}: exit-code, 127") == 1


def test_the_daemon_is_ready_watched_and_serves(steps):
    """The daemon is ready, watched by its own measure, and serves."""
    status, text = steps("daemon")
    assert status == 0
    assert f"{DAEMON} is running, checking every 2 s\nfirst check done, next check within 2 s\n" in text
    assert "page:   http://127.0.0.1:9797/\n" in text
    assert f"{DAEMON} replaces {CHECK} and {TIMER}\n" in text
    assert steps("daemon-units")[1].split() == ["authwatch-failure@.service", DAEMON]
    assert steps("ready")[0] == 0
    assert "last success" in steps("ready")[1]
    state = properties(steps("daemon-state")[1])
    assert (state["ActiveState"], state["NRestarts"]) == ("active", "0")
    assert (
        state["WatchdogUSec"] == "39s"
    )  # 2.5 intervals of 2 s; 4 s to send, 20 s for the rest of a check, 10 s of grace
    assert state["StatusText"].startswith("a login needs you now; last checked ")


def test_a_daemon_that_hangs_is_restarted(steps):
    """A daemon that hangs is restarted by the watchdog, and runs again."""
    state = properties(steps("watchdog")[1])
    assert (state["NRestarts"], state["ActiveState"]) == ("1", "active")
    assert "authwatch.service: Watchdog timeout (limit 39s)!" in steps("watchdog-log")[1]


def diagnosis(steps, name, *checks):
    """What the doctor said in a step of some of its checks: health, what, mend."""
    found = json.loads(steps(name)[1])["results"]
    return [(one["health"], one["what"], one["mend"]) for one in found if one["check"] in checks]


def test_the_doctor_sees_what_runs_checks(steps):
    """The doctor sees a timer, one whose checks fail, two at once, and the machine's units; and who shares a state."""
    (one,) = diagnosis(steps, "doctor-timer", "units")
    assert one[0] == "fine"
    # While a check runs, systemd knows of no next moment.
    assert re.fullmatch(
        r"authwatch-check\.timer: enabled, active(, next check \w{3} \d+ \w{3} 20\d\d, \d\d:\d\d UTC)?", one[1]
    )
    assert [one[0] for one in diagnosis(steps, "doctor-timer", "one state", "last check", "state folder")] == [
        "fine"
    ] * 3
    mends = {mend for health, _, mend in diagnosis(steps, "doctor-broken", "units") if health == "broken"}
    assert mends == {"systemctl --user enable --now authwatch-check.timer"}
    doubled = [one for one in diagnosis(steps, "doctor-both", "units") if one[0] == "warning"]
    assert [one[2] for one in doubled] == ["systemctl --user disable --now authwatch.service"]
    assert diagnosis(steps, "doctor-both", "port") == [
        ("fine", "the authwatch daemon answers at http://127.0.0.1:9797/", "")
    ]
    apart = [one for one in diagnosis(steps, "doctor-elsewhere", "one state") if one[0] == "warning"]
    assert [one[2] for one in apart] == [
        "authwatch install systemd --user --timer",
        "authwatch install systemd --user --daemon",
    ]
    assert "an authwatch daemon of another user or state folder" in diagnosis(steps, "doctor-elsewhere", "port")[0][1]
    (one,) = diagnosis(steps, "doctor-system", "units")
    assert one[0] == "fine"
    assert one[1].startswith("authwatch-check@tester.timer: enabled, active")


def test_what_was_missed_is_caught_up(steps):
    """A daily timer whose last run lies three days back runs at once."""
    assert steps("system-daily")[0] == 0
    after, before = map(int, steps("caught-up")[1].split())
    assert after > before


def test_the_machines_units_work_for_their_user(steps):
    """The machine's units work for their user; without root or a name it says what is missing."""
    assert steps("system-not-root")[0] == 1
    assert "installing system units needs root (sudo)" in steps("system-not-root")[1]
    assert steps("system-nobody")[0] == 64
    assert "--user-name" in steps("system-nobody")[1]
    assert steps("system")[0] == 0
    assert steps("system-verify") == (0, "")
    assert steps("system-dry-run")[0] == 0
    daemon = properties(steps("system-daemon-state")[1])
    assert (daemon["ActiveState"], daemon["User"]) == ("active", "tester")


def test_the_machines_units_have_the_path_of_their_user_once(steps):
    """The machine's units have the PATH that a login of their user has, not root's, and nothing in it twice."""
    (line,) = [one for one in steps("system-unit")[1].splitlines() if one.startswith("Environment=")]
    assert line.count("PATH=") == 1
    assert '"PATH=/opt/of-tester/bin:/usr/bin:/bin"' in line


def test_an_address_of_another_program_is_said_and_the_daemon_fails(steps):
    """Where another program has the daemon's address, installing says so and who; the daemon itself fails with it."""
    status, text = steps("taken")
    assert status == 1
    assert re.search(r"127\.0\.0\.1:9797 is in use by another program.*; stop it, or set web\.listen", text)
    log = steps("taken-log")[1]
    assert "authwatch: 127.0.0.1:9797 is in use by another program" in log
    assert "status=1/FAILURE" in log


def test_a_check_of_roots_reads_another_users_home_as_that_user_or_not_at_all(steps):
    """Where root may become that user, it reads as that user; in the hardened unit, which may not, it says what to do."""
    assert steps("root-unit")[0] == 0
    (trouble,) = json.loads(steps("root-status")[1])["problems"]
    assert (trouble["problem"], trouble["store"]) == ("unreadable", "/home/tester")
    assert "authwatch install systemd --system --user-name tester" in trouble["detail"]
    assert json.loads(steps("root-status")[1])["profiles"] == []
    status, text = steps("root-prompt")
    found = json.loads(text)
    assert (status, found["problems"], [one["state"] for one in found["profiles"]]) == (1, [], ["expired"])


def test_programs_of_the_machine_are_run_where_they_look_like_nobodys(steps):
    """In a unit with users of its own /usr/bin belongs to 65534, which there means root."""
    assert steps("unmapped") == (0, "65534 None\n")


def test_the_machines_units_are_hardly_exposed(steps):
    """The exposure of the machine's units, by systemd's own count of what runs, is at most 2.0."""
    found = re.findall(r"exposure level for (\S+): ([\d.]+)", steps("overall")[1] + steps("system-daemon-overall")[1])
    assert len(found) == 3
    assert all(float(level) <= 2.0 for _, level in found)


def test_an_uninstall_leaves_only_the_users_data_and_names_it(steps):
    """An uninstall leaves only the user's data and names it."""
    status, text = steps("uninstall")
    assert status == 0
    assert f"your data was kept: {STATE.replace('/home/tester', '~')}, " in text
    assert steps("units-left") == (0, "")
    new = set(steps("after-uninstall")[1].split("\n")) - set(steps("before")[1].split("\n"))
    assert not [path for path in new if "authwatch" in path]
    status, text = steps("system-uninstall")
    assert status == 0
    assert "/etc/authwatch/credentials/tester" in text
    assert steps("system-left") == (0, "")


def test_cron_runs_a_check_and_lets_go_of_it(steps):
    """cron runs a check under odd names, keeps the lines of others and one that was changed, and lets go when asked."""
    if not (steps.out / "cron").exists():
        assert steps.tree != "/" or not shutil.which("crontab")
        return
    assert steps("cron-dry-run")[0] == 0
    status, text = steps("cron")
    assert status == 0
    assert "the crontab line is active, checking every 1 min\nfirst check done, next check within 1 min\n" in text
    assert "cron is not running" in text  # it was started a moment later
    assert steps("crontab")[1].startswith('MAILTO=""\n# authwatch wrote this; digest ')
    assert "checkpoint" in steps("cron-fired")[1]
    assert "edited by hand" in steps("cron-changed")[1]
    assert (steps("cron-changed")[0], steps("cron-kept")[0], steps("cron-uninstall")[0]) == (1, 1, 0)
    assert steps("cron-left") == (0, 'MAILTO=""\n')


def test_where_sandboxes_are_forbidden_it_runs_without_one_and_says_so(steps):
    """Where sandboxes are forbidden it runs without one, and says so."""
    for name in ("without-sandbox", "daemon-without-sandbox"):
        status, text = steps(name)
        assert (status, "trying again without a sandbox" in text) == (0, True)
    unit = steps("strict-unit")[1]
    assert "PrivateUsers" not in unit
    assert "UMask=0077" in unit


def test_without_systemctl_the_other_ways_are_named(tmp_path):
    """Without systemctl the other ways are named, and nothing is written."""
    said = []
    user = User(tmp_path, {"PATH": str(tmp_path)}, said.append)
    assert install(user, UnitValues(("/authwatch",), tmp_path / "state")) == 1
    assert said == [NO_SYSTEMCTL]
    assert list(tmp_path.iterdir()) == []


def test_a_command_that_no_unit_can_hold_is_said(tmp_path):
    """A command that no unit can hold is said."""
    said = []
    user = User(tmp_path, {"PATH": "/usr/bin"}, said.append)
    assert install(user, UnitValues(("/a\nb",), tmp_path / "state")) == 1
    assert "cannot contain" in said[0]


def test_the_page_shows_what_was_seen(steps):
    """docs/systemd.md shows what was seen: each row of its table for this systemd, and what the commands said."""
    page = (HERE.parents[1] / "docs" / "systemd.md").read_text()
    seen = facts(lambda name: steps(name)[1])
    shown = column(page, 1 if steps.tree == "/" else 2)
    del seen["systemd"], shown["systemd"]  # a distribution's updates are no news
    assert shown == seen
    if steps.tree == "/":
        for name in SHOWN:
            assert transcript(page, name) == said(steps(name)[1])


def test_a_first_set_up_takes_a_systemd_that_lingers_and_is_kept_the_second_time(steps):
    """A first set-up takes a systemd that lingers; run again, it recognises what is there and changes nothing."""
    status, text = steps("onboard")
    assert status == 0, text
    assert "Checks will run by systemd: your systemd session keeps running when you log out." in text
    assert "test message: delivered in" in text
    assert "Test message" in (steps.out / "received-test").read_text()
    assert re.search(r"Checks +every 5 min, by authwatch-check\.timer\n", text)
    assert steps("onboard-timer") == (0, "active\n")
    status, again = steps("onboard-again")
    assert status == 0, again
    assert re.search(r"alerts +phone\n +checks +authwatch-check\.timer\n", again)
    assert "wrote" not in again and "test message" not in again
    assert steps("onboard-uninstall")[0] == 0
