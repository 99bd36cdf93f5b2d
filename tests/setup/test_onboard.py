"""`authwatch onboard`: guided at a terminal, by options, and with everything that can go wrong."""

from __future__ import annotations

import os
import re
import shutil
import sqlite3
import stat
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest
import segno

from monitor.cli.qr_code import qr_code
from monitor.setup.onboard import Machine, proposal
from tests.command import ROOT, authwatch, configure, state
from tests.openclaw_home import DAY, openclaw, put, token
from tests.polling import pause
from tests.receivers import mail, web
from tests.setup.terminal import Terminal

KEY = "gsk-FAKESECRET-42"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An OpenClaw with a healthy login and a `.env` with comments."""
    openclaw(tmp_path, {"anthropic:default": token(ends_in=90 * DAY)})
    put(tmp_path / ".openclaw/.env", "# mine\nGROQ_API_KEY=old\n\nOTHER=1 # stays\nGROQ_API_KEY=older\n")
    return tmp_path


def config(home: Path) -> Path:
    return home / ".config/authwatch/config.yaml"


def tree(home: Path) -> dict[str, bytes]:
    """Everything but our own state and what Python leaves."""
    return {
        str(path.relative_to(home)): path.read_bytes()
        for path in sorted(home.rglob("*"))
        if path.is_file() and ".local/state" not in str(path)
    }


def modes(folder: Path) -> set[int]:
    return {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()}


# -- guided ----------------------------------------------------------------------------------------------------


def deliveries(home: Path) -> list[tuple[str, str, str]]:
    """The log of what was sent: channel, reason, outcome."""
    with closing(sqlite3.connect(state(home) / "history.sqlite")) as db:
        return db.execute("SELECT channel, reason, outcome FROM deliveries ORDER BY id").fetchall()


def test_a_person_answers_the_phone_gets_a_test_and_all_is_written(home):
    with web() as there, Terminal(home, "onboard", "--ntfy-server", f"http://127.0.0.1:{there.port}") as at:
        at.answer(("Choose 1-5", "1"))
        topic = re.search(r"\n  topic    (authwatch-\S+)  \(", at.expect("Press Enter"))[1]
        at.type("")
        at.answer(
            ("Did it arrive?", "y"),
            ("or Enter to continue:", "GROQ_API_KEY"),
            ("GROQ_API_KEY (not shown):", KEY),
            ("or Enter to continue:", ""),
            ("What should run the checks?", "none"),
        )
        assert at.end() == 0, at.shown
        shown = at.shown
    assert len(topic) >= len("authwatch-") + 22, "128 bits"
    assert there.received[0].path == f"/{topic}" or there.received[0].body["topic"] == topic
    assert "Found 2 logins: openclaw 2" in shown
    assert re.search(r"Sending a test message … delivered in \d+\.\d s\n", shown)
    assert f"ntfy://127.0.0.1:{there.port}/{topic}?secure=false\n" in shown
    assert f"http://127.0.0.1:{there.port}/{topic}\n" in shown
    assert KEY not in shown
    folder = config(home).parent
    assert modes(folder) == {0o600}
    assert (folder / "phone.url").read_text() == f"ntfy://127.0.0.1:{there.port}/{topic}\n"
    assert topic not in config(home).read_text()
    assert (home / ".openclaw/.env").read_text() == f"# mine\n\nOTHER=1 # stays\nGROQ_API_KEY={KEY}\n"
    assert modes(home / ".openclaw") >= {0o600}
    assert deliveries(home) == [("phone", "test", "delivered")]
    assert authwatch(home, "config", "check").code == 0


QR = re.compile(r"^(?:\x1b\[[\d;]+m)?([ ▀▄█]{25,})(?:\x1b\[0m)?$", re.MULTILINE)


@pytest.mark.parametrize("color", [True, False])
def test_the_code_on_the_screen_holds_the_link_with_a_quiet_zone(home, color):
    """Black on white where there is colour; else light characters, which are the light modules."""
    env = {"TERM": "xterm-256color", "COLUMNS": "80", **({} if color else {"NO_COLOR": "1"})}
    with Terminal(home, "onboard", env=env) as at:
        at.answer(("Choose 1-5", "1"))
        shown = at.expect("Press Enter")
    drawn = QR.findall(shown)
    halves = {" ": (0, 0), "▀": (1, 0), "▄": (0, 1), "█": (1, 1)}
    rows = [[halves[character][half] ^ (not color) for character in line] for line in drawn for half in (0, 1)]
    link = re.search(r"ntfy://ntfy\.sh/authwatch-\S{22}\n", shown)[0].strip()
    code = [list(row) for row in segno.make_qr(link, error="l").matrix_iter(border=4)]
    assert [[bool(one) for one in row] for row in rows[: len(code)]] == [[bool(one) for one in row] for row in code]
    assert not any(map(any, rows[len(code) :]))
    assert len(code) <= 80
    assert ("\x1b[38;5;16;48;5;231m" in shown) == color


@pytest.mark.parametrize(
    ("columns", "encoding", "color"), [(36, "utf-8", True), (80, "ascii", False), (80, "latin-1", True)]
)
def test_where_no_code_can_be_shown_there_is_none(columns, encoding, color):
    link = "ntfy://ntfy.sh/authwatch-b9K2s1YwQe7uR4xNfT0aZg"
    assert qr_code(link, columns=37, encoding="utf-8", color=True)
    assert qr_code(link, columns=columns, encoding=encoding, color=color) == []


def test_nothing_but_results_is_piped(home):
    """No code, no progress; the link is there, for whoever made the topic."""
    with web() as there:
        words = ("onboard", "--ntfy", "--ntfy-server", f"http://127.0.0.1:{there.port}", "--timer", "none")
        done = authwatch(home, *words)
    assert done.code == 0, done.err
    assert not QR.search(done.out)
    assert "…" not in done.out.replace("--mail ADDRESS …", "")
    assert "\x1b" not in done.out
    assert re.search(r"^test message: delivered in \d+\.\d s$", done.out, re.MULTILINE)
    assert re.search(r"^  link     ntfy://127\.0\.0\.1:\d+/authwatch-\S{22}\?secure=false$", done.out, re.MULTILINE)


def test_a_message_that_did_not_arrive_changes_nothing_unless_the_person_goes_on(home):
    before = tree(home)
    with (
        web() as there,
        Terminal(home, "onboard", "--ntfy-server", f"http://127.0.0.1:{there.port}", "--timer", "none") as at,
    ):
        at.answer(("Choose 1-5", "1"), ("Press Enter", ""), ("Did it arrive?", "n"), ("[q]uit?", "q"))
        assert at.end() == 1
        assert "nothing was changed" in at.shown
    assert tree(home) == before


def test_a_message_that_fails_can_be_sent_again_and_every_try_is_on_record(home):
    """Two tries fail, then another address is given."""
    with web() as there:
        (home / "url").write_text(f"{there.url('json', 'status/401/json/x')}\n")
        with Terminal(home, "onboard", "--channel-file", "url", "--timer", "none") as at:
            at.answer(("[q]uit?", "t"))
            at.answer(("[q]uit?", "c"))
            at.expect("Where should alerts go?")
            at.answer(("Choose 1-5", "4"), ("(not shown):", there.url("json", "json/x")))
            at.answer(("Did it arrive?", "y"), ("or Enter to continue:", ""))
            assert at.end() == 0, at.shown
    assert at.shown.count("not delivered: ") == 2
    assert "Check the token or the password." in at.shown
    assert len(there.received) == 3
    assert (config(home).parent / "json.url").read_text() == f"{there.url('json', 'json/x')}\n"
    assert deliveries(home) == [("json", "test", "delivered")], "what was tried with another address is not its own"


def test_a_channel_that_cannot_be_reached_now_can_be_kept(home):
    with web(fault="status/401") as there:
        with Terminal(home, "onboard", "--ntfy-server", f"http://127.0.0.1:{there.port}", "--timer", "none") as at:
            at.answer(("Choose 1-5", "1"), ("Press Enter", ""), ("[q]uit?", "t"), ("[q]uit?", "k"))
            at.answer(("or Enter to continue:", ""))
            assert at.end() == 0, at.shown
    assert deliveries(home) == [("phone", "test", "auth_error")] * 2
    assert "phone: {url_file: phone.url" in config(home).read_text()


TOKEN = "123456789:AAF" + "FAKESECRET" * 3


def test_telegram_is_asked_for_by_name_and_its_token_is_not_shown(home):
    with Terminal(home, "onboard", "--no-test", "--timer", "none") as at:
        at.answer(("Choose 1-5", "2"))
        assert "@BotFather" in at.expect("Bot token (not shown):")
        pause(0.2)
        at.type("nonsense")
        at.answer(("Chat id:", "42"), ("Choose 1-5", "2"), ("Bot token (not shown):", TOKEN), ("Chat id:", "-1001234"))
        at.answer(("or Enter to continue:", ""))
        assert at.end() == 0, at.shown
    assert "expected a bot token such as" in at.shown
    assert "FAKESECRET" not in at.shown
    kept = config(home).parent / "telegram.url"
    assert (kept.read_text(), stat.S_IMODE(kept.stat().st_mode)) == (f"tgram://{TOKEN}/-1001234/\n", 0o600)
    assert "telegram: {url_file: telegram.url, at_least: soon}" in config(home).read_text()


@pytest.mark.parametrize("by", ["stdin", "file"])
def test_telegram_by_options(home, by):
    words = ["onboard", "--telegram", "4242", "--no-test", "--timer", "none"]
    if by == "file":
        (home / "token").write_text(f"{TOKEN}\n")
        words += ["--telegram-token-file", "token"]
    done = authwatch(home, *words, stdin=f"{TOKEN}\n" if by == "stdin" else "")
    assert done.code == 0, done.err
    assert "FAKESECRET" not in done.out + done.err
    assert (config(home).parent / "telegram.url").read_text() == f"tgram://{TOKEN}/4242/\n"


@pytest.mark.parametrize(
    ("questions", "then"),
    [
        ([], "Choose 1-5"),
        ([("Choose 1-5", "1")], "Press Enter"),
        ([("Choose 1-5", "2")], "Bot token (not shown)"),
        ([("Choose 1-5", "3"), ("Your mail server", "smtp.example.org")], "Your mail address:"),
        ([("Choose 1-5", "4")], "Apprise address (e.g. slack://…) (not shown)"),
        ([("Choose 1-5", "5"), ("or Enter to continue:", "GROQ_API_KEY")], "GROQ_API_KEY (not shown)"),
        ([("Choose 1-5", "5"), ("or Enter to continue:", "GROK_API_KEY")], "did you mean GROQ_API_KEY?"),
        ([("Choose 1-5", "5"), ("or Enter to continue:", "")], "What should run the checks?"),
    ],
)
def test_ctrl_c_at_any_question_leaves_the_machine_as_it_was(home, questions, then):
    before = tree(home)
    with Terminal(home, "onboard") as at:
        at.answer(*questions)
        at.expect(then)
        pause(0.2)
        at.interrupt()
        assert at.end() == 130
        assert "stopped; nothing was changed" in at.shown
        assert "Traceback" not in at.shown
    assert tree(home) == before


def test_an_end_of_input_is_said(home):
    with Terminal(home, "onboard") as at:
        at.expect("Choose 1-5")
        os.write(at._hand, b"\x04")
        assert at.end() == 1
        assert "end of input; nothing was changed" in at.shown
    assert not config(home).exists()


# -- by options ------------------------------------------------------------------------------------------------


def test_every_answer_is_an_option(home):
    with web() as there:
        done = authwatch(
            home,
            *("onboard", "--ntfy", "my-topic", "--ntfy-server", f"http://127.0.0.1:{there.port}"),
            *("--key", "GROQ_API_KEY", "--key", "MISTRAL_API_KEY", "--timer", "none"),
            stdin=f"{KEY}\nmistral-FAKESECRET\n",
        )
        assert done.code == 0, done.err
        assert len(there.received) == 1
    assert (home / ".openclaw/.env").read_text().endswith(f"GROQ_API_KEY={KEY}\nMISTRAL_API_KEY=mistral-FAKESECRET\n")
    assert "FAKESECRET" not in done.out + done.err
    assert authwatch(home, "config", "check").out.endswith("1 channel)\n")


def test_run_again_it_adds_nothing(home):
    with web() as there:
        words = ("onboard", "--ntfy", "--ntfy-server", f"http://127.0.0.1:{there.port}", "--timer", "none")
        assert authwatch(home, *words).code == 0
        once = tree(home)
        again = authwatch(home, *words)
        assert again.code == 0, again.err
        assert tree(home) == once
        assert "Channel phone already uses ntfy" in again.out
        assert len(there.received) == 1


def test_a_config_with_comments_gets_one_more_channel_and_stays_as_it_is(home):
    text = "# my own\nhost: vps-1   # this one\nchannels:\n  # at work\n    work: {url: 'json://127.0.0.1:9/x'}\nalerts: {settle: 5m}\n"
    configure(home, text)
    (home / "url").write_text("json://127.0.0.1:9/y\n")
    done = authwatch(home, "onboard", "--channel-file", "url", "--no-test", "--timer", "none")
    assert done.code == 0, done.err
    written = config(home).read_text()
    added = "    json: {url_file: json.url, at_least: soon}\n"
    assert written.replace(added, "") == text
    assert "2 channels" in authwatch(home, "config", "check").out
    again = authwatch(home, "onboard", "--channel-file", "url", "--no-test", "--timer", "none")
    assert "That address is already a channel" in again.out
    assert config(home).read_text() == written


@pytest.mark.parametrize("text", ["channels: {work: {url: 'json://127.0.0.1:9/x'}}\n", "channels:\n"])
def test_a_config_that_cannot_take_one_is_left_to_its_owner(home, text):
    configure(home, text)
    before = tree(home)
    (home / "url").write_text("json://127.0.0.1:9/y\n")
    done = authwatch(home, "onboard", "--channel-file", "url", "--no-test", "--timer", "none")
    if done.code:
        assert "url_file: json.url" in done.err
        (home / "url").unlink()
        assert tree(home) == {name: body for name, body in before.items() if name != "url"}


def test_mail_goes_through_the_server_of_this_machine(home):
    with mail() as there:
        done = authwatch(
            home, "onboard", "--mail", "me@example.org", "--smtp", f"localhost:{there.port}", "--timer", "none"
        )
        assert done.code == 0, done.err
        assert there.received[0].to == ("me@example.org",)
    assert "mail: {url_file: mail.url" in config(home).read_text()


def test_mail_with_a_login_asks_for_the_password_and_shows_it_nowhere(home):
    with mail(starttls=True) as there:
        words = ("--mail", "me@example.org", "--smtp", f"localhost.localdomain:{there.port}", "--smtp-user", "aw")
        dry = authwatch(home, "onboard", *words, "--timer", "none", "--dry-run", stdin="pw-FAKESECRET\n")
    assert dry.code == 0, dry.err
    assert "FAKESECRET" not in dry.out + dry.err
    assert "would write the address to" in dry.out


def test_a_dry_run_touches_nothing(home):
    before = tree(home)
    done = authwatch(
        home, "onboard", "--ntfy", "--dry-run", "--timer", "cron", "--key", "GROQ_API_KEY", stdin=f"{KEY}\n"
    )
    assert done.code == 0, done.err
    assert "would run: authwatch install cron" in done.out
    assert "would add GROQ_API_KEY to" in done.out
    assert KEY not in done.out
    assert tree(home) == before


@pytest.fixture
def cron(home: Path) -> Iterator[dict[str, str]]:
    """A PATH with a stand-in for crontab, which keeps its lines in a file, and a process of cron's name."""
    tools = home / "bin"
    tools.mkdir()
    (tools / "crontab").write_text(f"#!/bin/sh\ncase $1 in -l) cat {home}/tab ;; *) cat $1 >{home}/tab ;; esac\n")
    (tools / "crontab").chmod(0o755)
    (home / "tab").touch()
    shutil.copy(shutil.which("sleep"), tools / "cron")
    running = subprocess.Popen([tools / "cron", "600"])
    yield {"PATH": f"{tools}:/usr/bin:/bin"}
    running.kill()
    running.wait()


def test_it_ends_with_one_screen_that_says_what_is_set_up(home, cron):
    with web() as there:
        words = ("--ntfy", "t", "--ntfy-server", f"http://127.0.0.1:{there.port}", "--timer", "cron")
        done = authwatch(home, "onboard", *words, env=cron)
    assert "first check done" in done.out, done.out + done.err
    assert done.code == 0
    assert "check --exit-zero" in (home / "tab").read_text()
    screen = done.out[done.out.index("authwatch is set up on ") :]
    lines = screen.splitlines()
    assert len(lines) <= 24
    assert max(map(len, lines)) <= 80
    for said in (
        r"Watching +2 logins: openclaw 2\n",
        r"Alerts +phone: 7, 3 and 1 days before a login expires, and when one needs\n",
        r"Checks +every 5 min, by cron\n",
        r"Next check +at the latest in 5 min \(\w{3} \d+ \w{3}, \d\d:\d\d \S+\)\n",
        r"Config +~/\.config/authwatch/config\.yaml\n",
        r"See every login +authwatch status\n",
        r"Remove it +authwatch uninstall cron\n",
    ):
        assert re.search(said, screen), (said, screen)


def test_run_again_a_complete_set_up_is_recognised_and_nobody_is_asked(home, cron):
    """Not a byte changes, no message is sent, and the crontab stays."""
    with web() as there:
        words = ("--ntfy", "t", "--ntfy-server", f"http://127.0.0.1:{there.port}", "--timer", "cron")
        assert authwatch(home, "onboard", *words, env=cron).code == 0
        once = tree(home)
        with Terminal(home, "onboard", env=cron) as at:
            assert at.end() == 0, at.shown
        assert len(there.received) == 1
    assert tree(home) == once
    already = at.shown[at.shown.index("Already set up, and kept:") :]
    assert re.search(r"config +~/\.config/authwatch/config\.yaml\n +alerts +phone\n +checks +cron\n", already)
    assert "?" not in already


def test_what_is_missing_is_offered_and_nothing_else(home, cron):
    """A config with a channel and nothing that runs it: only that is asked."""
    with web() as there:
        words = ("--ntfy", "t", "--ntfy-server", f"http://127.0.0.1:{there.port}", "--timer", "none")
        assert authwatch(home, "onboard", *words, env=cron).code == 0
        before = config(home).read_bytes()
        with Terminal(home, "onboard", env=cron) as at:
            at.answer(("What should run the checks?", "cron"))
            assert at.end() == 0, at.shown
        assert len(there.received) == 1
    assert config(home).read_bytes() == before
    assert "check --exit-zero" in (home / "tab").read_text()


@pytest.mark.parametrize(
    ("has", "way", "why"),
    [
        ({"termux": True, "systemd": True, "cron": True}, "termux", "Termux"),
        ({"macos": True, "crontab": True, "cron": True}, "launchd", "macOS"),
        ({"systemd": True, "lingers": True, "crontab": True, "cron": True}, "systemd", "keeps running"),
        ({"systemd": True, "crontab": True, "cron": True}, "cron", "ends when you log out"),
        ({"crontab": True, "cron": True}, "cron", "no systemd session"),
        ({"systemd": True}, "systemd", "enable-linger"),
        ({"systemd": True, "crontab": True}, "systemd", "enable-linger"),
        ({"crontab": True}, "cron", "must still be started"),
        ({"cron": True}, "none", "authwatch serve"),
        ({}, "none", "authwatch serve"),
    ],
)
def test_what_runs_the_checks_is_what_the_machine_has_with_a_reason(has, way, why):
    proposed, reason = proposal(Machine(**has))
    assert proposed == way
    assert why in reason
    assert len(f"Suggested: {way} ({reason}).") <= 80, "one line"


def test_auto_takes_the_proposal_and_says_why(home, cron):
    done = authwatch(
        home, "onboard", "--no-channel", "--timer", "auto", env={"PATH": cron["PATH"].split(":")[0] + ":/bin"}
    )
    assert done.code == 0, done.out + done.err
    assert re.search(r"^Checks will run by \w+: .+\.$", done.out, re.MULTILINE)


def test_a_timer_that_cannot_be_had_leaves_the_config_and_says_so(home):
    done = authwatch(home, "onboard", "--no-channel", "--timer", "systemd", env={"PATH": f"{home}"})
    assert done.code == 1
    assert "systemctl not found" in done.out + done.err
    assert config(home).exists()


# -- what can go wrong -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("fault", ["status/401", "reset"])
def test_a_wrong_token_or_a_dead_server_is_said_and_changes_nothing(home, fault):
    before = tree(home)
    with web(fault=fault) as there:
        done = authwatch(
            home, "onboard", "--ntfy", "t", "--ntfy-server", f"http://127.0.0.1:{there.port}", "--timer", "none"
        )
    assert done.code == 1
    assert "the test message was not delivered" in done.err
    assert "nothing was changed" in done.err
    assert tree(home) == before


def test_without_a_network_it_is_said_and_changes_nothing(home):
    before = tree(home)
    done = authwatch(home, "onboard", "--ntfy", "t", "--ntfy-server", "nowhere.invalid", "--timer", "none")
    assert done.code == 1
    assert "not delivered" in done.err
    assert tree(home) == before


@pytest.mark.parametrize(
    ("words", "reason"),
    [
        ((), "--ntfy, --telegram, --mail, --channel-file or --no-channel"),
        (("--mail", "me@example.org"), "--smtp"),
        (("--mail", "nobody", "--smtp", "x"), "name@example.org"),
        (("--ntfy", "a b"), "64 letters"),
        (("--ntfy", "t", "--ntfy-server", "a/b"), "ntfy.sh"),
        (("--channel-file", "absent"), "no such file"),
        (("--no-channel", "--key", "GROK_API_KEY"), "GROQ_API_KEY"),
        (("--no-channel", "--home", "/"), "your own home"),
        (("--ntfy", "t", "--no-channel"), "not allowed with"),
        (("--telegram", "me", "--telegram-token-file", "absent"), "no such file"),
        (("--telegram", "4242"), "expected a bot token"),
    ],
)
def test_wrong_answers_are_said_before_anything_happens(home, words, reason):
    before = tree(home)
    done = authwatch(home, "onboard", *words, "--timer", "none")
    assert done.code == 64
    assert reason in done.err
    assert "Traceback" not in done.err
    assert tree(home) == before


def test_without_an_openclaw_there_is_no_env_to_write(tmp_path):
    done = authwatch(tmp_path, "onboard", "--no-channel", "--key", "GROQ_API_KEY", "--timer", "none", stdin="x\n")
    assert done.code == 1
    assert "no OpenClaw found here" in done.err
    assert not (tmp_path / ".openclaw").exists()
    assert not config(tmp_path).exists()


@pytest.mark.skipif(os.geteuid() != 0 or sys.platform != "linux", reason="mounting a tiny disk needs root")
@pytest.mark.parametrize("folder", [".config", ".openclaw"])
def test_a_full_disk_is_said_and_leaves_all_as_it_was(home, folder):
    """The address file fits or does not, the config and `.env` do not: nothing may be half there."""
    (home / "url").write_text("json://127.0.0.1:9/y\n")
    small = home / "small.sh"
    small.write_text(
        f"""set -e
cp -a {home}/.openclaw {home}/kept
mkdir -p {home}/{folder}
mount -t tmpfs -o size=64k,mode=700 tmpfs {home}/{folder}
[ {folder} != .openclaw ] || cp -a {home}/kept/. {home}/.openclaw/
dd if=/dev/zero of={home}/{folder}/filler bs=1k count=100 2>/dev/null || true
find {home}/{folder} {home}/.config -type f 2>/dev/null | sort -u | xargs sha256sum >{home}/before
printf '%s\\n' {KEY} | {sys.executable} -m monitor.cli.main onboard --channel-file {home}/url --no-test --timer none --key GROQ_API_KEY && code=0 || code=$?
find {home}/{folder} {home}/.config -type f 2>/dev/null | sort -u | xargs sha256sum >{home}/after
cmp {home}/before {home}/after
exit $code
"""
    )
    done = subprocess.run(
        ["unshare", "--mount", "sh", small],
        env={"HOME": str(home), "PATH": os.environ["PATH"], "PYTHONPATH": str(ROOT)},
        cwd=home,
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 1, done.stdout + done.stderr
    assert "no space left on device" in done.stderr
    assert "nothing was changed" in done.stderr
    assert "differ" not in done.stdout
    assert KEY not in done.stdout + done.stderr
