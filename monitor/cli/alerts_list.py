"""`authwatch alerts list`: active alerts, who was notified, what is muted, channels that do not deliver."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from shlex import quote
from typing import TYPE_CHECKING, Any, NamedTuple

from alerts.timefmt import for_reader, iso, moment, parse
from monitor.check.status import ASIDE, MARKS
from monitor.cli import history_access
from monitor.cli.context import Context
from monitor.judge.keys import Keys
from monitor.model import Need

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

    settings, now = context.settings(context.host()), context.now()
    with history_access.reading(context, settings) as connection:
        known = notify.past(store.recall(connection), now) if connection else memory.Memory()
        if given.tokens:
            _tokens(context, settings, known, now)
            return 0
        this_check = context.this_check()
        following = _following(connection, this_check, known) if connection else {}
        last = store.last_deliveries(connection) if connection else {}
    rows = _rows(known, this_check.channels, following, now)
    silences = [as_json(one) for one in known.muting.silences if one.until > now]
    if given.json:
        context.say(json.dumps({"schema": 1, "alerts": rows, "silences": silences}, ensure_ascii=False, indent=1))
        return 0
    waiting = memory.waiting(known, this_check.channels, this_check.rules, now)
    stuck = [(label, since, last.get(label, {})) for label, since in sorted(waiting.items())]
    pen = Pen(context, settings, now, Keys(known.alerts))
    parts = [*_sections(rows, pen), _silences(silences, pen), _stuck(stuck, pen)]
    if connection is None:
        parts.append(pen.text("No check has run yet. Run: authwatch check"))
    context.say("\n\n".join("\n".join(part) for part in parts if part))
    return 0


class Pen(NamedTuple):
    """How the list is written: for a reader's clock and terminal, with keys as short as they may be."""

    context: Context
    settings: Settings
    now: datetime
    keys: Keys

    def text(self, text: str, begin: str = "") -> list[str]:
        """A kept sentence in lines."""
        from alerts.formats import visible
        from monitor.cli.layout import columns_of, wrapped

        shown = visible(for_reader(text, self.now, self.settings.timezone))
        return wrapped(shown, columns_of(self.context), begin)

    def head(self, level: str, text: str) -> list[str]:
        """The first lines of an alert, its level painted."""
        from monitor.cli.status_text import COLOR

        mark = LEVELS.get(level, level)
        paint = COLOR.get(mark)
        lines = self.text(text, f"{mark:<{len(INDENT)}}")
        if paint and self.context.color:
            lines[0] = lines[0].replace(mark, f"{paint}{mark}\033[0m", 1)
        return lines


#: How a level is shown: by the words and colours of `status`.
LEVELS = {"now": MARKS[Need.NOW], "soon": MARKS[Need.SOON], "info": ASIDE, "fine": MARKS[Need.NO]}
INDENT = " " * 6


def _sections(rows: list[dict[str, Any]], pen: Pen) -> Iterator[list[str]]:
    """The alerts, a block each under the heading they belong to; calm where there is none."""
    muted = [row for row in rows if row["acknowledged"] or row["silenced"]]
    over = [row for row in rows if row["level"] == "fine" and row not in muted]
    active = [row for row in rows if row not in muted and row not in over]
    yield [f"{len(active)} active alert{'' if len(active) == 1 else 's'}:"] if active else ["No active alerts."]
    for title, part in (("", active), ("Acknowledged or silenced:", muted), ("Resolved, not reported yet:", over)):
        if part and title:
            yield [title]
        for row in part:
            yield _alert(row, pen)


def _alert(row: dict[str, Any], pen: Pen) -> list[str]:
    lines = pen.head(row["level"], f"{pen.keys.short(row['key'])}  since {_when(row['since'])}")
    for text in (row["summary"], *_who(row)):
        lines += pen.text(text, INDENT)
    return lines


def _silences(silences: list[dict[str, Any]], pen: Pen) -> list[str]:
    if not silences:
        return []
    lines = ["Silences:"]
    for one in silences:
        lines += pen.text(f'{one["match"]} up to "{one["level"]}",{_by(one)}', f"{one['id']:>3}   ")
    return [*lines, f"{INDENT}end one: authwatch alerts unsilence ID"]


def _stuck(channels: Sequence[tuple[str, datetime, Mapping[str, Any]]], pen: Pen) -> list[str]:
    """The channels that do not deliver, since when, and how the last try ended."""
    if not channels:
        return []
    lines = ["Channels that do not deliver:"]
    for label, since, last in channels:
        why = f": {last['error'] or last['outcome']}" if last.get("error") or last.get("outcome") else ""
        lines += pen.text(f"{label}, since {moment(since)}{why}", INDENT)
        lines.append(f"{INDENT}try it: authwatch alerts test {quote(label)}")
    return lines


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


def _who(row: dict[str, Any]) -> Iterator[str]:
    """Who was told of an alert, who muted it, and what comes next."""
    told = [f"{label} at {_when(at)}" for label, at in row["told"].items()]
    if told:
        yield f"notified: {', '.join(told)}"
    elif not row["undelivered"]:
        yield "nobody was notified"
    if row["undelivered"]:
        yield f"not delivered to: {', '.join(row['undelivered'])}"
    if row["acknowledged"]:
        yield f"acknowledged{_by(row['acknowledgement'])}"
    if row["silenced"]:
        yield "silenced"
    if following := row["next"]:
        yield f"next: {following['channel']} at {_when(following['at'])}, {following['reason']}"


def _by(wish: dict[str, Any]) -> str:
    """By whom, until when, and why."""
    author = f" by {wish['author']}" if wish["author"] else ""
    until = f" until {_when(wish['until'])}" if wish["until"] else " until it changes"
    return f"{author}{until}{': ' + wish['note'] if wish['note'] else ''}"


def _when(text: str) -> str:
    """A moment of the JSON as a kept sentence has it."""
    at = parse(text)
    return moment(at) if at else text
