"""Plain values, paths and records of ours as bytes, from one process to another, and nothing else back."""

from __future__ import annotations

import marshal
import sys
from pathlib import Path
from typing import Any


def packed(value: object) -> bytes:
    """Plain values, paths and records of ours as bytes; ValueError for anything else."""
    return marshal.dumps(_plain(value))


def unpacked(raw: bytes) -> Any:
    """What `packed` made them from. Makes nothing but plain values, and records whose class is known here."""
    try:
        return _revived(marshal.loads(raw))  # noqa: S302  what comes back is looked at, see `_revived`
    except (EOFError, TypeError, LookupError, AttributeError) as error:
        raise ValueError from error


def _plain(value: object) -> Any:
    match value:
        case None | bool() | int() | float() | str() | bytes():
            return value
        case Path():
            return ("path", str(value))
        case tuple() if hasattr(value, "_fields"):
            kind = type(value)
            return ("record", kind.__module__, kind.__name__, [_plain(part) for part in value])
        case list() | tuple():
            return ("list" if isinstance(value, list) else "tuple", [_plain(one) for one in value])
        case dict():
            return ("dict", [(_plain(name), _plain(one)) for name, one in value.items()])
    raise ValueError


def _revived(value: Any) -> Any:
    if not isinstance(value, tuple):
        return value
    match value:
        case ("path", str(text)):
            return Path(text)
        case ("list", list(found)):
            return [_revived(one) for one in found]
        case ("tuple", list(found)):
            return tuple(_revived(one) for one in found)
        case ("dict", list(found)):
            return {_revived(name): _revived(one) for name, one in found}
        case ("record", str(module), str(name), list(found)) if module.startswith("monitor."):
            kind = getattr(sys.modules[module], name)
            if isinstance(kind, type) and issubclass(kind, tuple) and hasattr(kind, "_fields"):
                return kind(*(_revived(one) for one in found))
    raise ValueError
