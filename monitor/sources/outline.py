"""The little of YAML that gh writes into its files: mappings by indentation, with texts at their ends.

PyYAML lives in `config`, above the sources, and would be most of what a look costs. What is not in this subset is
refused with its line, never guessed.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from monitor.model import Problem
from monitor.system.host import Unreadable

_LINE: Final = re.compile(r"""( *)("[^"\\]+"|'[^']+'|[A-Za-z0-9_][^\s:#]*):(?: (.*))?""")
_TEXT: Final = re.compile(r"""("[^"\\]*"|'[^']*') *(?:#.*)?|([A-Za-z0-9_./+=-].*)""")
_NOTHING: Final = ("", "{}", "~", "null")


def outline(text: str, path: Path) -> dict[str, Any]:
    """The mapping that a file says: keys to texts or to further mappings; `key:` alone is an empty mapping.

    Raises `Unreadable` with the line of what is not understood.
    """
    root: dict[str, Any] = {}
    open_at: list[tuple[int, dict[str, Any]]] = [(0, root)]  # mappings being filled, with the depth of their keys
    fresh: dict[str, Any] | None = None  # the last key's own mapping, which a deeper line would begin
    for number, line in enumerate(text.splitlines(), 1):
        bare = line.strip()
        if not bare or bare.startswith("#") or (bare in ("---", "{}") and not root):
            continue
        found = _LINE.fullmatch(line)
        depth = len(found[1]) if found else 0
        if fresh is not None and depth > open_at[-1][0]:
            open_at.append((depth, fresh))
        while open_at[-1][0] > depth:
            open_at.pop()
        at, within = open_at[-1]
        key = found[2].strip("'\"") if found else ""
        value = _value(found[3] or "") if found else None
        if value is None or at != depth or key in within:
            raise Unreadable(Problem.PARSE, path, f"line {number} is not what gh writes")
        within[key] = value
        fresh = value if isinstance(value, dict) else None
    return root


def _value(text: str) -> str | dict[str, Any] | None:
    """A text, an empty mapping where nothing is written, None for what is not understood."""
    bare = text.strip()
    if bare.startswith("#") or bare in _NOTHING:
        return {}
    found = _TEXT.fullmatch(bare)
    if not found or (found[2] and ": " in found[2].partition(" #")[0]):
        return None
    return found[1][1:-1] if found[1] else found[2].partition(" #")[0].rstrip()
