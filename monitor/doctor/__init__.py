"""Can everything that must work, work? A table of checks."""

from __future__ import annotations

from collections.abc import Iterator

from monitor.doctor import deliveries, house, stores
from monitor.doctor.model import Check, Health, Patient, Result

#: name: check, in the order in which they are shown.
CHECKS: dict[str, Check] = {
    "clock": house.clock,
    "config": house.config,
    "state folder": house.state,
    "history": house.history,
    "last pass": house.last_pass,
    "sources": stores.sources,
    "store modes": stores.modes,
    "channels": house.channels,
    "deliveries": deliveries.deliveries,
    "heartbeat": deliveries.heartbeat,
}


def examine(patient: Patient) -> Iterator[Result]:
    """Every check's results; a check that fails itself is a finding, not an end."""
    for name, check in CHECKS.items():
        try:
            yield from check(patient)
        except Exception as error:  # noqa: BLE001 - the doctor must reach the last check
            yield Result(name, Health.BROKEN, f"the check itself failed: {type(error).__name__}", mend="report it")
