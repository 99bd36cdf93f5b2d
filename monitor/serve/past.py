"""`/api/v1/history`: asked of our own command line, so that the daemon need not hold what reads a database."""

from __future__ import annotations

import subprocess
import threading
from collections.abc import Callable, Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Final
from urllib.parse import parse_qs

from monitor.config.spans import parse_span
from monitor.host import stamp
from monitor.serve import left
from monitor.serve.http import JSON, Answer, Environ, fault

PATIENCE: Final = 20.0  # seconds
LONGEST: Final = 1024  # characters of a key
REMEMBERED: Final = 8  # answers

#: Runs a command of ours; its exit code and standard output.
Ask = Callable[[Sequence[str]], tuple[int, bytes]]


class Past:
    """Answers `?since=30d&key=…` with the document of `authwatch history --json`, one question at a time."""

    def __init__(self, ask: Ask, state: Path) -> None:
        self._ask, self._record = ask, state / left.RECORD
        self._lock = threading.Lock()
        self._known: dict[object, bytes] = {}

    def __call__(self, environ: Environ) -> Answer:
        try:
            since, key = _question(str(environ.get("QUERY_STRING", "")))
        except ValueError as why:
            return fault(HTTPStatus.BAD_REQUEST, str(why))
        with self._lock:
            asked = (since, key, stamp(self._record))  # only a full pass adds to the history
            if asked not in self._known:
                code, found = self._ask(["history", "--json", "--since", since, *(["--", key] if key else [])])
                if code:
                    return fault(HTTPStatus.SERVICE_UNAVAILABLE, "the history cannot be read; try: authwatch doctor")
                if len(self._known) >= REMEMBERED:
                    self._known.clear()
                self._known[asked] = found
            return Answer(HTTPStatus.OK, (self._known[asked],), JSON)


def asking(
    command: Sequence[str],
    words: Callable[[], Sequence[str]],
    environ: Mapping[str, str],
    kept: Callable[[], str | None],
) -> Ask:
    """Runs `command` with the words of the question and then `words()`; `kept` is the config text where it counts."""

    def ask(question: Sequence[str]) -> tuple[int, bytes]:
        text = kept()
        argv = [*command, question[0], *words(), *question[1:]]
        try:
            done = subprocess.run(
                argv,
                env=dict(environ),
                input=(text or "").encode(),
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                timeout=PATIENCE,
                check=False,
            )
        except (OSError, subprocess.TimeoutExpired):
            return 1, b""
        return done.returncode, done.stdout

    return ask


def _question(query: str) -> tuple[str, str | None]:
    """The span and the key that are asked for. Raises ValueError, saying what would be right."""
    if len(query) > 4 * LONGEST:
        raise ValueError("the question is too long")
    try:
        given = parse_qs(query, max_num_fields=8, strict_parsing=bool(query))
    except ValueError:
        raise ValueError("write ?since=30d&key=KEY") from None
    since, key = given.pop("since", ["30d"])[-1], given.pop("key", [None])[-1]
    if given:
        raise ValueError("there are only since and key")
    try:
        parse_span(since)
    except ValueError:
        raise ValueError("since is a span like 30d or 12h") from None
    if key is not None and (len(key) > LONGEST or not key.isprintable()):
        raise ValueError("this is no key")
    return since, key
