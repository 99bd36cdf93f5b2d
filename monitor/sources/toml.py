"""TOML files, with errors that show a place and never a text: some settings hold secrets."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

from monitor.model import Problem
from monitor.system.host import Host, Unreadable

_PLACE: Final = re.compile(r"\(at (line \d+, column \d+)\)|\(at (end of document)\)")


def table(host: Host, path: Path) -> Mapping[str, Any] | None:
    """What a TOML file says; None where there is no file. Raises `Unreadable`, with line and column but no text."""
    text = host.text(path)
    if text is None:
        return None
    import tomllib

    try:
        return tomllib.loads(text)
    except RecursionError:
        raise Unreadable(Problem.PARSE, path, "nested too deeply") from None
    except ValueError as error:
        place = _PLACE.search(str(error))
        where = f": {place[1] or place[2]}" if place else ""
        raise Unreadable(Problem.PARSE, path, f"not TOML{where}") from None
