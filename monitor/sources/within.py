"""Work that may hang, bounded: other people's code, and the network."""

from __future__ import annotations

import threading
from collections.abc import Callable
from typing import TypeVar

T = TypeVar("T")


def within(limit: float, work: Callable[[], T]) -> T:
    """What `work` returns or raises; TimeoutError after `limit` seconds.

    What hangs is left behind in a thread that keeps no process alive, so it must share nothing that others change. A
    thread is enough: a process costs an interpreter on every look, and a pass leaves by `os._exit` at its deadline.
    """
    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001  a guest that exits must not end us
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()
    thread.join(limit)
    if errors:
        raise errors[0]
    if not results:
        raise TimeoutError
    return results[0]
