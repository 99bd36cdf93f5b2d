"""What a command is doing right now: one line on stderr, on a terminal only, that erases itself."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Final, TextIO

from monitor.cli.context import Context

#: Seconds between two drawings: faster than that nobody reads.
INTERVAL: Final = 0.1
ERASE: Final = "\r\033[K"

#: Replaces the text of the line; an empty text erases it, for a result or a question that is printed meanwhile.
Show = Callable[[str], None]


@contextmanager
def progress(context: Context, text: str = "", *, after: float = 0.0, every: float = INTERVAL) -> Iterator[Show]:
    """Shows `text` while the block runs, and what `show` says instead of it; erased when the block ends, also by an
    exception. Before `after` seconds nothing is drawn, and then at most one text in `every` seconds: 0 for steps
    of which any may be the slow one. Writes nothing where stderr is no terminal.

        with progress(context, "Asking providers…") as show:
            for at, one in enumerate(many, 1):
                show(f"Asking providers: {at} of {len(many)}")
    """
    if not context.err.isatty() or context.environ.get("TERM") == "dumb":
        yield lambda _: None
        return
    line = _Line(context.err, time.monotonic() + after, every)
    line.show(text)
    try:
        yield line.show
    finally:
        line.show("")


class _Line:
    """The line on the terminal; `due` is when it may be drawn next, in seconds of the monotonic clock."""

    def __init__(self, err: TextIO, due: float, every: float) -> None:
        self.err, self.due, self.every, self.drawn = err, due, every, False

    def show(self, text: str) -> None:
        """Draws the text, unless that is too soon; erases the line for an empty one."""
        now = time.monotonic()
        if (text and now < self.due) or not (text or self.drawn):
            return
        from alerts.formats import visible

        with suppress(OSError, ValueError):
            self.err.write(f"{ERASE}{visible(text)[: _columns(self.err) - 1]}")
            self.err.flush()
        self.due, self.drawn = max(self.due, now + self.every), bool(text)


def _columns(err: TextIO) -> int:
    try:
        return os.get_terminal_size(err.fileno()).columns or 80
    except (OSError, ValueError):
        return 80
