"""The part of `authwatch onboard` that sends a real test message, says what became of it, and offers another try."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from alerts.model import Outcome
from monitor.cli.context import NOT_DONE, Context, Failure
from monitor.cli.prompts import agreed, announced, ask, at_terminal

if TYPE_CHECKING:
    from alerts.model import Delivery
    from monitor.cli.onboard_channel import Chosen
    from monitor.config.settings import Settings

_WORDS: Final = {Outcome.AUTH_ERROR: "login refused", Outcome.CONNECT: "no connection", Outcome.TIMEOUT: "no answer"}
#: What a person can do about a message that was not taken.
_ADVICE: Final = {
    Outcome.AUTH_ERROR: "Check the token or the password.",
    Outcome.CONNECT: "Check the server's name and the network of this machine.",
    Outcome.TIMEOUT: "Check the network; the message may still arrive.",
    Outcome.RATE_LIMITED: "Wait a minute before you try again.",
    Outcome.CLIENT_ERROR: "Check the address: server, topic or chat id.",
    Outcome.SERVER_ERROR: "The server has a problem; try again later.",
}
_UNSEEN: Final = "The server took it. Check the subscription on the phone, or the spam folder."


def test(given: argparse.Namespace, context: Context, settings: Settings, channel: Chosen) -> list[Delivery] | None:
    """Sends until a message arrived or the person keeps the channel anyway; every delivery, or None where the person
    wants another channel. Failure where it was not delivered and nobody can be asked, or the person stops."""
    from monitor.cli.alerts_test import send
    from monitor.config.settings import ChannelSettings

    tried: list[Delivery] = []
    while True:
        done = announced(context, "Sending a test message", "test message")
        ((sent, seconds),) = send(context, settings, [ChannelSettings(channel.label, channel.url)])
        tried.append(sent)
        if sent.outcome is Outcome.DELIVERED:
            done(f"delivered in {max(seconds, 0.1):.1f} s")
            if not at_terminal() or given.yes or agreed(context, "Did it arrive?"):
                return tried
            advice = _UNSEEN
        else:
            why = sent.error or _WORDS.get(sent.outcome, sent.outcome.replace("_", " "))
            advice = _ADVICE.get(sent.outcome, "Check the address.")
            done(f"not delivered: {why}")
            if not at_terminal() or given.yes:
                raise Failure(NOT_DONE, f"the test message was not delivered: {why}\n{advice}\nnothing was changed")
        context.say(advice)
        answer = _decision(context)
        if answer != "again":
            return tried if answer == "keep" else None


def record(context: Context, settings: Settings, tried: list[Delivery]) -> None:
    """Puts the test messages in the history, as `alerts test` does."""
    from monitor.cli.alerts_test import remember

    remember(context, settings, tried)


def _decision(context: Context) -> str:
    """`again`, `change` or `keep`; Failure where the person stops."""
    while True:
        word = ask(context, "[t]ry again, [c]hange the channel, [k]eep it anyway, [q]uit?", "t").lower()
        if word[:1] == "q":
            raise Failure(NOT_DONE, "nothing was changed")
        for answer in ("try", "change", "keep"):
            if answer.startswith(word):
                return "again" if answer == "try" else answer
