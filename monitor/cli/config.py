"""`authwatch config check | show | schema`."""

from __future__ import annotations

import argparse
import json

from monitor.cli.context import CONFIG, Context, Failure, common


def arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """The options of the command."""
    common(parser)
    parser.add_argument("what", choices=("check", "show", "schema"), help="is it right; what is in force; JSON schema")


def run(given: argparse.Namespace, context: Context) -> int:
    """Checks, shows or describes the config."""
    if given.what == "schema":
        from monitor.config.schema import json_schema

        context.say(json.dumps(json_schema(), indent=1))
        return 0
    settings = context.settings(context.host())
    if given.what == "show":
        from monitor.config.show import show

        context.say(show(settings))
        return 0
    return _check(context, settings)


def _check(context: Context, settings: object) -> int:
    from alerts.channels import check
    from monitor.config.load import problems
    from monitor.config.settings import Settings
    from monitor.serve.web_auth import CannotServe, listen_address

    assert isinstance(settings, Settings)  # noqa: S101 - for the type checker only
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
    place = settings.file or "no config file; the defaults"
    context.say(f"ok: {place} ({len(settings.sources)} sources, {len(settings.channels)} channels)")
    return 0
