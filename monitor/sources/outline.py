"""The little of YAML that gh writes into its files: mappings by indentation, with texts at their ends.

PyYAML lives in `config`, above the sources, and would be most of what a look costs. What is not in this subset is
refused with its line, never guessed.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Final

from monitor.host import Unreadable
from monitor.model import Problem

_KEY: Final = r"""(?P<key>"[^"\\]+"|'[^']+'|[A-Za-z0-9_][^\s:#]*)"""
_VALUE: Final = r"""(?P<value>"[^"\\]*"|'[^']*'|[A-Za-z0-9_./+=-][^#]*?|\{\}|)"""
_LINE: Final = re.compile(rf"(?P<indent> *){_KEY}:(?:(?= |$)) *{_VALUE} *(?:(?<= )#.*)?")
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
        depth = len(found["indent"]) if found else 0
        if fresh is not None and depth > open_at[-1][0]:
            open_at.append((depth, fresh))
        while open_at[-1][0] > depth:
            open_at.pop()
        at, within = open_at[-1]
        key = found["key"].strip("'\"") if found else ""
        if found is None or at != depth or key in within:
            raise Unreadable(Problem.PARSE, path, f"line {number} is not what gh writes")
        value = found["value"]
        fresh = {} if value in _NOTHING else None
        within[key] = value.strip("'\"") if fresh is None else fresh
    return root
