"""The part of `authwatch onboard` that asks where alerts go: a phone, Telegram, a mailbox, or any Apprise address."""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from monitor.cli.context import NOT_DONE, USAGE, Context, Failure
from monitor.cli.prompts import ask, at_terminal, needed, secret

if TYPE_CHECKING:
    from monitor.config.settings import Secret, Settings

OPTIONS = "--ntfy, --telegram, --mail, --channel-file or --no-channel"
QUESTION = """
Where should alerts go?
  1  phone      by the ntfy app; no account needed
  2  Telegram   needs a bot token and a chat id
  3  mail       needs your mail server and a password for it
  4  other      any Apprise address: Slack, Discord, Matrix, Signal, ...
  5  nowhere    for now"""
BOT = """\
  1. In Telegram, send /newbot to @BotFather. It answers with a bot token.
  2. Send your new bot any message.
  3. Open https://api.telegram.org/botTOKEN/getUpdates with that token.
     The chat id is the number after "chat":{"id":"""
MAIL = "Many providers want an app password here, not the one you log in with."


@dataclass(frozen=True, slots=True)
class Chosen:
    """A channel to add."""

    label: str
    url: Secret


def arguments(parser: argparse.ArgumentParser) -> None:
    """The options that answer the questions. No secret is ever an argument: others could see it."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument(
        "--ntfy", nargs="?", const="", metavar="TOPIC", help="a phone, by the ntfy app; default: a new secret topic"
    )
    where.add_argument("--telegram", metavar="CHAT", help="a Telegram chat, by its id; the bot token is asked for")
    where.add_argument("--mail", metavar="ADDRESS", help="a mailbox; needs --smtp")
    where.add_argument("--channel-file", metavar="FILE", help="a file with an Apprise address")
    where.add_argument("--on-this-phone", action="store_true", help="notifications on this phone (Termux)")
    where.add_argument("--no-channel", action="store_true", help="nowhere for now")
    parser.add_argument("--ntfy-server", default="ntfy.sh", metavar="HOST", help="an ntfy server other than ntfy.sh")
    parser.add_argument("--telegram-token-file", metavar="FILE", help="a file with the bot token")
    parser.add_argument("--smtp", metavar="HOST[:PORT]", help="your mail server")
    parser.add_argument(
        "--smtp-user", metavar="NAME", help="the login there, by default the address; the password is asked for"
    )
    parser.add_argument("--smtp-password-file", metavar="FILE", help="a file with the password")


def chosen(given: argparse.Namespace, context: Context, settings: Settings) -> Chosen | None:
    """The channel to add, by the options or asked for; None where there is none to add."""
    if given.ntfy == "" and _known(context, settings, "ntfy"):
        return None
    if not _decided(given):
        return _guided(given, context, settings)
    try:
        return _checked(context, settings, _by_options(given, context))
    except ValueError as error:
        raise Failure(USAGE, f"{error}\nnothing was changed") from None


def undecided(given: argparse.Namespace) -> None:
    """Forgets what the options said: a person wants to be asked."""
    given.ntfy, given.telegram, given.mail, given.channel_file = None, None, None, None
    given.on_this_phone = given.no_channel = False


def config_with(context: Context, settings: Settings, place: Path, channel: Chosen, file: Path) -> str:
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
    before = {one.label for one in settings.channels}
    if {one.label for one in found.channels} != before | {channel.label}:  # a merge key may bring others
        raise Failure(NOT_DONE, f"add a channel to {place} yourself\nnothing was changed")
    return text


def _decided(given: argparse.Namespace) -> bool:
    one = given.ntfy is not None or given.telegram or given.mail or given.channel_file
    return bool(one or given.on_this_phone or given.no_channel)


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
    if given.telegram:
        return _telegram(given, context, given.telegram)
    if given.mail:
        return _mail(given, context, given.mail, given.smtp)
    return _ntfy(given, context, given.ntfy)


def _guided(given: argparse.Namespace, context: Context, settings: Settings) -> Chosen | None:
    """Asks until an answer can be used; nothing where there is a channel already."""
    if any(one.url for one in settings.channels):
        return None
    if not at_terminal():
        raise needed(OPTIONS)
    if given.yes:
        raise Failure(USAGE, f"where alerts go has no default: use {OPTIONS}")
    while True:
        context.say(QUESTION)
        try:
            return _checked(context, settings, _answered(given, context))
        except ValueError as error:
            context.say(f"\n{error}")


def _answered(given: argparse.Namespace, context: Context) -> str | None:
    """The address that a person chose; None for none. Raises ValueError for what cannot be one."""
    while True:
        word = ask(context, "Choose 1-5", "1")
        if word in ("1", "2", "3", "4"):
            context.say("")
        if word == "1":
            return _ntfy(given, context, "")
        if word == "2":
            context.say(BOT)
            return _telegram(given, context, "")
        if word == "3":
            server = ask(context, "Your mail server (e.g. smtp.example.org):")
            return _mail(given, context, ask(context, "Your mail address:"), server)
        if word == "4":
            context.say("Addresses are listed at https://appriseit.com/services/")
            return secret(context, "Apprise address (e.g. slack://…)")
        if word == "5":
            return None


def _checked(context: Context, settings: Settings, url: str | None) -> Chosen | None:
    """The channel of that address; ValueError where it cannot be used."""
    if url is None:
        return None
    from alerts.channels import check, scheme_of
    from monitor.config.settings import Secret
    from monitor.setup.onboard import label_for

    if any(one.url and one.url.reveal() == url for one in settings.channels):
        context.say("That address is already a channel; it stays as it is.")
        return None
    label = label_for(scheme_of(url) or "channel", {one.label for one in settings.channels})
    if reason := check(label, url):
        raise ValueError(reason)
    return Chosen(label, Secret(url))


def _ntfy(given: argparse.Namespace, context: Context, topic: str) -> str:
    from monitor.setup.onboard import new_topic, ntfy, subscribe_links

    topic = topic or new_topic()
    url = ntfy(given.ntfy_server, topic)
    app, page = subscribe_links(given.ntfy_server, topic)
    code: list[str] = []
    if context.out.isatty():
        from monitor.cli.qr_code import qr_code

        code = qr_code(app, columns=context.width(), encoding=context.out.encoding or "ascii", color=context.color)
    how = "scan this code or open the link" if code else "open the link"
    lines = [
        f"Install the ntfy app on your phone, then {how} on it.",
        f"  link     {app}",
        f"  topic    {topic}  (on an iPhone, add it in the app)",
        f"  browser  {page}",
        "The topic is a secret: anyone who knows it can read your alerts.",
    ]
    context.say("\n".join([*lines, *code]))
    if at_terminal() and not (given.yes or given.dry_run):
        ask(context, "Press Enter once you have subscribed.")
    return url


def _telegram(given: argparse.Namespace, context: Context, chat: str) -> str:
    from monitor.config.secrets import read_secret
    from monitor.setup.onboard import telegram

    if given.telegram_token_file:
        token = read_secret(Path(given.telegram_token_file).absolute(), context.host())
    else:
        token = secret(context, "Bot token")
    return telegram(token, chat or ask(context, "Chat id:"))


def _mail(given: argparse.Namespace, context: Context, address: str, server: str | None) -> str:
    from monitor.config.secrets import read_secret
    from monitor.setup.onboard import mail

    if not server:
        raise ValueError("--mail needs your mail server: --smtp HOST")
    plain = mail(address, server, "", "")
    if plain.startswith("mailto:"):
        return plain  # a mail server of this machine wants no login
    if given.smtp_password_file:
        password = read_secret(Path(given.smtp_password_file).absolute(), context.host())
    else:
        if at_terminal():
            context.say(MAIL)
        password = secret(context, f"Password for {given.smtp_user or address} at {server}")
    if not password:
        raise ValueError("the password is empty")
    return mail(address, server, given.smtp_user or address, password)


def _known(context: Context, settings: Settings, scheme: str) -> bool:
    """Whether a channel of that kind is there already: run again, this adds no second topic."""
    found = [one.label for one in settings.channels if one.url and one.url.reveal().startswith(scheme)]
    if found:
        context.say(f"Channel {found[0]} already uses ntfy; it stays as it is.")
    return bool(found)
