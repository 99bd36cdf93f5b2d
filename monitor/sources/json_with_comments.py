"""JSON with comments, as programs read the settings that people write."""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

from monitor.openclaw.config import parse
from monitor.system.host import Host

#: More than any settings have; what is longer would cost a check more than a moment.
MOST: Final = 256 * 1024


def read(host: Host, path: Path, limit: int = MOST) -> Any:
    """A file's value; None when it is not there. Raises `Unreadable`."""
    text = host.text(path, limit)
    return None if text is None else parse(text, path)
