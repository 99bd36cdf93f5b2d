"""What `status` and `check` print of a status document: what needs somebody first, then the calm rest; and tables
of text for a terminal."""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any, NamedTuple

from alerts.formats import plugin_line, visible
from alerts.timefmt import date, moment
from monitor.check.status import Document, counts, exit_code, need_of, needs
from monitor.judge.wording import name
from monitor.model import Credential, Kind, Need, State


def width(text: str) -> int:
    """How many columns a text takes on a terminal."""
    return len(text) if text.isascii() else sum(_columns(c) for c in text)


def _columns(character: str) -> int:
    if unicodedata.combining(character):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def columns(rows: Sequence[Sequence[str]], gap: str = "  ") -> list[str]:
    """Rows as lines with aligned columns; the last column is left as it is."""
    if not rows:
        return []
    widths = [max(width(row[at]) for row in rows) for at in range(len(rows[0]) - 1)]
    return [
        gap.join(
            cell if at == len(row) - 1 else cell + " " * (widths[at] - width(cell)) for at, cell in enumerate(row)
        ).rstrip()
        for row in rows
    ]


_ORDER = {Need.NOW: 0, Need.UNKNOWN: 1, Need.SOON: 2, Need.NO: 3}
_WORD = {Need.NOW: "NOW", Need.UNKNOWN: "?", Need.SOON: "SOON"}
_COLOR = {"NOW": "\033[31;1m", "SOON": "\033[33m", "?": "\033[35m"}


class StatusLine(NamedTuple):
    """A login or a finding, as a line shows it; `remedy` only where somebody has to act. Nothing in it is escaped."""

    order: tuple[bool, int, str]
    mark: str
    key: str
    said: str
    remedy: str


def text(shown: Document, *, color: bool) -> str:
    """The whole report, one line a login, with what to do beneath those that need somebody."""
    found = rows(shown)
    cells = [(row.mark, visible(row.key), visible(row.said)) for row in found]
    lines = [head(shown), ""]
    lines += [_painted(f"{mark}  {line}", mark, color) for mark, line in wrongs(shown)]
    for row, line in zip(found, columns(cells), strict=True):
        lines.append(_painted(line, row.mark, color))
        lines += [f"      do: {visible(part)}" for part in row.remedy.splitlines()]
    if not (found or shown["problems"]):
        lines.append("No login was found. What is looked for: authwatch config show")
    return "\n".join([*lines, "", sentence(shown)])


def head(shown: Document) -> str:
    """Where and when this was so."""
    return f"authwatch on {visible(shown['host'])}, {moment(datetime.fromisoformat(shown['at']))}"


def rows(shown: Document) -> list[StatusLine]:
    """Logins and findings, what needs somebody first."""
    serving = _serving(shown)
    logins = [_login(one, serves=_whose(one) in serving) for one in shown["profiles"]]
    return sorted([*logins, *map(_finding, shown["findings"])])


def _serving(shown: Document) -> set[tuple[str, ...]]:
    """The logins that serve while another of their provider is there and not in use."""
    beside = {_whose(one)[:-1] for one in shown["profiles"] if not one["in_use"]}
    first = {_whose({**one, "profile": one["next"]}) for one in shown["providers"] if one["next"] and one["in_use"]}
    return {whose for whose in first if whose[:-1] in beside}


def _whose(one: Mapping[str, Any]) -> tuple[str, ...]:
    return one["source"], one["agent"], one["provider"], one["profile"]


def wrongs(shown: Document) -> list[tuple[str, str]]:
    """What could not be read, a line each, behind "?"; behind "-" what needs nobody."""
    return [
        (
            "-" if one["ignored"] else "?",
            visible(f"{one['source']}: {one['store']}: {one['detail']} ({one['problem']})"),
        )
        for one in shown["problems"]
    ]


def _login(one: Mapping[str, Any], *, serves: bool) -> StatusLine:
    need, ignored = Need(one["needs_human"]), one["ignored"]
    who = Credential(one["source"], one["agent"], one["provider"], one["profile"], Kind(one["kind"]))
    said = one["summary"].removeprefix(name(who)).lstrip()  # the key beside it says the name
    if serves:
        said = f"{said.removesuffix('.')}; this one serves."
    calm = "-" if one["state"] == State.MISSING else one["state"]
    found = _WORD.get(need, calm)
    marks = [word for word, so in (("acked", one["acknowledged"]), ("silenced", one["silenced"])) if so]
    mark = "ignored" if ignored else f"{found} ({', '.join(marks)})" if marks else found
    remedy = "" if ignored or need is Need.NO else one["remedy"]
    return StatusLine((ignored, _ORDER[need], one["key"]), mark, one["key"], said, remedy)


def _finding(one: Mapping[str, Any]) -> StatusLine:
    need, ignored = need_of(one), one["ignored"]
    mark = "ignored" if ignored else _WORD.get(need, "info")
    remedy = "" if ignored or need is Need.NO else one["remedy"]
    return StatusLine((ignored, _ORDER[need], one["key"]), mark, one["key"], one["summary"], remedy)


def _painted(line: str, word: str, color: bool) -> str:
    paint = _COLOR.get(word.split(" ", maxsplit=1)[0])
    return f"{paint}{line}\033[0m" if color and paint else line


def sentence(shown: Document) -> str:
    """The one sentence that matters."""
    found = needs(shown)
    now, soon, unknown = (found.count(need) for need in (Need.NOW, Need.SOON, Need.UNKNOWN))
    parts = []
    if now:
        parts.append(f"{now} need{'s' if now == 1 else ''} you now")
    if soon:
        parts.append(f"{soon} soon")
    if unknown:
        parts.append(f"{unknown} could not be read")
    if parts:
        return ", ".join(parts) + "."
    counted = [one for one in shown["profiles"] if not one["ignored"]]
    deadlines = [one["deadline"] for one in counted if one["deadline"] and one["in_use"]]
    if not deadlines:
        return "Nobody has to do anything."
    return f"Nobody has to do anything until {date(datetime.fromisoformat(min(deadlines)))}."


_PLUGIN = {0: (0, "OK"), 1: (2, "CRITICAL"), 2: (1, "WARNING"), 3: (3, "UNKNOWN")}


def nagios(shown: Document) -> tuple[str, int]:
    """One line as monitoring plugins print it, with perfdata, and the plugins' exit code; UNKNOWN where nothing is
    watched, so that a wrong user or home is no "OK".

    Source: https://www.monitoring-plugins.org/doc/guidelines.html
    """
    found = needs(shown)
    if not found:
        return plugin_unknown(f"no login was found for {shown['host']} to watch, see: authwatch config show"), 3
    code, word = _PLUGIN[exit_code(shown)]
    perfdata = " ".join(f"{need.value}={found.count(need)}" for need in Need)
    worst = min((one for one in _counted(shown) if one[0] is not Need.NO), key=lambda one: _ORDER[one[0]], default=None)
    detail = f" {worst[1]}" if worst else ""
    return f"{plugin_line(f'AUTHWATCH {word} - {sentence(shown)}{detail}')} | {perfdata}", code


def plugin_unknown(why: str) -> str:
    """The line of a plugin that cannot tell."""
    return plugin_line(f"AUTHWATCH UNKNOWN - {why}")


def _counted(shown: Document) -> list[tuple[Need, str]]:
    found = [(Need(one["needs_human"]), one["summary"]) for one in shown["profiles"] if not one["ignored"]]
    return found + [(need_of(one), one["summary"]) for one in shown["findings"] if counts(one)]
