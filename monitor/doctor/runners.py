"""What makes passes run by themselves here: units of systemd and launchd, the crontab, Termux's job."""

from __future__ import annotations

import os
import pwd
import re
import shlex
import shutil
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Final

from alerts.dataclass import dataclass, field
from monitor.doctor.asking import ask
from monitor.doctor.model import Patient, command
from monitor.host import Unreadable, stamp
from monitor.setup import cron, launchd, systemd, written
from monitor.setup.termux import on_a_phone
from monitor.setup.units import CHECK, DAEMON, TIMER, file_name

PATIENCE: Final = 5.0  # seconds that a program of the machine gets to answer
_ASKED: Final = "LoadState,UnitFileState,ActiveState,Result,NextElapseUSecRealtime"


@dataclass(frozen=True, slots=True)
class Runner:
    """One thing that starts passes.

    `name` as people know it; `daemon` or a pass now and then; `runs` None where it could not be asked; `said` is how it
    stands; `environment` and `program` what it starts with, `limit` after how long it kills a check. `start`, `stop`,
    `again` (which writes it anew, with the places of this prompt) and `log` are commands.
    """

    name: str
    daemon: bool
    runs: bool | None
    said: str
    start: str
    stop: str
    again: str
    log: str = ""
    failed: bool = False
    lingers: bool = True
    environment: Mapping[str, str] = field(default_factory=dict, repr=False)
    program: str = ""
    limit: timedelta | None = None


def runners(patient: Patient) -> tuple[Runner, ...]:
    """Everything of ours that is set up for this user; the machine is asked once."""
    if "runners" not in patient.memo:
        patient.memo["runners"] = (*_systemd(patient), *_crontab(patient), *_launchd(patient), *_termux(patient))
    found: tuple[Runner, ...] = patient.memo["runners"]
    return found


# -- systemd --------------------------------------------------------------------------------------------------


def _systemd(patient: Patient) -> Iterator[Runner]:
    own = patient.own.home / ".config" / "systemd" / "user"
    places = [(own, ""), *((systemd.MACHINE, name) for name in _accounts(patient))]
    for folder, account in places:
        for started, worker in ((TIMER, CHECK), (DAEMON, DAEMON)):
            if stamp(folder / file_name(started, account)):
                yield _unit(patient, folder, account, started, worker)


def _unit(patient: Patient, folder: Path, account: str, started: str, worker: str) -> Runner:
    unit, working = file_name(started, account), file_name(worker, account)
    user = [] if account else ["--user"]
    sudo = ["sudo"] if account else []
    facts = _shown(patient, *user, "show", unit, f"--property={_ASKED}")
    worked = _shown(patient, *user, "show", working, "--property=Result,TimeoutStartUSec") if facts else {}
    active, enabled = facts.get("ActiveState", ""), facts.get("UnitFileState", "")
    following = facts.get("NextElapseUSecRealtime", "")
    text = written.read(folder / working)
    drop_ins = "\n".join(map(written.read, sorted((folder / f"{working}.d").glob("*.conf"))))
    said = f"{enabled or 'unknown'}, {active}" if facts else "systemd does not answer"
    whose = ["--system", "--user-name", account] if account else ["--user"]
    kind = "--daemon" if started == DAEMON else "--timer"
    return Runner(
        unit,
        started == DAEMON,
        (active in ("active", "activating", "reloading")) if facts else None,
        said + (f", next {following}" if following else ""),
        command(*sudo, "systemctl", *user, "enable", "--now", unit),
        command(*sudo, "systemctl", *user, "disable", "--now", unit),
        command(*sudo, "authwatch", "install", "systemd", *whose, kind),
        command("journalctl", *user, "-u", working, "-n", "20"),
        failed=active == "failed" or worked.get("Result", "success") not in ("success", ""),
        lingers=bool(account) or _lingers(),
        environment=_environment(f"{text}\n{drop_ins}"),
        program=_program(text),
        limit=None if started == DAEMON else _span(worked.get("TimeoutStartUSec", "")),
    )


def _accounts(patient: Patient) -> tuple[str, ...]:
    """The login names whose home this is: only their units of the machine are ours."""
    with suppress(OSError):
        names = {path.name for path in systemd.MACHINE.glob("authwatch*@*")}
        found = {name.partition("@")[2].rpartition(".")[0] for name in names} - {""}
        return tuple(sorted(name for name in found if _home(name) == str(patient.own.home)))
    return ()


def _home(name: str) -> str:
    try:
        return pwd.getpwnam(name).pw_dir
    except KeyError:
        return ""


def _lingers() -> bool:
    """Whether the user's units go on after a logout; true where that cannot be seen. Source: loginctl(1)."""
    folder = Path("/var/lib/systemd/linger")
    try:
        name = pwd.getpwuid(os.geteuid()).pw_name
    except KeyError:
        return True
    return not stamp(folder) or bool(stamp(folder / name))


def _shown(patient: Patient, *words: str) -> dict[str, str]:
    """The properties that systemd tells; empty where it does not answer."""
    program = shutil.which("systemctl", path=patient.environ.get("PATH", ""))
    try:
        said = ask(patient, program, *words, patience=PATIENCE) if program else ""
    except Unreadable:
        return {}
    return dict(line.split("=", 1) for line in said.splitlines() if "=" in line)


def _span(text: str) -> timedelta | None:
    """A span as systemd shows it ("1min 30s"); None for what is none, such as infinity. Source: systemd.time(7)."""
    units = {"us": 1e-6, "ms": 1e-3, "s": 1, "min": 60, "h": 3600, "d": 86400, "w": 604800}
    found = [re.fullmatch(r"([\d.]+)([a-z]+)", word) for word in text.split()]
    if not found or any(one is None or one[2] not in units for one in found):
        return None
    return timedelta(seconds=sum(float(one[1]) * units[one[2]] for one in found if one))


def _environment(text: str) -> dict[str, str]:
    """What the `Environment=` lines of a unit of ours set."""
    lines = (line.partition("=")[2] for line in text.splitlines() if line.startswith("Environment="))
    return _set(word.replace("%%", "%") for line in lines for word in _words(line))


def _program(text: str) -> str:
    """The program that a unit of ours starts."""
    line = next((one for one in text.splitlines() if one.startswith("ExecStart=:")), "")
    with suppress(ValueError, IndexError):
        words = shlex.split(line.partition("=:")[2])
        return (words[3] if words[:2] == ["/bin/sh", "-c"] else words[0]).replace("%%", "%")
    return ""


# -- cron, launchd, Termux ------------------------------------------------------------------------------------


def _crontab(patient: Patient) -> Iterator[Runner]:
    program = shutil.which("crontab", path=patient.environ.get("PATH", ""))
    if not program:
        return
    try:
        said = ask(patient, program, "-l", patience=PATIENCE)
    except Unreadable:  # it ends with 1 where there is no crontab
        return
    for ours in cron.parted(said)[1]:
        line = ours.partition("\n")[2]
        runs = cron.runs()
        words = _words(line.replace(r"\%", "%"))[5:]
        how = "cron runs" if runs else "no cron runs here"
        yield Runner(
            "the line in the crontab",
            daemon=False,
            runs=runs,
            said=f"{' '.join(line.split()[:5])}, {how}",
            start="sudo systemctl enable --now cron",
            stop="authwatch uninstall cron",
            again="authwatch install cron",
            environment=_set(words),
            program=_called(words),
        )


def _words(line: str) -> list[str]:
    try:
        return shlex.split(line)
    except ValueError:
        return []


def _set(words: Iterable[str]) -> dict[str, str]:
    """The variables that words of the form NAME=value set."""
    pairs = (word.partition("=") for word in words)
    return {name: value for name, equals, value in pairs if equals}


def _called(words: Sequence[str]) -> str:
    """The first word that sets no variable."""
    return next((word for word in words if "=" not in word), "")


def _launchd(patient: Patient) -> Iterator[Runner]:
    import plistlib

    for kind, label in launchd.LABELS.items():
        path = patient.own.home / "Library" / "LaunchAgents" / f"{label}.plist"
        if not stamp(path):
            continue
        try:
            document = plistlib.loads(path.read_bytes())
        except Exception:  # noqa: BLE001 - a parser of XML; what it raises depends on what lies there
            document = {}
        program = shutil.which("launchctl", path=patient.environ.get("PATH", ""))
        domain = f"gui/{os.getuid()}"
        runs: bool | None = None
        if program:
            try:
                runs = bool(ask(patient, program, "print", f"{domain}/{label}", patience=PATIENCE)) or True
            except Unreadable:
                runs = False
        words = document.get("ProgramArguments")
        yield Runner(
            label,
            daemon=kind == "daemon",
            runs=runs,
            said={True: "loaded", False: "not loaded", None: "launchd does not answer"}[runs],
            start=command("launchctl", "bootstrap", domain, path),
            stop="authwatch uninstall launchd",
            again=f"authwatch install launchd{' --daemon' if kind == 'daemon' else ''}",
            environment={str(k): str(v) for k, v in dict(document.get("EnvironmentVariables") or {}).items()},
            program=str(words[0]) if isinstance(words, list) and words else "",
        )


def _termux(patient: Patient) -> Iterator[Runner]:
    share = patient.own.home / ".local" / "share" / "authwatch"
    if not on_a_phone(patient.environ) or not stamp(share / "check"):
        return
    words = _words(written.read(share / "authwatch").partition("exec env ")[2])
    yield Runner(
        "the job of Termux",
        daemon=False,
        runs=None,
        said="Android starts it when it suits the battery",
        start="authwatch install termux",
        stop="authwatch uninstall termux",
        again="authwatch install termux",
        environment=_set(words),
        program=_called(words),
    )
