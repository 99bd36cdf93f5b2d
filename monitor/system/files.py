"""Files as a window touches them: ourselves, or by a child where they are another user's or may hang for good."""

from __future__ import annotations

import os
from collections.abc import Callable
from contextlib import suppress
from datetime import timedelta
from functools import cached_property
from itertools import islice
from math import inf
from pathlib import Path
from time import monotonic
from typing import TYPE_CHECKING, Any, Final, Self, TypeVar

from monitor.model import Problem
from monitor.system.mounts import Mounts, mounts
from monitor.system.owners import NeedsChild, PathWalk, opened, opened_by_root, whole

if TYPE_CHECKING:
    from monitor.system.file_reader import FileReader

T = TypeVar("T")

#: (device, inode, size, mtime_ns, ctime_ns), or None for what is not there.
Stamp = tuple[int, int, int, int, int] | None

#: How long a child that reads for us is waited for, in seconds, and how many of them there may be.
ANSWER_SECONDS: Final = 5.0
MAX_READERS: Final = 16


class Unreadable(Exception):
    """Something could not be read or understood; carries place and kind, never a content."""

    def __init__(self, problem: Problem, path: Path, detail: str) -> None:
        super().__init__(f"{path}: {detail}")
        self.problem, self.path, self.detail = problem, path, detail


def stamp_of(found: os.stat_result) -> Stamp:
    """The stamp of a stat result."""
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


class Files:
    """What lies in a home, and beyond; every method raises `Unreadable` where nobody answers or may ask.

    `ends` is until when, by the steady clock, whoever uses this has to be done; `limits` how long an answer stands
    where no stamp would show a change; `hung` what did not answer.

    As root, what another user owns, and all that a home of another user leads to, is read by a child that has become
    that user; where it may not, the home is unreadable. What may hang for good is left to a child as well.
    """

    def __init__(self, home: Path, uid: int, known: Files | None = None) -> None:
        """`known`: another one, which has looked at this machine already."""
        self.home, self.uid = home, uid
        self.ends: float = known.ends if known else inf
        self.limits: list[timedelta] = []
        self.mounts: Mounts = known.mounts if known else mounts()
        self.hung: set[str] = known.hung if known else set()
        self._ways: PathWalk = known._ways if known else PathWalk(root=uid == 0, hanging=self.mounts.places)
        self._readers: dict[tuple[int | None, str], FileReader] = {}

    def theirs(self, path: Path) -> bool:
        """Whether only a child may touch a path, whosoever the home is."""
        return self.uid == 0 and isinstance(self._ways.of(os.path.abspath(path)), NeedsChild)

    def whatever_home(self) -> Self:
        """This window; what it reads is judged by its own owner, not by that of the home."""
        self._of_home = None
        return self

    def close(self) -> None:
        """Lets go of the children that read."""
        for reader in self._readers.values():
            reader.close()

    def left(self) -> float:
        """How many seconds there are until `ends`."""
        return max(0.0, self.ends - monotonic())

    def believe_for(self, span: timedelta) -> None:
        """Says that what was seen may change without a touch showing it, so that it stands for so long at most."""
        if span not in self.limits:
            self.limits.append(span)

    def real(self, path: Path) -> Path:
        """The path behind every link, as far as it exists; unlike `Path.resolve` it survives a loop on Python 3.11."""
        way = self._way(path)
        if isinstance(way, str):
            return Path(os.path.realpath(way))
        return Path(str(self._asked(path, way._replace(rest=str(path)), "real")[0]))

    def _names(self, folder: Path, most: int) -> list[str]:
        """The names in a folder, in no order, `most` of them at most. Raises OSError, ValueError, Unreadable."""
        way = self._way(folder)
        if isinstance(way, NeedsChild):
            return [str(name) for name in self._asked(folder, way, "names", most)[0]]
        with os.scandir(way) as found:
            return [one.name for one in islice(found, most)]

    def _stat(self, path: Path) -> tuple[Stamp, int]:
        """The stamp and the mode of what a path leads to. Raises OSError, ValueError, Unreadable."""
        way = self._way(path)
        if isinstance(way, str):
            found = os.stat(way)
            return stamp_of(found), found.st_mode
        numbers = self._asked(path, way, "stat")[0]
        return _stamp_in(numbers), int(numbers[5])

    def _read(self, path: Path, limit: int) -> tuple[Stamp, bytes | None]:
        """The stamp and the bytes of a regular file, None for too many. Raises OSError, ValueError, Unreadable."""
        way = self._way(path)
        if isinstance(way, NeedsChild):
            (numbers, fits), raw = self._asked(path, way, "read", limit)
            return _stamp_in(numbers), raw if fits else None
        handle = opened_by_root(way) if self.uid == 0 else opened(way)
        try:
            found = os.fstat(handle)
            return stamp_of(found), None if found.st_size > limit else whole(handle, limit)
        finally:
            os.close(handle)

    def _way(self, path: Path) -> str | NeedsChild:
        """Where a path leads: itself where we may follow it, else who may, and from where."""
        text = str(path)
        if (self.uid != 0 and not self.mounts.places) or "\0" in text:
            return text
        text = os.path.abspath(text) if not text.startswith("/") else text
        if self.uid != 0 or (theirs := self._of_home) is None:
            return self._ways.of(text)
        home = str(self.home)
        if theirs.anchor and (text == home or text.startswith(f"{home.rstrip('/')}/")):
            return theirs._replace(rest=text[len(home) :].strip("/"))
        return NeedsChild(theirs.uid, "", text)

    @cached_property
    def _of_home(self) -> NeedsChild | None:
        """As root: whose the home is, where it is another user's."""
        home = os.path.abspath(self.home)
        way = self._ways.of(home)
        if isinstance(way, NeedsChild) and way.uid is None:
            with suppress(OSError):
                owner = int(self._asked(self.home, way, "stat")[0][6])
                return NeedsChild(owner, "", home) if owner else None
            return None
        if isinstance(way, NeedsChild):
            return way if way.anchor and not way.rest else NeedsChild(way.uid, "", home)
        owner = _owner(way)  # one that is not mapped into our user namespace is on the way there, but not at home
        return NeedsChild(owner, way, "") if owner else None

    def _asked(
        self, path: Path, way: NeedsChild, what: str, *numbers: int, work: Callable[[str], object] | None = None
    ) -> tuple[Any, bytes]:
        """What the child that may touch the path says of it, or what `work` makes of it there.

        Raises OSError, and Unreadable where it does not answer, or may not be what it would have to be.
        """
        from monitor.system.file_reader import FileReader, NotAllowed, OtherUser

        text, who = str(path), (way.uid, way.anchor)
        place = self.mounts.above(way.rest) if way.uid is None else self.mounts.above(text)
        if place in self.hung or text in self.hung:
            raise Unreadable(Problem.TIMEOUT, path, "its file system does not answer")
        if place != self.mounts.above(str(self.home)):
            self.believe_for(timedelta())  # to compare stamps would be to ask what may hang
        patience = min(ANSWER_SECONDS, self.left())
        reader = None if work else self._readers.get(who)
        try:
            if reader is None or reader.closed:
                if len(self._readers) >= MAX_READERS:
                    raise Unreadable(Problem.TOO_LARGE, path, "too many places that belong to other users")
                reader = FileReader(*who, work)
                if work is None:
                    self._readers[who] = reader
            return reader.ask(what, way.rest, patience, *numbers)
        except OtherUser as theirs:
            return self._asked(path, NeedsChild(theirs.uid, "", text), what, *numbers, work=work)
        except TimeoutError:
            self.believe_for(timedelta())
            self.hung.add(place or text)
            detail = f"no answer within {patience:.0f} s: its file system does not answer"
            raise Unreadable(Problem.TIMEOUT, path, detail) from None
        except NotAllowed:
            home = self.home if self._of_home else Path(way.anchor or path)
            raise Unreadable(Problem.UNREADABLE, home, _belongs(way.uid, self.home)) from None
        finally:
            if work and reader:
                reader.close()

    def _made(self, path: Path, way: NeedsChild, work: Callable[[str], T]) -> T:
        """What `work` makes of the path in a child that may touch it. Raises Unreadable, also what `work` raised."""
        from monitor.system.file_reader import unpacked

        def guarded(place: str) -> tuple[object, ...]:
            try:
                return "", work(place)
            except Unreadable as error:
                return str(error.problem), error.path, error.detail

        try:
            told = unpacked(self._asked(path, way, "work", work=guarded)[1])
        except (OSError, ValueError) as error:
            raise Unreadable(Problem.UNREADABLE, path, why(error)) from None
        match told:
            case ("", answer):
                found: T = answer
                return found
            case (str(problem), Path() as where, str(detail)):
                raise Unreadable(Problem(problem), where, detail)
        raise Unreadable(Problem.UNREADABLE, path, "the process that reads it has answered nonsense")


def _stamp_in(numbers: Any) -> Stamp:
    """The stamp in what a child told of a file."""
    device, inode, size, written, changed, *_ = map(int, numbers)
    return (device, inode, size, written, changed)


def _owner(path: str) -> int:
    try:
        return os.stat(path).st_uid
    except (OSError, ValueError):
        return 0


def _belongs(uid: int | None, home: Path) -> str:
    """That a home is another user's, whose we cannot become, and what watches it instead."""
    import pwd

    accounts = [one for one in pwd.getpwall() if one.pw_uid == uid or one.pw_dir == str(home)]
    name = next((one.pw_name for one in accounts if one.pw_dir == str(home)), accounts[0].pw_name if accounts else "")
    whom = name or "another user"
    way_out = f"authwatch install systemd --system --user-name {name or 'USER'}"
    return f"belongs to {whom}, and this process may not read as another user; to check it as {whom}: {way_out}"


def why(error: Exception) -> str:
    """What went wrong, in the system's own words."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return type(error).__name__
