"""`authwatch alerts simulate`: what would be said, when and to whom, if nothing changed; writes nothing."""

from __future__ import annotations

import argparse
import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from monitor.cli.alerts_list import iso as _iso
from monitor.cli.context import USAGE, Failure, Shell

if TYPE_CHECKING:
    from monitor.check.simulate import Planned

LONGEST = timedelta(days=366)


def run(given: argparse.Namespace, shell: Shell) -> int:
    """Looks once, then lets the clock run ahead."""
    from monitor.check.simulate import rehearse
    from monitor.cli import history_access
    from monitor.cli.terminal_text import visible

    horizon = _span(given.span)
    turn = shell.turn()
    with history_access.in_words():
        planned = list(rehearse(turn, horizon))
    if given.json:
        end = turn.now + horizon
        document = {
            "schema": 1,
            "from": _iso(turn.now),
            "to": _iso(end),
            "messages": [_as_json(one) for one in planned],
        }
        shell.say(json.dumps(document, ensure_ascii=False, indent=1))
        return 0
    if not turn.settings.channels:
        shell.say("No channel is configured, so nothing would be said; add `channels:` to the config.")
        return 0
    shell.say(f"If nothing changed, in the next {given.span}:")
    for one in planned:
        shell.say(visible(f"{one.at:%Y-%m-%d %H:%M} UTC  {one.alert.channel}: {one.message.subject}"))
        for news in one.alert.news:
            shell.say(visible(f"      {news.reason}: {news.standing.summary.partition(chr(10))[0]}"))
    if not planned:
        shell.say("nothing would be said to anybody.")
    return 0


def _as_json(one: Planned) -> dict[str, Any]:
    return {
        "at": _iso(one.at),
        "channel": one.alert.channel,
        "subject": one.message.subject,
        "text": one.message.text,
        "news": [
            {
                "key": news.standing.key,
                "reason": str(news.reason),
                "level": str(news.standing.level),
                "summary": news.standing.summary,
                "remedy": news.standing.remedy,
            }
            for news in one.alert.news
        ],
    }


def _span(text: str) -> timedelta:
    from monitor.config.fields import parse_span

    try:
        span = parse_span(text)
    except ValueError as error:
        raise Failure(USAGE, f"--in {text}: {error}") from None
    if span > LONGEST:
        raise Failure(USAGE, f"--in {text}: at most {LONGEST.days}d, later than that nobody knows anything")
    return span
