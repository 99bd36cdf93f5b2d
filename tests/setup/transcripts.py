"""What docs/setup.md shows of a person at a terminal (`python -m tests.setup.transcripts` renews it)."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from tests.command import ROOT
from tests.openclaw_home import DAY, HOUR, openclaw, store, token
from tests.receivers import web
from tests.setup.terminal import Terminal

PAGE = ROOT / "docs/setup.md"
PLAIN = {"NO_COLOR": "1", "COLUMNS": "80"}
_BLOCK = r"(<!-- terminal {name} -->\n```console\n)(.*?)(```)"


def onboard(home: Path) -> str:
    """The first set-up, with ntfy on a server of one's own."""
    openclaw(home, {"anthropic:default": token(ends_in=90 * DAY)})
    with web() as there, Terminal(home, "onboard", "--ntfy-server", f"http://127.0.0.1:{there.port}", env=PLAIN) as at:
        at.answer(
            *(("Choose 1-5", "1"), ("Press Enter", ""), ("Did it arrive?", "y")),
            *(("or Enter to continue:", "GROQ_API_KEY"), ("(not shown):", "gsk-FAKESECRET")),
            *(("or Enter to continue:", ""), ("What should run the checks?", "none")),
        )
        at.end()
        text = _told("authwatch onboard", _as_a_server(at.shown, there.port), home)
    # What this machine has differs.
    text = re.sub(r"Suggested: .*", "Suggested: systemd (your systemd session keeps running when you log out).", text)
    text = re.sub(r"or none \[\w+\]", "or none [systemd]", text)
    return re.sub(r"fix: authwatch (install \w+|serve)", "fix: authwatch install systemd", text)


class Fresh(NamedTuple):
    """A set-up from nothing: what was shown, how many seconds it took, what the phone got, the crontab."""

    shown: str
    seconds: float
    received: int
    crontab: str
    commands: Sequence[str]


def from_a_fresh_machine(home: Path) -> Fresh:
    """A new venv, onboarding by its own program at a terminal, and a look, with a cron that is a stand-in and no systemd session.

    Only `pip install` is not run, to stay offline: the new venv sees what this one has, and the checkout.
    """
    openclaw(home, {"anthropic:default": token(ends_in=90 * DAY)})
    began, checkout, tools = time.monotonic(), home / "authwatch", home / "tools"
    checkout.mkdir()
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", checkout / ".venv"], check=True)
    (site,) = (checkout / ".venv").glob("lib/python*/site-packages")
    (site / "here.pth").write_text(f"{ROOT}\n{sysconfig.get_path('purelib')}\n")
    program = checkout / ".venv/bin/authwatch"
    program.write_text(
        f"#!{checkout}/.venv/bin/python\nimport sys\nfrom monitor.cli.main import main\nsys.exit(main())\n"
    )
    program.chmod(0o755)
    tools.mkdir()
    crontab = tools / "crontab"
    crontab.write_text(f"#!/bin/sh\ncase $1 in -l) cat {home}/tab ;; *) cat $1 >{home}/tab ;; esac\n")
    crontab.chmod(0o755)
    (tools / "systemctl").write_text("#!/bin/sh\nexit 1\n")
    (tools / "systemctl").chmod(0o755)
    (home / "tab").touch()
    shutil.copy(str(shutil.which("sleep")), tools / "cron")
    running = subprocess.Popen([tools / "cron", "600"])  # `cron.runs` looks for a process of that name
    env = {**PLAIN, "PATH": f"{tools}:/usr/bin:/bin"}
    try:
        with (
            web() as there,
            Terminal(
                home, "onboard", "--ntfy-server", f"http://127.0.0.1:{there.port}", env=env, program=program
            ) as at,
        ):
            at.answer(("Choose 1-5", ""), ("Press Enter", ""), ("Did it arrive?", ""), ("or Enter to continue:", ""))
            at.answer(("What should run the checks?", ""))
            at.end()
            first = _told(".venv/bin/authwatch onboard", _as_a_server(at.shown, there.port), home)
    finally:
        running.kill()
        running.wait()
    commands = [
        "git clone https://github.com/authwatch/authwatch && cd authwatch",
        "python3 -m venv .venv && .venv/bin/pip install -q .",
    ]
    shown = "".join(f"$ {line}\n" for line in commands) + first
    seconds = time.monotonic() - began
    return Fresh(shown, seconds, len(there.received), (home / "tab").read_text(), (*commands, "onboard"))


def fresh(home: Path) -> str:
    """What a person sees who sets it up on a new machine."""
    return from_a_fresh_machine(home).shown


def relogin(home: Path) -> str:
    """A token that ran out, and a stand-in for OpenClaw's own command that stores a new one."""
    openclaw(home, {"anthropic:default": token(ends_in=-HOUR)})
    new, binary = home / "new.json", home / "bin/openclaw"
    fresh = {"anthropic:default": token(ends_in=300 * DAY, secret="tok-FAKESECRET-2")}
    new.write_text(json.dumps({"version": 1, "profiles": fresh}))
    binary.parent.mkdir()
    binary.write_text(
        f"#!/bin/sh\necho '? Paste token  …'\ncp {new} {store(home)}.x; mv {store(home)}.x {store(home)}\n"
    )
    binary.chmod(0o755)
    with Terminal(home, "relogin", env={"PATH": f"{home}/bin:/usr/bin:/bin", **PLAIN}) as at:
        at.end()
        return _told("authwatch relogin", at.shown, home)


SCENES = {"fresh": fresh, "onboard": onboard, "relogin": relogin}


def said(name: str) -> str:
    """What is said in a home of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return SCENES[name](Path(folder))


def shown(page: str, name: str) -> str:
    """The same as the page has it."""
    found = re.search(_BLOCK.format(name=name), page, re.DOTALL)
    return found[2] if found else ""


def _as_a_server(text: str, port: int) -> str:
    """With a server of one's own, by name, instead of the receiver."""
    text = text.replace(f"http://127.0.0.1:{port}", "https://ntfy.example.org").replace("?secure=false", "")
    return text.replace(f"127.0.0.1:{port}", "ntfy.example.org")


def _told(command: str, text: str, home: Path) -> str:
    """Without what differs from run to run."""
    text = text.replace(str(home), "~")
    text = re.sub(r"authwatch-[\w-]{22}\b", "authwatch-b9K2s1YwQe7uR4xNfT0aZg", text)
    text = re.sub(r"\w{3}, \d+ \w{3} \d{4}|\w{3} \d+ \w{3} \d{4}(, \d\d:\d\d UTC)?", "Wed 24 Feb 2027", text)
    text = re.sub(r"\w{3} \d+ \w{3}, \d\d:\d\d UTC", "Wed 24 Feb, 14:05 UTC", text)
    text = re.sub(r"\b6\d min ago", "1 h ago", text)
    text = re.sub(r"authwatch on [\w.-]+", "authwatch on vps-1", text)
    text = text.replace(f"unning on {os.uname().nodename}", "unning on vps-1")
    text = re.sub(r"Waiting up to [^\n]*\n", "", text)  # only where the new login took a moment
    text = re.sub(r"in \d+ (days|weeks|months)|\d+\.\d s", lambda found: "0.2 s" if "." in found[0] else found[0], text)
    text = re.sub(r"is set up on [\w.-]+?([.,])(?=\s)", r"is set up on vps-1\1", text)
    text = re.sub(r"\w{3} \d+ \w{3}, \d\d:\d\d [A-Z]\w+", "Thu 26 Nov, 15:10 CET", text)
    text = re.sub(r"(?m)^(?:[ ▀▄█]{25,}\n)+", "(a QR code)\n", text)
    return "\n".join([f"$ {command}", *(line.rstrip() for line in text.strip().splitlines()), ""])


def main() -> None:
    """Renews the page."""
    page = PAGE.read_text("utf-8")
    for name in SCENES:
        text = said(name)
        page = re.sub(
            _BLOCK.format(name=name), lambda found, text=text: found[1] + text + found[3], page, flags=re.DOTALL
        )
    PAGE.write_text(page, "utf-8")


if __name__ == "__main__":
    sys.exit(main())
