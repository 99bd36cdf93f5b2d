"""What passes left in the state folder, as far as the daemon reads it."""

from __future__ import annotations

import json
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

METRICS: Final = "metrics.prom"
STATUS: Final = "status.json"
RECORD: Final = "pass.json"
CHECKPOINT: Final = "checkpoint"

RESULTS: Final = ("ok", "findings", "failed")


@dataclass(frozen=True, slots=True)
class LastPass:
    """The record of the last full pass; `result` is one of RESULTS, deliveries are counts by channel, outcome."""

    at: datetime
    result: str
    deliveries: Mapping[str, Mapping[str, int]]


def last_pass(state: Path) -> LastPass | None:
    """The record of the last full pass; None where there is none that can be read."""
    try:
        record = json.loads((state / RECORD).read_text("utf-8"))
        at = datetime.fromisoformat(record["at"])
        told = {str(channel): _counts(counts) for channel, counts in record.get("deliveries", {}).items()}
    except (OSError, ValueError, TypeError, KeyError, AttributeError, RecursionError):
        return None
    result = record.get("result")
    return LastPass(at if at.tzinfo else at.replace(tzinfo=UTC), result if result in RESULTS else "failed", told)


def last_success(state: Path, gate: Path) -> datetime | None:
    """When a pass last succeeded, full or stopped at the gate; None: never.

    The mtime of the checkpoint in `gate` says it; acknowledging and silencing remove that file, then the record
    in `state` speaks.
    """
    moments = []
    with suppress(OSError, ValueError, OverflowError):
        moments.append(datetime.fromtimestamp((gate / CHECKPOINT).stat().st_mtime, UTC))
    record = last_pass(state)
    if record and record.result != "failed":
        moments.append(record.at)
    return max(moments, default=None)


def _counts(counts: Mapping[Any, Any]) -> dict[str, int]:
    return {str(outcome): max(0, int(number)) for outcome, number in counts.items()}
