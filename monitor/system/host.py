"""The only window of a source on the machine: files, folders, SQLite and environment, every touch noted."""

from __future__ import annotations

import hmac
import json
import os
import re
import stat
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from monitor.model import Problem
from monitor.system.files import Files, Stamp, Unreadable, stamp_of, why

if TYPE_CHECKING:
    from monitor.model import Credential
    from monitor.system.key_offer import OfferedKeys
    from monitor.system.sqlite_file import Database

__all__ = ["MAX_BYTES", "MAX_DEPTH", "Host", "Stamp", "Unreadable", "parse_json", "printable", "stamp", "stamp_of"]

T = TypeVar("T")

#: What one file may have, what all files of one source together, and what one text of JSON and one folder: many times
#: what any program writes, and little enough that nobody's tree costs more than a moment.
MAX_BYTES: Final = 8 * 1024 * 1024
MAX_ALL: Final = 32 * 1024 * 1024
MAX_VALUES: Final = 300_000
MAX_NAMES: Final = 100_000
MAX_DEPTH: Final = 64


def printable(name: str) -> str:
    """A name that any output can carry: what is no text (half of a pair, a byte of a file's name) is written out."""
    return name if name.isascii() else name.encode("utf-8", "backslashreplace").decode("utf-8")


def below_home(text: str, home: Path) -> str:
    """A text for people in which every path below the home is written as `~/…`, as `Host.show` writes a single one."""
    if home == home.parent or not home.is_absolute():
        return text
    return re.sub(rf"(?<![\w./~-]){re.escape(str(home))}(?=/|[^\w.@+-]|\.?$|\. )", "~", text)


def stamp(path: str | Path) -> Stamp:
    """The stamp of a path now; None when nothing can be seen there."""
    try:
        return stamp_of(os.stat(path))
    except (OSError, ValueError):
        return None


def present(path: str | Path) -> bool:
    """Whether something is at a path; what cannot be seen counts as there."""
    try:
        os.stat(path)
    except (FileNotFoundError, NotADirectoryError, ValueError):
        return False
    except OSError:
        return True
    return True


class Host(Files):
    """A home, an environment and a fingerprint key; reads, never writes, and remembers what it touched.

    `touches` maps absolute paths to the stamp taken *before* reading, `beginnings` what names in a folder begin with,
    behind the folder's path, to those names; `asked` maps the environment names that were
    asked for to what they held, `limits` how long an answer stands where no touch would show a change. Reading raises
    `Unreadable`, a missing file gives None.
    """

    def __init__(
        self,
        home: Path,
        environ: Mapping[str, str],
        *,
        key: bytes | None = None,
        uid: int | None = None,
        offered_keys: OfferedKeys | None = None,
        known: Files | None = None,
    ) -> None:
        super().__init__(home, os.geteuid() if uid is None else uid, known)
        self.offered_keys = offered_keys
        self.touches: dict[str, Stamp] = {}
        self.beginnings: dict[str, tuple[str, ...]] = {}
        self.asked: dict[str, str | None] = {}
        self.spent = Counter[str]()
        self._environ = environ
        self._key = key or os.urandom(32)

    def at(self, home: Path) -> Host:
        """The same window with another home; touches and key are shared."""
        return self._like(home, self._key, self.offered_keys).sharing(self)

    def keyed(self, key: bytes | None, offered_keys: OfferedKeys | None = None) -> Host:
        """The same window with the fingerprint key, and a place for offered keys if providers are asked."""
        return self._like(self.home, key, offered_keys).sharing(self)

    def named(self, path: Path) -> Host:
        """The same window for a file that a person named: as root, where it is root's and not what a home of another
        user leads to, what it names in turn is root's word."""
        return self if self.theirs(path) else self.at(self.home).whatever_home()

    def within(self, environ: Mapping[str, str]) -> Host:
        """A window with another environment on the same home, with touches of its own."""
        return Host(self.home, environ, key=self._key, uid=self.uid, known=self)

    def alone(self) -> Host:
        """The same window with touches of its own: for code that may be left behind."""
        return self._like(self.home, self._key, None)

    def sharing(self, other: Host) -> Host:
        """This window, noting what it touches where the other does."""
        self.touches, self.asked, self.limits = other.touches, other.asked, other.limits
        self.beginnings = other.beginnings
        self.spent = other.spent
        self._readers = other._readers
        return self

    def take(self, alone: Host) -> None:
        """Notes what was touched, asked and offered through a window of its own, whose work is done."""
        self.touches.update({**alone.touches, **self.touches})
        self.beginnings.update({**alone.beginnings, **self.beginnings})
        self.asked.update(alone.asked)
        self.limits += alone.limits
        if self.offered_keys is not None and alone.offered_keys is not None:
            self.offered_keys.take(alone.offered_keys)
        alone.close()

    def _like(self, home: Path, key: bytes | None, offered_keys: OfferedKeys | None) -> Host:
        return Host(home, self._environ, key=key, uid=self.uid, offered_keys=offered_keys, known=self)

    # -- names and secrets ------------------------------------------------------------------------------------

    def env(self, name: str) -> str | None:
        """The value of an environment variable, None when unset."""
        value = self._environ.get(name)
        self.asked[name] = value
        return value

    def fingerprint(self, secret: str) -> str:
        """A keyed digest of a secret: HMAC-SHA256, 128 bits, hex."""
        return hmac.new(self._key, secret.encode("utf-8", "surrogatepass"), "sha256").hexdigest()[:32]

    def offer(self, who: Credential, secret: str, at: str = "") -> None:
        """Offers the key or access token of a login, never a refresh token, to a check that asks its provider;
        otherwise nothing happens. `at` is the address that its own program sends it to, "" for the provider's own."""
        if self.offered_keys is not None:
            self.offered_keys.keep(who, secret, at)

    @property
    def key_id(self) -> str:
        """Tells one fingerprint key from another without showing it."""
        return hmac.new(self._key, b"authwatch key id", "sha256").hexdigest()[:8]

    def path(self, text: str) -> Path:
        """An absolute path from what people write: `~`, or relative to the home."""
        if text == "~" or text.startswith("~/"):
            return self.home / text[2:]
        return self.home / text

    def show(self, path: Path) -> str:
        """The path as people write it: below the home as `~/…`; bytes of a name that are no text are written out."""
        try:
            rest = path.relative_to(self.home)
        except ValueError:
            return printable(str(path))
        return "~" if rest == Path() else printable(f"~/{rest}")

    # -- files ------------------------------------------------------------------------------------------------

    def note(self, path: Path) -> Stamp:
        """Notes a touch and returns its stamp; the first look of a check counts."""
        seen = self.stamp(path)
        self.touches.setdefault(str(path), seen)
        return seen

    def stamp(self, path: Path) -> Stamp:
        """The stamp of a path now, without noting it; None when nothing can be seen there."""
        try:
            return self._stat(path)[0]
        except (OSError, ValueError):
            return None

    def exists(self, path: Path) -> bool:
        """Whether something is there; what cannot be seen counts as there, so that reading it says why."""
        return self.note(path) is not None or self.present(path)

    def present(self, path: Path) -> bool:
        """Whether something is there, without noting it; what cannot be seen counts as there."""
        try:
            self._stat(path)
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return False
        except (OSError, Unreadable):
            return True
        return True

    def is_dir(self, path: Path) -> bool:
        """Whether a folder is there."""
        self.note(path)
        try:
            return stat.S_ISDIR(self._stat(path)[1])
        except (OSError, ValueError):
            return False

    def names(self, folder: Path) -> tuple[str, ...]:
        """The sorted names in a folder; empty when there is none."""
        self.note(folder)
        return self._listed(folder)

    def beginning(self, folder: Path, prefix: str) -> tuple[str, ...]:
        """The sorted names in a folder that begin so. Noted are these alone: of a home, where much comes and goes."""
        names = tuple(name for name in self._listed(folder) if name.startswith(prefix))
        self.beginnings.setdefault(str(folder / prefix), names)
        return names

    def _listed(self, folder: Path) -> tuple[str, ...]:
        try:
            names = self._names(folder, MAX_NAMES + 1)
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except OSError as error:
            raise Unreadable(Problem.UNREADABLE, folder, why(error)) from None
        if len(names) > MAX_NAMES:
            raise Unreadable(Problem.TOO_LARGE, folder, f"more than {MAX_NAMES} names in a folder")
        return tuple(sorted(names))

    def read(self, path: Path, limit: int = MAX_BYTES) -> bytes | None:
        """The bytes of a regular file; None when it is not there."""
        seen = self._seen(path, lambda: self._read(path, limit))
        if seen is None:
            return None
        found, raw = seen
        if raw is None:
            size = found[2] if found and found[2] > limit else f"more than {limit}"
            raise Unreadable(Problem.TOO_LARGE, path, f"{size} bytes, at most {limit} are read")
        self.spent["bytes"] += len(raw)
        if self.spent["bytes"] > MAX_ALL:
            raise Unreadable(Problem.TOO_LARGE, path, f"with this file its source has more than {MAX_ALL} bytes")
        return raw

    def _seen(self, path: Path, look: Callable[[], tuple[Stamp, T]]) -> tuple[Stamp, T] | None:
        """What a look finds behind a file's stamp, which is noted; None when it is not there. Raises Unreadable."""
        try:
            found = look()
        except (FileNotFoundError, NotADirectoryError):
            self.touches.setdefault(str(path), None)
            return None
        except (OSError, ValueError) as error:
            self.note(path)
            raise Unreadable(Problem.UNREADABLE, path, why(error)) from None
        self.touches.setdefault(str(path), found[0])
        return found

    def text(self, path: Path, limit: int = MAX_BYTES) -> str | None:
        """A file's UTF-8 text without a byte order mark; None when it is not there."""
        raw = self.read(path, limit)
        if raw is None:
            return None
        try:
            return raw.decode("utf-8-sig")
        except UnicodeDecodeError as error:
            raise Unreadable(Problem.PARSE, path, f"not UTF-8 at byte {error.start}") from None

    def json(self, path: Path) -> Any:
        """A file's JSON value; None when the file is not there."""
        text = self.text(path)
        return None if text is None else parse_json(text, path)

    # -- SQLite -----------------------------------------------------------------------------------------------

    def sqlite(self, path: Path, ask: Callable[[Database], T]) -> T | None:
        """What `ask` finds in the tables of a program's database, in use or not; None when it is not there.

        The file is read, never opened with SQLite: see `monitor.system.sqlite_file`.
        """
        seen = self._seen(path, lambda: self._stat(path))
        if seen is None:
            return None
        if not stat.S_ISREG(seen[1]):
            raise Unreadable(Problem.UNREADABLE, path, "not a regular file")
        real = self.real(path)  # SQLite keeps log and journal beside the file, not beside a link to it
        for end in ("", "-wal", "-journal"):
            self.note(Path(f"{real}{end}"))
        from monitor.system.sqlite_file import UnreadableFile, read

        def answer(place: str) -> T:
            try:
                return read(place, ask)
            except UnreadableFile as error:
                raise Unreadable(error.problem, path, error.detail) from None

        way = self._way(real)
        return answer(way) if isinstance(way, str) else self._made(path, way, answer)


def parse_json(text: str, path: Path) -> Any:
    """A JSON value; errors name line and column, never the text."""
    if len(text) > MAX_VALUES and sum(map(text.count, ",[{")) > MAX_VALUES:  # each costs up to 200 bytes when read
        raise Unreadable(Problem.TOO_LARGE, path, f"more than {MAX_VALUES} values")
    try:
        value = json.loads(text, parse_constant=_no_constant)
    except json.JSONDecodeError as error:
        raise Unreadable(Problem.PARSE, path, f"not JSON: line {error.lineno}, column {error.colno}") from None
    except RecursionError:
        raise Unreadable(Problem.PARSE, path, "nested too deeply") from None
    except ValueError:
        raise Unreadable(Problem.PARSE, path, "NaN, Infinity or a number with too many digits") from None
    return value


def _no_constant(name: str) -> None:
    """NaN and Infinity: Python would take them, JSON and the programs that own the stores do not."""
    raise ValueError
