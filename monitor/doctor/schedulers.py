"""What runs checks on this machine (systemd, launchd, crontab, Termux), and whether it works."""

from __future__ import annotations

import os
import pwd
import re
import shlex
import shutil
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import suppress
from datetime import timedelta
from pathlib import Path
from typing import Final

from alerts.timefmt import moment, span
from monitor.config.settings import check_ends
from monitor.doctor.daemon import PortAnswer, answers
from monitor.doctor.machine import ask
from monitor.doctor.model import Health, Result, Runner, Subject, command
from monitor.judge.wording import setting
from monitor.model import Location
from monitor.setup import cron, launchd, managed_files, systemd
from monitor.setup.systemd import CHECK, DAEMON, TIMER, file_name
from monitor.setup.termux import on_a_phone
from monitor.sources.location_variables import in_force
from monitor.system.host import Host, Unreadable, stamp

PATIENCE: Final = 5.0  # seconds that a program of the machine gets to answer
_ASKED: Final = "LoadState,UnitFileState,ActiveState,Result,NextElapseUSecRealtime"


def runners(subject: Subject) -> tuple[Runner, ...]:
    """Everything of ours that is set up for this user; the machine is asked once."""
    if "runners" not in subject.memo:
        subject.memo["runners"] = (*_systemd(subject), *_crontab(subject), *_launchd(subject), *_termux(subject))
    found: tuple[Runner, ...] = subject.memo["runners"]
    return found


# -- systemd --------------------------------------------------------------------------------------------------


def _systemd(subject: Subject) -> Iterator[Runner]:
    own = subject.own.home / ".config" / "systemd" / "user"
    places = [(own, ""), *((systemd.MACHINE, name) for name in _accounts(subject))]
    for folder, account in places:
        for started, worker in ((TIMER, CHECK), (DAEMON, DAEMON)):
            if stamp(folder / file_name(started, account)):
                yield _unit(subject, folder, account, started, worker)


def _unit(subject: Subject, folder: Path, account: str, started: str, worker: str) -> Runner:
    unit, working = file_name(started, account), file_name(worker, account)
    user = [] if account else ["--user"]
    sudo = ["sudo"] if account else []
    facts = _shown(subject, *user, "show", unit, f"--property={_ASKED}")
    worked = _shown(subject, *user, "show", working, "--property=Result,TimeoutStartUSec") if facts else {}
    active, enabled = facts.get("ActiveState", ""), facts.get("UnitFileState", "")
    following = systemd.moment_of(facts.get("NextElapseUSecRealtime", ""))
    text = managed_files.read(folder / working)
    drop_ins = "\n".join(map(managed_files.read, sorted((folder / f"{working}.d").glob("*.conf"))))
    said = f"{enabled or 'unknown'}, {active}" if facts else "systemd does not answer"
    whose = ["--system", "--user-name", account] if account else ["--user"]
    kind = "--daemon" if started == DAEMON else "--timer"
    return Runner(
        unit,
        started == DAEMON,
        (active in ("active", "activating", "reloading")) if facts else None,
        said + (f", next check {moment(following)}" if following else ""),
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


def _accounts(subject: Subject) -> tuple[str, ...]:
    """The login names whose home this is: only their units of the machine are ours."""
    with suppress(OSError):
        names = {path.name for path in systemd.MACHINE.glob("authwatch*@*")}
        found = {name.partition("@")[2].rpartition(".")[0] for name in names} - {""}
        return tuple(sorted(name for name in found if _home(name) == str(subject.own.home)))
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


def _shown(subject: Subject, *words: str) -> dict[str, str]:
    """The properties that systemd tells; empty where it does not answer."""
    program = shutil.which("systemctl", path=subject.environ.get("PATH", ""))
    try:
        said = ask(subject, program, *words, patience=PATIENCE) if program else ""
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


def _crontab(subject: Subject) -> Iterator[Runner]:
    program = shutil.which("crontab", path=subject.environ.get("PATH", ""))
    if not program:
        return
    try:
        said = ask(subject, program, "-l", patience=PATIENCE)
    except Unreadable:  # it ends with 1 where there is no crontab
        return
    for ours in cron.parted(said)[1]:
        line = ours.partition("\n")[2]
        runs = cron.runs()
        words = _words(line.replace(r"\%", "%"))[5:]
        how = "cron is running" if runs else "cron is not running"
        yield Runner(
            "the crontab line",
            daemon=False,
            runs=runs,
            said=f"{' '.join(line.split()[:5])}, {how}",
            start=cron.how_to_start(),
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


ANDROID_JOB: Final = "the Android job"


def _launchd(subject: Subject) -> Iterator[Runner]:
    import plistlib

    for kind, label in launchd.LABELS.items():
        path = subject.own.home / "Library" / "LaunchAgents" / f"{label}.plist"
        if not stamp(path):
            continue
        try:
            document = plistlib.loads(path.read_bytes())
        except Exception:  # noqa: BLE001 - a parser of XML; what it raises depends on what lies there
            document = {}
        program = shutil.which("launchctl", path=subject.environ.get("PATH", ""))
        domain = f"gui/{os.getuid()}"
        runs: bool | None = None
        if program:
            try:
                runs = bool(ask(subject, program, "print", f"{domain}/{label}", patience=PATIENCE)) or True
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


def _termux(subject: Subject) -> Iterator[Runner]:
    share = subject.own.home / ".local" / "share" / "authwatch"
    if not on_a_phone(subject.environ) or not stamp(share / "check"):
        return
    words = _words(managed_files.read(share / "authwatch").partition("exec env ")[2])
    settings = managed_files.read(share / "settings").splitlines()
    kind = next((line.removeprefix("runs=") for line in settings if line.startswith("runs=")), "job")
    service = Path(subject.environ["PREFIX"]) / "var" / "service" / "authwatch"
    at_work = bool(stamp(service / "run")) and not stamp(service / "down")

    def runner(name: str, runs: bool | None, said: str, again: str, *, daemon: bool = False) -> Runner:
        stop = "authwatch uninstall termux"
        return Runner(name, daemon, runs, said, again, stop, again, environment=_set(words), program=_called(words))

    again = "authwatch install termux"
    if kind == "cron":
        said = "crond is running" if cron.runs() else "crond is not running"
        yield runner("the crontab line of Termux", cron.runs(), said, "sh termux/install.sh --cron")
    elif kind != "daemon":
        yield runner(ANDROID_JOB, None, "Android runs it when the battery allows", again)
    if kind == "daemon" or at_work:
        said = "enabled" if at_work else "disabled"
        yield runner("the Termux service authwatch", at_work, said, f"{again} --daemon", daemon=True)


def how_to_install(subject: Subject) -> str:
    """The command that makes checks run by themselves here; `serve` where nothing else could start them."""
    if on_a_phone(subject.environ):
        return "authwatch install termux"
    if sys.platform == "darwin":
        return "authwatch install launchd"
    if session_answers(subject):
        return "authwatch install systemd --user --timer"
    crontab = shutil.which("crontab", path=subject.environ.get("PATH", ""))
    return "authwatch install cron" if crontab else "authwatch serve"


def session_answers(subject: Subject) -> bool:
    """Whether systemd runs a session of this user's."""
    program = shutil.which("systemctl", path=subject.environ.get("PATH", ""))
    try:
        return bool(program and ask(subject, program, "--user", "show", "--property=Version", patience=3))
    except Unreadable:
        return False


_STOPS: Final = "checks stop when you log out, and do not start with the machine"


def units(subject: Subject) -> Iterator[Result]:
    """Is anything set up to run checks, does it run, and is it only one?"""
    found = runners(subject)
    for one in found:
        yield _one(one)
        if one.limit and one.limit < (needed := check_ends(subject.settings.alerts.deadline)):
            what = f"{one.name}: systemd kills a check after {span(one.limit)}"
            why = f"with your `alerts.deadline` a check may take {span(needed)}; a slow one would be killed"
            yield Result("units", Health.WARNING, what, why, one.again)
    working = [one for one in found if one.runs or one.name == ANDROID_JOB]
    if len(working) > 1:
        names = " and ".join(one.name for one in working)
        why = "each runs the same checks; keep one of them"
        stop = f"{working[-1].again}  # or without --daemon" if on_a_phone(subject.environ) else working[-1].stop
        yield Result("units", Health.WARNING, f"{names} are both running", why, stop)
    elif not found:
        yield _none(subject)


def _one(one: Runner) -> Result:
    what = f"{one.name}: {one.said}"
    if one.program and one.program.startswith("/") and not stamp(one.program):
        what = f"{one.name} starts {one.program}, which does not exist"
        return Result("units", Health.BROKEN, what, "no checks run", one.again)
    if one.runs is False:
        return Result("units", Health.BROKEN, what, "it is installed but not running: nobody is notified", one.start)
    if one.failed:
        what = f"{one.name}: its last run failed ({one.said})"
        return Result("units", Health.BROKEN, what, "nobody is notified while checks fail", one.log)
    if one.runs is None and one.name != ANDROID_JOB:
        why = "this session cannot tell whether it runs; log in directly (not with su or sudo) and try again"
        mend = "loginctl enable-linger" if one.name.endswith((".timer", ".service")) else one.start
        return Result("units", Health.WARNING, what, why, mend)
    if not one.lingers:
        return Result("units", Health.WARNING, f"{what}; lingering is off", _STOPS, "loginctl enable-linger")
    return Result("units", Health.FINE, what)


def _none(subject: Subject) -> Result:
    if answers(subject) is PortAnswer.OURS:
        return Result("units", Health.FINE, "nothing is installed, but a daemon that something else started is running")
    why = "checks run only when somebody types `authwatch check`"
    return Result("units", Health.WARNING, "nothing runs checks on its own", why, how_to_install(subject))


def one_state(subject: Subject) -> Iterator[Result]:
    """Do timer, daemon and prompt use one state folder and one config, and look in the same places?"""
    found, same = runners(subject), True
    for one in found:
        for what, why in _apart(subject, one):
            same = False
            yield Result("one state", Health.WARNING, what, why, one.again)
        for what, why, mend in _looking(subject, one):
            same = False
            yield Result("one state", Health.WARNING, what, why, mend)
    if same:
        names, place = ", ".join(one.name for one in found), subject.own.show(subject.state.folder)
        said = f"{names} and this shell share {place}" if found else place
        yield Result("one state", Health.FINE, said)


def _apart(subject: Subject, one: Runner) -> Iterator[tuple[str, str]]:
    """What keeps it and this prompt apart: what is so, and why it matters."""
    place = one.environment.get("STATE_DIRECTORY", "").partition(":")[0]
    # A `state:` in the config wins everywhere.
    if place and not subject.settings.state and Path(place) != subject.state.gate:
        here, there = subject.own.show(subject.state.gate), subject.own.show(Path(place))
        yield (
            f"{one.name} keeps its state in {there}, this shell in {here}",
            "alerts come twice, and what you acknowledge here is not acknowledged there",
        )
    mine = subject.settings.file
    named = one.environment.get("AUTHWATCH_CONFIG")
    base = one.environment.get("XDG_CONFIG_HOME") or str(subject.own.home / ".config")
    theirs = Path(named) if named else Path(base) / "authwatch" / "config.yaml"
    if subject.complaint or not one.environment or theirs == mine or (mine is None and not stamp(theirs)):
        return
    yield (
        f"{one.name} reads {subject.own.show(theirs)}, this shell {mine or 'no config'}",
        "changes in one config have no effect on the other",
    )


def _looking(subject: Subject, one: Runner) -> Iterator[tuple[str, str, str]]:
    """The variables by which it looks in other places than this prompt: what is so, why it matters, what mends it."""
    if subject.complaint or not one.environment:
        return
    here, there = _locations(subject, subject.own), _locations(subject, subject.own.within(one.environment))
    if here == there:
        return
    lost = "logins there are not checked"
    for name in sorted({*here, *there}):
        mine, theirs = here.get(name), there.get(name)
        if mine is None and theirs is not None:
            what = f"{one.name} has {name}={theirs.value}, this shell has no {name}"
            yield what, lost, f"export {setting(theirs)}  # or remove it there: {one.again}"
        elif mine is not None and mine != theirs:
            has = f"has {name}={theirs.value}" if theirs else f"has no {name}"
            yield f"{one.name} {has}, this shell has {name}={mine.value}", lost, _again(one, here)


def _locations(subject: Subject, host: Host) -> dict[str, Location]:
    places = in_force(host, subject.settings.sources)
    return {one.variable: one for found in places.values() for one in found}


def _again(one: Runner, here: Mapping[str, Location]) -> str:
    """The command that writes it anew; sudo hands on no variables but those that it is told."""
    if not one.again.startswith("sudo "):
        return one.again
    return " ".join(["sudo env", *(setting(here[name]) for name in sorted(here)), one.again.removeprefix("sudo ")])
