"""What `status` and `check` print of a status document: what needs somebody first, then the calm rest."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime
from os.path import commonpath
from typing import Any, NamedTuple

from alerts.formats import plugin_line, visible
from alerts.timefmt import date, for_reader, near
from monitor.check.status import ASIDE, MARKS, Document, counts, exit_code, mark_of, need_of, needs, zone
from monitor.cli.layout import columns as aligned
from monitor.cli.layout import width, wrapped
from monitor.judge.wording import name
from monitor.model import Credential, Kind, Need

_ORDER = {Need.NOW: 0, Need.UNKNOWN: 1, Need.SOON: 2, Need.NO: 3}
#: The mark alone is painted, in colours that light and dark terminals both show; what is read keeps the terminal's own.
COLOR = {"NOW": "\033[1;31m", "SOON": "\033[33m", "?": "\033[35m", "ok": "\033[32m", ASIDE: "\033[2m"}
_INDENT = 6
#: A sentence beside its login is wrapped in no fewer columns; else it stands beneath.
_LEAST = 28
#: An option is not broken from its value.
_OPTIONS = re.compile(r" (?=--?\w)| (?=&& )")
#: Words that a sentence needs behind a name, and a row does not.
_VERBS = ("is ", "was ", "has ")


class StatusLine(NamedTuple):
    """A problem, login or finding, as a line shows it; `remedy` only where somebody has to act. Nothing in it is
    escaped, and its moments are on the reader's clock."""

    order: tuple[int, str, str]
    mark: str
    where: str
    name: str
    said: str
    remedy: str


def text(shown: Document, now: datetime | None = None, *, color: bool = False, columns: int | None = None) -> str:
    """The whole report: what needs somebody first, each with its fix, then the rest by when it expires.

    `now` is the moment for which it is true, and what relative words count from; without it there are none, so that
    the text stays true for as long as the document does. `columns` is the width of the terminal, None for a pipe.
    """
    found = rows(shown, now)
    lines = [head(shown, now), "", sentence(shown, now), ""]
    if not found:
        lines[-2:] = ["No logins found. `authwatch config show` lists where authwatch looks."]
    for row, line in zip(found, _laid_out(found, columns), strict=True):
        lines += _painted(line, row.mark, color)
        lines += _fix(row.remedy, columns)
    return "\n".join(lines).rstrip()


def head(shown: Document, now: datetime | None) -> str:
    """Where, and if it is known when, this is so."""
    parts = ["authwatch", visible(shown["host"]), *([near(now, zone(shown))] if now else [])]
    return " · ".join(parts)


def rows(shown: Document, now: datetime | None = None) -> list[StatusLine]:
    """Problems, logins and findings, what needs somebody first, the rest by when it expires."""
    serving = _serving(shown)
    logins = [_login(one, serves=_whose(one) in serving) for one in shown["profiles"]]
    told = [*_problems(shown["problems"]), *logins, *map(_finding, shown["findings"])]
    clock = zone(shown)
    return [row._replace(said=for_reader(row.said, now, clock)) for row in sorted(told)]


def _laid_out(found: Sequence[StatusLine], wide: int | None) -> list[str]:
    """Each row, of one or several lines."""
    cells = [(f"{row.mark:<{_INDENT - 2}}", visible(row.where), visible(row.name)) for row in found]
    firsts = aligned([(mark, *(cell if cell[1] else ("", "")), "") for mark, *cell in cells])
    room = max((width(line) for line in firsts), default=0) + 2
    made = []
    for row, cell, first in zip(found, cells, firsts, strict=True):
        said, beside = visible(row.said), first + " " * (room - width(first))
        if not row.name:  # a sentence of its own
            begin = f"{cell[0]}  {cell[1]}: "
            made.append(_wrapped(said, wide, begin, " " * _INDENT))
        elif wide is None or wide - room >= _LEAST:
            made.append(_wrapped(said, wide, beside, " " * room))
        else:
            name = f"{cell[0]}  {cell[1]} {cell[2]}"
            made.append("\n".join((name, _wrapped(said, wide, " " * _INDENT, " " * _INDENT))))
    return made


def _wrapped(said: str, wide: int | None, begin: str, rest: str) -> str:
    """A sentence behind `begin`; a pipe gets it in one line."""
    return "\n".join(wrapped(said, max(wide, len(rest) + 1), begin, rest)) if wide else (begin + said).rstrip()


def _fix(remedy: str, wide: int | None) -> Iterator[str]:
    """The command, broken between its words where it must be so that it still can be copied; then what else to know."""
    first, *others = remedy.splitlines() or [""]
    if not first:
        return
    yield from continued(f"{' ' * _INDENT}fix: ", visible(first), wide)
    for other in others:
        yield _wrapped(visible(other), wide, " " * _INDENT, " " * _INDENT)


def continued(begin: str, command: str, wide: int | None) -> Iterator[str]:
    """A command in lines of a terminal's width, each but the last ended as a shell goes on reading; words for a person,
    and what is quoted, are left in one line."""
    line = begin + command
    if wide is None or width(line) <= wide or command.endswith((".", ")")) or any(c in command for c in "\"'`#"):
        yield line
        return
    line, rest = begin, " " * (len(begin) + 2)
    for word in _OPTIONS.split(command):
        if line.strip() and line != begin and width(line) + width(word) + 3 > wide:
            yield f"{line.rstrip()} \\"
            line = rest
        line += f"{word} "
    yield line.rstrip()


def _serving(shown: Document) -> set[tuple[str, ...]]:
    """The logins that serve while another of their provider is there and not in use."""
    beside = {_whose(one)[:-1] for one in shown["profiles"] if not one["in_use"]}
    first = {_whose({**one, "profile": one["next"]}) for one in shown["providers"] if one["next"] and one["in_use"]}
    return {whose for whose in first if whose[:-1] in beside}


def _whose(one: Mapping[str, Any]) -> tuple[str, ...]:
    return one["source"], one["agent"], one["provider"], one["profile"]


def _problems(found: Sequence[Mapping[str, Any]]) -> Iterator[StatusLine]:
    """What could not be read; many stores with one cause, such as a volume that is gone, are one line."""
    alike: dict[tuple[Any, ...], list[str]] = {}
    for one in found:
        cause = one["source"], one["detail"], one["problem"], one["ignored"]
        alike.setdefault(cause, []).append(one["store"])
    for (source, detail, problem, ignored), stores in alike.items():
        where = stores[0] if len(stores) == 1 else f"{len(stores)} stores in {_folder(stores)}"
        said = f"{where}: {detail} ({problem})" if where else f"{detail} ({problem})"
        order = (_ORDER[Need.NO] + 1 if ignored else _ORDER[Need.UNKNOWN], "", source)
        yield StatusLine(order, ASIDE if ignored else "?", source, "", said, "")


def _folder(paths: Sequence[str]) -> str:
    """The folder that several paths have in common."""
    return f"{commonpath([path.rpartition('/')[0] or '/' for path in paths])}/"


def _login(one: Mapping[str, Any], *, serves: bool) -> StatusLine:
    need, ignored = Need(one["needs_human"]), one["ignored"]
    who = Credential(one["source"], one["agent"], one["provider"], one["profile"], Kind(one["kind"]))
    said = one["summary"].removeprefix(name(who)).strip().removesuffix(".")  # the columns beside it say the name
    said = next((said.removeprefix(verb) for verb in _VERBS if said.startswith(verb)), said)
    if serves:
        said += "; this one serves"
    said += "".join(
        f"; {word}" for word, so in (("acknowledged", one["acknowledged"]), ("silenced", one["silenced"])) if so
    )
    mark = mark_of(one)
    remedy = "" if ignored or need is Need.NO else one["remedy"]
    if ignored:
        said += "; ignored"
    order = (_ORDER[need] if mark != ASIDE else len(_ORDER), one["deadline"] or "~", one["key"])
    return StatusLine(order, mark, _where(one), one["profile"], said, remedy)


def _where(labels: Mapping[str, Any]) -> str:
    return f"{labels['source']} {labels['agent']}" if labels.get("agent", "-") != "-" else labels["source"]


def _finding(one: Mapping[str, Any]) -> StatusLine:
    need, ignored = need_of(one), one["ignored"]
    mark = ASIDE if ignored or need is Need.NO else MARKS[need]
    remedy = "" if ignored or need is Need.NO else one["remedy"]
    order = (_ORDER[need] if mark != ASIDE else len(_ORDER), "~", one["key"])
    return StatusLine(order, mark, one["key"], "", one["summary"].removesuffix("."), remedy)


def _painted(row: str, mark: str, color: bool) -> list[str]:
    paint = COLOR.get(mark)
    return [f"{paint}{mark}\033[0m{row[len(mark) :]}" if color and paint else row]


def sentence(shown: Document, now: datetime | None = None) -> str:
    """The one sentence that matters."""
    found = needs(shown)
    now_, soon, unknown = (found.count(need) for need in (Need.NOW, Need.SOON, Need.UNKNOWN))
    parts = []
    if now_:
        parts.append(f"{now_} need{'s' if now_ == 1 else ''} you now")
    if soon:
        parts.append(f"{soon} soon" if now_ else f"{soon} need{'s' if soon == 1 else ''} you soon")
    if unknown:
        parts.append(f"{unknown} unreadable")
    if parts:
        return ", ".join(parts)
    counted = [one for one in shown["profiles"] if not one["ignored"]]
    deadlines = [one["deadline"] for one in counted if one["deadline"] and one["in_use"]]
    if not deadlines:
        return "No action needed"
    return f"No action needed until {date(datetime.fromisoformat(min(deadlines)), now, zone(shown))}"


_PLUGIN = {0: (0, "OK"), 1: (2, "CRITICAL"), 2: (1, "WARNING"), 3: (3, "UNKNOWN")}


def nagios(shown: Document) -> tuple[str, int]:
    """One line as monitoring plugins print it, with perfdata, and the plugins' exit code; UNKNOWN where nothing is
    watched, so that a wrong user or home is no "OK".

    Source: https://www.monitoring-plugins.org/doc/guidelines.html
    """
    found = needs(shown)
    if not found:
        return plugin_unknown(
            f"no logins found on {shown['host']}; `authwatch config show` lists where authwatch looks"
        ), 3
    code, word = _PLUGIN[exit_code(shown)]
    perfdata = " ".join(f"{need.value}={found.count(need)}" for need in Need)
    worst = min((one for one in _counted(shown) if one[0] is not Need.NO), key=lambda one: _ORDER[one[0]], default=None)
    detail = f". {for_reader(worst[1], None, zone(shown))}" if worst else ""
    return f"{plugin_line(f'AUTHWATCH {word} - {sentence(shown)}{detail}')} | {perfdata}", code


def plugin_unknown(why: str) -> str:
    """The line of a plugin that cannot tell."""
    return plugin_line(f"AUTHWATCH UNKNOWN - {why}")


def _counted(shown: Document) -> list[tuple[Need, str]]:
    found = [(Need(one["needs_human"]), one["summary"]) for one in shown["profiles"] if not one["ignored"]]
    return found + [(need_of(one), one["summary"]) for one in shown["findings"] if counts(one)]
