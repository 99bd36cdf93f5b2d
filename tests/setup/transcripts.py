"""What docs/setup.md shows of a person at a terminal (`python -m tests.setup.transcripts` renews it)."""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from pathlib import Path

from tests.command import ROOT
from tests.openclaw_home import DAY, HOUR, openclaw, store, token
from tests.receivers import web
from tests.setup.terminal import Terminal

PAGE = ROOT / "docs/setup.md"
PLAIN = {"NO_COLOR": "1", "COLUMNS": "100"}
_BLOCK = r"(<!-- terminal {name} -->\n```console\n)(.*?)(```)"


def onboard(home: Path) -> str:
    """The first set-up, with ntfy on a server of one's own."""
    openclaw(home, {"anthropic:default": token(ends_in=90 * DAY)})
    with web() as there, Terminal(home, "onboard", "--ntfy-server", f"http://127.0.0.1:{there.port}", env=PLAIN) as at:
        at.answer(
            *(("1, 2, 3 or 4?", "1"), ("Press Enter", ""), ("nothing to go on:", "GROQ_API_KEY")),
            *(("(not shown):", "gsk-FAKESECRET"), ("nothing to go on:", "")),
            *(("What shall run it?", "none"), ("Did it arrive?", "y")),
        )
        at.end()
        return _told("authwatch onboard", at.shown.replace(f"http://127.0.0.1:{there.port}", "ntfy.example.org"), home)


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


SCENES = {"onboard": onboard, "relogin": relogin}


def said(name: str) -> str:
    """What is said in a home of its own."""
    with tempfile.TemporaryDirectory() as folder:
        return SCENES[name](Path(folder))


def shown(page: str, name: str) -> str:
    """The same as the page has it."""
    found = re.search(_BLOCK.format(name=name), page, re.DOTALL)
    return found[2] if found else ""


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
    text = re.sub(r"or none \[\w+\]", "or none [systemd]", text)  # what this machine has
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
