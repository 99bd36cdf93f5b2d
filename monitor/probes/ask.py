"""Asks several providers at once: a thread for each secret, one deadline for all."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from importlib import import_module
from typing import Final

from alerts.dataclass import dataclass, field
from monitor.model import Kind
from monitor.probes import PROBES
from monitor.probes.http import Unanswered, get
from monitor.probes.response import unreachable
from monitor.proof import AnswerMeaning

#: How long one round may take, in seconds, however many are asked.
DEADLINE: Final = 10.0


@dataclass(frozen=True, slots=True)
class ProbeRequest:
    """One secret, to be sent to the probe of a name at a place; `id` finds its answer again."""

    id: str
    probe: str
    base: str
    kind: Kind
    secret: str = field(repr=False)


def ask(
    questions: Iterable[ProbeRequest], authorities: str | None = None, limit: float = DEADLINE
) -> Mapping[str, AnswerMeaning]:
    """What was told, by `id`, for every question. Never raises, and takes at most `limit` seconds.

    Who does not answer in time is left behind in a thread that keeps no process alive.
    """
    asked = {one.id: one for one in questions}
    answers: dict[str, AnswerMeaning] = {}

    def run(one: ProbeRequest) -> None:
        answers[one.id] = _one(one, limit, authorities)

    threads = [threading.Thread(target=run, args=(one,), daemon=True) for one in asked.values()]
    for thread in threads:
        thread.start()
    end = time.monotonic() + limit
    for thread in threads:
        thread.join(max(0.0, end - time.monotonic()))
    late = unreachable(f"no answer within {limit:g} s")
    return {name: answers.get(name, late) for name in asked}


def _one(one: ProbeRequest, limit: float, authorities: str | None) -> AnswerMeaning:
    try:
        row = PROBES[one.probe]
        probe = import_module(row.module)
        found: AnswerMeaning = probe.told(
            get(one.base + row.path, probe.headers(one.secret, one.kind), limit, authorities)
        )
        return found
    except Unanswered as error:
        return unreachable(str(error))
    except Exception as error:  # noqa: BLE001  an answer we did not think of must not end a check, nor show the secret
        return unreachable(f"asking failed ({type(error).__name__})")
