"""Text that comes from elsewhere, made safe for a terminal, and tables of it."""

from __future__ import annotations

import unicodedata
from collections.abc import Sequence

#: Control and format characters (a bidirectional override can hide a line); surrogates cannot be printed at all.
_UNSAFE = {"Cc", "Cf", "Cs", "Co", "Zl", "Zp"}


def visible(text: str) -> str:
    """The text with every character that could steer a terminal shown as an escape."""
    if text.isascii() and text.isprintable():
        return text
    return "".join(_escape(c) if unicodedata.category(c) in _UNSAFE else c for c in text)


def _escape(character: str) -> str:
    return character.encode("unicode_escape").decode("ascii") if character != "\u200d" else character


def width(text: str) -> int:
    """How many columns a text takes on a terminal."""
    return len(text) if text.isascii() else sum(_columns(c) for c in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def columns(rows: Sequence[Sequence[str]], gap: str = "  ") -> list[str]:
    """Rows as lines with aligned columns; the last column is left as it is."""
    if not rows:
        return []
    widths = [max(width(row[at]) for row in rows) for at in range(len(rows[0]) - 1)]
    return [
        gap.join(
            cell if at == len(row) - 1 else cell + " " * (widths[at] - width(cell)) for at, cell in enumerate(row)
        ).rstrip()
        for row in rows
    ]
