"""`status` and `history` on a terminal: a calm table and a timeline; the only place that imports rich."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from alerts.formats import visible
from alerts.timefmt import moment
from monitor.check.status import Document
from monitor.cli.status_text import StatusLine, head, rows, sentence, wrongs
from monitor.model import Transition

if TYPE_CHECKING:
    from rich.console import RenderableType
    from rich.text import Text

STYLES = {"NOW": "bold red", "SOON": "yellow", "?": "magenta", "ignored": "dim", "ok": "green", "static": "dim green"}
DOTS = {"ok": "green", "static": "green", "expiring": "yellow", "unknown": "magenta", "opaque": "dim"}


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


def timeline(changes: Sequence[Transition], width: int) -> str:
    """The changes of each login along its own line, oldest first."""
    from rich.text import Text

    lines: list[RenderableType] = []
    by_key: dict[str, list[Transition]] = {}
    for change in changes:
        by_key.setdefault(change.key, []).append(change)
    for key, mine in by_key.items():
        lines += [Text(), Text(visible(key), "bold")]
        for change in mine:
            line = Text("  ")
            line.append("● ", DOTS.get(change.after, "red"))
            line.append(f"{moment(change.at):>26}  ", "dim")
            line.append(f"{change.before or 'first seen'} → {change.after}")
            line.append(f"  {visible(change.note)}" if change.note else "", "dim")
            lines.append(line)
    return _printed(lines, width)


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
