"""What a credential is, what one look found and what that means: the nouns of this package.

Every look imports them, so they are `NamedTuple`s: 100 dataclasses would cost it 84 ms of CPU instead of 25.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Final, NamedTuple


class Kind(StrEnum):
    """What sort of credential it is."""

    OAUTH = "oauth"
    TOKEN = "token"
    API_KEY = "api_key"
    CERT = "cert"
    SESSION = "session"
    EXEC = "exec"
    MANUAL = "manual"


class State(StrEnum):
    """What is so, honest about the clock."""

    OK = "ok"
    EXPIRING = "expiring"
    EXPIRED = "expired"
    REFUSED = "refused"
    STATIC = "static"
    MISSING = "missing"
    OPAQUE = "opaque"
    UNKNOWN = "unknown"


class Need(StrEnum):
    """Whether a person has to act; what alerts and exit codes follow."""

    NO = "no"
    SOON = "soon"
    NOW = "now"
    UNKNOWN = "unknown"


class Confidence(StrEnum):
    """How sure a verdict is: a rotation or probe was seen; the file says so; nothing on disk can show it."""

    PROVEN = "proven"
    ASSUMED = "assumed"
    UNVERIFIED = "unverified"


class Problem(StrEnum):
    """Why something could not be read or trusted."""

    NOT_FOUND = "not_found"
    UNREADABLE = "unreadable"
    PARSE = "parse"
    EMPTY = "empty"
    LOCKED = "locked"
    TOO_LARGE = "too_large"
    KEYCHAIN = "keychain"
    ENCRYPTED = "encrypted"
    EXEC_FAILED = "exec_failed"
    TIMEOUT = "timeout"
    MIGRATION_PENDING = "migration_pending"
    STALE_COPY = "stale_copy"
    NOT_CHECKED = "not_checked"  # known from a place where this check, though its source is configured, does not look
    CRASHED = "crashed"


class Evidence(StrEnum):
    """What a look found in the place of a credential."""

    PRESENT = "present"
    REFUSED = "refused"  # the store or the provider says it was rejected
    BLANKED = "blanked"  # the login is there, its tokens are empty
    UNUSABLE = "unusable"  # its own program would refuse to use it
    ABSENT = "absent"  # expected by its store, its config or a person, and not there
    HIDDEN = "hidden"  # in a keychain, encrypted, or behind a reference that is never resolved


class Rule(StrEnum):
    """The row that decided a verdict, in the order in which the rows are tried."""

    UNREADABLE = "unreadable"
    REJECTED = "rejected"
    BLANKED = "blanked"
    REFUSED = "refused"
    ABSENT = "absent"
    ENDED = "ended"
    UNRENEWED = "unrenewed"
    IDLE = "idle"
    LEAD = "lead"
    HIDDEN = "hidden"
    ENDLESS = "endless"
    FINE = "fine"


class Weight(StrEnum):
    """What changed a row's answer, in the order in which it is laid on the verdict."""

    LAST_KNOWN = "last_known"
    STALLED = "stalled"
    CREDIT = "credit"
    REST = "rest"
    UNUSED = "unused"
    REDUNDANT = "redundant"


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


class Secret:
    """A text that never shows itself; `reveal()` is called only where it is used."""

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text: Final = text

    def reveal(self) -> str:
        """The text."""
        return self._text

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return "…"


class Credential(NamedTuple):
    """Which credential, never the secret. `agent` is "-" for a tool without agents."""

    source: str
    agent: str
    provider: str
    profile: str
    kind: Kind

    @property
    def key(self) -> str:
        """`source/agent/profile`: opaque, never split again."""
        return f"{self.source}/{self.agent}/{self.profile}"


class Use(NamedTuple):
    """How its program uses it.

    `in_use` is None where the program does not say; `rank` counts from 0 in the effective order;
    `unusable_until` ends a cooldown, rate limit or temporary disabling; `out_of_credit` says why it is useless now.
    `session_at` is when its program last wrote a session, to the hour: a hint only, looked for when it matters.
    `why_not`: why its program does not use it, as the end of "not in use: …"; "" where it does or nobody can say.
    """

    in_use: bool | None = None
    rank: int | None = None
    unusable_until: datetime | None = None
    disabled_reason: str | None = None
    out_of_credit: bool = False
    last_used_at: datetime | None = None
    pinned_by: str | None = None
    session_at: datetime | None = None
    why_not: str = ""


class Location(NamedTuple):
    """An environment variable that chose where a source looked: what it held, as people write it, and the absolute
    place that it led to, "" where it led to none."""

    variable: str
    value: str
    path: str = ""

    def holds(self, path: str) -> bool:
        """Whether a path is that place or lies in it; none lies in no place."""
        return bool(self.path) and (path == self.path or path.startswith(self.path.rstrip("/") + "/"))


class Observation(NamedTuple):
    """What one look found. Moments are aware UTC.

    `refreshable`: its program renews it without a person (None: not applicable or cannot tell).
    `fingerprint`: keyed digest of the secret that identifies the login (the refresh token where there is one),
    made by `Host.fingerprint`. `store`: where it was read, as people write it (`~/…`). `from_file` is False for
    what only a process environment holds. `lifetime`: what the credential states, or its kind has. `notes`: facts worth
    showing, in words, free of secrets. `through`: the variables on which it hangs that it was
    found where it lies; the look sets them.
    """

    credential: Credential
    evidence: Evidence = Evidence.PRESENT
    access_expires_at: datetime | None = None
    login_expires_at: datetime | None = None
    refreshable: bool | None = None
    fingerprint: str | None = None
    use: Use = Use()
    store: str = ""
    problem: Problem | None = None
    lifetime: timedelta | None = None
    from_file: bool = True
    notes: tuple[str, ...] = ()
    relogin: str = ""  # the command that renews exactly this one, shell-quoted; "" where only words help
    advice: str = ""  # the next step as a sentence, where the command alone would not do
    host_path: str = ""  # the absolute path that was looked at; not shown
    through: tuple[Location, ...] = ()


class Standing(StrEnum):
    """What a place of a ladder is to its program."""

    SERVES = "serves"
    BEHIND = "behind"  # it holds something, and a place before it serves
    PASSED = "passed"  # it holds something that its program does not take
    EMPTY = "empty"


class Rung(NamedTuple):
    """One place of a program's precedence, as people write it; `key` is the credential there, "" where there is none
    or it is another's. `note`: why it is passed over."""

    place: str
    key: str
    standing: Standing
    note: str = ""


class Lineup(NamedTuple):
    """Who serves a provider for an agent: `keys` of credentials in effective order, then `spare` names of
    environment or config keys. `ordered` is False where the program states no order (no redundancy is inferred).
    One of an MCP server without any keys says that the server is in use and has no login.
    `ladder`: the places of a program that takes the first that holds something, and never falls back on another; then
    `keys` are what lies in that one. `private`: its requests stay in one's own network, where nobody bills them.
    """

    source: str
    agent: str
    provider: str
    keys: tuple[str, ...] = ()
    spare: tuple[str, ...] = ()
    in_use: bool = True
    ordered: bool = True
    ladder: tuple[Rung, ...] = ()
    private: bool = False


#: How the provider of a login to an MCP server begins; the server's name follows.
MCP: Final = "mcp:"

#: The source of troubles that are of no source but our own; no filter hides them.
OURSELVES: Final = "authwatch"


class Trouble(NamedTuple):
    """A source, or one store of it, that could not be read or trusted; the keys beneath it are held."""

    source: str
    problem: Problem
    store: str
    detail: str
    host_path: str = ""
    ignored: bool = False  # a rule says not to watch this source, or nothing reads what it is about


Finding = Observation | Lineup | Trouble


def upwards(path: str) -> Iterator[str]:
    """A path and every folder above it, without a slash at the end; "" for the root."""
    rest = path.rstrip("/")
    while rest:
        yield rest
        rest = rest.rpartition("/")[0]
    if path.startswith("/"):
        yield rest


DAY: Final = timedelta(days=1)


class PolicyRule(NamedTuple):
    """A policy for what `match` (labels, kind included) covers; None leaves the general value."""

    match: Mapping[str, str]
    lead: tuple[timedelta, ...] | None = None
    lifetime: timedelta | None = None
    issued: date | None = None
    watch: bool = True
    remedy: str = ""


class Policy(NamedTuple):
    """Lead steps before a deadline (longest first), rules (the first that matches wins), keys to expect. `unlisted` are
    sources that are looked for unasked: what they find is shown, and ignored. `remedies`: what entries of `sources` say
    is to be done, by their id."""

    lead: tuple[timedelta, ...] = (7 * DAY, 3 * DAY, DAY)
    rules: tuple[PolicyRule, ...] = ()
    expect: tuple[str, ...] = ()
    unlisted: frozenset[str] = frozenset()
    remedies: Mapping[str, str] = MappingProxyType({})


#: For what is believed for good.
FOR_GOOD: Final = timedelta(days=36_525)
#: How many refusals in a row make a login refused.
TWICE: Final = 2


class AnswerMeaning(NamedTuple):
    """What one answer means. `expires_at`: when the provider says that it ends; `credit`: what is left, in words;
    `note`: what else is worth a word, in ours: the provider's own may repeat a part of the secret."""

    answer: Answer
    note: str = ""
    expires_at: datetime | None = None
    credit: str = ""


class ProbeResult(NamedTuple):
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

    def lasting(self) -> ProbeResult:
        """The same, believed for good: what a rehearsal supposes, since in truth it is asked again."""
        return self._replace(every=FOR_GOOD)

    @property
    def proven_until(self) -> datetime | None:
        """Until when the last acceptance proves something."""
        return self.valid_at + 2 * self.every if self.valid_at else None

    def refused(self, now: datetime) -> bool:
        """Whether the provider refused it, twice in a row, as far as that is still believed."""
        return self.refusals >= TWICE and now < self.lapses_at


class Renewal(NamedTuple):
    """A renewal that was seen; `new_login` when a person must have logged in. The moments are those of the new one."""

    key: str
    at: datetime
    new_login: bool
    access_expires_at: datetime | None
    login_expires_at: datetime | None


class ExpectedLogin(NamedTuple):
    """When a person will probably log in next, by `logins` past ones; mostly within `spread` of it."""

    at: datetime
    spread: timedelta
    logins: int


class Remembered(NamedTuple):
    """What the history knows of a key, as far as judging needs it.

    `fingerprint_since` is when this fingerprint was first seen; `overused_at` when a use after the access ran out
    was first seen on this fingerprint; `rotated_at` the last change of fingerprint or expiry seen; `proven` that a
    rotation was seen on this login. `established`: more than one check found it through the same variables.
    `comparable` is False when the fingerprint was made with another key.
    `rotations` are the last renewals and `logins` the moments of past log-ins, oldest first, where they were asked for.
    """

    observation: Observation
    state: State
    needs_human: Need
    deadline: datetime | None
    first_seen_at: datetime
    last_seen_at: datetime
    fingerprint_since: datetime | None = None
    rotated_at: datetime | None = None
    overused_at: datetime | None = None
    proven: bool = False
    established: bool = False
    comparable: bool = True
    ignored: bool = False
    rotations: tuple[Renewal, ...] = ()
    logins: tuple[datetime, ...] = ()


class Verdict(NamedTuple):
    """What an observation means at a moment.

    `until` is the first later moment at which the answer could differ (None: never without a change).
    `step` is the lead step it is in. `vanished`: it was known from a file and is gone; `held`: its store could not
    be read and the moments are the last known ones. `rule` is the row that decided, `weights` what changed its
    answer afterwards, in order. `overused_at`: when a use that should have renewed it was first seen; `expected`: the
    next log-in, where no deadline is known. `proof`: what its provider told when it was last asked.
    """

    seen: Observation
    state: State
    needs_human: Need
    deadline: datetime | None = None
    usable: bool = True
    confidence: Confidence = Confidence.ASSUMED
    because: tuple[str, ...] = ()
    until: datetime | None = None
    step: timedelta | None = None
    in_use: bool = True
    vanished: bool = False
    held: bool = False
    ignored: bool = False
    rotated_at: datetime | None = None
    summary: str = ""
    remedy: str = ""
    shared: str = ""  # which agents have this login, as a sentence; "" where only one is concerned
    rule: Rule = Rule.FINE
    weights: tuple[Weight, ...] = ()
    overused_at: datetime | None = None
    expected: ExpectedLogin | None = None
    proof: ProbeResult | None = None

    @property
    def key(self) -> str:
        return self.seen.credential.key


class ProviderView(NamedTuple):
    """The roll-up of one provider for one agent; `next` is the profile or spare name that serves next."""

    source: str
    agent: str
    provider: str
    usable: int
    total: int
    next: str | None
    in_use: bool
    needs_human: Need


class Judgement(NamedTuple):
    """Everything one look means. `moved` maps an old key to the new one that carries its fingerprint; `released` are
    logins that were asked for before, never there, and are no longer asked for; `lineups` are those of the look;
    `copied` are the keys of logins in several stores that hold one refresh token, the one to keep first; `unnamed` are
    those that were found through variables which are as they were, and that their program no longer names."""

    verdicts: tuple[Verdict, ...]
    providers: tuple[ProviderView, ...]
    troubles: tuple[Trouble, ...]
    until: datetime | None
    moved: tuple[tuple[str, str], ...] = ()
    released: tuple[Observation, ...] = ()
    lineups: tuple[Lineup, ...] = ()
    copied: tuple[tuple[str, ...], ...] = ()
    unnamed: tuple[str, ...] = ()

    @property
    def unread(self) -> frozenset[str]:
        """The sources of which something that counts could not be read: those that the exit code speaks of, too."""
        blind = {one.source for one in self.troubles if not one.ignored and one.problem is not Problem.STALE_COPY}
        for verdict in self.verdicts:
            if verdict.seen.problem and not verdict.ignored and (verdict.held or verdict.state is State.UNKNOWN):
                blind.add(verdict.seen.credential.source)
        return frozenset(blind)


class Transition(NamedTuple):
    """A change, for the history: `before` is None for a key seen for the first time."""

    key: str
    at: datetime
    before: State | None
    after: State
    needs_human: Need
    note: str = ""


class SourceEntry(NamedTuple):
    """One source to look at: its type, its unique id (label `source`), that type's own options, and `where` it
    stands (`file:line`) for error messages. `chosen` is False for a default nobody wrote down. `trusted`: the
    config file is ours or root's and nobody else can write it, so that the entry may run programs."""

    type: str
    id: str
    options: Mapping[str, Any] = MappingProxyType({})
    where: str = ""
    chosen: bool = True
    trusted: bool = False
