"""What the stores of all programs share: whose home is meant, where a store lies, what its tokens say."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any, Final, NamedTuple

from monitor.model import Credential, Evidence, Finding, Kind, Observation, Problem, SourceEntry, Trouble
from monitor.sources.timestamps import moment
from monitor.system.host import Host, Unreadable

Read = Callable[[Mapping[str, Any]], Iterable[Finding]]


class StorePlace(NamedTuple):
    """Where an entry looks: `host` has its home. The options `home` and `path` make a login expected; with either, the
    environment, which is another's, is not asked."""

    outer: Host
    host: Host
    entry: SourceEntry

    @classmethod
    def of(cls, host: Host, entry: SourceEntry) -> StorePlace:
        home = entry.options.get("home")
        return cls(host, host.at(host.path(home)) if home else host, entry)

    @property
    def expected(self) -> bool:
        """Whether somebody named the place, so that nothing there is a loss."""
        return bool(self.entry.options)

    def env(self, name: str) -> str:
        """A variable of this user's environment; "" when unset, blank, or another's."""
        return "" if self.expected else (self.host.env(name) or "").strip()

    def folder(self, moved_by: str, default: str) -> Path:
        """The folder that a variable names, else the default one."""
        return self.host.path(self.env(moved_by) or default)

    def file(self, default: Path) -> Path:
        """The store: the option `path`, else where its program keeps it."""
        return self.outer.path(self.entry.options["path"]) if "path" in self.entry.options else default

    def who(self, provider: str, profile: str, kind: Kind) -> Credential:
        """A credential of the entry, with names that any output can carry."""
        return Credential(self.entry.id, "-", printable(provider), printable(profile), kind)

    def blank(self, provider: str, profile: str, kind: Kind, path: Path, relogin: str = "") -> Observation:
        """An observation with nothing but its name and place."""
        who = self.who(provider, profile, kind)
        return Observation(who, store=printable(self.outer.show(path)), host_path=str(path), relogin=relogin)


def json_store(place: StorePlace, path: Path, blank: Observation, read: Read) -> Iterator[Finding]:
    """What `read` makes of the JSON object in a file; one that holds no login is a login that is missing. Silent where
    there is no file and none is expected."""
    try:
        stored = place.host.json(path)
        if stored is None and not place.host.exists(path):
            if place.expected:
                yield blank._replace(evidence=Evidence.ABSENT)
            return
        if not isinstance(stored, Mapping):
            raise Unreadable(Problem.PARSE, path, "not a JSON object")
        found = list(read(stored))
    except Unreadable as error:
        yield unread(blank, error)
        return
    yield from found or [blank._replace(evidence=Evidence.ABSENT)]


def unread(blank: Observation, error: Unreadable) -> Observation:
    """A login whose store could not be read or understood."""
    return blank._replace(problem=error.problem, notes=(error.detail,))


def unclear(blank: Observation, why: str) -> Observation:
    """A login that is written in a way we do not understand."""
    return blank._replace(problem=Problem.PARSE, notes=(*blank.notes, why))


def tokens(
    host: Host,
    blank: Observation,
    stored: Mapping[str, Any],
    access: str = "access_token",
    refresh: str = "refresh_token",
    expires: str = "expires_at",
) -> Observation:
    """What a pair of tokens says, by the names of its fields; both empty is blanked, both away is absent."""
    pair = (stored.get(access), stored.get(refresh))
    if not all(token is None or isinstance(token, str) for token in pair):
        return unclear(blank, "a token is not a text")
    first, second = pair
    if not first and not second:
        empty = first is not None or second is not None
        return blank._replace(evidence=Evidence.BLANKED if empty else Evidence.ABSENT)
    try:
        ends = moment(stored.get(expires))
    except ValueError:
        return unclear(blank, f"{expires} is no moment")
    print_of = host.fingerprint(second or first or "")
    host.offer(blank.credential, first or "")
    return blank._replace(access_expires_at=ends, refreshable=bool(second), fingerprint=print_of)


def secret(host: Host, blank: Observation, value: Any, at: str = "") -> Observation:
    """What a single secret without an end says: a key or a token that nothing renews. `at` is where its program sends
    it, if not to the provider's own address."""
    if value is None:
        return blank._replace(evidence=Evidence.ABSENT)
    if not isinstance(value, str):
        return unclear(blank, "its secret is not a text")
    if not value.strip():
        return blank._replace(evidence=Evidence.BLANKED, refreshable=False)
    host.offer(blank.credential, value, at)
    return blank._replace(refreshable=False, fingerprint=host.fingerprint(value.strip()))


def apart(found: Iterable[Finding]) -> list[Finding]:
    """The findings, in which a store that cannot be read is a trouble where another has a login of its name already."""
    seen: set[str] = set()
    kept: list[Finding] = []
    for one in found:
        if isinstance(one, Observation) and one.credential.key in seen and one.problem:
            kept.append(Trouble(one.credential.source, one.problem, one.store, " ".join(one.notes), one.host_path))
            continue
        if isinstance(one, Observation):
            seen.add(one.credential.key)
        kept.append(one)
    return kept


def printable(name: str) -> str:
    """A name that any output can carry: what is no UTF-8 is written out."""
    return name.encode("utf-8", "backslashreplace").decode()


#: Far beyond any token or certificate chain.
MOST: Final = 1024 * 1024

#: The provider of an entry that names none.
CUSTOM: Final = "custom"

ReadFile = Callable[[Host, bytes, Observation], Observation]


def observe_file(host: Host, entry: SourceEntry, kind: Kind, read: ReadFile) -> Iterator[Finding]:
    """What `read` makes of the file at the option `path`; its ValueError, free of secrets, is a parse problem."""
    if "path" not in entry.options:
        return
    path = host.path(entry.options["path"])
    who = Credential(entry.id, "-", entry.options.get("provider", CUSTOM), entry.id, kind)
    blank = Observation(who, store=host.show(path), host_path=str(path))
    try:
        raw = host.read(path, MOST)
        if raw is None:
            yield blank._replace(evidence=Evidence.ABSENT)
        elif not raw.strip():
            yield blank._replace(problem=Problem.PARSE, notes=("the file is empty",))
        else:
            yield read(host, raw, blank._replace(refreshable=False))
    except Unreadable as error:
        yield blank._replace(problem=error.problem, notes=(error.detail,))
    except ValueError as error:
        yield blank._replace(problem=Problem.PARSE, notes=(str(error),))
