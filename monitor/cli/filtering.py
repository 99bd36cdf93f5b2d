"""Filters narrow what is printed, and a value that nothing here has is a typo or the wrong user, never "OK".

Also the document of the last check, and the part of it that they leave; and the key that a short one means.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from shlex import quote
from typing import TYPE_CHECKING

from monitor.check import gate
from monitor.check.status import narrowed, values
from monitor.cli.context import NOT_DONE, USAGE, Failure

if TYPE_CHECKING:
    from datetime import timedelta

    from monitor.check.status import Document
    from monitor.config.settings import Settings
    from monitor.model import Remembered


#: So many known values are named where none is near.
NAMED = 8


def part(shown: Document, filters: Mapping[str, str], settings: Settings, known: Mapping[str, Remembered]) -> Document:
    """The part of a status document that the filters mean. Raises Failure where neither the document, the sources, the
    config nor the history (`known`, by key) has such a value."""
    for name, value in filters.items():
        have = values(shown, name)
        if value not in have and value not in (more := have | _elsewhere(name, settings, known)):
            raise Failure(USAGE, _unknown(name, value, more))
    return narrowed(shown, filters)


def _elsewhere(name: str, settings: Settings, known: Mapping[str, Remembered]) -> set[str]:
    """The values of a filter that sources, config and history know, beyond what was just found."""
    found = {getattr(one.observation.credential, name) for one in known.values()}
    found |= {rule.match[name] for rule in settings.policy.rules if name in rule.match}
    if name == "source":
        from monitor.sources import SOURCES

        found |= {*SOURCES, *(entry.type for entry in settings.sources)}
    elif name == "provider":
        from monitor.openclaw.env import VARIABLES

        named = (entry.options.get("provider") for entry in settings.sources)
        found |= {*VARIABLES, *(str(one) for one in named if one)}
    at = {"source": 0, "agent": 1, "profile": 2}.get(name)
    if at is not None:
        found |= {parts[at] for key in settings.policy.expect if len(parts := key.split("/", 2)) == 3}
    return found


def _unknown(name: str, value: str, known: set[str]) -> str:
    from difflib import get_close_matches

    near = get_close_matches(value, known, n=1, cutoff=0.5)
    if near:
        return f'unknown {name} "{value}"; did you mean {near[0]}?'
    some = ", ".join(sorted(known)[:NAMED])
    return f'unknown {name} "{value}"; known: {some}' if some else f'unknown {name} "{value}"'


def key_of(word: str, keys: Iterable[str], listed_by: str = "authwatch status") -> str:
    """The key that a word means: the key itself, or any unique end of it. Raises Failure where it means several, which
    are named to be copied, or none; `listed_by` is the command that shows the keys."""
    from alerts.formats import visible
    from monitor.judge.keys import Keys

    known = Keys(keys)
    found = known.find(word)
    if len(found) == 1:
        return found[0]
    if not found:
        near = known.nearest(word)
        hint = f"did you mean {visible(quote(near))}?" if near else f"to list the keys: {listed_by}"
        raise Failure(NOT_DONE, f'unknown key "{visible(word)}"; {hint}')
    lines = [f"  {visible(quote(known.short(key)))}" for key in found[:NAMED]]
    if len(found) > NAMED:
        lines.append(f"  and {len(found) - NAMED} more; to list the keys: {listed_by}")
    raise Failure(USAGE, "\n".join([f'"{visible(word)}" matches {len(found)} keys; use one of these:', *lines]))


def span_of(text: str, option: str) -> timedelta:
    """A span as the config has it (`30d`, `1h30m`); `option` names where it was given. Raises Failure."""
    from monitor.config.spans import parse_span

    try:
        return parse_span(text)
    except ValueError:
        raise Failure(USAGE, f'{option}: expected a span such as 4h, 7d or 1h30m, got "{text}"') from None


def document(point: gate.Checkpoint, filters: Mapping[str, str]) -> Document | None:
    """The part of the document behind a checkpoint that the filters mean; None where it is not what the check left, or
    does not show that every filter means something."""
    body = gate.document(point)
    if not body:
        return None
    shown: Document = json.loads(body)
    if all(value in values(shown, name) for name, value in filters.items()):
        return narrowed(shown, filters)
    return None
