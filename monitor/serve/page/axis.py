"""Where moments lie on the page's two axes, as percentages of their width (pure)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from typing import Any, Final

from alerts.timefmt import date, moment, parse

DAY: Final = timedelta(days=1)

#: The axis ahead: what is over lies left of START, now at START, the far future at END; in between it is logarithmic.
START: Final = 7.0
END: Final = 97.0
FAR: Final = 400 * DAY
_BEND: Final = DAY / 2  # up to about here the axis is even

TICKS: Final = ((timedelta(), "now"), (DAY, "1 day"), (7 * DAY, "1 week"), (30 * DAY, "1 month"), (365 * DAY, "1 year"))


@dataclass(frozen=True, slots=True)
class Tick:
    """A mark on an axis with its words."""

    x: float
    text: str


@dataclass(frozen=True, slots=True)
class Stretch:
    """A time in one state on the axis behind; `look` is how it is drawn."""

    x: float
    width: float
    look: str
    title: str


def ahead(left: timedelta) -> float:
    """Where a moment lies that is `left` away; left of now for what is over."""
    if left <= timedelta():
        return START / 2
    bent = math.log1p(min(left, FAR) / _BEND) / math.log1p(FAR / _BEND)
    return round(START + (END - START) * bent, 2)


def ticks_ahead() -> tuple[Tick, ...]:
    """The marks of the axis ahead."""
    return tuple(Tick(START if not left else ahead(left), text) for left, text in TICKS)


def behind(at: datetime, now: datetime, span: timedelta) -> float:
    """Where a moment of the last `span` lies, from 0 to 100."""
    return round(100 * min(1.0, max(0.0, 1 - (now - at) / span)), 2)


def ticks_behind(now: datetime, span: timedelta, zone: tzinfo | None) -> tuple[Tick, ...]:
    """A mark for every week back, and one for now."""
    weeks = range(int(span / (7 * DAY)), 0, -1)
    marks = [Tick(behind(now - 7 * week * DAY, now, span), date(now - 7 * week * DAY, now, zone)) for week in weeks]
    return (*marks, Tick(100.0, "now"))


def stretches(
    changes: Iterable[Mapping[str, Any]],
    present: tuple[str, str],
    now: datetime,
    span: timedelta,
    zone: tzinfo | None = UTC,
) -> tuple[Stretch, ...]:
    """The last `span` of one login as stretches of one state each.

    `changes` are its own, oldest first, from further back where they are known; `present` is its state now and
    whether that needs somebody.
    """
    parts: list[tuple[datetime, datetime, tuple[str, str]]] = []
    begin, so = now - span, None
    for change in changes:
        at = parse(change["at"])
        if at is None or at > now:
            continue
        if so is None and change["before"]:
            so = (change["before"], _USUAL.get(change["before"], "no"))
        if so:
            parts.append((begin, at, so))
        begin, so = max(at, now - span), (change["after"], change["needs_human"])
    parts.append((begin, now, present))
    return tuple(_stretch(*part, now, span, zone) for part in parts if part[1] > part[0])


#: What a state usually asks for, where it is not known what it asked for then.
_USUAL: Final = {"expiring": "soon", "expired": "now", "refused": "now", "missing": "now", "unknown": "unknown"}


def _stretch(
    begin: datetime, end: datetime, so: tuple[str, str], now: datetime, span: timedelta, zone: tzinfo | None
) -> Stretch:
    state, need = so
    x = behind(begin, now, span)
    since = moment(begin, now, zone) if begin > now - span else "before"
    until = "now" if end == now else moment(end, now, zone)
    return Stretch(
        x, round(max(0.4, behind(end, now, span) - x), 2), _look(state, need), f"{state}: {since} to {until}"
    )


def _look(state: str, need: str) -> str:
    """How a stretch is drawn: by what it asked of somebody, and where that was nothing by what could be seen."""
    if need != "no":
        return need
    return {"ok": "ok", "expiring": "ok", "static": "static", "opaque": "static"}.get(state, "idle")
