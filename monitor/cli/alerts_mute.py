"""`authwatch alerts ack | silence | unsilence`: what people ask not to hear about."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from shlex import quote
from typing import TYPE_CHECKING, Any

from alerts.timefmt import for_reader, moment
from monitor.cli import history_access
from monitor.cli.context import NOT_DONE, USAGE, Context, Failure

if TYPE_CHECKING:
    from alerts.model import Alert, Silence
    from monitor.config.settings import Settings

#: What shows the keys that can be muted.
LISTED_BY = "authwatch alerts list"
#: So many muted alerts are named.
NAMED = 8


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
    from monitor.cli.filtering import key_of

    if (given.key is None) == (given.token is None):
        raise Failure(USAGE, "expected either a KEY, as `authwatch alerts list` shows it, or --token")
    span = _span(given.span, "--for") if given.span else None
    with history_access.writing(context, settings) as db:
        alerts = store.alerts(db)
        key = key_of(given.key, alerts, LISTED_BY) if given.key else _meant(given.token, alerts, context, settings)
        made = muting.acknowledgement(key, alerts, context.now(), span, given.note, context.author())
        store.acknowledge(db, made)
    until = f"until {moment(made.until)}, or until it changes" if made.until else "until it changes"
    words = for_reader(f"No more reminders {until}.", made.made_at, settings.timezone)
    return f"Acknowledged {visible(key)}. {words}", {"acknowledged": as_json(made)}


def _silence(given: argparse.Namespace, context: Context, settings: Settings) -> tuple[str, dict[str, Any]]:
    from alerts import muting, store
    from monitor.cli.alerts_list import as_json

    if given.span and given.length:
        raise Failure(USAGE, "expected SPAN or --for, not both")
    if not (given.span or given.length):
        raise Failure(USAGE, f"missing SPAN; for example: authwatch alerts silence {quote(given.match)} 4h")
    span = _span(given.span, "--for") if given.span else _span(given.length, "SPAN")
    with history_access.writing(context, settings) as db:
        alerts = store.alerts(db)
        match = _match(given.match, alerts, settings)
        made = muting.silence(match, tuple(alerts.values()), context.now(), span, given.note, context.author())
        made = made._replace(id=store.silence(db, made))
    return "\n".join(_silenced(made, alerts, settings)), {"silence": as_json(made)}


def _match(text: str, alerts: Mapping[str, Alert], settings: Settings) -> dict[str, str]:
    """The labels that a MATCH means: `label=value` pairs, else those of what a key names."""
    from alerts import muting
    from monitor.cli.filtering import key_of
    from monitor.judge.keys import Keys
    from monitor.judge.wording import mask

    labelled = text.partition("=")[0].strip() in muting.LABELS
    if not labelled and (Keys(alerts).find(text) or (text and "=" not in text)):
        return muting.match_of(alerts[key_of(text, alerts, LISTED_BY)])
    try:
        match = muting.parse_match(text)
    except muting.CannotMute as error:
        raise Failure(USAGE, str(error)) from None
    if settings.privacy == "masked" and "profile" in match:
        match["profile"] = mask(match["profile"])
    return match


def _silenced(made: Silence, alerts: Mapping[str, Alert], settings: Settings) -> Iterator[str]:
    """What a new silence does: what is muted now, until when, how to end it."""
    from alerts.formats import visible
    from alerts.message import name_of
    from alerts.model import Level
    from alerts.muting import covers
    from monitor.cli.alerts_list import LEVELS

    words = f'Silence {made.id} mutes matching alerts up to "{made.level}" until {moment(made.until)}.'
    yield for_reader(words, made.made_at, settings.timezone)
    bad = [one for one in alerts.values() if one.level is not Level.FINE and covers(made.match, one.labels)]
    # The name and not the key: with `privacy: masked` it shows nobody's address.
    names = [f"{LEVELS[one.level]} {name_of(one)}" for one in sorted(bad, key=lambda one: (-one.level.rank, one.key))]
    more = [f"and {len(names) - NAMED} more"] if len(names) > NAMED else []
    yield f"Muted now: {visible(', '.join([*names[:NAMED], *more]) or 'no active alert matches yet')}"
    yield f"end it: authwatch alerts unsilence {made.id}"


def _unsilence(given: argparse.Namespace, context: Context, settings: Settings) -> tuple[str, dict[str, Any]]:
    from alerts import store

    with history_access.writing(context, settings) as db:
        known = ", ".join(str(one.id) for one in store.silences(db) if one.until > context.now())
        if not store.unsilence(db, given.id):
            hint = f"active silences: {known}" if known else "no silence is active"
            raise Failure(NOT_DONE, f"unknown silence {given.id}; {hint}")
    return f"Silence {given.id} ended.", {"ended": given.id}


def _span(text: str, option: str) -> timedelta:
    from alerts.muting import CannotMute, span
    from monitor.cli.filtering import span_of

    try:
        return span(span_of(text, option))
    except CannotMute as error:
        raise Failure(USAGE, f"{option} {text}: {error}") from None


def _meant(token: str, alerts: Mapping[str, Alert], context: Context, settings: Settings) -> str:
    """The key whose present alert a button's token names."""
    from hmac import compare_digest

    from monitor.check.phone_buttons import token_of

    host = context.host().keyed(context.state(settings).key(create=False))
    for key, alert in alerts.items():
        if compare_digest(token_of(host, alert).encode(), token.encode("utf-8", "replace")):
            return key
    raise Failure(NOT_DONE, "this notification is out of date; to list alerts: authwatch alerts list")
