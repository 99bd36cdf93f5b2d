"""The two nouns that a config speaks of, apart from the others because every look imports it."""

from __future__ import annotations

from datetime import time, tzinfo
from enum import StrEnum

from alerts.dataclass import dataclass


class Level(StrEnum):
    """How much a condition matters to a person; ordered by `rank`."""

    FINE = "fine"
    INFO = "info"
    SOON = "soon"
    NOW = "now"

    @property
    def rank(self) -> int:
        """0 for fine up to 3 for now."""
        return _RANK[self]


_RANK = {level: rank for rank, level in enumerate(Level)}


@dataclass(frozen=True, slots=True)
class Quiet:
    """Quiet hours in a zone's local time; `start` after `end` spans midnight."""

    start: time
    end: time
    zone: tzinfo
