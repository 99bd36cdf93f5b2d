"""What passes left in the state folder, as far as the daemon reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, Final

from alerts.dataclass import dataclass

METRICS: Final = "metrics.prom"
STATUS: Final = "status.json"
OVERVIEW: Final = "overview.json"
RECORD: Final = "pass.json"
CHECKPOINT: Final = "checkpoint"

RESULTS: Final = ("ok", "findings", "failed")
MISSED: Final = 2.5  # intervals without a success until it is late


@dataclass(frozen=True, slots=True)
class Place:
    """The folder where passes leave their results, and the folder of the checkpoint, which may be another."""

    state: Path
    gate: Path


@dataclass(frozen=True, slots=True)
class LastPass:
    """The record of the last full pass; `result` is one of RESULTS, deliveries are counts by channel, outcome."""

    at: datetime
    result: str
    code: int
    deliveries: Mapping[str, Mapping[str, int]]


def last_pass(state: Path) -> LastPass | None:
    """The record of the last full pass; None where there is none that can be read."""
    try:
        record = json.loads((state / RECORD).read_text("utf-8"))
        at = datetime.fromisoformat(record["at"])
        told = {str(channel): _counts(counts) for channel, counts in record.get("deliveries", {}).items()}
        code = int(record.get("exit_code", 0))
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    result = record.get("result")
    return LastPass(at if at.tzinfo else at.replace(tzinfo=UTC), result if result in RESULTS else "failed", code, told)


def last_success(place: Place) -> datetime | None:
    """When a pass last succeeded, full or stopped at the gate; None: never.

    The checkpoint's mtime says it; acknowledging and silencing remove that file, then the record speaks.
    """
    moments = []
    with suppress(OSError, ValueError, OverflowError):
        moments.append(datetime.fromtimestamp((place.gate / CHECKPOINT).stat().st_mtime, UTC))
    record = last_pass(place.state)
    if record and record.result != "failed":
        moments.append(record.at)
    return max(moments, default=None)


def is_late(success: datetime, now: datetime, interval: timedelta) -> bool:
    """Whether the last success is too old, or from a future that was not: nothing succeeded since the clock's step."""
    return abs(now - success) > MISSED * interval


def document(path: Path) -> Mapping[str, Any]:
    """A JSON object that a pass left; empty where there is none that can be read."""
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def _counts(counts: Mapping[Any, Any]) -> dict[str, int]:
    return {str(outcome): max(0, int(number)) for outcome, number in counts.items()}
