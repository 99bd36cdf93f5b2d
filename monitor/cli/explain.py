"""`authwatch explain KEY`: the evidence and the rule behind a verdict, and what would change it."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby, islice
from typing import TYPE_CHECKING, Any

from alerts.formats import visible
from alerts.timefmt import for_reader, iso, moment, span, when
from monitor.check.read_only import CheckResult
from monitor.check.status import SCHEMA
from monitor.cli.context import NOT_DONE, PATIENCE, Context, Failure, common
from monitor.cli.layout import wrapped
from monitor.config.settings import Settings
from monitor.judge.explain import Fact, account, why_so_sure
from monitor.judge.rules import ROWS, WEIGHTS
from monitor.model import Need, Rule, State, Verdict

if TYPE_CHECKING:
    from monitor.check.read_only import CheckResult


#: So many changes ahead are shown.
AHEAD = 6


def arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """The options of the command."""
    common(parser)
    words = "a key, or any unique end of one, such as anthropic:default; default: the login that needs you most"
    parser.add_argument("key", nargs="?", metavar="KEY", help=words)


def run(given: argparse.Namespace, context: Context) -> int:
    """Looks, and prints what the verdict on one credential rests on; `-v` also shows the rows that did not hold."""
    from monitor.check.read_only import read_only
    from monitor.check.simulate import prospect

    with context.ending(PATIENCE):
        this_check = context.this_check()
        outcome = read_only(this_check, about=given.key or "")
        verdict = _chosen(given.key, outcome.judgement.verdicts)
        if verdict.key != given.key:  # what the history knows is read in full for one key alone
            outcome = read_only(this_check, about=verdict.key)
            verdict = next(one for one in outcome.judgement.verdicts if one.key == verdict.key)
    ahead = tuple(islice(prospect(this_check, outcome.judgement, outcome.known, verdict.key), AHEAD))
    explained = Explained(verdict, outcome, this_check.settings, ahead)
    if given.json:
        context.say(json.dumps(document(explained), ensure_ascii=False, indent=1))
    else:
        context.say(text(explained, width=min(context.width(), 80), whole=context.verbose))
    for complaint in outcome.complaints:
        context.warn(complaint)
    return 0


def _chosen(word: str | None, verdicts: Sequence[Verdict]) -> Verdict:
    """The verdict that a key means; without one, the login that needs somebody most: by need, then by deadline."""
    if word is not None:
        from monitor.cli.filtering import key_of

        key = key_of(word, (one.key for one in verdicts))
        return next(one for one in verdicts if one.key == key)
    if not verdicts:
        raise Failure(NOT_DONE, "no logins found. `authwatch config show` lists where authwatch looks")
    return min(verdicts, key=_urgency)


def _urgency(verdict: Verdict) -> tuple[bool, int, bool, float, str]:
    deadline = verdict.deadline.timestamp() if verdict.deadline else float("inf")
    return verdict.ignored, _ORDER.index(verdict.needs_human), not verdict.in_use, deadline, verdict.key


_ORDER = (Need.NOW, Need.UNKNOWN, Need.SOON, Need.NO)
NAME = 16  # columns of a fact's name
_NEED = {
    Need.NO: "no action needed",
    Need.SOON: "needs you soon",
    Need.NOW: "needs you now",
    Need.UNKNOWN: "unknown whether it needs you",
}


@dataclass(frozen=True, slots=True)
class Explained:
    """What is explained: a verdict of a look, and what becomes of it while nothing changes but the clock."""

    verdict: Verdict
    outcome: CheckResult
    settings: Settings
    ahead: tuple[tuple[datetime, Verdict], ...]

    @property
    def facts(self) -> tuple[Fact, ...]:
        known = self.outcome.known.get(self.verdict.key)
        return account(self.verdict, known, self.outcome.judgement, self.settings.policy, self.outcome.at)

    def reader(self, text: str) -> str:
        """A sentence on the clock of who reads it."""
        return for_reader(text, self.outcome.at, self.settings.timezone)

    def when(self, at: datetime) -> str:
        """A moment likewise."""
        return when(at, self.outcome.at, self.settings.timezone)

    @property
    def suppressed(self) -> tuple[str, ...]:
        """By which decisions of people nothing is said of it."""
        verdict, (acknowledged, silenced) = self.verdict, self.outcome.suppressed
        facts = {
            "ignored": verdict.ignored,
            "acknowledged": verdict.key in acknowledged,
            "silenced": verdict.key in silenced,
        }
        return tuple(word for word, so in facts.items() if so)


def text(explained: Explained, width: int, *, whole: bool) -> str:
    """The page in lines of at most `width` columns, commands aside; `whole`: with the rows that did not hold."""
    verdict, wide, reader = explained.verdict, max(width, 40), explained.reader
    lines = [
        visible(verdict.key),
        *wrapped(visible(reader(verdict.summary)), wide),
        "",
        *_line("verdict", f"{verdict.state}; {_NEED[verdict.needs_human]}", wide, indent=0),
        *_line("how sure", reader(f"{verdict.confidence}: {why_so_sure(verdict)}"), wide, indent=0),
        *_line("checked", moment(explained.outcome.at, zone=explained.settings.timezone), wide, indent=0),
    ]
    for place, facts in groupby(explained.facts, key=lambda fact: (fact.where, fact.at)):
        lines += ["", *_heading(*place, explained, wide)]
        for fact in facts:
            lines += _line(fact.name, reader(f"{fact.value} ({fact.sure}: {fact.why})"), wide)
    lines += ["", f"Rule {_number(verdict.rule)} applies:"]
    lines += [line for row in _rows(verdict, whole) for line in _line(*row, wide)]
    lines += ["", "What would change it:", *_ahead(explained, wide)]
    return "\n".join([*lines, "", *_deeds(explained, wide)])


def _heading(where: str, at: datetime, explained: Explained, wide: int) -> list[str]:
    """Where the facts below it are from, and when they were read if that was not now."""
    when = "" if at == explained.outcome.at else f", last seen {explained.reader(moment(at))}"
    return wrapped(visible(f"From {where}{when}:"), wide)


def _line(name: str, value: str, wide: int, indent: int = 2) -> list[str]:
    return wrapped(visible(value), wide, f"{' ' * indent}{name:<{NAME}}")


def _rows(verdict: Verdict, whole: bool) -> Iterator[tuple[str, str]]:
    number = _number(verdict.rule)
    for at, rule in enumerate(Rule, 1):
        if rule is verdict.rule:
            break
        if whole:
            yield f"not rule {at}", ROWS[rule].evidence
    row = ROWS[verdict.rule]
    yield f"rule {number}", f"{row.evidence} → {row.state}; needs a person: {row.need}"
    if not whole and number > 1:
        yield "", f"(rules 1 to {number - 1} do not apply; -v shows them)" if number > 2 else "(rule 1 does not apply)"
    for weight in verdict.weights:
        yield "then", WEIGHTS[weight]
    if verdict.weights:
        yield "so", f"{_NEED[verdict.needs_human]}, and it is {'usable' if verdict.usable else 'unusable for now'}"


def _ahead(explained: Explained, wide: int) -> Iterator[str]:
    if explained.ahead:
        yield "  if its store does not change:"
    for at, verdict in explained.ahead:
        usable = "" if verdict.usable or verdict.needs_human is Need.NOW else ", unusable"
        step = f", the last {span(verdict.step)}" if verdict.step else ""
        row = f"rule {_number(verdict.rule)}: {ROWS[verdict.rule].evidence}{step}"
        state = "idle, renews itself at the next use" if verdict.rule is Rule.IDLE else str(verdict.state)
        words = f"{explained.when(at)}: {state}{usable}; {_NEED[verdict.needs_human]} ({row})"
        yield from wrapped(words, wide, "    ", "      ")
    if not explained.ahead:
        yield from wrapped("nothing but a change of its store, its program or the config", wide, "  ")
    elif explained.verdict.state not in (State.MISSING, State.REFUSED):
        yield "  or, at any time, a change of its store, its program or the config"


def _deeds(explained: Explained, wide: int) -> Iterator[str]:
    verdict = explained.verdict
    if explained.suppressed:
        yield f"Muted: it is {' and '.join(explained.suppressed)}."
    if not verdict.remedy:
        yield "No action needed."
        return
    first, *others = verdict.remedy.splitlines()
    yield f"fix: {visible(first)}"
    yield from (f"     {visible(other)}" for other in others)


def document(explained: Explained) -> dict[str, Any]:
    """The same as JSON; moments are ISO 8601 UTC."""
    verdict = explained.verdict
    number = _number(verdict.rule)
    return {
        "schema": SCHEMA,
        "key": verdict.key,
        "facts": _flat(explained),
        "summary": verdict.summary,
        "state": str(verdict.state),
        "needs_human": str(verdict.needs_human),
        "usable": verdict.usable,
        "confidence": str(verdict.confidence),
        "confidence_because": why_so_sure(verdict),
        "evidence": [{**fact._asdict(), "at": iso(fact.at), "sure": str(fact.sure)} for fact in explained.facts],
        "rule": {"row": number, **_rule(verdict.rule)},
        "not": [{"row": at, **_rule(rule)} for at, rule in enumerate(Rule, 1) if at < number],
        "weights": [{"name": str(weight), "words": WEIGHTS[weight]} for weight in verdict.weights],
        "ahead": [
            {
                "at": iso(at),
                "state": str(later.state),
                "needs_human": str(later.needs_human),
                "usable": later.usable,
                "rule": str(later.rule),
                "summary": later.summary,
            }
            for at, later in explained.ahead
        ],
        "suppressed": list(explained.suppressed),
        "remedy": verdict.remedy,
    }


def _rule(rule: Rule) -> dict[str, str]:
    return {"name": str(rule), "words": ROWS[rule].evidence}


def _number(rule: Rule) -> int:
    return list(Rule).index(rule) + 1


def _flat(explained: Explained) -> dict[str, str]:
    """The facts by name alone, as the first release had them."""
    verdict, known = explained.verdict, explained.outcome.known.get(explained.verdict.key)
    seen = verdict.seen
    moments = {
        "access ends": seen.access_expires_at,
        "login ends": seen.login_expires_at,
        "act before": verdict.deadline,
        "last used": seen.use.last_used_at,
        "last renewed": verdict.rotated_at,
        "first seen": known.first_seen_at if known else None,
        "could change": verdict.until,
    }
    facts = {
        "state": f"{verdict.state} ({verdict.confidence})",
        "needs somebody": str(verdict.needs_human),
        "because": "; ".join(verdict.because),
        "noticed": "; ".join(seen.notes),
        "read from": seen.store or "the environment of this process",
        "found there": str(seen.evidence),
        **{name: moment(at) for name, at in moments.items() if at},
        "renews itself": {True: "yes", False: "no", None: "cannot tell"}[seen.refreshable],
        "in use": "yes" if verdict.in_use else "no",
        "what to do": verdict.remedy.replace("\n", "; "),
    }
    return {name: value for name, value in facts.items() if value}
