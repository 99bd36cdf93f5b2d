"""The daemon: a schedule around the gate, checks as children, and what they left over HTTP."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Final, TextIO

from alerts.timefmt import span
from monitor.check.outputs import MISSED, StateFolders
from monitor.config.settings import Settings
from monitor.serve.daemon_metrics import Counters
from monitor.serve.history_api import HistoryApi, asking
from monitor.serve.live_settings import LiveSettings, Loaded
from monitor.serve.loop import LOOK_EVERY, CheckLoop, Child, limit
from monitor.serve.server import Server
from monitor.serve.web_auth import CannotServe, listen_address
from monitor.serve.wsgi import App
from monitor.system.listening import in_words

#: What systemd tells the daemon alone; its children must not have it.
OWN: Final = ("NOTIFY_SOCKET", "WATCHDOG_USEC", "WATCHDOG_PID", "LISTEN_FDS", "LISTEN_PID", "LISTEN_FDNAMES")


def notify(environ: Mapping[str, str], *states: str) -> None:
    """Sends states such as `READY=1`; does nothing where nobody listens, and never fails."""
    address = environ.get("NOTIFY_SOCKET", "")
    if not address.startswith(("/", "@")):
        return
    if address.startswith("@"):
        address = f"\0{address[1:]}"
    with contextlib.suppress(OSError), socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as gate:
        gate.settimeout(1)
        gate.sendto("\n".join(states).encode(), address)


DONE, NOT_DONE, CONFIG = 0, 1, 78
ENDS: Final = (signal.SIGTERM, signal.SIGINT)
PATIENCE: Final = 2.0  # seconds that a check has to end when the daemon stops


def serve(
    load: Callable[[], Loaded],
    place: StateFolders,
    command: Sequence[str],
    environ: Mapping[str, str],
    out: TextIO,
    *,
    words: Callable[[LiveSettings], Sequence[str]] = lambda _: (),
    may_stop: Callable[[Sequence[str]], bool] = lambda _: False,
    look_every: timedelta = LOOK_EVERY,
) -> int:
    """Runs until SIGTERM or SIGINT; SIGHUP reads the config again. Must be called in the main thread.

    `load` reads the config and raises CannotServe where it is wrong. `command` is the argv that starts authwatch,
    `words` are the options that every child needs. `may_stop` is the gate for the argv of a check. Returns 0 after a
    signal, 1 if it cannot listen, 78 if the config is wrong or would open the daemon to others.
    """
    log, tell = partial(_log, out), partial(notify, environ)
    child = Child({name: value for name, value in environ.items() if name not in OWN})
    try:
        current = LiveSettings(load)
    except CannotServe as why:
        log(str(why))
        return CONFIG
    counters = Counters(channel.label for channel in current.settings.channels)
    ask = asking(command, lambda: words(current), child.environ, lambda: current.kept)
    try:
        server = Server(
            App(current, place, counters, HistoryApi(ask, place.state)), *listen_address(current.settings.web)
        )
    except (OSError, ValueError) as error:
        reason = in_words(current.settings.web.listen, listen_address(current.settings.web)[1], error)
        log(reason)
        tell(f"STATUS={reason}")
        return NOT_DONE

    def ready() -> None:
        tell("READY=1", *_watchdog(current.settings, environ))

    loop = CheckLoop(
        current,
        place,
        child,
        counters,
        command=lambda: [*command, "check", *words(current)],
        may_stop=may_stop,
        notify=tell,
        ready=ready,
        log=log,
        look_every=look_every,
    )
    signals = _started(server, loop)
    log(f"listening on http://{server.address}/, checking every {span(current.settings.interval)}")
    ready()
    while (number := os.read(signals, 1)[0]) not in ENDS:
        if number == signal.SIGHUP:
            loop.reload()
    tell("STOPPING=1", "STATUS=stopping")
    child.stop(PATIENCE)
    return DONE


def _started(server: Server, loop: CheckLoop) -> int:
    """Both at work in threads of their own; returns the end of a pipe from which the numbers of signals come: a handler
    alone wakes nobody if its signal arrives in the moment before the main thread falls asleep."""
    signals, written = os.pipe()
    os.set_blocking(written, False)
    signal.set_wakeup_fd(written)
    for number in (*ENDS, signal.SIGHUP):
        signal.signal(number, lambda *_: None)
    for work in (server.run, loop.work):
        threading.Thread(target=work, daemon=True, name=work.__qualname__).start()
    return signals


def _watchdog(settings: Settings, environ: Mapping[str, str]) -> list[str]:
    """How long systemd's watchdog is to wait, where it watches: the unit cannot know the interval."""
    if "WATCHDOG_USEC" not in environ:
        return []
    patience = MISSED * settings.interval + limit(settings)
    return [f"WATCHDOG_USEC={patience // timedelta(microseconds=1)}", "WATCHDOG=1"]


def _log(out: TextIO, text: str) -> None:
    out.write("".join(f"authwatch: {line}\n" for line in text.splitlines()))
    out.flush()
