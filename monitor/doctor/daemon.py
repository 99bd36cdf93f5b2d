"""Who answers at the daemon's address: our own, another one of ours, another program, nobody."""

from __future__ import annotations

import http.client
import re
import socket
from contextlib import closing
from enum import Enum
from typing import Final

from alerts.timefmt import iso
from monitor.check.outputs import StateFolders, last_success
from monitor.doctor.model import Subject
from monitor.serve.web_auth import CannotServe, listen_address
from monitor.system.timeout import within

PATIENCE: Final = 2.0
_OURS: Final = re.compile(rb"no check has succeeded yet|last success (\S+), one is due every ")


class PortAnswer(Enum):
    """Who answers at the daemon's address."""

    OURS = "ours"
    ANOTHER = "another"  # an authwatch of another user or state folder
    FOREIGN = "foreign"
    NOBODY = "nobody"


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


def _reachable(host: str) -> str:
    """Where one that listens everywhere is met."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - what a config may say


def _name(host: str) -> str:
    """A name by which the daemon knows itself."""
    found = _reachable(host)
    return f"[{found}]" if ":" in found else found
