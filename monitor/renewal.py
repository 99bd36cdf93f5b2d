"""The nouns of renewing: one that was seen, how often they come, and when a person will be asked next."""

from __future__ import annotations

from datetime import datetime, timedelta

from alerts.dataclass import dataclass


@dataclass(frozen=True, slots=True)
class Rotation:
    """A renewal that was seen; `new_login` when a person must have logged in. The moments are those of the new one."""

    key: str
    at: datetime
    new_login: bool
    access_expires_at: datetime | None
    login_expires_at: datetime | None


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often a program renews a login by itself, learned from `gaps` gaps between renewals.

    `usual` is their median, `spread` the median distance from it, `early` how long before the access ran out it was
    usually renewed (zero: at its end or later; None: nothing is known of ends).
    """

    usual: timedelta
    spread: timedelta
    gaps: int
    early: timedelta | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """When a person will probably log in next, by `logins` past ones; mostly within `spread` of it."""

    at: datetime
    spread: timedelta
    logins: int
