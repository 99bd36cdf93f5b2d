"""`authwatch serve`: the daemon."""

from __future__ import annotations

import argparse
import os
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.check import gate as checkpoint
from monitor.cli.context import Context, Failure, common
from monitor.cli.install import own_command

if TYPE_CHECKING:
    from monitor.serve.live_settings import LiveSettings, Loaded


def arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """The options of the command."""
    common(parser, json=False)


def run(given: argparse.Namespace, context: Context) -> int:
    """Serves until SIGTERM; each check is a child of its own."""
    from monitor.check.outputs import StateFolders
    from monitor.serve.daemon import serve

    state = context.state(context.settings(context.host()))
    state.create()
    command = own_command()
    gate = str(state.gate)

    def may_stop(argv: Sequence[str]) -> bool:
        now = context.now().timestamp()
        checked, _ = checkpoint.split(list(argv[len(command) :]))
        environ = dict(context.environ)
        who = checkpoint.identity(checked, environ, str(Path.cwd()), os.geteuid())
        point = checkpoint.may_stop(gate, who, environ, now)
        if point is not None:
            checkpoint.renew(gate, point, now)
        return point is not None

    def words(current: LiveSettings) -> list[str]:
        return options(given, current)

    place = StateFolders(state.folder, state.gate)
    return serve(lambda: loaded(context), place, command, context.environ, context.err, words=words, may_stop=may_stop)


def loaded(context: Context) -> Loaded:
    """The settings with the text they were read from; raises CannotServe where it is wrong."""
    from monitor.serve.live_settings import Loaded
    from monitor.serve.web_auth import CannotServe

    host = context.host()
    try:
        settings = context.settings(host)
    except Failure as failure:
        raise CannotServe(failure.message) from None
    try:
        text = settings.file.read_text("utf-8") if settings.file else None
    except (OSError, ValueError):
        raise CannotServe(f"{settings.file}: changed while it was being read; try again") from None
    return Loaded(settings, text, dict(host.touches))


def options(given: argparse.Namespace, current: LiveSettings) -> list[str]:
    """What every child of the daemon is told."""
    words = [f"--home={Path(given.home).absolute()}"] if given.home else []
    if current.settings.file and (given.config or current.kept is not None):
        words.append(f"--config={current.settings.file}")
    return words if current.kept is None else [*words, "--kept-config"]
