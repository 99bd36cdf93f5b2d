"""`termux/install.sh` on a phone: what it puts where, that it can be run again, and that it leaves nothing behind."""

from __future__ import annotations

import pytest

from tests.termux.handset import HERE, HOME, INSTALL, NEEDS, PREFIX, SHARE, THERE, phone

pytestmark = NEEDS

LIST = f"cd {HOME}; find .local .shortcuts .termux {PREFIX}/var/service -type f 2>/dev/null | sort"


def test_the_job_has_its_own_number_survives_a_reboot_and_needs_no_network():
    seen = phone("sh termux/install.sh", files=HERE)
    assert seen.code == 0, seen.out
    (job, _) = seen.of("termux-job-scheduler")
    given = dict(zip(job[::2], job[1::2], strict=True))
    assert given == {
        "--script": f"{SHARE}/check",
        "--job-id": "28849",
        "--period-ms": "1800000",
        "--network": "none",
        "--battery-not-low": "false",
        "--persisted": "true",
    }
    assert "scheduled: Pending Job 28849" in seen.out
    assert "next check in about 30 min" in seen.out


def test_another_project_s_job_is_left_alone():
    other = f"printf '#!{PREFIX}/bin/sh\\n' >x; chmod +x x; termux-job-scheduler --script x --job-id 0"
    seen = phone(other, INSTALL, "sh termux/install.sh --uninstall", "termux-job-scheduler --pending", files=HERE)
    assert "Pending Job 0:" in seen.out
    assert "Job 28849" not in seen.out


def test_everything_runs_without_termux_exec_and_is_for_its_owner_only():
    """Android starts jobs and widgets with no LD_PRELOAD: a shebang like /bin/sh or /usr/bin/env would fail there."""
    show = f"for f in $({LIST}); do stat -c '%a %n' $f; head -n 1 $f; done"
    seen = phone(INSTALL, f"{show}; stat -c '%a %n' .shortcuts .shortcuts/tasks", files=HERE)
    lines = seen.out.splitlines()
    for name in (".local/share/authwatch/check", ".shortcuts/tasks/authwatch-status", ".shortcuts/authwatch-relogin"):
        at = lines.index(f"700 {name}")
        assert lines[at + 1] == f"#!{PREFIX}/bin/sh"
    assert "600 .local/share/authwatch/settings" in lines
    assert "700 .shortcuts" in lines
    assert "700 .shortcuts/tasks" in lines
    assert not [line for line in lines if line[1:3] != "00" and line[:1] in "67"]


def test_shebangs_follow_the_prefix():
    """A Termux of another name (a fork, a second user) has another prefix."""
    moved = f"mkdir -p $HOME/usr/bin; ln -s {PREFIX}/bin/* $HOME/usr/bin/; export PREFIX=$HOME/usr"
    seen = phone(
        f"{moved}; {INSTALL}; head -n 1 .shortcuts/authwatch-relogin; grep PREFIX {SHARE}/settings", files=HERE
    )
    assert seen.out == f"#!{HOME}/usr/bin/sh\nPREFIX='{HOME}/usr'\n"


@pytest.mark.parametrize("options", ["", "--daemon", "--cron"])
def test_run_again_it_is_the_same_and_uninstalled_nothing_is_left(options):
    service = f"mkdir -p {PREFIX}/var/service/crond; printf '#!{PREFIX}/bin/sh\\n' >{PREFIX}/var/service/crond/run; "
    service += f"chmod +x {PREFIX}/var/service/crond/run; rm -rf {PREFIX}/var/service/authwatch"
    digest = f"for f in $({LIST}); do sha256sum $f; done | sha256sum; crontab -l 2>/dev/null | wc -l"
    install = f"sh termux/install.sh {options} >/dev/null || exit 9"
    mine = "mkdir -p .config/authwatch .local/state/authwatch; echo x >.config/authwatch/config.yaml"
    seen = phone(
        f"{service}; {mine}; {install}; {digest}; {install}; {digest}",
        f"sh termux/install.sh --uninstall {options} | tail -n 1; {LIST} -not -name state; crontab -l; ls .config/*",
        files=HERE,
    )
    once, lines, again, same, last, *rest = seen.out.splitlines()
    assert (once, lines) == (again, same)
    assert lines == ("1" if options == "--cron" else "0")
    assert "Your data was kept: ~/.config/authwatch and ~/.local/state/authwatch" in last
    assert not [line for line in rest if "authwatch" in line], rest
    assert "config.yaml" in rest


def test_the_daemon_is_a_service_of_runit_and_starts_with_the_phone():
    seen = phone(
        "sh termux/install.sh --daemon",
        f"mkdir -p {PREFIX}/etc/profile.d; echo 'echo services start' >{PREFIX}/etc/profile.d/start-services.sh",
        ".termux/boot/authwatch",
        f"{PREFIX}/var/service/authwatch/run; cat asked",
        files=HERE,
    )
    assert seen.of("sv-enable") == [["authwatch"]]
    assert seen.of("termux-wake-lock") == [[]]
    assert seen.out.splitlines()[-3:] == ["services start", "check --exit-zero", "serve"]


RUNS = f"ls .termux/boot {PREFIX}/var/service 2>/dev/null; crontab -l 2>/dev/null; termux-job-scheduler --pending"


@pytest.mark.parametrize("first", ["", "--cron", "--daemon"])
@pytest.mark.parametrize("second", ["", "--cron", "--daemon"])
def test_of_job_crond_and_daemon_one_runs_the_checks(first, second):
    """The way that was installed last runs the checks, and no other; that another one goes is said."""
    crond = f"mkdir -p {PREFIX}/var/service/crond; printf '#!{PREFIX}/bin/sh\\n' >{PREFIX}/var/service/crond/run; "
    crond += f"chmod +x {PREFIX}/var/service/crond/run; rm -rf {PREFIX}/var/service/authwatch"
    install = f"sh termux/install.sh {first} >/dev/null || exit 9; echo ==; sh termux/install.sh {second} || exit 8"
    seen = phone(f"{crond}; {install}; echo ==; {RUNS}; grep runs= {SHARE}/settings", files=HERE)
    assert seen.code == 0, seen.out
    said, left = seen.out.split("==\n")[1:]
    runs = {"Job 28849": "", "# authwatch": "--cron", "\nauthwatch\n": "--daemon"}
    left = left.replace(".termux/boot:\nauthwatch\n", "")
    assert [option for mark, option in runs.items() if mark in f"\n{left}"] == [second]
    assert f"runs={ {'': 'job', '--cron': 'cron', '--daemon': 'daemon'}[second] }" in left
    old = {"--cron": "replaces the crontab line", "--daemon": "replaces the service authwatch"}
    assert [option for option, words in old.items() if words in said] == [first] * (first != second and bool(first))
    assert "remove: authwatch uninstall termux" in said


@pytest.mark.parametrize(
    ("gone", "option", "ways"),
    [
        ("crontab", "--cron", ("pkg install cronie termux-services", "Or leave out --cron")),
        ("sv-enable", "--cron", ("pkg install cronie termux-services", "Or leave out --cron")),
        ("sv-enable", "--daemon", ("pkg install termux-services",)),
    ],
)
def test_what_is_not_installed_is_named_with_the_other_way_and_nothing_is_written(gone, option, ways):
    """Without crond or runit it says what to install, and what does without."""
    seen = phone(f"rm {PREFIX}/bin/{gone}; sh termux/install.sh {option}; echo $?; {LIST}", files=HERE)
    assert seen.out.splitlines()[-1] == "1"
    for words in ways:
        assert words in seen.out


def test_a_job_scheduler_that_does_not_answer_leaves_crond_as_the_other_way():
    seen = phone("sh termux/install.sh", answers={"termux-job-scheduler": [{"stdout": "no\n"}]}, files=HERE)
    assert "pkg install cronie termux-services" in seen.out
    assert "--cron" in seen.out


def test_a_line_of_crond_logs_by_itself_and_others_lines_stay():
    """crond sends no mail on Termux, so a line that prints has to keep that itself."""
    run = f"{PREFIX}/var/service/crond/run"
    service = f"mkdir -p {PREFIX}/var/service/crond; printf '#!{PREFIX}/bin/sh\\n' >{run}; chmod +x {run}"
    seen = phone(
        f"{service}; echo '5 * * * * mine' | crontab -",
        "sh termux/install.sh --cron --period 20 >/dev/null; crontab -l",
        "sh termux/install.sh --uninstall >/dev/null; crontab -l",
        files=HERE,
    )
    line = f"*/20 * * * * {SHARE}/check >{SHARE}/cron.log 2>&1 # authwatch"
    assert seen.out.splitlines() == ["5 * * * * mine", line, "5 * * * * mine"]


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"termux-battery-status": [{"hang": True}]}, "the app Termux:API does not answer"),
        ({"termux-battery-status": [{"exit": 1}]}, "the app Termux:API does not answer"),
        (
            {"termux-job-scheduler": [{"stdout": "No such file\n"}]},
            "the job scheduler did not accept the job: No such file",
        ),
        (
            {"termux-job-scheduler": [{"stdout": "response 1"}, {"stdout": ""}]},
            "Android accepted the job but does not list it",
        ),
        ({"termux-job-scheduler": [{"hang": True}]}, "the job scheduler did not accept the job"),
    ],
)
def test_a_phone_that_cannot_do_it_is_told_so(answers, words):
    """The commands leave with 0 whatever happened, or never: only their answers count."""
    seen = phone("sh termux/install.sh", answers=answers, files=HERE)
    assert seen.code == 1
    assert words in seen.out


def test_without_termux_api_nothing_is_written():
    seen = phone(f"rm {PREFIX}/bin/termux-job-scheduler; sh termux/install.sh; echo $?; {LIST}", files=HERE)
    assert seen.out == "install.sh: termux-job-scheduler not found; install it: pkg install termux-api\n1\n"


def test_what_somebody_changed_is_left_alone_unless_forced():
    change = f"echo '# mine' >>{SHARE}/check"
    seen = phone(
        f"{INSTALL}; {change}; sh termux/install.sh; echo $?; sh termux/install.sh --uninstall; tail -n 1 {SHARE}/check",
        f"sh termux/install.sh --force >/dev/null; tail -n 1 {SHARE}/check",
        files=HERE,
    )
    assert f"edited by hand, so not replaced (--force replaces it): {SHARE}/check\n1\n" in seen.out
    assert f"kept, because edited by hand: {SHARE}/check" in seen.out
    assert seen.out.count("# mine") == 1


@pytest.mark.parametrize(
    "words",
    [
        "--ssh -oProxyCommand=x",
        "--ssh 'a b'",
        "--ssh 'a;b'",
        "--http ftp://x",
        "--http 'http://x/ y'",
        "--period 5",
        "--period x",
        "--ssh",
        "--daemon --ssh x",
        "--daemon --cron",
        "--nonsense",
    ],
)
def test_wrong_words_are_refused_before_anything_is_touched(words):
    seen = phone(f"sh termux/install.sh {words}; echo $?; {LIST}", files=HERE | THERE)
    assert seen.out.splitlines()[-1] == "64"
    assert not seen.calls


def test_a_dry_run_writes_nothing():
    seen = phone(f"sh termux/install.sh --dry-run; sh termux/install.sh --uninstall --dry-run; {LIST}", files=HERE)
    assert f"would write {SHARE}/check" in seen.out
    assert "job 28849, network: none" in seen.out
    assert not seen.calls
    assert not [line for line in seen.out.splitlines() if line.startswith(".")]


def test_a_full_disk_is_said_and_nothing_is_scheduled():
    full = f"mkdir -p {SHARE}; cd /; rm -rf {SHARE}; ln -s /dev/full {HOME}/.local/share/authwatch"
    seen = phone(f"{full}; sh {HOME}/termux/install.sh", files=HERE)
    assert seen.code == 1
    assert "cannot create this folder" in seen.out
    assert not seen.of("termux-job-scheduler")
