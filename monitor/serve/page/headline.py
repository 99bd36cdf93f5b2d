"""The one sentence of the page: what somebody has to do, or until when nobody has to do anything (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from alerts.timefmt import parse, when
from monitor.check.status import counts
from monitor.serve.page.words import STATES, Profile, ReaderClock, Remedy, expected, link, name

SHOWN: Final = 4  # commands


@dataclass(frozen=True, slots=True)
class Todo:
    """Something to do: for which login ("" for what is of none), where its page is, why, and how."""

    name: str
    link: str
    why: str
    remedy: Remedy


@dataclass(frozen=True, slots=True)
class Headline:
    """`level` is now, soon, unknown or no; `steps` are what to do, `more` how many beyond those."""

    level: str
    sentence: str
    detail: str = ""
    steps: tuple[Todo, ...] = ()
    more: int = 0


def headline(status: Mapping[str, Any], estimates: Sequence[Mapping[str, Any]], clock: ReaderClock) -> Headline:
    """The sentence for a status document and the log-ins that are expected without a deadline."""
    watched = [one for one in status["profiles"] if not one["ignored"]]
    findings = [one for one in status["findings"] if counts(one)]
    urgent, more = _needing(watched, "now"), [one for one in findings if one["level"] == "now"]
    if urgent or more:
        return _needed("now", urgent, more, "you now", clock)
    if any(not one["ignored"] for one in status["problems"]) or _needing(watched, "unknown"):
        return _blind(status, watched, clock)
    soon = sorted(_needing(watched, "soon"), key=lambda one: str(one["deadline"] or "9"))
    more = [one for one in findings if one["level"] == "soon"]
    if soon or more:
        at = parse(soon[0]["deadline"]) if soon else None
        return _needed("soon", soon, more, f"you by {clock.by(at)}" if at and at > clock.now else "you soon", clock)
    if not watched:
        return Headline("no", "No logins found", "`authwatch config show` lists where authwatch looks.")
    return _calm(watched, estimates, clock)


def _calm(watched: Sequence[Profile], estimates: Sequence[Mapping[str, Any]], clock: ReaderClock) -> Headline:
    used = {one["key"]: one for one in watched if one["in_use"]}
    dated = [(at, one) for one in used.values() if (at := parse(one["deadline"]))]
    if over := [one for at, one in dated if at <= clock.now]:
        return Headline("now", f"{name(over[0])} expired since the last check")
    at, first = min(dated, key=lambda pair: pair[0], default=(None, None))
    guesses = [(guess, one) for one in estimates if one["key"] in used and (guess := parse(one["at"]))]
    guess, estimate = min(guesses, key=lambda pair: pair[0], default=(None, None))
    detail = []
    if estimate and (at is None or (guess or at) < at):  # nobody knows the day, so the headline promises none
        detail.append(f"{name(used[estimate['key']])}: {expected(estimate, clock)}.")
        at_sentence = "No action needed now"
    else:
        at_sentence = f"No action needed until {clock.by(at)}" if at else "No action needed"
    if at and first:
        detail.append(f"First to expire: {name(first)}, {_when(at, clock)}.")
    return Headline("no", at_sentence, " ".join(detail) or "No login here has an expiry date.")


def _when(at: datetime, clock: ReaderClock) -> str:
    return when(at, clock.now, clock.zone)


def _needing(profiles: Sequence[Profile], need: str) -> list[Profile]:
    """Those that need it, what somebody already knows of last."""
    found = [one for one in profiles if one["needs_human"] == need]
    return sorted(found, key=lambda one: bool(one["acknowledged"] or one["silenced"]))


def _needed(
    level: str, profiles: Sequence[Profile], findings: Sequence[Mapping[str, Any]], what: str, clock: ReaderClock
) -> Headline:
    count = len(profiles) + len(findings)
    first = name(profiles[0]) if profiles else "1 finding"
    sentence = f"{first} needs {what}"
    if count > 1:
        sentence = f"{first} and {count - 1} more need {what}" if profiles else f"{count} findings need {what}"
    steps = [_step(one, clock) for one in profiles]
    steps += [Todo("", "", clock.told(str(one["summary"])), Remedy(str(one["remedy"]))) for one in findings]
    return Headline(level, sentence, steps=tuple(steps[:SHOWN]), more=len(steps[SHOWN:]))


def _step(profile: Profile, clock: ReaderClock) -> Todo:
    known = [word for word in ("acknowledged", "silenced") if profile[word]]
    why = clock.told(str(profile["because"][0])) if profile["because"] else STATES[profile["state"]]
    return Todo(name(profile), link(profile["key"]), "; ".join([why, *known]), Remedy(str(profile["remedy"])))


def _blind(status: Mapping[str, Any], watched: Sequence[Profile], clock: ReaderClock) -> Headline:
    problems = [one for one in status["problems"] if not one["ignored"]]
    if not problems:
        hidden = _needing(watched, "unknown")
        more = f" and {len(hidden) - 1} more" if len(hidden) > 1 else ""
        steps = tuple(_step(one, clock) for one in hidden)
        return Headline("unknown", f"{name(hidden[0])}{more}: unknown", "", steps[:SHOWN], len(steps[SHOWN:]))
    first = problems[0]
    more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
    sentence = f"{first['store'] or first['source']}{more} could not be read"
    detail = f"Whether its logins still work is unknown: {clock.told(str(first['detail']))}."
    return Headline("unknown", sentence, detail, (Todo("", "", "", Remedy("authwatch doctor")),))
