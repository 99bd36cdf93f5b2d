"""`authwatch serve`: the daemon."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from monitor import checkpoint
from monitor.cli.install import own_command
from monitor.cli.shell import Shell, common


def arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """The options of the command."""
    common(parser, json=False)


def run(given: argparse.Namespace, shell: Shell) -> int:
    """Serves until SIGTERM; each pass is a child of its own."""
    from monitor.serve.daemon import serve

    settings = shell.settings(shell.host())
    state = shell.state(settings)
    state.create()
    words = pass_words(given)
    gate = str(state.gate)

    def may_stop() -> bool:
        now = shell.now().timestamp()
        who = checkpoint.identity(words, str(Path.cwd()), os.geteuid())
        point = checkpoint.may_stop(gate, who, dict(shell.environ), now)
        if point is not None:
            checkpoint.renew(gate, point, now)
        return point is not None

    command = [*own_command(), *words]
    return serve(settings, state.folder, command, shell.environ, shell.err, may_stop=may_stop, gate=state.gate)


def pass_words(given: argparse.Namespace) -> list[str]:
    """The arguments of one pass of this daemon."""
    words = ["check"]
    for name in ("config", "home"):
        if value := getattr(given, name):
            words += [f"--{name}", str(Path(value).absolute())]
    return words
