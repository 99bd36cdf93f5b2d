"""JSON with comments, as programs read the settings that people write."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from monitor.system.host import Host, parse_json

#: A text, whole or not, or a comment: nothing here is looked at twice.
_PART: Final = re.compile(r'"(?:[^"\\]|\\.)*"?|//[^\n]*|/\*.*?(?:\*/|\Z)', re.DOTALL)


def read(host: Host, path: Path) -> Any:
    """A file's value; None when it is not there. Raises `Unreadable`."""
    written = host.text(path)
    return None if written is None else parse_json(_PART.sub(_kept, written), path)


def _kept(part: re.Match[str]) -> str:
    return part[0] if part[0].startswith('"') else " "
