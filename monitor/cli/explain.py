"""`authwatch explain KEY`: the evidence and the rule behind a verdict."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator
from datetime import datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING

from monitor.cli.shell import NOT_DONE, Failure, Shell, common

if TYPE_CHECKING:
    from monitor.model import Remembered, Verdict


def arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """The options of the command."""
    common(parser)
    parser.add_argument("key", metavar="KEY", help="as `authwatch status` shows it")


def run(given: argparse.Namespace, shell: Shell) -> int:
    """Looks, and prints what the verdict on one credential rests on."""
    from monitor.cli.status import looked
    from monitor.cli.text import columns, visible

    given.source = given.agent = given.provider = given.profile = None
    _, outcome = looked(given, shell)
    verdicts = {verdict.key: verdict for verdict in outcome.judgement.verdicts}
    verdict = verdicts.get(given.key)
    if verdict is None:
        near = get_close_matches(given.key, verdicts, n=1, cutoff=0.4)
        hint = f"did you mean {near[0]}?" if near else "authwatch status shows those that are"
        raise Failure(NOT_DONE, f"there is no credential {given.key}; {hint}")
    facts = list(_facts(verdict, outcome.known.get(verdict.key)))
    if given.json:
        shell.say(json.dumps({"schema": 1, "key": verdict.key, "facts": dict(facts)}, ensure_ascii=False, indent=1))
        return 0
    shell.say(visible(verdict.summary))
    for line in columns([(f"  {name}", visible(value)) for name, value in facts]):
        shell.say(line)
    return 0


def _facts(verdict: Verdict, known: Remembered | None) -> Iterator[tuple[str, str]]:
    seen = verdict.seen
    yield "state", f"{verdict.state} ({verdict.confidence})"
    yield "needs somebody", str(verdict.needs_human)
    yield "because", "; ".join(verdict.because)
    for note in seen.notes:
        yield "noticed", note
    yield "read from", seen.store or "the environment of this process"
    yield "found there", str(seen.evidence)
    for name, moment in (
        ("access ends", seen.access_expires_at),
        ("login ends", seen.login_expires_at),
        ("act before", verdict.deadline),
        ("last used", seen.use.last_used_at),
        ("last renewed", verdict.rotated_at),
        ("first seen", known.first_seen_at if known else None),
        ("could change", verdict.until),
    ):
        if moment:
            yield name, _words(moment)
    yield "renews itself", {True: "yes", False: "no", None: "cannot tell"}[seen.refreshable]
    yield "in use", "yes" if verdict.in_use else "no"
    if verdict.remedy:
        yield "what to do", verdict.remedy.replace("\n", "; ")


def _words(moment: datetime) -> str:
    return f"{moment:%a} {moment.day} {moment:%b %Y %H:%M} UTC"
