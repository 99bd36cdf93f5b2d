"""Moments as credential files write them: epoch numbers of any unit, digit strings, ISO 8601."""

from __future__ import annotations

import math
import re
from datetime import UTC, datetime, timedelta
from typing import Any, Final

EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)

#: Nothing a program issues outlives this; what lies beyond is a mark for "never" or nonsense. A source has no clock
#: to say "more than 15 years from now".
ABSURD: Final = datetime(2100, 1, 1, tzinfo=UTC)

_DIGITS: Final = re.compile(r"[+-]?\d{1,30}(\.\d{0,30})?", re.ASCII)

#: Bounds of epoch seconds, milliseconds and microseconds, with their parts a second. The gaps between them (1973 to
#: 2001 in the finer unit) hold the year 9999 in the coarser one, which means "never" and not a moment long ago.
_UNITS: Final = ((0, 1e11, 1), (1e12, 1e14, 10**3), (1e15, 1e17, 10**6))


def moment(value: Any) -> datetime | None:
    """The moment a value means; None for no usable expiry (absent, 0, negative, NaN, beyond 2100).

    A number below 1e11 counts as seconds, below 1e14 as milliseconds, below 1e17 as microseconds. A text without an
    offset is UTC. ValueError for what is no moment at all; it never carries the value.
    """
    if value is None or value == "":
        return None
    if isinstance(value, str) and not _DIGITS.fullmatch(value.strip()):
        return _sane(_iso(value.strip()))
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise ValueError("no moment")
    return _sane(_number(value if isinstance(value, int) else float(value)))


def seconds(value: Any) -> bool:
    """Whether a value that ought to be in milliseconds looks like seconds."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 1e8 < value < 1e11


def lifetime(issued: datetime | None, expires: datetime | None) -> timedelta | None:
    """How long a credential lives by its own word; None where it does not say, or says nonsense."""
    return expires - issued if issued and expires and issued < expires else None


def _number(number: int | float) -> datetime | None:
    if isinstance(number, float) and math.isnan(number):
        return None
    for least, bound, parts in _UNITS:
        if least < number < bound:
            return EPOCH + timedelta(microseconds=round(number * (10**6 // parts)))
    return None


def _iso(text: str) -> datetime | None:
    """ISO 8601 with any fraction; AWS and GitHub also write the zone as `UTC`, RFC 3339 allows small letters."""
    text = text.upper()
    bare = text.removesuffix("UTC").rstrip() + "Z" if text.endswith("UTC") else text
    try:
        found = datetime.fromisoformat(bare)
    except ValueError:
        raise ValueError("no moment") from None
    try:
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except OverflowError:
        return None


def _sane(found: datetime | None) -> datetime | None:
    return found if found and EPOCH < found < ABSURD else None
