"""The check of the daemon's address: is it free or ours, and may the daemon listen there at all?"""

from __future__ import annotations

import errno
from collections.abc import Iterator
from typing import Final

from monitor.doctor.daemon import PortAnswer, answers
from monitor.doctor.model import Health, Result, Runner, Subject
from monitor.doctor.schedulers import runners
from monitor.serve.web_auth import CannotServe, listen_address
from monitor.system.listening import another, in_words, refusal, taken


def port(subject: Subject) -> Iterator[Result]:
    """Who answers where the daemon listens?"""
    web = subject.settings.web
    daemon = next((one for one in runners(subject) if one.daemon), None)
    try:
        host, number = listen_address(web)
    except CannotServe as refused:
        health = Health.BROKEN if daemon else Health.WARNING
        yield Result("port", health, str(refused), _NO_START, "authwatch config show")
        return
    who = answers(subject)
    if who is PortAnswer.OURS:
        yield Result("port", Health.FINE, f"the authwatch daemon answers at http://{web.listen}/")
    elif who is PortAnswer.NOBODY:
        yield _quiet(host, number, web.listen, daemon)
    elif (error := refusal(host, number)) and error.errno == errno.EADDRNOTAVAIL:
        yield _refused(web.listen, number, error, daemon)
    else:
        what = taken(web.listen, number)
        if who is PortAnswer.ANOTHER:
            what = f"{web.listen} is in use by an authwatch daemon of another user or state folder"
        why = f"{_NO_START}; set web.listen in the config to another address, such as {another(web.listen, number)}"
        health = Health.BROKEN if daemon else Health.FINE
        yield Result("port", health, what, why, f"ss -ltnp 'sport = :{number}'")


_NO_START: Final = "`authwatch serve` cannot start"


def _refused(listen: str, number: int, error: OSError, daemon: Runner | None) -> Result:
    health = Health.BROKEN if daemon else Health.FINE
    what = in_words(listen, number, error)
    return Result("port", health, what, _NO_START, "authwatch config show  # web.listen")


def _quiet(host: str, number: int, listen: str, daemon: Runner | None) -> Result:
    if daemon and daemon.runs:
        why = "the status page and metrics are not available; its log says why"
        return Result("port", Health.BROKEN, f"{daemon.name} is running, but {listen} does not answer", why, daemon.log)
    if error := refusal(host, number):
        return _refused(listen, number, error, daemon)
    return Result("port", Health.FINE, f"{listen} is free; no daemon is running")
