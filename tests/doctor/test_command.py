"""`authwatch doctor` as people and scripts meet it: text, JSON, exit codes, leaks, traces, bad surroundings."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from monitor.doctor import THEMES
from tests.cli.test_leaks import CANARY, plant
from tests.cli.test_terminal import on_a_terminal
from tests.command import authwatch, configure, environment, state
from tests.doctor.subjects import everything, program
from tests.doctor.test_fix import lax
from tests.faults.world import MORTAL, NOBODY, ROOT, shared_home
from tests.openclaw import homes
from tests.openclaw_home import DAY, HOUR, ms, openclaw, put, token
from tests.receivers import web
from tests.warm import warm

KEYS = {"check", "health", "what", "why", "mend", "fixable"}


def good(home: Path) -> dict[str, str]:
    """A home with nothing to complain of; the variables that go with it."""
    openclaw(home, {"anthropic:default": token(ends_in=100 * DAY)})
    for path in (home / ".openclaw").rglob("*"):
        path.chmod(0o700 if path.is_dir() else 0o600)
    (home / ".openclaw").chmod(0o700)
    program(home, "openclaw", "echo 2026.1.30")
    what = "*/5 * * * * /bin/true check"
    from monitor.setup import managed_files

    program(home, "crontab", f"cat <<'END'\n{managed_files.marked(what)}\nEND")
    configure(home, "host: vps-1\nchannels: {phone: {url: 'print://'}}\n")
    return {"PATH": str(home / "bin")}


def test_a_good_home_is_fine_and_exits_zero(tmp_path, cron):
    env = good(tmp_path)
    authwatch(tmp_path, "check", env=env)
    done = authwatch(tmp_path, "doctor", env=env)
    assert done.code == 0, done.out
    assert "All checks passed." in done.out
    assert "\033" not in done.out
    assert done.err == ""


@pytest.fixture
def cron():
    """Something that looks like cron, as long as the test runs."""
    started = subprocess.Popen(["sh", "-c", "printf cron > /proc/self/comm; sleep 60 & wait"])
    yield
    started.terminate()
    started.wait()


def test_what_is_wrong_comes_first_with_why_and_what_mends_it(tmp_path):
    lax(tmp_path)
    put(openclaw(tmp_path, {}, agent="torn"), "{")
    done = authwatch(tmp_path, "doctor", env={"COLUMNS": "90"})
    assert done.code == 1
    lines = done.out.splitlines()
    marks = [line[:5] for line in lines if line[:5] in ("error", "warn ", "ok   ")]
    assert marks == sorted(marks, key="ok   ".__eq__), "what passed comes last"
    for number, line in enumerate(lines):
        if line.startswith(("error", "warn ")):
            following = [at for at, one in enumerate(lines) if at > number and not one.startswith(" " * 7)]
            assert any(one.startswith("       fix: ") for one in lines[number + 1 : following[0]]), line
    assert all(len(line) <= 80 or "fix: " in line or "/" in line for line in lines)
    assert "can be fixed automatically: authwatch doctor --fix" in done.out


def test_what_is_wrong_is_grouped_by_subject_errors_first(tmp_path):
    """What is wrong stands beneath its subject, in the order of the checks; within one the errors come first."""
    lax(tmp_path)
    put(openclaw(tmp_path, {}, agent="torn"), "{")
    groups = authwatch(tmp_path, "doctor").out.split("\n\n")[2:]
    found = [group.splitlines() for group in groups if group.splitlines()[1:2] and "warn " in group]
    names = [group[0] for group in found]
    assert names == [theme for theme in THEMES if theme in names]
    assert "logins" in names
    for group in found:
        marks = [line[:5] for line in group if line[:5] in ("error", "warn ")]
        assert marks == sorted(marks)


def test_no_line_breaks_a_command_or_a_key(tmp_path):
    """However narrow the terminal: a command, a key with spaces and what is quoted stay in one line."""
    openclaw(tmp_path, {"anthropic:my own name": {**token(), "provider": "anthropic"}})
    stats = {"usageStats": {"anthropic:my own name": {"cooldownUntil": ms(HOUR), "cooldownReason": "auth"}}}
    path = tmp_path / ".openclaw/agents/main/agent/auth-profiles.json"
    put(path, json.dumps({**json.loads(path.read_text()), **stats}))
    configure(tmp_path, "channels: {my-own-phone-of-this-house: {url: 'print://'}}\n")
    for width in ("40", "55", "80"):
        lines = authwatch(tmp_path, "doctor", env={"COLUMNS": width}).out.splitlines()
        assert any("openclaw/main/anthropic:my own name" in line for line in lines), width
        assert any("`authwatch alerts test my-own-phone-of-this-house`" in line for line in lines), width
        assert any(line.lstrip().startswith("fix: authwatch install") or "authwatch serve" in line for line in lines)


def test_of_many_alike_a_few_are_shown_and_the_rest_counted(tmp_path):
    for number in range(30):
        openclaw(tmp_path, {"anthropic:a": token(secret="sk-ant-oat01-FAKESECRET")}, agent=f"a{number}").chmod(0o644)
    put(tmp_path / ".openclaw" / "openclaw.json", "{}")
    done = authwatch(tmp_path, "doctor")
    printed = " ".join(done.out.split())
    assert printed.count("auth-profiles.json has mode 0644") == 8
    assert "… and 23 more like this; `authwatch doctor --json` lists all" in done.out
    assert printed.count("is a Claude subscription login") == 8
    assert "… and 22 more; `authwatch doctor --json` lists all" in done.out
    assert sum("has mode 0644" in one["what"] for one in authwatch(tmp_path, "doctor", "--json").json["results"]) == 30


def test_the_json_is_one_document_with_the_same_keys_for_everything(tmp_path):
    lax(tmp_path)
    done = authwatch(tmp_path, "doctor", "--json")
    assert (done.json["schema"], set(done.json)) == (1, {"schema", "results"})
    names = {name for checks in THEMES.values() for name in checks}
    for one in done.json["results"]:
        assert set(one) == KEYS
        assert one["check"] in names
        assert one["health"] in ("fine", "warning", "broken")
        assert one["health"] == "fine" or (one["why"] and one["mend"]), one
    assert done.code == 2
    done = authwatch(tmp_path, "doctor", "--json", "--fix")
    assert set(done.json) == {"schema", "results", "fixes"}
    assert all(set(one) == {"said", "fixed"} for one in done.json["fixes"])


def test_every_command_that_mends_survives_a_shell(tmp_path):
    """Homes with spaces, quotes and dollars: each `fix:` line is taken by `sh` as the words that were meant."""
    home = tmp_path / "a b'c$(touch x)"
    home.mkdir()
    lax(home)
    for one in authwatch(home, "doctor", "--json").json["results"]:
        if one["mend"]:
            words = subprocess.run(
                ["sh", "-c", f"set -- {one['mend']}\nprintf '%s\\n' \"$@\""],
                check=False,
                capture_output=True,
                text=True,
                cwd=tmp_path,
            )
            assert words.returncode == 0, one["mend"]
            if str(home) in words.stdout:
                assert any(line.startswith(str(home)) for line in words.stdout.splitlines()), one["mend"]
    assert not (tmp_path / "x").exists()


def test_names_of_the_watched_tree_cannot_steer_the_terminal(tmp_path):
    openclaw(tmp_path, {"anthropic:\x1b[2J\u202eevil": {"type": "oauth", "provider": "anthropic"}})
    (tmp_path / ".openclaw/agents/main/agent/auth-profiles.json.bak\x1b[31m").touch()
    done = authwatch(tmp_path, "doctor")
    assert "\x1b" not in done.out
    assert "\u202e" not in done.out


# -- no leak, no trace ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("words", [(), ("--json",), ("--fix",), ("--fix", "--json"), ("-v",)])
def test_no_planted_secret_is_shown(tmp_path, words):
    with web() as there:
        env = plant(tmp_path, there.port)
        usage = {"anthropic:default": {"lastFailureAt": 2e12, "failureCounts": {"format": 1, "FAKESECRET-reason": 1}}}
        path = tmp_path / ".openclaw/agents/main/agent/auth-profiles.json"
        put(path, json.dumps({**json.loads(path.read_text()), "usageStats": usage}))
        program(tmp_path, "openclaw", "echo FAKESECRET-out; echo FAKESECRET-err >&2; exit 3")
        program(tmp_path, "claude", "echo 1.2.3-FAKESECRET")
        program(tmp_path, "crontab", "echo '* * * * * FAKESECRET=1 authwatch'")
        env["PATH"] = f"{tmp_path}/bin"
        authwatch(tmp_path, "check", env=env)
        done = authwatch(tmp_path, "doctor", *words, env=env)
    said = (done.out + done.err).replace("NOT_SET_FAKESECRETNAME", "").replace("1.2.3-FAKESECRET", "")
    assert not CANARY.findall(said.encode())
    assert "Traceback" not in done.err


def traces(home: Path) -> dict[str, tuple[int, ...]]:
    """Everything below a home, with all that writing would change; a look may move access times only."""
    found = {}
    for path in (home, *home.rglob("*")):
        seen = path.lstat()
        found[str(path)] = (seen.st_ino, seen.st_mode, seen.st_uid, seen.st_size, seen.st_mtime_ns, seen.st_ctime_ns)
    return found


@pytest.mark.parametrize("passed", [False, True], ids=["never ran", "after a check"])
def test_a_look_leaves_no_trace(tmp_path, passed):
    lax(tmp_path)
    homes.shared_store(tmp_path, {"anthropic:a": homes.token(homes.DAY)})
    program(tmp_path, "openclaw", "echo 2026.9.6")
    env = {"PATH": f"{tmp_path}/bin:{os.environ['PATH']}"}
    if passed:
        authwatch(tmp_path, "check", env=env)
    before = traces(tmp_path)
    for words in (("doctor",), ("doctor", "--json"), ("doctor", "-v")):
        authwatch(tmp_path, *words, env=env)
    assert traces(tmp_path) == before


def test_nothing_foreign_is_started_but_versions_and_questions(tmp_path):
    openclaw(tmp_path, {"anthropic:a": token()})
    called = tmp_path / "called"
    for name in ("openclaw", "claude", "node", "npm", "systemctl", "crontab", "loginctl", "launchctl", "ssh", "sudo"):
        program(tmp_path, name, f'echo "{name} $*" >> {called}; exit 1')
    authwatch(tmp_path, "doctor", env={"PATH": f"{tmp_path}/bin"})
    harmless = r"openclaw --version|systemctl --user show .*|systemctl --user show --property=Version|crontab -l"
    assert called.exists()
    assert all(re.fullmatch(harmless, line) for line in called.read_text().splitlines()), called.read_text()


# -- bad surroundings -------------------------------------------------------------------------------------------


def locked(home: Path, *where: str) -> None:
    for one in where:
        (home / one).chmod(0)


@pytest.mark.parametrize(
    "where",
    [
        (".openclaw",),
        (".openclaw/agents",),
        (".openclaw/openclaw.json",),
        (".config",),
        (".config/authwatch/config.yaml",),
        (".local/state/authwatch",),
        (".local",),
        (".claude",),
    ],
    ids=" ".join,
)
@pytest.mark.parametrize("fix", [(), ("--fix",)], ids=["look", "fix"])
@pytest.mark.skipif(bool(ROOT) and not MORTAL, reason="modes must be in force")
def test_locked_folders_are_findings(tmp_path, where, fix):
    lax(tmp_path)
    (tmp_path / ".claude").mkdir()
    authwatch(tmp_path, "check")
    locked(tmp_path, *where)
    code, out, err = warm(MORTAL).run("doctor", "--json", *fix, env=environment(tmp_path), cwd="/")
    for one in where:
        (tmp_path / one).chmod(0o700)
    assert code in (1, 2), err
    assert b"Traceback" not in err
    assert not [one for one in json.loads(out)["results"] if "internal error" in one["what"]]


@pytest.mark.skipif(not ROOT, reason="only root can become somebody else")
def test_another_user_gets_findings_and_mends_nothing(tmp_path):
    shared_home(tmp_path)
    before = traces(tmp_path)
    from tests.command import argv

    command = [*NOBODY, *argv("doctor", "--json", "--fix", "--home", str(tmp_path))]
    nowhere = tmp_path.parent / "nowhere"
    done = subprocess.run(
        command, env=environment(nowhere), cwd="/", capture_output=True, text=True, timeout=90, check=False
    )
    assert done.returncode in (1, 2), done.stderr
    assert traces(tmp_path) == before
    assert "Traceback" not in done.stderr
    assert not [one for one in json.loads(done.stdout)["results"] if "internal error" in one["what"]]


def test_commands_about_another_home_name_it(tmp_path):
    ours, theirs = tmp_path / "ours", tmp_path / "the bot's"
    ours.mkdir()
    openclaw(theirs, {"zai:k": {"type": "api_key", "provider": "zai", "key": "FAKESECRET"}})
    done = authwatch(ours, "doctor", "--json", "--home", theirs)
    mends = [one["mend"] for one in done.json["results"]]
    assert f"authwatch models auth paste-api-key --provider anthropic --home '{tmp_path}/the bot'\"'\"'s'" in mends
    assert not [one for one in mends if "install" in one and "--home" in one]


@pytest.mark.parametrize(
    "env",
    [
        {"PATH": ""},
        {"PATH": "/nowhere:relative::"},
        {"HOME": "/nowhere/at/all"},
        {"HOME": ""},
        {"XDG_STATE_HOME": "/proc"},
        {"STATE_DIRECTORY": "/proc/1"},
        {"AUTHWATCH_CONFIG": "/nowhere.yaml"},
        {"TZ": "No/Where"},
        {"LC_ALL": "C", "LANG": "C"},
        {"COLUMNS": "1"},
        {"OPENCLAW_STATE_DIR": "/dev/null"},
        {"PREFIX": "/data/data/com.termux/files/usr"},
    ],
    ids=str,
)
def test_odd_surroundings_give_findings_and_no_traceback(tmp_path, env):
    openclaw(tmp_path, {"anthropic:ü": token()})
    for words in ((), ("--json",)):
        done = authwatch(tmp_path, "doctor", *words, env=env)
        assert done.code in (1, 2), (done.out, done.err)
        assert "Traceback" not in done.err
        assert "internal error" not in done.out


@pytest.mark.parametrize(
    "path",
    [
        ".openclaw/openclaw.json",
        ".openclaw/agents/main/agent/auth-profiles.json",
        ".openclaw/.env",
        ".claude/.credentials.json",
    ],
)
@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"\xff\xfe\x00",
        b"[]",
        b'{"profiles": {"a": 1, "b": {"type": "oauth", "provider": 3}}, "usageStats": {"a": []}, "order": 4}',
        b'{"auth": {"order": {"anthropic": "x"}, "profiles": []}, "agents": {"list": [{}], "defaults": {"models": []}}}',
        b'{"models": {"providers": {"anthropic": {"apiKey": {"source": 1}}}}, "meta": {"lastTouchedVersion": []}}',
        b'{"auth": {"order": {"\\ud800": ["\\ud800"]}, "profiles": {"\\ud800": {"provider": "\\ud800"}}}}',
        b"{" * 3000,
    ],
)
def test_no_content_of_a_store_fails_a_check(tmp_path, path, body):
    openclaw(tmp_path, {"anthropic:a": token()})
    (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
    (tmp_path / path).write_bytes(body)
    assert everything(tmp_path, "channels: {a: {url: 'print://'}}\n")


def test_a_check_that_fails_itself_does_not_end_the_others(tmp_path, monkeypatch):
    from monitor import doctor
    from tests.doctor.subjects import subject

    def crash(_: object) -> list[object]:
        raise RuntimeError("FAKESECRET")

    monkeypatch.setattr(doctor, "THEMES", {"x": {"crash": crash, "zone": doctor.THEMES["this machine"]["zone"]}})
    first, last = doctor.examine(subject(tmp_path))
    assert (first.health, last.check) == ("broken", "zone")
    assert "RuntimeError at test_command.py" in first.what
    assert "FAKESECRET" not in str(first)


def test_a_state_folder_elsewhere_is_the_one_that_is_looked_at(tmp_path):
    configure(tmp_path, f"state: {tmp_path}/mine\n")
    openclaw(tmp_path, {"anthropic:a": token()})
    authwatch(tmp_path, "check")
    (tmp_path / "mine" / "key").chmod(0o644)
    done = authwatch(tmp_path, "doctor", "--json")
    assert [one["what"] for one in done.json["results"] if one["check"] == "state folder"] == [
        "~/mine/key has mode 0644"
    ]
    assert state(tmp_path).exists(), "the checkpoint lies in the usual place"


# -- on a terminal ----------------------------------------------------------------------------------------------


def test_a_terminal_shows_what_is_checked_and_erases_it_and_a_pipe_sees_nothing_of_it(tmp_path):
    """One plain line says what is checked and is erased before the report; a pipe gets the report only."""
    openclaw(tmp_path, {"anthropic:a": token()})
    seen = on_a_terminal(tmp_path, "doctor", columns=80)
    before, _, report = seen.partition("authwatch doctor")
    assert "checking: reading the stores …" in before
    assert "checking: logins, sources …" in before
    assert before.endswith("\r\x1b[K")
    assert "checking: " not in report
    done = authwatch(tmp_path, "doctor")
    assert (done.err, "checking: " in done.out) == ("", False)
    assert "checking: " not in on_a_terminal(tmp_path, "doctor", "--json")
