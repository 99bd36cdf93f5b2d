"""Where a variable of the environment led a look."""

from __future__ import annotations

from alerts.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Location:
    """An environment variable that chose where a source looked: what it held, as people write it, and the absolute
    place that it led to, "" where it led to none."""

    variable: str
    value: str
    path: str = ""

    def holds(self, path: str) -> bool:
        """Whether a path is that place or lies in it; none lies in no place."""
        return bool(self.path) and (path == self.path or path.startswith(self.path.rstrip("/") + "/"))
