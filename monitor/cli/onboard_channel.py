"""The part of `authwatch onboard` that asks where to tell: a phone, a mailbox, or any address that Apprise knows."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.cli.context import NOT_DONE, USAGE, Context, Failure
from monitor.cli.prompts import agreed, ask, at_terminal, needed, secret

if TYPE_CHECKING:
    from monitor.config.settings import Secret, Settings

QUESTION = """Where shall it tell you?
  1  a phone, by the app ntfy (no account needed)
  2  a mailbox
  3  any other address that Apprise knows, such as tgram://…
  4  nowhere yet"""


@dataclass(frozen=True, slots=True)
class Chosen:
    """A channel to add."""

    label: str
    url: Secret


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options that answer the questions. No secret is ever an argument: others could see it."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--ntfy", nargs="?", const="", metavar="TOPIC", help="a phone; without a topic, a new secret one"
    )
    where.add_argument("--mail", metavar="ADDRESS", help="a mailbox; with --smtp")
    where.add_argument("--channel-file", metavar="FILE", help="a file with an Apprise address")
    where.add_argument(
        "--on-this-phone", action="store_true", help="notifications of the phone that runs this (Termux)"
    )
    where.add_argument("--no-channel", action="store_true", help="nowhere yet")
    parser.add_argument("--ntfy-server", default="ntfy.sh", metavar="HOST", help="instead of ntfy.sh")
    parser.add_argument("--smtp", metavar="HOST[:PORT]", help="the server that takes mail from you")
    parser.add_argument(
        "--smtp-user", metavar="NAME", help="its login, by default the address; its password is asked for"
    )
    parser.add_argument("--smtp-password-file", metavar="FILE", help="a file with the password")


def chosen(given: argparse.Namespace, context: Context, settings: Settings) -> Chosen | None:
    """The channel to add; None where there is none to add."""
    if given.ntfy == "" and _known(context, settings, "ntfy"):
        return None
    try:
        url = _by_options(given, context) if _decided(given) else _asked(given, context, settings)
    except ValueError as error:
        raise Failure(USAGE, str(error)) from None
    if url is None:
        return None
    from alerts.channels import check
    from monitor.config.settings import Secret

    label = "mail" if url.startswith("mailto") else "phone"
    if any(one.url and one.url.reveal() == url for one in settings.channels):
        context.say("That address is a channel already.")
        return None
    if reason := check(label, url):
        raise Failure(NOT_DONE, f"{reason}\nnothing was changed")
    taken = {one.label for one in settings.channels}
    names = (label, *(f"{label}{number}" for number in range(2, 99)))
    return Chosen(next(name for name in names if name not in taken), Secret(url))


def test(context: Context, settings: Settings, channel: Chosen) -> None:
    """A real message; Failure where it is not taken, or the person says that it did not arrive."""
    from monitor.cli.alerts_test import send
    from monitor.config.settings import ChannelSettings

    context.say("sending a test message …")
    context.flush()
    ((sent, seconds),) = send(context, settings, [ChannelSettings(channel.label, channel.url)])
    if sent.outcome.value != "delivered":
        why = f" ({sent.error})" if sent.error else ""
        raise Failure(NOT_DONE, f"the test message was not delivered: {sent.outcome}{why}\nnothing was changed")
    context.say(f"delivered after {seconds:.1f} s")
    if at_terminal() and not agreed(context, "Did it arrive?"):
        raise Failure(NOT_DONE, "nothing was changed; look at the address and run this again")


def config_with(context: Context, place: Path, channel: Chosen, file: Path) -> str:
    """The text of the config with the channel, tried out; Failure where it cannot be added without a person."""
    from monitor.config.load import ConfigError, load
    from monitor.openclaw.write.replace_file import WriteRefused, content
    from monitor.setup.onboard import with_channel

    try:
        raw = content(place)
        text = with_channel(None if raw is None else raw.decode("utf-8"), channel.label, file.name)
        found = load(context.host().at(context.own_home), place, text)
    except (ValueError, WriteRefused, ConfigError) as error:
        words = str(error) if not isinstance(error, ConfigError) else f"add a channel to {place} yourself"
        raise Failure(NOT_DONE, f"{words}\nnothing was changed") from None
    if channel.label not in {one.label for one in found.channels}:
        raise Failure(NOT_DONE, f"add a channel to {place} yourself\nnothing was changed")
    return text


def _decided(given: argparse.Namespace) -> bool:
    one = given.ntfy is not None or given.mail or given.channel_file or given.on_this_phone or given.no_channel
    return bool(one)


def _by_options(given: argparse.Namespace, context: Context) -> str | None:
    from monitor.config.secrets import read_secret

    if given.no_channel:
        return None
    if given.on_this_phone:
        return "termux://"
    if given.channel_file:
        try:
            return read_secret(Path(given.channel_file).absolute(), context.host())
        except ValueError as error:
            raise ValueError(f"{given.channel_file}: {error}") from None
    if given.mail:
        return _mail(given, context, given.mail, given.smtp)
    return _ntfy(given, context, given.ntfy)


def _asked(given: argparse.Namespace, context: Context, settings: Settings) -> str | None:
    if settings.channels:
        context.say(f"You are told by: {', '.join(one.label for one in settings.channels)}")
        if given.yes or not at_terminal() or not agreed(context, "Add another?", default=False):
            return None
    if not at_terminal():
        raise needed("--ntfy, --mail, --channel-file or --no-channel")
    if given.yes:
        raise Failure(USAGE, "where to tell has no default: say --ntfy, --mail, --channel-file or --no-channel")
    context.say(QUESTION)
    while True:
        word = ask(context, "1, 2, 3 or 4?", "1")
        if word == "1":
            return _ntfy(given, context, "")
        if word == "2":
            return _mail(
                given, context, ask(context, "Your address:"), ask(context, "Your mail server, like smtp.example.org:")
            )
        if word == "3":
            return secret(context, "The address")
        if word == "4":
            return None


def _ntfy(given: argparse.Namespace, context: Context, topic: str) -> str:
    from monitor.setup.onboard import new_topic, ntfy

    topic = topic or new_topic()
    url = ntfy(given.ntfy_server, topic)
    where = "" if given.ntfy_server == "ntfy.sh" else f" on {given.ntfy_server}"
    context.say(f"On the phone: install the app ntfy and subscribe to this topic{where}:\n\n    {topic}\n")
    context.say("Whoever knows it can read your alerts, so keep it to yourself.")
    if at_terminal() and not (given.yes or given.dry_run):
        ask(context, "Press Enter when you have subscribed.")
    return url


def _mail(given: argparse.Namespace, context: Context, address: str, server: str | None) -> str:
    from monitor.config.secrets import read_secret
    from monitor.setup.onboard import mail

    if not server:
        raise ValueError("--mail needs --smtp: the server that takes mail from you")
    plain = mail(address, server, "", "")
    if plain.startswith("mailto:"):
        return plain  # a mail server of this machine wants no login
    if given.smtp_password_file:
        password = read_secret(Path(given.smtp_password_file).absolute(), context.host())
    else:
        password = secret(context, f"Password at {server}")
    if not password:
        raise ValueError("the password is empty")
    return mail(address, server, given.smtp_user or address, password)


def _known(context: Context, settings: Settings, scheme: str) -> bool:
    """Whether a channel of that kind is there already: run again, this adds no second topic."""
    found = [one.label for one in settings.channels if one.url and one.url.reveal().startswith(scheme)]
    if found:
        context.say(f"{found[0]} is such a channel already; it stays.")
    return bool(found)
