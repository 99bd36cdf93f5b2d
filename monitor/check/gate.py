"""May this check stop here? Everything the last full check touched, compared by stat alone.

This is the whole fast path: it may import nothing but `os` and one hash (`json` alone would double what it costs, a
bare interpreter), so the file it reads is plain text, and the moments in it are epoch seconds.
"""

from __future__ import annotations

import os
import time

from monitor import __version__

try:  # hashlib would load OpenSSL as well, which costs more than the whole gate
    from _blake2 import blake2b
except ImportError:
    from hashlib import blake2b

FORMAT = f"authwatch checkpoint 5 {__version__}"
NAME = "checkpoint"
KEY_NAME = "key"

#: A file that changed this close to the look may change again without its stamp showing it (coarse mtimes).
TRUST_SECONDS = 2.0
#: A check looks fully at least this often.
LONGEST_SECONDS = 86_400.0

CHECK_STAMP = b"authwatch_check_last_success_timestamp_seconds "
SOURCE_STAMP = b"authwatch_source_last_success_timestamp_seconds{"
PROFILES_BEGIN = b"# HELP authwatch_provider_profiles "

#: What file systems that may hang begin with in /proc/self/mountinfo; `monitor.system.mounts` knows them exactly.
HANGING = (b" - fuse", b" - nfs", b" - cifs", b" - smb", b" - 9p", b" - ceph", b" - afs", b" - autofs", b" - lustre")

Stamp = tuple[int, ...] | None

#: Options of `check` that change only what is printed, not what is looked at, recorded or told.
PLAIN = ("--exit-zero", "--json", "--nagios", "--no-color", "-v", "--verbose")
FILTERS = ("--source", "--agent", "--provider", "--profile")

#: Options that every command has, which may also stand before it: those that are followed by a value, and the others.
VALUED = ("--config", "--home")
SWITCHES = ("--json", "--no-color", "-v", "--verbose", "--kept-config")

#: Variables that lead to a config. They say which check it is, see `identity`; what it finds hangs on where they led.
OURS = ("AUTHWATCH_CONFIG", "CONFIGURATION_DIRECTORY")


class Checkpoint:
    """What a finished check left behind: see `write` for the fields."""

    __slots__ = (
        "digest",
        "document",
        "due",
        "env_digest",
        "exit_code",
        "identity",
        "looked_at",
        "names",
        "output",
        "place",
        "plugin",
        "touches",
        "trusted",
        "until",
    )

    def __init__(self) -> None:
        self.identity = ""  # which check this was, see `identity`
        self.place = "-"  # whose logins it looked at and by which config, see `place_of`
        self.looked_at = 0.0  # when the last full look began
        self.until = 0.0  # the first moment at which the answer could differ
        self.due = float("inf")  # when the heartbeat wants to hear of a check again
        self.trusted = False  # whether the stamps can be believed, see `trusted`
        self.exit_code = 0
        self.digest = "-"  # of what was observed and configured, for the second gate
        self.document = "-"  # digest of the status document, see `document`
        self.names: tuple[str, ...] = ()  # environment variables that were asked for
        self.env_digest = "-"
        self.touches: list[tuple[str, str, Stamp]] = []  # (kind, path, stamp); kinds: see `same`
        self.output = b""  # what a check without filters prints on stdout, without colour
        self.plugin = (3, b"")  # exit code and line of the same for `--nagios`


def state_place(environ: os._Environ[str] | dict[str, str], home: str) -> str:
    """The default state folder: $STATE_DIRECTORY, $XDG_STATE_HOME/authwatch, ~/.local/state/authwatch."""
    given = environ.get("STATE_DIRECTORY", "").split(":")[0]
    if given:
        return given
    base = environ.get("XDG_STATE_HOME", "")
    if not base.startswith("/"):  # the XDG base directory specification ignores relative paths
        base = os.path.join(home, ".local", "state")
    return f"{base}/authwatch"


def arranged(argv: list[str]) -> list[str]:
    """The same words, the command first: options of every command that stood before it stand behind it."""
    at = 0
    while at < len(argv) and argv[at].startswith("-"):
        name, given, _ = argv[at].partition("=")
        if name in VALUED:
            at += 1 if given else 2
        elif argv[at] in SWITCHES:
            at += 1
        else:
            return argv
    return [argv[at], *argv[:at], *argv[at + 1 :]] if at < len(argv) else argv


def split(argv: list[str]) -> tuple[list[str], list[str]]:
    """The words that say what is checked, and those that only say what is printed of it. Of an option it makes no
    difference whether its value stands behind `=` or is a word of its own."""
    checked, shown = [], []
    words = iter(argv)
    for word in words:
        if word in PLAIN:
            shown.append(word)
        elif word.partition("=")[0] in FILTERS:
            shown += [word] if "=" in word else [word, next(words, "")]
        elif word in VALUED and (value := next(words, None)) is not None:
            checked.append(f"{word}={value}")
        else:
            checked.append(word)
    return checked, shown


def identity(checked: list[str], environ: os._Environ[str] | dict[str, str], cwd: str, uid: int) -> str:
    """Which check the checkpoint is of; the working folder counts only where something may be relative to it."""
    led = [f"{name}={environ[name]}" for name in OURS if environ.get(name)]
    where = [cwd] if led or len(checked) > 1 else []
    return _hex(*checked, *led, *where, str(uid))


def place_of(uid: int, home: str, config: str) -> str:
    """Where a check looks, however it was told: what `status` has to have in common with it. `config` is the file, ""
    where there is none."""
    return _hex(str(uid), home, config)


def _hex(*parts: str) -> str:
    return "\0".join(parts).encode("utf-8", "surrogateescape").hex()


def env_digest(key: bytes, names: tuple[str, ...], environ: os._Environ[str] | dict[str, str]) -> str:
    """A keyed digest of the environment variables that were asked for; their values are often secrets."""
    state = blake2b(key=key[:64], digest_size=16)
    for name in names:
        value = environ.get(name)
        said = name if value is None else f"{name}={value}"  # neither holds a zero byte, no name an equals sign
        state.update(f"{said}\0".encode("utf-8", "surrogateescape"))
    return state.hexdigest()


def digest_of(body: bytes) -> str:
    """A digest by which a torn or another text is told apart."""
    return str(blake2b(body, digest_size=16).hexdigest())


def stat_of(path: str) -> Stamp:
    """(device, inode, size, mtime_ns, ctime_ns), None for what is not there."""
    try:
        found = os.stat(path)
    except (OSError, ValueError):
        return None
    return (found.st_dev, found.st_ino, found.st_size, found.st_mtime_ns, found.st_ctime_ns)


def read(folder: str) -> Checkpoint | None:
    """The checkpoint in a state folder; None when there is none that this version understands."""
    try:
        with open(f"{folder}/{NAME}", "rb") as file:
            head, found, output = file.read().partition(b"\n\n")
        if not found:
            return None
        lines = head.decode("ascii").split("\n")
        point = Checkpoint()
        if lines[0] != FORMAT:
            return None
        point.identity, moments, codes, point.digest, point.env_digest, names, point.place, point.document = lines[1:9]
        looked, until, due, trust = moments.split(" ")
        point.looked_at, point.until, point.due = float(looked), float(until), float(due)
        point.trusted = trust == "trusted"
        code, plugin, line = codes.split(" ")
        point.exit_code, point.plugin = int(code), (int(plugin), bytes.fromhex(line))
        if not (0 <= point.exit_code <= 255 and 0 <= point.plugin[0] <= 3):
            return None
        point.names = tuple(
            bytes.fromhex(name).decode("utf-8", "surrogateescape") for name in names.split(" ") if name != "-"
        )
        for line in lines[9:]:
            kind, path, *numbers = line.split(" ")
            stamp = tuple(map(int, numbers)) or None
            point.touches.append((kind, os.fsdecode(bytes.fromhex(path)), stamp))
        point.output = output
        return point
    except (OSError, ValueError, IndexError):
        return None


def write(folder: str, point: Checkpoint) -> None:
    """Replaces the checkpoint; a failure to write is no error, the next check just looks fully."""
    lines = [
        FORMAT,
        point.identity,
        f"{point.looked_at:.6f} {point.until:.6f} {point.due:.6f} {'trusted' if point.trusted else 'young'}",
        f"{point.exit_code} {point.plugin[0]} {point.plugin[1].hex()}",
        point.digest,
        point.env_digest,
        " ".join(name.encode("utf-8", "surrogateescape").hex() for name in point.names)
        or "-",  # an empty line ends the head
        point.place,
        point.document,
    ]
    lines += [" ".join([kind, os.fsencode(path).hex(), *map(str, stamp or ())]) for kind, path, stamp in point.touches]
    temporary = f"{folder}/{NAME}.{os.getpid()}"
    try:
        with open(temporary, "wb") as file:
            file.write("\n".join(lines).encode("ascii") + b"\n\n" + point.output)
        os.replace(temporary, f"{folder}/{NAME}")
    except OSError:
        remove(folder)


def remove(folder: str) -> None:
    """Makes the next check look fully."""
    for name in (NAME, f"{NAME}.{os.getpid()}"):
        try:
            os.unlink(f"{folder}/{name}")
        except OSError:
            continue


def trusted(touches: list[tuple[str, str, Stamp]], began: float, ended: float) -> bool:
    """Whether no file changed so close to any moment of the look that a later change could carry the same stamp."""
    low, high = (began - TRUST_SECONDS) * 1e9, (ended + TRUST_SECONDS) * 1e9
    return not any(
        kind == "T" and stamp and (low <= stamp[3] <= high or low <= stamp[4] <= high) for kind, _, stamp in touches
    )


def may_stop(folder: str, who: str, environ: os._Environ[str] | dict[str, str], now: float) -> Checkpoint | None:
    """The checkpoint, when nothing it rests on has changed and `now` lies before its `until` and `due`."""
    point = read(folder)
    if point is None or point.identity != who or now >= point.due:
        return None
    return point if _holds(folder, point, environ, now) else None


def may_draw(folder: str, place: str, environ: os._Environ[str] | dict[str, str], now: float) -> Checkpoint | None:
    """The checkpoint, when a look from that place would find what the last check found, whoever started that."""
    point = read(folder)
    return point if point and point.place == place and _holds(folder, point, environ, now) else None


def _holds(folder: str, point: Checkpoint, environ: os._Environ[str] | dict[str, str], now: float) -> bool:
    return point.trusted and still_holds(folder, point, environ, now) and unchanged(folder, point.touches)


def still_holds(folder: str, point: Checkpoint, environ: os._Environ[str] | dict[str, str], now: float) -> bool:
    """Whether clock, environment and key are as the checkpoint assumes (its files are not looked at)."""
    own = stat_of(f"{folder}/{NAME}")
    if own is None or not max(point.looked_at, own[3] / 1e9 - 1) <= now < point.until:
        return False
    keys = [path for kind, path, _ in point.touches if kind == "K"]
    try:
        with open(keys[0], "rb") as file:
            key = file.read()
    except (OSError, IndexError):
        return False
    return env_digest(key, point.names, environ) == point.env_digest


def unchanged(folder: str, touches: list[tuple[str, str, Stamp]]) -> bool:
    """Whether all is as it was; False, and nothing is asked, where some of it lies on a mount that may hang: the state
    folder does not, or we were not here."""
    try:
        with open("/proc/self/mountinfo", "rb") as file:
            mounted = file.read()
    except OSError:
        mounted = b""
    if any(kind in mounted for kind in HANGING):
        from monitor.system.mounts import hanging  # rarely needed

        found = hanging(mounted.decode("utf-8", "surrogateescape"))
        ours = found.above(folder)
        if any(found.above(path) not in (None, ours) for _, path, _ in touches):
            return False
    return all(same(*touch) for touch in touches)


def digest_of_names(names: tuple[str, ...]) -> tuple[int, ...]:
    """What tells sorted names of files from others, as a stamp."""
    state = blake2b("\0".join(names).encode("utf-8", "surrogateescape"), digest_size=8)
    return len(names), int.from_bytes(state.digest(), "big")


def _beginning(path: str) -> Stamp:
    folder, _, prefix = path.rpartition("/")
    try:
        names = [name for name in os.listdir(folder or "/") if name.startswith(prefix)]
    except OSError:
        names = []
    return digest_of_names(tuple(sorted(names)))


def same(kind: str, path: str, stamp: Stamp) -> bool:
    """T: a thing that was read, unchanged; K: our key, the same. B: the names in a folder that begin so, the same. I:
    our own file, still the same inode, as is D, the status document. R: an output, same size too; S: what people asked
    for, likewise."""
    if kind == "B":
        return _beginning(path) == stamp
    found = stat_of(path)
    if kind in "TK" or found is None or stamp is None:
        return found == stamp
    parts = 2 if kind in "ID" else 3
    return found[:parts] == stamp[:parts]


def renew(folder: str, point: Checkpoint, now: float) -> None:
    """Notes a success: the checkpoint's mtime and the moments of the last success in the outputs become now."""
    for kind, path, _ in point.touches:
        if kind == "R":
            restamp(path, now)
        elif kind == "D":
            _verified(path, now)
    try:
        os.utime(f"{folder}/{NAME}", (now, now))
    except OSError:
        return


def restamp(path: str, now: float) -> None:
    """Moves the last-success moments at the head of a metrics file in place; any mix of old and new bytes is valid.

    A source that failed has an older moment than the check and keeps it.
    """
    try:
        handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        head = _head(handle)
        start = head.find(b"\n" + CHECK_STAMP) + 1
        old = head[start + len(CHECK_STAMP) :].split(b"\n", 1)[0]
        new = b"%.3f" % now
        if start and len(new) == len(old):
            lines = head.split(b"\n")
            for at, line in enumerate(lines):
                if line.startswith((CHECK_STAMP, SOURCE_STAMP)) and line.endswith(b" " + old):
                    lines[at] = line[: -len(old)] + new
            os.pwrite(handle, b"\n".join(lines), 0)
    except OSError:
        return
    finally:
        os.close(handle)


def document(point: Checkpoint) -> bytes:
    """The status document of the check; empty where it is not what the check left there."""
    for kind, path, _ in point.touches:
        if kind == "D" and (body := _body(path)) and digest_of_document(body) == point.document:
            return body
    return b""


def digest_of_document(body: bytes) -> str:
    """A digest of a status document that heeds all but `verified_at`, which `renew` moves."""
    return digest_of(body.rpartition(b'"verified_at"')[0])


def _body(path: str) -> bytes:
    try:
        with open(path, "rb") as file:
            return file.read()
    except OSError:
        return b""


def _verified(path: str, now: float) -> None:
    """Moves `verified_at` at the end of the status document in place; any mix of old and new digits is valid."""
    begin, end = b'"verified_at": "', b'Z"\n}'
    moment = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)).encode("ascii")
    try:
        handle = os.open(path, os.O_RDWR | os.O_NOFOLLOW)
    except OSError:
        return
    try:
        at = os.fstat(handle).st_size - len(begin) - len(moment) - len(end)
        found = os.pread(handle, 64, at) if at > 0 else b""
        if found.startswith(begin) and found.endswith(end):
            os.pwrite(handle, moment, at + len(begin))
    except OSError:
        return
    finally:
        os.close(handle)


def _head(handle: int) -> bytes:
    """The part of a metrics file that speaks of the check; the profiles behind it may be very many."""
    head = b""
    while part := os.read(handle, 1 << 16):
        head += part
        if (end := head.find(PROFILES_BEGIN)) >= 0:
            return head[:end]
    return head
