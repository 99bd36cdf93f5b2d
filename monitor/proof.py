"""What asking a provider told of a login: the answers there are, what is remembered of them, when to ask again."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any, Final

from alerts.dataclass import dataclass, replace


class Answer(StrEnum):
    """What a provider said. Only `invalid` and `expired` speak, and only twice in a row; `out_of_credit` needs a person
    to pay. `unreachable` is everything that is nobody's word: no network, a sign-in page, a provider in trouble."""

    VALID = "valid"
    INVALID = "invalid"
    EXPIRED = "expired"
    FORBIDDEN = "forbidden"  # alive, but not for what was asked
    RATE_LIMITED = "rate_limited"
    OUT_OF_CREDIT = "out_of_credit"
    UNREACHABLE = "unreachable"


HOUR: Final = timedelta(hours=1)
#: No login is asked about more often.
LEAST: Final = HOUR
FOR_GOOD: Final = timedelta(days=36_525)
#: How many refusals in a row make a login refused.
TWICE: Final = 2
#: How much later than its interval a login may be asked about, so that not all of them are at once.
JITTER: Final = 0.1

_REFUSALS: Final = (Answer.INVALID, Answer.EXPIRED)
_ALIVE: Final = (Answer.VALID, Answer.FORBIDDEN, Answer.OUT_OF_CREDIT)


@dataclass(frozen=True, slots=True)
class AnswerMeaning:
    """What one answer means. `expires_at`: when the provider says that it ends; `credit`: what is left, in words;
    `note`: what else is worth a word, in ours: the provider's own may repeat a part of the secret."""

    answer: Answer
    note: str = ""
    expires_at: datetime | None = None
    credit: str = ""


@dataclass(frozen=True, slots=True)
class Proof:
    """What is remembered of asking about one login, which its fingerprint names. Moments are aware UTC.

    `answer` came `at`; it is asked again after about `every`. `refusals` counts those in a row, `valid_at` is when it
    was last accepted, `broke` whether credit was missing: what says nothing (unreachable, rate limited) leaves them.
    `access_expires_at` tells the access token it was asked with from the next. `noted`: the last answer that stands in
    the history. `keys`: the credentials that it was under; `providers`: their providers' other names too.
    """

    answer: Answer
    at: datetime
    every: timedelta
    access_expires_at: datetime | None = None
    refusals: int = 0
    valid_at: datetime | None = None
    broke: bool = False
    expires_at: datetime | None = None
    credit: str = ""
    note: str = ""
    noted: Answer | None = None
    keys: tuple[str, ...] = ()
    providers: tuple[str, ...] = ()

    @property
    def lapses_at(self) -> datetime:
        """Until when it is believed: two intervals, so that one look that is missed changes nothing."""
        return self.at + 2 * self.every

    def lasting(self) -> Proof:
        """The same, believed for good: what a rehearsal supposes, since in truth it is asked again."""
        return replace(self, every=FOR_GOOD)

    @property
    def proven_until(self) -> datetime | None:
        """Until when the last acceptance proves something."""
        return self.valid_at + 2 * self.every if self.valid_at else None

    def refused(self, now: datetime) -> bool:
        """Whether the provider refused it, twice in a row, as far as that is still believed."""
        return self.refusals >= TWICE and now < self.lapses_at


def learned(
    before: Proof | None,
    told: AnswerMeaning,
    *,
    access_expires_at: datetime | None,
    every: timedelta,
    now: datetime,
    keys: tuple[str, ...] = (),
    providers: tuple[str, ...] = (),
) -> Proof:
    """What is remembered after an answer. The refusals of another access token of the login do not count."""
    new = Proof(told.answer, now, every, access_expires_at, note=told.note, keys=keys, providers=providers)
    if before:
        kept: dict[str, Any] = {name: getattr(before, name) for name in ("noted", "expires_at", "valid_at", "broke")}
        same = before.access_expires_at == access_expires_at
        new = replace(new, **kept, refusals=before.refusals if same else 0, credit=told.credit or before.credit)
    if told.answer in _REFUSALS:
        return replace(new, refusals=new.refusals + 1, valid_at=None)
    if told.answer not in _ALIVE:
        return new
    new = replace(
        new, refusals=0, broke=told.answer is Answer.OUT_OF_CREDIT or (new.broke and told.answer is not Answer.VALID)
    )
    if told.answer is Answer.FORBIDDEN:
        return new
    valid_at = now if told.answer is Answer.VALID else new.valid_at
    return replace(new, valid_at=valid_at, expires_at=told.expires_at, credit=told.credit)


def due(
    proofs: Mapping[str, Proof],
    fingerprint: str,
    keys: tuple[str, ...],
    access_expires_at: datetime | None,
    every: timedelta,
    *,
    eager: bool = False,
) -> datetime | None:
    """When a login is to be asked about; None: it never was, so at once. `eager`: a person wants to know.

    A first refusal and an answer that says nothing are followed up after an hour, and so is another secret under the
    same key, unless a person asks: no check asks about a key more often than hourly, whatever its program does.
    """
    known = proofs.get(fingerprint)
    if known is None:
        if eager:
            return None
        others = [one.at + LEAST for one in proofs.values() if set(keys) & set(one.keys)]
        return max(others, default=None)
    unsure = known.refusals == 1 or known.answer is Answer.UNREACHABLE or known.access_expires_at != access_expires_at
    wait = LEAST if unsure else max(every, LEAST)
    from zlib import crc32

    share = crc32(fingerprint.encode()) / 0xFFFFFFFF
    return known.at + wait * (1 + JITTER * share)
