"""The one sentence of the page: what somebody has to do, or until when nobody has to do anything (pure)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from alerts.timefmt import day, moment, parse, relative
from monitor.check.status import counts

SHOWN: Final = 4  # commands
_ASIDE: Final = " (if "

Profile = Mapping[str, Any]


class Remedy:
    """What there is to do, in two parts: the `command` to copy ("" where only words help) and the `words` beside it."""

    __slots__ = ("command", "words")

    def __init__(self, text: str) -> None:
        first = text.split(_ASIDE, maxsplit=1)[0]
        self.command = "" if first.endswith(".") else first  # advice is a sentence, with its full stop
        self.words = text.removeprefix(self.command).strip()


@dataclass(frozen=True, slots=True)
class Todo:
    """Something to do: for which login, why, and how."""

    name: str
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


def headline(status: Mapping[str, Any], now: datetime) -> Headline:
    """The sentence for a status document."""
    watched = [one for one in status["profiles"] if not one["ignored"]]
    findings = [one for one in status["findings"] if counts(one)]
    urgent, more = _needing(watched, "now"), [one for one in findings if one["level"] == "now"]
    if urgent or more:
        return _needed("now", urgent, _needs(urgent, "you now"), now, more)
    if any(not one["ignored"] for one in status["problems"]) or _needing(watched, "unknown"):
        return _blind(status, watched)
    soon = sorted(_needing(watched, "soon"), key=lambda one: str(one["deadline"] or "9"))
    more = [one for one in findings if one["level"] == "soon"]
    if soon or more:
        ends = parse(soon[0]["deadline"]) if soon else None
        return _needed("soon", soon, _needs(soon, f"you before {day(ends, now)}" if ends else "you soon"), now, more)
    if not watched:
        return Headline("no", "No login was found", "Nothing that authwatch knows is installed in this home.")
    ends_at = min((str(one["deadline"]) for one in watched if one["deadline"] and one["in_use"]), default=None)
    ends = parse(ends_at)
    if ends is None:
        return Headline("no", "Nobody has to do anything", "No login here has an end that can be seen.")
    next_one = next(one for one in watched if one["deadline"] == ends_at and one["in_use"])
    detail = f"The first login to end is {name(next_one)}, {moment(ends, now)}, {relative(ends, now)}."
    return Headline("no", f"Nobody has to do anything until {day(ends, now)}", detail)


def name(profile: Profile) -> str:
    """What a person calls a login: `anthropic:default of agent main`."""
    shown = str(profile["profile"]).removesuffix(":-")
    return shown if profile["agent"] == "-" else f"{shown} of agent {profile['agent']}"


def _needing(profiles: Sequence[Profile], need: str) -> list[Profile]:
    """Those that need it, what somebody already knows of last."""
    found = [one for one in profiles if one["needs_human"] == need]
    return sorted(found, key=lambda one: bool(one["acknowledged"] or one["silenced"]))


def _needs(profiles: Sequence[Profile], what: str) -> str:
    if not profiles:
        return f"Something needs {what}"
    if len(profiles) == 1:
        return f"{name(profiles[0])} needs {what}"
    return f"{name(profiles[0])} and {len(profiles) - 1} more need {what}"


def _needed(
    level: str, profiles: Sequence[Profile], sentence: str, now: datetime, findings: Sequence[Mapping[str, Any]]
) -> Headline:
    steps = [_step(one, now) for one in profiles]
    steps += [Todo("", str(one["summary"]), Remedy(str(one["remedy"]))) for one in findings]
    return Headline(level, sentence, steps=tuple(steps[:SHOWN]), more=len(steps[SHOWN:]))


def _step(profile: Profile, now: datetime) -> Todo:
    known = [word for word in ("acknowledged", "silenced") if profile[word]]
    why = str(profile["because"][0] if profile["because"] else profile["state"])
    ends = parse(profile["deadline"])
    when = f" ({relative(ends, now)})" if ends else ""
    return Todo(name(profile), "; ".join([why + when, *known]), Remedy(str(profile["remedy"])))


def _blind(status: Mapping[str, Any], watched: Sequence[Profile]) -> Headline:
    problems = [one for one in status["problems"] if not one["ignored"]]
    if not problems:
        hidden = _needing(watched, "unknown")
        return Headline("unknown", f"{name(hidden[0])} cannot be judged", steps=(_doctor("See what is in the way"),))
    first = problems[0]
    more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
    sentence = f"{first['store'] or first['source']}{more} cannot be read"
    detail = f"So it is not known whether its logins last: {first['detail']}."
    return Headline("unknown", sentence, detail, (_doctor("See what is in the way"),))


def _doctor(why: str) -> Todo:
    return Todo("", why, Remedy("authwatch doctor"))
