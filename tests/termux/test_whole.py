"""The real authwatch on a phone: installed by itself, telling by notifications, acknowledged by a tap."""

from __future__ import annotations

import json
import re
import sys

import pytest

from monitor.setup.demo_home import CONFIG
from tests.command import ROOT, authwatch
from tests.openclaw_home import HOUR, token
from tests.termux.handset import HOME, NEEDS, PREFIX, SH, SHARE, phone

STORE = ".openclaw/agents/main/agent/auth-profiles.json"
REAL = f'{SH}PYTHONPATH={ROOT} exec python -P -m monitor.cli.main "$@"\n'
MORE = f"-P {sys.executable}"


def files(ends_in: float) -> dict[str, str]:
    profiles = {"version": 1, "profiles": {"anthropic:$(reboot)": token(ends_in=ends_in)}}
    config = {"agents": {"defaults": {"model": {"primary": "anthropic/claude-sonnet-4-5"}}}}
    return {
        "bin/authwatch": REAL,
        STORE: json.dumps(profiles),
        ".openclaw/openclaw.json": json.dumps(config),
        ".config/authwatch/config.yaml": CONFIG.replace("print://", "termux://"),
    }


INSTALL = f"export PYTHONPATH={ROOT}; chmod 600 .config/authwatch/config.yaml; authwatch install termux"


@NEEDS
def test_installed_by_itself_it_tells_at_once_and_a_tap_acknowledges():
    answers = {"termux-dialog": [{"stdout": {"code": -1, "text": "x", "index": 0}}]}
    seen = phone(
        INSTALL,
        f"{HOME}/.shortcuts/tasks/authwatch-acknowledge",
        "authwatch alerts list",
        f"{HOME}/.shortcuts/tasks/authwatch-acknowledge",
        files=files(-HOUR),
        answers=answers,
        more=MORE,
    )
    assert "first check done" in seen.out, seen.out
    shown = [call for call in seen.of("termux-notification") if "Expired" in str(call)]
    assert shown, seen.calls
    assert "anthropic:$(reboot)" in str(shown[0])
    actions = [word for word in shown[0] if "-action=" in word]
    assert len(actions) == 2
    assert not [action for action in actions if "reboot" in action]
    assert "acknowledged by" in seen.out or "acknowledged until" in seen.out
    assert [words[-1] for words in seen.of("termux-toast")] == [
        "authwatch: acknowledged, until it changes.",
        "authwatch: nothing is left to acknowledge.",
    ]


@NEEDS
def test_a_button_of_a_notification_acknowledges_from_an_environment_of_nothing():
    """Termux:API runs an action by `sh -c` with nothing of ours around it."""
    find = 'print([w for l in open(os.environ["FAKE_TERMUX_LOG"]) for w in json.loads(l)["argv"] if "button1-act" in w][0])'
    tap = f"python -c 'import json, os; {find}' | cut -d= -f2- >action; env -i {PREFIX}/bin/sh -c \"$(cat action)\""
    seen = phone(f"{INSTALL} >/dev/null", tap, "cat action", files=files(-HOUR), more=MORE)
    acknowledged, action = seen.out.splitlines()[-2:]
    assert acknowledged.startswith("Acknowledged ")
    assert acknowledged.endswith("No more reminders until it changes.")
    assert re.search(r"alerts ack --token [0-9a-f]{32}$", action)


@NEEDS
def test_uninstalled_only_the_user_s_data_is_left_and_named():
    seen = phone(
        f"{INSTALL} >/dev/null",
        f"authwatch uninstall termux; find . -path ./termux -prune -o -type f -print | grep authwatch; ls {SHARE}",
        files=files(100 * HOUR),
        more=MORE,
    )
    assert "your data was kept:" in seen.out
    left = {line for line in seen.out.splitlines() if line.startswith("./")}
    assert left
    assert all(line.startswith(("./.config/authwatch/", "./.local/state/authwatch/", "./bin/")) for line in left), left


@NEEDS
def test_a_dry_run_says_what_it_would_do():
    seen = phone(f"{INSTALL} --dry-run; authwatch uninstall termux --dry-run", files=files(HOUR), more=MORE)
    assert f"would schedule {SHARE}/check every 30 minutes (job 28849, network: none)" in seen.out
    assert not seen.calls


@NEEDS
def test_onboard_on_a_phone_chooses_termux_and_ends_with_what_is_set_up():
    given = {name: text for name, text in files(-HOUR).items() if "config.yaml" not in name}
    seen = phone(f"export PYTHONPATH={ROOT}; authwatch onboard --on-this-phone --yes", files=given, more=MORE)
    assert "test message: delivered in" in seen.out, seen.out
    assert "Checks will run by termux: this is Termux;" in seen.out
    assert "scheduled: Pending Job 28849" in seen.out
    screen = seen.out[seen.out.index("authwatch is set up on ") :]
    assert "1 needs you now" in screen
    assert "every 30 min, by a Termux job" in screen
    assert len(seen.of("termux-notification")) >= 2


@pytest.mark.parametrize("words", [("install", "termux"), ("uninstall", "termux"), ("install", "termux", "--daemon")])
def test_elsewhere_it_says_that_this_is_no_phone(tmp_path, words):
    done = authwatch(tmp_path, *words)
    assert done.code == 1
    assert "this is not Termux" in done.out + done.err
    assert PREFIX not in done.out
