"""JSON5 in two steps: what people usually write becomes JSON by one pattern, the rest goes to the slow exact parser."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any, Final

from monitor.model import Problem
from monitor.system.host import Unreadable, parse_json

#: The exact parser needs a second for 75,000 characters, on a fast machine.
MOST: Final = 48 * 1024

# Nothing here can fail after a long scan, or a text of quotes would take minutes: what has no end goes to the end.
_TEXT: Final = r'"(?:[^"\\\n]|\\.)*+"?'
_COMMENT: Final = re.compile(rf"({_TEXT})|//[^\n]*|/\*.*?(?:\*/|\Z)", re.DOTALL)
_LOOSE: Final = re.compile(rf"({_TEXT})|,(?=\s*+[}}\]])|\b([A-Za-z_$][\w$]*+)(?=\s*+:)", re.DOTALL | re.ASCII)
_LONELY: Final = re.compile(r"[\[{]\s*+,")


def parse(text: str, path: Path) -> Any:
    """A JSON or JSON5 value; errors name line and column, never the text."""
    try:
        return parse_json(text, path)
    except Unreadable as plain:
        if plain.problem is Problem.TOO_LARGE:
            raise
        found = _usual(text)
        return found[0] if found else _exact(text, path, plain)


def _usual(text: str) -> tuple[Any] | None:
    """The value of a text that is JSON but for comments, bare keys and commas at the end; None for any other.

    Texts stay as they are, so whatever the pattern misreads is no JSON afterwards and goes to the exact parser.
    """
    bare = _COMMENT.sub(lambda found: found[1] or " ", text)
    if _LONELY.search(bare):
        return None
    strict = _LOOSE.sub(lambda found: found[1] or (f'"{found[2]}"' if found[2] else ""), bare)
    try:
        return (json.loads(strict),)
    except (ValueError, RecursionError):
        return None


def _exact(text: str, path: Path, plain: Unreadable) -> Any:
    if len(text) > MOST:
        raise Unreadable(Problem.PARSE, path, f"{plain.detail}; as JSON5 it is too long, at most {MOST} characters")
    import json5

    try:
        return json5.loads(text)
    except RecursionError:
        raise Unreadable(Problem.PARSE, path, "nested too deeply") from None
    except ValueError as error:
        found = re.match(r"<string>:(\d+) .*? at column (\d+)", str(error), re.DOTALL)
        where = f": line {found[1]}, column {found[2]}" if found else ""
        raise Unreadable(Problem.PARSE, path, f"not JSON5{where}" if where else plain.detail) from None
