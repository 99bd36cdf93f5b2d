"""`authwatch doctor`: checks the installation and says how to fix it; `--fix` fixes what is safe, and checks again."""

from __future__ import annotations

import argparse
import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import nullcontext
from dataclasses import replace
from datetime import datetime, tzinfo
from typing import TYPE_CHECKING, Any, Final

from alerts.formats import visible
from alerts.timefmt import for_reader, moment
from monitor.cli.context import PATIENCE, Context, Failure, common
from monitor.cli.layout import WIDEST, wrapped
from monitor.cli.progress import progress
from monitor.model import Observation

if TYPE_CHECKING:
    from monitor.doctor.fix import Done
    from monitor.doctor.model import Fix, Result, Subject


def arguments(parser: argparse.ArgumentParser, command: str) -> None:
    """The options of the command."""
    common(parser)
    parser.add_argument(
        "--fix",
        action="store_true",
        help="fix what is safe: permissions of your own files, the state folder, leftover files",
    )


def run(given: argparse.Namespace, context: Context) -> int:
    """Runs every check; 0 fine, 2 warnings, 1 broken. After `--fix` the second look decides."""
    from monitor.doctor import examine
    from monitor.doctor.fix import mend
    from monitor.doctor.model import worst

    tried: Sequence[Done] = ()
    silent = given.json or not context.out.isatty()
    line = nullcontext(lambda _: None) if silent else progress(context, every=0)
    with context.ending(PATIENCE * 3), line as show:  # it asks many programs
        show("checking: reading the stores …")
        subject = _subject(context)
        results = list(examine(subject, lambda what: show(f"checking: {what} …")))
        if given.fix and (tried := mend(results, subject)):
            show("checking: reading the stores again …")
            subject = _subject(context)
            results = list(examine(subject, lambda what: show(f"checking: {what} …")))
    left = {one.fix for one in results if one.fix}
    if given.json:
        context.say(json.dumps(_document(results, tried, left, fixing=given.fix), indent=1))
    else:
        context.say(text(results, tried, left, subject, context.width(), color=context.color, fixing=given.fix))
    return worst(results)


def _subject(context: Context) -> Subject:
    """A fresh look; a wrong config is a finding, and the defaults are looked at."""
    from monitor.config.settings import Settings
    from monitor.doctor import meet

    host, complaint = context.host(), ""
    own = host.at(context.own_home).alone()
    try:
        settings = context.settings(own)
    except Failure as failure:
        settings, complaint = Settings(file=None), failure.message
    return meet(settings, host, own, context.state(settings), context.now(), context.environ, complaint)


def _document(
    results: Sequence[Result], tried: Sequence[Done], left: Collection[Fix], *, fixing: bool
) -> dict[str, Any]:
    document: dict[str, Any] = {"schema": 1, "results": [_entry(result) for result in results]}
    if fixing:
        document["fixes"] = [{"said": one.said, "fixed": one.tried and one.fix not in left} for one in tried]
    return document


def _entry(result: Result) -> dict[str, Any]:
    return {
        "check": result.check,
        "health": str(result.health),
        "what": result.what,
        "why": result.why,
        "mend": result.mend,
        "fixable": result.fix is not None,
    }


_SIGNS: Final = {"broken": "error", "warning": "warn ", "fine": "ok   "}
_COLOR: Final = {"broken": "\033[31;1m", "warning": "\033[33m", "fine": "\033[32m", "dim": "\033[2m", "bold": "\033[1m"}
_MOST: Final = 8  # of a check; an OpenClaw may have hundreds of agents
_INDENT: Final = " " * 7
_WHOLE: Final = "\u00a0"  # a space at which `wrapped` breaks no line
_COMMAND: Final = re.compile("`[^`]+`|“[^”]{1,30}”")


def text(
    results: Sequence[Result],
    tried: Sequence[Done],
    left: Collection[Fix],
    subject: Subject,
    width: int,
    *,
    color: bool,
    fixing: bool = False,
) -> str:
    """The whole report, by subject: what is wrong first. Commands stand in a line of their own, to be copied, and are
    never broken; nor are keys and what is quoted in a sentence."""
    keys = (one.credential.key for one in subject.findings if isinstance(one, Observation))
    paint = _Paint(min(width, WIDEST), color, [key for key in keys if " " in key])
    zone = subject.settings.timezone
    results = [_for_reader(one, subject.now, zone) for one in results]
    lines = [paint("bold", _sentence(results)), *_tried(tried, left, paint)]
    for theme, found in _by_theme(results):
        wrong = sorted((one for one in found if one.health != "fine"), key=lambda one: one.health != "broken")
        lines += ["", paint("bold", theme)] if wrong else []
        for one, more in _few(wrong):
            lines += _wrong(one, paint)
            lines += [f"{_INDENT}… and {more} more like this; `authwatch doctor --json` lists all"] if more else []
    safe = sum(one.fix is not None for one in results)
    if safe and not fixing:
        lines += ["", f"{safe} of these can be fixed automatically: authwatch doctor --fix"]
    elif fixing and not tried and any(one.health != "fine" for one in results):
        lines += ["", "None of these can be fixed automatically; nothing was changed."]
    lines += _fine(results, paint)
    where = f" · {subject.settings.host}" if subject.settings.host else ""
    return "\n".join([visible(f"authwatch doctor{where} · {moment(subject.now, zone=zone)}"), "", *lines])


def _for_reader(one: Result, now: datetime, zone: tzinfo | None) -> Result:
    return replace(one, what=for_reader(one.what, now, zone), why=for_reader(one.why, now, zone))


def _by_theme(results: Sequence[Result]) -> Iterator[tuple[str, list[Result]]]:
    """The results by subject, in the order of the checks; what no subject has comes last."""
    from monitor.doctor import THEMES

    left = list(results)
    for theme, checks in THEMES.items():
        yield theme, [one for one in left if one.check in checks]
        left = [one for one in left if one.check not in checks]
    yield "other", left


class _Paint:
    """Width and colours of the terminal, and which names hold spaces at which no line may be broken."""

    def __init__(self, width: int, color: bool, whole: Sequence[str] = ()) -> None:
        self.width, self._color, self._whole = max(width, 40), color, whole

    def __call__(self, style: str, words: str) -> str:
        return f"{_COLOR[style]}{words}\033[0m" if self._color else words

    def wrapped(self, words: str, indent: str = _INDENT, beneath: str = "") -> list[str]:
        """Lines of the terminal's width; a long path, a key and a command are left whole."""
        words = visible(words)
        for name in self._whole:
            words = words.replace(visible(name), visible(name).replace(" ", _WHOLE))
        words = _COMMAND.sub(lambda found: found[0].replace(" ", _WHOLE), words)
        return wrapped(words, self.width, indent, beneath or indent)


def _sentence(results: Sequence[Result]) -> str:
    broken = sum(one.health == "broken" for one in results)
    warnings = sum(one.health == "warning" for one in results)
    if not (broken or warnings):
        return "All checks passed."
    parts = [f"{broken} error{'s' if broken != 1 else ''}"] if broken else []
    parts += [f"{warnings} warning{'s' if warnings != 1 else ''}"] if warnings else []
    return f"{', '.join(parts)}; all other checks passed."


def _tried(tried: Sequence[Done], left: Collection[Fix], paint: _Paint) -> Iterator[str]:
    """What `--fix` did; a finding that the second look still has was not fixed."""
    if tried:
        yield ""
    for one in tried:
        if one.tried and one.fix not in left:
            yield paint("fine", visible(f"fixed: {one.said}"))
        else:
            again = "; it is still there" if one.tried else ""
            yield paint("broken", visible(f"not fixed: {one.said}{again}"))


def _wrong(one: Result, paint: _Paint) -> Iterator[str]:
    first, *rest = paint.wrapped(f"{one.check}: {one.what}") or [""]
    yield f"{paint(one.health, _SIGNS[one.health])}  {first.strip()}"
    yield from rest
    if one.why:
        yield from paint.wrapped(_sentenced(one.why))
    if one.mend:
        yield visible(f"{_INDENT}fix: {one.mend}")


def _few(results: Sequence[Result]) -> Iterator[tuple[Result, int]]:
    """The first ones of each check; with the last of them, how many of that check are left out."""
    counts = Counter(one.check for one in results)
    seen: Counter[str] = Counter()
    for one in results:
        seen[one.check] += 1
        if seen[one.check] <= _MOST:
            yield one, counts[one.check] - _MOST if seen[one.check] == _MOST else 0


def _sentenced(why: str) -> str:
    return f"{why[:1].upper()}{why[1:].rstrip('.')}."


def _fine(results: Sequence[Result], paint: _Paint) -> Iterator[str]:
    """What is fine, by subject; what is worth knowing has its reason beneath."""
    for theme, found in _by_theme(results):
        fine = [one for one in found if one.health == "fine"]
        if not fine:
            continue
        yield ""
        yield paint("bold", theme)
        column = max(len(one.check) for one in fine) + len(_INDENT) + 2
        for one, more in _few(fine):
            name = one.check.replace(" ", _WHOLE).ljust(column - len(_INDENT) - 2, _WHOLE)
            first, *rest = paint.wrapped(f"{name}{_WHOLE * 2}{one.what}", _INDENT, " " * column)
            yield f"{paint('fine', _SIGNS['fine'])}  {first.lstrip()}"
            yield from rest
            if one.why:
                yield from paint.wrapped(_sentenced(one.why), " " * column)
            if one.why and one.mend:
                yield visible(f"{' ' * column}fix: {one.mend}")
            if more:
                yield f"{' ' * column}… and {more} more; `authwatch doctor --json` lists all"
