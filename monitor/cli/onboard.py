"""`authwatch onboard`: from nothing to a phone that is told, guided or by options."""

from __future__ import annotations

import argparse
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.cli import onboard_channel, onboard_schedule, onboard_summary, onboard_test
from monitor.cli.context import NOT_DONE, USAGE, Context, Failure, common
from monitor.cli.prompts import ask, at_terminal, secret

if TYPE_CHECKING:
    from alerts.model import Delivery
    from monitor.cli.onboard_schedule import Schedule
    from monitor.config.settings import Secret, Settings
    from monitor.setup.onboard import SetupPlan


def arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """The options of the command: one for every question."""
    common(parser, json=False)
    onboard_channel.arguments(parser)
    parser.add_argument("--no-test", action="store_true", help="send no test message")
    text = "an API key for OpenClaw's .env, asked for or the next line of stdin; repeat for more"
    parser.add_argument("--key", action="append", default=[], metavar="NAME", help=text)
    onboard_schedule.arguments(parser)
    parser.add_argument("--dry-run", action="store_true", help="show what would be done")


def run(given: argparse.Namespace, context: Context) -> int:
    """Asks and tests first, then writes all at once, makes checks run by themselves and shows what is set up."""
    if given.home:
        raise Failure(USAGE, "onboard sets up your own home: run it as the user whose logins you want to watch")
    try:
        settings = context.settings(context.host())
        there = onboard_schedule.present(context, settings)
        _show_found(context, settings, there)
        chosen, tried = _channel(given, context, settings)
        keys = _keys(given, context, settings)
        schedule = onboard_schedule.chosen(given, context, there)
        plan = _plan(context, settings, chosen, keys)
        if given.dry_run:
            return _rehearse(context, plan, schedule, test=not given.no_test)
        _write(context, plan)
    except KeyboardInterrupt:
        context.complain("\nstopped; nothing was changed")
        raise
    if tried:
        onboard_test.record(context, context.settings(context.host()), tried)
    schedule, code = onboard_schedule.installed(context, schedule)
    context.say(f"\n{onboard_summary.screen(context, schedule)}")
    return code


def _show_found(context: Context, settings: Settings, there: Schedule | None) -> None:
    """The logins, and what an earlier set-up left, which stays."""
    from monitor.check.collect import watched
    from monitor.model import Evidence, Observation
    from monitor.sources import observe_all

    host = context.host()
    listed = watched(settings, host, context.now()).sources
    seen = [one for one in observe_all(host, listed) if isinstance(one, Observation)]
    logins = [one.credential.source for one in seen if one.evidence is not Evidence.ABSENT]
    if logins:
        context.say(f"Found {onboard_summary.counted(logins)}")
    else:
        context.say("No logins found yet. `authwatch config show` lists where authwatch looks.")
    channels = [one.label if one.url else f"{one.label} (not usable: authwatch doctor)" for one in settings.channels]
    already = {
        "config": host.at(context.own_home).show(settings.file) if settings.file else "",
        "alerts": ", ".join(channels),
        "checks": f"{there.name}{', not running' if there.fix else ''}" if there else "",
    }
    if any(already.values()):
        context.say("Already set up, and kept:")
        for name, what in already.items():
            context.say(f"  {name}  {what or 'none yet'}")


def _channel(
    given: argparse.Namespace, context: Context, settings: Settings
) -> tuple[onboard_channel.Chosen | None, list[Delivery]]:
    """The channel to add, once a test message arrived or the person keeps it anyway; its test messages."""
    while True:
        chosen = onboard_channel.chosen(given, context, settings)
        if chosen is None or given.no_test or given.dry_run:
            return chosen, []
        tried = onboard_test.test(given, context, settings, chosen)
        if tried is not None:
            return chosen, tried
        onboard_channel.undecided(given)


def _keys(given: argparse.Namespace, context: Context, settings: Settings) -> dict[str, Secret]:
    """The keys of the options, or those that a person pastes one by one."""
    if (given.key or not given.yes) and not _env_file(context):
        if given.key:
            raise Failure(NOT_DONE, "no OpenClaw found here, so there is no .env for a key; nothing was changed")
        return {}
    if wrong := [reason for name in given.key if (reason := _strange(name))]:
        raise Failure(USAGE, wrong[0])
    if given.key or given.yes or settings.file or not at_terminal():
        return {name: _pasted(context, name) for name in given.key}
    context.say("\nYou can add API keys to OpenClaw's .env now.")
    found = {}
    while name := ask(context, "Variable name (e.g. GROQ_API_KEY), or Enter to continue:"):
        if reason := _strange(name):
            context.say(reason)
        else:
            found[name] = _pasted(context, name)
    return found


def _pasted(context: Context, name: str) -> Secret:
    from monitor.config.settings import Secret

    if value := secret(context, name):
        return Secret(value)
    raise Failure(NOT_DONE, f"no value given for {name}; nothing was changed")


def _strange(name: str) -> str:
    from difflib import get_close_matches

    from monitor.openclaw.env import PROVIDERS

    if name in PROVIDERS:
        return ""
    near = get_close_matches(name.upper(), PROVIDERS, n=1)
    return (
        f"OpenClaw knows no variable {name!r}; {f'did you mean {near[0]}?' if near else 'its documentation lists them'}"
    )


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
    number = 1
    while file.exists():  # another channel's, whatever that is called
        number += 1
        file = place.with_name(f"{chosen.label}-{number}.url")
    config = onboard_channel.config_with(context, settings, place, chosen, file)
    return SetupPlan(place, config, file, chosen.url, _env_file(context), keys)


def _empty() -> str:
    from monitor.setup.onboard import HEAD

    return HEAD


def _usual_place(context: Context) -> Path:
    base = context.environ.get("XDG_CONFIG_HOME", "")
    return (Path(base) if base.startswith("/") else context.own_home / ".config") / "authwatch" / "config.yaml"


def _rehearse(context: Context, plan: SetupPlan, schedule: Schedule, *, test: bool) -> int:
    if plan.address_file:
        if test:
            context.say("would send a test message")
        context.say(f"would write the address to {plan.address_file}, mode 0600")
    if plan.config is not None:
        context.say(f"would write {plan.place}, mode 0600:\n{plan.config.rstrip()}")
    for name in plan.keys:
        context.say(f"would add {name} to {plan.env_file}")
    if not schedule.there and schedule.way != "none":
        context.say(f"would run: authwatch install {schedule.way}")
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
        context.say(f"wrote {context.host().at(context.own_home).show(path)}")
    for name in plan.keys:
        context.say(f"added {name}; OpenClaw reads it at its next start: openclaw gateway restart")


@contextmanager
def _uninterrupted() -> Iterator[None]:
    """Ctrl-C waits for these few milliseconds."""
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, before)
