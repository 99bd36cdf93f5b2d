"""The status document that the last check left, drawn again where nothing that it rests on has changed since."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING

from monitor.check import gate
from monitor.check.status import narrowed, values

if TYPE_CHECKING:
    from monitor.check.status import Document


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
