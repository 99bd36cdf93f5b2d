"""Text and tables no wider than the terminal; a word that is too long for a line, such as a key, is never broken."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence
from typing import Final

from monitor.cli.context import Context

#: No wider, so that lines can be read; and no narrower, whatever a terminal says.
WIDEST: Final = 80
NARROWEST: Final = 30
#: A last column narrower than this is shown below its row instead.
ROOM: Final = 30
INDENT: Final = "    "
#: What stays on one line: a moment or a span as `timefmt` writes it. A no-break space within a text does the same.
_MOMENT: Final = re.compile(
    r"[A-Z][a-z]{2} \d{1,2} [A-Z][a-z]{2}(?: \d{4})?(?:, \d\d:\d\d \S+)?|\b\d+ (?:s|min|h|days|years)\b"
)


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


def columns_of(context: Context) -> int:
    """How wide a command's text is drawn."""
    return max(NARROWEST, min(WIDEST, context.width()))


def wrapped(text: str, wide: int, begin: str = "", rest: str | None = None) -> list[str]:
    """A text in lines of at most `wide` columns; `begin` starts the first, `rest` (default: as many blanks) others."""
    if "\n" not in text and width(begin) + width(text) <= wide:  # most lines, and a history has many
        return [f"{begin}{text}".replace("\xa0", " ").rstrip()]
    from textwrap import wrap

    rest = " " * width(begin) if rest is None else rest
    text = _MOMENT.sub(lambda found: found[0].replace(" ", "\xa0"), text)
    lines = wrap(
        text, wide, initial_indent=begin, subsequent_indent=rest, break_long_words=False, break_on_hyphens=False
    )
    return [line.replace("\xa0", " ") for line in lines] or [begin.rstrip()]


def table(rows: Sequence[Sequence[str]], wide: int) -> list[str]:
    """Rows as aligned columns. Where a row is too wide its last cell is wrapped, below it if need be; where not even
    the cells before fit, each stands on a line of its own."""
    if not rows:
        return []
    heads = columns([(*row[:-1], "") for row in rows])
    start = max(width(head) for head in heads) + 2
    lines: list[str] = []
    for row, head in zip(rows, heads, strict=True):
        if start + width(row[-1]) <= wide or wide - start >= ROOM:
            lines += wrapped(row[-1], wide, head + " " * (start - width(head)), " " * start)
        elif start - 2 <= wide:
            lines += [head, *wrapped(row[-1], wide, INDENT)]
        else:
            lines += [row[0], *(line for cell in row[1:] if cell for line in wrapped(cell, wide, INDENT))]
    return lines
