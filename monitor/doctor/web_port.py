"""The check of the daemon's address: is it free or ours, and may the daemon listen there at all?"""

from __future__ import annotations

import http.client
import re
import socket
from collections.abc import Iterator
from contextlib import closing
from enum import Enum
from typing import Final

from alerts.timefmt import iso
from monitor.check.outputs import StateFolders, last_success
from monitor.doctor.model import Health, Result, Runner, Subject
from monitor.doctor.schedulers import runners
from monitor.serve.web_auth import CannotServe, listen_address
from monitor.system.files import why as reason
from monitor.system.timeout import within

PATIENCE: Final = 2.0
_OURS: Final = re.compile(rb"no check has succeeded yet|last success (\S+), one is due every ")


class PortAnswer(Enum):
    """Who answers at the daemon's address."""

    OURS = "ours"
    ANOTHER = "another"  # an authwatch of another user or state folder
    FOREIGN = "foreign"
    NOBODY = "nobody"


def port(subject: Subject) -> Iterator[Result]:
    """Who answers where the daemon listens?"""
    web = subject.settings.web
    daemon = next((one for one in runners(subject) if one.daemon), None)
    try:
        host, number = listen_address(web)
    except CannotServe as refused:
        health = Health.BROKEN if daemon else Health.WARNING
        yield Result(
            "port", health, str(refused), "`authwatch serve` does not start like this", "authwatch config show"
        )
        return
    who = answers(subject)
    if who is PortAnswer.OURS:
        yield Result("port", Health.FINE, f"our daemon answers at {web.listen}")
    elif who is PortAnswer.NOBODY:
        yield _quiet(host, number, web.listen, daemon)
    else:
        whose = "a daemon of another user or state folder" if who is PortAnswer.ANOTHER else "another program"
        why = "`authwatch serve` cannot have that address; `web.listen` in the config takes another"
        health = Health.WARNING if daemon else Health.FINE
        yield Result("port", health, f"{whose} answers at {web.listen}", why, f"ss -ltnp 'sport = :{number}'")


def answers(subject: Subject) -> PortAnswer:
    """Who answers at the daemon's address; it is asked once."""
    if "answer" not in subject.memo:
        try:
            subject.memo["answer"] = _ask(subject, *listen_address(subject.settings.web))
        except CannotServe:
            return PortAnswer.NOBODY
    return PortAnswer(subject.memo["answer"])


def _ask(subject: Subject, host: str, number: int) -> PortAnswer:
    """/readyz is open to everybody, and tells one authwatch from another by its last success.

    Not by `system.http_get`, whose errors are words for people: here each of them says who listens.
    """
    before = _said(subject)

    def asked() -> bytes:
        with closing(http.client.HTTPConnection(_reachable(host), number, timeout=PATIENCE)) as there:
            there.request("GET", "/readyz", headers={"Host": f"{_name(host)}:{number}"})
            return there.getresponse().read(200)

    try:
        text = within(PATIENCE, asked)
    except ConnectionRefusedError:
        return PortAnswer.NOBODY
    except TimeoutError:
        return PortAnswer.FOREIGN
    except socket.gaierror:
        return PortAnswer.NOBODY
    except OSError as error:
        return PortAnswer.FOREIGN if isinstance(error, ConnectionError) else PortAnswer.NOBODY
    except (http.client.HTTPException, ValueError):
        return PortAnswer.FOREIGN
    said = _OURS.match(text)
    if said is None:
        return PortAnswer.FOREIGN
    return PortAnswer.OURS if not said[1] or said[1] in (before, _said(subject)) else PortAnswer.ANOTHER


def _said(subject: Subject) -> bytes:
    """The last success as our own daemon would say it."""
    success = last_success(StateFolders(subject.state.folder, subject.state.gate))
    return (iso(success, "seconds") or "").encode()


def _quiet(host: str, number: int, listen: str, daemon: Runner | None) -> Result:
    if daemon and daemon.runs:
        why = "metrics and status page cannot be had; its log says more"
        return Result("port", Health.BROKEN, f"{daemon.name} runs, but nobody answers at {listen}", why, daemon.log)
    if refusal := _refusal(host, number):
        what, why = f"{listen} cannot be had ({refusal})", "`authwatch serve` does not start like this"
        return Result(
            "port", Health.WARNING if daemon else Health.FINE, what, why, "authwatch config show  # web.listen"
        )
    return Result("port", Health.FINE, f"{listen} is free; no daemon runs")


def _refusal(host: str, number: int) -> str:
    """Why the address cannot be bound, in the system's words; the socket is closed before anybody can connect."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, number, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as trial:
            trial.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            trial.bind(address)
    except OSError as error:
        return reason(error)
    return ""


def _reachable(host: str) -> str:
    """Where one that listens everywhere is met."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - what a config may say


def _name(host: str) -> str:
    """A name by which the daemon knows itself."""
    found = _reachable(host)
    return f"[{found}]" if ":" in found else found
