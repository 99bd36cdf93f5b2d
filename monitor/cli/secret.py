"""How a secret comes in: a prompt without echo, a pipe, or `claude setup-token`; never an argument."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys

from monitor.cli.shell import Shell

_LIMIT = 1 << 16
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[@-_])")
_TOKEN = re.compile(r"sk-ant-oat01-[\w-]+(?:\r?\n *[\w-]{20,})*")
_ELSEWHERE = """\
`claude setup-token` needs a terminal, a browser and Claude Code. On any machine that has them, run:
    claude setup-token
and here, with what it printed:
    authwatch models auth paste-token --provider anthropic"""


def asked(shell: Shell, prompt: str) -> str:
    """What a person pastes at a prompt without echo, or what a pipe brings; "" where there is nothing."""
    if sys.stdin.isatty():
        from getpass import getpass

        try:
            return getpass(f"{prompt} (not shown): ")
        except EOFError:
            return ""
    return sys.stdin.buffer.read(_LIMIT + 1).decode("utf-8", "replace")


def setup_token(shell: Shell) -> str:
    """Runs `claude setup-token` on this terminal and takes its token over; raises Refused where that cannot be."""
    from monitor.openclaw.write.files import Refused

    claude = shutil.which("claude", path=shell.environ.get("PATH"))
    if claude is None or not (sys.stdin.isatty() and sys.stdout.isatty()):
        raise Refused(_ELSEWHERE)
    import os
    import pty

    heard: list[bytes] = []

    def read(handle: int) -> bytes:
        part = os.read(handle, 4096)
        heard.append(part)
        return part

    # Linux throws away what is still on its way to a terminal when the leader of its session ends: `sh` outlives it.
    pty.spawn(["sh", "-c", '"$0" setup-token; sleep 0.3', claude], read)
    found = token_in(b"".join(heard).decode("utf-8", "replace"))
    if found is None:
        raise Refused("`claude setup-token` ended without a token; nothing was written")
    return found


def token_in(printed: str) -> str | None:
    """The last setup-token in what a terminal showed, the line breaks that it made taken out."""
    found = _TOKEN.findall(_ESCAPES.sub("", printed))
    return "".join(found[-1].split()) if found else None


def restart(shell: Shell) -> str:
    """Restarts OpenClaw's gateway; what became of it, in words."""
    program = shutil.which("openclaw", path=shell.environ.get("PATH"))
    if program is None:
        return "openclaw is not on PATH here; restart its gateway yourself: openclaw gateway restart"
    words, void = [program, "gateway", "restart"], subprocess.DEVNULL
    try:
        done = subprocess.run(words, stdin=void, stdout=void, stderr=void, timeout=120, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return "The gateway could not be restarted; try: openclaw gateway restart"
    if done.returncode:
        return "The gateway could not be restarted; try: openclaw gateway restart"
    return "The gateway was restarted."
