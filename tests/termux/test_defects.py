"""The defects of OpenClaw's ops scripts that concern scripts, units and set-up: ours has none.

By the numbers in `tests/test_ops_scripts.py`, which has those about alerting.
"""

from __future__ import annotations

import json
import re
import subprocess

import pytest

from monitor.setup.systemd import CHECK, DAEMON, TIMER, shipped
from tests.command import ROOT, authwatch
from tests.openclaw_home import DAY, openclaw, token
from tests.termux.handset import HOME, INSTALL_SSH, NEEDS, REPORT, SH, THERE, phone

SCRIPTS = {path: path.read_text("utf-8") for path in (ROOT / "termux").rglob("*") if path.is_file()}


def test_defect_10_every_provider_agent_and_place_counts(tmp_path):
    """Only Anthropic, only the agent main, only the default folders were looked at."""
    openclaw(tmp_path, {"anthropic:a": token(), "groq:b": token("groq")})
    openclaw(tmp_path, {"openai:c": token("openai")}, agent="lab")
    moved = tmp_path / "elsewhere"
    moved.mkdir()
    (tmp_path / "claude").mkdir()
    login = {"accessToken": "a-FAKESECRET", "refreshToken": "r-FAKESECRET", "expiresAt": 4_000_000_000_000}
    (tmp_path / "claude/.credentials.json").write_text(json.dumps({"claudeAiOauth": login}))
    found = authwatch(tmp_path, "status", "--json", env={"CLAUDE_CONFIG_DIR": str(tmp_path / "claude")}).json
    keys = {one["key"] for one in found["profiles"]}
    assert {"openclaw/main/anthropic:a", "openclaw/main/groq:b", "openclaw/lab/openai:c"} <= keys
    assert "claude-code/-/claude-code:default" in keys
    (tmp_path / ".openclaw").rename(moved / ".openclaw")
    found = authwatch(tmp_path, "status", "--json", env={"OPENCLAW_STATE_DIR": str(moved / ".openclaw")}).json
    assert "openclaw/main/anthropic:a" in {one["key"] for one in found["profiles"]}


def test_defect_15_every_program_and_file_that_a_script_starts_is_there():
    """A widget called a script that no copy of the repository had."""
    from tests.termux.stub_commands import known

    started = {
        word for text in SCRIPTS.values() for word in re.findall(r"\b(?:api|timeout -k 2 10) (termux-[a-z-]+)", text)
    }
    assert started
    assert started <= known()
    listed = re.findall(
        r"^  .*(?:echo|'%s\\n') \"?([a-z./]+) |\"(service/[a-z]+) ", SCRIPTS[ROOT / "termux/install.sh"], re.MULTILINE
    )
    sources = {one or other for one, other in listed}
    assert {"check", "phone.sh", "boot", "widgets/status", "service/run"} <= sources
    for source in sources & {str(path.relative_to(ROOT / "termux")) for path in SCRIPTS} | {"check"}:
        assert (ROOT / "termux" / source).is_file()
    for text in SCRIPTS.values():
        for words in re.findall(r"authwatch\" ([a-z]+)", text):
            assert authwatch(ROOT, words, "--help").code == 0


def test_defect_16_no_host_and_no_home_is_written_into_a_script():
    """Hosts and homes of one person were; Termux:Widget reads no profile, so no variable could change them."""
    for path, text in SCRIPTS.items():
        rest = text.replace("/data/data/com.termux/files/", "")
        assert not re.search(r"/home/|/root/|\bl36\b|\b\d+\.\d+\.\d+\.\d+\b", rest), path


@NEEDS
def test_defect_16_the_host_that_was_given_reaches_a_widget_without_a_profile():
    """Started as the widget app does it: an environment of nothing."""
    seen = phone(
        INSTALL_SSH,
        f"rm ssh; env -i FAKE_TERMUX_LOG=$FAKE_TERMUX_LOG PREFIX=$PREFIX FAKE_TERMUX_STATE=$FAKE_TERMUX_STATE HOME=$HOME PATH=$HOME/bin {HOME}/.shortcuts/tasks/authwatch-status; cat ssh",
        files=THERE,
    )
    assert "admin@vps-1" in seen.out.splitlines()


@NEEDS
def test_defect_17_ssh_can_neither_ask_nor_hang_and_its_banners_are_no_answer():
    """Two of three widgets had no time limit, none BatchMode; 2>&1 mixed banners into the status."""
    loud = f'{SH}echo "NOW   a lie on stderr" >&2\nprintf "%s\\n" "$@" >$HOME/ssh\ncat $HOME/answer; exit 2\n'
    seen = phone(INSTALL_SSH, "cat ssh", files={"bin/ssh": loud, "answer": REPORT.replace("NOW ", "SOON")})
    assert {"BatchMode=yes", "ConnectTimeout=10", "ServerAliveInterval=5"} <= set(seen.out.splitlines())
    assert "lie" not in str(seen.of("termux-notification"))


@NEEDS
def test_defect_18_no_text_is_expanded_on_the_phone():
    """Toasts in double quotes expanded the phone's own $HOME."""
    seen = phone(
        INSTALL_SSH,
        f"{HOME}/.shortcuts/tasks/authwatch-status",
        files=THERE | {"answer": REPORT.replace("openai:", "$HOME:`id`")},
    )
    assert "$HOME:`id`$(reboot)" in seen.option("termux-notification", "--content")[-1]
    assert HOME not in "".join(seen.option("termux-notification", "--content"))


def test_defect_19_the_timer_catches_up_is_spread_and_only_it_can_be_enabled():
    """Persistent= without OnCalendar= does nothing; no delay; no PATH; a service with [Install] of a timer."""
    timer, check = shipped(TIMER), shipped(CHECK)
    for line in ("OnCalendar=@CALENDAR@", "Persistent=true", "RandomizedDelaySec=@DELAY@"):
        assert f"\n{line}\n" in timer
    assert "[Install]" in timer
    assert "[Install]" not in check
    assert "[Install]" in shipped(DAEMON)
    assert "\nEnvironment=@ENVIRONMENT@\n" in check  # PATH among them
    assert "enable-linger" in (ROOT / "monitor/setup/systemd.py").read_text("utf-8")


@pytest.mark.parametrize("topic", ["a|b&c", "a/../b", "x' y\"z", "$(id)`id`"])
def test_defect_21_an_address_goes_into_the_user_s_own_private_files(tmp_path, topic):
    """sed -i wrote topic and number into the checkout's unit file; | and & in a topic broke it."""
    before = subprocess.run(
        ["git", "status", "--porcelain", "termux", "systemd"], cwd=ROOT, capture_output=True, check=False
    )
    openclaw(tmp_path, {"anthropic:a": token(ends_in=90 * DAY)})
    url = f"json://127.0.0.1:9/{topic}"
    words = ("onboard", "--channel-file", "url", "--no-test", "--timer", "none")
    (tmp_path / "url").write_text(url)
    done = authwatch(tmp_path, *words)
    assert done.code == 0, done.err
    folder = tmp_path / ".config/authwatch"
    secret = folder / "json.url"
    assert secret.read_text() == f"{url}\n"
    assert topic not in (folder / "config.yaml").read_text()
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    after = subprocess.run(
        ["git", "status", "--porcelain", "termux", "systemd"], cwd=ROOT, capture_output=True, check=False
    )
    assert after.stdout == before.stdout


def test_all_24_defects_have_a_test():
    """Here or in `tests/test_ops_scripts.py`."""
    pages = (ROOT / "tests/test_ops_scripts.py", ROOT / "tests/termux/test_defects.py")
    found = {int(number) for page in pages for number in re.findall(r"def test_defect_(\d+)_", page.read_text("utf-8"))}
    assert found == set(range(1, 25))
