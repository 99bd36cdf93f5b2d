"""`authwatch alerts list`: what stands, who was told, who muted it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import TYPE_CHECKING, Any

from alerts.timefmt import iso, moment, parse
from monitor.cli import history_access
from monitor.cli.context import Context

if TYPE_CHECKING:
    from alerts.memory import Memory
    from alerts.model import Acknowledgement, Channel, Silence
    from alerts.notify import NextMessage
    from monitor.check.assess import CheckContext
    from monitor.config.settings import Settings
    from monitor.history.engine import Connection


def run(given: argparse.Namespace, context: Context) -> int:
    """Prints what the memory of the alerts holds."""
    from alerts import memory, notify, store
    from alerts.formats import visible

    settings, now = context.settings(context.host()), context.now()
    with history_access.reading(context, settings) as connection:
        known = notify.past(store.recall(connection), now) if connection else memory.Memory()
        if given.tokens:
            _tokens(context, settings, known, now)
            return 0
        this_check = context.this_check()
        following = _following(connection, this_check, known) if connection else {}
    rows = _rows(known, this_check.channels, following, now)
    silences = [as_json(one) for one in known.muting.silences if one.until > now]
    if given.json:
        context.say(json.dumps({"schema": 1, "alerts": rows, "silences": silences}, ensure_ascii=False, indent=1))
        return 0
    if not rows:
        context.say("Nothing stands.")
    for row in rows:
        context.say(visible(f"{row['level']:<5} {row['key']} since {_when(row['since'])}: {row['summary']}"))
        context.say(visible(f"      {_who(row)}"))
    for one in silences:
        context.say(visible(f"silence {one['id']}: {one['match']} up to level {one['level']}{_by(one)}"))
    return 0


def as_json(one: Silence | Acknowledgement) -> dict[str, Any]:
    """A wish for people and programs; `until` is null where only a change ends it."""
    plain: dict[str, Any] = {
        "until": iso(one.until),
        "made_at": iso(one.made_at),
        "author": one.author,
        "note": one.note,
    }
    match = getattr(one, "match", None)
    if match is None:
        return {"key": getattr(one, "key", ""), **plain}
    words = ",".join(f"{name}={value}" for name, value in match.items())
    return {"id": getattr(one, "id", 0), "match": words, "level": str(getattr(one, "level", "")), **plain}


def _following(db: Connection, this_check: CheckContext, known: Memory) -> dict[str, NextMessage]:
    """The next messages, as the page names them."""
    from alerts.notify import planned
    from monitor.check.record import remembered
    from monitor.check.simulate import looks
    from monitor.history import probe_results

    before = remembered(db, this_check)
    judgement = this_check.judged(before, probe_results.recall(db, this_check.host.key_id))
    look = looks(this_check, judgement, before)
    return planned(known, this_check.channels, this_check.rules, look, this_check.now, this_check.settings.interval)


def _rows(
    known: Memory, channels: Sequence[Channel], following: Mapping[str, NextMessage], now: datetime
) -> list[dict[str, Any]]:
    from alerts import memory
    from alerts.model import Level
    from alerts.notification_state import bound
    from monitor.check.page_data import following_as_json

    acknowledged, silenced = memory.suppressed(known, now)
    notified, attempts = bound(known.notified, known.attempts, channels)
    names = sorted((one.label, one.id) for one in channels)
    acknowledgements = {one.key: as_json(one) for one in known.muting.acknowledgements if one.key in acknowledged}
    return [
        {
            "key": key,
            "level": one.level.value,
            "since": iso(one.since),
            "summary": one.summary,
            "acknowledged": key in acknowledged,
            "acknowledgement": acknowledgements.get(key),
            "silenced": key in silenced,
            "told": {label: iso(notified[address, key].at) for label, address in names if (address, key) in notified},
            "undelivered": [label for label, address in names if (address, key) in attempts],
            "next": following_as_json(following.get(key)),
        }
        for key, one in sorted(known.alerts.items(), key=lambda item: (-item[1].level.rank, item[0]))
        if one.level is not Level.FINE or any((address, key) in notified for _, address in names)
    ]


def _tokens(context: Context, settings: Settings, known: Memory, now: datetime) -> None:
    """A line for each alert that can be acknowledged and is not yet: what `alerts ack --token` takes, and words."""
    from alerts import memory
    from alerts.formats import visible
    from alerts.model import Level
    from monitor.check.phone_buttons import token_of

    host = context.host().keyed(context.state(settings).key(create=False))
    acknowledged, silenced = memory.suppressed(known, now)
    for key, one in sorted(known.alerts.items(), key=lambda item: (-item[1].level.rank, item[0])):
        if one.level is not Level.FINE and key not in acknowledged | silenced:
            context.say(f"{token_of(host, one)}\t{visible(one.summary or key)}")


def _who(row: dict[str, Any]) -> str:
    parts = [f"told {label} {_when(at)}" for label, at in row["told"].items()]
    parts += [f"not yet delivered to {label}" for label in row["undelivered"]]
    parts += [f"acknowledged{_by(row['acknowledgement'])}"] if row["acknowledged"] else []
    parts += ["silenced"] if row["silenced"] else []
    parts = parts or ["nobody was told"]
    if following := row["next"]:
        parts.append(f"next message: {following['reason']} to {following['channel']} {_when(following['at'])}")
    return "; ".join(parts)


def _by(wish: dict[str, Any]) -> str:
    """By whom, until when, and why."""
    author = f" by {wish['author']}" if wish["author"] else ""
    until = f" until {_when(wish['until'])}" if wish["until"] else " until it changes"
    return f"{author}{until}{': ' + wish['note'] if wish['note'] else ''}"


def _when(text: str) -> str:
    """A moment of the JSON as people read it."""
    at = parse(text)
    return moment(at) if at else text
