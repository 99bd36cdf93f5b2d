"""A terminal as an SVG whose text is text, in the colours of the reader's page: what README shows of `authwatch status`."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html import escape

from monitor.cli.layout import width
from tests.command import ROOT
from tests.snapshots.stage import ESCAPE, Stage

FILE = ROOT / "docs/images/status.svg"
COLUMNS = 80
FONT_SIZE, COLUMN, LINE, MARGIN = 14, 8.4, 20, 18

#: A class for each code that is used, with its colour on a light page and on a dark one; contrast at least 4.5 to 1.
CODES = {
    "1": "bold",
    "2": "dim",
    "31": "red",
    "32": "green",
    "33": "yellow",
    "34": "blue",
    "35": "magenta",
    "36": "cyan",
}
COLORS = {
    "page": ("#f6f8fa", "#151b23"),
    "plain": ("#1f2328", "#e6edf3"),
    "dim": ("#59636e", "#9198a1"),
    "red": ("#c21c27", "#ff7b72"),
    "green": ("#116329", "#3fb950"),
    "yellow": ("#7d4e00", "#d8a73a"),
    "blue": ("#0550ae", "#79c0ff"),
    "magenta": ("#6639ba", "#d2a8ff"),
    "cyan": ("#0a5f66", "#56d4dd"),
}


def picture() -> str:
    """The SVG of `authwatch status` in the home of the demo."""
    with Stage() as on:
        on.furnished()
        shown = on.run("status", width=COLUMNS, color=True).rstrip()
    return svg(f"\033[2m$\033[0m authwatch status\n{shown}", "authwatch status in a terminal")


def svg(text: str, title: str) -> str:
    """Terminal output with colours as an SVG."""
    rows = [list(_runs(line)) for line in text.splitlines()]
    columns = max(COLUMNS, *(column + width(words) for row in rows for column, words, _ in row))
    wide, high = round(2 * MARGIN + columns * COLUMN), round(2 * MARGIN + len(rows) * LINE)
    used = {name for row in rows for *_, names in row for name in names}
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {wide} {high}" width="{wide}" height="{high}" role="img">',
            f"<title>{escape(title)}</title>",
            f"<style>\n{_style(used)}\n</style>",
            f'<rect class="page" width="{wide}" height="{high}" rx="8"/>',
            *(_line(row, number) for number, row in enumerate(rows) if row),
            "</svg>\n",
        ]
    )


def _runs(line: str) -> Iterator[tuple[int, str, tuple[str, ...]]]:
    """Column, words and classes of each run; a gap begins a new one, so that columns stay aligned in every font."""
    column, names = 0, frozenset[str]()
    for piece in re.split(f"({ESCAPE.pattern.replace('(', '(?:', 1)})", line):
        if code := ESCAPE.fullmatch(piece):
            new = [CODES[one] for one in code[1].split(";") if one not in ("", "0")]
            names = frozenset([*names, *new]) if new else frozenset()
            continue
        for part in re.split(r"( {2,})", piece):
            if part.strip():
                begins = column + len(part) - len(part.lstrip())
                yield begins, part.strip(), tuple(sorted(names))
            column += width(part)


def _line(row: list[tuple[int, str, tuple[str, ...]]], number: int) -> str:
    y = MARGIN + number * LINE + FONT_SIZE
    spans = []
    for column, words, names in row:
        kind = f' class="{" ".join(names)}"' if names else ""
        place = f'x="{MARGIN + column * COLUMN:.1f}" textLength="{width(words) * COLUMN:.1f}"'
        spans.append(f"<tspan{kind} {place}>{escape(words, quote=False)}</tspan>")
    return f'<text y="{y}">{" ".join(spans)}</text>'


def _style(used: set[str]) -> str:
    fonts = "ui-monospace, SFMono-Regular, Menlo, Consolas, 'DejaVu Sans Mono', 'Liberation Mono', monospace"
    names = [name for name in COLORS if name in used | {"page", "plain"}]

    def rules(dark: int) -> str:
        return " ".join(f"{_selector(name)} {{ fill: {COLORS[name][dark]} }}" for name in names)

    return "\n".join(
        [
            f"text {{ font: {FONT_SIZE}px {fonts}; white-space: pre }}",
            ".bold { font-weight: bold }",
            rules(0),
            f"@media (prefers-color-scheme: dark) {{ {rules(1)} }}",
        ]
    )


def _selector(name: str) -> str:
    return "text" if name == "plain" else f".{name}"
