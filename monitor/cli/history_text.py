"""`history` on a terminal: the changes of each login along its own line."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo
from typing import Final

from alerts.formats import visible
from alerts.timefmt import for_reader, moment
from monitor.cli.layout import wrapped
from monitor.model import Transition

#: The colour of a state in the timeline, as ANSI codes; any other is red.
DOTS: Final = {"ok": "32", "static": "32", "expiring": "33", "unknown": "35", "opaque": ""}


def timeline(changes: Sequence[Transition], width: int, zone: tzinfo | None, *, color: bool) -> str:
    """The changes of each login along its own line, oldest first; in the base colours of the terminal, which it suits
    to its background."""
    by_key: dict[str, list[Transition]] = {}
    for change in changes:
        by_key.setdefault(change.key, []).append(change)
    lines: list[str] = []
    for key, mine in by_key.items():
        lines += ["", _paint(visible(key), "1", color)]
        for change in mine:
            lines += _change(change, width, zone, color=color)
    return "\n".join(lines[1:])


def _change(change: Transition, width: int, zone: tzinfo | None, *, color: bool) -> list[str]:
    what = f"{change.before or 'first seen'} → {change.after}".replace(" ", "\xa0")  # stays on one line
    note = f"  {visible(for_reader(change.note, None, zone))}" if change.note else ""
    text = f"{moment(change.at, zone=zone)}  {what}{note}"
    lines = wrapped(text, width, "  ● ")
    lines[0] = lines[0].replace("●", _paint("●", DOTS.get(change.after, "31"), color), 1)
    return lines


def _paint(text: str, code: str, color: bool) -> str:
    return f"\033[{code}m{text}\033[0m" if color and code else text
