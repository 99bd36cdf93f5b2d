"""What a check leaves for the page and the calendar that its status document does not hold: what stands and was told of
it, channels, changes, deadlines as they may be shared; and beside those, for the page of one login, its evidence."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from itertools import islice
from typing import Any, Final, NamedTuple

from alerts.memory import Memory, Rules, suppressed
from alerts.model import Channel, Level
from alerts.notify import Look, NextMessage, planned
from alerts.timefmt import iso
from monitor.config.settings import Settings
from monitor.judge import wording
from monitor.judge.deadlines import remedy_for, steps_for
from monitor.judge.explain import account, why_so_sure
from monitor.judge.rules import ROWS, WEIGHTS
from monitor.metrics.definitions import ChannelFacts
from monitor.model import Credential, ExpectedLogin, Judgement, Lineup, Need, Remembered, Rule, Transition, Verdict

#: How far back changes are given, and how many at most (a flapping store makes many). The page shows 30 days and
#: needs to know how they began.
SPAN: Final = timedelta(days=45)
MOST: Final = 2000
#: Of so many logins the evidence is kept, and of a line-up so many places: the page of one login is no reason to write
#: megabytes with every check.
LOGINS: Final = 500
PLACES: Final = 24


class AlertFacts(NamedTuple):
    """What the memory of the alerts holds after a check, and what later looks will see if nothing changes."""

    memory: Memory
    channels: Sequence[Channel]
    rules: Rules
    facts: Sequence[ChannelFacts]
    look: Look


def overview(
    judgement: Judgement, facts: AlertFacts, changes: Sequence[Transition], settings: Settings, now: datetime
) -> dict[str, Any]:
    """The document `page.json`; moments are ISO 8601 UTC, spans seconds."""
    return {
        "at": iso(now),
        **({"timezone": str(settings.timezone)} if settings.timezone else {}),
        "alerts": _alerts(facts, settings.interval, now),
        "channels": [
            {
                "label": one.label,
                "last_success_at": iso(known.last_success_at),
                "pending": known.pending,
            }
            for one, known in zip(facts.channels, facts.facts, strict=True)
        ],
        "changes": [
            {
                "key": one.key,
                "at": iso(one.at),
                "before": one.before,
                "after": one.after,
                "needs_human": one.needs_human,
            }
            for one in changes[-MOST:]
        ],
        "deadlines": [_deadline(verdict, settings) for verdict in judgement.verdicts if _dated(verdict)],
        "estimates": [
            _estimate(one, one.expected, settings)
            for one in judgement.verdicts
            if one.expected and one.in_use and not one.ignored
        ],
    }


def _alerts(facts: AlertFacts, interval: timedelta, now: datetime) -> list[dict[str, Any]]:
    acknowledged, silenced = suppressed(facts.memory, now)
    following = planned(facts.memory, facts.channels, facts.rules, facts.look, now, interval)
    bad = [one for one in facts.memory.alerts.values() if one.level is not Level.FINE]
    heard: dict[str, dict[str, str | None]] = defaultdict(dict)
    tried: dict[str, list[str]] = defaultdict(list)
    for channel in sorted(facts.channels, key=lambda one: one.label):
        for key in (one.key for one in bad):
            if state := facts.memory.notified.get((channel.id, key)):
                heard[key][channel.label] = iso(state.at)
            if (channel.id, key) in facts.memory.attempts:
                tried[key].append(channel.label)
    return [
        {
            "key": one.key,
            "level": one.level.value,
            "since": iso(one.since),
            "summary": one.summary,
            "acknowledged": one.key in acknowledged,
            "silenced": one.key in silenced,
            "told": heard[one.key],
            "undelivered": tried[one.key],
            "next": following_as_json(following.get(one.key)),
        }
        for one in sorted(bad, key=lambda one: (-one.level.rank, one.key))
    ]


def following_as_json(message: NextMessage | None) -> dict[str, Any] | None:
    """The next message if nothing changes; None if none will come."""
    return {"at": iso(message.at), "reason": message.reason.value, "channel": message.channel} if message else None


def _dated(verdict: Verdict) -> bool:
    return verdict.deadline is not None and verdict.in_use and not verdict.ignored


def _shown(verdict: Verdict, settings: Settings) -> Credential:
    """Its names for the calendar, which may be shared: `privacy` holds for it as it does for messages."""
    who = verdict.seen.credential
    return who._replace(profile=wording.mask(who.profile)) if settings.privacy == "masked" else who


def _deadline(verdict: Verdict, settings: Settings) -> dict[str, Any]:
    seen, credential = verdict.seen, verdict.seen.credential
    shown = _shown(verdict, settings)
    return {
        "key": verdict.key,
        "name": wording.called(shown),
        "kind": str(credential.kind),
        "at": iso(verdict.deadline),
        "steps": [int(step.total_seconds()) for step in steps_for(seen, settings.policy)],
        "remedy": remedy_for(credential, settings.policy) or (seen.relogin if shown == credential else ""),
    }


def _estimate(verdict: Verdict, expected: ExpectedLogin, settings: Settings) -> dict[str, Any]:
    """When a person will probably be asked, where no deadline is known."""
    return {
        "key": verdict.key,
        "name": wording.called(_shown(verdict, settings)),
        "at": iso(expected.at),
        "spread": int(expected.spread.total_seconds()),
        "logins": expected.logins,
    }


def evidence(
    judgement: Judgement, known: Mapping[str, Remembered], settings: Settings, now: datetime
) -> dict[str, Any]:
    """The document `logins.json`: of each login what `explain` says, and which places serve in its stead. Sentences
    are kept ones (`alerts.timefmt`). Of very many logins, those that need nobody come last and may be left out."""
    lineups: dict[str, list[Lineup]] = defaultdict(list)
    for one in judgement.lineups:
        for key in dict.fromkeys((*one.keys, *(rung.key for rung in one.ladder))):
            lineups[key].append(one)
    alone = judgement._replace(verdicts=(), lineups=())  # places are kept as such
    urgent = sorted(judgement.verdicts, key=lambda one: one.needs_human is Need.NO)
    return {
        "at": iso(now),
        "logins": {
            one.key: {
                "facts": [
                    [fact.name, fact.value, fact.where, str(fact.sure), fact.why]
                    for fact in account(one, known.get(one.key), alone, settings.policy, now)
                ],
                "sure": why_so_sure(one),
                "rule": [list(Rule).index(one.rule) + 1, ROWS[one.rule].evidence],
                "weights": [WEIGHTS[weight] for weight in one.weights],
                "steps": [int(step.total_seconds()) for step in steps_for(one.seen, settings.policy)],
                "lineups": [_lineup(lineup, one.key) for lineup in lineups.get(one.key, ())],
            }
            for one in islice(urgent, LOGINS)
        },
    }


def _lineup(lineup: Lineup, key: str) -> dict[str, Any]:
    """The places from which a program may take a login, the strongest first; of very many, the first and this one."""
    places = list(_places(lineup))
    kept = [one for number, one in enumerate(places) if number < PLACES or one["key"] == key]
    return {
        "agent": lineup.agent,
        "provider": lineup.provider,
        "ordered": lineup.ordered,
        "places": kept,
        "more": len(places) - len(kept),
    }


def _places(lineup: Lineup) -> Iterator[dict[str, str]]:
    if lineup.ladder:
        for rung in lineup.ladder:
            yield {"place": rung.place, "key": rung.key, "standing": str(rung.standing), "note": rung.note}
        return
    for key in lineup.keys:
        yield {"place": "", "key": key, "standing": "", "note": ""}
    for name in lineup.spare:
        yield {"place": name, "key": "", "standing": "", "note": ""}
