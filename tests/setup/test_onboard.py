"""`authwatch onboard`: guided at a terminal, by options, and with everything that can go wrong."""

from __future__ import annotations

import os
import re
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from tests.command import ROOT, authwatch, configure
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


def test_a_person_answers_the_phone_gets_a_test_and_all_is_written(home):
    with web() as there, Terminal(home, "onboard", "--ntfy-server", f"http://127.0.0.1:{there.port}") as at:
        at.answer(("1, 2, 3 or 4?", "1"))
        topic = re.search(r"\n\n    (authwatch-\S+)\n", at.expect("Press Enter"))[1]
        at.type("")
        at.answer(
            ("nothing to go on:", "GROQ_API_KEY"),
            ("GROQ_API_KEY (not shown):", KEY),
            ("nothing to go on:", ""),
            ("What shall run it?", "none"),
            ("Did it arrive?", "y"),
        )
        assert at.end() == 0, at.shown
        shown = at.shown
    assert len(topic) >= len("authwatch-") + 22, "128 bits"
    assert there.received[0].path == f"/{topic}" or there.received[0].body["topic"] == topic
    assert "found: openclaw, " in shown
    assert shown.rstrip().splitlines()[-1].startswith("Nobody has to do anything") or "openclaw/main" in shown
    assert KEY not in shown
    folder = config(home).parent
    assert modes(folder) == {0o600}
    assert (folder / "phone.url").read_text() == f"ntfy://127.0.0.1:{there.port}/{topic}\n"
    assert topic not in config(home).read_text()
    assert (home / ".openclaw/.env").read_text() == f"# mine\n\nOTHER=1 # stays\nGROQ_API_KEY={KEY}\n"
    assert modes(home / ".openclaw") >= {0o600}
    assert authwatch(home, "alerts", "test").code in (0, 1)
    assert authwatch(home, "config", "check").code == 0


def test_a_message_that_did_not_arrive_changes_nothing(home):
    before = tree(home)
    with (
        web() as there,
        Terminal(home, "onboard", "--ntfy-server", f"http://127.0.0.1:{there.port}", "--timer", "none") as at,
    ):
        at.answer(("1, 2, 3 or 4?", "1"), ("Press Enter", ""), ("nothing to go on:", ""), ("Did it arrive?", "n"))
        assert at.end() == 1
        assert "nothing was changed" in at.shown
    assert tree(home) == before


@pytest.mark.parametrize(
    ("questions", "then"),
    [
        ([], "1, 2, 3 or 4?"),
        ([("1, 2, 3 or 4?", "1")], "Press Enter"),
        ([("1, 2, 3 or 4?", "2"), ("Your address:", "a@example.org")], "Your mail server"),
        ([("1, 2, 3 or 4?", "3")], "The address (not shown)"),
        ([("1, 2, 3 or 4?", "4"), ("nothing to go on:", "GROQ_API_KEY")], "GROQ_API_KEY (not shown)"),
        ([("1, 2, 3 or 4?", "4"), ("nothing to go on:", "GROK_API_KEY")], "did you mean GROQ_API_KEY?"),
        ([("1, 2, 3 or 4?", "4"), ("nothing to go on:", "")], "What shall run it?"),
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
        at.expect("1, 2, 3 or 4?")
        os.write(at._hand, b"\x04")
        assert at.end() == 1
        assert "the input ended; nothing was changed" in at.shown
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
    assert authwatch(home, "config", "check").out.endswith("1 channels)\n")


def test_run_again_it_adds_nothing(home):
    with web() as there:
        words = ("onboard", "--ntfy", "--ntfy-server", f"http://127.0.0.1:{there.port}", "--timer", "none")
        assert authwatch(home, *words).code == 0
        once = tree(home)
        again = authwatch(home, *words)
        assert again.code == 0, again.err
        assert tree(home) == once
        assert "phone is such a channel already" in again.out
        assert len(there.received) == 1


def test_a_config_with_comments_gets_one_more_channel_and_stays_as_it_is(home):
    text = "# my own\nhost: vps-1   # this one\nchannels:\n  # at work\n    work: {url: 'json://127.0.0.1:9/x'}\nalerts: {settle: 5m}\n"
    configure(home, text)
    (home / "url").write_text("json://127.0.0.1:9/y\n")
    done = authwatch(home, "onboard", "--channel-file", "url", "--no-test", "--timer", "none")
    assert done.code == 0, done.err
    written = config(home).read_text()
    added = "    phone: {url_file: phone.url, at_least: soon}\n"
    assert written.replace(added, "") == text
    assert "2 channels" in authwatch(home, "config", "check").out
    again = authwatch(home, "onboard", "--channel-file", "url", "--no-test", "--timer", "none")
    assert "That address is a channel already." in again.out
    assert config(home).read_text() == written


@pytest.mark.parametrize("text", ["channels: {work: {url: 'json://127.0.0.1:9/x'}}\n", "channels:\n"])
def test_a_config_that_cannot_take_one_is_left_to_its_owner(home, text):
    configure(home, text)
    before = tree(home)
    (home / "url").write_text("json://127.0.0.1:9/y\n")
    done = authwatch(home, "onboard", "--channel-file", "url", "--no-test", "--timer", "none")
    if done.code:
        assert "url_file: phone.url" in done.err
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
    assert "would then run: authwatch install cron" in done.out
    assert "would put GROQ_API_KEY into" in done.out
    assert KEY not in done.out
    assert tree(home) == before


def test_the_timer_is_installed_and_status_comes_last(home):
    """With cron, whose stand-in keeps the lines in a file."""
    tools = home / "bin"
    tools.mkdir()
    (tools / "crontab").write_text(f"#!/bin/sh\ncase $1 in -l) cat {home}/tab ;; *) cat $1 >{home}/tab ;; esac\n")
    (tools / "crontab").chmod(0o755)
    (home / "tab").touch()
    where = {"PATH": f"{tools}:/usr/bin:/bin"}
    done = authwatch(home, "onboard", "--no-channel", "--timer", "cron", env=where)
    assert "first check done" in done.out, done.out + done.err
    assert done.code == 0
    assert "check --exit-zero" in (home / "tab").read_text()
    assert done.out.rstrip().splitlines()[-1].startswith("Nobody has to do anything")


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
        ((), "--ntfy, --mail, --channel-file or --no-channel"),
        (("--mail", "me@example.org"), "--smtp"),
        (("--mail", "nobody", "--smtp", "x"), "name@example.org"),
        (("--ntfy", "a b"), "64 letters"),
        (("--ntfy", "t", "--ntfy-server", "a/b"), "ntfy.sh"),
        (("--channel-file", "absent"), "no such file"),
        (("--no-channel", "--key", "GROK_API_KEY"), "GROQ_API_KEY"),
        (("--no-channel", "--home", "/"), "your own home"),
        (("--ntfy", "t", "--no-channel"), "not allowed with"),
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
    assert "no OpenClaw here" in done.err
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
