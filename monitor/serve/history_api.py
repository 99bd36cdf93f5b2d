"""`/api/v1/history`: asked of our own command line, so that the daemon need not hold what reads a database."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs

from monitor.check import outputs
from monitor.config.spans import parse_span
from monitor.model import Problem
from monitor.serve.wsgi import JSON, Environ, Response, fault
from monitor.system.host import Unreadable, stamp
from monitor.system.process import output_of

PATIENCE: Final = 10.0  # seconds
MOST: Final = 8 << 20  # bytes of an answer, and of all that are remembered
LONGEST: Final = 1024  # characters of a key
REMEMBERED: Final = 8  # answers

#: Runs a command of ours; its standard output. Raises Unreadable.
Ask = Callable[[Sequence[str]], bytes]


class HistoryApi:
    """Answers `?since=30d&key=…` with the document of `authwatch history --json`.

    One question is asked at a time, and nobody waits for another's: the server has a few threads, and a slow history
    must not hold those that `/healthz` and `/metrics` need.
    """

    def __init__(self, ask: Ask, state: Path) -> None:
        self._ask, self._record = ask, state / outputs.RECORD
        self._lock = threading.Lock()
        self._known: dict[object, bytes] = {}

    def __call__(self, environ: Environ) -> Response:
        try:
            since, key = _question(str(environ.get("QUERY_STRING", "")))
        except ValueError as why:
            return fault(HTTPStatus.BAD_REQUEST, str(why))
        asked = (since, key, stamp(self._record))  # only a full check adds to the history
        if known := self._known.get(asked):
            return Response(HTTPStatus.OK, (known,), JSON)
        if not self._lock.acquire(blocking=False):
            busy = "another history request is running; try again in a moment"
            return replace(fault(HTTPStatus.SERVICE_UNAVAILABLE, busy), headers=(("Retry-After", "1"),))
        try:
            return self._answer(asked, ["history", "--json", "--since", since, *(["--", key] if key else [])])
        finally:
            self._lock.release()

    def _answer(self, asked: object, question: Sequence[str]) -> Response:
        try:
            found = self._ask(question)
        except Unreadable as error:
            if error.problem is Problem.TOO_LARGE:
                why = "too much history for one answer; use a shorter span or a key"
                return fault(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, why)
            return fault(HTTPStatus.SERVICE_UNAVAILABLE, "the history could not be read; fix: authwatch doctor")
        if len(self._known) >= REMEMBERED or sum(map(len, self._known.values())) + len(found) > MOST:
            self._known = {}
        self._known[asked] = found
        return Response(HTTPStatus.OK, (found,), JSON)


def asking(
    command: Sequence[str],
    words: Callable[[], Sequence[str]],
    environ: Mapping[str, str],
    kept: Callable[[], str | None],
    patience: float = PATIENCE,
) -> Ask:
    """Runs `command` with the words of the question and then `words()`; `kept` is the config text where it counts.

    After `patience` seconds it is killed, and so it is when it says more than MOST bytes.
    """

    def ask(question: Sequence[str]) -> bytes:
        argv = [*command, question[0], *words(), *question[1:]]
        return output_of(argv, environ, patience, folder=Path(), given=(kept() or "").encode(), most=MOST)

    return ask


def _question(query: str) -> tuple[str, str | None]:
    """The span and the key that are asked for. Raises ValueError, saying what would be right."""
    if len(query) > 4 * LONGEST:
        raise ValueError("the query is too long")
    try:
        given = parse_qs(query, max_num_fields=8, strict_parsing=bool(query))
    except ValueError:
        raise ValueError("expected a query such as ?since=30d&key=KEY") from None
    since, key = given.pop("since", ["30d"])[-1], given.pop("key", [None])[-1]
    if given:
        raise ValueError("unknown parameter; use since and key")
    try:
        parse_span(since)
    except ValueError:
        raise ValueError("since: expected a span such as 30d or 12h") from None
    if key is not None and (len(key) > LONGEST or not key.isprintable()):
        raise ValueError("key: not a valid key")
    return since, key
