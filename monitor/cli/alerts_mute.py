"""`authwatch alerts ack | silence | unsilence`: what people ask not to hear about."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from alerts.timefmt import moment
from monitor.cli import history_access
from monitor.cli.context import NOT_DONE, USAGE, Context, Failure

if TYPE_CHECKING:
    from alerts.model import Alert
    from monitor.config.settings import Settings


def run(given: argparse.Namespace, context: Context) -> int:
    """Does it, in one transaction; a check that runs meanwhile is waited for."""
    from alerts.muting import CannotMute

    settings = context.settings(context.host())
    act = {"ack": _acknowledge, "silence": _silence, "unsilence": _unsilence}[given.action]
    try:
        words, document = act(given, context, settings)
    except CannotMute as error:
        raise Failure(NOT_DONE, str(error)) from None
    context.say(json.dumps({"schema": 1, **document}, ensure_ascii=False) if given.json else words)
    return 0


def _acknowledge(given: argparse.Namespace, context: Context, settings: Settings) -> tuple[str, dict[str, Any]]:
    from alerts import muting, store
    from alerts.formats import visible
    from monitor.cli.alerts_list import as_json

    if (given.key is None) == (given.token is None):
        raise Failure(USAGE, "say what: a KEY as `authwatch alerts list` shows it, or --token")
    span = _span(given.span) if given.span else None
    with history_access.writing(context, settings) as db:
        alerts = store.alerts(db)
        key = given.key or _meant(given.token, alerts, context, settings)
        made = muting.acknowledgement(key, alerts, context.now(), span, given.note, context.author())
        store.acknowledge(db, made)
    until = f"until {moment(made.until)}, or until it changes" if made.until else "until it changes"
    return f"{visible(key)} is acknowledged {until}.", {"acknowledged": as_json(made)}


def _silence(given: argparse.Namespace, context: Context, settings: Settings) -> tuple[str, dict[str, Any]]:
    from alerts import muting, store
    from monitor.cli.alerts_list import as_json
    from monitor.judge.wording import mask

    try:
        match = muting.parse_match(given.match)
    except muting.CannotMute as error:
        raise Failure(USAGE, str(error)) from None
    if settings.privacy == "masked" and "profile" in match:
        match["profile"] = mask(match["profile"])
    span = _span(given.span)
    with history_access.writing(context, settings) as db:
        alerts = tuple(store.alerts(db).values())
        made = muting.silence(match, alerts, context.now(), span, given.note, context.author())
        made = made._replace(id=store.silence(db, made))
    words = f"Silence {made.id} hides what matches, up to level {made.level}, until {moment(made.until)}."
    return f"{words}\nend it with: authwatch alerts unsilence {made.id}", {"silence": as_json(made)}


def _unsilence(given: argparse.Namespace, context: Context, settings: Settings) -> tuple[str, dict[str, Any]]:
    from alerts import store

    with history_access.writing(context, settings) as db:
        known = ", ".join(str(one.id) for one in store.silences(db) if one.until > context.now())
        if not store.unsilence(db, given.id):
            hint = f"there are: {known}" if known else "there is none at all"
            raise Failure(NOT_DONE, f"there is no silence {given.id}; {hint}")
    return f"Silence {given.id} is ended.", {"ended": given.id}


def _span(text: str) -> timedelta:
    from alerts.muting import CannotMute, span
    from monitor.config.spans import parse_span

    try:
        return span(parse_span(text))
    except (ValueError, CannotMute) as error:
        raise Failure(USAGE, f"--for {text}: {error}") from None


def _meant(token: str, alerts: Mapping[str, Alert], context: Context, settings: Settings) -> str:
    """The key whose present alert a button's token names."""
    from hmac import compare_digest

    from monitor.check.phone_buttons import token_of

    host = context.host().keyed(context.state(settings).key(create=False))
    for key, alert in alerts.items():
        if compare_digest(token_of(host, alert).encode(), token.encode("utf-8", "replace")):
            return key
    raise Failure(NOT_DONE, "this button is of something that has changed since; see: authwatch alerts list")
