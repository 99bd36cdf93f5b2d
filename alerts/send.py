"""Many notifications at once, each in a thread of its own, none waited for beyond one deadline."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial
from queue import Empty, SimpleQueue
from typing import Final

from alerts.channels import SendResult, deliver
from alerts.formats import Message
from alerts.model import Delivery, Notification, Outcome

#: A channel's secret URL, or what returns it (and may raise).
Address = str | Callable[[], str]

#: The part of the deadline that a silent server gets, so that it ends before we stop listening.
SHARE: Final = 0.8

#: Waits before another try within the same check, for what surely was not heard and may pass by itself.
RETRIES: Final = (timedelta(seconds=1), timedelta(seconds=3))
PASSING: Final = frozenset({Outcome.CONNECT, Outcome.SERVER_ERROR, Outcome.RATE_LIMITED})

_Results = SimpleQueue[tuple[int, SendResult]]


def send(
    notifications: Sequence[Notification],
    addresses: Mapping[str, Address],
    say: Callable[[Notification], Message],
    *,
    now: datetime,
    deadline: timedelta,
    clock: Callable[[], float] = time.monotonic,
) -> Iterator[Delivery]:
    """Sends at once and yields each delivery as it arrives; at `deadline` from now, the rest as TIMEOUT.

    Never raises and never waits longer. Threads that are stuck then are daemons: they do not keep the process, but a
    library's own may, so a one-shot process ends by `os._exit`. `addresses` is by channel label; `say` composes;
    `clock` counts seconds that no one can set.
    """
    started = clock()
    results: _Results = SimpleQueue()
    for index, notification in enumerate(notifications):
        _start(results, index, partial(_tell, notification, addresses.get(notification.channel), say, deadline * SHARE))

    def left() -> float:
        return deadline.total_seconds() - (clock() - started)

    def at() -> datetime:
        return now + timedelta(seconds=clock() - started)

    return _collect(dict(enumerate(notifications)), results, left, at)


def _collect(
    waiting: dict[int, Notification], results: _Results, left: Callable[[], float], at: Callable[[], datetime]
) -> Iterator[Delivery]:
    while waiting:
        try:
            index, report = results.get(timeout=max(0.0, left()))
        except Empty:
            break
        yield Delivery(waiting.pop(index), at(), report.outcome, report.error, report.retry_after)
    for notification in waiting.values():
        yield Delivery(notification, at(), Outcome.TIMEOUT, "no result before the deadline; it may have arrived")


def _start(results: _Results, index: int, tell: Callable[[], SendResult]) -> None:
    def work() -> None:
        results.put((index, tell()))

    try:
        threading.Thread(target=work, name="channel", daemon=True).start()
    except RuntimeError:  # the machine has no thread left
        results.put((index, SendResult(Outcome.CONNECT, "no thread could be started")))


def _tell(
    notification: Notification, address: Address | None, say: Callable[[Notification], Message], patience: timedelta
) -> SendResult:
    if address is None:
        return SendResult(Outcome.BAD_CONFIG, "no channel of this name is configured")
    try:
        url = address if isinstance(address, str) else address()
    except Exception as error:  # noqa: BLE001 - a file, a variable, a credential: its text may hold the secret
        return SendResult(Outcome.BAD_CONFIG, f"its address cannot be read ({type(error).__name__})")
    try:
        message = say(notification)
    except Exception as error:  # noqa: BLE001 - one message that cannot be written must not take the others along
        return SendResult(Outcome.CLIENT_ERROR, f"the message cannot be written ({type(error).__name__})")
    return _insisting(partial(deliver, url, message), patience)


def _insisting(deliver_within: Callable[[timedelta], SendResult], patience: timedelta) -> SendResult:
    """The report of the last try; a further one only while it leaves half of the time, and after what a server asked.

    The attempt that was committed before the first covers them all.
    """
    end = time.monotonic() + patience.total_seconds()
    report = deliver_within(patience)
    for wait in RETRIES:
        asked = report.retry_after
        pause = max(wait, asked or wait)
        left = timedelta(seconds=end - time.monotonic()) - pause
        limited = report.outcome is Outcome.RATE_LIMITED and asked is None
        if report.outcome not in PASSING or limited or left < patience / 2:
            break
        time.sleep(pause.total_seconds())
        report = deliver_within(left)
    return report
