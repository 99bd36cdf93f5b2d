"""`authwatch onboard`: from nothing to a phone that is told, guided or by options."""

from __future__ import annotations

import argparse
import signal
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.cli import onboard_channel, onboard_schedule
from monitor.cli.context import NOT_DONE, USAGE, Context, Failure, common
from monitor.cli.prompts import ask, at_terminal, secret

if TYPE_CHECKING:
    from monitor.config.settings import Secret, Settings
    from monitor.setup.onboard import SetupPlan


def arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """The options of the command: one for every question."""
    common(parser, json=False)
    onboard_channel.arguments(parser)
    parser.add_argument("--no-test", action="store_true", help="send no test message")
    text = "an API key for OpenClaw's .env, asked for, or the next line of stdin (again for more)"
    parser.add_argument("--key", action="append", default=[], metavar="NAME", help=text)
    onboard_schedule.arguments(parser)
    parser.add_argument("--dry-run", action="store_true", help="show what would be done")


def run(given: argparse.Namespace, context: Context) -> int:
    """Asks first, tests, writes all at once, then makes it run by itself and shows what is so."""
    if given.home:
        raise Failure(USAGE, "onboard is for your own home; run it as the user whose logins are to be watched")
    try:
        settings = context.settings(context.host())
        _show_found(context, settings)
        chosen = onboard_channel.chosen(given, context, settings)
        keys = _keys(given, context)
        timer = onboard_schedule.chosen(given, context)
        plan = _plan(context, settings, chosen, keys)
    except KeyboardInterrupt:
        context.complain("\nstopped; nothing was changed")
        raise
    if given.dry_run:
        return _rehearse(context, plan, timer)
    try:
        if chosen and not given.no_test:
            onboard_channel.test(context, settings, chosen)
        _write(context, plan)
    except KeyboardInterrupt:
        context.complain("\nstopped; nothing was written")
        raise
    code = onboard_schedule.install(context, timer)
    return _status(context) or code


def _show_found(context: Context, settings: Settings) -> None:
    from monitor.check.collect import watched
    from monitor.model import Evidence, Observation
    from monitor.sources import observe_all

    host = context.host()
    listed = watched(settings, host, context.now()).sources
    seen = [one for one in observe_all(host, listed) if isinstance(one, Observation)]
    logins = Counter(one.credential.source for one in seen if one.evidence is not Evidence.ABSENT)
    if not logins:
        context.say("No login was found here yet; authwatch goes on looking.")
    for source, count in logins.items():
        context.say(f"found: {source}, {count} login{'s' if count > 1 else ''}")


def _keys(given: argparse.Namespace, context: Context) -> dict[str, Secret]:
    """The keys of the options, or those that a person pastes one by one."""
    if (given.key or not given.yes) and not _env_file(context):
        if given.key:
            raise Failure(NOT_DONE, "there is no OpenClaw here whose .env could take a key; nothing was changed")
        return {}
    if wrong := [reason for name in given.key if (reason := _strange(name))]:
        raise Failure(USAGE, wrong[0])
    if given.key or given.yes or not at_terminal():
        return {name: _pasted(context, name) for name in given.key}
    context.say("API keys for OpenClaw's own .env can be pasted now.")
    found = {}
    while name := ask(context, "Name of a variable such as GROQ_API_KEY, nothing to go on:"):
        if reason := _strange(name):
            context.say(reason)
        else:
            found[name] = _pasted(context, name)
    return found


def _pasted(context: Context, name: str) -> Secret:
    from monitor.config.settings import Secret

    if value := secret(context, name):
        return Secret(value)
    raise Failure(NOT_DONE, f"nothing came for {name}; nothing was changed")


def _strange(name: str) -> str:
    from difflib import get_close_matches

    from monitor.openclaw.env import PROVIDERS

    if name in PROVIDERS:
        return ""
    near = get_close_matches(name.upper(), PROVIDERS, n=1)
    return f"OpenClaw has no key called {name!r}; {f'did you mean {near[0]}?' if near else 'see its documentation'}"


def _env_file(context: Context) -> Path | None:
    from monitor.openclaw.env import Environment
    from monitor.openclaw.paths import find, gateway_for

    host = context.host()
    gateway = gateway_for(host, Environment(host))
    state = find(host, Environment(host, gateway=gateway)).state
    return state / ".env" if state.is_dir() else None


def _plan(
    context: Context, settings: Settings, chosen: onboard_channel.Chosen | None, keys: dict[str, Secret]
) -> SetupPlan:
    """What to write; a config that cannot take the channel is found out now, before anything is written."""
    from monitor.setup.onboard import SetupPlan

    place = settings.file or context.config or _usual_place(context)
    if chosen is None:
        return SetupPlan(place, None if settings.file else _empty(), env_file=_env_file(context), keys=keys)
    file = place.with_name(f"{chosen.label}.url")
    config = onboard_channel.config_with(context, place, chosen, file)
    return SetupPlan(place, config, file, chosen.url, _env_file(context), keys)


def _empty() -> str:
    from monitor.setup.onboard import HEAD

    return HEAD


def _usual_place(context: Context) -> Path:
    base = context.environ.get("XDG_CONFIG_HOME", "")
    return (Path(base) if base.startswith("/") else context.own_home / ".config") / "authwatch" / "config.yaml"


def _rehearse(context: Context, plan: SetupPlan, timer: str) -> int:
    if plan.address_file:
        context.say("would send a test message")
        context.say(f"would write the address to {plan.address_file}, mode 0600")
    if plan.config is not None:
        context.say(f"would write {plan.place}, mode 0600:\n{plan.config.rstrip()}")
    for name in plan.keys:
        context.say(f"would put {name} into {plan.env_file}")
    context.say(f"would then run: authwatch install {timer}" if timer != "none" else "nothing would run it by itself")
    return 0


def _write(context: Context, plan: SetupPlan) -> None:
    from monitor.openclaw.write.replace_file import WriteRefused
    from monitor.setup.onboard import write

    try:
        with _uninterrupted():
            written = write(plan)
    except WriteRefused as error:
        raise Failure(NOT_DONE, f"{error}\nnothing was changed") from None
    for path in written:
        context.say(f"wrote {path}")
    for name in plan.keys:
        context.say(f"{name} is in {plan.env_file}; OpenClaw reads it at its next start: openclaw gateway restart")


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C waits for these few milliseconds."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)


def _status(context: Context) -> int:
    from monitor.cli import status
    from monitor.cli.app import Parser

    parser = Parser(prog="authwatch status")
    status.arguments(parser, "status")
    context.say("")
    sys.stderr.flush()
    return int(status.run(parser.parse_args([]), context))
