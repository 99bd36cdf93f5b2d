"""The points of a check at which it may die: around every database statement, commit, file operation and send.

Everything is watched from outside (SQLAlchemy's events, SQLite's trace, Python's audit events, the function that the
senders call), so that production code knows nothing of it.
"""

from __future__ import annotations

import os
import re
import signal
import sys
import threading
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

FILE_EVENTS = frozenset({"open", "os.rename", "os.remove", "os.utime", "os.mkdir", "sqlite3.connect"})


class Points:
    """Writes each point to a file descriptor as it is passed, and ends the process at the one called `kill`."""

    def __init__(self, log: int, kill: str) -> None:
        self.log, self.kill = log, kill
        self.counts: Counter[str] = Counter()
        self.lock = threading.Lock()

    def watch(self, folder: Path) -> None:
        """Watches this process: its databases, its sends, its files in `folder`."""
        self._statements()
        self._commits()
        self._sends()
        self._files(str(folder))

    def reach(self, name: str) -> None:
        """This point is reached; perhaps it is the last."""
        with self.lock:
            self.counts[name] += 1
            label = f"{name} #{self.counts[name]}"
            os.write(self.log, f"{label}\n".encode())
            if label == self.kill:
                os.kill(os.getpid(), signal.SIGKILL)

    def _statements(self) -> None:
        from sqlalchemy import Engine, event
        from sqlalchemy.pool import Pool

        @event.listens_for(Pool, "connect", insert=True)
        def traced(connection: Any, _: object) -> None:
            connection.set_trace_callback(lambda statement: self.reach(f"before {_brief(statement)}"))

        @event.listens_for(Engine, "after_cursor_execute")
        def executed(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
            self.reach(f"after {_brief(statement)}")

    def _commits(self) -> None:
        from sqlalchemy.engine.default import DefaultDialect

        for name in ("do_commit", "do_rollback", "do_close"):
            self._around(DefaultDialect, name, lambda *_, name=name: name.removeprefix("do_"))

    def _sends(self) -> None:
        from alerts import send

        self._around(send, "deliver", lambda url, *_: f"send {url.rsplit('/', 1)[-1]}")

    def _around(self, owner: Any, name: str, called: Callable[..., str]) -> None:
        inner = getattr(owner, name)

        def outer(*given: Any) -> Any:
            self.reach(f"before {called(*given)}")
            result = inner(*given)
            self.reach(f"after {called(*given)}")
            return result

        setattr(owner, name, outer)

    def _files(self, folder: str) -> None:
        def heard(event: str, about: tuple[Any, ...]) -> None:
            if event not in FILE_EVENTS or not about:
                return
            path = os.fsdecode(about[0]) if isinstance(about[0], str | bytes | os.PathLike) else ""
            if path.startswith(folder):
                name = re.sub(r"\.\d+$", "", path.removeprefix(folder).strip("/"))
                self.reach(f"before {event} {name or 'folder'}")

        sys.addaudithook(heard)


def _brief(statement: str) -> str:
    """What a statement does to which table: `INSERT alerts`."""
    words = statement.split()
    table = re.search(r"\b(?:INTO|FROM|UPDATE|TABLE|INDEX)\s+(?:IF NOT EXISTS\s+)?\"?(\w+)", statement)
    return f"{words[0]} {table[1]}" if table else " ".join(words[:2])
