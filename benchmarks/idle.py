"""What the daemon costs while nobody asks it, and what its memory does over thousands of checks, beside blackbox_exporter.

    python benchmarks/idle.py [PASSES of each sort]

CPU is what the kernel counted for all threads of the daemon, a wake-up is a thread that goes to sleep by itself.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shutil
import signal
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))

import scrape

from tests.openclaw_home import put


def main() -> None:
    number = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="authwatch-bench-")))
        peer = stack.enter_context(scrape.blackbox()) if shutil.which(scrape.BLACKBOX) else None
        idle(stack.enter_context(scrape.daemon(folder, 20)), peer, folder / "20", number)


def idle(server: scrape.Server, peer: scrape.Server | None, home: Path, number: int) -> None:
    time.sleep(45)  # the look after the first one, whose files were young, is over
    before = (server.wakeups(), server.used())
    time.sleep(60)
    wakeups, used = server.wakeups() - before[0], server.used() - before[1]
    print(f"\nidle for a minute, on a 5-minute schedule: {wakeups} wake-ups, {used * 1000:.1f} ms CPU")
    print("\n| memory | RSS MiB | x idle blackbox_exporter |\n|---|---|---|")
    unit = peer.rss() if peer else 0.0
    changes = changed(home)
    steps: list[tuple[str, Callable[[], object]]] = [
        ("idle", lambda: None),
        ("after 20 scrapes", lambda: [server.get() for _ in range(20)]),
        (
            "after the page, the calendar and the history",
            lambda: [server.get(path) for path in ("/", "/calendar.ics", "/api/v1/history")],
        ),
        (f"after {number:,} checks that end at the gate", lambda: passes(server, number, 20)),
        (f"after {number:,} that find a change", lambda: passes(server, number, 1, lambda: next(changes))),
    ]
    if peer:
        print(f"| blackbox_exporter, idle | {unit:.1f} | 1.0 |")
    for name, do in steps:
        do()
        print(f"| authwatch, {name} | {server.rss():.1f} | {server.rss() / unit if unit else 0:.2f} |", flush=True)


def passes(server: scrape.Server, number: int, at_once: int, before: Callable[[], object] = lambda: None) -> None:
    """So many rounds, one after the other, each of which reads the config again."""

    def done() -> float:
        connection = http.client.HTTPConnection(server.address, timeout=30)
        connection.request("GET", "/metrics")
        text = connection.getresponse().read().decode()
        connection.close()
        return sum(map(float, re.findall(r"\nauthwatch_checks_total\S+ (\S+)", text)))

    wanted = (last := done()) + number
    while last < wanted:
        before()
        for _ in range(min(at_once, int(wanted - last))):
            server.process.send_signal(signal.SIGHUP)
            time.sleep(0.01)
        if at_once == 1:
            scrape.until(lambda now=last: done() > now)
        last = done()


def changed(home: Path) -> Iterator[None]:
    """A login that lasts a second longer, each time."""
    path = home / ".openclaw/agents/main/agent/auth-profiles.json"
    for turn in count():
        text = path.read_text()
        put(path, re.sub(r'("expires": )(\d+)', lambda found: f"{found[1]}{int(found[2]) + 1000}", text, count=1))
        old = time.time() - 3600 + turn
        os.utime(path, (old, old))
        yield


if __name__ == "__main__":
    os.environ.setdefault("LANG", "C.UTF-8")
    main()
