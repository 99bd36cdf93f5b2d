"""Spans of time as people write them: `14d`, `8h`, `90m`, `1h30m`."""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Final

PATTERN: Final = r"^(?=\d)(\d{1,6}w)?(\d{1,6}d)?(\d{1,6}h)?(\d{1,6}m)?(\d{1,6}s)?$"
WORDS: Final = "a time span such as 90m, 8h, 14d or 1h30m"

#: A hundred years: longer is a slip of the finger, and adding it to a moment could leave the calendar.
LONGEST: Final = timedelta(days=36_525)

_UNITS: Final = {
    "w": timedelta(weeks=1),
    "d": timedelta(days=1),
    "h": timedelta(hours=1),
    "m": timedelta(minutes=1),
    "s": timedelta(seconds=1),
}


def parse_span(text: str) -> timedelta:
    """The span that a text such as `1h30m` means; ValueError says what would be right."""
    if not re.fullmatch(PATTERN, text, re.ASCII):
        raise ValueError(f"expected {WORDS}")
    parts = re.findall(r"(\d+)([wdhms])", text, re.ASCII)
    span = sum((int(number) * _UNITS[unit] for number, unit in parts), timedelta())
    if span > LONGEST:
        raise ValueError("expected at most 100 years")
    return span


def show_span(span: timedelta) -> str:
    """The shortest text of whole seconds that `parse_span` reads back; weeks are shown as days."""
    rest = int(span.total_seconds())
    parts = []
    for unit in "dhms":
        size = int(_UNITS[unit].total_seconds())
        if rest >= size:
            parts.append(f"{rest // size}{unit}")
            rest %= size
    return "".join(parts) or "0s"
