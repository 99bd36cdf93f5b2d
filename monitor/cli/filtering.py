"""Filters narrow what is printed, and a value that nothing here has is a typo or the wrong user, never "OK".

Also the document of the last check, and the part of it that they leave.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from monitor.check import gate
from monitor.check.status import narrowed, values
from monitor.cli.context import USAGE, Failure

if TYPE_CHECKING:
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
        return f"there is no {name} {value!r}; did you mean {near[0]!r}?"
    some = ", ".join(sorted(known)[:NAMED])
    return f"there is no {name} {value!r}; known here: {some}" if some else f"there is no {name} {value!r}"


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
