"""The only window of a source on the machine: files, folders, SQLite and environment, every touch noted."""

from __future__ import annotations

import hmac
import json
import os
import stat
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import timedelta
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

from monitor.model import Problem

if TYPE_CHECKING:
    from monitor.model import Credential
    from monitor.system.sqlite_file import Database
    from monitor.vault import Vault

T = TypeVar("T")

#: (device, inode, size, mtime_ns, ctime_ns), or None for what is not there.
Stamp = tuple[int, int, int, int, int] | None

#: What one file may have, what all files of one source together, and what one text of JSON and one folder: many times
#: what any program writes, and little enough that nobody's tree costs more than a moment.
MAX_BYTES: Final = 8 * 1024 * 1024
MAX_ALL: Final = 32 * 1024 * 1024
MAX_VALUES: Final = 300_000
MAX_NAMES: Final = 100_000
MAX_DEPTH: Final = 64


class Unreadable(Exception):
    """Something could not be read or understood; carries place and kind, never a content."""

    def __init__(self, problem: Problem, path: Path, detail: str) -> None:
        super().__init__(f"{path}: {detail}")
        self.problem, self.path, self.detail = problem, path, detail


def stamp_of(found: os.stat_result) -> Stamp:
    """The stamp of a stat result."""
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def printable(name: str) -> str:
    """A name that any output can carry: what is no text (half of a pair, a byte of a file's name) is written out."""
    return name if name.isascii() else name.encode("utf-8", "backslashreplace").decode("utf-8")


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


class Host:
    """A home, an environment and a fingerprint key; reads, never writes, and remembers what it touched.

    `touches` maps absolute paths to the stamp taken *before* reading; `asked` maps the environment names that were
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
        vault: Vault | None = None,
    ) -> None:
        self.home = home
        self.vault = vault
        self.touches: dict[str, Stamp] = {}
        self.asked: dict[str, str | None] = {}
        self.limits: list[timedelta] = []
        self.spent = Counter[str]()
        self.uid = os.geteuid() if uid is None else uid
        self._environ = environ
        self._key = key or os.urandom(32)
        try:
            self._home_uid = home.stat().st_uid
        except OSError:
            self._home_uid = self.uid

    def at(self, home: Path) -> Host:
        """The same window with another home; touches and key are shared."""
        other = Host(home, self._environ, key=self._key, uid=self.uid, vault=self.vault)
        other.touches, other.asked, other.limits = self.touches, self.asked, self.limits
        other.spent = self.spent
        return other

    def keyed(self, key: bytes | None, vault: Vault | None = None) -> Host:
        """The same window with the fingerprint key, and a vault if providers are asked."""
        other = Host(self.home, self._environ, key=key, uid=self.uid, vault=vault)
        other.touches, other.asked, other.limits = self.touches, self.asked, self.limits
        return other

    def within(self, environ: Mapping[str, str]) -> Host:
        """A window with another environment on the same home, with touches of its own."""
        return Host(self.home, environ, key=self._key, uid=self.uid)

    def alone(self) -> Host:
        """The same window with touches of its own: for code that may be left behind."""
        return Host(self.home, self._environ, key=self._key, uid=self.uid)

    def believe_for(self, span: timedelta) -> None:
        """Says that what was seen may change without a touch showing it, so that it stands for so long at most."""
        self.limits.append(span)

    # -- names and secrets ------------------------------------------------------------------------------------

    def env(self, name: str) -> str | None:
        """The value of an environment variable, None when unset."""
        value = self._environ.get(name)
        self.asked[name] = value
        return value

    def env_names(self, prefix: str) -> tuple[str, ...]:
        """The set variables that begin with `prefix`; for lists that a user names by prefix."""
        return tuple(sorted(n for n in self._environ if n.startswith(prefix)))

    def fingerprint(self, secret: str) -> str:
        """A keyed digest of a secret: HMAC-SHA256, 128 bits, hex."""
        return hmac.new(self._key, secret.encode("utf-8", "surrogatepass"), "sha256").hexdigest()[:32]

    def offer(self, who: Credential, secret: str, at: str = "") -> None:
        """Offers the key or access token of a login, never a refresh token, to a pass that asks its provider; otherwise
        nothing happens. `at` is the address that its own program sends it to, "" for the provider's own."""
        if self.vault is not None:
            self.vault.keep(who, secret, at)

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
        """Notes a touch and returns its stamp; the first look of a pass counts."""
        seen = stamp(path)
        self.touches.setdefault(str(path), seen)
        return seen

    def exists(self, path: Path) -> bool:
        """Whether something is there; what cannot be seen counts as there, so that reading it says why."""
        return self.note(path) is not None or present(path)

    def is_dir(self, path: Path) -> bool:
        """Whether a folder is there."""
        self.note(path)
        try:
            return path.is_dir()
        except OSError:
            return False

    def names(self, folder: Path) -> tuple[str, ...]:
        """The sorted names in a folder; empty when there is none."""
        self.note(folder)
        try:
            with os.scandir(folder) as found:
                names = [one.name for one in islice(found, MAX_NAMES + 1)]
        except (FileNotFoundError, NotADirectoryError):
            return ()
        except OSError as error:
            raise Unreadable(Problem.UNREADABLE, folder, why(error)) from None
        if len(names) > MAX_NAMES:
            raise Unreadable(Problem.TOO_LARGE, folder, f"more than {MAX_NAMES} names in a folder")
        return tuple(sorted(names))

    def read(self, path: Path, limit: int = MAX_BYTES) -> bytes | None:
        """The bytes of a regular file; None when it is not there."""
        try:
            handle = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC | os.O_NOCTTY)
        except (FileNotFoundError, NotADirectoryError):
            self.touches.setdefault(str(path), None)
            return None
        except (OSError, ValueError) as error:
            self.note(path)
            raise Unreadable(Problem.UNREADABLE, path, why(error)) from None
        try:
            found = os.fstat(handle)
            self.touches.setdefault(str(path), stamp_of(found))
            self._allow(path, found)
            if found.st_size > limit:
                raise Unreadable(Problem.TOO_LARGE, path, f"{found.st_size} bytes, at most {limit} are read")
            self.spent["bytes"] += found.st_size
            if self.spent["bytes"] > MAX_ALL:
                raise Unreadable(Problem.TOO_LARGE, path, f"with this file its source has more than {MAX_ALL} bytes")
            parts = []
            left = limit + 1
            while left > 0 and (part := os.read(handle, min(left, 1 << 20))):
                parts.append(part)
                left -= len(part)
            if left <= 0:
                raise Unreadable(Problem.TOO_LARGE, path, f"more than {limit} bytes")
            return b"".join(parts)
        except OSError as error:
            raise Unreadable(Problem.UNREADABLE, path, why(error)) from None
        finally:
            os.close(handle)

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

    def _allow(self, path: Path, found: os.stat_result) -> None:
        if not stat.S_ISREG(found.st_mode):
            raise Unreadable(Problem.UNREADABLE, path, "not a regular file")
        # As root, a link planted in another user's tree must not make us read a third party's file.
        if self.uid == 0 and self._home_uid not in (0, found.st_uid) and os.path.realpath(path) != str(path):
            raise Unreadable(Problem.UNREADABLE, path, "a link to a file of another user is not followed as root")

    # -- SQLite -----------------------------------------------------------------------------------------------

    def sqlite(self, path: Path, ask: Callable[[Database], T]) -> T | None:
        """What `ask` finds in the tables of a program's database, in use or not; None when it is not there.

        The file is read, never opened with SQLite: see `monitor.system.sqlite_file`.
        """
        try:
            found = os.stat(path)
        except (FileNotFoundError, NotADirectoryError):
            self.touches.setdefault(str(path), None)
            return None
        except OSError as error:
            self.note(path)
            raise Unreadable(Problem.UNREADABLE, path, why(error)) from None
        self.touches.setdefault(str(path), stamp_of(found))
        self._allow(path, found)
        real = os.path.realpath(path)  # SQLite keeps log and journal beside the file, not beside a link to it
        for end in ("", "-wal", "-journal"):
            self.note(Path(f"{real}{end}"))
        from monitor.system.sqlite_file import Unfit, read

        try:
            return read(real, ask)
        except Unfit as error:
            raise Unreadable(error.problem, path, error.detail) from None


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


def why(error: Exception) -> str:
    """What went wrong, in the system's own words."""
    if isinstance(error, OSError) and error.strerror:
        return error.strerror.lower()
    return type(error).__name__
