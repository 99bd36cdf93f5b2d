"""Checks of what runs passes: is it there, at work, only one, and does it share our state folder and config?"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from pathlib import Path
from typing import Final

from monitor.config.settings import check_ends
from monitor.doctor.advice import how_to_install
from monitor.doctor.model import Health, Patient, Result
from monitor.doctor.port import Answer, answers
from monitor.doctor.runners import Runner, runners
from monitor.host import Host, stamp
from monitor.judge.words import setting
from monitor.location import Location
from monitor.sources.location_variables import in_force

_STOPS: Final = "it stops when you log out, and does not start with the machine"


def units(patient: Patient) -> Iterator[Result]:
    """Is anything set up to run passes, does it run, and is it only one?"""
    found = runners(patient)
    for one in found:
        yield _one(one)
        if one.limit and one.limit < (needed := check_ends(patient.settings.alerts.deadline)):
            what = f"{one.name}: systemd kills a check after {_seconds(one.limit)}"
            why = f"`alerts.deadline` lets a check take {_seconds(needed)}: one whose messages are slow would be lost"
            yield Result("units", Health.WARNING, what, why, one.again)
    working = [one for one in found if one.runs]
    if len(working) > 1:
        names = " and ".join(one.name for one in working)
        why = "the same passes run doubled; one of the two is enough"
        yield Result("units", Health.WARNING, f"{names} are at work", why, working[-1].stop)
    elif not found:
        yield _none(patient)


def _seconds(span: timedelta) -> str:
    return f"{span.total_seconds():g} s"


def _one(one: Runner) -> Result:
    what = f"{one.name}: {one.said}"
    if one.program and one.program.startswith("/") and not stamp(one.program):
        what = f"{one.name} starts {one.program}, which is not there"
        return Result("units", Health.BROKEN, what, "no pass runs", one.again)
    if one.runs is False:
        return Result("units", Health.BROKEN, what, "it is installed and does nothing: nobody is told", one.start)
    if one.failed:
        what = f"{one.name}: its last run failed ({one.said})"
        return Result("units", Health.BROKEN, what, "nobody is told while passes fail", one.log)
    if one.runs is None and one.name != "the job of Termux":
        why = "whether it runs cannot be seen from here; log in directly (not by su or sudo) and look again"
        mend = "loginctl enable-linger" if one.name.endswith((".timer", ".service")) else one.start
        return Result("units", Health.WARNING, what, why, mend)
    if not one.lingers:
        return Result("units", Health.WARNING, f"{what}; no lingering", _STOPS, "loginctl enable-linger")
    return Result("units", Health.FINE, what)


def _none(patient: Patient) -> Result:
    if answers(patient) is Answer.OURS:
        return Result("units", Health.FINE, "none is installed; a daemon that something else started is at work")
    why = "passes run only when somebody types `authwatch check`"
    return Result("units", Health.WARNING, "nothing is set up to run passes", why, how_to_install(patient))


def one_state(patient: Patient) -> Iterator[Result]:
    """Do timer, daemon and prompt use one state folder and one config, and look in the same places?"""
    found, same = runners(patient), True
    for one in found:
        for what, why in _apart(patient, one):
            same = False
            yield Result("one state", Health.WARNING, what, why, one.again)
        for what, why, mend in _looking(patient, one):
            same = False
            yield Result("one state", Health.WARNING, what, why, mend)
    if same:
        names, place = ", ".join(one.name for one in found), patient.own.show(patient.state.folder)
        said = f"{names} and this prompt share {place}" if found else place
        yield Result("one state", Health.FINE, said)


def _apart(patient: Patient, one: Runner) -> Iterator[tuple[str, str]]:
    """What keeps it and this prompt apart: what is so, and why it matters."""
    place = one.environment.get("STATE_DIRECTORY", "").partition(":")[0]
    # A `state:` in the config wins everywhere.
    if place and not patient.settings.state and Path(place) != patient.state.gate:
        here, there = patient.own.show(patient.state.gate), patient.own.show(Path(place))
        yield (
            f"{one.name} keeps its state in {there}, this prompt in {here}",
            "each has a memory of its own: messages come twice, and an acknowledgement here is not seen there",
        )
    mine = patient.settings.file
    named = one.environment.get("AUTHWATCH_CONFIG")
    base = one.environment.get("XDG_CONFIG_HOME") or str(patient.own.home / ".config")
    theirs = Path(named) if named else Path(base) / "authwatch" / "config.yaml"
    if patient.complaint or not one.environment or theirs == mine or (mine is None and not stamp(theirs)):
        return
    yield (
        f"{one.name} reads {patient.own.show(theirs)}, this prompt {mine or 'no config'}",
        "what you change in the one does not count in the other",
    )


def _looking(patient: Patient, one: Runner) -> Iterator[tuple[str, str, str]]:
    """The variables by which it looks in other places than this prompt: what is so, why it matters, what mends it."""
    if patient.complaint or not one.environment:
        return
    here, there = _locations(patient, patient.own), _locations(patient, patient.own.within(one.environment))
    if here == there:
        return
    lost = "logins that are found there are not checked while nobody looks"
    for name in sorted({*here, *there}):
        mine, theirs = here.get(name), there.get(name)
        if mine is None and theirs is not None:
            what = f"{one.name} has {name}={theirs.value}, this prompt has no {name}"
            yield what, lost, f"export {setting(theirs)}  # or, if it is to go there as well: {one.again}"
        elif mine is not None and mine != theirs:
            has = f"has {name}={theirs.value}" if theirs else f"has no {name}"
            yield f"{one.name} {has}, this prompt has {name}={mine.value}", lost, _again(one, here)


def _locations(patient: Patient, host: Host) -> dict[str, Location]:
    places = in_force(host, patient.settings.sources)
    return {one.variable: one for found in places.values() for one in found}


def _again(one: Runner, here: Mapping[str, Location]) -> str:
    """The command that writes it anew; sudo hands on no variables but those that it is told."""
    if not one.again.startswith("sudo "):
        return one.again
    return " ".join(["sudo env", *(setting(here[name]) for name in sorted(here)), one.again.removeprefix("sudo ")])
