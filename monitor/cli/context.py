"""The outside world of a command as one record: streams, clock, environment, home; the only place they are read."""

from __future__ import annotations

import _thread
import argparse
import io
import os
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING, Any, NamedTuple, TextIO

from monitor.check import gate as checkpoint
from monitor.system.files import why

if TYPE_CHECKING:
    from alerts.clock_trust import ClockReading
    from monitor.check.assess import CheckContext
    from monitor.config.settings import Settings
    from monitor.system.host import Host
    from monitor.system.state_dir import StateDir

#: What a button of a notification needs of our environment to find interpreter, config and state.
CARRIED = (
    *("HOME", "PATH", "PREFIX", "LD_LIBRARY_PATH", "LD_PRELOAD", "PYTHONPATH", "XDG_CONFIG_HOME", "XDG_STATE_HOME"),
    *("AUTHWATCH_CONFIG", "CONFIGURATION_DIRECTORY", "STATE_DIRECTORY"),
)

OK, NOT_DONE, UNKNOWN, USAGE, BUG, CONFIG = 0, 1, 3, 64, 70, 78


REPORT = "Please report it, with the output of authwatch --version."

#: How many seconds a command that only reads may take.
PATIENCE = 60.0


class Failure(Exception):
    """An end of the command in words: what happened, where, what would be right."""

    def __init__(self, code: int, message: str) -> None:
        super().__init__(message)
        self.code, self.message = code, message

    @classmethod
    def bug(cls, error: Exception) -> Failure:
        """Our own mistake: the kind and the place, never the text, which may hold a secret."""
        trace = error.__traceback__
        while trace and trace.tb_next:
            trace = trace.tb_next
        place = f" at {Path(trace.tb_frame.f_code.co_filename).name}:{trace.tb_lineno}" if trace else ""
        return cls(BUG, f"internal error ({type(error).__name__}{place}). {REPORT}")


class Context(NamedTuple):
    """What a command may touch. `home` is where stores are looked for, `own_home` where authwatch itself lives."""

    environ: Mapping[str, str]
    out: TextIO
    err: TextIO
    own_home: Path
    home: Path
    config: Path | None = None
    color: bool = False
    verbose: bool = False
    kept: str | None = None  # the config's text while its file is wrong; only the daemon hands it over
    argv: tuple[str, ...] = ()

    @classmethod
    def real(cls, argv: Sequence[str]) -> Context:
        """The real one."""
        os.umask(0o077)
        if isinstance(sys.stdout, io.TextIOWrapper):  # names may hold what the terminal's encoding does not
            sys.stdout.reconfigure(errors="backslashreplace")
        home = Path(os.environ.get("HOME") or _home_of_user())
        return cls(dict(os.environ), sys.stdout, sys.stderr, home, home, argv=tuple(argv))

    def configured(self, arguments: argparse.Namespace) -> Context:
        """The same, as the common options ask."""
        home = getattr(arguments, "home", None)
        config = getattr(arguments, "config", None)
        plain = getattr(arguments, "no_color", False) or "NO_COLOR" in self.environ or not self.out.isatty()
        return self._replace(
            home=Path(home).expanduser().absolute() if home else self.home,
            config=Path(config).absolute() if config else None,
            color=not plain,
            verbose=bool(getattr(arguments, "verbose", False)),
            kept=sys.stdin.read() if getattr(arguments, "kept_config", False) else None,
        )

    def now(self) -> datetime:
        """The wall clock, once per check."""
        return datetime.now(UTC)

    def reading(self, now: datetime) -> ClockReading:
        """Wall clock and boot clock (suspend included) at one moment, and which boot it is where Linux says so."""
        from alerts.clock_trust import ClockReading

        try:
            boot = timedelta(seconds=time.clock_gettime(time.CLOCK_BOOTTIME))
            boot_id = Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii").strip()
        except (AttributeError, OSError, ValueError):
            return ClockReading(now)
        return ClockReading(now, boot, boot_id)

    def caller(self) -> str:
        """A line for `sh` that starts authwatch as it was started now, in an environment that has nothing of ours."""
        kept = {name: self.environ[name] for name in CARRIED if self.environ.get(name)}
        if self.config:
            kept["AUTHWATCH_CONFIG"] = str(self.config)
        given = [f"{name}={quote(value)}" for name, value in kept.items()]
        return " ".join([*given, quote(sys.executable), "-m", "monitor.cli.main"])

    def author(self) -> str:
        """The login name of whoever gives the command, for the record; behind sudo, the person's own."""
        names = (self.environ.get(name, "") for name in ("SUDO_USER", "LOGNAME", "USER"))
        return next((name for name in names if name), "") or _name_of_user()

    def say(self, text: str) -> None:
        """A result, on stdout."""
        self.write(f"{text}\n")

    def tell(self, as_json: bool, result: object, lines: Iterable[str]) -> int:
        """A result as JSON or as lines for a terminal; the exit code of a success."""
        import json

        from alerts.formats import visible

        for line in [json.dumps(result, ensure_ascii=False, indent=2)] if as_json else map(visible, lines):
            self.say(line)
        return 0

    def write(self, text: str) -> None:
        """A result as it is, on stdout; a full disk is complained of, a reader who left is BrokenPipeError."""
        try:
            self.out.write(text)
        except BrokenPipeError:
            raise
        except OSError as error:
            self.warn(f"cannot write the output ({why(error)})")

    def complain(self, text: str) -> None:
        """Everything that is no result, on stderr; where that cannot be written, nobody is left to tell."""
        with suppress(OSError):
            print(text, file=self.err)

    def warn(self, text: str) -> None:
        """A warning of ours on stderr; each line of it says whose it is."""
        self.complain("\n".join(f"authwatch: {line}" for line in text.split("\n")))

    def flush(self) -> None:
        """Sends off what was said."""
        try:
            self.out.flush()
        except BrokenPipeError:
            pass
        except OSError as error:
            self.warn(f"cannot write the output ({why(error)})")
        with suppress(OSError):
            self.err.flush()

    @contextmanager
    def ending(self, seconds: float) -> Iterator[None]:
        """Leaves the process, in words and with the code for "could not determine", if what is done inside takes
        longer: a file system that hangs answers to nothing else."""
        from monitor.system.timeout import released

        over = _thread.allocate_lock()
        over.acquire()

        def leave() -> None:
            if not released(over, seconds):
                self.complain(
                    f"authwatch: timed out after {seconds:.0f} s: a file system on this machine does not respond"
                )
                _thread.start_new_thread(self.flush, ())  # which may be what hangs
                released(over, 1)
                os._exit(UNKNOWN)

        _thread.start_new_thread(leave, ())
        try:
            yield
        finally:
            over.release()

    def width(self) -> int:
        """How many columns the terminal has."""
        from shutil import get_terminal_size

        return get_terminal_size((100, 24)).columns

    def columns(self) -> int | None:
        """The width that text is laid out for: the terminal's, None where nobody looks at one."""
        return self.width() if self.out.isatty() else None

    def detail(self, text: str) -> None:
        """What -v asks for."""
        if self.verbose:
            self.complain(text)

    def host(self, key: bytes | None = None) -> Host:
        """The window on the machine."""
        from monitor.system.host import Host

        return Host(self.home, self.environ, key=key)

    def settings(self, host: Host) -> Settings:
        """The settings; a wrong config file is a Failure with all that is wrong in it."""
        from monitor.config.load import ConfigError, load

        try:
            found = load(host.at(self.own_home), self.config, self.kept)
        except ConfigError as error:
            raise Failure(CONFIG, str(error)) from None
        return found if found.host else found._replace(host=os.uname().nodename)

    def this_check(self) -> CheckContext:
        """A look now, without a trace, and what it takes to judge it."""
        from monitor.check.assess import CheckContext
        from monitor.check.collect import CheckOptions, look, watched

        host = self.host()
        settings = self.settings(host)
        state = self.state(settings)
        host = host.keyed(state.key(create=False))
        now = self.now()
        asked = CheckOptions(watched(settings, host, now))
        return CheckContext(asked, host, state, look(asked, host, now), now)

    def gate_place(self) -> Path:
        """The default state folder, where the checkpoint lies."""
        return Path(checkpoint.state_place(dict(self.environ), str(self.own_home)))

    def place(self, config: Path | None) -> str:
        """Where a look by that config file looks, as a checkpoint says it; a text that is no file's is nowhere else."""
        if self.kept is not None:
            return "-"
        return checkpoint.place_of(os.geteuid(), str(self.home), str(config or ""))

    def last_check(self) -> checkpoint.Checkpoint | None:
        """The checkpoint of the last check, whoever started it, where a look from here would find the same."""
        from monitor.config.config_file import found

        folder = self.gate_place()
        if not folder.is_absolute():  # without a home it would be a file of whoever owns the working folder
            return None
        place = self.place(self.config or found(self.environ.get, self.own_home))
        return checkpoint.may_draw(str(folder), place, dict(self.environ), self.now().timestamp())

    def state(self, settings: Settings) -> StateDir:
        """authwatch's own folder."""
        from monitor.system.state_dir import StateDir

        gate = self.gate_place()
        return StateDir(settings.state or gate, gate)


#: The options of every command, as they are where they are not given.
COMMON: Mapping[str, str | bool | None] = {
    **{"config": None, "home": None, "no_color": False, "verbose": False, "json": False, "kept_config": False}
}


def common(parser: argparse.ArgumentParser, *, json: bool = True, shown: bool = True) -> None:
    """The options that every command has. They may stand before, between and after its words, and the last one holds:
    where one is not given nothing is set (see `COMMON`), so that what stood before stays."""

    def add(*names: str, help: str, **given: Any) -> None:
        parser.add_argument(*names, default=argparse.SUPPRESS, help=help if shown else argparse.SUPPRESS, **given)

    add("--config", metavar="FILE", help="use this config file")
    add("--home", metavar="DIR", help="look for logins in DIR instead of $HOME")
    add("--no-color", action="store_true", help="print without colour")
    add("-v", "--verbose", action="store_true", help="print details on stderr")
    if json:
        add("--json", action="store_true", help="print JSON, errors too")
    parser.add_argument("--kept-config", action="store_true", default=argparse.SUPPRESS, help=argparse.SUPPRESS)


def filters(parser: argparse.ArgumentParser) -> None:
    """Which credentials are meant."""
    for name in ("source", "agent", "provider", "profile"):
        parser.add_argument(f"--{name}", metavar=name.upper(), help=f"only this {name}")


def filters_of(arguments: argparse.Namespace) -> dict[str, str]:
    """The filters that were given."""
    names = ("source", "agent", "provider", "profile")
    return {name: getattr(arguments, name) for name in names if getattr(arguments, name, None)}


def _name_of_user() -> str:
    try:
        import pwd

        return pwd.getpwuid(os.geteuid()).pw_name
    except (ImportError, KeyError):
        return f"uid {os.geteuid()}"


def _home_of_user() -> str:
    try:
        import pwd

        return pwd.getpwuid(os.geteuid()).pw_dir
    except (ImportError, KeyError):
        return "/"
