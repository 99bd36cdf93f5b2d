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
_OURS: Final = re.compile(rb"no check has succeeded yet|last success (\S+?),")


class PortAnswer(Enum):
    """Who answers at the daemon's address."""

    OURS = "ours"
    ANOTHER = "another"  # an authwatch of another user or state folder
    FOREIGN = "foreign"
    NOBODY = "nobody"


def answers(subject: Subject) -> PortAnswer:
    """Who answers at the daemon's address; it is asked once."""
    if "answer" not in subject.memo:
        before = _said(subject)
        try:
            answer, success = asked(*listen_address(subject.settings.web))
        except CannotServe:
            return PortAnswer.NOBODY
        if answer is PortAnswer.OURS and success and success not in (before, _said(subject)):
            answer = PortAnswer.ANOTHER
        subject.memo["answer"] = answer
    return PortAnswer(subject.memo["answer"])


def asked(host: str, number: int) -> tuple[PortAnswer, bytes]:
    """Who answers there: an authwatch (OURS, with its last success, which tells one from another), another program,
    nobody. /readyz is open to everybody.

    Not by `system.http_get`, whose errors are words for people: here each of them says who listens.
    """

    def got() -> bytes:
        with closing(http.client.HTTPConnection(_reachable(host), number, timeout=PATIENCE)) as there:
            there.request("GET", "/readyz", headers={"Host": f"{_name(host)}:{number}"})
            return there.getresponse().read(200)

    try:
        said = _OURS.match(within(PATIENCE, got))
    except (ConnectionRefusedError, socket.gaierror):
        return PortAnswer.NOBODY, b""
    except (ConnectionError, TimeoutError, http.client.HTTPException, ValueError):
        return PortAnswer.FOREIGN, b""
    except OSError:
        return PortAnswer.NOBODY, b""
    return (PortAnswer.OURS, said[1] or b"") if said else (PortAnswer.FOREIGN, b"")


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
