"""The daemon's own metrics: what it counted since it started, and its process."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from functools import cache

from prometheus_client import PlatformCollector, ProcessCollector
from prometheus_client.core import Metric
from prometheus_client.utils import floatToGoString

from alerts.model import Outcome
from monitor.check.outputs import RESULTS
from monitor.metrics.definitions import labels


class Counters:
    """Counts that start at 0 for every result and every channel and outcome, so that `increase()` works at once."""

    def __init__(self, channels: Iterable[str] = ()) -> None:
        self._lock = threading.Lock()
        self._checks: Counter[str] = Counter(dict.fromkeys(RESULTS, 0))
        self._told: Counter[tuple[str, str]] = Counter()
        self._config_is_good = True
        self.configured(channels, good=True)
        self._process = ProcessCollector(registry=None)
        self._platform = "".join(_lines(PlatformCollector(registry=None).collect(), ""))  # it never changes

    def configured(self, channels: Iterable[str], *, good: bool) -> None:
        """The config was read: with these channels, or with a mistake."""
        with self._lock:
            self._config_is_good = good
            for channel in channels:
                for outcome in Outcome:
                    self._told.setdefault((channel, str(outcome)), 0)

    def checked(self, result: str) -> None:
        """One more check, full or stopped at the gate."""
        with self._lock:
            self._checks[result] += 1

    def told(self, deliveries: Mapping[str, Mapping[str, int]]) -> None:
        """The deliveries of one check, by channel and outcome."""
        with self._lock:
            for channel, counts in deliveries.items():
                for outcome, number in counts.items():
                    self._told[channel, outcome] += number

    def text(self) -> bytes:
        """In the text format."""
        return "".join(self._all("_total")).encode()

    def openmetrics(self) -> bytes:
        """In OpenMetrics, with its final `# EOF`."""
        return "".join((*self._all(""), "# EOF\n")).encode()

    def _all(self, total: str) -> Iterator[str]:
        yield from self._counts(total)
        yield from _lines(self._process.collect(), total)
        yield self._platform

    def _counts(self, total: str) -> Iterator[str]:
        """What was counted; a counter's family is named with its `total` in one format, without in the other."""
        with self._lock:
            checks, told, good = dict(self._checks), dict(self._told), self._config_is_good
        yield _head(f"authwatch_checks{total}", "Passes since the start, by result.", "counter")
        for result, number in checks.items():
            yield f'authwatch_checks_total{{result="{result}"}} {number}\n'
        yield _head(f"authwatch_deliveries{total}", "Messages since the start, by outcome.", "counter")
        for (channel, outcome), number in told.items():
            yield f"authwatch_deliveries_total{{{_where(channel, outcome)}}} {number}\n"
        name = "authwatch_config_last_reload_success"
        yield _head(name, "Whether the config was last read without an error.", "gauge")
        yield f"{name} {int(good)}\n"


@cache
def _where(channel: str, outcome: str) -> str:
    return labels(channel=channel, outcome=outcome)


def _head(name: str, meaning: str, kind: str) -> str:
    return f"# HELP {name} {meaning}\n# TYPE {name} {kind}\n"


def _lines(families: Iterable[Metric], total: str) -> Iterator[str]:
    """Counters and gauges of the client's collectors; its own encoders take four times as long, most of a scrape."""
    for family in families:
        name = f"{family.name}{total}" if family.type == "counter" else family.name
        yield _head(name, family.documentation, family.type)
        for sample in family.samples:
            where = f"{{{labels(**sample.labels)}}}" if sample.labels else ""
            value = floatToGoString(sample.value)  # type: ignore[no-untyped-call]
            yield f"{sample.name}{where} {value}\n"
