"""Conditions, alerts, notifications, and what became of them: the nouns of this package."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, time, timedelta, tzinfo
from enum import StrEnum
from types import MappingProxyType
from typing import NamedTuple


class Level(StrEnum):
    """How much a condition matters to a person; ordered by `rank`."""

    FINE = "fine"
    INFO = "info"
    SOON = "soon"
    NOW = "now"

    @property
    def rank(self) -> int:
        """0 for fine up to 3 for now."""
        return _RANK[self]


_RANK = {level: rank for rank, level in enumerate(Level)}


class QuietHours(NamedTuple):
    """Quiet hours in a zone's local time; `start` after `end` spans midnight."""

    start: time
    end: time
    zone: tzinfo


Rank = tuple[int, timedelta]


def _rank(level: Level, step: timedelta | None) -> Rank:
    """How bad it is: a shorter span is worse, and no span at all the worst of its level."""
    return level.rank, -step if step and level is not Level.FINE else timedelta()


class Reason(StrEnum):
    """Why a condition is in a message."""

    NEW = "new"
    WORSE = "worse"
    EASED = "eased"
    REMINDER = "reminder"
    RESOLVED = "resolved"
    ROUTINE = "routine"


class Cause(StrEnum):
    """What is wrong with a login, the first word of a message; OTHER where level and labels say enough."""

    OTHER = ""
    EXPIRES = "expires"
    EXPIRED = "expired"
    REJECTED = "rejected"
    MISSING = "missing"
    LOGGED_OUT = "logged_out"
    UNUSABLE = "unusable"
    UNREADABLE = "unreadable"
    CREDIT = "credit"
    STALLED = "stalled"


class How(StrEnum):
    """What a remedy asks of a person. WORDS is a sentence; of all others the first line is a command, a further one a
    remark on it."""

    COMMAND = "command"
    WORDS = "words"
    PASTE = "paste"  # the command asks for a key or token
    BROWSER = "browser"  # the command logs in, with a browser on any device
    BROWSER_THERE = "browser_there"  # the same, with one on that machine


class Outcome(StrEnum):
    """What became of one attempt to deliver, from a closed list.

    `ATTEMPTED` is what a killed check leaves behind. It and `TIMEOUT` may have been heard; `PARTIAL` (some of several
    targets behind one address) counts as delivered.
    """

    DELIVERED = "delivered"
    PARTIAL = "partial"
    ATTEMPTED = "attempted"
    TIMEOUT = "timeout"
    CONNECT = "connect"
    AUTH_ERROR = "auth_error"
    RATE_LIMITED = "rate_limited"
    CLIENT_ERROR = "client_error"
    SERVER_ERROR = "server_error"
    BAD_CONFIG = "bad_config"

    @property
    def heard(self) -> bool:
        """Whether somebody surely heard it."""
        return self in {Outcome.DELIVERED, Outcome.PARTIAL}

    @property
    def unsure(self) -> bool:
        """Whether somebody may have heard it or not."""
        return self in {Outcome.ATTEMPTED, Outcome.TIMEOUT}


class Login(NamedTuple):
    """Which login a condition speaks of, so that a new one is told apart from a shorter clock.

    `ends_at` is its own end where known, `fingerprint` opaque, `deadline` when a person must have acted; `expected_at`
    is an estimate of that where no deadline is known.
    """

    ends_at: datetime | None = None
    fingerprint: str | None = None
    deadline: datetime | None = None
    expected_at: datetime | None = None


class Condition(NamedTuple):
    """A named thing at a level, as one look sees it.

    `step` is the span of the lead step it is in (a shorter span is worse), `doubt` marks a rise that has to last
    before it is said (unknown, vanished), `held` one whose store could not be read: it never falls. `how` says what
    `remedy` asks of a person.
    """

    key: str
    level: Level
    labels: Mapping[str, str] = MappingProxyType({})
    step: timedelta | None = None
    login: Login | None = None
    doubt: bool = False
    held: bool = False
    summary: str = ""
    remedy: str = ""
    cause: Cause = Cause.OTHER
    how: How = How.COMMAND

    @property
    def rank(self) -> Rank:
        return _rank(self.level, self.step)


class Pending(NamedTuple):
    """A change that has been seen but has not lasted long enough to count.

    Above the alert it is a doubtful rise and holds the least, below it a fall and holds the worst seen since.
    """

    level: Level
    step: timedelta | None
    since: datetime
    doubt: bool = False

    @property
    def rank(self) -> Rank:
        return _rank(self.level, self.step)


class Rise(NamedTuple):
    """That a condition rose to a level and step, settled or not; for the flapping rule."""

    level: Level
    step: timedelta | None
    at: datetime

    @property
    def rank(self) -> Rank:
        return _rank(self.level, self.step)


class Alert(NamedTuple):
    """What a condition has settled to.

    `since` is when this episode (not fine) began, `at` when level or step last changed; `rises` those of about the last
    day; `login` the last one known; `seen`: this check sees it at least as bad. Words and labels are those of the last
    look that agreed; `cause` is that of the last one that was not fine.
    """

    key: str
    level: Level
    since: datetime
    at: datetime
    labels: Mapping[str, str] = MappingProxyType({})
    step: timedelta | None = None
    pending: Pending | None = None
    login: Login | None = None
    rises: tuple[Rise, ...] = ()
    doubt: bool = False
    summary: str = ""
    remedy: str = ""
    seen: bool = True
    cause: Cause = Cause.OTHER
    how: How = How.COMMAND

    @property
    def rank(self) -> Rank:
        return _rank(self.level, self.step)


class Item(NamedTuple):
    """One condition with the reason to speak of it."""

    alert: Alert
    reason: Reason


class Notification(NamedTuple):
    """News for one channel, one message."""

    channel: str
    items: tuple[Item, ...]


class NotificationState(NamedTuple):
    """What a channel believes of a condition, never fine; `at` is when it was last told, `nth` counts the reminders
    since the last other news. `channel` is its label then.
    """

    channel: str
    key: str
    level: Level
    since: datetime
    at: datetime
    step: timedelta | None = None
    nth: int = 0

    @property
    def rank(self) -> Rank:
        return _rank(self.level, self.step)


class Attempt(NamedTuple):
    """What was tried and not surely heard: one row an address and key, from before a send until the next success.

    `address` is the `Channel.id` it went to. `state` is what the channel believes if the last try was heard (None:
    that it is over), `earlier` what earlier unsure tries may have left it with. `first_at` is the first try of the row,
    `at` the last; the next may go `wait` later. `tries` counts clear failures, `unsure` those that may have been heard.
    """

    channel: str
    key: str
    first_at: datetime
    at: datetime
    outcome: Outcome = Outcome.ATTEMPTED
    state: NotificationState | None = None
    earlier: tuple[NotificationState | None, ...] = ()
    tries: int = 0
    unsure: int = 0
    wait: timedelta = timedelta()
    address: str = ""

    @property
    def resting(self) -> bool:
        """Whether nobody tries any more, because no channel has the address; see `notification_state.bound`."""
        return not (self.tries or self.unsure)


class Channel(NamedTuple):
    """An address with a label, a level and a match; never its URL. `address` is a keyed fingerprint of the URL, behind
    the id of the key and a colon; "" where the URL cannot be read.

    `canary`: how often a harmless message shows that it works.
    """

    label: str
    at_least: Level = Level.SOON
    match: Mapping[str, str] = MappingProxyType({})
    address: str = ""
    canary: timedelta | None = None

    @property
    def id(self) -> str:
        """What is remembered of messages goes by this: people hear at an address, whatever we call it."""
        return self.address or self.label


class Silence(NamedTuple):
    """Hides new, worse and reminder of what it matches, up to `level`, until `until`."""

    id: int
    match: Mapping[str, str]
    until: datetime
    level: Level
    made_at: datetime
    note: str = ""
    author: str = ""


class Acknowledgement(NamedTuple):
    """A person knows of this alert; bound to its `at`, so any change of level or step ends it."""

    key: str
    at: datetime
    until: datetime | None
    made_at: datetime
    note: str = ""
    author: str = ""


class Muting(NamedTuple):
    """Everything people asked not to hear about."""

    silences: tuple[Silence, ...] = ()
    acknowledgements: tuple[Acknowledgement, ...] = ()


class Delivery(NamedTuple):
    """What became of one notification."""

    notification: Notification
    at: datetime
    outcome: Outcome
    error: str = ""
    retry_after: timedelta | None = None
