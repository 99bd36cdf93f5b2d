"""The channel `print://`: the message on a text stream, for the demo and for trying things out."""

from __future__ import annotations

import sys
from datetime import timedelta
from typing import TextIO

from alerts.channels import SendResult
from alerts.formats import Message
from alerts.model import Outcome


def check(url: str) -> str | None:
    """`print://` takes nothing after its scheme."""
    return None if url.partition("://")[2].strip("/") == "" else "print:// takes nothing after it"


def send(url: str, message: Message, _patience: timedelta) -> SendResult:
    """Writes the message to standard output; a closed one is a delivery that failed."""
    if reason := check(url):
        return SendResult(Outcome.BAD_CONFIG, reason)
    try:
        write(message, sys.stdout)
    except (OSError, ValueError) as error:
        return SendResult(Outcome.CONNECT, f"standard output cannot be written ({type(error).__name__})")
    return SendResult(Outcome.DELIVERED)


def write(message: Message, stream: TextIO) -> None:
    """The subject, underlined, and the text; in one write, so that parallel channels do not mix lines."""
    stream.write(f"{message.subject}\n{'─' * len(message.subject)}\n{message.text}\n\n")
    stream.flush()
