"""`authwatch models auth setup-token`: the token comes from the screen of `claude setup-token`, and nobody sees it."""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest

from tests.openclaw_home import HOUR, openclaw, store, token
from tests.polling import pause
from tests.setup.terminal import Terminal
from tests.setup.test_terminal_screen import RECORDED, TOKEN

REVOKE = "https://claude.ai/settings/claude-code"
#: Plays a recording: what comes before the code, then the code and Enter, then the rest.
CLAUDE = r"""#!{python} -I
import json, os, pathlib, sys, time, tty
root, act = pathlib.Path({root!r}), {act!r}
tty.setraw(0)
written = [sys.argv[1:], list(os.get_terminal_size())]
def say(data, step=4096):
    for at in range(0, len(data), step):
        os.write(1, data[at:at + step])
        if step < 4096:
            time.sleep(0.002)
def typed():
    while (part := os.read(0, 4096)):
        written.append(part.decode())
        (root / "written").write_text(json.dumps(written))
        if part == b"\r":
            return
if act == "cancelled":
    sys.exit(1)
data = pathlib.Path({recorded!r}).read_bytes()
at = data.index(b"********#state")
say(data[:at])
typed()
if act == "bytewise":
    say(data[at:], 3)
elif act == "nothing":
    say(b"\x1b[2JDone.\r\n")
elif act == "short":
    say(b"\x1b[2JYour OAuth token:\r\n\r\n" + {token!r}.encode()[:40] + b"\r\n")
elif act == "slow":
    for part in (b"\x1b[2J" + {token!r}.encode()[:30], {token!r}.encode()[30:60], {token!r}.encode()[60:] + b"\r\n"):
        say(part)
        time.sleep(0.4)
elif act == "waits":
    say(data[at:])
    print("Press a key", flush=True)
    time.sleep(60)
else:
    say(data[at:])
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """An OpenClaw whose token ran out."""
    openclaw(tmp_path, {"anthropic:default": token(ends_in=-HOUR)})
    (tmp_path / "bin").mkdir()
    return tmp_path


def claude(home: Path, act: str = "", recording: str = "400") -> None:
    path = home / "bin/claude"
    recorded = str(RECORDED / f"setup-token-{recording}.raw")
    path.write_text(
        CLAUDE.format(python=sys.executable, root=str(home), act=act, recorded=recorded, token=TOKEN), "utf-8"
    )
    path.chmod(0o755)


def environ(home: Path) -> dict[str, str]:
    return {"PATH": f"{home}/bin:/usr/bin:/bin"}


def saved(home: Path) -> dict[str, Any]:
    profiles: dict[str, Any] = json.loads(store(home).read_text())["profiles"]
    return profiles


def secret_free(text: str) -> bool:
    return not any(TOKEN[at : at + 8] in text for at in range(6, len(TOKEN) - 8))


@pytest.mark.parametrize(
    ("act", "recording"), [("", "400"), ("", "120"), ("", "old-80"), ("bytewise", "400"), ("slow", "400")]
)
def test_the_token_is_saved_and_never_shown(home: Path, act: str, recording: str) -> None:
    claude(home, act, recording)
    with Terminal(home, "models", "auth", "setup-token", env=environ(home)) as at:
        at.expect("https://claude.ai/oauth/authorize?")
        at.expect("Paste code here if prompted")
        at.type("goodcode#state")
        assert at.end() == 0, at.shown
        shown = at.shown
    assert saved(home)["anthropic:manual"]["token"] == TOKEN
    assert secret_free(shown) and "goodcode" not in shown and "*" * len("goodcode#state") in shown
    words, size, *written = json.loads((home / "written").read_text())
    assert (words, size[0]) == (["setup-token"], 400)
    assert written == ["goodcode#state", "\r"], "Enter is a write of its own"
    assert secret_free("".join(path.read_text("utf-8", "replace") for path in home.rglob("*.log")))


@pytest.mark.parametrize(("act", "revoke"), [("nothing", True), ("short", True), ("cancelled", False)])
def test_a_token_that_was_made_and_cannot_be_taken_is_to_be_revoked(home: Path, act: str, revoke: bool) -> None:
    claude(home, act)
    before = store(home).read_bytes()
    with Terminal(home, "models", "auth", "setup-token", env=environ(home)) as at:
        if act != "cancelled":
            at.expect("Paste code here")
            at.type("code#state")
        assert at.end() == 1, at.shown
        assert (REVOKE in at.shown, "valid for a year" in at.shown) == (revoke, revoke)
        assert secret_free(at.shown) and "Traceback" not in at.shown
    assert store(home).read_bytes() == before


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can give a file to somebody else")
def test_what_cannot_be_saved_is_said_before_a_token_is_made(home: Path) -> None:
    claude(home)
    os.chown(store(home), 12345, 12345)
    with Terminal(home, "models", "auth", "setup-token", env=environ(home)) as at:
        assert at.end() == 1
        assert "belongs to another user" in at.shown and REVOKE not in at.shown
    assert not (home / "written").exists()


def test_a_store_that_changed_meanwhile_is_left_and_the_token_is_to_be_revoked(home: Path) -> None:
    claude(home)
    with Terminal(home, "models", "auth", "setup-token", "--profile-id", "anthropic:default", env=environ(home)) as at:
        at.expect("Paste code here")
        openclaw(home, {"anthropic:default": token(secret="tok-FAKESECRET-other")})
        at.type("code#state")
        assert at.end() == 1
        assert "changed by another program" in at.shown and REVOKE in at.shown and secret_free(at.shown)
    assert saved(home)["anthropic:default"]["token"] == "tok-FAKESECRET-other"


def test_ctrl_c_ends_it_and_the_terminal_is_as_before(home: Path) -> None:
    claude(home)
    before = store(home).read_bytes()
    with Terminal(home, "models", "auth", "setup-token", env=environ(home)) as at:
        at.expect("Paste code here")
        pause(0.1)
        at.interrupt()
        assert at.end() == 130
        assert REVOKE not in at.shown
    assert store(home).read_bytes() == before


def test_ctrl_c_after_the_token_was_made_says_so(home: Path) -> None:
    claude(home, "waits")
    with Terminal(home, "models", "auth", "setup-token", env=environ(home)) as at:
        at.expect("Paste code here")
        at.type("code#state")
        at.expect("Your OAuth token")
        pause(0.3)
        at.interrupt()
        assert at.end() == 1
        assert REVOKE in at.shown and secret_free(at.shown)


def test_guided_it_goes_into_the_login_that_needs_it(home: Path) -> None:
    claude(home)
    with Terminal(home, "relogin", "openclaw/main/anthropic:default", env=environ(home)) as at:
        at.answer(("Create one now", "y"))
        at.expect("Paste code here")
        at.type("code#state")
        assert at.end() == 0, at.shown
        assert "Works again: " in at.shown and secret_free(at.shown)
    assert saved(home)["anthropic:default"]["token"] == TOKEN
