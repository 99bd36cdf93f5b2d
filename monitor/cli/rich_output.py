"""`history` on a terminal: a timeline; the only place that imports rich."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from alerts.formats import visible
from alerts.timefmt import moment
from monitor.model import Transition

if TYPE_CHECKING:
    from rich.console import RenderableType

DOTS = {"ok": "green", "static": "green", "expiring": "yellow", "unknown": "magenta", "opaque": "dim"}


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


def _printed(parts: Iterable[RenderableType], width: int) -> str:
    from rich.console import Console

    console = Console(force_terminal=True, width=width, highlight=False, soft_wrap=False, legacy_windows=False)
    with console.capture() as captured:
        for part in parts:
            # A command is copied: it may run over the edge, never be broken by us.
            console.print(part, soft_wrap=not hasattr(part, "columns"))
    return captured.get().rstrip("\n")
