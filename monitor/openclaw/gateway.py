"""The environment that an OpenClaw gateway is started with: systemd's unit, launchd's plist, the files that they name.

Only files are read. What a gateway that runs was started with may differ until its next start; /proc shows that only
outside of a sandbox with its own user namespace, so that a timer would find other keys than a shell.

Facts by OpenClaw 2026.5.7 to 2026.9.6: the units are `openclaw-gateway[-PROFILE].service` (before, `clawdbot-gateway`)
and the plists `ai.openclaw.gateway.plist` and `ai.openclaw.PROFILE.plist`; on Linux `gateway.systemd.env` in the state
folder is the unit's EnvironmentFile, on macOS `service-env/LABEL.env` is sourced by a wrapper that the plist starts.
`OPENCLAW_SERVICE_MANAGED_ENV_KEYS` names what `.env` replaces (2026.9). `~/.config/openclaw/gateway.env` comes after
`.env`, for the default state folder only. `podman/setup.sh --quadlet` writes an `openclaw.container`.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from types import MappingProxyType
from typing import Final, NamedTuple

from monitor.model import Secret
from monitor.system.host import Host, Unreadable

ETC: Final = Path("/etc/systemd")
#: So many bytes of one file, and so many drop-ins and files of one gateway are read, more than anybody has.
MAX_FILE: Final = 256 * 1024
MOST: Final = 64

_UNITS: Final = ("openclaw-gateway", "clawdbot-gateway")
_MANAGED: Final = "OPENCLAW_SERVICE_MANAGED_ENV_KEYS"
_NAME: Final = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_NOTHING: Final = Path("/dev/null")  # what a unit or drop-in that is masked leads to


class Setting(NamedTuple):
    """A variable with a value, and the file that says so."""

    name: str
    value: Secret
    path: Path


#: By name, the one whose value counts first.
Settings = Mapping[str, tuple[Setting, ...]]


class HiddenPlace(NamedTuple):
    """A place that may give a gateway variables, and does not say which."""

    path: Path
    why: str


class Gateway(NamedTuple):
    """What a gateway is started with; nothing where no gateway is known.

    `settings` by name, the one whose value counts first; `later` are those that come after `.env`, `copies` what
    OpenClaw keeps for a gateway and nothing names. `hidden`: places that cannot be read. `handed`: names, or patterns
    of names, of values that come from elsewhere (PassEnvironment, credentials). `files`: every file that it names.
    `elsewhere`: its paths are not ours, as those in a container are.
    """

    definition: Path | None = None
    settings: Settings = MappingProxyType({})
    later: Settings = MappingProxyType({})
    copies: Settings = MappingProxyType({})
    hidden: tuple[HiddenPlace, ...] = ()
    handed: tuple[str, ...] = ()
    files: tuple[Path, ...] = ()
    elsewhere: bool = False

    def get(self, name: str) -> str | None:
        """The value of a variable in its environment; None where it is unset or blank."""
        return first(self.settings, name)

    def location(self, name: str) -> str | None:
        """The same of a variable that chooses where files lie."""
        return None if self.elsewhere else self.get(name)

    @property
    def managed(self) -> frozenset[str]:
        """The names that OpenClaw itself put there from `.env`."""
        return frozenset((self.get(_MANAGED) or "").split(","))

    def hides(self, names: Iterable[str]) -> HiddenPlace | None:
        """The place that may hold one of the variables and cannot be read, if there is one."""
        for name in names:
            if self.definition and any(fnmatchcase(name, one.upper().replace("-", "_")) for one in self.handed):
                return HiddenPlace(self.definition, f"it passes {name} on from a place that authwatch cannot read")
        return next(iter(self.hidden), None)


NO_GATEWAY: Final = Gateway()


def first(settings: Settings, name: str) -> str | None:
    """The value that counts among settings; None where there is none."""
    found = settings.get(name)
    return found[0].value.reveal().strip() or None if found else None


def gateway_of(host: Host, profile: str = "") -> Gateway:
    """The gateway of a home's default OpenClaw, or of a profile; never raises."""
    suffix = f"-{profile}" if profile else ""
    own, everybody, machine = host.home / ".config" / "systemd" / "user", ETC / "user", ETC / "system"
    unit, older = (f"{stem}{suffix}.service" for stem in _UNITS)
    for path in (own / unit, own / older, everybody / unit):
        found = _Definition(host, path)
        if found.unit((own, everybody)):
            return found.gateway()
    found = _Definition(host, machine / unit, manager=Path("/root"))
    if found.unit((machine,)) and found.home() == host.home:
        return found.gateway()
    for found in (_Definition(host, path) for path in (_plist(host, profile), _quadlet(host, profile)) if path):
        if found.plist() if found.path.suffix == ".plist" else found.unit((found.path.parent,)):
            return found.gateway()
    return NO_GATEWAY


def with_files(host: Host, gateway: Gateway, state: Path) -> Gateway:
    """The gateway with the files that OpenClaw keeps for it, of the state folder where its OpenClaw is."""
    copies, later = _Definition(host, state), _Definition(host, state)
    own, folder = state / "gateway.systemd.env", state / "service-env"
    if own not in gateway.files:
        copies.environment_file(own, optional=True)
    for name in copies.names(folder):
        if name.endswith(".env") and ".node" not in name and folder / name not in gateway.files:
            copies.exports(folder / name)
    if state == host.home / ".openclaw":
        later.environment_file(host.home / ".config" / "openclaw" / "gateway.env", optional=True)
    return gateway._replace(
        later=later.settings(), copies=copies.settings(), hidden=(*gateway.hidden, *copies.hidden, *later.hidden)
    )


def container_of(host: Host, state: Path) -> HiddenPlace | None:
    """The Docker set-up that runs the gateway of a state folder, told by what `docker/setup.sh` leaves beside it."""
    path = host.home / "openclaw" / ".env"
    try:
        written = environment_file(host.text(path, MAX_FILE) or "").get("OPENCLAW_CONFIG_DIR", "")
    except Unreadable as error:
        return HiddenPlace(path, error.detail)
    if written and host.path(written) == state:
        return HiddenPlace(path, "the gateway runs in a container, which has its own environment")
    return None


def _plist(host: Host, profile: str) -> Path:
    return host.home / "Library" / "LaunchAgents" / f"ai.openclaw.{profile or 'gateway'}.plist"


def _quadlet(host: Host, profile: str) -> Path | None:
    """The file that lets systemd run the gateway in a container of Podman."""
    folder = host.home / ".config" / "containers" / "systemd"
    for name in _Definition(host, folder).names(folder):
        stem, _, kind = name.rpartition(".")
        if kind == "container" and "openclaw" in stem and stem.endswith(f"-{profile}" if profile else ""):
            return folder / name
    return None


class _Definition:
    """A unit, plist or quadlet while it is read, with all that it names."""

    def __init__(self, host: Host, path: Path, manager: Path | None = None) -> None:
        """`manager`: the home of who runs the service manager, if not that of the gateway."""
        self.host, self.path, self.manager = host, path, manager or host.home
        self.inline: list[Setting] = []
        self.from_files: list[Setting] = []
        self.wanted: list[tuple[str, Path]] = []  # EnvironmentFile= as written, and where
        self.unset: list[str] = []
        self.files: list[Path] = []
        self.hidden: list[HiddenPlace] = []
        self.handed: list[str] = []
        self.user = ""

    def gateway(self) -> Gateway:
        """What was read."""
        contained = self.path.suffix == ".container"
        if contained:
            self.hidden.append(HiddenPlace(self.path, "the gateway runs in a container, which has its own environment"))
        return Gateway(
            self.path,
            self.settings(),
            hidden=tuple(self.hidden),
            handed=tuple(self.handed),
            files=tuple(self.files),
            elsewhere=contained,
        )

    def settings(self) -> dict[str, tuple[Setting, ...]]:
        """By name, the last one first: it counts. What files say comes after what is written inline."""
        found: dict[str, tuple[Setting, ...]] = {}
        for one in (*self.inline, *self.from_files):
            found[one.name] = (one, *found.get(one.name, ()))
        for word in self.unset:
            name, equals, value = word.partition("=")
            if name in found and (not equals or found[name][0].value.reveal() == value):
                del found[name]
        return {name: settings for name, settings in found.items() if settings[0].value.reveal().strip()}

    def home(self) -> Path | None:
        """The home of who runs a unit of the machine's systemd: `$HOME` as it is set there, else of its `User=`."""
        import pwd

        if written := self.settings().get("HOME"):
            return Path(written[0].value.reveal())
        try:
            account = pwd.getpwuid(int(self.user)) if self.user.isdecimal() else pwd.getpwnam(self.user or "root")
        except (KeyError, OverflowError):
            return None
        return Path(account.pw_dir)

    # -- files ------------------------------------------------------------------------------------------------

    def raw(self, path: Path) -> bytes | None:
        """The bytes of a file; None where it is not there, is masked, or cannot be read, which is noted."""
        try:
            return self.host.read(path, MAX_FILE)
        except Unreadable as error:
            if self.host.real(path) != _NOTHING:
                self.hidden.append(HiddenPlace(path, error.detail))
            return None

    def text(self, path: Path) -> str | None:
        """The same as text; systemd takes no other than UTF-8."""
        raw = self.raw(path)
        return None if raw is None else raw.decode("utf-8-sig", "replace")

    def names(self, folder: Path) -> tuple[str, ...]:
        """The first names in a folder; none where it cannot be read, which is noted."""
        try:
            return self.host.names(folder)[: 16 * MOST]
        except Unreadable as error:
            self.hidden.append(HiddenPlace(folder, error.detail))
            return ()

    # -- systemd ----------------------------------------------------------------------------------------------

    def unit(self, folders: tuple[Path, ...]) -> bool:
        """Reads a unit and its drop-ins, those of the first folder before others of that name; whether it is there."""
        text = self.text(self.path)
        if not text:
            return bool(self.hidden)
        dropped: dict[str, Path] = {}
        for folder in folders:
            place = folder / f"{self.path.name}.d"
            dropped = {name: place / name for name in self.names(place) if name.endswith(".conf")} | dropped
        self._part(text, self.path)
        for name in sorted(dropped)[:MOST]:
            self._part(self.text(dropped[name]) or "", dropped[name])
        for written, where in self.wanted[:MOST]:
            self._wanted(written.removeprefix("-"), where, optional=written.startswith("-"))
        return True

    def _part(self, text: str, path: Path) -> None:
        """One file of a unit; an empty value takes back what was said before."""
        for key, value in directives(text, "Container" if self.path.suffix == ".container" else "Service"):
            match key:
                case "Environment":
                    pairs = (self._filled(word).partition("=") for word in words(value))
                    self.inline += [Setting(n, Secret(v), path) for n, eq, v in pairs if eq and _NAME.fullmatch(n)]
                    self.inline = self.inline if value else []
                case "EnvironmentFile":
                    self.wanted = [*self.wanted, (value, path)] if value else []
                case "UnsetEnvironment":
                    self.unset = [*self.unset, *words(value)] if value else []
                case "PassEnvironment":
                    self.handed = [*self.handed, *words(value)] if value else []
                case "User":
                    self.user = value
                case "Secret" | "ImportCredential" | "LoadCredential" | "LoadCredentialEncrypted":
                    self.handed += re.split("[:,]", value)
                case "SetCredential" | "SetCredentialEncrypted":
                    self.handed.append(value.partition(":")[0])

    def _filled(self, text: str) -> str:
        """The specifiers of systemd.unit(5) that lead to files, filled in; others stay as they are."""
        name = self.path.name.removesuffix(".service")
        values = {"%%": "%", "%h": str(self.manager), "%n": self.path.name, "%N": name, "%p": name}
        if self.manager == self.host.home:
            values["%E"] = f"{self.manager}/.config"
        return re.sub("%.", lambda found: values.get(found[0], found[0]), text)

    def _wanted(self, written: str, where: Path, *, optional: bool) -> None:
        """One EnvironmentFile=, which may be a pattern; systemd ignores one that is not absolute."""
        filled = self._filled(written.strip())
        path = where.parent / filled if self.path.suffix == ".container" else Path(filled)
        if not path.is_absolute() or "\0" in filled:
            return
        if not any(sign in path.name for sign in "*?["):
            self.environment_file(path, optional=optional)
            return
        found = [name for name in self.names(path.parent) if fnmatchcase(name, path.name)]
        for name in found[:MOST]:
            self.environment_file(path.parent / name, optional=optional)
        if not found and not optional:
            self.hidden.append(HiddenPlace(path, "no such file or directory"))

    def environment_file(self, path: Path, *, optional: bool) -> None:
        """A file of the gateway's environment; one that has to be there and is not keeps the gateway from starting."""
        self.files.append(path)
        text = self.text(path)
        if text is not None:
            self.from_files += [Setting(name, Secret(value), path) for name, value in environment_file(text).items()]
        elif not optional and not any(one.path == path for one in self.hidden):
            self.hidden.append(HiddenPlace(path, "no such file or directory"))

    # -- launchd ----------------------------------------------------------------------------------------------

    def plist(self) -> bool:
        """Reads a plist, and the file of exports that its command names; whether it is there."""
        raw = self.raw(self.path)
        if raw is None:
            return bool(self.hidden)
        import plistlib

        try:
            found = plistlib.loads(raw)
        except Exception:  # noqa: BLE001  it raises whatever its parsers raise
            found = None
        if not isinstance(found, dict):
            self.hidden.append(HiddenPlace(self.path, "not a plist"))
            return True
        variables, command = found.get("EnvironmentVariables"), found.get("ProgramArguments")
        pairs = variables.items() if isinstance(variables, dict) else ()
        self.inline = [Setting(n, Secret(v), self.path) for n, v in pairs if isinstance(n, str) and isinstance(v, str)]
        for word in command[:4] if isinstance(command, list) else ():
            if isinstance(word, str) and word.startswith("/") and word.endswith(".env"):
                self.exports(Path(word))
        return True

    def exports(self, path: Path) -> None:
        """A file that a shell sources: `export NAME='value'` a line."""
        import shlex

        self.files.append(path)
        try:
            found = shlex.split(self.text(path) or "", comments=True)
        except ValueError:
            self.hidden.append(HiddenPlace(path, "unclosed quote"))
            return
        pairs = (word.partition("=") for word in found)
        self.from_files += [Setting(n, Secret(v), path) for n, eq, v in pairs if eq and _NAME.fullmatch(n)]


# -- the forms of systemd -------------------------------------------------------------------------------------


def directives(text: str, section: str = "Service") -> Iterator[tuple[str, str]]:
    """Key and value of each line in a section of a unit, in order: systemd.syntax(7)."""
    inside, before = False, ""
    for raw in (*text.splitlines(), ""):
        line = raw.strip()
        if line.startswith(("#", ";")):
            continue
        line = before + line
        if (len(line) - len(line.rstrip("\\"))) % 2:
            before = f"{line[:-1]} "
            continue
        before = ""
        if line.startswith("["):
            inside = line == f"[{section}]"
        elif inside and "=" in line:
            key, _, value = line.partition("=")
            yield key.strip(), value.strip()


_TOKEN: Final = re.compile(
    r"""\\(?:([abfnrtvs\\"'])|x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-3][0-7]{2}))"""
    r"""|(["'])|(\s++)|([^\\"'\s]++)"""
)
_LETTERS: Final = dict(zip("abfnrtvs", "\a\b\f\n\r\t\v ", strict=True))


def words(value: str) -> Iterator[str]:
    """The words of a value without quotes and escapes; like systemd it stops at one that is malformed."""
    word: str | None = None
    quote, at = "", 0
    while found := _TOKEN.match(value, at):
        at = found.end()
        letter, *codes, octal, sign, space, plain = found.groups()
        code = next(filter(None, codes), "")
        if space and not quote:
            if word is not None:
                yield word
            word = None
        elif sign and quote in ("", sign):
            word, quote = word or "", "" if quote else sign
        elif letter or plain or space or sign:
            word = (word or "") + (_LETTERS.get(letter, letter) if letter else plain or space or sign)
        else:
            number = int(code, 16) if code else int(octal, 8)
            if not 0 < number <= sys.maxunicode or 0xD800 <= number < 0xE000:
                return
            word = (word or "") + chr(number)
    if word is not None and not quote and at == len(value):
        yield word


_LINE: Final = re.compile(
    r"""[ \t\r]*+(?:
        [\#;][^\n]*+
      | ([^=\n]*+)=[ \t\r]*+((?:(?:'[^']*+'|"(?:[^"\\]|\\.)*+")[ \t\r]*+)*+)((?:[^\n\\]|\\.)*+)\\?
      | [^\n]*+
    )(?:\n|\Z)""",
    re.DOTALL | re.VERBOSE,
)
_PIECE: Final = re.compile(r"""'([^']*+)'|"((?:[^"\\]|\\.)*+)\"""", re.DOTALL)


def environment_file(text: str) -> dict[str, str]:
    """The variables of a text as systemd reads an EnvironmentFile: the last one of a name wins, `export` is no part of
    it, and what is in quotes may go over several lines."""
    found: dict[str, str] = {}
    for line in _LINE.finditer(text):
        name, quoted, rest = (line[1] or "").strip(), line[2] or "", line[3] or ""
        if _NAME.fullmatch(name):
            pieces = (
                single or re.sub(r'\\(["\\`$])|\\\n', r"\1", double, flags=re.DOTALL)
                for single, double in _PIECE.findall(quoted)
            )
            plain = re.sub(r"\\(.)", lambda one: one[1].strip("\n"), rest.rstrip(), flags=re.DOTALL)
            found[name] = "".join(pieces) + plain
    return found
