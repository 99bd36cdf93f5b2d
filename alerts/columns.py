"""Column types shared by everything that is remembered: moments, small documents and whole records as text."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

from sqlalchemy import Dialect, Text
from sqlalchemy.exc import SQLAlchemyError
from sqlalchemy.types import TypeDecorator

from alerts.plain import flatten, revive

V = TypeVar("V")

#: What reading nonsense can raise.
NONSENSE: Final = (ValueError, TypeError, KeyError, AttributeError, OverflowError, RecursionError)


class Damaged(SQLAlchemyError):
    """A row does not hold what was written; SQLite keeps no checksums. Never carries its content."""


class Moment(TypeDecorator[datetime]):
    """An aware UTC moment as ISO 8601 text of fixed width, so that it sorts and people can read it."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> str | None:
        return None if value is None else value.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")

    def process_result_value(self, value: str | None, dialect: Dialect) -> datetime | None:
        found = None if value is None else _sound(datetime.fromisoformat, value)
        if found and found.tzinfo is None:
            raise Damaged("a moment without a zone")
        return found


class Document(TypeDecorator[Any]):
    """A JSON value as text; the same on SQLite and PostgreSQL."""

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        return None if value is None else json.dumps(value, ensure_ascii=False, sort_keys=True)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return None if value is None else _sound(json.loads, value)


class Record(TypeDecorator[Any]):
    """A frozen record of one type as JSON text; the columns beside it carry what is searched for."""

    impl = Text
    cache_ok = True

    def __init__(self, kind: type) -> None:
        super().__init__()
        self.kind = kind

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:
        # In ASCII, because a path may be no text: a byte of it that cannot be decoded comes as half of a pair.
        return None if value is None else json.dumps(flatten(value), sort_keys=True)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:
        return _sound(lambda text: revive(self.kind, json.loads(text)), value)  # a row without one is damaged, too


def _sound(read: Callable[[Any], V], text: str | None) -> V:
    try:
        return read(text)
    except NONSENSE as error:
        raise Damaged(f"a row cannot be understood ({type(error).__name__})") from None
