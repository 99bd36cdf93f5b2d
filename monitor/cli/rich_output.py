"""`status` and `history` on a terminal: a calm table and a timeline; the only place that imports rich."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo
from typing import TYPE_CHECKING

from alerts.formats import visible
from alerts.timefmt import for_reader, moment
from monitor.check.status import Document
from monitor.cli.layout import wrapped
from monitor.cli.status_text import StatusLine, head, rows, sentence, wrongs
from monitor.model import Transition

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

STYLES = {"NOW": "bold red", "SOON": "yellow", "?": "magenta", "ignored": "dim", "ok": "green", "static": "dim green"}
#: The colour of a state in the timeline, as ANSI codes; any other is red.
DOTS = {"ok": "32", "static": "32", "expiring": "33", "unknown": "35", "opaque": ""}


def status(shown: Document, width: int) -> str:
    """The report as a table of the terminal's width; what to do stands in full beneath, to be copied."""
    from rich.table import Table
    from rich.text import Text

    table = Table(box=None, padding=(0, 2, 0, 0), show_header=True, header_style="dim", expand=False)
    for title in ("", "login", "what is so"):
        table.add_column(title, overflow="fold", vertical="top")
    for mark, line in wrongs(shown):
        style = STYLES["?"] if mark == "?" else "dim"
        table.add_row(Text(mark, style), Text("a store", style), Text(line))
    found = rows(shown)
    for row in found:
        table.add_row(Text(row.mark, _style(row.mark)), Text(visible(row.key)), Text(visible(row.said)))
    acts = _to_do(row for row in found if row.remedy)
    return _printed([Text(sentence(shown), "bold"), Text(head(shown), "dim"), Text(), table, *acts], width)


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


def _to_do(acts: Iterable[StatusLine]) -> list[Text]:
    from rich.text import Text

    lines = []
    for row in acts:
        lines += [Text(), Text(f"{visible(row.key)}:", "dim")]
        lines += [Text(f"  {visible(part)}") for part in row.remedy.splitlines()]
    return lines


def _style(mark: str) -> str:
    return STYLES.get(mark.split(" ", maxsplit=1)[0], "")


def _printed(parts: Iterable[RenderableType], width: int) -> str:
    from rich.console import Console

    console = Console(force_terminal=True, width=width, highlight=False, soft_wrap=False, legacy_windows=False)
    with console.capture() as captured:
        for part in parts:
            # A command is copied: it may run over the edge, never be broken by us.
            console.print(part, soft_wrap=not hasattr(part, "columns"))
    return captured.get().rstrip("\n")
