"""Which `authwatch install` suits this machine, as a command."""

from __future__ import annotations

import shutil
import sys

from monitor.doctor.asking import ask
from monitor.doctor.model import Patient
from monitor.host import Unreadable
from monitor.setup.termux import on_a_phone


def how_to_install(patient: Patient) -> str:
    """The command that makes passes run by themselves here; `serve` where nothing else could start them."""
    if on_a_phone(patient.environ):
        return "authwatch install termux"
    if sys.platform == "darwin":
        return "authwatch install launchd"
    if session_answers(patient):
        return "authwatch install systemd --user --timer"
    crontab = shutil.which("crontab", path=patient.environ.get("PATH", ""))
    return "authwatch install cron" if crontab else "authwatch serve"


def session_answers(patient: Patient) -> bool:
    """Whether systemd runs a session of this user's."""
    program = shutil.which("systemctl", path=patient.environ.get("PATH", ""))
    try:
        return bool(program and ask(patient, program, "--user", "show", "--property=Version", patience=3))
    except Unreadable:
        return False
