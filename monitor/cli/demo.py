"""`authwatch demo`: a real check of a made-up home."""

from __future__ import annotations

import argparse
import os
import shutil
import sys
import tempfile
from pathlib import Path
from shlex import quote

from monitor.cli.context import Context, common

INTRODUCTION = """\
A made-up home with OpenClaw (agents main and lab) and Claude Code, a real check
of it, and a channel that prints what your phone would get.
"""

WHAT_NEXT = """\
Next:
  authwatch status                             show your own logins
  authwatch onboard                            guided setup, with a test message
  authwatch alerts test                        send a test message to your channels
  authwatch install systemd --user --timer     check every five minutes
"""


def arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """The options of the command."""
    common(parser, json=False)


def run(given: argparse.Namespace, context: Context) -> int:
    """Makes the home, runs `check` in it, says what to do next; leaves nothing behind."""
    from monitor.cli import check
    from monitor.cli.app import Parser
    from monitor.setup.demo_home import furnish

    with tempfile.TemporaryDirectory(prefix="authwatch-demo-") as folder:
        home = Path(folder)
        config = furnish(home, context.now())
        inside = context._replace(environ={"HOME": folder}, own_home=home, home=home, config=config, argv=("demo",))
        parser = Parser()
        check.arguments(parser, "check")
        context.say(INTRODUCTION)
        if context.out.isatty():
            context.say("Checking …\n")
        context.flush()
        check.run(parser.parse_args([]), inside)
    context.say(f"\n{WHAT_NEXT.replace('  authwatch', f'  {_called(context)}')}")
    return 0


def _called(context: Context) -> str:
    """How to start authwatch here: by its name, or from a virtual environment by its path."""
    own = Path(sys.executable).with_name("authwatch")
    if shutil.which("authwatch", path=context.environ.get("PATH", "")) or not own.exists():
        return "authwatch"
    return quote(os.path.relpath(own) if own.is_relative_to(Path.cwd()) else str(own))
