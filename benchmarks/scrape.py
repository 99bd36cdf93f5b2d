"""What a scrape costs, beside Debian's blackbox_exporter and prometheus_client's own collector, in one run.

    python benchmarks/scrape.py [SECONDS of the parallel part]

Everybody is scraped in turn over a kept connection, with the headers of Prometheus, so that the machine's moods hit
all alike. CPU is what the kernel counted for all threads of the server, wall is seen from the client.
"""

from __future__ import annotations

import contextlib
import http.client
import os
import re
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from tests.command import argv, configure, environment, state  # noqa: E402
from tests.openclaw_home import DAY, openclaw, token  # noqa: E402

BLACKBOX = "prometheus-blackbox-exporter"
HEADERS = {
    "Accept": "application/openmetrics-text;version=1.0.0;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,"
    "text/plain;version=0.0.4;q=0.3,*/*;q=0.2",
    "Accept-Encoding": "gzip",
}
SCRAPERS = 50

#: prometheus_client as its documentation has it, with the families and labels that authwatch has for a login.
COLLECTOR = """
import sys, time
from prometheus_client import REGISTRY, start_http_server
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.parser import text_string_to_metric_families

text = open(sys.argv[2], encoding="utf-8").read()
families = [
    (one.name, one.documentation, [(sample.labels, sample.value) for sample in one.samples])
    for one in text_string_to_metric_families(text)
]

class Collector:
    def collect(self):
        for name, documentation, samples in families:
            names = list(samples[0][0]) if samples else []
            family = GaugeMetricFamily(name, documentation, labels=names)
            for labels, value in samples:
                family.add_metric(list(labels.values()), value)
            yield family

REGISTRY.register(Collector())
start_http_server(int(sys.argv[1]), "127.0.0.1")
time.sleep(1e6)
"""


class Server:
    """A server under test: its process and a kept connection."""

    def __init__(self, name: str, process: subprocess.Popen[bytes], address: str) -> None:
        self.name, self.process, self.address = name, process, address
        self.connection = http.client.HTTPConnection(address, timeout=120)
        self.wall: list[float] = []
        self.cpu: list[float] = []

    def get(self, path: str = "/metrics") -> bytes:
        self.connection.request("GET", path, headers=HEADERS)
        return self.connection.getresponse().read()

    def scrape(self, path: str = "/metrics") -> None:
        before, began = self.used(), time.perf_counter()
        self.get(path)
        self.wall.append(time.perf_counter() - began)
        self.cpu.append(self.used() - before)

    def used(self) -> float:
        """Seconds of CPU of all threads so far, those that have ended too: clock_getcpuclockid(3) on Linux."""
        return time.clock_gettime((~self.process.pid << 3) | 2)

    def rss(self) -> float:
        """MiB in memory."""
        return self._status("VmRSS") / 1024

    def wakeups(self) -> int:
        """Times that a thread of it went to sleep by itself."""
        tasks = Path(f"/proc/{self.process.pid}/task").iterdir()
        return sum(
            int(re.findall(r"\nvoluntary_ctxt_switches:\s+(\d+)", (one / "status").read_text())[0]) for one in tasks
        )

    def _status(self, name: str) -> int:
        text = Path(f"/proc/{self.process.pid}/status").read_text()
        return int(re.findall(rf"{name}:\s+(\d+)", text)[0])


def main() -> None:
    seconds = float(sys.argv[1]) if len(sys.argv) > 1 else 60
    with contextlib.ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="authwatch-bench-")))
        small, large = (stack.enter_context(daemon(folder, count)) for count in (1_000, 10_000))
        print("| server | median wall ms | median CPU ms | body KiB as sent |\n|---|---|---|---|")
        in_turn([small, *([stack.enter_context(blackbox())] if shutil.which(BLACKBOX) else [])], 400)
        in_turn([large], 100)
        in_turn([stack.enter_context(collector(folder / "10000", 10_000))], 3)  # one takes seconds
        after_changes(large, state(folder / "10000") / "metrics.prom")
        parallel(small, seconds)


@contextlib.contextmanager
def daemon(folder: Path, profiles: int) -> Iterator[Server]:
    """`authwatch serve` on a home with so many logins, after its first check."""
    home = folder / str(profiles)
    home.mkdir()
    logins = {f"anthropic:p{at}": token(ends_in=(at % 300 + 10) * DAY, secret=f"tok{at}") for at in range(profiles)}
    openclaw(home, logins, age=3600)
    configure(home, "web: {listen: '127.0.0.1:0'}\n")
    log = home / "log"
    with log.open("w") as out:
        process = subprocess.Popen(argv("serve"), env=environment(home), cwd=home, stdout=out, stderr=out)
    try:
        found = until(lambda: re.search(r"listening on http://(\S+)/,", log.read_text()))
        until((state(home) / "check.json").exists)
        time.sleep(3)
        yield Server(f"authwatch, {profiles} logins", process, found[1])
    finally:
        process.terminate()
        process.wait(20)


@contextlib.contextmanager
def collector(home: Path, profiles: int) -> Iterator[Server]:
    yield from started(
        f"prometheus_client's collector, {profiles} logins",
        lambda port: [sys.executable, "-c", COLLECTOR, str(port), str(state(home) / "metrics.prom")],
    )


@contextlib.contextmanager
def blackbox() -> Iterator[Server]:
    yield from started(
        "blackbox_exporter's own",
        lambda port: [BLACKBOX, "--config.file=/etc/prometheus/blackbox.yml", f"--web.listen-address=127.0.0.1:{port}"],
    )


def started(name: str, command: Callable[[int], list[str]]) -> Iterator[Server]:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    process = subprocess.Popen(command(port), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        until(lambda: listens(port))
        yield Server(name, process, f"127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(20)


def in_turn(servers: list[Server], rounds: int) -> None:
    for server in servers:
        server.get()
    for _ in range(rounds):
        for server in servers:
            server.scrape()
    for server in servers:
        wall, cpu = (statistics.median(found) * 1000 for found in (server.wall, server.cpu))
        print(f"| {server.name} | {wall:.2f} | {cpu:.2f} | {len(server.get()) / 1024:.0f} |", flush=True)


def after_changes(server: Server, file: Path) -> None:
    """Each scrape after a check that found one login changed."""
    server.connection.close()  # it may have been kept too long
    server.wall, server.cpu = [], []
    text = file.read_bytes()
    for turn in range(7):
        at = text.index(b'state="ok"} ', len(text) // 2) + len(b'state="ok"} ')
        fresh = file.with_name("metrics.new")
        fresh.write_bytes(text[:at] + str(turn % 2).encode() + text[at + 1 :])
        fresh.replace(file)
        server.scrape()
    wall, cpu = (statistics.median(found) * 1000 for found in (server.wall, server.cpu))
    print(f"| {server.name}, one changed | {wall:.2f} | {cpu:.2f} | |")


def parallel(server: Server, seconds: float) -> None:
    took: list[float] = []
    wrong: list[str] = []
    end = time.monotonic() + seconds

    def scrape() -> None:
        connection = http.client.HTTPConnection(server.address, timeout=30)
        while time.monotonic() < end:
            began = time.perf_counter()
            try:
                connection.request("GET", "/metrics", headers=HEADERS)
                answer = connection.getresponse()
                answer.read()
                if answer.status != 200:
                    wrong.append(str(answer.status))
            except (OSError, http.client.HTTPException) as error:
                wrong.append(type(error).__name__)
                connection.close()
            took.append(time.perf_counter() - began)

    threads = [threading.Thread(target=scrape) for _ in range(SCRAPERS)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    took.sort()
    print(
        f"\n{SCRAPERS} parallel scrapers for {seconds:.0f} s: {len(took)} scrapes, {len(wrong)} errors, "
        f"p50 {took[len(took) // 2] * 1000:.0f} ms, p99 {took[int(len(took) * 0.99)] * 1000:.0f} ms"
    )


def until(so: Callable[[], object], seconds: float = 120) -> object:
    end = time.monotonic() + seconds
    while not (found := so()):
        if time.monotonic() > end:
            raise SystemExit("it never came to be")
        time.sleep(0.05)
    return found


def listens(port: int) -> bool:
    with socket.socket() as one:
        return one.connect_ex(("127.0.0.1", port)) == 0


if __name__ == "__main__":
    os.environ.setdefault("LANG", "C.UTF-8")
    main()
