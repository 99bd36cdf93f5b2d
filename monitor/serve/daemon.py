"""The daemon: a schedule around the gate, passes as children, and what they left over HTTP."""

from __future__ import annotations

import logging
import resource
import signal
import threading
from collections.abc import Callable, Mapping, Sequence
from datetime import timedelta
from functools import partial
from pathlib import Path
from typing import Any, Final, TextIO

from monitor.config.settings import Settings
from monitor.serve.access import Refused, listen_address
from monitor.serve.app import MISSED, App
from monitor.serve.child import Child
from monitor.serve.counters import Counters
from monitor.serve.notify import OWN, notify
from monitor.serve.rounds import Rounds, limit
from monitor.serve.schedule import LOOK_EVERY

DONE, NOT_DONE, CONFIG = 0, 1, 78
PATIENCE: Final = 2.0  # seconds that a pass has to end when the daemon stops
IDLE: Final = 20  # seconds after which a silent connection is closed
CONNECTIONS: Final = 512


def serve(
    settings: Settings,
    state: Path,
    command: Sequence[str],
    environ: Mapping[str, str],
    out: TextIO,
    *,
    may_stop: Callable[[], bool] = lambda: False,
    gate: Path | None = None,
) -> int:
    """Runs until SIGTERM or SIGINT; must be called in the main thread.

    `command` is the argv of one pass, `state` the folder where it leaves its results; `may_stop` is the gate: True
    when the present look would find nothing new (it then has noted that success); `gate` the folder of the
    checkpoint where that is not `state`. Returns 0 after a signal, 1 if it cannot listen, 78 if the settings would
    open the daemon to others.
    """
    log = partial(_log, out)
    counters = Counters(channel.label for channel in settings.channels)
    try:
        server = _listen(App(settings, state, counters, gate), *listen_address(settings.web))
    except Refused as why:
        log(str(why))
        return CONFIG
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "no such address"
        log(f"cannot listen on {settings.web.listen}: {reason.lower()}")
        return NOT_DONE
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    child = Child(command, {name: value for name, value in environ.items() if name not in OWN})
    tell = partial(notify, environ)
    rounds = Rounds(settings, state, child, counters, may_stop=may_stop, notify=tell, log=log)
    for work in (server.run, rounds.work):
        threading.Thread(target=work, daemon=True, name=work.__qualname__).start()
    log(f"listening on http://{_address(server)}/, a pass every {settings.interval}")
    tell("READY=1", *_watchdog(settings, environ))
    while not stop.wait(LOOK_EVERY.total_seconds()):
        if rounds.schedule.rearm_after_a_step():
            log("the clock was set or the machine slept: looking again")
    tell("STOPPING=1", "STATUS=stopping")
    child.stop(PATIENCE)
    return DONE


def _watchdog(settings: Settings, environ: Mapping[str, str]) -> list[str]:
    """How long systemd's watchdog is to wait, where it watches: the unit cannot know the interval."""
    if "WATCHDOG_USEC" not in environ:
        return []
    patience = MISSED * settings.interval + limit(settings)
    return [f"WATCHDOG_USEC={patience // timedelta(microseconds=1)}", "WATCHDOG=1"]


def _listen(app: App, host: str, port: int) -> Any:
    """A waitress server: few threads, silent clients closed, no body of any size read."""
    from waitress.server import create_server

    logging.getLogger("waitress.queue").setLevel(logging.ERROR)  # it warns of any two requests at once
    files = resource.getrlimit(resource.RLIMIT_NOFILE)[0]
    return create_server(
        app,
        listen=f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        threads=4,
        ident=None,
        connection_limit=min(CONNECTIONS, files // 2) if files > 0 else CONNECTIONS,
        channel_timeout=IDLE,
        cleanup_interval=IDLE // 2,
        asyncore_loop_timeout=IDLE,
        asyncore_use_poll=True,
        max_request_header_size=16384,
        max_request_body_size=4096,
        clear_untrusted_proxy_headers=True,
    )


def _address(server: Any) -> str:
    listening = getattr(server, "effective_listen", None) or [(server.effective_host, server.effective_port)]
    host, port = listening[0]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"


def _log(out: TextIO, text: str) -> None:
    out.write(f"authwatch: {text}\n")
    out.flush()
