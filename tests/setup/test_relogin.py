"""`authwatch relogin` at a terminal, with stand-ins for the programs that log in and for systemctl and ssh."""

from __future__ import annotations

import json
import os
import sys
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from monitor.setup.login_process import LoginImpossible
from monitor.setup.relogin import Call, ssh_words
from tests.command import authwatch, configure, state
from tests.openclaw_home import DAY, HOUR, ms, oauth, openclaw, put, store, token
from tests.setup.terminal import Terminal

DEAD = "openclaw/main/anthropic:default"
CLAUDE = ".claude/.credentials.json"


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An OpenClaw whose token ran out, and a folder for programs."""
    openclaw(tmp_path, {"anthropic:default": token(ends_in=-HOUR)})
    (tmp_path / "bin").mkdir()
    return tmp_path


def program(home: Path, name: str, *lines: str) -> None:
    path = home / "bin" / name
    path.write_text("\n".join(["#!/bin/sh", f'echo "{name} $*" >>"{home}/calls"', *lines, ""]))
    path.chmod(0o755)


def calls(home: Path) -> list[str]:
    path = home / "calls"
    return path.read_text().splitlines() if path.exists() else []


def environ(home: Path) -> dict[str, str]:
    return {"PATH": f"{home}/bin:/usr/bin:/bin"}


def pastes(home: Path, ends_in: float = 300 * DAY, secret: str = "tok-FAKESECRET-new") -> None:
    """An openclaw that stores a new login, as `paste-token` does, a moment after it ended."""
    new = home / "new.json"
    new.write_text(json.dumps({"version": 1, "profiles": {"anthropic:default": token(ends_in=ends_in, secret=secret)}}))
    program(home, "openclaw", f"(sleep 0.7; cp {new} {store(home)}.x; mv {store(home)}.x {store(home)}) &")


def test_the_right_program_runs_and_the_new_login_is_awaited(home):
    pastes(home)
    with Terminal(home, "relogin", DEAD, env=environ(home)) as at:
        at.expect("You need a token. On any machine")
        assert at.end() == 0, at.shown
        shown = at.shown
    assert calls(home) == ["openclaw models auth paste-token --provider anthropic --profile-id anthropic:default"]
    assert "Works again: OpenClaw token anthropic:default" in shown
    assert f"Running on {os.uname().nodename}: openclaw models auth" in shown
    assert "If you cancel, nothing changes." in shown
    assert "Agent main has it." in shown
    assert "FAKESECRET" not in shown


def test_without_a_key_the_one_that_needs_somebody_is_meant(home):
    pastes(home)
    with Terminal(home, "relogin", env=environ(home)) as at:
        assert at.end() == 0, at.shown
    assert calls(home)


def test_among_several_the_person_chooses(home):
    both = {
        "anthropic:default": token(ends_in=-HOUR),
        "anthropic:work": token(ends_in=-HOUR, secret="tok-FAKESECRET-2"),
    }
    openclaw(home, both)
    program(home, "openclaw")
    with Terminal(home, "relogin", "--wait", "0", env=environ(home)) as at:
        at.answer(("Which one?", "7"), ("Which one?", "2"))
        assert at.end() == 1
    assert calls(home)[0].endswith("--profile-id anthropic:work")


def test_where_claude_gives_no_token_one_can_still_be_pasted(home):
    pastes(home)
    program(home, "claude", "exit 1")
    with Terminal(home, "relogin", DEAD, env=environ(home)) as at:
        at.answer(("Create one now", "y"))
        assert at.end() == 0, at.shown
    assert calls(home) == [
        "claude setup-token",
        "openclaw models auth paste-token --provider anthropic --profile-id anthropic:default",
    ]


def test_the_gateway_is_restarted_if_it_was_active_and_only_then(home):
    pastes(home)
    program(home, "systemctl", 'case $2 in list-units) echo "openclaw-gateway.service loaded active running x" ;; esac')
    with Terminal(home, "relogin", DEAD, env=environ(home)) as at:
        assert at.end() == 0, at.shown
        assert "Restarted openclaw-gateway.service." in at.shown
    assert calls(home)[-1] == "systemctl --user restart openclaw-gateway.service"
    openclaw(home, {"anthropic:default": token(ends_in=-HOUR)})
    (home / "calls").unlink()
    program(home, "systemctl")
    with Terminal(home, "relogin", DEAD, env=environ(home)) as at:
        assert at.end() == 0, at.shown
    assert not [call for call in calls(home) if "restart" in call]


def test_a_login_that_did_not_come_is_no_success(home):
    """Its program ends with 0 whatever happened; only the store counts."""
    program(home, "openclaw")
    program(home, "systemctl", "echo openclaw-gateway.service")
    with Terminal(home, "relogin", DEAD, "--wait", "1", env=environ(home)) as at:
        assert at.end() == 1
        assert "there is no new login in ~/.openclaw" in at.shown
    assert not [call for call in calls(home) if "restart" in call]


@pytest.mark.parametrize("ends_in", [-2 * HOUR, -HOUR / 2])
def test_another_dead_login_is_not_taken_for_a_new_one(home, ends_in):
    pastes(home, ends_in=ends_in)
    with Terminal(home, "relogin", DEAD, "--wait", "3", env=environ(home)) as at:
        assert at.end() == 1, at.shown
        assert "Waiting up to 3 s for the new login in ~/.openclaw" in at.shown


def test_a_program_that_fails_is_said_with_its_code(home):
    program(home, "openclaw", "echo no such provider; exit 3")
    with Terminal(home, "relogin", DEAD, env=environ(home)) as at:
        started = time.monotonic()
        assert at.end() == 1
        assert "openclaw exited with code 3" in at.shown
        assert time.monotonic() - started < 30, "nobody waits a minute for what failed"


def test_ctrl_c_ends_the_program_and_the_machine_is_as_before(home):
    # Asks by itself: a shell between two commands may miss the key.
    asking = "import signal, time; signal.signal(2, signal.SIG_DFL); print('asking', flush=True); time.sleep(60)"
    program(home, "openclaw", f'exec {sys.executable} -c "{asking}"')
    before = store(home).read_bytes()
    with Terminal(home, "relogin", DEAD, "--wait", "60", env=environ(home)) as at:
        at.expect("asking")
        at.interrupt()
        assert at.end() == 1
        assert "no new login" in at.shown
        assert "Traceback" not in at.shown
    assert store(home).read_bytes() == before


def test_ctrl_c_at_a_question_ends_it(home):
    program(home, "openclaw")
    program(home, "claude")
    with Terminal(home, "relogin", DEAD, env=environ(home)) as at:
        at.expect("Create one now")
        at.interrupt()
        assert at.end() == 130
    assert not calls(home)


def test_without_a_terminal_the_way_out_is_said(home):
    program(home, "openclaw")
    done = authwatch(home, "relogin", DEAD, env=environ(home))
    assert done.code == 1
    assert "needs a terminal" in done.err
    assert "openclaw models auth paste-token" in done.err
    assert "--ssh HOST" in done.err
    assert not calls(home)


def test_without_the_program_it_says_which(home):
    with Terminal(home, "relogin", DEAD, env=environ(home)) as at:
        assert at.end() == 1
        assert "openclaw is not on PATH here" in at.shown


def test_another_program_s_login_is_not_copied_and_why_is_said(home):
    """A refresh token works once: whoever uses it second is logged out."""
    login = {"accessToken": "a-FAKESECRET", "refreshToken": "r-FAKESECRET", "expiresAt": ms(6 * HOUR)}
    (home / ".claude").mkdir()
    put(home / CLAUDE, json.dumps({"claudeAiOauth": login}))
    done = authwatch(home, "relogin", DEAD, "--dry-run")
    assert "does not copy logins" in done.out
    assert "claude setup-token" in done.out
    assert "FAKESECRET" not in done.out + done.err


def test_of_claude_code_the_login_is_its_own_program_s_and_where_it_lies_is_kept(home):
    folder = home / "else where"
    folder.mkdir()
    login = {"accessToken": "", "refreshToken": "", "expiresAt": 0}
    put(folder / ".credentials.json", json.dumps({"claudeAiOauth": login}))
    fresh = {"accessToken": "a-FAKESECRET", "refreshToken": "r-FAKESECRET", "expiresAt": ms(6 * HOUR)}
    (home / "fresh").write_text(json.dumps({"claudeAiOauth": fresh}))
    program(home, "claude", f'cp "{home}/fresh" "$CLAUDE_CONFIG_DIR/.credentials.json"')
    key, where = "claude-code/-/claude-code:default", {"CLAUDE_CONFIG_DIR": str(folder)}
    with Terminal(home, "relogin", key, env=environ(home) | where) as at:
        assert at.end() == 0, at.shown
        assert "Works again: Claude Code login" in at.shown
        assert "in a browser on any machine" in at.shown
    assert calls(home) == ["claude auth login"]


def test_of_several_agents_it_says_who_has_the_new_login(home):
    config = {"agents": {"list": [{"id": "main"}, {"id": "lab"}], "defaults": {"model": {"primary": "anthropic/x"}}}}
    put(home / ".openclaw/openclaw.json", json.dumps(config))
    pastes(home)
    with Terminal(home, "relogin", DEAD, env=environ(home)) as at:
        assert at.end() == 0, at.shown
        assert "Agents lab and main have it." in at.shown or "Agent main has it." in at.shown


def test_it_writes_nothing_itself(home):
    done = authwatch(home, "relogin", DEAD, "--dry-run")
    assert done.code == 0
    assert not state(home).exists()


@pytest.mark.parametrize(
    ("words", "code", "reason"),
    [
        (("openclaw/main/anthropic:defalt",), 1, f"did you mean {DEAD}?"),
        (("--home", "/", DEAD), 64, "as the user whose login it is"),
        (("--ssh", "-oProxyCommand=id"), 64, "not beginning with -"),
        (("--ssh=-oProxyCommand=id",), 64, "not beginning with -"),
        (("--ssh", "a b"), 64, "invalid host"),
        (("--ssh", "", "x"), 64, "invalid host"),
    ],
)
def test_wrong_words_are_explained(home, words, code, reason):
    done = authwatch(home, "relogin", *words, env=environ(home))
    if "-oProxyCommand=id" in words:
        assert done.code == 64
        return
    assert done.code == code
    assert reason in done.err


def test_when_all_is_well_nobody_has_to(home):
    openclaw(home, {"anthropic:default": oauth(ends_in=6 * HOUR)})
    done = authwatch(home, "relogin")
    assert (done.code, done.out) == (0, "No login needs to be renewed.\n")


def test_over_ssh_nothing_of_this_machine_is_lent_and_the_key_arrives_in_one_piece(home):
    program(home, "ssh", f"printf '%s\\n' \"$@\" >{home}/words", "exit 5")
    with Terminal(home, "relogin", "o/main/x y:$(id)", "--ssh", "me@vps-1", env=environ(home)) as at:
        assert at.end() == 5
    words = (home / "words").read_text().splitlines()
    assert words[:5] == ["-t", "-a", "-x", "--", "me@vps-1"]
    assert words[5] == "PATH=\"$HOME/.local/bin:$PATH\" authwatch relogin 'o/main/x y:$(id)'"


@pytest.mark.parametrize(
    ("code", "reason"), [(255, "could not log in to vps-1"), (127, "authwatch is not installed on vps-1")]
)
def test_over_ssh_what_went_wrong_is_said(home, code, reason):
    program(home, "ssh", f"exit {code}")
    with Terminal(home, "relogin", "--ssh", "vps-1", env=environ(home)) as at:
        assert at.end() == 1
        assert reason in at.shown


@given(st.text(max_size=12))
def test_no_host_is_ever_an_option_of_ssh(text):
    try:
        words = ssh_words(text, None)
    except LoginImpossible:
        return
    assert not words[5].startswith("-")
    assert not set(words[5]) & set(" ;|&$`'\"\\\n")


def hosts(home: Path, host: str = "github.com") -> Path:
    path = home / ".config/gh/hosts.yml"
    path.parent.mkdir(parents=True)
    path.write_text(f"{host}:\n    user: octo\n    oauth_token: gho_FAKESECRET\n    git_protocol: https\n")
    return path


def listed(home: Path, source: str) -> dict[str, str]:
    configure(home, f"sources: [{source}]\n")
    return environ(home)


def test_gh_logs_in_with_a_code_and_asks_no_menus(home):
    path = hosts(home)
    program(home, "gh", f"sed -i s/gho_FAKESECRET/gho_FAKESECRET2/ {path}")
    with Terminal(home, "relogin", "gh/-/gh:github.com/octo", env=listed(home, "gh")) as at:
        at.expect("This login still works. You can renew it early")
        assert at.end() == 0, at.shown
    assert calls(home) == ["gh auth login --web --hostname github.com --git-protocol https"]


@pytest.mark.parametrize(
    ("host", "name", "refused"),
    [
        ("github.com", "GH_TOKEN", True),
        ("github.com", "GITHUB_TOKEN", True),
        ("acme.ghe.com", "GH_TOKEN", True),
        ("ghe.example.org", "GH_TOKEN", False),
        ("ghe.example.org", "GH_ENTERPRISE_TOKEN", True),
        ("github.com", "GITHUB_ENTERPRISE_TOKEN", False),
    ],
)
def test_a_variable_for_which_gh_refuses_is_said_before(home, host, name, refused):
    hosts(home, host)
    env = listed(home, "gh") | {name: "x"}
    done = authwatch(home, "relogin", f"gh/-/gh:{host}/octo", "--dry-run", env=env)
    assert (done.code, f"unset {name}" in done.err) == ((1, True) if refused else (0, False))


@pytest.mark.parametrize(
    ("config", "words"),
    [
        ("[profile p q]\nsso_start_url = {url}\n", "--profile 'p q' "),
        ("[sso-session s]\nsso_start_url = {url}\n[profile work]\nsso_session = s\n", "--profile work "),
        ("[default]\nsso_start_url = {url}\n[profile b]\nsso_start_url = {url}\n", "--profile default "),
        ("[profile x]\nsso_start_url = https://other\n", ""),
        ("[profile -x]\nsso_start_url = {url}\n", ""),
        ("no INI", ""),
    ],
)
def test_aws_logs_in_with_a_code_for_the_profile_that_it_serves(home, config, words):
    url = "https://example.awsapps.com/start"
    (home / ".aws/sso/cache").mkdir(parents=True)
    (home / ".aws/config").write_text(config.format(url=url))
    login = {"startUrl": url, "accessToken": "a-FAKESECRET", "expiresAt": "2026-01-01T00:00:00Z"}
    (home / ".aws/sso/cache/x.json").write_text(json.dumps(login))
    done = authwatch(home, "relogin", f"aws/-/aws-sso:{url}", "--dry-run", env=listed(home, "aws"))
    assert f"Would run on {os.uname().nodename}: aws sso login {words}--no-browser --use-device-code\n" in done.out


def test_gemini_and_qwen_have_no_log_in_to_be_led_through_and_that_is_said(home):
    for folder in (".gemini", ".qwen"):
        (home / folder).mkdir()
        put(home / folder / "oauth_creds.json", json.dumps({"access_token": "", "refresh_token": ""}))
    for name in ("gemini", "qwen"):
        program(home, name)
    env = listed(home, "gemini-cli, qwen-code")
    for key, command in (
        ("gemini-cli/-/gemini-cli:oauth", "NO_BROWSER=true gemini"),
        ("qwen-code/-/qwen-code:oauth", "qwen auth"),
    ):
        with Terminal(home, "relogin", key, env=env) as at:
            assert at.end() == 1
            assert f"    {command}\n" in at.shown
    assert not calls(home)


def test_of_a_program_that_nobody_tried_a_working_login_is_not_put_at_risk_unasked(home):
    (home / ".npmrc").write_text("//registry.npmjs.org/:_authToken=npm_FAKESECRET\n")
    program(home, "npm")
    key = "npm/-/npm:registry.npmjs.org"
    with Terminal(home, "relogin", key, "--wait", "0", env=listed(home, "npm")) as at:
        at.answer(("Continue?", ""))
        assert at.end() == 1
    assert not calls(home)


@pytest.mark.parametrize(
    ("command", "where"),
    [
        ("claude auth login", "any"),
        ("codex login --device-auth", "any"),
        ("openclaw models auth login --provider github-copilot", "any"),
        ("openclaw models auth login --provider openai-codex", "this"),
        ("openclaw models auth paste-token --provider anthropic", ""),
        ("npm login", ""),
    ],
)
def test_where_the_browser_is_needed_is_said(command, where):
    said = Call(tuple(command.split()), {}).browser
    assert said == (f"It shows an address to open in a browser on {where} machine." if where else "")


def test_the_new_login_is_told_on_the_readers_clock(home):
    """A kept sentence names UTC; the person reads their own zone, near moments with the distance."""
    configure(home, "timezone: Asia/Tokyo\nhost_ssh: me@vps-1\n")
    pastes(home, ends_in=3 * DAY)
    with Terminal(home, "relogin", DEAD, env=environ(home)) as at:
        assert at.end() == 0, at.shown
    assert at.shown.count(" JST)") == 2 and "UTC" not in at.shown and "3 days" in at.shown
    done = authwatch(home, "relogin", DEAD, env=environ(home))
    assert (done.code, "authwatch relogin --ssh me@vps-1" in done.err) == (1, True)


def test_a_login_in_another_home_is_for_whoever_lives_there(home):
    other = home.parent / "other"
    (other / ".claude").mkdir(parents=True)
    put(other / ".claude/.credentials.json", json.dumps({"claudeAiOauth": {"accessToken": "", "refreshToken": ""}}))
    program(home, "claude")
    env = listed(home, f"{{type: claude-code, id: bot, home: {other}}}")
    with Terminal(home, "relogin", "bot/-/claude-code:default", env=env) as at:
        assert at.end() == 1
        assert f"this login is in {other}" in at.shown.replace("\n", " ")
    assert not calls(home)


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
def test_a_store_that_cannot_be_written_is_said_before_anybody_logs_in(home):
    """Claude Code says it after the code was typed."""
    (home / ".claude").mkdir()
    put(home / CLAUDE, json.dumps({"claudeAiOauth": {"accessToken": "", "refreshToken": ""}}))
    os.chown(home / CLAUDE, 12345, 12345)
    program(home, "claude")
    with Terminal(home, "relogin", "claude-code/-/claude-code:default", env=environ(home)) as at:
        assert at.end() == 1
        assert "could not be saved" in at.shown
    assert not calls(home)
