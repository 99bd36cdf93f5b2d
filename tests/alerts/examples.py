"""Alerts to tell, for the tests of what leaves the process."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.message import Message, Recipient, compose
from alerts.model import Alert, Item, Level, Login, Notification, Reason

NOW = datetime(2026, 11, 22, 13, 0, tzinfo=UTC)
RECIPIENT = Recipient("vps-1")
LABELS = {"source": "openclaw", "agent": "main", "provider": "anthropic", "profile": "anthropic:default"}
COMMAND = "openclaw models auth login --provider 'anthropic'"


def alert(ends_in: timedelta | None = timedelta(days=3, hours=1), **changes: Any) -> Alert:
    """A login that ends in three days."""
    usual: dict[str, Any] = {
        "key": "openclaw/main/anthropic:default",
        "level": Level.SOON,
        "since": NOW,
        "at": NOW,
        "labels": LABELS,
        "login": None if ends_in is None else Login(deadline=NOW + ends_in),
        "summary": "The login ends, and no refresh extends it.",
        "remedy": COMMAND,
    }
    return Alert(**(usual | changes))


def item(reason: Reason = Reason.NEW, ends_in: timedelta | None = timedelta(days=3, hours=1), **changes: Any) -> Item:
    return Item(alert(ends_in, **changes), reason)


def notification(*items: Item, channel: str = "phone") -> Notification:
    return Notification(channel, items or (item(),))


def say(about: Notification) -> Message:
    return compose(about, RECIPIENT, NOW)
