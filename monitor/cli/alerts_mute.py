"""`authwatch alerts ack | silence | unsilence`: what people ask not to hear about."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from monitor.cli import history_access
from monitor.cli.context import NOT_DONE, USAGE, Failure, Shell

if TYPE_CHECKING:
    from alerts.model import Standing
    from monitor.config.settings import Settings


def run(given: argparse.Namespace, shell: Shell) -> int:
    """Does it, in one transaction; a pass that runs meanwhile is waited for."""
    from alerts.muting import Refused

    settings = shell.settings(shell.host())
    act = {"ack": _acknowledge, "silence": _silence, "unsilence": _unsilence}[given.action]
    try:
        words, document = act(given, shell, settings)
    except Refused as error:
        raise Failure(NOT_DONE, str(error)) from None
    shell.say(json.dumps({"schema": 1, **document}, ensure_ascii=False) if given.json else words)
    return 0


def _acknowledge(given: argparse.Namespace, shell: Shell, settings: Settings) -> tuple[str, dict[str, Any]]:
    from alerts import muting, store
    from monitor.cli.alerts_list import as_json
    from monitor.cli.terminal_text import visible

    if (given.key is None) == (given.token is None):
        raise Failure(USAGE, "say what: a KEY as `authwatch alerts list` shows it, or --token")
    span = _span(given.span) if given.span else None
    with history_access.writing(shell, settings) as db:
        standings = store.standings(db)
        key = given.key or _meant(given.token, standings, shell, settings)
        made = muting.acknowledgement(key, standings, shell.now(), span, given.note, shell.author())
        store.acknowledge(db, made)
    until = f"until {made.until:%Y-%m-%d %H:%M} UTC, or until it changes" if made.until else "until it changes"
    return f"{visible(key)} is acknowledged {until}.", {"acknowledged": as_json(made)}


def _silence(given: argparse.Namespace, shell: Shell, settings: Settings) -> tuple[str, dict[str, Any]]:
    from alerts import muting, store
    from alerts.dataclass import replace
    from monitor.cli.alerts_list import as_json
    from monitor.judge.wording import mask

    try:
        match = muting.parse_match(given.match)
    except muting.Refused as error:
        raise Failure(USAGE, str(error)) from None
    if settings.privacy == "masked" and "profile" in match:
        match["profile"] = mask(match["profile"])
    span = _span(given.span)
    with history_access.writing(shell, settings) as db:
        standings = tuple(store.standings(db).values())
        made = muting.silence(match, standings, shell.now(), span, given.note, shell.author())
        made = replace(made, id=store.silence(db, made))
    words = f"Silence {made.id} hides what matches, up to level {made.level}, until {made.until:%Y-%m-%d %H:%M} UTC."
    return f"{words}\nend it with: authwatch alerts unsilence {made.id}", {"silence": as_json(made)}


def _unsilence(given: argparse.Namespace, shell: Shell, settings: Settings) -> tuple[str, dict[str, Any]]:
    from alerts import store

    with history_access.writing(shell, settings) as db:
        known = ", ".join(str(one.id) for one in store.silences(db) if one.until > shell.now())
        if not store.unsilence(db, given.id):
            hint = f"there are: {known}" if known else "there is none at all"
            raise Failure(NOT_DONE, f"there is no silence {given.id}; {hint}")
    return f"Silence {given.id} is ended.", {"ended": given.id}


def _span(text: str) -> timedelta:
    from alerts.muting import Refused, span
    from monitor.config.fields import parse_span

    try:
        return span(parse_span(text))
    except (ValueError, Refused) as error:
        raise Failure(USAGE, f"--for {text}: {error}") from None


def _meant(token: str, standings: Mapping[str, Standing], shell: Shell, settings: Settings) -> str:
    """The key whose present standing a button's token names."""
    from hmac import compare_digest

    from monitor.check.phone_buttons import token_of

    host = shell.host().keyed(shell.state(settings).key(create=False))
    for key, standing in standings.items():
        if compare_digest(token_of(host, standing).encode(), token.encode("utf-8", "replace")):
            return key
    raise Failure(NOT_DONE, "this button is of something that has changed since; see: authwatch alerts list")
