"""Work that may hang, bounded: other people's code, and the network."""

from __future__ import annotations

import _thread
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from time import monotonic, sleep
from typing import Final, TypeVar

T = TypeVar("T")

#: How long the next work waits for one that may be slow or hung, in seconds; less where many wait.
PATIENCE: Final = 1.0
#: Bytes of stack, as a main thread has: elsewhere than on Linux threads get too little for deeply nested files.
STACK: Final = 8 << 20


def within(limit: float, work: Callable[[], T]) -> T:
    """What `work` returns or raises; TimeoutError after `limit` seconds."""
    return begun(work)(limit)


def begun(work: Callable[[], T]) -> Callable[[float], T]:
    """Begins a work; what is returned waits for so many seconds for what it returns or raises, else TimeoutError.

    What hangs is left behind in a thread that keeps no process alive, so it must share nothing that others change. A
    thread is enough: a process costs an interpreter on every look, and a check leaves by `os._exit` at its deadline.
    """
    import threading  # which a look that needs none of this does without

    results: list[T] = []
    errors: list[BaseException] = []

    def run() -> None:
        try:
            results.append(work())
        except BaseException as error:  # noqa: BLE001  a guest that exits must not end us
            errors.append(error)

    thread = threading.Thread(target=run, daemon=True)
    thread.start()

    def wait(limit: float) -> T:
        thread.join(limit)
        if errors:
            raise errors[0]
        if not results:
            raise TimeoutError
        return results[0]

    return wait


def released(lock: _thread.LockType, seconds: float) -> bool:
    """Whether a lock is released within so many seconds; under a wall clock before 1970 the system does not wait."""
    end = monotonic() + seconds
    while not lock.acquire(timeout=max(0.0, end - monotonic())):
        if monotonic() >= end:
            return False
        sleep(0.01)
    return True


def in_turn(works: Sequence[Callable[[], object]], limit: float) -> list[bool]:
    """Does works one after the other, all within `limit` seconds; which of them were done. They must not raise.

    One thread does them. Behind one that takes long another thread goes on with the rest, so that what hangs takes time
    from nobody; whoever is slow and not hung still has until the end. What hangs is left behind, as by `within`.
    """
    end, over = monotonic() + limit, _thread.allocate_lock()
    over.acquire()
    done, waiting = [False] * len(works), deque(range(len(works)))
    whose_turn, began = [0], [0.0]

    def go_on(me: int) -> None:
        while waiting and whose_turn[0] == me:
            index, began[0] = waiting.popleft(), monotonic()
            works[index]()
            done[index] = True
            if all(done):
                with suppress(RuntimeError):  # one that was left behind came to its end just now, too
                    over.release()

    def another() -> None:
        whose_turn[0] += 1
        began[0] = monotonic()
        before = _thread.stack_size(STACK)
        try:
            _thread.start_new_thread(go_on, (whose_turn[0],))
        except RuntimeError:  # the machine has no thread left
            go_on(whose_turn[0])
        _thread.stack_size(before)

    if works:
        another()
    while waiting and monotonic() < end:
        patience = min(PATIENCE, (end - monotonic()) / (2 * len(waiting) or 1))  # the last one may just have been taken
        if not released(over, patience) and waiting and monotonic() - began[0] >= patience:
            another()
    if not all(done):
        released(over, end - monotonic())
    return list(done)
