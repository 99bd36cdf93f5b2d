"""`authwatch config check | show | schema`."""

from __future__ import annotations

import argparse
import json
from typing import TYPE_CHECKING

from monitor.cli.context import CONFIG, USAGE, Context, Failure, common

if TYPE_CHECKING:
    from monitor.config.settings import Settings

EPILOG = """\
check   is the config valid, and can every channel be loaded?
show    the settings in force, secrets hidden; --all explains every key, as a config file
schema  the JSON schema of the config file, for editors

Every key of the config: https://github.com/authwatch/authwatch/blob/main/docs/config.md
"""


def arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """The options of the command."""
    parser.epilog = EPILOG
    parser.add_argument("what", choices=("check", "show", "schema"), help="see below")
    parser.add_argument("--all", action="store_true", help="show: every key, with its meaning and default")
    common(parser)


def run(given: argparse.Namespace, context: Context) -> int:
    """Checks, shows or describes the config."""
    if given.all and given.what != "show":
        raise Failure(USAGE, "--all is an option of: authwatch config show")
    if given.what == "schema":
        from monitor.config.schema import json_schema

        context.say(json.dumps(json_schema(), indent=1))
        return 0
    settings = context.settings(context.host())
    if given.what == "show":
        context.say(_shown(given, settings))
        return 0
    return _check(given, context, settings)


def _shown(given: argparse.Namespace, settings: Settings) -> str:
    from monitor.config.show import effective, show

    if given.json:
        return json.dumps(effective(settings), ensure_ascii=False, indent=2)
    if given.all:
        from monitor.config.annotated import annotated

        return annotated(settings)
    return show(settings)


def _check(given: argparse.Namespace, context: Context, settings: Settings) -> int:
    from alerts.channels import check
    from monitor.config.load import problems
    from monitor.serve.web_auth import CannotServe, listen_address

    found = list(problems(settings))
    for channel in settings.channels:
        if channel.url and (reason := check(channel.label, channel.url.reveal())):
            found.append(f"{channel.where}: channels.{channel.label}: {reason}")
    try:
        listen_address(settings.web)
    except CannotServe as why:
        found.append(str(why))
    if found:
        raise Failure(CONFIG, "\n".join(found))
    sources, channels = len(settings.sources), len(settings.channels)
    file = str(settings.file) if settings.file else None
    result = {"ok": True, "file": file, "sources": sources, "channels": channels}
    counts = f"{sources} source{'s' * (sources != 1)}, {channels} channel{'s' * (channels != 1)}"
    return context.tell(given.json, result, [f"ok: {file or 'no config file; the defaults apply'} ({counts})"])
