"""Does what is to be said arrive? Channels whose news does not drain, and a sign of life that nobody gets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from monitor.doctor.model import Health, Patient, Result


def deliveries(patient: Patient) -> Iterator[Result]:
    """Since when does each channel have news that it was not told, and why?"""
    from alerts import memory, tell
    from monitor.history import engine
    from monitor.look import Asked
    from monitor.turn import Turn

    turn = Turn(Asked(patient.settings), patient.host, patient.state, (), patient.now)
    try:
        if not turn.channels or not engine.exists(turn.url):
            return
        with engine.connect(turn.url, read_only=True).connect() as db:
            if engine.revision(db) is None:
                return
            known = tell.past(tell.recall(db), patient.now)
            reached = memory.last_successes(db)
            last = memory.last_deliveries(db)
    except (engine.Broken, engine.HistoryError):
        return  # the check of the history says so
    waiting = tell.waiting(known, turn.channels, turn.rules, patient.now)
    for channel in turn.channels:
        label = channel.label
        yield _result(label, waiting.get(label), reached.get(label), last.get(label, {}))


def _result(label: str, waiting: datetime | None, reached: datetime | None, last: Mapping[str, Any]) -> Result:
    said = f"last reached {reached:%Y-%m-%d %H:%M} UTC" if reached else "never reached yet"
    if waiting is None:
        return Result("deliveries", Health.FINE, f"{label}: nothing is waiting; {said}")
    why = f"{last.get('outcome', '')}: {last.get('error', '')}".strip(": ") or "no pass has told why"
    what = f"{label}: news is waiting since {waiting:%Y-%m-%d %H:%M} UTC; {said}"
    return Result("deliveries", Health.BROKEN, what, why, f"authwatch alerts test {label}")


def heartbeat(patient: Patient) -> Iterator[Result]:
    """Would anybody notice if authwatch itself stopped?"""
    settings = patient.settings
    if broken := settings.broken.get("heartbeat"):
        yield Result(
            "heartbeat", Health.BROKEN, broken, "nobody notices when authwatch stops", "authwatch config check"
        )
    elif settings.heartbeat is None:
        why = "nobody notices when this machine or authwatch stops; a free service such as Healthchecks would"
        yield Result("heartbeat", Health.FINE, f"none is configured: {why}")
    else:
        yield Result("heartbeat", Health.FINE, "is configured; every finished pass pings it")
