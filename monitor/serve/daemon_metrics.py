"""The daemon's own metrics: what it counted since it started, and its process, as prometheus_client renders them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from prometheus_client import (
    CollectorRegistry,
    Counter,
    Gauge,
    PlatformCollector,
    ProcessCollector,
    disable_created_metrics,
)
from prometheus_client.exposition import choose_encoder

from alerts.model import Outcome
from monitor.check.outputs import RESULTS

disable_created_metrics()  # type: ignore[no-untyped-call]  # all begin with the process, whose own start is a metric


class Counters:
    """Counts that start at 0 for every result and every channel and outcome, so that `increase()` works at once."""

    def __init__(self, channels: Iterable[str] = ()) -> None:
        self._registry = registry = CollectorRegistry()
        self._checks = Counter(
            "authwatch_checks", "Checks since the daemon started, by result.", ["result"], registry=registry
        )
        self._deliveries = Counter(
            "authwatch_deliveries",
            "Messages since the daemon started, by outcome.",
            ["channel", "outcome"],
            registry=registry,
        )
        self._config_is_good = Gauge(
            "authwatch_config_last_reload_success",
            "1 if the config was last read without an error, else 0.",
            registry=registry,
        )
        ProcessCollector(registry=registry)
        PlatformCollector(registry=registry)
        for result in RESULTS:
            self._checks.labels(result)
        self.configured(channels, good=True)

    def configured(self, channels: Iterable[str], *, good: bool) -> None:
        """The config was read: with these channels, or with a mistake."""
        self._config_is_good.set(good)
        for channel in channels:
            for outcome in Outcome:
                self._deliveries.labels(channel, outcome)

    def checked(self, result: str) -> None:
        """One more check, full or stopped at the gate."""
        self._checks.labels(result).inc()

    def told(self, deliveries: Mapping[str, Mapping[str, int]]) -> None:
        """The deliveries of one check, by channel and outcome."""
        for channel, counts in deliveries.items():
            for outcome, number in counts.items():
                self._deliveries.labels(channel, outcome).inc(number)

    def exposition(self, kind: str) -> bytes:
        """All of it as `kind`, one of the content types of `metrics.exposition`; OpenMetrics with its final `# EOF`."""
        encode, _ = choose_encoder(kind)
        return encode(self._registry)
