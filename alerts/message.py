"""What a person reads about a notification, from subject to command; PURE."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import UTC, datetime, tzinfo
from shlex import quote
from typing import Final, NamedTuple

from alerts.formats import ELLIPSIS, Message, Note, PhoneNote, fits, line
from alerts.model import Alert, Cause, How, Item, Level, Notification, Reason
from alerts.names import PROGRAMS
from alerts.timefmt import for_reader, moment, relative, when

__all__ = ["Message", "Recipient", "compose", "name_of", "notice"]

#: Characters of a subject: what the lock screens of phones show.
SUBJECT: Final = 60
NAME_BYTES: Final = 100
SUMMARY_BYTES: Final = 500
REMEDY_BYTES: Final = 600
HOST_BYTES: Final = 60
#: Bytes of the line that names the other conditions; those without room in it are counted.
ALSO_BYTES: Final = 300

_VERBS: Final = {
    Cause.EXPIRES: "Expires soon",
    Cause.EXPIRED: "Expired",
    Cause.REJECTED: "Rejected",
    Cause.MISSING: "Missing",
    Cause.LOGGED_OUT: "Logged out",
    Cause.UNUSABLE: "Unusable",
    Cause.UNREADABLE: "Unreadable",
    Cause.CREDIT: "Out of credit",
    Cause.STALLED: "Not renewing",
}
_LEVELS: Final = {Level.NOW: "Act now", Level.SOON: "Act soon", Level.INFO: "Good to know", Level.FINE: "OK"}
#: Verb and step of conditions that are about no single login, by their label `problem` or `about`.
_PROBLEMS: Final = {"not_found": "Missing", "stale_copy": "Old copy", "migration_pending": "Migration pending"}
_ABOUT: Final = {
    "pin": ("Pinned login failing", "Check the pin"),
    "last": ("Logins left", "Check the logins"),
    "paid": ("Billed by use", "Check the logins"),
    "copies": ("Shared token", "Log in separately"),
    "agents": ("Old copy", "Check the copy"),
}
_OVER: Final = {
    Cause.EXPIRES: "logged in again",
    Cause.EXPIRED: "logged in again",
    Cause.REJECTED: "logged in again",
    Cause.LOGGED_OUT: "logged in again",
    Cause.MISSING: "found again",
    Cause.UNUSABLE: "usable again",
    Cause.UNREADABLE: "readable again",
    Cause.CREDIT: "has credit again",
    Cause.STALLED: "renews itself again",
}
_NOUNS: Final = (" login ", " key ", " token ", " certificate ")
#: Verbs that a sentence needs behind a name alone.
_LINKS: Final = ("is ", "was ", "has ")
_ENDS: Final = (Cause.EXPIRES, Cause.EXPIRED, Cause.OTHER)
_EXPLAINING: Final = ("authwatch explain ", "authwatch doctor", "authwatch status")
_NO_ACTION: Final = "No action needed."


class Recipient(NamedTuple):
    """Who reads: the machine that messages speak of, what `ssh` takes to get there ("": nobody said), the reader's
    clock (None: the machine's own), and the address of the page ("": nobody said)."""

    host: str
    ssh: str = ""
    zone: tzinfo | None = UTC
    page: str = ""


def compose(
    notification: Notification, recipient: Recipient, now: datetime, pin: Callable[[Alert], PhoneNote] | None = None
) -> Message:
    """The message for a notification at `now` (aware UTC): the most urgent condition with what to do, the others in a
    line; short enough for a phone.

    `pin` says where each condition is shown by itself; with it, the message has notes.
    """
    items = sorted(notification.items, key=_urgency)
    if not items:
        return notice("Nothing to report", (), recipient)
    level = max((item.alert.level for item in items if not _over(item)), key=_rank, default=Level.FINE)
    message = _alone(items[0], recipient, now)._replace(subject=_subject(items, recipient, now), level=level)
    also, left = _also(items[1:], now)
    tail = [words for item in items[1:] if _is_digest(item) for words in _lines_of_our_own(item, recipient, now)]
    message = message._replace(also=also, left=left, tail=tuple(tail))
    return message._replace(notes=tuple(_note(item, pin, recipient, now) for item in items)) if pin else message


def _note(item: Item, pin: Callable[[Alert], PhoneNote], recipient: Recipient, now: datetime) -> Note:
    alone = _alone(item, recipient, now)
    return Note(pin(item.alert), alone.subject, alone.text, alone.level, _over(item))


def notice(subject: str, lines: Iterable[str], recipient: Recipient, level: Level = Level.INFO) -> Message:
    """A message of our own, such as a test: a subject and one sentence per line."""
    clean = tuple(line(text, SUMMARY_BYTES) for text in lines)
    return Message(_titled("", line(subject, NAME_BYTES), recipient), clean, level, link=recipient.page)


def name_of(alert: Alert) -> str:
    """What people call it: the profile or whatever else the condition is about, with an agent that is not the main."""
    labels = alert.labels
    name = _first(labels, "profile", "provider", "channel", "source").removesuffix(":-") or alert.key
    agent = labels.get("agent", "-")
    return line(name if agent in ("-", "main") else f"{name} ({agent})", NAME_BYTES)


def _in_full(alert: Alert) -> str:
    """The name with its program and agent: `anthropic:default (OpenClaw, agent main)`."""
    labels = alert.labels
    name = _first(labels, "profile", "provider", "channel", "source").removesuffix(":-") or alert.key
    source, _, profile = labels.get("source", "").partition("@")
    of_itself = source in (name, name.partition(":")[0])
    parts = ["" if of_itself else PROGRAMS.get(source, source), f"profile {profile}" if profile else ""]
    parts.append("" if labels.get("agent", "-") == "-" else f"agent {labels['agent']}")
    where = ", ".join(filter(None, parts))
    return line(f"{name} ({where})" if where else name, 2 * NAME_BYTES)


def _first(labels: Mapping[str, str], *names: str) -> str:
    return next((labels[name] for name in names if labels.get(name)), "")


# -- what a condition is, in a word ------------------------------------------------------------------------------------


def _over(item: Item) -> bool:
    return item.reason is Reason.RESOLVED


def _is_login(item: Item) -> bool:
    return "profile" in item.alert.labels


def _is_digest(item: Item) -> bool:
    return item.reason is Reason.ROUTINE and item.alert.key == "digest"


def _rank(level: Level) -> int:
    return level.rank


def _urgency(item: Item) -> tuple[bool, bool, int, bool, float, str]:
    deadline = _deadline(item.alert)
    return (
        item.reason is Reason.ROUTINE,
        _over(item),
        -item.alert.level.rank,
        not _is_login(item),
        deadline.timestamp() if deadline else float("inf"),
        item.alert.key,
    )


def _deadline(alert: Alert) -> datetime | None:
    """When a person must have acted; for a login without such a moment, its own end."""
    return None if alert.login is None else alert.login.deadline or alert.login.ends_at


def _moment_that_counts(item: Item, now: datetime) -> datetime | None:
    """The deadline of what expires or expired, unless it would mislead: one ahead of what is dead already, one behind
    what works again."""
    at = _deadline(item.alert)
    if at is None or (_over(item) and at <= now):
        return None
    if not _over(item) and item.alert.cause not in _ENDS:
        return None
    dead = item.alert.level is Level.NOW and not _over(item)
    return None if dead and at > now else at


def _verb(item: Item, now: datetime) -> str:
    """The first words of a subject."""
    if _over(item):
        return "Back to normal"
    found = _state(item, now)
    still = item.reason is Reason.REMINDER and found not in _LEVELS.values() and not found.startswith("Expires")
    return f"Still {found[0].lower()}{found[1:]}" if still else found


def _state(item: Item, now: datetime) -> str:
    alert, at = item.alert, _moment_that_counts(item, now)
    if at and alert.cause in _ENDS and alert.level is not Level.INFO:
        return f"Expires {relative(at, now)}" if at > now else "Expired"
    if alert.cause is not Cause.OTHER:
        return _VERBS[alert.cause]
    if "problem" in alert.labels:
        return _PROBLEMS.get(alert.labels["problem"], "Unreadable")
    if "channel" in alert.labels:
        return "Not delivering" if alert.level is Level.NOW else "Delivers in part"
    if (about := alert.labels.get("about")) in _ABOUT:
        return _ABOUT[about][0]
    return "Unknown" if alert.doubt and alert.level is not Level.NOW else _LEVELS[alert.level]


def _phrase(item: Item, now: datetime) -> str:
    """One of several conditions: `anthropic:default expires in 2 days`."""
    name = name_of(item.alert)
    if item.reason is Reason.ROUTINE:
        return f"regular test message of channel {name}"
    state, at = "back to normal" if _over(item) else _state(item, now), _moment_that_counts(item, now)
    state = state[0].lower() + state[1:]
    if at and at <= now and state == "expired":
        away = relative(at, now)
        state = "just expired" if away == "now" else f"expired {away}"
    return f"{name} {state}" if _is_login(item) else f"{name}: {state}"


def _also(items: Sequence[Item], now: datetime) -> tuple[tuple[str, ...], int]:
    """The phrases that fit into one line, and how many conditions have none."""
    others = [item for item in items if not _is_digest(item)]
    phrases: list[str] = []
    for item in others:
        phrase = _phrase(item, now)
        if sum(len(one.encode()) + 2 for one in phrases) + len(phrase.encode()) > ALSO_BYTES:
            break
        phrases.append(phrase)
    return tuple(phrases), len(others) - len(phrases)


# -- subject -----------------------------------------------------------------------------------------------------------


def _subject(items: Sequence[Item], recipient: Recipient, now: datetime) -> str:
    """For a lock screen: what is so, of which login, where."""
    first, kind = items[0], items[0].alert.level
    same = [item for item in items if (_over(item), item.reason is Reason.ROUTINE) == (_over(first), False)]
    same = [item for item in same if _over(first) or item.alert.level is kind]
    logins = sum(map(_is_login, same))
    if logins == 1 or len(same) < 2:  # what a dead login brings about, such as that none is left, is in the body
        return _alone(first, recipient, now).subject
    count = f"{logins} logins" if logins else f"{len(same)} alerts"
    if _over(first):
        return _titled("Back to normal: ", count, recipient)
    if kind is Level.INFO:
        return _titled("Good to know: ", count, recipient)
    return _titled("", f"{count} need you {'now' if kind is Level.NOW else 'soon'}", recipient)


def _titled(verb: str, name: str, recipient: Recipient) -> str:
    """A subject of at most SUBJECT characters: host and name are shortened, the verb never."""
    host, room = _host(recipient), SUBJECT - len(verb) - len(" · ")
    if len(name) + len(host) > room:
        host = _short(host.partition(".")[0] if not host.replace(".", "").isdigit() else host, max(room // 3, 8))
    return f"{verb}{_short(name, room - len(host))} · {host}"


def _short(text: str, room: int) -> str:
    return text if len(text) <= room else text[: max(room - 1, 1)].rstrip() + ELLIPSIS


def _host(recipient: Recipient) -> str:
    return line(recipient.host, HOST_BYTES) or "this host"


# -- body --------------------------------------------------------------------------------------------------------------


def _alone(item: Item, recipient: Recipient, now: datetime) -> Message:
    """The message about one condition."""
    alert = item.alert
    if item.reason is Reason.ROUTINE:
        lines = _lines_of_our_own(item, recipient, now)
        first = f"{lines[0][:1].lower()}{lines[0][1:]}".rstrip(".")
        verb, name = ("Overview: ", first) if _is_digest(item) else ("Test message: ", name_of(alert))
        return Message(_titled(verb, name, recipient), lines, alert.level, link=recipient.page)
    subject = _titled(f"{_verb(item, now)}: ", name_of(alert), recipient)
    if _over(item):
        return Message(subject, _good_news(item, recipient, now), Level.FINE, link=recipient.page)
    remedy, _, remark = alert.remedy.strip().partition("\n")
    if alert.how is How.WORDS and remedy:
        said = [f"{for_reader(remedy, now, recipient.zone)} {remark}", _dated(alert.summary, item, recipient, now)]
        remedy, remark = "", ""
    else:
        step = f"{_step(item) if remedy else _verb(item, now)}: {_in_full(alert)}"
        hint = _hint(alert, recipient) if remedy else ""
        said = [step, f"{_dated(_reason(alert), item, recipient, now)} {hint}"]
    run, command = _run(remedy, recipient)
    if remedy and not command:
        # A command that was cut or cleaned would be another command.
        said.append("The command does not fit into a message: authwatch status")
    clean = tuple(filter(None, (line(words, SUMMARY_BYTES) for words in said)))
    remark = line(remark, SUMMARY_BYTES) if command else ""
    return Message(subject, clean, alert.level, run, command, remark, link=recipient.page)


def _lines_of_our_own(item: Item, recipient: Recipient, now: datetime) -> tuple[str, ...]:
    words = for_reader(item.alert.summary, now, recipient.zone).split("\n")
    return tuple(line(one, SUMMARY_BYTES) for one in words)


def _step(item: Item) -> str:
    """What to do, for a condition that has a command."""
    alert = item.alert
    kind, about = alert.labels.get("kind", ""), alert.labels.get("about", "")
    if alert.level is Level.INFO:
        return "No action needed now"
    if about in _ABOUT:
        return _ABOUT[about][1]
    if "channel" in alert.labels:
        return "Test the channel"
    if "problem" in alert.labels or alert.cause is Cause.UNREADABLE or (alert.doubt and alert.level is not Level.NOW):
        return "Find out why" if alert.remedy.startswith(_EXPLAINING) else "Fix"
    if kind == "cert":
        return "Renew the certificate"
    missing = alert.cause is Cause.MISSING
    if kind == "api_key":
        return "Add the key" if missing else "Replace the key"
    return "Log in" if missing else "Log in again"


def _hint(alert: Alert, recipient: Recipient) -> str:
    """What a person needs beside the command."""
    if alert.how is How.PASTE:
        return f"Have the new {'key' if alert.labels.get('kind') == 'api_key' else 'token'} ready to paste."
    if alert.how is How.BROWSER:
        return "You need a browser, on any device."
    return f"You need a browser on {_host(recipient)}." if alert.how is How.BROWSER_THERE else ""


def _reason(alert: Alert) -> str:
    """The sentence about it, without the name with which it begins: that ends with the agent, else the profile, else
    what it is."""
    labels, said = alert.labels, alert.summary
    if "profile" not in labels:
        return said
    name, agent = labels["profile"].removesuffix(":-"), labels.get("agent", "-")
    ends = [f"(agent {agent}) "] if agent != "-" else [f"{name} ", f" {name.partition(':')[2]} ", *_NOUNS]
    for end in ends:
        before, found, rest = said.partition(end)
        if found and rest and len(before) <= NAME_BYTES:
            rest = next((rest.removeprefix(verb) for verb in _LINKS if rest.startswith(verb)), rest)
            return rest[0].upper() + rest[1:]
    return said


def _dated(sentence: str, item: Item, recipient: Recipient, now: datetime) -> str:
    """The sentence on the reader's clock, with the moment that counts where it does not name it."""
    at = _moment_that_counts(item, now)
    told = for_reader(sentence, now, recipient.zone)
    if at is None or item.alert.level is Level.INFO or moment(at) in sentence:
        return told
    return f"{'Expires' if at > now else 'Expired'} {when(at, now, recipient.zone)}. {told}"


def _good_news(item: Item, recipient: Recipient, now: datetime) -> tuple[str, ...]:
    """What is over, until when, and who has it."""
    alert, at = item.alert, _moment_that_counts(item, now)
    if not _is_login(item):  # no login: its own words say what is over
        told: tuple[str, ...] = (f"Back to normal: {_in_full(alert)}", for_reader(alert.summary, now, recipient.zone))
    else:
        end = f"expires {when(at, now, recipient.zone)}" if at else ""
        words = "; ".join(filter(None, (_over_words(alert, at), end)))
        rest = _reason(alert)
        if words:  # they say what its first sentence does
            rest = rest.partition(". ")[2]
        told = (f"Back to normal: {words}." if words else "Back to normal.", _in_full(alert))
        told = (*told, for_reader(rest, now, recipient.zone))
    return tuple(filter(None, (line(one, SUMMARY_BYTES) for one in (*told, _NO_ACTION))))


def _over_words(alert: Alert, at: datetime | None) -> str:
    kind = alert.labels.get("kind", "")
    if at is None and kind == "oauth" and alert.cause in (Cause.EXPIRES, Cause.EXPIRED):
        return "renews itself again"
    if kind in ("api_key", "cert") and alert.cause in (Cause.EXPIRES, Cause.EXPIRED, Cause.REJECTED):
        return "renewed" if at else "works again"
    return _OVER.get(alert.cause, "logged in again" if at else "")


def _run(command: str, recipient: Recipient) -> tuple[str, str]:
    """Where to run a command, and the line to copy; "" where it cannot be shown as it is."""
    if not command or not fits(command, REMEDY_BYTES):
        return "", ""
    if not recipient.ssh or not fits(recipient.ssh, REMEDY_BYTES):
        return f"On {_host(recipient)} run:", command
    # A shell that ssh starts for one command reads no profile; pip, pipx and Claude Code put programs there.
    remote = f'export PATH="$HOME/.local/bin:$PATH"; {command}'
    return "Run:", f"ssh -t {quote(recipient.ssh)} {quote(remote)}"
