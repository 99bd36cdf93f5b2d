"""Do alerts arrive? Channels that load, alerts that are delivered, and a heartbeat that somebody receives."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.timefmt import moment
from monitor.check.outputs import RECORD
from monitor.doctor.model import Health, Result, Subject, command
from monitor.system.state_dir import HEARD


def channels(subject: Subject) -> Iterator[Result]:
    """Can every channel be loaded? Its address is taken apart as for sending, and nothing is sent."""
    from alerts.channels import check

    if not (subject.settings.channels or subject.complaint):  # of a config that cannot be read nobody knows
        why = "nobody is notified: alerts show up in `authwatch status`, exit codes and metrics only"
        yield Result("channels", Health.WARNING, "no channels configured", why, "authwatch onboard")
    for channel in subject.settings.channels:
        reason = channel.broken or (check(channel.label, channel.url.reveal()) if channel.url else "no address")
        if reason:
            said = reason.removeprefix(f"channel {channel.label}: ")
            what, why = f"{channel.label}: {said}", "this channel cannot deliver anything"
            yield Result("channels", Health.BROKEN, what, why, "authwatch config check")
        else:
            test = command("authwatch", "alerts", "test", channel.label)
            what = f"{channel.label}: the address is valid; to send a test message: `{test}`"
            yield Result("channels", Health.FINE, what)


def deliveries(subject: Subject) -> Iterator[Result]:
    """Since when does each channel have news that it was not told, and why? Did the last test message arrive?"""
    from alerts import memory, notify, store
    from monitor.check.assess import CheckContext
    from monitor.check.collect import CheckOptions
    from monitor.history import engine

    host = subject.host.keyed(subject.state.key(create=False))  # what was told goes by keyed addresses
    this_check = CheckContext(CheckOptions(subject.settings), host, subject.state, (), subject.now)
    if not this_check.channels:
        return
    try:
        with engine.reading(this_check.url) as db:
            if db is None:
                return
            known = notify.past(store.recall(db), subject.now)
            reached = store.last_successes(db)
            last = store.last_deliveries(db)
    except (engine.Broken, engine.HistoryError):
        return  # the check of the history says so
    waiting = memory.waiting(known, this_check.channels, this_check.rules, subject.now)
    for channel in this_check.channels:
        label = channel.label
        since = waiting.get(label)
        if since is None and memory.pending(known, channel, this_check.rules, subject.now):
            since = subject.now  # nobody has tried it at this address yet
        yield _result(label, since, reached.get(label), last.get(label, {}))


def _result(label: str, waiting: datetime | None, reached: datetime | None, last: Mapping[str, Any]) -> Result:
    from alerts.model import Outcome
    from alerts.store import TEST

    said = f"last delivered {moment(reached)}" if reached else "nothing delivered yet"
    again = command("authwatch", "alerts", "test", label)
    why = f"{last.get('outcome', '')}: {last.get('error', '')}".strip(": ") or "no attempt is on record"
    tested = last["outcome"] if last.get("reason") == TEST else ""
    if tested == Outcome.PARTIAL:
        what = f"{label}: the last test message reached some of its targets only; {said}"
        return Result("deliveries", Health.WARNING, what, why, again)
    if tested and tested != Outcome.DELIVERED:
        return Result("deliveries", Health.BROKEN, f"{label}: the last test message did not arrive; {said}", why, again)
    if waiting is None:
        return Result("deliveries", Health.FINE, f"{label}: all delivered; {said}")
    what = f"{label}: alerts not delivered since {moment(waiting)}; {said}"
    if tested:
        return Result(
            "deliveries",
            Health.WARNING,
            what,
            "a test message has arrived since; the next check sends them",
            "authwatch check",
        )
    return Result("deliveries", Health.BROKEN, what, why, again)


def heartbeat(subject: Subject) -> Iterator[Result]:
    """Would anybody notice if authwatch itself stopped?"""
    settings = subject.settings
    if broken := settings.broken.get("heartbeat"):
        why = "nobody will notice when authwatch stops"
        yield Result("heartbeat", Health.BROKEN, broken, why, "authwatch config check")
    elif settings.heartbeat is None:
        why = "nobody will notice when this machine or authwatch stops; a service such as Healthchecks would"
        yield Result("heartbeat", Health.FINE, "not configured", why)
    else:
        yield _heard(subject)


def _heard(subject: Subject) -> Result:
    folder = subject.state.folder
    try:
        at = datetime.fromtimestamp((folder / HEARD).stat().st_mtime, UTC)
    except (OSError, ValueError, OverflowError):
        if not (folder / RECORD).exists():
            return Result("heartbeat", Health.FINE, "configured; the first check sends a ping")
        why = "the service that expects the ping will alert you, or does not know this machine"
        return Result(
            "heartbeat", Health.WARNING, "heartbeat ping failed; none has arrived yet", why, "authwatch check -v"
        )
    said = f"last ping arrived {moment(at)}"
    if subject.now - at > max(subject.settings.interval * 2.5, timedelta(hours=1)):
        why = "every check should send one; the service that expects it alerts you"
        return Result("heartbeat", Health.WARNING, said, why, "authwatch check -v")
    return Result("heartbeat", Health.FINE, said)
