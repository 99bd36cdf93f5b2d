"""`authwatch models pin`: which session is pinned to which login, and the order in which OpenClaw tries them."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

from alerts.timefmt import for_reader, iso
from monitor.cli.context import USAGE, Context, Failure, common
from monitor.cli.models_auth import agent, zone

if TYPE_CHECKING:
    from monitor.openclaw.candidates import Candidates


def arguments(actions: Any) -> None:
    """`pin [list | status | MODEL@PROFILE --session S]` and `unpin --session S`."""
    pin = actions.add_parser("pin", help="pin a session to one login; list pins; show which login is next")
    common(pin)
    pin.add_argument("what", metavar="list | status | MODEL@PROFILE", nargs="?", default="list")
    pin.add_argument("--session", metavar="S", help="the session's key, as in `openclaw sessions`")
    agent(pin)
    pin.add_argument("--provider", metavar="P", help="for status: only this provider")
    unpin = actions.add_parser("unpin", help="remove a pin, so that OpenClaw chooses again")
    common(unpin)
    unpin.add_argument("--session", metavar="S", required=True, help="the session's key")
    agent(unpin)


def run(given: argparse.Namespace, context: Context) -> int:
    """Does what was asked; a refusal is `WriteRefused`, and nothing was written."""
    from monitor.system.host import Unreadable

    try:
        if given.action == "unpin":
            return _unpin(given, context)
        if given.what == "list":
            return _list(given, context)
        return _status(given, context) if given.what == "status" else _pin(given, context)
    except Unreadable as error:
        raise Failure(1, f"{error.path}: {error.detail}") from None


def _pin(given: argparse.Namespace, context: Context) -> int:
    from monitor.openclaw.installation import read
    from monitor.openclaw.write import pin, targets

    if not given.session:
        raise Failure(USAGE, "no session given; add --session S (`openclaw sessions` lists them)")
    found = read(context.host())
    agent = targets.chosen(found, given.agent)
    wanted = pin.request_of(found, agent, given.what, given.session)
    path = pin.pin(found, agent, wanted, context.now())
    lines = [
        f"Pinned session {wanted.session} to {wanted.profile} with {wanted.model}.",
        "A pin has no fallback: if this login expires, the session stops.",
        "A running gateway uses the pin from the next message on. If it does not, type in that session:",
        f"    /model {wanted.written}",
    ]
    result = {"ok": True, "session": wanted.session, "profile": wanted.profile, "model": str(wanted.model)}
    return context.tell(given.json, {**result, "written": [path]}, lines)


def _unpin(given: argparse.Namespace, context: Context) -> int:
    from monitor.openclaw.installation import read
    from monitor.openclaw.write import pin, targets

    found = read(context.host())
    agent = targets.chosen(found, given.agent)
    path = pin.unpin(found, agent, given.session.strip(), context.now())
    result = {"ok": True, "session": given.session.strip(), "written": [path]}
    return context.tell(given.json, result, [f"Session {given.session.strip()} is no longer pinned."])


def _list(given: argparse.Namespace, context: Context) -> int:
    from monitor.openclaw.installation import read
    from monitor.openclaw.pins import pins
    from monitor.openclaw.write import targets

    host = context.host()
    found = read(host)
    agents = [targets.chosen(found, given.agent)] if given.agent else list(found.agents)
    listed = [one for agent in agents for one in pins(host, found, agent)]
    rows = [
        (one.session, one.profile, f"by {'OpenClaw' if one.by == 'auto' else one.by}", one.model or "")
        for one in listed
    ]
    from monitor.cli.layout import WIDEST, table

    lines = table(rows, WIDEST) or ["No sessions are pinned."]
    return context.tell(given.json, {"pins": [one._asdict() for one in listed]}, lines)


def _status(given: argparse.Namespace, context: Context) -> int:
    from monitor.openclaw.candidates import candidates, providers
    from monitor.openclaw.installation import read
    from monitor.openclaw.write import pasted_secret, targets

    found, now = read(context.host()), context.now()
    agent = targets.chosen(found, given.agent)
    wanted = [pasted_secret.provider(given.provider)] if given.provider else providers(found, agent)
    views = [candidates(found, agent, provider, now) for provider in wanted]
    local = zone(context)
    lines = [for_reader(line, now, local) for one in views for line in _lines(one)] or ["No providers are in use."]
    return context.tell(given.json, {"agent": agent, "providers": [_plain(one) for one in views]}, lines)


def _lines(view: Candidates) -> list[str]:
    from monitor.cli.layout import columns

    rows = [
        (
            "→" if one.next else " ",
            "-" if one.rank is None else str(one.rank + 1),
            one.name,
            one.kind,
            one.state,
            one.why_not or ("billed by use" if one.paid else ""),
        )
        for one in view.listed
    ]
    endpoint = f"  {view.endpoint}" if view.endpoint else ""
    return [f"{view.provider}: {view.words}{endpoint}", *(f"  {line}" for line in columns(rows))]


def _plain(view: Candidates) -> dict[str, Any]:
    listed = [one._asdict() for one in view.listed]
    for one in listed:
        one["until"] = iso(one["until"])
    return {"provider": view.provider, "endpoint": view.endpoint, "summary": view.words, "candidates": listed}
