"""What a person reads about a notification, from subject to command; PURE."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Final

from alerts.formats import Block, Message, Note, PhoneNote, fits, line
from alerts.model import Alert, Item, Level, Notification, Reason
from alerts.timefmt import moment, relative

__all__ = ["Message", "compose", "name_of", "notice"]

NAME_BYTES: Final = 100
SUMMARY_BYTES: Final = 400
REMEDY_BYTES: Final = 600
HOST_BYTES: Final = 60
MOST: Final = 100  # more conditions than LIMIT has room for

_CALLS: Final = {Level.NOW: "Act now", Level.SOON: "Act soon", Level.INFO: "For information", Level.FINE: "Fine"}
_REASONS: Final = {
    Reason.NEW: "new",
    Reason.WORSE: "worse than before",
    Reason.EASED: "better than before",
    Reason.REMINDER: "reminder",
    Reason.RESOLVED: "resolved",
    Reason.ROUTINE: "regular message",
}


def compose(
    notification: Notification, host: str, now: datetime, pin: Callable[[Alert], PhoneNote] | None = None
) -> Message:
    """The message for a notification at `now` (aware UTC) on `host`; most urgent first, short enough for a phone.

    `pin` says where each condition is shown by itself; with it, the message has notes.
    """
    items = sorted(notification.items, key=_urgency)
    if not items:
        return notice("Nothing to report", (), host, now)
    level = max((item.alert.level for item in items if not _over(item)), key=_rank, default=Level.FINE)
    blocks = [_block(item, now) for item in items[:MOST]]
    message = Message(_subject(items, host, now), tuple(blocks), len(items), _foot(host, now), level)
    return message._replace(notes=tuple(_note(item, pin, host, now) for item in items)) if pin else message


def _note(item: Item, pin: Callable[[Alert], PhoneNote], host: str, now: datetime) -> Note:
    alone = Message(_subject([item], host, now), (_block(item, now),), 1, _foot(host, now), item.alert.level)
    return Note(pin(item.alert), alone.subject, alone.text, alone.level, _over(item))


def notice(subject: str, lines: Iterable[str], host: str, now: datetime, level: Level = Level.INFO) -> Message:
    """A message of our own (a test, a canary, a digest): a subject and one sentence per line."""
    blocks = tuple(Block("", "", (line(text, SUMMARY_BYTES),)) for text in lines)
    head = f"{line(subject, 2 * NAME_BYTES)}, {_host(host)}"
    return Message(head, blocks, len(blocks), _foot(host, now), level)


def _over(item: Item) -> bool:
    return item.reason is Reason.RESOLVED


def _rank(level: Level) -> int:
    return level.rank


def _urgency(item: Item) -> tuple[bool, int, float, str]:
    deadline = _deadline(item.alert)
    return (
        _over(item),
        -item.alert.level.rank,
        deadline.timestamp() if deadline else float("inf"),
        item.alert.key,
    )


def _deadline(alert: Alert) -> datetime | None:
    """When a person must have acted; for a login without such a moment, its own end."""
    return None if alert.login is None else alert.login.deadline or alert.login.ends_at


def _moment_that_counts(item: Item, now: datetime) -> datetime | None:
    """The deadline, unless it would mislead: one ahead of what is dead already, one behind what works again."""
    at = _deadline(item.alert)
    if at is None or (_over(item) and at <= now):
        return None
    dead = item.alert.level is Level.NOW and not _over(item)
    return None if dead and at > now else at


def name_of(alert: Alert) -> str:
    """What people call it: the profile and its agent, or whatever else the condition is about."""
    labels = alert.labels
    name = _first(labels, "profile", "provider", "channel", "source") or alert.key
    agent = labels.get("agent", "-")
    return line(name if agent == "-" else f"{name} ({agent})", NAME_BYTES)


def _first(labels: Mapping[str, str], *names: str) -> str:
    return next((labels[name] for name in names if labels.get(name)), "")


def _host(host: str) -> str:
    return line(host, HOST_BYTES) or "this host"


def _foot(host: str, now: datetime) -> str:
    return f"authwatch on {_host(host)}, {moment(now)}"


def _call(item: Item) -> str:
    if _over(item):
        return "Recovered"
    if item.reason is Reason.ROUTINE:
        return "Test message" if item.alert.key == "canary" else "Overview"
    doubtful = item.alert.doubt and item.alert.level is not Level.NOW
    return "Cannot tell" if doubtful else _CALLS[item.alert.level]


def _subject(items: Sequence[Item], host: str, now: datetime) -> str:
    """For a lock screen: what to do, for which login, until when, where."""
    worst, others = items[0], len(items) - 1
    more = f", and {others} more" if others else ""
    return f"{_call(worst)}: {name_of(worst.alert)}{_briefly(worst, now, exact=not others)}{more}, {_host(host)}"


def _briefly(item: Item, now: datetime, *, exact: bool) -> str:
    at = _moment_that_counts(item, now)
    if at is None:
        return ""
    when = f"{moment(at)} ({relative(at, now)})" if exact else relative(at, now)
    if _over(item):
        return f", valid until {when}" if exact else ""
    return f" {'ends' if at > now else 'ended'} {when}"


def _block(item: Item, now: datetime) -> Block:
    alert, over = item.alert, _over(item)
    about = [f"{key} {alert.labels[key]}" for key in ("source", "agent") if alert.labels.get(key, "-") != "-"]
    if item.reason is Reason.ROUTINE:  # our own words, the only ones of several lines
        said = tuple(line(words, SUMMARY_BYTES) for words in alert.summary.split("\n"))
        return Block(_call(item), name_of(alert), said)
    facts = [line(alert.summary, SUMMARY_BYTES), _when(item, now)]
    lines = [*(reversed(facts) if over else facts)]
    lines.append(line(f"Where: {', '.join(about)}", SUMMARY_BYTES) if about else "")
    call = _call(item) if over else f"{_call(item)} ({_REASONS[item.reason]})"
    command = "" if over else alert.remedy.strip()
    if command and not fits(command, REMEDY_BYTES):
        # A command that was cut or cleaned would be another command.
        lines.append("What to do does not fit into a message; `authwatch status` has it.")
        command = ""
    return Block(call, name_of(alert), tuple(filter(None, lines)), command)


def _when(item: Item, now: datetime) -> str:
    at = _moment_that_counts(item, now)
    if _over(item):
        return "Fine again." if at is None else f"Logged in again, valid until {moment(at)} ({relative(at, now)})."
    if at is None:
        return ""
    return f"{'Act before' if at > now else 'Ended'}: {moment(at)} ({relative(at, now)})"
