"""What `status` and `check` print: what needs somebody first, then what cannot be read, then the calm rest."""

from __future__ import annotations

from datetime import datetime

from monitor.cli.text import columns, visible
from monitor.judge.words import name
from monitor.model import Judgement, Need, State, Verdict

#: The keys that are acknowledged, and those that are silenced.
Hushed = tuple[frozenset[str], frozenset[str]]
NOTHING: Hushed = (frozenset(), frozenset())

_ORDER = {Need.NOW: 0, Need.UNKNOWN: 1, Need.SOON: 2, Need.NO: 3}
_WORD = {Need.NOW: "NOW", Need.UNKNOWN: "?", Need.SOON: "SOON"}
_COLOR = {"NOW": "\033[31;1m", "SOON": "\033[33m", "?": "\033[35m"}


def text(judgement: Judgement, host: str, now: datetime, *, color: bool, hushed: Hushed = NOTHING) -> str:
    """The whole report, one line a credential, with what to do beneath those that need somebody."""
    shown = ordered(judgement)
    rows = [(word(one, hushed), visible(one.key), visible(said(one))) for one in shown]
    lines = [f"authwatch on {visible(host)}, {now:%a} {now.day} {now:%b %Y %H:%M} UTC", ""]
    lines += [_painted(f"{mark}  {line}", mark, color) for mark, line in wrongs(judgement)]
    for verdict, row, line in zip(shown, rows, columns(rows), strict=True):
        lines.append(_painted(line, row[0], color))
        if _acts(verdict):
            lines += [f"      do: {visible(part)}" for part in verdict.remedy.splitlines()]
    if not (rows or judgement.troubles):
        lines.append("No login was found. What is looked for: authwatch config show")
    return "\n".join([*lines, "", sentence(judgement)])


def ordered(judgement: Judgement) -> list[Verdict]:
    """What needs somebody first."""
    return sorted(judgement.verdicts, key=lambda v: (v.ignored, _ORDER[v.needs_human], v.key))


def wrongs(judgement: Judgement) -> list[tuple[str, str]]:
    """What could not be read, a line each, behind "?"; behind "-" what needs nobody."""
    return [
        ("-" if one.ignored else "?", visible(f"{one.source}: {one.store}: {one.detail} ({one.problem})"))
        for one in judgement.troubles
    ]


def said(verdict: Verdict) -> str:
    """The summary without the name, which the key beside it says."""
    return verdict.summary.removeprefix(name(verdict.seen.credential)).lstrip()


def _acts(verdict: Verdict) -> bool:
    return not verdict.ignored and verdict.needs_human is not Need.NO


def word(verdict: Verdict, hushed: Hushed) -> str:
    """How it stands, in a word or two."""
    if verdict.ignored:
        return "ignored"
    found = _WORD.get(verdict.needs_human) or ("-" if verdict.state is State.MISSING else str(verdict.state))
    marks = [mark for mark, keys in zip(("acked", "silenced"), hushed, strict=True) if verdict.key in keys]
    return f"{found} ({', '.join(marks)})" if marks else found


def _painted(line: str, word: str, color: bool) -> str:
    paint = _COLOR.get(word.split(" ", maxsplit=1)[0])
    return f"{paint}{line}\033[0m" if color and paint else line


def sentence(judgement: Judgement) -> str:
    """The one sentence that matters."""
    counted = [verdict for verdict in judgement.verdicts if not verdict.ignored]
    now = sum(verdict.needs_human is Need.NOW for verdict in counted)
    soon = sum(verdict.needs_human is Need.SOON for verdict in counted)
    unknown = _unread(judgement) + sum(verdict.needs_human is Need.UNKNOWN for verdict in counted)
    parts = []
    if now:
        parts.append(f"{now} need{'s' if now == 1 else ''} you now")
    if soon:
        parts.append(f"{soon} soon")
    if unknown:
        parts.append(f"{unknown} could not be read")
    if parts:
        return ", ".join(parts) + "."
    deadlines = [verdict.deadline for verdict in counted if verdict.deadline and verdict.in_use]
    if not deadlines:
        return "Nobody has to do anything."
    first = min(deadlines)
    return f"Nobody has to do anything until {first:%a} {first.day} {first:%b %Y}."


def _unread(judgement: Judgement) -> int:
    return sum(not trouble.ignored for trouble in judgement.troubles)


_PLUGIN = {0: (0, "OK"), 1: (2, "CRITICAL"), 2: (1, "WARNING"), 3: (3, "UNKNOWN")}


def nagios(judgement: Judgement, host: str) -> tuple[str, int]:
    """One line as monitoring plugins print it, with perfdata, and the plugins' exit code.

    Source: https://www.monitoring-plugins.org/doc/guidelines.html
    """
    from monitor.report import exit_code

    code, word = _PLUGIN[exit_code(judgement)]
    counted = [verdict for verdict in judgement.verdicts if not verdict.ignored]
    numbers = {need: sum(verdict.needs_human is need for verdict in counted) for need in Need}
    numbers[Need.UNKNOWN] += _unread(judgement)
    perfdata = " ".join(f"{need.value}={number}" for need, number in numbers.items())
    worst = min(counted, key=lambda verdict: (_ORDER[verdict.needs_human], verdict.key), default=None)
    detail = f" {worst.summary}" if worst and worst.needs_human is not Need.NO else ""
    line = visible(f"AUTHWATCH {word} - {sentence(judgement)}{detail}").replace("|", "/")
    return f"{line} | {perfdata}", code
