"""Asks several providers at once: a thread for each secret, one deadline for all."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib import import_module
from typing import Final

from monitor.model import AnswerMeaning, Kind, Secret
from monitor.probes import PROBES
from monitor.probes.response import MOST, Reply, unreachable
from monitor.system.http_get import Unanswered, get
from monitor.system.timeout import begun

#: How long one round may take, in seconds, however many are asked.
DEADLINE: Final = 10.0


@dataclass(frozen=True, slots=True)
class ProbeRequest:
    """One secret, to be sent to the probe of a name at a place; `id` finds its answer again."""

    id: str
    probe: str
    base: str
    kind: Kind
    secret: Secret


def ask(
    questions: Iterable[ProbeRequest], authorities: str | None = None, limit: float = DEADLINE
) -> Mapping[str, AnswerMeaning]:
    """What was told, by `id`, for every question. Never raises, and takes at most `limit` seconds."""
    waits = {one.id: begun(partial(_one, one, limit, authorities)) for one in questions}
    end, answers = time.monotonic() + limit, {}
    for name, wait in waits.items():
        try:
            answers[name] = wait(max(0.0, end - time.monotonic()))
        except TimeoutError:
            answers[name] = unreachable(f"no answer within {limit:g} s")
    return answers


def _one(one: ProbeRequest, limit: float, authorities: str | None) -> AnswerMeaning:
    try:
        row = PROBES[one.probe]
        probe = import_module(row.module)
        headers = probe.headers(one.secret.reveal(), one.kind)
        response = get(one.base + row.path, headers, limit, MOST, authorities=authorities)
        found: AnswerMeaning = probe.told(Reply(response.status, response.headers, response.body, response.whole))
        return found
    except Unanswered as error:
        return unreachable(str(error))
    except Exception as error:  # noqa: BLE001  an answer we did not think of must not end a check, nor show the secret
        return unreachable(f"asking failed ({type(error).__name__})")
