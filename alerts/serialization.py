"""Named tuples as plain JSON values and back, by their type hints; what a newer version added is left out."""

from __future__ import annotations

import types
from collections.abc import Mapping
from datetime import date, datetime, timedelta
from enum import Enum
from functools import cache
from typing import Any, Union, get_args, get_origin, get_type_hints

_PLAIN = frozenset((str, int, float, bool))


def flatten(value: Any) -> Any:
    """A JSON value for a record, moment, span, enum, mapping or sequence of them."""
    if value is None or type(value) in _PLAIN:
        return value
    match value:
        case tuple() if hasattr(value, "_fields"):
            return {name: flatten(part) for name, part in zip(value._fields, value, strict=True)}
        case Enum():
            return value.value
        case datetime() | date():
            return value.isoformat()
        case timedelta():
            return value.total_seconds()
        case Mapping():
            return {str(name): flatten(part) for name, part in value.items()}
        case tuple() | list():
            return [flatten(part) for part in value]
    return value


def revive(kind: Any, plain: Any) -> Any:
    """The value of type `kind` that `flatten` made `plain` from; ValueError or TypeError for anything else."""
    origin, arguments = get_origin(kind), get_args(kind)
    if origin in (Union, types.UnionType):
        if plain is None and type(None) in arguments:
            return None
        return revive(next(part for part in arguments if part is not type(None)), plain)
    if origin is tuple:
        _must(plain, list)
        inner = arguments[:1] * len(plain) if arguments[-1] is Ellipsis else arguments
        return tuple(revive(part, value) for part, value in zip(inner, plain, strict=True))
    if origin is not None:  # Mapping[str, str] and the like are their own JSON
        return _must(plain, dict)
    return _one(kind, plain) if isinstance(kind, type) else plain


def _one(kind: type, plain: Any) -> Any:
    if issubclass(kind, tuple) and hasattr(kind, "_fields"):
        _must(plain, dict)
        hints = _hints(kind)
        return kind(**{name: revive(hints[name], value) for name, value in plain.items() if name in hints})
    if issubclass(kind, datetime):
        found = datetime.fromisoformat(plain)
        if found.tzinfo is None:
            raise ValueError("a moment without a zone")
        return found
    if issubclass(kind, timedelta):
        return timedelta(seconds=plain)
    if issubclass(kind, Enum):
        return kind(plain)
    return _must(plain, (int, float) if kind is float else kind)


def _must(plain: Any, kind: type | tuple[type, ...]) -> Any:
    if not isinstance(plain, kind):
        raise TypeError("another type than was written")
    return plain


@cache
def _hints(kind: Any) -> dict[str, Any]:
    return get_type_hints(kind)
