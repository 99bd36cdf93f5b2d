"""`authwatch demo`: a real check of a made-up home."""

from __future__ import annotations

import argparse
import tempfile
from pathlib import Path

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
    context.say(f"\n{WHAT_NEXT}")
    return 0
