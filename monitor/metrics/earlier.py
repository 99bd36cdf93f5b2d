"""What an earlier body of metrics remembers."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Final

from monitor.metrics.families import labels

SUCCESSES: Final = "authwatch_source_last_success_timestamp_seconds"


def last_successes(body: str, sources: Iterable[str]) -> dict[str, datetime | None]:
    """When all of each source was last read, as an earlier body says; None where it says nothing."""
    said = dict(line.rpartition(" ")[::2] for line in body.split("\n"))
    return {source: _moment(said.get(f"{SUCCESSES}{{{labels(source=source)}}}")) for source in sources}


def _moment(text: str | None) -> datetime | None:
    try:
        return datetime.fromtimestamp(float(text), UTC) if text else None
    except (ValueError, OverflowError, OSError):
        return None
