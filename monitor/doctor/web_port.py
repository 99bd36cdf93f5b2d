"""The check of the daemon's address: is it free or ours, and may the daemon listen there at all?"""

from __future__ import annotations

import socket
from collections.abc import Iterator

from monitor.doctor.daemon import PortAnswer, answers
from monitor.doctor.model import Health, Result, Runner, Subject
from monitor.doctor.schedulers import runners
from monitor.serve.web_auth import CannotServe, listen_address
from monitor.system.files import why as reason


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
