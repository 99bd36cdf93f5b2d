"""Two timers, a daemon and a person at once, round after round: `python -m tests.soak.concurrency [--count N]`.

Every round a login dies; whoever sees it first tells it, once on each channel. Prints a row of the table in
docs/reliability.md; ends with 1 if somebody was told twice or never, or if an error surfaced.
"""

from __future__ import annotations

import argparse
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from tests.alerts.reading import heard_in
from tests.command import authwatch, configure, started
from tests.inbox import Receiver
from tests.openclaw_home import openclaw, token
from tests.receivers import web

HEAD = "| rounds | checks by timers | commands by a person | sent | sent twice | not sent | errors |\n|---|---|---|---|---|---|---|"
CHANNELS = ("phone", "mail")
WAIT = 60.0
TROUBLE = re.compile(r"locked|cannot be used|internal error|Traceback|hung|failed", re.IGNORECASE)


@dataclass
class Rounds:
    """A home with a daemon on it, and what came of the rounds."""

    home: Path
    there: Receiver
    profiles: dict[str, dict[str, object]] = field(default_factory=dict)
    errors: list[str] = field(default_factory=list)
    timers: int = 0
    people: int = 0

    def play(self, count: int) -> None:
        for nth in range(count):
            self._round(nth)
        deadline = time.monotonic() + WAIT
        while self.missing() and time.monotonic() < deadline:
            time.sleep(0.2)

    def _round(self, nth: int) -> None:
        self.profiles[f"anthropic:r{nth}"] = token(ends_in=-3600, secret=f"tok-FAKESECRET-{nth}")
        openclaw(self.home, self.profiles)
        person = _person(nth)
        self.timers += 2
        self.people += 1
        with ThreadPoolExecutor() as at_once:
            commands = (("check",), ("check",), person)
            for words, done in zip(
                commands, at_once.map(lambda one: authwatch(self.home, *one), commands), strict=True
            ):
                # A person may name a key that no check has seen yet: that is an answer, not an error.
                if TROUBLE.search(done.err) or done.code not in ((1,) if words == ("check",) else (0, 1)):
                    self.errors.append(f"round {nth}, {' '.join(words)}: {done.code} {done.err.strip()}")

    def notified(self) -> Counter[tuple[str, str]]:
        """How often each channel heard of each login."""
        found: Counter[tuple[str, str]] = Counter()
        for one in list(self.there.received):
            label = one.path.rsplit("/", 1)[-1]
            heard = heard_in(one.body["title"], one.body["message"])
            found.update((label, name) for urgency, name in heard if urgency == "now" and name in self.profiles)
        return found

    def twice(self) -> list[tuple[str, str]]:
        return [items for items, times in self.notified().items() if times > 1]

    def missing(self) -> list[tuple[str, str]]:
        notified = self.notified()
        return [(label, name) for label in CHANNELS for name in self.profiles if (label, name) not in notified]

    @property
    def row(self) -> str:
        counts = (len(self.profiles), self.timers, self.people, sum(self.notified().values()))
        faults = (len(self.twice()), len(self.missing()), len(self.errors))
        return f"| {' | '.join(map(str, (*counts, *faults)))} |"


def _person(nth: int) -> tuple[str, ...]:
    """What somebody does at that very moment."""
    key = f"openclaw/main/anthropic:r{max(0, nth - 1)}"
    return (
        ("check",),
        ("alerts", "ack", key, "--note", "I know"),
        ("status", "--json"),
        ("alerts", "silence", "provider=none", "--for", "1h"),
        ("alerts", "list"),
        ("history",),
        ("ignore", key),
        ("unignore", key),
    )[nth % 8]


@contextmanager
def rounds(home: Path) -> Iterator[Rounds]:
    """A home, its receiver and a running daemon that looks every second."""
    with web() as there:
        urls = "".join(f"  {label}: {{url: '{there.url('json', f'json/{label}')}'}}\n" for label in CHANNELS)
        configure(home, f"host: box\ninterval: 1s\nweb: {{listen: '127.0.0.1:0'}}\nchannels:\n{urls}")
        made = Rounds(home, there)
        log = home / "daemon.log"
        with log.open("w") as out:
            daemon = started(home, "serve", out=out)
            try:
                yield made
            finally:
                daemon.terminate()
                with suppress(subprocess.TimeoutExpired):
                    daemon.wait(20)
                daemon.kill()
        made.errors += [f"daemon: {line}" for line in log.read_text("utf-8").splitlines() if TROUBLE.search(line)]


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--count", type=int, default=500, help="rounds")
    given = options.parse_args()
    with tempfile.TemporaryDirectory(prefix="concurrency-") as folder:
        with rounds(Path(folder)) as played:
            played.play(given.count)
        print(HEAD, played.row, sep="\n")
        faults = [*played.errors, *map(str, played.twice()), *map(str, played.missing())]
    print(*faults, sep="\n", file=sys.stderr)
    return bool(faults)


if __name__ == "__main__":
    sys.exit(main())
